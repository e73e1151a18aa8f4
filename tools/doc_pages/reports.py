"""The page about reports: what each format is for, from the table of formats, and what it writes, from a real run."""

from __future__ import annotations

import json
from contextlib import chdir
from typing import TYPE_CHECKING

from artifact_lint.cli.reporting import rule_pages
from artifact_lint.engine import Request, lint
from artifact_lint.reporters import FORMATS, RenderContext, render
from artifact_lint.reporters.styled import plain
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from artifact_lint.model.report import Report

#: What the samples are of: it has an error and a note.
_EXAMPLE = "examples/bad/no-record"

_INTRODUCTION = """\
# Reports

    artifact-lint check --output-format sarif=lint.sarif --output-format junit=lint.xml --output-format concise

`--output-format` may be given several times: each report goes to the file behind its `=`, and one of them to standard
output. `ARTIFACT_LINT_OUTPUT_FORMAT="sarif=lint.sarif concise"` does so, too. A file that cannot be written is an error
(exit code 2), after all the others were."""
_ABOUT = """\
Reports for programs have no colours, and `--quiet` and `--statistics` leave them whole, but that `--quiet` leaves notes
out of what people read in the end, `github` and `markdown`. All fingerprints are the same: of rule, artifact, path and
pointer, so that they stay where lines move, and change where a file is renamed.

What follows was written by `artifact-lint check {example}`."""
_SARIF = """\
## sarif

What GitHub's documentation of SARIF for code scanning asks for; any reader of SARIF 2.1.0 takes it. Every rule is there
with its whole page. Rules about security are high, medium or low in GitHub's scale, as they are errors, warnings or
notes. Paths are relative to the root of the repository.

- GitHub takes 25,000 results and 10 MB (compressed), and shows 5,000. Of more, the most severe are written, and a
  notification in the file says how many there were.
- `automationDetails.id`, by which GitHub tells analyses of one commit apart, is `artifact-lint/` and the linted
  directory. It goes before the `category` of the action upload-sarif.
- That action computes a fingerprint from the text of the line, warns that ours is another, and keeps ours.
- What this program itself failed at makes `executionSuccessful` false, and is a notification.

One result of it:"""
_GITLAB = """\
## gitlab

For `artifacts: reports: codequality:` of a job. An error is `major`, and `critical` if its rule is about security; a
warning is `minor`, a note `info`."""
_GITHUB = """\
## github

Workflow commands on standard output, of which GitHub makes annotations. It shows ten of a level per step, so the ten
most severe are written, or nine and a notice of how many more there are, which the log then lists.
[The Action](action.md) does all this."""
_MARKDOWN = """\
## markdown

For `$GITHUB_STEP_SUMMARY` and comments, below 1 MB: the findings with links to their rules, and, in a workflow, to
their lines; what changed since the base of `--since` or `--staged`; of each artifact the four components and the states
of its digests. It is HTML within Markdown, in which no text of a linted file becomes a link, a picture, a mention or a
reference."""
_JUNIT = """\
## junit

For `artifacts: reports: junit:` in GitLab and the `junit` step of Jenkins. An artifact is a suite, and a rule that says
something about it a case, which fails where a finding of it makes the run fail (`--fail-on`); else it passes, with what
was found as its output. An artifact without findings is a case that passes, an internal error one with an error."""
_JSONL = """\
## jsonl

A line per finding (`"kind": "finding"`) and per internal error (`"failure"`), with the keys that they have in `json`,
and last the `"summary"`: a file without it was cut off. `$defs/line` of the schema describes a line."""
_JSON = """\
## json

`artifact-lint schema report` prints its JSON Schema. It alone tells every file's digest, even where no rule asks."""


def reports_page(root: Path) -> str:
    """The whole page."""
    with chdir(root):
        report = lint([_EXAMPLE], Request(Settings(), cached=False))
    sarif = json.loads("\n".join(_lines("sarif", report)))["runs"][0]["results"][0]
    blocks = [
        _INTRODUCTION,
        "\n".join(_table()),
        _ABOUT.format(example=_EXAMPLE),
        _SARIF,
        _fenced("json", [json.dumps(sarif, indent=2)]),
        _GITLAB,
        _fenced("json", _lines("gitlab", report)),
        _GITHUB,
        _fenced("text", _lines("github", report)),
        _MARKDOWN,
        _JUNIT,
        _fenced("xml", _lines("junit", report)),
        _JSONL,
        _fenced("json", _lines("jsonl", report)),
        _JSON,
    ]
    return "\n\n".join(blocks) + "\n"


def _table() -> Iterator[str]:
    yield "| format | what it is for |"
    yield "| --- | --- |"
    for name, format_ in FORMATS.items():
        yield f"| `{name}` | {format_.purpose} |"


def _lines(format_name: str, report: Report) -> list[str]:
    return [plain(line) for line in render(format_name, report, RenderContext(exit_code=1, rules=rule_pages))]


def _fenced(language: str, lines: list[str]) -> str:
    return "\n".join([f"```{language}", *lines, "```"])
