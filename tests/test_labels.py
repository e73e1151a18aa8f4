"""Schema, configuration and weights: the number, the names and the order of labels."""

from __future__ import annotations

from dataclasses import replace

import pytest
from described_models import artifact, codes, feature, graph, messages, problems, weights

from artifact_lint.model import Fact, Feature, LabelMaps, Origin, Record, Stated
from artifact_lint.model.description import Description, Seen

CONFIG = "config.json"


def outputs(*features: Feature, guessed: bool = False) -> Stated[tuple[Feature, ...]]:
    origin = Origin("model-artifact.yaml", 20, pointer="/feature_schema/outputs")
    return Stated((Fact(features, origin, guessed=guessed),))


def label(*allowed: object, dtype: str = "string") -> Feature:
    return feature(f"label:{dtype}", 21, allowed=allowed)


def classifier(*classes: str) -> Description:
    return Description(classes=Seen(classes, "`classes_`"), class_count=Seen(len(classes), "`classes_`"))


def held(stated: Stated[tuple[Feature, ...]], description: Description, **more: object) -> list[str]:
    return codes(artifact(Record(conventions=("native",), outputs=stated), weights(description, **more)))  # type: ignore[arg-type]


class TestNamedLabels:
    def test_the_same_labels_are_agreed(self) -> None:
        assert held(outputs(label("no", "yes")), classifier("no", "yes")) == []

    def test_a_label_that_the_schema_lacks(self) -> None:
        one = artifact(Record(outputs=outputs(label("no", "yes"))), weights(classifier("maybe", "no", "yes")))
        (problem,) = problems("CON111", one)
        assert problem.message == "feature_schema lists 2 labels, churn.joblib has 3 classes: missing maybe"
        assert problem.origin.line == 21
        assert problem.related[0].message == "`classes_`"
        assert codes(one) == ["CON111 error"]

    def test_another_label(self) -> None:
        one = artifact(Record(outputs=outputs(label("no", "si"))), weights(classifier("no", "yes")))
        assert messages("CON112", one) == [
            "feature_schema and churn.joblib have other labels: missing yes; unknown to the model si"
        ]
        assert codes(one) == ["CON112 error"]

    def test_labels_that_differ_in_case_are_said_to(self) -> None:
        one = artifact(Record(outputs=outputs(label("No", "yes"))), weights(classifier("no", "yes")))
        assert messages("CON112", one) == [
            "feature_schema and churn.joblib have other labels: 'No' here is 'no' there (only the case differs)"
        ]

    def test_the_order_of_what_one_output_may_say_is_a_note(self) -> None:
        assert held(outputs(label("yes", "no")), classifier("no", "yes")) == ["CON112 note"]
        vector = replace(feature("p"), shape=(-1, 2))
        assert held(outputs(label("yes", "no"), vector), classifier("no", "yes")) == ["CON112 warning"]

    @pytest.mark.parametrize("numbers", [("0", "1", "2"), ("1", "2", "3"), ("0.0", "1.0", "2.0")])
    def test_names_for_numbers_are_counted_alone(self, numbers: tuple[str, ...]) -> None:
        assert held(outputs(label("low", "middle", "high")), classifier(*numbers)) == []
        assert held(outputs(label("low", "high")), classifier(*numbers)) == ["CON111 error"]

    @pytest.mark.parametrize(("allowed", "known"), [((0, 1), ("0", "1")), ((False, True), ("False", "True"))])
    def test_labels_may_be_typed_in_several_ways(self, allowed: tuple[object, ...], known: tuple[str, ...]) -> None:
        assert held(outputs(label(*allowed, dtype="long")), classifier(*known)) == []

    def test_truth_values_name_the_numbers_of_two_classes(self) -> None:
        assert held(outputs(label(False, True, dtype="boolean")), classifier("0", "1")) == []  # noqa: FBT003

    def test_numbers_where_the_model_says_words(self) -> None:
        assert held(outputs(label(0, 1, dtype="long")), classifier("no", "yes")) == ["CON112 error"]

    def test_a_count_without_names(self) -> None:
        told = Description(class_count=Seen(3, "num_class"))
        assert held(outputs(label("a", "b", "c")), told) == []
        assert held(outputs(label("a", "b")), told) == ["CON111 error"]

    def test_a_hand_written_list_is_a_guess(self) -> None:
        assert held(outputs(label("a", "b"), guessed=True), classifier("a", "b", "c")) == ["CON111 guess"]
        assert held(outputs(label("b", "a"), guessed=True), classifier("a", "b")) == ["CON112 guess"]

    def test_several_models_of_which_one_has_the_labels(self) -> None:
        record = Record(outputs=outputs(label("no", "yes")))
        first, second = weights(classifier("no", "yes"), "a.pkl"), weights(classifier("x", "y", "z"), "b.pkl")
        assert codes(artifact(record, first, second)) == []
        assert codes(artifact(replace(record, outputs=outputs(label("1", "b"))), first, second)) == []


class TestProbabilities:
    def test_a_column_for_each_class_is_no_label(self) -> None:
        columns = [feature(name) for name in ("p_no", "p_yes")]
        assert held(outputs(*columns), classifier("no", "yes")) == []
        assert held(outputs(*columns[:1]), classifier("no", "yes")) == []

    def test_columns_of_classes_in_another_order_are_an_error(self) -> None:
        columns = [feature(name) for name in ("p_yes", "p_no")]
        assert held(outputs(*columns), classifier("no", "yes")) == ["CON112 error"]

    def test_columns_by_other_names_say_nothing(self) -> None:
        assert held(outputs(feature("score_a"), feature("score_b")), classifier("no", "yes")) == []

    def test_the_label_beside_its_probabilities(self) -> None:
        columns = [feature(name) for name in ("p_no", "p_yes")]
        assert held(outputs(feature("label:string"), *columns), classifier("no", "yes")) == []
        assert held(outputs(feature("label:double"), *columns), classifier("no", "yes")) == []

    @pytest.mark.parametrize(("width", "expected"), [(4, []), (6, []), (1, []), (3, ["CON111 error"])])
    def test_a_vector_is_as_long_as_there_are_classes(self, width: int, expected: list[str]) -> None:
        tensor = replace(feature("p"), shape=(-1, width))
        assert held(outputs(tensor), classifier("a", "b", "c", "d")) == expected

    def test_a_regressor_has_no_labels(self) -> None:
        assert held(outputs(feature("price")), Description()) == []
        assert held(outputs(feature("price"), feature("rent")), Description()) == []


class TestGraphs:
    def head(self, *shape: int | str | None, name: str = "logits") -> Description:
        return Description(outputs=graph((name, "float32", shape)))

    def test_as_many_values_as_labels(self) -> None:
        assert held(outputs(label("a", "b", "c")), self.head(None, 3)) == []
        assert held(outputs(label("a", "b")), self.head(None, 3)) == ["CON111 error"]

    def test_one_score_for_two_labels(self) -> None:
        assert held(outputs(label("no", "yes")), self.head(None, 1)) == []

    def test_what_is_no_head_says_nothing(self) -> None:
        assert held(outputs(label("a", "b")), self.head(None, 16, 16, 3)) == []
        assert held(outputs(label("a", "b")), self.head(None, None)) == []
        both = Description(outputs=graph(("label", "int64", (None,)), ("probabilities", "float32", (None, 2))))
        assert held(outputs(label("a", "b")), both) == []

    def test_vectors_of_other_lengths(self) -> None:
        tensor = replace(feature("p"), shape=(-1, 10))
        assert held(outputs(tensor), self.head(None, 10)) == []
        assert held(outputs(tensor), self.head(None, 12)) == ["CON111 error"]


def maps(
    names: dict[int, str] | None = None, numbers: dict[str, int] | None = None, count: int | None = None
) -> Record:
    """A configuration of transformers that numbers labels."""
    given = LabelMaps(
        by_number=Fact(names, Origin(CONFIG, 3)) if names is not None else None,
        by_label=Fact(numbers, Origin(CONFIG, 7)) if numbers is not None else None,
        count=Fact(count, Origin(CONFIG, 11)) if count is not None else None,
    )
    return Record(conventions=("huggingface",), labels=Stated((Fact(given, Origin(CONFIG, 3)),)))


class TestConfigurations:
    def said(self, record: Record) -> list[str]:
        return codes(artifact(record))

    def test_both_directions_agree(self) -> None:
        assert self.said(maps({0: "neg", 1: "pos"}, {"neg": 0, "pos": 1}, 2)) == []
        assert self.said(maps({0: "neg", 1: "pos"})) == []
        assert self.said(maps(None, None, 3)) == []

    def test_another_number_of_labels(self) -> None:
        one = artifact(maps({0: "neg", 1: "pos"}, None, 3))
        assert messages("CON111", one) == ["num_labels is 3, and id2label names 2"]
        assert problems("CON111", one)[0].origin.line == 11

    def test_a_direction_that_has_fewer(self) -> None:
        assert self.said(maps({0: "neg", 1: "pos"}, {"neg": 0})) == ["CON111 error"]

    def test_a_direction_that_turns_them_around(self) -> None:
        one = artifact(maps({0: "neg", 1: "pos"}, {"neg": 1, "pos": 0}))
        assert messages("CON112", one) == ["label2id says that 'neg' is 1, id2label names 1 'pos', and 1 more differ"]
        assert codes(one) == ["CON112 error"]

    def test_defaults_that_were_left_behind_are_a_warning(self) -> None:
        assert self.said(maps({0: "neg", 1: "pos"}, {"LABEL_0": 0, "LABEL_1": 1})) == ["CON112 warning"]

    def test_a_name_for_several_numbers_is_one_label(self) -> None:
        assert self.said(maps({0: "N/A", 1: "cat", 2: "N/A"}, {"N/A": 2, "cat": 1})) == []

    def test_numbers_with_gaps(self) -> None:
        assert self.said(maps({1: "neg", 2: "pos"}, {"neg": 1, "pos": 2})) == ["CON112 warning"]

    @pytest.mark.parametrize(
        ("allowed", "expected"),
        [
            (("neg", "pos"), []),
            (("neg", "pos", "neutral"), ["CON111 error"]),
            (("neg", "positive"), ["CON112 error"]),
            (("pos", "neg"), ["CON112 note"]),
            (("LABEL_0", "LABEL_1"), []),
            ((0, 1), []),
        ],
    )
    def test_the_labels_of_a_schema_are_held_against_the_configuration(
        self, allowed: tuple[object, ...], expected: list[str]
    ) -> None:
        record = replace(maps({0: "neg", 1: "pos"}), outputs=outputs(label(*allowed)))
        assert self.said(record) == expected

    def test_an_embedding_is_no_head(self) -> None:
        origin = Origin(CONFIG, 3, pointer="/id2label")
        features: tuple[Feature, ...] = (Feature("label", "string", origin, allowed=("a", "b", "c")),)
        stated = Stated((Fact(features, origin),))
        record = replace(maps({0: "a", 1: "b", 2: "c"}), outputs=stated)
        embedding = Description(outputs=graph(("sentence_embedding", "float32", (None, 384))))
        assert codes(artifact(record, weights(embedding, "model.onnx", found="onnx"))) == []
        logits = Description(outputs=graph(("logits", "float32", (None, 2))))
        assert codes(artifact(record, weights(logits, "model.onnx", found="onnx"))) == ["CON111 error"]
