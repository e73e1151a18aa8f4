"""What an MLmodel says about the files beside it: their size together, and the example of an input."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import as_int, as_text, child
from artifact_lint.model import Fact, InputExample, Stated, TotalSize
from artifact_lint.stores.base import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.document import Node
    from artifact_lint.model import Mention
    from artifact_lint.stores.base import Entry
    from artifact_lint.tree import Tree

#: What `model_size_bytes` leaves out (mlflow.models.Model.get_model_info and mlflow.utils.file_utils, MLflow 3.17).
_METADATA = frozenset({"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "registered_model_meta"})

#: A pointer's own size says nothing about what it stands for; a file this small may be one.
_POINTER_LIMIT = 1024

#: With more files than this that may have been added later, nothing is claimed.
_MOST_OPTIONAL = 12


def total_size(tree: Tree, directory: str, stated: Node | None, mentions: Iterable[Mention]) -> Stated[TotalSize]:
    """The size stated for the model's files, and the size they have: None where it cannot be told.

    Files that no flavor names may have been added later (a README, a manifest), so the size agrees when it is that of
    the named files with any of the others.
    """
    value = as_int(stated)
    if stated is None or value is None:
        return Stated()
    named = tuple({mention.path for mention in mentions if mention.path is not None})
    files = list(_files(tree, directory))
    own = [entry for entry in files if any(entry.path == path or entry.path.startswith(f"{path}/") for path in named)]
    others = [entry.size for entry in files if entry not in own]
    complete = all(any(entry.path == path or entry.path.startswith(f"{path}/") for entry in own) for path in named)
    whole = all(entry.kind is EntryKind.FILE and not _is_pointer(tree, entry) for entry in own)
    if not (named and complete and whole) or len(others) > _MOST_OPTIONAL:
        return Stated((Fact(TotalSize(value, None), stated.origin),))
    base = sum(entry.size for entry in own)
    sums = {base + sum(chosen) for count in range(len(others) + 1) for chosen in combinations(others, count)}
    actual = value if value in sums else base + sum(others)
    return Stated((Fact(TotalSize(value, actual), stated.origin),))


def _files(tree: Tree, directory: str) -> Iterator[Entry]:
    waiting = [directory]
    while waiting:
        place = waiting.pop()
        waiting += tree.subdirectories(place)
        for name, entry in tree.folder(place).items():
            if place != directory or name not in _METADATA:
                yield entry


def _is_pointer(tree: Tree, entry: Entry) -> bool:
    return entry.size < _POINTER_LIMIT and (tree.read(entry.path, 8) or b"").startswith(b"version ")


def input_example(root: Node | None) -> Stated[InputExample]:
    """The columns of `input_example.json`, in any of the orientations that MLflow writes; none for an array."""
    if root is None:
        return Stated()
    columns = root.get("columns")
    if columns is not None and columns.is_sequence:
        names = tuple(text for column in columns.elements() if (text := as_text(column)) is not None)
        return Stated((Fact(InputExample(names), columns.origin),))
    first = next(iter(root.elements()), None)
    if first is not None and first.is_mapping:
        return Stated((Fact(InputExample(tuple(key for key, _ in first.items())), first.origin),))
    return Stated((Fact(InputExample(None), root.origin),))


def example_path(directory: str, root: Node) -> str:
    """Where the example is kept: as the MLmodel says, else under its usual name."""
    return child(directory, as_text(root.get("saved_input_example_info", "artifact_path")) or "input_example.json")
