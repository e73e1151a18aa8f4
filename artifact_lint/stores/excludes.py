"""What a store leaves out: a small, fixed subset of gitignore's patterns.

A pattern without a slash matches a name at any level; one with a slash matches from the root. `*`, `?` and `[...]` stay
within one name, `**` stands for any number of directories, and a slash at the end is for directories alone. What lies
below an excluded directory is excluded with it. There is no negation.
"""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING

from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DEFAULT_EXCLUDES = (
    ".git/",
    ".venv/",
    "venv/",
    "site-packages/",
    "node_modules/",
    "__pycache__/",
    ".tox/",
    ".mypy_cache/",
    ".pytest_cache/",
    "**/.dvc/cache/",
    "**/.dvc/tmp/",
    ".artifact-lint-*.tmp",  # left by a process that was killed while it wrote (`artifact_lint.atomic`)
)
#: The file that marks a virtual environment, whatever its directory is called (PEP 405).
ENVIRONMENT_MARK = "pyvenv.cfg"


class Excludes:
    """Patterns, compiled."""

    def __init__(self, patterns: Iterable[str]) -> None:
        names: dict[bool, list[str]] = {True: [], False: []}
        self._paths: list[tuple[bool, tuple[re.Pattern[str] | None, ...]]] = []
        for pattern in patterns:
            stripped = pattern.strip()
            directories_only = stripped.endswith("/")
            anchored = stripped.removesuffix("/")
            if not anchored.strip("/"):
                continue
            if "/" not in anchored:
                names[directories_only].append(anchored)
                continue
            parts = [part for part in anchored.split("/") if part and part != "."]
            compiled = tuple(None if part == "**" else re.compile(translate(part)) for part in parts)
            self._paths.append((directories_only, compiled))
        self._file_name = _any_of(names[False])
        self._directory_name = _any_of(names[False] + names[True])

    def covers(self, path: str, *, directory: bool) -> bool:
        """Whether a path itself is excluded; its parents are not looked at."""
        name = name_of(path)
        by_name = self._directory_name if directory else self._file_name
        if by_name is not None and by_name.match(name):
            return True
        if not self._paths:
            return False
        parts = path.split("/")
        return any(_matches(pattern, parts) for only, pattern in self._paths if directory or not only)

    def covers_below(self, path: str, under: str = "") -> bool:
        """Whether a file is excluded, itself or by a directory between it and `under`."""
        parts = path.split("/")
        given = len(under.split("/")) if under else 0
        directories = ("/".join(parts[:count]) for count in range(given + 1, len(parts)))
        return any(self.covers(parent, directory=True) for parent in directories) or self.covers(path, directory=False)


def _any_of(patterns: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(translate(pattern) for pattern in patterns)) if patterns else None


def _matches(pattern: Sequence[re.Pattern[str] | None], parts: Sequence[str]) -> bool:
    """Follow every way at once that a pattern's names and `**` can be laid over a path's names."""
    reached = _skipping(pattern, {0})
    for part in parts:
        following = set()
        for index in reached:
            if index == len(pattern):
                continue
            expected = pattern[index]
            if expected is None:
                following.add(index)
            elif expected.match(part):
                following.add(index + 1)
        reached = _skipping(pattern, following)
        if not reached:
            return False
    return len(pattern) in reached


def _skipping(pattern: Sequence[re.Pattern[str] | None], reached: set[int]) -> set[int]:
    for index in sorted(reached):
        following = index
        while following < len(pattern) and pattern[following] is None:
            following += 1
            reached.add(following)
    return reached
