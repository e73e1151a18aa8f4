"""Where a pickle begins among bytes that are none: behind another one, behind a break, behind junk.

A program that seeks there, or reads a number of bytes first, would load it. What is found must call what it imports,
for single opcodes stand in any data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError, ReadLimits
from artifact_lint.formats.pickles.budget import Budget
from artifact_lint.formats.pickles.machine import Machine
from artifact_lint.formats.pickles.opening import may_open
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.sources import Slice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.stores.base import Source

#: How far every byte that may open a pickle is tried, and how far only what is hardly anything else, in bytes.
_TRIED_FULLY: Final = 1 << 10
SEARCHED: Final = 1 << 26
#: How many opcodes are run for all tries together, to how many a try amounts, and of how many bytes one is made.
_MOST_RUN: Final = 1 << 20
_COST_OF_TRY: Final = 8
_RUN: Final = 1 << 16
_STEP: Final = 1 << 18
_LONGEST_SIGN: Final = 1 << 9
#: PROTO with an opcode that follows it in all that picklers write; GLOBAL with its names; INST with texts before it.
_SIGNS: Final = re.compile(
    rb"\x80[\x02-\x05][(\[\]}{)cCBXUVSN\x8c\x8d\x95\x8e]"
    rb"|c[A-Za-z_][\w.]{0,99}\n[A-Za-z_][\w.]{0,99}\n"
    rb"|\((?:[SV][^\n]{0,99}\n){0,2}i[A-Za-z_][\w.]{0,99}\n[A-Za-z_][\w.]{0,99}\n"
)


def find_pickle(source: Source, most: int = SEARCHED, budget: Budget | None = None) -> int:
    """The offset, past the first byte, where bytes begin to be a pickle that calls something; -1 where they do not.

    `budget` is what may be run of the whole file.

    Raises:
        FormatError: The bytes cannot be unpacked.
        StoreError: The bytes cannot be read.
    """
    budget = budget or Budget(0, _MOST_RUN)
    least = max(0, budget.trials - _MOST_RUN)
    for start in _candidates(source, most):
        machine = Machine(Window(Slice(source, start, _RUN)), ReadLimits())
        try:
            machine.run()
            ends = True
        except FormatError:
            ends = False
        if (machine.calls or ends) and names_what_it_uses(machine):
            return start
        budget.trials -= machine.steps + _COST_OF_TRY
        if budget.trials < least:
            return -1
    return -1


def _candidates(source: Source, most: int) -> Iterator[int]:
    head = source.read(0, _TRIED_FULLY)
    yield from (start for start in range(1, len(head)) if may_open(head[start : start + 1]))
    begin, block = 0, head
    while begin < most:
        block = source.read(begin, _STEP + _LONGEST_SIGN)
        yield from (begin + found.start() for found in _SIGNS.finditer(block) if begin + found.start() >= _TRIED_FULLY)
        if len(block) < _STEP + _LONGEST_SIGN:
            return
        begin += _STEP


def names_what_it_uses(machine: Machine) -> bool:
    """Whether a run called or built something by a name that could be one."""
    return any(found.uses and is_name(found.module, found.name) for found in machine.imports.values())


def is_name(module: str, name: str) -> bool:
    """Whether a module's and an attribute's name are spelled as Python could import them."""
    return all(part.isidentifier() for part in (*module.split("."), *name.split(".")))
