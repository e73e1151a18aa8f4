from __future__ import annotations

import sqlite3
from math import isnan
from typing import TYPE_CHECKING

import pytest
from trees import plant

from artifact_lint.adapters import mlflow, mlflow_database, mlflow_tracking
from artifact_lint.adapters.mlflow_run import address, timestamp
from artifact_lint.model import Component, Fact, Irregularity, Origin, Record, Stated
from artifact_lint.stores.local import LocalStore
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

RUN = "2f05af23a78c4de38a58d2c522930b23"
MODEL = "m-f711c55ff95848e1bd00a07272a26387"
EXPERIMENT = "947463492829568786"

META = f"""\
artifact_uri: file:///home/ann/mlruns/{EXPERIMENT}/{RUN}/artifacts
end_time: 1795258531859
entry_point_name: ''
experiment_id: '{EXPERIMENT}'
lifecycle_stage: active
run_id: {RUN}
run_name: forest
source_name: ''
source_type: 4
source_version: ''
start_time: 1795258528067
status: 3
tags: []
user_id: root
"""

MLMODEL = f"flavors:\n  sklearn: {{pickled_model: model.skops}}\nrun_id: {RUN}\n"

DATASET = 'digest: 8f9eb48c\nname: iris\nsource: \'{"url": "https://example.org/iris.csv"}\'\nsource_type: http\n'


def store(base: str = "mlruns", run: str = RUN, meta: str = META) -> dict[str, str | bytes]:
    place = f"{base}/{EXPERIMENT}/{run}"
    return {
        f"{base}/{EXPERIMENT}/meta.yaml": f"experiment_id: '{EXPERIMENT}'\nlifecycle_stage: active\nname: iris\n",
        f"{place}/meta.yaml": meta,
        f"{place}/params/n_estimators": "300",
        f"{place}/params/nested/name": "x",
        f"{place}/metrics/acc": "1795258528072 0.5 0\n1795258528073 0.9 1\n1795258528074 0.5 0\n",
        f"{place}/metrics/loss": "1795258528072 nan 0\n",
        f"{place}/metrics/system/cpu": "1795258528072 71.5 0\n",
        f"{place}/tags/mlflow.user": "ann",
        f"{place}/tags/mlflow.source.git.commit": "a" * 40,
        f"{place}/tags/mlflow.source.git.repoURL": "https://example.org/iris.git",
        f"{place}/inputs/b4b10f60/meta.yaml": "source_id: bcc38701\nsource_type: DATASET\ndestination_type: RUN\n"
        "tags:\n  mlflow.data.context: training\n",
        f"{place}/outputs/{MODEL}/meta.yaml": f"source_id: {MODEL}\nsource_type: RUN_OUTPUT\n",
        f"{base}/{EXPERIMENT}/datasets/bcc38701/meta.yaml": DATASET,
    }


def supply(tree: Tree, directory: str, run_id: str | None = RUN) -> Record:
    record = Record(run_id=Stated((Fact(run_id, Origin(f"{directory}/MLmodel", 3)),)) if run_id else Stated())
    return mlflow_tracking.supply(tree, directory, record, ())


def test_a_run_of_a_file_store_states_all_that_was_logged(tmp_path: Path) -> None:
    found = supply(plant(tmp_path, {**store(), "models/iris/MLmodel": MLMODEL}), "models/iris")
    assert found.run_name.value == "forest"
    assert found.experiment.value == "iris"
    assert found.created.value == "2026-11-21T10:55:28.067Z"
    assert found.status.value == "FINISHED"
    assert found.git_commit.value == "a" * 40
    assert found.repository.value == "https://example.org/iris.git"
    assert found.author.value == "ann"
    assert found.hyperparameters.value == {"n_estimators": "300", "nested/name": "x"}
    assert {section.component for section in found.sections} == {Component.RUN, Component.CONFIG}
    assert found.datasets.value is not None
    (dataset,) = found.datasets.value
    assert (dataset.name, dataset.digest, dataset.role) == ("iris", "8f9eb48c", "training")
    assert dataset.uri == "https://example.org/iris.csv"
    assert dataset.origin.path == f"mlruns/{EXPERIMENT}/datasets/bcc38701/meta.yaml"
    assert not found.remarks


def test_the_latest_value_of_a_metric_is_that_of_the_last_step(tmp_path: Path) -> None:
    metrics = supply(plant(tmp_path, store()), "").metrics.value
    assert metrics is not None
    accuracy, loss = metrics
    assert (accuracy.name, accuracy.value) == ("acc", 0.9)
    assert (accuracy.origin.path, accuracy.origin.line) == (f"mlruns/{EXPERIMENT}/{RUN}/metrics/acc", 2)
    assert isinstance(loss.value, float)
    assert isnan(loss.value)


def test_of_a_long_history_the_end_is_read(tmp_path: Path) -> None:
    files = store()
    path = f"mlruns/{EXPERIMENT}/{RUN}/metrics/acc"
    files[path] = "".join(f"1795258528072 {step / 1e5} {step}\n" for step in range(60_000))
    metrics = supply(plant(tmp_path, files), "").metrics.value
    assert metrics is not None
    assert metrics[0].value == 59_999 / 1e5


def test_lines_that_are_no_points_are_passed_over(tmp_path: Path) -> None:
    files = store()
    files[f"mlruns/{EXPERIMENT}/{RUN}/metrics/acc"] = b"\xff\xfe\nwords only here\n1 2\n\n"
    metrics = supply(plant(tmp_path, files), "").metrics.value
    assert metrics is not None
    assert metrics[0].value == 2.0


def test_a_deleted_run_is_not_finished(tmp_path: Path) -> None:
    found = supply(plant(tmp_path, store(meta=META.replace("active", "deleted"))), "")
    assert [one.value for one in found.status] == ["DELETED"]


@pytest.mark.parametrize(("status", "expected"), [("4", "FAILED"), ("KILLED", "KILLED"), ("9", "9")])
def test_a_status_is_a_number_or_a_word(tmp_path: Path, status: str, expected: str) -> None:
    assert (
        supply(plant(tmp_path, store(meta=META.replace("status: 3", f"status: {status}"))), "").status.value == expected
    )


def test_the_nearest_store_is_asked_first(tmp_path: Path) -> None:
    far = store(meta=META.replace("forest", "far"))
    near = store("project/mlruns", meta=META.replace("forest", "near"))
    assert supply(plant(tmp_path, {**far, **near}), "project/models/iris").run_name.value == "near"


def test_a_store_elsewhere_in_the_tree_is_found(tmp_path: Path) -> None:
    assert supply(plant(tmp_path, store("notebooks/mlruns")), "models/iris").run_name.value == "forest"


def test_a_store_above_what_is_in_view_is_found(tmp_path: Path) -> None:
    plant(tmp_path, {**store(), "models/iris/MLmodel": MLMODEL})
    local = LocalStore(tmp_path)
    found = supply(Tree(local, local.entries("models")), "models/iris")
    assert found.run_name.value == "forest"
    assert found.hyperparameters.value == {"n_estimators": "300", "nested/name": "x"}
    assert found.metrics


def test_a_run_that_is_not_there_supplies_nothing(tmp_path: Path) -> None:
    assert supply(plant(tmp_path, store()), "models/iris", "f" * 32) == Record()


@pytest.mark.parametrize("run_id", ["../../etc", "..", ".", "a/b", "\0"])
def test_a_run_id_is_no_path(tmp_path: Path, run_id: str) -> None:
    assert supply(plant(tmp_path, store()), "models/iris", run_id) == Record()


def test_an_artifact_in_a_runs_directory_belongs_to_that_run(tmp_path: Path) -> None:
    directory = f"mlruns/{EXPERIMENT}/{RUN}/artifacts/model"
    found = supply(plant(tmp_path, {**store(), f"{directory}/MLmodel": "flavors: {sklearn: {}}\n"}), directory, None)
    assert {one.value for one in found.run_id} == {RUN}
    assert found.run_name.value == "forest"


def test_a_record_that_names_another_run_than_its_directory_is_told_so(tmp_path: Path) -> None:
    directory = f"mlruns/{EXPERIMENT}/{RUN}/artifacts/model"
    found = supply(plant(tmp_path, {**store(), f"{directory}/MLmodel": MLMODEL}), directory, "f" * 32)
    assert [(one.value, one.origin.line) for one in found.run_id] == [(RUN, 6)]
    assert not found.run_name


def test_a_logged_model_of_mlflow_3_belongs_to_its_source_run(tmp_path: Path) -> None:
    place = f"mlruns/{EXPERIMENT}/models/{MODEL}"
    files = {
        **store(),
        f"{place}/meta.yaml": f"model_id: {MODEL}\nname: model\nsource_run_id: {RUN}\nstatus: 2\n",
        f"{place}/artifacts/MLmodel": f"flavors: {{sklearn: {{}}}}\nmodel_id: {MODEL}\n",
    }
    assert supply(plant(tmp_path, files), f"{place}/artifacts", None).run_name.value == "forest"


def test_the_registry_of_the_store_names_the_latest_version(tmp_path: Path) -> None:
    files = store()
    for number, model in ((1, MODEL), (2, MODEL), (3, "m-other")):
        files[f"mlruns/models/iris/version-{number}/meta.yaml"] = (
            f"current_stage: {'Production' if number == 2 else 'None'}\nmodel_id: {model}\nname: iris\nrun_id: {RUN}\n"
            f"version: {number}\n"
        )
    files["mlruns/models/iris/aliases/champion"] = "2"
    files["mlruns/models/iris/aliases/challenger"] = "1"
    files["model/MLmodel"] = MLMODEL + f"model_id: {MODEL}\n"
    found = supply(plant(tmp_path, files), "model")
    assert (found.name.value, found.version.value, found.stage.value) == ("iris", "2", "production")
    assert [one.value for one in found.aliases] == ["champion"]


def test_a_record_that_knows_its_own_version_keeps_it(tmp_path: Path) -> None:
    files = store()
    for number in (1, 2):
        files[f"mlruns/models/iris/version-{number}/meta.yaml"] = f"name: iris\nrun_id: {RUN}\nversion: {number}\n"
    files["mlruns/models/iris/aliases/champion"] = "2"
    origin = Origin("model/registered_model_meta")
    run = Stated((Fact(RUN, origin),))
    name, old, new = (Stated((Fact(text, origin),)) for text in ("iris", "1", "2"))
    tree = plant(tmp_path, files)
    found = mlflow_tracking.supply(tree, "model", Record(run_id=run, name=name, version=old), ())
    assert [found.name, found.version, found.aliases] == [Stated(), Stated(), Stated()]
    found = mlflow_tracking.supply(tree, "model", Record(run_id=run, name=name, version=new), ())
    assert [found.name, found.version] == [Stated(), Stated()]
    assert found.aliases.value == "champion"


def test_two_models_of_one_run_leave_the_name_open(tmp_path: Path) -> None:
    files = store()
    for name in ("iris", "rose"):
        files[f"mlruns/models/{name}/version-1/meta.yaml"] = f"name: {name}\nrun_id: {RUN}\nversion: 1\n"
    assert not supply(plant(tmp_path, files), "model").name


def test_the_start_is_left_out_where_the_record_has_a_time(tmp_path: Path) -> None:
    tree = plant(tmp_path, {**store(), "model/MLmodel": MLMODEL + "utc_time_created: '2026-11-21 10:55:28'\n"})
    (claim,) = mlflow.recognise(tree, "model")
    record = mlflow.describe(tree, claim)
    assert not mlflow_tracking.supply(tree, "model", record, ()).created


def test_an_unreadable_run_is_remarked_upon(tmp_path: Path) -> None:
    (remark,) = supply(plant(tmp_path, store(meta="a: [\n")), "model").remarks
    assert remark.kind is Irregularity.UNREADABLE


SCHEMA = """
CREATE TABLE experiments (experiment_id INTEGER NOT NULL, name VARCHAR(256) NOT NULL, lifecycle_stage VARCHAR(32));
CREATE TABLE runs (
    run_uuid VARCHAR(32) NOT NULL, name VARCHAR(250), source_type VARCHAR(20), user_id VARCHAR(256),
    status VARCHAR(9), start_time BIGINT, end_time BIGINT, source_version VARCHAR(50), lifecycle_stage VARCHAR(20),
    artifact_uri VARCHAR(200), experiment_id INTEGER
);
CREATE TABLE params (key VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL, run_uuid VARCHAR(32) NOT NULL);
CREATE TABLE tags (key VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL);
CREATE TABLE latest_metrics (
    key VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT, step BIGINT, is_nan BOOLEAN, run_uuid VARCHAR(32)
);
"""

LATER_SCHEMA = """
CREATE TABLE inputs (input_uuid, source_type, source_id, destination_type, destination_id, step);
CREATE TABLE input_tags (input_uuid, name, value);
CREATE TABLE datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source);
CREATE TABLE model_versions (name, version INTEGER, current_stage, source, run_id);
CREATE TABLE registered_model_aliases (alias, version INTEGER, name);
"""

CONTENT = f"""
INSERT INTO experiments VALUES (1, 'iris', 'active');
INSERT INTO runs VALUES
    ('{RUN}', 'forest', 'UNKNOWN', 'ann', 'FINISHED', 1795258535789, 1795258540156, '', 'active', 's3://b', 1);
INSERT INTO params VALUES ('n_estimators', '3', '{RUN}'), ('other', '4', 'other');
INSERT INTO tags VALUES ('mlflow.source.git.commit', '{"a" * 40}', '{RUN}');
INSERT INTO latest_metrics VALUES ('acc', 0.9, 1, 1, 0, '{RUN}'), ('loss', 0, 1, 1, 1, '{RUN}');
"""

LATER_CONTENT = f"""
INSERT INTO inputs VALUES ('i1', 'DATASET', 'd1', 'RUN', '{RUN}', 0), ('i2', 'RUN_OUTPUT', '{RUN}', 'MODEL', 'm', 0);
INSERT INTO input_tags VALUES ('i1', 'mlflow.data.context', 'training');
INSERT INTO datasets VALUES ('d1', 1, 'iris', '8f9eb48c', 'http', '{{"url": "https://example.org/iris.csv"}}');
INSERT INTO model_versions VALUES ('iris-model', 1, 'None', 's', '{RUN}'), ('iris-model', 2, 'Staging', 's', '{RUN}');
INSERT INTO registered_model_aliases VALUES ('champion', 2, 'iris-model'), ('old', 1, 'iris-model');
"""


def database(path: Path, *scripts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    for script in scripts:
        connection.executescript(script)
    connection.close()


def view(root: Path) -> Tree:
    local = LocalStore(root)
    return Tree(local, local.entries())


def test_a_run_of_a_database_states_all_that_was_logged(tmp_path: Path) -> None:
    database(tmp_path / "mlflow.db", SCHEMA, LATER_SCHEMA, CONTENT, LATER_CONTENT)
    found = supply(view(tmp_path), "models/iris")
    assert found.run_name.value == "forest"
    assert found.experiment.value == "iris"
    assert found.created.value == "2026-11-21T10:55:35.789Z"
    assert found.status.value == "FINISHED"
    assert found.git_commit.value == "a" * 40
    assert found.author.value == "ann"
    assert found.hyperparameters.value == {"n_estimators": "3"}
    assert found.run_id.best is not None
    assert found.run_id.best.origin == Origin("mlflow.db", pointer=f"/runs/{RUN}")
    assert found.metrics.value is not None
    assert [metric.name for metric in found.metrics.value] == ["acc", "loss"]
    assert found.metrics.value[0].value == 0.9
    assert isnan(float(str(found.metrics.value[1].value)))
    assert found.datasets.value is not None
    (dataset,) = found.datasets.value
    assert (dataset.name, dataset.digest, dataset.role) == ("iris", "8f9eb48c", "training")
    assert (found.name.value, found.version.value, found.stage.value) == ("iris-model", "2", "staging")
    assert [one.value for one in found.aliases] == ["champion"]
    assert not found.remarks


def test_a_database_of_an_older_mlflow_is_read(tmp_path: Path) -> None:
    database(tmp_path / "mlruns.db", SCHEMA, CONTENT)
    found = supply(view(tmp_path), "models/iris")
    assert found.run_name.value == "forest"
    assert not found.datasets
    assert not found.remarks


def test_a_database_with_a_write_ahead_log_is_read_without_a_change(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    database(path, "PRAGMA journal_mode = WAL;", SCHEMA, CONTENT)
    before = path.read_bytes()
    assert supply(view(tmp_path), "").run_name.value == "forest"
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["mlflow.db"]


def test_a_run_in_a_directory_needs_no_database(tmp_path: Path) -> None:
    tree = plant(tmp_path, {**store(), "mlflow.db": b"not a database"})
    assert supply(tree, "models/iris").run_name.value == "forest"
    assert not supply(tree, "models/iris").remarks


def test_a_database_that_knows_another_run_or_is_anothers_supplies_nothing(tmp_path: Path) -> None:
    database(tmp_path / "mlflow.db", SCHEMA, CONTENT)
    database(tmp_path / "a" / "mlflow.db", "CREATE TABLE things (a);")
    database(tmp_path / "b" / "mlflow.db", "CREATE TABLE runs (a);")
    assert supply(view(tmp_path), "models/iris", "f" * 32) == Record()


@pytest.mark.parametrize("damage", [b"not a database", b"", b"SQLite format 3\0" + b"\xff" * 200])
def test_a_broken_database_that_is_needed_is_remarked_upon(tmp_path: Path, damage: bytes) -> None:
    found = supply(plant(tmp_path, {"mlflow.db": damage}), "models/iris")
    (remark,) = found.remarks
    assert (remark.kind, remark.origin.path) == (Irregularity.UNREADABLE, "mlflow.db")
    assert remark.help


def test_a_schema_whose_names_are_no_text_is_remarked_upon(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    database(path, SCHEMA, CONTENT)
    path.write_bytes(path.read_bytes().replace(b"source_version VARCHAR", b"source_vers\xafon VARCHAR"))
    (remark,) = supply(view(tmp_path), "models/iris").remarks
    assert remark.kind is Irregularity.UNREADABLE


def test_a_registry_of_another_shape_names_nothing(tmp_path: Path) -> None:
    other = "CREATE TABLE model_versions (run_id, version); INSERT INTO model_versions VALUES"
    database(tmp_path / "mlflow.db", SCHEMA, CONTENT, f"{other} ('{RUN}', 1);")
    found = supply(view(tmp_path), "models/iris")
    assert found.run_name.value == "forest"
    assert not found.name


def test_a_truncated_database_is_remarked_upon(tmp_path: Path) -> None:
    filler = f"INSERT INTO tags SELECT 'k' || value, zeroblob(3000), '{RUN}' FROM json_each('[1,2,3,4,5,6,7,8,9]');"
    database(tmp_path / "mlflow.db", SCHEMA, CONTENT, filler)
    path = tmp_path / "mlflow.db"
    path.write_bytes(path.read_bytes()[:8192])
    (remark,) = supply(view(tmp_path), "models/iris").remarks
    assert remark.kind is Irregularity.UNREADABLE


def test_a_database_that_would_compute_for_ever_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "WITH RECURSIVE n(run_uuid) AS (SELECT 1 UNION ALL SELECT run_uuid + 1 FROM n) SELECT * FROM n"
    database(tmp_path / "mlflow.db", f"CREATE VIEW runs AS {endless};")
    monkeypatch.setattr(mlflow_database, "_MOST_STEPS", 50)
    (remark,) = supply(view(tmp_path), "models/iris").remarks
    assert "interrupted" in remark.message


def test_a_database_past_the_limit_is_remarked_upon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database(tmp_path / "mlflow.db", SCHEMA, CONTENT)
    monkeypatch.setattr(mlflow_database, "DATABASE_LIMIT", 1000)
    (remark,) = supply(view(tmp_path), "models/iris").remarks
    assert "more than the limit" in remark.message


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [(1795258528067, "2026-11-21T10:55:28.067Z"), (0, None), (-1, None), (None, None), (10**20, None)],
)
def test_a_start_time_is_a_timestamp_in_utc(milliseconds: int | None, expected: str | None) -> None:
    assert timestamp(milliseconds) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{"uri": "s3://b/k"}', "s3://b/k"),
        ('{"tags": {}}', None),
        ("s3://b/k", "s3://b/k"),
        ("[" * 100_000, None),
        ("[1]", None),
        (None, None),
    ],
)
def test_a_datasets_address_stands_in_its_source(source: str | None, expected: str | None) -> None:
    assert address(source) == expected
