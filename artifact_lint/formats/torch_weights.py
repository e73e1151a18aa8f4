"""Tensors of PyTorch's files as facts: names, shapes, parameters, and whether the file holds what they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.model import Cause, Incomplete, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from artifact_lint.formats.pickles.torch_tensors import Layout

#: How many of the tensors with the same trouble are told one by one.
_MOST_TOLD: Final = 10


def tensors_of(layouts: Mapping[str, Layout]) -> tuple[Tensor, ...]:
    """The tensors, each with the bytes of its own items."""
    return tuple(Tensor(name, layout.dtype, layout.shape, layout.size) for name, layout in layouts.items())


def parameters_of(layouts: Mapping[str, Layout]) -> int:
    """The items of all tensors; those that several names have in common count once."""
    counted: dict[object, int] = {}
    for name, layout in layouts.items():
        shared = layout.storage is not None and layout.storage.device != "meta" and layout.items
        place = (layout.storage, layout.dtype, layout.offset, layout.shape, layout.strides) if shared else name
        counted[place] = layout.items
    return sum(counted.values())


def gaps_of(
    layouts: Mapping[str, Layout], length_of: Callable[[str], int | None], member: str = ""
) -> tuple[Incomplete, ...]:
    """The tensors that need more than their storage has, and storages that need more than the file has.

    `length_of` tells how many bytes the file has for a storage, by its key; None where it has none.
    """
    found: dict[tuple[str, str], Incomplete] = {}
    told: dict[str, int] = {}
    for name, layout in layouts.items():
        trouble = _trouble(name, layout, length_of)
        if trouble is None:
            continue
        kind, gap = trouble
        told[kind] = told.get(kind, 0) + 1
        if told[kind] <= _MOST_TOLD:
            found.setdefault((kind, gap.detail), Incomplete(gap.cause, gap.detail, 0, member))
    return tuple(found.values())


def _trouble(name: str, layout: Layout, length_of: Callable[[str], int | None]) -> tuple[str, Incomplete] | None:
    if min((*layout.shape, 0)) < 0:
        return "shape", Incomplete(Cause.BROKEN, f"the tensor {name!r} has a negative dimension")
    storage = layout.storage
    if storage is None:
        return None
    if layout.offset < 0 or min((*layout.strides, 0)) < 0 or layout.end > storage.size:
        detail = f"the tensor {name!r} needs {layout.end:,} bytes of a storage that has {storage.size:,}"
        return "extent", Incomplete(Cause.BROKEN, detail)
    if storage.device == "meta":
        return None
    length = length_of(storage.key)
    if length is None:
        return "absent", Incomplete(Cause.TRUNCATED, f"the storage {storage.key} of {name!r} is not in the file")
    if length < storage.size:
        detail = f"the storage {storage.key} of {name!r} has {length:,} of its {storage.size:,} bytes"
        return "short", Incomplete(Cause.TRUNCATED, detail)
    return None
