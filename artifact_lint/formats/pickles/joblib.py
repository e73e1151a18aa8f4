"""Arrays that joblib writes into the stream of its pickles, behind the object that describes them.

After `joblib.numpy_pickle.NumpyArrayWrapper` (joblib 0.10 to 1.5): once the wrapper's state is built, the array's bytes
follow outside the pickle's own grammar; an array of objects follows as a pickle with a memo of its own.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.values import DictValue, Result, Value
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.formats.pickles.machine import Machine

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

#: numpy's type strings: kind and size in bytes, `U` in characters of four bytes (numpy, "The array interface").
_TYPE: Final = re.compile(r"[<>=|]?([a-zA-Z?])(\d*)")
_CHARACTER: Final = 4
#: The bit of a dtype's flags that says that its items hold references (`NPY_ITEM_REFCOUNT` in ndarraytypes.h).
_HOLDS_OBJECTS: Final = 1


def is_wrapper(built: Result) -> bool:
    """Whether an object stands for an array that follows in the stream."""
    return built.origin.resolved.removeprefix(_BUNDLED) == _WRAPPER


def skip_array(machine: Machine, state: Value) -> bool:
    """Pass over the array behind a wrapper whose state was just built; False where a pickle stands in its place.

    Raises:
        FormatError: The array cannot be passed over, so that nothing behind it can be read either.
        StoreError: The bytes cannot be read.
    """
    if machine.frame_end > machine.window.tell():
        raise machine.broken("an array begins within a frame")
    attributes = state.entries if isinstance(state, DictValue) else {}
    dtype = attributes.get("dtype")
    if not isinstance(dtype, Result):
        raise machine.broken("an array has no dtype")
    if _holds_objects(dtype):
        return False
    shape = attributes.get("shape")
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and 0 <= n < 1 << 63 for n in shape):
        raise machine.broken("an array has no shape")
    size = _item_size(dtype)
    if size is None:
        raise FormatError(Cause.UNSUPPORTED, "the size of an array's items is not known", machine.offset)
    window = machine.window
    if attributes.get("numpy_array_alignment_bytes") is not None:
        window.skip(window.take(1)[0])
    window.skip(math.prod(n for n in shape if isinstance(n, int)) * size)
    return True


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


def _holds_objects(dtype: Result) -> bool:
    state = dtype.state
    if isinstance(state, tuple) and len(state) >= 8 and isinstance(state[7], int):
        return bool(state[7] & _HOLDS_OBJECTS)
    return _type_string(dtype)[:1] == "O"


def _item_size(dtype: Result) -> int | None:
    state = dtype.state
    if isinstance(state, tuple) and len(state) >= 6 and isinstance(state[5], int) and state[5] > 0:
        return state[5]
    match = _TYPE.fullmatch(_type_string(dtype))
    if match is None:
        return None
    digits = match[2]
    if not digits or len(digits) > 18:
        return 1 if match[1] in "?bB" and not digits else None
    return int(digits) * (_CHARACTER if match[1] == "U" else 1)


def _type_string(dtype: Result) -> str:
    first = dtype.arguments[0] if dtype.arguments else None
    return first if isinstance(first, str) else ""
