"""Templates read by their tokens alone, where Jinja is not installed or does not parse them.

The delimiters and tokens are those of Jinja 3.1 (jinja2/lexer.py) as chat templates use them: no line statements. There
is no grammar, so more texts are read than Jinja would accept, and no nesting is too deep.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from re import DOTALL
from re import compile as regex
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.policy.template_steps import (
    ATTRIBUTE_FILTERS,
    BUILDERS,
    LOADING_STATEMENTS,
    RENDERED,
    Event,
    Key,
    Step,
    TemplateError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OPENING = regex(r"\{[{%#]")
_RAW = regex(r"\{%[-+]?\s*raw\s*-?%\}")
_END_RAW = regex(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_TOKEN = regex(
    r"(?P<blank>\s+)"
    r"|(?P<string>'[^'\\]*(?:\\.[^'\\]*)*'|\"[^\"\\]*(?:\\.[^\"\\]*)*\")"
    r"|(?P<number>\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][-+]?\d+)?|0[xX][\da-fA-F_]+)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<operator>//|\*\*|[=!<>]=|[-+/*%~\[\](){}<>=.:|,;])",
    DOTALL,
)
#: What may follow a backslash in a Python string.
_ESCAPE = regex(r"\\(.)")
_ESCAPES = frozenset("\n\\'\"abfnrtv01234567xNuU")
_ENDS = {"{{": regex(r"-?\}\}"), "{%": regex(r"[-+]?%\}")}
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_WORDS = frozenset({"and", "else", "if", "in", "is", "not", "or", "recursive"})
_BLOCKS = frozenset({"autoescape", "block", "call", "filter", "for", "generation", "if", "macro", "set", "with"})
#: How many stack frames of Jinja's parser a level of each kind takes, at most.
_FRAMES_OF_BRACKET, _FRAMES_OF_BLOCK = 15, 6


class Token(NamedTuple):
    """A name, a string (decoded), a number or an operator."""

    kind: str
    text: str
    line: int


class Block(NamedTuple):
    """What stands between a pair of delimiters; `partners` holds where each opening bracket is closed."""

    is_statement: bool
    tokens: Sequence[Token]
    partners: dict[int, int]


def read_blocks(text: str) -> list[Block]:
    """The expressions and statements of a template.

    Raises:
        TemplateError: A delimiter, a string or a bracket is not closed, or a character starts no token.
    """
    line_of = _Lines(text)
    blocks = []
    position = 0
    while opening := _OPENING.search(text, position):
        start = opening.start()
        raw = _RAW.match(text, start)
        if raw or opening.group() == "{#":
            position = _skip(text, raw.end() if raw else start + 2, line_of(start), is_raw=raw is not None)
            continue
        tokens: list[Token] = []
        position = _tokenise(text, opening.group(), start, line_of, tokens)
        blocks.append(Block(opening.group() == "{%", tokens, _partners(tokens)))
    return blocks


def parser_frames(blocks: Sequence[Block]) -> int:
    """About how many stack frames Jinja's parser, which recurses, would need."""
    deepest = level = 0
    for block in blocks:
        brackets = runs = depth = run = branches = 0
        for token in block.tokens:
            if token.kind == "operator" and token.text in "([{":
                depth += 1
                brackets = max(brackets, depth)
            elif token.kind == "operator" and token.text in ")]}":
                depth -= 1
            run = run + 1 if token.text in {"-", "+", "not"} and token.kind != "string" else 0
            runs = max(runs, run)
            branches += token.kind == "name" and token.text == "else"
        first = block.tokens[0].text if block.is_statement and block.tokens else ""
        if first in _BLOCKS:
            level += 1
        deepest = max(deepest, level * _FRAMES_OF_BLOCK + brackets * _FRAMES_OF_BRACKET + runs + branches)
        is_inline = first == "set" and _top_level(block, 0, len(block.tokens), "=") is not None
        if is_inline or (first.startswith("end") and first[3:] in _BLOCKS):
            level = max(0, level - 1)
    return deepest


def events(blocks: Sequence[Block]) -> Iterator[Event]:
    """What a template does, told by its tokens."""
    for block in blocks:
        if block.is_statement and block.tokens:
            yield from _statement(block)
        yield from _expressions(block)


class _Lines:
    def __init__(self, text: str) -> None:
        self._starts = list(accumulate((len(line) for line in text.splitlines(keepends=True)), initial=0))

    def __call__(self, offset: int) -> int:
        return bisect_right(self._starts, offset)


def _skip(text: str, start: int, line: int, *, is_raw: bool) -> int:
    if is_raw:
        end = _END_RAW.search(text, start)
        if end is None:
            raise TemplateError(f"the `raw` block of line {line} is not closed")
        return end.end()
    closing = text.find("#}", start)
    if closing < 0:
        raise TemplateError(f"the comment of line {line} is not closed")
    return closing + 2


def _tokenise(text: str, opening: str, start: int, line_of: _Lines, tokens: list[Token]) -> int:
    """Read one block into `tokens`, and return where it ends."""
    position = start + 3 if text[start + 2 : start + 3] in ("-", "+") and opening == "{%" else start + 2
    if opening == "{{" and text.startswith("-", position):
        position += 1
    depth = 0
    while True:
        end = None if depth else _ENDS[opening].match(text, position)
        if end:
            return end.end()
        found = _TOKEN.match(text, position)
        if found is None:
            what = "is not closed" if position >= len(text) else f"holds {text[position]!r}, which starts no token"
            raise TemplateError(f"the block of line {line_of(start)} {what}")
        kind, piece = str(found.lastgroup), found.group()
        if kind == "operator":
            depth += (piece in "([{") - (piece in ")]}")
        if kind != "blank":
            _add(tokens, kind, piece, line_of(position))
        position = found.end()


def _add(tokens: list[Token], kind: str, piece: str, line: int) -> None:
    if kind != "string":
        tokens.append(Token(kind, piece, line))
        return
    decoded = _decoded(piece[1:-1], line)
    if tokens and tokens[-1].kind == "string":
        tokens[-1] = tokens[-1]._replace(text=tokens[-1].text + decoded)
    else:
        tokens.append(Token("string", decoded, line))


def _decoded(text: str, line: int) -> str:
    """A string's value: Jinja reads escapes as Python does."""
    if "\\" not in text:
        return text
    # Python keeps the backslash of an escape that it does not know, and warns.
    text = _ESCAPE.sub(lambda found: found[0] if found[1] in _ESCAPES else f"\\{found[0]}", text)
    try:
        return text.encode("ascii", "backslashreplace").decode("unicode-escape")
    except UnicodeDecodeError:
        raise TemplateError(f"a string in line {line} has an escape that means nothing") from None


def _partners(tokens: Sequence[Token]) -> dict[int, int]:
    waiting: list[int] = []
    partners = {}
    for index, token in enumerate(tokens):
        if token.kind != "operator":
            continue
        if token.text in _PAIRS:
            waiting.append(index)
        elif token.text in ")]}":
            if not waiting or _PAIRS[tokens[waiting[-1]].text] != token.text:
                raise TemplateError(f"a bracket in line {token.line} closes none")
            partners[waiting.pop()] = index
    if waiting:
        raise TemplateError(f"a bracket in line {tokens[waiting[-1]].line} is not closed")
    return partners


def _is(block: Block, index: int, *texts: str) -> bool:
    """Whether an operator or a name with one of these texts stands at an index."""
    if not 0 <= index < len(block.tokens):
        return False
    token = block.tokens[index]
    return token.kind != "string" and token.text in texts


def _is_name(block: Block, index: int) -> bool:
    return 0 <= index < len(block.tokens) and block.tokens[index].kind == "name"


def _ends_value(block: Block, index: int) -> bool:
    """Whether a value ends at an index, so that a bracket behind it is a lookup or a call."""
    if index < 0:
        return False
    token = block.tokens[index]
    if token.kind == "name":
        return token.text not in _WORDS or _is(block, index - 1, ".")
    return token.kind == "string" or _is(block, index, ")", "]", "}")


def _top_level(block: Block, start: int, end: int, *texts: str) -> int | None:
    """Where the first of some operators or names stands outside of brackets; None where there is none."""
    index = start
    while index < end:
        if _is(block, index, *texts):
            return index
        index = block.partners.get(index, index) + 1
    return None


def _statement(block: Block) -> Iterator[Event]:
    first, end = block.tokens[0], len(block.tokens)
    match first.text:
        case "set":
            yield from _assignment(block, 1, end)
        case "with":
            yield from _assignments(block, 1, end)
        case "for":
            middle = _top_level(block, 1, end, "in")
            if middle is not None:
                key = _key(block, middle + 1, _top_level(block, middle + 1, end, "if") or end)
                yield from _assigned(block, 1, middle, key)
        case "macro" | "call":
            bracket = _top_level(block, 1, end, "(")
            if first.text == "macro" and _is_name(block, 1):
                yield Event(Step.ASSIGNED, first.line, f"{block.tokens[1].text}()", RENDERED)
            if bracket is not None:
                yield from _assignments(block, bracket + 1, block.partners[bracket])
        case word if word in LOADING_STATEMENTS:
            yield Event(Step.LOADED, first.line, word)


def _assignments(block: Block, start: int, end: int) -> Iterator[Event]:
    for first, last in _arguments(block, start, end):
        yield from _assignment(block, first, last)


def _assignment(block: Block, start: int, end: int) -> Iterator[Event]:
    """`names = expression`; a `set` without a value renders what it encloses."""
    sign = _top_level(block, start, end, "=")
    if sign is None:
        if _is(block, 0, "set"):
            yield from _assigned(block, start, _top_level(block, start, end, "|") or end, RENDERED)
        return
    yield from _assigned(block, start, sign, _key(block, sign + 1, end))
    if _is(block, sign + 1, "namespace") and _is(block, sign + 2, "("):
        for first, last in _arguments(block, sign + 3, block.partners[sign + 2]):
            if _is(block, first + 1, "=") and last > first:
                name = f"{block.tokens[start].text}.{block.tokens[first].text}"
                yield Event(Step.ASSIGNED, block.tokens[first].line, name, _key(block, first + 2, last))


def _assigned(block: Block, start: int, end: int, key: Key) -> Iterator[Event]:
    index = start
    while index < end:
        if _is_name(block, index):
            name, used = _variable(block, index)
            yield Event(Step.ASSIGNED, block.tokens[index].line, name, key)
            index = used
        index += 1


def _arguments(block: Block, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans between commas."""
    while start < end:
        comma = _top_level(block, start, end, ",")
        yield start, end if comma is None else comma
        start = end if comma is None else comma + 1


def _variable(block: Block, index: int) -> tuple[str, int]:
    """A variable's name, or that of what a namespace or mapping holds under a literal name, and its last token."""
    text = block.tokens[index].text
    if _is(block, index + 1, ".") and _is_name(block, index + 2):
        return f"{text}.{block.tokens[index + 2].text}", index + 2
    if _is(block, index + 1, "[") and block.partners[index + 1] == index + 3:
        inner = block.tokens[index + 2]
        if inner.kind == "string":
            return f"{text}.{inner.text}", index + 3
    return text, index


def _key(block: Block, start: int, end: int) -> Key:
    texts: list[str] = []
    names: list[str] = []
    is_built = is_summed = False
    index = start
    while index < end:
        token = block.tokens[index]
        if token.kind == "string":
            texts.append(token.text)
        elif _is(block, index, "~") or _is_builder(block, index):
            is_built = True
        elif _is(block, index, "+", "*", "%"):
            is_summed = True
        elif _is(block, index, "[") and _ends_value(block, index - 1):
            closing = block.partners[index]
            colon = _top_level(block, index + 1, closing, ":")
            if colon is not None:
                is_summed = True
                is_built = is_built or _top_level(block, colon + 1, closing, ":") is not None
            index = closing
        elif token.kind == "name" and token.text not in _WORDS and not _is(block, index - 1, ".", "|"):
            if _is(block, index + 1, "("):
                names.append(f"{token.text}()")
            elif not _is(block, index + 1, "="):
                name, index = _variable(block, index)
                names.append(name)
        index += 1
    return Key(tuple(texts), tuple(names), is_built, is_summed)


def _is_builder(block: Block, index: int) -> bool:
    is_called = _is(block, index - 1, "|") or (_is(block, index - 1, ".") and _is(block, index + 1, "("))
    return is_called and _is_name(block, index) and block.tokens[index].text in BUILDERS


def _expressions(block: Block) -> Iterator[Event]:
    for index, token in enumerate(block.tokens):
        if token.kind == "string":
            yield Event(Step.TEXT, token.line, token.text)
        elif token.kind == "name":
            if _is(block, index - 1, "."):
                yield Event(Step.ATTRIBUTE, token.line, token.text)
                continue
            if token.text in ATTRIBUTE_FILTERS and (
                _is(block, index - 1, "|") or (index == 1 and _is(block, 0, "filter"))
            ):
                yield from _attribute_filter(block, index)
                continue
            yield Event(Step.NAME, token.line, token.text)
            if _is(block, index + 1, ".", "[") and token.text not in _WORDS:
                yield Event(Step.WALKED, token.line, token.text)
        elif token.text == "[" and _ends_value(block, index - 1):
            closing = block.partners[index]
            if _top_level(block, index + 1, closing, ":") is None:
                yield Event(Step.LOOKUP, token.line, key=_key(block, index + 1, closing))


def _attribute_filter(block: Block, index: int) -> Iterator[Event]:
    """The lookups of a filter; the first argument of `map` names what it applies, and `attr` takes a name behind it."""
    name, line = block.tokens[index].text, block.tokens[index].line
    if not _is(block, index + 1, "("):
        return
    is_attribute = name == "attr"
    for position, (start, end) in enumerate(_arguments(block, index + 2, block.partners[index + 1])):
        is_named = _is(block, start, "attribute") and _is(block, start + 1, "=")
        yield Event(Step.LOOKUP, line, key=_key(block, start, end), is_attribute=is_attribute or is_named)
        first = block.tokens[start]
        if name == "map" and position == 0 and not _is(block, start + 1, "="):
            is_attribute = first.kind != "string" or first.text == "attr"
