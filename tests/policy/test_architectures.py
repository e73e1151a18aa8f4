"""What is known of architectures: the data, and what its terms come to."""

from __future__ import annotations

import re

import pytest

from artifact_lint.policy.architectures import architecture, evaluate, pattern_of


@pytest.mark.parametrize(
    ("term", "numbers", "expected"),
    [
        ("hidden_size", {"hidden_size": 8}, 8),
        ("3*n_embd", {"n_embd": 8}, 24),
        ("heads*width+2*shared*width", {"heads": 4, "width": 2, "shared": 1}, 12),
        ("shared*hidden/heads", {"shared": 2, "hidden": 32, "heads": 4}, 16),
        ("shared*hidden/heads", {"shared": 1, "hidden": 30, "heads": 4}, None),
        ("shared*hidden/heads", {"shared": 1, "hidden": 30, "heads": 0}, None),
        ("inner?4*width", {"inner": 7, "width": 2}, 7),
        ("inner?4*width", {"width": 2}, 8),
        ("unknown", {}, None),
    ],
)
def test_terms_are_sums_of_products(term: str, numbers: dict[str, int], expected: int | None) -> None:
    assert evaluate(term, numbers.get) == expected


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("model.layers.0.mlp.experts.12.w1.weight", "model.layers.#.mlp.experts.#.w1.weight"),
        ("0.auto_model.weight", "#.auto_model.weight"),
        ("weight", "weight"),
        ("h.1", "h.1"),
    ],
)
def test_numbers_of_layers_are_all_alike(name: str, pattern: str) -> None:
    assert pattern_of(name) == pattern


def test_an_embedding_may_be_narrower_than_the_layers() -> None:
    albert = architecture("albert")
    assert albert is not None
    words = {one.axis: one.term for one in albert.dimensions if one.pattern == "embeddings.word_embeddings.weight"}
    assert words == {0: "vocab_size", 1: "embedding_size"}


def test_other_names_of_keys_are_known() -> None:
    gpt2 = architecture("gpt2")
    assert gpt2 is not None
    assert gpt2.names["hidden_size"] == "n_embd"
    assert ("h", "n_layer") in gpt2.lists


@pytest.mark.parametrize("name", ["deepseek_v3", "glm4_moe", "gpt2", "t5"])
def test_what_the_code_passes_over_can_be_compiled(name: str) -> None:
    known = architecture(name)
    assert known is not None
    assert all(re.compile(text).groups >= 0 for text in known.ignored)


@pytest.mark.parametrize("name", ["homemade", None, 3, ["bert"]])
def test_nothing_is_known_of_others(name: object) -> None:
    assert architecture(name) is None
