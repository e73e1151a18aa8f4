"""The full format, against snapshots that `update_snapshots.py` writes."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace

import hand_built
import pytest
from hypothesis import given
from hypothesis import strategies as st
from update_snapshots import CONTEXTS, SNAPSHOTS, rendered

from artifact_lint.model import Origin, Severity
from artifact_lint.model.report import Report
from artifact_lint.reporters import FORMATS, RenderContext, render
from artifact_lint.reporters.styled import cells, plain, size, visible, wrap, write


@pytest.mark.parametrize("name", CONTEXTS)
def test_the_report_looks_as_recorded(name: str) -> None:
    assert rendered(CONTEXTS[name]) == (SNAPSHOTS / name).read_text(encoding="utf-8")


def test_colours_change_no_character_of_the_text() -> None:
    stream = io.StringIO()
    context = RenderContext(source=hand_built.source, width=80)
    write(render("full", hand_built.report(), context), stream, colour=True)
    coloured = stream.getvalue()
    assert "\x1b[" in coloured
    assert _without_escapes(coloured) == rendered(context)


def test_a_bracket_in_a_path_is_no_markup() -> None:
    found = hand_built.finding("CMP001", "no-record", Severity.ERROR, "[bold]x[/bold]", Origin("models/[v1]/m.pkl"))
    stream = io.StringIO()
    write(render("full", Report(findings=(found,)), RenderContext()), stream, colour=True)
    assert "models/[v1]/m.pkl" in _without_escapes(stream.getvalue())
    assert "[bold]x[/bold]" in _without_escapes(stream.getvalue())


def test_a_path_is_never_broken() -> None:
    path = "a/" * 100 + "model.pkl"
    found = hand_built.finding("CMP001", "no-record", Severity.ERROR, f"nothing describes {path}", Origin(path))
    for coloured in (False, True):
        stream = io.StringIO()
        write(render("full", Report(findings=(found,)), RenderContext(width=40)), stream, colour=coloured)
        assert _without_escapes(stream.getvalue()).count(path) == 2


def test_nothing_found_says_what_was_looked_at() -> None:
    report = Report(artifacts=(hand_built.churn(),), files=1, size=18432)
    assert _text(report) == "All good: 1 artifact (1 file, 18.4 kB).\n"


def test_no_artifact_is_not_all_good() -> None:
    assert _text(Report()) == "No model artifact found.\n"


def test_a_finding_about_no_artifact_has_a_header_of_its_own() -> None:
    found = replace(hand_built.findings()[0], artifact="mlruns")
    text = _text(replace(hand_built.report(), findings=(*hand_built.findings(), found)))
    assert "mlruns  [no artifact]\n" in text
    text = _text(replace(hand_built.report(), findings=(found,)))
    assert text.startswith("mlruns  [no artifact]\n")
    assert "in 2 artifacts (" in text


def test_that_nothing_of_an_artifact_changed_is_said_in_place_of_a_summary() -> None:
    report = Report(unchanged="nothing that changed since HEAD belongs to a model artifact")
    assert _text(report) == "Nothing that changed since HEAD belongs to a model artifact.\n"
    assert _text(report + report) == _text(report)
    assert _text(report + Report()) == "No model artifact found.\n"


def test_an_artifact_without_findings_is_counted_and_not_shown() -> None:
    only = tuple(found for found in hand_built.findings() if found.artifact == "models/credit")
    text = _text(replace(hand_built.report(), findings=only))
    assert "models/churn" not in text
    assert "in 1 of 2 artifacts" in text


def test_a_place_that_the_file_does_not_have_gets_no_excerpt() -> None:
    for origin in (Origin("models/churn/MLmodel", 99, 1, 99, 2), Origin("models/churn/MLmodel", 1, 999, 1, 1000)):
        found = hand_built.finding("MAN004", "unknown-field", Severity.WARNING, "gone", origin)
        assert " | " not in _text(Report(findings=(found,)))


_TEXTS = st.text(alphabet=st.characters(exclude_categories=[]), max_size=200)


def test_a_caret_behind_a_line_that_fills_the_width_is_in_sight() -> None:
    line = 34 * "x"
    found = hand_built.finding("MAN004", "unknown-field", Severity.WARNING, "odd", Origin("a.yaml", 2, 35, 2, 35))
    shown = [
        plain(part)
        for part in render("full", Report(findings=(found,)), RenderContext(source=lambda _: ["", line], width=40))
    ]
    assert any(text.endswith("^") for text in shown)
    assert max(map(cells, shown)) <= 40


@given(line=_TEXTS.map(lambda text: text.replace("\n", "").replace("\r", "")), data=st.data())
def test_carets_stand_under_the_text_whatever_the_line_holds(line: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(1, len(line) + 1))
    end = data.draw(st.integers(start, len(line) + 1))
    width = data.draw(st.integers(40, 140))
    found = hand_built.finding("MAN004", "unknown-field", Severity.WARNING, "odd", Origin("a.yaml", 2, start, 2, end))
    context = RenderContext(source=lambda _: ["", line], width=width)
    shown = [plain(part) for part in render("full", Report(findings=(found,)), context)]
    carets = [index for index, text in enumerate(shown) if text.strip(" |").strip("^") == "" and "^" in text]
    assert len(carets) == 1
    assert all(cells(text) <= width for text in shown[2 : carets[0] + 1])
    excerpt = shown[carets[0] - 1]
    caret_end = len(shown[carets[0]])
    if not line[start - 1 : max(end - 1, start)][-1:].isspace():  # blanks at the end of a line are not printed
        assert caret_end <= max(cells(excerpt), caret_end - shown[carets[0]].count("^") + 1)
    assert all(text.isprintable() for text in shown)


@given(message=_TEXTS, path=_TEXTS, format_name=st.sampled_from(sorted(FORMATS)))
def test_nothing_from_a_file_steers_the_terminal(message: str, path: str, format_name: str) -> None:
    found = hand_built.finding("MAN004", "unknown-field", Severity.NOTE, message, Origin(path), help=message, file=path)
    for line in render(format_name, Report(findings=(found,)), RenderContext(verbosity=1)):
        shown = plain(line)
        if format_name == "github":  # which names the file as it is called, so that GitHub finds it
            shown = re.sub("^::notice file=[^,]+,", "", shown)
        assert shown.isprintable()
        assert not any(unicodedata.category(char) == "Cc" for char in plain(line))


@given(text=_TEXTS, width=st.integers(1, 100))
def test_wrapping_keeps_every_word(text: str, width: int) -> None:
    lines = list(wrap(text, width))
    assert "".join("".join(lines).split()) == "".join(visible(text.replace("\n", " ").expandtabs(4)).split())


def test_wide_and_combining_characters_take_their_cells() -> None:
    assert (cells("abc"), cells("日本"), cells("e\u0301")) == (3, 4, 1)


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (18432, "18.4 kB"), (999_999, "1.0 MB"), (2 * 10**13, "20.0 TB")],
)
def test_sizes_are_told_in_decimal_units(count: int, told: str) -> None:
    assert size(count) == told


def _text(report: Report) -> str:
    context = RenderContext(source=hand_built.source)
    return "".join(f"{plain(line)}\n" for line in render("full", report, context))


def _without_escapes(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
