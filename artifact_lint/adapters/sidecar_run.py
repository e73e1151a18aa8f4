"""Metrics, datasets and library versions as people write them by hand."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from artifact_lint.adapters import sidecar_keys as keys
from artifact_lint.adapters.reading import as_float, as_text
from artifact_lint.model import Dataset, Fact, Metric, Stated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.adapters.sidecar_fields import Fields
    from artifact_lint.document import Node

#: More metrics than this are a history, more datasets a listing of files.
MOST_METRICS = 1000
_MOST_DATASETS = 100

#: A longer text is neither a requirement nor a version, in characters.
_LONGEST = 300
_VERSION = re.compile(r"[v=]*(?P<number>\d+(?:\.\w+)+(?:[-+.]\w+)*)")
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*(?:[=<>!~]=?.*)?")


def metrics_of(fields: Fields, root: Node, *, anything: bool) -> Stated[tuple[Metric, ...]]:
    """The metrics of a document: its groups of metrics, and the numbers that are named like one.

    `anything` takes every number of a file that is about nothing else.
    """
    found = tuple(islice(_metrics(fields, root, anything=anything), MOST_METRICS))
    return Stated((Fact(found, found[0].origin, guessed=True),)) if found else Stated()


def _metrics(fields: Fields, root: Node, *, anything: bool) -> Iterator[Metric]:
    groups = [(name, fields.by_name[name]) for name in keys.METRICS if name in fields.by_name]
    for name, group in groups:
        yield from _group(group, keys.split_of(name))
    taken = {id(group) for _, group in groups}
    for key, value in root.items():
        if id(value) in taken:
            continue
        if as_float(value) is not None and (keys.is_metric(key) or (anything and not keys.is_bookkeeping(key))):
            yield Metric(key, value.value, value.origin)
        elif anything and _measures(key, value):
            yield from _nested(key, value, None)


def _group(group: Node, split: str | None) -> Iterator[Metric]:
    for element in group.elements():
        name = as_text(element.get("name")) or as_text(element.get("metric"))
        value = next((node for key in ("value", "score") if (node := element.get(key)) is not None), None)
        if name is not None and value is not None and as_float(value) is not None:
            yield Metric(name, value.value, value.origin, split=as_text(element.get("split")) or split)
    for key, value in group.items():
        if _measures(key, value):
            yield from _nested(key, value, split)
        elif as_float(value) is not None and not keys.is_bookkeeping(key):
            yield Metric(key, value.value, value.origin, split=split)


def _measures(key: str, group: Node) -> bool:
    """Whether a mapping among metrics holds metrics, rather than importances or counts."""
    return group.is_mapping and (
        keys.split_of(key) is not None or any(keys.is_metric(name) for name, _ in group.items())
    )


def _nested(key: str, group: Node, split: str | None) -> Iterator[Metric]:
    part = keys.split_of(key)
    for name, value in group.items():
        if as_float(value) is not None and not keys.is_bookkeeping(name):
            yield Metric(name if part else f"{key}.{name}", value.value, value.origin, split=part or split)


def datasets_of(fields: Fields) -> Stated[tuple[Dataset, ...]]:
    """The data that a document says the model was trained on."""
    node = fields.first(keys.DATASET) or fields.first(keys.DATASET_URI) or fields.first(keys.DATASET_VERSION)
    if node is None:
        return Stated()
    if node.is_sequence:
        each = [_dataset(element) for element in islice(node.elements(), _MOST_DATASETS)]
        found = tuple(dataset for dataset in each if dataset is not None)
    else:
        one = _dataset(node, fields)
        found = (one,) if one is not None else ()
    return Stated((Fact(found, node.origin, guessed=True),)) if found else Stated()


def _dataset(node: Node, fields: Fields | None = None) -> Dataset | None:
    """One dataset: a name, a place, or a mapping; `fields` may state its version, place and digest beside it."""
    if node.is_mapping:
        name, uri = _text(node, "name", "dataset", "id"), _text(node, "uri", "url", "path", "source", "file")
        version = _text(node, "version", *keys.DATASET_VERSION)
        digest = _text(node, "digest", "sha256", "md5", "hash", "checksum", *keys.DATASET_DIGEST)
        if name is None and uri is None:
            return None
        return Dataset(name or _last_part(uri or ""), node.origin, version=version, digest=digest, uri=uri)
    text = as_text(node)
    if text is None or not (isinstance(node.value, str) or fields is not None):
        return None
    beside = [
        as_text(fields.scalar(names)) if fields is not None else None
        for names in (keys.DATASET_VERSION, keys.DATASET_DIGEST, keys.DATASET_URI)
    ]
    version, digest, uri = beside
    if text in (version, uri):
        name = _last_part(uri) if uri is not None else "dataset"
    else:
        name = _last_part(text) if _is_place(text) else text
    return Dataset(name, node.origin, version=version, digest=digest, uri=uri or (text if _is_place(text) else None))


def _text(node: Node, *names: str) -> str | None:
    return next((text for name in names if (text := as_text(node.get(name))) is not None), None)


def _is_place(text: str) -> bool:
    return ("/" in text or "\\" in text) and " " not in text


def _last_part(place: str) -> str:
    parts = re.split(r"[/\\]", place.rstrip("/\\"))
    return parts[-1] or place


def libraries_of(fields: Fields) -> Stated[tuple[Fact[str], ...]]:
    """Pins from `sklearn_version: 1.5.0` and the like, from a mapping of versions, or from a list of requirements."""
    found: dict[str, Fact[str]] = {}
    stated = [(name.removesuffix("_version"), node) for name, node in fields.by_name.items() if "_version" in name]
    framework = keys.LIBRARIES.get(keys.normal(as_text(fields.scalar(keys.FRAMEWORK)) or ""))
    stated = [(framework or name if name in keys.FRAMEWORK else name, node) for name, node in stated]
    for group in fields.all(keys.VERSIONS):
        stated += group.items()
        for element in group.elements():
            text = as_text(element)
            if text is not None and len(text) < _LONGEST and _REQUIREMENT.fullmatch(text):
                found.setdefault(text, Fact(text, element.origin, guessed=True))
    for key, node in stated:
        distribution = keys.LIBRARIES.get(keys.normal(key))
        version = _VERSION.fullmatch((as_text(node) or "")[:_LONGEST])
        if distribution and version:
            found.setdefault(distribution, Fact(f"{distribution}=={version['number']}", node.origin, guessed=True))
    pins = tuple(found.values())
    return Stated((Fact(pins, pins[0].origin, guessed=True),)) if pins else Stated()
