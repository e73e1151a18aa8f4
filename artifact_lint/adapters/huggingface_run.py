"""What the transformers Trainer leaves of a training: results by split, and its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import as_text
from artifact_lint.model import NOTHING, Fact, Metric, Record, Stated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.document import Node

#: In the order of precedence; the Trainer writes `all_results.json` as the union of the others.
RUN_FILES = (
    "eval_results.json",
    "test_results.json",
    "predict_results.json",
    "train_results.json",
    "all_results.json",
    "trainer_state.json",
)

_SPLITS = {"eval_": "eval", "test_": "test", "predict_": "test", "train_": "train"}

#: How long it took and how far it went, which is no result.
_BOOKKEEPING = ("epoch", "step", "total_flos", "learning_rate", "grad_norm", "num_input_tokens_seen")
_BOOKKEEPING_ENDS = ("runtime", "samples", "per_second", "_flos", "_time", "_timing", "mem_gpu", "mem_cpu")

_MOST_METRICS = 5_000


def describe_training(roots: Sequence[Node | None]) -> Record:
    """The metrics of the documents named in `RUN_FILES`, each once; None stands for a document that is not there."""
    found: dict[tuple[str, str | None], Metric] = {}
    for root in roots:
        if root is None:
            continue
        for metric in _of_state(root) if root.get("log_history") is not None else _of_results(root):
            if len(found) < _MOST_METRICS:
                found.setdefault((metric.name, metric.split), metric)
    metrics = tuple(found.values())
    return Record(metrics=Stated((Fact(metrics, metrics[0].origin),))) if metrics else NOTHING


def _of_results(root: Node) -> Iterator[Metric]:
    for key, node in root.items():
        if key in _BOOKKEEPING or key.endswith(_BOOKKEEPING_ENDS) or key.startswith("_"):
            continue
        value = node.value if node.text is not None else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        prefix = next((prefix for prefix in _SPLITS if key.startswith(prefix) and key != prefix), None)
        name = key.removeprefix(prefix) if prefix else key
        yield Metric(name, value, node.origin, split=_SPLITS[prefix] if prefix else None)


def _of_state(root: Node) -> Iterator[Metric]:
    history = root.get("log_history")
    latest: dict[tuple[str, str | None], Metric] = {}
    for entry in history.elements() if history is not None else ():
        for metric in _of_results(entry):
            latest[metric.name, metric.split] = metric
    best = root.get("best_metric")
    if best is not None and as_text(best) is not None and not any(split == "eval" for _, split in latest):
        yield Metric("best_metric", best.value, best.origin, split="eval")
    yield from latest.values()
