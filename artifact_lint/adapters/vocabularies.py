"""How many tokens a tokenizer has, and its highest id.

`tokenizer.json` as the tokenizers library writes it (tokenizers 0.2x: tokenizers/src/tokenizer/serialization.rs and
the models' own), `vocab.json` of byte-pair encodings, `vocab.txt` of WordPiece. Such a file has tens of megabytes, most
of it merges: it is walked as bytes, and nothing of it is kept but the counts.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from artifact_lint.model.record import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.adapters.reading import Reading

#: Files up to this size are read, in bytes; the largest vocabularies take forty million.
LARGEST = 96 << 20
#: The longest stretch of added tokens, and the longest token that is kept, in bytes.
_LONGEST_ADDED = 8 << 20
_LONGEST_TOKEN = 80
_DEEPEST = 64
_TOKEN = re.compile(rb'[\s,:]*+("(?:[^"\\]++|\\.)*+"|[{}\[\]]|[^\s,:{}\[\]"]++)', re.DOTALL)
_ENTRY = re.compile(rb'[\s,]*+("(?:[^"\\]++|\\.)*+")\s*+:\s*+(\d{1,15})(?=[\s,}])', re.DOTALL)
_OPENING = frozenset(b"{[")
_CLOSING = frozenset(b"}]")


def read_vocabulary(reading: Reading, path: str) -> Vocabulary | None:
    """What the file of a tokenizer tells; None where it is not there, too large or not in a form that is known."""
    entry = reading.tree.entry(path)
    if entry is None or entry.size > LARGEST:
        return None
    data = reading.tree.read(path, LARGEST)
    if data is None:
        return None
    if path.endswith("vocab.txt"):
        count = len(data.splitlines())
        return Vocabulary(count, count - 1, "") if count else None
    return scan(data)


def scan(data: bytes) -> Vocabulary | None:
    """The vocabulary of a `tokenizer.json` or a `vocab.json`; None where none is found."""
    ids: _Ids | None = None
    added: list[tuple[int, str]] = []
    for path, start in _values(data):
        if path == (b"model", b"vocab") or (not path and data[start : start + 1] == b"{"):
            found = _entries(data, start)
            ids = found if found.count else ids
        elif path == (b"added_tokens",):
            added = _added(data, start)
        if path == (b"model", b"vocab"):
            break
    if ids is None:
        return None
    return Vocabulary(ids.count, ids.largest, ids.token, *max(added, default=(-1, "")))


class _Ids:
    """The count of the entries of a vocabulary, its highest id, and the token that has it."""

    def __init__(self) -> None:
        self.count = 0
        self.largest = -1
        self.token = ""


def _values(data: bytes) -> Iterator[tuple[tuple[bytes, ...], int]]:
    """The places of the document itself, of its keys' values, and of those of its `model`."""
    position = 0
    stack: list[tuple[bool, bytes]] = []
    key = b""
    expects_key = False
    while match := _TOKEN.match(data, position):
        text, place = match[1], match.start(1)
        position = match.end()
        if text[0] in _CLOSING:
            if not stack:
                return
            stack.pop()
            expects_key = bool(stack) and stack[-1][0]
            continue
        if expects_key and text[0] not in _OPENING:
            key, expects_key = text[1:-1], False
            continue
        path = tuple(name for _, name in stack[1:]) + ((key,) if stack else ())
        if len(path) <= 2 and all(is_map for is_map, _ in stack):
            yield path, place
        if text[0] in _OPENING:
            if len(stack) >= _DEEPEST:
                return
            stack.append((text == b"{", key))
            expects_key = text == b"{"
        else:
            expects_key = bool(stack) and stack[-1][0]


def _entries(data: bytes, start: int) -> _Ids:
    """The ids of a vocabulary that begins here: an object of them, or a list of pieces whose ids are their places."""
    ids = _Ids()
    if data[start : start + 1] == b"[":
        return _pieces(data, start)
    position = start + 1
    while match := _ENTRY.match(data, position):
        position = match.end()
        ids.count += 1
        number = int(match[2])
        if number > ids.largest:
            ids.largest, ids.token = number, _text(match[1])
    return ids


def _pieces(data: bytes, start: int) -> _Ids:
    """A unigram model's vocabulary: a list of pairs of a piece and its score."""
    ids = _Ids()
    depth = 0
    position = start
    while match := _TOKEN.match(data, position):
        position = match.end()
        text = match[1]
        if text == b"[":
            depth += 1
            ids.count += depth == 2
        elif text == b"]":
            depth -= 1
            if depth == 0:
                break
    ids.largest = ids.count - 1
    return ids


def _added(data: bytes, start: int) -> list[tuple[int, str]]:
    """The ids and texts of the added tokens, whose list begins here."""
    depth = 0
    position = start
    while position - start < _LONGEST_ADDED and (match := _TOKEN.match(data, position)):
        position = match.end()
        depth += (match[1] == b"[") - (match[1] == b"]")
        if depth == 0:
            break
    try:
        tokens = json.loads(data[start:position])
    except (ValueError, RecursionError):
        return []
    found = [token for token in tokens if isinstance(token, dict) and type(token.get("id")) is int]
    return [(token["id"], str(token.get("content"))[:_LONGEST_TOKEN]) for token in found]


def _text(literal: bytes) -> str:
    try:
        return str(json.loads(literal))[:_LONGEST_TOKEN]
    except (ValueError, RecursionError):
        return literal[1:-1].decode("utf-8", "replace")[:_LONGEST_TOKEN]
