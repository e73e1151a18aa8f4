"""Conventions: how teams keep records of their models, each turned into the same vocabulary.

The lists are in order of precedence: what stands first wins where two state different values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from artifact_lint.adapters import dvc, huggingface, mlflow, mlflow_tracking, native, sidecar

if TYPE_CHECKING:
    from artifact_lint.adapters.base import Convention, Supplement

CONVENTIONS = tuple(cast("Convention", module) for module in (native, mlflow, huggingface, sidecar))
SUPPLEMENTS = tuple(cast("Supplement", module) for module in (mlflow_tracking, dvc))

__all__ = ["CONVENTIONS", "SUPPLEMENTS"]
