"""Models of XGBoost, LightGBM and CatBoost within pickles: each keeps what its library saves as a constant.

`Booster.__getstate__` of xgboost 1.0 to 3.1 (`handle`, a bytearray) and of lightgbm 2.0 to 4.7 (`handle`, then
`_handle`, a text), and `_CatBoostBase.__getstate__` of catboost 0.26 to 1.2 (`__model`, bytes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.catboost_reader import describe_catboost
from artifact_lint.formats.lightgbm_reader import describe_lightgbm
from artifact_lint.formats.pickles.object_values import Instance, Stored
from artifact_lint.formats.sources import Memory, Slice
from artifact_lint.formats.xgboost_reader import describe_xgboost

if TYPE_CHECKING:
    from artifact_lint.formats.base import ReadLimits
    from artifact_lint.formats.pickles.values import Value
    from artifact_lint.model.description import Description
    from artifact_lint.stores.base import Source

_BOOSTERS: Final = frozenset({"xgboost.core:Booster", "lightgbm.basic:Booster"})
_LIGHTGBM: Final = "lightgbm"
#: What holds the model, by the attribute of the estimator around it, and of the booster itself.
_INNER: Final = "_Booster"
_HANDLES: Final = ("handle", "_handle")
_CATBOOST: Final = "__model"
_CATBOOST_MODULE: Final = "catboost.core"


def is_booster(value: Value) -> bool:
    """Whether a value is a booster of XGBoost or LightGBM by itself."""
    return isinstance(value, Instance) and value.cls in _BOOSTERS


def describe_booster(estimator: Instance, limits: ReadLimits) -> tuple[Description, str] | None:
    """What the library's own model in an estimator tells, and the attribute that holds it.

    Raises:
        FormatError: The stream cannot be unpacked any more.
        StoreError: The bytes cannot be read.
    """
    if estimator.cls.startswith(f"{_CATBOOST_MODULE}:"):
        source = _source(estimator.attributes.get(_CATBOOST))
        return None if source is None else (describe_catboost(source, limits), _CATBOOST)
    inner = estimator if is_booster(estimator) else estimator.attributes.get(_INNER)
    if not isinstance(inner, Instance) or not is_booster(inner):
        return None
    is_text = inner.cls.startswith(_LIGHTGBM)
    for name in _HANDLES:
        source = _source(inner.attributes.get(name), is_text=is_text)
        if source is not None:
            path = name if inner is estimator else f"{_INNER}/{name}"
            return (describe_lightgbm if is_text else describe_xgboost)(source, limits), path
    return None


def _source(value: Value, *, is_text: bool = False) -> Source | None:
    """A constant as bytes that can be read; a text in UTF-8."""
    if isinstance(value, str):
        return Memory(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, bytes):
        return Memory(value)
    if not isinstance(value, Stored):
        return None
    if value.is_text == is_text:
        return Slice(value.source, value.offset, value.length)
    content = value.read()
    return None if content is None else Memory(content)
