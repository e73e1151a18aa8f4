"""The files of the rule cases about one model in several formats, made by hand."""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Final

from execution_cases import archive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Shapes = dict[str, tuple[int, ...]]


def safetensors(shapes: Shapes, metadata: Mapping[str, str] | None = None) -> bytes:
    """A safetensors file of zeros in these shapes."""
    header: dict[str, object] = {"__metadata__": {"format": "pt", **(metadata or {})}}
    end = 0
    for name, shape in shapes.items():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(end)


def torch(shapes: Shapes, tied: Mapping[str, str] | None = None) -> bytes:
    """A state dict of zeros in these shapes as `torch.save` writes it; tied tensors have the storage of another."""
    names = list(shapes)
    data = b"\x80\x02}("
    for name, shape in shapes.items():
        key = names.index((tied or {}).get(name, name))
        count = math.prod(shape)
        steps = tuple(math.prod(shape[position + 1 :]) for position in range(len(shape)))
        storage = (
            b"("
            + _text("storage")
            + b"ctorch\nFloatStorage\n"
            + _text(str(key))
            + _text("cpu")
            + _number(count)
            + b"tQ"
        )
        tensor = storage + b"K\x00" + _tuple(shape) + _tuple(steps) + b"\x89ccollections\nOrderedDict\n)R"
        data += _text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n(" + tensor + b"tR"
    members = {
        f"archive/data/{key}": bytes(4 * math.prod(shapes[name]))
        for key, name in enumerate(names)
        if name not in (tied or {})
    }
    return archive({"archive/data.pkl": data + b"u.", "archive/version": b"3\n", **members})


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def _number(number: int) -> bytes:
    return b"J" + struct.pack("<i", number)


def _tuple(numbers: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(_number, numbers)) + b"t"


_MODEL: Final[Shapes] = {"wte.weight": (3, 2), "h.0.mlp.weight": (2, 2), "ln_f.weight": (2,)}
_RESIZED: Final[Shapes] = _MODEL | {"wte.weight": (5, 2)}
_LARGER: Final[Shapes] = _MODEL | {"h.1.mlp.weight": (2, 2)}

#: What each file holds, by its path below tests/rules.
DUPLICATES: Final[dict[str, Callable[[], bytes]]] = {
    "CON132/bad-shape/tiny/model.safetensors": lambda: safetensors(_MODEL),
    "CON132/bad-shape/tiny/pytorch_model.bin": lambda: torch(_RESIZED),
    "CON132/bad-layer/tiny/model.safetensors": lambda: safetensors(_MODEL),
    "CON132/bad-layer/tiny/pytorch_model.bin": lambda: torch(_LARGER),
    "CON132/bad-shards/tiny/model.safetensors": lambda: safetensors(_LARGER),
    "CON132/bad-shards/tiny/pytorch_model-00001-of-00002.bin": lambda: torch({"wte.weight": (3, 2)}),
    "CON132/bad-shards/tiny/pytorch_model-00002-of-00002.bin": lambda: torch(
        {"h.0.mlp.weight": (2, 2), "ln_f.weight": (2,)}
    ),
    "CON132/good/tiny/model.safetensors": lambda: safetensors(_MODEL),
    "CON132/good/tiny/pytorch_model.bin": lambda: torch(_MODEL),
    "CON132/good-tied/tiny/model.safetensors": lambda: safetensors(_MODEL),
    "CON132/good-tied/tiny/pytorch_model.bin": lambda: torch(
        _MODEL | {"lm_head.weight": (3, 2)}, {"lm_head.weight": "wte.weight"}
    ),
    "CON132/good-variant/tiny/model.safetensors": lambda: safetensors(_MODEL),
    "CON132/good-variant/tiny/pytorch_model.fp16.bin": lambda: torch(_LARGER),
    "CON132/good-renamed/tiny/model.safetensors": lambda: safetensors(_MODEL),
    "CON132/good-renamed/tiny/pytorch_model.bin": lambda: torch(
        {"wte.weight": (3, 2), "h.0.mlp.up.weight": (1, 2), "h.0.mlp.down.weight": (2, 1), "ln_f.weight": (2,)}
    ),
    "CON132/good-buffer/tiny/model.safetensors": lambda: safetensors(_MODEL),
    "CON132/good-buffer/tiny/pytorch_model.bin": lambda: torch(_MODEL | {"embeddings.position_ids": (1, 4)}),
}
