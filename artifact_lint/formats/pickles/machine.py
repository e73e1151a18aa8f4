"""An unpickler that imports nothing and calls nothing: it runs every opcode on abstract values.

The stack, the marks and the memo are real, so that what an opcode refers to is known and not guessed; calls return
`Result`s. Nothing here recurses, and what is kept is bounded by the distinct values of the stream and by `ReadLimits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError, ReadLimits
from artifact_lint.formats.pickles.arrays import PROTOCOLS, instance, note_state
from artifact_lint.formats.pickles.calls import PARTIAL, is_unknown, note_use, rebind
from artifact_lint.formats.pickles.effects import EFFECTS
from artifact_lint.formats.pickles.estimator_doubts import PARTS, STEPS, EstimatorDoubts
from artifact_lint.formats.pickles.opcodes import OPCODES, Blob, may_hold_pickle
from artifact_lint.formats.pickles.renames import python3_name
from artifact_lint.formats.pickles.states import acts
from artifact_lint.formats.pickles.values import (
    ALWAYS_KEPT,
    COMPUTED,
    DICT,
    OBJECT,
    SUMMARIES,
    TUPLE,
    UNKNOWN,
    DictValue,
    Global,
    ListValue,
    Opaque,
    Result,
    Value,
)
from artifact_lint.model import Cause, HazardKind, Use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, TypeAlias

    from artifact_lint.formats.pickles.opcodes import Argument
    from artifact_lint.formats.pickles.window import Window

    Effect: TypeAlias = Callable[["Machine", Any], None]

#: How many values that hold others the memo keeps in detail; beyond, only their types.
_MOST_DETAILED: Final = 1 << 16
#: How many errors that do not end the run are kept.
_MOST_GAPS: Final = 100
#: How many different names a stream may import; the largest models import some hundreds.
_MOST_IMPORTS: Final = 1 << 12
#: How many constants are kept that may be pickles.
_MOST_BLOBS: Final = 1 << 12
#: Attributes that decide on what an instance is, wherever a class sets them.
_DECISIVE: Final = frozenset({"__class__", "__new__", "__init__", "__setstate__", "__getattr__", "__getattribute__"})
#: What of a state is not kept.
_NOT_KEPT: Final = (UNKNOWN, DICT, TUPLE)
#: What makes a state that is not spelled, and what makes slots that are not.
_STATES: Final = frozenset({"builtins:dict", "builtins:tuple", "builtins:list"})
_SLOTS: Final = _STATES | {
    f"collections:{name}" for name in ("OrderedDict", "defaultdict", "Counter", "ChainMap", "UserDict")
}
#: The most texts that are shared between their occurrences.
_MOST_SHARED: Final = 1 << 20


class Machine:
    """One run over one stream, from an opcode to its STOP.

    After `run`, `imports` holds every name asked for, `hazards` what else acts, `blobs` the constants that may be
    pickles, `root` the object that unpickling would return. `calls` counts the calls that text would hardly spell,
    `filled` the containers that something was put into, `steps` the opcodes that were run, `storages` the class and
    the number of items of each of torch's storages by its key, `doubts` what the states of estimators leave in doubt.
    """

    __slots__ = (
        "_detailed",
        "_texts",
        "arrays",
        "blobs",
        "calls",
        "doubts",
        "fence",
        "filled",
        "follow",
        "frame_end",
        "gaps",
        "hazards",
        "imports",
        "limits",
        "marks",
        "memo",
        "protocol",
        "root",
        "running",
        "sparse",
        "stack",
        "start",
        "steps",
        "storages",
        "versions",
        "window",
    )

    def __init__(
        self, window: Window, limits: ReadLimits, follow: Callable[[Machine, Result, Value], bool] | None = None
    ) -> None:
        self.window = window
        self.limits = limits
        self.follow = follow
        self.imports: dict[tuple[str, str], Global] = {}
        self.hazards: dict[tuple[HazardKind, str], int] = {}
        self.gaps: list[FormatError] = []
        self.versions: dict[str, str] = {}
        self.blobs: list[Blob] = []
        self.storages: dict[str, tuple[str, int]] = {}
        self.doubts = EstimatorDoubts()
        self.root: Value = None
        self.arrays = 0
        self.calls = 0
        self.filled = 0
        self.protocol = 0
        self.frame_end = 0
        self.running = True
        self.start = 0
        self.steps = 0
        self.stack: list[Value] = []
        self.marks: list[int] = []
        self.fence = 0
        self.memo: list[Value] = []
        self.sparse: dict[int, Value] = {}
        self._detailed = 0
        self._texts: dict[str, str] = {}

    def run(self, most: int | None = None) -> bool:
        """Run up to and including STOP, or for about as many opcodes as `most` says; whether STOP was reached.

        Raises:
            FormatError: The stream breaks, ends early, or reaches a limit; what was found before stays.
            StoreError: The bytes cannot be read.
        """
        window = self.window
        window.safe = -1
        table, buffer, base = self.table(), window.buffer, window.base
        steps = 0
        try:
            while self.running:
                position = window.position
                if position > window.safe:
                    if most is not None and steps > most:
                        return False
                    self._refill()
                    position, buffer, base = window.position, window.buffer, window.base
                steps += 1
                self.start = base + position
                window.position = position + 1
                argument, effect = table[buffer[position]]
                if argument is None:
                    effect(self, None)
                else:
                    effect(self, argument(window))
        finally:
            self.steps += steps
            # Whoever runs on the same window, around this run, has yet to see where it stands now.
            window.safe = -1
        return True

    def table(self) -> Sequence[tuple[Argument | None, Effect]]:
        """What reads each opcode's argument and what the opcode does, by its byte."""
        return TABLE

    def _refill(self) -> None:
        window = self.window
        window.refill()
        if self.frame_end:
            self._leave_frame()
        if len(self.stack) + len(self.marks) > self.limits.stack:
            raise FormatError(Cause.LIMIT, f"more than {self.limits.stack:,} values on the stack", self.offset)
        if len(self.memo) + len(self.sparse) > self.limits.memo:
            raise FormatError(Cause.LIMIT, f"more than {self.limits.memo:,} memo entries", self.offset)

    def _leave_frame(self) -> None:
        """See to it that the first opcode at or behind a frame's end is noticed, and say where it is behind."""
        window = self.window
        position = window.tell()
        if position > self.frame_end:
            detail = f"an opcode crosses the end of its frame at byte {self.frame_end + window.shift:,}"
            self.hazard(HazardKind.FRAME_DISAGREEMENT, detail)
        if position >= self.frame_end:
            self.frame_end = 0
        else:
            window.safe = min(window.safe, self.frame_end - window.base - 1)

    @property
    def offset(self) -> int:
        """Where the opcode that runs stands."""
        return self.start + self.window.shift

    def broken(self, detail: str) -> FormatError:
        """The error for an opcode that no unpickler would get past."""
        return FormatError(Cause.BROKEN, detail, self.offset)

    def pop(self) -> Value:
        """The topmost value above the last mark."""
        if len(self.stack) <= self.fence:
            raise self.broken("an opcode takes a value where there is none")
        return self.stack.pop()

    def top(self) -> Value:
        """The topmost value above the last mark, which stays."""
        if len(self.stack) <= self.fence:
            raise self.broken("an opcode needs a value where there is none")
        return self.stack[-1]

    def pop_mark(self) -> list[Value]:
        """All values above the last mark, which goes with them."""
        if not self.marks:
            raise self.broken("an opcode needs a mark where there is none")
        items = self.stack[self.fence :]
        del self.stack[self.fence :]
        self.marks.pop()
        self.fence = self.marks[-1] if self.marks else 0
        return items

    def pop_items(self) -> tuple[list[Value], bool]:
        """The values above the last mark for a container to take, and whether these are all of them."""
        return self.pop_mark(), True

    def share(self, text: str) -> str:
        """The one object for a text."""
        known = self._texts.get(text)
        if known is not None:
            return known
        if text in PROTOCOLS:
            self.note_name(text)
        if len(self._texts) < _MOST_SHARED:
            self._texts[text] = text
        return text

    def spells(self, text: str) -> bool:
        """Whether a text was in the stream, or may have been."""
        return text in self._texts or len(self._texts) >= _MOST_SHARED

    def note_name(self, text: str) -> None:
        """Note the name of an attribute by which an object would tell others which memory to read."""
        if text in PROTOCOLS:
            self.hazard(HazardKind.PATCHED_CLASS, f"an object is given {text}, which says what memory to read")

    def condense(self, value: Value) -> Value:
        """A value as the memo keeps it: with what it holds, until it keeps too many of these."""
        if type(value) not in SUMMARIES:
            return value
        self._detailed += 1
        return value if self._detailed <= _MOST_DETAILED else SUMMARIES[type(value)]

    def remember(self, index: int, value: Value) -> None:
        """Put a value into the memo: `memo` holds the indices from 0 on without a gap, `sparse` those beyond one."""
        value = self.condense(value)
        memo, sparse = self.memo, self.sparse
        if index < len(memo):
            memo[index] = value
        elif index > len(memo):
            sparse[index] = value
        else:
            memo.append(value)
            while sparse and len(memo) in sparse:
                memo.append(sparse.pop(len(memo)))

    def memo_size(self) -> int:
        """The number of distinct memo entries, which is where MEMOIZE puts the next (`len(memo)` in CPython)."""
        return len(self.memo) + len(self.sparse)

    def recall(self, index: int) -> Value:
        """A value from the memo."""
        if index < len(self.memo):
            return self.memo[index]
        if index in self.sparse:
            return self.sparse[index]
        raise self.broken(f"memo entry {index} was never set")

    def make(self, cls: Global, arguments: tuple[Value, ...]) -> Value:
        """What a class or function makes of its arguments: here, no more than what it is."""
        return instance(cls, arguments)

    def load_persistent(self, _: Value) -> Value:
        """What a persistent id stands for: here, some object."""
        return OBJECT

    def hazard(self, kind: HazardKind, evidence: str) -> None:
        """Note something that acts, once for each evidence."""
        self.hazards.setdefault((kind, evidence), self.offset)

    def note(self, error: FormatError) -> None:
        """Keep an error that does not end the run."""
        if len(self.gaps) < _MOST_GAPS:
            self.gaps.append(error)

    def note_change(self, target: DictValue | None) -> None:
        """Note that a dict is changed that a dtype goes on using, though it has looked at its fields but once."""
        if target is None or target.fixed:
            self.hazard(HazardKind.PATCHED_CLASS, "what something was made of is changed behind its back")

    def keep_blob(self, blob: Blob) -> bool:
        """Keep a constant that may be a pickle, to be read later; whether it is kept."""
        if not may_hold_pickle(blob):
            return False
        if len(self.blobs) >= _MOST_BLOBS:
            self.note(FormatError(Cause.LIMIT, f"more than {_MOST_BLOBS:,} constants may be pickles", self.offset))
            return False
        self.blobs.append(blob)
        return True

    def absorb(self, inner: Machine) -> None:
        """Take over what another machine found in the middle of this stream."""
        for found in inner.named():
            key = found.module, found.name
            mine = self.imports.setdefault(key, found)
            if mine is not found:
                mine.references += found.references
                mine.uses |= found.uses
                mine.arguments = mine.arguments or found.arguments
        for hazard, offset in inner.hazards.items():
            self.hazards.setdefault(hazard, offset)
        self.doubts.absorb(inner.doubts, has_steps=inner.spells(STEPS))
        self.gaps += inner.gaps
        self.blobs += inner.blobs

    def find(self, module: str, name: str) -> Global:
        """Note that a name is imported.

        Raises:
            FormatError: No model imports so many.
        """
        found = self.imports.get((module, name))
        if found is None:
            if len(self.imports) >= _MOST_IMPORTS:
                raise FormatError(Cause.LIMIT, f"more than {_MOST_IMPORTS:,} different imports", self.offset)
            resolved = ":".join(python3_name(module, name) if self.protocol < 3 else (module, name))
            found = self.imports[module, name] = Global(module, name, resolved, self.offset)
        found.references += 1
        return found

    def named(self) -> Iterator[Global]:
        """The names that were asked for, without those of which every reference was found to do nothing by itself."""
        return (found for found in self.imports.values() if found.references)

    def build(self, state: Value) -> None:
        """Set the state of the topmost value."""
        target = self.top()
        if is_unknown(target):
            self.note_unknown()
        if isinstance(target, Global):
            target.uses.add(Use.BUILT)
            self.hazard(HazardKind.PATCHED_CLASS, f"{target.module}:{target.name} is given a state")
            return
        if type(state) is not tuple or len(state) == PARTS:  # those of arrays and dtypes have more
            self.doubts.note(state, self.stack, self.fence)
        if not isinstance(target, Result):
            return
        self.set_state(target, state)
        if self.follow is not None and self.follow(self, target, state):
            self.stack[-1] = OBJECT

    def set_state(self, target: Result, state: Value) -> None:
        """Note what giving an object this state does."""
        target.origin.uses.add(Use.BUILT)
        self.calls += 1
        if acts(target.origin.resolved, state):
            target.origin.uses.add(Use.CALLED)
        attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
        self._note_attributes(target, attributes)
        if slots is not None:
            self._note_slots(target, slots)
        if target.arguments:
            target.state = state
        note_state(self, target, state)
        if target.origin.resolved == PARTIAL:
            rebind(target, state)

    def note_unknown(self) -> None:
        """Note that what is called or built here cannot be told."""
        detail = "what is called here, or given a state, or which one, cannot be told"
        self.note(FormatError(Cause.LIMIT, detail, self.offset))

    def _note_attributes(self, target: Result, attributes: Value) -> None:
        """Note what a state sets in the `__dict__` of an instance."""
        if not isinstance(attributes, DictValue):
            self._note_computed(target, attributes, _STATES)
            return
        entries = attributes.entries
        if attributes.special:
            is_computed = attributes.special == COMPUTED
            decisive = COMPUTED if is_computed else next((name for name in entries if name in _DECISIVE), None)
            if decisive is not None:
                self.hazard(HazardKind.PATCHED_CLASS, f"{_instance_of(target)} is given {decisive}")
        self._note_called(entries)
        version = entries.get("_sklearn_version")
        if isinstance(version, str):
            self.versions["scikit-learn"] = version

    def _note_slots(self, target: Result, slots: Value) -> None:
        """Note what a state sets one by one, special attributes such as `__class__` as well."""
        if not isinstance(slots, DictValue):
            self._note_computed(target, slots, _SLOTS)
            return
        if slots.special:
            self.hazard(HazardKind.PATCHED_CLASS, f"{_instance_of(target)} is given {slots.special}")
        self._note_called(slots.entries)

    def _note_computed(self, target: Result, attributes: Value, classes: frozenset[str]) -> None:
        """Note attributes that are not spelled, in an instance of one of the classes that can hold them."""
        if isinstance(attributes, Result):
            if attributes.origin.resolved in classes:
                self.hazard(HazardKind.PATCHED_CLASS, f"{_instance_of(target)} is given {COMPUTED}")
        elif isinstance(attributes, Opaque) and attributes in _NOT_KEPT:
            self.note_unknown()

    def _note_called(self, attributes: Mapping[str, Value]) -> None:
        """Note the attributes that Python, a pickle or a constructor calls by their names."""
        if not ALWAYS_KEPT.isdisjoint(attributes):
            for name in ALWAYS_KEPT & attributes.keys():
                note_use(attributes[name], Use.CALLED)


def _instance_of(target: Result) -> str:
    return f"an instance of {target.origin.module}:{target.origin.name}"


def root_name(root: Value) -> str:
    """What the unpickled object is, as `module:Class`, or as the name of a built-in type."""
    if isinstance(root, Result):
        return f"{root.origin.module}:{root.origin.name}"
    if isinstance(root, Global):
        return f"{root.module}:{root.name}"
    if isinstance(root, Opaque):
        return root.kind
    kinds = {ListValue: "list", DictValue: "dict"}
    return kinds.get(type(root), type(root).__name__)


def _unknown(machine: Machine, _: object) -> None:
    code = machine.window.buffer[machine.window.position - 1]
    raise machine.broken(f"0x{code:02x} is no pickle opcode")


TABLE: Final = tuple(
    (OPCODES[code].argument, EFFECTS[OPCODES[code].name]) if code in OPCODES else (None, _unknown)
    for code in range(256)
)
