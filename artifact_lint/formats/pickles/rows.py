"""Rows of plain data in a pickle, as regular expressions: numbers, texts, and small dicts, lists and tuples of them.

What a regular expression of the standard library swallows costs a fiftieth of what an opcode costs that is run.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

#: Texts up to this length are folded, each length spelled out, for a regular expression cannot count.
_LONGEST_FOLDED: Final = 64
#: How many values make a row, and how many one holds at most; a limit keeps what the matcher remembers small.
_FEWEST: Final = 8
_MOST: Final = 2000
#: Scalars come in long rows, of which as many are told together.
_TOGETHER: Final = 8


def _any(*expressions: bytes) -> bytes:
    return b"(?:" + b"|".join(expressions) + b")"


def _text(*, old: bool, but: bytes = b"") -> bytes:
    """An expression for a short text, as picklers of old protocols write it or of new ones, that does not begin so."""
    opcode, width = (b"X", 4) if old else (rb"\x8c", 1)
    lengths = range(_LONGEST_FOLDED)
    spelled = (re.escape(length.to_bytes(width, "little")) + but + b".{%d}" % length for length in lengths)
    return opcode + _any(*spelled)


_NUMBERS: Final = (b"K.", b"M..", b"J.{4}", b"G.{8}")
_CONSTANTS: Final = rb"[N\x88\x89)]"
_GET: Final = _any(b"h.", b"j.{4}")
_MEMOIZE: Final = rb"\x94"
_PUT: Final = _any(b"q.", b"r.{4}")


def _scalar(*, old: bool, gets: bool) -> bytes:
    """An opcode that pushes one value, and the one that memoizes it."""
    text = _text(old=old, but=b"(?!__)")  # what may name a special attribute is looked at
    pushed = _any(*_NUMBERS, text, _CONSTANTS) + _kept(old=old)
    # What was fetched and is kept again may be anything.
    return _any(_GET + (rb"(?![qr])" if old else rb"(?!\x94)"), pushed) if gets else pushed


def _kept(*, old: bool) -> bytes:
    """An expression for the opcode that memoizes what was just pushed, where there is one."""
    return (_PUT if old else _MEMOIZE) + b"?+"


def _containers(scalar: bytes, memo: bytes) -> tuple[bytes, ...]:
    """Dicts, lists and tuples of scalars that are filled at once, or stay empty as far as can be seen."""
    return (
        rb"\}" + memo + _any(rb"\(" + _any(scalar + scalar) + b"*+u", scalar + scalar + b"s", rb"(?=[^(])"),
        rb"\]" + memo + _any(rb"\(" + _any(scalar) + b"*+e", scalar + b"a", rb"(?=[^(])"),
        rb"\(" + _any(scalar) + b"*+t" + memo,
    )


@cache
def row(*, old: bool, gets: bool) -> re.Pattern[bytes]:
    """Values in a row that stand by themselves, whatever is below them on the stack.

    In the group are the last opcodes of a row that what is below takes: of all that fills a dict or a list at once.
    """
    memo = _kept(old=old)
    scalar = _scalar(old=old, gets=gets)
    small = _any(rb"\x85" + memo, b"0", scalar + _any(rb"\x86", scalar + rb"\x87") + memo, b"")
    unit = _any(*(number * _TOGETHER for number in _NUMBERS), *_containers(scalar, memo), scalar + small)
    rows = unit + b"{%d,%d}+" % (_FEWEST, _MOST)
    many = _any(scalar) + b"{%d,}+" % _FEWEST
    filling = rb"\(" + many + _any(b"t" + memo, b"([ue])")
    large = (rb"\}" + memo + rb"\(" + many + b"u", rb"\]" + memo + rb"\(" + many + b"e")
    return re.compile(_any(filling, rows, *large), re.DOTALL)


#: The opcodes of a row that do not memoize anything.
_IN_ROWS: Final = _any(rb"[N\x88\x89)\]}(uesat0\x85-\x87]", *_NUMBERS, _GET)


@cache
def token() -> re.Pattern[bytes]:
    """An opcode of a row, one of those that memoize included."""
    return re.compile(_any(_IN_ROWS, _text(old=False), _text(old=True), _MEMOIZE, _PUT), re.DOTALL)


@cache
def up_to_get() -> re.Pattern[bytes]:
    """The opcodes up to one that fetches from the memo, which is the last of them."""
    others = (rb"[N\x88\x89)\]}(uesat0\x85-\x87]", *_NUMBERS, _text(old=False), _text(old=True), _MEMOIZE, _PUT)
    return re.compile(_any(*others) + b"*+" + _GET, re.DOTALL)


@cache
def up_to_memoize() -> re.Pattern[bytes]:
    """The opcodes up to a MEMOIZE, which is in the group, or up to the end."""
    return re.compile(_any(_IN_ROWS, _text(old=False)) + rb"*+(?:(\x94)|\Z)", re.DOTALL)


@cache
def up_to_put() -> re.Pattern[bytes]:
    """The opcodes up to a BINPUT or LONG_BINPUT, whose index is in the first or second group, or up to the end."""
    return re.compile(_any(_IN_ROWS, _text(old=True)) + rb"*+(?:q(.)|r(.{4})|\Z)", re.DOTALL)


#: Opcodes that push plain data: where no row begins at one, none begins at those right behind it.
PUSHES: Final = frozenset(b"NKMJGhjX\x8c\x88\x89)q\x94r")
