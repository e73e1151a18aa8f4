"""The GitHub Action's own step: install artifact-lint beside the workspace, run it, and hand over what came of it.

Runs on the runner's own Python with the standard library alone, and reads its inputs from the environment (`INPUT_*`),
so that nothing a workflow is given becomes part of a script. It exits with 0 once the exit code of the linter is among
the outputs: a later step fails the job, after everything that should happen anyway.

Variables, files and payloads are those of GitHub's documentation ("Variables reference", "Workflow commands for GitHub
Actions", "Events that trigger workflows", "Webhook events and payloads").
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ERROR = 2
NO_ARTIFACT = 3
#: PEP 440, without local versions, which no index holds.
VERSION = re.compile(r"\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?")
#: The name of an object in SHA-1 or SHA-256 repositories.
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
#: How many commits beyond those of the event itself are fetched to find where a branch left another.
FURTHER = 200
#: Events whose token may only read where Dependabot is the actor (GitHub, "Dependabot on GitHub Actions").
READ_ONLY_EVENTS = frozenset({"pull_request", "pull_request_review", "pull_request_review_comment", "push"})


class ActionError(Exception):
    """What keeps the action from linting; the message is a line for the user."""


def main() -> int:
    """Lint as the inputs ask for, and write the outputs, the annotations and the summary."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]  # no test replaces them
    try:
        outputs = lint()
    except ActionError as error:
        annotate("error", str(error))
        outputs = {"exit-code": str(ERROR)}
    append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs.items()))
    return 0


def lint() -> dict[str, str]:
    """The action's outputs.

    Raises:
        ActionError: An input is wrong, or artifact-lint could not be installed.
    """
    sarif, wants_summary, options = given("sarif").lower() or "false", is_asked("summary", "true"), arguments()
    if sarif not in {"true", "false", "file"}:
        raise ActionError(f"sarif is true, false or file, not {sarif}")
    python = installed()
    temporary = Path(variable("RUNNER_TEMP")) / f"artifact-lint-{secrets.token_hex(8)}"
    temporary.mkdir()
    formats = ["jsonl", "github", *(["markdown"] if wants_summary else []), *(["sarif"] if sarif != "false" else [])]
    reports = {name: temporary / f"report.{name}" for name in formats}
    targets = [f"--output-format={name}={file}" for name, file in reports.items()]
    command = [python, "-I", "-m", "artifact_lint", "check", "--color=always", "--output-format=full", *targets]
    code, errors = shown([*command, *options])
    is_written = reports["jsonl"].exists()
    if is_written:
        print(content(reports["github"]), end="", flush=True)
    if not is_written or code == NO_ARTIFACT:
        for line in errors or ["artifact-lint failed; the log of this step says how"]:
            annotate("error", line)
    if wants_summary:
        append("GITHUB_STEP_SUMMARY", content(reports["markdown"]) or "## artifact-lint\n\nIt could not lint.\n")
    outputs = {"exit-code": str(code)}
    if is_written:
        outputs["findings"] = str(count(reports["jsonl"]))
    if sarif != "false" and reports["sarif"].exists():
        outputs["sarif-file"] = str(reports["sarif"])
        outputs["upload"] = str(sarif == "true" and may_upload()).lower()
    return outputs


def shown(command: list[str]) -> tuple[int, list[str]]:
    """How the linter ended, and the errors it told; what it prints is in the log.

    Excerpts of linted files are printed: what looks like a workflow command in them must not be one.
    """
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    try:
        done = subprocess.run(command, check=False, stderr=subprocess.PIPE)
        told = done.stderr.decode("utf-8", "backslashreplace")
        print(told, end="" if told.endswith("\n") or not told else "\n")
    finally:
        print(f"::{token}::", flush=True)
    mark = "artifact-lint: error: "
    return done.returncode, [line.removeprefix(mark) for line in told.splitlines() if line.startswith(mark)]


def content(report: Path) -> str:
    """What a report says; nothing where it could not be written, which the linter told."""
    return report.read_text("utf-8") if report.exists() else ""


def count(report: Path) -> int:
    """The number of findings, as the last line of a report in JSON lines has it."""
    totals = json.loads(report.read_text("utf-8").splitlines()[-1])["summary"]
    return sum(totals[severity] for severity in ("errors", "warnings", "notes"))


def arguments() -> list[str]:
    """The inputs as arguments of `artifact-lint check`."""
    names = ("select", "ignore", "fail-on", "config", "baseline")
    options = [f"--{name}={given(name)}" for name in names if given(name)]
    paths = [line.strip() for line in given("paths").splitlines() if line.strip()]
    if is_asked("changed-only", "false"):
        base = Clone(paths[0] if paths else ".").base(event())
        options += ["--allow-empty", *([f"--since={base}"] if base else [])]
    return [*options, "--", *paths]


def installed() -> str:
    """The Python of an environment with artifact-lint, in the runner's temporary directory."""
    version = given("version").removeprefix("v")
    if version and not VERSION.fullmatch(version):
        raise ActionError(f"version is a release such as 0.1.0, not {version}")
    source = f"artifact-lint=={version}" if version else variable("GITHUB_ACTION_PATH")
    name = hashlib.sha256(f"{sys.version_info[:2]} {source}".encode()).hexdigest()[:12]
    environment = Path(variable("RUNNER_TEMP")) / f"artifact-lint-{name}"
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    finished = environment / "installed"
    if not finished.exists():
        # -I keeps modules of the linted workspace out of what runs here.
        steps = (
            [sys.executable, "-I", "-m", "venv", "--clear", str(environment)],
            [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", source],
        )
        for step in steps:
            if subprocess.run(step, check=False).returncode:
                raise ActionError(f"artifact-lint could not be installed: {' '.join(step)} failed")
        finished.touch()
    return str(python)


class Clone:
    """The clone that a path lies in: complete, or as shallow as actions/checkout made it."""

    def __init__(self, path: str) -> None:
        place = Path(path)
        self._place = next(one for one in (place, *place.parents, Path()) if one.is_dir())
        self._trouble = ""

    def base(self, payload: dict[str, Any]) -> str | None:
        """The revision that a pull request, merge group or push starts from; None where everything is to be linted."""
        pull_request, group = part(payload, "pull_request"), part(payload, "merge_group")
        if pull_request:
            return self._base_of_merge(pull_request) or self._reached(
                str(part(pull_request, "base").get("sha") or ""), size(pull_request.get("commits"))
            )
        if group:
            return self._reached(str(group.get("base_sha") or ""), 1)
        before, commits = str(payload.get("before") or ""), size(payload.get("commits"))
        if before.strip("0"):
            return self._reached(before, commits)
        start = self._default_branch(payload) if before else None
        if start is None:
            print("artifact-lint: this event has no earlier commit to compare with; linting everything", flush=True)
            return None
        return self._reached(start, commits)

    def _base_of_merge(self, pull_request: dict[str, Any]) -> str | None:
        """The first parent of the merge commit that GitHub made of a pull request: the base branch as it is now.

        A commit names its parents even where the clone is too shallow to have them.
        """
        header = self._git("cat-file", "commit", "HEAD").partition("\n\n")[0]
        parents = re.findall(r"^parent (\w+)$", header, re.MULTILINE)
        if len(parents) != 2 or parents[1] != part(pull_request, "head").get("sha"):
            return None
        if not self._has("HEAD^1"):
            self._fetch(["--depth=2"], self._git("rev-parse", "HEAD"))
        return "HEAD^1" if self._has("HEAD^1") else None

    def _default_branch(self, payload: dict[str, Any]) -> str | None:
        """What a new branch is compared with; None for the default branch itself, a tag, or where it is not known."""
        name = part(payload, "repository").get("default_branch")
        ref = str(payload.get("ref") or "")
        if not name or not ref.startswith("refs/heads/") or ref == f"refs/heads/{name}":
            return None
        tracking = f"refs/remotes/origin/{name}"
        if self._has(tracking):
            return self._git("rev-parse", tracking)
        self._fetch(self._one_deep(), f"refs/heads/{name}")
        return self._git("rev-parse", "--verify", "--quiet", "FETCH_HEAD") or None

    def _reached(self, base: str, ahead: int) -> str | None:
        """A commit, fetched where it is not here, with as much history as it takes to tell where HEAD left it."""
        if not COMMIT.fullmatch(base):
            annotate("warning", "the payload of the event names no base commit; linting everything")
            return None
        if not self._has(base):
            self._fetch(self._one_deep(), base)
        if not self._has(base):
            reason = f" ({self._trouble})" if self._trouble else ""
            annotate("warning", f"the base commit {base} cannot be fetched{reason}; linting everything")
            return None
        head = self._git("rev-parse", "HEAD")
        for deeper in (ahead + 1, FURTHER):
            if not self._is_shallow() or self._git("merge-base", base, head):
                break
            self._fetch([f"--deepen={deeper}"], head, base)
        return base

    def _one_deep(self) -> list[str]:
        """Nothing for a complete clone, which `--depth` would make a shallow one."""
        return ["--depth=1"] if self._is_shallow() else []

    def _is_shallow(self) -> bool:
        return self._git("rev-parse", "--is-shallow-repository") == "true"

    def _has(self, revision: str) -> bool:
        return bool(revision and self._git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"))

    def _fetch(self, depth: Sequence[str], *wanted: str) -> None:
        self._git("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", *depth, "origin", *wanted)

    def _git(self, *words: str) -> str:
        """What a git command prints; empty where it fails."""
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        try:
            done = subprocess.run(
                ["git", "-C", str(self._place), *words],
                check=False,
                capture_output=True,
                encoding="utf-8",
                errors="backslashreplace",
                env=environment,
            )
        except OSError as error:
            raise ActionError(f"changed-only needs git: {error.strerror or error}") from error
        if done.returncode:
            self._trouble = " ".join(done.stderr.split())[:300] or self._trouble
        return done.stdout.strip() if done.returncode == 0 else ""


def may_upload() -> bool:
    """Whether SARIF may be uploaded; a notice where it may not.

    The token of a fork's pull request may only read, and so may that of what Dependabot starts. What a part of the
    artifacts is found to be says nothing of the others, which code scanning would not know.
    """
    if os.environ.get("GITHUB_ACTOR") == "dependabot[bot]" and os.environ.get("GITHUB_EVENT_NAME") in READ_ONLY_EVENTS:
        annotate("notice", "SARIF is not uploaded: what Dependabot starts has a token that may only read")
        return False
    if is_asked("changed-only", "false") and not part(event(), "pull_request"):
        annotate("notice", "SARIF is not uploaded: of a branch, code scanning takes what was not linted for fixed")
        return False
    payload = event()
    pull_request = part(payload, "pull_request")
    head = part(part(pull_request, "head"), "repo").get("full_name")
    if os.environ.get("GITHUB_EVENT_NAME") == "pull_request_target" or not pull_request:
        return True
    if head == part(payload, "repository").get("full_name"):
        return True
    annotate("notice", "SARIF is not uploaded: a pull request from a fork has a token that may only read")
    return False


def event() -> dict[str, Any]:
    """The payload of the event."""
    file = Path(variable("GITHUB_EVENT_PATH"))
    try:
        payload = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ActionError(f"the payload of the event cannot be read: {error}") from error
    return payload if isinstance(payload, dict) else {}


def part(payload: dict[str, Any], key: str) -> dict[str, Any]:
    """A part of a payload; empty where there is none, as of a fork that was deleted."""
    value = payload.get(key)
    return value if isinstance(value, dict) else {}


def size(commits: object) -> int:
    """How many commits a payload speaks of, which counts or lists them."""
    return commits if isinstance(commits, int) else len(commits) if isinstance(commits, list) else 0


def annotate(level: str, message: str) -> None:
    """Write a workflow command that shows a line to the user."""
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{level} title=artifact-lint::{escaped}", flush=True)


def is_asked(name: str, default: str) -> bool:
    """An input that is true or false."""
    value = given(name).lower() or default
    if value not in {"true", "false"}:
        raise ActionError(f"{name} is true or false, not {value}")
    return value == "true"


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
