"""The rest of a long stream, read for its imports alone.

The machine is exact and slow; what a pickle imports can be told without a stack. Runs of opcodes that import nothing
are swallowed by one regular expression, and the operands of STACK_GLOBAL are the two texts, or the memo entries, that
stand right before it, as every pickler writes them. Where they do not, the import cannot be followed and that is said.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.effects import EFFECTS
from artifact_lint.formats.pickles.machine import Machine
from artifact_lint.formats.pickles.opcodes import OPCODES
from artifact_lint.formats.pickles.values import OBJECT
from artifact_lint.formats.pickles.window import Window
from artifact_lint.model import Cause, Use

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.formats.pickles.values import Global, Value

#: Texts up to this length are swallowed, each length spelled out, for a regular expression cannot count.
_LONGEST_SWALLOWED: Final = 64
#: How many opcodes one match swallows at most; a limit keeps what the matcher remembers small.
_MOST_SWALLOWED: Final = 2000
#: What follows a text is looked at before it is swallowed; no operand with what stands behind it is longer, in bytes.
_LOOKAHEAD: Final = 128
#: From this protocol on, picklers write MEMOIZE and no PUT.
_MEMOIZING: Final = 4
#: How many memo entries are looked up, and how many names are followed to their use, over how many opcodes.
_MOST_LOOKUPS: Final = 1 << 10
_MOST_PROBES: Final = 1 << 8
_PROBED: Final = 1 << 12


def _texts(opcode: bytes, width: int) -> bytes:
    """An expression for a text opcode with its length in little-endian bytes, for every short length."""
    lengths = range(_LONGEST_SWALLOWED)
    spelled = (re.escape(length.to_bytes(width, "little")) + b".{%d}" % length for length in lengths)
    return opcode + b"(?:" + b"|".join(spelled) + b")"


def _any(*expressions: bytes) -> bytes:
    return b"(?:" + b"|".join(expressions) + b")"


_TEXT: Final = _any(_texts(rb"\x8c", 1), _texts(b"X", 4))
_LONGER_TEXT: Final = _any(rb"\x8c[\x40-\xff]", rb"X[\x40-\xff]", b"X.(?!\0{3})", b"[\x8dVSTU]")
_GET: Final = _any(b"h.", b"j.{4}")
_FRAME: Final = b"\x95.{8}"
_NUMBER: Final = (b"K.", b"M..", b"J.{4}", b"G.{8}")
#: Numbers come in long rows, which are swallowed by as many.
_ROW: Final = 8
#: Opcodes without an argument, except MEMOIZE, STACK_GLOBAL, BINPERSID and STOP.
_BARE: Final = rb"[N)\]}euatldso012Rb(\x81\x85-\x89\x8f-\x92\x97\x98]"


def _swallowing(bare: bytes, remember: bytes) -> re.Pattern[bytes]:
    """Opcodes that import nothing, up to the operands of a STACK_GLOBAL, as far as there is enough to look ahead."""
    operand = _any(_TEXT, _GET) + _any(remember, _FRAME) + b"{0,2}+"
    no_operand = b"(?=.{%d})(?!" % _LOOKAHEAD + _any(_any(operand) + b"?\x93", _LONGER_TEXT) + b")"
    followed = _any(_TEXT, _GET) + _any(remember, b"") + _any(*_NUMBER, _BARE + bare + b"*+")
    rows = (number * _ROW for number in _NUMBER)
    unit = _any(followed, *rows, bare + b"++", *_NUMBER, operand + no_operand, _FRAME)
    return re.compile(unit + b"{1,%d}+" % _MOST_SWALLOWED, re.DOTALL)


_PUT: Final = _any(b"q.", b"r.{4}")


@cache
def _swallowed(*, old: bool) -> re.Pattern[bytes]:
    return _swallowing(_any(_BARE, _PUT), _PUT) if old else _swallowing(_any(_BARE, b"\x94"), b"\x94")


_ANY_BUT_MEMOIZE: Final = _any(_BARE, *_NUMBER, _TEXT, _GET, _FRAME)


@cache
def _opcode() -> re.Pattern[bytes]:
    return re.compile(_ANY_BUT_MEMOIZE, re.DOTALL)


@cache
def _up_to_memoize() -> re.Pattern[bytes]:
    return re.compile(_ANY_BUT_MEMOIZE + rb"*+(?:(\x94)|\Z)", re.DOTALL)


#: Opcodes that push one value and need none: what their effect pushes may be an operand.
_PUSHING: Final = frozenset(
    {
        *("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "EXT1", "EXT2", "EXT4", "PERSID"),
    }
)
_GETS: Final = frozenset({"GET", "BINGET", "LONG_BINGET"})
_PUTS: Final = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
#: Opcodes that may stand between the operands of STACK_GLOBAL, by their first byte, and STACK_GLOBAL itself.
_BETWEEN: Final = b"\x93\x94\x95qrp"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A memo entry that is not looked up yet."""

    index: int


class _Probe(Machine):
    """A machine that starts in the middle of a stream, where nothing is known of the memo."""

    __slots__ = ()

    def recall(self, index: int) -> Value:
        """A value from the memo; nothing is known of what was put there before the start."""
        return self.memo[index] if index < len(self.memo) else self.sparse.get(index, OBJECT)


class Prescan:
    """Reads on where a machine stands, and gives it the imports, hazards and constants that follow."""

    def __init__(self, machine: Machine, stops_at: Callable[[Global], bool]) -> None:
        self._machine = machine
        self._window = machine.window
        self._stops_at = stops_at
        self._operands: list[Value] = []
        self._memo = _Memo(machine)
        self._probes = _MOST_PROBES

    def run(self) -> bool:
        """Read up to and including STOP; False at an import after which bytes follow that are no opcodes.

        Raises:
            FormatError: The stream breaks, ends early, or reaches a limit; what was found before stays.
            StoreError: The bytes cannot be read.
        """
        machine, window = self._machine, self._window
        machine.stack, machine.marks, machine.fence = [], [], 0
        for found in machine.imports.values():
            # What is fetched from the memo is no longer seen, so that any name may be used once more.
            found.references += 1
        while machine.running:
            if (not self._operands or window.peek(1) not in _BETWEEN) and self._swallow():
                self._operands.clear()
            machine.start = window.tell()
            if not self._step():
                return False
        return True

    def _swallow(self) -> bool:
        window = self._window
        old = self._machine.protocol < _MEMOIZING
        pattern = _swallowed(old=old)
        start = window.tell()
        while True:
            window.peek(2 * _LOOKAHEAD)
            found = pattern.match(window.buffer, window.position)
            if found is None:
                return window.tell() > start
            self._memo.pass_over(window.tell(), found.end() - found.start(), old=old)
            window.position = found.end()

    def _step(self) -> bool:
        machine, window = self._machine, self._window
        byte = window.take(1)[0]
        opcode = OPCODES.get(byte)
        if opcode is None:
            raise machine.broken(f"0x{byte:02x} is no pickle opcode")
        argument = None if opcode.argument is None else opcode.argument(window)
        name = opcode.name
        if name in _PUSHING:
            EFFECTS[name](machine, argument)
            self._operands = [*self._operands[-1:], machine.stack.pop()]
        elif name in _GETS and isinstance(argument, int):
            self._operands = [*self._operands[-1:], _Entry(argument)]
        elif name == "MEMOIZE":
            self._memo.append(self._operands[-1] if self._operands else OBJECT)
        elif name in _PUTS:
            self._memo.exact = False
        elif name == "PROTO":
            EFFECTS[name](machine, argument)
        elif name != "FRAME":
            return self._act(name, argument)
        return True

    def _act(self, name: str, argument: object) -> bool:
        """What acts, and what is neither an operand nor stands between two; False where the scan must end."""
        machine = self._machine
        operands, self._operands = self._operands, []
        if name == "STACK_GLOBAL":
            return self._import(operands)
        if name in {"GLOBAL", "INST"}:
            module, attribute = cast("tuple[str, str]", argument)
            return self._follow(module, attribute, called=name == "INST")
        if name == "BINPERSID":
            machine.stack.append(OBJECT)
            EFFECTS[name](machine, argument)
            machine.stack.clear()
        elif name == "STOP":
            machine.root = OBJECT
            machine.running = False
        return True

    def _import(self, operands: list[Value]) -> bool:
        names = [self._memo.lookup(value.index) if isinstance(value, _Entry) else value for value in operands]
        match names:
            case [str(module), str(attribute)]:
                return self._follow(module, attribute)
        detail = "the name of an import is not written right before it, in a stream too long to be run"
        self._machine.note(FormatError(Cause.LIMIT, detail, self._machine.offset))
        return True

    def _follow(self, module: str, attribute: str, *, called: bool = False) -> bool:
        """Note an import and, the first time, what the next opcodes do with it."""
        machine = self._machine
        known = (module, attribute) in machine.imports
        found = machine.find(module, attribute)
        if self._stops_at(found):
            return False
        if called:
            found.uses.add(Use.CALLED)
        elif not known and self._probes:
            self._probes -= 1
            self._probe(found)
        return True

    def _probe(self, found: Global) -> None:
        window = Window(self._window.source, self._window.shift, _PROBED)
        window.skip(self._window.tell())
        probe = _Probe(window, self._machine.limits)
        probe.protocol = self._machine.protocol
        probe.stack.append(found)
        with suppress(FormatError):
            probe.run()


class _Memo:
    """The memo of a stream whose opcodes are passed over: counted and decoded when an entry is asked for.

    `exact` is whether entries were only ever appended, so that their count tells their indices.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._base = machine.memo_size()
        self.exact = not machine.sparse
        #: Stretches of the source, by their offset and length, and between them values that were memoized.
        self._parts: list[tuple[int, int] | Value] = []
        #: For each part that was counted, the index of its first entry, and at the end the next one.
        self._counts = [self._base]
        self._known: dict[int, Value] = {}

    def pass_over(self, offset: int, length: int, *, old: bool) -> None:
        """Note that opcodes were passed over; those of old protocols put entries anywhere."""
        self.exact = self.exact and not old
        if self.exact:
            self._parts.append((offset, length))

    def append(self, value: Value) -> None:
        """Memoize a value."""
        if self.exact:
            self._parts.append([value])

    def lookup(self, index: int) -> Value:
        """A value from the memo; unknown where it is no text, or where it cannot be told."""
        if not self.exact or len(self._known) > _MOST_LOOKUPS:
            return OBJECT
        if index < self._base:
            return self._machine.recall(index)
        if index not in self._known:
            self._known[index] = self._find(index)
        return self._known[index]

    def _find(self, index: int) -> Value:
        counts = self._counts
        while counts[-1] <= index and len(counts) <= len(self._parts):
            part = self._parts[len(counts) - 1]
            count = _memoize_count(self._bytes(part)) if isinstance(part, tuple) else 1
            counts.append(counts[-1] + count)
        if counts[-1] <= index:
            raise self._machine.broken(f"memo entry {index} was never set")
        position = bisect_right(counts, index) - 1
        part = self._parts[position]
        if not isinstance(part, tuple):
            value = cast("list[Value]", part)[0]
            return self.lookup(value.index) if isinstance(value, _Entry) else value
        return _memoized(self._bytes(part), index - counts[position])

    def _bytes(self, part: tuple[int, int]) -> bytes:
        offset, length = part
        return self._machine.window.source.read(offset, length)


def _memoize_count(opcodes: bytes) -> int:
    return _up_to_memoize().findall(opcodes).count(b"\x94")


def _memoized(opcodes: bytes, index: int) -> Value:
    """The text that the MEMOIZE with this index among some opcodes keeps; unknown where it keeps something else."""
    found = next(islice(_up_to_memoize().finditer(opcodes), index, None))
    last = b""
    for opcode in _opcode().finditer(opcodes, found.start(), found.end() - 1):
        last = opcode[0]
    match last[:1]:
        case b"\x8c":
            return last[2:].decode("utf-8", "replace")
        case b"X":
            return last[5:].decode("utf-8", "replace")
    return OBJECT
