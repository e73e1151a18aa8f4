"""The machine that keeps objects, over what PyTorch pickles: tens of thousands of tensors, and little else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from artifact_lint.formats.pickles.effects import EFFECTS
from artifact_lint.formats.pickles.object_effects import TABLE as KEPT_TABLE
from artifact_lint.formats.pickles.object_values import Instance, Room
from artifact_lint.formats.pickles.objects import ObjectMachine
from artifact_lint.formats.pickles.opcodes import OPCODES
from artifact_lint.formats.pickles.values import Global, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifact_lint.formats.base import ReadLimits
    from artifact_lint.formats.pickles.machine import Effect
    from artifact_lint.formats.pickles.opcodes import Argument
    from artifact_lint.formats.pickles.window import Window
    from artifact_lint.model import Use

#: Functions and classes that are no more than what they are called with, and that make up nearly all calls.
_PLAIN: Final = frozenset(
    {
        "torch._utils:_rebuild_tensor_v2",
        "torch._utils:_rebuild_tensor_v3",
        "torch._utils:_rebuild_parameter",
        "collections:OrderedDict",
    }
)
#: How many objects a file may be made of: three for a tensor, of which the largest models have some 50,000.
_MOST_VALUES: Final = 1 << 18
_STORAGE: Final = 5
#: What a call takes beyond its opcodes, in units of work.
_CALLING: Final = 1


def torch_room() -> Room:
    """What the values of one file may take, whose pickles share it."""
    return Room(_MOST_VALUES)


class TorchMachine(ObjectMachine):
    """One run over one stream; `kept` is the class and the number of items of each storage, by its key."""

    __slots__ = ("kept",)

    #: A state dict begins with what data is made of; tensors come soon enough.
    longest_plain = sys.maxsize

    def __init__(self, window: Window, limits: ReadLimits, room: Room) -> None:
        super().__init__(window, limits, room)
        self._is_outermost = True
        self.kept: dict[str, tuple[str, int]] = {}

    def table(self) -> Sequence[tuple[Argument | None, Effect]]:
        """What reads each opcode's argument and what the opcode does, by its byte."""
        return TABLE

    def call(self, function: Value, arguments: Value, use: Use) -> Value:
        """What a call returns."""
        if type(function) is Global and function.resolved in _PLAIN and isinstance(arguments, tuple):
            self.room.work -= _CALLING
            return Instance(function, arguments) if self.room.take_value() else function.result
        return super().call(function, arguments, use)


def _persistent(machine: TorchMachine, _: object) -> None:
    """A storage by its id; anything else as in every pickle."""
    identifier = machine.top()
    if isinstance(identifier, tuple) and len(identifier) >= _STORAGE and identifier[0] == "storage":
        _, cls, key, _, count = identifier[:_STORAGE]
        if isinstance(cls, Global) and isinstance(key, str) and isinstance(count, int):
            machine.kept[key] = (cls.name, count)
        machine.stack[-1] = machine.load_persistent(identifier)
    else:
        _any_persistent(machine, None)


_any_persistent: Final[Any] = EFFECTS["BINPERSID"]
_CODE: Final = next(code for code, opcode in OPCODES.items() if opcode.name == "BINPERSID")

#: What reads each opcode's argument and what the opcode does, by its byte.
TABLE: Final = tuple((None, _persistent) if code == _CODE else kept for code, kept in enumerate(KEPT_TABLE))
