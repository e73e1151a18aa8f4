"""The documents beside a Hugging Face model that say how it is built, as they are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from artifact_lint.adapters.base import Reach
from artifact_lint.adapters.reading import child
from artifact_lint.adapters.vocabularies import read_vocabulary
from artifact_lint.document import Syntax
from artifact_lint.model import Origin
from artifact_lint.model.lazy import Lazy
from artifact_lint.model.record import Configuration, Tokenizer
from artifact_lint.stores.base import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.adapters.base import Claim
    from artifact_lint.adapters.reading import Reading
    from artifact_lint.document import Node

#: What a loader takes sizes, types and special tokens from; the last three are of quantization, from before it had a
#: key in config.json.
DOCUMENTS = (
    *("config.json", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json"),
    "added_tokens.json",
    *("adapter_config.json", "quantize_config.json", "quant_config.json", "hf_quant_config.json"),
)
#: What holds the tokens; a loader takes the first that is there.
_VOCABULARIES = ("tokenizer.json", "vocab.json", "vocab.txt")
#: Documents up to this size are read, in bytes.
_LARGEST = 8 << 20


def configurations(reading: Reading, claim: Claim) -> Iterator[Configuration]:
    """The documents in the directory, and in those below where the parts of one model have their own."""
    tree = reading.tree
    below = tree.subdirectories(claim.directory) if claim.reach is Reach.TREE else []
    for directory in (claim.directory, *below):
        folder = tree.folder(directory)
        for name in DOCUMENTS:
            entry = folder.get(name)
            if entry is None or entry.kind is not EntryKind.FILE or entry.size > _LARGEST:
                continue
            document = tree.document(child(directory, name), Syntax.JSON)
            if document is not None and document.root.is_mapping:
                root = document.root
                yield Configuration(root.origin, Lazy(partial(_values, root)), partial(_place, root))


def tokenizers(reading: Reading, directory: str) -> Iterator[Tokenizer]:
    """The file that holds the tokens of the directory's tokenizer."""
    folder = reading.tree.folder(directory)
    for name in _VOCABULARIES:
        if name in folder:
            path = child(directory, name)
            yield Tokenizer(Origin(path), Lazy(partial(read_vocabulary, reading, path)))
            return


def _values(root: Node) -> Mapping[str, object]:
    value = root.value
    return value if isinstance(value, dict) else {}


def _place(root: Node, *keys: str) -> Origin:
    if not (root.members or {}).get(keys[0] if keys else ""):
        return Origin(root.origin.path)
    node = root
    for key in keys[:-1]:
        inner = node.get(key)
        if inner is None:
            return node.key_origin(key)
        node = inner
    return node.key_origin(keys[-1]) if keys else node.origin
