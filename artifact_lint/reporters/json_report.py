"""The JSON report, version 1: `schemas/report.v1.schema.json` describes every field."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final, TypeAlias

from artifact_lint import __version__
from artifact_lint.model import Authenticity, Component, Presence, Severity, Verdict
from artifact_lint.model.suppression import Means
from artifact_lint.model.text import encodable
from artifact_lint.reporters.styled import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Finding, Origin, Related, Signature, WeightFile
    from artifact_lint.model.record_changes import ArtifactChange, FeatureChange, MetricChange, Placed
    from artifact_lint.model.report import Failure, Report
    from artifact_lint.model.suppression import Accepted
    from artifact_lint.reporters.context import RenderContext
    from artifact_lint.reporters.styled import Line

SCHEMA_VERSION: Final = 1

JsonObject = dict[str, object]
JsonScalar: TypeAlias = str | int | float | bool | None


def render(report: Report, context: RenderContext) -> Iterator[Line]:
    """The report as one JSON document in ASCII, so that no terminal and no parser stumbles over what a file says."""
    for line in json.dumps(document(report, context.exit_code), indent=2).splitlines():
        yield (Segment(line),)


def document(report: Report, exit_code: int, *, artifacts: bool = True) -> JsonObject:
    """The report as plain values; without the artifacts, nothing is read for it that was not read already."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "artifact-lint", "version": __version__},
        "summary": {
            "artifacts": len(report.artifacts),
            "files": report.files,
            "bytes": report.size,
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "notes": report.count(Severity.NOTE),
            "suppressed": report.suppressed,
            "accepted_by_baseline": report.count_accepted(Means.BASELINE),
            "exit_code": exit_code,
        },
        "artifacts": [_artifact(artifact) for artifact in report.artifacts if artifacts],
        "findings": [_finding(finding) for finding in report.findings],
        "accepted": [_accepted(accepted) for accepted in report.accepted],
        "notes": [encodable(note) for note in (*report.notes, report.unchanged) if note],
        "failures": [_failure(failure) for failure in report.failures],
        "base": _text_or_null(report.base),
        "changes": [_change(change) for change in report.changes],
    }


def _artifact(artifact: Artifact) -> JsonObject:
    record = artifact.record
    return {
        "path": encodable(artifact.path),
        "conventions": [encodable(name) for name in record.conventions],
        "name": _text_or_null(record.name.value),
        "version": _text_or_null(record.version.value),
        "stage": _text_or_null(record.stage.value),
        "components": {
            component.value: artifact.components.get(component, Presence.ABSENT).value for component in Component
        },
        "files": [_file(file) for file in artifact.files],
        "signatures": [_signature(signature) for signature in record.signatures],
    }


def _signature(signature: Signature) -> JsonObject:
    verdict = signature.verdict.known or Verdict(Authenticity.UNASKED)
    state = "invalid" if signature.trouble else "unknown" if signature.unread else verdict.authenticity.value
    is_by = verdict.authenticity in {Authenticity.AUTHENTIC, Authenticity.FORGED}
    return {
        "path": encodable(signature.origin.path),
        "method": signature.method.value,
        "state": state,
        "key": encodable(verdict.detail) if is_by else None,
    }


def _file(file: WeightFile) -> JsonObject:
    inspection = file.inspection.value
    return {
        "path": encodable(file.path),
        "role": file.role.value,
        "state": file.state.value,
        "format": _text_or_null(inspection.format if inspection and inspection.format else file.format),
        "framework": _text_or_null(inspection.framework if inspection else None),
        "size": file.size,
        "digest": _text_or_null(_digest(file)),
        "digest_state": file.digest_state.value,
    }


def _digest(file: WeightFile) -> str | None:
    """The digest of the content; where nobody can tell it, the one on record."""
    checks = file.checks.value
    told = (file.digest.value, *(check.actual for check in checks), *(check.recorded.value for check in checks))
    return next((digest for digest in told if digest), None)


def _finding(finding: Finding) -> JsonObject:
    return {
        "code": finding.code,
        "name": encodable(finding.name),
        "severity": finding.severity.value,
        "message": encodable(finding.message),
        "help": encodable(finding.help),
        **_place(finding.origin),
        "artifact": encodable(finding.artifact),
        "file": _text_or_null(finding.file),
        "related": [_related(related) for related in finding.related],
        "fixable": finding.fixable,
        "fingerprint": finding.fingerprint,
    }


def _accepted(accepted: Accepted) -> JsonObject:
    return {
        "by": accepted.means.value,
        "reason": encodable(accepted.reason),
        "path": encodable(accepted.origin.path),
        "line": accepted.origin.line,
        "finding": _finding(accepted.finding),
    }


def _failure(failure: Failure) -> JsonObject:
    return {
        "artifact": _text_or_null(failure.artifact),
        "path": _text_or_null(failure.path),
        "doing": encodable(failure.doing),
        "error": encodable(failure.what),
    }


def _change(change: ArtifactChange) -> JsonObject:
    return {
        "path": _text_or_null(change.path),
        "base_path": _text_or_null(change.base_path),
        "name": _text_or_null(change.name),
        "version": {"before": _text_or_null(change.version_before), "after": _text_or_null(change.version_after)},
        "inputs": [_feature_change(one) for one in change.inputs],
        "outputs": [_feature_change(one) for one in change.outputs],
        "metrics": [_metric_change(one) for one in change.metrics],
    }


def _feature_change(change: FeatureChange) -> JsonObject:
    return {
        "change": change.kind.value,
        "name": encodable(change.name),
        "before": _placed(change.before),
        "after": _placed(change.after),
        "guessed": change.guessed,
    }


def _placed(placed: Placed | None) -> JsonObject | None:
    if placed is None:
        return None
    feature = placed.feature
    return {
        "position": placed.position,
        "dtype": _text_or_null(feature.dtype),
        "shape": None if feature.shape is None else list(feature.shape),
        "required": feature.required,
        "nullable": feature.nullable,
        "minimum": _scalar(feature.minimum),
        "maximum": _scalar(feature.maximum),
        "allowed": None if feature.allowed is None else [_scalar(value) for value in feature.allowed],
        "default": _scalar(feature.default),
    }


def _metric_change(change: MetricChange) -> JsonObject:
    return {
        "name": encodable(change.name),
        "dataset": _text_or_null(change.dataset),
        "split": _text_or_null(change.split),
        "before": None if change.before is None else _scalar(change.before.value),
        "after": None if change.after is None else _scalar(change.after.value),
        "guessed": change.guessed,
    }


def _scalar(value: object) -> JsonScalar:
    """A value that JSON has, and the text of any other: it knows no infinity and no date."""
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return encodable(str(value))


def _related(related: Related) -> JsonObject:
    return {"message": encodable(related.message), **_place(related.origin)}


def _place(origin: Origin) -> JsonObject:
    return {
        "path": encodable(origin.path),
        "line": origin.line,
        "column": origin.column,
        "end_line": origin.end_line,
        "end_column": origin.end_column,
        "pointer": encodable(origin.pointer),
    }


def _text_or_null(text: str | None) -> str | None:
    return None if text is None else encodable(text)
