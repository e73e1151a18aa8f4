"""The native manifest held against its JSON Schema, with every mistake said in the user's words on its own line."""

from __future__ import annotations

import json
import math
import re
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from artifact_lint.document.node import MOST_REMARKS, brief
from artifact_lint.document.slots import rewritten
from artifact_lint.model import Irregularity, Origin, Remark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jsonschema.exceptions import ValidationError

    from artifact_lint.document import Node

_FORMS = {
    "^\\d{4}": "an RFC 3339 time with a zone, such as 2026-11-21T08:55:02Z",
    "^[0-9a-f]{7": "a git commit in hexadecimal",
    "^[^:\\s]+:": "an import written module:name",
    "^\\s*(?:===?": "a version of Python, such as 3.11.7 or >=3.10,<3.13",
}
_SEXAGESIMAL_OR_OCTAL: Final = r"[-+]?\d+(?::[0-5]?\d)+(?:\.\d*)?|[-+]?0\d+"
_EXPONENT_WITHOUT_POINT: Final = r"[-+]?\d+[eE][-+]?\d+|[-+]?\d+\.\d*[eE]\d+"


@cache
def manifest_schema() -> Mapping[str, Any]:
    """The JSON Schema of `model-artifact.yaml`, version 1."""
    text = (files("artifact_lint.schemas") / "model-artifact.v1.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def violations(root: Node, part: str | None = None) -> list[Remark]:
    """Everything in which a manifest departs from its schema, and every scalar that is not what it looks like.

    `part` names the property that the whole document is an instance of: `lifecycle` for the lifecycle file.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415  a tenth of a second that other conventions save

    schema = manifest_schema()
    chosen = {"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]} if part else schema
    remarks: list[Remark] = []
    instance = _instance(root, chosen, schema, remarks)
    errors = Draft202012Validator(chosen).iter_errors(instance)
    whole = f"the {part} file" if part else "the manifest"
    explained = (remark for error in errors for remark in _explain(error, root, whole))
    remarks = [*remarks[:MOST_REMARKS], *islice(explained, MOST_REMARKS)]
    return sorted(remarks, key=lambda remark: (remark.origin.line, remark.origin.column))


def _instance(node: Node, schema: Mapping[str, Any], whole: Mapping[str, Any], remarks: list[Remark]) -> object:
    """A document as the schema's validator sees it: unquoted scalars in text fields are taken as written."""
    while "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    if node.is_mapping:
        properties = schema.get("properties", {})
        return {
            key: value.value if _is_own(value) else _instance(value, properties.get(key, {}), whole, remarks)
            for key, value in node.items()
        }
    if node.is_sequence:
        elements = list(node.elements())
        values = [_instance(element, schema.get("items", {}), whole, remarks) for element in elements]
        remarks.extend(_odd_ones_out(elements, values))
        return values
    declared = schema.get("type", ())
    types = {declared} if isinstance(declared, str) else set(declared)
    return _scalar(node, types, remarks)


def _is_own(node: Node) -> bool:
    """Whether a value is the user's own field, of which nothing is judged."""
    return node.pointer == "/metadata"


def _scalar(node: Node, types: set[str], remarks: list[Remark]) -> object:
    value, text = node.value, node.text
    if node.quoted or text is None:
        return value
    if types & {"number", "integer"} and "string" not in types:
        if re.fullmatch(_SEXAGESIMAL_OR_OCTAL, text) and str(value) != text:
            message = f"{text} is the number {value} to a YAML 1.1 reader"
            remarks.append(Remark(Irregularity.SURPRISING_SCALAR, node.origin, message, "Write it in decimal digits."))
        elif isinstance(value, str) and re.fullmatch(_EXPONENT_WITHOUT_POINT, text):
            message = f"{text} is a text, not a number, to a YAML 1.1 reader"
            number = float(text)
            remarks.append(_misread_number(node, number, message))
            return number
        return value
    if "string" in types and not isinstance(value, str) and not (value is None and "null" in types):
        if str(value) != text:
            remarks.append(surprise(node, f"{text} is {_spelled(value)} to a YAML 1.1 reader"))
        return text
    return value


def surprise(node: Node, message: str) -> Remark:
    """A remark that a scalar is not the text it looks like, with the edit that quotes it."""
    text = node.text or ""
    quoted = json.dumps(text)
    edit = rewritten(node, text, quoted)
    fixes = (edit,) if edit is not None else ()
    return Remark(Irregularity.SURPRISING_SCALAR, node.origin, message, f"Quote it: {quoted}", fixes)


def _misread_number(node: Node, number: float, message: str) -> Remark:
    if not math.isfinite(number):
        advice = "Write a number that a double can hold."
        return Remark(Irregularity.SURPRISING_SCALAR, node.origin, message, advice)
    written = _decimal(number)
    edit = rewritten(node, number, written)
    fixes = (edit,) if edit is not None else ()
    return Remark(Irregularity.SURPRISING_SCALAR, node.origin, message, f"Write {written}.", fixes)


def _decimal(number: float) -> str:
    """A finite number as YAML 1.1 writes it: with a point, and with a sign before the exponent."""
    mantissa, mark, exponent = repr(number).partition("e")
    point = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{point}e{int(exponent):+d}" if mark else point


def _spelled(value: object) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return f"the number {value}"


def _odd_ones_out(elements: Sequence[Node], values: Sequence[object]) -> Iterator[Remark]:
    """Unquoted yes, no, on and off among texts: `allowed: [de, se, no]` holds false."""
    if not any(isinstance(value, str) for value in values):
        return
    for element, value in zip(elements, values, strict=True):
        text = element.text
        if isinstance(value, bool) and not element.quoted and text and text.lower() not in {"true", "false"}:
            yield surprise(element, f"{text} is {str(value).lower()} to a YAML 1.1 reader")


def _explain(error: ValidationError, root: Node, whole: str) -> Iterator[Remark]:
    path = list(error.absolute_path)
    node = _find(root, path)
    field = ".".join(str(step) for step in path) or whole
    value: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        known = list(schema.get("properties", {}))
        yield from (_unknown(node, key, field, known) for key, _ in node.items() if key not in known)
    elif error.validator == "required":
        missing = [name for name in value if node.get(name) is None and f"'{name}'" in error.message]
        yield from (_violation(node.origin, f"{field} lacks {name}", f"Add `{name}`.") for name in missing)
    elif error.validator == "const" and path == ["schema_version"]:
        message = f"schema_version is {_kind(node)}, which is not known here"
        advice = "Write `schema_version: 1`, or update artifact-lint."
        yield Remark(Irregularity.UNKNOWN_SCHEMA_VERSION, node.origin, message, advice)
    else:
        yield _violation(node.origin, _mistake(error, field, node, value), _advice(error, node))


def _advice(error: ValidationError, node: Node) -> str:
    """What to write instead; a lone scalar is taken for the one field that its mapping must have."""
    schema: Any = error.schema
    required = schema.get("required", ())
    if error.validator == "type" and schema.get("type") == "object" and len(required) == 1 and node.text is not None:
        return f"Write {{{required[0]}: {brief(node.text)}}}."
    if error.validator == "anyOf":
        return "Name a dtype as MLflow (double, long, string), NumPy (float64, int32) or pandas (category) do."
    return "`artifact-lint schema manifest` prints what each field takes."


def _mistake(error: ValidationError, field: str, node: Node, value: Any) -> str:  # noqa: ANN401  JSON Schema's values
    match error.validator:
        case "type":
            wanted = [value] if isinstance(value, str) else [name for name in value if name != "null"]
            return f"{field} must be {' or '.join(_TYPES[name] for name in wanted)}, not {_kind(node)}"
        case "enum":
            choices = [str(choice) for choice in value]
            return f"{field} is {_kind(node)}, not one of {', '.join(choices)}{_nearest(node, choices)}"
        case "anyOf":
            choices = [str(name) for choice in value for name in choice.get("enum", ()) if name is not None]
            return f"{field} is {_kind(node)}, which is no dtype that is known here{_nearest(node, choices, 0.5)}"
        case "pattern":
            form = next((words for start, words in _FORMS.items() if value.startswith(start)), f"of the form {value}")
            return f"{field} is {_kind(node)}, which is not {form}"
        case "minimum":
            return f"{field} is {_kind(node)}, less than {value}"
        case "minLength":
            return f"{field} is empty"
        case "minItems" | "maxItems":
            return f"{field} must have {value} values, not {len(list(node.elements()))}"
    return f"{field}: {brief(error.message)}"


def _nearest(node: Node, choices: Sequence[str], cutoff: float = 0.6) -> str:
    close = get_close_matches(brief(node.text or "").lower(), choices, 1, cutoff)
    return f"; did you mean {close[0]}?" if close else ""


_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def _kind(node: Node) -> str:
    if node.is_mapping:
        return "a mapping"
    if node.is_sequence:
        return "a list"
    if node.is_null:
        return "nothing"
    return json.dumps(brief(node.text or ""), ensure_ascii=False) if node.quoted else f"`{brief(node.text or '')}`"


def _unknown(node: Node, key: str, field: str, known: list[str]) -> Remark:
    close = get_close_matches(brief(key), known, 1, 0.6)
    hint = f"Did you mean `{close[0]}`?" if close else f"Known here: {', '.join(known)}."
    message = f"{field} has no field `{brief(key)}`"
    return Remark(Irregularity.UNKNOWN_FIELD, node.key_origin(key), message, hint)


def _violation(origin: Origin, message: str, advice: str) -> Remark:
    return Remark(Irregularity.SCHEMA_VIOLATION, origin, message, advice)


def _find(root: Node, path: Sequence[str | int]) -> Node:
    node = root
    for step in path:
        child = (node.sequence or [])[step] if isinstance(step, int) else node.get(step)
        if child is None:
            return node
        node = child
    return node
