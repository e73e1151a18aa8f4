"""Which changed files start the pre-commit hook: pre-commit applies the pattern with `re.search`."""

from __future__ import annotations

import re
from typing import cast

import pytest
import yaml

from artifact_lint.adapters.huggingface_run import RUN_FILES
from artifact_lint.adapters.requirements import CONDA_FILES, PIP_FILES, PYTHON_ENV_FILE
from artifact_lint.formats import FORMATS
from artifact_lint.formats.base import WEIGHT_SUFFIXES
from gates.repositories import ROOT

HOOKS = cast("list[dict[str, object]]", yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")))
PATTERN = re.compile(str(HOOKS[0]["files"]))
EXAMPLES = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "examples").rglob("*")) if path.is_file()]


#: LightGBM's text files and what is compressed are told by the rest of the name, and `.ts` is nearly always TypeScript.
LEFT_OUT = {".txt", ".ts", *FORMATS["compressed"].suffixes}
SUFFIXES = {suffix for one in FORMATS.values() for suffix in one.suffixes} | WEIGHT_SUFFIXES


@pytest.mark.parametrize("suffix", sorted(SUFFIXES - LEFT_OUT))
def test_every_suffix_of_weights_starts_the_hook(suffix: str) -> None:
    for name in (f"churn{suffix}", f"models/churn.v2{suffix}", f"churn{suffix.upper()}"):
        assert PATTERN.search(name), name


@pytest.mark.parametrize("suffix", sorted(WEIGHT_SUFFIXES))
def test_compressed_weights_start_it_too(suffix: str) -> None:
    for packing in (".gz", ".bz2", ".xz", ".lzma", ".lz4", ".z", ".zst", ".tar", ".tar.gz"):
        assert PATTERN.search(f"models/churn{suffix}{packing}"), packing


@pytest.mark.parametrize("name", [*RUN_FILES, *PIP_FILES, *CONDA_FILES, PYTHON_ENV_FILE])
def test_every_record_that_an_adapter_names_starts_the_hook(name: str) -> None:
    assert PATTERN.search(name)
    assert PATTERN.search(f"models/churn/{name}")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_file_of_the_examples_starts_the_hook(name: str) -> None:
    assert PATTERN.search(name)


@pytest.mark.parametrize(
    "name",
    [
        "MLmodel",
        "models/churn/MLmodel",
        "model-artifact.yaml",
        "churn.model-artifact.yaml",
        "model-artifact.lifecycle.yml",
        "data.dvc",
        "models/churn.pkl.dvc",
        "dvc.lock",
        "dvc.yaml",
        "models/checkpoint.pth.tar",
        "models/lightgbm_model.txt",
        "requirements-gpu.txt",
        "mlruns/0/abc/params/max_depth",
        "mlflow.db",
        "vocab.txt",
    ],
)
def test_other_records_and_weights_start_the_hook(name: str) -> None:
    assert PATTERN.search(name)


@pytest.mark.parametrize(
    "name",
    [
        "train.py",
        "src/model.py",
        "notebook.ipynb",
        "Makefile",
        "docs/index.html",
        "data.csv",
        "MLmodel.md",
        "a/README.rst",
    ],
)
def test_code_prose_and_data_do_not_start_it(name: str) -> None:
    assert not PATTERN.search(name)


def test_no_hook_chooses_files_by_type() -> None:
    assert all(not {"types", "types_or", "exclude_types"} & hook.keys() for hook in HOOKS)
