"""How many features of a table are described one by one."""

from __future__ import annotations

from typing import Final

from artifact_lint.model import Cause, Incomplete

#: Some twenty megabytes of them.
MOST_COLUMNS: Final = 1 << 17


def too_many_columns(most: int = MOST_COLUMNS) -> Incomplete:
    """What is said of a model that takes more."""
    return Incomplete(Cause.LIMIT, f"the model takes more than {most:,} features")
