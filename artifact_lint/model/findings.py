"""What rules say: problems, and the findings the engine makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from artifact_lint.model.edits import Fix
    from artifact_lint.model.facts import Origin


class Severity(StrEnum):
    """How much a finding matters: an error stops, a warning asks, a note tells."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for a note, 2 for an error."""
        return {"note": 0, "warning": 1, "error": 2}[self.value]


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that belongs to a problem, with a word on why."""

    origin: Origin
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule yields.

    `severity` lowers or raises the rule's own for this one case; `guessed` says that the evidence is a guess,
    so that the engine never lets it be an error. `file` is the weight file concerned, with `!member` appended
    for something inside a container. `place` is the path that is concerned where that is no artifact's.
    """

    origin: Origin
    message: str
    help: str = ""
    file: str | None = None
    related: tuple[Related, ...] = ()
    fixes: tuple[Fix, ...] = ()
    severity: Severity | None = None
    guessed: bool = False
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its rule's code and name, its severity and a fingerprint that survives moved lines."""

    code: str
    name: str
    severity: Severity
    message: str
    help: str
    origin: Origin
    artifact: str
    file: str | None
    related: tuple[Related, ...]
    fixes: tuple[Fix, ...]
    fingerprint: str

    @property
    def fixable(self) -> bool:
        """Whether a fix is known that gives nothing up."""
        return any(not fix.unsafe for fix in self.fixes)

    @property
    def order(self) -> tuple[str, int, str, str]:
        """What reports are sorted by: the path, the line and the code, and the message."""
        return self.origin.path, self.origin.line, self.code, self.message
