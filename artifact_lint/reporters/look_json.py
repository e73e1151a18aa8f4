"""What files hold, as one JSON document: `schemas/inspection.v1.schema.json` describes every field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeVar

from artifact_lint import __version__
from artifact_lint.model.text import encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from artifact_lint.model import Import, Incomplete, Tensor
    from artifact_lint.model.description import Column, Estimator, Seen, TensorSpec
    from artifact_lint.model.look import Look

SCHEMA_VERSION: Final = 1

T = TypeVar("T")

JsonObject = dict[str, object]


def document(looks: Sequence[Look], tensors: int | None) -> str:
    """The document in ASCII; of each file at most so many tensors, the largest first, where a number is given."""
    shown = None if tensors is None or tensors < 0 else tensors
    whole = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "artifact-lint", "version": __version__},
        "files": [_file(look, shown) for look in looks],
    }
    return json.dumps(whole, indent=2)


def _file(look: Look, tensors: int | None) -> JsonObject:
    found, told = look.inspection, look.description
    known = look.tensors
    return {
        "path": encodable(look.path),
        "state": look.state.value,
        "size": look.size,
        "format": found.format if found else None,
        "framework": _text_or_null(found.framework if found else None),
        "versions": _texts(look.versions.items()),
        "columns": _seen(told.columns, _columns) if told else None,
        "column_count": _seen(told.column_count, int) if told else None,
        "inputs": _seen(told.inputs, _specs) if told else None,
        "outputs": _seen(told.outputs, _specs) if told else None,
        "classes": _seen(told.classes, _names) if told else None,
        "class_count": _seen(told.class_count, int) if told else None,
        "estimators": [_estimator(one) for one in told.estimators] if told else [],
        "parameters": told.parameters if told else None,
        "tensor_count": len(known),
        "has_all_tensors": look.has_all_tensors,
        "tensors": [_tensor(tensor) for tensor in known[:tensors]],
        "imports": [_import(one) for one in found.imports] if found else [],
        "metadata": _texts(look.metadata.items()),
        "incomplete": [_incomplete(gap) for gap in look.incomplete],
    }


def _seen(seen: Seen[T] | None, shown: Callable[[T], object]) -> JsonObject | None:
    return None if seen is None else {"value": shown(seen.value), "where": encodable(seen.where)}


def _columns(columns: tuple[Column, ...]) -> list[JsonObject]:
    return [
        {
            "name": _text_or_null(column.name),
            "dtype": _text_or_null(column.dtype),
            "kind": None if column.kind is None else column.kind.value,
            "categories": None if column.categories is None else _names(column.categories),
            "ignores_unknown": column.ignores_unknown,
        }
        for column in columns
    ]


def _specs(specs: tuple[TensorSpec, ...]) -> list[JsonObject]:
    return [
        {
            "name": encodable(spec.name),
            "dtype": _text_or_null(spec.dtype),
            "shape": None if spec.shape is None else [_dimension(size) for size in spec.shape],
        }
        for spec in specs
    ]


def _dimension(size: int | str | None) -> int | str | None:
    return encodable(size) if isinstance(size, str) else size


def _estimator(estimator: Estimator) -> JsonObject:
    columns = estimator.columns
    return {
        "path": encodable(estimator.path),
        "class": encodable(estimator.cls),
        "is_fitted": estimator.is_fitted,
        "input_width": estimator.input_width,
        "output_width": estimator.output_width,
        "feature_names": None if estimator.feature_names is None else _names(estimator.feature_names),
        "columns": None if columns is None else [_dimension(column) for column in columns],
    }


def _tensor(tensor: Tensor) -> JsonObject:
    return {
        "name": encodable(tensor.name),
        "dtype": encodable(tensor.dtype),
        "shape": list(tensor.shape),
        "size": tensor.size,
    }


def _import(found: Import) -> JsonObject:
    return {
        "module": encodable(found.module),
        "name": encodable(found.name),
        "uses": sorted(use.value for use in found.uses),
        "offset": found.offset,
        "member": encodable(found.member),
    }


def _incomplete(gap: Incomplete) -> JsonObject:
    return {
        "cause": gap.cause.value,
        "detail": encodable(gap.detail),
        "offset": gap.offset,
        "member": encodable(gap.member),
    }


def _names(names: Iterable[str]) -> list[str]:
    return [encodable(name) for name in names]


def _texts(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {encodable(key): encodable(value) for key, value in items}


def _text_or_null(text: str | None) -> str | None:
    return None if text is None else encodable(text)
