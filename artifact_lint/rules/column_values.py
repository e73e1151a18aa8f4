"""CON: do the types and values that a schema allows fit what the weights take?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Origin, Problem, Related, Role, Severity
from artifact_lint.rules.input_comparison import comparisons
from artifact_lint.rules.registry import rule
from artifact_lint.rules.schema_names import called, listed
from artifact_lint.rules.values import as_label, is_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Feature
    from artifact_lint.model.description import Column, TensorSpec
    from artifact_lint.rules.input_comparison import Comparison
    from artifact_lint.rules.input_sides import Side

#: With more columns than this in the same plight, one finding speaks for all of them.
_MOST_APART: Final = 4


@rule("CON104", "feature-dtype", severity=Severity.WARNING, tags=("schema", "consistency"))
def feature_dtype(artifact: Artifact) -> Iterator[Problem]:
    """The schema gives an input a type that the weights do not take.

    Numbers of other widths are one type for columns, which are converted on the way. For the tensors of an ONNX graph
    they are not: ONNX Runtime takes no other dtype than the graph's. Texts that a stated preprocessing step, or a
    preprocessor beside the weights, makes numbers of are no difference.

    ## Why is this bad?
    A text where a number is expected fails, or is counted as missing; a number where a text is expected matches none
    of the categories that the model knows.

    ## How to fix
    State the type that the model was trained on, or the step that makes numbers of texts (`preprocessing`).
    """
    for found in comparisons(artifact):
        differing = list(_differing(artifact, found))
        for feature, taken in differing[:_MOST_APART]:
            more = len(differing) - _MOST_APART
            others = f", and {more} more alike" if more > 0 and feature is differing[_MOST_APART - 1][0] else ""
            message = f"input {feature.name or '(unnamed)'} is {feature.dtype} here, {called(found.side.file)} {taken}"
            advice = "State the type that the model was trained on"
            if _family(feature.dtype) == "text":
                advice += ", or under `preprocessing` the step that makes numbers of it"
            yield _problem(found, feature, f"{message}{others}", f"{advice}.")


def mistyped(artifact: Artifact) -> set[str | None]:
    """The inputs to which a schema gives a type that the weights do not take, by name."""
    return {feature.name for found in comparisons(artifact) for feature, _ in _differing(artifact, found)}


def _differing(artifact: Artifact, found: Comparison) -> Iterator[tuple[Feature, str]]:
    """The inputs whose type the weights do not take, and what they take."""
    for feature, taken in _types(found) if found.fits else ():
        if _family(feature.dtype) != "text" or not _is_encoded(artifact, found, feature):
            yield feature, taken


def _is_encoded(artifact: Artifact, found: Comparison, feature: Feature) -> bool:
    """Whether something that the weights do not hold makes numbers of a text before it reaches them."""
    side = found.side
    if side.file.role is Role.PREPROCESSOR or len(side.description.estimators) > 1:
        return False
    if any(file.role is Role.PREPROCESSOR for file in artifact.files):
        return True
    steps = (step for fact in artifact.record.preprocessing for step in fact.value)
    return any(not step.columns or feature.name in step.columns for step in steps)


@rule("CON105", "categorical-values", severity=Severity.WARNING, tags=("schema", "consistency"))
def categorical_values(artifact: Artifact) -> Iterator[Problem]:
    """The schema allows values of a category that the model never saw.

    Not where the model was told to ignore such values (`handle_unknown="ignore"`).

    ## Why is this bad?
    An encoder refuses a value that it was not fitted on, and a tree counts it as missing.

    ## How to fix
    Allow the values that the model was trained on, or train it again with the others.
    """
    for found in comparisons(artifact):
        for feature, column in pairs(found) if found.fits else ():
            if feature.allowed is None or column.categories is None or column.ignores_unknown:
                continue
            known = {as_label(category) for category in column.categories}
            unknown = [str(value) for value in feature.allowed if value is not None and as_label(value) not in known]
            if unknown:
                message = (
                    f"input {feature.name} allows {listed(unknown)}, which {called(found.side.file)} never saw; "
                    f"it knows {listed(column.categories)}"
                )
                yield _problem(found, feature, message, "Allow what the model was trained on, or train it on more.")


def _problem(found: Comparison, feature: Feature, message: str, advice: str) -> Problem:
    related = (Related(Origin(found.side.file.path), found.side.where),)
    return Problem(feature.origin, message, advice, found.side.file.path, related, guessed=found.contract.fact.guessed)


def pairs(found: Comparison) -> Iterator[tuple[Feature, Column]]:
    """Each feature with its column: by name where both have names, else by place."""
    side, features = found.side, found.contract.features
    if found.contract.tensors:
        return
    if side.columns and found.contract.names is not None:
        by_name = {column.name: column for column in side.columns}
        for feature in features:
            column = by_name.get(side.spelt(feature.name or ""))
            if column is not None:
                yield feature, column
        return
    columns = side.description.columns.value if side.description.columns is not None else ()
    if len(columns) == len(features):
        yield from zip(features, columns, strict=True)


def _types(found: Comparison) -> Iterator[tuple[Feature, str]]:
    if found.side.inputs:
        yield from _tensor_types(found)
        return
    for feature, column in pairs(found):
        family, taken = _family(feature.dtype), _family_of_column(found.side, column)
        if family and taken and family != taken:
            yield feature, f"takes {_ARTICLE[taken]}"


_ARTICLE: Final = {"text": "texts", "number": "numbers"}


def _family_of_column(side: Side, column: Column) -> str | None:
    """Whether a column is of texts or numbers; None for a category of which nobody knows how it is written."""
    if column.kind == "categorical" and side.library in _BOOSTERS:
        return None
    if column.categories:
        return "number" if all(map(is_number, column.categories)) else _texts(column.categories)
    if column.kind is not None and column.kind != "categorical":
        return "text" if column.kind == "text" else "number"
    if column.kind is not None:
        return None
    return "number" if side.numbers is None or column.name in side.numbers else _family(column.dtype)


#: Libraries that know categories as a type of their own, which CON106 is about.
_BOOSTERS: Final = frozenset({"xgboost", "lightgbm", "catboost"})


def _texts(categories: tuple[str, ...]) -> str | None:
    return None if any(map(is_number, categories)) else "text"


def _tensor_types(found: Comparison) -> Iterator[tuple[Feature, str]]:
    inputs = found.side.inputs
    by_name = {spec.name: spec for spec in inputs}
    for feature in found.contract.features:
        spec = inputs[0] if len(inputs) == 1 else by_name.get(feature.name or "")
        if spec is None or spec.dtype is None or feature.dtype is None:
            continue
        family, taken = _family(feature.dtype), _family(spec.dtype)
        if (family and taken and family != taken) or _is_other_tensor(found, feature, spec):
            yield feature, f"takes {spec.dtype}"


def _is_other_tensor(found: Comparison, feature: Feature, spec: TensorSpec) -> bool:
    """Whether an ONNX graph takes another dtype of numbers than a tensor of the schema has."""
    if found.side.library != "onnx" or not found.contract.tensors:
        return False
    exact = re.compile(r"(?:u?int|float|bfloat)\d+|bool")
    ours = _SPELLINGS.get((feature.dtype or "").lower(), (feature.dtype or "").lower())
    theirs = (spec.dtype or "").lower()
    return bool(exact.fullmatch(ours) and exact.fullmatch(theirs)) and ours != theirs


_SPELLINGS: Final = {"double": "float64", "float": "float32", "long": "int64", "integer": "int32", "boolean": "bool"}

_NUMBER: Final = (
    r"(?i)(?:u?int|integer|long|short|byte|float|double|decimal|number|numeric|half|bfloat|bool|boolean|"
    r"(?:tiny|small|big)int|numerical|continuous)\d*"
)
#: NumPy's codes, where the case matters: `U8` is a text and `u8` a number.
_NUMBER_CODE: Final = r"[<>|=]?[biuf]\d{1,2}|[|]?[?]"
_TEXT_CODE: Final = r"[<>|=]?U\d+|str\d+"
_TEXT: Final = frozenset({"string", "str", "text", "varchar", "char"})


def _family(dtype: str | None) -> str | None:
    """Texts or numbers; None for what may be either, such as `object` and `category`, and for dates and bytes."""
    word = (dtype or "").strip()
    if word.lower() in _TEXT or re.fullmatch(_TEXT_CODE, word):
        return "text"
    return "number" if re.fullmatch(_NUMBER, word) or re.fullmatch(_NUMBER_CODE, word) else None
