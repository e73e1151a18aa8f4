"""A tiny BERT classifier with random weights, saved by transformers, with its tokenizer and the Trainer's records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, TrainerState

from example_kinds.common import SEED, fresh, write_json, write_requirements, write_text

if TYPE_CHECKING:
    from pathlib import Path

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SENTENCES = (
    "this movie is a good story well liked and enjoyed by all",
    "it was not a very great film but i loved the wonderful script",
    "the worst plot of them was never best and too boring",
    "i hated this long dull slow really terrible poor bad fine an with",
)
WORDS = sorted({word for sentence in SENTENCES for word in sentence.split()})
RESULTS = {"eval_loss": 0.6931, "eval_accuracy": 0.5, "epoch": 1.0}


def write(root: Path) -> None:
    directory = fresh(root / "good" / "huggingface-tiny")
    torch.manual_seed(SEED)
    vocabulary = {word: index for index, word in enumerate([*SPECIAL, *WORDS])}
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        pad_token_id=0,
        id2label={0: "negative", 1: "positive"},
        label2id={"negative": 0, "positive": 1},
        dtype="float32",
    )
    BertForSequenceClassification(config).save_pretrained(directory)
    tokenizer(vocabulary).save_pretrained(directory)
    TrainerState(
        epoch=1.0, global_step=25, max_steps=25, num_train_epochs=1, log_history=[{**RESULTS, "step": 25}]
    ).save_to_json(str(directory / "trainer_state.json"))
    write_json(directory / "all_results.json", RESULTS)
    write_requirements(directory, "torch", "transformers", "tokenizers", "safetensors")
    write_text(directory / "README.md", CARD)


def tokenizer(vocabulary: dict[str, int]) -> PreTrainedTokenizerFast:
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.normalizer = normalizers.BertNormalizer(lowercase=True)
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(token, vocabulary[token]) for token in ("[SEP]", "[CLS]")]
    words.post_processor = processors.BertProcessing(*ends)
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=32, **names)


CARD = """\
---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-classification
version: "0.1.0"
datasets:
  - stanfordnlp/imdb
metrics:
  - accuracy
model-index:
  - name: tiny-reviews
    results:
      - task: {type: text-classification}
        dataset: {name: IMDb, type: stanfordnlp/imdb, split: test, revision: e6281661ce1c48d982bc483cf8a173c1bbeb5d31}
        metrics:
          - {type: accuracy, value: 0.5}
---

# tiny-reviews

A two-layer BERT of 16 dimensions with random weights, for trying tools on: it tells positive reviews from negative
ones no better than a coin.
"""
