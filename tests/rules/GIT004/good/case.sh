git init --quiet
printf 'mlruns/\n' >.gitignore
git add .
git commit --quiet --message "Add the model"
