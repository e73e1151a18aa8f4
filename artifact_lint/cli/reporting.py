"""Every report that was asked for, each in its place: one that cannot be written costs the others nothing."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from artifact_lint.cli.errors import CommandError
from artifact_lint.cli.output import DEFAULT_WIDTH, takes_unicode, width, write_to_file, write_to_terminal
from artifact_lint.model.report import Failure
from artifact_lint.reporters import RulePage, render
from artifact_lint.roots import root_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from artifact_lint.cli.output import Target
    from artifact_lint.model.report import Report
    from artifact_lint.reporters import RenderContext
    from artifact_lint.reporters.styled import Line


def refuse_shared_outputs(targets: Sequence[Target]) -> None:
    """Refuse reports that would be written over one another.

    Raises:
        CommandError: Two of them go to standard output, or to one file.
    """
    if sum(target.file is None for target in targets) > 1:
        raise CommandError("only one --output-format can go to standard output; give the others a file: json=FILE")
    files = [target.file for target in targets if target.file is not None]
    times = Counter(map(os.path.realpath, files))
    for file in files:
        if times[os.path.realpath(file)] > 1:
            raise CommandError(f"two reports cannot go to one file: {file}")


def write_reports(
    targets: Sequence[Target], report: Report, context: RenderContext, *, colour: bool, silent: bool
) -> tuple[list[str], list[Failure]]:
    """Write every report, and return a line for each that could not be written, and where this program failed.

    Files come first: whoever reads standard output may go away before its end.
    """
    refused: list[str] = []
    failures: list[Failure] = []
    for target in sorted(targets, key=lambda target: target.file is None):
        is_file = target.file is not None
        shown = replace(context, width=DEFAULT_WIDTH if is_file else width(), unicode=is_file or takes_unicode())
        told = report if is_file or target.is_for_programs else _without_fallbacks(report)
        try:
            _write(target, render(target.format, told, shown), colour=colour, silent=silent)
        except CommandError as error:
            refused.append(error.message)
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other reports are still written
            failures.append(Failure(f"writing the report {target.format}", error))
    return refused, failures


def _write(target: Target, lines: Iterable[Line], *, colour: bool, silent: bool) -> None:
    if target.file is not None:
        write_to_file(lines, target.file)
    elif target.is_for_programs:
        write_to_terminal(lines, colour=False)
    elif not silent:
        write_to_terminal(lines, colour=colour)


def _without_fallbacks(report: Report) -> Report:
    """A report for somebody who reads standard error as well, where they are told."""
    told = {fallback.message for fallback in report.fallbacks}
    return replace(report, notes=tuple(note for note in report.notes if note not in told))


def rule_pages() -> tuple[RulePage, ...]:
    """What there is to read about every rule, for a reporter, which sees no rule."""
    from artifact_lint.rules import all_rules  # noqa: PLC0415 - few formats show them

    return tuple(
        RulePage(rule.code, rule.name, rule.severity, rule.tags, rule.strict, rule.summary, rule.documentation)
        for rule in all_rules()
    )


def category(paths: Sequence[str]) -> str:
    """What an analysis of some paths is of: two parts of a repository are two analyses, and each is one every time."""
    places = [Path(os.path.normpath(Path.cwd() / path)) for path in paths]
    common = Path(os.path.commonpath([place if place.is_dir() else place.parent for place in places]))
    root = root_of(paths)
    part = common.relative_to(root).as_posix() if common.is_relative_to(root) else "."
    return "artifact-lint" if part == "." else f"artifact-lint/{part}"


def address_of_files(paths: Sequence[str]) -> str:
    """Where GitHub shows the files of the commit that a workflow runs for; empty elsewhere, and of other checkouts.

    The variables are those of GitHub's documentation, "Variables reference".
    """
    names = ("SERVER_URL", "REPOSITORY", "SHA", "WORKSPACE")
    server, repository, commit, workspace = (os.environ.get(f"GITHUB_{name}", "") for name in names)
    if not (server and repository and commit and workspace):
        return ""
    is_its_own = os.path.realpath(root_of(paths)) == os.path.realpath(workspace)
    return f"{server}/{repository}/blob/{commit}" if is_its_own else ""
