"""What MLflow's tracking knows about the run behind an artifact: a committed `mlruns/` tree or `mlflow.db`."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.adapters.mlflow import META_FILE, RECORD
from artifact_lint.adapters.reading import Reading, as_text, child, fact
from artifact_lint.document import Syntax
from artifact_lint.model import NOTHING, Record, Stated
from artifact_lint.model.paths import name_of, upwards
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.document import Node
    from artifact_lint.model import Fact
    from artifact_lint.tree import Tree

NAME = "mlflow-tracking"

STORE_DIRECTORY = "mlruns"

#: MLflow's default since 3.7, and the name in its older documentation.
DATABASES = ("mlflow.db", "mlruns.db")

#: How many files of a store that is not in view are listed to find one run.
_MOST_LISTED = 100_000


class _Home(NamedTuple):
    """The run in whose directory an artifact lies."""

    directory: str
    run_id: Fact[str]


def supply(tree: Tree, directory: str, record: Record, files: Iterable[str]) -> Record:  # noqa: ARG001  the protocol
    """What a tracking store states about the artifact's run; an empty record where the run is not found.

    Stores are asked from the nearest to the farthest, directories before databases. An artifact that lies inside a
    run's directory belongs to that run: where its record names none, or another one, that is a fact, too. The run's
    start is stated only where the record has no time of its own, which is later by as long as the training took.
    """
    home = _home_of(tree, directory)
    run_id = record.run_id.value or (home.run_id.value if home is not None else None)
    if run_id is None:
        return NOTHING
    reading = Reading(tree)
    found = _read_run(reading, directory, run_id, home)
    found = _beside(record, found)
    if home is not None and home.run_id.value != record.run_id.value:
        found += Record(run_id=Stated((home.run_id,)))
    return Record(sources=reading.sources, texts=reading.texts, remarks=reading.remarks) + found


def _beside(record: Record, found: Record) -> Record:
    """What was found without what the record knows better: a run may have been registered more than once since."""
    if record.created:
        found = replace(found, created=Stated())
    if not record.name and not record.version:
        return found
    if (record.name.value, record.version.value) != (found.name.value, found.version.value):
        found = replace(found, stage=Stated(), aliases=Stated())
    return replace(found, name=Stated(), version=Stated())


def _read_run(reading: Reading, directory: str, run_id: str, home: _Home | None) -> Record:
    tree = reading.tree
    model_id = _model_id(tree, directory)
    is_home = home is not None and home.run_id.value == run_id
    place = home.directory if home is not None and is_home else _find_run(tree, directory, run_id)
    if place is not None:
        from artifact_lint.adapters.mlflow_run_files import read_run_directory  # noqa: PLC0415 - few runs are committed

        found = read_run_directory(reading, place, run_id, model_id)
        if found.conventions:
            return found
    for path in _databases(tree, directory):
        from artifact_lint.adapters.mlflow_database import read_database_run  # noqa: PLC0415 - SQLite, for few

        found = read_database_run(reading, path, run_id, model_id)
        if found.conventions:
            return found
    return NOTHING


def _home_of(tree: Tree, directory: str) -> _Home | None:
    steps = directory.split("/")
    for index in range(len(steps) - 1, 0, -1):
        if steps[index] != "artifacts":
            continue
        place = "/".join(steps[:index])
        root = _meta(tree, place)
        if root is None:
            continue
        run_id = fact(root.get("run_id")) or fact(root.get("run_uuid"))
        if run_id is not None:
            return _Home(place, run_id)
        source = fact(root.get("source_run_id"))
        if source is not None and _is_name(source.value):
            return _Home(child("/".join(steps[: max(index - 2, 0)]), source.value), source)
    return None


def _meta(tree: Tree, directory: str) -> Node | None:
    path = child(directory, META_FILE)
    if tree.entry(path) is None:
        return None
    document = tree.document(path, Syntax.YAML)
    return document.root if document is not None else None


def _model_id(tree: Tree, directory: str) -> str | None:
    document = tree.document(child(directory, RECORD), Syntax.YAML) if RECORD in tree.folder(directory) else None
    return as_text(document.root.get("model_id")) if document is not None else None


def _find_run(tree: Tree, directory: str, run_id: str) -> str | None:
    if not _is_name(run_id):
        return None
    for ancestor in upwards(directory):
        found = _in_store(tree, child(ancestor, STORE_DIRECTORY), run_id)
        if found is not None:
            return found
    return tree.once(NAME, lambda: _described_directories(tree)).get(run_id)


def _described_directories(tree: Tree) -> dict[str, str]:
    """Every directory in view with a `meta.yaml`, by its own name: a run's is its identifier."""
    described: dict[str, str] = {}
    for place in tree.directories():
        if META_FILE in tree.folder(place):
            described.setdefault(name_of(place), place)
    return described


def _is_name(text: str) -> bool:
    return "/" not in text and text not in (".", "..")


def _in_store(tree: Tree, store: str, run_id: str) -> str | None:
    experiments = tree.subdirectories(store)
    for experiment in experiments:
        if META_FILE in tree.folder(child(experiment, run_id)):
            return child(experiment, run_id)
    if experiments or not tree.store.is_directory(store):
        return None
    ending = f"/{run_id}/{META_FILE}"
    try:
        listed = islice(tree.store.entries(store), _MOST_LISTED)
        return next((entry.path.removesuffix(f"/{META_FILE}") for entry in listed if entry.path.endswith(ending)), None)
    except StoreError:
        return None


def _databases(tree: Tree, directory: str) -> Iterator[str]:
    above = list(upwards(directory))
    for name in DATABASES:
        yield from (child(place, name) for place in above if tree.entry(child(place, name)) is not None)
        elsewhere = (place for place in tree.directories() if place not in above and name in tree.folder(place))
        yield from (child(place, name) for place in elsewhere)
