from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import joblib
import pytest
from documents import as_json, as_yaml, documents
from hypothesis import given, settings
from sklearn.linear_model import LogisticRegression
from trees import plant

from artifact_lint.adapters import sidecar, sidecar_keys
from artifact_lint.adapters.base import Reach
from artifact_lint.assemble import assemble
from artifact_lint.discover import discover
from artifact_lint.model import Irregularity, Options, Record

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_lint.model import Feature, Stated, Step


def claims(root: Path, files: dict[str, object]) -> dict[str, Reach]:
    tree = plant(root, {name: _written(value) for name, value in files.items()})
    return {claim.record: claim.reach for claim in sidecar.recognise(tree, "")}


def read(root: Path, value: object, name: str = "model_metadata.json", weights: str = "model.pkl") -> Record:
    tree = plant(root, {name: _written(value), weights: b"weights"})
    (claim,) = sidecar.recognise(tree, "")
    return sidecar.describe(tree, claim)


def _written(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def names(stated: Stated[tuple[Feature, ...]] | Stated[tuple[Step, ...]]) -> list[str | None]:
    return [one.name for one in stated.value or ()]


def typed(record: Record) -> list[tuple[str | None, str | None]]:
    return [(feature.name, feature.dtype) for feature in record.inputs.value or ()]


def numbers(record: Record) -> list[tuple[str, object, str | None]]:
    return [(metric.name, metric.value, metric.split) for metric in record.metrics.value or ()]


def test_a_typical_file_is_read(tmp_path: Path) -> None:
    record = read(
        tmp_path,
        {
            "model_name": "churn",
            "version": "2.2.0",
            "algorithm": "GradientBoostingRegressor",
            "trained_at": "2026-06-06T07:11:48+00:00",
            "dataset_source": "https://example.org/data/insurance.csv",
            "features": ["age", "Proline "],
            "target": "charges",
            "best_params": {"n_estimators": 100},
            "metrics": {"r2": 0.8, "train_size": 1070, "feature_importances": {"age": 0.1, "bmi": 0.2}},
            "sklearn_version": "1.5.0",
            "python_version": "3.11.2",
            "preprocessing": {"scaler": "StandardScaler", "log": False},
        },
    )
    assert (record.name.value, record.version.value) == ("churn", "2.2.0")
    assert record.architecture.value == "GradientBoostingRegressor"
    assert [fact.value for fact in record.created] == ["2026-06-06T07:11:48+00:00"]
    assert names(record.inputs) == ["age", "Proline "]
    assert names(record.outputs) == ["charges"]
    assert record.hyperparameters.value == {"n_estimators": 100}
    assert numbers(record) == [("r2", 0.8, None)]
    assert [(d.name, d.uri) for d in record.datasets.value or ()] == [
        ("insurance.csv", "https://example.org/data/insurance.csv")
    ]
    assert [fact.value for fact in record.requirements.value or ()] == ["scikit-learn==1.5.0"]
    assert names(record.preprocessing) == ["scaler"]
    assert [mention.path for mention in record.mentions] == ["model.pkl"]


@pytest.mark.parametrize("key", ["model_name", "best_model", "model"])
@pytest.mark.parametrize("kind", ["Random Forest", "LinearRegression", "XGBoost", "logistic_regression", "KNN"])
def test_a_kind_of_model_is_no_name(tmp_path: Path, key: str, kind: str) -> None:
    record = read(tmp_path, {key: kind})
    assert (record.name.value, record.architecture.value) == (None, kind)


def test_groups_count_as_if_they_stood_above(tmp_path: Path) -> None:
    record = read(
        tmp_path,
        {
            "model": {"name": "churn", "version": "1.2.0", "framework": "sklearn"},
            "training": {"name": "nightly", "timestamp": "2026-01-01T00:00:00Z", "params": {"C": 1}},
        },
    )
    assert (record.name.value, record.version.value, record.framework.value) == ("churn", "1.2.0", "scikit-learn")
    assert (record.created.value, record.hyperparameters.value) == ("2026-01-01T00:00:00Z", {"C": 1})


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ([{"name": "a", "type": "int"}, {"feature": "b"}], [("a", "int"), ("b", None)]),
        ({"a": "float", "b": "the customer's age"}, [("a", "float"), ("b", None)]),
        ({"a": {"dtype": "int64", "range": [1, 2]}}, [("a", "int64")]),
        ({"numeric": ["a"], "categorical": ["b"]}, [("a", "numeric"), ("b", "categorical")]),
        ({"type": "object", "properties": {"a": {"type": "number"}}}, [("a", "number")]),
        ('[{"name": "a", "type": "double", "required": true}]', [("a", "double")]),
        ('[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}]', [(None, "float32")]),
        ({"a": 0, "b": 1}, [("a", None), ("b", None)]),
        (["a", None, "", 3], [("a", None), ("3", None)]),
        (13, []),
        ("[{", []),
        ([], []),
    ],
)
def test_features_are_read_however_they_are_written(
    tmp_path: Path, features: object, expected: list[tuple[str | None, str | None]]
) -> None:
    assert typed(read(tmp_path, {"algorithm": "svm", "features": features})) == expected


def test_a_signature_is_read_as_mlflow_writes_it(tmp_path: Path) -> None:
    signature = {"inputs": '[{"name": "a", "type": "double"}]', "outputs": '[{"name": "p", "type": "long"}]'}
    record = read(tmp_path, {"signature": signature})
    assert typed(record) == [("a", "double")]
    assert names(record.outputs) == ["p"]
    assert all(feature.origin.path == "model_metadata.json" for feature in record.inputs.value or ())


def test_a_target_among_the_columns_may_be_left_out(tmp_path: Path) -> None:
    record = read(tmp_path, {"algorithm": "svm", "columns": ["id", "a", "y"], "target": "y", "id_columns": ["id"]})
    assert [(one.name, one.required) for one in record.inputs.value or ()] == [("id", False), ("a", None), ("y", False)]


def test_columns_that_play_another_part_are_no_inputs(tmp_path: Path) -> None:
    parts = {"a": "feature", "y": "target", "customer": "id", "w": "weight"}
    listed = [{"name": name, "role": role} for name, role in parts.items()]
    assert names(read(tmp_path, {"algorithm": "svm", "columns": listed}).inputs) == ["a"]
    mapped = {name: {"dtype": "float64", "role": role} for name, role in parts.items()}
    assert names(read(tmp_path / "mapped", {"algorithm": "svm", "columns": mapped}).inputs) == ["a"]


def test_lists_by_kind_give_the_ordered_list_its_types(tmp_path: Path) -> None:
    record = read(
        tmp_path, {"feature_order": ["b", "a", "c"], "numeric_features": ["a"], "categorical_features": ["b"]}
    )
    assert typed(record) == [("b", "categorical"), ("a", "numeric"), ("c", None)]


@pytest.mark.parametrize(
    ("classes", "allowed", "dtype"),
    [
        (["cat", "dog"], ("cat", "dog"), "string"),
        ([0, 1], (0, 1), "long"),
        ({"0": "cat", "1": "dog"}, ("cat", "dog"), "string"),
        ({"dog": 1, "cat": 0}, ("cat", "dog"), "string"),
    ],
)
def test_classes_are_one_output(tmp_path: Path, classes: object, allowed: tuple[object, ...], dtype: str) -> None:
    (output,) = read(tmp_path, {"classes": classes}).outputs.value or ()
    assert (output.name, output.allowed, output.dtype) == ("class", allowed, dtype)


@pytest.mark.parametrize("classes", [3, [0, 1, 0], [{"name": "bug", "color": "f00"}], {}, None, {"a": "b"}])
def test_what_lists_no_classes_states_no_output(tmp_path: Path, classes: object) -> None:
    assert not read(tmp_path, {"algorithm": "svm", "classes": classes}).outputs


@pytest.mark.parametrize(
    ("value", "name", "shape"),
    [
        ({"image_size": 64}, "image", (-1, -1, -1, -1)),
        ({"image_size": [224, 224, 3]}, "image", (-1, 224, 224, 3)),
        ({"input_size": 13}, None, (-1, 13)),
        ({"input_shape": [None, 13]}, None, (-1, 13)),
    ],
)
def test_a_shape_is_stated_as_far_as_it_is_known(
    tmp_path: Path, value: object, name: str | None, shape: tuple[int, ...]
) -> None:
    (feature,) = read(tmp_path, value).inputs.value or ()
    assert (feature.name, feature.dtype, feature.shape) == (name, None, shape)


def test_metrics_are_told_from_importances_counts_and_parameters(tmp_path: Path) -> None:
    record = read(
        tmp_path,
        {
            "test": {"accuracy": 0.9, "support": 20},
            "ridge": {"rmse": 2.0},
            "params": {"alpha": 0.1},
            "confusion_matrix": {"tp": 3},
            "n_train": 100,
            "loss": 0.3,
        },
        "metrics.json",
    )
    assert numbers(record) == [("accuracy", 0.9, "test"), ("ridge.rmse", 2.0, None), ("loss", 0.3, None)]


def test_metrics_are_read_from_lists_and_by_split(tmp_path: Path) -> None:
    record = read(
        tmp_path,
        {"train_metrics": {"auc": 1.0}, "test_metrics": {"auc": 0.9}, "metrics": [{"name": "f1", "value": 0.5}]},
    )
    assert numbers(record) == [("f1", 0.5, None), ("auc", 0.9, "test"), ("auc", 1.0, "train")]


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ({"dataset": "loans", "dataset_version": "v3"}, [("loans", "v3", None)]),
        ({"dataset": {"path": "data/x.csv", "version": "2"}}, [("x.csv", "2", "data/x.csv")]),
        ({"dataset": {"rows": 3}}, []),
        ({"datasets": ["a", {"name": "b"}, 3]}, [("a", None, None), ("b", None, None)]),
        ({"data_path": "data/x.csv"}, [("x.csv", None, "data/x.csv")]),
        ({"dataset_version": "v3"}, [("dataset", "v3", None)]),
        ({"dataset": None}, []),
    ],
)
def test_datasets_are_read(tmp_path: Path, dataset: dict[str, object], expected: list[object]) -> None:
    record = read(tmp_path, {"algorithm": "svm"} | dataset)
    assert [(d.name, d.version, d.uri) for d in record.datasets.value or ()] == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metadata.json", {"name": "my-app", "version": "1.0.0", "dependencies": {"react": "^18"}, "license": "MIT"}),
        ("config.json", {"compilerOptions": {"target": "es6"}, "include": ["src"]}),
        ("config.json", {"port": 8080, "database": {"host": "db", "user": "me"}}),
        ("config.yaml", {"framework": "fastapi", "name": "api", "version": "2.0"}),
        (
            "schema.json",
            {"$schema": "https://json-schema.org/x", "type": "object", "properties": {"port": {"type": "integer"}}},
        ),
        ("schema.json", {"openapi": "3.0.0", "paths": {"/predict": {}}}),
        ("info.json", {"id": 1, "full_name": "a/b", "stargazers_count": 3, "owner": {"login": "a"}}),
        ("labels.json", [{"name": "bug", "color": "f00"}]),
        ("metadata.json", {"title": "Titanic", "id": "a/titanic", "licenses": [{"name": "CC0-1.0"}]}),
        ("results.json", {"img1": 0.5, "img2": 0.4}),
        ("config.json", []),
        ("metadata.json", {}),
        ("metadata.json", None),
    ],
)
def test_what_is_not_about_models_is_no_sidecar(tmp_path: Path, name: str, value: object) -> None:
    assert claims(tmp_path, {name: value, "model.pkl": b"weights"}) == {}


@pytest.mark.parametrize("name", ["metadata.json", "config.json", "metrics.json", "churn.json"])
def test_a_general_name_far_from_weights_is_no_sidecar(tmp_path: Path, name: str) -> None:
    assert claims(tmp_path, {name: {"algorithm": "svm", "accuracy": 0.9}}) == {}


@pytest.mark.parametrize(
    "weights",
    [
        {"name": "tree", "version": "v4", "feature_names": ["a"], "tree_info": []},
        {"features_info": {}, "model_info": {"params": {"a": 1}}, "oblivious_trees": []},
        {"learner": {"attributes": {}, "feature_names": ["a"]}, "version": [2, 0, 3]},
        {"modelTopology": {"class_name": "Model"}, "weightsManifest": [], "class_name": "x"},
    ],
)
@pytest.mark.parametrize("name", ["model.json", "churn.json", "model_config.json"])
def test_weights_in_json_are_no_sidecar(tmp_path: Path, weights: object, name: str) -> None:
    assert claims(tmp_path, {name: weights, "model.pkl": b"weights", "churn.pkl": b"weights"}) == {}


@pytest.mark.parametrize(
    ("name", "weights", "reach"),
    [
        ("churn.json", "churn.pkl", Reach.NAMED),
        ("churn.pkl.json", "churn.pkl", Reach.NAMED),
        ("churn_metadata.json", "churn.pkl", Reach.NAMED),
        ("churn-model-metadata.yaml", "churn.pkl", Reach.NAMED),
        ("churn_metadata.json", "churn_model.pkl", Reach.NAMED),
        ("metadata_churn.json", "churn.pkl", Reach.NAMED),
        ("model.json", "model.pkl", Reach.NAMED),
        ("model.pkl.json", "model.pkl", Reach.NAMED),
        ("model_metadata.json", "model.pkl", Reach.FOLDER),
        ("metadata.json", "churn.pkl", Reach.FOLDER),
        ("features.json", "features.pkl", Reach.FOLDER),
        ("churn.json", "other.pkl", None),
        ("package.json", "churn.pkl", None),
    ],
)
def test_a_name_tells_what_a_sidecar_is_about(tmp_path: Path, name: str, weights: str, reach: Reach | None) -> None:
    found = claims(tmp_path, {name: {"features": ["a"]}, weights: b"weights"})
    assert found == ({} if reach is None else {name: reach})


def test_a_sidecar_speaks_for_every_file_of_its_name(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"churn.json": '{"algorithm": "svm", "md5": "aa"}', "churn.pkl": b"a", "churn.onnx": b"b"})
    (claim,) = sidecar.recognise(tree, "")
    mentions = sidecar.describe(tree, claim).mentions
    assert [(mention.path, mention.digests) for mention in mentions] == [("churn.onnx", ()), ("churn.pkl", ())]


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("models/churn.pkl", "models/churn.pkl"),
        ("churn.pkl", "models/churn.pkl"),
        ("./churn.pkl", "models/churn.pkl"),
        ("/home/me/churn.pkl", "models/churn.pkl"),
        ("C:\\me\\churn.pkl", "models/churn.pkl"),
        ("../other/b.pkl", "other/b.pkl"),
        ("other/b.pkl", "other/b.pkl"),
        ("gone.pkl", "models/gone.pkl"),
        ("/home/me/gone.pkl", None),
        ("../../../etc/gone.pkl", None),
        ("a\0b.pkl", None),
    ],
)
def test_the_file_that_a_sidecar_names_is_found(tmp_path: Path, written: str, path: str | None) -> None:
    files = {"models/metadata.json": json.dumps({"algorithm": "svm", "model_path": written})}
    tree = plant(tmp_path, files | {"models/churn.pkl": b"a", "other/b.pkl": b"b"})
    (claim,) = sidecar.recognise(tree, "models")
    record = sidecar.describe(tree, claim)
    assert [mention.path for mention in record.mentions] == ([] if path is None else [path])
    assert [place.value for place in record.locations] == [written]


SHA = hashlib.sha256(b"weights").hexdigest()
MD5 = hashlib.md5(b"weights", usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("stated", "digests"),
    [
        ({"sha256": SHA}, [f"sha256:{SHA}"]),
        ({"checksum": f"SHA-256:{SHA.upper()}"}, [f"sha256:{SHA.upper()}"]),
        ({"model_hash": MD5}, [f"md5:{MD5}"]),
        ({"sha256": SHA, "md5": MD5}, [f"sha256:{SHA}", f"md5:{MD5}"]),
        ({"hash": "a" * 40}, []),
        ({"model_hash": "abc123"}, []),
        ({"sha256": "zz"}, ["sha256:zz"]),
        ({"data_hash": MD5}, []),
    ],
)
def test_digests_are_read_with_their_algorithm(tmp_path: Path, stated: dict[str, str], digests: list[str]) -> None:
    (mention,) = read(tmp_path, {"algorithm": "svm"} | stated).mentions
    assert [digest.value for digest in mention.digests] == digests


def test_several_sidecars_of_a_directory_are_one_record(tmp_path: Path) -> None:
    joblib.dump(LogisticRegression(), tmp_path / "model.pkl")
    tree = plant(
        tmp_path,
        {
            "config.json": '{"learning_rate": 0.1, "model_type": "LogisticRegression"}',
            "metadata.json": '{"model_name": "churn", "features": ["a"]}',
            "metrics.json": '{"accuracy": 0.9}',
        },
    )
    (found,) = discover(tree)
    record = assemble(tree, found, Options()).record
    assert (record.name.value, record.architecture.value) == ("churn", "LogisticRegression")
    assert record.hyperparameters.value == {"learning_rate": 0.1}
    assert numbers(record) == [("accuracy", 0.9, None)]
    assert names(record.inputs) == ["a"]


def test_every_fact_is_a_guess(tmp_path: Path) -> None:
    record = read(tmp_path, {"model_name": "churn", "version": 1.1, "features": ["a"], "accuracy": 0.5, "sha256": "aa"})
    stated = (record.name, record.version, record.inputs, record.metrics)
    assert all(fact.guessed for one in stated for fact in one)
    assert all(mention.guessed and all(d.guessed for d in mention.digests) for mention in record.mentions)


def test_a_general_file_that_cannot_be_read_is_a_guess_and_one_named_for_models_is_not(tmp_path: Path) -> None:
    for name, guessed in (("config.yaml", True), ("model_metadata.json", False)):
        (remark,) = read(tmp_path / name, b"{", name).remarks
        assert (remark.kind, remark.guessed) == (Irregularity.UNREADABLE, guessed)


def test_an_unquoted_version_is_remarked_upon(tmp_path: Path) -> None:
    (remark,) = read(tmp_path, b"model_name: churn\nversion: 1.10\nfeatures: [a]\n", "metadata.yaml").remarks
    assert (remark.kind, remark.help) == (Irregularity.SURPRISING_SCALAR, 'Quote it: "1.10"')


@pytest.mark.parametrize("group", ["environment", "runtime", "versions"])
def test_a_group_about_the_environment_states_python_and_libraries(tmp_path: Path, group: str) -> None:
    versions = {"python": "3.11.7", "sklearn": "1.5.0"}
    record = read(tmp_path, {"model_name": "churn", "dependencies": ["xgboost==2.1.0"], group: versions})
    assert record.python_version.value == "3.11.7"
    pins = {pin.value for fact in record.requirements for pin in fact.value}
    assert pins == {"scikit-learn==1.5.0", "xgboost==2.1.0"}


def test_an_environment_that_is_a_word_says_nothing_of_python(tmp_path: Path) -> None:
    assert not read(tmp_path, {"model_name": "churn", "environment": "production"}).python_version


_KEYS = {name for table in vars(sidecar_keys).values() if isinstance(table, tuple) for name in table}


@settings(max_examples=200, deadline=None)
@given(value=documents({*_KEYS, "properties", "type", "min", "value", "tensor-spec", "shape", "numeric", "accuracy"}))
def test_any_document_is_read_with_every_remark_in_its_place(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    for name, data in (("metadata.json", as_json(value)), ("model.yaml", as_yaml(value))):
        tree = plant(tmp_path_factory.mktemp("any"), {name: data, "model.pkl": b"weights"})
        for claim in sidecar.recognise(tree, ""):
            for one in sidecar.describe(tree, claim).remarks:
                assert one.message
                assert one.help
                assert one.origin.line >= 1
