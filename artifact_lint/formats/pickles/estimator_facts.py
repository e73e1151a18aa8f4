"""What one estimator's attributes tell: its columns and classes, what it puts out, and whether it was fitted.

After scikit-learn 0.24 to 1.9: attributes that end in `_` are what fitting sets (`sklearn.utils.validation.
check_is_fitted`), `__getstate__` of `BaseEstimator` adds `_sklearn_version`, and estimators around others have
properties that ask the inner one, which `inner_of_input` and `inner_of_classes` follow.
"""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.pickles.estimator_classes import (
    COMPONENTS,
    HASHERS,
    INPUT_WIDTHS,
    OUTPUT_WIDTHS,
    PACKAGE,
    STATELESS,
    VECTORIZERS,
    VERSION,
    is_set_by_fitting,
    may_be_set_by_fitting,
)
from artifact_lint.formats.pickles.object_arrays import array_items, array_of
from artifact_lint.formats.pickles.object_values import Instance, KeptDict, items_of, look, room_of
from artifact_lint.formats.pickles.values import DictValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from artifact_lint.formats.pickles.object_values import Room
    from artifact_lint.formats.pickles.values import Value

#: What stands in place of a step that does nothing, and of columns that are left out.
PASSTHROUGH: Final = "passthrough"
DROP: Final = "drop"
#: Attributes by which an estimator of any library is told.
_TELLING: Final = ("n_features_in_", "feature_names_in_", "classes_", "steps", "_estimator_type")
#: Libraries whose models have scikit-learn's manners.
_ALIKE: Final = frozenset({"xgboost.sklearn", "lightgbm.sklearn", "catboost.core", "imblearn.pipeline"})
#: Models of other libraries that have manners of their own.
_BOOSTERS: Final = frozenset({"xgboost.core:Booster", "lightgbm.basic:Booster"})
_BOOSTING: Final = ("xgboost.", "lightgbm.", "catboost.")
#: Encoders of a target, whose classes are not those of a model.
TARGET_CODERS: Final = frozenset({"LabelEncoder", "LabelBinarizer", "MultiLabelBinarizer"})
#: What has a model to choose columns by, and makes no predictions with it.
_SELECTOR: Final = "SelectFromModel"
#: How many estimators within each other are followed.
_DEEPEST: Final = 32
#: How many estimators of a list are looked at, and how many until one is found that does anything.
_MOST_NAMED: Final = 2000
_FIRST: Final = 16
#: The longest number that is a label or a category, in bits: a hash.
_LONGEST_NUMBER: Final = 512
#: Attributes of estimators whose columns are those of the estimator around them, in the order of preference.
_INNER: Final = ("best_estimator_", "estimator_", "regressor_")
#: Classes that put out a column for each that they take (`OneToOneFeatureMixin`, scikit-learn 1.1 to 1.9).
_ONE_TO_ONE: Final = frozenset(
    {
        *("Binarizer", "MaxAbsScaler", "MinMaxScaler", "Normalizer", "OrdinalEncoder", "PowerTransformer"),
        *("QuantileTransformer", "RobustScaler", "StandardScaler", "TfidfTransformer"),
    }
)


def is_sklearn(value: Value) -> bool:
    """Whether a value is an instance of one of scikit-learn's own estimators."""
    if not isinstance(value, Instance) or value.made_class is not None:
        return False
    module = value.cls.partition(":")[0]
    return module.startswith(f"{PACKAGE}.") and isinstance(value.attributes.get(VERSION), str)


def is_estimator(value: Value) -> bool:
    """Whether a value is an estimator, of scikit-learn or with its manners."""
    if not isinstance(value, Instance):
        return False
    if is_sklearn(value) or value.cls.partition(":")[0] in _ALIKE or value.cls in _BOOSTERS:
        return True
    attributes = value.attributes
    return any(name in attributes for name in _TELLING)


def is_of_boosters(estimator: Instance) -> bool:
    """Whether the class of an estimator is that of a library which keeps its own model within."""
    return estimator.cls.startswith(_BOOSTING)


def name_of(estimator: Instance) -> str:
    """The name of an estimator's class, without its module."""
    return estimator.cls.rpartition(":")[2]


def own_name(estimator: Instance) -> str:
    """The name of the class of one of scikit-learn's own estimators; empty for any other."""
    return name_of(estimator) if is_sklearn(estimator) else ""


def says(value: Value, word: str) -> bool:
    """Whether a value is a word; values that may hold others are not compared."""
    return isinstance(value, str) and value == word


def named(estimator: Instance, listing: str, most: int = _MOST_NAMED) -> Iterator[tuple[str, Value, Value]]:
    """The name, the estimator and, of a ColumnTransformer, the columns of each item of one of its lists.

    Raises:
        FormatError: It takes too much work.
    """
    items = items_of(estimator.attributes.get(listing)) or ()
    look(estimator, 1 + 3 * min(len(items), most))
    for item in islice(items, most):
        parts = items_of(item) or ()
        if len(parts) in {2, 3} and isinstance(parts[0], str):
            yield parts[0], parts[1], parts[2] if len(parts) == 3 else None


def joined(path: str, *parts: str) -> str:
    """A path with parts appended."""
    return "/".join((path, *parts) if path else parts)


def text_of(value: Value) -> str | None:
    """A label or category as text, a number as Python writes it; None for what is neither."""
    if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER:
        return None
    return str(value) if value is None or isinstance(value, str | bool | int | float) else None


def texts_of(value: Value, room: Room | None) -> tuple[str, ...] | None:
    """The items of an array or a list as texts; None where they are not all known.

    Raises:
        FormatError: It takes too much work.
    """
    array = array_of(value)
    if array is not None and len(array.shape) != 1:
        return None
    items = array_items(value, room)
    texts = [text_of(item) for item in items or ()]
    found = tuple(text for text in texts if text is not None)
    return found if items is not None and len(found) == len(items) else None


def names_in(estimator: Instance) -> tuple[str, ...] | None:
    """The names of the columns that an estimator was itself fitted on."""
    items = array_items(estimator.attributes.get("feature_names_in_"), room_of(estimator))
    names = tuple(item for item in items or () if isinstance(item, str))
    return names if names and items is not None and len(names) == len(items) else None


def own_width(estimator: Instance) -> int | None:
    """The number of columns that an estimator says it takes."""
    for name in INPUT_WIDTHS:
        width = estimator.attributes.get(name)
        if isinstance(width, int) and not isinstance(width, bool) and width >= 0:
            return width
    return None


def inner_of_input(estimator: Instance) -> tuple[str, Instance] | None:
    """The estimator that gets what an estimator around it gets, with its path from there."""
    attributes = estimator.attributes
    for listing in ("steps", "transformer_list"):
        for name, inner, _ in named(estimator, listing, _FIRST):
            if isinstance(inner, Instance):
                return f"{listing}/{name}", inner
    for name in _INNER:
        inner = attributes.get(name)
        if isinstance(inner, Instance) and not is_template(estimator, name):
            return name, inner
    return _first_of_many(estimator) or _prefit(estimator)


def is_template(estimator: Instance, name: str) -> bool:
    """Whether an attribute is what an ensemble makes its members of, which is not fitted itself."""
    return name == "estimator_" and "estimators_" in estimator.attributes


def _first_of_many(estimator: Instance) -> tuple[str, Instance] | None:
    """The first of several estimators that were fitted on the same columns."""
    first = (items_of(estimator.attributes.get("estimators_")) or (None,))[0]
    if isinstance(first, Instance):
        return "estimators_/0", first
    first = (items_of(estimator.attributes.get("calibrated_classifiers_")) or (None,))[0]
    if isinstance(first, Instance):
        for base in ("estimator", "base_estimator"):
            inner = first.attributes.get(base)
            if isinstance(inner, Instance):
                return f"calibrated_classifiers_/0/{base}", inner
    return None


def inner_of_classes(estimator: Instance) -> tuple[str, Instance] | None:
    """The estimator whose classes are those of an estimator around it, with its path from there."""
    if own_name(estimator) == _SELECTOR:
        return None
    attributes = estimator.attributes
    for name in ("label_binarizer_", "_label_binarizer", "best_estimator_", "estimator_"):
        inner = attributes.get(name)
        if isinstance(inner, Instance):
            return name, inner
    steps = list(named(estimator, "steps"))
    if steps and isinstance(steps[-1][1], Instance):
        return f"steps/{steps[-1][0]}", steps[-1][1]
    return _prefit(estimator)


def _prefit(estimator: Instance) -> tuple[str, Instance] | None:
    """The estimator that one was made of which is not fitted again."""
    inner = estimator.attributes.get("estimator")
    is_prefit = estimator.attributes.get("prefit") is True or says(estimator.attributes.get("cv"), "prefit")
    if isinstance(inner, Instance) and (is_prefit or own_name(estimator) == "FrozenEstimator"):
        return "estimator", inner
    return None


def followed(
    estimator: Instance, step: Callable[[Instance], tuple[str, Instance] | None]
) -> Iterator[tuple[str, Instance]]:
    """An estimator and those within it that it asks, one after the other, with their paths from the outermost."""
    path, current = "", estimator
    for _ in range(_DEEPEST):
        yield path, current
        inner = step(current)
        if inner is None:
            return
        path, current = joined(path, inner[0]), inner[1]


def input_width(estimator: Instance) -> tuple[int, str] | None:
    """The number of columns that an estimator takes, and where it is stated."""
    for path, current in followed(estimator, inner_of_input):
        width = own_width(current)
        if width is not None:
            return width, place("n_features_in_", path)
    return None


def input_names(estimator: Instance) -> tuple[tuple[str, ...], str] | None:
    """The names of the columns that an estimator takes, and where they are stated."""
    for path, current in followed(estimator, inner_of_input):
        names = names_in(current)
        if names is not None:
            return names, place("feature_names_in_", path)
    return None


def classes_of(estimator: Instance) -> tuple[Value, str] | None:
    """The labels of a classifier, or those that a coder of labels knows, and where they are stated."""
    for path, current in followed(estimator, inner_of_classes):
        for name in ("classes_", "_classes"):
            value = current.attributes.get(name)
            if value is not None:
                return value, place(name, path)
    return None


def place(attribute: str, path: str) -> str:
    """How messages name an attribute of the estimator at a path."""
    return f"`{attribute}` of {path}" if path else f"`{attribute}`"


def is_fitted(estimator: Instance) -> bool | None:
    """Whether an estimator was fitted; None where there is nothing to fit, or its state does not tell."""
    for _ in range(_DEEPEST):
        if own_name(estimator) == "FeatureUnion":
            return _are_all_fitted([inner for _, inner, _ in named(estimator, "transformer_list")])
        last = _decides(estimator)
        if last is None:
            return _is_fitted(estimator)
        if not isinstance(last, Instance):
            return None
        estimator = last
    return None


def _decides(estimator: Instance) -> Value:
    """What decides whether an estimator is fitted, where that is not itself: a pipeline's last step."""
    if own_name(estimator) == "Pipeline":
        return next(reversed([inner for _, inner, _ in named(estimator, "steps")]), PASSTHROUGH)
    return estimator.attributes.get("estimator") if own_name(estimator) == "FrozenEstimator" else None


def _are_all_fitted(inner: list[Value]) -> bool | None:
    states = [_is_fitted(one) for one in inner if isinstance(one, Instance)]
    return False if False in states else True if states and all(states) else None


def _is_fitted(estimator: Instance) -> bool | None:
    attributes = estimator.attributes
    look(estimator, 1 + (len(attributes) >> 2))
    if is_set_by_fitting(attributes):
        return True
    if not is_sklearn(estimator) or name_of(estimator) in STATELESS:
        return None
    if may_be_set_by_fitting(attributes) or _prefit(estimator) is not None:
        return None
    # A vectorizer works with the vocabulary that it was given.
    return None if attributes.get("vocabulary") is not None else False


def output_width(estimator: Instance) -> int | None:
    """The number of columns that an estimator puts out; None where its state does not tell."""
    name = own_name(estimator)
    if not name:
        return None
    attributes = estimator.attributes
    for width in OUTPUT_WIDTHS:
        stated = attributes.get(width)
        if isinstance(stated, int) and not isinstance(stated, bool):
            return stated
    if name in _ONE_TO_ONE:
        return own_width(estimator)
    if name in HASHERS:
        stated = attributes.get("n_features")
        return stated if isinstance(stated, int) else None
    if name in VECTORIZERS:
        vocabulary = attributes.get("vocabulary_")
        return vocabulary.count if isinstance(vocabulary, DictValue) else None
    if name in COMPONENTS:
        return _first_dimension(attributes.get("components_"))
    computed = _COMPUTED.get(name)
    return None if computed is None else computed(estimator)


def _first_dimension(value: Value) -> int | None:
    array = array_of(value)
    return array.shape[0] if array is not None and array.shape else None


def _one_hot(estimator: Instance) -> int | None:
    attributes = estimator.attributes
    stated = items_of(attributes.get("_n_features_outs"))
    if stated is not None:
        look(estimator, 1 + (len(stated) >> 2))
        return _sum(stated)
    if attributes.get("drop_idx_") is not None or attributes.get("_infrequent_enabled"):
        return None
    categories = items_of(attributes.get("categories_"))
    look(estimator, 1 + 8 * len(categories or ()))
    return None if categories is None else _sum([_first_dimension(values) for values in categories])


def _imputed(estimator: Instance) -> int | None:
    attributes = estimator.attributes
    statistics = array_items(attributes.get("statistics_"), room_of(estimator))
    if statistics is None or attributes.get("add_indicator"):
        return None
    if attributes.get("keep_empty_features") or attributes.get("strategy") == "constant":
        return len(statistics)
    return sum(not (isinstance(item, float) and math.isnan(item)) for item in statistics)


def _binned(estimator: Instance) -> int | None:
    if estimator.attributes.get("encode") == "ordinal":
        return own_width(estimator)
    counts = array_items(estimator.attributes.get("n_bins_"), room_of(estimator))
    return None if counts is None else _sum(counts)


def _transformed(estimator: Instance) -> int | None:
    """Where the last of a ColumnTransformer's slices ends."""
    indices = estimator.attributes.get("output_indices_")
    if not isinstance(indices, KeptDict):
        return None
    look(estimator, 1 + indices.count)
    stops = [
        slice_.given[1] for slice_ in indices.entries.values() if isinstance(slice_, Instance) and slice_.given[1:]
    ]
    numbers = [stop for stop in stops if isinstance(stop, int)]
    return max(numbers, default=0) if len(numbers) == indices.count else None


def _selected(estimator: Instance) -> int | None:
    stated = estimator.attributes.get("n_features_")
    return stated if isinstance(stated, int) else None


def _sum(values: Sequence[Value]) -> int | None:
    numbers = [value for value in values if isinstance(value, int)]
    return sum(numbers) if len(numbers) == len(values) else None


_COMPUTED: Final = {
    "OneHotEncoder": _one_hot,
    "SimpleImputer": _imputed,
    "KBinsDiscretizer": _binned,
    "ColumnTransformer": _transformed,
    "TargetEncoder": lambda estimator: (
        None if (items := items_of(estimator.attributes.get("encodings_"))) is None else len(items)
    ),
    "KernelPCA": lambda estimator: _first_dimension(estimator.attributes.get("eigenvalues_")),
    "RFE": _selected,
    "RFECV": _selected,
}
