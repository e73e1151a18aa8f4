"""The two sides of a classifier's labels: what a schema or a configuration lists, and what the weights have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Role, Severity
from artifact_lint.rules.input_comparison import is_wrapped
from artifact_lint.rules.schema_names import source_of
from artifact_lint.rules.values import as_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.model import Artifact, Fact, Feature, Origin, WeightFile
    from artifact_lint.model.description import Description, TensorSpec


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that a schema lists, or as many outputs as it has for them, where nothing names them.

    `is_settled` tells that what it lists can be nothing else. `severity_of_order` is what another order weighs: None
    where it is as bad as another label.
    """

    origin: Origin
    source: str
    count: int
    names: tuple[str, ...] = ()
    noun: str = "labels"
    severity_of_order: Severity | None = None
    is_settled: bool = True
    guessed: bool = False
    by_configuration: bool = False


@dataclass(frozen=True, slots=True)
class LabelSide:
    """The labels that a weight file has, in its order; `names` is empty where it only tells how many."""

    file: WeightFile
    where: str
    count: int | None
    names: tuple[str, ...] = ()
    noun: str = "classes"


def label_comparisons(artifact: Artifact) -> tuple[tuple[Labels, LabelSide], ...]:
    """The labels of each schema beside those of the weights; nothing where one of several weight files has them."""
    return artifact.once(_label_comparisons)


def _label_comparisons(artifact: Artifact) -> tuple[tuple[Labels, LabelSide], ...]:
    return tuple(_compared(artifact))


def _compared(artifact: Artifact) -> Iterator[tuple[Labels, LabelSide]]:
    if is_wrapped(artifact):
        return
    files = [file for file in artifact.files if file.role is Role.WEIGHTS and not file.is_bystander]
    for ours in listed_labels(artifact):
        told = [(ours, side) for file in files if (side := _side(file, ours)) is not None]
        agreeing = [side for _, side in told if _agree(ours, side)]
        if told and not agreeing and len({(side.count, side.names) for _, side in told}) == 1:
            yield told[0]
        elif agreeing:
            yield ours, agreeing[0]


def _agree(ours: Labels, theirs: LabelSide) -> bool:
    if ours.count != theirs.count or not ours.names or not theirs.names or are_numbers(ours, theirs):
        return ours.count == theirs.count
    return {as_label(name) for name in ours.names} == {as_label(name) for name in theirs.names}


def are_numbers(ours: Labels, theirs: LabelSide) -> bool:
    """Whether the weights know their labels by number alone, so that the schema's names are those of the numbers."""
    numbers = {str(number) for number in range(len(theirs.names))}
    from_one = {str(number + 1) for number in range(len(theirs.names))}
    known = {as_label(name) for name in theirs.names}
    if known in (numbers, from_one):
        # a schema that lists numbers, too, means the very same ones
        return not {as_label(name) for name in ours.names} <= {*numbers, *from_one} or known == {"0", "1"}
    return are_defaults(ours.names) or are_defaults(theirs.names)


#: What transformers calls labels that nobody named (PretrainedConfig.num_labels).
_DEFAULT: Final = "LABEL_"


def are_defaults(names: Sequence[str]) -> bool:
    return bool(names) and all(name.startswith(_DEFAULT) and name.removeprefix(_DEFAULT).isdigit() for name in names)


def listed_labels(artifact: Artifact) -> Iterator[Labels]:
    facts = [fact for fact in artifact.record.outputs if fact.value]
    certain = [fact for fact in facts if not fact.guessed]
    for fact in certain or facts[:1]:
        found = _labels(fact)
        if found is not None:
            yield found


def _labels(fact: Fact[tuple[Feature, ...]]) -> Labels | None:
    """The labels of the only output that has any; else the outputs themselves, where each is for one label."""
    features = fact.value
    named = [feature for feature in features if feature.allowed]
    source = source_of(fact)
    if len(named) == 1:
        allowed = tuple(dict.fromkeys(_text(value) for value in named[0].allowed or () if value is not None))
        vector = any(feature.shape is not None for feature in features)
        severity = Severity.WARNING if vector or fact.guessed else Severity.NOTE
        return Labels(
            named[0].origin,
            source,
            len(allowed),
            allowed,
            severity_of_order=severity,
            is_settled=len(features) == 1,
            guessed=fact.guessed,
            by_configuration=fact.origin.pointer.endswith("/id2label"),
        )
    if named:
        return None
    if len(features) == 1:
        shape = features[0].shape or ()
        width = shape[1] if len(shape) == 2 else 0
        if width < 2 or not _is_fraction(features[0]):
            return None
        return Labels(features[0].origin, source, width, noun="values for each row", guessed=fact.guessed)
    if all(feature.name and feature.shape is None and _is_fraction(feature) for feature in features):
        names = _without_affixes([feature.name or "" for feature in features])
        return Labels(fact.origin, source, len(features), names, "outputs", guessed=fact.guessed)
    return None


def _text(value: object) -> str:
    return as_label(value) if isinstance(value, bool | float) else str(value)


def _is_fraction(feature: Feature) -> bool:
    return (feature.dtype or "").lower().startswith(("float", "double"))


def _without_affixes(names: Sequence[str]) -> tuple[str, ...]:
    """Names without what all of them begin with, up to a separator: `p_` of `p_no` and `p_yes`."""
    first, last = min(names), max(names)
    prefix = first[: next((i for i, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), 0)]
    cut = max((prefix.rfind(sign) for sign in "_-. "), default=-1) + 1
    return tuple(name[cut:] for name in names)


def _side(file: WeightFile, ours: Labels) -> LabelSide | None:
    description = file.description.value
    if description is None:
        return None
    if description.classes is not None and len(description.classes.value) > 1:
        names = description.classes.value
        side = LabelSide(file, description.classes.where, len(names), names)
    elif description.class_count is not None and description.class_count.value > 1:
        side = LabelSide(file, description.class_count.where, description.class_count.value)
    else:
        return _graph_side(file, description, ours)
    if ours.noun != "labels" and ours.count != side.count:
        return _only_if_surely_other(ours, side)
    if ours.noun == "outputs" and set(map(as_label, ours.names)) != set(map(as_label, side.names)):
        return None
    return side


def _only_if_surely_other(ours: Labels, side: LabelSide) -> LabelSide | None:
    """Outputs that may be the label beside its probabilities, or the votes of each pair of classes, say nothing."""
    count = side.count or 0
    return None if ours.count in {count + 1, count * (count - 1) // 2} else side


def _graph_side(file: WeightFile, description: Description, ours: Labels) -> LabelSide | None:
    """The width of a graph's output, where only one is as wide as a head may be."""
    outputs = description.outputs
    if outputs is None:
        return None
    wide = [(spec, width) for spec in outputs.value if (width := _width(spec)) > 1]
    if any(width == ours.count for _, width in wide) or len(wide) != 1:
        return None
    spec, width = wide[0]
    if ours.by_configuration and "logits" not in spec.name:
        return None
    if len(outputs.value) > 1 and ours.noun != "labels":
        return None
    return LabelSide(file, f"{outputs.where} `{spec.name}`", width, noun="values for each row")


def _width(spec: TensorSpec) -> int:
    last = spec.shape[1] if spec.shape is not None and len(spec.shape) == 2 else None
    return last if isinstance(last, int) else 0
