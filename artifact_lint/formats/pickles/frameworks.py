"""Which framework a pickle's objects belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Top-level packages, those that wrap others first: an xgboost classifier also names scikit-learn.
_FRAMEWORKS: Final = {
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "_catboost": "catboost",
    "transformers": "transformers",
    "pytorch_lightning": "pytorch",
    "lightning": "pytorch",
    "torch": "pytorch",
    "keras": "keras",
    "tensorflow": "tensorflow",
    "flax": "flax",
    "jax": "jax",
    "statsmodels": "statsmodels",
    "prophet": "prophet",
    "gensim": "gensim",
    "spacy": "spacy",
    "sklearn": "scikit-learn",
    "imblearn": "scikit-learn",
}


def framework_of(root: str, modules: Iterable[str]) -> str | None:
    """The framework of the root object's class; of the imported modules where the root is a container."""
    own = _FRAMEWORKS.get(root.partition(":")[0].partition(".")[0])
    if own is not None:
        return own
    packages = {module.partition(".")[0] for module in modules}
    return next((name for package, name in _FRAMEWORKS.items() if package in packages), None)
