"""An unpickler that imports nothing and calls nothing: it runs every opcode on abstract values.

The stack, the marks and the memo are real, so that what an opcode refers to is known and not guessed; calls return
`Result`s. Nothing here recurses, and what is kept is bounded by the distinct values of the stream and by `ReadLimits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError, ReadLimits
from artifact_lint.formats.pickles.effects import EFFECTS
from artifact_lint.formats.pickles.opcodes import OPCODES, Blob
from artifact_lint.formats.pickles.renames import python3_name
from artifact_lint.formats.pickles.values import (
    OBJECT,
    SUMMARIES,
    DictValue,
    Global,
    ListValue,
    Opaque,
    Result,
    Value,
    render,
)
from artifact_lint.model import Cause, HazardKind, Use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from artifact_lint.formats.pickles.window import Window

#: How many values that hold others the memo keeps in detail; beyond, only their types.
_MOST_DETAILED: Final = 1 << 16
#: How many errors that do not end the run are kept.
_MOST_GAPS: Final = 100
#: The most texts that are shared between their occurrences.
_MOST_SHARED: Final = 1 << 20

#: Functions that return an instance of their first argument.
_RECONSTRUCTORS: Final = frozenset(
    {
        "copyreg:_reconstructor",
        "copyreg:__newobj__",
        "copyreg:__newobj_ex__",
        "numpy.core.multiarray:_reconstruct",
        "numpy._core.multiarray:_reconstruct",
    }
)
_DTYPE: Final = "numpy:dtype"

#: How bound methods and class methods are pickled (`method.__reduce__`, `builtin_function_or_method.__reduce__`).
_GETATTR: Final = "builtins:getattr"
#: The longest name that is made of an attribute's and its owner's, in characters.
_LONGEST_NAME: Final = 256
#: What a value of a built-in type is called as the owner of a bound method.
_BUILT_IN: Final = {ListValue: "list", DictValue: "dict", str: "str", bytes: "bytes", tuple: "tuple"}


class Machine:
    """One run over one stream, from an opcode to its STOP.

    After `run`, `imports` holds every name asked for, `hazards` what else acts, `blobs` the constants that may be
    pickles, `root` the object that unpickling would return. `calls` counts the calls that text would hardly spell,
    `filled` the containers that something was put into.
    """

    __slots__ = (
        "_detailed",
        "_texts",
        "arrays",
        "blobs",
        "calls",
        "fence",
        "filled",
        "follow",
        "frame_end",
        "gaps",
        "getter",
        "getters",
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
        self.getter: Global | None = None
        self.getters = 0
        self.versions: dict[str, str] = {}
        self.blobs: list[Blob] = []
        self.root: Value = None
        self.arrays = 0
        self.calls = 0
        self.filled = 0
        self.protocol = 0
        self.frame_end = 0
        self.running = True
        self.start = 0
        self.stack: list[Value] = []
        self.marks: list[int] = []
        self.fence = 0
        self.memo: list[Value] = []
        self.sparse: dict[int, Value] = {}
        self._detailed = 0
        self._texts: dict[str, str] = {}

    def run(self) -> None:
        """Run up to and including STOP.

        Raises:
            FormatError: The stream breaks, ends early, or reaches a limit; what was found before stays.
            StoreError: The bytes cannot be read.
        """
        window = self.window
        table, buffer, base = _TABLE, window.buffer, window.base
        while self.running:
            position = window.position
            if position > window.safe:
                self._refill()
                position, buffer, base = window.position, window.buffer, window.base
            self.start = base + position
            window.position = position + 1
            argument, effect = table[buffer[position]]
            if argument is None:
                effect(self, None)
            else:
                effect(self, argument(window))

    def _refill(self) -> None:
        self.window.refill()
        if len(self.stack) + len(self.marks) > self.limits.stack:
            raise FormatError(Cause.LIMIT, f"more than {self.limits.stack:,} values on the stack", self.offset)
        if len(self.memo) + len(self.sparse) > self.limits.memo:
            raise FormatError(Cause.LIMIT, f"more than {self.limits.memo:,} memo entries", self.offset)

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

    def share(self, text: str) -> str:
        """The one object for a text."""
        known = self._texts.get(text)
        if known is not None:
            return known
        if len(self._texts) < _MOST_SHARED:
            self._texts[text] = text
        return text

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

    def hazard(self, kind: HazardKind, evidence: str) -> None:
        """Note something that acts, once for each evidence."""
        self.hazards.setdefault((kind, evidence), self.offset)

    def note(self, error: FormatError) -> None:
        """Keep an error that does not end the run."""
        if len(self.gaps) < _MOST_GAPS:
            self.gaps.append(error)

    def absorb(self, inner: Machine) -> None:
        """Take over what another machine found in the middle of this stream."""
        for found in inner.named():
            key = found.module, found.name
            mine = self.imports.setdefault(key, found)
            if mine is not found:
                mine.uses |= found.uses
                mine.arguments = mine.arguments or found.arguments
        for hazard, offset in inner.hazards.items():
            self.hazards.setdefault(hazard, offset)
        self.gaps += inner.gaps
        self.blobs += inner.blobs

    def find(self, module: str, name: str) -> Global:
        """Note that a name is imported."""
        found = self.imports.get((module, name))
        if found is None:
            resolved = ":".join(python3_name(module, name) if self.protocol < 3 else (module, name))
            found = self.imports[module, name] = Global(module, name, resolved, self.offset)
            if resolved == _GETATTR:
                self.getter = found
        if found is self.getter:
            self.getters += 1
        return found

    def named(self) -> Iterator[Global]:
        """The names that were asked for, without a `getattr` that did nothing but fetch the methods among them."""
        for found in self.imports.values():
            if found is not self.getter or self.getters:
                yield found

    def call(self, function: Value, arguments: tuple[Value, ...], use: Use) -> Value:
        """What a call returns; the use and the arguments of an imported name are noted."""
        if not isinstance(function, Global):
            return OBJECT
        if function is self.getter and use is Use.CALLED:
            fetched = self._attribute(arguments)
            if fetched is not None:
                self.getters -= 1
                fetched.uses.add(Use.NAMED)
                return fetched
        function.uses.add(use)
        if not function.arguments:
            function.arguments = render(arguments)
        if function.resolved in _RECONSTRUCTORS and arguments and isinstance(arguments[0], Global):
            arguments[0].uses.add(Use.INSTANTIATED)
            return arguments[0].result
        if function.resolved == _DTYPE:
            return Result(function, arguments)
        return function.result

    def _attribute(self, arguments: tuple[Value, ...]) -> Global | None:
        """What `getattr` fetches, as a name reached through its owner's; None where that is not written literally.

        `module:Class.method` for the attribute of an imported name, `module:Class().method` for one of its instances.
        """
        if len(arguments) != 2:
            return None
        owner, attribute = arguments
        if not isinstance(attribute, str) or not attribute.isidentifier() or attribute.startswith("__"):
            return None
        module, name = _owner(owner)
        path = f"{name}.{attribute}"
        return self.find(module, path) if name and len(path) <= _LONGEST_NAME else None

    def build(self, state: Value) -> None:
        """Set the state of the topmost value."""
        target = self.top()
        if isinstance(target, Global):
            target.uses.add(Use.BUILT)
            return
        if not isinstance(target, Result):
            return
        target.origin.uses.add(Use.BUILT)
        self.calls += 1
        if target.arguments:
            target.state = state
        self._note_version(state)
        if self.follow is not None and self.follow(self, target, state):
            self.stack[-1] = OBJECT

    def _note_version(self, state: Value) -> None:
        attributes = state[0] if isinstance(state, tuple) and len(state) == 2 else state
        if isinstance(attributes, DictValue):
            version = attributes.entries.get("_sklearn_version")
            if isinstance(version, str):
                self.versions["scikit-learn"] = version


def _owner(value: Value) -> tuple[str, str]:
    """The module and the name of what an attribute is fetched from; no name where it is not known."""
    if isinstance(value, Global):
        return value.module, value.name
    if isinstance(value, Result):
        return value.origin.module, f"{value.origin.name}()"
    built_in = _BUILT_IN.get(type(value))
    return ("builtins", f"{built_in}()") if built_in else ("", "")


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


_TABLE: Final = tuple(
    (OPCODES[code].argument, EFFECTS[OPCODES[code].name]) if code in OPCODES else (None, _unknown)
    for code in range(256)
)
