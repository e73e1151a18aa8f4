"""A run as MLflow's tracking keeps it, whatever it keeps it in, and the record it makes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from artifact_lint.model import Component, Dataset, Fact, Metric, Origin, Record, Section, Stated

if TYPE_CHECKING:
    from collections.abc import Mapping

CONVENTION = "mlflow-tracking"

#: How many parameters, metrics, tags and dataset inputs of one run are read.
MOST_ENTRIES = 5_000

#: MLflow's RunStatus (mlflow/protos/service.proto), which the file store writes as a number.
_STATUSES = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}

#: The year 3000, in milliseconds: a larger number is no start time.
_LATEST = 32_503_680_000_000

_ADDRESS_KEYS = ("uri", "url", "path", "table_name", "table", "delta_table_name")

#: What the registry writes where a version has no stage.
_NO_STAGE = "none"


@dataclass(frozen=True, slots=True)
class Registered:
    """A version of a registered model that came from the run."""

    name: Fact[str]
    version: Fact[str]
    stage: Fact[str] | None = None
    aliases: tuple[Fact[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One run; `start` is in milliseconds since 1970, `tags` and `parameters` are as they were logged."""

    origin: Origin
    name: str | None = None
    experiment: Fact[str] | None = None
    start: int | None = None
    status: str | None = None
    deleted: bool = False
    user: str | None = None
    source_version: str | None = None
    tags: Mapping[str, Fact[str]] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    registered: Registered | None = None


def run_record(run_id: str, run: Run) -> Record:
    """The record of a run. Its hyperparameters point at the run, since each may stand in a file of its own."""
    tags, registered = run.tags, run.registered

    def at_run(text: str | None) -> Fact[str] | None:
        return Fact(text, run.origin) if text else None

    metrics = Stated((Fact(run.metrics, run.metrics[0].origin),)) if run.metrics else Stated()
    datasets = Stated((Fact(run.datasets, run.datasets[0].origin),)) if run.datasets else Stated()
    parameters: Mapping[str, object] = run.parameters
    return Record(
        conventions=(CONVENTION,),
        name=_one(registered.name if registered else None),
        version=_one(registered.version if registered else None),
        stage=_one(registered.stage if registered else None),
        aliases=Stated(registered.aliases) if registered else Stated(),
        hyperparameters=Stated((Fact(parameters, run.origin),)) if parameters else Stated(),
        run_id=_one(Fact(run_id, run.origin)),
        run_name=_one(at_run(run.name) or tags.get("mlflow.runName")),
        experiment=_one(run.experiment),
        created=_one(at_run(timestamp(run.start))),
        status=_one(at_run("DELETED" if run.deleted else _STATUSES.get(run.status or "", run.status))),
        git_commit=_one(tags.get("mlflow.source.git.commit") or at_run(run.source_version)),
        repository=_one(tags.get("mlflow.source.git.repoURL") or tags.get("mlflow.gitRepoURL")),
        author=_one(tags.get("mlflow.user") or at_run(run.user)),
        datasets=datasets,
        metrics=metrics,
        sections=(
            Section(Component.RUN, run.origin),
            *((Section(Component.CONFIG, run.origin),) if run.parameters else ()),
        ),
    )


def timestamp(milliseconds: int | None) -> str | None:
    """An RFC 3339 timestamp in UTC of milliseconds since 1970; None for what is no time of a run."""
    if milliseconds is None or not 0 < milliseconds < _LATEST:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def address(source: str | None) -> str | None:
    """The address in a dataset's source, which MLflow writes as JSON whose keys depend on the kind of source."""
    if source is None:
        return None
    try:
        told = json.loads(source)
    except (ValueError, RecursionError):
        return source if "://" in source else None
    if not isinstance(told, dict):
        return None
    return next((told[key] for key in _ADDRESS_KEYS if isinstance(told.get(key), str)), None)


def stage_of(text: str | None, origin: Origin) -> Fact[str] | None:
    """A registry's stage in lower case; None where a version has none."""
    stage = (text or "").strip().lower()
    return Fact(stage, origin) if stage and stage != _NO_STAGE else None


def _one(stated: Fact[str] | None) -> Stated[str]:
    return Stated((stated,)) if stated is not None else Stated()
