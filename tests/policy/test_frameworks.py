from __future__ import annotations

import pytest

from artifact_lint.model import Use
from artifact_lint.policy.imports import DATA, Surroundings, VerdictKind, verdict

BUILT = frozenset({Use.INSTANTIATED, Use.BUILT})
LISTS = {path.stem for path in (DATA / "allow").glob("*.txt")}

TREE = ("sklearn.tree._classes", "DecisionTreeClassifier")
LINEAR = ("torch.nn.modules.linear", "Linear")
BOOSTER = ("xgboost.sklearn", "XGBClassifier")
FRAME = ("pandas.core.frame", "DataFrame")


@pytest.mark.parametrize(
    ("framework", "of", "allowed"),
    [
        (None, LINEAR, True),
        ("xgboost", BOOSTER, True),
        ("xgboost", TREE, True),
        ("xgboost", FRAME, True),
        ("xgboost", LINEAR, False),
        ("scikit-learn", BOOSTER, True),
        ("scikit-learn", LINEAR, False),
        ("Scikit_Learn", LINEAR, False),
        ("sklearn", TREE, True),
        ("PyTorch", LINEAR, True),
        ("pytorch", TREE, True),
        ("pytorch", BOOSTER, False),
        ("a framework of our own", LINEAR, True),
        ("", LINEAR, True),
    ],
)
def test_a_declared_framework_narrows_the_lists(framework: str | None, of: tuple[str, str], *, allowed: bool) -> None:
    judged = verdict(*of, BUILT, Surroundings(framework))
    assert judged.kind is (VerdictKind.ALLOWED if allowed else VerdictKind.UNLISTED)
    assert allowed or f"this is {framework}" in judged.reason


@pytest.mark.parametrize("framework", ["xgboost", "pytorch", "statsmodels", "transformers", "lightgbm", "catboost"])
def test_data_types_belong_to_every_framework(framework: str) -> None:
    for module, name in (
        ("collections", "OrderedDict"),
        ("numpy", "dtype"),
        ("scipy.sparse._csr", "csr_matrix"),
        FRAME,
    ):
        assert verdict(module, name, BUILT, Surroundings(framework)).kind is VerdictKind.ALLOWED


def test_what_is_dangerous_stays_so_whatever_is_declared() -> None:
    assert verdict("os", "system", frozenset({Use.CALLED}), Surroundings("xgboost")).kind is VerdictKind.DANGEROUS


def test_every_list_that_a_framework_names_is_there() -> None:
    lines = (DATA / "frameworks.txt").read_text(encoding="utf-8").splitlines()
    named = {name for line in lines if line and not line.startswith("#") for name in line.split()[1:]}
    assert named == LISTS
