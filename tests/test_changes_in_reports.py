"""What a report says of artifacts that changed since the base, in real repositories."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from gates.repositories import Repository, isolated_environment
from git_models import add_model, edit
from jsonschema import Draft202012Validator

from artifact_lint.schemas.validation import schema_text

if TYPE_CHECKING:
    from pathlib import Path

RECORD = "models/churn/model-artifact.yaml"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    created = Repository.create(tmp_path / "work", isolated_environment())
    add_model(created)
    return created


def reported(repository: Repository, *options: str) -> dict[str, Any]:
    outcome = repository.run("artifact-lint", "check", "--output-format=json", "--fail-on=never", *options)
    report: dict[str, Any] = json.loads(outcome.text[outcome.text.index("{") :])
    Draft202012Validator(json.loads(schema_text("report"))).validate(report)
    return report


def test_without_a_base_nothing_is_said(repository: Repository) -> None:
    report = reported(repository)
    assert (report["base"], report["changes"]) == (None, [])


def test_what_changed_is_listed_since_a_revision_and_of_what_is_staged(repository: Repository) -> None:
    base = repository.git("rev-parse", "HEAD")
    edit(repository, RECORD, "name: age, type: long", "name: age, type: double")
    edit(repository, RECORD, "    - {name: income, type: double}\n", "")
    edit(repository, RECORD, 'version: "1.2.0"', 'version: "1.3.0"')
    since = reported(repository, "--since=HEAD")
    assert since["base"] == base
    (change,) = since["changes"]
    assert (change["path"], change["base_path"], change["name"]) == ("models/churn", "models/churn", "churn")
    assert change["version"] == {"before": "1.2.0", "after": "1.3.0"}
    assert [(one["change"], one["name"]) for one in change["inputs"]] == [("removed", "income"), ("retyped", "age")]
    assert change["inputs"][1]["before"]["dtype"] == "long"
    repository.git("add", "--all")
    assert reported(repository, "--staged")["changes"] == since["changes"]
    assert reported(repository, "--staged", "--select=NAM001")["changes"] == since["changes"]


def test_what_altered_is_there_on_both_sides(repository: Repository) -> None:
    edit(repository, RECORD, "name: age, type: long", "name: age, type: long, default: 40")
    (change,) = reported(repository, "--since=HEAD")["changes"]
    (altered,) = change["inputs"]
    assert (altered["change"], altered["name"], altered["guessed"]) == ("altered", "age", False)
    assert [altered[side]["default"] for side in ("before", "after")] == [None, 40]


def test_a_new_one_a_moved_one_and_one_that_is_gone(repository: Repository) -> None:
    add_model(repository, "models/fraud", (repository.path / RECORD).read_text("utf-8").replace("churn", "fraud"))
    base = repository.git("rev-parse", "HEAD")
    repository.git("mv", "models/churn", "models/leavers")
    repository.git("rm", "--quiet", "-r", "models/fraud")
    manifest = (repository.path / "models/leavers/model-artifact.yaml").read_text("utf-8")
    add_model(repository, "models/price", manifest.replace("churn", "price"))
    changes = reported(repository, f"--since={base}")["changes"]
    assert [(one["base_path"], one["path"], one["name"]) for one in changes] == [
        ("models/churn", "models/leavers", "churn"),
        (None, "models/price", "price"),
        ("models/fraud", None, "fraud"),
    ]


def test_a_record_that_cannot_be_read_is_not_taken_for_an_empty_one(repository: Repository) -> None:
    repository.write(RECORD, "name: [\n")
    report = reported(repository, "--since=HEAD")
    assert report["changes"] == []
    assert any(finding["code"] == "MAN001" for finding in report["findings"])


def test_the_summary_for_a_reviewer_shows_it(repository: Repository) -> None:
    edit(repository, RECORD, "name: age, type: long", "name: age, type: double")
    outcome = repository.run("artifact-lint", "check", "--output-format=markdown", "--since=HEAD", "--fail-on=never")
    assert (
        "<td>input <code>age</code> retyped</td><td><code>long</code></td><td><code>double</code></td>" in outcome.text
    )
