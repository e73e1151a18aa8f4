"""Small trees of files, looked at through the real store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.stores.local import LocalStore
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def plant(root: Path, files: Mapping[str, str | bytes]) -> Tree:
    """Write files below a directory and look at all of them."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    store = LocalStore(root)
    return Tree(store, store.entries())
