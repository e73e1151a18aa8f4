"""What the shipped allow-lists cover, from the lists themselves."""

from __future__ import annotations

import re
from textwrap import fill
from typing import TYPE_CHECKING

from artifact_lint.policy.imports import DATA, STANDARD_LIBRARY

if TYPE_CHECKING:
    from pathlib import Path

_TITLE = re.compile(r"# Names of (\S+) that")
_VERSIONS = "# Versions: "
_WIDTH = 120


def coverage() -> str:
    """One sentence: the libraries, with the newest version that each list was made from, and how many names."""
    lists = sorted((DATA / "allow").glob("*.txt"), key=lambda path: path.stem)
    names = sum(not line.startswith("#") for path in lists for line in path.read_text(encoding="utf-8").splitlines())
    libraries = dict.fromkeys(_library(path) for path in lists if path.stem != STANDARD_LIBRARY)
    sentence = (
        f"The shipped allow-lists hold {names:,} names, each with the uses that are fine: the data types of Python's"
        f" standard library, and what the pickles of these libraries refer to: {', '.join(libraries)}. What else a"
        " pickle imports is told (PKL102) until a line of yours allows it."
    )
    return fill(sentence, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _library(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    title = _TITLE.match(lines[0])
    name = title[1] if title else path.stem
    versions = next((line.removeprefix(_VERSIONS) for line in lines if line.startswith(_VERSIONS)), "")
    newest = versions.rpartition(", ")[2]
    return f"{name} (to {newest})" if newest else name
