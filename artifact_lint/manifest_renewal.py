"""What of a manifest that is written anew still holds: what others state now comes first."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, TypeVar

from artifact_lint.model import DigestState, Fact, FileState, Record, Role, Stated
from artifact_lint.model.agreement import (
    is_same_architecture,
    measure_of,
    plain_name,
    requirement_name,
    same_name,
    same_version,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from artifact_lint.model import Artifact, Feature, Metric, WeightFile

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stale:
    """Facts of a run that only the replaced manifest states, of weights that are no longer those it describes."""

    run_id: str | None = None
    created: str | None = None
    git_commit: str | None = None
    metrics: tuple[Metric, ...] = ()
    hyperparameters: Mapping[str, object] = field(default_factory=dict)
    version: str | None = None

    @property
    def told(self) -> tuple[str, ...]:
        """What is stale, in the manifest's terms; a version that nobody else states is kept, and only asked about."""
        stated = (("run_id", self.run_id), ("created", self.created), ("git.commit", self.git_commit))
        return (
            *(name for name, value in stated if value),
            *(f"metric {metric.name}" for metric in self.metrics),
            *(f"hyperparameter {name}" for name in self.hyperparameters),
        )


def renewed(artifact: Artifact, manifest: str) -> tuple[Artifact, Stale]:
    """An artifact whose manifest is replaced: what is known now before what that manifest says, and what is stale."""
    old = _Old(manifest)
    stated, before = old.split(old.last(artifact.record.hyperparameters))
    record = replace(
        artifact.record, **{one.name: old.last(getattr(artifact.record, one.name)) for one in fields(Record)}
    )
    record = replace(
        record,
        name=old.kept_where(same_name, record.name),
        version=old.kept_where(same_version, record.version),
        architecture=old.kept_where(is_same_architecture, record.architecture),
        hyperparameters=old.merged(record.hyperparameters, _with_missing_keys),
        inputs=old.merged(record.inputs, _with_details),
        outputs=old.merged(record.outputs, _with_details),
        metrics=old.merged(record.metrics, _with_other_metrics),
        requirements=old.merged(record.requirements, _with_other_requirements),
    )
    if not _weights_changed(artifact.files, manifest):
        return replace(artifact, record=record), Stale()
    stale = Stale(
        run_id=old.only(record.run_id),
        created=old.only(record.created),
        git_commit=old.only(record.git_commit),
        metrics=tuple(metric for metric in record.metrics.value or () if metric.origin.path == manifest),
        hyperparameters=_missing(stated.value, before.value) if stated is not None and before is not None else {},
        version=old.only(record.version),
    )
    fresh = tuple(metric for metric in record.metrics.value or () if metric.origin.path != manifest)
    record = replace(
        record,
        hyperparameters=old.last(artifact.record.hyperparameters),
        run_id=Stated() if stale.run_id else record.run_id,
        created=Stated() if stale.created else record.created,
        git_commit=Stated() if stale.git_commit else record.git_commit,
        metrics=Stated((replace(record.metrics.facts[0], value=fresh),)) if fresh else Stated(),
    )
    return replace(artifact, record=record), stale


@dataclass(frozen=True, slots=True)
class _Old:
    """The facts of one manifest among those of others."""

    path: str

    def last(self, value: T) -> T:
        """Facts of others before those of the manifest; anything else as it is."""
        if not isinstance(value, Stated):
            return value
        return replace(value, facts=tuple(sorted(value.facts, key=lambda fact: fact.origin.path == self.path)))

    def split(self, stated: Stated[T]) -> tuple[Fact[T] | None, Fact[T] | None]:
        """The first fact of others, and the manifest's."""
        others = (fact for fact in stated if fact.origin.path != self.path)
        own = (fact for fact in stated if fact.origin.path == self.path)
        return next(others, None), next(own, None)

    def only(self, stated: Stated[str]) -> str | None:
        """What the manifest alone states."""
        other, own = self.split(stated)
        return own.value if own is not None and other is None else None

    def kept_where(self, agree: Callable[[str, str], bool], stated: Stated[str]) -> Stated[str]:
        """The manifest's own spelling where a guess of others agrees with it."""
        other, own = self.split(stated)
        if other is None or own is None or not other.guessed or not agree(own.value, other.value):
            return stated
        return Stated((own, *(fact for fact in stated if fact is not own)))

    def merged(self, stated: Stated[T], merge: Callable[[T, T], T]) -> Stated[T]:
        """What others state, with what the manifest adds to it."""
        other, own = self.split(stated)
        if other is None or own is None:
            return stated
        return Stated((replace(other, value=merge(other.value, own.value)), *stated.facts[1:]))


def _with_missing_keys(new: Mapping[str, object], old: Mapping[str, object]) -> Mapping[str, object]:
    return {**new, **_missing(new, old)}


def _missing(new: Mapping[str, object], old: Mapping[str, object]) -> Mapping[str, object]:
    known = {plain_name(key) for key in new}
    return {key: value for key, value in old.items() if plain_name(key) not in known}


def _with_details(new: tuple[Feature, ...], old: tuple[Feature, ...]) -> tuple[Feature, ...]:
    """The features listed now, with what the old list says of those of the same name beyond their names."""
    by_name = {plain_name(feature.name): feature for feature in old if feature.name}
    return tuple(_with_what_was_said(feature, by_name.get(plain_name(feature.name or ""))) for feature in new)


def _with_what_was_said(new: Feature, old: Feature | None) -> Feature:
    if old is None:
        return new
    stated = {one.name: value for one in fields(new) if (value := getattr(new, one.name)) is not None}
    coarse = new.dtype in {None, "numeric", "categorical"}
    return replace(old, **stated | ({"dtype": old.dtype} if coarse else {}))


def _with_other_metrics(new: tuple[Metric, ...], old: tuple[Metric, ...]) -> tuple[Metric, ...]:
    """The metrics of now, and those of old that measure something else; on what a measure was taken stays the same."""
    before = {measure_of(metric)[0]: metric for metric in old}
    named = tuple(_with_split(metric, before.get(measure_of(metric)[0])) for metric in new)
    known = {measure_of(metric)[0] for metric in new}
    return (*named, *(metric for metric in old if measure_of(metric)[0] not in known))


def _with_split(new: Metric, old: Metric | None) -> Metric:
    if old is None or measure_of(new)[1] not in {None, measure_of(old)[1]}:
        return new
    return replace(new, dataset=new.dataset or old.dataset, split=new.split or old.split)


def _with_other_requirements(new: tuple[Fact[str], ...], old: tuple[Fact[str], ...]) -> tuple[Fact[str], ...]:
    known = {requirement_name(fact.value) for fact in new}
    return (*new, *(fact for fact in old if requirement_name(fact.value) not in known))


def _weights_changed(files: Sequence[WeightFile], manifest: str) -> bool:
    """Whether the weights are no longer those that a manifest lists, as far as it records digests or sizes."""
    listed = [file for file in files if any(mention.origin.path == manifest for mention in file.mentions)]
    unlisted = [file for file in files if file not in listed and file.role in {Role.WEIGHTS, Role.ADAPTER}]
    return bool(listed and unlisted) or any(_differs(file, manifest) for file in listed)


def _differs(file: WeightFile, manifest: str) -> bool:
    checks = (check for check in file.checks.value if check.recorded.origin.path == manifest)
    sizes = (mention.size.value for mention in file.mentions if mention.size and mention.origin.path == manifest)
    return (
        file.state is FileState.MISSING
        or any(check.state is DigestState.MISMATCH for check in checks)
        or any(file.size is not None and size != file.size for size in sizes)
    )
