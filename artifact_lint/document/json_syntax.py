"""JSON with positions: RFC 8259 as `json.loads` reads it, NaN and Infinity included, and nothing looser.

The YAML reader cannot stand in for this one: libyaml rejects surrogate pairs, keys over 1,024 characters and DEL, and
accepts comments and trailing commas.
"""

from __future__ import annotations

import json
from re import compile as regex
from typing import TYPE_CHECKING

from artifact_lint.document.node import MOST_REMARKS, PLAIN_ENTRY, FlatNode, Member, Node, Source, duplicate_key, escape

if TYPE_CHECKING:
    from artifact_lint.document.node import DocumentError, Limits
    from artifact_lint.model import Remark

_SPACE = regex(r"[ \t\n\r]*")
_STRING_BODY = regex(r'(?:[^"\\\x00-\x1f]++|\\[^\x00-\x1f])*+')
_STRING = regex(rf'"{_STRING_BODY.pattern}"')
_NUMBER = regex(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][-+]?[0-9]++)?")
_WORD = regex(r"-?[A-Za-z_]\w*")
_SURROGATE = regex(r"[\ud800-\udfff]")
_CONSTANTS: dict[str, object] = {
    "null": None,
    "true": True,
    "false": False,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}
#: Digits of a whole number: `int` refuses more than 4,300 by default (the interpreter's guard on quadratic work).
_MAX_DIGITS = 4300


def read_json(source: Source, limits: Limits, flat: frozenset[str]) -> tuple[Node, tuple[Remark, ...]]:
    """The root of a JSON text, and its duplicate keys.

    The values of the keys `flat` of the root are `FlatNode`s where they are objects of plain strings alone.

    Raises:
        DocumentError: The text is not JSON, or goes beyond a limit.
    """
    reader = _Reader(source, limits, flat)
    return reader.read(), tuple(reader.remarks)


class _Reader:
    def __init__(self, source: Source, limits: Limits, flat: frozenset[str]) -> None:
        self.source = source
        self.content = source.content
        self.limits = limits
        self.flat = flat
        self.nodes = 0
        self.open: list[Node] = []
        self.remarks: list[Remark] = []

    def read(self) -> Node:
        position = self.skip(0)
        if position == len(self.content):
            raise self.source.error(0, "the file is empty, which is not JSON", "Write a value, or delete the file.")
        root, position = self.value(None, "", position)
        while self.open:
            container = self.open[-1]
            if container.members is not None:
                position = self.member(container, container.members, position)
            elif container.sequence is not None:
                position = self.element(container, container.sequence, position)
        position = self.skip(position)
        if position < len(self.content):
            raise self.source.error(
                position, "text goes on after the end of the JSON value", "Keep one value in a file."
            )
        return root

    def element(self, container: Node, sequence: list[Node], position: int) -> int:
        position, closed = self.separator(container, "]", position, first=not sequence)
        if not closed:
            node, position = self.value(container, len(sequence), position)
            sequence.append(node)
        return position

    def member(self, container: Node, members: dict[str, Member], position: int) -> int:
        start, closed = self.separator(container, "}", position, first=not members)
        if closed:
            return start
        if not self.content.startswith('"', start):
            raise self.unexpected(start, "a key in double quotes must stand here, not")
        key, end = self.string(start)
        position = self.skip(end)
        if not self.content.startswith(":", position):
            raise self.unexpected(position, "a colon must follow the key, not")
        if key in members and len(self.remarks) < MOST_REMARKS:
            pointer = f"{container.pointer}/{escape(key)}"
            self.remarks.append(duplicate_key(self.source, key, members[key].key_start, (start, end), pointer))
        node, position = self.value(container, key, self.skip(position + 1))
        members[key] = Member(start, end, node)
        return position

    def separator(self, container: Node, closing: str, position: int, *, first: bool) -> tuple[int, bool]:
        """Go to the next entry of a container, or behind the container where it ends."""
        position = self.skip(position)
        if self.content.startswith(closing, position):
            container.end = position + 1
            self.open.pop()
            return position + 1, True
        if first:
            return position, False
        if not self.content.startswith(",", position):
            raise self.unexpected(position, f"a comma or `{closing}` must stand here, not")
        after = self.skip(position + 1)
        if self.content.startswith(closing, after):
            raise self.source.error(position, "a comma stands before the closing bracket", "Delete the comma.")
        return after, False

    def value(self, parent: Node | None, token: str | int, start: int) -> tuple[Node, int]:
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            raise self.source.error(start, f"more than {self.limits.nodes:,} values", "Split the file.")
        character = self.content[start : start + 1]
        if character == '"':
            string, end = self.string(start)
            node = Node(self.source, parent, token, (start, end))
            node.scalar = node.text = string
            node.quoted = True
            return node, end
        if character == "{" and token in self.flat and len(self.open) == 1:
            flat = self.flat_mapping(parent, token, start)
            if flat is not None:
                return flat, flat.end
        if character in ("{", "["):
            return self.container(parent, token, start, character), start + 1
        return self.plain(parent, token, start)

    def flat_mapping(self, parent: Node | None, token: str | int, start: int) -> FlatNode | None:
        """The object that begins here without nodes for its entries; None where it takes these to be told."""
        flat = FlatNode(self.source, parent, token, (start, start + 1))
        pairs, offsets = flat.pairs, flat.offsets
        shared: dict[str, str] = {}
        for found in PLAIN_ENTRY.finditer(self.content, start + 1):
            position = found.start()
            if position != flat.end:
                return None
            key, value, behind = found.groups()
            pairs[key] = shared.setdefault(value, value)
            offsets.append(position)
            flat.end = found.end()
            if len(offsets) != len(pairs):
                return None
            if len(offsets) > self.limits.entries:
                raise self.source.error(start, f"more than {self.limits.entries:,} entries", "Split the file.")
            if behind == "}":
                return flat
        return None

    def container(self, parent: Node | None, token: str | int, start: int, character: str) -> Node:
        if len(self.open) >= self.limits.depth:
            reason = f"nested more than {self.limits.depth} levels deep"
            raise self.source.error(start, reason, "Flatten the document.")
        node = Node(self.source, parent, token, (start, start + 1))
        if character == "{":
            node.members = {}
        else:
            node.sequence = []
        self.open.append(node)
        return node

    def plain(self, parent: Node | None, token: str | int, start: int) -> tuple[Node, int]:
        found = _NUMBER.match(self.content, start)
        if found is not None:
            scalar = self.number(found.group(), start, whole=found.lastindex is None)
        else:
            found = _WORD.match(self.content, start)
            if found is None or found.group() not in _CONSTANTS:
                raise self.unexpected(start, "a value must stand here, not")
            scalar = _CONSTANTS[found.group()]
        node = Node(self.source, parent, token, found.span())
        node.scalar = scalar
        node.text = None if scalar is None else found.group()
        return node, found.end()

    def number(self, text: str, start: int, *, whole: bool) -> object:
        if not whole:
            return float(text)
        if len(text) > _MAX_DIGITS:
            raise self.source.error(start, f"a whole number of {len(text):,} digits", "Write it as a string.")
        return int(text)

    def string(self, start: int) -> tuple[str, int]:
        found = _STRING.match(self.content, start)
        if found is None:
            end = _STRING_BODY.match(self.content, start + 1)
            assert end is not None
            if end.end() == len(self.content):
                raise self.source.error(start, "a string is not closed", "Close it with a double quote.")
            reason = "a line break or a control character stands in a string"
            raise self.source.error(end.end(), reason, "Close the string, or write the character as an escape.")
        literal = found.group()
        if "\\" not in literal:
            return literal[1:-1], found.end()
        try:
            decoded = json.loads(literal)
        except json.JSONDecodeError as error:
            reason = "a backslash starts no known escape in this string"
            raise self.source.error(start + error.pos, reason, "Write a backslash as `\\\\`.") from None
        return _SURROGATE.sub("\ufffd", str(decoded)), found.end()

    def skip(self, position: int) -> int:
        found = _SPACE.match(self.content, position)
        return position if found is None else found.end()

    def unexpected(self, position: int, expectation: str) -> DocumentError:
        rest = self.content[position : position + 40]
        if not rest:
            opened = self.open[-1].origin.line if self.open else 1
            reason = f"the text ends inside the value that line {opened} opens"
            return self.source.error(position, reason, "Restore the rest of the file.")
        if rest.startswith(("//", "/*", "#")):
            return self.source.error(position, "a comment, which JSON does not have", "Delete the comment.")
        if rest.startswith("'"):
            return self.source.error(position, "a string in single quotes", "Use double quotes.")
        word = _WORD.match(rest)
        found = word.group() if word is not None else rest[0] if rest[0].isprintable() else f"U+{ord(rest[0]):04X}"
        return self.source.error(position, f"{expectation} `{found}`", "Correct the JSON here.")
