"""What goes wrong on the command line, told in one line."""

from __future__ import annotations

import click

USAGE = 2


class CommandError(click.ClickException):
    """Something the user can put right; the message says what, and each of its lines stands alone."""

    exit_code = USAGE
