"""What is shown of a file, whatever is in it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from artifact_lint.model.artifact import FileState
from artifact_lint.model.description import Column, ColumnKind, Description, Estimator, Seen, TensorSpec
from artifact_lint.model.inspection import Cause, Import, Incomplete, Inspection, Tensor, Use
from artifact_lint.model.look import Look
from artifact_lint.reporters.look_json import document
from artifact_lint.reporters.look_text import listing, page
from artifact_lint.reporters.styled import plain
from artifact_lint.schemas.validation import schema_text

TEXTS = st.text(st.characters(), max_size=12)
SHAPES = st.lists(st.integers(0, 1 << 62), max_size=3).map(tuple)
TENSORS = st.builds(Tensor, TEXTS, TEXTS, SHAPES, st.none() | st.integers(0, 1 << 62))
COLUMNS = st.builds(
    Column,
    st.none() | TEXTS,
    st.none() | TEXTS,
    st.none() | st.sampled_from(ColumnKind),
    st.none() | st.lists(TEXTS, max_size=3).map(tuple),
    st.booleans(),
)
SPECS = st.builds(
    TensorSpec,
    TEXTS,
    st.none() | TEXTS,
    st.none() | st.lists(st.none() | TEXTS | st.integers(0, 9), max_size=3).map(tuple),
)
COUNTS = st.none() | st.integers(0, 1 << 40)
ESTIMATORS = st.builds(
    Estimator,
    TEXTS,
    TEXTS,
    st.none() | st.booleans(),
    COUNTS,
    COUNTS,
    st.none() | st.lists(TEXTS, max_size=2).map(tuple),
    st.none() | st.lists(TEXTS | st.integers(-1, 9), max_size=3).map(tuple),
)
GAPS = st.builds(Incomplete, st.sampled_from(Cause), TEXTS, st.integers(0, 1 << 40), TEXTS)


def lists(items: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(items, max_size=3).map(tuple)


def seen(values: st.SearchStrategy[object]) -> st.SearchStrategy[Seen[object] | None]:
    return st.none() | st.builds(Seen, values, TEXTS)


DESCRIPTIONS = st.builds(
    Description,
    columns=seen(lists(COLUMNS)),
    column_count=seen(st.integers(0, 9)),
    inputs=seen(lists(SPECS)),
    outputs=seen(lists(SPECS)),
    classes=seen(lists(TEXTS)),
    class_count=seen(st.integers(0, 9)),
    estimators=lists(ESTIMATORS),
    tensors=lists(TENSORS),
    has_all_tensors=st.booleans(),
    parameters=COUNTS,
    versions=st.dictionaries(TEXTS, TEXTS, max_size=2),
    metadata=st.dictionaries(TEXTS, TEXTS, max_size=2),
    incomplete=lists(GAPS),
)
INSPECTIONS = st.builds(
    Inspection,
    format=st.sampled_from([None, "joblib"]),
    framework=st.none() | TEXTS,
    versions=st.dictionaries(TEXTS, TEXTS, max_size=2),
    imports=lists(st.builds(Import, TEXTS, TEXTS, st.frozensets(st.sampled_from(Use)), st.integers(0, 9), TEXTS)),
    incomplete=lists(GAPS),
    tensors=lists(TENSORS),
    metadata=st.dictionaries(TEXTS, TEXTS, max_size=2),
)
LOOKS = st.builds(
    Look,
    TEXTS,
    st.sampled_from(FileState),
    COUNTS,
    st.sampled_from(["", "joblib"]),
    st.none() | INSPECTIONS,
    st.none() | DESCRIPTIONS,
)


@given(LOOKS, st.integers(-1, 3), st.integers(40, 140))
def test_whatever_a_file_says_is_shown_and_printable(look: Look, tensors: int, width: int) -> None:
    for line in (*page(look, width, tensors), *listing([look, look], width)):
        assert plain(line).isprintable()


@given(st.lists(LOOKS, max_size=2), st.none() | st.integers(-1, 3))
def test_the_document_is_ascii_and_what_its_schema_describes(looks: list[Look], tensors: int | None) -> None:
    text = document(looks, tensors)
    assert text.isascii()
    assert not list(Draft202012Validator(json.loads(schema_text("inspection"))).iter_errors(json.loads(text)))


def lines(told: Description, found: Inspection | None = None) -> list[str]:
    look = Look("m", FileState.PRESENT, 10, "joblib", found or Inspection("joblib"), told)
    return [plain(line) for line in page(look, 100, 20)]


def test_columns_are_shown_with_what_is_known_of_them() -> None:
    columns = (
        Column("age", "float64", ColumnKind.NUMERIC),
        Column("region", "object", ColumnKind.CATEGORICAL, ("north", "south"), ignores_unknown=True),
        Column(None),
    )
    assert lines(Description(columns=Seen(columns, "`feature_names_in_`")))[2:] == [
        "columns     3  `feature_names_in_`",
        "  1  age     float64  numeric",
        "  2  region  object   categorical  north, south or others",
        "  3  -",
    ]


def test_a_graph_is_shown_with_its_inputs_and_outputs() -> None:
    told = Description(
        inputs=Seen((TensorSpec("x", "float32", ("batch", None, 12)),), "graph inputs"),
        outputs=Seen((TensorSpec("y", None, None),), "graph outputs"),
        classes=Seen(("no", "yes"), "`classes_`"),
        parameters=12_345,
    )
    assert lines(told)[1:] == [
        "parameters  12,345",
        "",
        "inputs      1  graph inputs",
        "  x  float32  [batch, ?, 12]",
        "",
        "outputs     1  graph outputs",
        "  y  ?  shape not stated",
        "",
        "classes     2  `classes_`",
        "  no, yes",
    ]


def test_estimators_are_shown_with_their_widths() -> None:
    told = Description(
        estimators=(
            Estimator("", "Pipeline", is_fitted=True, input_width=12),
            Estimator("steps/scale", "StandardScaler", is_fitted=False, columns=("a", 1)),
            Estimator("steps/encode", "OneHotEncoder", input_width=1, output_width=4),
            Estimator("steps/count", "CountVectorizer", output_width=1),
        )
    )
    assert lines(told)[2:] == [
        "estimators  4",
        "  the model     Pipeline         fitted      takes 12 columns",
        "  steps/scale   StandardScaler   not fitted                    of a, 1",
        "  steps/encode  OneHotEncoder                1 -> 4 columns",
        "  steps/count   CountVectorizer              returns 1 column",
    ]


SYSTEM = Import("posix", "system", frozenset({Use.CALLED}), 2, "a.pkl")
CLASS = Import("shop.models", "Churn", frozenset({Use.INSTANTIATED, Use.BUILT}), 9, "a.pkl")


def test_what_loading_calls_is_told_from_what_it_only_names() -> None:
    found = Inspection("zip", imports=(SYSTEM, CLASS))
    assert lines(Description(), found)[1:] == [
        "",
        "imports     2 names  in a.pkl",
        "  posix:system (called)",
        "  shop.models:Churn",
    ]


def test_a_name_that_several_members_import_is_counted_once() -> None:
    other = Import("posix", "system", frozenset({Use.CALLED}), 70, "b.pkl")
    again = Import("posix", "system", frozenset({Use.CALLED}), 90, "b.pkl")
    assert lines(Description(), Inspection("zip", imports=(SYSTEM, other, again)))[2:] == [
        "imports     1 name",
        "  posix:system (called) in a.pkl",
        "  posix:system (called) in b.pkl",
    ]


@pytest.mark.parametrize(
    ("root", "told"),
    [
        ("shop.models:Churn", "model       shop.models:Churn"),
        ("posix:system", "made by     posix:system"),
        ("dict", "holds       dict"),
        ("collections:OrderedDict", "holds       collections:OrderedDict"),
    ],
)
def test_a_container_and_what_a_function_returns_are_not_called_a_model(root: str, told: str) -> None:
    found = Inspection("pickle", imports=(SYSTEM, CLASS), metadata={"root": root})
    assert lines(Description(), found)[1] == told


def test_rows_that_are_too_wide_are_folded() -> None:
    estimator = Estimator(
        "steps/encode", "sklearn.preprocessing._encoders:OneHotEncoder", is_fitted=True, columns=("plan", "country")
    )
    look = Look("m", FileState.PRESENT, 10, "joblib", None, Description(estimators=(estimator,)))
    assert [plain(line) for line in page(look, 60, 20)][3:] == [
        "  steps/encode",
        "    sklearn.preprocessing._encoders:OneHotEncoder  fitted",
        "    of plan, country",
    ]


@pytest.mark.parametrize(
    ("told", "brief"),
    [
        (Description(column_count=Seen(1, "")), "1 column"),
        (Description(class_count=Seen(2, ""), parameters=1), "2 classes, 1 parameter"),
        (Description(inputs=Seen((TensorSpec("x"), TensorSpec("y")), "")), "takes x, y"),
        (Description(incomplete=(Incomplete(Cause.LIMIT, "deep"),)), "not all could be read"),
    ],
)
def test_a_listing_tells_models_apart(told: Description, brief: str) -> None:
    look = Look("m", FileState.PRESENT, 10, "joblib", Inspection("joblib"), told)
    assert [plain(line) for line in listing([look], 100)] == [f"m  10 B  joblib  {brief}"]


def test_a_listing_tells_what_a_model_is_of() -> None:
    found = Inspection("joblib", versions={"scikit-learn": "1.9.1"}, metadata={"root": "sklearn.pipeline:Pipeline"})
    look = Look("m", FileState.PRESENT, 10, "joblib", found, Description(column_count=Seen(4, "")))
    assert [plain(line) for line in listing([look], 100)] == [
        "m  10 B  joblib  Pipeline, 4 columns, scikit-learn 1.9.1"
    ]


def test_a_listing_tells_what_is_imported_where_nothing_else_is_known() -> None:
    look = Look("m", FileState.PRESENT, 10, "pickle", Inspection("pickle", imports=(SYSTEM, SYSTEM)), None)
    assert [plain(line) for line in listing([look], 100)] == ["m  10 B  pickle  imports posix:system"]


def test_a_thousand_rows_are_counted_and_not_shown() -> None:
    columns = tuple(Column(f"c{number}") for number in range(1000))
    assert lines(Description(columns=Seen(columns, "")))[-1] == "  and 900 more; --format json lists all"
