"""The two sides of an input contract: what a schema lists, and what a weight file takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Role
from artifact_lint.rules.schema_names import are_given_by_library, as_lightgbm_writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Fact, Feature, WeightFile
    from artifact_lint.model.description import Column, Description, Estimator, TensorSpec

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


@dataclass(frozen=True, slots=True)
class Contract:
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


@dataclass(frozen=True, slots=True)
class Side:
    """What a weight file takes first, as far as it tells.

    `columns` are those of a table where it knows them by name, else empty. `is_by_name` tells that it finds its columns
    by their names, whatever their order; `takes_more` that it passes over columns that it does not know; `needed` are
    the names without which it surely fails, None where these are all. `picks_names` tells that it asks a data frame
    for names, which an array has not.
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
    picks_names: bool = False

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
    if description.columns is not None and description.columns.value:
        found = description.columns.value
        named = all(column.name for column in found) and not are_given_by_library(column.name for column in found)
        chooser = _chooser(description.estimators)
        return Side(
            file,
            description,
            description.columns.where,
            library,
            len(found),
            found if named else (),
            is_by_name=chooser is not None,
            takes_more=chooser is not None or library == "catboost",
            needed=_chosen(description.estimators, chooser, found) if chooser is not None else None,
            picks_names=chooser is not None
            and any(
                isinstance(column, str)
                for estimator in description.estimators
                if estimator.path.startswith(chooser.path)
                for column in estimator.columns or ()
            ),
        )
    if description.column_count is not None:
        return Side(file, description, description.column_count.where, library, description.column_count.value)
    if description.inputs is not None and description.inputs.value:
        return _graph(file, description, description.inputs.value, library)
    return None


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
    for estimator in description.estimators:
        root = estimator.cls.partition(".")[0]
        if root in _LIBRARIES:
            return _LIBRARIES[root]
    inspection = file.inspection.value
    format_ = inspection.format if inspection is not None else file.format
    framework = inspection.framework if inspection is not None else None
    if format_ in _BY_FORMAT:
        return _BY_FORMAT[format_]
    if framework in _LIBRARIES.values():
        return str(framework)
    return next((name for name in description.versions if name in _LIBRARIES.values()), "")


def _chooser(estimators: tuple[Estimator, ...]) -> Estimator | None:
    """The ColumnTransformer that a request reaches first, with the columns that it was fitted on."""
    for estimator in estimators:
        name = estimator.cls.rpartition(".")[2]
        if name == "ColumnTransformer":
            return estimator
        if name not in _WRAPPERS:
            return None
    return None


#: Estimators that hand a request on as it is to the first one within them.
_WRAPPERS: Final = frozenset({"Pipeline", "GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV"})


def _chosen(estimators: tuple[Estimator, ...], chooser: Estimator, columns: tuple[Column, ...]) -> frozenset[str]:
    """The columns that the transformers within a ColumnTransformer are given by name or place."""
    found: set[str] = set()
    prefix = f"{chooser.path}/" if chooser.path else ""
    for estimator in estimators:
        if estimator is chooser or not estimator.path.startswith(prefix):
            continue
        for column in estimator.columns or ():
            if isinstance(column, str):
                found.add(column)
            elif -len(columns) <= column < len(columns) and (name := columns[column].name) is not None:
                found.add(name)
    return frozenset(found)
