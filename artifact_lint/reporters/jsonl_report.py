"""JSON lines: an object for each finding and each failure, and the summary last.

Every line is described by `$defs/line` of `schemas/report.v1.schema.json`, and says by `kind` which it is. A finding
and a failure have the keys that they have in the JSON report. A file without a summary is one that was cut off.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from artifact_lint.reporters.json_report import JsonObject, document
from artifact_lint.reporters.styled import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.model.report import Report
    from artifact_lint.reporters.context import RenderContext
    from artifact_lint.reporters.styled import Line


def render(report: Report, context: RenderContext) -> Iterator[Line]:
    """The report as JSON objects in ASCII, one a line."""
    whole = document(report, context.exit_code, artifacts=False)
    for kind in ("finding", "failure"):
        for one in cast("Iterable[JsonObject]", whole[f"{kind}s"]):
            yield _line({"kind": kind, **one})
    told = {key: whole[key] for key in ("schema_version", "tool", "summary", "notes")}
    yield _line({"kind": "summary", **told})


def _line(value: JsonObject) -> Line:
    return (Segment(json.dumps(value)),)
