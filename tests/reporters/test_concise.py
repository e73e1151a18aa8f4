"""The concise format: one line per finding."""

from __future__ import annotations

import re

import hand_built

from artifact_lint.reporters import RenderContext, render
from artifact_lint.reporters.styled import plain


def test_every_finding_is_one_line_that_editors_can_follow() -> None:
    lines = [plain(line) for line in render("concise", hand_built.report(), RenderContext())]
    assert len(lines) == len(hand_built.findings()) + 1
    assert all(re.fullmatch(r"[^:]+:\d+:\d+: (error|warning|note)\[[A-Z]{3}\d{3}\] .+", line) for line in lines[:-1])
    assert lines[0] == ("models/churn/MLmodel:1:1: error[CMP103] nothing says what the model takes and returns")


def test_the_summary_is_last_and_quiet_leaves_it_and_the_notes_out() -> None:
    lines = [plain(line) for line in render("concise", hand_built.report(), RenderContext())]
    quiet = [plain(line) for line in render("concise", hand_built.report(), RenderContext(verbosity=-1))]
    assert lines[-1].startswith("Found 3 errors, 5 warnings, 5 notes in 2 artifacts")
    assert quiet == [line for line in lines[:-1] if ": note[" not in line]


def test_statistics_count_each_code() -> None:
    lines = [plain(line) for line in render("concise", hand_built.report(), RenderContext(tally=True))]
    assert lines[0].split() == ["4", "PKL002", "pickle-used", "note"]
    assert len(lines) == 10 + 2
