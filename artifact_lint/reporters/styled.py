"""Lines of styled text: what a report looks like, apart from where it is written."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

TAB: Final = 4


class Style(StrEnum):
    """What a piece of text is, so that one place decides what it looks like."""

    PLAIN = "plain"
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    STRONG = "strong"
    PLACE = "place"
    GUTTER = "gutter"
    HELP = "help"
    FAINT = "faint"
    GOOD = "good"


class Segment(NamedTuple):
    """A piece of a line in one style."""

    text: str
    style: Style = Style.PLAIN


Line: TypeAlias = tuple[Segment, ...]

#: In the terms of rich, and within the eight colours that a user's theme defines.
_LOOKS: Final = {
    Style.PLAIN: "",
    Style.ERROR: "bold red",
    Style.WARNING: "bold yellow",
    Style.NOTE: "bold cyan",
    Style.STRONG: "bold",
    Style.PLACE: "cyan",
    Style.GUTTER: "blue",
    Style.HELP: "cyan",
    Style.FAINT: "dim",
    Style.GOOD: "green",
}


def plain(line: Line) -> str:
    """The text of a line without its styles."""
    return "".join(segment.text for segment in line).rstrip()


def write(lines: Iterable[Line], stream: TextIO, *, colour: bool) -> None:
    """Write lines, with colours or without; the text is the same."""
    if colour:
        _write_coloured(lines, stream)
        return
    stream.writelines(f"{plain(line)}\n" for line in lines)


def _write_coloured(lines: Iterable[Line], stream: TextIO) -> None:
    from rich.console import Console  # noqa: PLC0415 - 50 ms that only a terminal is worth
    from rich.text import Text  # noqa: PLC0415

    console = Console(
        file=stream,
        force_terminal=True,
        color_system="standard",
        no_color=False,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=True,
    )
    for line in lines:
        text = Text(end="\n")
        for segment in line:
            text.append(segment.text, _LOOKS[segment.style])
        text.rstrip()
        console.print(text)


def visible(text: str) -> str:
    """Text that cannot steer a terminal: what does not print is spelled out as Python's escapes do."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _spelled(char) for char in text)


def visible_lines(text: str) -> str:
    """Visible text, with its line breaks as they are."""
    return "\n".join(map(visible, text.split("\n")))


def inert(text: str) -> str:
    """Visible text in which GitHub's runner finds no command of its older syntax, `##[name]`, either."""
    return visible(text).replace("##[", "## [")


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) if text.isascii() else len(text) + sum(_cells_of(char) - 1 for char in text if char > "\x7f")


def _cells_of(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def wrap(text: str, width: int) -> Iterator[str]:
    """A text in lines of at most `width` columns, broken at spaces alone: a path stays whole.

    Line breaks of the text are kept. An indented line is something to copy, and is not broken.
    """
    for paragraph in text.split("\n"):
        shown = visible(paragraph.expandtabs(TAB)).rstrip()
        if shown.startswith("  "):
            yield shown
            continue
        line, taken = "", 0
        for word in shown.split():
            columns = cells(word)
            if line and taken + 1 + columns > width:
                yield line
                line = ""
            line, taken = (f"{line} {word}", taken + 1 + columns) if line else (word, columns)
        yield line


def amount(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def size(count: int) -> str:
    """Bytes for people: `18.4 kB`."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.95:
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} TB"
