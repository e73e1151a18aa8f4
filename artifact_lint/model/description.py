"""What the model in a weight file is, as the file itself tells it.

Few runs ask for it, so that `artifact_lint.model` does not import it for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.model.inspection import Incomplete, Tensor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """A value, and where in the file it was seen: the attribute, key or member, in words that a person finds it by."""

    value: T
    where: str


class ColumnKind(StrEnum):
    """How a model treats a feature."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A feature of a table, in the model's own order.

    `name` is None where the model knows positions alone. `categories` are the values that it was fitted with, as text,
    where it keeps them; `ignores_unknown` says that others are accepted.
    """

    name: str | None
    dtype: str | None = None
    kind: ColumnKind | None = None
    categories: tuple[str, ...] | None = None
    ignores_unknown: bool = False


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input or output of a graph.

    `dtype` is numpy's name of it (`float32`, `int64`, `string`). A dimension is a number, the name of a symbolic one,
    or None where it is free; `shape` is None where not even the rank is stated.
    """

    name: str
    dtype: str | None = None
    shape: tuple[int | str | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class Estimator:
    """One estimator of a scikit-learn model, by its path from the outermost one (`steps/scale`; empty for that one).

    `is_fitted` is None where the class has nothing to fit or its state does not tell. `input_width` and
    `output_width` are in columns, None where they are not known. `columns` are what a ColumnTransformer takes for this
    one, by name or position. `cls` is `module:Name`, or `passthrough` where columns go through as they are.
    """

    path: str
    cls: str
    is_fitted: bool | None = None
    input_width: int | None = None
    output_width: int | None = None
    feature_names: tuple[str, ...] | None = None
    columns: tuple[str | int, ...] | None = None


@dataclass(frozen=True, slots=True)
class ExternalData:
    """Bytes of a tensor that lie in a file beside the model's, in bytes from that file's start.

    `location` is relative to the directory of the model's file, as the model spells it.
    """

    location: str
    tensor: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Description:
    """The facts of one model. What the file does not tell is None, or empty; nothing is guessed.

    `columns` are the features of a table in their order, `column_count` how many it takes, which is known of more
    models. `inputs` and `outputs` are those of a graph. `classes` are the labels in the model's order, as text.
    `tensors` are complete where `has_all_tensors`. `parameters` counts the items of all weights. `versions` are those
    of the libraries that wrote the file, by distribution. `incomplete` says what could not be read. `external` has, for
    each file of tensors beside the model's, the tensor that reaches farthest into it. `unweighted` are the layers of a
    configuration whose class has weights and that have none in the file.
    """

    columns: Seen[tuple[Column, ...]] | None = None
    column_count: Seen[int] | None = None
    inputs: Seen[tuple[TensorSpec, ...]] | None = None
    outputs: Seen[tuple[TensorSpec, ...]] | None = None
    classes: Seen[tuple[str, ...]] | None = None
    class_count: Seen[int] | None = None
    estimators: tuple[Estimator, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    has_all_tensors: bool = False
    parameters: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    incomplete: tuple[Incomplete, ...] = ()
    external: tuple[ExternalData, ...] = ()
    unweighted: tuple[str, ...] = ()
