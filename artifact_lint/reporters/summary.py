"""The last lines of a report for people, and the counts per code."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from artifact_lint.model import Authenticity, DigestState, Severity
from artifact_lint.model.suppression import Means
from artifact_lint.reporters.styled import Segment, Style, amount, cells, size, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Finding
    from artifact_lint.model.report import Report
    from artifact_lint.reporters.styled import Line

_WIDEST_STATE = max(len(state) for state in DigestState)

SEVERITY_STYLES = {Severity.ERROR: Style.ERROR, Severity.WARNING: Style.WARNING, Severity.NOTE: Style.NOTE}


def hint(finding: Finding) -> str:
    """What is said behind the message of a finding that goes away by itself."""
    return " [fixable with --fix]" if finding.fixable else ""


def summary(report: Report) -> Line:
    """What was found, in how much: `Found 3 errors, 2 warnings in 2 artifacts (7 files, 18.4 kB)`."""
    counted = [(severity, report.count(severity)) for severity in Severity]
    found = [Segment(amount(count, severity.value), SEVERITY_STYLES[severity]) for severity, count in counted if count]
    files = f" ({amount(report.files, 'file')}, {size(report.size)})" if report.files else ""
    suppressed = _suppressed(report)
    if report.failures:
        failed = Segment(amount(len(report.failures), "internal error"), Style.ERROR)
        found = [*found, failed]
    if not found and not report.artifacts:
        sentence = visible(report.unchanged or "no model artifact found")
        return (Segment(f"{sentence[0].upper()}{sentence[1:]}."),)
    if not found:
        total = amount(len(report.artifacts), "artifact")
        return (Segment("All good", Style.GOOD), Segment(f": {total}{files}{suppressed}."))
    separated = [part for segment in found for part in (segment, Segment(", "))][:-1]
    return (Segment("Found "), *separated, Segment(f" in {_affected(report)}{files}{suppressed}."))


def _suppressed(report: Report) -> str:
    accepted = report.count_accepted(Means.BASELINE)
    others = report.suppressed - accepted
    counts = (
        f", {accepted:,} accepted by the baseline" if accepted else "",
        f", {others:,} suppressed" if others else "",
    )
    return "".join(counts)


def _affected(report: Report) -> str:
    total = len(report.artifacts)
    affected = len({finding.artifact for finding in report.findings} & {artifact.path for artifact in report.artifacts})
    return f"{affected:,} of {amount(total, 'artifact')}" if 0 < affected < total else amount(total, "artifact")


def digests(report: Report) -> Iterator[Line]:
    """What the records of each file's bytes are worth, as far as a rule asked: `Digests: 3 verified, 1 pointer`."""
    by_state: dict[DigestState, list[str]] = {}
    for artifact in report.artifacts:
        for file in artifact.files:
            if file.checks.known is not None:
                by_state.setdefault(file.digest_state, []).append(file.path)
    if by_state:
        counts = [f"{len(by_state[state]):,} {state.value}" for state in DigestState if state in by_state]
        yield (Segment(f"Digests: {', '.join(counts)}."),)
    for state in DigestState:
        for path in by_state.get(state, ()):
            yield (Segment(f"  {state.value.ljust(_WIDEST_STATE)}  ", Style.FAINT), Segment(visible(path)))


def signatures(report: Report) -> Iterator[Line]:
    """The signatures that were found to be somebody's who is trusted, and that nothing was found wrong with."""
    doubtful = {finding.origin.path for finding in report.findings}
    told: dict[str, str] = {}
    for artifact in report.artifacts:
        for signature in artifact.record.signatures:
            verdict = signature.verdict.known
            is_authentic = verdict is not None and verdict.authenticity is Authenticity.AUTHENTIC
            if verdict is not None and is_authentic and signature.is_whole and signature.origin.path not in doubtful:
                told[signature.origin.path] = verdict.detail
    for path, key in sorted(told.items()):
        yield (Segment("signed: ", Style.GOOD), Segment(f"{visible(path)}, by {visible(key)}"))


def tally(report: Report) -> Iterator[Line]:
    """How often each code was found, the most frequent first."""
    counts = Counter((finding.code, finding.name, finding.severity) for finding in report.findings)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    figures = max((len(f"{count:,}") for count in counts.values()), default=0)
    names = max((cells(f"{code} {name}") for code, name, _ in counts), default=0)
    for (code, name, severity), count in ordered:
        label = f"{code} {name}".ljust(names)
        yield (
            Segment(f"{count:>{figures},}  "),
            Segment(label, Style.STRONG),
            Segment(f"  {severity}", SEVERITY_STYLES[severity]),
        )
    if counts:
        yield ()
