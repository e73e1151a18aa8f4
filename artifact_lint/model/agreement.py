"""Whether two statements of one thing agree, where people write the same thing in several ways."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifact_lint.model.record import Metric

#: The longest name that every registry takes, to which longer ones are cut, in characters.
_LONGEST_NAME = 63
_NOT_WORD: Final = r"[\W_]+"
_RELEASE: Final = r"(?s)v?(\d+(?:\.\d+)*)(.*)"

_SYNONYMS: Mapping[str, str] = {
    "xgb": "xgboost",
    "lgbm": "lightgbm",
    "lgb": "lightgbm",
    "svc": "svm",
    "svr": "svm",
    "linearsvc": "svm",
    "linearsvr": "svm",
    "supportvector": "svm",
    "supportvectormachine": "svm",
    "rf": "randomforest",
    "logreg": "logistic",
    "knearestneighbors": "knn",
    "kneighbors": "knn",
    "gbm": "gradientboosting",
    "gbdt": "gradientboosting",
    "gradientboosted": "gradientboosting",
    "gradientboostedtrees": "gradientboosting",
    "extratree": "extratrees",
    "gaussiannb": "naivebayes",
    "multinomialnb": "naivebayes",
    "bernoullinb": "naivebayes",
}
#: Families whose name people also give to the others.
_BROADER: Mapping[str, frozenset[str]] = {
    "gradientboosting": frozenset({"xgboost", "lightgbm", "catboost", "histgradientboosting"}),
    "linear": frozenset({"logistic", "ridge", "lasso", "elasticnet"}),
}
#: Families of models that stand for themselves. Any other word (Pipeline, IrisNet, "neural network") may name the same
#: model as one of these from another side.
_FAMILIES = frozenset(
    (
        *("xgboost", "lightgbm", "catboost", "randomforest", "decisiontree", "extratrees", "gradientboosting"),
        *("histgradientboosting", "adaboost", "logistic", "linear", "ridge", "lasso", "elasticnet", "svm", "knn"),
        *("naivebayes", "kmeans", "dbscan", "isolationforest", "prophet", "arima", "sarima", "lstm", "gru", "cnn"),
    )
)
_TASK: Final = r"(classifier|classification|regressor|regression)?(?:model|cv)?$"

_METRIC_SYNONYMS: Mapping[str, str] = {
    "acc": "accuracy",
    "accuracy_score": "accuracy",
    "roc_auc": "auc",
    "auc_roc": "auc",
    "auroc": "auc",
    "roc_auc_score": "auc",
    "f1_score": "f1",
    "precision_score": "precision",
    "recall_score": "recall",
    "r2_score": "r2",
    "logloss": "log_loss",
}
#: Parts of the data by what people call them.
SPLITS: Mapping[str, str] = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "holdout": "holdout",
    "cv": "cv",
    "cross_validation": "cv",
    "oob": "oob",
}


def plain_name(written: str) -> str:
    """A name without what registries and people change about it: case, dashes, blanks, and a namespace before it."""
    words = re.sub(_NOT_WORD, "-", name_of(written).casefold()).strip("-")
    return words[:_LONGEST_NAME].rstrip("-")


def same_name(one: str, other: str) -> bool:
    """Whether two names differ in case, dashes and namespace alone."""
    return plain_name(one) == plain_name(other)


def same_version(one: str, other: str) -> bool:
    """Whether two versions are the same one; a registry's running number beside a semantic version is no conflict."""
    if one.isdecimal() != other.isdecimal():
        return True
    first, second = re.fullmatch(_RELEASE, one.strip().lower()), re.fullmatch(_RELEASE, other.strip().lower())
    if first is None or second is None:
        return one.strip().lower() == other.strip().lower()
    releases = [[part.lstrip("0") or "0" for part in found[1].split(".")] for found in (first, second)]
    longest = max(map(len, releases))
    padded = [release + ["0"] * (longest - len(release)) for release in releases]
    return padded[0] == padded[1] and first[2] == second[2]


def may_be_same_architecture(one: str, other: str) -> bool:
    """Whether two texts may name the same kind of model; what is no well-known family agrees with everything."""
    (family, task), (other_family, other_task) = _family(one), _family(other)
    if family not in _FAMILIES or other_family not in _FAMILIES:
        return True
    if family == other_family:
        return not (task and other_task) or task == other_task
    return other_family in _BROADER.get(family, ()) or family in _BROADER.get(other_family, ())


def is_same_architecture(one: str, other: str) -> bool:
    """Whether two texts surely name the same kind of model."""
    known = {_family(one)[0], _family(other)[0]} <= _FAMILIES
    return plain_name(one) == plain_name(other) or (known and may_be_same_architecture(one, other))


def same_architecture_name(one: str, other: str) -> bool:
    """Whether two texts are one name of an architecture, with words joined or apart, and whatever their case."""
    return plain_name(one).replace("-", "") == plain_name(other).replace("-", "")


#: Names of one type in Spark and MLflow (DataType), SQL, NumPy and Python. What is as wide as a program makes it, such
#: as `int` and `float`, is no other's name.
_TYPES: Mapping[str, str] = {
    "long": "int64",
    "bigint": "int64",
    "integer64": "int64",
    "double": "float64",
    "boolean": "bool",
    "bool_": "bool",
    "str": "string",
    "varchar": "string",
    "categorical": "category",
    "datetime64ns": "datetime64[ns]",
}
_LIBRARY: Final = r"(?:np|numpy|tf|torch|pd|jnp)\."


def same_type(one: str, other: str) -> bool:
    """Whether two texts name one type of data: `long` is `int64`, and `np.float64` is `double`."""
    return _plain_type(one) == _plain_type(other)


def _plain_type(written: str) -> str:
    word = re.sub(_LIBRARY, "", written.strip().casefold())
    return _TYPES.get(word, word)


def _family(written: str) -> tuple[str, str]:
    word = re.sub(r"[^a-z0-9]", "", written.casefold().rpartition(".")[2].rpartition(":")[2])
    task = re.search(_TASK, word)
    stem = word[: task.start()] if task is not None else word
    kind = (task[1] or "")[:5] if task is not None else ""
    return _SYNONYMS.get(stem, stem), kind


def same_value(one: object, other: object) -> bool:
    """Whether two hyperparameters have the same value: numbers may be texts, or rounded to three digits or more.

    Nothing, and values of different shapes, are no contradiction.
    """
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(same_value(a, b) for a, b in zip(one, other, strict=True))
    if not (isinstance(one, str | int | float) and isinstance(other, str | int | float)):
        return True
    first, second = _as_number(one), _as_number(other)
    if first is not None and second is not None:
        digits = min(_significant(first), _significant(second))
        return math.isclose(first, second, rel_tol=1e-9) or (digits >= 3 and _rounds_to(first, second))
    written = [str(value).strip().casefold() for value in (one, other)]
    return written[0] == written[1] or not _NOTHING.isdisjoint(written)


#: Texts that leave a hyperparameter to its default.
_NOTHING = frozenset({"", "none", "null", "auto", "default"})


def _as_number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def same_measure(one: float, other: float) -> bool:
    """Whether two numbers state one measure: each rounded to the digits that it is written with, or in percent."""
    return any(
        math.isclose(a, b, rel_tol=1e-9) or _rounds_to(a, b)
        for a, b in ((one, other), (one * 100, other), (one, other * 100))
    )


def _rounds_to(one: float, other: float) -> bool:
    """Whether two numbers are equal within half of the last place of the coarser one."""
    return abs(one - other) <= max(_last_place(one), _last_place(other)) * (0.5 + 1e-9)


def _last_place(number: float) -> float:
    """What one more in the last digit that a number is written with adds: 0.01 for 0.87, 1 for 87."""
    mantissa, _, exponent = f"{number:.12g}".partition("e")
    digits = len(mantissa.partition(".")[2])
    return float(10.0 ** (int(exponent or 0) - digits)) if digits or abs(number) >= 10 else 0.1


def _significant(number: float) -> int:
    """How many digits a number is written with, less the zeros before and after them."""
    return len(f"{number:.12g}".partition("e")[0].replace(".", "").lstrip("-0").rstrip("0"))


def measure_of(metric: Metric) -> tuple[str, str | None]:
    """What a metric measures, and on which split: `test_acc` is the accuracy on the test split."""
    words = re.sub(_NOT_WORD, "_", metric.name.casefold()).strip("_")
    head, _, rest = words.partition("_")
    split = SPLITS.get(re.sub(_NOT_WORD, "_", (metric.split or "").casefold()), metric.split)
    if rest and head in SPLITS:
        words, split = rest, split or SPLITS[head]
    return _METRIC_SYNONYMS.get(words, words), split


def requirement_name(requirement: str) -> str:
    """The distribution that a requirement names, as PEP 503 normalises it."""
    name = re.split(r"[\s<>=!~;\[@,]", requirement.strip(), maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


#: What a metric without a split may have been measured on.
_UNSAID = frozenset({None, "test", "holdout"})


def _is_of_one_measure(one: Metric, other: Metric) -> bool:
    (name, split), (other_name, other_split) = measure_of(one), measure_of(other)
    same_split = split == other_split or (None in {split, other_split} and {split, other_split} <= _UNSAID)
    return name == other_name and same_split


def _agree(one: Metric, other: Metric) -> bool:
    value, other_value = _as_number(one.value), _as_number(other.value)
    return value is None or other_value is None or same_measure(value, other_value)


def contradicting(metrics: Sequence[Metric], others: Sequence[Metric]) -> Iterator[tuple[Metric, Metric]]:
    """Pairs of one and another statement of one measure, where neither side has any that agrees with the other's."""
    for metric in metrics:
        rivals = [other for other in others if _is_of_one_measure(metric, other)]
        if any(_agree(metric, other) for other in rivals):
            continue
        for other in rivals:
            if not any(_agree(one, other) for one in metrics if _is_of_one_measure(one, other)):
                yield metric, other
                break
