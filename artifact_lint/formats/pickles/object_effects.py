"""What opcodes do to the machine that keeps objects, where that differs from what they do to the one that judges."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

from artifact_lint.formats.pickles.machine import TABLE as JUDGED_TABLE
from artifact_lint.formats.pickles.object_values import Instance, KeptDict, KeptList, Stored
from artifact_lint.formats.pickles.opcodes import LONGEST_NUMBER, LONGEST_TEXT, OPCODES, broken
from artifact_lint.formats.pickles.values import BYTES, DICT, LIST, NUMBER, TEXT, TUPLE, DictValue, ListValue, Value
from artifact_lint.model import Use

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.formats.pickles.objects import ObjectMachine
    from artifact_lint.formats.pickles.opcodes import Argument
    from artifact_lint.formats.pickles.window import Window

#: Constants up to this length are read as they pass, in bytes.
_AT_HAND: Final = 1 << 14
_LENGTHS: Final = {1: struct.Struct("<B"), 4: struct.Struct("<I"), 8: struct.Struct("<Q")}
_SHOWN: Final = 64
#: Numbers up to this length take what any value takes, in bits.
_LONG: Final = 64
#: What it takes to read an argument that is written as text, beyond the opcode, in units of work.
_PARSING: Final = 2


def _constant(size: int, *, is_text: bool) -> Argument:
    """Reads a constant behind its length of so many bytes: a short one whole, of a long one its place."""
    layout = _LENGTHS[size]

    def read(window: Window) -> bytes | Stored:
        (length,) = layout.unpack(window.take(size))
        if length > window.left():
            raise window.cut(f"{length:,} bytes are promised and {max(0, window.left()):,} are left")
        if length <= _AT_HAND:
            return window.take(length)
        offset = window.tell()
        head = window.peek(_SHOWN)[:_SHOWN]
        window.skip(length)
        return Stored(offset, length, head, window.source, is_text)

    return read


def _push_number(machine: ObjectMachine, number: object) -> None:
    """A number, where it is not longer than a hash: of a longer one no more than that it is one."""
    if isinstance(number, int) and number.bit_length() > _LONG:
        length = number.bit_length() >> 3
        number = number if length <= LONGEST_NUMBER and machine.room.take_content(length) else NUMBER
    machine.stack.append(number)


def _push_parsed(machine: ObjectMachine, number: object) -> None:
    """A number that was written as text."""
    machine.room.work -= _PARSING
    machine.stack.append(number)


def _global(machine: ObjectMachine, found: tuple[str, str]) -> None:
    machine.room.work -= _PARSING
    machine.stack.append(machine.find(*found))


def _push_bytes(machine: ObjectMachine, constant: bytes | Stored) -> None:
    if machine.room.take_content(_SHOWN if isinstance(constant, Stored) else len(constant)):
        machine.stack.append(constant)
    else:
        machine.stack.append(BYTES)


def _push_text(machine: ObjectMachine, constant: bytes | Stored) -> None:
    if not machine.room.take_content(_SHOWN if isinstance(constant, Stored) else len(constant)):
        machine.stack.append(TEXT)
        return
    if isinstance(constant, Stored):
        machine.stack.append(constant)
        return
    try:
        machine.stack.append(machine.share(constant.decode("utf-8", "surrogatepass")))
    except UnicodeDecodeError:
        raise broken(machine.window, "a text is not UTF-8") from None


def _line(window: Window) -> bytes:
    return window.line()


def _push_line(machine: ObjectMachine, line: bytes) -> None:
    if not machine.room.take_content(len(line)):
        machine.stack.append(TEXT)
        return
    try:
        machine.stack.append(machine.share(line.decode("raw-unicode-escape")))
    except UnicodeDecodeError:
        raise broken(machine.window, "a text has a broken escape") from None


def _push_latin(machine: ObjectMachine, constant: bytes | Stored) -> None:
    """A `str` of Python 2, which may be text or bytes; names are short."""
    if isinstance(constant, bytes) and len(constant) <= LONGEST_TEXT:
        machine.stack.append(machine.share(constant.decode("latin-1")))
    else:
        _push_bytes(machine, constant)


def _push_quoted(machine: ObjectMachine, string: object) -> None:
    # Every character may have been an escape.
    machine.room.work -= _PARSING + (len(string) if isinstance(string, str) else LONGEST_TEXT)
    machine.stack.append(machine.share(string) if isinstance(string, str) else BYTES)


def _extend(machine: ObjectMachine, items: list[Value]) -> None:
    target = machine.top()
    if isinstance(target, ListValue):
        target.extend(items)
    elif isinstance(target, Instance):
        if target.listed is None:
            target.listed = KeptList(machine.room)
        target.listed.extend(items)


def _append(machine: ObjectMachine, _: object) -> None:
    _extend(machine, [machine.pop()])


def _appends(machine: ObjectMachine, _: object) -> None:
    _extend(machine, machine.pop_mark())


def _list(machine: ObjectMachine, _: object) -> None:
    items = machine.pop_mark()
    value = _empty_list(machine)
    if isinstance(value, KeptList):
        value.extend(items)
    machine.stack.append(value)


def _empty_list(machine: ObjectMachine) -> Value:
    return machine.new_list() if machine.room.take_value() else LIST


def _push_list(machine: ObjectMachine, _: object) -> None:
    machine.stack.append(_empty_list(machine))


def _tuple(machine: ObjectMachine, _: object) -> None:
    _push_tuple(machine, tuple(machine.pop_mark()))


def _tuple1(machine: ObjectMachine, _: object) -> None:
    _push_tuple(machine, (machine.pop(),))


def _tuple2(machine: ObjectMachine, _: object) -> None:
    second, first = machine.pop(), machine.pop()
    _push_tuple(machine, (first, second))


def _tuple3(machine: ObjectMachine, _: object) -> None:
    third, second, first = machine.pop(), machine.pop(), machine.pop()
    _push_tuple(machine, (first, second, third))


def _push_tuple(machine: ObjectMachine, items: tuple[Value, ...]) -> None:
    machine.stack.append(items if machine.room.take_items(1 + len(items)) else TUPLE)


def _push_dict(machine: ObjectMachine, _: object) -> None:
    machine.stack.append(_empty_dict(machine))


def _empty_dict(machine: ObjectMachine) -> Value:
    return machine.new_dict() if machine.room.take_value() else DICT


def _dict(machine: ObjectMachine, _: object) -> None:
    items = machine.pop_mark()
    value = _empty_dict(machine)
    _update(machine, value, items)
    machine.stack.append(value)


def _update(machine: ObjectMachine, target: Value, items: list[Value]) -> None:
    if len(items) % 2:
        raise machine.broken("a dict gets a key without a value")
    if isinstance(target, DictValue):
        target.update(items)
    elif isinstance(target, Instance):
        if target.mapped is None:
            target.mapped = KeptDict(machine.room)
        target.mapped.update(items)


def _set_item(machine: ObjectMachine, _: object) -> None:
    value, key = machine.pop(), machine.pop()
    _update(machine, machine.top(), [key, value])


def _set_items(machine: ObjectMachine, _: object) -> None:
    items = machine.pop_mark()
    _update(machine, machine.top(), items)


def _reduce(machine: ObjectMachine, _: object) -> None:
    arguments, function = machine.pop(), machine.pop()
    machine.stack.append(machine.call(function, arguments, Use.CALLED))


def _new_object(machine: ObjectMachine, _: object) -> None:
    arguments, cls = machine.pop(), machine.pop()
    machine.stack.append(machine.call(cls, arguments, Use.INSTANTIATED))


def _new_object_with_keywords(machine: ObjectMachine, _: object) -> None:
    keywords, arguments, cls = machine.pop(), machine.pop(), machine.pop()
    given = arguments if isinstance(arguments, tuple) else (arguments,)
    machine.stack.append(machine.call(cls, (*given, keywords), Use.INSTANTIATED))


def _instance(machine: ObjectMachine, cls: tuple[str, str]) -> None:
    module, name = cls
    machine.room.work -= _PARSING
    arguments = tuple(machine.pop_mark())
    machine.stack.append(machine.call(machine.find(module, name), arguments, Use.CALLED))


def _object(machine: ObjectMachine, _: object) -> None:
    items = machine.pop_mark()
    if not items:
        raise machine.broken("OBJ has no class")
    machine.stack.append(machine.call(items[0], tuple(items[1:]), Use.CALLED))


_OWN: Final[dict[str, tuple[Argument | None, Callable[[Any, Any], None]]]] = {
    "LONG1": (OPCODES[0x8A].argument, _push_number),
    "LONG4": (OPCODES[0x8B].argument, _push_number),
    **{OPCODES[code].name: (OPCODES[code].argument, _push_parsed) for code in b"ILF"},
    "GLOBAL": (OPCODES[ord("c")].argument, _global),
    "BINBYTES": (_constant(4, is_text=False), _push_bytes),
    "SHORT_BINBYTES": (_constant(1, is_text=False), _push_bytes),
    "BINBYTES8": (_constant(8, is_text=False), _push_bytes),
    "BYTEARRAY8": (_constant(8, is_text=False), _push_bytes),
    "SHORT_BINUNICODE": (_constant(1, is_text=True), _push_text),
    "BINUNICODE": (_constant(4, is_text=True), _push_text),
    "BINUNICODE8": (_constant(8, is_text=True), _push_text),
    "UNICODE": (_line, _push_line),
    "BINSTRING": (_constant(4, is_text=False), _push_latin),
    "SHORT_BINSTRING": (_constant(1, is_text=False), _push_latin),
    "STRING": (OPCODES[ord("S")].argument, _push_quoted),
    "EMPTY_LIST": (None, _push_list),
    "EMPTY_SET": (None, _push_list),
    "LIST": (None, _list),
    "FROZENSET": (None, _list),
    "APPEND": (None, _append),
    "APPENDS": (None, _appends),
    "ADDITEMS": (None, _appends),
    "TUPLE": (None, _tuple),
    "TUPLE1": (None, _tuple1),
    "TUPLE2": (None, _tuple2),
    "TUPLE3": (None, _tuple3),
    "EMPTY_DICT": (None, _push_dict),
    "DICT": (None, _dict),
    "SETITEM": (None, _set_item),
    "SETITEMS": (None, _set_items),
    "REDUCE": (None, _reduce),
    "NEWOBJ": (None, _new_object),
    "NEWOBJ_EX": (None, _new_object_with_keywords),
    "INST": (OPCODES[ord("i")].argument, _instance),
    "OBJ": (None, _object),
}

#: What reads each opcode's argument and what the opcode does, by its byte.
TABLE: Final = tuple(
    _OWN.get(OPCODES[code].name, judged) if code in OPCODES else judged for code, judged in enumerate(JUDGED_TABLE)
)
