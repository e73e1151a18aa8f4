"""The lines of a file around a finding, with carets under what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.reporters.styled import TAB, Segment, Style, cells, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.model import Origin
    from artifact_lint.reporters.context import RenderContext
    from artifact_lint.reporters.styled import Line

#: How many lines are shown before and after the one that a finding is about.
_AROUND = 1


def excerpt(origin: Origin, context: RenderContext, caret: Style) -> Iterator[Line]:
    """The excerpt for an origin; nothing where the file has no such line, or the finding is about the whole file."""
    if origin == type(origin)(origin.path):
        return
    lines = context.source(origin.path)
    if lines is None or not 1 <= origin.line <= len(lines):
        return
    if origin.column > len(lines[origin.line - 1]) + 1:
        return
    gutter = gutter_width(origin)
    room = max(context.width - gutter - 3, 20)
    start, end = _span(origin, lines[origin.line - 1])
    shown = _Window(lines[origin.line - 1], start, end, room, context)
    yield _row(gutter, "")
    around = 0 if shown.starts_late else _AROUND
    for number in _numbers(origin.line - around, origin.line, lines):
        yield _row(gutter, str(number), shown.same_part_of(lines[number - 1]))
    yield _row(gutter, str(origin.line), shown.text)
    yield (*_row(gutter, ""), Segment(" " * shown.indent), Segment("^" * shown.length, caret))
    for number in _numbers(origin.line + 1, origin.line + 1 + around, lines):
        yield _row(gutter, str(number), shown.same_part_of(lines[number - 1]))
    yield _row(gutter, "")


def gutter_width(origin: Origin) -> int:
    """The columns that the line numbers take."""
    return max(len(str(origin.line + _AROUND)), 2)


def _numbers(first: int, stop: int, lines: Sequence[str]) -> list[int]:
    return [number for number in range(max(first, 1), min(stop, len(lines) + 1)) if lines[number - 1].strip()]


def _row(gutter: int, number: str, text: str = "") -> Line:
    edge = Segment(f"{number:>{gutter}} | ", Style.GUTTER)
    return (edge, Segment(text)) if text else (edge,)


def _span(origin: Origin, line: str) -> tuple[int, int]:
    """Where the carets start and end, as indices into the line."""
    start = min(max(origin.column - 1, 0), len(line))
    several = origin.end_line > origin.line
    end = len(line.rstrip()) if several else min(origin.end_column - 1, len(line))
    return start, max(end, start + 1)


class _Window:
    """The part of a line that has room: all of it, or what surrounds the start of the span."""

    def __init__(self, line: str, start: int, end: int, room: int, context: RenderContext) -> None:
        line = line.ljust(start + 1)  # a caret behind the end takes room, too
        self._room = room
        self._dots = "…" if context.unicode else "..."
        self._first = 0 if _fits(line, room) else _first_shown(line, start, end, room, self._dots)
        self.text = self.same_part_of(line)
        before = _shown(line[self._first : start])
        lead = self._dots if self._first else ""
        self.indent = cells(lead + before)
        under = _shown(line[start : min(end, start + room)], at=self.indent) or " "
        self.length = max(min(cells(under), cells(self.text) - self.indent), 1)

    @property
    def starts_late(self) -> bool:
        """Whether the start of the line is out of sight, so that the lines around it would tell nothing."""
        return self._first > 0

    def same_part_of(self, line: str) -> str:
        """The same columns of another line."""
        lead = self._dots if self._first else ""
        rest = line[self._first : self._first + 2 * self._room]
        shown = lead + _shown(rest)
        if cells(shown) <= self._room and self._first + len(rest) == len(line):
            return shown
        return _cut(shown, self._room - cells(self._dots)) + self._dots


def _fits(line: str, room: int) -> bool:
    return len(line) <= room and cells(_shown(line)) <= room


def _first_shown(line: str, start: int, end: int, room: int, dots: str) -> int:
    """The index that the window starts at, so that the span is in sight with something before it."""
    if _fits(line[: min(end, room + 1)], room - cells(dots)):
        return 0
    span = cells(_shown(line[start : min(end, start + room)]))
    before = max(min(room // 3, room - span - 2 * cells(dots)), 0)
    first = max(start - before, 0)
    while first < start and cells(_shown(line[first:start])) > before:
        first += 1
    return first


def _cut(text: str, room: int) -> str:
    while cells(text) > room:
        text = text[: min(len(text) - 1, room)]
    return text


def _shown(text: str, at: int = 0) -> str:
    """The text as it appears: tabs as spaces up to the next stop, control characters spelled out."""
    if "\t" not in text:
        return visible(text)
    shown = ""
    for index, piece in enumerate(text.split("\t")):
        if index:
            shown += " " * (TAB - (at + cells(shown)) % TAB)
        shown += visible(piece)
    return shown
