"""The attributes that the `.gitattributes` of a commit give to paths, whatever lies in a working tree."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from artifact_lint.git import ask
from artifact_lint.git_output import attributes as taken_apart
from artifact_lint.git_output import ended

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: A split index would leave its other half in the repository (git-update-index(1), "Split Index").
_WHOLE = ("-c", "core.splitIndex=false")


def attribute_values(root: Path, files: Mapping[str, str], paths: Iterable[str], name: str) -> dict[str, str]:
    """The value of an attribute of each path; `files` are the ids of the commit's `.gitattributes` by path.

    Raises:
        GitError: git is not there, or reports a failure.
    """
    return {path: values[name] for path, values in attributes(root, files, paths, (name,)).items()}


def attributes(
    root: Path, files: Mapping[str, str], paths: Iterable[str], names: Iterable[str]
) -> dict[str, dict[str, str]]:
    """The values of some attributes of each path, by name; `files` are the ids of the commit's `.gitattributes`.

    They go into an index of their own, of which git is then asked: only git 2.40 takes them from a commit.

    Raises:
        GitError: git is not there, or reports a failure.
    """
    entries = "".join(f"100644 {oid} 0\t{path}\0" for path, oid in files.items())
    with tempfile.TemporaryDirectory() as place:
        own = {"GIT_INDEX_FILE": str(Path(place) / "index")}
        ask(root, *_WHOLE, "update-index", "--add", "-z", "--index-info", given=os.fsencode(entries), environment=own)
        return taken_apart(
            ask(root, *_WHOLE, "check-attr", "--cached", "-z", "--stdin", *names, given=ended(paths), environment=own)
        )
