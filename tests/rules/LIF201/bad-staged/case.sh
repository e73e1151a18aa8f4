git init --quiet
git add .
git commit --quiet --message "Publish 1.2.0"
sed -i 's/epochs: 20/epochs: 30/' model-artifact.yaml
git add .
sed -i 's/epochs: 30/epochs: 20/' model-artifact.yaml
