"""Edits: how a document is changed so that a problem is gone, stated by readers and rules and made by `fixes`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from artifact_lint.model.lazy import Lazy

if TYPE_CHECKING:
    from artifact_lint.model.facts import Origin


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of the characters between an origin's start and end.

    `result` is the value that the document then holds at the origin's pointer; every other value stays what it was.
    `basis` is the SHA-256 of the text that the edit was made for, in hexadecimal: it fits no other.
    """

    origin: Origin
    replacement: str
    result: str | int | float | None = None
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a document has, or would take, the value of one field: `before` and `after` surround it there.

    The origin is that of the value, or of the gap where the field would go in. `vacant` says that no value is stated.
    """

    origin: Origin
    before: str
    after: str
    vacant: bool
    basis: str

    def holding(self, value: str | int) -> Edit:
        """The edit that puts a value there: a text without quotes and escapes, or a number."""
        return Edit(self.origin, f"{self.before}{value}{self.after}", value, self.basis)


@dataclass(frozen=True, slots=True)
class Fix:
    """A way to put a problem right: edits of one document that are made together or not at all.

    They are computed when they are first asked for, because a file may have to be hashed for them; none at all means
    that it could not be done. An `unsafe` fix gives up what the record protects; `warning` is what is said of it then.
    """

    edits: Lazy[tuple[Edit, ...]] = field(compare=False)
    unsafe: bool = False
    warning: str = ""

    @classmethod
    def of(cls, *edits: Edit, unsafe: bool = False, warning: str = "") -> Fix:
        """A fix of edits that are known."""
        return cls(Lazy.of(edits), unsafe, warning)
