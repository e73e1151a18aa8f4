"""The `artifact-lint` command: its commands by name, and what becomes of what they raise."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from artifact_lint import __version__
from artifact_lint.cli.activity import Activity
from artifact_lint.cli.errors import USAGE, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Every command, and where it is.
COMMANDS: Final = {
    "baseline": "artifact_lint.cli.baseline:baseline",
    "check": "artifact_lint.cli.check:check",
    "explain": "artifact_lint.cli.explain:explain",
    "init": "artifact_lint.cli.init:init",
    "inspect": "artifact_lint.cli.inspect:inspect",
    "rules": "artifact_lint.cli.rules:rules",
    "schema": "artifact_lint.cli.schema:schema",
}
_OWN_OPTIONS: Final = frozenset({"-h", "--help", "--version"})
INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141


class LazyGroup(click.Group):
    """Imports a command when it is named, and takes `check` for granted."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of a name, None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        return command if isinstance(command, click.Command) else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """No command, or an option of `check` where a command would stand, means `check`."""
        implied = not args or (args[0].startswith("-") and args[0] not in _OWN_OPTIONS)
        return super().parse_args(ctx, ["check", *args] if implied else args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name."""
        name = args[0]
        if name in COMMANDS:
            return super().resolve_command(ctx, args)
        if Path(name).exists():
            raise click.UsageError(f"there is no command {name}; to lint that path: artifact-lint check {name}", ctx)
        near = get_close_matches(name, COMMANDS, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise click.UsageError(f"there is no command {name}{hint}", ctx)


@click.group(
    "artifact-lint",
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Without a command: artifact-lint check.",
)
@click.version_option(__version__, message="artifact-lint %(version)s")
def app() -> None:
    """Lint machine-learning model artifacts.

    Finds the model artifacts in a repository or a directory, reads what is kept about them, looks inside the weight
    files without loading them, and tells what is missing, wrong or dangerous.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command line.

    Returns:
        0 where all is well, 1 where there are findings, 2 for a usage, configuration or internal error, 3 where there
        is no artifact, 130 when interrupted, 141 when nobody reads the output any more.
    """
    _spell_out_what_cannot_be_encoded()
    activity = Activity()
    try:
        with app.make_context("artifact-lint", list(arguments), obj=activity) as context:
            code = app.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as request:
        return request.exit_code
    except click.ClickException as error:
        return _tell(error)
    except (KeyboardInterrupt, click.Abort):
        tell("interrupted", error=False)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter's last flush complains
        return _BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the outermost frame: whatever it is, the user gets a line
        return _tell_bug(error, activity)
    return code if isinstance(code, int) else 0


def _spell_out_what_cannot_be_encoded() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _tell(error: click.ClickException) -> int:
    if isinstance(error, click.UsageError):
        tell(_usage_line(error))
    else:
        for line in error.format_message().strip().split("\n"):
            tell(line)
    return error.exit_code


def _usage_line(error: click.UsageError) -> str:
    """Click's message as one line, with a guess at the option that was meant only where one is near."""
    if isinstance(error, click.NoSuchOption):
        names = {name.lstrip("-"): name for name in (*_options(error.ctx), "--version")}
        near = get_close_matches(error.option_name.lstrip("-"), names, n=1, cutoff=0.7)
        return f"no such option {error.option_name}{f' (did you mean {names[near[0]]}?)' if near else ''}"
    if isinstance(error, click.MissingParameter) and isinstance(error.param, click.Argument) and error.ctx is not None:
        what = (error.param.metavar or error.param.name or "an argument").replace("|", " or ")
        return f"{error.ctx.info_name} needs {what}; artifact-lint {error.ctx.info_name} --help tells more"
    words = " ".join(error.format_message().split())
    return words[:1].lower() + words[1:]


def _options(context: click.Context | None) -> list[str]:
    parameters = context.command.get_params(context) if context is not None else []
    return [name for parameter in parameters for name in parameter.opts if name.startswith("--")]


def _tell_bug(error: Exception, activity: Activity) -> int:
    if activity.traceback:
        import traceback  # noqa: PLC0415 - for bugs alone

        traceback.print_exception(error)
    kind = type(error).__name__
    what = f"{kind}: {error}" if str(error) else kind
    hint = "" if activity.traceback else "; ARTIFACT_LINT_DEBUG=1 shows the traceback to report it with"
    line = " ".join(f"this is a bug in artifact-lint, while {activity.doing}: {what}{hint}".split())
    tell(line)
    return USAGE
