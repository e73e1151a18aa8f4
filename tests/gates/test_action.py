"""The composite action: its steps as the runner executes them, and its file against GitHub's schema."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gates.repositories import BAD, GOOD, ROOT, Outcome, Repository, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
EXPRESSION = re.compile(r"\$\{\{ (?P<context>inputs|steps\.(?P<step>\w+)\.outputs)\.(?P<name>[\w-]+) \}\}")


@dataclass(slots=True)
class Runner:
    """As much of GitHub's runner as a composite action of `run:` steps needs."""

    action: Path
    temporary: Path
    user: Repository
    outputs: dict[tuple[str, str], str] = field(default_factory=dict)
    summary: str = ""

    def run(self, event: Mapping[str, object] | None = None, **inputs: str) -> Outcome:
        files = {
            name: self.user.path.parent / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH")
        }
        files["GITHUB_STEP_SUMMARY"].write_text("", "utf-8")
        files["GITHUB_EVENT_PATH"].write_text(json.dumps(event or {}), "utf-8")
        given = {name: str(declared["default"]) for name, declared in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        text = ""
        for step in ACTION["runs"]["steps"]:
            files["GITHUB_OUTPUT"].write_text("", "utf-8")
            environment = {
                **self.user.environment,
                **{name: self._evaluated(value, given) for name, value in step["env"].items()},
                **{name: str(place) for name, place in files.items()},
                "GITHUB_ACTION_PATH": str(self.action),
                "GITHUB_SHA": self.user.git("rev-parse", "HEAD"),
                "RUNNER_TEMP": str(self.temporary),
            }
            shell = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")
            outcome = run(*shell, step["run"], at=self.user.path, environment=environment)
            text += outcome.text
            for line in files["GITHUB_OUTPUT"].read_text("utf-8").splitlines():
                name, _, value = line.partition("=")
                self.outputs[step.get("id", ""), name] = value
            self.summary = files["GITHUB_STEP_SUMMARY"].read_text("utf-8")
            if outcome.code:
                return Outcome(outcome.code, text)
        return Outcome(0, text)

    @property
    def exit_code(self) -> str:
        return self.outputs["lint", "exit-code"]

    def _evaluated(self, text: str, given: Mapping[str, str]) -> str:
        def value(match: re.Match[str]) -> str:
            if match["step"]:
                return self.outputs[match["step"], match["name"]]
            return given[match["name"]]

        evaluated = EXPRESSION.sub(value, text)
        assert "${{" not in EXPRESSION.sub("", text), text
        return evaluated


@pytest.fixture(scope="session")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's temporary directory, which lasts a job: the linter is installed into it once."""
    return tmp_path_factory.mktemp("runner")


@pytest.fixture
def runner(shipped: Repository, temporary: Path, repository: Repository) -> Runner:
    return Runner(shipped.path, temporary, repository)


def test_a_good_repository_passes(runner: Runner) -> None:
    runner.user.add_artifact(GOOD, "models/iris")
    runner.user.commit()
    outcome = runner.run()
    assert outcome.code == 0, outcome.text
    assert runner.exit_code == "0"
    assert "0 errors" in runner.summary


def test_findings_fail_the_last_step_and_stand_in_the_summary(runner: Runner) -> None:
    runner.user.add_artifact(BAD, "models/iris")
    runner.user.commit()
    outcome = runner.run()
    assert outcome.code == 1
    assert runner.exit_code == "1"
    assert "PKL101" in outcome.text
    assert "<td>PKL101 dangerous-import</td><td>models/iris/model-artifact.yaml:11</td>" in runner.summary


def test_the_inputs_reach_the_linter(runner: Runner) -> None:
    runner.user.add_artifact(BAD, "models/a b")
    runner.user.add_artifact(GOOD, "models/good")
    runner.user.commit()
    assert runner.run(paths="models/good\n").code == 0
    assert runner.run(paths="models/good\nmodels/a b\n").code == 1
    assert runner.run(select="NAM, ENV").code == 0
    assert runner.run(ignore="PKL\nSUM").code == 0
    assert runner.run(fail_on="never").code == 0
    runner.user.write("strict.toml", 'ignore = ["PKL"]\n')
    assert runner.run(config="strict.toml").code == 0


def test_nothing_to_lint_is_an_error_of_its_own(runner: Runner) -> None:
    outcome = runner.run()
    assert outcome.code == 3
    assert runner.exit_code == "3"
    assert "no model artifact" in outcome.text


def test_a_pull_request_answers_for_its_own_artifacts(runner: Runner) -> None:
    user = runner.user
    user.add_artifact(BAD, "models/old")
    base = user.commit("an old sin")
    user.git("checkout", "--quiet", "-b", "feature")
    user.add_artifact(GOOD, "models/iris")
    user.commit()
    event = {"pull_request": {"base": {"sha": base}}}
    outcome = runner.run(event, changed_only="true")
    assert outcome.code == 0, outcome.text
    assert "1 artifacts" in runner.summary

    user.add_artifact(BAD, "models/new")
    user.commit()
    user.git("checkout", "--quiet", "main")
    user.git("merge", "--quiet", "--no-ff", "--no-verify", "--message", "the merge that GitHub checks out", "feature")
    outcome = runner.run(event, changed_only="true")
    assert outcome.code == 1
    assert "models/new" in runner.summary
    assert "models/old" not in runner.summary


def test_a_shallow_clone_fetches_the_commit_to_compare_with(runner: Runner, remote: Path) -> None:
    user = runner.user
    user.add_artifact(BAD, "models/old")
    before = user.commit("an old sin")
    user.add_artifact(GOOD, "models/iris")
    user.commit()
    user.git("push", "--quiet", "origin", "main")
    clone = remote.parent / "clone/work"
    clone.parent.mkdir()
    user.git("clone", "--quiet", "--depth=1", "--branch=main", f"file://{remote}", str(clone))
    shallow = Runner(runner.action, runner.temporary, Repository(clone, user.environment))
    outcome = shallow.run({"before": before}, changed_only="true")
    assert outcome.code == 0, outcome.text
    assert "1 artifacts" in shallow.summary


@pytest.mark.parametrize("event", [{"before": "0" * 40}, {}, {"before": "1234567890" * 4}])
def test_without_a_commit_to_compare_with_everything_is_linted(runner: Runner, event: dict[str, str]) -> None:
    runner.user.add_artifact(BAD, "models/old")
    runner.user.commit()
    outcome = runner.run(event, changed_only="true")
    assert outcome.code == 1
    assert "linting everything" in outcome.text


def test_a_change_without_artifacts_passes(runner: Runner) -> None:
    before = runner.user.git("rev-parse", "HEAD")
    runner.user.write("train.py", "print('training more')\n")
    runner.user.git("add", ".")
    runner.user.commit()
    outcome = runner.run({"before": before}, changed_only="true")
    assert outcome.code == 0, outcome.text


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"changed_only": "maybe"}, "changed-only is true or false"),
        ({"version": "0.1.0 --upgrade"}, "version is a release"),
        ({"version": "$(id)"}, "version is a release"),
        ({"fail_on": "sometimes"}, "fail-on"),
        ({"config": "absent.toml"}, "absent.toml"),
        ({"paths": "absent"}, "absent"),
    ],
)
def test_a_wrong_input_is_told_in_a_line(runner: Runner, inputs: dict[str, str], message: str) -> None:
    outcome = runner.run(None, **inputs)
    assert outcome.code == 2
    assert runner.exit_code == "2"
    assert message in outcome.text
    assert "Traceback" not in outcome.text


def test_text_of_the_workspace_is_neither_command_nor_markup(runner: Runner) -> None:
    runner.user.add_artifact(BAD, "models/<img src=x>")
    runner.user.write("models/bare/::error::it.pkl", "cposix\nsystem\n(S'::add-mask::x'\ntR.")
    runner.user.git("add", ".")
    runner.user.commit()
    outcome = runner.run()
    assert outcome.code == 1
    lines = outcome.text.splitlines()
    stop = next(index for index, line in enumerate(lines) if line.startswith("::stop-commands::"))
    token = lines[stop].removeprefix("::stop-commands::")
    assert lines[-1] == f"::{token}::"
    assert "<img" not in runner.summary
    assert "&lt;img src=x&gt;" in runner.summary


def test_a_module_of_the_workspace_is_not_run(runner: Runner) -> None:
    for name in ("pip.py", "json.py", "yaml.py", "venv.py", "sitecustomize.py"):
        runner.user.write(name, "raise SystemExit('a module of the workspace ran')\n")
    runner.user.add_artifact(GOOD, "models/iris")
    runner.user.commit()
    outcome = runner.run()
    assert outcome.code == 0, outcome.text


def test_the_action_file_holds_to_the_schema_of_github(repository: Repository) -> None:
    outcome = repository.run("check-jsonschema", "--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml"))
    assert outcome.code == 0, outcome.text


def test_no_input_becomes_part_of_a_script() -> None:
    steps = ACTION["runs"]["steps"]
    assert all("${{" not in step["run"] for step in steps)
    assert all("uses" not in step for step in steps)


def test_every_input_is_read() -> None:
    read = {
        match["name"]
        for step in ACTION["runs"]["steps"]
        for text in step["env"].values()
        for match in [EXPRESSION.match(text)]
        if match
    }
    assert set(ACTION["inputs"]) <= read
