"""The versions that the flavors of an MLmodel name."""

from __future__ import annotations

from artifact_lint.adapters.mlflow import flavors_of
from artifact_lint.adapters.mlflow_versions import written_with
from artifact_lint.document import Syntax, parse

MLMODEL = b"""\
flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.7}
  sklearn: {sklearn_version: 1.5.2, pickled_model: model.pkl}
  xgboost: {xgb_version: 2.1.4, data: model.xgb}
  own: {sklearn_version: null, our_version: 3}
"""


def test_each_flavor_names_its_library() -> None:
    found = list(written_with(flavors_of(parse("MLmodel", MLMODEL, Syntax.YAML).root)))
    told = {(fact.value.distribution, fact.value.version, fact.value.key) for fact in found}
    assert told == {("scikit-learn", "1.5.2", "sklearn_version"), ("xgboost", "2.1.4", "xgb_version")}
    assert {fact.origin.line for fact in found} == {3, 4}


def test_the_version_of_tensorflow_that_mlflow_calls_kerass_is_not_taken_for_it() -> None:
    written = b"flavors:\n  keras: {keras_version: 3.15.1}\n  tensorflow: {keras_version: 2.21.0}\n"
    (found,) = written_with(flavors_of(parse("MLmodel", written, Syntax.YAML).root))
    assert (found.value.distribution, found.value.version) == ("keras", "3.15.1")
