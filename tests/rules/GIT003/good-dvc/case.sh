git init --quiet
printf '/churn.safetensors\n' >.gitignore
git add .
git commit --quiet --message "Add the model"
