"""What a rule is, and the four decorators that make one of a function.

The scope is what the function takes: one artifact, all of them, one before and after a change, or the ledger of what
was not reported. The function's docstring is the rule's documentation, everywhere it is shown.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from artifact_lint.model import Artifact, Problem, Severity
    from artifact_lint.model.suppression import Ledger

ArtifactCheck = Callable[["Artifact"], Iterator["Problem"]]
CollectionCheck = Callable[[Sequence["Artifact"]], Iterator[tuple["Artifact", "Problem"]]]
ChangeCheck = Callable[["Artifact", "Artifact"], Iterator["Problem"]]
LedgerCheck = Callable[["Ledger"], Iterator["Problem"]]


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A rule's identity and documentation, and at least one check.

    A rule that sees one thing from two sides has two checks: where both say it of one place, it is said once.

    `severity` is what its findings weigh unless a problem or the configuration says otherwise. `strict` marks a rule
    that only the strict profile turns on. `since` is the release it came with. `needs_whole_record` marks a rule that
    says what nobody states: it cannot know that while a record is unreadable. `needs_digests` marks a rule that asks
    for the digests of the bytes, which are then computed before it is asked.
    """

    code: str
    name: str
    severity: Severity
    since: str
    tags: tuple[str, ...]
    strict: bool
    docstring: str
    needs_whole_record: bool = False
    needs_digests: bool = False
    check: ArtifactCheck | None = field(default=None, compare=False)
    check_collection: CollectionCheck | None = field(default=None, compare=False)
    check_change: ChangeCheck | None = field(default=None, compare=False)
    check_ledger: LedgerCheck | None = field(default=None, compare=False)

    @property
    def documentation(self) -> str:
        """The docstring as it is shown, without the indentation of the code; few runs show any."""
        return inspect.cleandoc(self.docstring)

    @property
    def summary(self) -> str:
        """The first line of the documentation."""
        return self.documentation.partition("\n")[0]

    @property
    def family(self) -> str:
        """The three letters before the number."""
        return self.code[:3]


def rule(
    code: str,
    name: str,
    *,
    severity: Severity,
    since: str = "0.1.0",
    tags: tuple[str, ...] = (),
    strict: bool = False,
    needs_whole_record: bool = False,
    needs_digests: bool = False,
) -> Callable[[ArtifactCheck], RuleInfo]:
    """A rule that judges one artifact at a time."""

    def make(check: ArtifactCheck) -> RuleInfo:
        return RuleInfo(
            code, name, severity, since, tags, strict, check.__doc__ or "", needs_whole_record, needs_digests, check
        )

    return make


def collection_rule(
    code: str,
    name: str,
    *,
    severity: Severity,
    since: str = "0.1.0",
    tags: tuple[str, ...] = (),
    strict: bool = False,
    of_changes: ChangeCheck | None = None,
) -> Callable[[CollectionCheck], RuleInfo]:
    """A rule that judges all artifacts of a run together, and says which artifact each problem belongs to.

    It sees those in view that were not asked for first; what it says of them is left out. `of_changes` is the same
    judgement of an artifact beside what it was, as of a `change_rule`.
    """

    def make(check: CollectionCheck) -> RuleInfo:
        return RuleInfo(
            code,
            name,
            severity,
            since,
            tags,
            strict,
            check.__doc__ or "",
            check_collection=check,
            check_change=of_changes,
        )

    return make


def change_rule(
    code: str, name: str, *, severity: Severity, since: str = "0.1.0", tags: tuple[str, ...] = (), strict: bool = False
) -> Callable[[ChangeCheck], RuleInfo]:
    """A rule that judges an artifact beside what it was at the base revision; its problems are today's.

    The files of the past lie where they would lie today, and those that git knows to be equal share one digest.
    """

    def make(check: ChangeCheck) -> RuleInfo:
        return RuleInfo(code, name, severity, since, tags, strict, check.__doc__ or "", check_change=check)

    return make


def ledger_rule(
    code: str, name: str, *, severity: Severity, since: str = "0.1.0", tags: tuple[str, ...] = (), strict: bool = False
) -> Callable[[LedgerCheck], RuleInfo]:
    """A rule that judges what kept findings out of a report, once the other rules have said theirs."""

    def make(check: LedgerCheck) -> RuleInfo:
        return RuleInfo(code, name, severity, since, tags, strict, check.__doc__ or "", check_ledger=check)

    return make
