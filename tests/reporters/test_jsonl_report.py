"""JSON lines, against the schema of the JSON report."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import hand_built
import pytest
from any_findings import SEVERAL_FINDINGS, TEXTS
from hypothesis import given
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from artifact_lint.model.report import Failure, Report
from artifact_lint.reporters import RenderContext, render
from artifact_lint.reporters.styled import plain
from artifact_lint.schemas.validation import schema_text

if TYPE_CHECKING:
    from artifact_lint.model import Finding

SCHEMA = json.loads(schema_text("report"))
#: The schema of one line, in the place of the whole report's; what it refers to stays where it is.
LINE = Draft202012Validator({key: SCHEMA[key] for key in ("$schema", "$defs", "properties")} | SCHEMA["$defs"]["line"])


def written(report: Report, exit_code: int = 1) -> list[dict[str, Any]]:
    lines = [plain(line) for line in render("jsonl", report, RenderContext(exit_code=exit_code))]
    assert all(line.isascii() for line in lines)
    return [json.loads(line) for line in lines]


def whole(report: Report, exit_code: int = 1) -> dict[str, Any]:
    text = "\n".join(plain(line) for line in render("json", report, RenderContext(exit_code=exit_code)))
    return dict(json.loads(text))


def test_every_line_is_what_the_json_report_says_and_the_summary_comes_last() -> None:
    report = replace(hand_built.report(), failures=(Failure("reading", ValueError("odd"), "models", "models/m.pkl"),))
    lines = written(report, exit_code=2)
    for line in lines:
        LINE.validate(line)
    told = whole(report, exit_code=2)
    *found, failure, summary = lines
    assert found == [{"kind": "finding", **finding} for finding in told["findings"]]
    assert failure == {"kind": "failure", **told["failures"][0]}
    expected = {key: told[key] for key in ("schema_version", "tool", "summary", "notes")}
    assert summary == {"kind": "summary", **expected}
    assert summary["summary"]["exit_code"] == 2


def test_a_report_without_findings_is_a_summary() -> None:
    (summary,) = written(Report(), exit_code=3)
    LINE.validate(summary)
    assert summary["kind"] == "summary"


@pytest.mark.parametrize("change", [{"kind": "failure"}, {"line": 0}, {"severity": "fatal"}, {"more": 1}])
def test_the_schema_refuses_another_line(change: dict[str, object]) -> None:
    line = written(hand_built.report())[0]
    with pytest.raises(ValidationError):
        LINE.validate(line | change)


@given(findings=SEVERAL_FINDINGS, note=TEXTS)
def test_whatever_is_found_every_line_validates(findings: tuple[Finding, ...], note: str) -> None:
    lines = written(Report(findings=findings, notes=(note,)))
    assert len(lines) == len(findings) + 1
    for line in lines:
        LINE.validate(line)
        json.dumps(line, ensure_ascii=False).encode("utf-8")
