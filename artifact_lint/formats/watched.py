"""A source that remembers whether reading it came to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause
from artifact_lint.stores.base import Borrowed

if TYPE_CHECKING:
    from artifact_lint.stores.base import Source


class Watched(Borrowed):
    """Another source, and in `limited` whether it unpacked to more than it may, whoever kept that to himself."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.limited = False

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self._source.size

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""
        try:
            return self._source.read(offset, length)
        except FormatError as error:
            self.limited = self.limited or error.cause is Cause.LIMIT
            raise
