"""The rule cases: every directory tests/rules/CODE/NAME is a small repository, linted by itself.

A case called `bad-*` raises the rule of its directory, and its `expected.txt` holds what is said; a case called `good`
or `good-*` does not raise it. An `.artifact-lint.toml` in a case gives its settings.

A case about what git knows has a `case.sh`, which is run by `sh -eu` in a copy of the case before that is linted: it
makes a repository of it, and changes files. What the run is then asked for is told by a `since.txt`, whose text is a
revision, and by an empty file called `staged`. None of these three is part of the copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from artifact_lint.engine import Request, lint
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from artifact_lint.model import Finding
    from artifact_lint.model.report import Report

RULES = Path(__file__).parent / "rules"
EXPECTED = "expected.txt"
SETTINGS = ".artifact-lint.toml"
SCRIPT = "case.sh"
SINCE = "since.txt"
STAGED = "staged"
#: What a case says about itself; everything else in it is the repository.
ABOUT = frozenset({EXPECTED, SCRIPT, SINCE, STAGED})

#: The environment of the scripts, beside PATH: nobody's settings, and commits that are the same everywhere.
#: No program of Windows starts without its system directory.
_INHERITED = ("PATH", "SYSTEMROOT")
_GIT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "init.defaultBranch",
    "GIT_CONFIG_VALUE_0": "main",
    "GIT_AUTHOR_NAME": "somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.org",
    "GIT_AUTHOR_DATE": "2026-11-21T08:55:02Z",
    "GIT_COMMITTER_NAME": "somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.org",
    "GIT_COMMITTER_DATE": "2026-11-21T08:55:02Z",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One directory of artifacts, and the rule that it is about."""

    directory: Path

    @property
    def code(self) -> str:
        """The rule's code."""
        return self.directory.parent.name

    @property
    def is_bad(self) -> bool:
        """Whether the rule is to be raised."""
        return self.directory.name.startswith("bad-")

    @property
    def expected(self) -> list[str]:
        """The lines that the rule is to say."""
        return (self._about(EXPECTED) or "").splitlines()

    @property
    def script(self) -> str | None:
        """The commands that make a git repository of the case; None where it needs none."""
        return self._about(SCRIPT)

    @property
    def since(self) -> str | None:
        """The revision that the run is to compare with."""
        text = self._about(SINCE)
        return None if text is None else text.strip()

    @property
    def staged(self) -> bool:
        """Whether the run is to look at the index."""
        return (self.directory / STAGED).exists()

    def _about(self, name: str) -> str | None:
        file = self.directory / name
        return file.read_text(encoding="utf-8") if file.exists() else None

    def __str__(self) -> str:
        return f"{self.code}/{self.directory.name}"


def cases(root: Path = RULES) -> list[Case]:
    """Every case, sorted by code and name."""
    return [Case(path) for path in sorted(root.glob("*/*")) if path.is_dir()]


def lint_case(case: Case, repository: Path) -> Report:
    """Everything that is said about a case, copied to `repository`, which must not exist yet.

    The copy is the root of a repository: its paths are relative to the case, and no other configuration has a say.
    """
    copy_case(case, repository)
    return lint_repository(repository, staged=case.staged, since=case.since)


def copy_case(case: Case, repository: Path) -> None:
    """The repository that a case is about, at a place that must not exist yet."""
    shutil.copytree(case.directory, repository, ignore=lambda place, _: ABOUT if Path(place) == case.directory else ())
    if case.script is not None:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment = {**inherited, "HOME": str(repository.parent), **_GIT}
        command = ["sh", "-eu", str((case.directory / SCRIPT).absolute())]
        done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{case}/{SCRIPT} failed: {done.stderr}")


def lint_repository(directory: Path, *, staged: bool = False, since: str | None = None) -> Report:
    """Everything that is said about a directory, made the root of a repository, with its own settings if it has any."""
    (directory / ".git").mkdir(exist_ok=True)
    settings = load(directory / SETTINGS, all_rules()) if (directory / SETTINGS).exists() else Settings()
    return lint([str(directory)], Request(settings, staged=staged, since=since))


def of_rule(code: str, findings: Iterable[Finding]) -> list[Finding]:
    """The findings of one rule."""
    return [finding for finding in findings if finding.code == code]


def lines(findings: Iterable[Finding]) -> list[str]:
    """Findings as `expected.txt` holds them: `path:line:column severity CODE message`, sorted."""
    return sorted(
        f"{found.origin.path}:{found.origin.line}:{found.origin.column} {found.severity} {found.code} {found.message}"
        for found in findings
    )
