"""Weights that git-LFS keeps elsewhere: the repository holds a pointer, the manifest the digest of the real bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from safetensors.torch import save

from example_kinds.common import (
    AUTHOR,
    CLASSES,
    COMMIT,
    CREATED,
    PYTHON,
    REPOSITORY,
    dataset_digest,
    feature_lines,
    fresh,
    run_id,
    write_requirements,
    write_text,
)
from example_kinds.pytorch_state_dict import EPOCHS, HIDDEN, LEARNING_RATE, train

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path) -> None:
    directory = fresh(root / "good" / "lfs-pointer")
    net, accuracy = train()
    weights = save(net.state_dict(), metadata={"format": "pt"})
    digest = hashlib.sha256(weights).hexdigest()
    write_text(directory / "model.safetensors", pointer(digest, len(weights)))
    write_text(directory / "model-artifact.yaml", manifest("iris-perceptron-lfs", digest, len(weights), accuracy))
    write_requirements(directory, "torch", "safetensors")


def pointer(digest: str, size: int) -> str:
    """The text that git-LFS commits in place of a file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {size}\n"


def manifest(name: str, digest: str, size: int, accuracy: float) -> str:
    outputs = "".join(f"    - {{name: logit_{name}, type: float}}\n" for name in CLASSES)
    return f"""\
schema_version: 1
name: {name}
version: "1.1.0"
description: Species of an iris by a two-layer perceptron, with the weights in git-LFS
license: Apache-2.0
task: tabular-classification

weights:
  framework: pytorch
  files:
    - {{path: model.safetensors, role: weights, format: safetensors, size: {size}, digest: "sha256:{digest}"}}

config:
  architecture: two-layer perceptron
  hyperparameters: {{hidden_size: {HIDDEN}, epochs: {EPOCHS}, learning_rate: {LEARNING_RATE}}}

feature_schema:
  inputs:
{feature_lines("    ")}  outputs:
{outputs}  preprocessing: []

run:
  run_id: {run_id(name)}
  experiment: iris
  created: "{CREATED}"
  git: {{commit: {COMMIT}, repository: "{REPOSITORY}", dirty: false}}
  datasets:
    - {{name: iris, version: "1988-07", role: train, digest: "md5:{dataset_digest()}"}}
  metrics:
    - {{name: accuracy, value: {accuracy}, dataset: iris, split: train}}
  author: {AUTHOR}

environment: {{python: "{PYTHON}", requirements: requirements.txt}}
"""
