"""The rule cases: every directory tests/rules/CODE/NAME is a small repository, linted by itself.

A case called `bad-*` raises the rule of its directory, and its `expected.txt` holds what is said; a case called `good`
or `good-*` does not raise it. An `.artifact-lint.toml` in a case gives its settings.
"""

from __future__ import annotations

import shutil
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
        file = self.directory / EXPECTED
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def __str__(self) -> str:
        return f"{self.code}/{self.directory.name}"


def cases(root: Path = RULES) -> list[Case]:
    """Every case, sorted by code and name."""
    return [Case(path) for path in sorted(root.glob("*/*")) if path.is_dir()]


def lint_case(case: Case, repository: Path) -> Report:
    """Everything that is said about a case, copied to `repository`, which must not exist yet.

    The copy is the root of a repository: its paths are relative to the case, and no other configuration has a say.
    """
    shutil.copytree(case.directory, repository, ignore=shutil.ignore_patterns(EXPECTED))
    return lint_repository(repository)


def lint_repository(directory: Path) -> Report:
    """Everything that is said about a directory, made the root of a repository, with its own settings if it has any."""
    (directory / ".git").mkdir()
    settings = load(directory / SETTINGS, all_rules()) if (directory / SETTINGS).exists() else Settings()
    return lint([str(directory)], Request(settings))


def of_rule(code: str, findings: Iterable[Finding]) -> list[Finding]:
    """The findings of one rule."""
    return [finding for finding in findings if finding.code == code]


def lines(findings: Iterable[Finding]) -> list[str]:
    """Findings as `expected.txt` holds them: `path:line:column severity CODE message`, sorted."""
    return sorted(
        f"{found.origin.path}:{found.origin.line}:{found.origin.column} {found.severity} {found.code} {found.message}"
        for found in findings
    )
