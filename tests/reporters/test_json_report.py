"""The JSON report, against its own schema."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import hand_built
from any_findings import SEVERAL_FINDINGS
from hypothesis import given
from jsonschema import Draft202012Validator

from artifact_lint.model import Lazy
from artifact_lint.model.report import Report
from artifact_lint.reporters import RenderContext, render
from artifact_lint.reporters.styled import plain
from artifact_lint.schemas.validation import schema_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Finding

SCHEMA = json.loads(schema_text("report"))


def written(report: Report, exit_code: int = 1) -> dict[str, Any]:
    lines = [plain(line) for line in render("json", report, RenderContext(exit_code=exit_code))]
    text = "\n".join(lines)
    assert text.isascii()
    return cast(dict[str, Any], json.loads(text))


def test_the_schema_is_one_and_describes_every_field() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert not list(_undescribed(SCHEMA, ""))


def test_a_report_says_what_the_design_lists() -> None:
    report = written(hand_built.report())
    Draft202012Validator(SCHEMA).validate(report)
    assert report["summary"] == {
        "artifacts": 2,
        "files": 2,
        "bytes": 36200,
        "errors": 3,
        "warnings": 5,
        "notes": 5,
        "suppressed": 1,
        "accepted_by_baseline": 0,
        "exit_code": 1,
    }
    assert report["artifacts"][0] == {
        "path": "models/churn",
        "conventions": ["mlflow"],
        "name": "churn",
        "version": "3",
        "stage": None,
        "components": {"weights": "present", "config": "present", "feature_schema": "absent", "run": "present"},
        "files": [
            {
                "path": "models/churn/model.pkl",
                "role": "weights",
                "state": "present",
                "format": "pickle",
                "framework": "scikit-learn",
                "size": 18100,
                "digest": None,
                "digest_state": "unrecorded",
            }
        ],
        "signatures": [],
    }
    found = next(finding for finding in report["findings"] if finding["code"] == "CMP141")
    assert found["path"] == "models/churn/MLmodel"
    assert (found["line"], found["column"], found["end_line"], found["end_column"]) == (6, 9, 6, 13)
    assert (found["pointer"], found["artifact"], found["file"]) == ("/run_id", "models/churn", None)
    assert [place["path"] for place in found["related"]] == ["mlruns/0/meta.yaml", "mlruns/1/meta.yaml"]
    assert [finding["code"] for finding in report["findings"] if finding["fixable"]] == ["MAN008"]


def test_the_digest_of_the_content_is_told_rather_than_the_one_on_record() -> None:
    (file,) = written(hand_built.report())["artifacts"][1]["files"]
    assert file["digest"] == "sha256:" + "1" * 64
    assert file["digest_state"] == "mismatch"


def test_a_file_without_a_digest_on_record_has_that_of_its_content() -> None:
    artifact = hand_built.churn()
    content = replace(artifact.files[0], digest=Lazy.of("sha256:" + "2" * 64))
    (file,) = written(Report(artifacts=(replace(artifact, files=(content,)),)))["artifacts"][0]["files"]
    assert (file["digest"], file["digest_state"]) == ("sha256:" + "2" * 64, "unrecorded")


def test_a_file_name_that_is_no_text_is_spelled_out() -> None:
    (file,) = written(hand_built.report())["artifacts"][1]["files"]
    assert file["path"] == r"models/credit/model\udcff.pkl"


def test_an_empty_report_validates() -> None:
    Draft202012Validator(SCHEMA).validate(written(Report(), exit_code=3))


@given(findings=SEVERAL_FINDINGS)
def test_whatever_is_found_the_report_validates(findings: tuple[Finding, ...]) -> None:
    report = written(Report(findings=findings))
    Draft202012Validator(SCHEMA).validate(report)
    assert len(report["findings"]) == len(findings)
    json.dumps(report, ensure_ascii=False).encode("utf-8")


def _undescribed(schema: dict[str, Any], path: str) -> Iterator[str]:
    for name, member in schema.get("properties", {}).items():
        if "description" not in member and "$ref" not in member:
            yield f"{path}/{name}"
        yield from _undescribed(member, f"{path}/{name}")
    for name, member in schema.get("$defs", {}).items():
        yield from _undescribed(member, f"{path}/{name}")
    if isinstance(schema.get("items"), dict):
        yield from _undescribed(schema["items"], path)
