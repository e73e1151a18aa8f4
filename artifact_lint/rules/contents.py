"""What differs between two artifacts, or between one and what it was: what a model does, not what is noted about it.

Weights are compared by their content, wherever it is known: digests of the bytes, of what stands in for them, or on
record. Configurations and feature schemas are compared by their values where one place states them both times; a value
that nobody stated before contradicts nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from artifact_lint.model import FileState, Role
from artifact_lint.model.agreement import may_be_same_architecture, same_architecture_name, same_type, same_value
from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from artifact_lint.model import Artifact, Fact, Feature, Origin, Stated, Step, WeightFile

T = TypeVar("T")

#: What predictions depend on; an optimizer's state, data and configurations beside the weights are told apart by roles.
_EFFECTIVE = frozenset({Role.WEIGHTS, Role.ADAPTER, Role.PREPROCESSOR, Role.TOKENIZER})
#: The longest value that a message shows, in characters.
_LONGEST = 40


class Difference(NamedTuple):
    """One thing that differs, as a message tells it, and where it stands in the later of the two."""

    what: str
    origin: Origin
    guessed: bool = False


def differences(before: Artifact, after: Artifact) -> Iterator[Difference]:
    """Everything in which what a model does differs, weights first; files are matched by their paths."""
    yield from _weights(before, after)
    yield from configuration_differences(before, after)


def configuration_differences(before: Artifact, after: Artifact) -> Iterator[Difference]:
    """The differences of architecture, hyperparameters and feature schema."""
    one, other = before.record, after.record
    yield from _architecture(one.architecture, other.architecture)
    yield from _hyperparameters(one.hyperparameters, other.hyperparameters)
    yield from _features("input", one.inputs, other.inputs)
    yield from _features("output", one.outputs, other.outputs)
    yield from _preprocessing(one.preprocessing, other.preprocessing)


def have_other_weights(one: Artifact, other: Artifact) -> bool:
    """Whether the weights of two artifacts surely differ, whatever their files are called."""
    left = sorted(_effective(other).values(), key=lambda file: file.path)
    for file in _effective(one).values():
        name = name_of(file.path)
        likely = sorted(left, key=lambda candidate: name_of(candidate.path) != name)
        match = next((candidate for candidate in likely if not _differ(file, candidate)), None)
        if match is None:
            return not any(file.state is FileState.MISSING for file in other.files)
        left.remove(match)
    return bool(left) and not any(file.state is FileState.MISSING for file in one.files)


def _effective(artifact: Artifact) -> dict[str, WeightFile]:
    return {path: file for path, file in _present(artifact).items() if file.role in _EFFECTIVE}


def _present(artifact: Artifact) -> dict[str, WeightFile]:
    return {file.path: file for file in artifact.files if file.state is not FileState.MISSING and not file.directory}


def _weights(before: Artifact, after: Artifact) -> Iterator[Difference]:
    past, present = _effective(before), _effective(after)
    was, now = _present(before), _present(after)
    for path in sorted((past.keys() | present.keys()) & was.keys() & now.keys()):
        if _differ(was[path], now[path]):
            yield Difference(f"{path} {_arrow(was[path], now[path])}", now[path].origin)
    all_past, all_present = ({file.path for file in one.files} for one in (before, after))
    gone = [past[path] for path in sorted(past.keys() - all_present)]
    new = [present[path] for path in sorted(present.keys() - all_past)]
    for file in list(gone):
        match = next((candidate for candidate in new if _differ(file, candidate) is False), None)
        if match is not None:
            gone.remove(file)
            new.remove(match)
    if len(gone) == len(new) == 1:
        if _differ(gone[0], new[0]) is not None:
            yield Difference(f"{gone[0].path} -> {new[0].path}, {_arrow(gone[0], new[0])}", new[0].origin)
        return
    yield from (Difference(f"{file.path} was removed", after.origin) for file in gone)
    yield from (Difference(f"{file.path} was added", file.origin) for file in new)


def _differ(one: WeightFile, other: WeightFile) -> bool | None:
    """Whether two files have different content; None where nobody can tell. Nothing is hashed that need not be.

    What the bytes are outweighs what is on record of them; files that share a digest are equal unless their records
    contradict each other.
    """
    if one.digest is other.digest and not one.contradicts(other):
        return False
    if not (_is_knowable(one) and _is_knowable(other)):
        return None
    if one.size and other.size and one.size != other.size:
        return True
    stated = [(file.digest.value or "").lower() for file in (one, other)]
    if all(stated) and stated[0].partition(":")[0] == stated[1].partition(":")[0]:
        return stated[0] != stated[1]
    first, second = _known(one), _known(other)
    shared = first.keys() & second.keys()
    return any(first[name] != second[name] for name in shared) if shared else None


def _is_knowable(file: WeightFile) -> bool:
    """Whether anything tells a file's content: its bytes, what stands in for them, or a record."""
    return file.state is FileState.PRESENT or file.digest.value is not None or any(m.digests for m in file.mentions)


def _known(file: WeightFile) -> Mapping[str, str]:
    """The digests of a file by algorithm: what is on record, and what the bytes or their pointer say instead."""
    known = dict(file.recorded)
    if file.digest.value is not None:
        known[file.digest.value.partition(":")[0].lower()] = file.digest.value.lower()
    return known


def _arrow(one: WeightFile, other: WeightFile) -> str:
    first, second = _known(one), _known(other)
    names = sorted(first.keys() & second.keys(), key=lambda name: name != "sha256")
    if names:
        return f"{_short(first[names[0]])} -> {_short(second[names[0]])}"
    return f"{one.size:,} -> {other.size:,} bytes"


def _short(digest: str) -> str:
    algorithm, _, value = digest.partition(":")
    return f"{algorithm}:{value[:12]}"


def _counterpart(before: Stated[T], after: Stated[T]) -> tuple[Fact[T], Fact[T]] | None:
    """What won before, and what the same place of the same kind of document says now."""
    past = before.best
    if past is None:
        return None
    name = name_of(past.origin.path)
    now = [fact for fact in after if fact.origin.pointer == past.origin.pointer and fact.guessed == past.guessed]
    now.sort(key=lambda fact: name_of(fact.origin.path) != name)
    return (past, now[0]) if now else None


def _architecture(before: Stated[str], after: Stated[str]) -> Iterator[Difference]:
    pair = _counterpart(before, after)
    if pair is not None:
        past, now = pair
        if not same_architecture_name(past.value, now.value):
            yield Difference(f"architecture {past.value} -> {now.value}", now.origin, now.guessed)
    elif before.best and after.best and not may_be_same_architecture(before.best.value, after.best.value):
        past, now = before.best, after.best
        yield Difference(f"architecture {past.value} -> {now.value}", now.origin, past.guessed or now.guessed)


def _hyperparameters(before: Stated[Mapping[str, object]], after: Stated[Mapping[str, object]]) -> Iterator[Difference]:
    pair = _counterpart(before, after)
    if pair is not None:
        past, now = (_leaves(fact.value) for fact in pair)
        for name in dict.fromkeys((*past, *now)):
            first, second = past.get(name), now.get(name)
            if _plain(first) != _plain(second):
                yield Difference(f"hyperparameter {name} {_told(first, second)}", pair[1].origin, pair[1].guessed)
    elif before.best and after.best:
        stated = after.best.value
        for name, value in before.best.value.items():
            if name in stated and not same_value(value, stated[name]):
                guessed = before.best.guessed or after.best.guessed
                what = f"hyperparameter {name} {_told(value, stated[name])}"
                yield Difference(what, after.best.origin, guessed)


def _leaves(values: Mapping[str, object]) -> dict[str, object]:
    """The scalars of nested values, by their keys joined with dots."""
    found: dict[str, object] = {}
    waiting: list[tuple[str, object]] = list(reversed(list(values.items())))
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [(f"{name}.{key}", below) for key, below in reversed(list(value.items()))]
        elif isinstance(value, list | tuple) and value:
            waiting += [(f"{name}.{index}", below) for index, below in reversed(list(enumerate(value)))]
        else:
            found[name] = value
    return found


_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_NOTHING = frozenset({"", "null", "none", "~"})


def _plain(value: object) -> str:
    """A scalar however it is written: quoted or not, as an integer or with a fraction of nothing."""
    text = str(value).strip()
    lowered = text.casefold()
    if value is None or lowered in _NOTHING:
        return ""
    if lowered in _TRUE | _FALSE:
        return str(lowered in _TRUE)
    try:
        number = float(text) if len(text) <= _LONGEST and "_" not in text else math.nan
    except ValueError:
        number = math.nan
    return repr(number) if math.isfinite(number) and abs(number) < 2**53 else text


def _told(before: object, after: object) -> str:
    if not _plain(before):
        return f"{_shown(after)} was added"
    return f"{_shown(before)} was removed" if not _plain(after) else f"{_shown(before)} -> {_shown(after)}"


def _shown(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _features(
    kind: str, before: Stated[tuple[Feature, ...]], after: Stated[tuple[Feature, ...]]
) -> Iterator[Difference]:
    pair = _counterpart(before, after)
    if pair is None or not pair[0].value or not pair[1].value:
        return
    fact = pair[1]
    past, now = _by_name(pair[0].value), _by_name(fact.value)
    for name, feature in now.items():
        if name not in past:
            yield Difference(f"{kind} {name} was added", feature.origin, fact.guessed)
        else:
            for what in _attributes(past[name], feature):
                yield Difference(f"{kind} {name} {what}", feature.origin, fact.guessed)
    yield from (Difference(f"{kind} {name} was removed", fact.origin, fact.guessed) for name in past if name not in now)
    if past.keys() == now.keys() and list(past) != list(now) and _is_ordered(fact.value):
        yield Difference(f"the order of the {kind}s", fact.origin, fact.guessed)


def _by_name(features: Iterable[Feature]) -> dict[str, Feature]:
    return {feature.name or f"number {number}": feature for number, feature in enumerate(features, 1)}


def _is_ordered(features: Sequence[Feature]) -> bool:
    """Whether features stand in a list: the order of a mapping's keys means nothing."""
    return all(feature.origin.pointer.rpartition("/")[2].isdecimal() for feature in features)


def _attributes(before: Feature, after: Feature) -> Iterator[str]:
    """What was stated of a feature and is stated otherwise now."""
    types = before.dtype and before.dtype.casefold(), after.dtype and after.dtype.casefold()
    if types[0] and types[1] and same_type(types[0], types[1]):
        types = (None, None)
    pairs: tuple[tuple[str, object, object], ...] = (
        ("", *types),
        ("required ", before.required, after.required),
        ("nullable ", before.nullable, after.nullable),
        ("shape ", before.shape and list(before.shape), after.shape and list(after.shape)),
        ("minimum ", before.minimum, after.minimum),
        ("maximum ", before.maximum, after.maximum),
        ("allowed ", _choices(before), _choices(after)),
    )
    for label, first, second in pairs:
        if first is not None and _plain(first) != _plain(second):
            yield f"{label}{_shown(first)} -> {_shown('not stated' if second is None else second)}"


def _choices(feature: Feature) -> str | None:
    return None if feature.allowed is None else ", ".join(sorted(_plain(value) for value in feature.allowed))


def _preprocessing(before: Stated[tuple[Step, ...]], after: Stated[tuple[Step, ...]]) -> Iterator[Difference]:
    pair = _counterpart(before, after)
    if pair is None or not pair[0].value or not pair[1].value:
        return
    past, now = ([step.name for step in fact.value] for fact in pair)
    if past != now:
        what = f"preprocessing {_shown(', '.join(past))} -> {_shown(', '.join(now))}"
        yield Difference(what, pair[1].origin, pair[1].guessed)
        return
    for first, second in zip(pair[0].value, pair[1].value, strict=True):
        if first.columns and second.columns and first.columns != second.columns:
            columns = f"{_shown(', '.join(first.columns))} -> {_shown(', '.join(second.columns))}"
            yield Difference(f"preprocessing {second.name} columns {columns}", second.origin, pair[1].guessed)
