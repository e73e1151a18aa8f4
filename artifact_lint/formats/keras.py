"""Keras 3's archive: config.json, metadata.json and the weights as HDF5 (keras/src/saving/saving_lib.py, Keras 3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format, FormatError
from artifact_lint.formats.documents import member_text
from artifact_lint.formats.members import read_members, small_member

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.zip_records import Entry
    from artifact_lint.model.description import Description

_CONFIG = "config.json"
_METADATA = "metadata.json"


def _recognise(probe: Probe) -> bool:
    names = {entry.name for entry in probe.members.value}
    return {_CONFIG, _METADATA} <= names or (probe.suffix == ".keras" and _CONFIG in names)


def _read(job: Job, findings: Findings) -> None:
    found = read_members(job, findings)
    if not job.member:
        findings.framework = "keras"
        _read_metadata(job, found, findings)
    config = found.get(_CONFIG)
    if config is not None:
        _read_config(job, config, findings)


def _read_metadata(job: Job, found: dict[str, Entry], findings: Findings) -> None:
    text = small_member(job.source, found.get(_METADATA), job)
    try:
        metadata = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return
    if isinstance(metadata, dict) and isinstance(metadata.get("keras_version"), str):
        findings.versions["keras"] = metadata["keras_version"]
        findings.metadata["date_saved"] = str(metadata.get("date_saved", ""))


def _read_config(job: Job, entry: Entry, findings: Findings) -> None:
    from artifact_lint.formats.keras_config import read_config  # noqa: PLC0415 - few files are Keras's

    path = job.inner(job.source, entry.name).member
    text = member_text(job, entry, findings)
    if text is None:
        return
    try:
        read_config(text, findings, path)
    except FormatError as error:
        findings.add_error(error, path)


def _describe(job: Job) -> Description:
    from artifact_lint.formats.keras_description import describe_keras  # noqa: PLC0415 - few runs ask for it

    return describe_keras(job)


KERAS = Format("keras", "Keras archive", (".keras",), _recognise, _read, frameworks=("keras",), describe=_describe)
