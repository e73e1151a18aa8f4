"""What a record states about weights: their format, their framework, their parameters, and what MLflow enforces."""

from __future__ import annotations

from dataclasses import replace

import pytest
from described_models import (
    SCIKIT_LEARN,
    TRANSFORMER,
    artifact,
    codes,
    columns,
    feature,
    held,
    messages,
    problems,
    stated,
    weights,
)

from artifact_lint.model import (
    Artifact,
    Fact,
    LibraryVersion,
    Mention,
    Origin,
    Record,
    ShardIndex,
    Stated,
    Tensor,
    WeightFile,
)
from artifact_lint.model.description import Description

RECORD = Origin("model-artifact.yaml", 4)


def declared(file: WeightFile, format_: str | None = None, framework: str | None = None) -> Artifact:
    mention = Mention(RECORD, file.path, file.path, format=format_, framework=framework)
    return artifact(Record(conventions=("native",)), replace(file, mentions=(mention,)))


class TestFormats:
    @pytest.mark.parametrize(
        ("format_", "found"),
        [("pickle", "joblib"), ("joblib", "pickle"), ("pytorch", "torch-zip"), ("skops", "skops"), ("h5", "hdf5")],
    )
    def test_a_format_by_any_of_its_names_is_right(self, format_: str, found: str) -> None:
        assert codes(declared(weights(None, "churn.bin", found=found), format_)) == []

    def test_another_format_is_said_at_the_record(self) -> None:
        one = declared(weights(None, "churn.bin", found="skops"), "pickle")
        (problem,) = problems("CON151", one)
        assert problem.message == "churn.bin is on record as pickle, and holds skops"
        assert problem.origin == RECORD
        assert codes(one) == ["CON151 error"]

    def test_a_name_that_says_the_same_is_another_rules_business(self) -> None:
        assert codes(declared(weights(None, "churn.onnx", found="safetensors"), "onnx")) == []

    def test_words_that_are_no_format_say_nothing(self) -> None:
        assert codes(declared(weights(None, "churn.bin", found="skops"), "binary")) == []


class TestFrameworks:
    @pytest.mark.parametrize("framework", ["xgboost", "scikit-learn", "sklearn"])
    def test_a_wrapper_is_of_both(self, framework: str) -> None:
        file = weights(None, framework="xgboost", modules=("xgboost.sklearn", "xgboost.core"))
        assert codes(declared(file, framework=framework)) == []

    @pytest.mark.parametrize("framework", ["lightgbm", "pytorch"])
    def test_it_is_of_no_other(self, framework: str) -> None:
        file = weights(None, framework="xgboost", modules=("xgboost.sklearn",))
        one = declared(file, framework=framework)
        assert messages("CON151", one) == [f"churn.joblib is on record as of {framework}, and is of xgboost"]

    @pytest.mark.parametrize("found", ["onnx", "safetensors", "gguf", "npz", "hdf5", "tflite", "zip"])
    @pytest.mark.parametrize("framework", ["scikit-learn", "pytorch", "keras"])
    def test_formats_of_all_frameworks_are_of_any(self, found: str, framework: str) -> None:
        assert codes(declared(weights(None, "churn.bin", found=found, framework=found), framework=framework)) == []

    @pytest.mark.parametrize("framework", ["tensorflow", "keras", "tf"])
    @pytest.mark.parametrize("found", ["keras", "savedmodel"])
    def test_keras_is_mostly_tensorflow(self, found: str, framework: str) -> None:
        assert codes(declared(weights(None, "m", found=found, framework="keras"), framework=framework)) == []

    def test_what_a_record_says_of_all_is_right_where_one_file_is_of_it(self) -> None:
        network = weights(None, "net.pt", found="torch-zip", framework="pytorch", modules=("torch._utils",))
        scaler = weights(None, "s.pkl", found="pickle", modules=("sklearn.preprocessing._data",))
        record = Record(framework=Stated((Fact("pytorch", RECORD),)))
        assert codes(artifact(record, network, scaler)) == []
        assert codes(artifact(record, scaler)) == ["CON151 error"]
        guessed = Record(framework=Stated((Fact("pytorch", RECORD, guessed=True),)))
        assert codes(artifact(guessed, scaler)) == ["CON151 guess"]

    def test_a_framework_that_nobody_knows_may_be_anything(self) -> None:
        file = weights(None, framework="xgboost", modules=("xgboost.sklearn",))
        assert codes(declared(file, framework="our-own")) == []


def counted(number: int, *tensors: tuple[str, str, tuple[int, ...]], path: str = "model.safetensors") -> WeightFile:
    told = Description(parameters=number, tensors=tuple(Tensor(*one) for one in tensors), has_all_tensors=True)
    return weights(told, path, found="safetensors")


def stating(value: object, key: str = "parameters", *, guessed: bool = False) -> Record:
    return Record(hyperparameters=Stated((Fact({key: value}, RECORD, guessed=guessed),)))


class TestParameterCounts:
    def said(self, record: Record, *files: WeightFile) -> list[str]:
        return messages("CON152", artifact(record, *files))

    @pytest.mark.parametrize("value", [124439808, "124,439,808", "124M", "124.4M", "~124M", "0.12B", "124 million"])
    def test_a_number_in_any_writing_is_right(self, value: object) -> None:
        assert self.said(stating(value), counted(124439808)) == []

    @pytest.mark.parametrize("value", [124439809, "355M", "1.5B", 125000000])
    def test_another_number_is_not(self, value: object) -> None:
        assert len(self.said(stating(value), counted(123439808))) == 1

    def test_a_number_that_ends_in_zeros_is_rounded(self) -> None:
        assert self.said(stating(124000000), counted(124439808)) == []

    def test_both_numbers_are_told(self) -> None:
        assert self.said(stating("7B"), counted(124439808)) == [
            "7B parameters are on record as parameters, model.safetensors has 124.44M (124,439,808)"
        ]

    @pytest.mark.parametrize("number", [6_738_415_616, 7_241_732_096, 8_537_680_896])
    def test_a_size_class_is_wide(self, number: int) -> None:
        assert self.said(stating("7B", "model_size"), counted(number)) == []

    @pytest.mark.parametrize(("key", "value"), [("model_size", 768), ("params", "large"), ("n_params", 4), ("size", 9)])
    def test_a_setting_is_no_number_of_parameters(self, key: str, value: object) -> None:
        assert self.said(stating(value, key), counted(124439808)) == []

    def test_embeddings_that_are_stored_once_and_used_twice(self) -> None:
        head = ("lm_head.weight", "F32", (1000, 64))
        assert self.said(stating(100_000), counted(164_000, head)) == []
        assert self.said(stating(164_001), counted(164_000, head)) != []
        shared = ("transformer.wte.weight", "F32", (1000, 64))
        assert self.said(stating(228_000), counted(164_000, shared)) == []

    def test_buffers_are_no_parameters(self) -> None:
        mask = ("h.0.attn.bias", "U8", (1, 1, 100, 100))
        assert self.said(stating(100_001), counted(110_001, mask, ("w", "F32", (100_001,)))) == []

    def test_packed_weights_are_not_counted(self) -> None:
        packed = ("layers.0.q_proj.qweight", "I32", (512, 64))
        assert self.said(stating("7B"), counted(32768, packed)) == []

    def test_shards_are_one_model(self) -> None:
        index = ShardIndex(Origin("i.json"), {"a": "1.safetensors", "b": "2.safetensors"}, lambda _: RECORD)
        record = replace(stating(300_001), shard_indexes=(index,))
        files = counted(100_000, path="1.safetensors"), counted(200_001, path="2.safetensors")
        assert self.said(record, *files) == []
        assert self.said(record, files[0], weights(None, "2.safetensors")) == []

    def test_two_formats_of_one_model_are_not_added(self) -> None:
        assert self.said(stating(100_001), counted(100_001), counted(100_001, path="m.onnx")) == []

    def test_a_hand_written_number_is_a_guess(self) -> None:
        (problem,) = problems("CON152", artifact(stating("7B", guessed=True), counted(1000)))
        assert problem.guessed


class TestMlflow:
    FITTED = Description(columns=columns("age", "plan"), estimators=SCIKIT_LEARN)

    def signed(self, *inputs: object, description: Description = FITTED) -> Artifact:
        one = held(inputs, description, path="MLmodel")  # type: ignore[arg-type]
        return replace(one, record=replace(one.record, conventions=("mlflow",)))

    def test_a_column_that_callers_may_leave_out_and_the_model_needs(self) -> None:
        one = self.signed("age", feature("plan", required=False))
        assert messages("CON153", one) == ["the signature lets callers leave out plan, which churn.joblib needs"]
        assert codes(one) == ["CON153 error"]
        assert codes(self.signed("age", "plan")) == []

    def test_a_column_that_a_transformer_drops_may_be_left_out(self) -> None:
        told = Description(columns=columns("age", "plan", "row"), estimators=TRANSFORMER)
        assert codes(self.signed("age", "plan", feature("row", required=False), description=told)) == []

    def test_arrays_for_a_model_that_picks_by_name(self) -> None:
        tensor = replace(feature("x"), name=None, shape=(-1, 2))
        told = Description(columns=columns("age", "plan"), estimators=TRANSFORMER)
        assert codes(self.signed(tensor, description=told)) == ["CON153 error"]
        assert codes(self.signed(tensor)) == []

    def flavor(self, stated_version: str, written: str | None, *requirements: str) -> Artifact:
        told = LibraryVersion("scikit-learn", stated_version, "sklearn_version")
        record = Record(
            conventions=("mlflow",),
            written_with=Stated((Fact(told, RECORD),)),
            requirements=Stated((Fact(tuple(Fact(one, RECORD) for one in requirements), RECORD),)),
            inputs=stated(["age", "plan"]),
        )
        versions = {"scikit-learn": written} if written else {}
        return artifact(record, weights(replace(self.FITTED, versions=versions)))

    def test_the_version_of_a_flavor_is_that_of_the_weights(self) -> None:
        assert codes(self.flavor("1.5.2", "1.5.2")) == []
        one = self.flavor("1.2.0", "1.5.2")
        assert messages("CON153", one) == ["sklearn_version is 1.2.0, churn.joblib was written with scikit-learn 1.5.2"]
        assert codes(one) == ["CON153 error"]

    def test_requirements_are_asked_where_the_weights_do_not_tell(self) -> None:
        assert codes(self.flavor("1.5.2", None, "mlflow", "scikit-learn==1.5.2")) == []
        assert codes(self.flavor("1.5.2", None, "scikit-learn>=1.2")) == []
        assert codes(self.flavor("1.5.2", None, "scikit-learn==1.2.0")) == ["CON153 warning"]
        assert codes(self.flavor("1.5.2", "1.5.2", "scikit-learn==1.2.0")) == [], "ENV103 says so"
