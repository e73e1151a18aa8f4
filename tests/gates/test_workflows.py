"""The project's own workflows: what they may do, what they run where, and that their steps do what they are for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from artifact_lint import __version__
from gates.repositories import ROOT, needs, run
from gates.workflow_files import TEXTS, WORKFLOWS, Job, job, jobs

if TYPE_CHECKING:
    from pathlib import Path

JOBS = list(jobs())
PINNED = re.compile(r"uses: (?P<action>[\w.-]+/[\w./-]+)@(?P<revision>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)")
EXPRESSION = re.compile(r"\$\{\{\s*(?P<path>[\w.-]+)\s*\}\}")
#: All that a job may write, beyond reading the checkout.
WRITES = {
    ("release.yml", "attest"): {"id-token", "attestations"},
    ("release.yml", "publish"): {"id-token"},
}
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

every_job = pytest.mark.parametrize("one", JOBS, ids=[f"{one.workflow}-{one.name}" for one in JOBS])
every_workflow = pytest.mark.parametrize("name", WORKFLOWS)


def test_the_workflows_are_there() -> None:
    assert set(WORKFLOWS) >= {"tests.yml", "try-action.yml", "release.yml"}


@every_workflow
def test_every_action_is_pinned_to_a_commit_and_says_its_version(name: str) -> None:
    lines = [line.strip().removeprefix("- ") for line in TEXTS[name].splitlines() if "uses:" in line]
    foreign = [line for line in lines if line != "uses: ./"]
    assert [line for line in foreign if not PINNED.fullmatch(line)] == []
    used = [step["uses"] for one in JOBS if one.workflow == name for step in one.steps if "uses" in step]
    assert len(used) == len(lines)


def test_an_action_has_one_revision_everywhere() -> None:
    pins = {match.group("action", "revision", "version") for text in TEXTS.values() for match in PINNED.finditer(text)}
    assert len(pins) == len({action for action, _, _ in pins})


@every_workflow
def test_no_workflow_has_a_permission_of_its_own(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}
    assert "group" in WORKFLOWS[name]["concurrency"]


@every_job
def test_a_job_has_the_least_permissions(one: Job) -> None:
    permissions = one.content["permissions"]
    writes = {scope for scope, access in permissions.items() if access == "write"}
    assert writes == WRITES.get((one.workflow, one.name), set())
    reads = {scope for scope, access in permissions.items() if access == "read"}
    assert reads == ({"contents"} if "actions/checkout" in one.actions else set())


@every_job
def test_a_job_ends(one: Job) -> None:
    assert 0 < one.content["timeout-minutes"] <= 60


@every_job
def test_a_checkout_leaves_no_credentials_behind(one: Job) -> None:
    for step in one.steps:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@every_workflow
def test_no_workflow_reads_a_secret(name: str) -> None:
    assert "secrets." not in TEXTS[name]
    assert "pull_request_target" not in TEXTS[name]


@every_job
def test_nothing_of_an_event_becomes_part_of_a_script(one: Job) -> None:
    assert [script for script in one.scripts if "${{" in script] == []


@every_job
def test_a_job_that_runs_on_windows_names_its_shell(one: Job) -> None:
    if "windows" in str(one.content.get("strategy", one.content["runs-on"])):
        assert {one.shell_of(step) for step in one.steps if "run" in step} == {"bash"}


@needs("shellcheck")
@every_job
def test_the_scripts_of_a_job_are_clean(one: Job) -> None:
    for script in one.scripts:
        command = ["shellcheck", "--shell=bash", "-"]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def systems_and_pythons() -> set[tuple[str, str]]:
    """The systems and Pythons that the tests run on."""
    whole = job("tests.yml", "everything")
    matrix = job("tests.yml", "tests").content["strategy"]["matrix"]
    excluded = {(one["os"], one["python"]) for one in matrix["exclude"]}
    runs = {(system, python) for system in matrix["os"] for python in matrix["python"]} - excluded
    setup = whole.step_using("actions/setup-python")
    return {(system.partition("-")[0], python) for system, python in runs} | {
        (whole.content["runs-on"].partition("-")[0], setup["with"]["python-version"])
    }


def test_every_python_that_is_promised_is_tested_on_every_system() -> None:
    promised = {
        words[-1]
        for words in (text.split(" :: ") for text in PROJECT["classifiers"])
        if words[0] == "Programming Language" and re.fullmatch(r"3\.\d+", words[-1])
    }
    assert systems_and_pythons() == {
        (system, python) for system in ("ubuntu", "macos", "windows") for python in promised
    }
    required = SpecifierSet(PROJECT["requires-python"])
    assert all(f"{python}.0" in required for python in promised)
    assert job("tests.yml", "tests").content["strategy"]["fail-fast"] is False


def test_all_checks_run_in_one_job() -> None:
    assert job("tests.yml", "everything").scripts == [".ci/run"]


class TestTryingTheAction:
    TRIES = tuple(one for one in JOBS if one.workflow == "try-action.yml")
    every_try = pytest.mark.parametrize("one", TRIES, ids=[one.name for one in TRIES])

    def linted(self, one: Job, directory: Path) -> dict[str, str]:
        """The outputs of the Action for what the job gives to it, from the linter itself."""
        paths = one.step_using("./")["with"]["paths"].split()
        sarif, report = directory / "lint.sarif", directory / "report.json"
        reports = (f"--output-format=sarif={sarif}", f"--output-format=json={report}")
        command = [sys.executable, "-m", "artifact_lint", "check", *reports, "--", *paths]
        code = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
        findings = json.loads(report.read_text("utf-8"))["findings"]
        return {"exit-code": str(code), "findings": str(len(findings)), "sarif-file": str(sarif)}

    def judged(self, one: Job, outputs: dict[str, str]) -> bool:
        """Whether the steps after the Action pass, had it ended with these outputs."""
        given = {f"steps.lint.outputs.{name}": text for name, text in outputs.items()}
        given["steps.lint.outcome"] = "success" if outputs["exit-code"] == "0" else "failure"
        steps = one.steps[one.steps.index(one.step_using("./")) + 1 :]
        assert steps
        return all(self.passes(step, given) for step in steps)

    def passes(self, step: dict[str, Any], given: dict[str, str]) -> bool:
        """Whether a step's script passes, with the values of expressions put into its environment."""
        stated = {name: EXPRESSION.sub(lambda match: given[match["path"]], text) for name, text in step["env"].items()}
        command = ["bash", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(command, env=os.environ | stated, check=False).returncode == 0

    @every_try
    def test_a_job_passes_for_what_is_in_the_repository_and_for_no_other_outcome(
        self, one: Job, tmp_path: Path
    ) -> None:
        outputs = self.linted(one, tmp_path)
        assert outputs["exit-code"] == ("1" if one.name == "bad" else "0")
        assert self.judged(one, outputs)
        for code in {"", "0", "1", "2", "3"} - {outputs["exit-code"]}:
            assert not self.judged(one, outputs | {"exit-code": code})

    @pytest.mark.parametrize(
        "wrong", [{"findings": "0"}, {"findings": ""}, {"sarif-file": ""}, {"sarif-file": "absent"}]
    )
    def test_bad_artifacts_without_a_report_are_no_success(self, wrong: dict[str, str], tmp_path: Path) -> None:
        report = tmp_path / "lint.sarif"
        report.write_text("{}", "utf-8")
        right = {"exit-code": "1", "findings": "1", "sarif-file": str(report)}
        bad = job("try-action.yml", "bad")
        assert self.judged(bad, right)
        assert not self.judged(bad, right | wrong)

    def test_the_action_has_what_the_jobs_give_and_ask(self) -> None:
        action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
        for one in self.TRIES:
            assert one.step_using("./")["with"].keys() <= action["inputs"].keys()
        asked = set(re.findall(r"steps\.lint\.outputs\.([\w-]+)", TEXTS["try-action.yml"]))
        assert asked <= action["outputs"].keys()

    def test_only_the_job_that_has_to_fail_goes_on_after_a_failure(self) -> None:
        going_on = {one.name: one.step_using("./").get("continue-on-error", False) for one in self.TRIES}
        assert going_on == {one.name: one.name == "bad" for one in self.TRIES}

    def test_the_action_is_tried_on_every_change(self) -> None:
        # YAML 1.1 takes the key `on` for a truth value.
        events: dict[Any, Any] = dict(WORKFLOWS["try-action.yml"])
        assert {"push", "pull_request"} <= set(events[True])


class TestRelease:
    def test_a_release_is_published_by_what_was_built_alone(self) -> None:
        publish = job("release.yml", "publish")
        assert publish.actions == ["actions/download-artifact", "pypa/gh-action-pypi-publish"]
        assert publish.scripts == []
        assert publish.content["environment"]["name"] == "pypi"
        assert publish.content["needs"] == "attest"
        assert job("release.yml", "attest").content["needs"] == "build"

    def test_what_was_built_is_what_is_attested_and_published(self) -> None:
        built = job("release.yml", "build").step_using("actions/upload-artifact")["with"]
        for name in ("attest", "publish"):
            taken = job("release.yml", name).step_using("actions/download-artifact")["with"]
            assert (taken["name"], taken["path"]) == (built["name"], built["path"])
        attested = job("release.yml", "attest").step_using("actions/attest")["with"]
        assert attested["subject-path"] == f"{built['path']}*"
        assert job("release.yml", "build").scripts == ['.ci/build dist "$TAG"']

    @pytest.mark.skipif(sys.platform == "win32", reason="releases are built on Linux")
    @pytest.mark.parametrize("tag", ["v0.0.1", __version__, f"v{__version__}.1"])
    def test_a_tag_that_is_not_the_version_stops_the_build(self, tag: str, tmp_path: Path) -> None:
        outcome = run(str(ROOT / ".ci/build"), str(tmp_path), tag, at=ROOT, environment=os.environ)
        assert outcome.code == 1
        assert f"the tag is {tag}, and the version {__version__}" in outcome.text
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.skipif(sys.platform == "win32", reason="releases are built on Linux")
    def test_what_an_earlier_build_left_is_not_published_along(self, tmp_path: Path) -> None:
        (tmp_path / "artifact_lint-0.0.1.tar.gz").touch()
        outcome = run(str(ROOT / ".ci/build"), str(tmp_path), f"v{__version__}", at=ROOT, environment=os.environ)
        assert outcome.code == 1
        assert "is not empty" in outcome.text


def test_updates_wait_until_others_have_tried_them() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text("utf-8"))["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"github-actions", "pip"}
    assert all(update["cooldown"]["default-days"] >= 7 for update in updates)
