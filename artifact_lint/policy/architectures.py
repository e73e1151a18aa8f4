"""Which size of which tensor follows from which key of a configuration, by the `model_type` of transformers.

The data is what tools/make_architectures.py found by building every model of one release of transformers; the release
stands in it. Nothing is known of an architecture that is not there.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DATA = Path(__file__).parent / "data" / "architectures.json"
_NUMBERED: Final = r"(?<=\.)\d+(?=\.)"


class Dimension(NamedTuple):
    """One dimension of a tensor, or of each tensor whose name is `pattern` with numbers for `#`.

    `term` is a sum of products of keys and numbers; the last factor of each may be divided by a key, and `a?b` is the
    key `a` where that is a number, and `b` otherwise.
    """

    pattern: str
    axis: int
    term: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that the term names."""
        return tuple(re.findall(r"[A-Za-z_]\w*", self.term))


class Architecture(NamedTuple):
    """What is known of one `model_type`.

    `names` are other names of keys, and the key that each stands for; `defaults` what an absent key means, a number or
    a term. `prefix` is how the bare model is called within one with a head. `lists` are repeated layers and the keys
    that count them; `ignored` are expressions for names that the class passes over. `heads` tells by class which
    dimension of which tensor is the number of labels.
    """

    names: Mapping[str, str]
    defaults: Mapping[str, int | str | None]
    prefix: str
    ignored: tuple[str, ...]
    lists: tuple[tuple[str, str], ...]
    dimensions: tuple[Dimension, ...]
    heads: Mapping[str, tuple[str, int]]


def architecture(model_type: object) -> Architecture | None:
    """What is known of a `model_type`; None where nothing is."""
    found = _load().get(model_type) if isinstance(model_type, str) else None
    if found is None:
        return None
    return Architecture(
        names=found["names"],
        defaults=found["defaults"],
        prefix=found["prefix"],
        ignored=tuple(found["ignored"]),
        lists=tuple((prefix, key) for prefix, key in found["lists"]),
        dimensions=tuple(
            Dimension(pattern, axis, term)
            for pattern, row in found["tensors"].items()
            for axis, term in enumerate(row)
            if term is not None
        ),
        heads={name: (place[0], place[1]) for name, place in found["heads"].items()},
    )


def pattern_of(name: str) -> str:
    """A tensor's name with `#` for the numbers of layers."""
    return re.sub(_NUMBERED, "#", f".{name}")[1:] if "." in name else name


def evaluate(term: str, value: Callable[[str], int | None]) -> int | None:
    """What a term comes to; None where a key has no number, or a division leaves a rest."""
    preferred, mark, rest = term.partition("?")
    if mark:
        number = value(preferred)
        return number if number is not None else evaluate(rest, value)
    total = 0
    for summand in term.split("+"):
        product, _, divisor = summand.partition("/")
        amount = 1
        for factor in product.split("*"):
            number = int(factor) if factor.isdigit() else value(factor)
            if number is None:
                return None
            amount *= number
        if divisor:
            below = value(divisor)
            if not below or amount % below:
                return None
            amount //= below
        total += amount
    return total


@cache
def _load() -> Mapping[str, Any]:
    document = json.loads(_DATA.read_text(encoding="utf-8"))
    architectures: Mapping[str, Any] = document["architectures"]
    return architectures
