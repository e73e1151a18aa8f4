"""The files of the rule cases about code outside of pickles, put together byte by byte; nothing in them does harm."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from typing import TYPE_CHECKING

from hostile import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_UNDEFINED = b"\xff" * 8
_DENSE = {
    "module": "keras.layers",
    "class_name": "Dense",
    "config": {"name": "dense", "units": 1},
    "registered_name": None,
}
#: The first bytes of a marshalled code object, as `func_dump` encodes them; there is no code behind them.
_CODE = "4wEAAAAAAAAA"


def archive(members: Mapping[str, bytes]) -> bytes:
    """A zip archive whose members have no date."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as written:
        for name, content in members.items():
            written.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def keras(*layers: Mapping[str, object]) -> bytes:
    """The members that Keras 3 writes, without weights."""
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "churn", "layers": [*layers, _DENSE]}}
    members = {"metadata.json": {"keras_version": "3.8.0"}, "config.json": config}
    return archive({name: json.dumps(content).encode() for name, content in members.items()})


def _layer(
    module_name: str | None, class_name: str, registered: str | None = None, **config: object
) -> dict[str, object]:
    return {"module": module_name, "class_name": class_name, "config": config, "registered_name": registered}


def _function(module: str, name: str) -> dict[str, object]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def hdf5(configuration: object) -> bytes:
    """An HDF5 file of version 0 whose root group has a Keras 2 configuration as its only attribute."""
    text = json.dumps(configuration).encode()
    name = b"model_config\0".ljust(16, b"\0")
    string = b"\x13\0\0\0" + struct.pack("<I", len(text))
    scalar = b"\x01\0\0\0\0\0\0\0"
    message = struct.pack("<BBHHH", 1, 0, 13, len(string), len(scalar)) + name + string + scalar + text
    message += bytes(-len(message) % 8)
    header = (
        struct.pack("<BBHII4x", 1, 0, 1, 1, 8 + len(message)) + struct.pack("<HHB3x", 12, len(message), 0) + message
    )
    begin = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
    end = struct.pack("<Q", 96 + len(header))
    return begin + bytes(8) + _UNDEFINED + end + _UNDEFINED + struct.pack("<QQI4x16x", 0, 96, 0) + header


def field(number: int, value: bytes | int) -> bytes:
    """A protobuf field: a number, or bytes with their length."""
    return messages.number(number, value) if isinstance(value, int) else messages.chunk(number, value)


def saved_model(*operators: bytes) -> bytes:
    """A SavedModel with one graph of these operators."""
    nodes = b"".join(field(1, field(1, b"node") + field(2, operator)) for operator in operators)
    return field(1, 1) + field(2, field(1, field(5, b"2.21.0")) + field(2, nodes))


def onnx(*nodes: bytes, location: bytes = b"", functions: bytes = b"") -> bytes:
    """An ONNX model with these nodes, and a weight whose bytes lie at a location."""
    graph = b"".join(field(1, node) for node in nodes) + field(2, b"churn")
    if location:
        entry = field(1, b"location") + field(2, location)
        graph += field(5, field(1, 2) + field(2, 1) + field(8, b"weight") + field(13, entry) + field(14, 1))
    return field(1, 10) + field(7, graph) + functions + field(8, field(2, 17))


def _node(operator: bytes, domain: bytes = b"") -> bytes:
    return field(1, b"x") + field(2, b"y") + field(4, operator) + (field(7, domain) if domain else b"")


def skops(content: object) -> bytes:
    """A skops file of a Pipeline with one step."""
    schema = {
        "__class__": "Pipeline",
        "__module__": "sklearn.pipeline",
        "__loader__": "ObjectNode",
        "content": {
            "__class__": "dict",
            "__module__": "builtins",
            "__loader__": "DictNode",
            "content": {"step": content},
        },
        "protocol": 2,
        "_skops_version": "0.13.0",
    }
    return archive({"schema.json": json.dumps(schema).encode()})


def _type(module: str, name: str, loader: str = "ObjectNode") -> dict[str, object]:
    return {"__class__": name, "__module__": module, "__loader__": loader}


def pmml(definition: str = "", encoding: str = "utf-8") -> bytes:
    """An empty PMML document."""
    head = f'<?xml version="1.0" encoding="{encoding}"?>\n{definition}'
    return f'{head}<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/></PMML>\n'.encode(encoding)


def torchscript(code: str) -> bytes:
    """The members of a TorchScript archive with one method."""
    state = b"\x80\x02ccollections\nOrderedDict\n)R."
    source = (
        f"class Net(Module):\n  def forward(self: __torch__.Net,\n    x: Tensor) -> Tensor:\n    {code}\n    return x\n"
    )
    return archive(
        {
            "churn/data.pkl": state,
            "churn/code/__torch__.py": source.encode(),
            "churn/constants.pkl": b"\x80\x02).",
            "churn/version": b"3\n",
        }
    )


_ENTITY = '<!DOCTYPE PMML [<!ENTITY motd SYSTEM "file:///etc/motd">]>\n'

#: What each file holds, by its path below tests/rules.
EXECUTION: dict[str, Callable[[], bytes]] = {
    "SEC101/bad-keras/churn.keras": lambda: keras(
        _layer(
            "keras.layers",
            "Lambda",
            name="ratio",
            function={"class_name": "__lambda__", "config": {"code": _CODE, "defaults": None, "closure": None}},
        )
    ),
    "SEC101/bad-hdf5/churn.h5": lambda: hdf5(
        {
            "class_name": "Sequential",
            "config": {
                "name": "churn",
                "layers": [
                    {
                        "class_name": "Lambda",
                        "config": {"name": "ratio", "function": [_CODE, None, None], "function_type": "lambda"},
                    }
                ],
            },
        }
    ),
    "SEC101/good/churn.keras": keras,
    "SEC101/good-hdf5/churn.h5": lambda: hdf5({"class_name": "Sequential", "config": {"name": "churn", "layers": []}}),
    "SEC102/bad-own-layer/churn.keras": lambda: keras(_layer("churn_layers", "Ratio", "churn>Ratio", name="ratio")),
    "SEC102/bad-function/churn.keras": lambda: keras(
        _layer("keras.layers", "Lambda", name="ratio", function=_function("os", "system"))
    ),
    "SEC102/bad-download/churn.keras": lambda: keras(
        _layer("keras.layers", "Lambda", name="ratio", function=_function("keras.utils", "get_file"))
    ),
    "SEC102/bad-torch-module/churn.keras": lambda: keras(
        _layer("keras.layers", "TorchModuleWrapper", module="UEsDBA==")
    ),
    "SEC102/good/churn.keras": keras,
    "SEC102/good-allowed/churn.keras": lambda: keras(_layer("churn_layers", "Ratio", "churn>Ratio", name="ratio")),
    "SEC103/bad-python/churn/saved_model.pb": lambda: saved_model(b"Const", b"EagerPyFunc", b"PyFunc", b"SaveV2"),
    "SEC103/bad-files/churn/saved_model.pb": lambda: saved_model(b"Const", b"ReadFile", b"PrintV2"),
    "SEC103/good/churn/saved_model.pb": lambda: saved_model(b"Const", b"MatMul", b"SaveV2", b"MergeV2Checkpoints"),
    "SEC104/bad-parent/churn.onnx": lambda: onnx(_node(b"Gemm"), location=b"../../shadow"),
    "SEC104/bad-absolute/churn.onnx": lambda: onnx(_node(b"Gemm"), location=b"C:\\keys\\id_rsa"),
    "SEC104/bad-vocabulary/churn.keras": lambda: keras(
        _layer("keras.layers", "StringLookup", name="plan", vocabulary="/etc/hostname")
    ),
    "SEC104/good/churn.onnx": lambda: onnx(_node(b"Gemm"), location=b"churn.onnx.data"),
    "SEC105/bad-domain/churn.onnx": lambda: onnx(_node(b"Ratio", b"com.example"), _node(b"Clip", b"com.example")),
    "SEC105/good/churn.onnx": lambda: onnx(_node(b"Gemm"), _node(b"Gelu", b"com.microsoft")),
    "SEC105/good-function/churn.onnx": lambda: onnx(
        _node(b"Ratio", b"com.example"), functions=field(25, field(1, b"Ratio") + field(10, b"com.example"))
    ),
    "SEC109/bad-function/churn.skops": lambda: skops(_type("os", "system", "FunctionNode")),
    "SEC109/bad-own-type/churn.skops": lambda: skops(_type("churn_features", "LogTransformer")),
    "SEC109/good/churn.skops": lambda: skops(_type("sklearn.linear_model._logistic", "LogisticRegression")),
    "SEC109/good-allowed/churn.skops": lambda: skops(_type("churn_features", "LogTransformer")),
    "SEC111/bad-entity/churn.pmml": lambda: pmml(_ENTITY),
    "SEC111/bad-utf-16/churn.pmml": lambda: pmml(_ENTITY, "utf-16"),
    "SEC111/good/churn.pmml": pmml,
    "SEC112/bad-save/churn.pt": lambda: torchscript('torch.save(x, "churn.out")'),
    "SEC112/good/churn.pt": lambda: torchscript("x = torch.relu(x)"),
}
