"""A random forest on iris as MLflow logs, registers and hands it out, with the run that it came from."""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

import mlflow
import mlflow.sklearn
from sklearn.ensemble import RandomForestClassifier

from example_kinds.common import AUTHOR, CLASSES, COMMIT, REPOSITORY, SEED, fresh, iris, pins, run_id, write_text

NAME = "iris-forest"
EXPERIMENT_ID = "407252018463991475"
MODEL_ID = "m-6d1b25c09a0e47e49f4cf4c1d9c7a9b3"
MODEL_UUID = "b0a8d7ce52f14f7c8ad2a84f6fb2e6d1"
DATASET_ID = "e45c80fb60f24b5df92253408e56830e"
INPUT_ID = "9a7625e5d6d2a6571a9c112ae43e45ac"
START_MILLISECONDS = 1793609702000
ZIP_DATE = (2026, 11, 2, 8, 55, 2)


def write(root: Path) -> None:
    target = fresh(root / "good" / "mlflow-sklearn")
    with tempfile.TemporaryDirectory() as scratch:
        here = Path.cwd()
        os.chdir(scratch)
        try:
            identifiers = train_and_log()
            mlflow.artifacts.download_artifacts(f"models:/{NAME}/1", dst_path=str(Path(scratch, "model")))
        finally:
            os.chdir(here)
        copy_run(Path(scratch) / "mlruns", target / "mlruns", identifiers)
        shutil.copytree(Path(scratch) / "model", target / "model")
    normalise(target, identifiers)


def train_and_log() -> dict[str, str]:
    """Train, log and register; what this run's random identifiers are to be replaced by."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    features, species = iris()
    mlflow.set_tracking_uri(f"file://{Path.cwd()}/mlruns")
    experiment_id = mlflow.create_experiment("iris")
    labels = species.map(dict(enumerate(CLASSES)))
    parameters = {"n_estimators": 5, "max_depth": 3, "random_state": SEED}
    tags = {"mlflow.source.git.commit": COMMIT, "mlflow.source.git.repoURL": REPOSITORY}
    with mlflow.start_run(experiment_id=experiment_id, run_name="forest-5x3", tags=tags) as run:
        model = RandomForestClassifier(**parameters).fit(features, labels)
        mlflow.log_params(parameters)
        data = mlflow.data.from_pandas(features.assign(species=labels), name="iris", targets="species")
        mlflow.log_input(data, context="training")
        mlflow.log_metric("accuracy", model.score(features, labels), dataset=data)
        logged = mlflow.sklearn.log_model(
            model,
            name=NAME,
            registered_model_name=NAME,
            signature=mlflow.models.infer_signature(features, labels),
            input_example=features.head(2),
            pip_requirements=pins("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops"),
            skops_trusted_types=["sklearn.tree._tree.Tree"],
        )
    return {run.info.run_id: run_id(NAME), experiment_id: EXPERIMENT_ID, logged.model_id: MODEL_ID}


def copy_run(store: Path, target: Path, identifiers: dict[str, str]) -> None:
    """The experiment, its run, its dataset and the logged model's entry; the weights stay in the model directory."""
    run_id, experiment_id, model_id = identifiers
    experiment = store / experiment_id
    kept = target / experiment_id
    shutil.copytree(experiment / run_id, kept / run_id, ignore=shutil.ignore_patterns("artifacts"))
    shutil.copytree(experiment / "datasets", kept / "datasets")
    shutil.copytree(
        experiment / "models" / model_id, kept / "models" / model_id, ignore=shutil.ignore_patterns("artifacts")
    )
    shutil.copy(experiment / "meta.yaml", kept / "meta.yaml")


def normalise(target: Path, identifiers: dict[str, str]) -> None:
    """Put fixed identifiers, times and users where MLflow put those of this machine and moment."""
    [dataset] = [path.name for path in target.glob("mlruns/*/datasets/*")]
    [used] = [path.name for path in target.glob("mlruns/*/*/inputs/*")]
    replaced = identifiers | {dataset: DATASET_ID, used: INPUT_ID}
    for path in sorted(target.rglob("*"), key=lambda path: len(path.parts), reverse=True):
        if path.name in replaced:
            path.rename(path.with_name(replaced[path.name]))
    for path in sorted(target.rglob("*.skops")):
        renumber(path)
    for path in sorted(target.rglob("*")):
        if path.is_file() and path.suffix != ".skops":
            write_text(path, anonymous(path, replaced))
    model = target / "model"
    described = {"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "registered_model_meta"}
    size = sum(path.stat().st_size for path in model.iterdir() if path.name not in described)
    write_text(
        model / "MLmodel",
        re.sub(r"(?m)^model_size_bytes: \d+", f"model_size_bytes: {size}", (model / "MLmodel").read_text()),
    )


def anonymous(path: Path, replaced: dict[str, str]) -> str:
    text = path.read_text(encoding="utf-8")
    for found, fixed in replaced.items():
        text = text.replace(found, fixed)
    text = re.sub(r"file://\S*?/mlruns", "mlruns", text)
    text = re.sub(r"(?m)^(.*(?:start_time|creation_time|creation_timestamp): )\d+", rf"\g<1>{START_MILLISECONDS}", text)
    text = re.sub(
        r"(?m)^(.*(?:end_time|last_update_time|last_updated_timestamp): )\d+",
        rf"\g<1>{START_MILLISECONDS + 2100}",
        text,
    )
    text = re.sub(r"(?m)^utc_time_created: .*", "utc_time_created: '2026-11-02 08:55:03.120000'", text)
    text = re.sub(r"(?m)^model_uuid: .*", f"model_uuid: {MODEL_UUID}", text)
    text = re.sub(r"(?m)^user_id: .*", f"user_id: {AUTHOR}", text)
    text = re.sub(r'("mlflow.user": )"[^"]*"', rf'\1"{AUTHOR}"', text)
    text = re.sub(r'("mlflow.source.name": )"[^"]*"', r'\1"train.py"', text)
    if path.parent.name == "metrics":
        return re.sub(r"(?m)^\d+ ", f"{START_MILLISECONDS + 1000} ", text)
    return {"mlflow.user": AUTHOR, "mlflow.source.name": "train.py"}.get(path.name, text)


def renumber(path: Path) -> None:
    """Write a skops archive again with counted object numbers and one date: skops numbers objects by their address."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = members["schema.json"].decode()
    addresses = dict.fromkeys(re.findall(r'"__id__": (\d+)', schema))
    numbers = {address: str(position) for position, address in enumerate(addresses, 1)}
    for address, number in numbers.items():
        schema = re.sub(rf'(?<="__id__": ){address}\b|(?<="){address}(?=\.npy")', number, schema)
    renamed = {f"{address}.npy": f"{number}.npy" for address, number in numbers.items()}
    members = {renamed.get(name, name): data for name, data in members.items()} | {"schema.json": schema.encode()}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), members[name], zipfile.ZIP_DEFLATED)
    path.write_bytes(written.getvalue())
