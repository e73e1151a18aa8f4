"""What the examples share: the data, the run they claim to come from, and files written alike on every machine."""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sklearn.datasets import load_iris

if TYPE_CHECKING:
    from pathlib import Path

SEED = 7
COMMIT = "5d6b0ef3c0f2b1f4a1f7a1f0c9f0e7d2c3b4a596"
REPOSITORY = "https://example.org/iris.git"
CREATED = "2026-11-02T08:55:02Z"
PYTHON = "3.11.7"
AUTHOR = "ml-team@example.org"
CLASSES = ["setosa", "versicolor", "virginica"]
COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
#: The smallest and largest value of each column of the data, in centimetres.
RANGES = {"sepal_length": (4.3, 7.9), "sepal_width": (2.0, 4.4), "petal_length": (1.0, 6.9), "petal_width": (0.1, 2.5)}


def iris() -> tuple[Any, Any]:
    """The 150 flowers as a DataFrame of four double columns in centimetres, and their species as integers."""
    features, species = load_iris(return_X_y=True, as_frame=True)
    return features.set_axis(COLUMNS, axis="columns"), species.rename("species")


def run_id(example: str) -> str:
    """The run that an example claims to come from, in the form MLflow gives them."""
    return hashlib.md5(example.encode()).hexdigest()


def dataset_digest() -> str:
    """The md5 of the data as comma-separated text, as a data versioning tool would record it."""
    features, species = iris()
    return hashlib.md5(features.assign(species=species).to_csv(index=False).encode()).hexdigest()


def fresh(directory: Path) -> Path:
    """The directory, empty."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: object) -> None:
    write_text(path, json.dumps(value, indent=2) + "\n")


def write_requirements(directory: Path, *distributions: str) -> None:
    """A requirements.txt that pins what is installed here."""
    write_text(directory / "requirements.txt", "".join(f"{line}\n" for line in pins(*distributions)))


def pins(*distributions: str) -> list[str]:
    return [f"{name}=={public_version(name)}" for name in distributions]


def public_version(distribution: str) -> str:
    """The installed version without its local part, which no index knows."""
    return version(distribution).partition("+")[0]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def feature_lines(indent: str) -> str:
    """The iris columns as the native manifest spells them."""
    return "".join(
        f"{indent}- {{name: {name}, type: double, required: true, range: [{low}, {high}]}}\n"
        for name, (low, high) in RANGES.items()
    )
