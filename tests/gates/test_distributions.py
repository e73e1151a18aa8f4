"""What holds a built sdist and wheel to the checkout: files that are missing, and files that do not belong."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from gates.repositories import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

SCRIPT = ROOT / "tools/check_distributions.py"
PLACES = (
    *("artifact_lint", "tests", "examples", "hooks", "docs", "tools", "bench", ".ci", ".github"),
    *("LICENSE", "pyproject.toml", "action.yml", ".pre-commit-hooks.yaml"),
)
METADATA = "artifact_lint-0.1.0.dist-info/METADATA"


@pytest.fixture(scope="module")
def committed() -> set[str]:
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    if listed.returncode:
        pytest.skip("not a git checkout: an unpacked sdist has no list of what was committed")
    return set(filter(None, listed.stdout.decode().split("\0")))


@pytest.fixture
def sources(committed: set[str]) -> set[str]:
    return {name for name in committed if name.split("/")[0] in PLACES or ("/" not in name and name.endswith(".md"))}


@pytest.fixture
def package(committed: set[str]) -> set[str]:
    return {name for name in committed if name.startswith("artifact_lint/")}


def checked(directory: Path, sdist: Collection[str], wheel: Collection[str]) -> tuple[int, list[str]]:
    """How the script ends for archives of these files, and what it says."""
    with tarfile.open(directory / "artifact_lint-0.1.0.tar.gz", "w:gz", compresslevel=1) as archive:
        for name in [*sdist, "PKG-INFO"]:
            archive.addfile(tarfile.TarInfo(f"artifact_lint-0.1.0/{name}"), io.BytesIO())
    with zipfile.ZipFile(directory / "artifact_lint-0.1.0-py3-none-any.whl", "w") as packed:
        for name in [*wheel, METADATA]:
            packed.writestr(name, b"")
    return outcome_for(directory)


def outcome_for(directory: Path) -> tuple[int, list[str]]:
    command = [sys.executable, str(SCRIPT), str(directory)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return done.returncode, done.stderr.splitlines()


def test_what_is_committed_is_what_is_published(tmp_path: Path, sources: set[str], package: set[str]) -> None:
    assert checked(tmp_path, sources, package) == (0, [])


@pytest.mark.parametrize(
    "name",
    [
        "artifact_lint/py.typed",
        "artifact_lint/schemas/report.v1.schema.json",
        "artifact_lint/policy/data/allow/python.txt",
    ],
)
def test_a_missing_data_file_is_named(tmp_path: Path, sources: set[str], package: set[str], name: str) -> None:
    assert checked(tmp_path, sources, package - {name}) == (1, [f"the wheel lacks {name}"])


@pytest.mark.parametrize("name", ["hooks/action.py", "action.yml", ".ci/run", "README.md"])
def test_a_missing_source_is_named(tmp_path: Path, sources: set[str], package: set[str], name: str) -> None:
    assert checked(tmp_path, sources - {name}, package) == (1, [f"the sdist lacks {name}"])


def test_what_does_not_belong_is_named(tmp_path: Path, sources: set[str], package: set[str]) -> None:
    code, lines = checked(tmp_path, sources | {".env"}, package | {"tests/conftest.py"})
    assert code == 1
    assert lines == [
        "the sdist holds .env, which is not to be published",
        "the wheel holds tests/conftest.py, which is not to be published",
    ]


def test_one_of_each_is_there(tmp_path: Path) -> None:
    code, lines = outcome_for(tmp_path)
    assert code == 1
    assert "one sdist and one wheel" in lines[0]
