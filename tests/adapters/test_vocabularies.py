"""How many tokens the file of a tokenizer has, and its highest id."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_lint.adapters.vocabularies import scan
from artifact_lint.model.record import Vocabulary

ADDED = [{"id": 0, "content": "<pad>", "special": True}, {"id": 3, "content": "<|end|>", "special": True}]


def _tokenizer(vocabulary: object, added: object = (), **more: object) -> bytes:
    model = {"type": "BPE", "vocab": vocabulary, "merges": ["a b", "{ ["], **more}
    return json.dumps({"version": "1.0", "added_tokens": added, "normalizer": {"type": "NFC"}, "model": model}).encode()


def test_ids_are_counted() -> None:
    assert scan(_tokenizer({"a": 0, "b": 1, "ab": 2})) == Vocabulary(3, 2, "ab")


def test_added_tokens_are_told_apart() -> None:
    assert scan(_tokenizer({"a": 0, "b": 1, "ab": 2}, ADDED)) == Vocabulary(3, 2, "ab", 3, "<|end|>")


def test_pieces_are_numbered_by_their_places() -> None:
    assert scan(_tokenizer([["<unk>", 0.0], ["a", -1.5], ["]", -2.5]], ADDED[:1])) == Vocabulary(3, 2, "", 0, "<pad>")


def test_a_vocabulary_stands_for_itself() -> None:
    assert scan(b'{"a": 0, "\\"b": 7}') == Vocabulary(2, 7, '"b')


def test_merges_may_stand_first() -> None:
    data = b'{"model": {"merges": [["a", "b"], ["}", "]"]], "vocab": {"a": 0, "b": 1}}, "added_tokens": []}'
    assert scan(data) == Vocabulary(2, 1, "b")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"model": {"vocab": {}}}', b"null", b"\x00" * 9])
def test_nothing_is_made_up(data: bytes) -> None:
    assert scan(data) is None


def test_every_beginning_of_a_file_is_read_to_its_end() -> None:
    data = _tokenizer({"a": 0, "b": 1}, ADDED)
    for stop in range(len(data)):
        scan(data[:stop])


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    scan(b'{"added_tokens": [' + data)
    scan(b'{"model": {"vocab": {"a": 1, ' + data)
    scan(data)


@given(st.dictionaries(st.text(max_size=8), st.integers(0, 10**9), min_size=1, max_size=20))
def test_any_vocabulary_is_counted(ids: dict[str, int]) -> None:
    found = scan(_tokenizer(ids))
    assert found is not None
    assert (found.count, found.largest) == (len(ids), max(ids.values()))


def test_what_nests_deeply_is_left_alone() -> None:
    assert scan(b'{"added_tokens": ' + b"[" * 100_000) is None
    assert scan(b"[" * 1_000_000) is None
