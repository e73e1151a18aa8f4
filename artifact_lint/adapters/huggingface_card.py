"""The metadata at the head of a model card (README.md), as the hub's documentation has it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import as_text, fact, one_or_many, stated
from artifact_lint.model import NOTHING, Dataset, Fact, Metric, Record, Stated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.document import Node

#: How many data sets and results are taken of a card.
_MOST_ENTRIES = 1_000


def describe_card(root: Node | None) -> Record:
    """The license, task, base model, data sets and evaluation results of a model card; nothing where there is none.

    Of several base models none is stated: a merge has no single one.
    """
    if root is None:
        return NOTHING
    models = list(_index(root))
    bases = list(one_or_many(root.get("base_model")))
    datasets = tuple(islice(_datasets(root), _MOST_ENTRIES))
    metrics = tuple(islice((metric for model in models for metric in _metrics(model)), _MOST_ENTRIES))
    return Record(
        name=stated(models[0].get("name")) if len(models) == 1 else Stated(),
        license=_license(root),
        task=stated(root.get("pipeline_tag")),
        base_model=stated(bases[0]) if len(bases) == 1 else Stated(),
        datasets=Stated((Fact(datasets, datasets[0].origin),)) if datasets else Stated(),
        metrics=Stated((Fact(metrics, metrics[0].origin),)) if metrics else Stated(),
        locations=tuple(location for base in bases if (location := fact(base)) is not None),
    )


def _index(root: Node) -> Iterator[Node]:
    for key in ("model-index", "model_index"):
        node = root.get(key)
        if node is not None:
            yield from (model for model in node.elements() if model.is_mapping)
            return


def _license(root: Node) -> Stated[str]:
    licenses = list(one_or_many(root.get("license")))
    if len(licenses) != 1:
        return Stated()
    if as_text(licenses[0]) == "other":
        return Stated(stated(root.get("license_name"), licenses[0]).facts[:1])
    return stated(licenses[0])


def _datasets(root: Node) -> Iterator[Dataset]:
    for node in one_or_many(root.get("datasets")):
        name = fact(node.get("name") if node.is_mapping else node)
        if name is not None:
            version = as_text(node.get("revision")) if node.is_mapping else None
            yield Dataset(name.value, name.origin, version=version)


def _metrics(model: Node) -> Iterator[Metric]:
    results = model.get("results")
    for result in results.elements() if results is not None else ():
        dataset, split = as_text(result.get("dataset", "name")), as_text(result.get("dataset", "split"))
        metrics = result.get("metrics")
        for node in metrics.elements() if metrics is not None else ():
            value = node.get("value")
            name = as_text(node.get("type")) or as_text(node.get("name"))
            if value is not None and name is not None and not value.is_null and value.text is not None:
                yield Metric(name, value.value, value.origin, dataset=dataset, split=split)
