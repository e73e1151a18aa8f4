"""Keras 3's archive: config.json, metadata.json and the weights as HDF5 (keras/src/saving/saving_lib.py, Keras 3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format
from artifact_lint.formats.members import read_members, small_member

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings


def _recognise(probe: Probe) -> bool:
    return {"config.json", "metadata.json"} <= {entry.name for entry in probe.members.value}


def _read(job: Job, findings: Findings) -> None:
    found = read_members(job, findings)
    findings.framework = "keras"
    text = small_member(job.source, found.get("metadata.json"), job)
    try:
        metadata = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return
    if isinstance(metadata, dict) and isinstance(metadata.get("keras_version"), str):
        findings.versions["keras"] = metadata["keras_version"]
        findings.metadata["date_saved"] = str(metadata.get("date_saved", ""))


KERAS = Format("keras", "Keras archive", (".keras",), _recognise, _read, frameworks=("keras",))
