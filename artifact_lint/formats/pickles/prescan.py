"""The rest of a long stream, run as exactly as a short one and many times faster.

Most of a long pickle is plain data: numbers, texts, and dicts, lists and tuples of them. A row of it is told by one
regular expression and folded into one value. An opcode that takes a value out of such a row unfolds it first, so that
what is imported, called and built, and with what, is what running every opcode would tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.budget import Budget
from artifact_lint.formats.pickles.calls import is_counted
from artifact_lint.formats.pickles.machine import TABLE, Machine
from artifact_lint.formats.pickles.passed_memo import Kept, Memoized, Put, Row, has_fetched
from artifact_lint.formats.pickles.rows import PUSHES
from artifact_lint.formats.pickles.rows import row as row_of
from artifact_lint.formats.pickles.values import UNKNOWN, DictValue, Global, ListValue, Opaque, is_special
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.sources import Memory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from artifact_lint.formats.pickles.values import Value

#: Rows up to this length are unfolded where a dict or a list takes them, to know what it holds; in bytes.
_SHORT: Final = 512
#: From this protocol on, picklers write MEMOIZE and no PUT.
_MEMOIZING: Final = 4
_PROTO: Final = b"\x80"
_MEMOIZE_CODE: Final = 0x94
#: What no pickler writes often, and what counts as many opcodes: POP, POP_MARK, DUP, PROTO, and to keep a value again.
_ODD: Final = frozenset(b"012\x80")
_KEEPS: Final = frozenset(b"\x94qrp")
_ODD_COST: Final = 128


class Prescan(Machine):
    """A machine that goes on where another one stands, and folds rows of plain data."""

    __slots__ = ("_budget", "_gets", "_kept")

    def __init__(self, machine: Machine, budget: Budget | None = None) -> None:
        super().__init__(machine.window, machine.limits, machine.follow)
        for name in Machine.__slots__:
            setattr(self, name, getattr(machine, name))
        indices = dict(enumerate(machine.memo)) | machine.sparse
        old = max(machine.protocol, _protocol(machine.window)) < _MEMOIZING
        self._kept: Kept = Put(machine, indices) if old else Memoized(machine, indices)
        self._gets = True
        for value in indices.values():
            self._watch(value)
        self._budget = budget or Budget(machine.limits.opcodes_around_arrays)
        self.memo, self.sparse = [], {}

    def run(self, most: int | None = None) -> bool:  # noqa: ARG002  the rows of a stream have no number that could be known
        """Run up to and including STOP, however many opcodes that takes.

        Raises:
            FormatError: The stream breaks, ends early, or reaches a limit; what was found before stays.
            StoreError: The bytes cannot be read.
        """
        window, budget = self.window, self._budget
        window.safe = -1
        try:
            may_begin = True
            last = 0
            while self.running:
                if window.position > window.safe:
                    self._refill()
                    may_begin = True
                if may_begin and self._fold():
                    may_begin = False
                    continue
                self.start = window.base + window.position
                code = window.buffer[window.position]
                window.position += 1
                argument, effect = _TABLE[code]
                effect(self, None if argument is None else argument(window))
                may_begin = code not in PUSHES
                budget.left -= _ODD_COST if code in _ODD or (code in _KEEPS and last in _KEEPS) else 1
                last = code
                if budget.left < 0:
                    budget.check(self.offset)
        finally:
            window.safe = -1
        return True

    def _fold(self) -> bool:
        """Take a row that begins here for one value; whether there is one."""
        window = self.window
        end = len(window.buffer)
        if self.frame_end:
            end = min(end, self.frame_end - window.base)
        found = row_of(old=self._kept.old, gets=self._gets).match(window.buffer, window.position, end)
        if found is None or (found.lastindex is not None and found.end() - found.start() <= _SHORT):
            return False
        row = Row(window.tell(), found.end() - found.start())
        self._kept.pass_over(row, found[0])
        window.position = found.end()
        if found.lastindex is None:
            self.stack.append(row)
        else:
            self._fill(found[0])
        return True

    def _fill(self, opcodes: bytes) -> None:
        """Note that the dict or list on top of the stack takes a row."""
        self.filled += 1
        target = self.top()
        if isinstance(target, DictValue):
            target.update_partly(self._keys(opcodes))
            self.note_change(target)
        elif isinstance(target, ListValue):
            target.exact = False
        elif isinstance(target, Opaque) and self._keys(opcodes):
            self.note_unknown()

    def _keys(self, opcodes: bytes) -> list[Value]:
        """What may stand for a text in a row that is not looked through: what the memo has of a computed one."""
        return [UNKNOWN] if has_fetched(opcodes) else []

    def pop(self) -> Value:
        """The topmost value above the last mark."""
        self._unfold_top()
        return super().pop()

    def top(self) -> Value:
        """The topmost value above the last mark, which stays."""
        self._unfold_top()
        return super().top()

    def pop_mark(self) -> list[Value]:
        """All values above the last mark, which goes with them."""
        return [value for item in super().pop_mark() for value in self._unfolded(item)]

    def pop_items(self) -> tuple[list[Value], bool]:
        """The same for what a container takes, and whether these are all: long rows are left out."""
        items = super().pop_mark()
        rows = [item.length for item in items if type(item) is Row]
        if not rows:
            return items, True
        if sum(rows) <= _SHORT:
            return [value for item in items for value in self._unfolded(item)], True
        keys = [key for item in items if type(item) is Row for key in self._keys(self._kept.opcodes(item))]
        return [*(item for item in items if type(item) is not Row), *keys[:1]], False

    def recall(self, index: int) -> Value:
        """A value from the memo."""
        try:
            return self._kept.lookup(index)
        except FormatError as error:
            raise FormatError(error.cause, error.detail, self.offset) from None

    def remember(self, index: int, value: Value) -> None:
        """Put a value into the memo."""
        self._watch(value)
        self._kept.put(index, self.condense(value))

    def memoize(self) -> None:
        """Append the topmost value to the memo."""
        value = self.top()
        self._watch(value)
        self._kept.append(self.condense(value))

    def _watch(self, value: Value) -> None:
        """Note what the memo holds from now on that a row must not fetch unseen.

        The name of a special attribute, and a function whose harmless uses are counted, would stand in a row that is
        not looked through.
        """
        if isinstance(value, str):
            self._gets = self._gets and not is_special(value)
        elif isinstance(value, Global):
            self._gets = self._gets and not is_counted(value)

    def _unfold_top(self) -> None:
        stack = self.stack
        while len(stack) > self.fence and type(stack[-1]) is Row:
            stack.extend(self._unfolded(stack.pop()))

    def _unfolded(self, value: Value) -> Iterable[Value]:
        return unfold(self._kept.opcodes(value), self) if type(value) is Row else (value,)


def _protocol(window: Window) -> int:
    """The protocol that a stream which begins here says it has."""
    head = window.peek(2)
    return head[1] if len(head) == 2 and head.startswith(_PROTO) else 0


def unfold(opcodes: bytes, machine: Machine) -> list[Value]:
    """The values that a row's opcodes push."""
    unfolding = _Unfolding(Window(Memory(opcodes)), machine.limits)
    unfolding.around = machine
    unfolding.protocol = machine.protocol
    while not unfolding.window.at_end():
        unfolding.step()
    return unfolding.stack


class _Unfolding(Machine):
    """Runs the opcodes of a row by themselves: what they memoize was noted when the row was passed over."""

    __slots__ = ("around",)

    around: Machine

    def step(self) -> None:
        """Run the next opcode."""
        argument, effect = _TABLE[self.window.take(1)[0]]
        effect(self, None if argument is None else argument(self.window))

    def recall(self, index: int) -> Value:
        """A value from the memo of the stream."""
        return self.around.recall(index)

    def remember(self, index: int, value: Value) -> None:
        """Nothing, as said above."""

    def memoize(self) -> None:
        """Nothing, as said above."""


def _memoize(machine: Machine, _: object) -> None:
    cast("Prescan | _Unfolding", machine).memoize()


_TABLE: Final = tuple(
    (argument, _memoize if code == _MEMOIZE_CODE else effect) for code, (argument, effect) in enumerate(TABLE)
)
