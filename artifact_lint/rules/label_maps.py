"""What the labels of a configuration say against one another, and against those of a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.model import Severity
from artifact_lint.rules.label_sides import are_defaults, listed_labels
from artifact_lint.rules.schema_names import listed
from artifact_lint.rules.values import as_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, LabelMaps, Origin


class Contradiction(NamedTuple):
    """Two places of a record that number labels, and differ."""

    origin: Origin
    other: Origin
    message: str
    there: str
    help: str
    is_about_count: bool = False
    severity: Severity | None = None


def contradictions(artifact: Artifact) -> Iterator[Contradiction]:
    """What the labels of a configuration say against one another, and against those of another schema."""
    for fact in artifact.record.labels:
        yield from _within(fact.value)
        yield from _between(artifact, fact.value)


def _within(maps: LabelMaps) -> Iterator[Contradiction]:
    names, numbers, count = maps.by_number, maps.by_label, maps.count
    if names is not None and count is not None and len(names.value) != count.value:
        message = f"num_labels is {count.value}, and id2label names {len(names.value)}"
        advice = "Remove num_labels, which follows from id2label."
        yield Contradiction(count.origin, names.origin, message, "id2label is here", advice, is_about_count=True)
    if names is None:
        return
    if gaps := [number for number in range(len(names.value)) if number not in names.value]:
        message = f"id2label numbers {len(names.value)} labels, and none of them {listed([str(gap) for gap in gaps])}"
        advice = "Number the labels from 0 on, as the outputs of the classifier are."
        yield Contradiction(names.origin, names.origin, message, "", advice, severity=Severity.WARNING)
    if numbers is None:
        return
    known = set(names.value.values())
    if len(known) != len(numbers.value):
        message = f"id2label names {len(known)} labels, label2id {len(numbers.value)}"
        yield Contradiction(numbers.origin, names.origin, message, "id2label is here", _TURN, is_about_count=True)
        return
    wrong = [name for name, number in numbers.value.items() if names.value.get(number) != name]
    if wrong:
        number = numbers.value[wrong[0]]
        there = names.value.get(number)
        told = f"id2label names {number} {there!r}" if there is not None else f"id2label has no {number}"
        message = f"label2id says that {wrong[0]!r} is {number}, {told}"
        message += f", and {len(wrong) - 1} more differ" if len(wrong) > 1 else ""
        severity = Severity.WARNING if are_defaults(list(numbers.value)) else None
        yield Contradiction(numbers.origin, names.origin, message, "id2label is here", _TURN, severity=severity)


_TURN: Final = "Make label2id the reverse of id2label."


def _between(artifact: Artifact, maps: LabelMaps) -> Iterator[Contradiction]:
    """The labels that another schema lists, beside those of the configuration."""
    if maps.by_number is None:
        return
    theirs = tuple(name for _, name in sorted(maps.by_number.value.items()))
    for ours in listed_labels(artifact):
        if ours.by_configuration or ours.guessed or ours.noun != "labels" or not ours.names:
            continue
        there = "id2label is here"
        if ours.count != len(theirs):
            message = f"{ours.source} lists {ours.count} labels, id2label {len(theirs)}"
            yield Contradiction(ours.origin, maps.by_number.origin, message, there, _SAME, is_about_count=True)
        elif are_defaults(theirs) or are_defaults(ours.names) or all(name.isdigit() for name in ours.names):
            continue
        elif {as_label(name) for name in ours.names} != {as_label(name) for name in theirs}:
            message = f"{ours.source} lists {listed(ours.names)}, id2label {listed(theirs)}"
            yield Contradiction(ours.origin, maps.by_number.origin, message, there, _SAME)
        elif ours.names != theirs:
            message = f"{ours.source} lists the labels as {listed(ours.names)}, id2label as {listed(theirs)}"
            severity = ours.severity_of_order
            yield Contradiction(ours.origin, maps.by_number.origin, message, there, _SAME, severity=severity)


_SAME: Final = "List the labels as the configuration does, in the order of their numbers."
