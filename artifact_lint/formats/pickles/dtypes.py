"""numpy's dtypes as pickles spell them: how large the items of an array are, and whether they are objects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.values import UNKNOWN, DictValue, Global, Result, Value
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.formats.pickles.machine import Machine

DTYPE: Final = "numpy:dtype"
#: What makes the dtype of texts of any length, whose items are references (`StringDType.__reduce__`, numpy 2.0 to 2.4).
_OF_REFERENCES: Final = frozenset(
    {
        "numpy._core._internal:_convert_to_stringdtype_kwargs",
        "numpy.dtypes:StringDType",
    }
)

#: numpy's type strings as `dtype.__reduce__` writes them: kind and size in bytes, `U` in characters of four bytes
#: (numpy, "The array interface"); `b1` is bool.
_TYPE: Final = re.compile(r"[<>=|]?([biufcmMSUVO])(\d{1,18})")
_CHARACTER: Final = 4
#: The kinds whose size numpy takes from the state (`PyTypeNum_ISEXTENDED` in `arraydescr_setstate`, numpy 1.0 to 2.4).
_SIZED_BY_STATE: Final = "SUV"
#: What stands for the size in the state of the other kinds.
_NO_SIZE: Final = -1
#: Where the parts of an item, its size and the flags stand in a dtype's state, and how long this is, without and with
#: metadata. States of versions before 3 (numpy before 1.0) have no flags.
_SUBARRAY, _FIELDS, _SIZE, _FLAGS = 2, 4, 5, 7
_LENGTHS: Final = (8, 9)
_VERSION: Final = 3
#: A field is a dtype and an offset, and a title where it has one.
_LENGTHS_OF_FIELDS: Final = (2, 3)
#: A subarray is a dtype and a shape.
_LENGTH_OF_SUBARRAY: Final = 2
#: The bit of a dtype's flags that says that its items hold references (`NPY_ITEM_REFCOUNT` in ndarraytypes.h).
_HOLDS_OBJECTS: Final = 1
#: All bits that a dtype with objects in it has (`NPY_FROM_FIELDS`), and those that one without has none of:
#: `NPY_ITEM_REFCOUNT`, `NPY_LIST_PICKLE` and `NPY_ITEM_IS_POINTER`.
_OBJECT_FLAGS: Final = 0x01 | 0x02 | 0x08 | 0x10
_RAW_FLAGS: Final = 0x01 | 0x02 | 0x04
#: How large an item of `StringDType` is, in bytes, and a size that no item has.
_REFERENCE: Final = 16
_MOST: Final = 1 << 64
#: Classes that stand in place of a type string: of structured items, and the packages of types that numpy has not.
_RECORDS: Final = frozenset(
    {"numpy:record", "numpy.rec:record", "numpy.core.records:record", "numpy._core.records:record"}
)
#: Models share most of their types.
_MOST_REMEMBERED: Final = 1 << 10
_TYPES_OF_THEIR_OWN: Final = frozenset({"ml_dtypes", "jaxlib"})


@dataclass(frozen=True, slots=True)
class Items:
    """What an array's items are: their size in bytes, and whether they are objects, which a pickle holds."""

    size: int
    objects: bool


@dataclass(frozen=True, slots=True)
class _Spelled:
    """What a type string says its items are, and whether a state may set their size."""

    items: Items
    sized_by_state: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A dtype within another, and how many bytes from its beginning on."""

    items: Items
    offset: int


def items_of(machine: Machine, dtype: Result) -> Items:
    """What the type string says; a state may set what numpy takes from it, and contradict nothing.

    Raises:
        FormatError: The size is not known, or a state contradicts it.
    """
    items = described(dtype)
    if items is None:
        raise FormatError(Cause.UNSUPPORTED, "the size of an array's items is not known", machine.offset)
    if dtype.state is None:
        return items
    if not isinstance(dtype.state, tuple) or len(dtype.state) <= _FLAGS:
        raise machine.broken("an array's dtype has a state that numpy does not write")
    told, flags = dtype.state[_SIZE], dtype.state[_FLAGS]
    if not isinstance(told, int) or told not in {items.size, _NO_SIZE} or items.size < 0:
        raise machine.broken("an array's dtype contradicts itself about its size")
    if not isinstance(flags, int) or bool(flags & _HOLDS_OBJECTS) != items.objects:
        raise machine.broken("an array's dtype contradicts itself about what it holds")
    return items


def holds_references(dtype: Value) -> bool:
    """Whether a dtype is of a class of its own whose items are references, so that arrays of it are pickled as a whole.

    joblib asks `dtype.hasobject` (numpy_pickle.py of joblib 0.10 to 1.5); a state would be none that numpy writes.
    """
    return isinstance(dtype, Result) and dtype.state is None and dtype.origin.resolved in _OF_REFERENCES


def is_forged(machine: Machine, made: Result, state: Value) -> bool:
    """Whether a state makes of a dtype what numpy never writes: it would take bytes for pointers, or read beyond them.

    numpy 1.0 to 2.4 believe what the flags say of objects (`ndarray.__setstate__` fills an array with raw bytes where
    they tell of none), and where the fields and the subarray of an item lie.
    """
    parts = items_in(state)
    if made.origin.resolved != DTYPE or made.fixed or parts is None or len(parts) not in _LENGTHS:
        return True
    made.fixed = True
    made.state = parts
    first = made.arguments[0] if made.arguments else None
    made.arguments = (first, *made.arguments[1:])
    if any(part is UNKNOWN for part in (first, *parts)):
        machine.note_unknown()
        return False
    return _contradicts_itself(machine, made, parts)


def _contradicts_itself(machine: Machine, made: Result, parts: tuple[Value, ...]) -> bool:
    version, flags = parts[0], parts[_FLAGS]
    items = described(made)
    inner = _parts(machine, parts[_SUBARRAY], parts[_FIELDS])
    if items is None or inner is None or not isinstance(version, int) or not isinstance(flags, int):
        return True
    if version < _VERSION or items.size < 0:
        return True
    if not all(0 <= part.offset <= items.size - part.items.size for part in inner):
        return True
    if _is_object(made.arguments[0]) or any(part.items.objects for part in inner):
        return (flags & _OBJECT_FLAGS) != _OBJECT_FLAGS
    return (flags & _RAW_FLAGS) != 0


def described(dtype: Value) -> Items | None:
    """What a dtype says its items are; None where it is of no class or type that numpy's pickles name."""
    if not isinstance(dtype, Result):
        return None
    if dtype.origin.resolved in _OF_REFERENCES:
        return Items(_REFERENCE, objects=True)
    if dtype.origin.resolved != DTYPE or not dtype.arguments:
        return None
    first, state = dtype.arguments[0], dtype.state
    spelled = _spelled(first) if isinstance(first, str) else None
    if spelled is None and not _is_of_own_class(first):
        return None
    if spelled is not None and (state is None or not spelled.sized_by_state):
        return spelled.items
    if not isinstance(state, tuple) or len(state) <= _FLAGS:
        return None
    size, flags = state[_SIZE], state[_FLAGS]
    return Items(size, bool(flags & _HOLDS_OBJECTS)) if isinstance(size, int) and isinstance(flags, int) else None


@lru_cache(_MOST_REMEMBERED)
def _spelled(text: str) -> _Spelled | None:
    """What a type string says; None for what is none."""
    match = _TYPE.fullmatch(text)
    if match is None:
        return None
    kind, size = match[1], int(match[2])
    return _Spelled(Items(size * (_CHARACTER if kind == "U" else 1), kind == "O"), kind in _SIZED_BY_STATE)


def _parts(machine: Machine, subarray: Value, fields: Value) -> list[_Part] | None:
    """The dtypes that an item is made of; None where they are not as numpy writes them."""
    found: list[_Part | None] = []
    if subarray is not None:
        found.append(_subarray(subarray))
    if isinstance(fields, DictValue):
        fields.fixed = True
        if fields.count != len(fields.entries):
            machine.note(FormatError(Cause.LIMIT, "not all fields of a dtype are looked at", machine.offset))
        found += (_field(field) for field in fields.entries.values())
    elif fields is not None:
        return None
    parts = [part for part in found if part is not None]
    return parts if len(parts) == len(found) else None


def _subarray(subarray: Value) -> _Part | None:
    """The items of a subarray, as one part that begins where the item does."""
    parts = items_in(subarray)
    if parts is None or len(parts) != _LENGTH_OF_SUBARRAY:
        return None
    items, counts = _inner(parts[0]), items_in(parts[1])
    if items is None or counts is None:
        return None
    size = items.size
    for count in counts:
        if not isinstance(count, int) or count < 0:
            return None
        size = min(size * count, _MOST)
    return _Part(Items(size, items.objects), 0)


def _field(field: Value) -> _Part | None:
    parts = items_in(field)
    if parts is None or len(parts) not in _LENGTHS_OF_FIELDS:
        return None
    items, offset = _inner(parts[0]), parts[1]
    return _Part(items, offset) if items is not None and isinstance(offset, int) else None


def _inner(dtype: Value) -> Items | None:
    """What a dtype within another says, which has to stay so from now on."""
    if isinstance(dtype, Result):
        dtype.fixed = True
    return described(dtype)


def items_in(value: Value) -> tuple[Value, ...] | None:
    """The items of a tuple; None where it is none."""
    return value if isinstance(value, tuple) else None


def is_field(value: Value) -> bool:
    """Whether a value is a field as the fields of a dtype hold it, a dtype and its offset."""
    if not isinstance(value, tuple) or len(value) not in _LENGTHS_OF_FIELDS:
        return False
    first = value[0]
    return isinstance(first, Result) and first.origin.resolved == DTYPE


def _is_of_own_class(first: Value) -> bool:
    return isinstance(first, Global) and (
        first.resolved in _RECORDS or first.resolved.partition(":")[0].partition(".")[0] in _TYPES_OF_THEIR_OWN
    )


def _is_object(text: Value) -> bool:
    return isinstance(text, str) and text.lstrip("<>=|")[:1] == "O"
