"""Comments are told from what looks like one."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact_lint.document import Syntax, parse
from artifact_lint.document.comments import comments
from artifact_lint.document.node import Source

MARK = "# artifact-lint: ignore[NAM001] why"


def found(text: str, syntax: Syntax = Syntax.YAML) -> list[str]:
    return [comment.text for comment in comments(Source("x", text), syntax)]


@pytest.mark.parametrize(
    "text",
    [
        f"a: 1 {MARK}\n",
        f"a: |  {MARK}\n  text\n",
        f"a: >-\n  text\n{MARK}\nb: 2\n",
        f"a: 'one\n  two' {MARK}\n",
        f"a: [1,\n  2] {MARK}\n",
        f"{MARK}\n",
        f"- a\t{MARK}\n",
        f"a: &x 1 {MARK}\nb: *x\n",
        f"a: plain\n  goes on {MARK}\n",
        f"a: 1 {MARK}",
        f"---\na: 1 {MARK}\n...\n",
        f"a: é\U0001f600 {MARK}\r\nb: 2\r\n",
    ],
)
def test_a_comment_of_yaml_is_found(text: str) -> None:
    assert found(text) == [MARK]
    assert [text[one.start : one.end] for one in comments(Source("x", text), Syntax.YAML)] == [MARK]


@pytest.mark.parametrize(
    "text",
    [
        f"a: |\n  {MARK}\n  more\n",
        f"a: >\n  text\n  {MARK}\n",
        f'a: "{MARK}"\n',
        f"a: ' {MARK}'\n",
        f'"b {MARK}": 1\n',
        f"a: 1{MARK}\n",
        f"a: 'x\n  {MARK}\n  y'\n",
        f"a: '{MARK}'\na: 2\n",
        f"<<: {{a: ' {MARK}'}}\n",
        f"a: |\n  text\n\n  {MARK}\n\nb: 2\n",
        f"? |\n  {MARK}\n: 1\n",
    ],
)
def test_what_is_in_a_string_of_yaml_is_no_comment(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a = 1 {MARK}\n", [MARK]),
        (f'a = "x {MARK}"\n', []),
        (f"a = '''\n{MARK}\n'''\n", []),
        (f'a = """\n\\"""{MARK}\n"""  {MARK}\n', [MARK]),
        (f'"{MARK}" = 1\n', []),
        (f"a = [\n  1, {MARK}\n]\n", [MARK]),
    ],
)
def test_comments_of_toml(text: str, expected: list[str]) -> None:
    parse("x.toml", text.encode())
    assert found(text, Syntax.TOML) == expected


def test_json_has_none() -> None:
    assert found(json.dumps({"a": MARK}), Syntax.JSON) == []


@settings(deadline=None, max_examples=150)
@given(
    st.recursive(
        st.builds(
            "{}{}{}".format,
            st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8),
            st.sampled_from([MARK, f"\n{MARK}", f" {MARK}\n", f"\n\n  {MARK}\n\n"]),
            st.text(" \n'\"#:|>-a", max_size=8),
        ),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", MARK]), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    st.sampled_from([None, "'", '"', "|", ">"]),
)
def test_nothing_that_is_written_as_a_value_is_a_comment(value: object, style: str | None) -> None:
    assert found(yaml.safe_dump(value, default_style=style, allow_unicode=True)) == []
