"""Holds a built sdist and wheel to the checkout that they were built from.

    python tools/check_distributions.py DIRECTORY

The directory holds one of each. The wheel has every committed file of the package and nothing else, and the sdist every
committed file of the places that `pyproject.toml` names: a data file that a build leaves out is missed only by users.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "artifact_lint"
#: What an sdist has beside the sources (PyPA's specification of source distributions).
ADDED_TO_SDIST = {"PKG-INFO", ".gitignore"}


def main(directory: Path) -> list[str]:
    """What is wrong with the distributions in a directory, each in a line."""
    sdists, wheels = sorted(directory.glob("*.tar.gz")), sorted(directory.glob("*.whl"))
    present = sorted(one.name for one in directory.iterdir())
    if len(sdists) != 1 or len(wheels) != 1 or len(present) != 2:
        return [f"{directory} holds {present}: one sdist and one wheel belong there"]
    committed = committed_files()
    return [
        *differences("the sdist", names_of_sdist(sdists[0]) - ADDED_TO_SDIST, shipped_files(committed)),
        *differences("the wheel", names_of_wheel(wheels[0]), {name for name in committed if is_within(name, PACKAGE)}),
    ]


def committed_files() -> set[str]:
    """The files that git tracks, by their paths from the root of the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    return {name for name in listed.decode("utf-8").split("\0") if name}


def shipped_files(committed: set[str]) -> set[str]:
    """Those of the committed files that pyproject.toml puts into an sdist."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    return {name for name in committed if any(is_within(name, pattern) for pattern in patterns)}


def is_within(name: str, pattern: str) -> bool:
    """Whether a path is, or lies below, what a pattern of the build names."""
    path = PurePosixPath(name)
    return any(one.match(pattern) for one in (path, *path.parents))


def names_of_sdist(file: Path) -> set[str]:
    """The files in an sdist, without the directory that it holds them in."""
    with tarfile.open(file) as archive:
        return {member.name.partition("/")[2] for member in archive if not member.isdir()}


def names_of_wheel(file: Path) -> set[str]:
    """The files in a wheel, without its metadata."""
    with zipfile.ZipFile(file) as archive:
        return {name for name in archive.namelist() if not name.split("/")[0].endswith(".dist-info")}


def differences(what: str, found: set[str], expected: set[str]) -> list[str]:
    """A line for every file that is missing or does not belong."""
    missing = [f"{what} lacks {name}" for name in sorted(expected - found)]
    return missing + [f"{what} holds {name}, which is not to be published" for name in sorted(found - expected)]


if __name__ == "__main__":
    problems = main(Path(sys.argv[1]))
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    sys.exit(bool(problems))
