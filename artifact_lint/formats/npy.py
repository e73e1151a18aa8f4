"""NumPy's array files (numpy.lib.format, versions 1.0 to 3.0) and archives of them."""

from __future__ import annotations

import math
import re
import struct
from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format, FormatError
from artifact_lint.formats.members import read_members
from artifact_lint.formats.pickles.reader import read_pickle
from artifact_lint.model import Cause, Tensor

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.stores.base import Source

_MAGIC = b"\x93NUMPY"
#: numpy reads headers up to 10,000 bytes unless told otherwise.
_LONGEST_HEADER = 1 << 16
_DEEPEST = 32
_TYPE = re.compile(r"[<>=|]?([a-zA-Z?])(\d{0,9})(?:\[.*\])?")
_TOKEN = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(\d{1,19})L?|(True|False|None)|([][(){}:,]))")


def _is_array(probe: Probe) -> bool:
    return probe.head.startswith(_MAGIC)


def _is_archive(probe: Probe) -> bool:
    names = [entry.name for entry in probe.members.value]
    return bool(names) and all(name.endswith(".npy") for name in names)


def _read_array(job: Job, findings: Findings) -> None:
    header, start = _header(job.source)
    fields = _literal(header)
    if not isinstance(fields, dict) or "descr" not in fields or not isinstance(fields.get("shape"), tuple):
        raise FormatError(Cause.BROKEN, "the header is no dict of descr, fortran_order and shape", len(_MAGIC))
    shape = fields["shape"]
    if not all(isinstance(n, int) and not isinstance(n, bool) for n in shape):
        raise FormatError(Cause.BROKEN, "the shape is not made of numbers", len(_MAGIC))
    descr = fields["descr"]
    types = _types(descr)
    findings.add_tensor(Tensor(_name(job), descr if isinstance(descr, str) else ",".join(types), tuple(shape)))
    if any(_kind(text) == "O" for text in types):
        read_pickle(job, findings, start)
    elif not job.member and isinstance(descr, str) and (size := _size(descr)) is not None:
        findings.extent = start + math.prod(shape) * size


def _header(source: Source) -> tuple[str, int]:
    head = source.read(0, 12)
    if len(head) < 12:
        raise FormatError(Cause.TRUNCATED, "the header is cut", len(head))
    if head[6] not in {1, 2, 3}:
        raise FormatError(Cause.UNSUPPORTED, f"npy version {head[6]}.{head[7]}", 6)
    start, layout = (10, "<H") if head[6] == 1 else (12, "<I")
    length: int = struct.unpack_from(layout, head, 8)[0]
    if length > _LONGEST_HEADER:
        raise FormatError(Cause.LIMIT, f"a header of {length:,} bytes", 8)
    text = source.read(start, length)
    if len(text) < length:
        raise FormatError(Cause.TRUNCATED, "the header is cut", source.size)
    return text.decode("utf-8" if head[6] == 3 else "latin-1", errors="replace"), start + length


def _name(job: Job) -> str:
    return job.name.rpartition("/")[2].removesuffix(".npy") if job.member else ""


def _types(descr: object) -> list[str]:
    found: list[str] = []
    pending = [descr]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, list):
            pending += [field[1] for field in item if isinstance(field, tuple) and len(field) > 1]
        elif isinstance(item, tuple) and item:
            pending.append(item[0])
    return found


def _kind(text: str) -> str:
    match = _TYPE.fullmatch(text)
    return match[1] if match else "O"


def _size(text: str) -> int | None:
    match = _TYPE.fullmatch(text)
    if match is None or not match[2]:
        return None
    return int(match[2]) * (4 if match[1] == "U" else 1)


def _literal(text: str) -> object:
    """The value of a header, which is a Python literal; None where it is none."""
    stack: list[tuple[str, list[object]]] = [("", [])]
    position, text = 0, text.rstrip()
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return None
        position = token.end()
        mark = token[5]
        if mark is None:
            stack[-1][1].append(_scalar(token))
        elif mark in "([{":
            stack.append((mark, []))
            if len(stack) > _DEEPEST:
                return None
        elif mark in ")]}":
            opening, items = stack.pop()
            if opening + mark not in {"()", "[]", "{}"} or not stack:
                return None
            stack[-1][1].append(_collection(opening, items))
    return stack[0][1][0] if len(stack) == 1 and len(stack[0][1]) == 1 else None


def _scalar(token: re.Match[str]) -> object:
    if token[3] is not None:
        return int(token[3])
    if token[4] is not None:
        return {"True": True, "False": False, "None": None}[token[4]]
    return token[1] if token[1] is not None else token[2]


def _collection(opening: str, items: list[object]) -> object:
    if opening == "(":
        return tuple(items)
    if opening == "[":
        return items
    return {key: value for key, value in zip(items[::2], items[1::2], strict=False) if isinstance(key, str)}


def _read_archive(job: Job, findings: Findings) -> None:
    read_members(job, findings)


NPY = Format(
    "npy",
    "NumPy array",
    (".npy",),
    _is_array,
    _read_array,
    frameworks=("numpy",),
    aliases=("numpy",),
    safe_alternative="safetensors",
    generic=True,
)

NPZ = Format(
    "npz",
    "NumPy archive",
    (".npz",),
    _is_archive,
    _read_archive,
    frameworks=("numpy",),
    safe_alternative="safetensors",
    generic=True,
)
