"""The report: what one run looked at and what it found, as the engine hands it to the reporters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from artifact_lint.model.artifact import Artifact
    from artifact_lint.model.findings import Finding, Severity
    from artifact_lint.model.record_changes import ArtifactChange
    from artifact_lint.model.suppression import Accepted, Means


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of this program that kept it from looking at something; everything else was looked at.

    `doing` completes the sentence `while ...`; `path` is the file, or the directory, that was being looked at.
    """

    doing: str
    error: Exception
    artifact: str | None = None
    path: str | None = None

    @property
    def what(self) -> str:
        """The error on one line: its kind, and what it says."""
        kind = type(self.error).__name__
        return " ".join((f"{kind}: {self.error}" if str(self.error) else kind).split())

    @property
    def message(self) -> str:
        """What to tell people: what was being done, to which artifact, and what went wrong."""
        is_part = self.path is not None and self.artifact not in {None, "", self.path}
        of = f" of the artifact {self.artifact}" if is_part else ""
        return f"this is a bug in artifact-lint, while {self.doing}{of}: {self.what}"


@dataclass(frozen=True, slots=True)
class Fallback:
    """Why a run looked at something else than it was asked for: more of it, or another place.

    `unseen` says that what was asked for was not seen, so that the run cannot answer for it, whatever it found.
    """

    message: str
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All that one run has to say.

    `findings` are sorted by their `order`, and leave out the `suppressed` ones, which are counted; `accepted` has each
    of those with what suppresses it: a comment, the configuration or the baseline. `files` and `size` (in bytes) tell
    how many weight files there were and what they hold; `notes` are lines about the run itself, for people; `failures`
    are what this program could not look at for an error of its own; `fallbacks` are where git could not say what was
    asked of it, each of which is a note as well. `unchanged` is the sentence that only what changed was looked at and
    that none of it belongs to an artifact, else empty. `base` is the id of the commit that artifacts were compared
    with, None where they were not; `changes` are those of them that differ, are new or are gone.
    """

    artifacts: tuple[Artifact, ...] = ()
    findings: tuple[Finding, ...] = ()
    suppressed: int = 0
    files: int = 0
    size: int = 0
    notes: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    unchanged: str = ""
    accepted: tuple[Accepted, ...] = ()
    base: str | None = None
    changes: tuple[ArtifactChange, ...] = ()

    def count_accepted(self, means: Means) -> int:
        """The number of findings that one means keeps out of the report."""
        return sum(1 for one in self.accepted if one.means is means)

    def count(self, severity: Severity) -> int:
        """The number of findings of one severity."""
        return sum(1 for finding in self.findings if finding.severity is severity)

    def __add__(self, other: Report) -> Report:
        """Two runs as one: everything of both, with the findings in order."""
        return Report(
            artifacts=self.artifacts + other.artifacts,
            findings=tuple(sorted(self.findings + other.findings, key=lambda one: one.order)),
            suppressed=self.suppressed + other.suppressed,
            files=self.files + other.files,
            size=self.size + other.size,
            notes=self.notes + tuple(note for note in other.notes if note not in self.notes),
            failures=self.failures + other.failures,
            fallbacks=self.fallbacks + tuple(one for one in other.fallbacks if one not in self.fallbacks),
            unchanged=self.unchanged and other.unchanged,
            accepted=tuple(sorted(self.accepted + other.accepted, key=lambda one: one.finding.order)),
            base=self.base or other.base,
            changes=self.changes + other.changes,
        )
