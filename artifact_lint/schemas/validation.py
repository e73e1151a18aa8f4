"""A document of ours against its JSON Schema, with every mistake at its line and in the user's words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jsonschema.exceptions import ValidationError

    from artifact_lint.document import Node
    from artifact_lint.model import Origin

#: What `artifact-lint schema NAME` prints, by name.
SCHEMAS: Final = ("manifest", "config", "report", "inspection")

_FILES: Final = {
    "manifest": "model-artifact.v1.schema.json",
    "config": "configuration.v1.schema.json",
    "report": "report.v1.schema.json",
    "inspection": "inspection.v1.schema.json",
}
_TYPES: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a table",
    "string": "text",
}


def schema_text(name: str) -> str:
    """The text of one of `SCHEMAS`."""
    return Path(__file__).with_name(_FILES[name]).read_text(encoding="utf-8")


def violations(name: str, node: Node) -> Iterator[tuple[Origin, str]]:
    """Where a document violates one of `SCHEMAS`, and how."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 100 ms that only a document of ours is worth

    validator = Draft202012Validator(json.loads(schema_text(name)))
    for error in validator.iter_errors(cast("Mapping[str, object]", node.value)):
        yield from _explain(error, node)


@dataclass(frozen=True, slots=True)
class _Violation:
    """One error of jsonschema's, by the parts that a message is made of."""

    key: str
    expected: Any
    instance: Any
    description: str
    example: object = None


def _explain(error: ValidationError, root: Node) -> Iterator[tuple[Origin, str]]:
    node, key = root, ""
    for step in error.absolute_path:
        node = _step(node, step)
        key = f"{key}[{step}]" if isinstance(step, int) else f"{key}.{step}".lstrip(".")
    schema = cast("dict[str, Any]", error.schema)
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        for unknown in (name for name, _ in node.items() if name not in known):
            where = f" in {key}" if key else ""
            yield node.key_origin(unknown), f"unknown key '{unknown}'{where}{_nearest(unknown, known)}"
        return
    wording = _WORDINGS.get(str(error.validator), _not_understood)
    example = next(iter(schema.get("examples", ())), None)
    description = schema.get("description", "")
    violation = _Violation(key or "the document", error.validator_value, error.instance, description, example)
    yield node.origin, wording(violation)


def _step(node: Node, step: str | int) -> Node:
    found = node.get(step) if isinstance(step, str) else list(node.elements())[step]
    return found if found is not None else node


def _nearest(word: str, known: Iterable[object]) -> str:
    near = get_close_matches(word.lower(), [str(name) for name in known], n=1, cutoff=0.6)
    return f" (did you mean '{near[0]}'?)" if near else ""


def _told(value: object) -> str:
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}...'"
    if isinstance(value, dict):
        return "a table"
    return "a list" if isinstance(value, list) else json.dumps(value, default=str)


def _wrong_choice(found: _Violation) -> str:
    choices = [str(choice) for choice in found.expected]
    listed = f"{', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else choices[0]
    return f"{found.key} must be {listed}, not {_told(found.instance)}{_nearest(str(found.instance), choices)}"


def _wrong_type(found: _Violation) -> str:
    names = [found.expected] if isinstance(found.expected, str) else list(found.expected)
    wanted = " or ".join(_TYPES[name] for name in names)
    return f"{found.key} must be {wanted}, not {_told(found.instance)}{_form(found)}"


def _missing_key(found: _Violation) -> str:
    missing = [repr(name) for name in found.expected if name not in found.instance]
    return f"{found.key} needs {' and '.join(missing)}{_form(found)}"


def _form(found: _Violation) -> str:
    """What a value looks like, as TOML."""
    return f": write {_inline(found.example)}" if found.example is not None else ""


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(member)}" for key, member in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value)


def _not_understood(found: _Violation) -> str:
    meaning = found.description
    hint = f": {meaning[:1].lower()}{meaning[1:].rstrip('.')}" if meaning else ""
    return f"{found.key} cannot be {_told(found.instance)}{hint}"


_WORDINGS: Final[Mapping[str, Callable[[_Violation], str]]] = {
    "enum": _wrong_choice,
    "type": _wrong_type,
    "required": _missing_key,
    "minLength": lambda found: f"{found.key} must not be empty",
    "minItems": lambda found: f"{found.key} must not be empty",
    "uniqueItems": lambda found: f"{found.key} lists something twice",
    "minimum": lambda found: f"{found.key} must be at least {found.expected}, not {found.instance}",
    "maximum": lambda found: f"{found.key} must be at most {found.expected}, not {found.instance}",
}
