"""Findings that the configuration leaves out, by path and code, each with a reason."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from artifact_lint.model import Finding
    from artifact_lint.model.options import PathIgnore


def is_suppressed(finding: Finding, ignores: Iterable[PathIgnore]) -> bool:
    """Whether a configured pattern and code cover a finding, by its place, its weight file or its artifact."""
    file = (finding.file or "").partition("!")[0]
    places = {place for place in (finding.origin.path, file, finding.artifact) if place}
    return any(
        (code == "ALL" or finding.code.startswith(code) or finding.name == code)
        and any(fnmatchcase(place, ignore.pattern) for place in places)
        for ignore in ignores
        for code in ignore.codes
    )
