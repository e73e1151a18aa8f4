"""Models of transformers beside their own configurations: as saved nothing is said, with one key changed its rule is.

tools/tiny_networks.py saved each of them with the real library, and noted what its files say.
"""

from __future__ import annotations

import json
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
        ("GPT2LMHeadModel", "n_head", 5, "CON125"),
        ("T5ForConditionalGeneration", "d_model", 64, "CON123"),
        ("T5ForConditionalGeneration", "d_ff", 64, "CON126"),
        ("T5ForConditionalGeneration", "num_decoder_layers", 3, "CON124"),
        ("WhisperForConditionalGeneration", "encoder_layers", 3, "CON124"),
        ("MixtralForCausalLM", "intermediate_size", 64, "CON126"),
        ("MambaForCausalLM", "vocab_size", 95, "CON121"),
        ("LlamaForSequenceClassification", "id2label", {"0": "no", "1": "yes"}, "CON111"),
        ("LlamaForCausalLM", "bos_token_id", 96, "CON127"),
        ("LlamaForCausalLM", "eos_token_id", 500, "CON127"),
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
    ("name", "shapes", "code"),
    [
        ("LlamaForCausalLM", {"lm_head.weight": [90, 32]}, "CON121"),
        ("LlamaForCausalLM", {"model.embed_tokens.weight": [90, 32]}, "CON121"),
        ("LlamaForCausalLM", {"model.embed_tokens.weight": [90, 32], "lm_head.weight": [90, 32]}, "CON121"),
        ("LlamaForSequenceClassification", {"score.weight": [3, 32]}, "CON111"),
    ],
)
def test_a_tensor_that_was_resized_raises_its_rule_alone(
    name: str, shapes: dict[str, list[int]], code: str, tmp_path: Path
) -> None:
    model = _changed(name, {})
    for tensor, shape in shapes.items():
        assert tensor in model["tensors"]
        model["tensors"][tensor] = ["BF16", shape]
    write(tmp_path / "tiny", model)
    assert [finding.code for finding in said(tmp_path / "tiny")] == [code]


@pytest.mark.parametrize("layer", [0, 1])
def test_a_layer_that_is_gone_is_missed_wherever_it_was(layer: int, tmp_path: Path) -> None:
    model = _changed("LlamaForCausalLM", {})
    model["tensors"] = {name: entry for name, entry in model["tensors"].items() if f"layers.{layer}." not in name}
    write(tmp_path / "tiny", model)
    assert [finding.code for finding in said(tmp_path / "tiny")] == ["CON124"]


@pytest.mark.parametrize(("rows", "codes"), [(90, []), (91, ["CON121"])])
def test_encoder_and_decoder_may_have_a_vocabulary_each(rows: int, codes: list[str], tmp_path: Path) -> None:
    model = _changed("MarianMTModel", {"decoder_vocab_size": 90, "share_encoder_decoder_embeddings": False})
    model["tensors"]["model.encoder.embed_tokens.weight"] = model["tensors"].pop("model.shared.weight")
    model["tensors"]["model.decoder.embed_tokens.weight"] = ["BF16", [rows, 32]]
    write(tmp_path / "tiny", model)
    assert [finding.code for finding in said(tmp_path / "tiny")] == codes


@pytest.mark.parametrize(
    ("part", "key", "value", "code"),
    [("encoder", "hidden_size", 64, "CON123"), ("decoder", "num_hidden_layers", 9, "CON124")],
)
def test_encoder_and_decoder_are_models_of_their_own(
    part: str, key: str, value: int, code: str, tmp_path: Path
) -> None:
    write(tmp_path / "tiny", _changed("EncoderDecoderModel", {key: value}, part))
    found = said(tmp_path / "tiny")
    assert [(finding.code, finding.origin.pointer) for finding in found] == [(code, f"/{part}/{key}")]


def test_a_tokenizers_numbers_that_no_model_looks_at_are_its_own(tmp_path: Path) -> None:
    write(tmp_path / "tiny", _changed("BertForMaskedLM", {"cls_token_id": 50281, "sep_token_id": 50282}))
    assert said(tmp_path / "tiny") == []


@pytest.mark.parametrize(
    ("token", "severity"),
    [({"added": 96}, "error"), ({"vocabulary": 97}, "warning"), ({"vocabulary": 97, "added": 97}, "error"), ({}, None)],
)
def test_added_tokens_without_a_row_weigh_more_than_words(
    token: dict[str, int], severity: str | None, tmp_path: Path
) -> None:
    vocabulary = {f"t{number}": number for number in range(token.get("vocabulary", 96))}
    added = [{"id": token.get("added", 0), "content": "<a>", "special": True}]
    tokenizer = {"added_tokens": added, "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "t0"}}
    write(tmp_path / "tiny", _changed("LlamaForCausalLM", {}))
    (tmp_path / "tiny" / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    found = [(finding.code, str(finding.severity.value)) for finding in said(tmp_path / "tiny")]
    assert found == ([("CON122", severity)] if severity else [])


def test_a_tokenizer_beside_a_shrunken_embedding_is_no_second_fault(tmp_path: Path) -> None:
    model = _changed("BertForMaskedLM", {})
    model["tensors"]["bert.embeddings.word_embeddings.weight"] = ["BF16", [90, 32]]
    write(tmp_path / "tiny", model)
    (tmp_path / "tiny" / "vocab.txt").write_text("".join(f"t{number}\n" for number in range(96)), encoding="utf-8")
    assert [finding.code for finding in said(tmp_path / "tiny")] == ["CON121"]


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
