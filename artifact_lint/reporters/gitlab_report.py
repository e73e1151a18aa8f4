"""GitLab's Code Quality report: what the widget of a merge request compares between two branches.

Source: GitLab's documentation of Code Quality, "Code Quality report format": an array of objects with `description`,
`check_name`, a `fingerprint` that no other has, `severity`, `location.path` (relative to the repository, without `./`)
and `location.lines.begin`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Severity
from artifact_lint.reporters.styled import Segment, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Finding
    from artifact_lint.model.report import Report
    from artifact_lint.reporters.context import RenderContext
    from artifact_lint.reporters.styled import Line

_SEVERITIES: Final = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}
_SECURITY_ERROR: Final = "critical"


def render(report: Report, context: RenderContext) -> Iterator[Line]:
    """The findings as one JSON array in ASCII, a finding a line."""
    security = {rule.code for rule in context.rules() if "security" in rule.tags}
    seen: Counter[str] = Counter()
    yield (Segment("["),)
    for index, finding in enumerate(report.findings, 1):
        seen[finding.fingerprint] += 1
        issue = {
            "description": f"{visible(finding.message)} ({finding.code} {visible(finding.name)})",
            "check_name": finding.code,
            "fingerprint": _fingerprint(finding, seen[finding.fingerprint]),
            "severity": _severity(finding, security),
            "location": {"path": visible(finding.origin.path) or ".", "lines": {"begin": finding.origin.line}},
        }
        yield (Segment(f"  {json.dumps(issue)}{',' if index < len(report.findings) else ''}"),)
    yield (Segment("]"),)


def _severity(finding: Finding, security: set[str]) -> str:
    if finding.severity is Severity.ERROR and finding.code in security:
        return _SECURITY_ERROR
    return _SEVERITIES[finding.severity]


def _fingerprint(finding: Finding, count: int) -> str:
    """The finding's own, and another where several have it: GitLab shows only the first of equals."""
    if count == 1:
        return finding.fingerprint
    return hashlib.sha256(f"{finding.fingerprint}\0{count}".encode("ascii", "backslashreplace")).hexdigest()[:32]
