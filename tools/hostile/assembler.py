"""Pickle streams put together opcode by opcode; nothing here pickles or unpickles.

Opcodes and their operands are those of CPython's `pickletools` for protocols 0 to 5.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, Union

from hostile.cases import SHELL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STACK_GLOBAL = b"\x93"
REDUCE = b"R"
STOP = b"."
MARK = b"("
POP = b"0"
DUP = b"2"
BUILD = b"b"
NEWOBJ = b"\x81"
NEWOBJ_EX = b"\x92"
MEMOIZE = b"\x94"
EMPTY_DICT = b"}"
NONE = b"N"
TUPLE1 = b"\x85"
TUPLE2 = b"\x86"
TUPLE3 = b"\x87"


@dataclass(frozen=True, slots=True)
class Name:
    """A callable of a module, imported by the stream."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Raw:
    """Opcodes that leave one value on the stack."""

    opcodes: bytes


Value: TypeAlias = Union[
    str, bytes, int, float, Name, Raw, "tuple[Value, ...]", "Sequence[Value]", "Mapping[Value, Value]", None
]


def proto(protocol: int) -> bytes:
    """The opening of a stream; protocols 0 and 1 have none."""
    return b"" if protocol < 2 else b"\x80" + bytes([protocol])


def short(text: str) -> bytes:
    """SHORT_BINUNICODE."""
    encoded = text.encode()
    return b"\x8c" + bytes([len(encoded)]) + encoded


def long(text: str) -> bytes:
    """BINUNICODE."""
    encoded = text.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def long8(text: str) -> bytes:
    """BINUNICODE8."""
    encoded = text.encode()
    return b"\x8d" + struct.pack("<Q", len(encoded)) + encoded


def line(text: str) -> bytes:
    """UNICODE, the text line of protocol 0."""
    return b"V" + text.replace("\\", "\\u005c").replace("\n", "\\u000a").encode("raw_unicode_escape") + b"\n"


def escaped_line(text: str) -> bytes:
    """UNICODE with every letter spelled as an escape."""
    return b"V" + "".join(f"\\u{ord(letter):04x}" for letter in text).encode() + b"\n"


def quoted(text: str) -> bytes:
    """STRING, the quoted line of protocol 0."""
    return b"S" + repr(text).encode() + b"\n"


def escaped_quoted(text: str) -> bytes:
    """STRING with every letter spelled as an escape."""
    return b"S'" + "".join(f"\\x{ord(letter):02x}" for letter in text).encode() + b"'\n"


def octal_quoted(text: str) -> bytes:
    """STRING with double quotes and octal escapes."""
    return b'S"' + "".join(f"\\{ord(letter):03o}" for letter in text).encode() + b'"\n'


def short_string(text: str) -> bytes:
    """SHORT_BINSTRING, which Python 3 decodes to a text."""
    return b"U" + bytes([len(text)]) + text.encode("latin-1")


def long_string(text: str) -> bytes:
    """BINSTRING."""
    return b"T" + struct.pack("<i", len(text)) + text.encode("latin-1")


def bytes_constant(content: bytes) -> bytes:
    """BINBYTES, or SHORT_BINBYTES for up to 255 bytes."""
    if len(content) < 256:
        return b"C" + bytes([len(content)]) + content
    return b"B" + struct.pack("<I", len(content)) + content


def long_bytes(content: bytes) -> bytes:
    """BINBYTES8."""
    return b"\x8e" + struct.pack("<Q", len(content)) + content


def byte_array(content: bytes) -> bytes:
    """BYTEARRAY8."""
    return b"\x96" + struct.pack("<Q", len(content)) + content


def imported(module: str, name: str) -> bytes:
    """GLOBAL."""
    return b"c" + f"{module}\n{name}\n".encode()


def stacked(module: str, name: str) -> bytes:
    """STACK_GLOBAL over two short literals."""
    return short(module) + short(name) + STACK_GLOBAL


def marked(*items: bytes) -> bytes:
    """MARK, the items, TUPLE."""
    return MARK + b"".join(items) + b"t"


def called(function: bytes, *arguments: bytes) -> bytes:
    """REDUCE of a callable over a tuple."""
    return function + marked(*arguments) + REDUCE


def framed(body: bytes) -> bytes:
    """A whole FRAME as protocol 4 writes it."""
    return b"\x95" + struct.pack("<Q", len(body)) + body


def stream(body: bytes, protocol: int = 4) -> bytes:
    """A whole pickle of one value."""
    return proto(protocol) + body + STOP


def literal(value: Value, protocol: int = 4) -> bytes:
    """A value in the opcodes that a pickler of that protocol would choose."""
    match value:
        case Raw():
            return value.opcodes
        case Name():
            return (stacked if protocol >= 4 else imported)(value.module, value.name)
        case None:
            return NONE
        case bool():
            return (b"\x88" if value else b"\x89") if protocol >= 2 else (b"I01\n" if value else b"I00\n")
        case int():
            return b"J" + struct.pack("<i", value) if protocol else b"I%d\n" % value
        case float():
            return b"G" + struct.pack(">d", value)
        case str():
            return _text(value, protocol)
        case bytes():
            return _bytes(value, protocol)
        case _:
            return _container(value, protocol)


def _text(value: str, protocol: int) -> bytes:
    if not protocol:
        return line(value)
    return short(value) if protocol >= 4 and len(value.encode()) < 256 else long(value)


def _bytes(value: bytes, protocol: int) -> bytes:
    if protocol >= 3:
        return bytes_constant(value)
    return called(
        imported("_codecs", "encode"), literal(value.decode("latin-1"), protocol), literal("latin1", protocol)
    )


def _container(value: tuple[Value, ...] | Sequence[Value] | Mapping[Value, Value], protocol: int) -> bytes:
    if isinstance(value, tuple):
        return marked(*(literal(item, protocol) for item in value))
    if isinstance(value, list):
        return MARK + b"l" + b"".join(literal(item, protocol) + b"a" for item in value)
    assert isinstance(value, dict)
    pairs = (literal(key, protocol) + literal(item, protocol) + b"s" for key, item in value.items())
    return MARK + b"d" + b"".join(pairs)


def call_of(module: str, name: str, *arguments: Value, protocol: int = 4) -> bytes:
    """Opcodes that call a name with literal arguments and leave the result."""
    return literal(Name(module, name), protocol) + literal(tuple(arguments), protocol) + REDUCE


def shell_call(protocol: int = 4) -> bytes:
    """Opcodes that would run a harmless shell command."""
    return call_of("posix", "system", SHELL, protocol=protocol)


def shell_pickle(protocol: int = 4) -> bytes:
    """A whole pickle of nothing else."""
    return stream(shell_call(protocol), protocol)


def weights_like(length: int = 64) -> bytes:
    """Opcodes of an ordinary dictionary with `length` numbers in it."""
    numbers = b"".join(b"G" + struct.pack(">d", index / 7) for index in range(length))
    return EMPTY_DICT + short("coefficients") + b"](" + numbers + b"es" + short("intercept") + b"K\x01s"
