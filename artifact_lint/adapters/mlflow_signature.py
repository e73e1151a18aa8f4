"""MLflow's model signature: JSON in a YAML scalar, as columns or as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.document import DocumentError, Syntax, parse
from artifact_lint.model import Component, Fact, Feature, Irregularity, Origin, Remark, Section, Stated

if TYPE_CHECKING:
    from artifact_lint.document import Node

#: How deep the type of a column may be nested (a list of objects with lists); deeper types are cut short.
_DEEPEST_TYPE = 8

_HELP = "Log the model again with `signature=infer_signature(inputs, outputs)`."


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature says; `section` is None where the record has none."""

    inputs: Stated[tuple[Feature, ...]] = Stated()
    outputs: Stated[tuple[Feature, ...]] = Stated()
    section: Section | None = None
    remarks: tuple[Remark, ...] = ()


def read_signature(root: Node) -> Signature:
    """The signature of an MLmodel document: inputs and outputs; parameters of inference are left out."""
    node = root.get("signature")
    if node is None or node.is_null:
        return Signature()
    inputs, input_remarks = _side(node.get("inputs"))
    outputs, output_remarks = _side(node.get("outputs"))
    remarks = input_remarks + output_remarks
    empty = inputs is None and not input_remarks
    return Signature(
        inputs=Stated((inputs,)) if inputs is not None else Stated(),
        outputs=Stated((outputs,)) if outputs is not None else Stated(),
        section=Section(Component.FEATURE_SCHEMA, root.key_origin("signature"), empty=empty),
        remarks=remarks,
    )


def _side(node: Node | None) -> tuple[Fact[tuple[Feature, ...]] | None, tuple[Remark, ...]]:
    if node is None or node.is_null:
        return None, ()
    origin = node.origin
    try:
        specification = node.value if node.text is None else _json(origin, node.text)
    except DocumentError as error:
        message = f"this part of the signature is not JSON: {error.reason}"
        return None, (Remark(Irregularity.UNREADABLE, origin, message, _HELP),)
    if specification is None or specification == []:
        return None, ()
    if not isinstance(specification, list) or not all(isinstance(item, Mapping) for item in specification):
        message = "this part of the signature is not a list of columns or tensors"
        return None, (Remark(Irregularity.UNREADABLE, origin, message, _HELP),)
    features = tuple(_feature(item, origin) for item in specification if isinstance(item, Mapping))
    return Fact(features, origin), ()


def _json(origin: Origin, text: str) -> object:
    return parse(origin.path, text.encode("utf-8", "replace"), Syntax.JSON).root.value


def _feature(item: Mapping[str, object], origin: Origin) -> Feature:
    name = item.get("name")
    tensor = item.get("tensor-spec")
    required = _required(item)
    shown = str(name) if isinstance(name, str | int) and not isinstance(name, bool) else None
    if isinstance(tensor, Mapping):
        dtype = tensor.get("dtype")
        return Feature(
            name=shown,
            dtype=dtype if isinstance(dtype, str) else None,
            origin=origin,
            required=required,
            shape=_shape(tensor.get("shape")),
        )
    return Feature(name=shown, dtype=_dtype(item), origin=origin, required=required)


def _required(item: Mapping[str, object]) -> bool | None:
    required = item.get("required")
    if isinstance(required, bool):
        return required
    optional = item.get("optional")
    return not optional if isinstance(optional, bool) else None


def _shape(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list):
        return None
    sizes = [size for size in value if isinstance(size, int) and not isinstance(size, bool)]
    return tuple(sizes) if len(sizes) == len(value) else None


def _dtype(item: Mapping[str, object]) -> str | None:
    wrappers: list[str] = []
    current: object = item
    while isinstance(current, Mapping) and len(wrappers) < _DEEPEST_TYPE:
        dtype = current.get("type")
        if not isinstance(dtype, str):
            break
        inner = current.get("items") if dtype == "array" else current.get("values") if dtype == "map" else None
        if not isinstance(inner, Mapping):
            return "(".join([*wrappers, dtype]) + ")" * len(wrappers)
        wrappers.append(dtype)
        current = inner
    return wrappers[0] if wrappers else None
