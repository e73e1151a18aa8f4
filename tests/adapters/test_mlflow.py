from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import plant

from artifact_lint.adapters import mlflow
from artifact_lint.adapters.base import Reach
from artifact_lint.adapters.mlflow_signature import read_signature
from artifact_lint.document import Syntax, parse
from artifact_lint.model import Component, Irregularity, Record, Role, TotalSize

if TYPE_CHECKING:
    from pathlib import Path

FOREST = """\
artifact_path: model
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.11.7
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.5.1
mlflow_version: 2.14.2
model_size_bytes: 878
model_uuid: 318e39c3a8f344ab95cf33138c6add2d
run_id: 9df6e5b792f243ad9e7d47e99758d943
signature:
  inputs: '[{"type": "double", "name": "sepal length (cm)", "required": true}, {"type":
    "long", "name": "petals", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1, 3]}}]'
  params: null
utc_time_created: '2024-07-11 09:22:39.336999'
"""

CONDA = """\
channels:
- conda-forge
dependencies:
- python=3.11.7
- pip<=23.2.1
- pip:
  - mlflow==2.14.2
  - scikit-learn==1.5.1
name: mlflow-env
"""


def describe(root: Path, files: dict[str, str | bytes], directory: str = "model") -> Record:
    tree = plant(root, {f"{directory}/{name}": content for name, content in files.items()})
    (claim,) = mlflow.recognise(tree, directory)
    return mlflow.describe(tree, claim)


def test_a_directory_with_flavors_is_a_record_for_the_whole_tree_below(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"models/iris/MLmodel": FOREST})
    (claim,) = mlflow.recognise(tree, "models/iris")
    assert claim.directory == "models/iris"
    assert claim.record == "models/iris/MLmodel"
    assert claim.reach is Reach.TREE


def test_the_root_of_the_store_can_be_the_directory(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"MLmodel": FOREST, "model.pkl": b"x"})
    (claim,) = mlflow.recognise(tree, "")
    assert claim.record == "MLmodel"
    assert [mention.path for mention in mlflow.describe(tree, claim).mentions] == ["model.pkl"]


@pytest.mark.parametrize(
    "content",
    [
        "import requests\n\nheader = {'Authorization': 'Bearer ' + token}\nprint(header)\n",
        "#!/bin/sh\nmlflow models serve -m .\n",
        "model_name: churn\nversion: 3\n",
        "just words\n",
    ],
)
def test_another_file_of_that_name_is_no_record(tmp_path: Path, content: str) -> None:
    assert not list(mlflow.recognise(plant(tmp_path, {"MLmodel": content}), ""))


def test_the_copy_that_mlflow_keeps_is_no_record(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"model/MLmodel": FOREST, "model/metadata/MLmodel": FOREST})
    assert list(mlflow.recognise(tree, "model"))
    assert not list(mlflow.recognise(tree, "model/metadata"))


def test_a_model_in_a_directory_called_metadata_is_one_where_it_is_no_copy(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"metadata/MLmodel": FOREST, "MLmodel": "print('hello')\n"})
    assert list(mlflow.recognise(tree, "metadata"))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (FOREST.replace("    env:\n", "   env:\n\tx: ["), 5),
        (b"\x80\x04\x95\x00\x01garbage\x00\xff", 1),
        ("flavors:\n", 1),
        ("flavors: {}\n", 1),
        ("run_id: abc\nflavors: yes\n", 2),
        ("", 1),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 900\n", 1),
    ],
)
def test_a_broken_record_is_one_with_one_remark(tmp_path: Path, content: str | bytes, line: int) -> None:
    record = describe(tmp_path, {"MLmodel": content, "conda.yaml": CONDA})
    (remark,) = record.remarks
    assert remark.kind is Irregularity.UNREADABLE
    assert remark.origin.path == "model/MLmodel"
    assert remark.origin.line == line
    assert remark.help
    assert record.conventions == ("mlflow",)
    assert record.sources[0].path == "model/MLmodel"
    assert record.requirements.value


def test_the_components_are_stated_with_their_lines(tmp_path: Path) -> None:
    record = describe(tmp_path, {"MLmodel": FOREST, "model.pkl": b"x"})
    assert record.framework.value == "scikit-learn"
    assert record.run_id.best is not None
    assert record.run_id.best.origin.line == 19
    assert record.created.value == "2024-07-11T09:22:39.336999Z"
    assert record.total_size.value == TotalSize(stated=878, actual=1)
    assert [(section.component, section.origin.line) for section in record.sections] == [
        (Component.CONFIG, 11),
        (Component.FEATURE_SCHEMA, 20),
        (Component.RUN, 19),
    ]
    assert [location.value for location in record.locations] == ["model"]
    assert not record.remarks


def test_a_file_that_two_flavors_name_is_mentioned_once_with_the_more_specific_word(tmp_path: Path) -> None:
    (mention,) = describe(tmp_path, {"MLmodel": FOREST, "model.pkl": b"x"}).mentions
    assert mention.path == "model/model.pkl"
    assert mention.origin.pointer == "/flavors/sklearn/pickled_model"
    assert mention.role is Role.WEIGHTS
    assert mention.format == "pickle"
    assert not mention.directory


def test_the_format_of_skops_is_not_taken_from_the_key(tmp_path: Path) -> None:
    text = FOREST.replace("model.pkl", "model.skops").replace("cloudpickle", "skops")
    (mention,) = describe(tmp_path, {"MLmodel": text}).mentions
    assert (mention.written, mention.format) == ("model.skops", "skops")


def test_a_saved_directory_is_mentioned_as_one(tmp_path: Path) -> None:
    text = (
        "flavors:\n  python_function:\n    data: data\n  pytorch:\n    model_data: data\n    pytorch_version: 2.4.0\n"
    )
    (mention,) = describe(tmp_path, {"MLmodel": text, "data/model.pth": b"x"}).mentions
    assert mention.directory
    assert mention.path == "model/data"


def test_the_artifacts_of_a_python_function_have_roles_and_locations(tmp_path: Path) -> None:
    text = """\
flavors:
  python_function:
    artifacts:
      model:
        path: artifacts/model.keras
        uri: /var/folders/7j/T/tmpcv1slbym/model.keras
      scaler_x:
        path: artifacts/scaler_x.pkl
        uri: s3://bucket/scaler_x.pkl
      settings:
        path: artifacts/settings.json
    loader_module: mlflow.pyfunc.model
    python_model: python_model.pkl
"""
    record = describe(tmp_path, {"MLmodel": text})
    assert {mention.written: mention.role for mention in record.mentions} == {
        "python_model.pkl": Role.WEIGHTS,
        "artifacts/model.keras": Role.WEIGHTS,
        "artifacts/scaler_x.pkl": Role.PREPROCESSOR,
        "artifacts/settings.json": Role.CONFIG,
    }
    assert [location.value for location in record.locations] == [
        "/var/folders/7j/T/tmpcv1slbym/model.keras",
        "s3://bucket/scaler_x.pkl",
    ]
    assert not record.framework
    assert Component.CONFIG in {section.component for section in record.sections}


def test_the_framework_and_the_class_come_from_the_flavors(tmp_path: Path) -> None:
    loaded = "flavors:\n  python_function: {data: model.h2o, loader_module: mlflow.h2o}\n"
    assert describe(tmp_path / "a", {"MLmodel": loaded}).framework.value == "h2o"
    text = "flavors:\n  lightgbm: {data: model.pkl, model_class: lightgbm.sklearn.LGBMClassifier}\n"
    record = describe(tmp_path / "b", {"MLmodel": text})
    assert record.framework.value == "lightgbm"
    assert record.architecture.value == "lightgbm.sklearn.LGBMClassifier"


XGBOOST_JSON = """\
flavors:
  python_function:
    data: model.json
    loader_module: mlflow.xgboost
  xgboost:
    data: model.json
    model_class: xgboost.core.Booster
    model_format: json
    xgb_version: 3.2.0
"""

LIGHTGBM_BOOSTER = """\
flavors:
  lightgbm:
    data: model.lgb
    lgb_version: 4.7.0
    model_class: lightgbm.basic.Booster
    serialization_format: skops
  python_function:
    data: model.lgb
    loader_module: mlflow.lightgbm
"""


def test_a_booster_that_is_written_as_json_is_the_weights(tmp_path: Path) -> None:
    (mention,) = describe(tmp_path, {"MLmodel": XGBOOST_JSON, "model.json": "{}"}).mentions
    assert (mention.path, mention.role) == ("model/model.json", Role.WEIGHTS)


def test_the_format_that_is_stated_beside_lightgbms_own_is_not_that_of_its_file(tmp_path: Path) -> None:
    (mention,) = describe(tmp_path, {"MLmodel": LIGHTGBM_BOOSTER, "model.lgb": "tree"}).mentions
    assert mention.format is None


def test_the_stem_that_paddle_names_stands_for_the_files_beside_it(tmp_path: Path) -> None:
    text = "flavors:\n  paddle:\n    pickled_model: model\n    paddle_version: 2.6.0\n"
    record = describe(tmp_path, {"MLmodel": text, "model.pdiparams": b"x", "model.pdmodel": b"y"})
    assert [mention.path for mention in record.mentions] == ["model/model.pdmodel", "model/model.pdiparams"]


def test_a_path_that_leaves_the_directory_is_remarked_upon_once(tmp_path: Path) -> None:
    record = describe(tmp_path, {"MLmodel": FOREST.replace("model.pkl", "../other/model.pkl")})
    (remark,) = record.remarks
    assert remark.kind is Irregularity.PATH_ESCAPES
    assert remark.origin.line == 13
    (mention,) = record.mentions
    assert mention.path == "../other/model.pkl"
    assert not mention.required


def test_a_signature_names_columns_and_tensors(tmp_path: Path) -> None:
    record = describe(tmp_path, {"MLmodel": FOREST})
    assert record.inputs.value is not None
    assert [(one.name, one.dtype, one.required) for one in record.inputs.value] == [
        ("sepal length (cm)", "double", True),
        ("petals", "long", False),
    ]
    assert record.inputs.value[0].origin.line == 21
    assert record.outputs.value is not None
    (output,) = record.outputs.value
    assert (output.name, output.dtype, output.shape) == (None, "int64", (-1, 3))


def test_old_and_new_ways_to_write_a_column_are_understood(tmp_path: Path) -> None:
    columns = (
        '[{"name": "a", "type": "string", "optional": true}, {"name": "b", "type": "array", '
        '"items": {"type": "array", "items": {"type": "float"}}}, {"name": 3, "type": "datetime"}]'
    )
    record = describe(tmp_path, {"MLmodel": f"flavors: {{sklearn: {{}}}}\nsignature:\n  inputs: '{columns}'\n"})
    assert record.inputs.value is not None
    assert [(one.name, one.dtype, one.required) for one in record.inputs.value] == [
        ("a", "string", False),
        ("b", "array(array(float))", None),
        ("3", "datetime", None),
    ]


@pytest.mark.parametrize("signature", ['\'[{"name": "a"\'', '\'{"name": "a"}\'', "'[1, 2]'", "words"])
def test_a_signature_that_cannot_be_read_is_remarked_upon_at_its_line(tmp_path: Path, signature: str) -> None:
    record = describe(tmp_path, {"MLmodel": f"flavors: {{sklearn: {{}}}}\nsignature:\n  inputs: {signature}\n"})
    (remark,) = record.remarks
    assert (remark.kind, remark.origin.line) == (Irregularity.UNREADABLE, 3)
    section = next(one for one in record.sections if one.component is Component.FEATURE_SCHEMA)
    assert not section.empty


def test_a_signature_without_inputs_is_an_empty_section(tmp_path: Path) -> None:
    text = 'flavors: {sklearn: {}}\nsignature:\n  inputs: null\n  outputs: \'[{"type": "long"}]\'\n'
    record = describe(tmp_path, {"MLmodel": text})
    assert [section.empty for section in record.sections if section.component is Component.FEATURE_SCHEMA] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "flavors:\n  langchain: {model_data: model.yaml}\n  python_function: {loader_module: mlflow.langchain}\n",
        "flavors:\n  transformers: {task: text-generation, model_binary: model}\n",
        "flavors:\n  python_function: {loader_module: mlflow.pyfunc.model}\nmetadata: {task: llm/v1/chat}\n",
    ],
)
def test_a_model_that_takes_text_needs_no_columns(tmp_path: Path, text: str) -> None:
    record = describe(tmp_path, {"MLmodel": text})
    assert [one.value for one in record.not_applicable] == [Component.FEATURE_SCHEMA]


def test_a_registered_model_has_a_name_and_a_version(tmp_path: Path) -> None:
    note = "model_name: churn\nmodel_version: '1'\n"
    record = describe(tmp_path, {"MLmodel": FOREST, "registered_model_meta": note})
    assert (record.name.value, record.version.value) == ("churn", "1")


def test_the_environment_is_read_from_every_file_and_pips_wins(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "MLmodel": FOREST,
        "conda.yaml": CONDA,
        "python_env.yaml": "python: 3.11.7\nbuild_dependencies:\n- pip==23.2.1\ndependencies:\n- -r requirements.txt\n",
        "requirements.txt": "mlflow==2.14.2\nscikit-learn==1.5.1\n",
    }
    record = describe(tmp_path, files)
    assert [tuple(one.value for one in stated.value) for stated in record.requirements] == [
        ("mlflow==2.14.2", "scikit-learn==1.5.1"),
        ("mlflow==2.14.2", "scikit-learn==1.5.1"),
    ]
    assert record.requirements.value is not None
    assert record.requirements.value[1].origin.path == "model/requirements.txt"
    assert record.requirements.value[1].origin.line == 2
    assert [(one.value, one.origin.path) for one in record.python_version] == [
        ("3.11.7", "model/python_env.yaml"),
        ("3.11.7", "model/conda.yaml"),
        ("3.11.7", "model/MLmodel"),
    ]


def test_a_broken_file_beside_the_record_is_remarked_upon(tmp_path: Path) -> None:
    record = describe(tmp_path, {"MLmodel": FOREST, "input_example.json": '{"columns": [', "conda.yaml": "a: [\n"})
    assert sorted(remark.origin.path for remark in record.remarks) == ["model/conda.yaml", "model/input_example.json"]


def test_a_key_that_stands_twice_is_remarked_upon(tmp_path: Path) -> None:
    record = describe(tmp_path, {"MLmodel": FOREST + "run_id: other\n"})
    assert [remark.kind for remark in record.remarks] == [Irregularity.DUPLICATE_KEY]


def test_every_string_is_kept_for_the_search_for_credentials(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "MLmodel": FOREST.replace("artifact_path: model", "artifact_path: https://me:secret@example.org/m"),
        "requirements.txt": "--index-url https://me:token@example.org/simple\nmlflow\n",
    }
    texts = {one.value: one.origin for one in describe(tmp_path, files).texts}
    assert texts["https://me:secret@example.org/m"].line == 1
    assert texts["--index-url https://me:token@example.org/simple"].path == "model/requirements.txt"


KEYS = ("name", "type", "tensor-spec", "dtype", "shape", "items", "values", "required", "optional")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(("array", "map", "long")) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES.map(json.dumps) | st.text())
def test_any_signature_is_read_or_remarked_upon(text: str) -> None:
    document = parse("MLmodel", json.dumps({"signature": {"inputs": text}}).encode(), Syntax.JSON)
    signature = read_signature(document.root)
    assert signature.section is not None
    assert signature.section.empty or signature.inputs or signature.remarks
