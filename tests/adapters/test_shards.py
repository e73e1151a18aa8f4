"""Shard indexes: the files that they name, and what they say of the tensors in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from trees import plant

from artifact_lint.adapters import shards
from artifact_lint.adapters.reading import Reading
from artifact_lint.adapters.shards import index_names, read_shards
from artifact_lint.document import FlatNode

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_lint.model import Record

FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


def read(root: Path, index: object, name: str = "model.safetensors.index.json") -> Record:
    return read_shards(Reading(plant(root, {name: json.dumps(index)})), "")


def test_each_shard_is_mentioned_once_and_each_tensor_has_its_place(tmp_path: Path) -> None:
    weight_map = {"a": FIRST, "b": SECOND, "c": FIRST}
    record = read(tmp_path, {"metadata": {"total_size": 12}, "weight_map": weight_map})
    assert [mention.path for mention in record.mentions] == [FIRST, SECOND]
    (index,) = record.shard_indexes
    assert dict(index.shards) == weight_map
    assert index.total_size is not None
    assert (index.total_size.value, index.total_size.origin.pointer) == (12, "/metadata/total_size")
    assert index.place_of("b").pointer == "/weight_map/b"


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors.index.json",
        "adapter_model.safetensors.index.json",
        "diffusion_pytorch_model.safetensors.index.fp16.json",
        "pytorch_model.bin.index.json",
        "tf_model.h5.index.json",
        "flax_model.msgpack.index.json",
    ],
)
def test_indexes_are_known_by_their_names(name: str) -> None:
    assert index_names([name, "config.json", "index.json", "model_index.json"]) == [name]


@pytest.mark.parametrize(
    ("stated", "total"), [(12, 12), (41.25, 41.25), (True, None), ("12", None), (None, None), ([], None)]
)
def test_a_total_that_is_no_number_is_none(tmp_path: Path, stated: object, total: object) -> None:
    (index,) = read(tmp_path, {"metadata": {"total_size": stated}, "weight_map": {"a": FIRST}}).shard_indexes
    assert (index.total_size.value if index.total_size else None) == total


@pytest.mark.parametrize("index", [[], {}, {"weight_map": 3}, {"weight_map": {"a": None, "b": ["x"]}}, "text"])
def test_what_is_no_index_names_no_shard(tmp_path: Path, index: object) -> None:
    assert read(tmp_path, index).mentions == ()


def test_an_index_of_more_shards_than_are_taken_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "MOST_SHARDS", 2)
    record = read(tmp_path, {"weight_map": {name: f"{name}.safetensors" for name in "abc"}})
    assert [mention.path for mention in record.mentions] == ["a.safetensors", "b.safetensors"]
    assert record.shard_indexes[0].is_cut


def test_an_index_of_a_hundred_thousand_tensors_is_read_without_a_node_for_each(tmp_path: Path) -> None:
    weight_map = {f"model.layers.{number}.weight": (FIRST, SECOND)[number % 2] for number in range(100_000)}
    text = json.dumps({"metadata": {"total_size": 12}, "weight_map": weight_map}, indent=2)
    tree = plant(tmp_path, {"model.safetensors.index.json": text})
    record = read_shards(Reading(tree), "")
    document = tree.known_document("model.safetensors.index.json")
    assert document is not None
    assert isinstance(document.root.get("weight_map"), FlatNode)
    (index,) = record.shard_indexes
    assert dict(index.shards) == weight_map
    assert [mention.origin.line for mention in record.mentions] == [6, 7]
    assert (index.place_of("model.layers.99999.weight").line, index.is_cut) == (100_005, False)


@pytest.mark.parametrize(
    "entries",
    [
        f'"a": "{FIRST}", "a": "{SECOND}"',
        f'"a": "{FIRST}", "\\u0062": "{SECOND}"',
        f'"a": "{FIRST}", "b": 1',
        f'"a": "{FIRST}", "b": ["{SECOND}"]',
        "",
    ],
)
def test_an_index_in_another_form_is_told_as_ever(tmp_path: Path, entries: str) -> None:
    text = f'{{"weight_map": {{{entries}}}}}'
    reading = Reading(plant(tmp_path, {"model.safetensors.index.json": text}))
    record = read_shards(reading, "")
    expected = {key: value for key, value in json.loads(text)["weight_map"].items() if not isinstance(value, list)}
    assert dict(record.shard_indexes[0].shards) == {key: str(value) for key, value in expected.items()}
    assert bool(reading.remarks) == (entries.count('"a"') > 1)


@pytest.mark.parametrize(
    ("entry", "reason"), [('"t%d":"a"', "more than 400,000 entries"), ('"t%d":"\\n"', "more than 250,000 values")]
)
def test_an_index_of_more_entries_than_any_model_has_is_remarked_upon(tmp_path: Path, entry: str, reason: str) -> None:
    entries = ",".join(entry % number for number in range(400_001))
    text = f'{{"weight_map":{{{entries}}}}}'
    reading = Reading(plant(tmp_path, {"model.safetensors.index.json": text}))
    assert not read_shards(reading, "").shard_indexes
    assert [remark.message for remark in reading.remarks] == [reason]
