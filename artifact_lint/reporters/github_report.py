"""The github format: workflow commands, of which GitHub makes annotations beside the lines of a pull request.

The syntax is that of GitHub's documentation, "Workflow commands for GitHub Actions", and of the runner that reads it
(actions/runner, ActionCommand): `::name key=value,key=value::message`, from the start of a line. A second, older one,
`##[name]`, is read anywhere in a line that is no command of the first kind.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Severity
from artifact_lint.model.text import encodable
from artifact_lint.reporters.styled import Segment, amount, inert, visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.model import Finding, Origin
    from artifact_lint.model.report import Report
    from artifact_lint.reporters.context import RenderContext
    from artifact_lint.reporters.styled import Line

#: How many annotations of one kind GitHub shows for a step; as many are written of all kinds together.
MOST_ANNOTATIONS: Final = 10

_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_TOOL: Final = "artifact-lint"


@dataclass(frozen=True, slots=True)
class _Annotation:
    """What stands at one place; `summary` is the same for the log alone."""

    severity: Severity
    title: str
    message: str
    summary: str
    origin: Origin | None = None


def render(report: Report, context: RenderContext) -> Iterator[Line]:
    """The most severe annotations, as many as GitHub shows; a notice of how many more there are, and these as text."""
    everything = sorted(_annotations(report), key=lambda one: -one.severity.rank)
    wanted = [one for one in everything if context.verbosity >= 0 or one.severity is not Severity.NOTE]
    has_room = len(wanted) <= MOST_ANNOTATIONS
    shown = wanted if has_room else wanted[: MOST_ANNOTATIONS - 1]
    for annotation in shown:
        yield _line(_command(_LEVELS[annotation.severity], annotation.message, _properties(annotation)))
    if not has_room:
        yield from _rest(wanted[len(shown) :])


def _annotations(report: Report) -> Iterator[_Annotation]:
    for failure in report.failures:
        yield _Annotation(Severity.ERROR, _TOOL, failure.message, failure.message)
    for fallback in report.fallbacks:
        severity = Severity.ERROR if fallback.unseen else Severity.WARNING
        yield _Annotation(severity, _TOOL, fallback.message, fallback.message)
    for finding in report.findings:
        yield _of(finding)


def _of(finding: Finding) -> _Annotation:
    place = f"{finding.origin.path}:{finding.origin.line}:{finding.origin.column}"
    return _Annotation(
        finding.severity,
        f"{finding.code} {finding.name}",
        f"{finding.message}\n{finding.help}" if finding.help else finding.message,
        f"{place}: {finding.severity}[{finding.code}] {finding.message}",
        finding.origin,
    )


def _rest(annotations: Sequence[_Annotation]) -> Iterator[Line]:
    """What no annotation is made of: counted in a notice, and listed in the log, folded."""
    counts = Counter(annotation.severity for annotation in annotations)
    told = ", ".join(amount(counts[severity], severity.value) for severity in Severity if counts[severity])
    message = (
        f"{told} more: GitHub shows {MOST_ANNOTATIONS} annotations per step. "
        "The log of this step lists all, and so does the job summary where there is one."
    )
    yield _line(_command("notice", message, {"title": _TOOL}))
    yield _line(_command("group", f"{_TOOL}: {told} without an annotation"))
    for annotation in annotations:
        yield _line(f"- {inert(annotation.summary)}")
    yield _line(_command("endgroup", ""))


def _properties(annotation: _Annotation) -> dict[str, str]:
    origin = annotation.origin
    if origin is None:
        return {"title": annotation.title}
    place = {"file": origin.path, "line": str(origin.line), "endLine": str(max(origin.line, origin.end_line))}
    if origin.line == origin.end_line and origin.end_column > origin.column:
        # GitHub takes columns for what is within one line alone.
        place |= {"col": str(origin.column), "endColumn": str(origin.end_column)}
    return {**place, "title": annotation.title}


def _command(name: str, message: str, properties: dict[str, str] | None = None) -> str:
    given = ",".join(f"{key}={_as_property(value)}" for key, value in (properties or {}).items() if value)
    return f"::{name}{' ' if given else ''}{given}::{_as_data(visible_lines(message))}"


def _as_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _as_property(text: str) -> str:
    """A value as it is, for GitHub finds the file by it; but for what would steer a terminal that shows the command."""
    shown = (visible(char) if unicodedata.category(char) == "Cc" and char not in "\r\n" else char for char in text)
    return _as_data("".join(shown)).replace(":", "%3A").replace(",", "%2C")


def _line(text: str) -> Line:
    return (Segment(encodable(text)),)
