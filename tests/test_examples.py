"""The examples: good ones raise no error, bad ones show every family, and every finding can be acted upon."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from artifact_lint.engine import Request, lint
from artifact_lint.model import Severity
from artifact_lint.reporters import RenderContext, render
from artifact_lint.schemas.validation import schema_text
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from artifact_lint.model.report import Report

ROOT = Path(__file__).parents[1]
GOOD = sorted(path.name for path in (ROOT / "examples/good").iterdir())


@pytest.fixture(scope="module")
def report() -> Report:
    # The weights behind the examples' git-LFS pointers are nowhere: under filter=lfs no clone could be checked out.
    return lint([str(ROOT / "examples")], Request(Settings(ignore=("GIT002",))))


def test_each_common_kind_has_a_good_example() -> None:
    kinds = {
        "mlflow-sklearn",
        "pytorch-state-dict",
        "xgboost-native",
        "huggingface-tiny",
        "joblib-sidecar",
        "lfs-pointer",
    }
    assert kinds <= set(GOOD)


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_example_raises_no_error(kind: str, report: Report) -> None:
    own = [finding for finding in report.findings if finding.artifact.startswith(f"examples/good/{kind}")]
    assert [finding.message for finding in own if finding.severity is Severity.ERROR] == []


def test_every_good_example_is_one_artifact_with_all_four_components(report: Report) -> None:
    good = [artifact for artifact in report.artifacts if artifact.path.startswith("examples/good/")]
    assert len(good) == len(GOOD)
    assert not any(artifact.is_missing(component) for artifact in good for component in artifact.components)


def test_the_bad_examples_show_every_family(report: Report) -> None:
    errors = {
        finding.code[:3]
        for finding in report.findings
        if finding.severity is Severity.ERROR and finding.artifact.startswith("examples/bad/")
    }
    assert errors >= {"CMP", "MAN", "NAM", "PKL", "SUM"}
    assert "ENV" in {finding.code[:3] for finding in report.findings}


def test_every_finding_has_a_place_and_a_help(report: Report) -> None:
    for finding in report.findings:
        assert (ROOT / finding.origin.path).exists(), finding
        assert finding.origin.line >= 1
        assert finding.message
        assert finding.help


def test_the_report_in_json_follows_its_own_schema(report: Report) -> None:
    lines = render("json", report, RenderContext(exit_code=1))
    written = "\n".join("".join(segment.text for segment in line) for line in lines)
    Draft202012Validator(json.loads(schema_text("report"))).validate(json.loads(written))
