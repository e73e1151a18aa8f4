"""Save a tiny model of every architecture that transformers can build small, and note what its files say.

    python tools/tiny_networks.py TARGET.jsonl [MODEL_TYPE...]

Needs transformers and torch. Each line of the target is one directory as `save_pretrained` wrote it: `class`, the
documents as they are, and of each tensor its type and shape, by which tests write the files again without the numbers.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import struct
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers
from transformers.models.auto import configuration_auto, modeling_auto

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Sizes by the names of keys, the first that fits; they differ from one another, so that no check passes by chance.
SIZES = (
    (re.compile(r"type_vocab_size|max_|position|range|theta|window|token_id$|_id$|dropout"), None),
    (re.compile(r"vocab_size"), 96),
    (re.compile(r"moe_intermediate|expert.*size"), 40),
    (re.compile(r"intermediate|ffn_dim|d_ff|n_inner|ffn_hidden|mlp_dim"), 48),
    (re.compile(r"num_key_value|num_kv|kv_heads|n_head_kv"), 2),
    (re.compile(r"qk_rope_head_dim|qk_nope_head_dim|v_head_dim"), 8),
    (re.compile(r"head_dim|d_kv|head_size"), 16),
    (re.compile(r"heads?$|n_head"), 4),
    (re.compile(r"lora_rank"), 12),
    (re.compile(r"n_layers?$|num_.*layers$|_layers$|depth$|num_blocks$"), 2),
    (re.compile(r"num_experts$|n_routed_experts|num_local_experts"), 4),
    (re.compile(r"experts_per_tok|top_?k|n_group$|topk_group"), 1),
    (re.compile(r"image_size"), 32),
    (re.compile(r"patch_size"), 8),
    (re.compile(r"embedding_size"), 24),
    (re.compile(r"hidden_size|d_model|n_embd|^dim$|embed_dim|_dim$|width"), 32),
)
AUTO = (
    "MODEL_FOR_CAUSAL_LM_MAPPING",
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING",
    "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING",
    "MODEL_FOR_MASKED_LM_MAPPING",
    "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING",
    "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING",
    "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING",
    "MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING",
    "MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING",
    "MODEL_MAPPING",
)
DOCUMENTS = ("config.json", "generation_config.json")
TOKENS = frozenset(f"{name}_token_id" for name in ("bos", "eos", "pad", "sep", "cls", "mask", "unk", "decoder_start"))
#: Models that stay larger than this many numbers are no tiny ones.
MOST = 3_000_000


def main(target: str, wanted: list[str]) -> int:
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    with Path(target).open("w", encoding="utf-8") as output:
        for model_type in sorted(configuration_auto.CONFIG_MAPPING_NAMES):
            if wanted and model_type not in wanted:
                continue
            made = list(all_of(model_type))
            output.writelines(json.dumps(entry, separators=(",", ":")) + "\n" for entry in made)
            output.flush()
            print(model_type, *(entry["class"] for entry in made), file=sys.stderr, flush=True)
    return 0


def all_of(model_type: str) -> Iterator[dict[str, Any]]:
    """One model of each class for a `model_type`, of those that can be built and saved."""
    try:
        config_class = configuration_auto.CONFIG_MAPPING[model_type]
    except Exception:  # noqa: BLE001 - of a library that is not installed
        return
    seen = set()
    for name in AUTO:
        try:
            found = getattr(modeling_auto, name).get(config_class, None)
        except ValueError:  # a name in transformers' own table that no module has
            continue
        for one in found if isinstance(found, tuple) else (found,):
            if one is None or one in seen:
                continue
            seen.add(one)
            with (
                contextlib.suppress(Exception),
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                yield saved(config_class, one)


def saved(config_class: type[Any], model_class: type[Any]) -> dict[str, Any]:
    arguments = shrunk(config_class)
    if "Classification" in model_class.__name__:
        arguments["num_labels"] = 5
    config = config_class(**arguments)
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in model_class(config).parameters())
    if count > MOST:
        raise ValueError(count)
    model = model_class(config_class(**arguments)).to(torch.bfloat16)
    with tempfile.TemporaryDirectory() as directory:
        model.save_pretrained(directory)
        documents = {
            name: json.loads((Path(directory) / name).read_text(encoding="utf-8"))
            for name in DOCUMENTS
            if (Path(directory) / name).exists()
        }
        data = (Path(directory) / "model.safetensors").read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    tensors = {name: [entry["dtype"], entry["shape"]] for name, entry in header.items() if name != "__metadata__"}
    return {"class": model_class.__name__, "documents": documents, "tensors": tensors}


def shrunk(config_class: type[Any]) -> dict[str, Any]:
    """Arguments for a small configuration."""
    arguments: dict[str, Any] = {}
    for key, value in config_class().to_dict().items():
        if key in TOKENS and value is not None:
            arguments[key] = 1
        if type(value) is not int or key in TOKENS:
            continue
        size = next((size for expression, size in SIZES if expression.search(key)), None)
        if size is not None:
            arguments[key] = size
    for key, part in (getattr(config_class, "sub_configs", None) or {}).items():
        default = getattr(config_class(), key, None)
        part_class = type(default) if default is not None else part
        inner = shrunk(part_class)
        if getattr(part_class, "model_type", ""):
            inner["model_type"] = part_class.model_type
        arguments[key] = inner
    return arguments


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
