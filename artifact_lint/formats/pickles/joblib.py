"""Arrays that joblib writes into the stream of its pickles, behind the object that describes them.

After `joblib.numpy_pickle.NumpyArrayWrapper` (joblib 0.10 to 1.5): once the wrapper's state is built, the array's bytes
follow outside the pickle's own grammar; an array of objects follows as a pickle with a memo of its own.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.values import DictValue, Result, Value
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.formats.pickles.machine import Machine
    from artifact_lint.formats.pickles.readings import OtherReading

_WRAPPER: Final = "joblib.numpy_pickle:NumpyArrayWrapper"
_OLD_WRAPPERS: Final = frozenset(
    {
        "joblib.numpy_pickle:NDArrayWrapper",
        "joblib.numpy_pickle:ZNDArrayWrapper",
        "joblib.numpy_pickle_compat:NDArrayWrapper",
        "joblib.numpy_pickle_compat:ZNDArrayWrapper",
    }
)
#: scikit-learn bundled joblib up to 0.22, under this package.
_BUNDLED: Final = "sklearn.externals."
DTYPE: Final = "numpy:dtype"

#: numpy's type strings as `dtype.__reduce__` writes them: kind and size in bytes, `U` in characters of four bytes
#: (numpy, "The array interface"); `b1` is bool.
_TYPE: Final = re.compile(r"[<>=|]?([biufcmMSUVO])(\d{1,18})")
_CHARACTER: Final = 4
#: The kinds whose size numpy takes from the state (`PyTypeNum_ISEXTENDED` in `arraydescr_setstate`, numpy 1.0 to 2.4).
_SIZED_BY_STATE: Final = "SUV"
#: What stands for the size in the state of the other kinds.
_NO_SIZE: Final = -1
#: Where the item size and the flags stand in a dtype's state.
_SIZE, _FLAGS = 5, 7
#: The bit of a dtype's flags that says that its items hold references (`NPY_ITEM_REFCOUNT` in ndarraytypes.h).
_HOLDS_OBJECTS: Final = 1


@dataclass(frozen=True, slots=True)
class _Items:
    """What an array's items are: their size in bytes, and whether they are objects, which a pickle holds."""

    size: int
    objects: bool


@dataclass(frozen=True, slots=True)
class _Array:
    """An array in the stream: its length in bytes, and whether a byte before it says how many fill up to it."""

    length: int
    padded: bool


def is_wrapper(built: Result) -> bool:
    """Whether an object stands for an array that follows in the stream."""
    return built.origin.resolved.removeprefix(_BUNDLED) == _WRAPPER


def skip_array(machine: Machine, built: Result, state: Value, other: OtherReading) -> bool:
    """Pass over the array behind a wrapper whose state was just built; False where a pickle stands in its place.

    Raises:
        FormatError: How long the array is cannot be known, so that what stands in its place is unknown as well.
        StoreError: The bytes cannot be read.
    """
    try:
        array = _array(machine, built, state)
    except FormatError:
        other.judge(machine)
        raise
    if array is None:
        return False
    other.judge(machine)
    if array.padded:
        machine.window.skip(machine.window.take(1)[0])
    machine.window.skip(array.length)
    return True


def _array(machine: Machine, built: Result, state: Value) -> _Array | None:
    if machine.frame_end > machine.window.tell():
        raise machine.broken("an array begins within a frame")
    if built.arguments or not isinstance(state, DictValue) or not state.exact:
        raise machine.broken("what describes an array is computed or set more than once")
    attributes = state.entries
    dtype = attributes.get("dtype")
    if not isinstance(dtype, Result) or dtype.origin.resolved != DTYPE:
        raise machine.broken("an array has no dtype")
    items = _items(machine, dtype)
    if items.objects:
        return None
    shape = attributes.get("shape")
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and 0 <= n < 1 << 63 for n in shape):
        raise machine.broken("an array has no shape")
    alignment = attributes.get("numpy_array_alignment_bytes")
    if not (alignment is None or isinstance(alignment, int)):
        raise machine.broken("an array's alignment is computed")
    return _Array(math.prod(n for n in shape if isinstance(n, int)) * items.size, alignment is not None)


def note_old_array(machine: Machine, built: Result) -> None:
    """Note an array of joblib before 0.10, whose bytes lie in another file; the pickle itself goes on."""
    if built.origin.resolved.removeprefix(_BUNDLED) in _OLD_WRAPPERS:
        detail = "an array lies in a file of its own, as joblib before 0.10 wrote it"
        machine.note(FormatError(Cause.UNSUPPORTED, detail, machine.offset))


#: Before 0.10, a compressed file began with `ZF` and its unpacked size as hexadecimal text (`read_zfile` in
#: joblib/numpy_pickle_compat.py): 19 characters, and a blank where Python 2 had cut the number short.
_OLD_PREFIX: Final = b"ZF0x"
_OLD_HEADER: Final = 2 + 19


def old_stream(head: bytes) -> int | None:
    """Where the zlib stream of a file compressed by joblib before 0.10 begins; None for any other file."""
    if not head.startswith(_OLD_PREFIX) or len(head) <= _OLD_HEADER:
        return None
    return _OLD_HEADER + (head[_OLD_HEADER : _OLD_HEADER + 1] == b" ")


def _items(machine: Machine, dtype: Result) -> _Items:
    """What the type string says; a state may set what numpy takes from it, and contradict nothing."""
    first = dtype.arguments[0] if dtype.arguments else None
    match = _TYPE.fullmatch(first) if isinstance(first, str) else None
    if match is None:
        raise FormatError(Cause.UNSUPPORTED, "the size of an array's items is not known", machine.offset)
    kind, size = match[1], int(match[2]) * (_CHARACTER if match[1] == "U" else 1)
    if dtype.state is None:
        return _Items(size, kind == "O")
    if not isinstance(dtype.state, tuple) or len(dtype.state) <= _FLAGS:
        raise machine.broken("an array's dtype has a state that numpy does not write")
    told, flags = dtype.state[_SIZE], dtype.state[_FLAGS]
    if told != size and not (kind not in _SIZED_BY_STATE and told == _NO_SIZE):
        raise machine.broken("an array's dtype contradicts itself about its size")
    if not isinstance(flags, int) or (kind != "V" and bool(flags & _HOLDS_OBJECTS) != (kind == "O")):
        raise machine.broken("an array's dtype contradicts itself about what it holds")
    return _Items(size, bool(flags & _HOLDS_OBJECTS))
