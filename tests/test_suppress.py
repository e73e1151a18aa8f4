"""What comments and the configuration keep out of a report, and what is said about them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from gates.repositories import BAD, GOOD

from artifact_lint.engine import Request, lint
from artifact_lint.model import Severity
from artifact_lint.model.suppression import Means
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings, load

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_lint.model.report import Report

RECORD = 'schema_version: 1\nname: Churn Model{}\nversion: "1.2.0"\nlicense: Apache-2.0\n'
WHY = "# artifact-lint: ignore[NAM001] the registry's name"


def linted(place: Path, text: str, configuration: str = "") -> Report:
    (place / ".git").mkdir(exist_ok=True)
    (place / "model-artifact.yaml").write_text(text, "utf-8")
    return again(place, configuration)


def again(place: Path, configuration: str = "", path: str = "") -> Report:
    settings = Settings()
    if configuration:
        (place / ".artifact-lint.toml").write_text(configuration, "utf-8")
        settings = load(place / ".artifact-lint.toml", all_rules())
    return lint([str(place / path)], Request(settings))


def codes(report: Report, family: str = "NAM001") -> list[str]:
    return [finding.message for finding in report.findings if finding.code.startswith(family)]


@pytest.mark.parametrize(
    "text",
    [
        RECORD.format(f"  {WHY}"),
        RECORD.format("").replace("name:", f"{WHY}\nname:"),
        RECORD.format("").replace("name:", f"{WHY}\n\n# and another comment\nname:"),
        RECORD.format("  # noqa # artifact-lint: ignore[NAM001] the registry's name"),
        RECORD.format("  # artifact-lint:ignore[ artifact-name ]: the registry's name"),
        RECORD.format("  # artifact-lint: ignore[nam001] -- the registry's name"),
        RECORD.format(f"  {WHY}").replace("\n", "\r\n"),
    ],
)
def test_a_comment_suppresses_what_its_line_says(tmp_path: Path, text: str) -> None:
    report = linted(tmp_path, text)
    assert codes(report) == codes(report, "SUP") == []
    (one,) = report.accepted
    assert (one.finding.code, one.means, one.reason) == ("NAM001", Means.INLINE, "the registry's name")
    assert report.suppressed == 1


@pytest.mark.parametrize(
    "text",
    [
        RECORD.format("").replace("license", f"{WHY}\nlicense"),
        RECORD.format("") + WHY,
        f"{WHY}\n{RECORD.format('')}",
        RECORD.format("").replace("version:", "description: |\n  " + WHY + "\nversion:"),
        RECORD.format("").replace("Churn Model", f'"Churn Model {WHY}"'),
    ],
)
def test_a_comment_elsewhere_does_not(tmp_path: Path, text: str) -> None:
    report = linted(tmp_path, text)
    assert len(codes(report)) == 1
    assert report.accepted == ()


def test_what_concerns_a_whole_record_is_suppressed_above_its_first_value(tmp_path: Path) -> None:
    text = f"# yaml-language-server: x\n# artifact-lint: ignore[CMP101] kept by another team\n{RECORD.format('')}"
    report = linted(tmp_path, text)
    assert codes(report, "CMP101") == codes(report, "SUP") == []
    assert codes(linted(tmp_path, RECORD.format("")), "CMP101") != []


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# artifact-lint: ignore", "is no suppression that artifact-lint can read"),
        ("# artifact-lint: ignore NAM001", "is no suppression that artifact-lint can read"),
        ("# artifact-lint ignore[NAM001] x", "is no suppression that artifact-lint can read"),
        ("# artifact_lint: ignore[NAM001] x", "is no suppression that artifact-lint can read"),
        ("# artifact-lint: disable[NAM001] x", "is no suppression that artifact-lint can read"),
        ("# artifact-lint: ignore[NAM001 x", "is no suppression that artifact-lint can read"),
        ("# artifact-lint: ignore[] x", "names no rule"),
        ("# artifact-lint: ignore[ALL] x", "'ALL' stands for several rules"),
        ("# artifact-lint: ignore[NAM] x", "'NAM' stands for several rules"),
        ("# artifact-lint: ignore[NAM00l] x", "no rule is called 'NAM00l'"),
        ("# artifact-lint: ignore[SUP001] x", "SUP001 is about suppressions"),
    ],
)
def test_what_is_no_suppression_suppresses_nothing_and_is_told(tmp_path: Path, comment: str, said: str) -> None:
    report = linted(tmp_path, RECORD.format(f"  {comment}"))
    assert len(codes(report)) == 1
    (told,) = codes(report, "SUP")
    assert said in told
    assert report.suppressed == 0


@pytest.mark.parametrize(
    "comment", ["# artifact-lint init, 2026", "# see artifact-lint's docs", "# written for artifact-lint"]
)
def test_other_comments_are_nobodys_business(tmp_path: Path, comment: str) -> None:
    assert codes(linted(tmp_path, RECORD.format(f"  {comment}")), "SUP") == []


def test_the_right_codes_of_a_comment_count_beside_wrong_ones(tmp_path: Path) -> None:
    report = linted(tmp_path, RECORD.format("  # artifact-lint: ignore[NAM001,NAM999,NAM012] why"))
    assert codes(report) == []
    assert len(codes(report, "SUP001")) == 2


@pytest.mark.parametrize("place", ["weights/files/0/path", "behind"])
def test_who_brings_a_pickle_does_not_vouch_for_it(tmp_path: Path, place: str) -> None:
    """The record comes with the pull request, and so would the comment in it."""
    shutil.copytree(BAD, tmp_path / "model")
    (tmp_path / ".git").mkdir()
    record = tmp_path / "model/model-artifact.yaml"
    comment = "# artifact-lint: ignore[PKL101,dangerous-import,PKL102,PKL111] we know this pickle"
    lines = [
        f"{line}  {comment}" if "classifier.pkl" in line and place != "behind" else line
        for line in record.read_text("utf-8").splitlines()
    ]
    record.write_text("\n".join([comment, *lines]), "utf-8")
    report = again(tmp_path)
    assert {"PKL101", "PKL102", "PKL111"} <= {finding.code for finding in report.findings}
    assert not [one for one in report.accepted if one.finding.code.startswith("PKL")]
    assert any("PKL101 is about security" in said for said in codes(report, "SUP001"))


def test_every_rule_about_security_is_beyond_a_comment(tmp_path: Path) -> None:
    security = [rule for rule in all_rules() if "security" in rule.tags]
    assert {rule.family for rule in security} >= {"PKL", "SEC", "SUM"}
    named = ",".join(rule.code for rule in security)
    report = linted(tmp_path, RECORD.format(f"  # artifact-lint: ignore[{named}] why"))
    assert len(codes(report, "SUP001")) == len(security)


def test_the_configuration_may_suppress_what_is_about_security(tmp_path: Path) -> None:
    shutil.copytree(BAD, tmp_path / "model")
    (tmp_path / ".git").mkdir()
    report = again(tmp_path, '[per-path-ignores]\n"model/**" = { codes = ["PKL"], reason = "a test of a scanner" }\n')
    assert codes(report, "PKL") == codes(report, "SUP") == []
    assert {one.means for one in report.accepted} == {Means.CONFIGURATION}
    assert {one.reason for one in report.accepted} == {"a test of a scanner"}


def test_no_reason_is_told_and_still_suppresses(tmp_path: Path) -> None:
    report = linted(tmp_path, RECORD.format("  # artifact-lint: ignore[NAM001]"))
    assert codes(report) == []
    assert codes(report, "SUP") == ["this comment gives no reason"]
    blank = linted(tmp_path, RECORD.format(""), '[per-path-ignores]\n"*.yaml" = { codes = ["NAM001"], reason = " " }\n')
    assert codes(blank, "SUP") == ['per-path-ignores."*.yaml" gives no reason']


def test_what_a_rule_did_not_look_for_is_not_unused(tmp_path: Path) -> None:
    text = RECORD.format(f"  {WHY}").replace("Churn Model", "churn")
    assert len(codes(linted(tmp_path, text), "SUP001")) == 1
    assert codes(again(tmp_path, 'ignore = ["NAM001"]\n'), "SUP") == []
    assert codes(again(tmp_path, 'select = ["CMP", "SUP"]\n'), "SUP") == []
    assert codes(again(tmp_path, "exclude = []\n", "model-artifact.yaml"), "SUP") == []


def test_an_unreadable_record_leaves_open_what_is_unused(tmp_path: Path) -> None:
    shutil.copytree(GOOD, tmp_path / "model")
    record = tmp_path / "model/model-artifact.yaml"
    text = record.read_text("utf-8")
    marked = f"# artifact-lint: ignore[CMP122] a baseline model\n{text}"
    (tmp_path / ".git").mkdir()
    record.write_text(marked, "utf-8")
    assert len(codes(again(tmp_path), "SUP001")) == 1
    (tmp_path / "model/model-artifact.lifecycle.yaml").write_text("a: [", "utf-8")
    report = again(tmp_path)
    assert [artifact.has_unread_record for artifact in report.artifacts] == [True]
    assert codes(report, "SUP") == []


def test_the_rules_about_suppressions_are_rules_like_others(tmp_path: Path) -> None:
    text = RECORD.format(f"  {WHY}").replace("Churn Model", "churn")
    raised = linted(tmp_path, text, '[severity]\nSUP001 = "error"\n')
    assert [one.severity for one in raised.findings if one.code == "SUP001"] == [Severity.ERROR]
    assert codes(again(tmp_path, 'ignore = ["SUP"]\n'), "SUP") == []
    left = again(tmp_path, '[per-path-ignores]\n"*.yaml" = { codes = ["SUP001"], reason = "generated" }\n')
    assert codes(left, "SUP") == []
    assert [one.finding.code for one in left.accepted] == ["SUP001"]


def test_an_entry_of_the_configuration_is_unused_only_where_all_of_it_was_seen(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/model-artifact.yaml").write_text(RECORD.format("").replace("Churn Model", "churn"), "utf-8")
    stale = '[per-path-ignores]\n"sub/**" = { codes = ["NAM001", "NAM012"], reason = "not deployed" }\n'
    report = linted(tmp_path, RECORD.format(""), stale)
    (said,) = codes(report, "SUP")
    assert said == 'per-path-ignores."sub/**" suppresses nothing: there is no finding of NAM001, NAM012'
    assert [one.origin.path for one in report.findings if one.code == "SUP001"] == [".artifact-lint.toml"]
    assert codes(again(tmp_path, stale, "sub"), "SUP") == []


def test_comments_in_a_model_card_are_read(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text('{"model_type": "bert", "architectures": ["BertModel"]}', "utf-8")
    card = "---\nlicense: mit  # artifact-lint: ignore[NAM001] unused\n---\n# artifact-lint: ignore[NAM001] a heading\n"
    (tmp_path / "model/README.md").write_text(card, "utf-8")
    report = again(tmp_path)
    places = [(one.origin.path, one.origin.line) for one in report.findings if one.code == "SUP001"]
    assert places == [("model/README.md", 2)]


def test_what_is_said_of_suppressions_has_a_place_and_a_way_out(tmp_path: Path) -> None:
    report = linted(tmp_path, RECORD.format("  # artifact-lint: ignore[ALL,NAM012,PKL101]"))
    told = [finding for finding in report.findings if finding.code.startswith("SUP")]
    assert len(told) == 3
    assert all(finding.help and finding.origin.line == 2 and finding.artifact == "" for finding in told)
    assert len({finding.fingerprint for finding in report.findings}) == len(report.findings)


def test_comments_in_a_row_all_stand_above_the_same_line(tmp_path: Path) -> None:
    rows = "# artifact-lint: ignore[NAM003] a reason\n\n# artifact-lint: ignore[NAM001] the registry's\n# more\n"
    report = linted(tmp_path, f"schema_version: 1\n{rows}name: ChurnModel\n{rows}version: '1.0.0'\n")
    assert codes(report) == []
    assert [one.finding.origin.line for one in report.accepted if one.finding.code == "NAM001"] == [6]
