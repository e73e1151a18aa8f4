"""The labels of a configuration of transformers."""

from __future__ import annotations

import json

import pytest

from artifact_lint.adapters.huggingface_labels import labels_of
from artifact_lint.document import Syntax, parse


def read(config: dict[str, object]) -> tuple[object, object, object]:
    best = labels_of(parse("config.json", json.dumps(config).encode(), Syntax.JSON).root).best
    if best is None:
        return None, None, None
    maps = best.value
    return tuple(fact.value if fact else None for fact in (maps.by_number, maps.by_label, maps.count))  # type: ignore[return-value]  # three of them


def test_both_directions_and_the_count_are_read() -> None:
    config = {"id2label": {"0": "no", "1": "yes"}, "label2id": {"no": 0, "yes": 1}, "num_labels": 2}
    assert read(config) == ({0: "no", 1: "yes"}, {"no": 0, "yes": 1}, 2)


def test_a_configuration_without_labels_says_nothing() -> None:
    assert read({"model_type": "bert"}) == (None, None, None)
    assert labels_of(None).best is None


@pytest.mark.parametrize("written", [{}, [], "no", {"no": "yes"}, {"0": {"a": 1}}, {"9" * 20: "far"}, {"-1": "no"}])
def test_what_is_no_mapping_of_numbers_to_names_is_left_out(written: object) -> None:
    assert read({"id2label": written, "num_labels": 2}) == (None, None, 2)


@pytest.mark.parametrize("written", [{}, [], {"no": "first"}, {"no": [0]}])
def test_what_is_no_mapping_of_names_to_numbers_is_left_out(written: object) -> None:
    assert read({"label2id": written, "num_labels": "two"}) == (None, None, None)
