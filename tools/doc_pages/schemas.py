"""The pages about the manifest and the configuration, from their JSON Schemas."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artifact_lint.configuration_search import OWN_FILE
from artifact_lint.rules import all_rules
from artifact_lint.schemas.validation import schema_text
from artifact_lint.settings import load
from doc_pages.lists import coverage

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]

_EXAMPLE = """\
[tool.artifact-lint]
ignore = ["NAM003"]
exclude = ["tests/fixtures/**"]
fail-on = "error"

[tool.artifact-lint.severity]
ENV002 = "note"

[tool.artifact-lint.per-path-ignores]
"experiments/**" = { codes = ["CMP103"], reason = "not deployed" }

[tool.artifact-lint.components]
run = ["run_id", "metrics", "created"]

[tool.artifact-lint.naming]
registry = "mlflow"
version-scheme = "semver"

[tool.artifact-lint.pickle]
policy = "allow-listed"
allow = ["churn_features:LogTransformer"]

[tool.artifact-lint.stages.production]
pickle = "forbid"
"""


_MANIFEST = """\
It is called `model-artifact.yaml`, `model-artifact.json` or, where several share a directory,
`NAME.model-artifact.yaml`. `artifact-lint init PATH` writes one from all that can be read there, and
`artifact-lint schema manifest` prints its JSON Schema."""

_CONFIGURATION = f"""\
The settings stand in `[tool.artifact-lint]` of pyproject.toml or, without that prefix, in `{OWN_FILE}`. The nearest
of these files at or above the linted path counts, up to the repository's root; several are not merged. Where one
directory has both, `{OWN_FILE}` counts and pyproject.toml is not read; a pyproject.toml without the table is passed
over. A mistake is told with its line, and `artifact-lint check --show-settings` shows what is in force.

NAME stands for a key of your own: a path pattern, or a stage."""


_PICKLES = """\
Under `forbid` every file that its loader unpickles is an error (PKL001). Under `allow-listed` so is every import that
is on no list (PKL102 and the codes after it), and a pickle of which everything is listed is a note (PKL002). Under
`report` what is on no list is a warning; what is known to run code, to reach files or the network or to load more
pickles (PKL101) stays an error, which only a line of `pickle.allow` lifts. Names are allowed one by one, as
`module:name`; there is no `module:*`."""


def manifest_page(root: Path) -> str:
    """Every field of the manifest, and a whole one."""
    schema = _schema("manifest")
    example = (root / "examples" / "good" / "xgboost-native" / "model-artifact.yaml").read_text(encoding="utf-8")
    rows = [
        f"| `{path}` | {_type(field, 'mapping')} | {'yes' if required else ''} | {_words(field)} |"
        for path, field, required in _fields(schema, schema, "")
    ]
    table = ["| field | type | required | meaning |", "|---|---|---|---|", *rows]
    fields = ["## Fields", "\n".join(table)]
    return _page(["# The manifest", schema["description"], _MANIFEST, *fields, "## Example", _code("yaml", example)])


def field_table(name: str) -> str:
    """Every field of a document of ours that programs read, as a table."""
    schema = _schema(name)
    rows = [
        f"| `{path}` | {_type(field, 'mapping')} | {_words(field)} |" for path, field, _ in _fields(schema, schema, "")
    ]
    return "\n".join(["| field | type | meaning |", "|---|---|---|", *rows])


def configuration_page() -> str:
    """Every setting with its default, and a whole configuration."""
    schema = _schema("config")
    _check_example()
    rows = [
        f"| `{path}` | {_type(field, 'table')} | {_default(field)} | {_words(field)} |"
        for path, field, _ in _fields(schema, schema, "")
    ]
    table = ["| setting | type | default | meaning |", "|---|---|---|---|", *rows]
    settings = ["## Settings", "\n".join(table)]
    lists = ["## Pickles", _PICKLES, coverage()]
    return _page(["# Configuration", _CONFIGURATION, *settings, *lists, "## Example", _code("toml", _EXAMPLE)])


def _page(blocks: list[str]) -> str:
    return "\n\n".join(blocks) + "\n"


def _code(language: str, text: str) -> str:
    return f"```{language}\n{text.strip()}\n```"


def _schema(name: str) -> Schema:
    schema: Schema = json.loads(schema_text(name))
    return schema


def _check_example() -> None:
    """The example has to be one that the program takes."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "pyproject.toml"
        file.write_text(_EXAMPLE, encoding="utf-8")
        load(file, all_rules())


def _resolved(field: Schema, whole: Schema) -> Schema:
    """A field with what it refers to; its own words stand before those of the reference."""
    while "$ref" in field:
        target = whole["$defs"][field["$ref"].rpartition("/")[2]]
        field = target | {key: value for key, value in field.items() if key != "$ref"}
    return field


def _fields(schema: Schema, whole: Schema, path: str) -> Iterator[tuple[str, Schema, bool]]:
    """Every field below a schema, in the schema's order: its path, its schema, and whether it must be there."""
    for name, stated in schema.get("properties", {}).items():
        field = _resolved(stated, whole)
        below = f"{path}.{name}" if path else name
        yield below, field, name in schema.get("required", ())
        yield from _fields(field, whole, below)
        yield from _fields(_resolved(field.get("items", {}), whole), whole, f"{below}[]")
        values = field.get("additionalProperties")
        if isinstance(values, dict):
            yield from _fields(_resolved(values, whole), whole, f"{below}.NAME")


def _type(field: Schema, mapping: str) -> str:
    """A field's type in words; `mapping` is what the format calls an object."""
    if "enum" in field:
        return " or ".join(f"`{choice}`" for choice in field["enum"] if choice is not None)
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field and "type" not in field:
        return " or ".join(_type(choice, mapping) for choice in field["anyOf"])
    stated = field.get("type", "anything")
    names = [stated] if isinstance(stated, str) else [name for name in stated if name != "null"]
    return " or ".join(mapping if name == "object" else _TYPES.get(name, name) for name in names)


_TYPES = {"array": "list", "boolean": "true or false", "integer": "whole number", "string": "text"}


def _default(field: Schema) -> str:
    return f"`{json.dumps(field['default'])}`" if "default" in field else ""


def _words(field: Schema) -> str:
    words = field.get("description", "")
    examples = field.get("examples")
    shown = f" For example {', '.join(f'`{example}`' for example in examples)}." if examples else ""
    return f"{words}{shown}".replace("|", "\\|")
