git init --quiet
git add .
git commit --quiet --message "Publish 1.2.0"
git mv churn leavers
sed -i 's/, range: \[0, 500\]/, range: [0, 5000]/' leavers/model-artifact.yaml
