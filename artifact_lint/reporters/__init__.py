"""Reporters: a report as lines, one module per output format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.reporters.context import RenderContext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model.report import Report
    from artifact_lint.reporters.styled import Line

__all__ = ["FORMATS", "RenderContext", "render"]

#: Every output format, and the module with its `render`.
FORMATS: Final = {
    "full": "artifact_lint.reporters.full",
    "concise": "artifact_lint.reporters.concise",
    "json": "artifact_lint.reporters.json_report",
}


def render(format_name: str, report: Report, context: RenderContext) -> Iterator[Line]:
    """A report in one of `FORMATS`, line by line."""
    from importlib import import_module  # noqa: PLC0415

    lines: Iterator[Line] = import_module(FORMATS[format_name]).render(report, context)
    return lines
