"""Where a report goes: the terminal and its abilities, or a file."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from artifact_lint.cli.errors import CommandError
from artifact_lint.reporters import FORMATS
from artifact_lint.reporters.styled import write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from artifact_lint.reporters.styled import Line

_NARROWEST: Final = 40
_WIDEST: Final = 140
#: For files and pipes, which have no width of their own.
DEFAULT_WIDTH: Final = 100

COLOURS: Final = ("auto", "always", "never")


@dataclass(frozen=True, slots=True)
class Target:
    """One output: a format, and the file it goes to; None for standard output."""

    format: str
    file: str | None = None

    @property
    def is_for_programs(self) -> bool:
        """Whether it is a program that reads what is written here."""
        return FORMATS[self.format].is_for_programs


class TargetType(click.ParamType[Target]):
    """`FMT` or `FMT=FILE`."""

    name = "FMT[=FILE]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Target:  # noqa: ANN401 - click's signature
        """The target that the text names."""
        if isinstance(value, Target):
            return value
        name, equals, file = str(value).partition("=")
        if name not in FORMATS:
            self.fail(f"'{name}' is not one of {', '.join(FORMATS)}", param, ctx)
        if equals and not file:
            self.fail(f"'{value}' names no file after the =", param, ctx)
        return Target(name, file or None)


def colours(choice: str) -> bool:
    """Whether standard output gets colours: as asked for, else as NO_COLOR, FORCE_COLOR or the terminal have it."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """The columns of standard output, within what reads well."""
    return max(_NARROWEST, min(shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns, _WIDEST))


def takes_unicode() -> bool:
    """Whether standard output can encode more than ASCII."""
    return (sys.stdout.encoding or "ascii").lower().replace("-", "").startswith("utf")


def write_to_terminal(lines: Iterable[Line], *, colour: bool) -> None:
    """Write lines to standard output."""
    write(lines, sys.stdout, colour=colour)


def write_to_file(lines: Iterable[Line], file: str) -> None:
    """Write lines to a file, without colours.

    Raises:
        CommandError: The file cannot be written.
    """
    try:
        with Path(file).open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            write(lines, stream, colour=False)
    except OSError as error:
        raise CommandError(f"cannot write {file}: {(error.strerror or str(error)).lower()}") from error
