"""The two sides of an input contract: what a schema lists, and what a weight file takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.model import Role
from artifact_lint.rules.schema_names import are_given_by_library, as_lightgbm_writes
from artifact_lint.rules.values import release_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Fact, Feature, WeightFile
    from artifact_lint.model.description import Column, Description, Estimator, Seen, TensorSpec

#: Roles of files through which a request goes.
_STAGES: Final = frozenset({Role.WEIGHTS, Role.PREPROCESSOR})

#: Distributions by the root of their modules.
_LIBRARIES: Final = {
    "sklearn": "scikit-learn",
    "imblearn": "scikit-learn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
}
_BY_FORMAT: Final = {
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "catboost-json": "catboost",
    "ubj": "xgboost",
    "xgboost-json": "xgboost",
    "xgboost-binary": "xgboost",
    "skops": "scikit-learn",
    "onnx": "onnx",
    "keras": "keras",
    "hdf5": "keras",
    "savedmodel": "tensorflow",
    "pt2": "torch",
}


class Contract(NamedTuple):
    """What a schema says a model takes.

    `width` is the number of columns, None where that is not settled; `names` are those of columns, in their order,
    None where it is a tensor or its columns have no names. `tensors` are its inputs where they are none of a table.
    """

    fact: Fact[tuple[Feature, ...]]
    width: int | None = None
    names: tuple[str, ...] | None = None
    optional: frozenset[str] = frozenset()
    tensors: tuple[Feature, ...] = ()

    @property
    def features(self) -> tuple[Feature, ...]:
        """All inputs that are listed."""
        return self.fact.value

    @property
    def least(self) -> int | None:
        """How many columns a caller sends at least."""
        return None if self.width is None else self.width - len(self.optional)


def is_column(feature: Feature) -> bool:
    """Whether a feature is one column of a table: it has no shape, or one of a single number per row."""
    if feature.shape is None:
        return True
    return all(size == 1 for size in (feature.shape[1:] if feature.shape[:1] == (-1,) else feature.shape))


def contract_of(fact: Fact[tuple[Feature, ...]]) -> Contract:
    """The contract that a list of features is."""
    features = fact.value
    if all(map(is_column, features)) and not (len(features) == 1 and features[0].shape is not None):
        names = tuple(feature.name for feature in features if feature.name is not None)
        optional = frozenset(feature.name for feature in features if feature.required is False and feature.name)
        return Contract(fact, len(features), names if len(names) == len(features) else None, optional)
    width = None
    if len(features) == 1 and features[0].shape and len(features[0].shape) <= 2 and features[0].shape[-1] > 0:
        width = features[0].shape[-1]
    return Contract(fact, width, tensors=features)


def contracts(artifact: Artifact) -> Iterator[Contract]:
    """The input schemas that are certain; where none is, the guess that won."""
    facts = [fact for fact in artifact.record.inputs if fact.value]
    certain = [fact for fact in facts if not fact.guessed]
    for fact in certain or facts[:1]:
        yield contract_of(fact)


class Side(NamedTuple):
    """What a weight file takes first, as far as it tells.

    `columns` are those of a table where it knows them by name, else empty. `is_by_name` tells that it finds its columns
    by their names, whatever their order; `takes_more` that it passes over columns that it does not know. `needed` are
    the names without which it surely fails, None where these are all, and `drops_rest` tells that it fails for no
    other. `picks_names` tells that it asks a data frame for names, which an array has not. `numbers` are the columns
    that surely are no texts, None where these are all.
    """

    file: WeightFile
    description: Description
    where: str
    library: str
    width: int | None = None
    columns: tuple[Column, ...] = ()
    inputs: tuple[TensorSpec, ...] = ()
    is_by_name: bool = False
    takes_more: bool = False
    needed: frozenset[str] | None = None
    drops_rest: bool = False
    picks_names: bool = False
    numbers: frozenset[str] | None = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns if column.name is not None)

    def spelt(self, name: str) -> str:
        """A column's name of the schema as the library behind the weights keeps it."""
        return as_lightgbm_writes(name) if self.library == "lightgbm" else name

    @property
    def verb(self) -> str:
        """How messages say that it takes something."""
        return "was fitted on" if self.library in _LIBRARIES.values() else "takes"


def stages(artifact: Artifact) -> Iterator[WeightFile]:
    """The files that a request may go through."""
    return (file for file in artifact.files if file.role in _STAGES and not file.is_bystander)


def sides(artifact: Artifact) -> Iterator[Side]:
    """What each weight file takes, of those that tell."""
    for file in stages(artifact):
        description = file.description.value
        side = side_of(file, description) if description is not None else None
        if side is not None:
            yield side


def side_of(file: WeightFile, description: Description) -> Side | None:
    """What a file takes, None where it does not tell."""
    library = library_of(file, description)
    if description.inputs is not None and description.inputs.value:
        return _graph(file, description, description.inputs.value, library)
    count, columns = description.column_count, description.columns
    if columns is not None and columns.value:
        return _table(file, description, columns, library)
    if count is not None:
        return Side(file, description, count.where, library, count.value, numbers=_numbers(description.estimators))
    return None


#: The first scikit-learn of which a ColumnTransformer keeps an estimator for the columns that it hands on as they are;
#: of older ones nobody can tell such columns from those that are dropped.
_TELLS_REMAINDER: Final = (1, 5)


def _table(file: WeightFile, description: Description, columns: Seen[tuple[Column, ...]], library: str) -> Side:
    found, estimators = columns.value, description.estimators
    named = all(column.name for column in found) and not are_given_by_library(column.name for column in found)
    chooser = _chooser(estimators)
    count = description.column_count
    return Side(
        file,
        description,
        columns.where if named or count is None else count.where,
        library,
        len(found),
        found if named else (),
        is_by_name=chooser is not None,
        takes_more=chooser is not None or library == "catboost",
        needed=_chosen(estimators, chooser, found) if chooser is not None else None,
        drops_rest=release_of(description.versions.get("scikit-learn", "")) >= _TELLS_REMAINDER,
        picks_names=chooser is not None and any(isinstance(name, str) for name in _picked(estimators, chooser)),
        numbers=_numbers(estimators),
    )


def _graph(file: WeightFile, description: Description, inputs: tuple[TensorSpec, ...], library: str) -> Side:
    """A graph with one tensor for all columns, with one for each, or with others."""
    where = description.inputs.where if description.inputs is not None else ""
    width = None
    if len(inputs) == 1 and inputs[0].shape is not None and len(inputs[0].shape) == 2:
        last = inputs[0].shape[1]
        width = last if isinstance(last, int) and last > 0 else None
    return Side(file, description, where, library, width, inputs=inputs, is_by_name=True)


def library_of(file: WeightFile, description: Description) -> str:
    """The distribution that the weights are loaded by, as far as it matters here; empty where it is unknown."""
    first = first_stage(description.estimators)
    if first is not None:
        return _LIBRARIES.get(_root(first), "")
    inspection = file.inspection.value
    format_ = inspection.format if inspection is not None else file.format
    framework = inspection.framework if inspection is not None else None
    if format_ in _BY_FORMAT:
        return _BY_FORMAT[format_]
    if framework in _LIBRARIES.values():
        return str(framework)
    return next((name for name in description.versions if name in _LIBRARIES.values()), "")


#: Estimators that hand a request on as it is to the first one within them.
_WRAPPERS: Final = frozenset(
    {"Pipeline", "GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV"}
)


def first_stage(estimators: tuple[Estimator, ...]) -> Estimator | None:
    """The estimator that a request reaches first, behind those that only hand it on."""
    return next((estimator for estimator in estimators if class_name(estimator) not in _WRAPPERS), None)


def class_name(estimator: Estimator) -> str:
    """The name of an estimator's class without its module."""
    return estimator.cls.replace(":", ".").rpartition(".")[2]


def _root(estimator: Estimator) -> str:
    return estimator.cls.replace(":", ".").partition(".")[0]


def is_of_scikit_learn(estimators: tuple[Estimator, ...]) -> bool:
    """Whether the first stage is one of scikit-learn's own estimators, which keep the names of their columns."""
    first = first_stage(estimators)
    return first is not None and _root(first) == "sklearn"


def _chooser(estimators: tuple[Estimator, ...]) -> Estimator | None:
    """The ColumnTransformer that a request reaches first."""
    first = first_stage(estimators)
    return first if first is not None and class_name(first) == "ColumnTransformer" else None


def _within(estimators: tuple[Estimator, ...], outer: Estimator) -> Iterator[Estimator]:
    prefix = f"{outer.path}/" if outer.path else ""
    return (one for one in estimators if one is not outer and one.path.startswith(prefix))


def _picked(estimators: tuple[Estimator, ...], chooser: Estimator) -> Iterator[str | int]:
    """What the transformers within a ColumnTransformer are given, by name or place."""
    return (column for estimator in _within(estimators, chooser) for column in estimator.columns or ())


def _chosen(estimators: tuple[Estimator, ...], chooser: Estimator, columns: tuple[Column, ...]) -> frozenset[str]:
    """The names of the columns that the transformers within a ColumnTransformer are given."""
    return frozenset(name for picked in _picked(estimators, chooser) if (name := _named(picked, columns)) is not None)


def _named(picked: str | int, columns: tuple[Column, ...]) -> str | None:
    if isinstance(picked, str):
        return picked
    return columns[picked].name if -len(columns) <= picked < len(columns) else None


#: Modules of scikit-learn all of whose estimators take numbers alone (their `fit` asks `check_array` for such).
_OF_NUMBERS: Final = (
    "sklearn.linear_model.",
    "sklearn.svm.",
    "sklearn.tree.",
    "sklearn.neighbors.",
    "sklearn.neural_network.",
    "sklearn.naive_bayes",
    "sklearn.ensemble._forest",
    "sklearn.ensemble._gb",
    "sklearn.decomposition.",
    "sklearn.cluster.",
    "sklearn.discriminant_analysis",
    "sklearn.preprocessing._data",
    "sklearn.preprocessing._discretization",
)


def _numbers(estimators: tuple[Estimator, ...]) -> frozenset[str] | None:
    """The columns that surely are numbers: those that scalers of a ColumnTransformer are given; None for all."""
    first = first_stage(estimators)
    if first is None:
        return frozenset()
    if class_name(first) != "ColumnTransformer":
        return None if _takes_numbers(first) else frozenset()
    inner = (one for one in _within(estimators, first) if one.columns is not None and _takes_numbers(one))
    return frozenset(name for one in inner for name in one.columns or () if isinstance(name, str))


def _takes_numbers(estimator: Estimator) -> bool:
    return estimator.cls.replace(":", ".").startswith(_OF_NUMBERS)
