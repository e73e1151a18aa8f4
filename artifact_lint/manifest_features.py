"""The feature schema of a manifest, as far as the weights tell it: columns, inputs and outputs, classes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Component, Fact, Feature, Origin, Role, Stated
from artifact_lint.model.description import ColumnKind
from artifact_lint.model.paths import name_of
from artifact_lint.schemas.dtypes import as_dtype

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from artifact_lint.model import Artifact, Record, WeightFile
    from artifact_lint.model.description import Column, Description, TensorSpec

#: More columns than this are the pixels or words of something: nobody reads a list of them.
_MOST_COLUMNS: Final = 2000
#: More values than this are identifiers, not categories.
_MOST_VALUES: Final = 200
#: How many values a comment shows, and how long it gets, in characters.
_SHOWN: Final = 10
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Known:
    """An artifact whose record has the features that its weights tell, and comments on them by their list's key."""

    artifact: Artifact
    comments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def with_features(artifact: Artifact) -> Known:
    """The artifact with the inputs and outputs that nobody states, and types that nobody states, from its weights.

    Files that disagree tell nothing: of a scaler and the model behind it, only people know what callers send.
    """
    record = artifact.record
    if not record.inputs.value and not artifact.is_missing(Component.FEATURE_SCHEMA):
        return Known(artifact)
    told = [(file, told) for file in _speakers(artifact) if (told := file.description.value) is not None]
    inputs, about_inputs = _inputs(record, told)
    outputs, about_outputs = _outputs(record, told) if inputs or record.inputs.value else ((), ())
    changed = replace(
        record,
        inputs=_first(inputs, told, record.inputs) if inputs else record.inputs,
        outputs=_first(outputs, told, record.outputs) if outputs else record.outputs,
    )
    comments = {"inputs": about_inputs, "outputs": about_outputs}
    return Known(replace(artifact, record=changed), {key: lines for key, lines in comments.items() if lines})


def _first(
    features: tuple[Feature, ...], told: Sequence[tuple[WeightFile, Description]], stated: Stated[tuple[Feature, ...]]
) -> Stated[tuple[Feature, ...]]:
    fact = Fact(features, Origin(told[0][0].path), guessed=stated.best.guessed if stated.best else False)
    return Stated((fact, *stated.facts))


def _speakers(artifact: Artifact) -> list[WeightFile]:
    """The files whose word on the features counts."""
    return [file for file in artifact.files if file.role in {Role.WEIGHTS, Role.PREPROCESSOR} and file.is_readable]


def _inputs(
    record: Record, told: Sequence[tuple[WeightFile, Description]]
) -> tuple[tuple[Feature, ...], tuple[str, ...]]:
    stated = record.inputs.value
    for find in (_columns_of, _inputs_of):
        found = [(file, one, features) for file, one in told if (features := find(file, one))]
        if not found:
            continue
        file, one, features = found[0]
        if any(_names(other) != _names(features) for _, _, other in found[1:]):
            if stated:
                return (), ()
            each = " and ".join(f"{len(other)} in {_comment(name_of(path.path))}" for path, _, other in found[:2])
            return (), (f"the files differ in what they take: {each}",)
        where = one.columns if find is _columns_of else one.inputs
        source = f"{name_of(file.path)}: {where.where if where else ''}"
        if stated:
            completed = _completed(stated, features)
            return (completed, (_comment(f"types from {source}"),)) if completed != stated else ((), ())
        return features, (_comment(f"from {source}"), *_on_numbers(features, one), *_on_values(one))
    return ((), ()) if stated else ((), _on_count(told))


def _on_count(told: Sequence[tuple[WeightFile, Description]]) -> tuple[str, ...]:
    """How many columns are taken by a model that knows no names."""
    for file, one in told:
        count = one.column_count
        if count is not None:
            return (_comment(f"{name_of(file.path)} takes {count.value:,} columns without names: {count.where}"),)
    return ()


def _outputs(
    record: Record, told: Sequence[tuple[WeightFile, Description]]
) -> tuple[tuple[Feature, ...], tuple[str, ...]]:
    if record.outputs.value:
        return (), ()
    for file, one in told:
        if file.role is not Role.WEIGHTS:
            continue
        if one.outputs is not None and one.outputs.value:
            features = tuple(_graph_feature(spec, file) for spec in one.outputs.value[:_MOST_COLUMNS])
            return features, (_comment(f"from {name_of(file.path)}: {one.outputs.where}"),)
        if one.classes is not None and 0 < len(one.classes.value) <= _MOST_VALUES:
            dtype, labels = _labels(one.classes.value)
            output = Feature("class", dtype, Origin(file.path), allowed=labels)
            named = _comment(f"classes from {name_of(file.path)}: {one.classes.where}")
            return (output,), (named,)
    return (), ()


def _columns_of(file: WeightFile, told: Description) -> tuple[Feature, ...]:
    columns = told.columns.value if told.columns is not None else ()
    if len(columns) > _MOST_COLUMNS or all(column.name is None for column in columns):
        return ()
    return tuple(_table_feature(column, file) for column in columns)


def _inputs_of(file: WeightFile, told: Description) -> tuple[Feature, ...]:
    specs = told.inputs.value if told.inputs is not None else ()
    return tuple(_graph_feature(spec, file) for spec in specs[:_MOST_COLUMNS])


def _table_feature(column: Column, file: WeightFile) -> Feature:
    dtype = _dtype(column)
    values = column.categories if not column.ignores_unknown else None
    allowed = _typed(values, dtype) if values is not None and len(values) <= _MOST_VALUES else None
    return Feature(column.name, dtype, Origin(file.path), allowed=allowed)


def _graph_feature(spec: TensorSpec, file: WeightFile) -> Feature:
    shape = None if spec.shape is None else tuple(size if isinstance(size, int) else -1 for size in spec.shape)
    return Feature(spec.name, spec.dtype, Origin(file.path), shape=shape)


def _dtype(column: Column) -> str | None:
    """The type as a manifest spells it: that of texts is object to NumPy, and some libraries tell only the kind."""
    stated = as_dtype(column.dtype) if column.dtype else None
    is_text = column.kind in {ColumnKind.CATEGORICAL, ColumnKind.TEXT}
    if stated == "object" and is_text:
        return "string"
    if stated is not None:
        return stated
    return {ColumnKind.CATEGORICAL: "category", ColumnKind.TEXT: "string"}.get(column.kind) if column.kind else None


def _typed(values: tuple[str, ...], dtype: str | None) -> tuple[object, ...]:
    """Values that are told as text, as what the column holds."""
    kind = dtype.lower() if dtype else ""
    try:
        if kind.startswith(("int", "uint", "long", "short")):
            return tuple(int(value) for value in values)
        if kind.startswith(("float", "double")):
            return tuple(float(value) for value in values)
    except ValueError:
        return values
    return values


def _labels(labels: tuple[str, ...]) -> tuple[str | None, tuple[object, ...]]:
    """The type of labels, as far as their texts tell it, and the labels as a manifest writes them.

    A text is what spells neither a number nor a truth; what spells one may be a text all the same, which somebody who
    knows the model has to say.
    """
    if all(_WHOLE.fullmatch(label) for label in labels):
        return None, tuple(int(label) for label in labels)
    if all(_FRACTION.fullmatch(label) for label in labels):
        return None, tuple(float(label) for label in labels)
    return (None if any(_MAY_BE_OTHER.fullmatch(label) for label in labels) else "string"), labels


#: Numbers as Python prints them, and whatever else a label of another type than text may look like.
_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)
_FRACTION: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}", re.ASCII)
_MAY_BE_OTHER: Final = re.compile(r"\s*|[-+.0-9].*|true|false|none|null|nan|inf(?:inity)?", re.IGNORECASE | re.DOTALL)


def _completed(stated: tuple[Feature, ...], known: Sequence[Feature]) -> tuple[Feature, ...]:
    """The stated features with types that the weights tell of the same names."""
    by_name = {feature.name: feature for feature in known if feature.name is not None}
    return tuple(
        replace(feature, dtype=by_name[feature.name].dtype)
        if feature.dtype is None and feature.name in by_name
        else feature
        for feature in stated
    )


def _on_numbers(features: Sequence[Feature], told: Description) -> Iterable[str]:
    """Which columns hold numbers, where no more than that is known of their types."""
    columns = told.columns.value if told.columns is not None else ()
    numeric = {column.name for column in columns if column.kind is ColumnKind.NUMERIC}
    names = [feature.name or "?" for feature in features if feature.dtype is None and feature.name in numeric]
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield _comment(f"{', '.join(names[:_SHOWN])}{more}: numbers, of a type that the file does not tell")


def _on_values(told: Description) -> Iterable[str]:
    for column in told.columns.value if told.columns is not None else ():
        if column.ignores_unknown and column.categories:
            more = f" and {len(column.categories) - _SHOWN} more" if len(column.categories) > _SHOWN else ""
            shown = ", ".join(column.categories[:_SHOWN])
            yield _comment(f"{column.name} was fitted on {shown}{more}, and takes other values too")


def _names(features: Iterable[Feature]) -> list[str | None]:
    return [feature.name for feature in features]


def _comment(text: str) -> str:
    """A text that stays within one comment, whatever a file puts into it."""
    shown = "".join(char if char.isprintable() else "?" for char in text[:_LONGEST])
    return shown if len(text) <= _LONGEST else f"{shown}..."
