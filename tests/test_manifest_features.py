"""What a manifest says of features where nothing but the weights tells."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from artifact_lint.manifest_writer import write_manifest
from artifact_lint.model import (
    Artifact,
    Component,
    Fact,
    Feature,
    FileState,
    Inspection,
    Lazy,
    Origin,
    Presence,
    Record,
    Role,
    Stated,
    WeightFile,
)
from artifact_lint.model.description import Column, ColumnKind, Description, Seen, TensorSpec

CATEGORICAL = ColumnKind.CATEGORICAL


def file(name: str, told: Description | None, role: Role = Role.WEIGHTS) -> WeightFile:
    inspection = Inspection("joblib", framework="scikit-learn")
    return WeightFile(
        name,
        Origin(name),
        role,
        FileState.PRESENT,
        1,
        "joblib",
        Lazy.of(inspection),
        Lazy.of(()),
        description=Lazy.of(told),
    )


def text_for(*files: WeightFile, record: Record | None = None, schema: Presence = Presence.ABSENT) -> str:
    artifact = Artifact("", Origin(""), record or Record(), files, {Component.FEATURE_SCHEMA: schema})
    return write_manifest(artifact, "", lambda _: True)


def schema_for(*columns: Column) -> dict[str, list[object]]:
    told = Description(columns=Seen(columns, "`feature_names_in_`"))
    schema: dict[str, list[object]] = yaml.safe_load(text_for(file("model.joblib", told)))["feature_schema"]
    return schema


def test_columns_are_the_inputs_and_classes_the_output() -> None:
    told = Description(
        columns=Seen((Column("age", "float64", ColumnKind.NUMERIC), Column("region", "object")), "`names` of steps/x"),
        classes=Seen(("no", "yes"), "`classes_`"),
    )
    text = text_for(file("model.joblib", told))
    assert yaml.safe_load(text)["feature_schema"] == {
        "inputs": [{"name": "age", "type": "float64"}, {"name": "region", "type": "object"}],
        "outputs": [{"name": "class", "type": "string", "allowed": ["no", "yes"]}],
    }
    assert "    # from model.joblib: `names` of steps/x\n" in text
    assert "    # classes from model.joblib: `classes_`\n" in text


@pytest.mark.parametrize(
    ("column", "entry"),
    [
        (Column("c", "object", CATEGORICAL, ("a", "b")), {"type": "string", "allowed": ["a", "b"]}),
        (Column("c", "int64", CATEGORICAL, ("1", "2")), {"type": "int64", "allowed": [1, 2]}),
        (Column("c", "float32", CATEGORICAL, ("0.5", "1.0")), {"type": "float32", "allowed": [0.5, 1.0]}),
        (Column("c", "int64", CATEGORICAL, ("1", "other")), {"type": "int64", "allowed": ["1", "other"]}),
        (Column("c", "object", CATEGORICAL, ("a", "b"), ignores_unknown=True), {"type": "string"}),
        (Column("c", "c", CATEGORICAL), {"type": "category"}),
        (Column("c", None, ColumnKind.TEXT), {"type": "string"}),
        (Column("c", None, ColumnKind.NUMERIC), {}),
        (Column("c", "object", CATEGORICAL, tuple(map(str, range(1000)))), {"type": "string"}),
    ],
)
def test_a_column_is_written_as_far_as_it_is_known(column: Column, entry: dict[str, object]) -> None:
    assert schema_for(column)["inputs"] == [{"name": "c", **entry}]


def test_what_is_not_known_is_marked_for_somebody_to_say() -> None:
    text = text_for(file("model.joblib", Description(columns=Seen((Column("age"), Column(None, "int64")), "x"))))
    assert "    - {name: age}  # TODO: its type\n" in text
    assert "    - {name: null, type: int64}  # TODO: its name\n" in text


@pytest.mark.parametrize(
    ("labels", "entry"),
    [
        (("0", "1"), {"allowed": [0, 1]}),
        (("-1", "10"), {"allowed": [-1, 10]}),
        (("0.5", "1.0"), {"allowed": [0.5, 1.0]}),
        (("007", "1"), {"allowed": ["007", "1"]}),
        (("1", "other"), {"allowed": ["1", "other"]}),
        (("False", "True"), {"allowed": ["False", "True"]}),
        (("nan", "seen"), {"allowed": ["nan", "seen"]}),
        (("churn", "stay"), {"type": "string", "allowed": ["churn", "stay"]}),
    ],
)
def test_labels_are_written_as_what_they_plainly_are(labels: tuple[str, ...], entry: dict[str, object]) -> None:
    told = Description(columns=Seen((Column("a", "float64"),), "x"), classes=Seen(labels, "`classes_`"))
    written = text_for(file("model.joblib", told))
    assert yaml.safe_load(written)["feature_schema"]["outputs"] == [{"name": "class", **entry}]
    assert ("# TODO: its type" in written) is ("type" not in entry)


def test_columns_of_which_only_the_kind_is_known_are_told_in_a_comment() -> None:
    columns = (Column("a", None, ColumnKind.NUMERIC), Column("b", "float64", ColumnKind.NUMERIC), Column("c"))
    text = text_for(file("model.txt", Description(columns=Seen(columns, "x"))))
    assert "    # a: numbers, of a type that the file does not tell\n" in text


def with_inspection(inspection: Inspection) -> str:
    told = WeightFile(
        "model.bin",
        Origin("model.bin"),
        Role.WEIGHTS,
        FileState.PRESENT,
        1,
        inspection.format,
        Lazy.of(inspection),
        Lazy.of(()),
    )
    return text_for(told)


@pytest.mark.parametrize(
    ("inspection", "architecture", "requirements"),
    [
        (Inspection("onnx", framework="onnx"), "...", '["onnxruntime==..."]'),
        (Inspection("torch-zip", framework="pytorch"), "...", '["torch==..."]'),
        (Inspection("xgboost-json", framework="xgboost", versions={"xgboost": "3.2.0"}), "XGBClassifier", "3.2.0"),
        (
            Inspection("joblib", framework="lightgbm", versions={"scikit-learn": "1.9.1"}),
            "LGBMClassifier",
            '["lightgbm==...", "scikit-learn==1.9.1"]',
        ),
    ],
)
def test_what_is_asked_for_is_shown_by_examples_of_the_framework(
    inspection: Inspection, architecture: str, requirements: str
) -> None:
    lines = with_inspection(inspection).splitlines()
    (asked,) = (line for line in lines if "architecture" in line)
    (pins,) = (line for line in lines if "requirements" in line)
    assert asked.startswith(f"  # architecture: {architecture}  # TODO: ")
    assert requirements in pins


def test_a_tuple_is_no_architecture() -> None:
    assert "architecture: tuple" not in with_inspection(Inspection("pt2", metadata={"root": "tuple"}))


def test_values_that_an_encoder_ignores_are_told_in_a_comment() -> None:
    told = Description(columns=Seen((Column("c", "object", CATEGORICAL, ("a", "b"), ignores_unknown=True),), "x"))
    assert "    # c was fitted on a, b, and takes other values too\n" in text_for(file("model.joblib", told))


def test_a_model_without_names_tells_how_many_columns_it_takes() -> None:
    text = text_for(file("model.joblib", Description(column_count=Seen(12, "`n_features_in_`"))))
    assert "feature_schema" not in yaml.safe_load(text)
    assert "#   model.joblib takes 12 columns without names: `n_features_in_`\n" in text


def test_inputs_and_outputs_of_a_graph_have_their_shapes() -> None:
    told = Description(
        inputs=Seen((TensorSpec("x", "float32", ("batch", None, 12)),), "graph inputs"),
        outputs=Seen((TensorSpec("y", "int64", None),), "graph outputs"),
    )
    assert yaml.safe_load(text_for(file("model.onnx", told)))["feature_schema"] == {
        "inputs": [{"name": "x", "type": "float32", "shape": [-1, -1, 12]}],
        "outputs": [{"name": "y", "type": "int64"}],
    }


def test_files_that_disagree_are_left_to_somebody_who_knows() -> None:
    scaler = file("scaler.pkl", Description(columns=Seen((Column("a"),), "")), Role.PREPROCESSOR)
    model = file("model.pkl", Description(columns=Seen((Column("a"), Column("b")), "")))
    text = text_for(model, scaler)
    assert "feature_schema" not in yaml.safe_load(text)
    assert "#   the files differ in what they take: 2 in model.pkl and 1 in scaler.pkl\n" in text


def test_stated_features_keep_their_order_and_get_types() -> None:
    stated = (Feature("b", None, Origin("meta.json")), Feature("a", "string", Origin("meta.json")))
    record = Record(inputs=Stated((Fact(stated, Origin("meta.json"), guessed=True),)))
    told = Description(columns=Seen((Column("a", "float64"), Column("b", "int64")), "`names`"))
    text = text_for(file("model.joblib", told), record=record, schema=Presence.PRESENT)
    assert yaml.safe_load(text)["feature_schema"]["inputs"] == [
        {"name": "b", "type": "int64"},
        {"name": "a", "type": "string"},
    ]
    assert "    # types from model.joblib: `names`\n" in text


def test_what_has_no_columns_by_its_convention_gets_none() -> None:
    told = Description(inputs=Seen((TensorSpec("input_ids", "int64", (None, None)),), ""))
    assert "input_ids" not in text_for(file("model.onnx", told), schema=Presence.NOT_APPLICABLE)


COLUMNS = st.builds(
    Column,
    st.text(),
    st.text(),
    st.just(CATEGORICAL),
    st.lists(st.text(), max_size=3).map(tuple),
    ignores_unknown=st.booleans(),
)


@given(COLUMNS, st.text())
def test_whatever_a_file_calls_its_columns_stays_within_its_line(column: Column, where: str) -> None:
    told = Description(columns=Seen((column,), where), classes=Seen(column.categories or (), where))
    schema = yaml.safe_load(text_for(file("model.joblib", told)))["feature_schema"]
    (written,) = schema["inputs"]
    assert written["name"] == column.name
    assert set(schema) <= {"inputs", "outputs"}
