"""CPU time of the pre-commit hook on one changed artifact of a repository with 500, beside what one could run instead.

    python bench/hook.py [RUNS]

commits the artifacts to a git repository, retrains one, and runs the hook's own entry on its two files in a fresh
environment with compiled bytecode. Prints a Markdown table: medians of RUNS runs each (default 20), taken in turns so
that a slow minute hits all alike.
"""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from processes import ROOT, Case, install, measure

WEIGHTS = ROOT / "examples" / "good" / "mlflow-sklearn" / "model" / "model.skops"
ARTIFACTS = 500
CHANGED = "models/m042"
BUDGET = 400
DEFAULT_RUNS = 20
CHECK_JSONSCHEMA = "check-jsonschema==0.39.0"
PICKLESCAN = "picklescan==1.0.5"

MANIFEST = """\
schema_version: 1
name: iris-{number:03}
version: "1.0.{revision}"
description: Species of an iris from the lengths and widths of its sepals and petals, in centimetres
license: Apache-2.0
task: tabular-classification
weights:
  framework: scikit-learn
  files:
    - path: model.skops
      role: weights
      format: skops
      size: {size}
      digest: "sha256:{digest}"
config:
  architecture: RandomForestClassifier
  hyperparameters: {{n_estimators: 5, max_depth: 3, random_state: 7}}
  seed: 7
feature_schema:
  inputs:
    - {{name: sepal_length, type: double, required: true, range: [4.3, 7.9]}}
    - {{name: sepal_width, type: double, required: true, range: [2.0, 4.4]}}
    - {{name: petal_length, type: double, required: true, range: [1.0, 6.9]}}
    - {{name: petal_width, type: double, required: true, range: [0.1, 2.5]}}
  outputs:
    - {{name: species, type: long, allowed: [0, 1, 2]}}
run:
  run_id: 6f51599c8306401921b2a9340b6a5797
  experiment: iris
  created: "2026-11-02T08:55:02Z"
  git: {{commit: 5d6b0ef3c0f2b1f4a1f7a1f0c9f0e7d2c3b4a596, dirty: false}}
  datasets:
    - {{name: iris, version: "1988-07", role: train, digest: "md5:8ade7793997a014bac17d364c415f138"}}
  metrics:
    - {{name: accuracy, value: 0.9733, dataset: iris, split: train}}
environment: {{python: "3.11.7", requirements: ["scikit-learn==1.9.1", "skops==0.15.0"]}}
"""


def write_artifact(directory: Path, number: int, revision: int) -> None:
    """A model in the format of skops, and a manifest that describes all of it."""
    directory.mkdir(parents=True, exist_ok=True)
    weights = shutil.copyfile(WEIGHTS, directory / "model.skops").read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    manifest = MANIFEST.format(number=number, revision=revision, size=len(weights), digest=digest)
    (directory / "model-artifact.yaml").write_text(manifest, encoding="utf-8")


def git(repository: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *settings, *arguments], cwd=repository, check=True)


def make_repository(repository: Path) -> None:
    """A repository of `ARTIFACTS` committed artifacts, with a new version of one of them staged."""
    repository.mkdir()
    git(repository, "init", "-q")
    for number in range(ARTIFACTS):
        write_artifact(repository / f"models/m{number:03}", number, 0)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "models")
    write_artifact(repository / CHANGED, int(CHANGED[-3:]), 1)
    git(repository, "add", ".")


def hook_entry() -> list[str]:
    """The command of the hook for changed files, as `.pre-commit-hooks.yaml` has it."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return shlex.split(next(hook["entry"] for hook in hooks if hook["id"] == "artifact-lint"))


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_RUNS
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        programs = install(directory / "linter", str(ROOT))
        check_jsonschema = str(install(directory / "check-jsonschema", CHECK_JSONSCHEMA) / "check-jsonschema")
        picklescan = str(install(directory / "picklescan", PICKLESCAN, "numpy") / "picklescan")
        repository = directory / "repository"
        make_repository(repository)
        schema = ROOT / "artifact_lint" / "schemas" / "model-artifact.v1.schema.json"
        program, *entry = hook_entry()
        weights, manifest = f"{CHANGED}/model.skops", f"{CHANGED}/model-artifact.yaml"
        cases = [
            Case("bare interpreter", [str(programs / "python"), "-c", ""]),
            Case("the hook, both files", [str(programs / program), *entry, weights, manifest], BUDGET),
            Case("the hook, the weights alone", [str(programs / program), *entry, weights], BUDGET),
            Case(f"{CHECK_JSONSCHEMA}, the manifest", [check_jsonschema, "--schemafile", str(schema), manifest]),
            Case(f"{PICKLESCAN} with numpy, the weights", [picklescan, "--path", weights]),
        ]
        measure(cases, repository, runs)
    print("| command | CPU ms | budget | times bare | wall ms |")
    print("|---|---:|---:|---:|---:|")
    floor = cases[0].median_cpu
    for case in cases:
        cpu, wall = case.median_cpu, case.median_wall
        print(f"| {case.title} | {cpu:.0f} | {case.shown_budget} | {cpu / floor:.0f} | {wall:.0f} |")


if __name__ == "__main__":
    main()
