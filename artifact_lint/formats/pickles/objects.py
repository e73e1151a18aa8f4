"""The pickle machine that keeps what it makes: what a model in a pickle is, without loading it.

It runs the opcodes that `Machine` runs and leaves judging to that one: every call makes an object of its own, lists,
dicts and tuples keep their items, texts and bytes their content, all within the bounds of a `Room`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.calls import call
from artifact_lint.formats.pickles.dtypes import DTYPE
from artifact_lint.formats.pickles.estimator_classes import STATE_SETTERS
from artifact_lint.formats.pickles.joblib import (
    describes_array,
    inline_array,
    is_stored_elsewhere,
    note_array_elsewhere,
)
from artifact_lint.formats.pickles.machine import Machine
from artifact_lint.formats.pickles.object_arrays import MADE, inline
from artifact_lint.formats.pickles.object_effects import TABLE
from artifact_lint.formats.pickles.object_values import (
    Instance,
    KeptDict,
    KeptList,
    Persistent,
    Room,
    entries_of,
    is_made_class,
)
from artifact_lint.formats.pickles.values import OBJECT, Global, Result, Value
from artifact_lint.formats.pickles.window import Window
from artifact_lint.model import Cause, HazardKind, Use

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifact_lint.formats.base import ReadLimits
    from artifact_lint.formats.pickles.machine import Effect
    from artifact_lint.formats.pickles.opcodes import Argument, Blob
    from artifact_lint.stores.base import Source

__all__ = ["ObjectMachine", "read_objects"]

#: How many opcodes are run between two looks at what they took, and how many bytes are at hand meanwhile.
_SLICE: Final = 1 << 14
STEP: Final = 1 << 15
#: How many opcodes are run of a stream that imports nothing but what plain data is made of, and what that is.
_FIRST_RUN: Final = 1 << 18
_PLAIN: Final = frozenset(
    {"builtins", "__builtin__", "_codecs", "collections", "copy_reg", "copyreg", "datetime", "numpy", "pandas"}
)
#: How many objects there may be beyond those that are kept.
_MOST_SHARED: Final = 1 << 16
#: What makes an object of the class that it is given first.
_CYTHON: Final = "__pyx_unpickle_"
#: What a call costs beyond its opcodes, and what an array that stands in the stream does, in units of work.
_CALLING: Final = 1
_READING_AN_ARRAY: Final = 20
_TELLING: Final = 2
#: How many characters are made of an argument for a unit of work, by their logarithm.
_DECODED: Final = 6
#: The most dimensions of an array (`NPY_MAXDIMS` of numpy 2).
_MOST_DIMENSIONS: Final = 64


class ObjectMachine(Machine):
    """One run over one stream; after it, `root` is the object, and `gaps` tell what is not in it."""

    __slots__ = ("_is_outermost", "room")

    #: How many opcodes are run of a stream that has imported nothing but what plain data is made of.
    longest_plain = _FIRST_RUN

    def __init__(self, window: Window, limits: ReadLimits, room: Room | None = None) -> None:
        super().__init__(window, limits)
        self.room = room or Room()
        self._is_outermost = room is None

    def table(self) -> Sequence[tuple[Argument | None, Effect]]:
        """What reads each opcode's argument and what the opcode does, by its byte."""
        return TABLE

    def finish(self) -> None:
        """Run to the end of the stream.

        Raises:
            FormatError: The stream breaks or is too long.
            StoreError: The bytes cannot be read.
        """
        while not self._run_on():
            is_plain = all(module.partition(".")[0] in _PLAIN for module, _ in self.imports)
            if is_plain and self.steps > self.longest_plain:
                raise FormatError(Cause.LIMIT, "it begins with more data than is looked through", self.offset)
        if self.room.is_full and self._is_outermost:
            self.note(FormatError(Cause.LIMIT, "it holds more than is looked at", self.offset))

    def _refill(self) -> None:
        super()._refill()
        if not self.room.may_make:
            raise FormatError(Cause.LIMIT, "it takes too much work to make the object", self.offset)

    def _run_on(self) -> bool:
        """Run for a while, as far as there is work left for it; whether STOP was reached."""
        before = self.steps
        ended = self.run(_SLICE)
        self.room.work -= self.steps - before
        if not ended and not self.room.may_make:
            raise FormatError(Cause.LIMIT, "it takes too much work to make the object", self.offset)
        return ended

    def make(self, cls: Global, arguments: tuple[Value, ...]) -> Value:
        """An object of its own, or the value itself where that is known."""
        made = MADE.get(cls.resolved)
        value = None if made is None else made(cls.resolved, arguments)
        if isinstance(value, bytes | str) and not self.room.take_content(len(value)):
            return cls.result
        if value is not None:
            self.room.work -= _CALLING + (len(value) >> _DECODED if isinstance(value, bytes | str) else 0)
            return value
        if not self.room.take_value():
            if self.room.values < -_MOST_SHARED:
                raise FormatError(Cause.LIMIT, "it holds too many objects", self.offset)
            return cls.result
        self.room.work -= _CALLING
        if cls.resolved == DTYPE:
            return Result(cls, arguments)
        if cls.name in STATE_SETTERS and len(arguments) > 1 and isinstance(arguments[0], Instance):
            arguments[0].state = arguments[1]
            return arguments[0]
        if cls.name.startswith(_CYTHON) and arguments and isinstance(arguments[0], Global):
            cls, arguments = arguments[0], arguments[1:]
        return Instance(cls, arguments)

    def new_list(self) -> KeptList:
        """An empty list, which keeps its items."""
        return KeptList(self.room)

    def new_dict(self) -> KeptDict:
        """An empty dict, which keeps its entries."""
        return KeptDict(self.room)

    def load_persistent(self, identifier: Value) -> Value:
        """The id itself, for whoever knows what it stands for."""
        self.room.work -= _CALLING
        return Persistent(identifier)

    def keep_blob(self, blob: Blob) -> bool:  # noqa: ARG002 - it is the other machine that looks for pickles in it
        """Keep no constant beside those that are values."""
        return False

    def hazard(self, kind: HazardKind, evidence: str) -> None:  # noqa: ARG002 - it is the other machine that judges
        """Pass over what acts, which takes a while to tell."""
        self.room.work -= _TELLING

    def call(self, function: Value, arguments: Value, use: Use) -> Value:
        """What a call returns, of a class that the pickle brings along as well."""
        given = arguments if isinstance(arguments, tuple) else (arguments,)
        self.room.work -= 2 * _CALLING
        if not self.room.take_items(1):
            return OBJECT
        if isinstance(function, Instance) and is_made_class(function) and self.room.take_value():
            return Instance(function.origin, given, function)
        return call(self, function, given, use)

    def set_state(self, target: Result, state: Value) -> None:
        """Keep the state of an object; that of one that stands for many is not kept."""
        if isinstance(target, Instance) or target.arguments:
            target.state = state

    def build(self, state: Value) -> None:
        """Set the state of the topmost value, and put the array in its place that joblib describes so."""
        target = self.top()
        if not isinstance(target, Result):
            return
        self.set_state(target, state)
        cls = target.origin.resolved
        if not self._is_outermost:
            return
        if describes_array(cls):
            self.stack[-1] = self._read_array(target, state)
        elif is_stored_elsewhere(cls):
            note_array_elsewhere(self)

    def _read_array(self, target: Result, state: Value) -> Value:
        shape = entries_of(state).get("shape")
        if isinstance(shape, tuple) and len(shape) > _MOST_DIMENSIONS:
            raise self.broken(f"an array has {len(shape):,} dimensions")
        self.room.work -= _READING_AN_ARRAY
        layout = inline_array(self, target, state)
        if layout is not None:
            return inline(self, layout, state)
        nested = ObjectMachine(self.window, self.limits, self.room)
        try:
            nested.finish()
        finally:
            self.gaps += nested.gaps
        return nested.root


def read_objects(source: Source, limits: ReadLimits, shift: int = 0) -> ObjectMachine:
    """The machine that has run over the pickle at the beginning of a source, with what it made in `root`.

    Where the stream breaks, `running` stays true and the last of `gaps` says why. `shift` is added to offsets.

    Raises:
        StoreError: The bytes cannot be read.
    """
    machine = ObjectMachine(Window(source, shift, step=STEP), limits)
    try:
        machine.finish()
    except FormatError as error:
        machine.gaps.append(error.with_traceback(None))
    return machine
