"""Where the code lies that an artifact brings along, or that its repository has: from a module's name to its file."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from artifact_lint.model.paths import upwards
from artifact_lint.stores.base import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.tree import Tree

#: Where code lies below a directory: in it, in what MLflow keeps of `code_paths`, and in the usual source tree.
_BELOW = ("", "code", "src")
#: How many directories above the artifact are looked at, beside the root.
_MOST_LEVELS = 16
#: How many names are looked for: more than any model's own code has.
_MOST_MODULES = 1000


class OwnCode:
    """The modules that can be imported from the artifact's directory, those above it and their `code/` and `src/`."""

    def __init__(self, tree: Tree, path: str) -> None:
        self._tree = tree
        self._directory = path
        self._known: dict[str, str | None] = {}

    def path(self, module: str) -> str | None:
        """The file of a module, by its dotted name; None where it is not the repository's."""
        if module not in self._known:
            if len(self._known) >= _MOST_MODULES:
                return None
            self._known[module] = self._find(module)
        return self._known[module]

    def _find(self, module: str) -> str | None:
        parts = module.split(".")
        if not all(part.isidentifier() for part in parts):
            return None
        stem = "/".join(parts)
        for directory in self._directories():
            for name in (f"{stem}.py", f"{stem}/__init__.py"):
                path = f"{directory}/{name}" if directory else name
                entry = self._tree.entry(path)
                if entry is not None and entry.kind is EntryKind.FILE:
                    return path
        return None

    def _directories(self) -> Iterator[str]:
        for directory in (*islice(filter(None, upwards(self._directory)), _MOST_LEVELS), ""):
            for below in _BELOW:
                yield "/".join(filter(None, (directory, below)))
