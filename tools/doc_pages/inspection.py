"""The page about `inspect`: what it shows, from a real run, and every field of its document, from the schema."""

from __future__ import annotations

from contextlib import chdir
from typing import TYPE_CHECKING

from click.testing import CliRunner

from artifact_lint.cli.inspect import inspect
from doc_pages.schemas import field_table

if TYPE_CHECKING:
    from pathlib import Path

#: What the sample is of.
_EXAMPLE = "examples/good/joblib-sidecar/pipeline.joblib"

_INTRODUCTION = """\
# Looking into a weight file

    artifact-lint inspect model.joblib
    artifact-lint inspect model.safetensors --tensors all
    artifact-lint inspect models/ --format json

`inspect` shows what a file says of the model in it: its format and the versions that wrote it, columns, inputs and
outputs, classes, estimators, tensors, what loading would import, and what could not be read. It reads headers, or walks
pickles without running them; no framework is imported, and tens of gigabytes of tensors take no longer than a few. Of a
directory, the weight files of the artifacts in it are listed, a line each.

Nothing is judged: that is what `check` does, from the same facts. The exit code is 0, and 2 where something is not
there, is a git-LFS pointer, or holds no weights in a format that is known. What a broken file still tells is shown,
with what could not be read.

Where a fact has a place in the file, it stands behind it: an attribute, a key or a member.
`(called)` stands behind what loading would call; of other classes it makes objects without a call, or it only looks
names up. `made by` is what is called for the outermost object, where that is no class of a model."""
_JSON = """\
## As JSON

`--format json` prints one document for all files, with all tensors unless `--tensors` asks for fewer. What a file does
not tell is null or empty. `artifact-lint schema inspection` prints its JSON Schema."""


def inspection_page(root: Path) -> str:
    """The whole page."""
    with chdir(root):
        done = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1"}).invoke(inspect, [_EXAMPLE], standalone_mode=False)
    shown = f"```console\n$ artifact-lint inspect {_EXAMPLE}\n{done.output}```"
    return "\n\n".join([_INTRODUCTION, shown, _JSON, field_table("inspection")]) + "\n"
