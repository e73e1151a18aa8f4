"""The GitHub Action's one step: install artifact-lint beside the workspace, run it, and hand over what came of it.

Runs on the runner's own Python with the standard library alone, and reads its inputs from the environment (`INPUT_*`),
so that nothing a workflow is given becomes part of a script. It exits with 0 once the exit code of the linter is among
the outputs: a later step fails the job, after everything that should happen anyway.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

OLDEST_PYTHON = (3, 11)
ERROR = 2
#: GitHub takes 1 MiB of summary from a step; so many rows of such texts stay below it.
MOST_ROWS = 500
LONGEST_TEXT = 400
#: PEP 440, without local versions, which no index holds.
VERSION = re.compile(r"\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?")


class ActionError(Exception):
    """What keeps the action from linting; the message is a line for the user."""


def main() -> int:
    """Lint as the inputs ask for, and write `exit-code` and the summary."""
    try:
        code = lint()
    except ActionError as error:
        print(f"::error title=artifact-lint::{escaped(str(error))}")
        code = ERROR
    append("GITHUB_OUTPUT", f"exit-code={code}\n")
    return 0


def lint() -> int:
    """The linter's exit code.

    Raises:
        ActionError: An input is wrong, or artifact-lint could not be installed.
    """
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:2])
        raise ActionError(f"Python 3.11 or later is needed, this is {found}: put actions/setup-python before this step")
    options = arguments()
    command = installed()
    report = Path(variable("RUNNER_TEMP")) / f"artifact-lint-{secrets.token_hex(8)}.json"
    # Excerpts of linted files are printed: what looks like a workflow command in them must not be one.
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    try:
        code = subprocess.run(
            [
                str(command),
                "check",
                "--color=always",
                "--output-format=full",
                f"--output-format=json={report}",
                *options,
            ],
            check=False,
        ).returncode
    finally:
        print(f"::{token}::", flush=True)
    append("GITHUB_STEP_SUMMARY", summary(report))
    return code


def arguments() -> list[str]:
    """The inputs as arguments of `artifact-lint check`."""
    options = [f"--{name}={given(name)}" for name in ("select", "ignore", "fail-on", "config") if given(name)]
    changed_only = given("changed-only").lower() or "false"
    if changed_only not in {"true", "false"}:
        raise ActionError(f"changed-only is true or false, not {changed_only}")
    if changed_only == "true":
        base = base_revision()
        options += ["--allow-empty", *([f"--since={base}"] if base else [])]
    paths = [line.strip() for line in given("paths").splitlines() if line.strip()]
    return [*options, "--", *paths]


def installed() -> Path:
    """The `artifact-lint` command, from an environment of its own in the runner's temporary directory."""
    version = given("version").removeprefix("v")
    if version and not VERSION.fullmatch(version):
        raise ActionError(f"version is a release such as 0.1.0, not {version}")
    source = f"artifact-lint=={version}" if version else variable("GITHUB_ACTION_PATH")
    name = hashlib.sha256(source.encode()).hexdigest()[:12]
    environment = Path(variable("RUNNER_TEMP")) / f"artifact-lint-{name}"
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    command = scripts / ("artifact-lint.exe" if os.name == "nt" else "artifact-lint")
    if not command.exists():
        # -I keeps modules of the linted workspace out of what runs here.
        steps = (
            [sys.executable, "-I", "-m", "venv", str(environment)],
            [str(scripts / "python"), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", source],
        )
        for step in steps:
            if subprocess.run(step, check=False).returncode:
                raise ActionError(f"artifact-lint could not be installed: {' '.join(step)} failed")
    return command


def base_revision() -> str | None:
    """The revision that the pull request, merge group or push starts from; None where everything is to be linted."""
    event = json.loads(Path(variable("GITHUB_EVENT_PATH")).read_text("utf-8"))
    if "pull_request" in event and git("rev-parse", "HEAD") == os.environ.get("GITHUB_SHA") and git_has("HEAD^2"):
        return "HEAD^1"  # the checked out merge commit: its first parent is the base branch as it is now
    nested = event.get("pull_request", {}).get("base", {}).get("sha") or event.get("merge_group", {}).get("base_sha")
    base = str(nested or event.get("before") or "")
    if not base.strip("0"):
        print("artifact-lint: this event has no earlier commit to compare with; linting everything")
        return None
    if not git_has(base):
        git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", base)
    if not git_has(base):
        print(f"::warning title=artifact-lint::the base commit {base} cannot be fetched; linting everything")
        return None
    return base


def git(*words: str) -> str:
    """What a git command prints; empty where it fails."""
    return subprocess.run(["git", *words], check=False, capture_output=True, text=True).stdout.strip()


def git_has(revision: str) -> bool:
    """Whether a commit is in the clone."""
    return bool(git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"))


def summary(report: Path) -> str:
    """The findings of a JSON report as the job's summary; HTML, in which no text of a linted file is markup."""
    if not report.exists():
        return "## artifact-lint\n\nNo report was written; see the log.\n"
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    totals = found["summary"]
    counts = ", ".join(f"{totals[kind]} {kind}" for kind in ("errors", "warnings", "notes"))
    lines = ["## artifact-lint", "", f"{counts} in {totals['artifacts']} artifacts ({totals['files']} files)", ""]
    findings = found["findings"]
    if findings:
        lines += ["<table>", "<tr><th>Severity</th><th>Code</th><th>Where</th><th>Message</th></tr>"]
        lines += [row(finding) for finding in findings[:MOST_ROWS]]
        lines += ["</table>", ""]
    if len(findings) > MOST_ROWS:
        lines += [f"{len(findings) - MOST_ROWS} more are in the log.", ""]
    return "\n".join(lines)


def row(finding: dict[str, Any]) -> str:
    """A finding as a row of the summary's table."""
    where = f"{finding['path']}:{finding['line']}"
    cells = (finding["severity"], f"{finding['code']} {finding['name']}", where, finding["message"])
    texts = (html.escape(" ".join(cell.split())[:LONGEST_TEXT]) for cell in cells)
    return "<tr>" + "".join(f"<td>{text}</td>" for text in texts) + "</tr>"


def escaped(text: str) -> str:
    """The message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def given(name: str) -> str:
    """An input; empty where it was not given."""
    return os.environ.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()


def variable(name: str) -> str:
    """A variable that the runner sets.

    Raises:
        ActionError: It is not set.
    """
    value = os.environ.get(name, "")
    if not value:
        raise ActionError(f"{name} is not set: this script is for GitHub Actions")
    return value


def append(name: str, text: str) -> None:
    """Add to a file that the runner reads after the step."""
    with Path(variable(name)).open("a", encoding="utf-8") as stream:
        stream.write(text)


if __name__ == "__main__":
    sys.exit(main())
