"""Schema and weights: the number, the names, the order and the types of columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from described_models import (
    SCIKIT_LEARN,
    TRANSFORMER,
    artifact,
    codes,
    columns,
    feature,
    graph,
    held,
    messages,
    problems,
    stated,
    weights,
)
from hypothesis import given
from hypothesis import strategies as st

from artifact_lint.model import (
    Cause,
    CodeKind,
    CodeReference,
    Fact,
    Feature,
    Incomplete,
    Inspection,
    Mention,
    Origin,
    Record,
    Role,
    Stated,
    Step,
)
from artifact_lint.model.description import Column, ColumnKind, Description, Estimator, Seen

NAMES = ("age", "tenure", "region", "plan", "charges")
FITTED = Description(columns=columns(*NAMES), column_count=Seen(5, "`n_features_in_`"), estimators=SCIKIT_LEARN)
ENCODED = Description(estimators=(Estimator("", "sklearn.preprocessing._encoders:OneHotEncoder"),))
BOOSTED = Description(columns=columns(*NAMES, where="feature_names"), column_count=Seen(5, "max_feature_idx"))


def test_a_schema_that_lists_what_the_model_was_fitted_on_is_agreed() -> None:
    assert codes(held(NAMES, FITTED)) == []


def test_a_column_that_the_schema_lacks_is_named_with_both_counts() -> None:
    one = held([name for name in NAMES if name not in {"tenure", "region"}], FITTED)
    (problem,) = problems("CON101", one)
    assert problem.message == ("feature_schema lists 3 inputs, churn.joblib was fitted on 5: missing tenure, region")
    assert problem.origin.line == 9
    assert problem.file == "churn.joblib"
    assert [(related.origin.path, related.message) for related in problem.related] == [
        ("churn.joblib", "5 columns by `feature_names_in_`")
    ]
    assert codes(one) == ["CON101 error"]


def test_a_column_that_the_model_never_saw_is_pointed_at_by_its_line() -> None:
    (problem,) = problems("CON101", held([*NAMES, "customer_id"], FITTED))
    assert problem.message == (
        "feature_schema lists 6 inputs, churn.joblib was fitted on 5: unknown to the model customer_id"
    )
    assert problem.origin.line == 15
    assert codes(held([*NAMES, "customer_id"], FITTED)) == ["CON101 error"]


def test_a_renamed_column_is_told_from_both_sides() -> None:
    one = held(["age", "months", "region", "plan", "charges"], FITTED)
    assert messages("CON102", one) == [
        "feature_schema and churn.joblib differ: missing tenure; unknown to the model months"
    ]
    assert codes(one) == ["CON102 error"]


def test_names_that_differ_in_case_or_blanks_are_said_to() -> None:
    one = held(["Age", "tenure ", "region", "plan", "charges"], FITTED)
    (message,) = messages("CON102", one)
    assert message == (
        "feature_schema and churn.joblib differ in case or blanks: 'Age' here is 'age' there, "
        "'tenure ' here is 'tenure' there"
    )


def test_of_many_names_a_few_are_listed() -> None:
    many = Description(columns=columns(*(f"feature {i}" for i in range(30))), estimators=SCIKIT_LEARN)
    (message,) = messages("CON101", held(["feature 0"], many))
    assert message.endswith("missing feature 1, feature 2, feature 3, feature 4 and 25 more")


def test_columns_that_code_may_make_of_those_listed_are_a_doubt() -> None:
    told = Description(columns=columns("age", "region_north", "region_south"), estimators=SCIKIT_LEARN)
    assert codes(held(["age", "region"], told)) == ["CON101 warning"]
    assert codes(held(["age", "region", "plan"], told)) == ["CON102 warning"]
    assert codes(held(["region"], told)) == ["CON101 error"]


SWAPPED = ("tenure", "age", "region", "plan", "charges")


@pytest.mark.parametrize(
    ("told", "file", "expected"),
    [
        pytest.param(FITTED, {}, ["CON103 warning"], id="scikit-learn raises"),
        pytest.param(
            replace(FITTED, versions={"scikit-learn": "1.1.3"}), {}, ["CON103 error"], id="scikit-learn 1.1 only warns"
        ),
        pytest.param(BOOSTED, {"found": "lightgbm", "framework": "lightgbm"}, ["CON103 error"], id="LightGBM"),
        pytest.param(BOOSTED, {"found": "ubj", "framework": "xgboost"}, ["CON103 warning"], id="XGBoost raises"),
        pytest.param(BOOSTED, {"found": "catboost", "framework": None}, ["CON103 warning"], id="CatBoost: by name"),
        pytest.param(
            Description(columns=columns(*NAMES), estimators=TRANSFORMER), {}, [], id="ColumnTransformer picks by name"
        ),
    ],
)
def test_another_order_weighs_what_the_library_makes_of_it(
    told: Description, file: dict[str, Any], expected: list[str]
) -> None:
    assert codes(held(SWAPPED, told, **file)) == expected


def test_the_first_place_that_differs_is_told() -> None:
    (problem,) = problems("CON103", held(SWAPPED, BOOSTED, found="lightgbm"))
    assert problem.message == (
        "feature_schema lists the inputs in another order than churn.joblib: input 1 is tenure here and age there"
    )
    assert problem.help == "List them as the model takes them: age, tenure, region, plan and 1 more."


def test_blanks_and_json_characters_are_what_lightgbm_makes_of_them() -> None:
    told = Description(columns=columns("monthly_charges", "plan__basic_", "age"))
    listed = [feature("monthly charges"), replace(feature("x"), name="plan:[basic]"), feature("age")]
    assert codes(held(listed, told, found="lightgbm")) == []
    assert codes(held(listed[::-1], told, found="lightgbm")) == ["CON103 error"]
    assert codes(held(listed, replace(told, estimators=SCIKIT_LEARN))) == ["CON102 error"]


def test_a_column_transformer_needs_what_it_picks_and_passes_over_the_rest() -> None:
    told = Description(columns=columns("age", "plan", "customer_id"), estimators=TRANSFORMER)
    assert codes(held(["plan", "age", "customer_id"], told)) == []
    assert codes(held(["plan", "age", "customer_id", "row"], told)) == ["CON101 note"]
    assert codes(held(["age", "customer_id"], told)) == ["CON101 error"]
    assert codes(held(["age", "plan"], told)) == ["CON101 warning"], "it may be dropped, and may be passed on"
    assert codes(held(["age", "plan"], replace(told, versions={"scikit-learn": "1.5.2"}))) == []
    assert codes(held(["age"], replace(told, versions={"scikit-learn": "1.5.2"}))) == ["CON101 error"]


def test_the_outermost_columns_count_and_not_those_of_the_last_step() -> None:
    steps = (
        Estimator("", "sklearn.pipeline:Pipeline", input_width=2),
        Estimator("steps/encode", "sklearn.preprocessing._encoders:OneHotEncoder", input_width=2, output_width=9),
        Estimator("steps/model", "sklearn.linear_model._logistic:LogisticRegression", input_width=9),
    )
    told = Description(columns=columns("plan", "region"), column_count=Seen(2, "`n_features_in_`"), estimators=steps)
    assert codes(held(["plan:string", "region:string"], told)) == []


def test_an_optional_input_may_be_one_that_the_model_lacks() -> None:
    optional = feature("customer_id", required=False)
    assert codes(held([*NAMES, optional], FITTED)) == []
    assert codes(held([*NAMES[:4], replace(feature("charges"), required=False)], FITTED)) == []


class TestWithoutNames:
    COUNTED = Description(column_count=Seen(5, "`n_features_in_`"), estimators=SCIKIT_LEARN)

    def test_a_model_fitted_on_an_array_is_a_note_where_the_schema_has_names(self) -> None:
        assert codes(held(NAMES, self.COUNTED)) == ["CON107 note"]
        assert messages("CON107", held(NAMES, self.COUNTED)) == [
            "churn.joblib was fitted without the names of its columns: their order is not checked"
        ]

    def test_numbers_in_place_of_names_have_no_order_to_lose(self) -> None:
        assert codes(held(["0", "1", "2", "3", "4"], self.COUNTED)) == []

    def test_the_count_is_all_that_can_differ(self) -> None:
        assert codes(held(NAMES[:4], self.COUNTED)) == ["CON101 error"]
        assert messages("CON101", held(NAMES[:4], self.COUNTED)) == [
            "feature_schema lists 4 inputs, churn.joblib was fitted on 5"
        ]

    @pytest.mark.parametrize("pattern", ["Column_{}", "f{}", "{}", "x{}"])
    def test_numbers_that_a_library_gives_are_no_names(self, pattern: str) -> None:
        told = Description(columns=columns(*(pattern.format(i) for i in range(5))))
        assert codes(held(NAMES, told, found="lightgbm", framework="lightgbm")) == ["CON107 note"]

    def test_one_column_has_no_order(self) -> None:
        told = Description(column_count=Seen(1, "`n_features_in_`"), estimators=SCIKIT_LEARN)
        assert codes(held(["age"], told)) == []

    @pytest.mark.parametrize(("shape", "expected"), [((-1, 5), []), ((5,), []), ((-1, 4), ["CON101 error"])])
    def test_the_width_of_a_tensor_is_the_number_of_columns(self, shape: tuple[int, ...], expected: list[str]) -> None:
        tensor = replace(feature("x"), name=None, shape=shape)
        assert codes(held([tensor], FITTED)) == expected
        assert codes(held([tensor], self.COUNTED)) == expected

    @pytest.mark.parametrize("shape", [(-1, -1), (-1, 28, 28), (-1,)])
    def test_a_tensor_whose_width_is_open_says_nothing(self, shape: tuple[int, ...]) -> None:
        assert [code for code in codes(held([replace(feature("x"), shape=shape)], FITTED)) if shape != (-1,)] == []


class TestSeveralFiles:
    PREPARED = Description(column_count=Seen(40, "`n_features_in_`"), estimators=SCIKIT_LEARN)
    RECORD = Record(conventions=("native",), inputs=stated(NAMES))

    def test_a_schema_that_fits_the_preprocessor_describes_it(self) -> None:
        for role in (Role.PREPROCESSOR, Role.WEIGHTS):
            first = weights(FITTED, "preprocessor.pkl", role=role)
            assert codes(artifact(self.RECORD, first, weights(self.PREPARED))) == []

    def test_a_schema_that_fits_the_model_describes_the_model(self) -> None:
        first = weights(Description(columns=columns("raw"), estimators=SCIKIT_LEARN), role=Role.PREPROCESSOR)
        assert codes(artifact(self.RECORD, first, weights(FITTED))) == []

    def test_a_schema_that_fits_neither_is_held_against_the_preprocessor(self) -> None:
        record = replace(self.RECORD, inputs=stated(NAMES[:4]))
        first = weights(FITTED, "preprocessor.pkl", role=Role.PREPROCESSOR)
        assert messages("CON101", artifact(record, first, weights(self.PREPARED))) == [
            "feature_schema lists 4 inputs, preprocessor.pkl was fitted on 5: missing charges"
        ]

    def test_an_encoder_of_some_columns_says_nothing_of_the_others(self) -> None:
        encoder = Estimator("", "sklearn.preprocessing._encoders:OneHotEncoder", is_fitted=True, output_width=3)
        some = Description(columns=columns(*NAMES[:2]), estimators=(encoder,))
        first = weights(some, "encoder.pkl", role=Role.PREPROCESSOR)
        assert codes(artifact(self.RECORD, first, weights(self.PREPARED))) == []
        behind = weights(Description(column_count=Seen(3, "n_features_in_")))
        assert codes(artifact(self.RECORD, first, behind)) == ["CON101 error"]

    def test_a_preprocessor_that_tells_nothing_may_make_other_columns(self) -> None:
        first = weights(None, "encoder.pkl", role=Role.PREPROCESSOR)
        assert codes(artifact(self.RECORD, first, weights(self.PREPARED))) == []

    def test_a_file_that_tells_nothing_leaves_a_doubt(self) -> None:
        assert codes(artifact(self.RECORD, weights(None, "lookup.pkl"), weights(self.PREPARED))) == ["CON101 warning"]

    def test_two_models_of_other_columns_say_nothing(self) -> None:
        others = [Description(column_count=Seen(count, "n_features_in_")) for count in (7, 9)]
        assert codes(artifact(self.RECORD, *(weights(one, f"{i}.pkl") for i, one in enumerate(others)))) == []

    def test_of_two_models_the_one_with_most_of_the_names_is_meant(self) -> None:
        other = Description(columns=columns("height", "width"), estimators=SCIKIT_LEARN)
        near = Description(columns=columns(*NAMES[:4], "income", "rate"), estimators=SCIKIT_LEARN)
        assert codes(artifact(self.RECORD, weights(other, "a.pkl"), weights(near, "b.pkl"))) == ["CON101 warning"]

    def test_one_model_in_two_formats_is_one_finding(self) -> None:
        converted = Description(inputs=graph(("X", "float32", (None, 4))))
        fitted = replace(FITTED, columns=columns(*NAMES[:4]))
        one = artifact(self.RECORD, weights(fitted), weights(converted, "churn.onnx", found="onnx"))
        (problem,) = problems("CON101", one)
        assert [related.origin.path for related in problem.related] == ["churn.joblib", "churn.onnx"]

    def test_steps_that_are_stated_and_not_in_the_weights_make_other_columns(self) -> None:
        record = replace(self.RECORD, preprocessing=Stated((Fact((Step("one-hot", Origin("x")),), Origin("x")),)))
        assert codes(artifact(record, weights(self.PREPARED))) == []
        inside = Description(columns=columns(*NAMES, "income"), estimators=TRANSFORMER[:1] + SCIKIT_LEARN)
        assert codes(artifact(record, weights(inside))) == ["CON101 error"]

    def test_code_of_ones_own_may_take_anything(self) -> None:
        code = (Fact(CodeReference(CodeKind.LOADER, "churn.loading", "loader_module"), Origin("MLmodel")),)
        assert codes(artifact(replace(self.RECORD, code=code), weights(self.PREPARED))) == []
        library = (Fact(CodeReference(CodeKind.LOADER, "mlflow.sklearn", "loader_module"), Origin("MLmodel")),)
        assert codes(artifact(replace(self.RECORD, code=library), weights(self.PREPARED))) == ["CON101 error"]
        keras = (Fact(CodeReference(CodeKind.LOADER, "tensorflow.keras", "keras_module.txt"), Origin("MLmodel")),)
        assert codes(artifact(replace(self.RECORD, code=keras), weights(self.PREPARED))) == ["CON101 error"]
        wrapper = Mention(Origin("MLmodel", pointer="/flavors/python_function/python_model"), "p.pkl", "p.pkl")
        assert codes(artifact(replace(self.RECORD, mentions=(wrapper,)), weights(self.PREPARED))) == []

    def test_a_text_column_before_a_model_of_many_is_a_doubt(self) -> None:
        record = replace(self.RECORD, inputs=stated(["text:string"]))
        assert codes(artifact(record, weights(self.PREPARED))) == ["CON101 warning"]

    def test_every_certain_schema_is_held_against_the_weights(self) -> None:
        signature = stated(NAMES[:4], "MLmodel")
        record = replace(self.RECORD, inputs=stated(NAMES) + signature)
        assert messages("CON101", artifact(record, weights(FITTED))) == [
            "the signature lists 4 inputs, churn.joblib was fitted on 5: missing charges"
        ]

    def test_a_hand_written_file_is_a_guess_and_only_asked_where_nothing_else_is_stated(self) -> None:
        guess = stated(NAMES[:4], "churn.json", guessed=True)
        assert codes(artifact(replace(self.RECORD, inputs=guess), weights(FITTED))) == ["CON101 guess"]
        assert codes(artifact(replace(self.RECORD, inputs=stated(NAMES) + guess), weights(FITTED))) == []


class TestGraphs:
    def onnx(self, *inputs: tuple[str, str, tuple[int | str | None, ...] | None]) -> dict[str, Any]:
        return {"description": Description(inputs=graph(*inputs)), "found": "onnx", "framework": "onnx"}

    def test_a_matrix_takes_all_columns(self) -> None:
        assert codes(held(NAMES, **self.onnx(("X", "float32", (None, 5))))) == []
        one = held(NAMES, **self.onnx(("X", "float32", ("batch", 4))))
        assert messages("CON101", one) == ["feature_schema lists 5 inputs, churn.joblib takes 4"]

    def test_a_tensor_for_each_column_is_taken_by_name_in_any_order(self) -> None:
        inputs = [(name, "float32", (None, 1)) for name in NAMES]
        assert codes(held(SWAPPED, **self.onnx(*inputs))) == []
        assert codes(held(NAMES[1:], **self.onnx(*inputs))) == ["CON101 error"]
        renamed = ["years", *NAMES[1:]]
        assert codes(held(renamed, **self.onnx(*inputs))) == ["CON102 error"]

    def test_columns_that_become_tensors_elsewhere_say_nothing(self) -> None:
        inputs = [("input_ids", "int64", ("b", "s")), ("attention_mask", "int64", ("b", "s"))]
        assert codes(held(["text:string"], **self.onnx(*inputs))) == []

    def test_shapes_that_no_array_has_both_of_differ(self) -> None:
        image = replace(feature("x:float32"), shape=(-1, 28, 28, 1))
        assert codes(held([image], **self.onnx(("x", "float32", (None, 28, 28, 1))))) == []
        one = held([image], **self.onnx(("x", "float32", ("batch", 1, 28, 28))))
        assert messages("CON101", one) == [
            "feature_schema states the shape [?, 28, 28, 1], churn.joblib takes [batch, 1, 28, 28]"
        ]
        without_batch = replace(image, shape=(28, 28, 1))
        file = self.onnx(("x", "float32", (None, 28, 28, 1)))
        assert codes(held([without_batch], **file)) == []

    def test_the_only_tensor_by_another_name_is_a_doubt(self) -> None:
        tensor = replace(feature("image:float32"), shape=(-1, 4))
        assert codes(held([tensor], **self.onnx(("x", "float32", (None, 4))))) == ["CON102 warning"]

    def test_tensors_are_held_against_one_another_by_name(self) -> None:
        tensors = [replace(feature(f"{name}:int64"), shape=(-1, -1)) for name in ("input_ids", "attention_mask")]
        both = self.onnx(("attention_mask", "int64", ("b", "s")), ("input_ids", "int64", ("b", "s")))
        assert codes(held(tensors, **both)) == []
        assert codes(held(tensors[:1], **self.onnx(("input_ids", "int64", (1, 8)), ("mask", "int64", (1, 8))))) == [
            "CON101 error"
        ]

    def test_a_text_is_no_number(self) -> None:
        schema = [*NAMES[:4], "charges:string"]
        one = held(schema, **self.onnx(("X", "float32", (None, 5))))
        assert messages("CON104", one) == ["input charges is string here, churn.joblib takes float32"]
        assert codes(one) == ["CON104 warning"]

    def test_tensors_of_onnx_have_one_dtype_and_columns_are_converted(self) -> None:
        tensor = replace(feature("X:double"), shape=(-1, 5))
        assert codes(held([tensor], **self.onnx(("X", "float32", (None, 5))))) == ["CON104 warning"]
        assert codes(held(NAMES, **self.onnx(("X", "float32", (None, 5))))) == []


class TestTypes:
    def test_a_number_where_the_model_knows_words(self) -> None:
        told = replace(ENCODED, columns=columns("age", Column("plan", categories=("basic", "plus"))))
        assert messages("CON104", held(["age", "plan:double"], told)) == [
            "input plan is double here, churn.joblib takes texts"
        ]
        assert codes(held(["age", "plan:string"], told)) == []
        assert codes(held(["age", "plan:category"], told)) == []

    def test_a_word_where_the_model_takes_a_number(self) -> None:
        told = replace(ENCODED, columns=columns(Column("age", kind=ColumnKind.NUMERIC)))
        assert codes(held(["age:string"], told)) == ["CON104 warning"]
        assert codes(held(["age:long"], told)) == []

    def test_estimators_that_take_numbers_alone(self) -> None:
        assert codes(held([*NAMES[:4], "charges:string"], FITTED)) == ["CON104 warning"]
        told = Description(columns=columns("age", "plan"), estimators=TRANSFORMER)
        assert codes(held(["age:string", "plan:string"], told)) == ["CON104 warning"]
        assert codes(held(["age:long", "plan:string"], told)) == []

    def test_what_may_be_either_says_nothing(self) -> None:
        told = replace(ENCODED, columns=columns(Column("age", kind=ColumnKind.CATEGORICAL), Column("plan")))
        assert codes(held(["age:string", "plan:string"], told)) == []
        assert codes(held(["age:object", "plan:datetime"], told)) == []

    def test_many_alike_are_one_line(self) -> None:
        told = replace(ENCODED, columns=columns(*(Column(f"c{i}x", kind=ColumnKind.NUMERIC) for i in range(9))))
        found = messages("CON104", held([f"c{i}x:string" for i in range(9)], told))
        assert len(found) == 4
        assert found[-1].endswith(", and 5 more alike")


class TestCategories:
    def told(self, *categories: str, ignores: bool = False) -> Description:
        column = Column("plan", categories=categories, ignores_unknown=ignores)
        return replace(ENCODED, columns=columns("age", column))

    def schema(self, *allowed: object) -> list[str | Feature]:
        return [feature("age"), feature("plan:string", 2, allowed=allowed)]

    def test_a_value_that_the_model_never_saw(self) -> None:
        one = held(self.schema("basic", "gold"), self.told("basic", "plus"))
        assert messages("CON105", one) == ["input plan allows gold, which churn.joblib never saw; it knows basic, plus"]
        assert codes(one) == ["CON105 warning"]

    def test_an_encoder_that_ignores_it_takes_it(self) -> None:
        assert codes(held(self.schema("basic", "gold"), self.told("basic", ignores=True))) == []

    def test_fewer_values_than_the_model_knows_are_fine(self) -> None:
        assert codes(held(self.schema("basic"), self.told("basic", "plus"))) == []

    @pytest.mark.parametrize(("allowed", "known"), [(1, "1.0"), (1.0, "1"), ("1", "1"), (True, "True"), (None, "x")])
    def test_one_value_may_be_typed_in_several_ways(self, allowed: object, known: str) -> None:
        listed = [feature("age"), feature("plan:object", 2, allowed=(allowed,))]
        assert codes(held(listed, self.told(known))) == []


def test_what_could_not_be_read_is_never_agreed() -> None:
    told = Description(incomplete=(Incomplete(Cause.LIMIT, "its columns are behind too many opcodes"),))
    one = held(NAMES, told)
    assert messages("CON101", one) == [
        "churn.joblib could not be held against the schema: its columns are behind too many opcodes"
    ]
    assert codes(one) == ["CON101 note"]
    unread = Inspection("joblib", incomplete=(Incomplete(Cause.LIMIT, "too many opcodes"),))
    assert codes(held(NAMES, told, inspection=unread)) == [], "PKL141 says so"


NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(st.lists(NAME, min_size=1, max_size=8, unique=True), st.lists(NAME, min_size=1, max_size=8, unique=True))
def test_any_two_lists_of_names_agree_only_if_they_are_the_same(ours: list[str], theirs: list[str]) -> None:
    told = Description(columns=columns(*theirs), estimators=SCIKIT_LEARN)
    listed = [replace(feature("x", i), name=name) for i, name in enumerate(ours, 1)]
    found = [code for code in codes(held(listed, told)) if not code.startswith("CON107")]
    assert len(found) <= 1
    if ours == theirs:
        assert found == []
    elif set(ours) != set(theirs) and len(ours) != len(theirs):
        assert found == ["CON101 error"]
