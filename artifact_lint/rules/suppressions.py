"""SUP: do the suppressions and the baseline say why, and are they still needed?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import Problem, Severity
from artifact_lint.model.suppression import Means
from artifact_lint.rules.registry import ledger_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model.suppression import Ledger, StaleEntry

_RENEW = "`artifact-lint baseline write` brings the baseline up to date."
_LOOK_FIRST = "Find out who changed it, and what is said of it now; `artifact-lint baseline write` then accepts that."


@ledger_rule("SUP001", "unused-suppression", severity=Severity.WARNING, tags=("suppressions",))
def unused_suppression(ledger: Ledger) -> Iterator[Problem]:
    """A suppression that suppresses nothing.

    The problem is gone, the code is misspelt, or the code is one that a comment may not suppress: those of the rules
    about security, which are suppressed where somebody else than the record's author looks, in the configuration or
    the baseline. A comment that is meant as a suppression and is not written as one is told here, too. Nothing is said
    where a rule was not asked: it is not selected, or the run looked only at what changed or at single files.

    ## Why is this bad?
    It hides the problem when it comes back, and makes a reader believe that it is still there. A misspelt one gives a
    peace of mind that nothing stands behind.

    ## How to fix
    Delete the code, or the whole suppression. Write a comment as `# artifact-lint: ignore[SUM102] why`.
    """
    for one in ledger.suppressions:
        for flaw in one.flaws:
            yield Problem(one.origin, flaw.message, flaw.help, place=one.place)
        if one.unused:
            message = f"{one.title} suppresses nothing: there is no finding of {', '.join(one.unused)}"
            yield Problem(one.origin, message, "Delete it, or the codes that are not needed.", place=one.place)


@ledger_rule("SUP002", "suppression-without-reason", severity=Severity.WARNING, tags=("suppressions",))
def suppression_without_reason(ledger: Ledger) -> Iterator[Problem]:
    """A suppression that does not say why.

    ## Why is this bad?
    Whoever meets it later cannot tell a decision from a shortcut, and leaves it there for ever.

    ## How to fix
    Behind a comment's bracket, write the reason: `# artifact-lint: ignore[SUM102] published before digests were kept`.
    In `per-path-ignores`, add `reason = "..."`.
    """
    for one in ledger.suppressions:
        if not one.reason and not one.flaws:
            is_comment = one.means is Means.INLINE
            advice = "Write the reason behind the bracket." if is_comment else 'Add `reason = "..."`.'
            yield Problem(one.origin, f"{one.title} gives no reason", advice, place=one.place)


@ledger_rule("SUP003", "stale-baseline-entry", severity=Severity.WARNING, tags=("suppressions",))
def stale_baseline_entry(ledger: Ledger) -> Iterator[Problem]:
    """An entry of the baseline accepts more findings than there are.

    Only what was looked at counts: a run over some paths, of some rules or of what changed says nothing of the rest,
    and neither does one that does not have the files, such as a checkout without git-LFS.

    ## Why is this bad?
    The problem was fixed, and the entry would accept it when it comes back.

    ## How to fix
    Run `artifact-lint baseline write`, or delete the entry.
    """
    for one in ledger.stale:
        yield Problem(one.origin, _stale(one), _LOOK_FIRST if one.is_other_content else _RENEW, place=one.place)


def _stale(entry: StaleEntry) -> str:
    if entry.is_other_content:
        return f"the baseline accepts {entry.rule} at {entry.at} for another content than it has now"
    if entry.found:
        counts = f"{entry.accepted:,} times, and it is found {entry.found:,}"
        return f"the baseline accepts {entry.rule} at {entry.at} {counts}"
    return f"the baseline accepts {entry.rule} at {entry.at}, where it is not found any more"
