"""Which weight files a hand-written document is about, as far as names tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.adapters.roles import is_auxiliary
from artifact_lint.formats.base import WEIGHT_SUFFIXES
from artifact_lint.model.paths import stem_of, suffix_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_ABOUT = (
    r"(?:(?:model|training)[-_.]?)?(?:meta(?:data)?|info|card|config|params|schema|features|metrics|classes|labels)"
)
_STEM_TAIL = re.compile(rf"[-_.]{_ABOUT}$", re.IGNORECASE)
_STEM_HEAD = re.compile(rf"^{_ABOUT}[-_.]", re.IGNORECASE)
_MODEL_TAIL: Final = r"(?i)(?<=.)[-_.]model$"


def is_weights_name(name: str) -> bool:
    """Whether a file's name has a suffix by which weights go."""
    return suffix_of(name) in WEIGHT_SUFFIXES


def owners(name: str, weights: Iterable[str], *, is_general: bool) -> list[str]:
    """The weight files that a document's name is made of: `churn.json`, `churn.pkl.json`, `churn_metadata.json`.

    A name that many directories have (`is_general`) belongs to a file only where it says exactly which.
    """
    stem = stem_of(name)
    listed = list(weights)
    if stem in listed:
        return [stem]
    same = [weight for weight in listed if _stem(weight) == stem]
    if is_general:
        return [weight for weight in same if not is_auxiliary(weight)]
    if same:
        return same
    bare = {_STEM_TAIL.sub("", stem), _STEM_HEAD.sub("", stem)} - {stem, "model"}
    exact = [weight for weight in listed if _stem(weight) in bare]
    return exact or [weight for weight in listed if re.sub(_MODEL_TAIL, "", _stem(weight)) in bare]


def _stem(name: str) -> str:
    while is_weights_name(name):
        name = stem_of(name)
    return name
