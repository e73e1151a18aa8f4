"""As much of GitHub's runner as a composite action needs: its steps in order, and the files and variables they read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from workflow_commands import Command, commands

from gates.expressions import filled
from gates.repositories import ROOT, Outcome, Repository, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
REPOSITORY = "octo-org/models"


@dataclass(slots=True)
class Used:
    """A `uses:` step that would have run, and what it would have been given."""

    action: str
    given: dict[str, str]


@dataclass(slots=True)
class Job:
    """What came of one run of the action."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str
    used: list[Used]

    @property
    def commands(self) -> list[Command]:
        return commands(self.log)

    def told(self, level: str) -> list[str]:
        return [command.message for command in self.commands if command.name == level]


@dataclass(slots=True)
class Runner:
    action: Path
    temporary: Path
    user: Repository
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, event: Mapping[str, object] | None = None, event_name: str = "push", **inputs: str) -> Job:
        declared = ACTION["inputs"]
        given = {name: str(value["default"]) for name, value in declared.items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() == declared.keys()
        outputs: dict[str, str] = {}

        def look_up(name: str) -> str:
            context, _, key = name.partition(".")
            if context == "inputs":
                return given[key]
            assert context == "steps", name
            return outputs.get(key.replace(".outputs.", "."), "")

        files = {name: self.user.path.parent / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("", "utf-8")
        payload_file = self.user.path.parent / "event.json"
        payload_file.write_text(json.dumps(event or {}), "utf-8")
        log, code, summary, used = "", 0, "", []
        for step in STEPS:
            condition = step.get("if", "${{ success() }}")
            if filled(condition, look_up, has_failed=code != 0) != "true":
                continue
            if "uses" in step:
                used.append(
                    Used(step["uses"], {name: filled(str(value), look_up) for name, value in step["with"].items()})
                )
                continue
            assert "${{" not in step["run"]
            environment = {
                **self.user.environment,
                "GITHUB_ACTIONS": "true",
                "CI": "true",
                "GITHUB_ACTION_PATH": str(self.action),
                "GITHUB_EVENT_NAME": event_name,
                "GITHUB_EVENT_PATH": str(payload_file),
                "GITHUB_REPOSITORY": REPOSITORY,
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_SHA": self.user.git("rev-parse", "HEAD"),
                "GITHUB_WORKSPACE": str(self.user.path),
                "RUNNER_TEMP": str(self.temporary),
                **{name: str(file) for name, file in files.items()},
                **{name: filled(str(value), look_up) for name, value in step.get("env", {}).items()},
                **self.environment,
            }
            script = self.user.path.parent / "step.sh"
            script.write_text(step["run"], "utf-8")
            assert step["shell"] == "bash"
            shell = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script))
            outcome: Outcome = run(*shell, at=self.user.path, environment=environment)
            log += outcome.text
            code = code or outcome.code
            for line in files["GITHUB_OUTPUT"].read_text("utf-8").splitlines():
                name, _, value = line.partition("=")
                outputs[f"{step.get('id', '')}.{name}"] = value
            files["GITHUB_OUTPUT"].write_text("", "utf-8")
            summary += files["GITHUB_STEP_SUMMARY"].read_text("utf-8")
            files["GITHUB_STEP_SUMMARY"].write_text("", "utf-8")
        told = {name: filled(value["value"], look_up) for name, value in ACTION["outputs"].items()}
        return Job(code, log, told, summary, used)
