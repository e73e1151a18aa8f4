from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import mutated
from weight_files import look, zipped

from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from artifact_lint.model import Inspection

CODE = {"class_name": "__lambda__", "config": {"code": "4wEAAAAA", "defaults": None, "closure": None}}


def layer(module: str | None, class_name: str, registered: str | None = None, /, **config: object) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered}


def model(*layers: object, **more: object) -> dict[str, Any]:
    return {"module": "keras", "class_name": "Sequential", "config": {"layers": list(layers)}, **more}


def keras(config: object, name: str = "m.keras") -> Inspection:
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    return look(zipped({"metadata.json": b"{}", "config.json": text}), name)


def stated(inspection: Inspection, kind: HazardKind) -> list[str]:
    return [hazard.evidence for hazard in inspection.hazards if hazard.kind is kind]


ORDINARY = model(
    layer("keras.layers", "InputLayer", batch_shape=[None, 4], dtype="float32"),
    layer("keras.layers", "Dense", kernel_initializer=layer("keras.initializers", "GlorotUniform"), activation="relu"),
    layer("keras.src.models.functional", "Functional", layers=[layer("keras.layers", "BatchNormalization")]),
    layer("keras", "DTypePolicy", name="float32"),
    {
        "class_name": "Dense",
        "config": {"activation": {"module": "keras.activations", "class_name": "function", "config": "gelu"}},
    },
    {"class_name": "__keras_tensor__", "config": {"shape": [None, 1], "keras_history": ["age", 0, 0]}},
    layer("keras.layers", "StringLookup", vocabulary=["a", "b"]),
    compile_config={"optimizer": layer("keras.optimizers", "Adam"), "loss": layer("keras.losses", "Huber")},
)


def test_an_ordinary_model_states_nothing() -> None:
    inspection = keras(ORDINARY)
    assert (inspection.format, inspection.hazards, inspection.incomplete) == ("keras", (), ())


def test_the_code_of_a_lambda_layer_is_found_where_it_stands() -> None:
    config = model(layer("keras.layers", "Lambda", name="ratio", function=CODE))
    (hazard,) = keras(config).hazards
    assert (hazard.kind, hazard.member) == (HazardKind.LAMBDA_LAYER, "config.json")
    assert hazard.evidence == "the Lambda layer 'ratio' holds marshalled Python code"
    assert json.dumps(config)[hazard.offset :].startswith('"__lambda__"')


@pytest.mark.parametrize(
    "held",
    [
        layer(None, "Lambda", function=["4wEAAAAA", None, None], function_type="lambda"),
        layer(None, "Lambda", function=["4wEAAAAA", None, None]),
        layer("keras.layers", "Lambda", "my>Lambda", output_shape=["4wEAAAAA", None, []], function="f"),
        layer("keras.layers", "Dense", activation=CODE),
        {"anything": {"mask_type": "lambda"}},
        model(layer("keras.models", "Model", layers=[layer("keras.layers", "Lambda", function=CODE)])),
    ],
)
def test_code_is_found_however_it_is_held(held: object) -> None:
    assert stated(keras(model(held)), HazardKind.LAMBDA_LAYER)


def test_escapes_in_the_text_hide_nothing() -> None:
    text = json.dumps(model(layer("os", "system", function=CODE)))
    for word in ("class_name", "__lambda__", "module", "config", "os"):
        text = text.replace(f'"{word}"', '"' + "".join(f"\\u{ord(letter):04x}" for letter in word) + '"')
    for encoding in ("utf-8", "utf-16", "utf-32-be"):
        inspection = keras(text.encode(encoding))
        assert {hazard.kind for hazard in inspection.hazards} == {HazardKind.LAMBDA_LAYER, HazardKind.FOREIGN_OBJECT}


@pytest.mark.parametrize(
    ("held", "name"),
    [
        (layer("os", "system"), "os:system"),
        (layer("my.layers", "Mine", "my>Mine"), "my.layers:Mine"),
        (layer(None, "Mine", "my>Mine"), "my>Mine"),
        (layer(None, "Mine", "Mine"), "__main__:Mine"),
        ({"class_name": "Custom>Mine", "config": {}}, "Custom>Mine"),
        ({"module": "builtins", "class_name": "function", "config": "eval"}, "builtins:eval"),
        ({"module": "keras.utils", "class_name": "function", "config": "get_file"}, "keras.utils:get_file"),
        ({"module": "keras.models", "class_name": "function", "config": "load_model"}, "keras.models:load_model"),
        (layer("keras.layers", "TorchModuleWrapper"), "keras.layers:TorchModuleWrapper"),
        ({"class_name": "TFSMLayer", "config": {}}, "keras.layers:TFSMLayer"),
        ({"class_name": "__typespec__", "module": "a.b", "spec_name": "Spec", "config": []}, "a.b:Spec"),
        (layer(None, "Lambda", function="ratio", module="my.code", function_type="function"), "my.code:ratio"),
    ],
)
@pytest.mark.parametrize("place", ["layers", "compile_config"])
def test_what_is_not_a_layer_of_keras_is_stated(held: object, name: str, place: str) -> None:
    config = model(held) if place == "layers" else model(compile_config={"loss": held})
    assert name in stated(keras(config), HazardKind.FOREIGN_OBJECT)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../v.txt", "a/../../v", "C:\\v", "\\\\host\\v", "https://host/v", "~/v"]
)
def test_a_vocabulary_outside_of_the_archive_is_stated(path: str) -> None:
    assert stated(keras(model(layer("keras.layers", "StringLookup", vocabulary=path))), HazardKind.EXTERNAL_PATH) == [
        path
    ]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (b"", Cause.BROKEN),
        (b"{", Cause.BROKEN),
        (b"[" * 100_000, Cause.LIMIT),
        (b"[" + b"[]," * 1_000_000 + b"1]", Cause.LIMIT),
        (json.dumps([layer(f"m{index}", "A") for index in range(600)]).encode(), Cause.LIMIT),
    ],
)
def test_a_configuration_that_cannot_be_read_is_told(text: bytes, cause: Cause) -> None:
    (gap,) = keras(text).incomplete
    assert (gap.cause, gap.member) == (cause, "config.json")


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_mutated_configurations_raise_nothing(data: st.DataObject) -> None:
    text = json.dumps(model(layer("keras.layers", "Lambda", function=CODE), layer("os", "system"))).encode()
    keras(data.draw(mutated(text)))


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.floats() | st.sampled_from(["Lambda", "function", "lambda", "a>b", "os", "/x"]),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["class_name", "module", "config", "registered_name", "function", "name", "vocabulary", "x_type"]
                ),
                inner,
            )
        ),
        max_leaves=20,
    )
)
@settings(max_examples=200, deadline=None)
def test_any_configuration_raises_nothing(value: object) -> None:
    assert not keras(json.dumps(value).encode()).incomplete
