"""Every estimator of the scikit-learn that is installed, as it is made and as it is fitted."""

from __future__ import annotations

import json
import pickle
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mutated_models import COMPLETE
from rule_cases import lint_repository
from sklearn.utils import all_estimators, get_tags

sys.path.append(str(Path(__file__).resolve().parent.parent / "tools"))

import fitted_estimators

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How many models one directory holds.
_MOST = 100


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """One instance of each class, as scikit-learn's own tests construct it."""
    instances = {name: fitted_estimators.constructed(cls) for name, cls in all_estimators()}
    return {name: each[0] for name, each in instances.items() if each}


def unfitted(place: Path, models: Mapping[str, Any]) -> list[str]:
    """The models of which CON110 is said, once for each time."""
    names = list(models)
    for first in range(0, len(names), _MOST):
        part = place / f"part-{first}"
        part.mkdir()
        some = names[first : first + _MOST]
        for name in some:
            (part / f"{name}.pkl").write_bytes(pickle.dumps(models[name]))
        manifest = {**COMPLETE, "weights": {"files": [{"path": f"{name}.pkl"} for name in some]}}
        (part / "model-artifact.json").write_text(json.dumps(manifest), encoding="utf-8")
    report = lint_repository(place)
    assert not report.failures
    return sorted(Path(found.file or "").stem for found in report.findings if found.code == "CON110")


def test_each_estimator_that_has_to_be_fitted_is_told_once(made: dict[str, Any], tmp_path: Path) -> None:
    assert len(made) > _MOST
    assert unfitted(tmp_path, made) == sorted(name for name, one in made.items() if get_tags(one).requires_fit)


def test_none_that_was_fitted_is_told(made: dict[str, Any], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = {name: fitted_estimators.fitted(one) for name, one in made.items()}
    models = {name: one for name, one in fitted.items() if one is not None}
    assert len(models) > 0.9 * len(made)
    assert unfitted(tmp_path, models) == []
