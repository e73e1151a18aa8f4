"""CMP: does the feature schema say what callers need?"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Problem, Related, Role, Severity
from artifact_lint.rules.column_kinds import miscategorised
from artifact_lint.rules.column_values import mistyped
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Feature, Stated, WeightFile


def _is_tabular(artifact: Artifact) -> bool:
    task, framework = artifact.record.task.value or "", artifact.record.framework.value or ""
    return task.startswith("tabular") or framework in {"scikit-learn", "xgboost", "lightgbm", "catboost"}


#: With more features than this in the same plight, one finding speaks for all of them.
_MOST_LISTED = 6


@rule("CMP131", "unnamed-inputs", severity=Severity.WARNING, tags=("schema",))
def unnamed_inputs(artifact: Artifact) -> Iterator[Problem]:
    """The schema of a tabular model names no columns.

    ## Why is this bad?
    The order of the columns is then all that holds caller and model together, and nothing notices when two are
    swapped.

    ## How to fix
    Fit the model on a DataFrame and infer the signature from it, or name the inputs in the manifest.
    """
    best = artifact.record.inputs.best
    if best and best.value and _is_tabular(artifact) and all(feature.name is None for feature in best.value):
        advice = "Infer the signature from a DataFrame, or list the columns by name, in the order the model expects."
        yield Problem(best.origin, "the inputs of a tabular model have no names", advice)


def _features(artifact: Artifact) -> Iterator[tuple[str, Stated[tuple[Feature, ...]]]]:
    yield "input", artifact.record.inputs
    yield "output", artifact.record.outputs


@rule("CMP132", "missing-dtype", severity=Severity.ERROR, tags=("schema",))
def missing_dtype(artifact: Artifact) -> Iterator[Problem]:
    """A feature has no dtype.

    ## Why is this bad?
    A caller that sends an integer for a float, or a text for a number, is only found out by the model.

    ## How to fix
    Give every input and output a type.
    """
    for kind, stated in _features(artifact):
        if not stated.best:
            continue
        untyped = [feature for feature in stated.best.value if not feature.dtype]
        if stated.best.guessed and len(untyped) == len(stated.best.value):
            if untyped and kind == "input":
                message = f"none of the {len(untyped)} {kind}s has a dtype"
                yield Problem(
                    stated.best.origin,
                    message,
                    "Give every feature a type, such as `double`, `long` or `string`.",
                    guessed=True,
                )
            continue
        if len(untyped) > _MOST_LISTED:
            names = ", ".join(str(feature.name) for feature in untyped[:_MOST_LISTED])
            message = f"{len(untyped)} {kind}s have no dtype: {names} and others"
            advice = "Give every feature a type, such as `double`, `long` or `string`."
            yield Problem(untyped[0].origin, message, advice, guessed=stated.best.guessed)
            continue
        for feature in untyped:
            message = f"{kind} {feature.name or '(unnamed)'} has no dtype"
            yield Problem(
                feature.origin,
                message,
                "Give it a type, such as `double`, `long` or `string`.",
                guessed=stated.best.guessed,
            )


@rule("CMP133", "duplicate-feature", severity=Severity.ERROR, tags=("schema",))
def duplicate_feature(artifact: Artifact) -> Iterator[Problem]:
    """Two features have the same name, or names that differ only in case or outer spaces.

    ## Why is this bad?
    Data frames and databases fold such names together, and one column takes the other's place.

    ## How to fix
    Rename one of them.
    """
    for kind, stated in _features(artifact):
        if not stated.best:
            continue
        seen: dict[str, Feature] = {}
        for feature in stated.best.value:
            if feature.name is None:
                continue
            first = seen.setdefault(feature.name.strip().casefold(), feature)
            if first is not feature:
                same = "is listed twice" if first.name == feature.name else f"differs from {first.name!r} only in form"
                yield Problem(
                    feature.origin,
                    f"{kind} {feature.name!r} {same}",
                    "Rename or remove one of the two.",
                    related=(Related(first.origin, "first here"),),
                    guessed=stated.best.guessed,
                )


@rule("CMP134", "missing-outputs", severity=Severity.WARNING, tags=("schema",))
def missing_outputs(artifact: Artifact) -> Iterator[Problem]:
    """The schema lists inputs and no outputs.

    ## Why is this bad?
    Nobody knows whether a score, a class or a vector comes back, and in which order.

    ## How to fix
    List the outputs with their types.
    """
    best = artifact.record.inputs.best
    if best and best.value and not any(fact.value for fact in artifact.record.outputs):
        advice = "List what the model returns, each output with its name and type."
        yield Problem(best.origin, "the schema lists no outputs", advice, guessed=best.guessed)


_INTEGERS = ("int", "long", "short", "byte", "uint", "integer")
_NUMBERS = (*_INTEGERS, "float", "double", "decimal", "number", "half")


def _is_a(dtype: str | None, families: tuple[str, ...]) -> bool:
    return bool(dtype) and str(dtype).lower().startswith(families)


@rule("CMP135", "missing-range", severity=Severity.WARNING, tags=("schema",), strict=True)
def missing_range(artifact: Artifact) -> Iterator[Problem]:
    """A numeric input has no range, or a categorical one no allowed values.

    ## Why is this bad?
    Nothing tells a value the model never saw from an ordinary one.

    ## How to fix
    State `range: [low, high]` or `allowed: [...]`.
    """
    for feature in artifact.record.inputs.value or ():
        if feature.shape is not None:
            continue
        if _is_a(feature.dtype, _NUMBERS) and feature.minimum is None and feature.maximum is None:
            if feature.allowed is None:
                yield Problem(feature.origin, f"input {feature.name} has no range", "State `range: [low, high]`.")
        elif _is_a(feature.dtype, ("string", "str", "categor", "object")) and feature.allowed is None:
            yield Problem(feature.origin, f"input {feature.name} has no allowed values", "State `allowed: [...]`.")


@rule("CMP136", "impossible-range", severity=Severity.ERROR, tags=("schema",))
def impossible_range(artifact: Artifact) -> Iterator[Problem]:
    """A range that no value can meet, a default outside it, or a value that the dtype does not have.

    ## Why is this bad?
    Every request fails the check, or the check means nothing.

    ## How to fix
    Correct the bounds, the default or the dtype.
    """
    for kind, stated in _features(artifact):
        for feature in stated.value or ():
            for what in _impossible(feature):
                guessed = bool(stated.best and stated.best.guessed)
                message, advice = f"{kind} {feature.name}: {what}", "Correct the bounds, the default or the dtype."
                yield Problem(feature.origin, message, advice, guessed=guessed)


def _impossible(feature: Feature) -> Iterator[str]:
    low, high, default = feature.minimum, feature.maximum, feature.default
    if low is not None and high is not None and low > high:
        yield f"its range starts at {low:.15g} and ends at {high:.15g}"
    if any(bound is not None and math.isnan(bound) for bound in (low, high)):
        yield "a bound of its range is NaN"
    number = default if isinstance(default, int | float) and not isinstance(default, bool) else None
    if number is not None and not _within(number, low, high):
        yield f"its default {number:.15g} is outside its range"
    if feature.allowed is not None and default is not None and default not in feature.allowed:
        yield f"its default {default!r} is not among the allowed values"
    if _is_a(feature.dtype, _NUMBERS):
        texts = (value for value in (default, *(feature.allowed or ())) if isinstance(value, str))
        yield from (f"{text!r:.80} is no {feature.dtype}" for text in texts)
    if re.fullmatch(_INTEGER, feature.dtype or ""):
        yield from _no_integers(feature)


def _within(number: float, low: float | None, high: float | None) -> bool:
    return not ((low is not None and number < low) or (high is not None and number > high))


#: The whole-number dtypes of MLflow, NumPy, SQL and Python; pandas spells those that take null with a capital.
_INTEGER: Final = r"[uU]?[iI]nt(?:eger)?(?:8|16|32|64)?|(?:tiny|small|big)int|long|short|byte"
_NULLABLE_INTEGER: Final = r"U?Int(?:8|16|32|64)"


def _no_integers(feature: Feature) -> Iterator[str]:
    for value in (feature.default, *(feature.allowed or ())):
        if isinstance(value, float) and not value.is_integer():
            yield f"{value} is no {feature.dtype}"
    takes_null = feature.nullable is True or re.fullmatch(_NULLABLE_INTEGER, feature.dtype or "")
    if feature.allowed and None in feature.allowed and not takes_null:
        yield f"null is among the allowed values of a {feature.dtype}"


_ENCODE_THEMSELVES = frozenset({"lightgbm", "catboost"})
_PREPROCESSORS = ("sklearn.pipeline", "sklearn.compose", "imblearn.pipeline", "sklearn.preprocessing")


@rule("CMP137", "missing-preprocessing", severity=Severity.WARNING, tags=("schema",))
def missing_preprocessing(artifact: Artifact) -> Iterator[Problem]:
    """The model takes text columns, and nothing says how they become numbers.

    Raised where neither the record states preprocessing steps, nor the weights hold a pipeline, nor another file of
    the artifact does. LightGBM and CatBoost encode categories themselves, and so does XGBoost where it was trained with
    them. A column that the weights are known to take as a number is the matter of CON104 and CON106.

    ## Why is this bad?
    The service repeats the encoding by hand and gets it slightly different: no error, other numbers.

    ## How to fix
    Save the whole pipeline, or list the steps under `feature_schema.preprocessing` with the file that holds each.
    """
    record = artifact.record
    inputs = record.inputs.best
    if not inputs or record.preprocessing or not _is_tabular(artifact):
        return
    if record.framework.value in _ENCODE_THEMSELVES:
        return
    texts = [f for f in inputs.value if f.shape is None and _is_a(f.dtype, ("string", "str", "object", "categor"))]
    known = _encoded_by_weights(artifact) | mistyped(artifact) | miscategorised(artifact) if texts else set()
    texts = [feature for feature in texts if feature.name not in known]
    if not texts or any(file.role in {Role.PREPROCESSOR, Role.TOKENIZER} for file in artifact.files):
        return
    inspections = [file.inspection.value for file in artifact.files if file.role is not Role.DATA]
    if any(inspection is None for inspection in inspections):
        return
    if any(_takes_texts(file) for file in artifact.files):
        return
    modules = {found.module for inspection in inspections if inspection for found in inspection.imports}
    if not any(module.startswith(_PREPROCESSORS) for module in modules):
        names = ", ".join(str(feature.name) for feature in texts[:4])
        message = f"nothing says how the text columns become numbers: {names}"
        yield Problem(inputs.origin, message, "Save the pipeline with its encoder, or list the preprocessing steps.")


def _encoded_by_weights(artifact: Artifact) -> set[str | None]:
    """The columns of which the weights say that they take them as categories or texts."""
    told = (description for file in artifact.files if (description := file.description.value) is not None)
    columns = (
        column for description in told if description.columns is not None for column in description.columns.value
    )
    return {column.name for column in columns if column.kind in {"categorical", "text"}}


#: Formats whose graph may hold the encoder as well.
_GRAPHS = frozenset({"keras", "onnx", "pmml", "pt2", "savedmodel"})


def _takes_texts(file: WeightFile) -> bool:
    """Whether the weights take text themselves, or may do so: a graph of which nobody can tell."""
    inspection, description = file.inspection.value, file.description.value
    if inspection is None:
        return False
    if inspection.framework in _ENCODE_THEMSELVES:
        return True
    if description is None or (description.columns is None and description.inputs is None):
        return inspection.format in _GRAPHS
    columns = description.columns.value if description.columns else ()
    inputs = description.inputs.value if description.inputs else ()
    return any(column.kind in {"categorical", "text"} for column in columns) or any(
        put.dtype == "string" for put in inputs
    )


@rule("CMP138", "example-mismatch", severity=Severity.ERROR, tags=("schema",))
def example_mismatch(artifact: Artifact) -> Iterator[Problem]:
    """The input example does not fit the signature.

    A note where the example only has columns beyond the signature's: MLflow drops those before it predicts.

    ## Why is this bad?
    The example is what people try first, and what serving tests send. One of the two is wrong.

    ## How to fix
    Log the model again with an example from the training data and the signature inferred from it.
    """
    example, inputs = artifact.record.example.best, artifact.record.inputs.best
    if not example or not inputs or example.value.columns is None:
        return
    if any(feature.name is None for feature in inputs.value):
        return
    listed = set(example.value.columns)
    required = [f.name for f in inputs.value if f.required is not False and f.name is not None]
    missing = [name for name in required if name not in listed]
    unknown = sorted(listed - {feature.name for feature in inputs.value if feature.name is not None})
    if missing or unknown:
        parts = [f"lacks {', '.join(missing[:6])}"] if missing else []
        parts += [f"has {', '.join(unknown[:6])}, which the signature does not know"] if unknown else []
        yield Problem(
            example.origin,
            f"the input example {' and '.join(parts)}",
            "Log the model again with an example and a signature from the same data.",
            related=(Related(inputs.origin, "the signature is here"),),
            severity=None if missing else Severity.NOTE,
        )
