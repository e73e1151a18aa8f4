"""SARIF 2.1.0, as code scanning on GitHub reads it.

Sources: OASIS, Static Analysis Results Interchange Format 2.1.0; GitHub's documentation, "SARIF support for code
scanning" (which properties are read, which of them must not be empty, how severities are told) and "SARIF results
exceed one or more limits" (how much is taken, and how much of it is shown).
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from artifact_lint import __version__
from artifact_lint.reporters.sarif_rules import descriptors
from artifact_lint.reporters.styled import Segment, visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifact_lint.model import Finding, Origin, Related
    from artifact_lint.model.report import Failure, Report
    from artifact_lint.reporters.context import RenderContext
    from artifact_lint.reporters.styled import Line

JsonObject = dict[str, object]

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
#: What paths are relative to, by the name that GitHub's own tools use.
ROOT: Final = "%SRCROOT%"

#: The most results that GitHub takes of a run.
MOST_RESULTS: Final = 25_000
#: How many of them it keeps and shows, the most severe first.
SHOWN_RESULTS: Final = 5_000
#: The most locations of a result that GitHub keeps; the first is the result's own.
_MOST_RELATED: Final = 99
#: How many related places the message leads to.
_LINKED: Final = 5
#: The most bytes, compressed by gzip, that GitHub takes; a tenth of it is left for the rules and what goes around.
_MOST_COMPRESSED: Final = 9_000_000
#: What any text of fewer bytes is sure to stay within, compressed.
_SURELY_SMALL: Final = 8_000_000


def render(report: Report, context: RenderContext) -> Iterator[Line]:
    """The report as one JSON document in ASCII, a result a line."""
    rules = descriptors(context.rules(), report.findings)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    results, notices = _results(report.findings, numbers)
    run: JsonObject = {
        "tool": {
            "driver": {
                "name": "artifact-lint",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": rules,
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository, or what was linted."}}},
        "automationDetails": {"id": f"{visible(context.category())}/"},
        "invocations": [_invocation(report, context, notices)],
    }
    yield _line(f'{{"$schema": {json.dumps(SCHEMA)}, "version": "2.1.0", "runs": [{{')
    for key, value in run.items():
        yield _line(f"{json.dumps(key)}: {json.dumps(value)},")
    yield _line('"results": [')
    for number, result in enumerate(results, 1):
        yield _line(f"{result}{',' if number < len(results) else ''}")
    yield _line("]}]}")


def _results(findings: Sequence[Finding], numbers: Mapping[object, int]) -> tuple[list[str], list[str]]:
    """The results as JSON, and what there is to say where they are more than GitHub takes or shows."""
    total = len(findings)
    if total > SHOWN_RESULTS:
        findings = sorted(findings, key=lambda finding: -finding.severity.rank)[:MOST_RESULTS]
    results = _fitting([json.dumps(_result(finding, numbers)) for finding in findings])
    if len(results) < total:
        return results, [
            f"the {len(results):,} most severe of {total:,} findings are here: code scanning takes no more"
        ]
    if total > SHOWN_RESULTS:
        return results, [f"there are {total:,} findings: code scanning shows the {SHOWN_RESULTS:,} most severe"]
    return results, []


def _fitting(results: list[str]) -> list[str]:
    """As many of the results, from the first on, as GitHub takes once they are compressed; all but always all."""
    if sum(map(len, results)) < _SURELY_SMALL:
        return results
    packer = zlib.compressobj(6)
    size = 0
    for number, result in enumerate(results):
        size += len(packer.compress(result.encode("ascii")))
        if size > _MOST_COMPRESSED:
            return results[:number]
    return results if size + len(packer.flush()) <= _MOST_COMPRESSED else results[:-1]


def _result(finding: Finding, numbers: Mapping[object, int]) -> JsonObject:
    result: JsonObject = {
        "ruleId": finding.code,
        "ruleIndex": numbers[finding.code],
        "level": finding.severity.value,
        "message": {"text": _message(finding)},
        "locations": [{"physicalLocation": _place(finding.origin)}],
        "partialFingerprints": {"primaryLocationLineHash": finding.fingerprint},
    }
    if finding.related:
        related = enumerate(finding.related[:_MOST_RELATED], 1)
        result["relatedLocations"] = [_related(number, one) for number, one in related]
    return result


def _message(finding: Finding) -> str:
    """What was found, what to do, and links to the related places, by the numbers that those have."""
    lines = [_text(finding.message) or _text(finding.name) or finding.code, _text(finding.help)]
    links = [f"[{_bare(_about(one))}]({number})" for number, one in enumerate(finding.related[:_LINKED], 1)]
    if links:
        more = len(finding.related) - len(links)
        lines.append(f"See {', '.join(links)}{f' and {more:,} more' if more else ''}.")
    return "\n".join(line for line in lines if line)


def _related(number: int, related: Related) -> JsonObject:
    return {
        "id": number,
        "physicalLocation": _place(related.origin),
        "message": {"text": _about(related)},
    }


def _about(related: Related) -> str:
    return _text(related.message) or f"{_text(related.origin.path)}:{related.origin.line}"


def _place(origin: Origin) -> JsonObject:
    """Where something is; an end before the start, which no document of ours has, is taken for the start."""
    is_behind = (origin.end_line, origin.end_column) >= (origin.line, origin.column)
    end_line, end_column = (origin.end_line, origin.end_column) if is_behind else (origin.line, origin.column)
    region = {
        "startLine": origin.line,
        "startColumn": origin.column,
        "endLine": end_line,
        "endColumn": end_column,
    }
    return {"artifactLocation": _artifact_location(origin.path), "region": region}


def _artifact_location(path: str) -> JsonObject:
    """A path as a URI (RFC 3986) that is relative to the root; an absolute one stands for itself.

    A colon is encoded, so that `a:b` is not taken for the scheme a; the bytes of a name that is no text are encoded as
    they are.
    """
    try:
        name = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        name = path.encode("utf-8", "surrogatepass")
    if name.startswith(b"/"):
        return {"uri": f"file://{quote(name)}"}
    return {"uri": quote(name) or ".", "uriBaseId": ROOT}


def _invocation(report: Report, context: RenderContext, notices: Sequence[str]) -> JsonObject:
    """How the run went: what failed, what else than asked was looked at, and what is told to people."""
    unseen = [one.message for one in report.fallbacks if one.unseen]
    told = {one.message for one in report.fallbacks}
    notifications = [
        *(_failure(failure) for failure in report.failures),
        *(_notification("error" if one.unseen else "warning", one.message) for one in report.fallbacks),
        *(_notification("warning", notice) for notice in notices),
        *(_notification("note", note) for note in (*report.notes, report.unchanged) if note not in told),
    ]
    return {
        "executionSuccessful": not (report.failures or unseen),
        "exitCode": context.exit_code,
        "toolExecutionNotifications": [one for one in notifications if one],
    }


def _failure(failure: Failure) -> JsonObject:
    notification = _notification("error", f"an internal error while {failure.doing}: {failure.what}")
    if failure.path is not None:
        place = {"physicalLocation": {"artifactLocation": _artifact_location(failure.path)}}
        return notification | {"locations": [place]}
    return notification


def _notification(level: str, message: str) -> JsonObject:
    text = _text(message)
    return {"level": level, "message": {"text": text}} if text else {}


def _text(text: str) -> str:
    """Text that no viewer acts on: control characters are spelled out, and what would make a link makes none."""
    return visible_lines(text.strip()).replace("](", "] (")


def _bare(text: str) -> str:
    """Text to stand in a link."""
    return text.replace("[", "(").replace("]", ")").replace("\\", "/").replace("\n", " ")


def _line(text: str) -> Line:
    return (Segment(text),)
