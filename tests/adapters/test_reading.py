from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import plant

from artifact_lint.adapters.reading import (
    Reading,
    as_float,
    as_int,
    as_text,
    child,
    decode,
    escape_reason,
    join,
    one_or_many,
    stated,
    stated_int,
)
from artifact_lint.adapters.texts import MOST_TEXTS, texts
from artifact_lint.document import parse
from artifact_lint.model import Irregularity, Role

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_lint.document import Node


def node(text: str) -> Node:
    found = parse("a.yaml", f"v: {text}\n".encode()).root.get("v")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("directory", "written", "expected"),
    [
        ("m", "model.pkl", "m/model.pkl"),
        ("m", "./data//model.pth", "m/data/model.pth"),
        ("m", "data/../model.pkl", "m/model.pkl"),
        ("m", ".", "m"),
        ("", "model.pkl", "model.pkl"),
        ("m", "...", "m/..."),
        ("m", "../model.pkl", None),
        ("m", "a/../../model.pkl", None),
        ("m", "/model.pkl", None),
        ("m", "C:/model.pkl", None),
        ("m", "data\\model.pkl", None),
        ("m", "a\0b", None),
    ],
)
def test_a_path_is_joined_or_leaves_its_directory(directory: str, written: str, expected: str | None) -> None:
    assert join(directory, written) == expected
    assert (escape_reason(written) is None) == (expected is not None)


@given(st.text())
def test_a_joined_path_stays_below_its_directory(written: str) -> None:
    path = join("m", written)
    assert path is None or path == "m" or (path.startswith("m/") and ".." not in path.split("/"))


@pytest.mark.parametrize(
    ("text", "expected"), [("1.10", "1.10"), ("' x '", "x"), ("''", None), ("null", None), ("[a]", None), ("no", "no")]
)
def test_a_scalar_is_read_as_it_is_written(text: str, expected: str | None) -> None:
    assert as_text(node(text)) == expected
    assert [one.value for one in stated(node(text), None)] == ([expected] if expected is not None else [])


def test_a_number_is_one_only_where_it_is_written_as_one() -> None:
    assert as_int(node("3")) == 3
    assert stated_int(node("3")).value == 3
    assert [as_int(node(text)) for text in ("3.5", "true", "'3'", "[3]", "null")] == [None] * 5
    assert as_float(node("3")) == 3.0
    assert [as_float(node(text)) for text in (".nan", ".inf", "true", "x", "9" * 400)] == [None] * 5
    assert (as_int(None), as_float(None), as_text(None)) == (None, None, None)


def test_one_value_is_a_list_of_one() -> None:
    assert [as_text(one) for one in one_or_many(node("a"))] == ["a"]
    assert [as_text(one) for one in one_or_many(node("[a, b]"))] == ["a", "b"]
    assert not list(one_or_many(None))


def test_the_root_has_no_name() -> None:
    assert child("", "a") == "a"
    assert child("m", "a") == "m/a"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_names_the_encoding(encoding: str) -> None:
    assert decode("größe".encode(encoding)) == "größe"


def test_a_document_is_a_source_once_with_its_remarks_and_texts(tmp_path: Path) -> None:
    reading = Reading(
        plant(tmp_path, {"a.yaml": "key: some text\nkey: other text\n", "b.json": "{", "c.txt": "x\ny\n"})
    )
    for _ in range(2):
        assert reading.document("a.yaml") is not None
        assert reading.document("b.json") is None
        assert reading.lines("c.txt") == ["x", "y"]
    assert reading.document("absent.json") is None
    assert reading.lines("absent.txt") is None
    assert reading.front_matter("absent.md") is None
    assert [source.path for source in reading.sources] == ["a.yaml", "b.json", "c.txt"]
    assert [remark.kind for remark in reading.remarks] == [Irregularity.DUPLICATE_KEY, Irregularity.UNREADABLE]
    assert [text.value for text in reading.texts] == ["other text"]


def test_a_mention_knows_its_directory_and_its_word(tmp_path: Path) -> None:
    reading = Reading(plant(tmp_path, {"m/data/model.pth": b"x"}))
    mention = reading.mention("m", node("data"), Role.WEIGHTS, format_name="pt2")
    assert mention is not None
    assert (mention.path, mention.written, mention.directory, mention.format) == ("m/data", "data", True, "pt2")
    assert reading.mention("m", node("null")) is None
    assert not reading.remarks


def test_texts_are_strings_that_could_hold_a_secret_and_not_without_end() -> None:
    root = parse("a.json", b'{"a": "short", "b": ["long enough"], "c": 123456789, "d": null}').root
    assert [(text.value, text.origin.pointer) for text in texts(root)] == [("long enough", "/b/0")]
    many = parse("a.json", ("[" + ",".join(['"long enough"'] * (MOST_TEXTS + 5)) + "]").encode()).root
    assert len(texts(many)) == MOST_TEXTS
