git init --quiet
git add model-artifact.yaml
git commit --quiet --message "Add the record"
