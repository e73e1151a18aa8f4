git init --quiet
git add .
git commit --quiet --message "Publish 1.2.0"
sed -i '1i # Reviewed by the churn team' model-artifact.yaml
sed -i 's/{learning_rate: 0.05, epochs: 20}/{epochs: 20, learning_rate: 5e-2}/; s/value: 0.871/value: 0.872/' model-artifact.yaml
echo 'lifecycle: {stage: production, aliases: [champion]}' >> model-artifact.yaml
