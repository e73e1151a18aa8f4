"""Where a document has, or would take, the value of a field: in the style in which the rest of its entry is written."""

from __future__ import annotations

from re import Match
from re import compile as regex
from typing import TYPE_CHECKING

from artifact_lint.document.node import escape
from artifact_lint.model import Edit, Slot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifact_lint.document.node import Member, Node, Source

#: YAML 1.1 breaks lines at these, too.
_LINE_BREAK = regex("\r\n|[\n\r\x85\u2028\u2029]")
_NEWLINES = ("\r\n", "\n", "\r")
_FLOW = regex(r"(?:[!&]\S*\s+)*\{")
#: What stands before the first key of a block mapping on its line; anything else, and no line could be put below it.
_INDENT = regex(r" *(?:-[ \t]+)*")
_REST_OF_LINE = regex(r"[ \t]*|[ \t]+#.*")
_COMMENT_AHEAD = regex(r"[ \t]*,?[ \t]*#")
_BETWEEN = regex(r"\s*,(\s*)")
_COLONS = (":", ": ", " : ")
_NULLS = ("", "~", "null", "Null", "NULL")


def rewritten(node: Node, value: str | float, written: str) -> Edit | None:
    """The edit that writes another value in place of a scalar; None where that would change more than this value."""
    span = _span(node)
    if span is None or not _stands_alone(node):
        return None
    start, end, _ = span
    return Edit(node.source.origin(start, end, node.pointer), written, value, node.source.digest)


def slot(entry: Node, key: str, *, text: bool) -> Slot | None:
    """Where a mapping has, or would take, a field for a text or a number; None where it cannot be written alone.

    What aliases repeat is not written to: it would change in other places, too. A field that is inherited by a merge
    key, or stands as an alias, is left alone.
    """
    if entry.members is None or not _stands_alone(entry):
        return None
    member = entry.members.get(key)
    if member is None:
        return _gap(entry, key, text=text)
    return _present(member.node, text=text) if member.node.parent is entry else None


def _stands_alone(node: Node | None) -> bool:
    """Whether a value is in text that can be edited, and neither it nor what it lies in is repeated by an alias."""
    if node is None or not node.source.editable:
        return False
    while node is not None:
        if node.aliased:
            return False
        node = node.parent
    return True


def _span(node: Node) -> tuple[int, int, str] | None:
    """Start, end and quote of a scalar on one line without escapes, tags and anchors left out."""
    if not node.is_scalar:
        return None
    content = node.source.content
    if node.text is None:
        is_plain = content[node.start : node.end] in _NULLS
        return (node.start, node.end, "") if is_plain else None
    for quote in ('"', "'") if node.quoted else ("",):
        written = f"{quote}{node.text}{quote}"
        if content.endswith(written, node.start, node.end):
            return node.end - len(written), node.end, quote
    return None


def _is_written(node: Node) -> bool:
    """Whether a value is a scalar on one line that is not left out."""
    return node.start < node.end and _span(node) is not None


def _present(node: Node, *, text: bool) -> Slot | None:
    span = _span(node)
    if span is None:
        return None
    start, end, quote = span
    source = node.source
    vacant = not (node.text or "").strip()
    if vacant:
        quote = (quote or '"') if text else ""
    space = " " if start == end and source.content[start - 1 : start] == ":" else ""
    return Slot(source.origin(start, end, node.pointer), space + quote, quote, vacant, source.digest)


def _gap(entry: Node, key: str, *, text: bool) -> Slot | None:
    """The gap behind the last value that is written in the entry itself, on one line."""
    own = [member for member in (entry.members or {}).values() if member.node.parent is entry]
    own.sort(key=lambda member: member.key_start)
    while own and not _is_written(own[-1].node):
        own.pop()
    if not own:
        return None
    source = entry.source
    opening = _FLOW.match(source.content, entry.start)
    lead = _lead_in_flow(source, own, opening) if opening is not None else _lead_in_block(source, own[-1])
    if lead is None:
        return None
    before, place = lead
    quote = '"' if text else ""
    label = f"{before}{_key_like(source, own[-1], key)}{quote}"
    origin = source.origin(place, place, f"{entry.pointer}/{escape(key)}")
    return Slot(origin, label, quote, vacant=True, basis=source.digest)


def _key_like(source: Source, member: Member, key: str) -> str:
    """A key and its colon, spelled as the member's are."""
    first = source.content[member.key_start]
    quote = first if first in "\"'" else ""
    colon = source.content[member.key_end : member.node.start]
    if colon not in _COLONS or (colon == ":" and not quote):
        colon = ": "
    return f"{quote}{key}{quote}{colon}"


def _lead_in_flow(source: Source, own: Sequence[Member], opening: Match[str]) -> tuple[str, int]:
    """The comma and blanks that separate the other members, at the end of the last one's value."""
    last = own[-1]
    place = last.node.end
    blanks = " "
    if len(own) > 1:
        between = _BETWEEN.fullmatch(source.content, own[-2].node.end, last.key_start)
        blanks = between[1] if between is not None else blanks
    else:
        before = source.content[opening.end() : last.key_start]
        is_tight = source.content[last.key_end : last.node.start] == ":"
        blanks = before if _has_line_break(before) and not before.strip() else "" if is_tight else blanks
    if _has_line_break(blanks):
        breaks = list(_LINE_BREAK.finditer(blanks))
        is_told_of = _COMMENT_AHEAD.match(source.content, place) is not None
        blanks = " " if is_told_of else blanks[breaks[-1].start() :]
    return f",{blanks}", place


def _has_line_break(text: str) -> bool:
    return _LINE_BREAK.search(text) is not None


def _lead_in_block(source: Source, last: Member) -> tuple[str, int] | None:
    """A line of its own below the last value and the comment behind it, indented as the key is."""
    content = source.content
    line, _ = source.position(last.key_start)
    before = content[source.offset(line, 1) : last.key_start]
    following = _LINE_BREAK.search(content, last.node.end)
    place = following.start() if following is not None else len(content)
    if _INDENT.fullmatch(before) is None or _REST_OF_LINE.fullmatch(content, last.node.end, place) is None:
        return None
    return f"{_newline(content, following)}{' ' * len(before)}", place


def _newline(content: str, following: Match[str] | None) -> str:
    """The line break that follows, else the first of the text."""
    found = following or _LINE_BREAK.search(content)
    return found[0] if found is not None and found[0] in _NEWLINES else "\n"
