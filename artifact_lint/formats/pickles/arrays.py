"""numpy's arrays as pickles make them, and what would make numpy read memory that is not theirs.

Every array is pickled alike: `_reconstruct` makes an empty one, which is then given its shape, its dtype and its items
(`ndarray.__reduce__`, numpy 1.0 to 2.4). numpy believes what it is told there, and more so what reaches its constructor
or stands behind one of the array protocols, so that whatever differs from what it writes is no array.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.pickles.dtypes import DTYPE, described, holds_references, is_forged, items_in
from artifact_lint.formats.pickles.values import UNKNOWN, Global, ListValue, Result, Value
from artifact_lint.model import HazardKind

if TYPE_CHECKING:
    from artifact_lint.formats.pickles.machine import Machine

_PACKAGE: Final = "numpy"
_NAMESPACES: Final = ("numpy:", "numpy.")
#: `numpy.ndarray` and what numpy derives from it.
_CLASSES: Final = frozenset(
    {"ndarray", "matrix", "recarray", "memmap", "chararray", "MaskedArray", "MaskedRecords", "mrecarray", "mvoid"}
)
#: Dtypes of these classes are written by functions, and are given no state.
_DTYPE_CLASSES: Final = "numpy.dtypes"
#: What makes an empty array, and where its arguments say how large it is (numpy's multiarray, ma.core, ma.mrecords).
_SHAPES: Final = {"_reconstruct": 1, "_mareconstruct": 2, "_mrreconstruct": 2}
_EMPTY: Final = (0,)
#: The state of an array: its shape, its dtype, its order, its items; behind a version, and of a masked array before
#: its mask and what fills it.
_UNVERSIONED: Final = 4
_LENGTHS: Final = (5, 7)
_ANY_LENGTH: Final = frozenset({_UNVERSIONED, *_LENGTHS})
#: A registry's models share most of their classes.
_MOST_REMEMBERED: Final = 1 << 12

#: Attributes that make numpy, or PyTorch, read memory: their value says where it lies (numpy, "The array interface
#: protocol"; numba, "CUDA Array Interface"; the DLPack specification).
PROTOCOLS: Final = frozenset(
    {
        "__array__",
        "__array_interface__",
        "__array_struct__",
        "__cuda_array_interface__",
        "__dlpack__",
        "__dlpack_device__",
    }
)


@lru_cache(_MOST_REMEMBERED)
def is_array(cls: str) -> bool:
    """Whether a name, `module:name`, is that of one of numpy's classes of arrays."""
    return cls.rpartition(":")[2] in _CLASSES and cls.startswith(_NAMESPACES)


@lru_cache(_MOST_REMEMBERED)
def _shape_of(function: str) -> int | None:
    """Which argument says how large the array is that a function makes; None for any other function."""
    return _SHAPES.get(function.rpartition(":")[2]) if function.startswith(_NAMESPACES) else None


@lru_cache(_MOST_REMEMBERED)
def _is_dtype(cls: str) -> bool:
    return cls == DTYPE or cls.partition(":")[0] == _DTYPE_CLASSES


def instance(cls: Global, arguments: tuple[Value, ...]) -> Result:
    """What a class makes: of dtypes and arrays each is one by itself, of others one stands for all."""
    if cls.resolved == DTYPE:
        return Result(cls, arguments)
    return Result(cls) if is_array(cls.resolved) else cls.result


def note_call(machine: Machine, function: Global, arguments: tuple[Value, ...], passed: list[Value]) -> None:
    """Note an array that is made of anything but nothing; `passed` is what the function makes instances of or calls."""
    for argument in arguments:
        if isinstance(argument, Result) and argument.origin.resolved == DTYPE:
            argument.fixed = True
    if is_array(function.resolved):
        _note(machine, f"{function.module}:{function.name} is made of what the pickle tells it")
        return
    position = _shape_of(function.resolved)
    if position is None:
        if not passed:
            return
        made = [value for value in passed if isinstance(value, Global) and is_array(value.resolved)]
    else:
        made = [] if _is_empty(arguments[position : position + 1]) else [function]
    for value in made:
        _note(machine, f"{value.module}:{value.name} is made of what the pickle tells it")


def _is_empty(shape: tuple[Value, ...]) -> bool:
    counts = items_in(shape[0]) if shape else None
    return counts is not None and len(counts) == len(_EMPTY) and isinstance(counts[0], int) and counts[0] == 0


def note_state(machine: Machine, target: Result, state: Value) -> None:
    """Note a state of a dtype or of an array that numpy never writes."""
    cls = target.origin
    if _is_dtype(cls.resolved) or holds_references(target):
        if is_forged(machine, target, state):
            _note(machine, "a dtype is given a state that numpy does not write")
    elif is_array(cls.resolved):
        if target.fixed or _is_forged_array(machine, state):
            _note(machine, "an array is given a state that numpy does not write")
        target.fixed = True


def _is_forged_array(machine: Machine, state: Value) -> bool:
    parts = items_in(state)
    if parts is None or len(parts) not in _ANY_LENGTH:
        return True
    shape, dtype, _, items = parts[-_UNVERSIONED:] if len(parts) == _UNVERSIONED else parts[1:5]
    counts = items_in(shape)
    if shape is UNKNOWN or dtype is UNKNOWN or items is UNKNOWN:
        machine.note_unknown()
        return False
    if isinstance(dtype, Result):
        dtype.fixed = True
    told = described(dtype)
    if counts is None or not all(isinstance(count, int) and count >= 0 for count in counts):
        return True
    if told is None or not told.objects:
        return told is None and not _is_foreign(dtype)
    if not isinstance(items, ListValue):
        return True
    return items.exact and items.count != math.prod(count for count in counts if isinstance(count, int))


def _is_foreign(dtype: Value) -> bool:
    """Whether a dtype comes from a library other than numpy, whose name is judged by itself."""
    return isinstance(dtype, Result) and dtype.origin.resolved.partition(":")[0].partition(".")[0] != _PACKAGE


def _note(machine: Machine, evidence: str) -> None:
    machine.hazard(HazardKind.PATCHED_CLASS, evidence)
