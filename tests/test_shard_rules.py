"""Shard indexes held against shards that the real libraries wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import load, save

from artifact_lint.engine import Request, lint
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings, override

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifact_lint.model import Finding

INDEX = "model.safetensors.index.json"
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two shards and their index, as `save_pretrained` writes them."""
    weight_map: dict[str, str] = {}
    for number, shard in enumerate(SHARDS):
        tensors = {f"layers.{number}.{name}": np.zeros((4, 8), "float16") for name in ("q", "k", "v")}
        (tmp_path / shard).write_bytes(save(tensors, metadata={"format": "pt"}))
        weight_map |= dict.fromkeys(sorted(tensors), shard)
    index = {"metadata": {"total_size": 6 * 64}, "weight_map": weight_map}
    (tmp_path / INDEX).write_text(json.dumps(index, indent=2))
    (tmp_path / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}')
    return tmp_path


def findings(model: Path) -> list[Finding]:
    settings = override(Settings(), all_rules(), select=("SUM105", "SUM108", "SUM109"))
    report = lint([str(model)], Request(settings))
    assert report.artifacts
    assert not report.failures
    return list(report.findings)


def said(model: Path) -> list[str]:
    return [f"{found.severity.value} {found.code} {found.message}" for found in findings(model)]


def change_index(model: Path, change: Callable[[dict[str, str]], object], total: int | None = None) -> None:
    index = json.loads((model / INDEX).read_text())
    change(index["weight_map"])
    if total is not None:
        index["metadata"]["total_size"] = total
    (model / INDEX).write_text(json.dumps(index))


def change_shard(model: Path, number: int, change: Callable[[dict[str, np.ndarray]], object]) -> None:
    tensors = load((model / SHARDS[number]).read_bytes())
    change(tensors)
    (model / SHARDS[number]).write_bytes(save(tensors, metadata={"format": "pt"}))


def test_what_a_library_wrote_agrees(model: Path) -> None:
    assert said(model) == []


def test_a_lost_tensor_is_told_once_with_its_place_in_the_index(model: Path) -> None:
    change_shard(model, 0, lambda tensors: tensors.pop("layers.0.k"))
    (lost,) = findings(model)
    assert lost.message == f"layers.0.k is not in {SHARDS[0]}"
    assert lost.origin.pointer == "/weight_map/layers.0.k"


def test_a_renamed_tensor_is_lost_under_one_name_and_strange_under_the_other(model: Path) -> None:
    change_shard(model, 0, lambda tensors: tensors.update(other=tensors.pop("layers.0.k")))
    assert sorted(said(model)) == [
        f"error SUM109 layers.0.k is not in {SHARDS[0]}",
        f"warning SUM109 {INDEX} does not name other of {SHARDS[0]}",
    ]


def test_swapped_shards_are_told(model: Path) -> None:
    first, second = ((model / shard).read_bytes() for shard in SHARDS)
    (model / SHARDS[0]).write_bytes(second)
    (model / SHARDS[1]).write_bytes(first)
    assert said(model) == [
        f"error SUM109 layers.0.k is not in {SHARDS[0]}, but in {SHARDS[1]} (and 5 more tensors)",
    ]


def test_a_shard_of_another_dtype_is_a_warning(model: Path) -> None:
    def widen(tensors: dict[str, np.ndarray]) -> None:
        tensors.update({name: tensor.astype("float32") for name, tensor in tensors.items()})

    change_shard(model, 1, widen)
    assert said(model) == ["warning SUM105 the tensors of all shards have 576 bytes together, not 384"]


def test_a_shard_that_is_left_from_before_is_told(model: Path) -> None:
    old = "model-00003-of-00003.safetensors"
    (model / old).write_bytes((model / SHARDS[1]).read_bytes())
    assert said(model) == [f"error SUM109 {INDEX} does not name the shard {old}"]


def test_weights_beside_the_shards_under_another_name_are_no_shard(model: Path) -> None:
    (model / "consolidated.safetensors").write_bytes((model / SHARDS[1]).read_bytes())
    assert said(model) == []


def test_shards_that_are_elsewhere_are_not_compared(model: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'7c' * 32}\nsize 400\n"
    for shard in SHARDS:
        (model / shard).write_text(pointer)
    assert said(model) == []


def test_the_total_is_not_compared_while_one_shard_is_elsewhere(model: Path) -> None:
    (model / SHARDS[0]).write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'7c' * 32}\nsize 400\n")
    change_index(model, len, total=7)
    assert said(model) == []


def test_shared_tensors_may_be_named_and_counted_or_not(model: Path) -> None:
    weights = load((model / SHARDS[0]).read_bytes())
    (model / SHARDS[0]).write_bytes(save(weights, metadata={"format": "pt", "lm_head.weight": "layers.0.q"}))
    for total in (384, 384 + 64):
        change_index(model, lambda weight_map: weight_map.update({"lm_head.weight": SHARDS[0]}), total)
        assert said(model) == []


def test_a_shard_whose_tensors_nobody_can_tell_is_a_note(model: Path) -> None:
    import joblib

    name = "pytorch_model.bin"
    joblib.dump({"a": np.zeros(3)}, model / name)
    (model / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": {"a": name}}))
    assert said(model) == [
        f"note SUM109 pytorch_model.bin.index.json was not compared with the tensors of {name}",
    ]


def test_more_tensors_than_are_kept_make_no_total(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artifact_lint.formats.findings.MOST_TENSORS", 2)
    change_index(model, len, total=7)
    assert said(model) == []
