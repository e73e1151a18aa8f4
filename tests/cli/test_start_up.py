"""What a run imports, starts and opens: a hook runs at every commit, and pays for each of these.

Nothing here is timed: bench/ measures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from command import clean_environment
from gates.repositories import Repository, isolated_environment
from git_models import MANIFEST
from safetensors.numpy import save

if TYPE_CHECKING:
    from pathlib import Path


#: Runs the command line with the arguments that follow, and writes what it did as the last line of its errors.
OBSERVER = """
import json, os, sys

opened, started = [], []

def note(event, arguments):
    if event in {"open", "os.scandir", "os.listdir"} and arguments and isinstance(arguments[0], str):
        opened.append(arguments[0])
    elif event == "subprocess.Popen":
        started.append([os.fsdecode(word) for word in arguments[1]])

sys.addaudithook(note)
from artifact_lint.__main__ import main
code = main()
modules = sorted(sys.modules)
print(json.dumps({"code": code, "modules": modules, "opened": opened, "started": started}), file=sys.stderr)
"""

#: What tells that a kind of file is read, by what reads it.
PICKLES = "artifact_lint.formats.pickles.machine"
SIDECARS = "artifact_lint.adapters.sidecar_facts"
MLFLOW = "artifact_lint.adapters.mlflow_signature"
RUN_DIRECTORIES = "artifact_lint.adapters.mlflow_run_files"
DATABASES = "artifact_lint.adapters.mlflow_database"
TEMPLATES = "artifact_lint.policy.templates"
HDF5 = "artifact_lint.formats.hdf5_reader"
ONNX = "artifact_lint.formats.onnx_reader"
SAVED_MODELS = "artifact_lint.formats.savedmodel_reader"
FLAX = "artifact_lint.formats.flax_reader"
JSON = "artifact_lint.document.json_syntax"
TOML = "artifact_lint.document.toml_syntax"
YAML = "yaml"
SCHEMAS = "jsonschema"
RARE = {PICKLES, SIDECARS, MLFLOW, RUN_DIRECTORIES, DATABASES, TEMPLATES, HDF5, ONNX, SAVED_MODELS, FLAX, JSON, TOML}
#: What no plain run needs.
NEVER = {"git", "rich", "concurrent.futures", "logging", "cryptography", "jinja2", "py7zr", "blake3", "asyncio"}


@dataclass(frozen=True)
class Observed:
    """What a run did: its exit code, the modules it ended with, the paths it opened or listed, what it started."""

    code: int
    modules: frozenset[str]
    opened: tuple[str, ...]
    started: tuple[tuple[str, ...], ...]


def observe(directory: Path, *arguments: str) -> Observed:
    done = subprocess.run(
        [sys.executable, "-c", OBSERVER, *arguments],
        cwd=directory,
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    told = json.loads(done.stderr.splitlines()[-1])
    started = tuple(map(tuple, told["started"]))
    return Observed(told["code"], frozenset(told["modules"]), tuple(told["opened"]), started)


def safetensors() -> bytes:
    """Weights whose first byte opens no pickle."""
    weights: bytes = save({"coefficients": np.zeros((4, 3), np.float32)})
    return weights


def write_model(directory: Path) -> None:
    """Weights in safetensors, and a manifest that describes them."""
    directory.mkdir(parents=True)
    (directory / "model.safetensors").write_bytes(safetensors())
    manifest = MANIFEST.replace("{path: model.json, role: weights, format: json}", "{path: model.safetensors}")
    (directory / "model-artifact.yaml").write_text(manifest, "utf-8")


def test_a_described_safetensors_file_takes_none_of_the_readers_of_others(tmp_path: Path) -> None:
    write_model(tmp_path / "churn")
    observed = observe(tmp_path, "check", "churn")
    assert {"artifact_lint.formats.safetensors", YAML, SCHEMAS} <= observed.modules
    assert not observed.modules & (RARE | NEVER)


def test_weights_alone_take_neither_a_parser_nor_a_schema(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(safetensors())
    observed = observe(tmp_path, "check", ".")
    assert observed.code == 1
    assert not observed.modules & (RARE | NEVER | {YAML, SCHEMAS})


def test_a_look_at_one_file_takes_neither_the_rules_nor_what_reads_records(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(safetensors())
    observed = observe(tmp_path, "inspect", "model.safetensors")
    assert observed.code == 0
    assert not observed.started
    judging = ("artifact_lint.rules", "artifact_lint.adapters", "artifact_lint.assemble", "artifact_lint.settings")
    assert not [name for name in observed.modules if name.startswith(judging)]
    assert not observed.modules & (RARE | NEVER | {YAML, SCHEMAS})


@pytest.mark.parametrize(
    ("name", "content", "reader"),
    [
        ("model.pkl", b"N.", PICKLES),
        ("model.h5", b"\x89HDF\r\n\x1a\n" + bytes(600), HDF5),
        ("model.onnx", b"\x08\x07\x3a\x00", ONNX),
        ("saved_model.pb", b"\x08\x01\x12\x00", SAVED_MODELS),
        ("model.msgpack", b"\x81\xa1w\xc0", FLAX),
        ("MLmodel", b"flavors: {sklearn: {model_class: Pipeline}}\n", MLFLOW),
        ("model_metadata.json", b'{"model_name": "churn", "accuracy": 0.9, "hyperparameters": {"depth": 3}}', SIDECARS),
        ("model.model-artifact.json", b"{}", JSON),
        (".artifact-lint.toml", b"", TOML),
    ],
)
def test_a_reader_is_imported_for_a_file_of_its_own(tmp_path: Path, name: str, content: bytes, reader: str) -> None:
    (tmp_path / "model.safetensors").write_bytes(safetensors())
    (tmp_path / name).write_bytes(content)
    assert reader in observe(tmp_path, "check", ".").modules


@pytest.fixture
def registry(tmp_path: Path) -> Repository:
    """A repository of a dozen committed models."""
    repository = Repository.create(tmp_path / "work", {**isolated_environment(), "HOME": str(tmp_path)})
    for number in range(12):
        write_model(repository.path / f"models/m{number:02}")
    repository.git("add", "--all")
    repository.commit("models")
    return repository


def test_two_files_of_one_artifact_start_git_once_and_open_no_other_artifact(registry: Repository) -> None:
    named = "models/m03/model.safetensors", "models/m03/model-artifact.yaml"
    observed = observe(registry.path, "check", "--allow-empty", *named)
    assert len(observed.started) == 1
    assert "ls-files" in observed.started[0]
    assert any("models/m03" in path for path in observed.opened)
    assert not [path for path in observed.opened if "models/m0" in path and "models/m03" not in path]
    assert not observed.modules & (RARE | NEVER)
