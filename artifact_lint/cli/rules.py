"""`artifact-lint rules`: every rule in a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import click

from artifact_lint.cli.output import COLOURS, colours, width, write_to_terminal
from artifact_lint.cli.pages import as_json
from artifact_lint.reporters.styled import Segment, Style, wrap
from artifact_lint.reporters.summary import SEVERITY_STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.reporters.styled import Line
    from artifact_lint.rules import RuleInfo


#: The columns that a summary needs to stand beside its rule's name, and not below.
_LEAST_BESIDE: Final = 30


@click.command("rules", short_help="List every rule.", context_settings={"auto_envvar_prefix": "ARTIFACT_LINT"})
@click.option("--format", "format_name", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--color", type=click.Choice(COLOURS), default="auto", show_default=True, help="When to use colours.")
def rules(format_name: str, color: str) -> None:
    """List every rule: its code, how much it matters, its name and what it finds."""
    from artifact_lint.rules import all_rules  # noqa: PLC0415 - `--help` needs no rule

    if format_name == "json":
        click.echo(json.dumps([as_json(rule) for rule in all_rules()], indent=2))
        return
    write_to_terminal(_table(all_rules(), width()), colour=colours(color))


def _table(listed: tuple[RuleInfo, ...], columns: int) -> Iterator[Line]:
    names = max(len(rule.name) for rule in listed)
    before_name = len("CMP101  warning  ")
    beside = columns - before_name - names - 2 >= _LEAST_BESIDE
    margin = before_name + names + 2 if beside else before_name
    family = ""
    for rule in listed:
        if family not in {"", rule.family}:
            yield ()
        family = rule.family
        strict = " (strict profile)" if rule.strict else ""
        summary = list(wrap(rule.summary + strict, max(columns - margin, 20)))
        first = summary.pop(0) if beside else ""
        yield (
            Segment(rule.code, Style.STRONG),
            Segment(f"  {rule.severity.value:<7}", SEVERITY_STYLES[rule.severity]),
            Segment(f"  {rule.name:<{names}}  "),
            Segment(first),
        )
        for line in summary:
            yield (Segment(" " * margin), Segment(line))
