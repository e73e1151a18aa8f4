"""The two entropy codes of Zstandard: finite-state entropy and Huffman's (RFC 8878, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEEPEST_CODE: Final = 11
_MOST_WEIGHTS: Final = 255


def broken(detail: str) -> FormatError:
    """The error that frames are broken."""
    return FormatError(Cause.BROKEN, f"the Zstandard frame is broken: {detail}")


class Backward:
    """Bits that are read from the end: the last set one marks where they begin. Before the first byte are zeros."""

    def __init__(self, data: bytes) -> None:
        if not data or not data[-1]:
            raise broken("a stream of bits without an end")
        self._data = data
        self.left = 8 * len(data) - 9 + data[-1].bit_length()

    def read(self, count: int) -> int:
        """The next bits as a number; `left` is negative once more are read than there are."""
        self.left -= count
        return self._at(self.left, count)

    def peek(self, count: int) -> int:
        """The next bits, which stay where they are."""
        return self._at(self.left - count, count)

    def _at(self, place: int, count: int) -> int:
        if place >= 0:
            start = place >> 3
            return int.from_bytes(self._data[start : start + 8], "little") >> (place & 7) & ((1 << count) - 1)
        return int.from_bytes(self._data[:8], "little") << -place & ((1 << count) - 1) if place > -64 else 0


class Fse(NamedTuple):
    """A decoding table: for each state its symbol, and the bits and the base of the next state."""

    log: int
    rows: tuple[tuple[int, int, int], ...]

    @staticmethod
    def single(symbol: int, symbols: int) -> Fse:
        """The table of one symbol, which takes no bits; `symbols` is how many there may be."""
        if symbol >= symbols:
            raise broken(f"a code of {symbol}")
        return Fse(0, ((symbol, 0, 0),))


def distribution(data: bytes, start: int, most_log: int, symbols: int) -> tuple[list[int], int, int]:
    """How often each symbol comes, the logarithm of their sum, and where the bytes after it begin (section 4.1.1)."""
    place = 8 * start

    def peek(count: int) -> int:
        begin = place >> 3
        return int.from_bytes(data[begin : begin + 4], "little") >> (place & 7) & ((1 << count) - 1)

    log = peek(4) + 5
    place += 4
    if log > most_log:
        raise broken("a table that is too large")
    remaining = 1 << log
    counts = list[int]()
    while remaining > 0 and len(counts) < symbols and place < 8 * len(data):
        bits = (remaining + 1).bit_length()
        value = peek(bits)
        low = (1 << bits - 1) - 1
        threshold = (1 << bits) - 2 - remaining
        if value & low < threshold:
            value &= low
            bits -= 1
        elif value > low:
            value -= threshold
        place += bits
        counts.append(value - 1)
        remaining -= abs(value - 1)
        repeat = 3 if value == 1 else 0
        while repeat == 3:
            repeat = peek(2)
            place += 2
            counts += [0] * repeat
            if len(counts) > symbols:
                break
    if remaining or len(counts) > symbols or place > 8 * len(data):
        raise broken("a distribution that does not add up")
    return counts, log, -(-place // 8)


def fse_of(counts: Sequence[int], log: int) -> Fse:
    """The decoding table of a distribution (section 4.1.1); -1 stands for a symbol that is rarer than one state."""
    size = 1 << log
    symbols = [0] * size
    following = [abs(count) for count in counts]
    end = size
    for symbol, count in enumerate(counts):
        if count == -1:
            end -= 1
            symbols[end] = symbol
    place = 0
    for symbol, count in enumerate(counts):
        for _ in range(count):
            symbols[place] = symbol
            place = place + (size >> 1) + (size >> 3) + 3 & size - 1
            while place >= end:
                place = place + (size >> 1) + (size >> 3) + 3 & size - 1
    rows = list[tuple[int, int, int]]()
    for symbol in symbols:
        state = following[symbol]
        following[symbol] += 1
        bits = log + 1 - state.bit_length()
        rows.append((symbol, bits, (state << bits) - size))
    return Fse(log, tuple(rows))


def huffman_table(data: bytes) -> tuple[list[tuple[int, int]], int]:
    """A symbol and its bits for each of the next bits, and how many bytes the table takes (section 4.2.1)."""
    if not data:
        raise broken("no table of literals")
    header = data[0]
    if header < 128:
        weights = _packed_weights(data[1 : 1 + header])
        end = 1 + header
    else:
        count = header - 127
        end = 1 + (count + 1) // 2
        weights = [weight for byte in data[1:end] for weight in (byte >> 4, byte & 15)][:count]
    if end > len(data):
        raise broken("a table of literals that is cut")
    total = sum(1 << weight - 1 for weight in weights if weight)
    depth = total.bit_length()
    left = (1 << depth) - total
    if not total or depth > _DEEPEST_CODE or left & left - 1:
        raise broken("a table of literals that does not add up")
    weights.append(left.bit_length())
    table = list[tuple[int, int]]()
    for weight in range(1, depth + 1):
        for symbol, own in enumerate(weights):
            if own == weight:
                table += [(symbol, depth + 1 - weight)] * (1 << weight - 1)
    if len(table) != 1 << depth:
        raise broken("a table of literals that does not add up")
    return table, end


def _packed_weights(data: bytes) -> list[int]:
    """The weights of Huffman's code, by two states in turn (section 4.2.1.2)."""
    counts, log, start = distribution(data, 0, 6, _DEEPEST_CODE + 2)
    table = fse_of(counts, log)
    bits = Backward(data[start:])
    states = [bits.read(log), bits.read(log)]
    weights = list[int]()
    turn = 0
    while bits.left >= 0 and len(weights) < _MOST_WEIGHTS:
        symbol, count, base = table.rows[states[turn]]
        weights.append(symbol)
        states[turn] = base + bits.read(count)
        turn = 1 - turn
    weights.append(table.rows[states[turn]][0])
    return weights


def huffman_streams(data: bytes, table: list[tuple[int, int]], size: int, *, streams: int) -> bytes:
    """The literals of one or four streams, `size` in all (section 3.1.1.3.1.6)."""
    if streams == 1:
        return _huffman_stream(data, table, size)
    lengths = [int.from_bytes(data[at : at + 2], "little") for at in (0, 2, 4)]
    each = (size + 3) // 4
    pieces = list[bytes]()
    at = 6
    for length in lengths:
        pieces.append(_huffman_stream(data[at : at + length], table, each))
        at += length
    pieces.append(_huffman_stream(data[at:], table, size - 3 * each))
    return b"".join(pieces)


def _huffman_stream(data: bytes, table: list[tuple[int, int]], size: int) -> bytes:
    depth = len(table).bit_length() - 1
    bits = Backward(data)
    found = bytearray()
    while bits.left > 0 and len(found) < size:
        symbol, count = table[bits.peek(depth)]
        found.append(symbol)
        bits.left -= count
    if bits.left != 0 or len(found) != size:
        raise broken("literals that do not end where they should")
    return bytes(found)
