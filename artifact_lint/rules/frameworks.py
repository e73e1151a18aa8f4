"""Which framework a record means, and which one the bytes are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from artifact_lint.model import WeightFile

#: Formats that only one framework writes for its own models, and what may be called their framework.
_BY_FORMAT: Final[Mapping[str, str]] = {
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "catboost-json": "catboost",
    "ubj": "xgboost",
    "xgboost-json": "xgboost",
    "xgboost-binary": "xgboost",
    "torch-zip": "pytorch",
    "torch-legacy": "pytorch",
    "torchscript": "pytorch",
    "pt2": "pytorch",
    "keras": "keras",
    "savedmodel": "tensorflow",
}

#: Frameworks by the root of the modules that a pickle of them imports.
_BY_ROOT: Final[Mapping[str, str]] = {
    "sklearn": "scikit-learn",
    "imblearn": "scikit-learn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "torch": "pytorch",
    "keras": "keras",
    "tensorflow": "tensorflow",
    "skorch": "pytorch",
    "scikeras": "keras",
    "statsmodels": "statsmodels",
    "prophet": "prophet",
}

#: What people call a framework. Names that are none of these may mean anything.
_NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("scikit-learn", "sklearn", "scikit_learn", "scikitlearn"), "scikit-learn"),
    **dict.fromkeys(("xgboost", "xgb"), "xgboost"),
    **dict.fromkeys(("lightgbm", "lgbm", "lgb"), "lightgbm"),
    "catboost": "catboost",
    **dict.fromkeys(("pytorch", "torch"), "pytorch"),
    **dict.fromkeys(("tensorflow", "tf"), "tensorflow"),
    **dict.fromkeys(("keras", "tf.keras", "tensorflow/keras", "tf-keras"), "keras"),
}

#: What else a framework's models may be of: Keras runs on all of these, and is what most of TensorFlow's are built in.
_AKIN: Final[Mapping[str, frozenset[str]]] = {
    "keras": frozenset({"tensorflow"}),
    "tensorflow": frozenset({"keras"}),
}

#: Libraries whose models are estimators of scikit-learn as well.
_WRAPPED: Final = frozenset({"xgboost", "lightgbm", "catboost", "pytorch", "keras"})


def frameworks_in(file: WeightFile) -> frozenset[str]:
    """The frameworks that a file is surely of; empty where its format goes with all of them, or nothing tells."""
    inspection = file.inspection.value
    if inspection is None or inspection.format is None or inspection.incomplete:
        return frozenset()
    if inspection.format in _BY_FORMAT:
        return frozenset({_BY_FORMAT[inspection.format]})
    if not inspection.pickled and inspection.format != "skops":
        return frozenset()
    roots = {found.module.partition(".")[0] for found in inspection.imports}
    found = {_BY_ROOT[root] for root in roots if root in _BY_ROOT}
    if inspection.framework is not None and inspection.framework in _NAMES:
        found.add(_NAMES[inspection.framework])
    return frozenset(found)


def is_other_framework(declared: str, found: Collection[str]) -> bool:
    """Whether a framework that is stated is none of those that the bytes are of."""
    meant = _NAMES.get(declared.strip().lower())
    if meant is None or not found:
        return False
    accepted = {meant} | _AKIN.get(meant, frozenset())
    if meant == "scikit-learn":
        # Wrappers that follow its conventions are often saved without a name of scikit-learn's own.
        accepted |= _WRAPPED - {"pytorch", "keras"}
    return accepted.isdisjoint(found)
