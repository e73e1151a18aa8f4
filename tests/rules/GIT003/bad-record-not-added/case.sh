git init --quiet
git add churn.safetensors
git commit --quiet --message "Add the weights"
