"""The bytes of a zip archive that none of its members own: where members hide from the directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.zip_records import CENTRAL, DESCRIPTOR, END, LOCAL, local_header
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.formats.zip_records import Local
    from artifact_lint.stores.base import Source

_FIRST_STEP = 1 << 10
_LARGEST_STEP = 1 << 20
_LONGEST_SIGNATURE = 4
_DESCRIPTOR_LENGTHS = (16, 24)
_SIGNATURES = (LOCAL, CENTRAL, END, DESCRIPTOR, b"PK\x06\x06")
#: No deflate stream expands further.
MOST_EXPANSION = 1032


@dataclass(slots=True)
class Budget:
    """How many bytes may still be looked through, over a whole archive."""

    left: int

    def spend(self, count: int, at: int) -> None:
        """Count bytes.

        Raises:
            FormatError: There were too many.
        """
        self.left -= count
        if self.left < 0:
            raise FormatError(Cause.LIMIT, "too many bytes of the archive belong to no member", at)


def hidden_members(source: Source, start: int, stop: int, budget: Budget) -> Iterator[Local]:
    """The members that only their local headers tell of, within a stretch of bytes.

    A header's size is believed where another record or the end of the stretch stands behind it. Elsewhere the member is
    told a second time, as one that reaches to the next header, and what it would hold is looked through as well.

    Raises:
        FormatError: The budget is spent.
        StoreError: The bytes cannot be read.
    """
    position = start
    while (position := find(source, LOCAL, position, stop, budget)) >= 0:
        local = local_header(source, position)
        if local is None or not local.entry.raw or local.start > stop:
            position += len(LOCAL)
            continue
        end = local.start + local.entry.packed
        if local.entry.packed or not local.entry.open_ended:
            yield local
        is_cut = end > stop == source.size
        if is_cut or (end > local.start and _is_followed(source, end, stop)):
            position = end
        else:
            yield _up_to_next(source, local, stop, budget)
            position = local.start


def _is_followed(source: Source, end: int, stop: int) -> bool:
    return end == stop or (end < stop and source.read(end, _LONGEST_SIGNATURE) in _SIGNATURES)


def _up_to_next(source: Source, local: Local, stop: int, budget: Budget) -> Local:
    """A member whose header leaves its size open, or lies about it: it ends where the next one begins."""
    end = find(source, LOCAL, local.start, stop, budget)
    end = stop if end < 0 else end
    for length in _DESCRIPTOR_LENGTHS:
        if end - length >= local.start and source.read(end - length, _LONGEST_SIGNATURE) == DESCRIPTOR:
            end -= length
            break
    packed = end - local.start
    size = packed if local.entry.method == 0 else packed * MOST_EXPANSION
    return local._replace(entry=local.entry._replace(packed=packed, size=size))


def find(source: Source, wanted: bytes, start: int, stop: int, budget: Budget) -> int:
    """Where bytes are first found within a stretch, -1 where they are not.

    Raises:
        FormatError: The budget is spent.
        StoreError: The bytes cannot be read.
    """
    position, step = start, _FIRST_STEP
    while position < stop:
        block = source.read(position, min(step, stop - position))
        budget.spend(len(block), position)
        found = block.find(wanted)
        step = min(4 * step, _LARGEST_STEP)
        if found >= 0:
            return position + found
        if position + len(block) >= stop or len(block) < len(wanted):
            return -1
        position += len(block) - len(wanted) + 1
    return -1


def first_byte(source: Source, start: int, stop: int, budget: Budget) -> int:
    """Where the first byte that is not zero stands within a stretch, -1 where there is none: zeros are padding.

    Raises:
        FormatError: The budget is spent.
        StoreError: The bytes cannot be read.
    """
    position = start
    while position < stop:
        block = source.read(position, min(_LARGEST_STEP, stop - position))
        budget.spend(len(block), position)
        rest = block.lstrip(b"\0")
        if rest:
            return position + len(block) - len(rest)
        if not block:
            return -1
        position += len(block)
    return -1
