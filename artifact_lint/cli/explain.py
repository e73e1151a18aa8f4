"""`artifact-lint explain`: a rule's page in the terminal."""

from __future__ import annotations

import json

import click

from artifact_lint.cli.errors import CommandError
from artifact_lint.cli.output import COLOURS, colours, width, write_to_terminal
from artifact_lint.cli.pages import as_json, page


@click.command("explain", short_help="Explain a rule.", context_settings={"auto_envvar_prefix": "ARTIFACT_LINT"})
@click.argument("rule", metavar="CODE|NAME")
@click.option("--format", "format_name", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--color", type=click.Choice(COLOURS), default="auto", show_default=True, help="When to use colours.")
def explain(rule: str, format_name: str, color: str) -> None:
    """Explain a rule: what it finds, why that is bad, and how to fix it."""
    from artifact_lint.rules import all_rules  # noqa: PLC0415 - `--help` needs no rule
    from artifact_lint.selectors import unknown_selector  # noqa: PLC0415

    known = {name: info for info in all_rules() for name in (info.code, info.name)}
    found = known.get(rule.upper()) or known.get(rule.lower())
    if found is None:
        raise CommandError(unknown_selector(rule, all_rules()) or _several(rule))
    if format_name == "json":
        click.echo(json.dumps(as_json(found), indent=2))
        return
    write_to_terminal(page(found, min(width(), 100)), colour=colours(color))


def _several(prefix: str) -> str:
    """What to say of a selector that names more than one rule: which these are."""
    from artifact_lint.rules import all_rules  # noqa: PLC0415 - as above
    from artifact_lint.selectors import match_length  # noqa: PLC0415

    found = [f"{info.code} {info.name}" for info in all_rules() if match_length(prefix, info) > 0]
    several = f"{prefix} stands for several rules: {', '.join(found)}"
    return several if found else "name one rule; `artifact-lint rules` lists them"
