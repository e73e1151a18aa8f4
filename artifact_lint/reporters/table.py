"""Rows of cells, in columns where they fit the width and folded where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from artifact_lint.reporters.styled import Segment, Style, cells, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.reporters.styled import Line

Cell: TypeAlias = tuple[str, Style]
#: The last column is broken over lines of at least so many characters; where those have no place, rows are folded.
_LEAST: Final = 24


def table(
    rows: Sequence[Sequence[Cell]], width: int, *, right: frozenset[int] = frozenset(), indent: int = 0
) -> Iterator[Line]:
    """Rows in columns, the last of which is broken over lines where it is too long; empty columns are left out.

    Columns at the positions in `right` are aligned to the right. Where a row has no place within the width, each row
    begins with its first cell on a line of its own, and what is known of it stands below, further in.
    """
    if not rows:
        return
    used = [index for index in range(len(rows[0])) if any(row[index][0] for row in rows)]
    if not used:
        yield from ((Segment(""),) for _ in rows)
        return
    widths = {index: max(cells(row[index][0]) for row in rows) for index in used}
    before = indent + sum(widths[index] + 2 for index in used[:-1])
    last = widths[used[-1]]
    is_folded = len(used) > 1 and before + (last if used[-1] in right else min(last, _LEAST)) > width
    for row in rows:
        if is_folded:
            yield from _folded([row[index] for index in used if row[index][0]], width, indent)
        else:
            yield from _aligned(row, used, widths, right, width, indent)


def _aligned(
    row: Sequence[Cell], used: Sequence[int], widths: dict[int, int], right: frozenset[int], width: int, indent: int
) -> Iterator[Line]:
    line, taken = [Segment(" " * indent)], indent
    for index in used[:-1]:
        text, style = row[index]
        blank = " " * (widths[index] - cells(text))
        line.append(Segment(f"{blank}{text}  " if index in right else f"{text}{blank}  ", style))
        taken += widths[index] + 2
    text, style = row[used[-1]]
    if used[-1] in right:
        yield (*line, Segment(f"{' ' * (widths[used[-1]] - cells(text))}{text}", style))
        return
    parts = list(wrap(text, max(width - taken, _LEAST)))
    yield (*line, Segment(parts[0], style))
    for part in parts[1:]:
        yield (Segment(" " * taken), Segment(part, style))


def _folded(row: Sequence[Cell], width: int, indent: int) -> Iterator[Line]:
    """The first cell on its own line, the others below it, as many in a line as there is place for."""
    if not row:
        yield (Segment(""),)
        return
    yield (Segment(" " * indent), Segment(*row[0]))
    margin = Segment(" " * (indent + 2))
    line, taken = [margin], indent + 2
    for text, style in row[1:]:
        for number, part in enumerate(wrap(text, width - indent - 2)):
            if len(line) > 1 and (number or taken + cells(part) > width):
                yield tuple(line)
                line, taken = [margin], indent + 2
            line.append(Segment(f"{part}  ", style))
            taken += cells(part) + 2
    if len(line) > 1:
        yield tuple(line)
