"""The features of a table as a graph takes them: all in one matrix, or each in an input of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model.description import Column, Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifact_lint.model.description import TensorSpec


def _width(spec: TensorSpec) -> int | None:
    """How many columns an input of rows has; None where it is no matrix of fixed width."""
    if spec.shape is None or len(spec.shape) != 2:
        return None
    width = spec.shape[1]
    return width if isinstance(width, int) and width > 0 else None


def _is_column(spec: TensorSpec) -> bool:
    """Whether an input has one value for each row: a matrix of one column, or a vector of any length."""
    return _width(spec) == 1 or (spec.shape is not None and len(spec.shape) == 1 and not isinstance(spec.shape[0], int))


def columns_of(inputs: Sequence[TensorSpec]) -> Seen[tuple[Column, ...]] | None:
    """The columns of a graph with an input for each; None where it has one matrix, or inputs that are none."""
    if len(inputs) < 2 or not all(_is_column(spec) for spec in inputs):
        return None
    return Seen(tuple(Column(spec.name, spec.dtype) for spec in inputs), "graph inputs")


def column_count_of(inputs: Sequence[TensorSpec]) -> Seen[int] | None:
    """How many columns a graph takes: the width of its only input, or one for each where they are columns."""
    if len(inputs) == 1:
        width = _width(inputs[0])
        return None if width is None else Seen(width, f"graph input `{inputs[0].name}`")
    columns = columns_of(inputs)
    return None if columns is None else Seen(len(columns.value), columns.where)
