"""What goes wrong on the command line, told in one line."""

from __future__ import annotations

import sys

import click

from artifact_lint.reporters.styled import visible

USAGE = 2


class CommandError(click.ClickException):
    """Something the user can put right; the message says what, and each of its lines stands alone."""

    exit_code = USAGE


def tell(message: str, *, error: bool = True) -> None:
    """Write a message to standard error, with whatever a terminal would act on spelled out."""
    sys.stderr.write(f"artifact-lint: {'error: ' if error else ''}{visible(message)}\n")
