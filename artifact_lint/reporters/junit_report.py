"""JUnit XML, for the tab of a CI server that lists tests: an artifact is a suite, a rule that says something a case.

Source: the schema junit-10.xsd of Jenkins' xUnit plugin, and GitLab's documentation of unit test reports. Both want the
name of a case to be there once, so that what a rule says of an artifact is one case. A case fails where one of its
findings makes the run fail; else it passes, and what was found stands in its output. An artifact without findings is a
case that passes, and an error of this program one with an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from artifact_lint.reporters.styled import Segment, visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from artifact_lint.model import Finding
    from artifact_lint.model.report import Report
    from artifact_lint.reporters.context import RenderContext
    from artifact_lint.reporters.styled import Line

#: The suite of what is about the run and about no artifact.
_RUN: Final = "artifact-lint"


@dataclass(frozen=True, slots=True)
class _Case:
    """One case; `outcome` is the element that says how it went, empty where it passed in silence."""

    name: str
    outcome: str = ""
    message: str = ""
    type: str = ""
    text: str = ""


def render(report: Report, context: RenderContext) -> Iterator[Line]:
    """The report as one XML document, with a line for each start and end of a suite and each case."""
    suites = _suites(report, context.fails)
    everything = [case for cases in suites.values() for case in cases]
    yield _line('<?xml version="1.0" encoding="UTF-8"?>')
    yield _line(f'<testsuites name="artifact-lint"{_counts(everything)}>')
    for name, cases in suites.items():
        skipped = sum(case.outcome == "skipped" for case in cases)
        yield _line(f'  <testsuite name="{escape(name)}"{_counts(cases)} skipped="{skipped}">')
        for case in cases:
            attributes = f'classname="{escape(name)}" name="{escape(case.name)}"'
            for line in f"    <testcase {attributes}>{_outcome(case)}</testcase>".split("\n"):
                yield _line(line)
        yield _line("  </testsuite>")
    yield _line("</testsuites>")


def _suites(report: Report, fails: Callable[[Finding], bool]) -> Mapping[str, Sequence[_Case]]:
    """The cases by the suite that they are in."""
    found: dict[str, dict[str, list[Finding]]] = {_shown(artifact.path): {} for artifact in report.artifacts}
    for finding in report.findings:
        name = f"{finding.code} {visible(finding.name)}"
        found.setdefault(_shown(finding.artifact), {}).setdefault(name, []).append(finding)
    suites = {place: [_of_rule(name, of, fails) for name, of in rules.items()] for place, rules in found.items()}
    errors = [(failure.artifact, failure.doing, failure.what) for failure in report.failures]
    errors += [(None, "finding out what changed", one.message) for one in report.fallbacks if one.unseen]
    for place, doing, what in errors:
        cases = suites.setdefault(_RUN if place is None else _shown(place), [])
        cases.append(_Case(_unused(visible(doing) or _RUN, cases), "error", what, "internal error", what))
    for cases in suites.values():
        if not cases:
            cases.append(_Case("no findings"))
    if not suites:
        suites[_RUN] = [_Case("model artifacts", "skipped", report.unchanged or "no model artifact found")]
    return suites


def _shown(path: str) -> str:
    return visible(path) or "."


def _of_rule(name: str, findings: Sequence[Finding], fails: Callable[[Finding], bool]) -> _Case:
    """What a rule says of an artifact, with what fails first."""
    failing = [finding for finding in findings if fails(finding)]
    ordered = failing + [finding for finding in findings if not fails(finding)]
    text = "\n".join(line for finding in ordered for line in _told(finding))
    if not failing:
        return _Case(name, "system-out", text=text)
    more = f" (and {len(findings) - 1:,} more)" if len(findings) > 1 else ""
    return _Case(name, "failure", f"{failing[0].message}{more}", failing[0].severity.value, text)


def _told(finding: Finding) -> Iterator[str]:
    origin = finding.origin
    yield f"{visible(origin.path)}:{origin.line}:{origin.column}: {finding.severity.value}: {visible(finding.message)}"
    for line in finding.help.split("\n") if finding.help else ():
        yield f"  {visible(line)}"


def _unused(name: str, cases: Sequence[_Case]) -> str:
    """A name that no case has yet."""
    names = {case.name for case in cases}
    count = 1
    unused = name
    while unused in names:
        count += 1
        unused = f"{name} ({count})"
    return unused


def _counts(cases: Sequence[_Case]) -> str:
    failures = sum(case.outcome == "failure" for case in cases)
    errors = sum(case.outcome == "error" for case in cases)
    return f' tests="{len(cases)}" failures="{failures}" errors="{errors}"'


def _outcome(case: _Case) -> str:
    if not case.outcome:
        return ""
    message = f' message="{escape(visible(case.message))}"' if case.message else ""
    kind = f' type="{escape(case.type)}"' if case.type else ""
    return f"<{case.outcome}{kind}{message}>{escape(visible_lines(case.text))}</{case.outcome}>"


def _line(text: str) -> Line:
    """A line in ASCII, so that it is what the declaration says wherever it is written."""
    return (Segment(text.encode("ascii", "xmlcharrefreplace").decode("ascii")),)
