"""Every format for programs holds tens of thousands of findings; SARIF has a limit, and tests of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import hand_built
import pytest

from artifact_lint.model.report import Report
from artifact_lint.reporters import RenderContext, render
from artifact_lint.reporters.styled import plain

COUNT = 30_000


@pytest.fixture(scope="module")
def report() -> Report:
    found = hand_built.findings()[0]
    findings = (replace(found, artifact=f"models/m{number}", fingerprint=f"{number:032x}") for number in range(COUNT))
    return Report(findings=tuple(findings))


def written(format_name: str, report: Report) -> list[str]:
    return [plain(line) for line in render(format_name, report, RenderContext())]


def test_gitlab_has_an_issue_for_each(report: Report) -> None:
    issues = json.loads("\n".join(written("gitlab", report)))
    assert len({issue["fingerprint"] for issue in issues}) == COUNT


def test_junit_has_a_case_for_each(report: Report) -> None:
    root = ET.fromstring("\n".join(written("junit", report)))
    assert root.get("tests") == root.get("failures") == str(COUNT)
    assert sum(1 for _ in root.iter("failure")) == COUNT


def test_json_lines_have_a_line_for_each_and_a_summary(report: Report) -> None:
    lines = written("jsonl", report)
    assert len(lines) == COUNT + 1
    assert json.loads(lines[-1])["summary"]["errors"] == COUNT
