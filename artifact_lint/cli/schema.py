"""`artifact-lint schema`: the JSON Schemas of what is read and written."""

from __future__ import annotations

import click

from artifact_lint.schemas.validation import SCHEMAS, schema_text


@click.command("schema", short_help="Print a JSON Schema.")
@click.argument("name", type=click.Choice(SCHEMAS), metavar="|".join(SCHEMAS))
def schema(name: str) -> None:
    """Print a JSON Schema: of the manifest, the configuration, the JSON report or what `inspect` prints."""
    click.echo(schema_text(name), nl=False)
