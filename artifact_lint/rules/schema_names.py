"""Names of columns as people and libraries change them, and how messages list them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from artifact_lint.model import Fact, Feature, WeightFile

#: How many names a message lists before it says how many more there are.
_MOST_NAMED: Final = 4
#: The longest name that a message shows, in characters.
_LONGEST: Final = 40

#: What LightGBM puts `_` for: blanks (Dataset::set_feature_names of its C++ core warns of it). The characters of JSON
#: it refuses, so that people put `_` for them before they train.
_REWRITTEN: Final = r'[\s",:\[\]{}]'

#: Names that a library gives to the columns of an array: LightGBM's `Column_0`, XGBoost's `f0`, CatBoost's `0`, and
#: ONNX converters' `x0`.
_GIVEN: Final = r"(?:Column_|[fFxX]_?)?(\d+)"


def listed(names: Sequence[str]) -> str:
    """At most a few names, and how many more there are."""
    shown = ", ".join(map(_shown, names[:_MOST_NAMED]))
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _shown(name: str) -> str:
    text = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."
    return text if text == text.strip() and text.isprintable() and text else repr(text)


def as_lightgbm_writes(name: str) -> str:
    """A column's name as LightGBM keeps it."""
    return re.sub(_REWRITTEN, "_", name)


def are_given_by_library(names: Iterable[str | None]) -> bool:
    """Whether columns have no names but those by which a library numbers them."""
    found = [re.fullmatch(_GIVEN, name or "") for name in names]
    numbers = [int(match[1]) for match in found if match is not None and len(match[1]) < 9]
    return len(numbers) == len(found) and bool(numbers) and numbers in (_up_from(0, numbers), _up_from(1, numbers))


def _up_from(first: int, numbers: Sequence[int]) -> list[int]:
    return list(range(first, first + len(numbers)))


def alike(missing: Iterable[str], extra: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of one missing and one extra name that differ in case or outer blanks alone."""
    folded = {name.strip().casefold(): name for name in missing}
    pairs = ((folded.get(name.strip().casefold()), name) for name in extra)
    return [(theirs, ours) for theirs, ours in pairs if theirs is not None]


def source_of(fact: Fact[tuple[Feature, ...]]) -> str:
    """What messages call the schema that a fact is."""
    name = name_of(fact.origin.path)
    if name == "MLmodel":
        return "the signature"
    return "feature_schema" if fact.origin.pointer.startswith("/feature_schema") else name


def called(file: WeightFile) -> str:
    """What messages call a weight file."""
    return name_of(file.path)
