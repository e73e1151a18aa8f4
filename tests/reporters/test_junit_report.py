"""JUnit XML, as the tab of tests of a CI server reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import hand_built
import pytest
import xmlschema
from any_findings import SEVERAL_FINDINGS, TEXTS
from hypothesis import given
from junit_shape import violations

from artifact_lint.model import Severity
from artifact_lint.model.report import Failure, Fallback, Report
from artifact_lint.reporters import RenderContext, render
from artifact_lint.reporters.styled import plain

if TYPE_CHECKING:
    from artifact_lint.model import Finding


#: What Jenkins' xUnit plugin holds reports against; its licence stands in it.
SCHEMA = xmlschema.XMLSchema10(Path(__file__).parent.parent / "schemas" / "junit-10.xsd")


def written(report: Report, context: RenderContext | None = None) -> ET.Element:
    text = "".join(f"{plain(line)}\n" for line in render("junit", report, context or RenderContext()))
    assert text.isascii()
    assert list(violations(text)) == []
    SCHEMA.validate(text)
    return ET.fromstring(text)


def outcomes(root: ET.Element) -> dict[str, str]:
    """How each case went, by its class and name."""
    return {
        f"{case.get('classname')}: {case.get('name')}": case[0].tag if len(case) else "passed"
        for case in root.iter("testcase")
    }


def test_an_artifact_is_a_suite_and_a_rule_a_case() -> None:
    root = written(hand_built.report())
    assert [suite.get("name") for suite in root] == ["models/churn", "models/credit"]
    assert outcomes(root) == {
        "models/churn: CMP103 missing-feature-schema": "failure",
        "models/churn: CMP121 missing-architecture": "system-out",
        "models/churn: CMP141 missing-run-id": "system-out",
        "models/churn: PKL002 pickle-used": "system-out",
        "models/churn: PKL101 dangerous-import": "failure",
        "models/credit: MAN008 surprising-scalar": "system-out",
        "models/credit: NAM001 artifact-name": "system-out",
        "models/credit: MAN004 unknown-field": "system-out",
        "models/credit: SUM103 weak-digest": "system-out",
        "models/credit: SUM104 malformed-digest": "failure",
    }


def test_a_case_fails_where_a_finding_fails_the_run() -> None:
    everything = RenderContext(fails=lambda _: True)
    assert set(outcomes(written(hand_built.report(), everything)).values()) == {"failure"}
    nothing = RenderContext(fails=lambda _: False)
    assert set(outcomes(written(hand_built.report(), nothing)).values()) == {"system-out"}


def test_a_failure_tells_all_places_with_what_fails_first() -> None:
    error = hand_built.findings()[0]
    note = replace(error, severity=Severity.NOTE, message="a <note> & more", help="")
    (failure,) = written(Report(findings=(note, error))).iter("failure")
    assert failure.get("message") == "nothing says what the model takes and returns (and 1 more)"
    assert failure.get("type") == "error"
    assert (failure.text or "").splitlines() == [
        "models/churn/MLmodel:1:1: error: nothing says what the model takes and returns",
        *(f"  {line}" for line in error.help.splitlines()),
        "models/churn/MLmodel:1:1: note: a <note> & more",
    ]


def test_an_artifact_without_findings_passes() -> None:
    assert outcomes(written(Report(artifacts=(hand_built.churn(),)))) == {"models/churn: no findings": "passed"}


def test_an_artifact_in_the_root_has_a_name() -> None:
    root = written(Report(artifacts=(replace(hand_built.churn(), path=""),)))
    assert outcomes(root) == {".: no findings": "passed"}


def test_internal_errors_are_errors_and_never_a_pass() -> None:
    failures = (
        Failure("reading", ValueError("odd \x00"), "models/churn", "models/churn/m.pkl"),
        Failure("reading", ValueError("odder"), "models/churn", "models/churn/m.pkl"),
        Failure("judging all artifacts by NAM013", OSError()),
    )
    fallbacks = (Fallback("git said nothing", unseen=True), Fallback("everything was looked at"))
    root = written(Report(artifacts=(hand_built.churn(),), failures=failures, fallbacks=fallbacks))
    assert outcomes(root) == {
        "models/churn: reading": "error",
        "models/churn: reading (2)": "error",
        "artifact-lint: judging all artifacts by NAM013": "error",
        "artifact-lint: finding out what changed": "error",
    }
    assert next(root.iter("error")).text == "ValueError: odd \\x00"


@pytest.mark.parametrize(
    ("unchanged", "told"), [("", "no model artifact found"), ("nothing is staged", "nothing is staged")]
)
def test_where_nothing_was_looked_at_nothing_passes(unchanged: str, told: str) -> None:
    root = written(Report(unchanged=unchanged))
    assert outcomes(root) == {"artifact-lint: model artifacts": "skipped"}
    assert next(root.iter("skipped")).get("message") == told


@given(findings=SEVERAL_FINDINGS, doing=TEXTS, error=TEXTS)
def test_whatever_is_found_the_document_has_its_shape(findings: tuple[Finding, ...], doing: str, error: str) -> None:
    failure = Failure(doing, ValueError(error), findings[0].artifact if findings else None)
    root = written(Report(findings=findings, failures=(failure, failure)))
    assert len(list(root.iter("error"))) == 2
    told = "".join(case.text or "" for tag in ("failure", "system-out") for case in root.iter(tag))
    assert all(plain_text(one.message) in told for one in findings)


def plain_text(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text).rstrip()


@pytest.mark.parametrize(
    "text",
    [
        '<testsuite name="a" tests="0" failures="0" errors="0"/>',
        '<testsuites><testsuite name="a" tests="1" failures="0" errors="0"/></testsuites>',
        '<testsuites><testsuite name="a" tests="0" failures="0"/></testsuites>',
        "<testsuites><testcase/></testsuites>",
    ],
)
def test_the_check_of_the_shape_sees_what_is_wrong(text: str) -> None:
    assert list(violations(text))
