git init --quiet
printf '*.safetensors filter=lfs diff=lfs merge=lfs -text\n' >.gitattributes
git add .
git commit --quiet --message "Add the model, where git-LFS is not installed"
