"""What a run looks at, whom it reports, and how problems become findings."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import joblib
import pytest
from gates.repositories import Repository, isolated_environment
from sklearn.linear_model import LogisticRegression

from artifact_lint.engine import Request, lint
from artifact_lint.model import Origin, Severity
from artifact_lint.model.options import PathIgnore
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings, load
from artifact_lint.stores import StoreError
from artifact_lint.survey import survey

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_lint.model.report import Report

PICKLE = pickle.dumps({"coefficients": [0.5, 0.25], "intercept": 1.0})
MLMODEL = "flavors:\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: pickle\nrun_id: abc\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    environment = isolated_environment()
    for name, value in environment.items():
        if name.startswith("GIT_"):
            monkeypatch.setenv(name, value)
    created = Repository.create(tmp_path / "work", environment)
    monkeypatch.chdir(created.path)
    created.write("models/churn/MLmodel", MLMODEL)
    (created.path / "models/churn/model.pkl").write_bytes(PICKLE)
    created.write("models/fraud/MLmodel", MLMODEL)
    (created.path / "models/fraud/model.pkl").write_bytes(PICKLE)
    created.write("docs/index.md", "# Models\n")
    created.git("add", "--all")
    created.commit("start")
    return created


def run(*paths: str, settings: Settings | None = None, staged: bool = False, since: str | None = None) -> Report:
    return lint(paths, Request(settings or Settings(), staged=staged, since=since))


def linted(report: Report) -> list[str]:
    return [artifact.path for artifact in report.artifacts]


def test_the_whole_repository_is_linted_with_paths_from_its_root(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.path / "models")
    assert linted(run(".")) == ["models/churn", "models/fraud"]
    assert linted(run("churn")) == ["models/churn"]


def test_a_named_file_is_mapped_to_the_artifact_that_owns_it(repository: Repository) -> None:
    assert linted(run("models/churn/model.pkl")) == ["models/churn"]
    assert linted(run("models/churn/MLmodel", "models/churn/model.pkl")) == ["models/churn"]


def test_a_named_file_that_belongs_to_no_artifact_is_told_about(repository: Repository) -> None:
    report = run("docs/index.md")
    assert linted(report) == []
    assert report.notes == ("docs/index.md is no model artifact and belongs to none",)


def test_a_named_file_is_inspected_whatever_it_is_called(repository: Repository) -> None:
    (repository.path / "docs/thing").write_bytes(b"cposix\nsystem\n(S'echo'\ntR.")
    report = run("docs/thing")
    assert "PKL101" in {finding.code for finding in report.findings}


def test_an_excluded_file_is_linted_when_it_is_named(repository: Repository) -> None:
    place = repository.path / "node_modules"
    place.mkdir()
    (place / "model.pkl").write_bytes(PICKLE)
    assert linted(run("node_modules/model.pkl")) == ["node_modules/model.pkl"]


def test_staged_reads_the_index_and_not_the_working_tree(repository: Repository) -> None:
    repository.write("models/churn/MLmodel", MLMODEL + "artifact_path: /home/ann/model\n")
    repository.git("add", "models/churn/MLmodel")
    repository.write("models/churn/MLmodel", MLMODEL)
    report = run(staged=True)
    assert linted(report) == ["models/churn"]
    assert "MAN009" in {finding.code for finding in report.findings}


def test_a_staged_deletion_reports_the_artifact_that_loses_its_file(repository: Repository) -> None:
    repository.git("rm", "--quiet", "models/fraud/model.pkl")
    report = run(staged=True)
    assert linted(report) == ["models/fraud"]
    assert "MAN005" in {finding.code for finding in report.findings}


def test_since_reports_the_artifacts_that_were_touched(repository: Repository) -> None:
    repository.write("models/fraud/MLmodel", MLMODEL + "artifact_path: model\n")
    repository.git("add", "--all")
    repository.commit("touch one")
    assert linted(run(since="HEAD~1")) == ["models/fraud"]
    assert linted(run(since="HEAD")) == []


def test_an_unknown_revision_is_one_clear_line(repository: Repository) -> None:
    with pytest.raises(StoreError) as raised:
        run(since="no-such-branch")
    assert "no-such-branch" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_nothing_staged_is_nothing_to_report(repository: Repository) -> None:
    assert linted(run(staged=True)) == []


def test_findings_are_sorted_by_path_line_and_code(repository: Repository) -> None:
    findings = run(".").findings
    keys = [(finding.origin.path, finding.origin.line, finding.code) for finding in findings]
    assert keys == sorted(keys)
    assert len(keys) > 1


def test_fingerprints_are_unique_and_survive_moved_lines(repository: Repository) -> None:
    before = {finding.fingerprint for finding in run(".").findings}
    repository.write("models/churn/MLmodel", "# a comment\n\n" + MLMODEL)
    after = run(".").findings
    assert {finding.fingerprint for finding in after} == before
    assert len(before) == len(after)


def test_a_fingerprint_survives_that_another_finding_of_its_file_is_fixed(repository: Repository) -> None:
    def told(requirements: str) -> dict[str, str]:
        repository.write("models/churn/requirements.txt", requirements)
        return {one.message: one.fingerprint for one in run(".").findings if one.code == "ENV002"}

    before = told("numpy\npandas\nscipy\n")
    assert len(set(before.values())) == 3
    after = told("numpy==2.4.6\n# a comment\nscipy\npandas\n")
    assert len(after) == 2
    assert after.items() <= before.items()


def test_the_configuration_decides_on_a_severity(repository: Repository) -> None:
    report = run(".", settings=Settings(severity={"CMP103": Severity.NOTE}))
    assert {f.severity for f in report.findings if f.code == "CMP103"} == {Severity.NOTE}


def test_a_suppressed_finding_is_counted_and_not_shown(repository: Repository) -> None:
    ignore = PathIgnore("models/churn/**", ("CMP",), "an experiment", Origin("pyproject.toml"))
    report = run(".", settings=Settings(per_path_ignores=(ignore,)))
    assert {f.artifact for f in report.findings if f.code.startswith("CMP")} == {"models/fraud"}
    assert report.suppressed > 0


def test_a_guess_is_never_an_error(repository: Repository) -> None:
    (repository.path / "out").mkdir()
    (repository.path / "out/churn.pkl").write_bytes(PICKLE)
    repository.write("out/metadata.json", '{"model_name": "churn", "version": "latest", "metrics": {"auc": 0.9}}')
    (finding,) = [f for f in run("out").findings if f.code == "NAM012"]
    assert finding.severity is Severity.WARNING


def test_what_an_unreadable_record_may_say_is_not_called_missing(repository: Repository) -> None:
    repository.write("models/churn/MLmodel", "flavors:\n  sklearn: {pickled_model: model.pkl\nrun_id: [\n")
    codes = {finding.code for finding in run("models/churn").findings}
    assert "MAN001" in codes
    assert not codes & {"CMP101", "CMP102", "CMP103", "CMP104", "CMP145"}


def test_an_artifact_below_the_tracking_store_of_its_parent_finds_its_run(repository: Repository) -> None:
    run_directory = repository.path / "mlruns/0/abc"
    for name, content in {"meta.yaml": "run_id: abc\nstatus: 3\n", "metrics/auc": "1 0.9 0\n"}.items():
        (run_directory / name).parent.mkdir(parents=True, exist_ok=True)
        (run_directory / name).write_text(content)
    (artifact,) = run("models/churn").artifacts
    assert artifact.record.metrics.value
    assert linted(run("models/churn")) == ["models/churn"]


def test_a_file_that_cannot_be_read_is_a_finding(repository: Repository) -> None:
    (repository.path / "models/churn/model.pkl").unlink()
    (repository.path / "models/churn/model.pkl").symlink_to("model.pkl")
    codes = {finding.code for finding in run("models/churn").findings}
    assert codes & {"MAN005", "MAN006"}


def test_a_pickled_estimator_says_itself_what_it_is(repository: Repository) -> None:
    (repository.path / "out").mkdir()
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    joblib.dump(model, repository.path / "out/churn.joblib")
    repository.write("out/metadata.json", '{"model_name": "churn", "version": "1.0.0", "metrics": {"auc": 0.9}}')
    (finding,) = [f for f in run("out").findings if f.code == "CMP102"]
    assert finding.severity is Severity.WARNING
    assert "LogisticRegression" in finding.message


def test_a_digest_that_is_only_guessed_at_raises_no_error(repository: Repository) -> None:
    repository.write("out/metadata.json", '{"model_name": "churn", "algorithm": "svm", "sha256": "' + "0a" * 32 + '"}')
    (repository.path / "out/churn.pkl").write_bytes(PICKLE)
    (finding,) = [f for f in run("out").findings if f.code == "SUM101"]
    assert finding.severity is Severity.WARNING


def test_many_features_without_a_type_are_one_finding(repository: Repository) -> None:
    columns = ", ".join(f"{{name: c{number}}}" for number in range(500))
    repository.write(
        "out/model-artifact.yaml", f"schema_version: 1\nname: x\nfeature_schema: {{inputs: [{columns}]}}\n"
    )
    assert len([f for f in run("out").findings if f.code == "CMP132"]) == 1


def test_a_named_conda_file_is_the_environment(repository: Repository) -> None:
    repository.write("out/model-artifact.yaml", "schema_version: 1\nname: x\nenvironment: {conda: prod.yml}\n")
    repository.write("out/prod.yml", "dependencies:\n  - python=3.11.7\n  - pip:\n    - numpy==2.1.0\n")
    (artifact,) = run("out").artifacts
    assert artifact.record.python_version.value == "3.11.7"
    assert [pin.value for pin in artifact.record.requirements.value or ()] == ["numpy==2.1.0"]


LOCK = """\
schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps: [{path: data/train.csv, md5: 0123456789abcdef0123456789abcdef}]
    outs: [{path: churn.pkl, md5: 07ee486a76ca0dba4b49c5f2e7e1e101, size: 9}]
"""
PIPELINE = "stages:\n  train:\n    cmd: python train.py\n    metrics: [{metrics.json: {cache: false}}]\n"


def test_metrics_that_a_pipeline_writes_are_the_models(repository: Repository) -> None:
    repository.write("p/dvc.lock", LOCK)
    repository.write("p/dvc.yaml", PIPELINE)
    repository.write("p/metrics.json", '{"auc": 0.91, "test": {"f1": 0.8}}')
    (artifact,) = run("p").artifacts
    assert [(metric.name, metric.value) for metric in artifact.record.metrics.value or ()] == [
        ("auc", 0.91),
        ("f1", 0.8),
    ]


def test_metrics_that_only_dvc_has_are_a_note(repository: Repository) -> None:
    repository.write("p/dvc.lock", LOCK)
    repository.write("p/dvc.yaml", PIPELINE)
    (finding,) = [f for f in run("p").findings if f.code == "CMP143"]
    assert finding.severity is Severity.NOTE
    assert "metrics.json" in finding.message


def test_weights_with_nothing_but_a_dvc_file_are_described_by_nobody(repository: Repository) -> None:
    repository.write(
        "p/churn.pkl.dvc", "outs:\n- md5: 07ee486a76ca0dba4b49c5f2e7e1e101\n  size: 9\n  path: churn.pkl\n"
    )
    found = {(f.code, f.severity) for f in run("p").findings}
    assert ("CMP001", Severity.ERROR) in found
    assert not {code for code, _ in found} & {"CMP102", "CMP103", "CMP104", "SUM104"}


def test_a_dvc_file_that_cannot_be_read_is_a_finding(repository: Repository) -> None:
    repository.write("p/churn.pkl.dvc", "outs: {\n")
    assert "MAN001" in {finding.code for finding in run("p").findings}


@pytest.mark.parametrize("record", ["MLmodel", "model-artifact.yaml", "metadata.json"])
def test_deleting_what_describes_weights_reports_the_weights_that_are_left(repository: Repository, record: str) -> None:
    texts = {
        "MLmodel": MLMODEL,
        "model-artifact.yaml": "schema_version: 1\nname: x\nweights: {files: [{path: model.pkl}]}\n",
    }
    repository.write(f"p/{record}", texts.get(record, '{"model_name": "churn", "algorithm": "svm"}'))
    (repository.path / "p/model.pkl").write_bytes(PICKLE)
    repository.git("add", "--all")
    repository.commit("described")
    repository.git("rm", "--quiet", f"p/{record}")
    for report in (run(staged=True), run(since="HEAD")):
        assert ("p/model.pkl", "CMP001") in {(finding.artifact, finding.code) for finding in report.findings}


def test_a_sidecar_that_nobody_can_read_describes_nothing(repository: Repository) -> None:
    (repository.path / "p").mkdir()
    (repository.path / "p/churn_model.pkl").write_bytes(PICKLE)
    repository.write("p/metadata.json", '{"model_name": "churn",}')
    assert {"CMP001", "MAN001"} <= {finding.code for finding in run("p").findings}


def test_what_no_rule_can_check_yet_is_said(repository: Repository, tmp_path: Path) -> None:
    configuration = tmp_path / ".artifact-lint.toml"
    configuration.write_text("[stages.production]\nrequires = ['approved_by']\nmax-size = '1 KB'\n")
    notes = run(".", settings=load(configuration, all_rules())).notes
    assert notes == ("stages.production: requires, max-size cannot be checked by this release",)


HOSTILE = b"cposix\nsystem\n(S'echo'\ntR."
ALLOWS_ITSELF = (
    "schema_version: 1\nname: x\nweights:\n  files: [{path: m.pkl}]\n"
    '  pickle: {policy: allow-listed, allow: ["posix:system", "mine:Thing"], reason: "trust me"}\n'
)


def test_a_manifest_cannot_allow_itself_what_is_dangerous(repository: Repository) -> None:
    repository.write("p/model-artifact.yaml", ALLOWS_ITSELF)
    (repository.path / "p/m.pkl").write_bytes(HOSTILE)
    assert "PKL101" in {finding.code for finding in run("p").findings}


def test_the_configuration_can_allow_it_and_the_note_says_so(repository: Repository) -> None:
    repository.write("p/model-artifact.yaml", ALLOWS_ITSELF)
    (repository.path / "p/m.pkl").write_bytes(b"cmine\nThing\n)R.")
    codes = {finding.code: finding.message for finding in run("p").findings}
    assert "PKL102" not in codes
    assert "allowed, 1 name by its own manifest" in codes["PKL002"]


def test_a_long_text_holds_no_credential_and_ends(repository: Repository) -> None:
    value = "a" * 300_000 + "sk-!" * 100_000
    repository.write("p/model-artifact.yaml", f"schema_version: 1\nname: x\nmetadata: {{a: {value}}}\n")
    assert "MAN010" not in {finding.code for finding in run("p").findings}


LISTS_ONE = "schema_version: 1\nname: churn\nversion: 1.0.0\nweights: {files: [{path: churn.pkl}]}\n"


def test_a_sidecar_is_held_against_the_manifest_of_the_weights_that_it_is_about(repository: Repository) -> None:
    repository.write("p/model-artifact.yaml", LISTS_ONE)
    (repository.path / "p/churn.pkl").write_bytes(PICKLE)
    repository.write("p/metadata.json", '{"model_name": "fraud", "version": "9.0.0", "algorithm": "svm"}')
    said = [finding for finding in run("p").findings if finding.code == "MAN007"]
    assert {finding.origin.path for finding in said} == {"p/metadata.json"}
    assert {finding.severity for finding in said} == {Severity.WARNING}
    assert len(said) == 2


def test_a_sidecar_about_other_weights_contradicts_nothing(repository: Repository) -> None:
    repository.write("p/model-artifact.yaml", LISTS_ONE)
    for name in ("churn.pkl", "fraud.pkl"):
        (repository.path / "p" / name).write_bytes(PICKLE)
    repository.write("p/metadata.json", '{"model_name": "fraud", "algorithm": "svm", "model_file": "fraud.pkl"}')
    assert "MAN007" not in {finding.code for finding in run("p").findings}


def test_two_hand_written_files_are_not_held_against_each_other(repository: Repository) -> None:
    (repository.path / "p").mkdir()
    (repository.path / "p/churn.pkl").write_bytes(PICKLE)
    repository.write("p/metadata.json", '{"model_name": "fraud", "algorithm": "svm"}')
    repository.write("p/model_info.json", '{"model_name": "churn", "algorithm": "xgboost"}')
    assert "MAN007" not in {finding.code for finding in run("p").findings}


def test_a_link_to_weights_elsewhere_is_not_passed_over_in_silence(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "model.pkl").write_bytes(PICKLE)
    (repository.path / "linked").mkdir()
    (repository.path / "linked" / "model.pkl").symlink_to(tmp_path / "elsewhere" / "model.pkl")
    (repository.path / "linked" / "more").symlink_to(tmp_path / "elsewhere")
    (repository.path / "linked" / "notes.md").symlink_to(tmp_path / "notes.md")
    for asked in ("linked", "linked/model.pkl"):
        report = run(asked)
        assert [found.code for found in report.findings if found.severity is Severity.ERROR] == ["PKL141"]
    (note,) = run("linked").notes
    assert note == "links that lead out of the directory are not followed: linked/more, linked/notes.md"


@pytest.mark.parametrize("asked", [".", "pytorch_model.bin"])
@pytest.mark.parametrize("where", ["models--a--b/snapshots/0123", "models--a--b"])
def test_a_snapshot_in_a_cache_is_read_through_its_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, asked: str
) -> None:
    snapshot = tmp_path / "models--a--b" / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    (snapshot.parent.parent / "blobs").mkdir()
    (snapshot.parent.parent / "blobs" / "feed").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    (snapshot / "pytorch_model.bin").symlink_to("../../blobs/feed")
    monkeypatch.chdir(tmp_path / where)
    report = run(str(snapshot / asked))
    assert [found.code for found in report.findings if found.code.startswith("PKL1")] == ["PKL101"]


def test_naming_a_file_opens_none_of_its_neighbours(repository: Repository) -> None:
    repository.write("loose/notes.pkl", "")
    for name in ("one.pkl", "two.pkl", "three.pkl"):
        (repository.path / "loose" / name).write_bytes(PICKLE)
    seen = survey(["loose/one.pkl"], Request(Settings()))
    (asked,) = seen.artifacts
    assert asked.files[0].inspection.known is not None
    neighbours = [file for one in seen.neighbours for file in one.files if one.path.startswith("loose/")]
    assert len(neighbours) == 3
    assert all(file.inspection.known is None for file in neighbours)
