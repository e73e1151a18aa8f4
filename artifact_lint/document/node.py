"""The tree that every syntax is read into: values that know where they stand in the text."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from re import compile as regex
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.model import Irregularity, Origin, Remark

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A file of duplicate keys would otherwise be a list of remarks many times its size.
MOST_REMARKS = 1000
_LONGEST_QUOTE = 80
_LINE_BREAK = regex(r"\r\n|\n|\r")


class Syntax(StrEnum):
    """How a document is written."""

    YAML = "yaml"
    JSON = "json"
    TOML = "toml"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may ask of its reader.

    `size` is in bytes; `depth` is the nesting of mappings and sequences; `aliases` counts the uses of anchors (a
    dumped list of a thousand columns may well share one dtype); `nodes` is the number of values that are written, each
    of which takes 3 to 10 microseconds and 300 bytes, `expansion` the number that aliases add to them, and `entries`
    that of the entries of a `FlatNode`: the largest shard indexes that are published have a hundred thousand.
    """

    size: int = 64 << 20
    depth: int = 100
    aliases: int = 10_000
    nodes: int = 250_000
    entries: int = 400_000
    expansion: int = 1_000_000


class DocumentError(Exception):
    """A document that cannot be read: where, why in one line, and what to do."""

    def __init__(self, origin: Origin, reason: str, help: str = "") -> None:  # noqa: A002  the model's word for it
        super().__init__(f"{origin.path}:{origin.line}:{origin.column}: {reason}")
        self.origin = origin
        self.reason = reason
        self.help = help


class Source:
    """A document's text: turns offsets in characters into lines and columns.

    `editable` says that the file holds this text in UTF-8.
    """

    __slots__ = ("_digest", "_starts", "content", "editable", "path")

    def __init__(self, path: str, content: str, *, editable: bool = True) -> None:
        self.path = path
        self.content = content
        self.editable = editable
        self._digest: str | None = None
        self._starts: list[int] | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the text in UTF-8, in hexadecimal: what edits of it are made for."""
        if self._digest is None:
            self._digest = hashlib.sha256(self.content.encode("utf-8", "surrogatepass")).hexdigest()
        return self._digest

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an offset."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a 1-based line and column, within the text."""
        starts = self._line_starts()
        return min(starts[min(line, len(starts)) - 1] + column - 1, len(self.content))

    def origin(self, start: int, end: int, pointer: str = "") -> Origin:
        """The origin of a span of the text."""
        return Origin(self.path, *self.position(start), *self.position(max(start, end)), pointer)

    def error(self, offset: int, reason: str, advice: str) -> DocumentError:
        """An error at an offset."""
        return DocumentError(self.origin(offset, min(offset + 1, len(self.content))), reason, advice)

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = [0, *(found.end() for found in _LINE_BREAK.finditer(self.content))]
        return self._starts


class Member(NamedTuple):
    """One entry of a mapping: the span of its key, and its value."""

    key_start: int
    key_end: int
    node: Node


def escape(token: str) -> str:
    """One reference token of a JSON pointer (RFC 6901, section 3)."""
    return token.replace("~", "~0").replace("/", "~1")


class Node:
    """A value with its origin: a scalar, a mapping or a sequence.

    `text` is the raw scalar (`1.10`; of a string its content), None for null, a mapping or a sequence. `quoted` says
    whether the value was marked as a string: quotes, or a block scalar. An anchored value that aliases repeat is one
    node, whose origin is where it is written. The other attributes are how the readers build the tree; `members` is
    set for a mapping alone, `sequence` for a sequence alone; `aliased` where an alias repeats the value.
    """

    __slots__ = (
        "aliased",
        "end",
        "members",
        "parent",
        "quoted",
        "scalar",
        "sequence",
        "source",
        "start",
        "text",
        "token",
    )

    def __init__(self, source: Source, parent: Node | None, token: str | int, span: tuple[int, int]) -> None:
        self.source = source
        self.parent = parent
        self.token = token
        self.start, self.end = span
        self.scalar: object = None
        self.text: str | None = None
        self.quoted = False
        self.aliased = False
        self.members: dict[str, Member] | None = None
        self.sequence: list[Node] | None = None

    def __repr__(self) -> str:
        origin = self.origin
        return f"Node({origin.path}:{origin.line}:{origin.column} {origin.pointer!r})"

    @property
    def origin(self) -> Origin:
        """Where the value stands."""
        return self.source.origin(self.start, self.end, self.pointer)

    @property
    def pointer(self) -> str:
        """The JSON pointer of the value (RFC 6901)."""
        tokens = []
        node = self
        while node.parent is not None:
            tokens.append(escape(str(node.token)))
            node = node.parent
        return "".join(f"/{token}" for token in reversed(tokens))

    @property
    def value(self) -> object:
        """The value in plain Python.

        A scalar is None, a bool, an int, a float or a str; a date or a time is its raw text. A mapping is a dict
        whose keys are the keys' texts, a sequence a list, all the way down.
        """
        if self.is_scalar:
            return self.scalar
        root = _blank(self)
        waiting = [(self, root)]
        while waiting:
            node, target = waiting.pop()
            if isinstance(target, dict):
                for key, child in node.items():
                    target[key] = child.scalar if child.is_scalar else _enqueue(waiting, child)
            else:
                for child in node.elements():
                    target.append(child.scalar if child.is_scalar else _enqueue(waiting, child))
        return root

    @property
    def is_mapping(self) -> bool:
        """Whether the value is a mapping."""
        return self.members is not None

    @property
    def is_sequence(self) -> bool:
        """Whether the value is a sequence."""
        return self.sequence is not None

    @property
    def is_scalar(self) -> bool:
        """Whether the value is neither."""
        return self.members is None and self.sequence is None

    @property
    def is_null(self) -> bool:
        """Whether the value is null, written or left out."""
        return self.scalar is None and self.is_scalar

    def get(self, *keys: str) -> Node | None:
        """The value below a chain of mapping keys; None where a step is missing or not a mapping."""
        node = self
        for key in keys:
            member = (node.members or {}).get(key)
            if member is None:
                return None
            node = member.node
        return node

    def items(self) -> Iterator[tuple[str, Node]]:
        """The key texts and values of a mapping; nothing for other values."""
        for key, member in (self.members or {}).items():
            yield key, member.node

    def elements(self) -> Iterator[Node]:
        """The elements of a sequence; nothing for other values."""
        yield from self.sequence or ()

    def key_origin(self, key: str) -> Origin:
        """Where a key of a mapping stands; where there is no such key, the origin of the value itself."""
        member = (self.members or {}).get(key)
        if member is None:
            return self.origin
        return self.source.origin(member.key_start, member.key_end, f"{self.pointer}/{escape(key)}")

    def walk(self) -> Iterator[Node]:
        """This node and every node below it, in document order, each once however many aliases repeat it."""
        seen: set[int] = set()
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            yield node
            if node.members:
                waiting.extend(member.node for member in reversed(node.members.values()))
            elif node.sequence:
                waiting.extend(reversed(node.sequence))


#: An entry of a `FlatNode`, with the blanks before it and what stands behind it.
PLAIN_ENTRY = regex(r'[ \t\n\r]*+"([^"\\\x00-\x1f]*+)"[ \t\n\r]*+:[ \t\n\r]*+"([^"\\\x00-\x1f]*+)"[ \t\n\r]*+([,}])')


class FlatNode(Node):
    """A large JSON object of strings without escapes: its entries get nodes of their own when they are asked for.

    A shard index has a hundred thousand of them whose places nobody asks for, and a node takes ten times as long.
    `pairs` are the entries, `offsets` where a match of `PLAIN_ENTRY` begins for each of them, in their order.
    """

    __slots__ = ("offsets", "pairs")

    def __init__(self, source: Source, parent: Node | None, token: str | int, span: tuple[int, int]) -> None:
        super().__init__(source, parent, token, span)
        self.members = {}
        self.pairs: dict[str, str] = {}
        self.offsets = array("Q")

    def entries(self) -> Iterator[tuple[str, str, int]]:
        """Every key with its string, and the offset by which `member` finds them."""
        for (key, text), offset in zip(self.pairs.items(), self.offsets, strict=True):
            yield key, text, offset

    def member(self, offset: int) -> Member:
        """The entry at one of the offsets."""
        found = PLAIN_ENTRY.match(self.source.content, offset)
        assert found is not None
        node = Node(self.source, self, found[1], (found.start(2) - 1, found.end(2) + 1))
        node.scalar = node.text = found[2]
        node.quoted = True
        return Member(found.start(1) - 1, found.end(1) + 1, node)

    def get(self, *keys: str) -> Node | None:
        """The value of a key: no value of this object has keys of its own."""
        if not keys:
            return self
        member = self._find(keys[0])
        return member.node if member is not None and len(keys) == 1 else None

    def items(self) -> Iterator[tuple[str, Node]]:
        """The keys and the values."""
        for key, _, offset in self.entries():
            yield key, self.member(offset).node

    def key_origin(self, key: str) -> Origin:
        """Where a key stands; where there is no such key, the origin of the object."""
        member = self._find(key)
        if member is None:
            return self.origin
        return self.source.origin(member.key_start, member.key_end, f"{self.pointer}/{escape(key)}")

    def _find(self, wanted: str) -> Member | None:
        found = (offset for key, _, offset in self.entries() if key == wanted)
        offset = next(found, None) if wanted in self.pairs else None
        return self.member(offset) if offset is not None else None


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read, and what is odd about it."""

    path: str
    syntax: Syntax
    root: Node
    remarks: tuple[Remark, ...] = ()


def brief(text: str) -> str:
    """The start of a text that may be a whole file long, for a message of one line."""
    line = " ".join(text[: 2 * _LONGEST_QUOTE].split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 3]}..."


def duplicate_key(source: Source, key: str, first: int, span: tuple[int, int], pointer: str) -> Remark:
    """The remark on a key that stands in its mapping for a second time."""
    return Remark(
        Irregularity.DUPLICATE_KEY,
        source.origin(*span, pointer),
        f"the key `{brief(key)}` stands here for the second time, after line {source.position(first)[0]}",
        "Keep one of the two: readers take the last and drop the first without a word.",
    )


_Plain = dict[str, object] | list[object]


def _blank(node: Node) -> _Plain:
    return {} if node.is_mapping else []


def _enqueue(waiting: list[tuple[Node, _Plain]], node: Node) -> _Plain:
    target = _blank(node)
    waiting.append((node, target))
    return target
