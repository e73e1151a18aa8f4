"""The boosters of the rule cases: files that the real libraries wrote, as `make_described_corpus.py` keeps them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_CORPUS: Final = Path(__file__).resolve().parent.parent / "tests" / "described" / "boosters-new"
#: Which model each file of a case is a copy of.
_COPIES: Final = {
    "CMP137/good-categories/churn.ubj": "xgb-categories.ubj",
    "CON106/bad-category/churn.ubj": "xgb-binary.ubj",
    "CON106/bad-values/churn.txt": "lgb-regression.txt",
    "CON106/bad-number/churn.cbm": "cat-categories.cbm",
    "CON106/bad-number-lightgbm/churn.txt": "lgb-categories.txt",
    "CON106/bad-many/churn.cbm": "cat-binary.cbm",
    "CON106/good/churn.cbm": "cat-categories.cbm",
    "CON106/good-codes/churn.txt": "lgb-declared.txt",
    "CON106/good-encoded/churn.ubj": "xgb-binary.ubj",
    "CON106/good-ordered/churn.txt": "lgb-ordered.txt",
    "CON106/good-xgboost/churn.ubj": "xgb-categories.ubj",
}


def copied(name: str) -> bytes:
    """A model of the corpus."""
    return (_CORPUS / name).read_bytes()


#: What each file holds, by its path below tests/rules.
BOOSTERS: dict[str, Callable[[], bytes]] = {path: partial(copied, name) for path, name in _COPIES.items()}
