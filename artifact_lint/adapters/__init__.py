"""Conventions: how teams keep records of their models, each turned into the same vocabulary.

The lists are in order of precedence: what stands first wins where two state different values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from artifact_lint.adapters import (
    checksum_lists,
    dvc,
    dvc_directories,
    huggingface,
    kitfile,
    loaded_code,
    mlflow,
    mlflow_tracking,
    model_signing,
    native,
    sidecar,
    wandb,
)
from artifact_lint.model import Irregularity, Origin, Record, Remark
from artifact_lint.tree import UNREAD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from artifact_lint.adapters.base import Claim, Convention, Supplement
    from artifact_lint.tree import Tree

CONVENTIONS = tuple(cast("Convention", module) for module in (native, mlflow, huggingface, kitfile, sidecar))
SUPPLEMENTS = tuple(
    cast("Supplement", module)
    for module in (mlflow_tracking, dvc, dvc_directories, wandb, checksum_lists, model_signing, loaded_code)
)

_BY_NAME = {convention.NAME: convention for convention in CONVENTIONS}


def claims_in(tree: Tree, convention: Convention, directory: str) -> Iterable[Claim]:
    """The records of a convention directly in a directory."""
    return tree.guarded(directory or ".", lambda: list(convention.recognise(tree, directory)), [])


def record_of(tree: Tree, claim: Claim) -> Record:
    """What a recognised record states, read once however often it is asked for."""
    return tree.once(claim, lambda: _described(tree, claim))


def _described(tree: Tree, claim: Claim) -> Record:
    origin = Origin(claim.record)
    remark = Remark(Irregularity.UNREADABLE, origin, UNREAD)
    unread = Record(conventions=(claim.convention,), sources=(origin,), remarks=(remark,))
    return tree.guarded(claim.record, lambda: _BY_NAME[claim.convention].describe(tree, claim), unread)


__all__ = ["CONVENTIONS", "SUPPLEMENTS", "claims_in", "record_of"]
