"""Whether two statements of one thing agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_lint.model import Metric, Origin
from artifact_lint.model.agreement import (
    contradicting,
    is_same_architecture,
    may_be_same_architecture,
    requirement_name,
    same_measure,
    same_name,
    same_value,
    same_version,
)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("churn-model", "Churn Model", True),
        ("org/churn_model", "churn-model", True),
        ("credit-default", "fraud", False),
        ("a" * 63, "A" * 80, True),
    ],
)
def test_names_differ_in_more_than_form(one: str, other: str, *, agree: bool) -> None:
    assert same_name(one, other) is agree


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("1.0", "1.0.0", True),
        ("v1.2", "1.2.0", True),
        ("3", "2.0.0", True),
        ("1.0.0", "1.1.0", False),
        ("1.10", "1.1", False),
        ("1.0.0", "1.0.0-rc1", False),
        ("1", "2", False),
        ("final", "Final", True),
        ("final", "1.0.0", False),
    ],
)
def test_versions_differ_in_more_than_form(one: str, other: str, *, agree: bool) -> None:
    assert same_version(one, other) is agree


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("Random Forest", "RandomForestClassifier", True),
        ("RandomForestClassifier", "RandomForestRegressor", False),
        ("XGBoost", "xgboost.XGBClassifier", True),
        ("Gradient Boosting", "XGBClassifier", True),
        ("Linear Regression", "Ridge", True),
        ("Support Vector Machine", "sklearn.svm:SVC", True),
        ("LogisticRegression", "Random Forest", False),
        ("RandomForestClassifier", "XGBClassifier", False),
        ("Pipeline", "SVC", True),
        ("IrisNet", "neural network", True),
    ],
)
def test_only_well_known_families_of_models_contradict_each_other(one: str, other: str, *, agree: bool) -> None:
    assert may_be_same_architecture(one, other) is agree
    assert may_be_same_architecture(other, one) is agree


def test_unknown_architectures_are_surely_the_same_only_when_spelt_so() -> None:
    assert is_same_architecture("IrisNet", "iris-net") is False
    assert is_same_architecture("IrisNet", "irisnet") is True
    assert is_same_architecture("Random Forest", "RandomForestClassifier") is True
    assert is_same_architecture("IrisNet", "BertModel") is False


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (0.87, 0.8712, True),
        (0.88, 0.8712, False),
        (0.9, 0.99, False),
        (95, 0.9532, True),
        (95.3, 0.9532, True),
        (1.0, 0.6, False),
        (12345.0, 12345.4, True),
        (0.0, 0.2, False),
    ],
)
def test_measures_agree_within_the_digits_given_and_in_percent(one: float, other: float, *, agree: bool) -> None:
    assert same_measure(one, other) is agree
    assert same_measure(other, one) is agree


@given(st.floats(min_value=0.001, max_value=1), st.integers(min_value=2, max_value=8))
def test_a_rounded_measure_is_the_same(value: float, digits: int) -> None:
    assert same_measure(value, round(value, digits))


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (0.1, 0.12, False),
        (0.0123, 0.012345, True),
        ("0.1", 0.1, True),
        (6, 8, False),
        (True, "true", True),
        ("l2", "l1", False),
        (None, 3, True),
        ("None", 3, True),
        ([1, 2], [1, 3], False),
        ([1, 2], (1, 2), True),
        ({"a": 1}, 3, True),
        ("nan", "nan", True),
    ],
)
def test_hyperparameters_agree_whatever_their_type(one: object, other: object, *, agree: bool) -> None:
    assert same_value(one, other) is agree


def metric(name: str, value: object, split: str | None = None) -> Metric:
    return Metric(name, value, Origin("x"), split=split)


@pytest.mark.parametrize(
    ("stated", "others", "conflict"),
    [
        ([metric("auc", 0.9)], [metric("roc_auc", 0.8)], True),
        ([metric("accuracy", 0.95, "test")], [metric("test_accuracy", 0.91)], True),
        ([metric("accuracy", 0.95, "test")], [metric("train_accuracy", 0.99), metric("accuracy", 0.95)], False),
        ([metric("accuracy", 0.95)], [metric("train_accuracy", 0.99), metric("cv_accuracy", 0.9)], False),
        ([metric("f1", 0.7)], [metric("f1_macro", 0.5)], False),
        ([metric("auc", None)], [metric("auc", 0.5)], False),
        ([metric("auc", "high")], [metric("auc", 0.5)], False),
    ],
)
def test_only_metrics_of_one_measure_and_split_contradict_each_other(
    stated: list[Metric], others: list[Metric], *, conflict: bool
) -> None:
    assert bool(list(contradicting(stated, others))) is conflict


def test_a_requirement_names_its_distribution() -> None:
    names = {requirement_name(text) for text in ("scikit_learn[extra]==1.5", "Scikit-Learn >= 1", "scikit-learn")}
    assert names == {"scikit-learn"}
