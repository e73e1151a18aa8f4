"""The weights of the rule cases about language models: a Llama of two layers, a BERT, adapters, and GGUF, all zeros."""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING

from signature_cases import shard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Rows of the embedding, width, layers, heads, key-value heads, and the feed-forward layers' width.
ROWS, WIDTH, LAYERS, HEADS, SHARED, INNER = 16, 8, 2, 2, 1, 12
HEAD = WIDTH // HEADS


def llama(embedding: str = "model.embed_tokens.weight") -> dict[str, list[int]]:
    """The tensors of a LlamaForCausalLM, tied."""
    tensors = {embedding: [ROWS, WIDTH], "model.norm.weight": [WIDTH]}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        tensors |= {
            f"{prefix}.self_attn.q_proj.weight": [HEADS * HEAD, WIDTH],
            f"{prefix}.self_attn.k_proj.weight": [SHARED * HEAD, WIDTH],
            f"{prefix}.self_attn.v_proj.weight": [SHARED * HEAD, WIDTH],
            f"{prefix}.self_attn.o_proj.weight": [WIDTH, HEADS * HEAD],
            f"{prefix}.mlp.gate_proj.weight": [INNER, WIDTH],
            f"{prefix}.mlp.up_proj.weight": [INNER, WIDTH],
            f"{prefix}.mlp.down_proj.weight": [WIDTH, INNER],
        }
    return tensors


def predicting() -> dict[str, list[int]]:
    """The same with a third layer that only predicts the token after next."""
    tensors = llama()
    return tensors | {
        name.replace("layers.1.", "layers.2."): shape for name, shape in tensors.items() if "layers.1." in name
    }


def packed() -> dict[str, list[int]]:
    """The same with its layers packed as GPTQ does."""
    tensors: dict[str, list[int]] = {}
    for name, shape in llama().items():
        if "_proj." in name:
            start = name.removesuffix("weight")
            tensors |= {f"{start}qweight": [1, shape[0]], f"{start}qzeros": [1, 1], f"{start}scales": [1, shape[0]]}
        else:
            tensors[name] = shape
    return tensors


def adapter(rank: int = 4, modules: tuple[str, ...] = ("q_proj", "v_proj")) -> dict[str, list[int]]:
    """The tensors of a LoRA adapter of the attention of two layers."""
    tensors: dict[str, list[int]] = {}
    for layer in range(LAYERS):
        for module in modules:
            prefix = f"base_model.model.model.layers.{layer}.self_attn.{module}"
            tensors[f"{prefix}.lora_A.weight"] = [rank, WIDTH]
            tensors[f"{prefix}.lora_B.weight"] = [WIDTH, rank]
    return tensors


def experts() -> dict[str, list[int]]:
    """The same with all experts of a layer adapted as one parameter: of two, each has the rank."""
    tensors = adapter()
    for layer in range(LAYERS):
        prefix = f"base_model.model.model.layers.{layer}.mlp.experts"
        tensors |= {f"{prefix}.lora_A.weight": [8, WIDTH], f"{prefix}.lora_B.weight": [2 * INNER, 8]}
    return tensors


def half() -> dict[str, list[int]]:
    """The same with one of its matrices lost."""
    lost = "layers.1.self_attn.q_proj.lora_B.weight"
    return {name: shape for name, shape in adapter().items() if not name.endswith(lost)}


def without(layer: int) -> dict[str, list[int]]:
    """The model without one of its layers."""
    return {name: shape for name, shape in llama().items() if f"layers.{layer}." not in name}


def gguf_part(number: int, count: int, layers: tuple[int, ...], stated: int = 2 * LAYERS) -> bytes:
    """One of several GGUF files of the same model: the `number`th, from one, with some of its layers."""
    keys = [_text("split.no"), struct.pack("<IH", 2, number - 1), _text("split.count"), struct.pack("<IH", 2, count)]
    keys += [_text("split.tensors.count"), struct.pack("<Ii", 5, stated)]
    head = [b"GGUF", struct.pack("<IQQ", 3, 2 * len(layers), 3), *keys]
    sides = [f"blk.{layer}.{name}.weight" for layer in layers for name in ("ffn_up", "ffn_down")]
    size = 4 * INNER * WIDTH
    for index, name in enumerate(sides):
        head += [_text(name), struct.pack("<IQQIQ", 2, INNER, WIDTH, 0, index * size)]
    start = b"".join(head)
    return start + bytes(-len(start) % 32) + bytes(len(sides) * size)


def gguf(changes: Mapping[str, int] | None = None, tokens: int = ROWS, layers: int = LAYERS) -> bytes:
    """A GGUF file of the same model: the keys that matter, and its tensors, those of so many layers."""
    numbers = {"llama.block_count": LAYERS, "llama.embedding_length": WIDTH, "llama.feed_forward_length": INNER}
    numbers |= {"tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2, **(changes or {})}
    tensors = {"token_embd.weight": [ROWS, WIDTH]}
    for layer in range(layers):
        tensors |= {f"blk.{layer}.ffn_up.weight": [INNER, WIDTH], f"blk.{layer}.ffn_down.weight": [WIDTH, INNER]}
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(numbers) + 3)]
    head += [_text("general.architecture"), struct.pack("<I", 8), _text("llama")]
    head += [_text("general.name"), struct.pack("<I", 8), _text("tiny")]
    head += [_text("tokenizer.ggml.tokens"), struct.pack("<IIQ", 9, 8, tokens)]
    head += [_text(f"t{number}") for number in range(tokens)]
    head += [part for key, value in numbers.items() for part in (_text(key), struct.pack("<II", 4, value))]
    end = 0
    for name, (rows, columns) in tensors.items():
        head += [_text(name), struct.pack("<IQQIQ", 2, columns, rows, 0, end)]
        end += -(-4 * rows * columns // 32) * 32
    start = b"".join(head)
    return start + bytes(-len(start) % 32) + bytes(end)


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


_LLAMA: Callable[[], bytes] = partial(shard, llama())
_GGUF: Callable[[], bytes] = gguf

#: What writes each file, by its path under tests/rules.
FILES: dict[str, Callable[[], bytes]] = {
    **{
        f"{case}/tiny/model.safetensors": _LLAMA
        for case in (
            *("CON121/bad-config", "CON121/good"),
            *("CON122/bad-added", "CON122/bad-config", "CON122/bad-settings", "CON122/good"),
            *("CON123/bad-config", "CON123/good"),
            *("CON124/bad-config", "CON124/good"),
            *("CON125/bad-config", "CON125/bad-shared", "CON125/good"),
            *("CON126/bad-config", "CON126/good"),
            *("CON127/bad-config", "CON127/bad-generation", "CON127/good"),
            *("CON128/bad-config", "CON128/good"),
            *("CON129/bad-unpacked",),
            *("CON131/bad-config", "CON131/bad-tokenizer", "CON131/good"),
        )
    },
    **{
        f"CON111/{case}/tiny/model.safetensors": partial(shard, llama() | {"score.weight": [3, WIDTH]})
        for case in ("bad-classifier", "bad-default-labels", "good-classifier")
    },
    "CON121/bad-output/tiny/model.safetensors": partial(shard, llama() | {"lm_head.weight": [ROWS - 2, WIDTH]}),
    "CON124/bad-gap/tiny/model.safetensors": partial(shard, without(0)),
    "CON124/good-predicting/tiny/model.safetensors": partial(shard, predicting()),
    "CON129/bad-packed/tiny/model.safetensors": partial(shard, packed()),
    "CON129/bad-method/tiny/model.safetensors": partial(shard, packed()),
    "CON129/good/tiny/model.safetensors": partial(shard, packed()),
    "CON121/good-unknown/tiny/model.safetensors": partial(shard, llama("model.words.weight")),
    **{
        f"CON130/{case}/tiny/adapter_model.safetensors": partial(shard, tensors)
        for case, tensors in {
            "bad-rank": adapter(8),
            "bad-targets": adapter(modules=("q_proj", "k_proj", "v_proj")),
            "bad-half": half(),
            "bad-unseen": adapter(),
            "good": adapter(),
            "good-experts": experts(),
            "good-pattern": adapter(8),
        }.items()
    },
    "SUM108/bad-gguf/tiny-00001-of-00002.gguf": partial(gguf_part, 1, 2, (0,)),
    "SUM108/good-gguf/tiny-00001-of-00002.gguf": partial(gguf_part, 1, 2, (0,)),
    "SUM108/good-gguf/tiny-00002-of-00002.gguf": partial(gguf_part, 2, 2, (1,)),
    "SUM109/bad-gguf/tiny-00001-of-00002.gguf": partial(gguf_part, 1, 2, (0,)),
    "SUM109/bad-gguf/tiny-00002-of-00002.gguf": partial(gguf_part, 1, 2, (1,)),
    "SUM109/bad-gguf-count/tiny-00001-of-00002.gguf": partial(gguf_part, 1, 2, (0,)),
    "SUM109/bad-gguf-count/tiny-00002-of-00002.gguf": partial(gguf_part, 2, 2, ()),
    "SUM109/bad-gguf-twice/tiny-00001-of-00002.gguf": partial(gguf_part, 1, 2, (0,)),
    "SUM109/bad-gguf-twice/tiny-00002-of-00002.gguf": partial(gguf_part, 2, 2, (0,)),
    "SUM109/good-gguf/tiny-00001-of-00002.gguf": partial(gguf_part, 1, 2, (0,)),
    "SUM109/good-gguf/tiny-00002-of-00002.gguf": partial(gguf_part, 2, 2, (1,)),
    "CON121/bad-gguf/tiny.gguf": partial(gguf, None, ROWS - 2),
    "CON121/good-gguf/tiny.gguf": _GGUF,
    "CON122/bad-gguf/tiny.gguf": partial(gguf, None, ROWS + 2),
    "CON122/bad-gguf-tokens/tiny.gguf": partial(gguf, None, ROWS + 2, 0),
    "CON124/bad-gguf/tiny.gguf": partial(gguf, {"llama.block_count": 3}),
    "CON126/bad-gguf/tiny.gguf": partial(gguf, {"llama.feed_forward_length": 20}),
    "CON127/bad-gguf/tiny.gguf": partial(gguf, {"tokenizer.ggml.eos_token_id": 16}),
}
