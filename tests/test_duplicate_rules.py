"""One model in several formats, and PyTorch's shards beside their index: changed in one thing at a time."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto, helper
from safetensors.numpy import save
from torch_files import entries, saved, tensor

from artifact_lint.engine import Request, lint
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings, override

if TYPE_CHECKING:
    from pathlib import Path

Shapes = dict[str, tuple[int, ...]]

MODEL: Shapes = {
    "transformer.wte.weight": (50, 16),
    "transformer.h.0.attn.weight": (16, 48),
    "transformer.h.0.mlp.bias": (64,),
    "transformer.ln_f.weight": (16,),
}
CODES = ("CON132", "SUM106", "SUM109")


def in_safetensors(shapes: Shapes, dtype: str = "float32") -> bytes:
    tensors = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
    content: bytes = save(tensors, metadata={"format": "pt"})
    return content


def in_torch(shapes: Shapes, tied: dict[str, str] | None = None) -> bytes:
    keys = {name: str(index) for index, name in enumerate(shapes)}
    values = {name: tensor(shape, keys[(tied or {}).get(name, name)]) for name, shape in shapes.items()}
    return saved(entries(values), {keys[name]: 4 * math.prod(shape) for name, shape in shapes.items()})


def said(directory: Path, files: dict[str, bytes]) -> list[str]:
    (directory / "config.json").write_text('{"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2"}')
    for name, content in files.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_bytes(content)
    report = lint([str(directory)], Request(override(Settings(), all_rules(), select=CODES)))
    assert report.artifacts
    assert not report.failures
    return [f"{found.code} {found.origin.path.rpartition('/')[2]}: {found.message}" for found in report.findings]


def test_a_resized_embedding_is_told_with_both_shapes(tmp_path: Path) -> None:
    resized = MODEL | {"transformer.wte.weight": (51, 16)}
    files = {"model.safetensors": in_safetensors(MODEL), "pytorch_model.bin": in_torch(resized)}
    shapes = "[50, 16] in model.safetensors and [51, 16] in pytorch_model.bin"
    assert said(tmp_path, files) == [f"CON132 pytorch_model.bin: transformer.wte.weight is {shapes}"]


@pytest.mark.parametrize("name", list(MODEL))
def test_a_tensor_that_one_format_lacks_is_told(tmp_path: Path, name: str) -> None:
    fewer = {key: shape for key, shape in MODEL.items() if key != name}
    files = {"model.safetensors": in_safetensors(fewer), "pytorch_model.bin": in_torch(MODEL)}
    assert said(tmp_path, files) == [
        f"CON132 pytorch_model.bin: model.safetensors has no {name}, which pytorch_model.bin holds"
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (MODEL, MODEL),
        (MODEL, MODEL | {"transformer.h.0.attn.masked_bias": (1,)}),
        (MODEL, MODEL | {"lm_head.weight": (50, 16)}),
        (MODEL | {"lm_head.weight": (50, 16)}, MODEL),
        (MODEL, {name.removeprefix("transformer."): shape for name, shape in MODEL.items()}),
        (MODEL, {f"module.{name}": shape for name, shape in MODEL.items()}),
        ({"ln.weight": (2,), "ln.bias": (2,)}, {"ln.gamma": (2,), "ln.beta": (2,)}),
        (MODEL, {name: shape for name, shape in MODEL.items() if "attn" not in name} | {"h.0.qkv": (3, 256)}),
    ],
)
def test_what_formats_and_releases_differ_in_is_no_difference(tmp_path: Path, first: Shapes, second: Shapes) -> None:
    assert not said(tmp_path, {"model.safetensors": in_safetensors(first), "pytorch_model.bin": in_torch(second)})


def test_a_layer_that_shares_the_storage_of_another_may_be_left_out(tmp_path: Path) -> None:
    name = "transformer.h.1.attn.weight"
    tied = in_torch(MODEL | {name: (16, 48)}, {name: "transformer.h.0.attn.weight"})
    assert not said(tmp_path, {"model.safetensors": in_safetensors(MODEL), "pytorch_model.bin": tied})


@pytest.mark.parametrize(
    "other",
    ["pytorch_model.fp16.bin", "model_quantized.bin", "consolidated.00.bin", "q4/pytorch_model.bin", "ema.bin"],
)
def test_other_models_and_variants_are_not_compared(tmp_path: Path, other: str) -> None:
    assert not said(tmp_path, {"model.safetensors": in_safetensors(MODEL), other: in_torch({"x": (3,)})})


def test_a_quantized_model_is_not_compared_with_another(tmp_path: Path) -> None:
    packed = {"transformer.h.0.attn.weight": (384, 1), "transformer.h.0.attn.weight.absmax": (6,)}
    files = {"model.safetensors": in_safetensors(packed, "uint8"), "pytorch_model.bin": in_torch(MODEL)}
    assert not said(tmp_path, files)


@pytest.mark.parametrize(("shape", "count"), [((50, 16), 0), ((16, 50), 0), ((51, 16), 1)])
def test_of_a_graph_the_tensors_of_the_same_name_are_compared(
    tmp_path: Path, shape: tuple[int, int], count: int
) -> None:
    weight = helper.make_tensor("wte.weight", TensorProto.FLOAT, shape, [0.0] * math.prod(shape))
    nodes = [helper.make_node("Gather", ["wte.weight", "ids"], ["hidden"])]
    ends = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"])]
    results = [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, None)]
    graph = helper.make_model(helper.make_graph(nodes, "g", ends, results, [weight]))
    held: Shapes = {"wte.weight": (50, 16), "head.bias": (50,)}
    files = {"model.safetensors": in_safetensors(held), "onnx/model.onnx": graph.SerializeToString()}
    assert len(said(tmp_path, files)) == count


def test_shards_are_compared_together_and_only_if_all_are_there(tmp_path: Path) -> None:
    first, second = dict(list(MODEL.items())[:2]), dict(list(MODEL.items())[2:])
    index = {"weight_map": dict.fromkeys(first, "pytorch_model-00001-of-00002.bin")}
    index["weight_map"] |= dict.fromkeys(second, "pytorch_model-00002-of-00002.bin")
    files = {
        "model.safetensors": in_safetensors(MODEL),
        "pytorch_model-00001-of-00002.bin": in_torch(first),
        "pytorch_model-00002-of-00002.bin": in_torch(second),
        "pytorch_model.bin.index.json": json.dumps(index).encode(),
    }
    assert not said(tmp_path, files)
    (tmp_path / "pytorch_model-00002-of-00002.bin").unlink()
    assert not [line for line in said(tmp_path, {}) if line.startswith("CON132")]


def test_shards_of_more_tensors_than_a_first_look_keeps_are_compared_with_their_index(tmp_path: Path) -> None:
    held: Shapes = {f"layers.{index}.weight": (1,) for index in range(700)}
    named = dict.fromkeys([*held, "layers.700.weight"], "pytorch_model-00001-of-00001.bin")
    files = {
        "pytorch_model-00001-of-00001.bin": in_torch(held),
        "pytorch_model.bin.index.json": json.dumps({"weight_map": named}).encode(),
    }
    assert said(tmp_path, files) == [
        "SUM109 pytorch_model.bin.index.json: layers.700.weight is not in pytorch_model-00001-of-00001.bin"
    ]


def test_a_storage_that_is_shorter_than_its_tensor_is_cut(tmp_path: Path) -> None:
    content = saved(entries({"weight": tensor([4])}), {"0": 12})
    lines = said(tmp_path, {"pytorch_model.bin": content})
    assert len(lines) == 1
    assert lines[0].endswith("pytorch_model.bin is cut short: the storage 0 of 'weight' has 12 of its 16 bytes")
