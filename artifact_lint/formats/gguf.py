"""GGUF, versions 2 and 3: key-value pairs, tensor descriptions, aligned tensor bytes.

After ggml's docs/gguf.md, and the type sizes of ggml/src/ggml-common.h.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.formats.base import Format, FormatError
from artifact_lint.formats.extents import BEYOND, items_of
from artifact_lint.formats.pickles.window import Window
from artifact_lint.model import Cause, HazardKind, Incomplete, Tensor

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description

_MAGIC = b"GGUF"
#: Every version there has been; the number behind the magic tells a file from a text about it.
_VERSIONS = frozenset({1, 2, 3})
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_LONGEST_KEY = 1 << 16
_MOST_DIMENSIONS = 8
_DEEPEST_ARRAY = 4
_KEPT_KEYS = 500
#: What a description keeps: keys, and tensors; the largest models have a few thousand of these.
MOST_KEYS = 2000
MOST_TENSORS = 30_000
#: Whatever is read one by one counts; the largest vocabularies have half a million words and rules.
MOST_ITEMS = 1_200_000
MOST_LETTERS = 1 << 24
#: What a tensor and a pair count beside what a word of a vocabulary does, by the time that they take.
_TENSOR, _PAIR = 20, 6
_KEPT_TEXT = 500
#: The keys of chat templates: one by itself, others with a name behind a dot (gguf-py/gguf/constants.py).
_TEMPLATE = "tokenizer.chat_template"
_LONGEST_TEMPLATE = 4 << 20

#: Name, elements per block and bytes per block of each ggml type.
TYPES = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 36),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    31: ("Q4_0_4_4", 32, 18),
    32: ("Q4_0_4_8", 32, 18),
    33: ("Q4_0_8_8", 32, 18),  # until the end of 2024
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    36: ("IQ4_NL_4_4", 32, 18),
    37: ("IQ4_NL_4_8", 32, 18),
    38: ("IQ4_NL_8_8", 32, 18),  # as above
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}


class _Room:
    """How much of a file may still be read: pairs, tensors and items of arrays, and the bytes of their names."""

    __slots__ = ("_items", "_letters")

    def __init__(self) -> None:
        self._items = MOST_ITEMS
        self._letters = MOST_LETTERS

    def take(self, count: int, window: Window, letters: int = 0) -> None:
        """Count what is read next.

        Raises:
            FormatError: It is too much.
        """
        self._items -= count
        self._letters -= letters
        if self._items < 0:
            raise FormatError(Cause.LIMIT, f"more than {MOST_ITEMS:,} texts, arrays, pairs and tensors", window.tell())
        if self._letters < 0:
            raise FormatError(Cause.LIMIT, f"names of more than {MOST_LETTERS:,} bytes in all", window.tell())


class Items(NamedTuple):
    """An array of the metadata: how many items it has."""

    number: int

    def __str__(self) -> str:
        return f"{self.number:,} items"


def _recognise(probe: Probe) -> bool:
    version = probe.head[4:8]
    return (
        probe.head.startswith(_MAGIC)
        and len(version) == 4
        and (int.from_bytes(version, "little") in _VERSIONS or int.from_bytes(version, "big") in _VERSIONS)
    )


def _read(job: Job, findings: Findings) -> None:
    window = Window(job.source)
    findings.metadata["gguf_version"] = str(_version(window))
    tensors, pairs = _number(window, "Q"), _number(window, "Q")
    alignment = 32
    room = _Room()
    for index in range(pairs):
        key = _text(window, room, _PAIR)
        value = _pair(job, window, key, findings, room)
        if key == "general.alignment" and isinstance(value, int):
            alignment = value
        if index < _KEPT_KEYS and value is not None:
            findings.metadata[key] = str(value)[:_KEPT_TEXT]
    if alignment <= 0:
        raise FormatError(Cause.BROKEN, f"an alignment of {alignment}", window.tell())
    end: int | None = 0
    places: list[tuple[int, int, str]] = []
    for _ in range(tensors):
        tensor, offset = _tensor(window, room)
        findings.add_tensor(tensor)
        if tensor.size is None:
            end = None
        else:
            places.append((offset, offset + tensor.size, tensor.name))
            end = None if end is None else max(end, offset + tensor.size)
    _check_places(places, window)
    if end is not None and not job.member:
        findings.extent = -(-window.tell() // alignment) * alignment + end if tensors else window.tell()


def _check_places(places: list[tuple[int, int, str]], window: Window) -> None:
    """See to it that no tensor has another's name or bytes, as ggml does.

    Raises:
        FormatError: One has.
    """
    if len({name for _, _, name in places}) < len(places):
        raise FormatError(Cause.BROKEN, "two tensors have one name", window.tell())
    end = 0
    for begin, stop, name in sorted(places):
        if begin < end:
            raise FormatError(Cause.BROKEN, f"the bytes of {name[:200]!r} are another tensor's as well", window.tell())
        end = stop


def _version(window: Window) -> int:
    window.take(4)
    version = _number(window, "I")
    if version not in _VERSIONS:
        raise FormatError(Cause.UNSUPPORTED, "GGUF in big-endian byte order", 4)
    if version == 1:
        raise FormatError(Cause.UNSUPPORTED, f"GGUF version {version}", 4)
    return version


def _describe(job: Job) -> Description:
    from artifact_lint.model.description import Description  # noqa: PLC0415 - few runs ask for it

    window = Window(job.source)
    metadata = {"gguf_version": str(_version(window))}
    count, pairs = _number(window, "Q"), _number(window, "Q")
    found: list[Tensor] = []
    incomplete: tuple[Incomplete, ...] = ()
    room = _Room()
    try:
        for _ in range(pairs):
            key = _text(window, room, _PAIR)
            value = _value(window, _number(window, "I"), room)
            if value is not None and len(metadata) < MOST_KEYS:
                metadata[f"{key}.length" if isinstance(value, Items) else key] = _shown(value)
        while len(found) < min(count, MOST_TENSORS):
            found.append(_tensor(window, room)[0])
    except FormatError as error:
        incomplete = (Incomplete(error.cause, error.detail, error.offset),)
    if not incomplete and len(found) < count:
        incomplete = (Incomplete(Cause.LIMIT, f"more than {MOST_TENSORS:,} tensors", window.tell()),)
    is_complete = not incomplete
    return Description(
        tensors=tuple(found),
        has_all_tensors=is_complete,
        parameters=sum(math.prod(tensor.shape) for tensor in found) if is_complete else None,
        metadata=metadata,
        incomplete=incomplete,
    )


def _shown(value: object) -> str:
    return str(value.number) if isinstance(value, Items) else str(value)[:_KEPT_TEXT]


def _pair(job: Job, window: Window, key: str, findings: Findings, room: _Room) -> object:
    kind = _number(window, "I")
    if kind != _STRING or not (key == _TEMPLATE or key.startswith(f"{_TEMPLATE}.")):
        return _value(window, kind, room)
    length = _number(window, "Q")
    place = window.tell()
    if length > _LONGEST_TEMPLATE:
        findings.add_incomplete(Cause.LIMIT, f"a chat template of {length:,} bytes", place, job.member)
        window.skip(length)
        return None
    template = window.take(length).decode("utf-8", "replace")
    findings.add_hazard(HazardKind.TEMPLATE, template, place, job.member)
    return template


def _tensor(window: Window, room: _Room) -> tuple[Tensor, int]:
    """A tensor, and where its bytes begin behind the header."""
    name = _text(window, room, _TENSOR)
    count = _number(window, "I")
    if count > _MOST_DIMENSIONS:
        raise FormatError(Cause.BROKEN, f"a tensor of {count} dimensions", window.tell())
    shape = struct.unpack(f"<{count}Q", window.take(8 * count))
    kind, offset = struct.unpack("<IQ", window.take(12))
    title, block, size = TYPES.get(kind, (f"type {kind}", 0, 0))
    items = items_of(shape, window.tell())
    if offset >= BEYOND:
        raise FormatError(Cause.BROKEN, f"the tensor {name[:200]!r} lies beyond the end of any file", window.tell())
    if block and shape and shape[0] % block:
        detail = f"a row of the tensor {name[:200]!r} is no number of blocks of {title}"
        raise FormatError(Cause.BROKEN, detail, window.tell())
    length = items // block * size if block else None
    return Tensor(name, title, shape[::-1], length), offset


def _number(window: Window, code: str) -> int:
    layout = struct.Struct("<" + code)
    return int(layout.unpack(window.take(layout.size))[0])


def _text(window: Window, room: _Room, weight: int) -> str:
    """The name of a pair or of a tensor."""
    length = _number(window, "Q")
    if length > _LONGEST_KEY:
        raise FormatError(Cause.BROKEN, f"a name of {length:,} bytes", window.tell())
    room.take(weight, window, length)
    return window.take(length).decode("utf-8", "replace")


def _value(window: Window, kind: int, room: _Room) -> object:
    if kind == _STRING:
        length = _number(window, "Q")
        if length > _LONGEST_KEY:
            window.skip(length)
            return None
        return window.take(length).decode("utf-8", "replace")
    if kind == _ARRAY:
        return _array(window, room)
    code = _SCALARS.get(kind)
    if code is None:
        raise FormatError(Cause.BROKEN, f"{kind} is no GGUF value type", window.tell())
    layout = struct.Struct("<" + code)
    value: object = layout.unpack(window.take(layout.size))[0]
    return value


def _array(window: Window, room: _Room) -> Items:
    kind, count = _number(window, "I"), _number(window, "Q")
    items = Items(count)
    pending = [(kind, count)]
    while pending:
        kind, count = pending.pop()
        if kind == _ARRAY and count:
            if len(pending) >= _DEEPEST_ARRAY:
                raise FormatError(Cause.LIMIT, "arrays nest too deep", window.tell())
            room.take(_PAIR, window)
            pending.append((kind, count - 1))
            pending.append((_number(window, "I"), _number(window, "Q")))
        elif kind == _STRING:
            _skip_texts(window, count, room)
        elif kind in _SCALARS:
            window.skip(count * struct.calcsize("<" + _SCALARS[kind]))
        elif kind != _ARRAY:
            raise FormatError(Cause.BROKEN, f"{kind} is no GGUF value type", window.tell())
    return items


def _skip_texts(window: Window, count: int, room: _Room) -> None:
    """Pass over so many texts: those that lie in the window as a whole, and then the one that reaches beyond."""
    if 8 * count > window.left():
        detail = f"an array promises {count:,} texts and {window.left():,} bytes are left"
        raise FormatError(Cause.TRUNCATED, detail, window.tell())
    room.take(count, window)
    length_at = struct.Struct("<Q").unpack_from
    while count:
        buffer, at = window.buffer, window.position
        last = len(buffer) - 8
        while count and at <= last:
            following = at + 8 + length_at(buffer, at)[0]
            if following > len(buffer):
                break
            at = following
            count -= 1
        window.position = at
        if count:
            window.skip(_number(window, "Q"))
            count -= 1


GGUF = Format("gguf", "GGUF", (".gguf",), _recognise, _read, frameworks=("llama.cpp",), describe=_describe)
