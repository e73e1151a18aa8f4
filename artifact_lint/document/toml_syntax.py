"""TOML with positions: `tomllib` gives the values, a scan of the text says where they stand.

`tomllib` keeps no positions. The scan follows the grammar of TOML 1.0 (https://toml.io/en/v1.0.0) loosely, because
`tomllib` judges the text; where the two should ever part, a value has the position of the table around it.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING

from artifact_lint.document.node import Member, Node, Source

if TYPE_CHECKING:
    from artifact_lint.document.node import DocumentError, Limits

_SPACE = re.compile(r"[ \t]*+")
_FILLER = re.compile(r"(?:[ \t\r\n]|#[^\n]*+)*+")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]++")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*+'",
    re.DOTALL,
)
_OTHER_SCALAR = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]++|[^\s,\]}#]++")
_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END = " (at end of document)"
#: Greater integers stay text: TOML asks for 64 bits, and Python refuses to print very long ones.
_MAX_BITS = 1024

_Key = tuple[str, int, int]


class _LostError(Exception):
    """The scan cannot follow the text; `tomllib` will say what is wrong with it."""


def read_toml(source: Source, limits: Limits) -> Node:
    """The root of a TOML text.

    Raises:
        DocumentError: The text is not TOML, or goes beyond a limit.
    """
    scan = _Scan(source, limits)
    with suppress(_LostError):
        scan.run()
    try:
        value = tomllib.loads(source.content)
    except RecursionError:
        raise source.error(0, "nested too deeply", "Flatten the document.") from None
    except tomllib.TOMLDecodeError as error:
        raise _explained(source, str(error)) from None
    except ValueError:
        raise source.error(0, "a whole number of more than 4,300 digits", "Write it as a string.") from None
    return _valued(scan.root, value)


class _Scan:
    """One pass over the text that builds the tree of positions."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.source = source
        self.content = source.content
        self.limits = limits
        self.root = _mapping(source, None, "", (0, len(source.content.rstrip())))
        self.open: list[Node] = []
        self.nodes = 0

    def run(self) -> None:
        table = self.root
        position = self.fill(0)
        while position < len(self.content):
            if self.content.startswith("[", position):
                table, position = self.header(position)
            else:
                position = self.entry(table, position)
                while self.open:
                    position = self.inside(self.open[-1], position)
                table.end = max(table.end, position)
            position = self.fill(position)

    def header(self, start: int) -> tuple[Node, int]:
        brackets = 2 if self.content.startswith("[[", start) else 1
        keys, position = self.keys(start + brackets)
        if not self.content.startswith("]" * brackets, position):
            raise _LostError
        end = position + brackets
        parent = self.descend(self.root, keys[:-1])
        if brackets == 1:
            table = self.descend(parent, keys[-1:])
        else:
            key, key_start, key_end = keys[-1]
            members = _members(parent)
            if key not in members:
                array = Node(self.source, parent, key, (start, end))
                array.sequence = []
                members[key] = Member(key_start, key_end, array)
            elements = members[key].node.sequence
            if elements is None:
                raise _LostError
            table = _mapping(self.source, members[key].node, len(elements), (start, end))
            elements.append(table)
        table.start, table.end = start, max(table.end, end)
        return table, end

    def entry(self, table: Node, start: int) -> int:
        keys, position = self.keys(start)
        if not self.content.startswith("=", position):
            raise _LostError
        parent = self.descend(table, keys[:-1])
        key, key_start, key_end = keys[-1]
        node, position = self.value(parent, key, self.space(position + 1))
        _members(parent)[key] = Member(key_start, key_end, node)
        return position

    def inside(self, container: Node, position: int) -> int:
        """Read one more entry of the innermost open array or inline table, or its end."""
        position = self.fill(position)
        character = self.content[position : position + 1]
        if character in ("]", "}"):
            self.open.pop()
            container.end = position + 1
            return position + 1
        if character == ",":
            return position + 1
        if container.sequence is None:
            return self.entry(container, position)
        node, position = self.value(container, len(container.sequence), position)
        container.sequence.append(node)
        return position

    def value(self, parent: Node, token: str | int, start: int) -> tuple[Node, int]:
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            raise self.source.error(start, f"more than {self.limits.nodes:,} values", "Split the file.")
        character = self.content[start : start + 1]
        if character in ("[", "{"):
            if len(self.open) >= self.limits.depth:
                raise self.too_deep(start)
            node = Node(self.source, parent, token, (start, start + 1))
            if character == "[":
                node.sequence = []
            else:
                node.members = {}
            self.open.append(node)
            return node, start + 1
        found = _STRING.match(self.content, start)
        quoted = found is not None
        found = found or _OTHER_SCALAR.match(self.content, start)
        if found is None:
            raise _LostError
        node = Node(self.source, parent, token, found.span())
        node.text = found.group()
        node.quoted = quoted
        return node, found.end()

    def keys(self, position: int) -> tuple[list[_Key], int]:
        keys: list[_Key] = []
        while True:
            start = self.space(position)
            found = _STRING.match(self.content, start)
            if found is not None:
                key = _unquoted(found.group())
            else:
                found = _BARE_KEY.match(self.content, start)
                if found is None:
                    raise _LostError
                key = found.group()
            if len(keys) >= self.limits.depth:
                raise self.too_deep(start)
            keys.append((key, start, found.end()))
            position = self.space(found.end())
            if not self.content.startswith(".", position):
                return keys, position
            position += 1

    def descend(self, node: Node, keys: list[_Key]) -> Node:
        """The table below some keys, made where it is not there yet; of an array of tables, the last one."""
        for key, start, end in keys:
            members = _members(node)
            if key not in members:
                members[key] = Member(start, end, _mapping(self.source, node, key, (start, end)))
            node = members[key].node
            if node.sequence:
                node = node.sequence[-1]
        return node

    def too_deep(self, position: int) -> DocumentError:
        reason = f"nested more than {self.limits.depth} levels deep"
        return self.source.error(position, reason, "Flatten the document.")

    def space(self, position: int) -> int:
        found = _SPACE.match(self.content, position)
        return position if found is None else found.end()

    def fill(self, position: int) -> int:
        found = _FILLER.match(self.content, position)
        return position if found is None else found.end()


def _mapping(source: Source, parent: Node | None, token: str | int, span: tuple[int, int]) -> Node:
    node = Node(source, parent, token, span)
    node.members = {}
    return node


def _members(node: Node) -> dict[str, Member]:
    if node.members is None:
        raise _LostError
    return node.members


def _unquoted(literal: str) -> str:
    if "\\" not in literal or literal.startswith("'"):
        return literal[1:-1]
    try:
        return str(tomllib.loads(f"key = {literal}")["key"])
    except ValueError:
        raise _LostError from None


def _valued(scanned: Node, value: object) -> Node:
    """The tree of the values, each at the position that the scan found for it."""
    root = _copy(scanned, None, "", value)
    waiting = [(scanned, root, value)]
    while waiting:
        place, node, content = waiting.pop()
        if isinstance(content, dict):
            node.members = {}
            for key, item in content.items():
                member = (place.members or {}).get(key, Member(place.start, place.end, place))
                child = _copy(member.node, node, key, item)
                node.members[key] = member._replace(node=child)
                waiting.append((member.node, child, item))
        elif isinstance(content, list):
            node.sequence = []
            known = place.sequence or []
            for index, item in enumerate(content):
                spot = known[index] if index < len(known) else place
                child = _copy(spot, node, index, item)
                node.sequence.append(child)
                waiting.append((spot, child, item))
    return root


def _copy(place: Node, parent: Node | None, token: str | int, value: object) -> Node:
    node = Node(place.source, parent, token, (place.start, place.end))
    if isinstance(value, dict | list):
        return node
    node.quoted = isinstance(value, str)
    written = value if isinstance(value, str) else place.text
    node.text = str(value) if written is None else written
    huge = isinstance(value, int) and value.bit_length() > _MAX_BITS
    node.scalar = node.text if huge or not isinstance(value, bool | int | float) else value
    return node


def _explained(source: Source, message: str) -> DocumentError:
    found = _AT_LINE.search(message)
    offset = len(source.content)
    if found is not None:
        offset = source.offset(int(found.group(1)), int(found.group(2)))
        message = message[: found.start()]
    elif not message.endswith(_AT_END):
        offset = 0
    reason = message.removesuffix(_AT_END)
    return source.error(offset, reason[:1].lower() + reason[1:], "Correct the TOML here.")
