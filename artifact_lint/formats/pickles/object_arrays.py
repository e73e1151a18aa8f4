"""numpy's arrays and scalars as values: shape, dtype, and items where somebody asks for them.

After `ndarray.__reduce__`, `numpy.core.multiarray.scalar` and `numpy.core.numeric._frombuffer` (numpy 1.0 to 2.4), and
joblib's `NumpyArrayWrapper` (joblib 0.10 to 1.5).
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.pickles.arrays import is_array
from artifact_lint.formats.pickles.dtypes import DTYPE
from artifact_lint.formats.pickles.object_values import Instance, Stored, entries_of, items_of
from artifact_lint.formats.pickles.values import ListValue, Result, Value
from artifact_lint.formats.sources import Unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from artifact_lint.formats.pickles.joblib import InlineArray
    from artifact_lint.formats.pickles.object_values import Room
    from artifact_lint.formats.pickles.objects import ObjectMachine

#: Arrays up to this length are read as they pass, in bytes.
_AT_HAND: Final = 1 << 14
#: The most items of an array that are made into values when somebody asks for them, and the most bytes of them.
_MOST_ITEMS: Final = 1 << 17
_MOST_BYTES: Final = 1 << 25
#: What work it takes to open a member, to read a kilobyte, and to unpack as many bytes again, by their logarithm.
_OPENING: Final = 100
_KILOBYTES: Final = 10
_UNPACKED_AGAIN: Final = 7
_SPELLING: Final = 24
#: numpy's type strings: kind and size in bytes, of texts in characters (numpy, "The array interface protocol").
_TYPE: Final = re.compile(r"([<>=|]?)([biufcmMSUVO])(\d{1,9})(?:\[(.*)\])?")
_NAMES: Final = {"b": "bool", "i": "int", "u": "uint", "f": "float", "c": "complex"}
_TIMES: Final = {"m": "timedelta64", "M": "datetime64"}
#: `struct` codes of numbers, by kind and size.
_CODES: Final = {
    "b1": "?",
    "i1": "b",
    "i2": "h",
    "i4": "i",
    "i8": "q",
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "u8": "Q",
    "f2": "e",
    "f4": "f",
    "f8": "d",
}
#: How many digits tell a short float from its neighbours: those that it always keeps, up to those that always do.
_DIGITS: Final = {"e": range(3, 6), "f": range(6, 10)}
_CHARACTER: Final = 4
#: The most dimensions of an array (`NPY_MAXDIMS` of numpy 2).
_MOST_DIMENSIONS: Final = 64
_LATIN: Final = frozenset({"latin1", "latin-1"})
_ORDER_IN_STATE, _SIZE_IN_STATE = 1, 5
#: An array's state: a version, its shape, its dtype, whether it is in Fortran's order, its items.
_STATE: Final = 5


@dataclass(frozen=True, slots=True)
class Type:
    """A dtype: the byte order (`<` or `>`), the kind and the size in bytes of an item."""

    order: str
    kind: str
    size: int
    unit: str = ""

    @property
    def name(self) -> str:
        """What numpy calls it: `float64`, `object`, `<U3` for texts of up to 3 characters, `datetime64[ns]`."""
        if self.kind == "O":
            return "object"
        if self.kind in _TIMES:
            return f"{_TIMES[self.kind]}[{self.unit}]" if self.unit else _TIMES[self.kind]
        if self.kind == "b":
            return "bool"
        if self.kind in _NAMES:
            return f"{_NAMES[self.kind]}{8 * self.size}"
        if self.kind == "U":
            return f"{self.order}U{self.size // _CHARACTER}"
        return f"|{self.kind}{self.size}"


@dataclass(frozen=True, slots=True)
class Array:
    """An array: its shape, its dtype, and its items as bytes, by their place, or as values; None where unknown.

    The items are in C's order, or in Fortran's where `is_fortran`.
    """

    shape: tuple[int, ...]
    type: Type
    content: bytes | Stored | Sequence[Value] | None
    is_fortran: bool = False

    @property
    def count(self) -> int:
        """The number of items."""
        return math.prod(self.shape)

    def items(self, most: int = _MOST_ITEMS) -> list[Value] | None:
        """The items in the order in which the file has them, as Python's values; None where they are not known.

        Raises:
            FormatError: The stream cannot be unpacked any more.
            StoreError: The bytes cannot be read.
        """
        if self.count > most:
            return None
        content = self.content
        if content is None or self.type.kind == "O":
            return list(content) if isinstance(content, list | tuple) and len(content) == self.count else None
        if isinstance(content, Stored):
            content = content.read(_MOST_BYTES)
        if not isinstance(content, bytes) or len(content) != self.count * self.type.size:
            return None
        return _decoded(content, self.type, self.count)


@dataclass(frozen=True, slots=True)
class Deferred:
    """An array that is looked up when somebody asks for it."""

    load: Callable[[], Array | None]


def type_of(dtype: Value) -> Type | None:
    """What a pickled dtype says; None for what is no dtype of numbers, texts or objects."""
    if not isinstance(dtype, Result) or dtype.origin.resolved != DTYPE or not dtype.arguments:
        return None
    spelled, state = dtype.arguments[0], dtype.state
    if not isinstance(spelled, str):
        return None
    order = state[_ORDER_IN_STATE] if isinstance(state, tuple) and len(state) > _SIZE_IN_STATE else ""
    size = state[_SIZE_IN_STATE] if isinstance(state, tuple) and len(state) > _SIZE_IN_STATE else -1
    found = type_spelled(spelled, order if isinstance(order, str) else "")
    if found is None or not isinstance(size, int) or size < 0 or found.kind not in "SUV":
        return found
    return Type(found.order, found.kind, size)


def type_spelled(text: str, order: str = "") -> Type | None:
    """The dtype of a type string (`<f8`, `|b1`, `U3`), in this byte order if it names none."""
    match = _TYPE.fullmatch(text)
    if match is None:
        return None
    size = int(match[3]) * (_CHARACTER if match[2] == "U" else 1)
    return Type(">" if (match[1] or order) == ">" else "<", match[2], size, match[4] or "")


def array_of(value: Value) -> Array | None:
    """An array, however it was pickled; None for what is none, or none that numpy writes."""
    if isinstance(value, Deferred):
        return value.load()
    if isinstance(value, Array) or not isinstance(value, Instance):
        return value if isinstance(value, Array) else None
    if not is_array(value.cls):
        return _array_of_index(value)
    state = value.state
    if not isinstance(state, tuple) or len(state) < _STATE:
        return None
    _, shape, dtype, fortran, content = state[:_STATE]
    return _array(shape, type_of(dtype), content, is_fortran=fortran is True or fortran == 1)


def _read_work(dtype: Type) -> int:
    """What it takes to read an item, in quarters of a unit of work: short floats are the longest to spell."""
    if dtype.kind in "US":
        return 4 + (dtype.size >> 6)
    return _SPELLING if _CODES.get(f"{dtype.kind}{dtype.size}") in _DIGITS else 1


def _array_of_index(value: Instance) -> Array | None:
    """The array in an index of pandas (`_new_Index`, pandas 1 to 3)."""
    if value.origin.name != "_new_Index" or len(value.given) < 2:
        return None
    data = entries_of(value.given[1]).get("data")
    return array_of(data) if isinstance(data, Array) or (isinstance(data, Instance) and is_array(data.cls)) else None


def array_items(value: Value, room: Room | None = None, most: int = _MOST_ITEMS) -> list[Value] | None:
    """The items of an array, a list, a tuple or a set; None for anything else, and where they are not all known.

    `room` is what the work of reading them is taken from.

    Raises:
        FormatError: It takes too much work, or the stream cannot be unpacked any more.
        StoreError: The bytes cannot be read.
    """
    array = array_of(value)
    items = items_of(value) if array is None else None
    if room is not None:
        room.look(_work(value, array, items, most))
    if array is not None:
        return array.items(most)
    return list(items) if items is not None and len(items) <= most else None


def _work(value: Value, array: Array | None, items: Sequence[Value] | None, most: int) -> int:
    """What it takes to read the items of an array or a list, in units of work."""
    if array is None:
        return 1 + (min(len(items), most) >> 3 if items is not None else 0)
    opening = _OPENING if isinstance(value, Deferred) else 1
    if array.count > most:
        return opening
    if array.type.kind == "O":
        return opening + (array.count >> 3)
    content = array.content
    work = opening + _read_work(array.type) * array.count // 4
    if not isinstance(content, Stored) or content.length > _MOST_BYTES:
        return work
    # What is unpacked as it is read forward has to be unpacked again from its beginning.
    again = content.offset if isinstance(content.source, Unpacked) else 0
    return work + (content.length >> _KILOBYTES) + (again >> _UNPACKED_AGAIN)


def inline(machine: ObjectMachine, layout: InlineArray, state: Value) -> Value:
    """The array that stands in the stream itself, which goes on behind it."""
    window = machine.window
    if layout.padded:
        window.skip(window.take(1)[0])
    content: bytes | Stored
    if layout.length <= min(_AT_HAND, window.left()) and machine.room.take_content(layout.length):
        content = window.take(layout.length)
    else:
        content = Stored(window.tell(), layout.length, b"", window.source)
        window.skip(layout.length)
    entries = entries_of(state)
    made = _array(entries.get("shape"), type_of(entries.get("dtype")), content, is_fortran=entries.get("order") == "F")
    return made if made is not None else content


def _array(shape: Value, dtype: Type | None, content: Value, *, is_fortran: bool) -> Array | None:
    if isinstance(shape, int):
        shape = (shape,)
    if dtype is None or not isinstance(shape, tuple):
        return None
    if len(shape) > _MOST_DIMENSIONS:
        return None
    counts = tuple(count for count in shape if isinstance(count, int) and 0 <= count < 1 << 63)
    if len(counts) != len(shape):
        return None
    if isinstance(content, ListValue):
        return Array(counts, dtype, items_of(content), is_fortran)
    return Array(counts, dtype, bytes_of(content), is_fortran)


def bytes_of(value: Value) -> bytes | Stored | None:
    """Bytes, however they were pickled."""
    if isinstance(value, bytes | Stored):
        return value
    if isinstance(value, str):
        try:
            return value.encode("latin-1")
        except UnicodeEncodeError:
            return None
    return None


def _decoded(content: bytes, dtype: Type, count: int) -> list[Value] | None:
    kind, size = dtype.kind, dtype.size
    if kind in "US":
        return [_text(content[at : at + size], dtype) for at in range(0, count * size, size)] if size else [""] * count
    code = _CODES.get(f"{kind}{size}")
    if code is None:
        return None
    found: list[Value] = list(struct.unpack(f"{dtype.order}{count}{code}", content))
    return [_shortest(number, code) for number in found] if code in _DIGITS else found


def _text(item: bytes, dtype: Type) -> str:
    """A text of fixed width, whose end is padded with zeros (numpy, "Data type objects")."""
    if dtype.kind == "S":
        return item.rstrip(b"\0").decode("utf-8", "replace")
    return item.decode("utf-32-be" if dtype.order == ">" else "utf-32-le", "replace").rstrip("\0")


def _shortest(number: Value, code: str) -> Value:
    """The shortest number that a short float stands for: 0.1, and not what it is when it is made longer."""
    if not isinstance(number, float) or not math.isfinite(number):
        return number
    shorter = (float(f"{number:.{digits}g}") for digits in _DIGITS[code])
    return next((short for short in shorter if _same(short, number, code)), number)


def _same(short: float, number: float, code: str) -> bool:
    try:
        return bool(struct.unpack(code, struct.pack(code, short))[0] == number)
    except OverflowError:
        return False


def _made_bytes(_: str, arguments: tuple[Value, ...]) -> Value:
    """`_codecs.encode`, `bytes`, `bytearray`: bytes as protocols have them that have none of their own."""
    first = arguments[0] if arguments else b""
    if isinstance(first, Stored):
        return first
    if isinstance(first, str) and not all(isinstance(name, str) and name in _LATIN for name in arguments[1:2]):
        return None
    return bytes_of(first)


def _made_scalar(_: str, arguments: tuple[Value, ...]) -> Value:
    if len(arguments) < 2:
        return None
    dtype, content = type_of(arguments[0]), bytes_of(arguments[1])
    if dtype is None or not isinstance(content, bytes) or len(content) != dtype.size:
        return None
    items = _decoded(content, dtype, 1)
    return items[0] if items else None


def _made_from_buffer(_: str, arguments: tuple[Value, ...]) -> Value:
    if len(arguments) < 3:
        return None
    content, dtype, shape = arguments[:3]
    return _array(shape, type_of(dtype), content, is_fortran=arguments[3:4] == ("F",))


def _made_set(_: str, arguments: tuple[Value, ...]) -> Value:
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], ListValue) else None


#: What makes a value that stands for itself, as `module:name`: of that name and the arguments. What it does not know is
#: an instance like any other.
MADE: Final[dict[str, Callable[[str, tuple[Value, ...]], Value]]] = {
    "_codecs:encode": _made_bytes,
    "builtins:bytes": _made_bytes,
    "builtins:bytearray": _made_bytes,
    "builtins:set": _made_set,
    "builtins:frozenset": _made_set,
    "numpy.core.multiarray:scalar": _made_scalar,
    "numpy._core.multiarray:scalar": _made_scalar,
    "numpy.core.numeric:_frombuffer": _made_from_buffer,
    "numpy._core.numeric:_frombuffer": _made_from_buffer,
}
