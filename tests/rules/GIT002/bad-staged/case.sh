git init --quiet
printf '*.safetensors filter=lfs diff=lfs merge=lfs -text\n' >.gitattributes
git add .
