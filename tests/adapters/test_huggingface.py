from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import plant

from artifact_lint.adapters import huggingface
from artifact_lint.adapters.base import Reach
from artifact_lint.adapters.huggingface_card import describe_card
from artifact_lint.adapters.huggingface_run import describe_training
from artifact_lint.document import Syntax, parse
from artifact_lint.model import Component, Irregularity, Record, Role

if TYPE_CHECKING:
    from pathlib import Path

BERT = {
    "architectures": ["BertForSequenceClassification"],
    "hidden_size": 32,
    "id2label": {"0": "negative", "1": "positive"},
    "_name_or_path": "/root/autodl-tmp/bert",
    "layer_types": ["full", "full"],
    "rope_scaling": {"type": "linear"},
    "torch_dtype": "float32",
    "transformers_version": "4.44.0",
    "model_type": "bert",
    "pruned_heads": None,
    "vocab_size": 100,
}

ADAPTER = {
    "base_model_name_or_path": "microsoft/phi-2",
    "lora_alpha": 16,
    "peft_type": "LORA",
    "r": 8,
    "revision": None,
    "target_modules": ["q_proj", "v_proj"],
    "task_type": "CAUSAL_LM",
}

INDEX = {
    "metadata": {"total_size": 400},
    "weight_map": {
        "lm_head.weight": "model-00002-of-00002.safetensors",
        "model.embed_tokens.weight": "model-00001-of-00002.safetensors",
        "model.norm.weight": "model-00002-of-00002.safetensors",
    },
}

CARD = """\
---
license: other
license_name: llama3
pipeline_tag: text-classification
base_model:
- org/bert
datasets:
- imdb
- {name: sst2, revision: abc}
model-index:
- name: sentiment
  results:
  - task: {type: text-classification}
    dataset: {name: IMDb, type: imdb, split: test}
    metrics:
    - {type: accuracy, value: 0.93}
    - {name: F1, value: 0.9}
    - {type: broken}
---

# Sentiment
"""


def describe(root: Path, files: dict[str, object]) -> Record:
    planted = {f"m/{name}": one if isinstance(one, str | bytes) else json.dumps(one) for name, one in files.items()}
    tree = plant(root, planted)
    (claim,) = huggingface.recognise(tree, "m")
    return huggingface.describe(tree, claim)


@pytest.mark.parametrize(
    ("name", "content", "framework", "reach"),
    [
        ("config.json", BERT, "transformers", Reach.DIRECTORY),
        ("config.json", {"model_type": "bert", "vocab_size": 3}, "transformers", Reach.DIRECTORY),
        ("config.json", {"transformers_version": "4.1.0"}, "transformers", Reach.DIRECTORY),
        ("config.json", {"architecture": "resnet50", "pretrained_cfg": {}}, "timm", Reach.DIRECTORY),
        ("config.json", {"_class_name": "UNet2D", "_diffusers_version": "0.30.0"}, "diffusers", Reach.DIRECTORY),
        ("adapter_config.json", ADAPTER, "peft", Reach.DIRECTORY),
        ("model_index.json", {"_class_name": "StableDiffusionPipeline"}, "diffusers", Reach.TREE),
        ("modules.json", [{"type": "sentence_transformers.models.Pooling"}], "sentence-transformers", Reach.TREE),
        ("model.safetensors.index.json", INDEX, "transformers", Reach.DIRECTORY),
        ("pytorch_model.bin.index.json", INDEX, "transformers", Reach.DIRECTORY),
    ],
)
def test_what_a_library_writes_is_a_record(
    tmp_path: Path, name: str, content: object, framework: str, reach: Reach
) -> None:
    tree = plant(tmp_path, {name: json.dumps(content)})
    (claim,) = huggingface.recognise(tree, "")
    assert (claim.record, claim.reach) == (name, reach)
    record = huggingface.describe(tree, claim)
    assert record.framework.value == framework
    assert record.sources[0].path == name
    assert not record.remarks


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", {"debug": True}),
        ("config.json", {"model_type": "RandomForestClassifier", "accuracy": 0.9}),
        ("config.json", {"architectures": "x86_64"}),
        ("config.json", {"architectures": []}),
        ("config.json", [1, 2]),
        ("adapter_config.json", {"adapter": "usb"}),
        ("model_index.json", {}),
        ("modules.json", [{"type": "module"}, 3]),
        ("modules.json", {"type": "sentence_transformers"}),
        ("tokenizer.json", {"model": {}}),
        ("tokenizer_config.json", {}),
        ("app.bin.index.json", {"pages": 3}),
    ],
)
def test_another_file_of_that_name_is_no_record(tmp_path: Path, name: str, content: object) -> None:
    assert not list(huggingface.recognise(plant(tmp_path, {name: json.dumps(content)}), ""))


def test_a_type_alone_counts_beside_a_tokenizer(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"config.json": '{"model_type": "mine"}', "tokenizer.json": "{}"})
    assert list(huggingface.recognise(tree, ""))


@pytest.mark.parametrize("beside", ["model.safetensors", "pytorch_model.bin", "tokenizer_config.json"])
def test_a_broken_configuration_counts_in_company(tmp_path: Path, beside: str) -> None:
    record = describe(tmp_path, {"config.json": '{"architectures": ["Ber', beside: "{}"})
    (remark,) = record.remarks
    assert (remark.kind, remark.origin.path) == (Irregularity.UNREADABLE, "m/config.json")
    assert Component.CONFIG not in {section.component for section in record.sections}


def test_a_broken_file_called_config_is_no_record_alone(tmp_path: Path) -> None:
    assert not list(huggingface.recognise(plant(tmp_path, {"config.json": "{", "firmware.bin": b"x"}), ""))


def test_a_broken_index_is_a_record_with_a_remark(tmp_path: Path) -> None:
    (remark,) = describe(tmp_path, {"model.safetensors.index.json": '{"weight_map": {'}).remarks
    assert remark.origin.path == "m/model.safetensors.index.json"


def test_a_configuration_states_the_architecture_and_its_numbers(tmp_path: Path) -> None:
    record = describe(tmp_path, {"config.json": json.dumps(BERT, indent=2)})
    assert record.architecture.best is not None
    assert record.architecture.best.value == "BertForSequenceClassification"
    assert record.architecture.best.origin.line == 3
    assert record.hyperparameters.value == {
        "hidden_size": 32,
        "layer_types": ["full", "full"],
        "torch_dtype": "float32",
        "vocab_size": 100,
    }
    assert [location.value for location in record.locations] == ["/root/autodl-tmp/bert"]
    assert not record.name
    assert not record.base_model


def test_the_labels_are_the_values_of_the_output(tmp_path: Path) -> None:
    outputs = describe(tmp_path, {"config.json": BERT}).outputs.value
    assert outputs is not None
    (label,) = outputs
    assert label.allowed == ("negative", "positive")


def test_an_adapter_states_its_base_and_its_task_as_the_hub_calls_it(tmp_path: Path) -> None:
    record = describe(tmp_path, {"adapter_config.json": ADAPTER})
    assert record.base_model.value == "microsoft/phi-2"
    assert record.task.value == "text-generation"
    assert record.architecture.value == "LORA"
    assert record.hyperparameters.value == {"lora_alpha": 16, "r": 8, "target_modules": ["q_proj", "v_proj"]}
    assert [location.value for location in record.locations] == ["microsoft/phi-2"]


def test_the_cards_task_goes_before_the_adapters(tmp_path: Path) -> None:
    record = describe(
        tmp_path, {"adapter_config.json": ADAPTER, "README.md": "---\npipeline_tag: summarization\n---\n"}
    )
    assert [one.value for one in record.task] == ["summarization"]


def test_two_bases_are_both_stated(tmp_path: Path) -> None:
    record = describe(tmp_path, {"adapter_config.json": ADAPTER, "README.md": "---\nbase_model: org/other\n---\n"})
    assert [(one.value, one.origin.path) for one in record.base_model] == [
        ("microsoft/phi-2", "m/adapter_config.json"),
        ("org/other", "m/README.md"),
    ]


def test_every_shard_of_an_index_is_mentioned_where_it_first_stands(tmp_path: Path) -> None:
    record = describe(tmp_path, {"config.json": BERT, "model.safetensors.index.json": json.dumps(INDEX, indent=2)})
    assert [(one.path, one.origin.line, one.role, one.format, one.required) for one in record.mentions] == [
        ("m/model-00002-of-00002.safetensors", 6, Role.WEIGHTS, "safetensors", True),
        ("m/model-00001-of-00002.safetensors", 7, Role.WEIGHTS, "safetensors", True),
    ]
    assert "model-00001-of-00002.safetensors" not in {text.value for text in record.texts}


def test_a_shard_outside_of_the_directory_is_remarked_upon(tmp_path: Path) -> None:
    record = describe(tmp_path, {"model.safetensors.index.json": {"weight_map": {"a": "../../x.safetensors", "b": 3}}})
    assert [remark.kind for remark in record.remarks] == [Irregularity.PATH_ESCAPES]


def test_the_shards_of_a_pipelines_parts_are_mentioned(tmp_path: Path) -> None:
    record = describe(
        tmp_path,
        {"model_index.json": {"_class_name": "FluxPipeline"}, "transformer/x.safetensors.index.json": INDEX},
    )
    assert [one.path for one in record.mentions] == [
        "m/transformer/model-00002-of-00002.safetensors",
        "m/transformer/model-00001-of-00002.safetensors",
    ]


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "preprocessor_config.json", "vocab.txt"])
def test_a_tokenizer_or_a_processor_is_the_input_contract(tmp_path: Path, name: str) -> None:
    record = describe(tmp_path, {"config.json": BERT, name: "{}"})
    places = {section.component: section.origin.path for section in record.sections}
    assert places[Component.FEATURE_SCHEMA] == f"m/{name}"
    assert not record.not_applicable


def test_a_model_without_its_tokenizer_has_no_columns_either(tmp_path: Path) -> None:
    record = describe(tmp_path, {"adapter_config.json": ADAPTER})
    assert [one.value for one in record.not_applicable] == [Component.FEATURE_SCHEMA]


def test_a_card_states_license_data_and_results(tmp_path: Path) -> None:
    record = describe(tmp_path, {"config.json": BERT, "README.md": CARD})
    assert record.name.value == "sentiment"
    assert record.license.value == "llama3"
    assert record.task.value == "text-classification"
    assert record.base_model.value == "org/bert"
    assert record.datasets.value is not None
    assert [(one.name, one.version, one.origin.line) for one in record.datasets.value] == [
        ("imdb", None, 8),
        ("sst2", "abc", 9),
    ]
    assert record.metrics.value is not None
    assert [(one.name, one.value, one.dataset, one.split) for one in record.metrics.value] == [
        ("accuracy", 0.93, "IMDb", "test"),
        ("F1", 0.9, "IMDb", "test"),
    ]
    assert Component.RUN in {section.component for section in record.sections}


def test_a_card_without_front_matter_states_nothing(tmp_path: Path) -> None:
    record = describe(tmp_path, {"config.json": BERT, "README.md": "# Sentiment\n"})
    assert not record.license
    assert not record.remarks
    assert Component.RUN not in {section.component for section in record.sections}


def test_a_broken_card_is_remarked_upon(tmp_path: Path) -> None:
    (remark,) = describe(tmp_path, {"config.json": BERT, "README.md": "---\na: [\n---\n"}).remarks
    assert remark.origin.path == "m/README.md"


def test_a_trainers_results_are_metrics_by_split(tmp_path: Path) -> None:
    record = describe(
        tmp_path,
        {
            "config.json": BERT,
            "eval_results.json": {"epoch": 3.0, "eval_accuracy": 0.9, "eval_runtime": 1.5, "eval_samples": 10},
            "all_results.json": {"eval_accuracy": 0.9, "train_loss": 0.1, "train_samples_per_second": 3.0},
            "trainer_state.json": {
                "best_metric": 0.9,
                "log_history": [{"loss": 0.5, "step": 1}, {"loss": 0.2, "step": 2}, {"eval_f1": 0.8, "step": 2}],
            },
        },
    )
    assert record.metrics.value is not None
    assert [(one.name, one.split, one.value) for one in record.metrics.value] == [
        ("accuracy", "eval", 0.9),
        ("loss", "train", 0.1),
        ("loss", None, 0.2),
        ("f1", "eval", 0.8),
    ]
    assert record.metrics.value[0].origin.path == "m/eval_results.json"


def test_a_broken_file_of_the_tokenizer_is_remarked_upon(tmp_path: Path) -> None:
    record = describe(tmp_path, {"config.json": BERT, "tokenizer_config.json": "{", "generation_config.json": "{,}"})
    assert {remark.origin.path for remark in record.remarks} == {
        "m/tokenizer_config.json",
        "m/generation_config.json",
    }


def test_the_large_vocabulary_is_not_parsed(tmp_path: Path) -> None:
    assert not describe(tmp_path, {"config.json": BERT, "tokenizer.json": "{"}).remarks


def test_requirements_beside_the_model_are_its_environment(tmp_path: Path) -> None:
    record = describe(tmp_path, {"config.json": BERT, "requirements.txt": "transformers==4.44.0\n"})
    assert record.requirements.value is not None
    assert [one.value for one in record.requirements.value] == ["transformers==4.44.0"]


KEYS = ("model-index", "results", "metrics", "dataset", "datasets", "license", "base_model", "log_history", "name")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=15,
)


@given(VALUES)
def test_any_card_and_any_results_are_read(value: object) -> None:
    root = parse("any.json", json.dumps(value).encode(), Syntax.JSON).root
    assert isinstance(describe_card(root), Record)
    assert isinstance(describe_training([root, None]), Record)


@given(st.sampled_from(("config.json", "adapter_config.json", "model_index.json", "modules.json")), VALUES)
def test_any_json_is_recognised_or_not(tmp_path_factory: pytest.TempPathFactory, name: str, value: object) -> None:
    tree = plant(tmp_path_factory.mktemp("any"), {name: json.dumps(value)})
    for claim in huggingface.recognise(tree, ""):
        assert huggingface.describe(tree, claim).conventions
