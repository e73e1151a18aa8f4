"""Shard indexes: which of several weight files holds which tensor.

Source: `save_pretrained` of transformers 4 and diffusers 0.3x, and `split_torch_state_dict_into_shards` of
huggingface_hub 0.2x and 1: `model.safetensors.index.json`, `pytorch_model.bin.index.json`, `tf_model.h5.index.json`,
`flax_model.msgpack.index.json`, and with a variant `model.safetensors.index.fp16.json`.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from artifact_lint.adapters.reading import child
from artifact_lint.document import FlatNode, Syntax
from artifact_lint.model import Fact, Record, Role, ShardIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from artifact_lint.adapters.reading import Reading
    from artifact_lint.document import Node
    from artifact_lint.model import Mention

_INDEX: Final = r".+\.(?P<suffix>safetensors|bin|h5|msgpack)\.index(?:\.[\w-]+)?\.json"

#: The key whose value is kept without the places of its entries.
_FLAT: Final = frozenset({"weight_map"})
#: How many shards of one index are taken.
MOST_SHARDS = 10_000


def index_names(names: Iterable[str]) -> list[str]:
    """Those among the names of files that are a shard index's, sorted."""
    return sorted(name for name in names if re.fullmatch(_INDEX, name))


def read_shards(reading: Reading, directory: str) -> Record:
    """What the indexes directly in a directory state: the shards as mentions, and the places of the tensors."""
    record = Record()
    for name in index_names(reading.tree.folder(directory)):
        root = reading.document(child(directory, name), Syntax.JSON, keep_texts=False, flat=_FLAT)
        weight_map = root.get("weight_map") if root is not None else None
        if root is not None and weight_map is not None:
            record += _read_index(reading, directory, root, weight_map)
    return record


def _read_index(reading: Reading, directory: str, root: Node, weight_map: Node) -> Record:
    mentions: dict[str, Mention | None] = {}
    shards: dict[str, str] = {}
    is_cut = False
    for tensor, written, node in _places(weight_map):
        if written not in mentions:
            if len(mentions) >= MOST_SHARDS:
                is_cut = True
                break
            form = "safetensors" if written.endswith(".safetensors") else None
            mentions[written] = reading.mention(directory, node(), Role.WEIGHTS, format_name=form)
        mention = mentions[written]
        if mention is not None and mention.path is not None:
            shards[tensor] = mention.path
    found = tuple(mention for mention in mentions.values() if mention is not None)
    total_size = _total_size(root.get("metadata", "total_size"))
    index = ShardIndex(root.origin, shards, weight_map.key_origin, total_size, is_cut)
    return Record(mentions=found, shard_indexes=(index,))


def _places(weight_map: Node) -> Iterator[tuple[str, str, Callable[[], Node]]]:
    """The tensors by name, the shards as they are written, and what makes their nodes."""
    if isinstance(weight_map, FlatNode):
        for tensor, written, offset in weight_map.entries():
            yield tensor, written, partial(_node_at, weight_map, offset)
        return
    for tensor, node in weight_map.items():
        if node.text is not None:
            yield tensor, node.text, partial(_itself, node)


def _node_at(weight_map: FlatNode, offset: int) -> Node:
    return weight_map.member(offset).node


def _itself(node: Node) -> Node:
    return node


def _total_size(node: Node | None) -> Fact[int | float] | None:
    """The bytes of all tensors: a float where some of them are booleans, of which old releases counted the bits."""
    value = node.scalar if node is not None else None
    if node is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Fact(value, node.origin)
