"""What differs between what was stated of an artifact and what is stated of it now: features, metrics, the version.

Values for whoever shows or judges a change. Nothing here says whether a change is for the better.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from artifact_lint.model.agreement import same_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifact_lint.model.facts import Stated
    from artifact_lint.model.record import Feature, Metric, Record


class ChangeKind(StrEnum):
    """How a feature differs."""

    ADDED = "added"
    REMOVED = "removed"
    RETYPED = "retyped"
    """Its type or its shape is stated otherwise."""
    ALTERED = "altered"
    """Whether it is required, may be empty, its bounds or its default are stated otherwise."""
    MOVED = "moved"
    """Its place among the features that stayed is another one, in a list: order may be all that tells columns apart."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A feature and its place among its kind, from 1."""

    feature: Feature
    position: int


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """One way in which one input or output differs: `before` is None for a new one, `after` for one that is gone.

    `name` is `number 3` for the third of features without names. `guessed` tells that either side was guessed.
    """

    kind: ChangeKind
    name: str
    before: Placed | None
    after: Placed | None
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class MetricChange:
    """A metric whose value differs: `before` is None for a new one, `after` for one that is gone."""

    name: str
    dataset: str | None
    split: str | None
    before: Metric | None
    after: Metric | None
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class ArtifactChange:
    """An artifact at the base and now.

    `base_path` is where it was, None for a new one; `path` where it is, None for one that is gone. A new artifact, or
    one that is gone, has no changes of features and metrics: all of them came, or went, with it.
    """

    base_path: str | None
    path: str | None
    name: str | None = None
    version_before: str | None = None
    version_after: str | None = None
    inputs: tuple[FeatureChange, ...] = ()
    outputs: tuple[FeatureChange, ...] = ()
    metrics: tuple[MetricChange, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether there was no such artifact at the base."""
        return self.base_path is None

    @property
    def is_gone(self) -> bool:
        """Whether there is no such artifact any more."""
        return self.path is None

    @property
    def says_something(self) -> bool:
        """Whether anything that is told here differs."""
        moved = self.base_path != self.path or self.version_before != self.version_after
        return moved or bool(self.inputs or self.outputs or self.metrics)


def compare(before: Record | None, after: Record | None, *, base_path: str | None, path: str | None) -> ArtifactChange:
    """What differs between the record of an artifact at the base and that of today; None where there is no artifact."""
    known = after or before
    change = ArtifactChange(
        base_path,
        path,
        known.name.value if known is not None else None,
        before.version.value if before is not None else None,
        after.version.value if after is not None else None,
    )
    if before is None or after is None:
        return change
    return ArtifactChange(
        change.base_path,
        change.path,
        change.name,
        change.version_before,
        change.version_after,
        tuple(feature_changes(before.inputs, after.inputs)),
        tuple(feature_changes(before.outputs, after.outputs)),
        tuple(metric_changes(before.metrics, after.metrics)),
    )


def feature_changes(before: Stated[tuple[Feature, ...]], after: Stated[tuple[Feature, ...]]) -> Iterator[FeatureChange]:
    """How the features that won differ: those that are gone, then those of today in their order."""
    guessed = any(fact.guessed for fact in (before.best, after.best) if fact is not None)
    past, now = _by_name(before.value or ()), _by_name(after.value or ())
    for name, was in past.items():
        if name not in now:
            yield FeatureChange(ChangeKind.REMOVED, name, was, None, guessed)
    moved = _moved(past, now) if _is_ordered(after.value or ()) else frozenset()
    for name, today in now.items():
        if name not in past:
            yield FeatureChange(ChangeKind.ADDED, name, None, today, guessed)
            continue
        was = past[name]
        if _is_retyped(was.feature, today.feature):
            yield FeatureChange(ChangeKind.RETYPED, name, was, today, guessed)
        if _terms(was.feature) != _terms(today.feature):
            yield FeatureChange(ChangeKind.ALTERED, name, was, today, guessed)
        if name in moved:
            yield FeatureChange(ChangeKind.MOVED, name, was, today, guessed)


def metric_changes(before: Stated[tuple[Metric, ...]], after: Stated[tuple[Metric, ...]]) -> Iterator[MetricChange]:
    """How the metrics that won differ, by name, data set and split; of several values, the last counts."""
    guessed = any(fact.guessed for fact in (before.best, after.best) if fact is not None)
    past = {(one.name, one.dataset, one.split): one for one in before.value or ()}
    now = {(one.name, one.dataset, one.split): one for one in after.value or ()}
    for key in dict.fromkeys((*past, *now)):
        was, today = past.get(key), now.get(key)
        if was is None or today is None or not _is_equal(was.value, today.value):
            yield MetricChange(*key, was, today, guessed)


def _by_name(features: Sequence[Feature]) -> dict[str, Placed]:
    """Features by their names; a name that comes again is told apart by how often it came."""
    placed: dict[str, Placed] = {}
    seen: Counter[str] = Counter()
    for number, feature in enumerate(features, 1):
        name = feature.name or f"number {number}"
        seen[name] += 1
        key = name if seen[name] == 1 else f"{name} ({seen[name]})"
        placed.setdefault(key, Placed(feature, number))
    return placed


def _is_retyped(before: Feature, after: Feature) -> bool:
    if before.shape != after.shape:
        return True
    if before.dtype is None or after.dtype is None:
        return before.dtype != after.dtype
    return not same_type(before.dtype, after.dtype)


def _terms(feature: Feature) -> tuple[object, ...]:
    allowed = None if feature.allowed is None else sorted(map(str, feature.allowed))
    bounds = (feature.minimum, feature.maximum)
    return feature.required, feature.nullable, *bounds, allowed, str(feature.default)


def _is_ordered(features: Sequence[Feature]) -> bool:
    """Whether features stand in a list: the order of a mapping's keys means nothing."""
    return all(feature.origin.pointer.rpartition("/")[2].isdecimal() for feature in features)


def _moved(past: Mapping[str, Placed], now: Mapping[str, Placed]) -> frozenset[str]:
    """The fewest features that have to be moved to make the old order of those that stayed out of today's."""
    names = [name for name in now if name in past]
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for index, name in enumerate(names):
        position = past[name].position
        length = bisect_left(tails, position)
        previous.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [position]
        ends[length : length + 1] = [index]
    kept: set[str] = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        kept.add(names[index])
        index = previous[index]
    return frozenset(names) - kept


def _is_equal(before: object, after: object) -> bool:
    first, second = _number(before), _number(after)
    if first is not None and second is not None:
        return first == second
    return str(before).strip() == str(after).strip()


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
