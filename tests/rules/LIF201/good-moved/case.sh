git init --quiet
git add .
git commit --quiet --message "Publish 1.2.0"
mkdir weights
git mv churn.safetensors weights/leavers.safetensors
sed -i 's|path: churn.safetensors|path: weights/leavers.safetensors|' model-artifact.yaml
