"""Keras: Lambda layers, foreign modules and registered names, in .keras archives and in HDF5."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.cases import DANGEROUS, bad
from hostile.containers import DEFLATED, plain_zip
from hostile.hdf5 import with_attributes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hostile.cases import Bad

_LAMBDA = "SEC101"
_KERAS_FOREIGN = "SEC102"

_Json = object

#: What Keras 2 writes for the code of a lambda; the bytes mean nothing.
_CODE = base64.b64encode(b"\xe3" + bytes(60)).decode()


def cases() -> Iterator[Bad]:
    """Archives first, then HDF5."""
    yield from _keras()
    yield from _hdf5()


def _json(value: _Json) -> bytes:
    return json.dumps(value).encode()


def _sequential(*layers: _Json, **more: _Json) -> dict[str, _Json]:
    config = {"name": "sequential", "layers": list(layers)}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None, **more}


_DENSE = {
    "module": "keras.layers",
    "class_name": "Dense",
    "config": {"name": "dense", "units": 1},
    "registered_name": None,
}
_LAMBDA_LAYER = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "config": {
        "name": "lambda",
        "function": {"class_name": "__lambda__", "config": {"code": _CODE, "defaults": None, "closure": None}},
    },
    "registered_name": None,
}


def _foreign(module: str, name: str, /, **config: _Json) -> dict[str, _Json]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def _function(module: str, name: str) -> dict[str, _Json]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def _keras() -> Iterator[Bad]:
    family = "keras"
    lambda_3 = dict(
        _LAMBDA_LAYER,
        config={
            "name": "l",
            "function": {"module": "builtins", "class_name": "function", "config": "f", "registered_name": "function"},
        },
    )
    dense = _DENSE["config"]
    assert isinstance(dense, dict)
    wrapped = _foreign("keras.layers", "TimeDistributed", layer=_LAMBDA_LAYER)
    configurations: dict[str, tuple[str, dict[str, _Json], tuple[str, ...]]] = {
        "lambda": ("a Lambda layer with marshalled code", _sequential(_DENSE, _LAMBDA_LAYER), (_LAMBDA,)),
        "lambda-named": ("a Lambda layer that names a function", _sequential(_DENSE, lambda_3), (_LAMBDA,)),
        "lambda-legacy": (
            "a Lambda layer as Keras 2 wrote it",
            _sequential(
                {"class_name": "Lambda", "config": {"function": [_CODE, None, None], "function_type": "lambda"}}
            ),
            (_LAMBDA,),
        ),
        "lambda-wrapped": ("a Lambda layer within TimeDistributed", _sequential(wrapped), (_LAMBDA,)),
        "lambda-nested-model": (
            "a Lambda layer in a model within the model",
            _sequential(_sequential(_LAMBDA_LAYER)),
            (_LAMBDA,),
        ),
        "lambda-functional": (
            "a Lambda layer in a functional model",
            {
                "module": "keras.src.models.functional",
                "class_name": "Functional",
                "config": {"layers": [_DENSE, _LAMBDA_LAYER]},
            },
            (_LAMBDA,),
        ),
        "lambda-module": (
            "Lambda by its private module",
            _sequential(dict(_LAMBDA_LAYER, module="keras.src.layers.core.lambda_layer")),
            (_LAMBDA,),
        ),
        "lambda-registered": (
            "Lambda under a registered name",
            _sequential(dict(_LAMBDA_LAYER, class_name="Custom", registered_name="keras>Lambda")),
            (_LAMBDA, _KERAS_FOREIGN),
        ),
        "lambda-initializer": (
            "marshalled code for an initializer",
            _sequential(
                dict(
                    _DENSE,
                    config=dense | {"kernel_initializer": {"class_name": "__lambda__", "config": {"code": _CODE}}},
                )
            ),
            (_LAMBDA,),
        ),
        "foreign-os": (
            "a function of os for an activation",
            _sequential(dict(_DENSE, config=dense | {"activation": _function("os", "system")})),
            (_KERAS_FOREIGN,),
        ),
        "foreign-builtins": (
            "builtins.eval for an activation",
            _sequential(dict(_DENSE, config=dense | {"activation": _function("builtins", "eval")})),
            (_KERAS_FOREIGN,),
        ),
        "foreign-subprocess": (
            "subprocess.Popen for a layer",
            _sequential(_foreign("subprocess", "Popen", args="echo artifact-lint")),
            (_KERAS_FOREIGN,),
        ),
        "foreign-compile": (
            "a loss out of pickle",
            _sequential(_DENSE, compile_config={"loss": _function("pickle", "loads")}),
            (_KERAS_FOREIGN,),
        ),
        "foreign-root": (
            "the model itself is of another module",
            {"module": "shutil", "class_name": "rmtree", "config": {"path": "artifact-lint"}},
            (_KERAS_FOREIGN,),
        ),
        "foreign-private": (
            "a private function of Keras that runs code",
            _sequential(
                dict(_DENSE, config=dense | {"activation": _function("keras.src.utils.python_utils", "func_load")})
            ),
            (_KERAS_FOREIGN, _LAMBDA),
        ),
        "foreign-get-file": (
            "keras.utils.get_file, which downloads",
            _sequential(_foreign("keras.utils", "get_file", origin="http://localhost:9/")),
            (_KERAS_FOREIGN,),
        ),
        "torch-module-wrapper": (
            "a torch module, which Keras unpickles",
            _sequential(
                _foreign("keras.layers", "TorchModuleWrapper", module=base64.b64encode(a.shell_pickle()).decode())
            ),
            (_KERAS_FOREIGN, _LAMBDA, DANGEROUS),
        ),
    }
    for slug, (why, config, expected) in configurations.items():
        yield bad(family, slug, why, _keras_zip({"config.json": _json(config)}), *expected, file="model.keras")
    lambda_config = _json(_sequential(_LAMBDA_LAYER))
    yield bad(
        family,
        "deflated",
        "a Lambda layer in a compressed member",
        _keras_zip({"config.json": lambda_config}, DEFLATED),
        _LAMBDA,
        file="model.keras",
    )
    yield bad(
        family,
        "renamed",
        "the same archive without a telling name",
        _keras_zip({"config.json": lambda_config}),
        _LAMBDA,
        file="model.bin",
    )
    escaped = lambda_config.replace(b'"Lambda"', b'"\\u004cambda"')
    yield bad(
        family,
        "escaped",
        "Lambda spelled with an escape",
        _keras_zip({"config.json": escaped}),
        _LAMBDA,
        file="model.keras",
    )
    marked = lambda_config.decode().encode("utf-8-sig")
    yield bad(
        family,
        "byte-order-mark",
        "a byte-order mark in front of the JSON",
        _keras_zip({"config.json": marked}),
        _LAMBDA,
        "PKL141",
        file="model.keras",
    )
    doubled = lambda_config.replace(b'"class_name": "Lambda"', b'"class_name": "Dense", "class_name": "Lambda"')
    yield bad(
        family,
        "duplicate-key",
        "a key twice: the last one counts",
        _keras_zip({"config.json": doubled}),
        _LAMBDA,
        file="model.keras",
    )
    broken = lambda_config[:-9]
    yield bad(
        family,
        "broken-json",
        "JSON that breaks off",
        _keras_zip({"config.json": broken}),
        _LAMBDA,
        "PKL141",
        file="model.keras",
    )
    inner = {
        "config.json": _json(_sequential(_DENSE)),
        "model.weights.h5": _attribute_file(_json(_sequential(_LAMBDA_LAYER))),
    }
    yield bad(
        family,
        "inner-hdf5",
        "a Lambda layer in the weights' own attribute",
        _keras_zip(inner),
        _LAMBDA,
        file="model.keras",
    )


def _keras_zip(members: Mapping[str, bytes], method: int = 0) -> bytes:
    metadata = _json({"keras_version": "3.5.0", "date_saved": "2026-01-01@00:00:00"})
    return plain_zip({"metadata.json": metadata} | dict(members), method)


def _attribute_file(config: bytes) -> bytes:
    return with_attributes({"keras_version": b"2.15.0", "backend": b"tensorflow", "model_config": config})


def _hdf5() -> Iterator[Bad]:
    family = "keras-hdf5"
    legacy = {
        "class_name": "Lambda",
        "config": {"name": "lambda", "function": [_CODE, None, None], "function_type": "lambda"},
    }
    old = {"class_name": "Sequential", "config": {"name": "s", "layers": [legacy]}}
    yield bad(
        family,
        "lambda",
        "a Lambda layer in the model's attribute",
        _attribute_file(_json(old)),
        _LAMBDA,
        file="model.h5",
    )
    modern = _json(_sequential(_DENSE, _LAMBDA_LAYER))
    yield bad(
        family, "lambda-keras-3", "the same as Keras 3 writes it", _attribute_file(modern), _LAMBDA, file="model.h5"
    )
    yield bad(family, "hdf5-suffix", "the same named .hdf5", _attribute_file(_json(old)), _LAMBDA, file="model.hdf5")
    yield bad(family, "no-suffix", "the same without a suffix", _attribute_file(_json(old)), _LAMBDA, file="model")
    spaced = json.dumps(old, indent=1).replace('"class_name": "Lambda"', '"class_name"\n:\t"Lambda"').encode()
    yield bad(family, "spaced", "white space around the colon", _attribute_file(spaced), _LAMBDA, file="model.h5")
    escaped = _json(old).replace(b'"Lambda"', b'"\\u004c\\u0061mbda"')
    yield bad(family, "escaped", "Lambda spelled with escapes", _attribute_file(escaped), _LAMBDA, file="model.h5")
    foreign = _json({"class_name": "Sequential", "config": {"layers": [_foreign("subprocess", "Popen", args="echo")]}})
    yield bad(family, "foreign", "a layer of another module", _attribute_file(foreign), _KERAS_FOREIGN, file="model.h5")
    block = bytes(512) + _attribute_file(_json(old))
    yield bad(family, "user-block", "behind a user block of 512 bytes", block, _LAMBDA, "PKL141", file="model.h5")
