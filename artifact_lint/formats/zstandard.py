"""What a few Zstandard frames unpack to (RFC 8878): for indexes that are small, on Pythons that have no decoder.

Blocks are unpacked at about two megabytes a second, which is enough for what tells where arrays lie and too slow for
the arrays themselves. Checksums are not held against the content, and frames that need a dictionary are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.zstandard_entropy import Backward, Fse, broken, fse_of, huffman_streams, huffman_table
from artifact_lint.formats.zstandard_entropy import distribution as read_distribution
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = b"\x28\xb5\x2f\xfd"
_LARGEST_BLOCK: Final = 1 << 17
#: Blocks, and sequences in all of them, up to which frames are unpacked. Writers fill their blocks, and match some
#: bytes with each sequence: what holds more is made to take long.
_MOST_BLOCKS: Final = 300
_MOST_SEQUENCES: Final = 200_000

#: Section 3.1.1.3.2.1.1: what codes of literal lengths and of match lengths stand for, as (base, extra bits).
_LITERAL_LENGTHS: Final = (
    *((value, 0) for value in range(16)),
    *((16, 1), (18, 1), (20, 1), (22, 1), (24, 2), (28, 2), (32, 3), (40, 3), (48, 4), (64, 6)),
    *((1 << bits, bits) for bits in range(7, 17)),
)
_MATCH_LENGTHS: Final = (
    *((value, 0) for value in range(3, 35)),
    *((35, 1), (37, 1), (39, 1), (41, 1), (43, 2), (47, 2), (51, 3), (59, 3), (67, 4), (83, 4), (99, 5)),
    *((3 + (1 << bits), bits) for bits in range(7, 17)),
)
#: Section 3.1.1.3.2.2: the distributions where a block states none.
_DEFAULT_LITERALS: Final = (
    *(4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2),
    *(2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1),
)
_DEFAULT_MATCHES: Final = (1, 4, 3, 2, 2, 2, 2, 2, 2, *(1,) * 37, *(-1,) * 7)
_DEFAULT_OFFSETS: Final = (*(1,) * 6, 2, 2, 2, *(1,) * 15, *(-1,) * 5)


def unpack(data: bytes, most: int) -> bytes:
    """The content of the frames in `data`, which has at most `most` bytes.

    Raises:
        FormatError: The frames are broken, cut, made with a dictionary, or unpack to more than `most` bytes.
    """
    content = bytearray()
    at = 0
    blocks = 0
    left = _MOST_SEQUENCES
    while at < len(data):
        at, has_checksum = _frame_header(data, at)
        frame = _Frame(content, len(content), most)
        is_last = False
        while not is_last:
            header = int.from_bytes(_taken(data, at, 3), "little")
            is_last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
            blocks += 1
            if blocks > _MOST_BLOCKS:
                raise FormatError(Cause.LIMIT, f"more than {_MOST_BLOCKS:,} blocks of Zstandard", at)
            block = _taken(data, at + 3, 1 if kind == 1 else size)
            left -= frame.block(kind, block, size)
            if left < 0:
                raise FormatError(Cause.LIMIT, f"more than {_MOST_SEQUENCES:,} sequences of Zstandard", at)
            at += 3 + len(block)
        at += 4 if has_checksum else 0
    return bytes(content)


def _taken(data: bytes, at: int, length: int) -> bytes:
    taken = data[at : at + length]
    if len(taken) < length:
        raise FormatError(Cause.TRUNCATED, "the Zstandard frame ends early", at)
    return taken


def _frame_header(data: bytes, at: int) -> tuple[int, bool]:
    """Where the first block stands, and whether a checksum follows the last (section 3.1.1.1)."""
    if _taken(data, at, 4) != MAGIC:
        raise broken("there is no frame")
    descriptor = _taken(data, at + 4, 1)[0]
    if descriptor & 3:
        raise FormatError(Cause.UNSUPPORTED, "a Zstandard frame that needs a dictionary", at)
    is_single = bool(descriptor & 0x20)
    sized = (1 if is_single else 0, 2, 4, 8)[descriptor >> 6]
    return at + 5 + (0 if is_single else 1) + sized, bool(descriptor & 4)


class _Frame:
    """What blocks of one frame share: the content so far, the last offsets, and the tables that may be used again."""

    def __init__(self, content: bytearray, start: int, most: int) -> None:
        self._content = content
        self._start = start
        self._most = most
        self._offsets = [1, 4, 8]
        self._huffman: list[tuple[int, int]] | None = None
        self._tables: list[Fse | None] = [None, None, None]

    def block(self, kind: int, data: bytes, size: int) -> int:
        """Append what a block unpacks to, and return its sequences; `size` is what its header says."""
        if kind == 3 or size > _LARGEST_BLOCK:
            raise broken("a block of no known kind or size")
        if kind == 2:
            return self._compressed(data)
        self._append(data * size if kind == 1 else data)
        return 0

    def _append(self, data: bytes | bytearray) -> None:
        if len(self._content) + len(data) > self._most:
            raise FormatError(Cause.LIMIT, f"unpacks to more than {self._most:,} bytes")
        self._content += data

    def _compressed(self, data: bytes) -> int:
        literals, at = self._literals(data)
        count, at = _count_of_sequences(data, at)
        end = len(self._content) + _LARGEST_BLOCK
        used = 0
        for length, offset, match in self._sequences(data, at, count) if count else ():
            self._append(literals[used : used + length])
            used += length
            self._copy(offset, match)
            if used > len(literals) or len(self._content) > end:
                raise broken("its sequences reach too far")
        self._append(literals[used:])
        return count

    def _copy(self, offset: int, length: int) -> None:
        start = len(self._content) - offset
        if start < self._start or not offset:
            raise broken("a match before the beginning")
        piece = self._content[start : start + length]
        if len(piece) < length:
            piece = (piece * (length // len(piece) + 1))[:length]
        self._append(piece)

    def _literals(self, data: bytes) -> tuple[bytes, int]:
        """The literals of a block, and where its sequences begin (section 3.1.1.3.1)."""
        first = _taken(data, 0, 1)[0]
        kind, form = first & 3, first >> 2 & 3
        if kind < 2:
            width = (1, 2, 1, 3)[form]
            size = int.from_bytes(_taken(data, 0, width), "little") >> (4 if form & 1 else 3)
            if size > _LARGEST_BLOCK:
                raise broken("too many literals")
            stored = _taken(data, width, 1 if kind else size)
            return stored * size if kind else stored, width + len(stored)
        width, bits = ((3, 10), (3, 10), (4, 14), (5, 18))[form]
        header = int.from_bytes(_taken(data, 0, width), "little") >> 4
        size, packed = header & ((1 << bits) - 1), header >> bits
        if size > _LARGEST_BLOCK:
            raise broken("too many literals")
        content = _taken(data, width, packed)
        at = 0
        if kind == 2:
            self._huffman, at = huffman_table(content)
        if self._huffman is None:
            raise broken("literals without a table")
        return huffman_streams(content[at:], self._huffman, size, streams=4 if form else 1), width + packed

    def _sequences(self, data: bytes, at: int, count: int) -> Iterator[tuple[int, int, int]]:
        """The length of literals, the offset and the length of the match, for each (section 3.1.1.3.2)."""
        modes = _taken(data, at, 1)[0]
        at += 1
        kinds = ((_DEFAULT_LITERALS, 6, 9, 36), (_DEFAULT_OFFSETS, 5, 8, 32), (_DEFAULT_MATCHES, 6, 9, 53))
        for index, (default, log, most, symbols) in enumerate(kinds):
            match modes >> (6 - 2 * index) & 3:
                case 0:
                    self._tables[index] = fse_of(default, log)
                case 1:
                    self._tables[index] = Fse.single(_taken(data, at, 1)[0], symbols)
                    at += 1
                case 2:
                    counts, own_log, at = read_distribution(data, at, most, symbols)
                    self._tables[index] = fse_of(counts, own_log)
                case _:
                    pass
        literals, offsets, matches = self._tables
        if literals is None or offsets is None or matches is None:
            raise broken("sequences without a table")
        bits = Backward(data[at:])
        states = [bits.read(literals.log), bits.read(offsets.log), bits.read(matches.log)]
        for left in range(count - 1, -1, -1):
            code, *next_literal = literals.rows[states[0]]
            offset_code, *next_offset = offsets.rows[states[1]]
            match_code, *next_match = matches.rows[states[2]]
            offset = (1 << offset_code) + bits.read(offset_code)
            base, extra = _MATCH_LENGTHS[match_code]
            match_length = base + bits.read(extra)
            base, extra = _LITERAL_LENGTHS[code]
            length = base + bits.read(extra)
            yield length, self._offset(offset, length), match_length
            if left:
                states[0] = next_literal[1] + bits.read(next_literal[0])
                states[2] = next_match[1] + bits.read(next_match[0])
                states[1] = next_offset[1] + bits.read(next_offset[0])
        if bits.left != 0:
            raise broken("its sequences do not end where they should")

    def _offset(self, value: int, length: int) -> int:
        """The offset that a value stands for: one by itself, or one of the last three (section 3.1.1.5)."""
        if value > 3:
            self._offsets = [value - 3, *self._offsets[:2]]
            return value - 3
        index = value - 1 if length else value
        if index == 0:
            return self._offsets[0]
        offset = self._offsets[index] if index < 3 else self._offsets[0] - 1
        kept = [known for place, known in enumerate(self._offsets) if place != min(index, 2)]
        self._offsets = [offset, *kept]
        return offset


def _count_of_sequences(data: bytes, at: int) -> tuple[int, int]:
    first = _taken(data, at, 1)[0]
    if first < 128:
        return first, at + 1
    if first < 255:
        return (first - 128 << 8) + _taken(data, at + 1, 1)[0], at + 2
    return int.from_bytes(_taken(data, at + 1, 2), "little") + 0x7F00, at + 3
