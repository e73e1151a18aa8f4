"""All families together."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from hostile import (
    archive_files,
    bounded,
    callables,
    computed,
    disguises,
    graphs,
    joblib_files,
    keras_files,
    layouts,
    long_streams,
    numpy_arrays,
    records,
    routes,
    states,
    torch_files,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad

_FAMILIES = (
    routes,
    callables,
    computed,
    states,
    layouts,
    long_streams,
    joblib_files,
    numpy_arrays,
    torch_files,
    archive_files,
    disguises,
    graphs,
    keras_files,
    records,
    bounded,
)


def cases() -> Iterator[Bad]:
    """Every bad file, one after the other: those of `BOUNDED` are large."""
    return chain.from_iterable(family.cases() for family in _FAMILIES)
