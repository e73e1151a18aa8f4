"""What a file of the hostile corpus is, and what has to be said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The family of files whose danger is what reading them costs; harmless to load or not, they must end soon.
BOUNDED = "bounded"

#: The only thing that any payload would do.
SHELL = "echo artifact-lint"

#: An import that is known to do harm, and one on no list.
DANGEROUS = "PKL101"
UNLISTED = "PKL102"
COMPUTED = "PKL103"
DOTTED = "PKL104"


@dataclass(frozen=True, slots=True)
class Bad:
    """A bad artifact: the files of its directory, the trick, and codes of which one must be reported as an error.

    `subject` is the file that the finding is about; `expected` is empty in the family `BOUNDED`.
    """

    family: str
    name: str
    why: str
    files: Mapping[str, bytes]
    expected: frozenset[str]
    subject: str


def bad(family: str, name: str, why: str, content: bytes, *expected: str, file: str = "model.pkl") -> Bad:
    """A case of a single file."""
    return Bad(family, name, why, {file: content}, frozenset(expected), file)


def bad_directory(family: str, name: str, why: str, files: Mapping[str, bytes], subject: str, *expected: str) -> Bad:
    """A case whose subject counts only among other files."""
    return Bad(family, name, why, files, frozenset(expected), subject)
