"""CON: does a booster treat a column as the category, or the number, that the schema says it is?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Origin, Problem, Related, Role, Severity
from artifact_lint.model.paths import name_of
from artifact_lint.rules.column_values import pairs
from artifact_lint.rules.input_comparison import comparisons
from artifact_lint.rules.registry import rule
from artifact_lint.rules.schema_names import called, listed
from artifact_lint.rules.values import is_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Feature
    from artifact_lint.model.description import Column
    from artifact_lint.rules.input_comparison import Comparison
    from artifact_lint.rules.input_sides import Side

#: With more columns than this in the same plight, one finding speaks for all of them.
_MOST_APART: Final = 4
_BOOSTERS: Final = frozenset({"xgboost", "lightgbm", "catboost"})
_CATEGORY: Final = frozenset({"category", "categorical", "nominal", "enum"})
_CONTINUOUS: Final = r"(?i)(?:float|double|decimal|half|bfloat)\d*|[<>|=]?f\d{1,2}"
_MLFLOW: Final = "MLmodel"


@rule("CON106", "categorical-kind", severity=Severity.WARNING, tags=("schema", "consistency"))
def categorical_kind(artifact: Artifact) -> Iterator[Problem]:
    """The schema says that a column is a category and the model treats it as a number, or the opposite.

    Of XGBoost, LightGBM and CatBoost, which know both. Not where the schema says integer, for integers are how the
    codes of categories are kept, and not where something encodes the columns before the model.

    ## Why is this bad?
    A category that was trained as a number is compared by an order that means nothing, and its values have to be
    encoded by hand just as they were in training. A number that was trained as a category is taken for one that the
    model never saw, unless it is one of a few values to the last digit.

    ## How to fix
    State the type that the model was trained on, or train it with the column declared as what it is
    (`enable_categorical`, `categorical_feature`, `cat_features`).
    """
    for found, differing in _differing(artifact):
        for number, (feature, message) in enumerate(differing[:_MOST_APART], 1):
            more = len(differing) - _MOST_APART
            others = f", and {more} more alike" if more > 0 and number == _MOST_APART else ""
            yield _problem(found, feature, message + others)


def miscategorised(artifact: Artifact) -> set[str | None]:
    """The inputs that a schema and a booster do not both treat as a category, by name."""
    return {feature.name for _, differing in _differing(artifact) for feature, _ in differing}


def _differing(artifact: Artifact) -> Iterator[tuple[Comparison, list[tuple[Feature, str]]]]:
    is_encoded = bool(artifact.record.preprocessing) or any(f.role is Role.PREPROCESSOR for f in artifact.files)
    for found in comparisons(artifact):
        if found.fits and found.side.library in _BOOSTERS:
            yield found, list(_contradictions(found, is_encoded=is_encoded))


def _problem(found: Comparison, feature: Feature, message: str) -> Problem:
    side = found.side
    where = side.description.columns.where if side.description.columns is not None else side.where
    related = (Related(Origin(side.file.path), where),)
    advice = "State the type that the model was trained on, or train it with the column declared as what it is."
    return Problem(feature.origin, message, advice, side.file.path, related, guessed=found.contract.fact.guessed)


def _contradictions(found: Comparison, *, is_encoded: bool) -> Iterator[tuple[Feature, str]]:
    side = found.side
    for feature, column in pairs(found):
        if column.kind == "numeric" and not is_encoded:
            said = _said_of_category(feature)
            if said and not _may_be_ordered(side):
                yield feature, f"input {feature.name} {said} here, and {called(side.file)} treats it as a number"
        elif column.kind == "categorical" and _is_continuous(found, feature, column):
            yield (
                feature,
                f"input {feature.name} is {feature.dtype} here, and {called(side.file)} treats it as a category",
            )


def _said_of_category(feature: Feature) -> str | None:
    """How a schema says that a column is a category; that it is a text is for CON104 to hold against the model."""
    dtype = (feature.dtype or "").strip().lower()
    if dtype in _CATEGORY:
        return f"is {feature.dtype}"
    values = [str(value) for value in feature.allowed or () if value is not None]
    is_text = bool(values) and not any(isinstance(v, bool) or is_number(v) for v in feature.allowed or ())
    return f"allows {listed(values)}" if is_text and dtype in {"", "object"} else None


def _may_be_ordered(side: Side) -> bool:
    """Whether pandas kept the categories of a column that LightGBM was given as a number: an ordered one."""
    lists = side.description.metadata.get("pandas_categories", "0")
    categorical = sum(column.kind == "categorical" for column in _columns(side))
    return side.library == "lightgbm" and int(lists) > categorical


def _columns(side: Side) -> tuple[Column, ...]:
    return side.description.columns.value if side.description.columns is not None else ()


def _is_continuous(found: Comparison, feature: Feature, column: Column) -> bool:
    """Whether a schema says for sure that a column is no category.

    LightGBM takes the codes of categories in any type of number, and a frame that lacks some of them is of floats when
    MLflow infers its signature.
    """
    if not re.fullmatch(_CONTINUOUS, (feature.dtype or "").strip()) or feature.allowed is not None:
        return False
    if found.side.library != "lightgbm" or column.categories is not None:
        return True
    is_inferred = name_of(found.contract.fact.origin.path) == _MLFLOW
    return not is_inferred or any(_is_fraction(bound) for bound in (feature.minimum, feature.maximum))


def _is_fraction(bound: float | None) -> bool:
    return bound is not None and not float(bound).is_integer()
