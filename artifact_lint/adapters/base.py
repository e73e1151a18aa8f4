"""What an adapter is: a convention that recognises its records and states what they say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from artifact_lint.model import Record
    from artifact_lint.tree import Tree


class Reach(IntEnum):
    """How much of a directory a record speaks for; more reach absorbs less beneath it."""

    NAMED = 0
    """The files it mentions and no others (`churn.model-artifact.yaml`, `churn.json` beside `churn.pkl`)."""
    FOLDER = 1
    """The files directly in its directory (a hand-written `metadata.json`)."""
    DIRECTORY = 2
    """Its directory and what lies below, up to the next recognised record."""
    TREE = 3
    """Its directory and everything below, other conventions' directories included; only a record with the same
    reach further down belongs to itself (an MLflow directory holds a whole Hugging Face directory, say)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One record found: `record` is its file's path, `directory` what it speaks for.

    `weak` marks a record that is only one where weights lie beside it or where the user names it: a hand-written
    `metadata.json` may be about anything.
    """

    convention: str
    directory: str
    record: str
    reach: Reach
    weak: bool = False


class Convention(Protocol):
    """A way in which people keep records of models: a module with these three names."""

    NAME: str

    @staticmethod
    def recognise(tree: Tree, directory: str) -> Iterable[Claim]:
        """The records of this convention directly in a directory, judged by name and content."""
        ...

    @staticmethod
    def describe(tree: Tree, claim: Claim) -> Record:
        """All that the record, and the files that belong to it, state."""
        ...


class Supplement(Protocol):
    """A source that no directory is recognised by, but that adds to what a record says: a tracking store, a lock."""

    NAME: str

    @staticmethod
    def supply(tree: Tree, directory: str, record: Record, files: Iterable[str]) -> Record:
        """What the source adds about the artifact with this record and these files; an empty record where nothing."""
        ...
