"""Whether bytes are a pickle, though protocols 0 and 1 have no magic number and their opcodes are letters.

A first byte that may open a stream is the cheap question; nearly all text fails it or breaks the machine within a few
opcodes. What is left must show that it is a pickle: by what it calls, by reaching its end with something in it, by
running as far as it is read, or by its name together with opcodes that run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError, ReadLimits
from artifact_lint.formats.pickles.machine import Machine
from artifact_lint.formats.pickles.opening import may_open
from artifact_lint.formats.pickles.search import is_name, names_what_it_uses
from artifact_lint.formats.pickles.window import LONGEST_LINE, Window
from artifact_lint.formats.sources import Slice
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.stores.base import Source

_PROTO: Final = 0x80
_HIGHEST_PROTOCOL: Final = 5
#: How much of a stream is read to tell what it is, in bytes. Text does not last that long.
_REACH: Final = 1 << 18
#: How much of a stream with a protocol opcode is read.
_SHORT_REACH: Final = 1 << 5
_ZIP: Final = b"PK"
_LIMITS: Final = ReadLimits()
#: A stream that runs for that many bytes may be what its name says.
_CONVINCING: Final = 4


def looks_like_pickle(source: Source, *, promised: bool = False) -> bool:
    """Whether a source begins with a pickle; `promised` says that its name makes that likely.

    Raises:
        StoreError: The bytes cannot be read.
    """
    head = source.read(0, 2)
    if not may_open(head):
        return False
    if head == b"\x80" or (head[0] == _PROTO and head[1] <= _HIGHEST_PROTOCOL and source.size == 2):
        return promised
    marked = head[0] == _PROTO and head[1] <= _HIGHEST_PROTOCOL
    machine, error = _try(Slice(source, 0, _SHORT_REACH) if marked else source, _REACH)
    if marked:
        return _is_marked_pickle(machine, error, promised=promised)
    if error is not None and error.cause is Cause.LIMIT and machine.start == 0:
        machine, error = _try(source, LONGEST_LINE + _REACH)
    if (machine.calls or error is None) and names_what_it_uses(machine):
        return True
    if error is None:
        whole = machine.window.tell() == source.size
        return promised or (machine.filled > 0 and _is_plausible(machine)) or (whole and bool(machine.imports))
    if error.cause is Cause.LIMIT:
        return _runs_on(machine, promised=promised)
    built = machine.filled or machine.imports or machine.memo_size()
    return promised and bool(built) and machine.start >= _CONVINCING and _is_plausible(machine)


def _runs_on(machine: Machine, *, promised: bool) -> bool:
    """Whether a stream that ran as far as it was read may be a pickle: one long line may be of any text."""
    if machine.start > 0:
        return True
    return promised and machine.window.source.read(0, 2) != _ZIP


def _try(source: Source, reach: int) -> tuple[Machine, FormatError | None]:
    machine = Machine(Window(source, budget=reach), _LIMITS)
    try:
        machine.run()
    except FormatError as error:
        return machine, error.with_traceback(None)  # the frames would hold the error, and it them, with all they read
    return machine, None


def _is_marked_pickle(machine: Machine, error: FormatError | None, *, promised: bool) -> bool:
    acts = machine.imports or machine.hazards
    if error is None or acts or machine.start >= 2 * _CONVINCING or error.cause is Cause.LIMIT:
        return True
    return promised and error.cause is Cause.TRUNCATED


def _is_plausible(machine: Machine) -> bool:
    return all(is_name(module, name) for module, name in machine.imports)
