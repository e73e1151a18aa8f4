"""What goes wrong on the command line, told in one line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from artifact_lint.reporters.styled import inert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifact_lint.model.report import Failure

USAGE = 2

#: How many internal errors are told one by one; the JSON report has all.
_MOST_FAILURES = 10


class CommandError(click.ClickException):
    """Something the user can put right; the message says what, and each of its lines stands alone."""

    exit_code = USAGE


def tell(message: str, *, error: bool = True) -> None:
    """Write a message to standard error, with whatever a terminal or GitHub's runner would act on spelled out."""
    sys.stderr.write(f"artifact-lint: {'error: ' if error else ''}{inert(message)}\n")


def tell_failures(failures: Sequence[Failure], *, tracebacks: bool) -> None:
    """Write a line for each internal error."""
    for failure in failures[:_MOST_FAILURES]:
        if tracebacks:
            import traceback  # noqa: PLC0415 - for bugs alone

            traceback.print_exception(failure.error)
        tell(failure.message)
    if len(failures) > _MOST_FAILURES:
        tell(f"and {len(failures) - _MOST_FAILURES:,} more of them; --output-format json lists all")
    if failures and not tracebacks:
        tell("ARTIFACT_LINT_DEBUG=1 shows the traceback to report it with; all else was linted", error=False)
