"""Models that the real libraries wrote, each in a good artifact: one thing is changed, and one rule speaks.

All rules that are on by default are asked, and what they say of the good artifact is taken off.
"""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutated_models import DESCRIBED, difference, found, write
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

Schema = dict[str, Any]

#: So that what is asked of tables is asked.
TABULAR = "tabular-classification"


def told(model: str) -> dict[str, Any]:
    """What the library says of its model."""
    environment, _, name = model.partition("/")
    facts: dict[str, Any] = json.loads((DESCRIBED / environment / "facts.json").read_text(encoding="utf-8"))[name]
    return facts


def inputs_of(model: str) -> list[Schema]:
    """The inputs of a model as its library tells them."""
    listed = []
    for name, dtype, kind, categories in told(model)["columns"]:
        are_texts = bool(categories) and not all(one.isdigit() for one in categories)
        stated = "category" if kind == "categorical" and not categories else "double"
        stated = "string" if are_texts or kind == "text" or dtype == "string" else stated
        listed.append({"name": name, "type": stated, **({"allowed": categories} if are_texts else {})})
    return listed


def one_of(environment: str, stem: str) -> str:
    """The file of a model, which each environment of scikit-learn compresses in its own way."""
    (path,) = (DESCRIBED / environment).glob(f"{stem}.*")
    return f"{environment}/{path.name}"


def said(place: Path, model: str, good: Schema, changed: Schema) -> list[str]:
    write(place / "good" / "churn", model, good, task=TABULAR)
    write(place / "changed" / "churn", model, changed, task=TABULAR)
    return difference(place / "good", place / "changed")


def with_input(inputs: list[Schema], index: int, **changes: object) -> Schema:
    changed = {key: value for key, value in {**inputs[index], **changes}.items() if value is not None}
    return {"inputs": [*inputs[:index], changed, *inputs[index + 1 :]]}


SCIKIT_LEARN = ("sklearn-1_1", "sklearn-1_2", "sklearn-1_5", "sklearn-1_9")
BOOSTERS = ("boosters-1_7", "boosters-2_1", "boosters-new")


def boosted(*names: str) -> list[str]:
    return [f"{place}/{name}" for place in BOOSTERS for name in names if (DESCRIBED / place / name).is_file()]


NUMBERS = [
    *(one_of(environment, stem) for environment in SCIKIT_LEARN for stem in ("forest-table", "pipeline-table")),
    *(one_of(environment, "encoded-strictly-table") for environment in SCIKIT_LEARN),
    *boosted("xgb-binary.json", "xgb-binary.ubj", "xgb-classifier.pkl", "xgb-booster.pkl"),
    *boosted("lgb-binary.txt", "lgb-classifier.pkl", "cat-binary.cbm", "cat-binary.json", "cat-classifier.pkl"),
    *("onnx-1_23/columns.onnx", "onnx-1_13/table.onnx", "keras-3_6/columns.keras", "keras-3_6/columns.h5"),
    *("tensorflow-2_12/columns.keras", "tensorflow-2_21/table.tflite"),
]


@pytest.mark.parametrize("model", NUMBERS)
def test_a_number_that_is_retyped_to_a_text(model: str, tmp_path: Path) -> None:
    inputs = inputs_of(model)
    assert said(tmp_path, model, {"inputs": inputs}, with_input(inputs, 0, type="string")) == ["CON104 warning"]


@pytest.mark.parametrize("environment", SCIKIT_LEARN)
def test_a_text_that_is_retyped_to_a_number(environment: str, tmp_path: Path) -> None:
    model = one_of(environment, "encoded-strictly-table")
    inputs = inputs_of(model)
    changed = with_input(inputs, 3, type="long", allowed=None)
    assert said(tmp_path, model, {"inputs": inputs}, changed) == ["CON104 warning"]


def test_a_tensor_of_another_dtype(tmp_path: Path) -> None:
    inputs = [{"name": "x", "type": "float32", "shape": [-1, 4]}]
    changed = with_input(inputs, 0, type="float64")
    assert said(tmp_path, "onnx-1_23/dense.onnx", {"inputs": inputs}, changed) == ["CON104 warning"]


def test_a_text_that_a_stated_step_encodes_is_no_other_type(tmp_path: Path) -> None:
    model = one_of("sklearn-1_5", "forest-table")
    inputs = inputs_of(model)
    steps = [{"step": "OrdinalEncoder", "columns": [inputs[0]["name"]]}]
    good = {"inputs": inputs, "preprocessing": steps}
    for number, expected in ((0, []), (1, ["CON104 warning"])):
        changed = {**with_input(inputs, number, type="string"), "preprocessing": steps}
        assert said(tmp_path / str(number), model, good, changed) == expected


CATEGORIES = [
    *((one_of(environment, "encoded-strictly-table"), 3) for environment in SCIKIT_LEARN),
    *((model, 3) for model in boosted("lgb-categories.txt", "lgb-classifier.pkl")),
]


@pytest.mark.parametrize(("model", "place"), CATEGORIES)
def test_a_category_that_the_model_never_saw(model: str, place: int, tmp_path: Path) -> None:
    inputs = inputs_of(model)
    known = inputs[place]["allowed"]
    for change, allowed, expected in (
        ("more", [*known, "nowhere"], ["CON105 warning"]),
        ("changed", ["nowhere", *known[1:]], ["CON105 warning"]),
        ("fewer", known[1:], []),
    ):
        changed = with_input(inputs, place, allowed=allowed)
        assert said(tmp_path / change, model, {"inputs": inputs}, changed) == expected, change


@pytest.mark.parametrize("model", boosted("xgb-binary.json", "xgb-classifier.pkl", "lgb-binary.txt", "cat-binary.cbm"))
def test_a_number_that_is_declared_a_category(model: str, tmp_path: Path) -> None:
    inputs = inputs_of(model)
    assert said(tmp_path, model, {"inputs": inputs}, with_input(inputs, 0, type="category")) == ["CON106 warning"]


@pytest.mark.parametrize(
    "model",
    boosted(
        "xgb-categories.json", "xgb-categories.ubj", "lgb-categories.txt", "cat-categories.cbm", "cat-one-hot.json"
    ),
)
def test_a_category_that_is_declared_a_number(model: str, tmp_path: Path) -> None:
    inputs = inputs_of(model)
    changed = with_input(inputs, 3, type="double", allowed=None)
    assert said(tmp_path, model, {"inputs": inputs}, changed) == ["CON106 warning"]


@pytest.mark.parametrize(
    "model",
    [
        *(one_of(environment, "forest-table") for environment in SCIKIT_LEARN),
        *boosted("cat-multiclass.cbm", "cat-ordered-classes.json", "lgb-classifier.pkl"),
        *("onnx-1_13/logistic.onnx", "onnx-1_23/labelled.onnx"),
    ],
)
def test_labels_that_are_dropped_renamed_or_turned(model: str, tmp_path: Path) -> None:
    labels = told(model)["classes"]

    def allowing(labels: list[str]) -> Schema:
        return {"outputs": [{"name": "label", "type": "string", "allowed": labels}]}

    def one_each(labels: list[str]) -> Schema:
        return {"outputs": [{"name": f"p_{label}", "type": "double"} for label in labels]}

    for change, good, changed, expected in (
        ("fewer", allowing(labels), allowing(labels[1:]), ["CON111 error"]),
        ("more", allowing(labels), allowing([*labels, "nobody"]), ["CON111 error"]),
        ("renamed", allowing(labels), allowing(["nobody", *labels[1:]]), ["CON112 error"]),
        ("turned", allowing(labels), allowing(labels[::-1]), ["CON112 note"]),
        ("columns", one_each(labels), one_each(labels[::-1]), ["CON112 error"]),
    ):
        assert said(tmp_path / change, model, good, changed) == expected, change


@pytest.mark.parametrize("model", ["boosters-new/xgb-multiclass.json", "keras-3_6/classifier.keras"])
def test_an_output_of_another_width(model: str, tmp_path: Path) -> None:
    good, changed = ({"outputs": [{"name": "p", "type": "double", "shape": [-1, width]}]} for width in (3, 7))
    assert said(tmp_path, model, good, changed) == ["CON111 error"]


def stated(place: Path, model: str, good: Schema, changed: Schema) -> list[str]:
    """The difference that other keys of the manifest make."""
    write(place / "good" / "churn", model, None, **good)
    write(place / "changed" / "churn", model, None, **changed)
    return difference(place / "good", place / "changed")


@pytest.mark.parametrize(
    ("model", "framework"),
    [
        ("sklearn-1_5/forest-table.bz2.joblib", "scikit-learn"),
        ("boosters-new/xgb-binary.json", "xgboost"),
        ("boosters-new/lgb-binary.txt", "lightgbm"),
        ("boosters-new/cat-binary.cbm", "catboost"),
        ("keras-3_6/binary.keras", "keras"),
        ("tensorflow-2_21/first", "tensorflow"),
    ],
)
def test_another_framework(model: str, framework: str, tmp_path: Path) -> None:
    other = "lightgbm" if framework == "xgboost" else "xgboost"
    files = [{"path": Path(model).name}]
    good, changed = ({"weights": {"files": files, "framework": one}} for one in (framework, other))
    assert stated(tmp_path, model, good, changed) == ["CON151 error"]


@pytest.mark.parametrize(
    ("model", "format_", "other"),
    [
        ("boosters-new/xgb-binary.ubj", "ubj", "pickle"),
        ("sklearn-1_5/boosting-table.skops", "skops", "pickle"),
        ("safetensors-0_8/dense.safetensors", "safetensors", "gguf"),
        ("onnx-1_23/dense.onnx", "onnx", "safetensors"),
        ("torch-2_6/state_dict.pt", "torch-zip", "safetensors"),
    ],
)
def test_another_format(model: str, format_: str, other: str, tmp_path: Path) -> None:
    path = Path(model).name
    good, changed = ({"weights": {"files": [{"path": path, "format": one}]}} for one in (format_, other))
    assert stated(tmp_path, model, good, changed) == ["CON151 error"]


@pytest.mark.parametrize("model", ["keras-3_6/classifier.keras", "gguf-0_19/llama.gguf"])
def test_another_number_of_parameters(model: str, tmp_path: Path) -> None:
    count = told(model)["parameters"]
    good, changed = (
        {"config": {"architecture": "Model", "hyperparameters": {"num_parameters": number}}}
        for number in (count, count + 2)
    )
    assert stated(tmp_path, model, good, changed) == ["CON152 warning"]


SIGNATURE = """\
artifact_path: churn
flavors:
  python_function: {{loader_module: mlflow.sklearn, model_path: {model}, predict_fn: predict, python_version: 3.11.7}}
  sklearn: {{pickled_model: {model}, serialization_format: pickle, sklearn_version: {version}}}
mlflow_version: 2.19.0
run_id: 9c39c3103693497fbf70bf95b2294032
signature:
  inputs: '{inputs}'
  outputs: '[{{"type": "string", "required": true}}]'
utc_time_created: '2026-11-21 08:55:02.123456'
"""


def logged(place: Path, model: str, inputs: list[Schema], version: str) -> None:
    """A directory as MLflow writes it, around a described model."""
    place.mkdir(parents=True)
    shutil.copy(DESCRIBED / model, place)
    text = SIGNATURE.format(model=Path(model).name, inputs=json.dumps(inputs), version=version)
    (place / "MLmodel").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("environment", "version"), [("sklearn-1_2", "1.2.2"), ("sklearn-1_9", "1.9.1")])
def test_a_signature_is_held_against_the_weights(environment: str, version: str, tmp_path: Path) -> None:
    model = one_of(environment, "pipeline-table")
    inputs = [{"type": "double", "name": one["name"], "required": True} for one in inputs_of(model)]
    for change, columns, release, expected in (
        ("optional", [{**inputs[0], "required": False}, *inputs[1:]], version, "CON153 error"),
        ("version", inputs, "1.0.2", "CON153 error"),
        ("dropped", inputs[1:], version, "CON101 error"),
        ("renamed", [{**inputs[0], "name": "months"}, *inputs[1:]], version, "CON102 error"),
        ("turned", inputs[::-1], version, "CON103 warning"),
        ("retyped", [{**inputs[0], "type": "string"}, *inputs[1:]], version, "CON104 warning"),
    ):
        logged(tmp_path / change / "good" / "churn", model, inputs, version)
        logged(tmp_path / change / "changed" / "churn", model, columns, release)
        assert difference(tmp_path / change / "good", tmp_path / change / "changed") == [expected], change


@pytest.mark.parametrize("environment", ["onnx-1_13", "onnx-1_23"])
@pytest.mark.parametrize("change", ["absent", "short"])
def test_external_data_that_is_absent_or_too_short(environment: str, change: str, tmp_path: Path) -> None:
    for case in ("good", "changed"):
        write(tmp_path / case / "churn", f"{environment}/external.onnx")
        shutil.copy(DESCRIBED / environment / "weights.bin", tmp_path / case / "churn")
    data = tmp_path / "changed" / "churn" / "weights.bin"
    data.write_bytes(data.read_bytes()[:-4])
    if change == "absent":
        data.unlink()
    said = difference(tmp_path / "good", tmp_path / "changed")
    # What was said of the data themselves goes with them.
    assert [one for one in said if not one.startswith("-")] == ["CON141 error"]


@pytest.mark.parametrize(
    ("free", "fixed"),
    [
        ("onnx-1_23/free.onnx", "onnx-1_23/fixed.onnx"),
        ("torch-2_6/dynamic.pt2", "torch-2_6/fixed.pt2"),
        ("torch-2_8/dynamic.pt2", "torch-2_8/fixed.pt2"),
    ],
)
def test_a_batch_that_is_fixed(free: str, fixed: str, tmp_path: Path) -> None:
    for case, model in (("good", free), ("changed", fixed)):
        write(tmp_path / case / "churn", free)
        shutil.copy(DESCRIBED / model, tmp_path / case / "churn" / Path(free).name)
    assert difference(tmp_path / "good", tmp_path / "changed") == ["CON142 note"]


def test_a_layer_of_keras_that_lost_its_weights(tmp_path: Path) -> None:
    """The file of one model around the weights of another one, which has a layer less."""
    write(tmp_path / "good" / "churn", "keras-3_6/classifier.keras")
    model = write(tmp_path / "changed" / "churn", "keras-3_6/classifier.keras")
    with zipfile.ZipFile(model) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    configuration = json.loads(members["config.json"])
    layers = configuration["config"]["layers"]
    last = json.loads(json.dumps(layers[-1]))
    last["config"]["name"] = "further"
    last["name"] = "further"
    layers.append(last)
    members["config.json"] = json.dumps(configuration).encode()
    with zipfile.ZipFile(model, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert difference(tmp_path / "good", tmp_path / "changed") == ["CON154 warning"]


def dumped(place: Path, model: object) -> Path:
    """A directory with a pickle of a model, and a manifest."""
    write(place / "churn", "sklearn-1_9/scaler-array.pkl")
    (place / "churn" / "scaler-array.pkl").write_bytes(pickle.dumps(model))
    return place


ROWS = [[0.0, 1.0, 2.0], [1.0, 0.0, 5.0], [2.0, 2.0, 1.0], [3.0, 1.0, 0.0]]


def test_a_step_that_was_fitted_apart(tmp_path: Path) -> None:
    good = Pipeline([("scale", StandardScaler()), ("clf", LogisticRegression())]).fit(ROWS, [0, 1, 0, 1])
    changed = Pipeline([("scale", PolynomialFeatures(2).fit(ROWS)), ("clf", good.named_steps["clf"])])
    assert difference(dumped(tmp_path / "good", good), dumped(tmp_path / "changed", changed)) == ["CON109 warning"]


def test_a_column_that_was_renamed_after_fitting(tmp_path: Path) -> None:
    """The names are as a data frame would leave them."""
    model = ColumnTransformer([("scale", StandardScaler(), [0, 1])]).fit(ROWS)
    model.feature_names_in_ = np.array(["tenure", "charges", "age"], dtype=object)
    places = []
    for case, columns in (("good", ["tenure", "charges"]), ("changed", ["months", "charges"])):
        model.transformers_ = [("scale", model.named_transformers_["scale"], columns), *model.transformers_[1:]]
        places.append(dumped(tmp_path / case, model))
    assert difference(*places) == ["CON108 error"]


#: Files of each format, what part of each is left, and what is said of that: pickles are streams, and have their rule.
CUT = [
    *((f"sklearn-1_9/{name}", 0.6, "PKL111") for name in ("scaler-array.pkl", "variant-p0.pkl", "variant.pkl.gz")),
    *((f"sklearn-1_9/{name}", 0.6, "PKL111") for name in ("forest-table.bz2.joblib", "variant-lz4.lz4.joblib")),
    *((f"torch-2_13/{name}", 0.6, "PKL111") for name in ("state_dict.pt", "legacy_state_dict.pt")),
    ("sklearn-1_9/boosting-table.skops", 0.6, "SUM106"),
    *((f"boosters-new/{name}", 0.6, "SUM106") for name in ("xgb-binary.json", "xgb-binary.ubj")),
    *((f"boosters-new/{name}", 0.6, "SUM106") for name in ("cat-binary.json", "cat-binary.cbm")),
    ("boosters-new/lgb-binary.txt", 0.2, "SUM106"),
    ("safetensors-0_8/dense.safetensors", 0.6, "SUM106"),
    ("onnx-1_23/dense.onnx", 0.6, "SUM106"),
    *((f"keras-3_6/classifier{suffix}", 0.6, "SUM106") for suffix in (".keras", ".h5", ".weights.h5")),
    ("gguf-0_19/llama.gguf", 0.6, "SUM106"),
    *((f"numpy/{name}", 0.6, "SUM106") for name in ("matrix.npy", "layers.npz")),
    *((f"tensorflow-2_21/{name}", 0.6, "SUM106") for name in ("dense.tflite", "frozen.pb")),
    ("flax-0_12/dense.msgpack", 0.6, "SUM106"),
]


@pytest.mark.parametrize(("model", "left", "code"), CUT, ids=[model for model, _, _ in CUT])
def test_a_file_that_is_cut_short(model: str, left: float, code: str, tmp_path: Path) -> None:
    write(tmp_path / "good" / "churn", model)
    cut = write(tmp_path / "changed" / "churn", model)
    data = cut.read_bytes()
    cut.write_bytes(data[: int(left * len(data))])
    said = difference(tmp_path / "good", tmp_path / "changed")
    # That a pickle was read whole is no longer said.
    assert [one for one in said if one != "-PKL002 note"] == [f"{code} error"]


def test_a_graph_of_tensorflow_that_is_cut_short(tmp_path: Path) -> None:
    write(tmp_path / "good" / "churn", "tensorflow-2_21/first")
    graph = write(tmp_path / "changed" / "churn", "tensorflow-2_21/first") / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:-200])
    assert difference(tmp_path / "good", tmp_path / "changed") == ["SUM106 error"]


def test_a_library_that_is_missing_with_all_that_it_brings_is_one_finding(tmp_path: Path) -> None:
    model = one_of("sklearn-1_5", "forest-table")
    for case, requirement in (("good", "scikit-learn==1.5.2"), ("changed", "requests==2.32.5")):
        environment = {"python": "3.11.7", "requirements": [requirement]}
        write(tmp_path / case / "churn", model, None, environment=environment)
    assert difference(tmp_path / "good", tmp_path / "changed") == ["ENV101 error"]
    assert found(tmp_path / "good")["ENV101 error"] == 0
