git init --quiet
git add model-artifact.yaml
