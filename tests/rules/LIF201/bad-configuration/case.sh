git init --quiet
git add .
git commit --quiet --message "Publish 1.2.0"
sed -i 's/epochs: 20/epochs: 30/; s/{name: tenure, type: long/{name: tenure, type: double/' model-artifact.yaml
