"""The concise format: one line per finding, as compilers and editors know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import Severity
from artifact_lint.reporters.styled import Segment, Style, visible
from artifact_lint.reporters.summary import SEVERITY_STYLES, hint, summary, tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Finding
    from artifact_lint.model.report import Report
    from artifact_lint.reporters.context import RenderContext
    from artifact_lint.reporters.styled import Line


def render(report: Report, context: RenderContext) -> Iterator[Line]:
    """`path:line:column: severity[CODE] message` per finding, then the summary."""
    if context.tally:
        yield from tally(report)
    else:
        for finding in report.findings:
            if context.verbosity >= 0 or finding.severity is not Severity.NOTE:
                yield _line(finding)
    if context.verbosity >= 0:
        yield summary(report)


def _line(finding: Finding) -> Line:
    origin = finding.origin
    return (
        Segment(f"{visible(origin.path)}:{origin.line}:{origin.column}: ", Style.PLACE),
        Segment(f"{finding.severity}[{finding.code}]", SEVERITY_STYLES[finding.severity]),
        Segment(f" {visible(finding.message)}{hint(finding)}"),
    )
