"""The project's own workflows, as they are committed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from gates.repositories import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a workflow."""

    workflow: str
    name: str
    content: dict[str, Any]

    @property
    def steps(self) -> list[dict[str, Any]]:
        return list(self.content["steps"])

    @property
    def scripts(self) -> list[str]:
        return [step["run"] for step in self.steps if "run" in step]

    @property
    def actions(self) -> list[str]:
        """The actions that the job uses, without their revisions."""
        return [step["uses"].partition("@")[0] for step in self.steps if "uses" in step]

    def shell_of(self, step: dict[str, Any]) -> str | None:
        """The shell that a step names, or that the job names for its steps."""
        defaults: dict[str, str] = self.content.get("defaults", {}).get("run", {})
        return {**defaults, **step}.get("shell")

    def step_using(self, action: str) -> dict[str, Any]:
        return next(step for step in self.steps if step.get("uses", "").partition("@")[0] == action)


FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
TEXTS = {file.name: file.read_text("utf-8") for file in FILES}
WORKFLOWS: dict[str, dict[str, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}


def jobs() -> Iterator[Job]:
    """Every job of every workflow."""
    for workflow, content in WORKFLOWS.items():
        for name, job in content["jobs"].items():
            yield Job(workflow, name, job)


def job(workflow: str, name: str) -> Job:
    return Job(workflow, name, WORKFLOWS[workflow]["jobs"][name])
