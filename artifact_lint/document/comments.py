"""The comments of YAML and TOML texts, told from what merely looks like one inside of a string.

The readers drop comments, and few texts hold one that anybody asks for: those are read a second time.
"""

from __future__ import annotations

from bisect import bisect_right
from re import DOTALL, MULTILINE
from re import compile as regex
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.document.node import Syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.document.node import Source

#: A `#` begins a comment at the start of a line or behind white space (YAML 1.2.2, section 6.6).
_HASH = regex(r"(?:^|(?<=[ \t]))#[^\r\n\x85\u2028\u2029]*", MULTILINE)
_LINE_END = regex(r"[\r\n]|\Z")
#: A string or a comment, whichever begins first (TOML 1.0, "Comment" and "String").
_TOML_TOKEN = regex(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*+'"
    r"|(?P<comment>#[^\r\n]*+)",
    DOTALL,
)


class Comment(NamedTuple):
    """One comment, from its `#` to the end of its line, as offsets; `alone` where nothing stands before it."""

    start: int
    end: int
    text: str
    alone: bool


def comments(source: Source, syntax: Syntax, start: int = 0, end: int | None = None) -> list[Comment]:
    """The comments between two offsets of a text, in order; none of JSON, which has none, or of what cannot be read."""
    end = len(source.content) if end is None else end
    if syntax is Syntax.JSON:
        return []
    spans = _yaml_spans if syntax is Syntax.YAML else _toml_spans
    content = source.content
    return [
        Comment(first, last, content[first:last], not content[_line_start(content, first) : first].strip())
        for first, last in spans(content, start, end)
    ]


def _line_start(content: str, offset: int) -> int:
    return max(content.rfind("\n", 0, offset), content.rfind("\r", 0, offset)) + 1


def _toml_spans(content: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for found in _TOML_TOKEN.finditer(content, start, end):
        if found["comment"] is not None:
            yield found.span()


def _yaml_spans(content: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    scalars = list(_scalars(content[start:end], start))
    beginnings = [first for first, _ in scalars]
    position = start
    while (found := _HASH.search(content, position, end)) is not None:
        before = bisect_right(beginnings, found.start()) - 1
        if before >= 0 and found.start() < scalars[before][1]:
            position = found.start() + 1
        else:
            yield found.span()
            position = found.end()


def _scalars(content: str, base: int) -> Iterator[tuple[int, int]]:
    """The spans of all scalars, keys and those that a later one replaces included; of block scalars, of their lines."""
    import yaml  # noqa: PLC0415  takes 20 ms to import

    loader = (getattr(yaml, "CSafeLoader", None) or yaml.SafeLoader)(content)
    try:
        while (event := loader.get_event()) is not None:
            if not isinstance(event, yaml.ScalarEvent):
                continue
            assert event.start_mark is not None
            assert event.end_mark is not None
            first, last = event.start_mark.index, event.end_mark.index
            if event.style in ("|", ">"):
                header = _LINE_END.search(content, first)
                first = header.end() if header is not None else last
            yield base + first, base + last
    except (yaml.YAMLError, ValueError):
        yield base, base + len(content)
    finally:
        loader.dispose()
