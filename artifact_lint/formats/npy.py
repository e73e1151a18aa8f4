"""NumPy's array files (numpy.lib.format, versions 1.0 to 3.0) and archives of them."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import ARRAY_COST, READ_COST, Format, FormatError
from artifact_lint.formats.extents import items_of
from artifact_lint.formats.findings import MOST_GAPS
from artifact_lint.formats.members import read_members
from artifact_lint.formats.pickles.opening import looks_like_pickle, read_pickle
from artifact_lint.formats.sources import Slice
from artifact_lint.formats.zip_records import directories, entries
from artifact_lint.formats.zips import member
from artifact_lint.model import Cause, HazardKind, Incomplete, Tensor
from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.zip_records import Entry
    from artifact_lint.model.description import Description
    from artifact_lint.stores.base import Source

_MAGIC = b"\x93NUMPY"
#: numpy reads headers up to 10,000 bytes unless told otherwise.
_LONGEST_HEADER = 1 << 16
_DEEPEST = 32
#: The most dimensions of an array (NPY_MAXDIMS of numpy 2), and one more than its most items (npy_intp).
_MOST_DIMENSIONS = 64
_MOST_ITEMS = 1 << 63
#: The kind of types whose items are pickled.
_OBJECT = "O"
_TYPE: Final = r"[<>=|]?([a-zA-Z?])(\d{0,9})(?:\[.*\])?"
#: The sizes in bytes of types that are a letter alone (numpy, "Data type objects: one-character strings").
_LETTERS: Mapping[str, int] = {
    **dict.fromkeys("SaUV", 0),
    **dict.fromkeys("?bBc", 1),
    **dict.fromkeys("hHe", 2),
    **dict.fromkeys("iIf", 4),
    **dict.fromkeys("qQdFmM", 8),
    "D": 16,
}
#: Letters whose size depends on the machine that reads: long, intp, size_t and long double.
_OF_THE_MACHINE = "lLpPnNgG"
#: Kinds that any number of bytes may follow, in characters of four bytes for `U`; the sizes of the others.
_SIZED = "SaUV"
_SIZES: Mapping[str, tuple[int, ...]] = {
    "b": (1,),
    **dict.fromkeys("iu", (1, 2, 4, 8)),
    "f": (2, 4, 8, 12, 16),
    "c": (8, 16, 24, 32),
    **dict.fromkeys("mM", (8,)),
}
_BLANK = r"[ \t\r\n\f]*"
_TOKEN = re.compile(
    rf"{_BLANK}(?:'([^'\\\r\n]*)'|\"([^\"\\\r\n]*)\"|(0|[1-9][0-9]{{0,18}})L?|(True|False|None)\b|([][(){{}}:,])){_BLANK}"
)
#: What `numpy.save` itself writes for an array without fields (numpy/lib/_format_impl.py), which is nearly every one.
_USUAL = re.compile(
    r"\{'descr': '([<>=|]?\w{1,12})', 'fortran_order': (True|False), "
    r"'shape': \(((?:(?:0|[1-9][0-9]{0,17}),|(?:0|[1-9][0-9]{0,17})(?:, (?:0|[1-9][0-9]{0,17}))+)?)\), \} *\n\Z"
)
_PAIRS = frozenset({"()", "[]", "{}"})
_FIELDS = frozenset({"descr", "fortran_order", "shape"})


def _is_array(probe: Probe) -> bool:
    return probe.head.startswith(_MAGIC)


def _is_archive(probe: Probe) -> bool:
    names = [entry.name for entry in probe.members.value]
    return bool(names) and all(name.endswith(".npy") for name in names)


def _read_array(job: Job, findings: Findings) -> None:
    """One array and those behind it: `numpy.save` may be called several times on one file, and `numpy.load` as well."""
    position = 0
    for _ in range(job.limits.nested):
        end = _read_at(job, findings, position)
        if end is None:
            return
        if not job.member:
            findings.extent = end
        if job.source.read(end, len(_MAGIC)) != _MAGIC:
            _read_trailing(job, findings, end)
            return
        position = end
    findings.add_incomplete(Cause.LIMIT, f"more than {job.limits.nested:,} arrays in one file", position, job.member)


def _read_trailing(job: Job, findings: Findings, start: int) -> None:
    """What stands behind an array may be what the next `numpy.load` unpickles."""
    rest = Slice(job.source, start, job.source.size)
    try:
        is_pickle = rest.size > 0 and looks_like_pickle(rest)
    except FormatError:
        is_pickle = True
    if is_pickle:
        findings.add_hazard(HazardKind.TRAILING_PICKLE, "a pickle follows the array", start, job.member)
        read_pickle(job, findings, start)


def array_header(source: Source) -> tuple[tuple[int, ...], object, bool, int]:
    """The shape and the type of the array that a source begins with, whether it is in Fortran's order, where it lies.

    Raises:
        FormatError: It is none, or its header cannot be read.
        StoreError: The bytes cannot be read.
    """
    if source.read(0, len(_MAGIC)) != _MAGIC:
        raise FormatError(Cause.BROKEN, "it is no array of NumPy's")
    header, start = _header(source)
    fields = _literal(header)
    shape, descr = _shape_and_type(fields)
    return shape, descr, isinstance(fields, dict) and fields["fortran_order"] is True, start


def _read_at(job: Job, findings: Findings, position: int) -> int | None:
    """Where the array that begins at a position ends; None where that is not known, or its pickle has been read."""
    source = Slice(job.source, position, job.source.size) if position else job.source
    header, start = _header(source)
    start += position
    try:
        shape, descr = _shape_and_type(_literal(header))
    except FormatError as error:
        findings.add_error(error, job.member)
        if looks_like_pickle(Slice(job.source, start, job.source.size), promised=True):
            read_pickle(job, findings, start)
        return None
    types = _types(descr)
    findings.add_tensor(Tensor(_name(job), descr if isinstance(descr, str) else ",".join(types), shape))
    if any(_kind(text) == _OBJECT for text in types):
        job.allowance.take(READ_COST)
        read_pickle(job, findings, start)
        return None
    size = _size(descr)
    if size is None:
        detail = "how long the array is cannot be told, so that what stands behind it is unknown"
        findings.add_incomplete(Cause.UNSUPPORTED, detail, start, job.member)
        return None
    return start + items_of((*shape, size), start)


def _describe_array(job: Job) -> Description:
    from artifact_lint.model.description import Description  # noqa: PLC0415 - few runs ask for it

    tensor = _array_of(job.source, "")
    return Description(tensors=(tensor,), has_all_tensors=True, parameters=math.prod(tensor.shape))


def _describe_archive(job: Job) -> Description:
    from artifact_lint.model.description import Description  # noqa: PLC0415 - few runs ask for it

    found: dict[str, Tensor] = {}
    incomplete: list[Incomplete] = []
    most = job.limits.members // ARRAY_COST
    for entry in _bounded(entries(job.source, directories(job.source)[0]), incomplete):
        if len(found) >= most:
            incomplete.append(Incomplete(Cause.LIMIT, f"the archive has more than {most:,} arrays", entry.header))
            break
        try:
            name = entry.name.removesuffix(".npy")
            found[name] = _array_of(member(job.source, entry, job.limits), name)
        except FormatError as error:
            if len(incomplete) < MOST_GAPS:
                incomplete.append(Incomplete(error.cause, error.detail, error.offset, entry.name))
    return Description(
        tensors=tuple(found.values()),
        has_all_tensors=not incomplete,
        parameters=None if incomplete else sum(math.prod(tensor.shape) for tensor in found.values()),
        incomplete=tuple(incomplete),
    )


def _bounded(listed: Iterator[Entry], incomplete: list[Incomplete]) -> Iterator[Entry]:
    """The entries up to where the directory cannot be read on, which is then told."""
    try:
        yield from listed
    except FormatError as error:
        incomplete.append(Incomplete(error.cause, error.detail, error.offset))


def _array_of(source: Source, name: str) -> Tensor:
    """What an array's header says of it."""
    header, _ = _header(source)
    shape, descr = _shape_and_type(_literal(header))
    return Tensor(name, descr if isinstance(descr, str) else ",".join(_types(descr)), shape)


def _shape_and_type(fields: object) -> tuple[tuple[int, ...], object]:
    if not isinstance(fields, dict) or fields.keys() != _FIELDS or not isinstance(fields["fortran_order"], bool):
        raise FormatError(Cause.BROKEN, "the header is no dict of descr, fortran_order and shape", len(_MAGIC))
    shape = fields["shape"]
    if not isinstance(shape, tuple) or not all(type(n) is int for n in shape):
        raise FormatError(Cause.BROKEN, "the shape is not made of numbers", len(_MAGIC))
    items_of(shape, len(_MAGIC))
    return shape, fields["descr"]


def _header(source: Source) -> tuple[str, int]:
    head = source.read(0, 12)
    if len(head) < 12:
        raise FormatError(Cause.TRUNCATED, "the header is cut", len(head))
    if head[6] not in {1, 2, 3} or head[7]:
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
    return name_of(job.name).removesuffix(".npy") if job.member else ""


def _types(descr: object) -> list[str]:
    """The type strings of a descr; `O` for what is none of the forms that NumPy writes."""
    found: list[str] = []
    pending = [descr]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, list):
            fields = [field for field in item if _is_field(field)]
            pending += [field[1] for field in reversed(fields)]
            found += [_OBJECT] * (len(item) - len(fields))
        elif isinstance(item, tuple) and len(item) == 2 and _count(item[1]) is not None:
            pending.append(item[0])
        else:
            found.append(_OBJECT)
    return found


def _is_field(field: object) -> bool:
    return isinstance(field, tuple) and (len(field) == 2 or (len(field) == 3 and _count(field[2]) is not None))


def _kind(text: str) -> str:
    """The letter of a type; that of objects for what is no type whose bytes are all there is to it."""
    match = re.fullmatch(_TYPE, text)
    return match[1] if match and (match[1] in _LETTERS or match[1] in _OF_THE_MACHINE or match[2]) else _OBJECT


def _size(descr: object) -> int | None:
    """The size of an item in bytes; None where it is not known. Fields follow each other without gaps."""
    total = 0
    pending = [(descr, 1)]
    while pending:
        item, times = pending.pop()
        if isinstance(item, str):
            size = _plain_size(item)
            if size is None:
                return None
            total += times * size
        elif isinstance(item, list):
            pending += [(field[1], times * (_count(field[2]) or 0 if len(field) == 3 else 1)) for field in item]
        elif isinstance(item, tuple):
            pending.append((item[0], times * (_count(item[1]) or 0)))
    return total


def _count(shape: object) -> int | None:
    """How many items a subarray has; None for what is no shape."""
    if type(shape) is int:
        return shape
    if isinstance(shape, tuple) and all(type(n) is int for n in shape):
        return items_of(shape, len(_MAGIC))
    return None


def _plain_size(text: str) -> int | None:
    match = re.fullmatch(_TYPE, text)
    if match is None:
        return None
    if not match[2]:
        return _LETTERS.get(match[1])
    size = int(match[2])
    if match[1] in _SIZED:
        return size * (4 if match[1] == "U" else 1)
    return size if size in _SIZES.get(match[1], ()) else None


def _literal(text: str) -> object:
    """The value of a header: the part of `ast.literal_eval`'s grammar that NumPy writes; None for anything else.

    A value is followed by a comma or by the end of what it stands in, and a key by a colon; strings hold no escapes,
    and no key stands twice.
    """
    usual = _USUAL.match(text)
    if usual:
        shape = tuple(int(number) for number in usual[3].split(",") if number.strip())
        return {"descr": usual[1], "fortran_order": usual[2] == "True", "shape": shape}
    stack = [_Open("", [])]
    position, text = 0, text.strip(" \t\r\n\f")
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None or len(stack) > _DEEPEST:
            return None
        position = token.end()
        mark = token[5]
        inner = stack[-1]
        if mark is None:
            accepted = inner.accept(_scalar(token))
        elif mark in "([{":
            accepted = not inner.complete
            stack.append(_Open(mark, []))
        elif mark in ",:":
            accepted = inner.separate(mark)
        else:
            stack.pop()
            accepted = (
                bool(stack) and inner.opening + mark in _PAIRS and inner.may_close() and stack[-1].accept(inner.value())
            )
        if not accepted:
            return None
    return stack[0].items[0] if len(stack) == 1 and stack[0].complete else None


@dataclass(slots=True)
class _Open:
    """A bracket that is open, with the items so far; for a dict, its keys and values in turn."""

    opening: str
    items: list[object]
    complete: bool = False
    commas: int = 0

    def accept(self, item: object) -> bool:
        """Take an item, where one may stand."""
        if self.complete:
            return False
        self.items.append(item)
        self.complete = True
        return True

    def separate(self, mark: str) -> bool:
        """Take a comma or a colon, where one may stand."""
        is_key = self.opening == "{" and len(self.items) % 2 == 1
        if not self.complete or not self.opening or (mark == ":") is not is_key:
            return False
        self.complete = False
        self.commas += mark == ","
        return True

    def may_close(self) -> bool:
        """Whether the bracket may be closed here."""
        if self.opening != "{":
            return True
        keys = self.items[::2]
        texts = {key for key in keys if isinstance(key, str)}
        return len(self.items) % 2 == 0 and len(texts) == len(keys)

    def value(self) -> object:
        """What the bracket holds; parentheses without a comma are those around a single value."""
        if self.opening == "{":
            return dict(zip(self.items[::2], self.items[1::2], strict=True))
        if self.opening == "[":
            return self.items
        return tuple(self.items) if self.commas or not self.items else self.items[0]


def _scalar(token: re.Match[str]) -> object:
    if token[3] is not None:
        return int(token[3])
    if token[4] is not None:
        return {"True": True, "False": False, "None": None}[token[4]]
    return token[1] if token[1] is not None else token[2]


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
    describe=_describe_array,
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
    describe=_describe_archive,
)
