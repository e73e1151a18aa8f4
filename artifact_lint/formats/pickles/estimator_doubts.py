"""What the states of estimators leave in doubt, as a stream passes by: whether a second look at it may find anything.

Making all objects of a pickle takes about as long as judging it. Most models leave no doubt: all of their states have
what fitting sets, and all state the same number of columns. Whatever is not seen for certain is in doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.pickles.estimator_classes import (
    CLASS_MAKERS,
    COMPUTING,
    INPUT_WIDTHS,
    OUTPUT_WIDTHS,
    PACKAGE,
    STATE_SETTERS,
    STATELESS,
    VERSION,
    is_set_by_fitting,
    may_be_set_by_fitting,
)
from artifact_lint.formats.pickles.values import DictValue, Opaque, Result
from artifact_lint.model import Doubt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from artifact_lint.formats.pickles.values import Global, Value

_EVERYTHING: Final = frozenset(Doubt)
_NOTHING: Final[frozenset[Doubt]] = frozenset()
#: The attribute that lists what a pipeline is made of.
STEPS: Final = "steps"
_COLUMN_TRANSFORMER: Final = "ColumnTransformer"
#: Attributes that are a forest's own pattern of its trees, which is never fitted, and its trees (0.24 to 1.9).
_PATTERNS: Final = frozenset({"estimator", "base_estimator", "estimator_", "base_estimator_"})
_TREES: Final = "estimators_"
_FORESTS: Final = ("sklearn.ensemble._forest:", "sklearn.ensemble._iforest:")
#: How many patterns may wait for their forests.
_MOST_PATTERNS: Final = 100
#: How many different numbers of columns are kept: two differ.
_MOST_WIDTHS: Final = 2
#: Values of which it is not known what they hold.
_UNCLEAR: Final = (Result, Opaque)
#: Of how many parts a state is made at most: the attributes, and what is in slots.
PARTS: Final = 2


class EstimatorDoubts:
    """What the states seen so far leave in doubt.

    `is_unclear` says that one of them, or what it belongs to, cannot be told; `may_be_unfitted` that one has nothing
    that fitting sets; `widths` are the numbers of columns that they state, no more than two; `may_compute` says that
    there are others, which take more to tell; `has_steps` that a part of the stream spells `steps`; `patterns` are the
    dicts that hold what a forest may make its trees of.
    """

    __slots__ = ("has_steps", "is_unclear", "may_be_unfitted", "may_compute", "patterns", "widths")

    def __init__(self) -> None:
        self.has_steps = False
        self.is_unclear = False
        self.may_be_unfitted = False
        self.may_compute = False
        self.widths: set[int] = set()
        self.patterns: list[DictValue] = []

    def note(self, state: Value, stack: Sequence[Value], fence: int) -> None:
        """Look at the state that the topmost value of a stack is given, `fence` being where its last mark is."""
        if isinstance(state, DictValue):
            self._note_attributes(state, stack, fence)
        elif isinstance(state, tuple):
            if len(state) == PARTS:
                for part in state:
                    if not isinstance(part, tuple):
                        self.note(part, stack, fence)
        elif isinstance(state, _UNCLEAR):
            self.is_unclear = True

    def _note_attributes(self, attributes: DictValue, stack: Sequence[Value], fence: int) -> None:
        entries = attributes.entries
        if not attributes.exact:
            self.is_unclear = True
        self._note_widths(entries, INPUT_WIDTHS)
        if VERSION not in entries:
            return
        target = stack[-1]
        cls = target.origin.resolved if isinstance(target, Result) else ""
        if not cls.startswith(f"{PACKAGE}."):
            self.is_unclear = True
            return
        self._note_widths(entries, OUTPUT_WIDTHS)
        name = cls.rpartition(":")[2]
        self.may_compute = self.may_compute or name in COMPUTING
        if is_set_by_fitting(reversed(list(entries))):  # it comes last
            if self.patterns and self.patterns[-1] is attributes and _TREES in entries and cls.startswith(_FORESTS):
                self.patterns.pop()
        elif name not in STATELESS and not may_be_set_by_fitting(entries):
            self._note_unfitted(stack, fence)

    def _note_widths(self, entries: Mapping[str, Value], names: Iterable[str]) -> None:
        for name in names:
            width = entries.get(name)
            if type(width) is int:
                if len(self.widths) < _MOST_WIDTHS:
                    self.widths.add(width)
            elif width is not None:
                self.may_compute = True

    def _note_unfitted(self, stack: Sequence[Value], fence: int) -> None:
        """Note an estimator that is not fitted, by the dict that will hold it if it may be a forest's pattern."""
        owner = _owner(stack, fence)
        if owner is None or len(self.patterns) >= _MOST_PATTERNS:
            self.may_be_unfitted = True
        else:
            self.patterns.append(owner)

    def absorb(self, inner: EstimatorDoubts, *, has_steps: bool) -> None:
        """Take over what was seen in the middle of this stream."""
        self.has_steps = self.has_steps or has_steps
        self.is_unclear = self.is_unclear or inner.is_unclear
        self.may_be_unfitted = self.may_be_unfitted or inner.may_be_unfitted or bool(inner.patterns)
        self.may_compute = self.may_compute or inner.may_compute
        self.widths |= inner.widths

    def told(self, imports: Iterable[Global], *, has_steps: bool) -> frozenset[Doubt]:
        """What is in doubt at the end of a stream that imports these names, and spells `steps` or does not."""
        named = tuple(imports)
        names = {one.name for one in named}
        makes_classes = not names.isdisjoint(CLASS_MAKERS)
        if not makes_classes and not any(one.module.startswith(PACKAGE) for one in named):
            return _NOTHING  # however much of it is not clear: all three ask for one of scikit-learn's classes
        if self.is_unclear or makes_classes or not names.isdisjoint(STATE_SETTERS):
            return _EVERYTHING
        found = []
        if _COLUMN_TRANSFORMER in names:
            found.append(Doubt.COLUMNS)
        if (has_steps or self.has_steps) and (self.may_compute or len(self.widths) > 1):
            found.append(Doubt.WIDTHS)
        if self.may_be_unfitted or self.patterns:
            found.append(Doubt.UNFITTED)
        return frozenset(found) if found else _NOTHING


def _owner(stack: Sequence[Value], fence: int) -> DictValue | None:
    """The dict that the topmost value will be put into by the name of a forest's pattern; None for any other."""
    top = len(stack) - 1
    key = stack[top - 1] if top > fence else None
    if not (isinstance(key, str) and key in _PATTERNS):
        return None
    # SETITEMS: the dict stands below the mark, and keys and values alternate above it. SETITEM: below the key.
    many = stack[fence - 1] if fence and (top - fence) % 2 else None
    one = stack[top - 2] if top > fence + 1 else None
    return many if isinstance(many, DictValue) else one if isinstance(one, DictValue) else None
