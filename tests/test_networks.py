"""Models of transformers beside their own configurations: as saved nothing is said, with one key changed its rule is.

tools/tiny_networks.py saved each of them with the real library, and noted what its files say.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from noted_networks import noted, said, write

if TYPE_CHECKING:
    from pathlib import Path

MODELS = noted()
BY_CLASS = {model["class"]: model for model in MODELS}


def _changed(name: str, changes: dict[str, object], part: str = "") -> dict[str, Any]:
    model = deepcopy(BY_CLASS[name])
    document = model["documents"]["config.json"]
    (document[part] if part else document).update(changes)
    return model


@pytest.mark.parametrize("model", MODELS, ids=[model["class"] for model in MODELS])
def test_a_model_agrees_with_the_configuration_that_was_saved_with_it(model: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path / "tiny", model)
    assert [f"{finding.code} {finding.message}" for finding in said(tmp_path / "tiny")] == []


@pytest.mark.parametrize(
    ("name", "key", "value", "code"),
    [
        ("BertForMaskedLM", "vocab_size", 97, "CON121"),
        ("BertForMaskedLM", "hidden_size", 64, "CON123"),
        ("BertForMaskedLM", "num_hidden_layers", 3, "CON124"),
        ("BertForMaskedLM", "num_attention_heads", 5, "CON125"),
        ("BertForMaskedLM", "intermediate_size", 64, "CON126"),
        ("AlbertForMaskedLM", "embedding_size", 32, "CON123"),
        ("ElectraForMaskedLM", "embedding_size", 32, "CON123"),
        ("LlamaForCausalLM", "hidden_size", 64, "CON123"),
        ("LlamaForCausalLM", "num_attention_heads", 8, "CON125"),
        ("LlamaForCausalLM", "num_key_value_heads", 4, "CON125"),
        ("LlamaForCausalLM", "head_dim", 8, "CON125"),
        ("LlamaForCausalLM", "num_hidden_layers", 1, "CON124"),
        ("GPT2LMHeadModel", "n_embd", 64, "CON123"),
        ("GPT2LMHeadModel", "n_layer", 4, "CON124"),
        ("GPT2LMHeadModel", "n_inner", 64, "CON126"),
        ("T5ForConditionalGeneration", "d_model", 64, "CON123"),
        ("T5ForConditionalGeneration", "d_ff", 64, "CON126"),
        ("T5ForConditionalGeneration", "num_decoder_layers", 3, "CON124"),
        ("WhisperForConditionalGeneration", "encoder_layers", 3, "CON124"),
        ("MixtralForCausalLM", "intermediate_size", 64, "CON126"),
        ("MambaForCausalLM", "vocab_size", 95, "CON121"),
        ("LlamaForSequenceClassification", "id2label", {"0": "no", "1": "yes"}, "CON111"),
        ("LlamaForCausalLM", "bos_token_id", 96, "CON127"),
        ("LlamaForCausalLM", "dtype", "float32", "CON128"),
        ("LlamaForCausalLM", "quantization_config", {"quant_method": "awq"}, "CON129"),
    ],
)
def test_one_key_that_was_changed_raises_its_rule_alone(
    name: str, key: str, value: object, code: str, tmp_path: Path
) -> None:
    write(tmp_path / "tiny", _changed(name, {key: value}))
    assert {finding.code for finding in said(tmp_path / "tiny")} == {code}


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [("vocab_size", 97, "CON121"), ("hidden_size", 64, "CON123"), ("num_hidden_layers", 3, "CON124")],
)
def test_the_parts_of_a_model_are_compared_as_well(key: str, value: int, code: str, tmp_path: Path) -> None:
    write(tmp_path / "tiny", _changed("LlavaForConditionalGeneration", {key: value}, "text_config"))
    found = said(tmp_path / "tiny")
    assert [(finding.code, finding.origin.pointer) for finding in found] == [(code, f"/text_config/{key}")]


def test_layers_that_predict_further_tokens_are_not_counted(tmp_path: Path) -> None:
    model = _changed("DeepseekV3ForCausalLM", {"num_nextn_predict_layers": 1})
    last = model["documents"]["config.json"]["num_hidden_layers"]
    model["tensors"][f"model.layers.{last}.eh_proj.weight"] = ["BF16", [32, 64]]
    write(tmp_path / "tiny", model)
    assert said(tmp_path / "tiny") == []


def test_nothing_is_said_of_an_architecture_that_nobody_knows(tmp_path: Path) -> None:
    write(tmp_path / "tiny", _changed("LlamaForCausalLM", {"model_type": "homemade", "hidden_size": 64}))
    assert said(tmp_path / "tiny") == []


def test_packed_weights_have_other_shapes(tmp_path: Path) -> None:
    model = _changed("LlamaForCausalLM", {"quantization_config": {"quant_method": "bitsandbytes"}})
    for name, (_, shape) in list(model["tensors"].items()):
        if "_proj" in name:
            model["tensors"][name] = ["U8", [shape[0] * shape[1] // 2, 1]]
            model["tensors"][f"{name}.quant_state.bitsandbytes__nf4"] = ["U8", [10]]
    write(tmp_path / "tiny", model)
    assert said(tmp_path / "tiny") == []
