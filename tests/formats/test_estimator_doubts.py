"""What the first look at a pickle says of its estimators spares the second one, and never a finding."""

from __future__ import annotations

import contextlib
import io
import pickle
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import joblib
import numpy as np
import pytest
from described_files import CORPUS, ENVIRONMENTS, files_of
from described_models import artifact, problems, weights
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomTreesEmbedding,
)
from sklearn.feature_selection import SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from artifact_lint.formats import inspect
from artifact_lint.formats.describing import describe
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Doubt, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from artifact_lint.model import Inspection, Problem

ROWS: Final = np.array([[1.0, 20.0], [60.0, 80.0], [2.0, 90.0], [48.0, 30.0]])
LABELS: Final = np.array([0, 1, 0, 1])
CODES: Final = ("CON108", "CON109", "CON110")
MANY: Final = [environment for environment in ENVIRONMENTS if environment.startswith("sklearn-")]


def looked_at(content: bytes, name: str = "model.pkl") -> tuple[Inspection, list[Problem]]:
    """What is found in a file, and what is said of it: the same whether the second look may be spared or not."""
    source = Memory(content)
    inspection = inspect(name, source)
    told = describe(name, source, inspection.format)
    said, all_said = (
        [
            (code, problem)
            for code in CODES
            for problem in problems(code, artifact(Record(), weights(told, name, inspection=one)))
        ]
        for one in (inspection, replace(inspection, doubts=None))
    )
    assert said == all_said
    return inspection, [problem for _, problem in said]


def written(model: object) -> Iterator[bytes]:
    """A model in every way of writing it down."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield pickle.dumps(model, protocol)
    file = io.BytesIO()
    joblib.dump(model, file)
    yield file.getvalue()


def unfitted() -> Iterator[object]:
    """An estimator of every kind that can be made of nothing, or of another one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        for _, cls in all_estimators():
            for given in ((), (LogisticRegression(),), ([("a", LogisticRegression())],)):
                with contextlib.suppress(TypeError):
                    yield cls(*given)
                    break


@pytest.mark.parametrize("environment", MANY)
def test_of_what_every_version_writes_the_same_is_said(environment: str) -> None:
    for name in files_of(environment):
        looked_at((CORPUS / environment / name).read_bytes(), name)


def test_of_all_that_is_not_fitted_the_same_is_said() -> None:
    found = 0
    for model in unfitted():
        for content in written(model):
            _, said = looked_at(content)
            found += len(said)
    assert found > 500


FITTED: Final[dict[str, Callable[[], Any]]] = {
    "a model": lambda: LogisticRegression().fit(ROWS, LABELS),
    "a step": lambda: StandardScaler().fit(ROWS),
    "a pipeline": lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABELS),
    "a forest": lambda: RandomForestClassifier(n_estimators=3).fit(ROWS, LABELS),
    "a forest in a pipeline": lambda: make_pipeline(StandardScaler(), ExtraTreesRegressor(3)).fit(ROWS, LABELS),
    "two forests in a dict": lambda: {
        "estimator": IsolationForest(n_estimators=3).fit(ROWS),
        "base_estimator": RandomTreesEmbedding(3).fit(ROWS),
    },
}


@pytest.mark.parametrize("make", FITTED.values(), ids=FITTED)
def test_what_was_fitted_as_a_whole_leaves_no_doubt(make: Callable[[], object]) -> None:
    for content in written(make()):
        inspection, said = looked_at(content)
        assert inspection.doubts == frozenset()
        assert not said


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(n_estimators=2).fit(ROWS, LABELS)


UNFITTED: Final[dict[str, Callable[[], object]]] = {
    "alone": LogisticRegression,
    "a tree in a dict": lambda: {"estimator": DecisionTreeClassifier()},
    "a tree in a dict of many": lambda: {"about": 1, "estimator": DecisionTreeClassifier(), "more": 2},
    "a tree in a list of pairs": lambda: [("estimator", DecisionTreeClassifier())],
    "a step by the name of a pattern": lambda: Pipeline(
        [("estimator", StandardScaler().fit(ROWS)), ("base_estimator", DecisionTreeClassifier())]
    ),
    "a first step by that name": lambda: Pipeline([("estimator", StandardScaler()), ("last", forest())]),
    "a forest": RandomForestClassifier,
    "the last step": lambda: make_pipeline(StandardScaler().fit(ROWS), RandomForestClassifier()),
    "a step before a forest": lambda: make_pipeline(StandardScaler(), forest()),
    "a frozen one": lambda: FrozenEstimator(DecisionTreeClassifier()),
    "a part of a union": lambda: FeatureUnion([("a", StandardScaler())]),
    "a search": lambda: GridSearchCV(LogisticRegression(), {"C": [1.0]}),
}


@pytest.mark.parametrize("make", UNFITTED.values(), ids=UNFITTED)
def test_what_was_not_fitted_is_looked_at_wherever_it_is(make: Callable[[], object]) -> None:
    for content in written(make()):
        inspection, said = looked_at(content)
        assert inspection.doubts is not None
        assert Doubt.UNFITTED in inspection.doubts
        assert said


def apart(first: object, second: object) -> Pipeline:
    return Pipeline([("first", first), ("second", second)])


NARROW: Final = LogisticRegression().fit(ROWS[:, :1], LABELS)
MISFITS: Final[dict[str, Callable[[], object]]] = {
    "a scaler": lambda: apart(StandardScaler().fit(ROWS), NARROW),
    "an encoder": lambda: apart(OneHotEncoder().fit(ROWS), LogisticRegression().fit(ROWS, LABELS)),
    "a union": lambda: apart(
        FeatureUnion([("a", StandardScaler()), ("b", StandardScaler())]).fit(ROWS),
        LogisticRegression().fit(ROWS, LABELS),
    ),
    "an outer array": lambda: {"list": np.array([apart(StandardScaler().fit(ROWS), NARROW), None], dtype=object)[0]},
}


@pytest.mark.parametrize("make", MISFITS.values(), ids=MISFITS)
def test_steps_that_do_not_fit_are_looked_at(make: Callable[[], object]) -> None:
    for content in written(make()):
        inspection, said = looked_at(content)
        assert inspection.doubts is not None
        assert Doubt.WIDTHS in inspection.doubts
        assert said


def test_what_many_columns_go_into_is_looked_at() -> None:
    model = ColumnTransformer([("a", StandardScaler(), [0])]).fit(ROWS)
    for content in written(model):
        inspection, _ = looked_at(content)
        assert inspection.doubts is not None
        assert Doubt.COLUMNS in inspection.doubts


def test_what_holds_patterns_of_its_own_is_told_as_well() -> None:
    for model in (
        BaggingClassifier(LogisticRegression(), n_estimators=2),
        SelectFromModel(LogisticRegression()),
        GridSearchCV(clone(NARROW), {"C": [1.0, 2.0]}, cv=2),
        BaggingClassifier(RandomForestClassifier(n_estimators=2), n_estimators=2),
    ):
        for content in written(model.fit(ROWS, LABELS)):
            _, said = looked_at(content)
            assert not said


def test_a_class_that_the_pickle_brings_along_is_looked_at() -> None:
    stream = (
        b"\x80\x04ccloudpickle.cloudpickle\n_function_setstate\n(csklearn.linear_model._logistic\n"
        b"LogisticRegression\n)\x81}(X\x10\0\0\0_sklearn_versionX\x05\0\0\x001.5.0utR."
    )
    inspection, said = looked_at(stream)
    assert inspection.doubts == frozenset(Doubt)
    assert said


def test_a_long_stream_that_names_no_estimator_is_not_looked_at() -> None:
    rows = [{"id": at, "name": f"name {at}"} for at in range(60_000)]
    inspection, _ = looked_at(pickle.dumps([rows, LABELS], 4))
    assert inspection.doubts == frozenset()
    inspection, said = looked_at(pickle.dumps({"model": LogisticRegression(), "rows": rows * 4}, 4))
    assert said
