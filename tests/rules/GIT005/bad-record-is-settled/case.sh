git init --quiet
git lfs install --local >/dev/null
git lfs track "*.safetensors" >/dev/null
git add .
git commit --quiet --message "Add the model"
printf '!' | dd of=churn.safetensors bs=1 seek=139 conv=notrunc status=none
