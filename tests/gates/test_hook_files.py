"""The hooks that are declared: which changed files start them, and what each says of its examples."""

from __future__ import annotations

import re
import shlex
import shutil
from typing import TYPE_CHECKING, cast

import pytest

from artifact_lint.adapters.huggingface_run import RUN_FILES
from artifact_lint.adapters.requirements import CONDA_FILES, PIP_FILES, PYTHON_ENV_FILE
from artifact_lint.cli.hook_table import hooks, hooks_file
from artifact_lint.formats import FORMATS
from artifact_lint.formats.base import WEIGHT_SUFFIXES
from artifact_lint.rules import all_rules
from gates.managers import DECLARED, IDS
from gates.repositories import ROOT, Outcome, Repository

if TYPE_CHECKING:
    from pathlib import Path

PATTERN = re.compile(str(DECLARED[0]["files"]))
HOOK_EXAMPLES = ROOT / "tests/gates/hook_examples"
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


@pytest.mark.parametrize(
    "name",
    [
        "SHA256SUMS",
        "sha256sum.txt",
        "models/checksums.txt",
        "models/CHECKSUMS.sha256",
        "checksums_sha256.txt",
        "manifest-sha256.txt",
        "models/churn.pkl.sha256",
        "churn.pkl.md5",
        "churn.blake3",
        "model.sig",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
    ],
)
def test_digests_signatures_and_variables_start_it(name: str) -> None:
    assert PATTERN.search(name)


@pytest.mark.parametrize("name", ["checksum.py", "src/sha256.c", "md5.rs", "index.ts", "check_sums_of.go", "b2.js"])
def test_code_about_digests_does_not(name: str) -> None:
    assert not PATTERN.search(name)


def test_no_hook_chooses_files_by_type() -> None:
    assert all(not {"types", "types_or", "exclude_types"} & hook.keys() for hook in DECLARED)


def test_every_hook_that_is_passed_files_is_passed_the_same() -> None:
    patterns = {hook["files"] for hook in DECLARED if hook.get("pass_filenames", True)}
    assert len(patterns) == 1


def test_the_file_is_what_the_table_makes() -> None:
    assert (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8") == hooks_file()


def test_each_family_of_rules_is_one_hooks() -> None:
    asked = [family for hook in hooks() for family in hook.families]
    assert sorted(asked) == sorted({rule.code[:3] for rule in all_rules()})


def test_every_hook_has_examples() -> None:
    for sign in ("positive", "negative"):
        assert sorted(place.name for place in (HOOK_EXAMPLES / sign).iterdir()) == sorted(IDS)


@pytest.mark.parametrize("hook", DECLARED, ids=IDS)
def test_a_hook_passes_its_positive_example(
    hook: dict[str, object], tmp_path: Path, environment: dict[str, str]
) -> None:
    outcome = entry_over(HOOK_EXAMPLES / "positive" / str(hook["id"]), hook, tmp_path, environment)
    assert outcome == Outcome(0, "")


@pytest.mark.parametrize("hook", DECLARED, ids=IDS)
def test_a_hook_fails_its_negative_example(
    hook: dict[str, object], tmp_path: Path, environment: dict[str, str]
) -> None:
    outcome = entry_over(HOOK_EXAMPLES / "negative" / str(hook["id"]), hook, tmp_path, environment)
    assert outcome.code == 1
    assert outcome.text.count("error[") == 1


def entry_over(example: Path, hook: dict[str, object], place: Path, environment: dict[str, str]) -> Outcome:
    """What a hook's own entry says of an example's files, as a hook manager calls it."""
    repository = Repository.create(place / "work", {**environment, "PRE_COMMIT": "1"})
    shutil.copytree(example, repository.path, dirs_exist_ok=True)
    repository.git("add", ".")
    names = [name for name in repository.git("ls-files").splitlines() if PATTERN.search(name)]
    arguments = [str(word) for word in cast("list[object]", hook.get("args", []))]
    words = [*shlex.split(str(hook["entry"])), *arguments]
    return repository.run(*words, *(names if hook.get("pass_filenames", True) else []))
