git init --quiet
git lfs install --local >/dev/null
printf '*.safetensors filter=lfs diff=lfs merge=lfs -text\n' >.gitattributes
git add .
