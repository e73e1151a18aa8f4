"""What the README shows is what happens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from artifact_lint import __version__
from artifact_lint.rules import all_rules
from artifact_lint.settings import load

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
FENCED = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PROJECT = "artifact-lint/artifact-lint"


def blocks(language: str) -> list[str]:
    return [match["text"] for match in FENCED.finditer(README) if match["language"] == language]


def documents() -> list[Any]:
    return [yaml.safe_load(text) for text in blocks("yaml")]


@pytest.mark.parametrize("block", blocks("console"))
def test_the_output_shown_is_the_output(block: str) -> None:
    prompt, _, shown = block.partition("\n")
    words = prompt.removeprefix("$ artifact-lint ").split()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARTIFACT_LINT_")}
    done = subprocess.run(
        [sys.executable, "-m", "artifact_lint", *words],
        cwd=ROOT,
        env={**environment, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == shown


INLINE = sorted(set(re.findall(r"`artifact-lint((?: [^`]+)?)`", README)))


@pytest.mark.parametrize("arguments", INLINE)
def test_a_command_in_the_text_does_what_a_newcomer_asks_of_it(arguments: str, tmp_path: Path) -> None:
    home = tmp_path / "models" / "churn"
    home.mkdir(parents=True)
    shutil.copy(ROOT / "examples/good/joblib-sidecar/pipeline.joblib", home / "model.joblib")
    done = subprocess.run(
        [sys.executable, "-m", "artifact_lint", *arguments.replace("PATH", "models/churn").split()],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    assert done.stdout
    assert "error" not in done.stderr


def test_the_text_names_the_commands_that_a_newcomer_needs() -> None:
    assert {words.split()[0] for words in INLINE if words} >= {
        "baseline",
        "check",
        "explain",
        "init",
        "inspect",
        "rules",
    }


def test_the_pre_commit_snippet_names_hooks_that_there_are() -> None:
    declared = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    repositories = [repo for document in documents() for repo in document.get("repos", ())]
    assert [(repo["repo"], repo["rev"]) for repo in repositories] == [
        (f"https://github.com/{PROJECT}", f"v{__version__}")
    ]
    assert {hook["id"] for repo in repositories for hook in repo["hooks"]} <= declared
    assert set(re.findall(r"- id: ([\w-]+)", README)) <= declared
    assert {hook for hook in declared if re.search(rf"(?:- id: |`){hook}\b", README)} == declared


def test_the_action_snippet_gives_inputs_that_there_are() -> None:
    inputs = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"].keys()
    steps = [step for document in documents() for step in document.get("steps", ())]
    own = [step for step in steps if step["uses"].startswith(PROJECT)]
    assert [step["uses"] for step in own] == [f"{PROJECT}@v{__version__}"]
    assert all(step["with"].keys() <= inputs for step in own)
    assert {"changed-only", "sarif"} <= {name for name in inputs if f"`{name}`" in README}
    assert "(docs/action.md)" in README


@pytest.mark.parametrize("block", blocks("toml"))
def test_the_configuration_shown_is_taken(block: str, tmp_path: Path) -> None:
    place = tmp_path / "pyproject.toml"
    place.write_text(block, "utf-8")
    settings = load(place, all_rules())
    stated = tomllib.loads(block)["tool"]["artifact-lint"]
    assert settings.ignore == tuple(stated["ignore"])
    assert [ignore.reason for ignore in settings.per_path_ignores] == ["not deployed"]


def test_every_link_within_the_project_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_ci_runs_the_commands_for_a_fresh_machine() -> None:
    main_job, tests = blocks("sh")[0].splitlines()
    assert main_job == "python -m pip install . && artifact-lint check examples"
    assert tests == 'python -m pip install -e ".[dev]" && pytest'
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert main_job in script
    assert tests in script
