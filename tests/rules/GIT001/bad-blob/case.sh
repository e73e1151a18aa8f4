git init --quiet
git add .
git commit --quiet --message "Add the model"
