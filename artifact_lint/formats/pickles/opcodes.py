"""The opcodes of the pickle protocols 0 to 5 and how their arguments are read.

After CPython's `pickletools.opcodes` (PEP 307, PEP 3154, PEP 574); 68 opcodes, the same in CPython 3.8 to 3.14.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.opening import may_open
from artifact_lint.formats.pickles.values import NUMBER, TEXT
from artifact_lint.formats.sources import compression
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from artifact_lint.formats.pickles.window import Window

    Argument: TypeAlias = Callable[[Window], object]

#: Text longer than this is not kept, in bytes: no module, name or attribute is as long.
LONGEST_TEXT: Final = 4096
#: Numbers longer than this are not kept, in bytes.
LONGEST_NUMBER: Final = 64
#: A bytes constant up to this length is kept with its content when its first bytes may begin a pickle.
_KEPT: Final = 1 << 14
#: How much is kept of any other bytes constant.
_SHOWN: Final = 64
_SHORTEST_PICKLE: Final = 2
_SHORTEST_PACKED: Final = 16
#: GLOBAL or INST with both names, STACK_GLOBAL: what a pickle that acts cannot do without.
_IMPORTS: Final = re.compile(rb"[ci]\w[\w.]*\n\w[\w.]*\n|\x93")

_U2 = struct.Struct("<H")
_I4 = struct.Struct("<i")
_U4 = struct.Struct("<I")
_U8 = struct.Struct("<Q")
_F8 = struct.Struct(">d")


@dataclass(frozen=True, slots=True)
class Blob:
    """A bytes constant: where it lies, how long it is, and its first bytes."""

    offset: int
    length: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Opcode:
    """One opcode: its byte, its name in `pickletools`, the protocol that brought it, its argument's reader."""

    code: int
    name: str
    protocol: int
    argument: Argument | None = None


def broken(window: Window, detail: str) -> FormatError:
    """The error for bytes that no unpickler would take."""
    return FormatError(Cause.BROKEN, detail, window.tell() + window.shift)


def _u1(window: Window) -> int:
    position = window.position
    try:
        byte = window.buffer[position]
    except IndexError:
        return window.take(1)[0]
    window.position = position + 1
    return byte


def _u2(window: Window) -> int:
    return int(_U2.unpack(window.take(2))[0])


def _i4(window: Window) -> int:
    return int(_I4.unpack(window.take(4))[0])


def _u4(window: Window) -> int:
    return int(_U4.unpack(window.take(4))[0])


def _u8(window: Window) -> int:
    return int(_U8.unpack(window.take(8))[0])


def _f8(window: Window) -> float:
    return float(_F8.unpack(window.take(8))[0])


def _decimal_integer(window: Window) -> object:
    line = window.line()
    if line in {b"00", b"01"}:
        return line == b"01"
    return _integer(window, line)


def _decimal_long(window: Window) -> object:
    return _integer(window, window.line().removesuffix(b"L"))


def _index(window: Window) -> int:
    index = _integer(window, window.line())
    if not isinstance(index, int) or index < 0:
        raise broken(window, "a memo index is no number")
    return index


def _integer(window: Window, line: bytes) -> object:
    if len(line) > LONGEST_NUMBER:
        return NUMBER
    for base in (10, 0):
        try:
            return int(line, base)
        except ValueError:
            continue
    raise broken(window, "a number is none")


def _decimal_float(window: Window) -> object:
    line = window.line()
    try:
        return float(line) if len(line) <= LONGEST_NUMBER else NUMBER
    except ValueError:
        raise broken(window, "a number is none") from None


def _long1(window: Window) -> object:
    return int.from_bytes(window.take(_u1(window)), "little", signed=True)


def _long4(window: Window) -> object:
    length = _i4(window)
    if length < 0:
        raise broken(window, "a number has a negative length")
    if length > LONGEST_NUMBER:
        window.skip(length)
        return NUMBER
    return int.from_bytes(window.take(length), "little", signed=True)


_ESCAPE = re.compile(rb"\\(\n|[\\'\"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2})")
_ESCAPED = {
    b"\n": b"",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
}


def _unescape(match: re.Match[bytes]) -> bytes:
    escape: bytes = match[1]
    if escape[:1] == b"x":
        return bytes.fromhex(escape[1:].decode("ascii"))
    if escape[:1].isdigit():
        return bytes([int(escape, 8) & 0xFF])
    return _ESCAPED.get(escape, escape)


def _quoted(window: Window) -> object:
    start = window.tell() + 1
    line = window.line()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in {b"'", b'"'}:
        raise broken(window, "a text is not quoted")
    content = line[1:-1]
    if len(content) > LONGEST_TEXT:
        return Blob(start, len(content), content[:_KEPT])
    return _ESCAPE.sub(_unescape, content).decode("latin-1")


def _raw_unicode(window: Window) -> object:
    line = window.line()
    if len(line) > LONGEST_TEXT:
        return TEXT
    try:
        return line.decode("raw-unicode-escape")
    except UnicodeDecodeError:
        raise broken(window, "a text has a broken escape") from None


#: A name that is too long to be kept: attributes of attributes, of which there may be any number.
_DOTTED = re.compile(rb"[\w.]{%d}" % LONGEST_TEXT)


def _name(window: Window) -> str:
    line = window.line(LONGEST_TEXT)
    if len(line) > LONGEST_TEXT and _DOTTED.match(line):
        raise FormatError(Cause.LIMIT, "an imported name is too long", window.tell() + window.shift)
    if not line or len(line) > LONGEST_TEXT:
        raise broken(window, "an imported name is empty or longer than any name")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise broken(window, "an imported name is no text") from None


def _module_and_name(window: Window) -> tuple[str, str]:
    module = _name(window)
    return module, _name(window)


def _persistent_line(window: Window) -> str:
    return window.line()[:LONGEST_TEXT].decode("utf-8", errors="replace")


def _text(length_of: Callable[[Window], int]) -> Argument:
    def read(window: Window) -> object:
        length = length_of(window)
        if length > LONGEST_TEXT:
            window.skip(length)
            return TEXT
        data = window.take(length)
        try:
            return data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise broken(window, "a text is not UTF-8") from None

    return read


def _short_text(window: Window) -> object:
    start = window.position + 1
    buffer = window.buffer
    end = start + buffer[start - 1] if start <= len(buffer) else len(buffer) + 1
    if end > len(buffer):
        return _any_short_text(window)
    window.position = end
    try:
        return buffer[start:end].decode()
    except UnicodeDecodeError:
        window.position = start - 1
        return _any_short_text(window)


_any_short_text = _text(_u1)


def _binary(length_of: Callable[[Window], int]) -> Argument:
    def read(window: Window) -> Blob:
        length = length_of(window)
        start, stop = window.position, window.position + length
        if 0 <= length <= _SHOWN and stop <= len(window.buffer):
            window.position = stop
            return Blob(window.base + start, length, window.buffer[start:stop])
        if length < 0:
            raise broken(window, "a string has a negative length")
        if length > window.left():
            raise window.cut(f"{length:,} bytes are promised and {max(0, window.left()):,} are left")
        offset = window.tell()
        head = window.peek(min(length, _SHOWN))
        if length > _SHOWN and (may_open(head) or compression(head)):
            head = window.peek(min(length, _KEPT))
        window.skip(length)
        return Blob(offset, length, head)

    return read


def may_hold_pickle(blob: Blob) -> bool:
    """Whether a constant is worth a look for a pickle inside: it opens like one, and imports where that is seen."""
    if blob.length > _SHORTEST_PACKED and compression(blob.head) is not None:
        return True
    if blob.length <= _SHORTEST_PICKLE or not may_open(blob.head):
        return False
    marked = blob.head[:1] == b"\x80" and blob.head[1:2] <= b"\x05"
    return marked or blob.length > len(blob.head) or _IMPORTS.search(blob.head) is not None


def _opcodes() -> Iterator[Opcode]:
    table: tuple[tuple[bytes, str, int, Argument | None], ...] = (
        (b"I", "INT", 0, _decimal_integer),
        (b"J", "BININT", 1, _i4),
        (b"K", "BININT1", 1, _u1),
        (b"M", "BININT2", 1, _u2),
        (b"L", "LONG", 0, _decimal_long),
        (b"\x8a", "LONG1", 2, _long1),
        (b"\x8b", "LONG4", 2, _long4),
        (b"S", "STRING", 0, _quoted),
        (b"T", "BINSTRING", 1, _binary(_i4)),
        (b"U", "SHORT_BINSTRING", 1, _binary(_u1)),
        (b"B", "BINBYTES", 3, _binary(_u4)),
        (b"C", "SHORT_BINBYTES", 3, _binary(_u1)),
        (b"\x8e", "BINBYTES8", 4, _binary(_u8)),
        (b"\x96", "BYTEARRAY8", 5, _binary(_u8)),
        (b"\x97", "NEXT_BUFFER", 5, None),
        (b"\x98", "READONLY_BUFFER", 5, None),
        (b"N", "NONE", 0, None),
        (b"\x88", "NEWTRUE", 2, None),
        (b"\x89", "NEWFALSE", 2, None),
        (b"V", "UNICODE", 0, _raw_unicode),
        (b"\x8c", "SHORT_BINUNICODE", 4, _short_text),
        (b"X", "BINUNICODE", 1, _text(_u4)),
        (b"\x8d", "BINUNICODE8", 4, _text(_u8)),
        (b"F", "FLOAT", 0, _decimal_float),
        (b"G", "BINFLOAT", 1, _f8),
        (b"]", "EMPTY_LIST", 1, None),
        (b"a", "APPEND", 0, None),
        (b"e", "APPENDS", 1, None),
        (b"l", "LIST", 0, None),
        (b")", "EMPTY_TUPLE", 1, None),
        (b"t", "TUPLE", 0, None),
        (b"\x85", "TUPLE1", 2, None),
        (b"\x86", "TUPLE2", 2, None),
        (b"\x87", "TUPLE3", 2, None),
        (b"}", "EMPTY_DICT", 1, None),
        (b"d", "DICT", 0, None),
        (b"s", "SETITEM", 0, None),
        (b"u", "SETITEMS", 1, None),
        (b"\x8f", "EMPTY_SET", 4, None),
        (b"\x90", "ADDITEMS", 4, None),
        (b"\x91", "FROZENSET", 4, None),
        (b"0", "POP", 0, None),
        (b"2", "DUP", 0, None),
        (b"(", "MARK", 0, None),
        (b"1", "POP_MARK", 1, None),
        (b"g", "GET", 0, _index),
        (b"h", "BINGET", 1, _u1),
        (b"j", "LONG_BINGET", 1, _u4),
        (b"p", "PUT", 0, _index),
        (b"q", "BINPUT", 1, _u1),
        (b"r", "LONG_BINPUT", 1, _u4),
        (b"\x94", "MEMOIZE", 4, None),
        (b"\x82", "EXT1", 2, _u1),
        (b"\x83", "EXT2", 2, _u2),
        (b"\x84", "EXT4", 2, _i4),
        (b"c", "GLOBAL", 0, _module_and_name),
        (b"\x93", "STACK_GLOBAL", 4, None),
        (b"R", "REDUCE", 0, None),
        (b"b", "BUILD", 0, None),
        (b"i", "INST", 0, _module_and_name),
        (b"o", "OBJ", 1, None),
        (b"\x81", "NEWOBJ", 2, None),
        (b"\x92", "NEWOBJ_EX", 4, None),
        (b"\x80", "PROTO", 2, _u1),
        (b".", "STOP", 0, None),
        (b"\x95", "FRAME", 4, _u8),
        (b"P", "PERSID", 0, _persistent_line),
        (b"Q", "BINPERSID", 1, None),
    )
    for code, name, protocol, argument in table:
        yield Opcode(code[0], name, protocol, argument)


#: Every opcode by its byte.
OPCODES: Final = {opcode.code: opcode for opcode in _opcodes()}
