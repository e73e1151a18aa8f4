"""`artifact-lint init` on directories that real libraries wrote, run as users run it."""

from __future__ import annotations

import hashlib
import json
import math
import os
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
import sklearn
import yaml
from command import artifact_lint
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from artifact_lint import manifest_scalars
from artifact_lint.adapters.manifest_schema import manifest_schema
from artifact_lint.manifest_writer import suggested_name
from artifact_lint.schemas.dtypes import as_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MANIFEST = "model-artifact.yaml"
MISSING = {"CMP101", "CMP102", "CMP103", "CMP104", "CMP132"}


def write_pipeline(path: Path, columns: int = 2, labels: Sequence[object] = (0, 1)) -> None:
    """A pipeline that was fitted on an array of so many columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.arange(4.0 * columns).reshape(4, columns)
    joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(data, [*labels, *labels]), path)


def write_texts(root: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, "utf-8")


def loaded(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    Draft202012Validator(manifest_schema()).validate(value)
    return value


def written(root: Path, path: str = ".") -> dict[str, Any]:
    """The one manifest that `init` writes, checked against its schema and by the linter itself."""
    done = artifact_lint(root, "init", path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Wrote ")
    complaints = findings(root, path)
    assert not [code for code in complaints if code.startswith("MAN")]
    assert {code for code, severity in complaints.items() if severity == "error"} <= MISSING
    (manifest,) = root.rglob(f"*{MANIFEST}")
    return loaded(manifest)


def findings(root: Path, path: str) -> dict[str, str]:
    done = artifact_lint(root, "check", path, "--output-format", "json")
    report: dict[str, Any] = json.loads(done.stdout)
    return {finding["code"]: finding["severity"] for finding in report["findings"]}


def sha256(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def test_a_pipeline_and_its_scaler_are_listed_with_their_digests(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "churn.joblib")
    joblib.dump(StandardScaler().fit(np.eye(2)), tmp_path / "scaler.pkl")
    manifest = written(tmp_path)
    assert manifest["name"] == "churn"
    assert manifest["weights"]["framework"] == "scikit-learn"
    assert [(file["path"], file["role"], file["digest"]) for file in manifest["weights"]["files"]] == [
        ("churn.joblib", "weights", sha256(tmp_path / "churn.joblib")),
        ("scaler.pkl", "preprocessor", sha256(tmp_path / "scaler.pkl")),
    ]
    assert manifest["config"] == {"architecture": "Pipeline"}


def test_safetensors_are_listed_with_their_size(tmp_path: Path) -> None:
    save_file({"w": np.zeros((2, 2), "float32")}, tmp_path / "model.safetensors")
    manifest = written(tmp_path)
    (file,) = manifest["weights"]["files"]
    assert file["size"] == (tmp_path / "model.safetensors").stat().st_size
    assert manifest["name"].endswith("-model")


def test_what_mlflow_knows_is_taken_over(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "model.pkl", columns=1)
    signature = '[{"type": "long", "name": "a: b", "required": true}]'
    write_texts(
        tmp_path,
        {
            "MLmodel": "flavors:\n"
            "  python_function: {loader_module: mlflow.sklearn, model_path: model.pkl, python_version: 3.11.7}\n"
            "  sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle, "
            f"sklearn_version: '{sklearn.__version__}'}}\n"
            'mlflow_version: 2.14.1\nrun_id: "0123"\n'
            f"signature: {{inputs: '{signature}', outputs: '{signature}'}}\n"
            "utc_time_created: '2024-07-11 09:22:39.336999'\n",
            "requirements.txt": f"scikit-learn=={sklearn.__version__}\n",
        },
    )
    manifest = written(tmp_path)
    assert manifest["run"] == {"run_id": "0123", "created": "2024-07-11T09:22:39.336999Z"}
    assert manifest["feature_schema"]["inputs"] == [{"name": "a: b", "type": "long", "required": True}]
    assert manifest["environment"] == {"python": "3.11.7", "requirements": "requirements.txt"}


def test_what_hugging_face_knows_is_taken_over(tmp_path: Path) -> None:
    save_file({"w": np.zeros((2, 2), "float32")}, tmp_path / "model.safetensors", metadata={"format": "pt"})
    config = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "layer_norm_eps": 1e-12}
    write_texts(
        tmp_path,
        {
            "config.json": json.dumps(config),
            "README.md": "---\nlicense: mit\nbase_model: google/bert\npipeline_tag: text-classification\n---\n",
            "tokenizer.json": '{"model": {"vocab": {}}}',
        },
    )
    manifest = written(tmp_path)
    assert (manifest["license"], manifest["task"]) == ("mit", "text-classification")
    assert manifest["config"]["architecture"] == "BertForSequenceClassification"
    assert manifest["config"]["base_model"] == "google/bert"
    assert manifest["config"]["hyperparameters"]["layer_norm_eps"] == 1e-12
    assert "tokenizer.json" in manifest["not_applicable"]["feature_schema"]


def test_what_a_sidecar_says_is_taken_over_value_by_value(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "model.pkl", columns=7, labels=("no", "yes"))
    parameters = {"lr": 1e-5, "y": math.inf, "a b": "1.0", "n": None, "on": {"k": [1, "no", True]}, "k" * 2000: 1}
    sidecar = {
        "model_name": "no",
        "version": "1.10",
        "features": ["a", "b: c", "#d", "no", 'é\n"x', "\U0001f600", "\x81 x"],
        "params": parameters,
        "metrics": {"auc": 0.9},
        "trained_at": "2024\nrun: injected",
        "classes": ["no", "yes"],
        "preprocessing": {"scaler": "StandardScaler"},
    }
    write_texts(tmp_path, {"model_metadata.json": json.dumps(sidecar)})
    manifest = written(tmp_path)
    assert (manifest["name"], manifest["version"]) == ("no", "1.10")
    assert [feature["name"] for feature in manifest["feature_schema"]["inputs"]] == sidecar["features"]
    assert manifest["feature_schema"]["outputs"][0]["allowed"] == ["no", "yes"]
    assert manifest["feature_schema"]["preprocessing"] == [{"step": "scaler"}]
    assert manifest["config"]["hyperparameters"] == {k: v for k, v in parameters.items() if len(k) < 2000}
    assert manifest["run"] == {"metrics": [{"name": "auc", "value": 0.9}]}


def test_a_git_lfs_pointer_is_listed_by_what_it_stands_for(tmp_path: Path) -> None:
    oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12345\n"
    write_texts(tmp_path, {"model.safetensors": pointer})
    (file,) = written(tmp_path)["weights"]["files"]
    assert (file["digest"], file["size"]) == (f"sha256:{oid}", 12345)


def test_several_models_of_a_directory_get_a_manifest_each(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "m" / "a.pkl")
    write_pipeline(tmp_path / "m" / "b v1.2.pkl")
    write_pipeline(tmp_path / "m" / "c.pkl")
    write_pipeline(tmp_path / "m" / "c.joblib")
    assert artifact_lint(tmp_path, "init", "m").returncode == 0
    found = {path.name: loaded(path)["weights"]["files"][0]["path"] for path in (tmp_path / "m").glob("*.yaml")}
    assert found == {
        f"a.{MANIFEST}": "a.pkl",
        f"b v1.2.{MANIFEST}": "b v1.2.pkl",
        f"c.pkl.{MANIFEST}": "c.pkl",
        f"c.joblib.{MANIFEST}": "c.joblib",
    }
    assert not [code for code in findings(tmp_path, "m") if code.startswith("MAN") or code == "CMP001"]


def test_a_file_gets_a_manifest_of_its_own(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "m" / "a.pkl")
    write_pipeline(tmp_path / "m" / "b.pkl")
    done = artifact_lint(tmp_path, "init", "m/a.pkl")
    assert (done.returncode, [path.name for path in (tmp_path / "m").glob("*.yaml")]) == (0, [f"a.{MANIFEST}"])


def test_a_file_below_a_record_gets_the_records_manifest(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "m" / "data" / "model.pkl")
    flavors = "flavors: {sklearn: {pickled_model: data/model.pkl}, python_function: {loader_module: mlflow.sklearn}}\n"
    write_texts(tmp_path, {"m/MLmodel": flavors})
    assert artifact_lint(tmp_path, "init", "m/data/model.pkl").returncode == 0
    assert loaded(tmp_path / "m" / MANIFEST)["weights"]["files"][0]["path"] == "data/model.pkl"


def test_a_missing_file_is_not_listed(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "model.pkl")
    write_texts(tmp_path, {"model_metadata.json": '{"algorithm": "svm", "model_file": "gone.pkl"}'})
    assert artifact_lint(tmp_path, "init").returncode == 0
    assert [file["path"] for file in loaded(tmp_path / MANIFEST)["weights"]["files"]] == ["model.pkl"]


def test_an_external_place_stays_one(tmp_path: Path) -> None:
    external = {"uri": "s3://bucket/m.pkl", "size": 5, "digest": "sha256:" + "ab" * 32}
    value = {"schema_version": 1, "name": "churn", "weights": {"external": [external]}}
    write_texts(tmp_path, {MANIFEST: json.dumps(value)})
    assert artifact_lint(tmp_path, "init", "--force").returncode == 0
    assert loaded(tmp_path / MANIFEST)["weights"] == {"external": [external]}


@pytest.mark.parametrize("name", [MANIFEST, "model-artifact.yml", "model-artifact.json"])
def test_a_manifest_that_is_there_is_left_alone(tmp_path: Path, name: str) -> None:
    write_pipeline(tmp_path / "churn.pkl")
    write_texts(tmp_path, {name: '{"schema_version": 1, "name": "mine"}\n'})
    done = artifact_lint(tmp_path, "init")
    assert done.returncode == 2
    assert f"{name} is already there" in done.stderr
    assert "mine" in (tmp_path / name).read_text()


def test_force_writes_over_a_manifest_and_keeps_what_it_said(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "churn.pkl")
    write_texts(tmp_path, {MANIFEST: "schema_version: 1\nname: Credit_Default\nversion: '1.10'\n"})
    assert artifact_lint(tmp_path, "init", "--force").returncode == 0
    manifest = loaded(tmp_path / MANIFEST)
    assert (manifest["name"], manifest["version"]) == ("Credit_Default", "1.10")
    assert manifest["weights"]["files"][0]["path"] == "churn.pkl"


def test_stdout_writes_nothing(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "a.pkl")
    write_pipeline(tmp_path / "b.pkl")
    done = artifact_lint(tmp_path, "init", "--stdout")
    assert [document["name"] for document in yaml.safe_load_all(done.stdout)] == ["a", "b"]
    assert not list(tmp_path.glob("*.yaml"))


def test_an_empty_directory_is_an_error_in_one_line(tmp_path: Path) -> None:
    done = artifact_lint(tmp_path, "init")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "artifact-lint: error: there is nothing at . that holds model weights or describes a model\n"


def test_models_below_are_named(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "m" / "a.pkl")
    done = artifact_lint(tmp_path, "init")
    assert done.returncode == 2
    assert "m/a.pkl" in done.stderr


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = artifact_lint(tmp_path, "init", "nowhere")
    assert (done.returncode, done.stderr) == (2, "artifact-lint: error: no such file or directory: nowhere\n")


def test_a_place_that_cannot_be_written_to_is_an_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "churn.pkl")
    (tmp_path / MANIFEST).mkdir()
    done = artifact_lint(tmp_path, "init", "--force")
    assert done.returncode == 2
    assert done.stderr.startswith(f"artifact-lint: error: cannot write {MANIFEST}: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["churn.pkl", MANIFEST]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unwritable to root")
def test_a_directory_that_may_not_be_written_to_is_an_error(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "churn.pkl")
    tmp_path.chmod(0o555)
    done = artifact_lint(tmp_path, "init")
    tmp_path.chmod(0o755)
    assert done.returncode == 2
    assert f"cannot write {MANIFEST}" in done.stderr


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=40), inner))


@given(_VALUES)
@example("no")
@example("1.10")
@example("a: b")
@example("#")
@example("é\n\"'\\ \x00\x85\u2028\ufeff\ud800\ufffe\U0001f600")
@example({"<<": "=", "": {"null": "~"}, "y": [1e-05, 1e16, 1e22, math.inf, -math.inf, -0.0, 10**300]})
@example({"!tag": "&a", "*b": "? x", "- c": "2026-11-21", "0x1F": "1_000"})
def test_every_value_is_read_back_as_it_was(value: object) -> None:
    assert yaml.safe_load(manifest_scalars.scalar(value)) == value


def test_a_number_that_is_none_is_read_back_as_one() -> None:
    assert math.isnan(yaml.safe_load(manifest_scalars.scalar(math.nan)))


@pytest.mark.parametrize(
    ("stored", "read"),
    [("0.1", 0.1), ("100", 100), ("-3", -3), ("007", "007"), ("1e-5", "1e-5"), ("None", "None"), ("True", "True")],
)
def test_numbers_that_a_store_keeps_as_texts_are_numbers(stored: str, read: object) -> None:
    assert yaml.safe_load(manifest_scalars.number_or_text(stored)) == read


@given(st.text())
def test_a_suggested_name_is_one_everywhere(written_name: str) -> None:
    name = suggested_name(written_name)
    assert 0 < len(name) <= 63
    assert name[0].isalpha()
    assert name == name.lower().strip("-")
    assert all(character.isascii() and (character.isalnum() or character == "-") for character in name)


NOTES = {
    "model_name": "churn",
    "version": "1.0.0",
    "algorithm": "LogisticRegression",
    "features": ["age", "region"],
    "hyperparameters": {"C": 1.0},
    "metrics": {"auc": 0.81},
    "sklearn_version": sklearn.__version__,
    "python_version": "3.11.7 (main, Dec  4 2023)",
}

#: Rules that warn of a gap, and what the line says that is to be filled in.
GAPS = {
    "CMP102": "config",
    "CMP103": "feature_schema",
    "CMP104": "run",
    "CMP121": "architecture",
    "CMP122": "hyperparameters",
    "CMP131": "its name",
    "CMP132": "its type",
    "CMP134": "outputs",
    "CMP137": "preprocessing",
    "CMP141": "run_id",
    "CMP142": "datasets",
    "CMP143": "metrics",
    "CMP144": "created",
    "CMP145": "git",
    "ENV001": "requirements",
    "ENV003": "python",
    "NAM011": "version",
}


@pytest.mark.parametrize(
    "notes",
    [
        None,
        {"algorithm": "svm"},
        {"model_name": "churn", "numeric_features": ["age"], "categorical_features": ["region"]},
        {"model_name": "churn", "features": {"age": "int", "region": "str"}, "trained_at": "2024-01-02 03:04"},
        {"params": {"lr": 0.1}, "metrics": {"auc": 0.9}, "python_version": "3.11"},
        NOTES,
    ],
)
def test_every_gap_that_a_rule_warns_of_is_marked(tmp_path: Path, notes: Mapping[str, object] | None) -> None:
    write_pipeline(tmp_path / "churn.pkl")
    if notes is not None:
        write_texts(tmp_path, {"metadata.json": json.dumps(notes)})
    assert artifact_lint(tmp_path, "init").returncode == 0
    loaded(tmp_path / MANIFEST)
    marked = [line for line in (tmp_path / MANIFEST).read_text("utf-8").splitlines() if "TODO" in line]
    warned = [code for code, severity in findings(tmp_path, ".").items() if severity != "note"]
    assert set(warned) <= set(GAPS)
    assert not [code for code in warned if not any(GAPS[code] in line for line in marked)]


def test_what_the_suggestions_name_is_no_file_that_is_not_there(tmp_path: Path) -> None:
    joblib.dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), tmp_path / "churn.pkl")
    assert artifact_lint(tmp_path, "init").returncode == 0
    text = (tmp_path / MANIFEST).read_text("utf-8")
    (suggested,) = [line for line in text.splitlines() if "requirements:" in line]
    assert '["scikit-learn==' in suggested
    accepted = text.replace("# environment:", "environment:").replace("  # requirements", "  requirements")
    write_texts(tmp_path, {MANIFEST: accepted})
    assert not {"ENV001", "ENV002", "MAN005"} & set(findings(tmp_path, "."))


def test_requirements_beside_weights_that_nobody_describes_are_named(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "churn.pkl")
    write_texts(tmp_path, {"requirements.txt": "scikit-learn==1.5.0\n"})
    assert written(tmp_path)["environment"] == {"requirements": "requirements.txt"}


def test_versions_that_a_sidecar_states_are_the_environment(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "churn.pkl")
    write_texts(tmp_path, {"metadata.json": json.dumps(NOTES)})
    assert written(tmp_path)["environment"] == {
        "python": "3.11.7",
        "requirements": [f"scikit-learn=={sklearn.__version__}"],
    }


@pytest.mark.parametrize(
    ("stated", "dtype"),
    [
        ("np.float32", "float32"),
        ("Float", "float"),
        ("categorical", "category"),
        ("datetime64[ns]", "datetime64[ns]"),
        ("numeric", None),
        ("one-hot", None),
    ],
)
def test_a_type_is_written_as_the_schema_spells_it_or_left_open(tmp_path: Path, stated: str, dtype: str | None) -> None:
    write_pipeline(tmp_path / "churn.pkl", columns=1)
    features = [{"name": "age", "dtype": stated}]
    write_texts(tmp_path, {"metadata.json": json.dumps({"model_name": "churn", "features": features})})
    (feature,) = written(tmp_path)["feature_schema"]["inputs"]
    assert feature.get("type") == dtype
    assert (f"its type, which is more than {stated}" in (tmp_path / MANIFEST).read_text("utf-8")) is (dtype is None)


def retrained(root: Path, notes: Mapping[str, object], manifest: str) -> str:
    """What `init --force` says on standard error after the weights of a manifest were replaced."""
    write_pipeline(root / "churn.pkl")
    write_texts(root, {"metadata.json": json.dumps(NOTES)})
    assert artifact_lint(root, "init").returncode == 0
    text = (root / MANIFEST).read_text("utf-8")
    run = '  run_id: "r1"\n  created: "2026-01-01T00:00:00Z"\n  git: {commit: abcdef1}\n'
    text = text.replace("run:\n", f"run:\n{run}").replace("  metrics:\n", "  metrics:\n    - {name: f1, value: 0.7}\n")
    write_texts(root, {MANIFEST: text.replace("    C: 1.0\n", "    C: 1.0\n    seed: 7\n") + manifest})
    joblib.dump(LogisticRegression(C=2).fit([[0.0], [1.0]], [0, 1]), root / "churn.pkl")
    write_texts(root, {"metadata.json": json.dumps(notes)})
    done = artifact_lint(root, "init", "--force")
    assert done.returncode == 0
    return done.stderr


def test_what_others_state_now_replaces_what_the_manifest_said(tmp_path: Path) -> None:
    now = NOTES | {"version": "2.0.0", "hyperparameters": {"C": 2.0}, "metrics": {"auc": 0.91}, "model_name": "Churn"}
    said = retrained(tmp_path, now, "")
    manifest = loaded(tmp_path / MANIFEST)
    assert (manifest["name"], manifest["version"]) == ("churn", "2.0.0")
    assert manifest["config"]["hyperparameters"] == {"C": 2.0}
    assert manifest["run"] == {"metrics": [{"name": "auc", "value": 0.91}]}
    text = (tmp_path / MANIFEST).read_text("utf-8")
    for gap in ("of the weights before it was r1", '"2026-01-01T00:00:00Z"', "abcdef1", "# seed: 7", "name: f1, value"):
        assert any(gap in line and "TODO" in line for line in text.splitlines())
    assert said == (
        f"artifact-lint: the weights are not those that {MANIFEST} described; left as TODO, for nothing else states "
        "them: run_id, created, git.commit, metric f1, hyperparameter seed\n"
    )
    assert not [code for code in findings(tmp_path, ".") if code.startswith(("MAN", "SUM"))]


def test_facts_of_weights_that_did_not_change_are_kept(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "churn.pkl")
    write_texts(tmp_path, {"metadata.json": json.dumps(NOTES)})
    assert artifact_lint(tmp_path, "init").returncode == 0
    text = (tmp_path / MANIFEST).read_text("utf-8")
    stated = text.replace("run:\n", 'run:\n  run_id: "r1"\n').replace("{name: age}", "{name: age, type: long}")
    write_texts(tmp_path, {MANIFEST: stated, "metadata.json": json.dumps(NOTES | {"metrics": {"auc": 0.82}})})
    done = artifact_lint(tmp_path, "init", "--force")
    assert (done.returncode, done.stderr) == (0, "")
    manifest = loaded(tmp_path / MANIFEST)
    assert manifest["run"] == {"run_id": "r1", "metrics": [{"name": "auc", "value": 0.82}]}
    assert manifest["feature_schema"]["inputs"][0] == {"name": "age", "type": "long"}
    again = (tmp_path / MANIFEST).read_text("utf-8")
    assert artifact_lint(tmp_path, "init", "--force").returncode == 0
    assert (tmp_path / MANIFEST).read_text("utf-8") == again


def test_a_version_that_only_the_manifest_states_is_asked_about_where_the_weights_changed(tmp_path: Path) -> None:
    notes = {key: value for key, value in NOTES.items() if key != "version"}
    retrained(tmp_path, notes, "")
    assert 'version: "1.0.0"  # TODO: the weights have changed' in (tmp_path / MANIFEST).read_text("utf-8")


def test_the_help_says_that_the_path_may_be_left_out(tmp_path: Path) -> None:
    assert "init [OPTIONS] [PATH]\n" in artifact_lint(tmp_path, "init", "--help").stdout


def test_what_a_dtype_is_called_elsewhere() -> None:
    assert [as_dtype(name) for name in ("Int64", "INT64", "torch.bfloat16", "<f8", "array(double)", "lnog")] == [
        *("Int64", "int64", "bfloat16", "<f8", "array(double)"),
        None,
    ]


@pytest.mark.parametrize("name", ["posix\nsystem", "somewhere\nThing"])
def test_what_no_list_vouches_for_is_not_written_as_the_architecture(name: str, tmp_path: Path) -> None:
    (tmp_path / "churn.pkl").write_bytes(f"\x80\x02c{name}\n".encode("latin-1") + b"X\x04\0\0\0echo\x85R.")
    done = artifact_lint(tmp_path, "init", ".")
    assert done.returncode == 0, done.stderr
    assert "config" not in loaded(tmp_path / MANIFEST)
