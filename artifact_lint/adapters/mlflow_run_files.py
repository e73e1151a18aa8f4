"""MLflow's file store: a directory `mlruns/<experiment>/<run>` with one small file for each thing that was logged."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.adapters.mlflow import META_FILE
from artifact_lint.adapters.mlflow_run import MOST_ENTRIES, Registered, Run, address, run_record, stage_of
from artifact_lint.adapters.reading import as_int, as_text, child, decode, fact
from artifact_lint.document import Syntax
from artifact_lint.model import NOTHING, Dataset, Fact, Metric, Origin, Record
from artifact_lint.model.paths import directory_of, name_of
from artifact_lint.stores.base import EntryKind, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.adapters.reading import Reading
    from artifact_lint.document import Node
    from artifact_lint.tree import Tree

#: What is read of a parameter or a tag; MLflow takes up to 8,000 characters of either.
_VALUE_LIMIT = 32 << 10

#: What is read of a metric's history; of a longer one the end is read alone.
_HISTORY_LIMIT = 1 << 20

#: The machine's load, which MLflow logs beside the model's own metrics.
_SYSTEM_METRICS = "system/"


class _Point(NamedTuple):
    """One line of a metric's history, in the order by which MLflow finds the latest: step, time, value."""

    step: int
    moment: int
    value: float
    line: int


def read_run_directory(reading: Reading, place: str, run_id: str, model_id: str | None) -> Record:
    """What a run's directory states; an empty record where it is not the run that was asked for."""
    path = child(place, META_FILE)
    root = reading.document(path, Syntax.YAML)
    if root is None or (as_text(root.get("run_id")) or as_text(root.get("run_uuid"))) not in (run_id, None):
        return NOTHING
    experiment = directory_of(place)
    run = Run(
        origin=Origin(path),
        name=as_text(root.get("run_name")) or as_text(root.get("name")),
        experiment=_experiment_name(reading, experiment),
        start=as_int(root.get("start_time")),
        status=as_text(root.get("status")),
        deleted=as_text(root.get("lifecycle_stage")) == "deleted",
        user=as_text(root.get("user_id")),
        source_version=as_text(root.get("source_version")),
        tags=dict(_values(reading, child(place, "tags"))),
        parameters={key: stated.value for key, stated in _values(reading, child(place, "params"))},
        metrics=tuple(_metrics(reading.tree, child(place, "metrics"))),
        datasets=tuple(_datasets(reading, place, experiment)),
        registered=_registered(reading, directory_of(experiment), run_id, model_id),
    )
    return run_record(run_id, run)


def _experiment_name(reading: Reading, experiment: str) -> Fact[str] | None:
    path = child(experiment, META_FILE)
    root = reading.document(path, Syntax.YAML) if reading.tree.entry(path) is not None else None
    return fact(root.get("name")) if root is not None else None


def _below(tree: Tree, directory: str) -> list[str]:
    """Every file below a directory, relative to it; from the store itself where the directory is not in view."""
    found: list[str] = []
    waiting = [directory]
    while waiting and len(found) < MOST_ENTRIES:
        current = waiting.pop()
        found.extend(child(current, name) for name in tree.folder(current))
        waiting.extend(tree.subdirectories(current))
    if not found and tree.store.is_directory(directory):
        try:
            found = [entry.path for entry in islice(tree.store.entries(directory), MOST_ENTRIES)]
        except StoreError:
            return []
    return sorted(path.removeprefix(f"{directory}/") for path in found[:MOST_ENTRIES])


def _values(reading: Reading, directory: str) -> Iterator[tuple[str, Fact[str]]]:
    for name in _below(reading.tree, directory):
        path = child(directory, name)
        data = reading.tree.read(path, _VALUE_LIMIT)
        if data is None:
            continue
        text = decode(data).strip()
        stated = Fact(text, Origin(path, end_column=len(text.partition("\n")[0]) + 1))
        reading.add_text(stated)
        yield name, stated


def _metrics(tree: Tree, directory: str) -> Iterator[Metric]:
    for name in _below(tree, directory):
        if name.startswith(_SYSTEM_METRICS):
            continue
        path = child(directory, name)
        point = _latest(tree, path)
        if point is not None:
            yield Metric(name, point.value, Origin(path, point.line, 1, point.line, 1))


def _latest(tree: Tree, path: str) -> _Point | None:
    entry = tree.entry(path)
    if entry is None or entry.kind is not EntryKind.FILE:
        return None
    if entry.size <= _HISTORY_LIMIT:
        lines = (tree.read(path, _HISTORY_LIMIT) or b"").splitlines()
        return max((point for line, raw in enumerate(lines, 1) for point in _points(raw, line)), default=None)
    try:
        with tree.store.open(path) as source:
            lines = source.read(max(0, source.size - _HISTORY_LIMIT), _HISTORY_LIMIT).splitlines()[1:]
    except StoreError:
        return None
    return max((point for raw in lines for point in _points(raw, 1)), default=None)


def _points(raw: bytes, line: int) -> Iterator[_Point]:
    words = raw.split()
    try:
        moment, value, step = int(words[0]), float(words[1]), int(words[2]) if len(words) > 2 else 0
    except (IndexError, ValueError):
        return
    yield _Point(step, moment, value, line)


def _datasets(reading: Reading, place: str, experiment: str) -> Iterator[Dataset]:
    inputs = child(place, "inputs")
    for name in _below(reading.tree, inputs):
        if name_of(name) != META_FILE:
            continue
        link = reading.document(child(inputs, name), Syntax.YAML)
        source = as_text(link.get("source_id")) if link is not None else None
        if link is None or source is None or "/" in source or as_text(link.get("source_type")) != "DATASET":
            continue
        path = child(experiment, f"datasets/{source}/{META_FILE}")
        root = reading.document(path, Syntax.YAML) if reading.tree.entry(path) is not None else None
        title = fact(root.get("name")) if root is not None else None
        if root is not None and title is not None:
            yield Dataset(
                name=title.value,
                origin=title.origin,
                digest=as_text(root.get("digest")),
                role=_context(link),
                uri=address(as_text(root.get("source"))),
            )


def _context(link: Node) -> str | None:
    return as_text(link.get("tags", "mlflow.data.context"))


def _registered(reading: Reading, store: str, run_id: str, model_id: str | None) -> Registered | None:
    """The version that the store's registry made of the model, or of the run where that made only one model."""
    found: list[tuple[int, bool, Node, str]] = []
    for model in reading.tree.subdirectories(child(store, "models"))[:MOST_ENTRIES]:
        for place in reading.tree.subdirectories(model):
            path = child(place, META_FILE)
            document = reading.tree.document(path, Syntax.YAML) if path.rpartition("/version-")[1] else None
            if document is None or as_text(document.root.get("run_id")) != run_id:
                continue
            number = as_int(document.root.get("version"))
            is_model = model_id is not None and as_text(document.root.get("model_id")) == model_id
            if number is not None:
                found.append((number, is_model, document.root, model))
    chosen = [one for one in found if one[1]] or ([] if model_id is not None else found)
    if len({one[3] for one in chosen}) != 1:
        return None
    _, _, root, model = max(chosen, key=lambda one: one[0])
    root = reading.document(root.origin.path, Syntax.YAML) or root
    name, version = fact(root.get("name")), fact(root.get("version"))
    if name is None or version is None:
        return None
    return Registered(name, version, _stage(root), tuple(_aliases(reading, model, version.value)))


def _stage(root: Node) -> Fact[str] | None:
    node = root.get("current_stage")
    return stage_of(as_text(node), node.origin) if node is not None else None


def _aliases(reading: Reading, model: str, version: str) -> Iterator[Fact[str]]:
    for alias, stated in _values(reading, child(model, "aliases")):
        if stated.value == version:
            yield Fact(alias, stated.origin)
