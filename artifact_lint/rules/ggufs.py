"""What GGUF files say of the model in them, as the rules ask for it (ggml's docs/gguf.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, WeightFile

#: The rows of the token embedding, by llama.cpp's name of it (gguf-py/gguf/constants.py).
EMBEDDING = "token_embd.weight"
_BLOCK: Final = r"blk\.(\d{1,6})\."


def gguf_files(artifact: Artifact) -> Iterator[WeightFile]:
    """The readable GGUF files that hold a whole model: no part of one, and neither adapter nor projector."""
    for file in artifact.files:
        if not (file.is_readable and file.describes_itself):
            continue
        description = file.description.value
        if description is None or not description.has_all_tensors:
            continue
        parts = gguf_number(file, "split.count") or 1
        if parts < 2 and description.metadata.get("general.type", "model") == "model":
            yield file


def gguf_number(file: WeightFile, key: str) -> int | None:
    """The number that a key of the file has; None where it has none."""
    description = file.description.value
    text = description.metadata.get(key, "") if description is not None else ""
    return int(text) if text.isdecimal() and len(text) < 16 else None


def row_count(file: WeightFile, name: str = EMBEDDING) -> int | None:
    """The rows of a matrix; None where there is none of the name."""
    description = file.description.value
    for tensor in description.tensors if description is not None else ():
        if tensor.name == name and len(tensor.shape) == 2:
            return tensor.shape[0]
    return None


def counted_layers(file: WeightFile) -> int:
    """The highest number of a block, and one."""
    description = file.description.value
    tensors = description.tensors if description is not None else ()
    return max((int(match[1]) + 1 for tensor in tensors if (match := re.match(_BLOCK, tensor.name))), default=0)
