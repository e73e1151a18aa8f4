"""A gradient-boosted classifier in XGBoost's own UBJ format, described by a native manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xgboost

from example_kinds.common import (
    AUTHOR,
    CLASSES,
    COMMIT,
    CREATED,
    PYTHON,
    REPOSITORY,
    SEED,
    dataset_digest,
    feature_lines,
    fresh,
    iris,
    run_id,
    sha256,
    write_requirements,
    write_text,
)

if TYPE_CHECKING:
    from pathlib import Path

PARAMETERS = {"n_estimators": 6, "max_depth": 3, "learning_rate": 0.3}


def write(root: Path) -> None:
    directory = fresh(root / "good" / "xgboost-native")
    features, species = iris()
    model = xgboost.XGBClassifier(**PARAMETERS, random_state=SEED, n_jobs=1).fit(features, species)
    weights = directory / "classifier.ubj"
    model.save_model(weights)
    accuracy = round(float(model.score(features, species)), 4)
    write_text(directory / "model-artifact.yaml", manifest(weights, accuracy))
    write_requirements(directory, "xgboost", "numpy", "scikit-learn")


def manifest(weights: Path, accuracy: float) -> str:
    outputs = "".join(f"    - {{name: p_{name}, type: float, range: [0, 1]}}\n" for name in CLASSES)
    hyperparameters = ", ".join(f"{name}: {value}" for name, value in PARAMETERS.items())
    return f"""\
schema_version: 1
name: iris-boosted
version: "2.3.0"
description: Gradient-boosted species of an iris from the lengths and widths of its sepals and petals, in centimetres
license: Apache-2.0
task: tabular-classification

weights:
  framework: xgboost
  files:
    - path: {weights.name}
      role: weights
      format: ubj
      size: {weights.stat().st_size}
      digest: "sha256:{sha256(weights)}"

config:
  architecture: XGBClassifier
  hyperparameters: {{{hyperparameters}}}
  seed: {SEED}
  base_model: null

feature_schema:
  inputs:
{feature_lines("    ")}  outputs:
{outputs}  preprocessing: []

run:
  run_id: {run_id("iris-boosted")}
  experiment: iris
  created: "{CREATED}"
  duration_seconds: 2
  git: {{commit: {COMMIT}, repository: "{REPOSITORY}", dirty: false}}
  datasets:
    - {{name: iris, version: "1988-07", role: train, digest: "md5:{dataset_digest()}"}}
  metrics:
    - {{name: accuracy, value: {accuracy}, dataset: iris, split: train}}
  hardware: {{accelerator: none, cpu: 2 vCPU, memory_gb: 4}}
  author: {AUTHOR}

environment: {{python: "{PYTHON}", requirements: requirements.txt}}

lifecycle:
  stage: staging
  aliases: [challenger]
  promotions:
    - from: experiment
      to: staging
      at: "2026-11-03T10:00:00Z"
      by: {AUTHOR}
      approved_by: lead@example.org
      reason: accuracy above 0.95
"""
