"""numpy's dtypes as pickles spell them: how large the items of an array are, and whether they are objects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.values import DictValue, Result, Value
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.formats.pickles.machine import Machine

DTYPE: Final = "numpy:dtype"

#: numpy's type strings as `dtype.__reduce__` writes them: kind and size in bytes, `U` in characters of four bytes
#: (numpy, "The array interface"); `b1` is bool.
_TYPE: Final = re.compile(r"[<>=|]?([biufcmMSUVO])(\d{1,18})")
_CHARACTER: Final = 4
#: The kinds whose size numpy takes from the state (`PyTypeNum_ISEXTENDED` in `arraydescr_setstate`, numpy 1.0 to 2.4).
_SIZED_BY_STATE: Final = "SUV"
#: What stands for the size in the state of the other kinds.
_NO_SIZE: Final = -1
#: Where the fields, the item size and the flags stand in a dtype's state.
_FIELDS, _SIZE, _FLAGS = 4, 5, 7
#: The bit of a dtype's flags that says that its items hold references (`NPY_ITEM_REFCOUNT` in ndarraytypes.h).
_HOLDS_OBJECTS: Final = 1


@dataclass(frozen=True, slots=True)
class Items:
    """What an array's items are: their size in bytes, and whether they are objects, which a pickle holds."""

    size: int
    objects: bool


def items_of(machine: Machine, dtype: Result) -> Items:
    """What the type string says; a state may set what numpy takes from it, and contradict nothing.

    Raises:
        FormatError: The size is not known, or a state contradicts it.
    """
    first = dtype.arguments[0] if dtype.arguments else None
    match = _TYPE.fullmatch(first) if isinstance(first, str) else None
    if match is None:
        raise FormatError(Cause.UNSUPPORTED, "the size of an array's items is not known", machine.offset)
    kind, size = match[1], int(match[2]) * (_CHARACTER if match[1] == "U" else 1)
    if dtype.state is None:
        return Items(size, kind == "O")
    if not isinstance(dtype.state, tuple) or len(dtype.state) <= _FLAGS:
        raise machine.broken("an array's dtype has a state that numpy does not write")
    told, flags = dtype.state[_SIZE], dtype.state[_FLAGS]
    if told != size and not (kind not in _SIZED_BY_STATE and told == _NO_SIZE):
        raise machine.broken("an array's dtype contradicts itself about its size")
    if not isinstance(flags, int) or (kind != "V" and bool(flags & _HOLDS_OBJECTS) != (kind == "O")):
        raise machine.broken("an array's dtype contradicts itself about what it holds")
    return Items(size, bool(flags & _HOLDS_OBJECTS))


def denies_objects(arguments: tuple[Value, ...], state: Value) -> bool:
    """Whether a dtype holds objects by its type or its fields, and flags that deny it: numpy takes bytes for pointers.

    `ndarray.__setstate__` fills an array whose flags tell of no objects with raw bytes (numpy 1.0 to 2.4).
    """
    if not isinstance(state, tuple) or len(state) <= _FLAGS:
        return False
    flags = state[_FLAGS]
    if isinstance(flags, int) and flags & _HOLDS_OBJECTS:
        return False
    if arguments and _is_object(arguments[0]):
        return True
    fields = state[_FIELDS]
    return isinstance(fields, DictValue) and any(_holds_objects(field) for field in fields.entries.values())


def _holds_objects(field: Value) -> bool:
    dtype = field[0] if isinstance(field, tuple) and field else None
    return isinstance(dtype, Result) and bool(dtype.arguments) and _is_object(dtype.arguments[0])


def _is_object(text: Value) -> bool:
    return isinstance(text, str) and text.lstrip("<>=|")[:1] == "O"
