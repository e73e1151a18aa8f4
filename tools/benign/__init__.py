"""What the benign corpus is written with: one program that runs in an environment of each version."""
