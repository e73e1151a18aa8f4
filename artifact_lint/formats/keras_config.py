"""The configuration of a Keras model: what it names, and the code that it holds.

After keras/src/saving/serialization_lib.py and keras/src/layers/core/lambda_layer.py of Keras 3.15, and
keras/utils/generic_utils.py and keras/layers/core/lambda_layer.py of Keras 2: an object is `{"module", "class_name",
"config", "registered_name"}`, a function has `function` for its class and its name for a configuration, and code is a
`__lambda__`, or the list that `func_dump` made beside a `function_type` of `lambda`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from artifact_lint.formats.documents import Statements, objects_of, parse_json
from artifact_lint.formats.paths import escapes
from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.formats.findings import Findings

#: The packages that Keras goes by, and those of their modules whose classes and functions are what models are made of.
_KERAS = re.compile(r"(?:tensorflow\.(?:python\.)?|tf_)?keras(?:\.(?:src|engine|api|_tf_keras|keras|v2))*(?:\.|$)")
_BUILDING = frozenset(
    {
        *("", "activations", "constraints", "distribution", "dtype_policies", "initializers", "layers", "losses"),
        *("metrics", "mixed_precision", "models", "ops", "optimizers", "quantizers", "random", "regularizers"),
        *("functional", "sequential", "training", "input_layer", "trainers", "legacy", "legacy_tf_layers", "premade"),
    }
)
#: Classes of Keras that load something by themselves when they are built (keras/src/utils/torch_utils.py,
#: keras/src/export/tfsm_layer.py).
_LOADING = frozenset({"TorchModuleWrapper", "TFSMLayer"})
#: JSON objects of a configuration that are looked at; a layer has some eight.
_MOST_OBJECTS = 160_000
_LAMBDA = "Lambda"
_CODE = "__lambda__"
_TYPE_SPEC = "__typespec__"
#: Where a layer keeps the name of a file that it reads when it is built.
_PATHS = ("vocabulary", "filepath")


def read_config(data: bytes, findings: Findings, member: str = "", start: int = 0) -> None:
    """State what a configuration in JSON names and holds; `start` is the offset of its text.

    Raises:
        FormatError: It cannot be parsed.
    """
    root = parse_json(data)
    statements = Statements(findings, data, start, member)
    layers: dict[int, str] = {}
    for count, found in enumerate(objects_of(root)):
        if count >= _MOST_OBJECTS:
            detail = f"the configuration has more than {_MOST_OBJECTS:,} objects"
            findings.add_incomplete(Cause.LIMIT, detail, start, member)
            return
        name = found.get("class_name")
        if name == _CODE:
            _state_code(statements, layers.get(id(found), "an object"), _CODE)
        elif isinstance(name, str):
            _state_object(found, name, statements)
            if name.rpartition(">")[2] == _LAMBDA:
                _state_lambda(found, statements, layers)
        _state_dumped_code(found, layers, statements)
        _state_paths(found, statements)


def _state_code(statements: Statements, holder: str, words: str) -> None:
    statements.add(HazardKind.LAMBDA_LAYER, f"{holder} holds marshalled Python code", words)


def _state_lambda(layer: Mapping[str, object], statements: Statements, layers: dict[int, str]) -> None:
    config = layer.get("config")
    if not isinstance(config, dict):
        return
    holder = f"the Lambda layer {config.get('name')!r}"
    layers[id(config)] = holder
    named = config.get("function")
    if isinstance(named, dict) and named.get("class_name") == "function":
        detail = f"{holder} calls a function by its name, {_text(named.get('config'))!r}, which is not in the file"
        statements.add(HazardKind.LAMBDA_LAYER, detail, _LAMBDA)
    for value in config.values():
        if isinstance(value, dict):
            layers[id(value)] = holder
        elif isinstance(value, list) and _is_dump(value):
            _state_code(statements, holder, _LAMBDA)
    function = config.get("function")
    if isinstance(function, str) and config.get("function_type") != "lambda":
        module = config.get("module")
        statements.add(HazardKind.FOREIGN_OBJECT, f"{module if isinstance(module, str) else ''}:{function}", function)


def _is_dump(value: list[object]) -> bool:
    """Whether a list is what `func_dump` makes of a function: its code, its defaults and its closure."""
    return (
        len(value) == 3
        and isinstance(value[0], str)
        and all(item is None or isinstance(item, list) for item in value[1:])
    )


def _state_dumped_code(found: Mapping[str, object], layers: Mapping[int, str], statements: Statements) -> None:
    if any(key.endswith("_type") and value == "lambda" for key, value in found.items()):
        _state_code(statements, layers.get(id(found), "an object"), "lambda")


def _state_object(found: Mapping[str, object], name: str, statements: Statements) -> None:
    module = found.get("module")
    if name == "function":
        name = _text(found.get("config"))
    elif name == _TYPE_SPEC:
        name = _text(found.get("spec_name"))
    elif name.startswith("__"):
        return
    if isinstance(module, str) and module:
        if not _is_building_block(module, name):
            statements.add(HazardKind.FOREIGN_OBJECT, f"{module}:{name}", module)
    elif name in _LOADING:
        statements.add(HazardKind.FOREIGN_OBJECT, f"keras.layers:{name}", name)
    else:
        _state_registered(found, name, statements)


def _state_registered(found: Mapping[str, object], name: str, statements: Statements) -> None:
    """State a class without a module that is not Keras' own, by the name that it is registered under."""
    registered = found.get("registered_name")
    if isinstance(registered, str) and ">" in registered:
        statements.add(HazardKind.FOREIGN_OBJECT, registered, registered)
    elif ">" in name:
        statements.add(HazardKind.FOREIGN_OBJECT, name, name)
    elif name and "module" in found and "registered_name" in found:
        # What Keras writes for a class of the script that saved the model.
        statements.add(HazardKind.FOREIGN_OBJECT, f"__main__:{name}", name)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_building_block(module: str, name: str) -> bool:
    match = _KERAS.match(module)
    if match is None or name in _LOADING:
        return False
    family = module[match.end() :].partition(".")[0]
    return family in _BUILDING and name.isidentifier() and (name[:1].isupper() or family not in {"", "models"})


def _state_paths(found: Mapping[str, object], statements: Statements) -> None:
    for key in _PATHS:
        value = found.get(key)
        if isinstance(value, str) and escapes(value):
            statements.add(HazardKind.EXTERNAL_PATH, value)
