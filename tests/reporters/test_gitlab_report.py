"""GitLab's Code Quality report, against what its documentation asks for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import hand_built
import pytest
from any_findings import SEVERAL_FINDINGS
from hypothesis import given
from jsonschema import Draft202012Validator

from artifact_lint.cli.reporting import rule_pages
from artifact_lint.model import Origin, Severity
from artifact_lint.model.report import Report
from artifact_lint.reporters import RenderContext, render
from artifact_lint.reporters.styled import plain

if TYPE_CHECKING:
    from artifact_lint.model import Finding

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "gitlab-code-quality.schema.json").read_text("utf-8"))
FINDING = hand_built.findings()[0]


def written(report: Report) -> list[dict[str, Any]]:
    text = "\n".join(plain(line) for line in render("gitlab", report, RenderContext(rules=rule_pages)))
    assert text.isascii()
    return cast(list[dict[str, Any]], json.loads(text))


def test_a_report_has_an_issue_for_each_finding() -> None:
    issues = written(hand_built.report())
    Draft202012Validator(SCHEMA).validate(issues)
    assert len(issues) == len(hand_built.findings())
    found = next(issue for issue in issues if issue["check_name"] == "CMP141")
    assert found["description"] == (
        "run_id is null, so that nobody can tell which training run made these weights (CMP141 missing-run-id)"
    )
    assert found["location"] == {"path": "models/churn/MLmodel", "lines": {"begin": 6}}


def test_an_empty_report_is_an_empty_array() -> None:
    assert written(Report()) == []


@pytest.mark.parametrize(
    ("code", "severity", "told"),
    [
        ("PKL101", Severity.ERROR, "critical"),
        ("CMP103", Severity.ERROR, "major"),
        ("PKL101", Severity.WARNING, "minor"),
        ("CMP103", Severity.NOTE, "info"),
    ],
)
def test_an_error_about_security_is_critical(code: str, severity: Severity, told: str) -> None:
    (issue,) = written(Report(findings=(replace(FINDING, code=code, severity=severity),)))
    assert issue["severity"] == told


def test_no_two_issues_have_one_fingerprint() -> None:
    issues = written(Report(findings=(FINDING, FINDING, FINDING)))
    assert len({issue["fingerprint"] for issue in issues}) == 3
    assert issues[0]["fingerprint"] == FINDING.fingerprint
    assert issues == written(Report(findings=(FINDING, FINDING, FINDING)))


def test_a_path_is_told_as_it_is_and_bytes_that_are_no_text_spelled_out() -> None:
    paths = ["a b/100%#.pkl", "模型.pkl", "bytes\udcff.pkl", "line\nbreak"]
    issues = written(Report(findings=tuple(replace(FINDING, origin=Origin(path)) for path in paths)))
    told = [issue["location"]["path"] for issue in issues]
    assert told == ["a b/100%#.pkl", "模型.pkl", "bytes\\udcff.pkl", "line\\nbreak"]


@given(findings=SEVERAL_FINDINGS)
def test_whatever_is_found_the_report_validates(findings: tuple[Finding, ...]) -> None:
    issues = written(Report(findings=tuple(replace(one, origin=without_dot(one.origin)) for one in findings)))
    Draft202012Validator(SCHEMA).validate(issues)
    assert len({issue["fingerprint"] for issue in issues}) == len(findings)
    json.dumps(issues, ensure_ascii=False).encode("utf-8")


def without_dot(origin: Origin) -> Origin:
    """A path as the stores give them: they have no `./`."""
    return replace(origin, path=origin.path.removeprefix("./"))
