"""How much of a file is run: one count for all its streams, those behind breaks, within constants and within arrays."""

from __future__ import annotations

from typing import Final

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause

#: How many opcodes of a file are run only to tell whether bytes are a pickle.
_TRIALS: Final = 1 << 21


class Budget:
    """The opcodes that may still be run: `left` in all, `trials` to tell whether bytes are a pickle."""

    __slots__ = ("left", "trials")

    def __init__(self, opcodes: int, trials: int = _TRIALS) -> None:
        self.left = opcodes
        self.trials = trials

    def spend(self, opcodes: int) -> None:
        """Count opcodes that were run."""
        self.left -= opcodes

    def check(self, offset: int) -> None:
        """See to it that some are left.

        Raises:
            FormatError: There are none.
        """
        if self.left < 0:
            raise FormatError(Cause.LIMIT, "too many opcodes would have to be run one by one", offset)

    def narrow(self, most: int) -> None:
        """Leave no more than this."""
        self.left = min(self.left, most)
        self.trials = min(self.trials, most)
