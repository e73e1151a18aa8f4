from __future__ import annotations

import io
import json
import pickle
import struct
import sys
import zipfile
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, LabelEncoder, OneHotEncoder, StandardScaler

from artifact_lint.formats.describing import describe
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause
from artifact_lint.model.description import Column, ColumnKind, Description

if TYPE_CHECKING:
    from artifact_lint.model.description import Estimator

ROWS = np.array([[1.0, 20.0], [60.0, 80.0], [2.0, 90.0], [48.0, 30.0]])
LABELS = np.array(["no", "yes", "no", "yes"])
#: More than anybody's pipelines nest, and more than Python recurses.
DEEP = 5 * sys.getrecursionlimit()


def told(content: bytes, name: str = "pickle") -> Description:
    description = describe("churn", Memory(content), name)
    assert description is not None
    return description


def of(model: object) -> Description:
    file = io.BytesIO()
    joblib.dump(model, file)
    by_joblib, by_pickle = told(file.getvalue(), "joblib"), told(pickle.dumps(model, 2))
    assert by_joblib == by_pickle
    return by_pickle


def by_path(description: Description) -> dict[str, Estimator]:
    return {estimator.path: estimator for estimator in description.estimators}


def fitted() -> LogisticRegression:
    return LogisticRegression().fit(ROWS, LABELS)


def test_a_model_in_a_dict_is_described_with_its_place() -> None:
    description = of({"metrics": {"auc": 0.8}, "model": fitted()})
    assert description.classes is not None
    assert description.classes.value == ("no", "yes")
    assert description.classes.where == "`classes_` of model"
    assert description.column_count is not None
    assert description.column_count.where == "`n_features_in_` of model"


def test_of_several_models_none_is_described() -> None:
    description = of({"day": fitted(), "night": LogisticRegression().fit(ROWS[:, :1], LABELS)})
    assert description.columns is None
    assert description.column_count is None
    assert description.classes is None
    assert description.class_count is None
    assert [gap.cause for gap in description.incomplete] == [Cause.UNSUPPORTED]
    assert "day, night" in description.incomplete[0].detail
    assert set(by_path(description)) == {"day", "night"}


def test_labels_beside_their_coder_are_counted_and_not_named() -> None:
    coder = LabelEncoder().fit(LABELS)
    model = LogisticRegression().fit(ROWS, coder.transform(LABELS))
    description = of((coder, model))
    assert description.classes is None
    assert description.class_count is not None
    assert description.class_count.value == 2
    assert description.column_count is not None
    assert not description.incomplete


def test_a_transformer_beside_a_model_leaves_the_columns_open() -> None:
    description = of([StandardScaler().fit(ROWS), fitted()])
    assert description.columns is None
    assert description.column_count is None
    assert description.class_count is not None


def test_what_an_ensemble_is_made_of_is_no_unfitted_model() -> None:
    description = of(BaggingClassifier(LogisticRegression(), n_estimators=2).fit(ROWS, LABELS))
    assert [estimator.is_fitted for estimator in description.estimators] == [True]


def test_categories_are_those_of_the_columns_that_are_encoded() -> None:
    words = np.array([["a", 1], ["b", 30], ["a", 2], ["c", 30]], dtype=object)
    model = make_pipeline(FunctionTransformer(), OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    description = of(model.fit(words, LABELS))
    assert description.columns is not None
    assert description.columns.value == (
        Column(None, kind=ColumnKind.CATEGORICAL, categories=("a", "b", "c"), ignores_unknown=True),
        Column(None, kind=ColumnKind.CATEGORICAL, categories=("1", "2", "30"), ignores_unknown=True),
    )


def test_what_changes_the_values_hides_the_columns_of_encoders_behind_it() -> None:
    model = make_pipeline(FunctionTransformer(np.abs), OneHotEncoder(), LogisticRegression()).fit(ROWS, LABELS)
    assert of(model).columns is None


@pytest.mark.parametrize(
    ("model", "state"),
    [
        (LogisticRegression(), False),
        (fitted(), True),
        (Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())]), False),
        (Pipeline([("scale", StandardScaler().fit(ROWS)), ("none", "passthrough")]), None),
        (FeatureUnion([("a", StandardScaler())]), False),
        (FunctionTransformer(), None),
        (GridSearchCV(LogisticRegression(), {"C": [1.0]}), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whether_a_model_was_fitted_is_told_only_where_it_shows(model: object, state: object) -> None:
    assert by_path(of(model))[""].is_fitted is state


def test_a_name_with_a_slash_is_no_deeper_step() -> None:
    model = Pipeline([("a/b", StandardScaler()), ("c", LogisticRegression())]).fit(ROWS, LABELS)
    assert list(by_path(of(model))) == ["", "steps/a:b", "steps/c"]


def name(text: str) -> bytes:
    encoded = text.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def instance(cls: str, state: bytes) -> bytes:
    """An object of a class with the attributes that opcodes set, as protocol 2 writes it."""
    module, _, own = cls.partition(":")
    return f"c{module}\n{own}\n".encode() + b")\x81}(" + name("_sklearn_version") + name("1.5.2") + state + b"ub"


def test_pipelines_that_nest_without_end_are_read_without_recursion() -> None:
    opening = b"csklearn.pipeline\nPipeline\n)\x81}(" + name("_sklearn_version") + name("1.5.2") + name("steps") + b"("
    closing = b"tl" + b"ub"
    stream = b"\x80\x02" + (opening + b"(" + name("s")) * DEEP + b"N" + closing * DEEP + b"."
    description = told(stream)
    assert len(description.estimators) <= 2000
    assert description.column_count is None


@pytest.mark.parametrize("attribute", ["handle_unknown", "cv", "func", "estimators", "classes_", "drop_idx_", "prefit"])
def test_a_deep_value_where_a_word_is_expected_is_neither_hashed_nor_compared(attribute: str) -> None:
    deep = b")" + b"\x85" * 200_000
    encoder = instance(
        "sklearn.preprocessing._encoders:OneHotEncoder",
        name("n_features_in_") + b"K\x01" + name("categories_") + b"](e" + name(attribute) + deep,
    )
    assert told(b"\x80\x02" + encoder + b".").column_count is not None


def test_categories_that_many_columns_share_are_read_once() -> None:
    shared = pickle.dumps(np.arange(1000), 2)[2:-1]
    encoder = instance(
        "sklearn.preprocessing._encoders:OneHotEncoder",
        name("n_features_in_") + b"M\x50\xc3" + name("categories_") + b"](" + shared + b"q\xc82" * 49_999 + b"e",
    )
    description = told(b"\x80\x02" + encoder + b".")
    assert description.columns is not None
    assert len({id(column.categories) for column in description.columns.value}) == 1


def skops(schema: object) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
    return file.getvalue()


def test_a_skops_file_that_refers_to_itself_is_read_to_an_end() -> None:
    cached = {"__loader__": "CachedNode", "__id__": 1}
    root = {
        "__class__": "Pipeline",
        "__module__": "sklearn.pipeline",
        "__loader__": "ObjectNode",
        "__id__": 1,
        "content": {
            "__class__": "dict",
            "__module__": "builtins",
            "__loader__": "DictNode",
            "content": {"steps": cached, "_sklearn_version": {"__loader__": "JsonNode", "content": '"1.5.2"'}},
        },
    }
    description = told(skops(root), "skops")
    assert Cause.LIMIT in {gap.cause for gap in description.incomplete}


@pytest.mark.parametrize(
    "schema", [None, 3, [], {}, {"__loader__": 3}, {"__loader__": "NdArrayNode", "file": "../a.npy"}]
)
def test_a_skops_file_of_anything_is_described_as_nothing(schema: object) -> None:
    description = told(skops(schema), "skops")
    assert description.columns is None
    assert not description.estimators
