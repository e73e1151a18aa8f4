"""The github format, read back as GitHub's runner reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import hand_built
from hypothesis import given
from hypothesis import strategies as st
from workflow_commands import Command, commands

from artifact_lint.cli.errors import tell
from artifact_lint.model import Origin, Severity
from artifact_lint.model.report import Failure, Fallback, Report
from artifact_lint.reporters import RenderContext, render
from artifact_lint.reporters.styled import plain

if TYPE_CHECKING:
    import pytest

    from artifact_lint.model import Finding

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
ORIGIN = Origin("models/churn/MLmodel", 6, 9, 6, 13)
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
HOSTILE = st.sampled_from(
    [
        "::",
        "::error::",
        "##[",
        "##[add-mask]",
        "::stop-commands::x",
        "\n",
        "\r\n",
        "\r",
        "%0A",
        "%25",
        ",",
        "=",
        "%",
        "\x1b",
    ]
)
PIECES = st.lists(TEXTS | HOSTILE, max_size=6).map("".join)


def log(report: Report, **context: int) -> str:
    return "".join(f"{plain(line)}\n" for line in render("github", report, RenderContext(**context)))  # type: ignore[arg-type]  # whole numbers


def found(severity: Severity = ERROR, message: str = "odd", origin: Origin = ORIGIN, **more: object) -> Finding:
    return hand_built.finding("MAN004", "unknown-field", severity, message, origin, **more)


def test_a_finding_is_an_annotation_beside_its_line() -> None:
    report = Report(findings=(found(help="Remove it."),))
    assert log(report) == (
        "::error file=models/churn/MLmodel,line=6,endLine=6,col=9,endColumn=13,"
        "title=MAN004 unknown-field::odd%0ARemove it.\n"
    )


def test_columns_are_told_within_one_line_alone() -> None:
    several = found(origin=Origin("MLmodel", 3, 3, 5, 26))
    whole = found(origin=Origin("MLmodel"))
    first, second = commands(log(Report(findings=(several, whole))))
    assert (first.properties["line"], first.properties["endLine"]) == ("3", "5")
    assert "col" not in first.properties
    assert (second.properties["line"], second.properties["endLine"]) == ("1", "1")
    assert "endColumn" not in second.properties


def test_each_severity_has_its_level_and_errors_come_first() -> None:
    report = Report(findings=tuple(found(severity) for severity in (NOTE, WARNING, ERROR)))
    assert [command.name for command in commands(log(report))] == ["error", "warning", "notice"]
    assert [command.name for command in commands(log(report, verbosity=-1))] == ["error", "warning"]


def test_a_path_survives_the_runner() -> None:
    path = "models/a,b:c%2C=%d\r\n👩\u200d🔬 ::x/MLmodel"
    (command,) = commands(log(Report(findings=(found(origin=replace(ORIGIN, path=path)),))))
    assert command.properties["file"] == path
    assert command.properties["title"] == "MAN004 unknown-field"
    assert command.message == "odd"


@given(path=PIECES.filter(lambda path: path.isprintable() and path.strip() == path != ""), message=PIECES, more=PIECES)
def test_nothing_in_a_finding_makes_another_command(path: str, message: str, more: str) -> None:
    report = Report(findings=(found(message=message, help=more, origin=replace(ORIGIN, path=path)),))
    (command,) = commands(log(report))
    assert command.name == "error"
    assert command.properties["file"] == path
    assert set(command.properties) == {"file", "line", "endLine", "col", "endColumn", "title"}


@given(message=PIECES, path=PIECES)
def test_nor_where_there_is_no_room_for_an_annotation(message: str, path: str) -> None:
    many = tuple(found(message=message, origin=replace(ORIGIN, path=path)) for _ in range(13))
    read = commands(log(Report(findings=many)))
    assert [command.name for command in read] == [*["error"] * 9, "notice", "group", "endgroup"]


def test_ten_are_shown_of_all_kinds_and_the_last_counts_the_rest() -> None:
    few = Report(findings=tuple(found(severity) for severity in [NOTE, WARNING, ERROR, *[NOTE] * 7]))
    assert len(commands(log(few))) == 10
    many = Report(findings=tuple(found(severity) for severity in [*[NOTE] * 2, *[WARNING] * 6, *[ERROR] * 5]))
    shown = commands(log(many))
    assert [command.name for command in shown[:10]] == [*["error"] * 5, *["warning"] * 4, "notice"]
    assert shown[9].message.startswith("2 warnings, 2 notes more: ")
    assert "job summary" in shown[9].message
    listed = [line for line in log(many).splitlines() if line.startswith("- ")]
    assert listed == [
        "- models/churn/MLmodel:6:9: warning[MAN004] odd",
        "- models/churn/MLmodel:6:9: warning[MAN004] odd",
        "- models/churn/MLmodel:6:9: note[MAN004] odd",
        "- models/churn/MLmodel:6:9: note[MAN004] odd",
    ]


def test_what_was_not_looked_at_is_told_first() -> None:
    report = Report(
        findings=(found(),),
        failures=(Failure("judging models/churn by MAN004", ValueError("an internal\nerror")),),
        fallbacks=(Fallback("git refuses", unseen=True), Fallback("everything is linted")),
    )
    bug, unseen, finding, wider = commands(log(report))
    assert bug == Command(
        "error",
        "this is a bug in artifact-lint, while judging models/churn by MAN004: ValueError: an internal error",
        {"title": "artifact-lint"},
    )
    assert (unseen.name, unseen.message) == ("error", "git refuses")
    assert finding.properties["title"] == "MAN004 unknown-field"
    assert (wider.name, wider.message) == ("warning", "everything is linted")


def test_a_byte_that_is_no_character_is_spelled_out() -> None:
    (command,) = commands(log(Report(findings=(found(origin=Origin("models/\udcff.pkl")),))))
    assert command.properties["file"] == r"models/\udcff.pkl"


def test_what_is_told_on_standard_error_is_no_command_either(capsys: pytest.CaptureFixture[str]) -> None:
    tell("no such file: models/##[add-mask]secret\n::add-mask::secret")
    assert commands(capsys.readouterr().err) == []


def test_nothing_found_says_nothing() -> None:
    assert log(Report()) == ""
