"""MLflow's SQL store in an SQLite file, read in memory without its writing or running anything.

The tables are those of `mlflow/store/tracking/dbmodels/models.py` and `mlflow/store/model_registry/dbmodels/models.py`.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from artifact_lint.adapters.mlflow_run import MOST_ENTRIES, Registered, Run, address, run_record, stage_of
from artifact_lint.model import NOTHING, Dataset, Fact, Irregularity, Metric, Origin, Record
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from artifact_lint.adapters.reading import Reading
    from artifact_lint.tree import Tree

#: The largest database that is read, in bytes: it is held in memory whole.
DATABASE_LIMIT = 64 << 20

_MAGIC = b"SQLite format 3\0"

#: The two bytes of the header that say which journal the file is used with, and their value without a write-ahead
#: log, which a database in memory cannot have (https://www.sqlite.org/fileformat2.html, sections 1.3.3 and 1.3.1).
_JOURNAL = slice(18, 20)
_ROLLBACK = b"\x01\x01"

#: One step is a thousand instructions of SQLite's machine; the look-ups of a real run take a few hundred steps.
_INSTRUCTIONS = 1_000
_MOST_STEPS = 200_000

_LONGEST_VALUE = 1 << 20

#: What SQLite recommends for files of unknown origin (https://www.sqlite.org/security.html).
_GUARDS = ("PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON", "PRAGMA query_only = ON")

_HELP = "Restore the file (`sqlite3 FILE 'PRAGMA integrity_check'` says what is wrong), or remove it."

_RUN = "SELECT * FROM runs WHERE run_uuid = ?"
_EXPERIMENT = "SELECT name FROM experiments WHERE experiment_id = ?"
_TAGS = "SELECT key, value FROM tags WHERE run_uuid = ? ORDER BY key"
_PARAMETERS = "SELECT key, value FROM params WHERE run_uuid = ? ORDER BY key"
_METRICS = "SELECT key, value, is_nan FROM latest_metrics WHERE run_uuid = ? ORDER BY key"
_DATASETS = """
    SELECT datasets.name AS name, digest, dataset_source, input_tags.value AS context
    FROM inputs
    JOIN datasets ON inputs.source_id = datasets.dataset_uuid
    LEFT JOIN input_tags ON input_tags.input_uuid = inputs.input_uuid AND input_tags.name = 'mlflow.data.context'
    WHERE inputs.source_type = 'DATASET' AND inputs.destination_type = 'RUN' AND inputs.destination_id = ?
    ORDER BY datasets.name
"""
_VERSIONS = "SELECT * FROM model_versions WHERE run_id = ? ORDER BY version DESC"
_ALIASES = "SELECT alias FROM registered_model_aliases WHERE name = ? AND version = ? ORDER BY alias"

_Row = dict[str, object]


def read_database_run(reading: Reading, path: str, run_id: str, model_id: str | None) -> Record:
    """What a database states about a run; an empty record where it does not know the run or is not MLflow's.

    A file that is no SQLite database, is damaged or too large is remarked upon.
    """
    try:
        data = _read(reading.tree, path)
        with closing(sqlite3.connect(":memory:")) as connection:
            _load(connection, data)
            run = _read_run(reading, connection, Origin(path, pointer=f"/runs/{run_id}"), run_id, model_id)
    except (StoreError, sqlite3.Error, sqlite3.Warning, MemoryError, OverflowError, UnicodeError) as error:
        message = f"the tracking database cannot be read: {error}"
        reading.remark(Irregularity.UNREADABLE, Origin(path), message, _HELP)
        return NOTHING
    return run_record(run_id, run) if run is not None else NOTHING


def _read(tree: Tree, path: str) -> bytes:
    with tree.store.open(path) as source:
        if source.size > DATABASE_LIMIT:
            raise StoreError(f"{source.size:,} bytes are more than the limit of {DATABASE_LIMIT:,}")
        data = source.read(0, DATABASE_LIMIT)
    if not data.startswith(_MAGIC):
        raise StoreError("it is not an SQLite database")
    return data


def _load(connection: sqlite3.Connection, data: bytes) -> None:
    steps = iter(range(_MOST_STEPS))
    connection.text_factory = _text
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(len(data), _LONGEST_VALUE))
    connection.deserialize(data[: _JOURNAL.start] + _ROLLBACK + data[_JOURNAL.stop :])
    connection.set_progress_handler(lambda: next(steps, None) is None, _INSTRUCTIONS)
    for guard in _GUARDS:
        connection.execute(guard)


def _text(data: bytes) -> str:
    return data[:_LONGEST_VALUE].decode("utf-8", "replace")


def _rows(connection: sqlite3.Connection, query: str, *values: object) -> list[_Row]:
    """The rows of a query; none where the schema is older than the table, or another's."""
    try:
        cursor = connection.execute(query, values)
        names = [str(column[0]) for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchmany(MOST_ENTRIES)]
    except sqlite3.OperationalError as error:
        if str(error).startswith(("no such table", "no such column")):
            return []
        raise


def _string(value: object) -> str | None:
    if isinstance(value, bytes):
        return None
    return str(value) if value is not None and value != "" else None


def _read_run(
    reading: Reading, connection: sqlite3.Connection, origin: Origin, run_id: str, model_id: str | None
) -> Run | None:
    rows = _rows(connection, _RUN, run_id)
    if not rows:
        return None
    row = rows[0]
    experiments = _rows(connection, _EXPERIMENT, row.get("experiment_id"))
    experiment = _string(experiments[0]["name"]) if experiments else None
    start = row.get("start_time")
    tags = {key: Fact(value, origin) for key, value in _pairs(connection, _TAGS, run_id).items()}
    parameters = _pairs(connection, _PARAMETERS, run_id)
    for text in (*(stated.value for stated in tags.values()), *parameters.values()):
        reading.add_text(Fact(text, origin))
    return Run(
        origin=origin,
        name=_string(row.get("name")),
        experiment=Fact(experiment, origin) if experiment is not None else None,
        start=start if isinstance(start, int) else None,
        status=_string(row.get("status")),
        deleted=row.get("lifecycle_stage") == "deleted",
        user=_string(row.get("user_id")),
        source_version=_string(row.get("source_version")),
        tags=tags,
        parameters=parameters,
        metrics=_metrics(connection, origin, run_id),
        datasets=_datasets(connection, origin, run_id),
        registered=_registered(connection, origin, run_id, model_id),
    )


def _pairs(connection: sqlite3.Connection, query: str, run_id: str) -> dict[str, str]:
    pairs = ((_string(row["key"]), _string(row["value"])) for row in _rows(connection, query, run_id))
    return {key: value or "" for key, value in pairs if key is not None}


def _metrics(connection: sqlite3.Connection, origin: Origin, run_id: str) -> tuple[Metric, ...]:
    found = []
    for row in _rows(connection, _METRICS, run_id):
        key, value = _string(row["key"]), row["value"]
        if key is None or key.startswith("system/") or not isinstance(value, int | float):
            continue
        found.append(Metric(key, float("nan") if row["is_nan"] else float(value), origin))
    return tuple(found)


def _datasets(connection: sqlite3.Connection, origin: Origin, run_id: str) -> tuple[Dataset, ...]:
    return tuple(
        Dataset(
            name=_string(row["name"]) or "",
            origin=origin,
            digest=_string(row["digest"]),
            role=_string(row["context"]),
            uri=address(_string(row["dataset_source"])),
        )
        for row in _rows(connection, _DATASETS, run_id)
    )


def _registered(connection: sqlite3.Connection, origin: Origin, run_id: str, model_id: str | None) -> Registered | None:
    rows = _rows(connection, _VERSIONS, run_id)
    if model_id is not None:
        rows = [row for row in rows if _string(row.get("source")) == f"models:/{model_id}"]
    if len({row.get("name") for row in rows}) != 1:
        return None
    name, version = _string(rows[0].get("name")), _string(rows[0].get("version"))
    if name is None or version is None:
        return None
    aliases = (_string(row["alias"]) for row in _rows(connection, _ALIASES, name, rows[0].get("version")))
    return Registered(
        Fact(name, origin),
        Fact(version, origin),
        stage_of(_string(rows[0].get("current_stage")), origin),
        tuple(Fact(alias, origin) for alias in aliases if alias is not None),
    )
