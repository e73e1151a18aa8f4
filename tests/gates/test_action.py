"""The composite action: its steps as the runner executes them, and its file against GitHub's schema."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gates.action_runner import ACTION, STEPS, Job, Runner
from gates.events import payload
from gates.repositories import BAD, GOOD, ROOT, Repository


@pytest.fixture
def runner(shipped: Repository, temporary: Path, repository: Repository) -> Runner:
    return Runner(shipped.path, temporary, repository)


@pytest.fixture
def bad(runner: Runner) -> Runner:
    runner.user.add_artifact(BAD, "models/iris")
    runner.user.commit()
    return runner


def test_a_good_repository_passes(runner: Runner) -> None:
    runner.user.add_artifact(GOOD, "models/iris")
    runner.user.commit()
    job = runner.run()
    assert job.code == 0, job.log
    assert job.outputs == {"exit-code": "0", "findings": "0", "sarif-file": ""}
    assert job.commands == []
    assert "All good" in job.summary


def test_findings_fail_the_last_step_and_stand_at_their_lines_and_in_the_summary(bad: Runner) -> None:
    job = bad.run()
    assert job.code == 1
    assert job.outputs["exit-code"] == "1"
    assert "PKL101" in job.log
    annotations = [command for command in job.commands if "file" in command.properties]
    assert job.outputs["findings"] == str(len(annotations))
    (dangerous,) = [one for one in annotations if one.properties["title"] == "PKL101 dangerous-import"]
    assert (dangerous.properties["file"], dangerous.properties["line"]) == ("models/iris/model-artifact.yaml", "11")
    commit = bad.user.git("rev-parse", "HEAD")
    address = f"https://github.com/octo-org/models/blob/{commit}/models/iris/model-artifact.yaml#L11"
    assert f'<a href="{address}"><code>models/iris/model-artifact.yaml</code>:11</a>' in job.summary


def test_files_of_another_repository_than_the_workflows_own_have_no_address(bad: Runner, tmp_path: Path) -> None:
    bad.environment["GITHUB_WORKSPACE"] = str(tmp_path)
    assert f"/blob/{bad.user.git('rev-parse', 'HEAD')}/" not in bad.run().summary


def test_ten_annotations_are_made_and_the_last_counts_the_rest(runner: Runner) -> None:
    for number in range(4):
        runner.user.add_artifact(BAD, f"models/m{number}")
    runner.user.commit()
    job = runner.run()
    shown = [command for command in job.commands if command.name in {"error", "warning", "notice"}]
    assert len(shown) == 10
    more = re.findall(r"(\d+) (?:error|warning|note)", shown[-1].message)
    assert sum(map(int, more)) + 9 == int(job.outputs["findings"])


def test_the_inputs_reach_the_linter(bad: Runner) -> None:
    bad.user.git("mv", "models/iris", "models/a b")
    bad.user.add_artifact(GOOD, "models/good")
    bad.user.commit()
    assert bad.run(paths="models/good\n").code == 0
    assert bad.run(paths="models/good\nmodels/a b\n").code == 1
    assert bad.run(select="NAM, ENV").code == 0
    assert bad.run(ignore="PKL\nSUM").code == 0
    bad.user.write("strict.toml", 'ignore = ["PKL"]\n')
    assert bad.run(config="strict.toml").code == 0
    silent = bad.run(fail_on="never", summary="false")
    assert (silent.code, silent.outputs["exit-code"], silent.summary) == (0, "0", "")


def test_accepted_findings_pass_and_new_ones_do_not(bad: Runner) -> None:
    written = bad.user.run("artifact-lint", "baseline", "write", "--baseline=accepted.json")
    assert written.code == 0, written.text
    job = bad.run(baseline="accepted.json")
    assert (job.code, job.outputs["findings"]) == (0, "0")
    assert re.search(r"<li>\d+ findings accepted by the baseline</li>", job.summary)
    bad.user.add_artifact(BAD, "models/other")
    assert bad.run(baseline="accepted.json").code == 1


def test_nothing_to_lint_is_an_error_of_its_own(runner: Runner) -> None:
    job = runner.run()
    assert (job.code, job.outputs["exit-code"], job.outputs["findings"]) == (3, "3", "0")
    assert job.told("error") == [
        "no model artifact in .: name the directory or file that holds one, or pass --allow-empty"
    ]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"changed_only": "maybe"}, "changed-only is true or false, not maybe"),
        ({"summary": "no"}, "summary is true or false, not no"),
        ({"sarif": "lint.sarif"}, "sarif is true, false or file, not lint.sarif"),
        ({"version": "0.1.0 --upgrade"}, "version is a release"),
        ({"version": "$(id)"}, "version is a release"),
        ({"fail_on": "sometimes"}, "sometimes"),
        ({"config": "absent.toml"}, "absent.toml"),
        ({"baseline": "absent.json"}, "absent.json"),
        ({"paths": "absent"}, "absent"),
        ({"paths": "--help"}, "--help"),
    ],
)
def test_a_wrong_input_is_told_in_a_line(runner: Runner, inputs: dict[str, str], message: str) -> None:
    job = runner.run(None, **inputs)
    assert (job.code, job.outputs["exit-code"], job.outputs["findings"]) == (2, "2", "")
    (told,) = job.told("error")
    assert message in told
    assert "\n" not in told
    assert "Traceback" not in job.log


def test_without_a_python_that_will_do_one_line_says_so(runner: Runner, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "git"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    runner.environment["PATH"] = str(tools)
    missing = runner.run()
    for name in ("python3", "python"):
        old = tools / name
        # What `-c` runs in an interpreter of before 3.11 comes to this, and nothing else may be run by it.
        old.write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 1;; esac\necho it ran; exit 0\n', "utf-8")
        old.chmod(0o755)
    old_ones = runner.run()
    for job in (missing, old_ones):
        assert (job.code, job.outputs["exit-code"]) == (2, "2")
        (told,) = job.told("error")
        assert told.startswith("Python 3.11 or later is needed")
        assert len(job.log.splitlines()) == 1, job.log
    (tools / "python3.12").symlink_to(sys.executable)
    assert runner.run().code == 3


def test_text_of_the_workspace_is_neither_command_nor_markup(runner: Runner) -> None:
    runner.user.add_artifact(BAD, "models/<img src=x> @octocat #1")
    hostile = "\n::stop-commands::x\n::add-mask::secret\n##[add-mask]secret"
    runner.user.write(
        "models/bare/::error::it,%.pkl", f"cposix\nsystem\n(V{hostile.encode('unicode_escape').decode()}\ntR."
    )
    runner.user.write(
        "models/c/model-artifact.yaml", "name: >\n  ::error::no\n  ##[error]no\nname: a\n::warning::x: [\n"
    )
    runner.user.git("add", ".")
    runner.user.commit()
    job = runner.run(paths="models\n::error::absent")
    assert {command.name for command in job.commands} == {"error"}
    job = runner.run()
    assert job.code == 1
    assert {command.name for command in job.commands} <= {"error", "warning", "notice", "group", "endgroup"}
    files = {command.properties["file"] for command in job.commands if "file" in command.properties}
    assert files & {"models/bare/::error::it,%.pkl", "models/<img src=x> @octocat #1/model-artifact.yaml"}
    assert all(name.startswith("models/") for name in files)
    assert "<img" not in job.summary
    assert "<code>models/&lt;img src=x&gt; @octocat #1/model-artifact.yaml</code>" in job.summary


def test_a_module_of_the_workspace_is_not_run(runner: Runner) -> None:
    for name in ("pip.py", "json.py", "yaml.py", "venv.py", "sitecustomize.py", "artifact_lint.py", "click.py"):
        runner.user.write(name, "raise SystemExit('a module of the workspace ran')\n")
    runner.user.add_artifact(GOOD, "models/iris")
    runner.user.commit()
    runner.environment["PYTHONPATH"] = str(runner.user.path)
    job = runner.run()
    assert job.code == 0, job.log


def _sarif(job: Job) -> Any:  # noqa: ANN401 - a document
    return json.loads(Path(job.outputs["sarif-file"]).read_text("utf-8"))


def test_sarif_is_written_and_uploaded_before_the_step_fails(bad: Runner) -> None:
    job = bad.run(payload("push", head="1" * 40, before="2" * 40), sarif="true")
    assert job.code == 1
    (upload,) = job.used
    assert re.fullmatch(r"github/codeql-action/upload-sarif@[0-9a-f]{40}", upload.action)
    assert upload.given == {"sarif_file": job.outputs["sarif-file"]}
    assert [step.get("uses", "").partition("@")[0] for step in STEPS].index("github/codeql-action/upload-sarif") == 1
    results = _sarif(job)["runs"][0]["results"]
    assert str(len(results)) == job.outputs["findings"]


@pytest.mark.parametrize(
    ("event", "event_name", "uploads"),
    [
        ("pull_request", "pull_request", True),
        ("pull_request_fork", "pull_request", False),
        ("pull_request_deleted_fork", "pull_request", False),
        ("pull_request_fork", "pull_request_target", True),
        ("merge_group", "merge_group", True),
        ("schedule", "schedule", True),
    ],
)
def test_a_fork_may_not_upload_and_a_notice_says_so(bad: Runner, event: str, event_name: str, *, uploads: bool) -> None:
    job = bad.run(payload(event), event_name, sarif="true")
    assert job.code == 1
    assert bool(job.used) is uploads
    assert _sarif(job)["version"] == "2.1.0"
    told = [line for line in job.told("notice") if "fork" in line]
    assert len(told) == (0 if uploads else 1)


@pytest.mark.parametrize(("event_name", "uploads"), [("push", False), ("schedule", True)])
def test_what_dependabot_starts_may_only_read(bad: Runner, event_name: str, *, uploads: bool) -> None:
    started = replace(bad, environment={**bad.environment, "GITHUB_ACTOR": "dependabot[bot]"})
    job = started.run(payload(event_name), event_name, sarif="true")
    assert (job.code, bool(job.used)) == (1, uploads)
    assert any("Dependabot" in line for line in job.told("notice")) is not uploads


@pytest.mark.parametrize(("event", "uploads"), [("pull_request", True), ("push", False)])
def test_a_part_of_a_branch_is_not_uploaded_as_all_of_it(bad: Runner, event: str, *, uploads: bool) -> None:
    job = bad.run(payload(event), event, sarif="true", changed_only="true")
    assert bool(job.used) is uploads
    assert any("takes what was not linted for fixed" in line for line in job.told("notice")) is not uploads


def test_sarif_can_be_written_alone_or_not_at_all(bad: Runner) -> None:
    assert _sarif(alone := bad.run(sarif="file"))["version"] == "2.1.0"
    assert alone.used == []
    nothing = bad.run()
    assert (nothing.used, nothing.outputs["sarif-file"]) == ([], "")
    broken = bad.run(sarif="true", config="absent.toml")
    assert (broken.code, broken.used, broken.outputs["sarif-file"]) == (2, [], "")


def test_a_script_that_dies_fails_the_step(runner: Runner) -> None:
    runner.environment["GITHUB_ACTION_PATH"] = "/nowhere"
    job = runner.run()
    assert job.code == 2


def test_the_action_file_holds_to_the_schema_of_github(repository: Repository) -> None:
    outcome = repository.run("check-jsonschema", "--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml"))
    assert outcome.code == 0, outcome.text


def test_the_auditor_finds_nothing(repository: Repository) -> None:
    outcome = repository.run("zizmor", "--offline", "--no-progress", "--persona", "auditor", str(ROOT / "action.yml"))
    assert outcome.code == 0, outcome.text
    assert "No findings to report" in outcome.text


def test_no_input_becomes_part_of_a_script() -> None:
    assert all("${{" not in step["run"] for step in STEPS if "run" in step)


def test_every_other_action_is_pinned_by_its_commit() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    uses = re.findall(r"^ *(?:- )?uses: *(.+)$", text, re.MULTILINE)
    assert len(uses) == sum("uses" in step for step in STEPS)
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in uses)


def test_every_input_is_read() -> None:
    read = {
        match
        for step in STEPS
        for text in step.get("env", {}).values()
        for match in re.findall(r"inputs\.([\w-]+)", text)
    }
    assert read == set(ACTION["inputs"])
    (lint,) = [step for step in STEPS if step.get("id") == "lint"]
    names = {f"INPUT_{name.upper().replace('-', '_')}" for name in ACTION["inputs"]}
    assert set(lint["env"]) == names


def test_the_documentation_lists_every_input_and_output() -> None:
    page = (ROOT / "docs/action.md").read_text("utf-8")
    rows = {match[1]: match[2] for match in re.finditer(r"^\| `([\w-]+)` \| (.+?) \|", page, re.MULTILINE)}
    declared = {
        name: f"`{value['default']}`" if value["default"] else "empty" for name, value in ACTION["inputs"].items()
    }
    assert {name: rows.get(name) for name in declared} == declared
    assert set(ACTION["outputs"]) <= set(rows)
    for example in re.findall(r"```yaml\n(.+?)```", page, re.DOTALL):
        for step in _steps(yaml.safe_load(example)):
            if str(step.get("uses", "")).startswith("artifact-lint/"):
                assert set(step.get("with") or {}) <= set(ACTION["inputs"])


def _steps(document: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - what YAML holds
    if isinstance(document, list):
        return [step for one in document for step in _steps(one)]
    if not isinstance(document, dict):
        return []
    return [document] if "uses" in document else [step for value in document.values() for step in _steps(value)]
