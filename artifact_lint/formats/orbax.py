"""Orbax's checkpoints of JAX: a directory that is told by the JSON text about its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.model.description import Description

#: The text about the tree, and the key that it begins with (orbax/checkpoint/_src/metadata/tree.py, Orbax 0.4 to 0.12).
TREE, _KEY = "_metadata", b'"tree_metadata"'


def _recognise(probe: Probe) -> bool:
    # Parquet has files of this name as well.
    return probe.name == TREE and probe.head.lstrip().startswith(b"{") and _KEY in probe.head


def _describe(job: Job) -> Description:
    from artifact_lint.formats.orbax_description import describe_orbax  # noqa: PLC0415 - few runs ask for it

    return describe_orbax(job)


ORBAX = Format(
    "orbax",
    "Orbax checkpoint",
    (),
    _recognise,
    frameworks=("jax", "flax", "orbax"),
    aliases=("orbax-checkpoint", "ocdbt"),
    describe=_describe,
)
