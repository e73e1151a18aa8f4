"""Reporters: a report as lines, one module per output format."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from artifact_lint.reporters.context import RenderContext, RulePage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.model.report import Report
    from artifact_lint.reporters.styled import Line

__all__ = ["FORMATS", "Format", "RenderContext", "RulePage", "render"]


@dataclass(frozen=True, slots=True)
class Format:
    """An output format: the module with its `render`, what it is for, and what the command line has to know about it.

    A format that `is_for_programs` is whole whatever is asked of the terminal: it has no colours, no `--quiet` silences
    it, and what git could not say is in it. One that `needs_details` shows what the weights hold and each digest, which
    is then read of every file, even where no rule asks. One that `needs_changes` tells what changed since the base.
    """

    module: str
    purpose: str
    is_for_programs: bool = True
    needs_details: bool = False
    needs_changes: bool = False


#: Every output format, by the name that `--output-format` takes.
FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "full": Format(
            "artifact_lint.reporters.full",
            "for people: findings by artifact, each with the lines it is about and what to do",
            is_for_programs=False,
        ),
        "concise": Format(
            "artifact_lint.reporters.concise",
            "a line per finding, as compilers print and editors read it",
            is_for_programs=False,
        ),
        "json": Format(
            "artifact_lint.reporters.json_report",
            "everything in one document: findings, artifacts, components, files and their digests",
            needs_details=True,
            needs_changes=True,
        ),
        "jsonl": Format("artifact_lint.reporters.jsonl_report", "a JSON object a line, for logs and streams"),
        "sarif": Format("artifact_lint.reporters.sarif_report", "SARIF 2.1.0, for code scanning on GitHub and viewers"),
        "gitlab": Format("artifact_lint.reporters.gitlab_report", "GitLab's Code Quality, shown in a merge request"),
        "github": Format("artifact_lint.reporters.github_report", "annotations that GitHub shows beside the lines"),
        "markdown": Format(
            "artifact_lint.reporters.markdown_report",
            "a summary for reviewers: findings, what changed, components and digests",
            needs_changes=True,
        ),
        "junit": Format("artifact_lint.reporters.junit_report", "JUnit XML, for Jenkins' and GitLab's lists of tests"),
    }
)


def render(format_name: str, report: Report, context: RenderContext) -> Iterator[Line]:
    """A report in one of `FORMATS`, line by line."""
    from importlib import import_module  # noqa: PLC0415

    lines: Iterator[Line] = import_module(FORMATS[format_name].module).render(report, context)
    return lines
