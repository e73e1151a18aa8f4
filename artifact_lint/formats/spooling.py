"""A copy of what is unpacked as it is read, for readers that have to go to and fro in it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause
from artifact_lint.stores.base import Borrowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.stores.base import Source

_STEP = 1 << 20
#: What is kept in memory, and what in a temporary file at the most, in bytes.
IN_MEMORY = 1 << 24
_LARGEST = 8 << 30


class Copy(Borrowed):
    """The first bytes of a file that is at hand."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""
        self._file.seek(offset)
        return self._file.read(length)


@contextmanager
def spooled(source: Source) -> Iterator[Source]:
    """The same bytes, as far as they can be unpacked, in memory or in a temporary file that is gone afterwards.

    Raises:
        FormatError: They are more than are copied, cannot be unpacked at all, or there is no room for them.
        StoreError: The bytes cannot be read.
    """
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        size = 0
        try:
            while block := source.read(size, _STEP):
                size += len(block)
                if size > _LARGEST:
                    raise FormatError(Cause.LIMIT, f"an archive of more than {_LARGEST:,} bytes within a packed one")
                file.write(block)
        except OSError as error:
            raise FormatError(Cause.LIMIT, f"there is no room for the archive's unpacked bytes: {error}") from error
        yield Copy(file, size)
