"""Conventions: how teams keep records of their models, each turned into the same vocabulary.

The lists are in order of precedence: what stands first wins where two state different values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from artifact_lint.adapters import dvc, huggingface, kitfile, mlflow, mlflow_tracking, native, sidecar

if TYPE_CHECKING:
    from artifact_lint.adapters.base import Claim, Convention, Supplement
    from artifact_lint.model import Record
    from artifact_lint.tree import Tree

CONVENTIONS = tuple(cast("Convention", module) for module in (native, mlflow, huggingface, kitfile, sidecar))
SUPPLEMENTS = tuple(cast("Supplement", module) for module in (mlflow_tracking, dvc))

_BY_NAME = {convention.NAME: convention for convention in CONVENTIONS}


def record_of(tree: Tree, claim: Claim) -> Record:
    """What a recognised record states, read once however often it is asked for."""
    return tree.once(claim, lambda: _BY_NAME[claim.convention].describe(tree, claim))


__all__ = ["CONVENTIONS", "SUPPLEMENTS", "record_of"]
