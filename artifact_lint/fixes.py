"""Fixes made to the text of a document: nothing but the edited values changes, or the fix is refused."""

from __future__ import annotations

import codecs
import hashlib
from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.document import Document, DocumentError, Limits, Source, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifact_lint.document import Node
    from artifact_lint.model import Edit, Fix

_CHANGED = "the file was changed since it was linted"
_OVERLAPS = "another fix changes the same place; fix again"
_NOT_UTF8 = "only UTF-8 text is edited"
_DISTURBS = "it would change more than this value"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A fix that was not made: why, as the rest of a sentence, and the line it is about."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Amended:
    """What a document's bytes become: `made` are the fixes in them, in the order in which they were asked for."""

    data: bytes
    made: tuple[Fix, ...]
    refused: tuple[Refusal, ...]

    @property
    def is_stale(self) -> bool:
        """Whether the bytes were no longer what the fixes were made for."""
        return any(refusal.reason == _CHANGED for refusal in self.refused)


def amend(path: str, data: bytes, fixes: Sequence[Fix], limits: Limits | None = None) -> Amended:
    """The bytes of a document with the fixes that can be made to them.

    A fix is refused where the bytes are not the text that it was made for, where it overlaps with one before it, and
    where a value would change, or be lost, that is none of its results. All else stays as it is, byte for byte.
    """
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        source = Source(path, data[len(mark) :].decode("utf-8"))
        before = parse(path, data, limits=limits or Limits())
    except UnicodeDecodeError:
        return Amended(data, (), tuple(_refusal(fix, _NOT_UTF8) for fix in fixes))
    except DocumentError:
        return Amended(data, (), tuple(_refusal(fix, _CHANGED) for fix in fixes))
    amendment = _Amendment(before, source, limits or Limits())
    current = hashlib.sha256(source.content.encode()).hexdigest()
    for fix in fixes:
        if any(edit.basis != current for edit in fix.edits.value):
            amendment.refused.append(_refusal(fix, _CHANGED))
        else:
            amendment.take(fix)
    content = amendment.settle()
    made = {id(fix) for fix in amendment.made}
    in_order = tuple(fix for fix in fixes if id(fix) in made)
    return Amended(mark + content.encode("utf-8"), in_order, tuple(amendment.refused))


class _Span(NamedTuple):
    start: int
    end: int
    edit: Edit

    @property
    def key(self) -> tuple[int, int, str]:
        """What tells one change from another."""
        return self.start, self.end, self.edit.replacement


class _Amendment:
    """A document that is being amended: `made` are the fixes that were found to fit together."""

    def __init__(self, before: Document, source: Source, limits: Limits) -> None:
        self.path = before.path
        self.before = dict(_leaves(before.root))
        self.oddities = len(before.remarks)
        self.source = source
        self.limits = limits
        self.spans: dict[int, list[_Span]] = {}
        self.known: set[tuple[int, int, str]] = set()
        self.taken: list[tuple[int, int]] = []
        self.waiting: list[Fix] = []
        self.made: list[Fix] = []
        self.refused: list[Refusal] = []

    def take(self, fix: Fix) -> None:
        """Let a fix wait to be made, unless it overlaps with one that does."""
        spans = [span for edit in fix.edits.value if (span := self.span(edit)).key not in self.known]
        if any(self.overlaps(span.start, span.end) for span in spans):
            self.refused.append(_refusal(fix, _OVERLAPS))
            return
        self.known.update(span.key for span in spans)
        for span in spans:
            insort(self.taken, (span.start, span.end))
        self.spans[id(fix)] = spans
        self.waiting.append(fix)

    def overlaps(self, start: int, end: int) -> bool:
        """Whether a span shares a character with one that is taken, or begins within it; gaps at one place do not."""
        before = bisect_left(self.taken, (end,))
        return before > 0 and self.taken[before - 1][1] > start

    def span(self, edit: Edit) -> _Span:
        origin = edit.origin
        start = self.source.offset(origin.line, origin.column)
        return _Span(start, max(start, self.source.offset(origin.end_line, origin.end_column)), edit)

    def settle(self) -> str:
        """The text with all fixes that leave everything else alone: halved until the others are found."""
        groups = [self.waiting]
        while groups:
            group = groups.pop()
            if not group:
                continue
            if self.holds([*self.made, *group]):
                self.made += group
            elif len(group) == 1:
                self.refused.append(_refusal(group[0], _DISTURBS))
            else:
                half = len(group) // 2
                groups += [group[half:], group[:half]]
        return self.text(self.made)

    def text(self, fixes: Sequence[Fix]) -> str:
        """The text with some fixes made."""
        content = self.source.content
        spans = [span for fix in fixes for span in self.spans[id(fix)]]
        pieces: list[str] = []
        done = 0
        for span in sorted(spans, key=lambda span: (span.start, span.end)):
            pieces += [content[done : span.start], span.edit.replacement]
            done = span.end
        return "".join(pieces) + content[done:]

    def holds(self, fixes: Sequence[Fix]) -> bool:
        """Whether the text with some fixes made says what it said before, and what they are to make of it."""
        results = {span.edit.origin.pointer: span.edit.result for fix in fixes for span in self.spans[id(fix)]}
        try:
            after = parse(self.path, self.text(fixes).encode("utf-8"), limits=self.limits)
        except (DocumentError, UnicodeEncodeError):
            return False
        found = dict(_leaves(after.root))
        changed = {pointer: found.pop(pointer, None) for pointer in results}
        untouched = {pointer: leaf for pointer, leaf in self.before.items() if pointer not in results}
        is_as_meant = all(leaf is not None and leaf[0] == _value(results[at]) for at, leaf in changed.items())
        is_no_odder = len(after.remarks) <= self.oddities
        return is_as_meant and is_no_odder and list(found.items()) == list(untouched.items())


_Leaf = tuple[tuple[str, str], str | None, bool]


def _value(value: object) -> tuple[str, str]:
    """A value for comparison: 1 is not 1.0 and not true, and one NaN is like another."""
    return type(value).__name__, repr(value)


def _leaves(root: Node) -> Iterator[tuple[str, _Leaf]]:
    """Every value of a document by its pointer, in order, what aliases and merge keys repeat included."""
    waiting = [("", root)]
    while waiting:
        pointer, node = waiting.pop()
        below: Mapping[str, Node] = dict(node.items())
        if node.is_sequence:
            below = {str(index): element for index, element in enumerate(node.elements())}
        kind = ("mapping", "") if node.is_mapping else ("list", "") if node.is_sequence else _value(node.scalar)
        yield pointer, (kind, node.text, node.quoted)
        waiting.extend((f"{pointer}/{_escaped(key)}", child) for key, child in reversed(list(below.items())))


def _escaped(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")


def _refusal(fix: Fix, reason: str) -> Refusal:
    return Refusal(min((edit.origin.line for edit in fix.edits.value), default=1), reason)
