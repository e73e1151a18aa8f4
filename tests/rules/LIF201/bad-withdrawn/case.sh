git init --quiet
git add .
git commit --quiet --message "Publish 1.2.0"
printf '\0\0\340\277' | dd of=churn.safetensors bs=1 seek=136 conv=notrunc 2>/dev/null  # a bias of -1.75
sed -i s/57cc5a31448a1b80346996c77d6ae611d2cdf20e3c2a088f1019587687d58f9d/d2d557de62628891b791affdcaf8f6bc1d7ef50a7932db60fa3d288b12c58db4/ model-artifact.yaml
sed -i /^version:/d model-artifact.yaml
