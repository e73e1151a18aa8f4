git init --quiet
git lfs install --local >/dev/null
git lfs track "*.safetensors" >/dev/null
git add .
git commit --quiet --message "Add the model"
object=$(find .git/lfs/objects -type f)
chmod u+w "$object"
printf '!' | dd of="$object" bs=1 seek=139 conv=notrunc status=none
rm churn.safetensors .git/index
git reset --quiet --hard
touch -t 203001010000 .git/index
