"""The versions that MLflow's flavors name: those of the libraries in whose presence it saved the model.

The keys are those of the flavors of mlflow 1.0 to 3.17 (`FLAVOR_CONFIG` of mlflow.sklearn and its like).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.adapters.reading import fact
from artifact_lint.model import Fact, LibraryVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.document import Node

_DISTRIBUTIONS: Final[Mapping[str, str]] = {
    "sklearn_version": "scikit-learn",
    "xgb_version": "xgboost",
    "lgb_version": "lightgbm",
    "catboost_version": "catboost",
    "pytorch_version": "torch",
    "keras_version": "keras",
    "onnx_version": "onnx",
    "spacy_version": "spacy",
    "statsmodels_version": "statsmodels",
    "prophet_version": "prophet",
    "pmdarima_version": "pmdarima",
    "paddle_version": "paddlepaddle",
    "transformers_version": "transformers",
    "sentence_transformers_version": "sentence-transformers",
    "pyspark_version": "pyspark",
}

#: A flavor and a key: MLflow 3 states TensorFlow's version there (`mlflow.tensorflow.save_model`), before it Keras's.
_OF_ANOTHER: Final = ("tensorflow", "keras_version")


def written_with(flavors: list[tuple[str, Node]]) -> Iterator[Fact[LibraryVersion]]:
    """What each flavor says of its library."""
    for name, flavor in flavors:
        for key, distribution in _DISTRIBUTIONS.items():
            version = fact(flavor.get(key))
            if version is not None and (name, key) != _OF_ANOTHER:
                yield Fact(LibraryVersion(distribution, version.value, key), version.origin)
