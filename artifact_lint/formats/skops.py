"""skops: a zip of schema.json, which names every type, and of arrays (skops/io/_persist.py, skops 0.13)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format
from artifact_lint.formats.members import document_member, read_members
from artifact_lint.formats.pickles.frameworks import framework_of

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings

_CLASS = re.compile(rb'\s*\{\s*"__class__"\s*:\s*"(\w{1,200})"\s*,\s*"__module__"\s*:\s*"([\w.]{1,200})"')
_VERSION = re.compile(rb'"_skops_version"\s*:\s*"([\w.+-]{1,40})"')
_SKLEARN = re.compile(rb'"_sklearn_version"\s*:\s*\{[^{}]*"content"\s*:\s*"\\"([\w.+-]{1,40})\\""')


def _recognise(probe: Probe) -> bool:
    return "schema.json" in {entry.name for entry in probe.members.value}


def _read(job: Job, findings: Findings) -> None:
    found = read_members(job, findings)
    schema = document_member(job.source, found.get("schema.json"), job)
    for name, pattern in (("skops", _VERSION), ("scikit-learn", _SKLEARN)):
        match = pattern.search(schema)
        if match:
            findings.versions[name] = match[1].decode("ascii", "replace")
    root = _CLASS.match(schema)
    if root:
        name = f"{root[2].decode('utf-8', 'replace')}:{root[1].decode('utf-8', 'replace')}"
        findings.metadata["root"] = name
        findings.framework = framework_of(name, ())


SKOPS = Format("skops", "skops", (".skops",), _recognise, _read, frameworks=("scikit-learn",))
