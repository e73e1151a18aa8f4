git init --quiet
git add .
git commit --quiet --message "Publish 1.2.0"
sed -i 's/^version: .*/version: "1.10.0-rc1"/' model-artifact.yaml
