"""A scikit-learn pipeline dumped by joblib, with the JSON file of the same stem that many teams write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import joblib
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from example_kinds.common import (
    CLASSES,
    COLUMNS,
    COMMIT,
    CREATED,
    PYTHON,
    dataset_digest,
    fresh,
    iris,
    public_version,
    run_id,
    sha256,
    write_json,
    write_requirements,
)

if TYPE_CHECKING:
    from pathlib import Path

HYPERPARAMETERS = {"C": 1.0, "max_iter": 200}


def pipeline() -> tuple[Pipeline, float]:
    """The fitted pipeline and its accuracy."""
    features, species = iris()
    labels = species.map(dict(enumerate(CLASSES))).to_numpy(dtype=str)
    model = Pipeline([("scale", StandardScaler()), ("classify", LogisticRegression(**HYPERPARAMETERS))])
    model.fit(features, labels)
    return model, round(float(model.score(features, labels)), 4)


def write(root: Path) -> None:
    directory = fresh(root / "good" / "joblib-sidecar")
    model, accuracy = pipeline()
    weights = directory / "pipeline.joblib"
    joblib.dump(model, weights)
    write_json(
        directory / "pipeline.json",
        {
            "name": "iris-pipeline",
            "version": "1.4.2",
            "model_type": "LogisticRegression",
            "task": "tabular-classification",
            "model_file": weights.name,
            "sha256": sha256(weights),
            "hyperparameters": HYPERPARAMETERS,
            "features": [{"name": name, "dtype": "float64"} for name in COLUMNS],
            "target": "species",
            "classes": CLASSES,
            "preprocessing": ["StandardScaler"],
            "metrics": {"accuracy": accuracy},
            "trained_at": CREATED,
            "dataset": "iris",
            "dataset_version": "1988-07",
            "dataset_digest": f"md5:{dataset_digest()}",
            "run_id": run_id("iris-pipeline"),
            "git_commit": COMMIT,
            "sklearn_version": public_version("scikit-learn"),
            "python_version": PYTHON,
        },
    )
    write_requirements(directory, "scikit-learn", "joblib", "numpy", "pandas")
