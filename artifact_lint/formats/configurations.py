"""Configurations within archives: what they name to be called, read off the text.

NeMo keeps model_config.yaml in its archives and instantiates what `_target_` names (hydra.utils.instantiate, Hydra
1.3); `python/` tags are those of PyYAML 6's unsafe loader. Documents outside of archives are parsed by the adapters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model import HazardKind

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job
    from artifact_lint.formats.findings import Findings

_SUFFIXES: Final = (".yaml", ".yml", ".json")
#: How much of a configuration is read, in bytes, and how many names of it are kept.
_LARGEST: Final = 1 << 22
_MOST_NAMES: Final = 1000
_NAMED: Final = re.compile(
    rb"""["']?(?:_target_|_component_|class_path)["']?\s*:\s*["']?([A-Za-z_][\w.:]*)|!!python/[\w/]+:([A-Za-z_][\w.]*)"""
)


def read_configuration(job: Job, findings: Findings) -> None:
    """State what a member that is called like a configuration names to be called.

    Raises:
        FormatError: The bytes cannot be unpacked.
        StoreError: The bytes cannot be read.
    """
    if not job.name.lower().endswith(_SUFFIXES):
        return
    text = job.source.read(0, _LARGEST)
    for count, found in enumerate(_NAMED.finditer(text)):
        if count >= _MOST_NAMES:
            return
        target = (found[1] or found[2]).decode("ascii", "replace")
        findings.add_hazard(HazardKind.TARGET, target, found.start(), job.member)
