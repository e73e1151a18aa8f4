"""Flax's parameters as MessagePack: maps of arrays, each array an extension (flax/serialization.py, Flax 0.12).

After the MessagePack specification (github.com/msgpack/msgpack, spec.md). Extension 1 is an array, 2 a complex number,
3 a scalar; -1 is MessagePack's own timestamp.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.extents import items_of
from artifact_lint.formats.findings import MOST_TENSORS, Findings
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.sources import Memory
from artifact_lint.formats.train_states import is_of_training
from artifact_lint.model import Cause, Tensor
from artifact_lint.model.description import Description

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job

_ARRAY, _COMPLEX, _SCALAR, _TIMESTAMP = 1, 2, 3, -1
#: Values of the whole file, depth, and the length of a name, up to which it is read; an array takes as long as several
#: values, and the largest models have some thousands.
_MOST_VALUES = 400_000
_ARRAY_COUNTS = 15
_DEEPEST = 200
_LONGEST_NAME = 1 << 12
#: Of all names together, each of which has those of all maps around it.
_MOST_LETTERS = 1 << 24
#: The bytes of an array before its items: its shape and the name of its dtype.
_ARRAY_HEAD = 1024
#: Format byte: the widths of lengths and of numbers.
_FIXED = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_UNSIGNED = frozenset({0xCC, 0xCD, 0xCE, 0xCF})
_TEXTS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_SINGLE = frozenset({0xC0, 0xC2, 0xC3})
#: The names of dtypes whose width in bits they tell; of truth values, which take eight, they do not.
_DTYPE = re.compile(rb"(?:bool|(?:u?int|b?float|complex)(8|16|32|64|128))")
#: The key of a map that holds an array in pieces (`_chunk` in flax/serialization.py).
_IN_CHUNKS = "__msgpack_chunked_array__"
#: numpy's own limit, since version 2.
_MOST_DIMENSIONS = 64
_NUMPY_OBJECT = re.compile(rb"[|<>=]?O\d*|object\w*")


@dataclass(slots=True)
class _Chunked:
    """An array that Flax keeps in pieces since it is larger than a MessagePack value may be: what is known of it."""

    path: str
    shape: list[int] = field(default_factory=list)
    dtype: str | None = None


@dataclass(slots=True)
class _Container:
    """A map or an array that is being read: how many values are left, and the names on the way to them.

    `chunked` is the array whose pieces it holds, or holds something of.
    """

    left: int
    is_map: bool
    path: str
    key: str = ""
    expects_key: bool = False
    chunked: _Chunked | None = None


@dataclass(frozen=True, slots=True)
class _Value:
    """One value: the text or number it is, the container it opens, or the extension whose bytes follow."""

    text: str | None = None
    number: int | None = None
    opens: int | None = None
    is_map: bool = False
    extension: tuple[int, int] | None = None


@dataclass(slots=True)
class _Room:
    """How much of a file may still be read: values, and letters of the arrays' names."""

    values: int = _MOST_VALUES
    letters: int = _MOST_LETTERS

    def take(self, values: int, letters: int, window: Window) -> None:
        """Count what is read next.

        Raises:
            FormatError: It is too much.
        """
        self.values -= values
        self.letters -= letters
        if self.values < 0:
            raise FormatError(Cause.LIMIT, f"more than {_MOST_VALUES:,} MessagePack values", window.tell())
        if self.letters < 0:
            raise FormatError(Cause.LIMIT, f"names of more than {_MOST_LETTERS:,} letters in all", window.tell())


def read_flax(job: Job, findings: Findings) -> None:
    """State the arrays of a file, and what of it runs code.

    Raises:
        FormatError: It is no MessagePack, ends early or reaches a limit.
        StoreError: The bytes cannot be read.
    """
    if not job.member:
        findings.framework = "flax"
    reading = _Reading(job, findings)
    while reading.step():
        pass
    if not job.member:
        findings.extent = reading.window.tell()


class _Reading:
    """A file that is read value by value: where the next one stands, and what it stands in."""

    def __init__(self, job: Job, findings: Findings) -> None:
        self.window = Window(job.source)
        self._job = job
        self._findings = findings
        self._pending = [_Container(1, is_map=False, path="")]
        self._room = _Room()

    def step(self) -> bool:
        """Read a value, or leave a container that is read; whether there is more."""
        current = self._pending[-1]
        if current.left == 0:
            self._pending.pop()
            _close(current, self.window, self._job, self._findings)
            return bool(self._pending)
        self._room.take(1, 0, self.window)
        current.left -= 1
        is_key = current.is_map and current.expects_key
        current.expects_key = current.is_map and not is_key
        value = _value(self.window, wanted=is_key)
        if is_key:
            current.key = value.text or "?"
            if current.key == _IN_CHUNKS and current.chunked is None:
                current.chunked = _Chunked(current.path)
        self._enter(current, value, "" if is_key else f"{current.path}/{current.key}".lstrip("/")[:_LONGEST_NAME])
        return True

    def _enter(self, current: _Container, value: _Value, path: str) -> None:
        chunked = current.chunked
        if value.opens is not None:
            if len(self._pending) >= _DEEPEST:
                raise FormatError(Cause.LIMIT, f"MessagePack nests deeper than {_DEEPEST}", self.window.tell())
            inner = _Container(value.opens, value.is_map, path, expects_key=value.is_map, chunked=chunked)
            self._pending.append(inner)
        elif value.extension is not None:
            self._room.take(_ARRAY_COUNTS, len(path), self.window)
            tensor = _extension(self.window, value.extension, path, self._job, self._findings)
            if tensor is not None and chunked is not None:
                chunked.dtype = tensor.dtype
            elif tensor is not None:
                self._findings.add_tensor(tensor)
        elif value.number is not None and chunked is not None and _is_shape(current):
            chunked.shape.append(value.number)


def _is_shape(container: _Container) -> bool:
    """Whether a map holds the lengths of an array that is kept in pieces."""
    return container.chunked is not None and container.path == f"{container.chunked.path}/shape".lstrip("/")


def _close(container: _Container, window: Window, job: Job, findings: Findings) -> None:
    """State the array whose pieces have been read."""
    chunked = container.chunked
    if chunked is None or chunked.path != container.path or not container.is_map:
        return
    if chunked.dtype is None or len(chunked.shape) > _MOST_DIMENSIONS:
        findings.add_incomplete(Cause.BROKEN, "an array in chunks without any", window.tell(), job.member)
    else:
        findings.add_tensor(Tensor(chunked.path, chunked.dtype, tuple(chunked.shape)))


def describe_flax(job: Job) -> Description:
    """The arrays of a file, named by the keys on the way to them.

    Raises:
        StoreError: The bytes cannot be read.
    """
    findings = Findings()
    try:
        read_flax(job, findings)
    except FormatError as error:
        findings.add_error(error)
    end = findings.extent
    if end is not None and end < job.source.size:
        findings.add_incomplete(Cause.BROKEN, f"{job.source.size - end:,} bytes follow, which Flax refuses", end)
    found = findings.inspection()
    is_complete = not found.incomplete and len(found.tensors) < MOST_TENSORS
    weights = [math.prod(tensor.shape) for tensor in found.tensors if not is_of_training(tensor.name.partition("/")[0])]
    return Description(
        tensors=found.tensors,
        has_all_tensors=is_complete,
        parameters=sum(weights) if is_complete else None,
        incomplete=found.incomplete,
    )


def _value(window: Window, *, wanted: bool) -> _Value:
    first = window.take(1)[0]
    if first < 0x80:
        return _Value(number=first)
    if first >= 0xE0 or first in _SINGLE:
        return _Value()
    if first in _UNSIGNED:
        return _Value(number=_number(window, _FIXED[first]))
    if first in _FIXED:
        window.skip(_FIXED[first])
        return _Value()
    if 0xA0 <= first <= 0xBF or first in _TEXTS:
        length = first & 0x1F if first <= 0xBF else _number(window, _TEXTS[first])
        if wanted and length <= _LONGEST_NAME:
            return _Value(text=_text(window, length))
        window.skip(length)
        return _Value()
    if first in _BYTES:
        window.skip(_number(window, _BYTES[first]))
        return _Value()
    if first in _EXTENSIONS or first in _FIXED_EXTENSIONS:
        length = _FIXED_EXTENSIONS.get(first) or _number(window, _EXTENSIONS[first])
        return _Value(extension=(int.from_bytes(window.take(1), "big", signed=True), length))
    return _opened(window, first)


def _text(window: Window, length: int) -> str:
    try:
        return window.take(length).decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError(Cause.BROKEN, "a name that is no UTF-8", window.tell() - length) from None


def _opened(window: Window, first: int) -> _Value:
    is_map = first <= 0x8F or first in _MAPS
    if first <= 0x9F:
        count = first & 0x0F
    elif first in _ARRAYS or first in _MAPS:
        count = _number(window, (_MAPS if is_map else _ARRAYS)[first])
    else:
        raise FormatError(Cause.BROKEN, f"{first:#04x} opens no MessagePack value", window.tell() - 1)
    count *= 2 if is_map else 1
    if count > window.left():
        detail = f"a MessagePack container promises {count:,} values and {max(0, window.left()):,} bytes are left"
        raise FormatError(Cause.TRUNCATED, detail, window.tell())
    return _Value(opens=count, is_map=is_map)


def _number(window: Window, width: int) -> int:
    return int.from_bytes(window.take(width), "big")


def _extension(window: Window, kind: tuple[int, int], path: str, job: Job, findings: Findings) -> Tensor | None:
    """The array that an extension is, which is passed over; what it is otherwise, is stated."""
    tensor: Tensor | None = None
    code, length = kind
    place = window.tell()
    if length > window.left():
        raise window.cut(f"{length:,} bytes are promised and {max(0, window.left()):,} are left")
    if code in {_ARRAY, _SCALAR}:
        head = window.peek(min(length, _ARRAY_HEAD))[: min(length, _ARRAY_HEAD)]
        described = _array(head)
        known = None if described is None else _DTYPE.fullmatch(described[0])
        if described is None:
            findings.add_incomplete(Cause.BROKEN, "an array without a shape and a dtype", place, job.member)
        elif _NUMPY_OBJECT.fullmatch(described[0]):
            findings.add_incomplete(
                Cause.UNSUPPORTED, "an array of Python objects, which Flax does not write", place, job.member
            )
        else:
            count = items_of(described[1], place)
            if known is not None and described[2] not in (None, count * int(known[1] or 8) // 8):
                detail = "an array has another number of bytes than its shape asks for"
                findings.add_incomplete(Cause.BROKEN, detail, place, job.member)
            tensor = Tensor(path, described[0].decode("ascii", "replace"), described[1])
    elif code not in {_COMPLEX, _TIMESTAMP}:
        detail = f"a MessagePack extension of type {code}, which Flax does not write"
        findings.add_incomplete(Cause.UNSUPPORTED, detail, place, job.member)
    window.skip(length)
    return tensor


def _array(head: bytes) -> tuple[bytes, tuple[int, ...], int | None] | None:
    """The dtype and the shape at the beginning of a packed array, and how many bytes follow, as far as it is told.

    None where they are not there.
    """
    inner = Window(Memory(head))
    try:
        if inner.take(1) != b"\x93":
            return None
        first = inner.take(1)[0]
        if not (0x90 <= first <= 0x9F or first in _ARRAYS):
            return None
        count = _number(inner, _ARRAYS[first]) if first in _ARRAYS else first & 0x0F
        if count > _MOST_DIMENSIONS:
            return None
        shape = tuple(_dimension(inner) for _ in range(count))
        first = inner.take(1)[0]
        width = _TEXTS.get(first) or _BYTES.get(first)
        if not 0xA0 <= first <= 0xBF and not width:
            return None
        dtype = inner.take(_number(inner, width) if width else first & 0x1F)
        following = inner.take(1)[0]
        return dtype, shape, _number(inner, _BYTES[following]) if following in _BYTES else None
    except FormatError:
        return None


def _dimension(window: Window) -> int:
    first = window.take(1)[0]
    return first if first < 0x80 else _number(window, _FIXED.get(first, 0))
