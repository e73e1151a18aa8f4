"""A native manifest in which everything but the one thing an example is about is as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from example_kinds.common import AUTHOR, CLASSES, COMMIT, CREATED, PYTHON, dataset_digest, feature_lines, run_id, sha256

if TYPE_CHECKING:
    from pathlib import Path


def entry(path: Path, format_name: str, *, digest: str | None = None, size: int | None = None) -> str:
    """One line of `weights.files`, with the file's own digest and size unless others are given."""
    stated = digest or f"sha256:{sha256(path)}"
    size = path.stat().st_size if size is None else size
    return f'    - {{path: {path.name}, role: weights, format: {format_name}, size: {size}, digest: "{stated}"}}\n'


def manifest(
    files: str,
    *,
    framework: str = "pytorch",
    name: str = "iris-linear",
    version: str = '"1.0.0"',
    weights: str = "",
    lifecycle: str = "",
) -> str:
    outputs = "".join(f"    - {{name: p_{name}, type: double, range: [0, 1]}}\n" for name in CLASSES)
    return f"""\
schema_version: 1
name: {name}
version: {version}
description: Species of an iris from the lengths and widths of its sepals and petals
license: Apache-2.0
task: tabular-classification

weights:
  framework: {framework}
  files:
{files}{weights}
config:
  architecture: logistic regression
  hyperparameters: {{C: 1.0, max_iter: 200}}

feature_schema:
  inputs:
{feature_lines("    ")}  outputs:
{outputs}  preprocessing: []

run:
  run_id: {run_id(files)}
  experiment: iris
  created: "{CREATED}"
  git: {{commit: {COMMIT}, dirty: false}}
  datasets:
    - {{name: iris, version: "1988-07", role: train, digest: "md5:{dataset_digest()}"}}
  metrics:
    - {{name: accuracy, value: 0.9733, dataset: iris, split: train}}
  author: {AUTHOR}

environment: {{python: "{PYTHON}", requirements: requirements.txt}}
{lifecycle}"""
