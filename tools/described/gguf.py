"""GGUF files, by the word of the package that llama.cpp's converters write them with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import quantize

from described.asked import answer

if TYPE_CHECKING:
    from pathlib import Path

    from gguf import ReaderField

    from described.asked import Facts

_ROWS, _WIDTH = 24, 64


def write(directory: Path) -> None:
    llama = GGUFWriter(directory / "llama.gguf", "llama")
    llama.add_name("tiny")
    llama.add_block_count(2)
    llama.add_embedding_length(_WIDTH)
    llama.add_feed_forward_length(96)
    llama.add_head_count(4)
    llama.add_layer_norm_rms_eps(1e-6)
    llama.add_tokenizer_model("gpt2")
    llama.add_token_list([f"t{number}" for number in range(_ROWS)])
    llama.add_token_types([1] * _ROWS)
    llama.add_bos_token_id(1)
    llama.add_eos_token_id(2)
    llama.add_add_bos_token(value=True)
    llama.add_chat_template("{{ messages[0].content }}")
    numbers = np.linspace(-1, 1, _ROWS * _WIDTH, dtype="float32").reshape(_ROWS, _WIDTH)
    llama.add_tensor("token_embd.weight", numbers.astype("float16"))
    llama.add_tensor("output_norm.weight", np.ones(_WIDTH, "float32"))
    for layer, kind in enumerate((GGMLQuantizationType.Q8_0, GGMLQuantizationType.Q4_0)):
        name = f"blk.{layer}.ffn_up.weight"
        llama.add_tensor(name, quantize(numbers, kind), raw_dtype=kind)
    _close(llama)
    types = GGUFWriter(directory / "types.gguf", "bert")
    kinds = ("BF16", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "TQ1_0", "TQ2_0", "MXFP4", "IQ4_NL")
    wide = np.linspace(-1, 1, 512, dtype="float32").reshape(2, 256)
    for name in kinds:
        kind = GGMLQuantizationType.__members__.get(name)
        if kind is None:  # some are newer than the library
            continue
        try:
            types.add_tensor(name.lower(), quantize(wide, kind), raw_dtype=kind)
        except NotImplementedError:  # some are only read by it
            continue
    for name in ("int8", "int16", "int32", "int64", "float64"):
        types.add_tensor(name, np.ones((2, 3, 4), name))
    _close(types)
    apart = GGUFWriter(directory / "apart.gguf", "llama", split_max_tensors=4)
    for layer in range(10):
        apart.add_tensor(f"blk.{layer}.attn_norm.weight", np.full((2, _WIDTH), layer, "float32"))
    _close(apart)
    _write_stored(directory / "stored.gguf")
    bare = GGUFWriter(directory / "bare.gguf", "gpt2")
    bare.add_uint64("gpt2.large", 1 << 40)
    bare.add_int8("gpt2.negative", -3)
    bare.add_float64("gpt2.pi", 3.5)
    bare.add_array("gpt2.many", [1, 2, 3])
    _close(bare)


def _write_stored(file: Path) -> None:
    """A tensor of each type that the library knows, also of those that it does not quantize to."""
    stored = GGUFWriter(file, "llama")
    for kind, (items, size) in GGML_QUANT_SIZES.items():
        if items > 1:
            stored.add_tensor(kind.name.lower(), np.zeros((2, 256 // items * size), "uint8"), raw_dtype=kind)
    _close(stored)


def _close(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def facts(file: Path) -> Facts:
    reader = GGUFReader(file)
    metadata = {}
    for name, field in reader.fields.items():
        if name.startswith("GGUF."):
            continue
        is_array = field.types[0] is GGUFValueType.ARRAY
        if is_array:
            metadata[f"{name}.length"] = str(len(field.data))
        else:
            metadata[name] = str(field.contents() if hasattr(field, "contents") else _contents(field))
    return {
        "format": "gguf",
        "tensors": {
            tensor.name: [tensor.tensor_type.name, [int(length) for length in reversed(tensor.shape)]]
            for tensor in reader.tensors
        },
        "has_all_tensors": True,
        "parameters": sum(int(tensor.n_elements) for tensor in reader.tensors),
        "metadata": metadata,
    }


def _contents(field: ReaderField) -> object:
    """What a key holds, for versions of the library that leave it to those who ask."""
    part = field.parts[field.data[0]]
    return bytes(part).decode() if field.types[0] is GGUFValueType.STRING else part[0].item()


if __name__ == "__main__":
    answer(write, facts)
