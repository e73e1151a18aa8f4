"""Whether a constant of a pickle is a pickle itself: two bytes at its head are no proof.

The line tables of Python's code objects, which cloudpickle and dill write (PEP 626, PEP 657), begin like one as often
as not: 0x80 opens an entry of a line table, and a frame, or an opcode without an argument, may well follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError, ReadLimits
from artifact_lint.formats.pickles.machine import Machine
from artifact_lint.formats.pickles.recognise import looks_like_pickle
from artifact_lint.formats.pickles.search import find_pickle, is_name
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.sources import Slice
from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from artifact_lint.formats.pickles.budget import Budget
    from artifact_lint.stores.base import Source

#: How much of a constant is read to tell what it is, in bytes: no accident lasts that long.
_REACH: Final = 1 << 18


def is_pickle(constant: Source, budget: Budget) -> bool:
    """Whether a constant reads as a pickle: to a STOP at its end or before another, as far as it is read, or an import.

    `budget` is what may be run of the whole file.

    Raises:
        StoreError: The bytes cannot be read.
    """
    try:
        return looks_like_pickle(constant) and (
            _reads_as_pickle(constant, budget) or find_pickle(constant, budget=budget) >= 0
        )
    except FormatError:
        return False


def _reads_as_pickle(constant: Source, budget: Budget) -> bool:
    machine = Machine(Window(constant, budget=_REACH), ReadLimits())
    try:
        machine.run()
        window = machine.window
        ends = window.at_end() or looks_like_pickle(Slice(constant, window.tell(), constant.size))
    except FormatError as error:
        ends = error.cause is Cause.LIMIT
    # It was run as far to tell that it looks like one.
    budget.trials -= 2 * machine.steps
    computes = machine.calls and any(kind is HazardKind.COMPUTED_IMPORT for kind, _ in machine.hazards)
    return bool(ends or computes) or any(is_name(*found) for found in machine.imports)
