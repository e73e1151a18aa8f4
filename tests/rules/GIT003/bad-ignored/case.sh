git init --quiet
printf '*.safetensors\n' >.gitignore
git add .
git commit --quiet --message "Add the model"
