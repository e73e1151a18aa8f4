"""What a reporter is told beside the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from artifact_lint.model import Finding, Severity

#: The lines of a text file by its path in the report; None where there are none to show.
SourceLines: TypeAlias = Callable[[str], Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class RulePage:
    """What there is to read about a rule, apart from the rule itself.

    `severity` is the rule's own, whatever the configuration makes of it; `documentation` is Markdown, and `summary` its
    first line. `strict` marks a rule that only the strict profile turns on.
    """

    code: str
    name: str
    severity: Severity
    tags: tuple[str, ...]
    strict: bool
    summary: str
    documentation: str


def no_source(_path: str) -> Sequence[str] | None:
    """No lines of any file."""
    return None


def no_rules() -> Sequence[RulePage]:
    """No rule's page."""
    return ()


def is_error(finding: Finding) -> bool:
    """What fails a run unless somebody says otherwise."""
    return finding.severity is Severity.ERROR


def whole_repository() -> str:
    """The category of an analysis of everything that there is."""
    return "artifact-lint"


@dataclass(frozen=True, slots=True)
class RenderContext:
    """How to show a report.

    `width` is in columns. `unicode` tells whether the stream takes more than ASCII. `verbosity` is above zero to show
    everything and below to show errors and warnings alone. `tally` asks for counts per code in place of the findings,
    and `states` for what is known behind them: of each file's digest, and by whom the artifacts are signed. `rules`
    gives every rule's page, and takes a while for it. `fails` tells the findings that make the run fail. `category`
    tells one analysis of a repository from another of other parts of it. `files` is the address below which the linted
    files are shown, by their paths; empty where there is none.
    """

    exit_code: int = 0
    source: SourceLines = no_source
    width: int = 100
    unicode: bool = True
    verbosity: int = 0
    tally: bool = False
    states: bool = False
    rules: Callable[[], Sequence[RulePage]] = no_rules
    fails: Callable[[Finding], bool] = is_error
    category: Callable[[], str] = whole_repository
    files: str = ""
