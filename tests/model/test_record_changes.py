"""What differs between two records."""

from __future__ import annotations

from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_lint.model import Fact, Feature, Metric, Origin, Record, Stated
from artifact_lint.model.record_changes import ChangeKind, FeatureChange, compare, feature_changes, metric_changes

T = TypeVar("T")
LISTED = Origin("m.yaml", pointer="/feature_schema/inputs/0")
MAPPED = Origin("m.json", pointer="/features/age")
NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


def stated(value: T, *, guessed: bool = False) -> Stated[T]:
    return Stated((Fact(value, Origin("m.yaml"), guessed),))


def columns(*names: str | None, origin: Origin = LISTED) -> Stated[tuple[Feature, ...]]:
    return stated(tuple(Feature(name, "long", origin) for name in names))


def changed(before: Stated[tuple[Feature, ...]], after: Stated[tuple[Feature, ...]]) -> list[tuple[str, str]]:
    return [(change.kind.value, change.name) for change in feature_changes(before, after)]


def test_features_come_go_and_move() -> None:
    assert changed(columns("a", "b", "c"), columns("a", "b", "c")) == []
    assert changed(columns("a", "b", "c"), columns("new", "a", "c")) == [("removed", "b"), ("added", "new")]
    assert changed(columns("a", "b", "c"), columns("c", "a", "b")) == [("moved", "c")]
    (moved,) = feature_changes(columns("a", "b", "c"), columns("b", "c", "a"))
    assert moved.before is not None
    assert moved.after is not None
    assert (moved.name, moved.before.position, moved.after.position) == ("a", 1, 3)


def test_the_order_of_a_mapping_means_nothing() -> None:
    assert changed(columns("a", "b", origin=MAPPED), columns("b", "a", origin=MAPPED)) == []


def test_features_without_names_go_by_their_places() -> None:
    assert changed(columns(None, None), columns(None)) == [("removed", "number 2")]
    assert changed(columns("a", "a"), columns("a")) == [("removed", "a (2)")]


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (Feature("a", "long", LISTED), Feature("a", "int64", LISTED), []),
        (Feature("a", "long", LISTED), Feature("a", "int32", LISTED), [ChangeKind.RETYPED]),
        (Feature("a", "long", LISTED), Feature("a", None, LISTED), [ChangeKind.RETYPED]),
        (Feature("a", None, LISTED), Feature("a", "long", LISTED), [ChangeKind.RETYPED]),
        (
            Feature("a", "long", LISTED, shape=(-1, 3)),
            Feature("a", "long", LISTED, shape=(-1, 4)),
            [ChangeKind.RETYPED],
        ),
        (Feature("a", "long", LISTED), Feature("a", "long", LISTED, required=True), [ChangeKind.ALTERED]),
        (
            Feature("a", "long", LISTED, maximum=1.0),
            Feature("a", "int32", LISTED),
            [ChangeKind.RETYPED, ChangeKind.ALTERED],
        ),
        (Feature("a", "long", LISTED, allowed=(1, 2)), Feature("a", "long", LISTED, allowed=(2, 1)), []),
    ],
)
def test_types_shapes_and_terms(before: Feature, after: Feature, kinds: list[ChangeKind]) -> None:
    assert [change.kind for change in feature_changes(stated((before,)), stated((after,)))] == kinds


@given(before=NAMES, after=NAMES)
def test_the_changes_lead_from_the_one_to_the_other(before: list[str], after: list[str]) -> None:
    changes = list(feature_changes(columns(*before), columns(*after)))
    replayed = [name for name in before if not _has(changes, name, ChangeKind.REMOVED, ChangeKind.MOVED)]
    for index, name in enumerate(after):
        if _has(changes, name, ChangeKind.ADDED, ChangeKind.MOVED):
            replayed.insert(index, name)
    assert replayed == after
    assert {change.name for change in changes if change.kind is ChangeKind.ADDED} == set(after) - set(before)


def _has(changes: list[FeatureChange], name: str, *kinds: ChangeKind) -> bool:
    return any(change.name == name and change.kind in kinds for change in changes)


def test_metrics_differ_by_value_and_by_what_they_were_measured_on() -> None:
    before: Stated[tuple[Metric, ...]] = stated(
        (Metric("auc", 0.87, LISTED), Metric("auc", 0.9, LISTED, split="train"), Metric("f1", "0.50", LISTED))
    )
    after: Stated[tuple[Metric, ...]] = stated(
        (Metric("auc", 0.91, LISTED), Metric("f1", 0.5, LISTED), Metric("loss", "nan", LISTED))
    )
    told = [
        (one.name, one.split, one.before and one.before.value, one.after and one.after.value)
        for one in metric_changes(before, after)
    ]
    assert told == [("auc", None, 0.87, 0.91), ("auc", "train", 0.9, None), ("loss", None, None, "nan")]


def test_what_was_guessed_is_marked() -> None:
    guess: Stated[tuple[Feature, ...]] = stated((Feature("a", "long", LISTED),), guessed=True)
    assert [change.guessed for change in feature_changes(columns("b"), guess)] == [True, True]


def test_an_artifact_that_is_new_or_gone_has_no_other_changes() -> None:
    record = Record(name=stated("churn"), version=stated("1.0"), inputs=columns("a"))
    new = compare(None, record, base_path=None, path="models/churn")
    gone = compare(record, None, base_path="models/churn", path=None)
    same = compare(record, record, base_path="models/churn", path="models/churn")
    assert (new.is_new, new.is_gone, new.version_after, new.inputs) == (True, False, "1.0", ())
    assert (gone.is_new, gone.is_gone, gone.version_before, gone.name) == (False, True, "1.0", "churn")
    assert (new.says_something, gone.says_something, same.says_something) == (True, True, False)
