"""Arrays that joblib writes into the stream of its pickles, behind the object that describes them.

After `joblib.numpy_pickle.NumpyArrayWrapper` (joblib 0.10 to 1.5): once the wrapper's state is built, the array's bytes
follow outside the pickle's own grammar; an array of objects follows as a pickle with a memo of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.dtypes import DTYPE, holds_references, items_in, items_of
from artifact_lint.formats.pickles.values import DictValue, Global, Result, Value
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
#: A registry's models share most of their classes.
_MOST_REMEMBERED: Final = 1 << 12
_MEMORY_MAPS: Final = frozenset({"numpy:memmap", "numpy.core.memmap:memmap", "numpy._core.memmap:memmap"})


@dataclass(frozen=True, slots=True)
class InlineArray:
    """An array in the stream: its length in bytes, and whether a byte before it says how many fill up to it."""

    length: int
    padded: bool


@lru_cache(_MOST_REMEMBERED)
def describes_array(cls: str) -> bool:
    """Whether a name, `module:name`, is that of the class whose instances stand for an array that follows."""
    return cls.removeprefix(_BUNDLED) == _WRAPPER


@lru_cache(_MOST_REMEMBERED)
def is_stored_elsewhere(cls: str) -> bool:
    """Whether instances of a class, `module:name`, stand for an array in a file of its own, as before joblib 0.10."""
    return cls.removeprefix(_BUNDLED) in _OLD_WRAPPERS


def skip_array(machine: Machine, built: Result, state: Value, other: OtherReading) -> bool:
    """Pass over the array behind a wrapper whose state was just built; False where a pickle stands in its place.

    Raises:
        FormatError: How long the array is cannot be known, so that what stands in its place is unknown as well.
        StoreError: The bytes cannot be read.
    """
    try:
        array = inline_array(machine, built, state)
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


def inline_array(machine: Machine, built: Result, state: Value) -> InlineArray | None:
    """The array behind a wrapper whose state was just built; None where a pickle stands in its place.

    Raises:
        FormatError: How long the array is cannot be known.
    """
    if machine.frame_end > machine.window.tell():
        raise machine.broken("an array begins within a frame")
    machine.frame_end = 0
    if built.arguments or not isinstance(state, DictValue) or not state.exact:
        raise machine.broken("what describes an array is computed or set more than once")
    attributes = state.entries
    _excuse(attributes.get("subclass"), state)
    dtype = attributes.get("dtype")
    if holds_references(dtype):
        return None
    if not isinstance(dtype, Result) or dtype.origin.resolved != DTYPE:
        raise machine.broken("an array has no dtype")
    items = items_of(machine, dtype)
    if items.objects:
        return None
    shape = items_in(attributes.get("shape"))
    if shape is None or not all(isinstance(n, int) and 0 <= n < 1 << 63 for n in shape):
        raise machine.broken("an array has no shape")
    alignment = attributes.get("numpy_array_alignment_bytes")
    if not (alignment is None or isinstance(alignment, int)):
        raise machine.broken("an array's alignment is computed")
    return InlineArray(math.prod(n for n in shape if isinstance(n, int)) * items.size, alignment is not None)


def _excuse(subclass: Value, state: DictValue) -> None:
    """Take back that a memory map is referred to: joblib makes an array of the bytes that follow, and opens no file.

    A state that describes several arrays refers to it once.
    """
    if isinstance(subclass, Global) and subclass.resolved in _MEMORY_MAPS and not state.fixed:
        subclass.references -= 1
    state.fixed = True


def note_array_elsewhere(machine: Machine) -> None:
    """Note an array whose bytes lie in another file; the pickle itself goes on."""
    detail = "an array lies in a file of its own, as joblib before 0.10 wrote it"
    machine.note(FormatError(Cause.ELSEWHERE, detail, machine.offset))
