"""The other reading of an array's bytes: joblib passes over them, any other unpickler runs them as opcodes.

`pickle.load` on a joblib file runs what follows the object that describes an array. Numbers break within a few
opcodes; bytes that do not, and that call what they import, are a pickle that hides in an array.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.machine import Machine
from artifact_lint.formats.pickles.opcodes import OPCODES
from artifact_lint.formats.pickles.values import SUMMARIES, Global
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.sources import Memory, Unpacked
from artifact_lint.model import Cause, HazardKind, Use

if TYPE_CHECKING:
    from collections.abc import Iterable

    from artifact_lint.formats.pickles.budget import Budget
    from artifact_lint.formats.pickles.values import Value
    from artifact_lint.stores.base import Source

#: How much of a compressed array is read, in bytes: reading on would mean to unpack it twice.
_FIRST: Final = 1 << 16
#: How many bytes are read for a second time behind one array, where its first ones are opcodes.
_MOST_READ: Final = 1 << 20
#: How many opcodes of all arrays together are stepped over, and how many runs there are of those that import.
_MOST_OPCODES: Final = 1 << 20
_MOST_RUNS: Final = 64
#: How many values of the stack and the memo are copied for a run in the time of one opcode.
_COPIED_PER_OPCODE: Final = 8
#: A reading this long that reaches its STOP is no accident, even where it spells no import.
_TELLING: Final = 8
_SHORTEST_NAME: Final = 2

_LITERAL_IMPORTS: Final = frozenset({"GLOBAL", "INST"})
_IMPORTS: Final = _LITERAL_IMPORTS | {"STACK_GLOBAL", "EXT1", "EXT2", "EXT4"}
_ACTS: Final = frozenset({HazardKind.COMPUTED_IMPORT, HazardKind.EXTENSION_CODE})
_CALLS: Final = frozenset({Use.CALLED, Use.INSTANTIATED, Use.BUILT})


class OtherReading:
    """Runs the bytes behind objects that describe arrays; counts what it costs over a whole stream."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._opcodes = _MOST_OPCODES
        self._runs = _MOST_RUNS

    def judge(self, machine: Machine) -> None:
        """Take over into the machine what the bytes that follow would call if they were opcodes."""
        try:
            source, start, shift = _source(machine.window)
            steps = self._steps(Window(source, shift, _MOST_READ), start)
            if steps == 0:
                return
        except FormatError as error:
            if error.cause is Cause.LIMIT:
                machine.note(error)
            return
        self._runs -= 1
        if self._runs < 0:
            machine.note(FormatError(Cause.LIMIT, "too many arrays look like pickles", machine.offset))
            return
        copied = (len(machine.stack) + machine.memo_size()) // _COPIED_PER_OPCODE
        if copied + steps > self._opcodes:
            machine.note(FormatError(Cause.LIMIT, "arrays look like pickles that are too long", machine.offset))
            return
        self._opcodes -= copied + steps
        self._budget.spend(copied + steps)
        other = _fork(machine, _at(Window(source, shift, _MOST_READ), start))
        try:
            other.run()
        except FormatError:
            whole = False
        else:
            whole = steps >= _TELLING
        telling = [found for found in other.imports.values() if _is_telling(found)]
        if telling or (whole and any(kind in _ACTS for kind, _ in other.hazards)):
            other.gaps = []
            moved = machine.window.tell() - start
            other.blobs = [replace(blob, offset=blob.offset + moved) for blob in other.blobs]
            machine.absorb(other)

    def _steps(self, window: Window, start: int) -> int:
        """How many opcodes there are before the bytes stop to be any; 0 where none of them imports."""
        _at(window, start)
        imports = False
        steps = 0
        while True:
            if self._opcodes <= 0:
                raise FormatError(Cause.LIMIT, "arrays look like pickles that are too long", start + window.shift)
            try:
                code = OPCODES.get(window.take(1)[0])
                if code is None:
                    break
                argument = None if code.argument is None else code.argument(window)
            except FormatError as error:
                if error.cause is Cause.LIMIT and steps >= _TELLING:
                    raise
                break
            steps += 1
            self._opcodes -= steps > _TELLING
            if code.name in _LITERAL_IMPORTS and not (isinstance(argument, tuple) and _are_names(argument)):
                break
            imports = imports or code.name in _IMPORTS
            if code.name == "STOP":
                break
        return steps if imports else 0


def _source(window: Window) -> tuple[Source, int, int]:
    if isinstance(window.source, Unpacked):
        return Memory(window.peek(_FIRST)), 0, window.tell() + window.shift
    return window.source, window.tell(), window.shift


def _at(window: Window, start: int) -> Window:
    window.skip(start)
    return window


def _fork(machine: Machine, window: Window) -> Machine:
    """A machine that goes on where this one is and leaves it as it is."""
    other = Machine(window, machine.limits)
    other.protocol = machine.protocol
    copies: dict[int, Global] = {}
    other.stack = _copied(machine.stack, copies)
    other.memo = _copied(machine.memo, copies)
    other.sparse = dict(zip(machine.sparse, _copied(machine.sparse.values(), copies), strict=True))
    other.marks = machine.marks.copy()
    other.fence = machine.fence
    other.imports = {(found.module, found.name): found for found in copies.values()}
    return other


def _copied(values: Iterable[Value], copies: dict[int, Global]) -> list[Value]:
    copied: list[Value] = []
    for value in values:
        if isinstance(value, Global):
            if id(value) not in copies:
                copies[id(value)] = value.copy()
            copied.append(copies[id(value)])
        else:
            copied.append(SUMMARIES.get(type(value), value) if not isinstance(value, tuple) else value)
    return copied


def _is_telling(found: Global) -> bool:
    return bool(found.uses & _CALLS) and _are_names((found.module, found.name))


def _are_names(names: tuple[object, ...]) -> bool:
    return all(isinstance(name, str) and len(name) >= _SHORTEST_NAME and _is_dotted(name) for name in names)


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))
