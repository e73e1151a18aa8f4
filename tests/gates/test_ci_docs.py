"""The templates of docs/ci.md: valid for their systems, and run as those run them, in clones as those make them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from gates.repositories import BAD, GOOD, ROOT, Outcome, Repository, isolated_environment, needs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the templates are for runners with a POSIX shell")

PAGE = (ROOT / "docs/ci.md").read_text("utf-8")
BLOCKS = {match[1]: match[2] for match in re.finditer(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)}
GITLAB: dict[str, Any] = yaml.safe_load(BLOCKS["yaml"])
JOB: dict[str, Any] = GITLAB["artifact-lint"]
(JENKINS,) = (textwrap.dedent(text) for text in re.findall(r"sh '''\n(.*?)'''", BLOCKS["groovy"], re.DOTALL))
GITLAB_REPORT, JUNIT_REPORT = "gl-code-quality-report.json", "artifact-lint.xml"


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs scripts in a clone as a CI system does, with the package of this checkout on the index that pip asks."""

    environment: Mapping[str, str]

    def run(self, clone: Path, shell: list[str], script: str, **variables: str) -> Outcome:
        done = subprocess.run(
            [*shell, script],
            cwd=clone,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return Outcome(done.returncode, done.stdout.decode("utf-8", "replace"))

    def gitlab(self, clone: Path, **variables: str) -> Outcome:
        """GitLab joins a job's lines to one script, which ends with the first failure."""
        return self.run(clone, ["bash", "-eo", "pipefail", "-c"], "\n".join(JOB["script"]), CI="true", **variables)

    def jenkins(self, clone: Path, **variables: str) -> Outcome:
        return self.run(clone, ["sh", "-xe", "-c"], JENKINS, CI="true", **variables)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    packages, python = tmp_path_factory.mktemp("packages"), tmp_path_factory.mktemp("python")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(packages), str(ROOT)]
    subprocess.run(build, check=True)
    subprocess.run([sys.executable, "-m", "venv", str(python)], check=True)
    plain = isolated_environment()
    # The command under test may only come from what the template installs.
    path = os.pathsep.join([str(python / "bin"), *plain["PATH"].split(os.pathsep)[1:]])
    links = f"{packages} {plain.get('PIP_FIND_LINKS', '')}".strip()
    return Runner({**plain, "PATH": path, "PIP_FIND_LINKS": links, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the templates install into: one directory, so that the package is installed into it once."""
    return str(tmp_path_factory.mktemp("workspace@tmp"))


@dataclass(frozen=True, slots=True)
class Hosted:
    """A repository on a server, with a branch that leaves main at `base`."""

    user: Repository
    remote: Path
    base: str

    def push(self, artifact: Path) -> None:
        """Put an artifact on the branch, and more work on main."""
        self.user.add_artifact(artifact, "models/new")
        self.user.commit()
        self.user.git("push", "--quiet", "origin", "main", "feature")

    def clone(self, branch: str, *options: str) -> Path:
        place = self.remote.parent / "clone"
        self.user.git("clone", "--quiet", *options, f"--branch={branch}", f"file://{self.remote}", str(place))
        return place


@pytest.fixture
def hosted(repository: Repository, remote: Path) -> Hosted:
    repository.add_artifact(BAD, "models/old")
    base = repository.commit("an old sin")
    for number in range(3):
        repository.commit(f"work on main {number}")
    repository.git("checkout", "--quiet", "-b", "feature", base)
    return Hosted(repository, remote, base)


def gitlab_findings(clone: Path) -> set[str]:
    entries = json.loads((clone / GITLAB_REPORT).read_text("utf-8"))
    return {entry["location"]["path"] for entry in entries}


def failures(clone: Path) -> int:
    """The failed cases of a JUnit report that this test has written itself."""
    return len(ET.parse(clone / JUNIT_REPORT).getroot().findall(".//failure"))


def test_the_gitlab_template_holds_to_the_schema_of_gitlab(tmp_path: Path, repository: Repository) -> None:
    place = tmp_path / ".gitlab-ci.yml"
    place.write_text(BLOCKS["yaml"], "utf-8")
    command = ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(place))
    outcome = repository.run(*command)
    assert outcome.code == 0, outcome.text


def test_the_reports_that_gitlab_collects_are_those_that_are_written() -> None:
    assert JOB["artifacts"] == {"when": "always", "reports": {"codequality": GITLAB_REPORT, "junit": JUNIT_REPORT}}
    assert f"gitlab={GITLAB_REPORT}" in JOB["script"][-1]
    assert f"junit={JUNIT_REPORT}" in JOB["script"][-1]


@needs("shellcheck")
@pytest.mark.parametrize("script", ["\n".join(JOB["script"]), JENKINS, BLOCKS["sh"]])
def test_the_scripts_are_clean(script: str) -> None:
    done = subprocess.run(["shellcheck", "--shell=sh", "-"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("artifact", "code"), [(GOOD, 0), (BAD, 1)])
def test_a_merge_request_in_gitlab_answers_for_its_own_artifacts(
    runner: Runner, hosted: Hosted, artifact: Path, code: int
) -> None:
    hosted.push(artifact)
    clone = hosted.clone("feature", "--depth=1")
    outcome = runner.gitlab(clone, CI_MERGE_REQUEST_DIFF_BASE_SHA=hosted.base)
    assert outcome.code == code, outcome.text
    assert all(path.startswith("models/new/") for path in gitlab_findings(clone))
    assert bool(gitlab_findings(clone)) == bool(failures(clone)) == bool(code)


def test_the_default_branch_in_gitlab_is_linted_whole(runner: Runner, hosted: Hosted) -> None:
    hosted.push(GOOD)
    clone = hosted.clone("main", "--depth=20")
    outcome = runner.gitlab(clone)
    assert outcome.code == 1, outcome.text
    assert any(path.startswith("models/old/") for path in gitlab_findings(clone))


def test_a_pull_request_in_jenkins_answers_for_its_own_artifacts(runner: Runner, hosted: Hosted, scratch: str) -> None:
    hosted.push(GOOD)
    clone = hosted.clone("feature")
    outcome = runner.jenkins(clone, WORKSPACE_TMP=scratch, CHANGE_TARGET="main")
    assert outcome.code == 0, outcome.text
    assert failures(clone) == 0
    (clone / JUNIT_REPORT).unlink()
    outcome = runner.jenkins(clone, WORKSPACE_TMP=scratch)
    assert outcome.code == 1, outcome.text
    assert failures(clone) > 0
    outcome = runner.jenkins(clone, WORKSPACE_TMP=scratch, CHANGE_TARGET="absent")
    assert outcome.code == 2, outcome.text


def test_any_other_system_gets_a_report_to_show(runner: Runner, hosted: Hosted, scratch: str) -> None:
    hosted.push(GOOD)
    clone = hosted.clone("main")
    outcome = runner.run(clone, ["sh", "-e", "-c"], BLOCKS["sh"], TMPDIR=scratch)
    assert outcome.code == 1, outcome.text
    report = ET.parse(clone / "test-results/artifact-lint.xml").getroot()
    assert report.findall(".//failure")
