"""Bad examples whose fault lies in the record: there is none, it says too little, misnames, or does not parse."""

from __future__ import annotations

import pickle
import re
from typing import TYPE_CHECKING

import joblib
import mlflow.sklearn
import numpy as np
from safetensors.numpy import save_file

from example_kinds.common import fresh, run_id, write_requirements, write_text
from example_kinds.joblib_sidecar import pipeline
from example_kinds.native import entry, manifest

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path) -> None:
    bad = root / "bad"
    no_record(fresh(bad / "no-record"))
    mlflow_no_signature(fresh(bad / "mlflow-no-signature"))
    thin_manifest(fresh(bad / "thin-manifest"))
    bad_names(fresh(bad / "bad-names"))
    broken_documents(fresh(bad / "broken-documents"))


def linear(directory: Path, *, scale: float = 1.0) -> Path:
    """A linear layer in safetensors, for examples that are not about their weights."""
    weights = directory / "linear.safetensors"
    directory.mkdir(parents=True, exist_ok=True)
    values = np.arange(12, dtype=np.float32).reshape(3, 4) * np.float32(scale)
    save_file({"weight": values, "bias": np.zeros(3, dtype=np.float32)}, weights)
    return weights


def no_record(directory: Path) -> None:
    """A pickle and nothing else: who wrote it, from what, with which library, for which inputs?"""
    model, _ = pipeline()
    (directory / "best_model.pkl").write_bytes(pickle.dumps(model))


def mlflow_no_signature(directory: Path) -> None:
    """A model saved on somebody's laptop: no signature, a home directory, a run nobody has, unpinned libraries."""
    model, _ = pipeline()
    mlflow.sklearn.save_model(
        model,
        directory / "model",
        serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_PICKLE,
        pip_requirements=["mlflow", "scikit-learn>=1.2", "pandas"],
    )
    mlmodel = directory / "model" / "MLmodel"
    text = re.sub(r"(?m)^utc_time_created: .*", "utc_time_created: '2026-11-02 08:55:03.120000'", mlmodel.read_text())
    text = re.sub(r"(?m)^model_uuid: .*", "model_uuid: 4f0f2a1d3b5c4c0f8e6a7d9b2c1e0f3a", text)
    run = run_id("mlflow-no-signature")
    stated = f"artifact_path: /home/alex/experiments/mlruns/0/{run}/artifacts/model\nrun_id: {run}\n"
    write_text(mlmodel, stated + re.sub(r"(?m)^(artifact_path|run_id): .*\n", "", text))


def thin_manifest(directory: Path) -> None:
    """A manifest that parses and says next to nothing."""
    model, _ = pipeline()
    joblib.dump(model, directory / "pipeline.joblib")
    write_text(
        directory / "model-artifact.yaml",
        """\
schema_version: 1
name: iris-thin
version: "1.0.0"

weights:
  framework: scikit-learn
  files:
    - {path: pipeline.joblib, role: weights, format: joblib}

config: {}

feature_schema:
  inputs:
    - {name: petal_length, type: double, range: [6.9, 1.0]}
    - {name: Petal_Length, type: double}
    - {name: petal_width}

not_applicable:
  run: ""
""",
    )


def bad_names(directory: Path) -> None:
    """A name that no registry takes, a version that is none, and one version given to two different models."""
    for folder, name, version, scale, lifecycle in (
        ("latest", '"Final Model (1)"', "latest", 1.0, "\nlifecycle: {stage: staging, aliases: [latest, v3]}\n"),
        ("linear-a", "iris-linear-twin", '"1.0.0"', 2.0, ""),
        ("linear-b", "iris-linear-twin", '"1.0.0"', 3.0, ""),
    ):
        weights = linear(directory / folder, scale=scale)
        text = manifest(entry(weights, "safetensors"), name=name, version=version, lifecycle=lifecycle)
        write_text(directory / folder / "model-artifact.yaml", text)
        write_requirements(directory / folder, "torch", "safetensors")


def broken_documents(directory: Path) -> None:
    """One manifest that no parser reads, and one that parsers read without a word and everybody misunderstands."""
    facts = directory / "facts"
    weights = linear(facts)
    files = entry(weights, "safetensors") + (
        "    - {path: scaler.safetensors, role: preprocessor, format: safetensors}\n"
        "    - {path: ../../shared/vocabulary.safetensors, role: other, format: safetensors}\n"
    )
    text = manifest(files, name="iris-linear-facts", version="1.10")
    text = text.replace("license: Apache-2.0\n", "licence: Apache-2.0\nlicense: Apache-2.0\nlicense: MIT\n")
    text = text.replace("git: {commit: 5d6b0ef3c0f2b1f4a1f7a1f0c9f0e7d2c3b4a596,", "git: {commit: main,")
    write_text(facts / "model-artifact.yaml", text)
    write_requirements(facts, "torch", "safetensors")
    syntax = directory / "syntax"
    weights = linear(syntax)
    text = manifest(entry(weights, "safetensors"), name="iris-linear-syntax")
    write_text(syntax / "model-artifact.yaml", text.replace("config:\n", "config:\n\t"))
    write_requirements(syntax, "torch", "safetensors")
