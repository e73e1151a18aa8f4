"""Which format a file has, by its bytes; its name decides only where they leave it open."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import (
    HEAD,
    MOST_MEMBERS,
    PICKLE_SUFFIXES,
    Allowance,
    ExhaustedError,
    FormatError,
    Probe,
)
from artifact_lint.formats.catalogue import FORMATS, PICKLE_FAMILY, WEAKLY_TOLD, ZIP_FAMILY
from artifact_lint.formats.pickles.opening import OPENING, find_pickle
from artifact_lint.formats.sources import compression
from artifact_lint.formats.tars import is_tar_header
from artifact_lint.formats.zip_records import END, directories, entries, local_entries
from artifact_lint.model import Cause, Lazy
from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from artifact_lint.formats.base import Format
    from artifact_lint.formats.zip_records import Entry
    from artifact_lint.stores.base import Source

_POINTERS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_MOST_LOCAL = 64
#: How deep, and at how many members in all, archives within archives are looked at to tell whether weights are in them.
_DEEPEST: Final = 4
_MOST_LOOKS: Final = 50_000
#: Suffixes of weights that other files have as often.
_AMBIGUOUS: Final = frozenset({".bin", ".model", ".p", ".th", ".sav", ".msgpack"})
#: Archives that hold other data as often as weights.
_GENERIC: Final = frozenset({"zip", "npz"})
#: How far a pickle is looked for in a file whose name promises one and that begins as none, in bytes.
_SEARCHED: Final = 1 << 22
#: The record that ends an archive, where no comment follows it, in bytes.
_END_SIZE: Final = 22
_OPENS_PICKLE: Final = bytes(OPENING)
_OPENS_COMPRESSED: Final = b"\x08\x18\x28\x38\x48\x68\x78\x1f\x42\xfd\x04" + bytes(range(0x50, 0x60))
_OPENS_OBJECT: Final = b" \t\r\n\f\v{"
#: Formats whose files may begin with anything, and those that begin as other formats do.
_WITHOUT_MAGIC: Final = PICKLE_FAMILY | WEAKLY_TOLD | frozenset(ZIP_FAMILY) | {"tar", "hdf5", "compressed"}
#: The first bytes of all files of a format, where they are few: most of what is in an archive is told by one byte.
_FIRST_BYTES: Final[Mapping[str, bytes]] = {
    **dict.fromkeys(ZIP_FAMILY, b"P"),
    "gguf": b"G",
    "npy": b"\x93",
    "catboost": b"C",
    "lightgbm": b"t",
    "7z": b"7",
    "torch-legacy": b"\x80",
    "pickle": _OPENS_PICKLE,
    "joblib": _OPENS_PICKLE + _OPENS_COMPRESSED,
    "compressed": _OPENS_COMPRESSED,
    **dict.fromkeys(("ubj", "xgboost-json", "catboost-json"), _OPENS_OBJECT),
}
_BY_FIRST_BYTE: Final[tuple[tuple[Format, ...], ...]] = tuple(
    tuple(format_ for name, format_ in FORMATS.items() if first in _FIRST_BYTES.get(name, bytes([first])))
    for first in range(256)
)
_TOLD_BY_FIRST_BYTE: Final = tuple(
    tuple(format_ for format_ in formats if format_.name not in WEAKLY_TOLD) for formats in _BY_FIRST_BYTE
)
#: What the first bytes of the formats show that no single byte tells; a name may speak for them as well.
_SIGNS: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "safetensors": lambda head: head[8:9] == b"{",
    "tflite": lambda head: head[4:8] == b"TFL3",
    "hdf5": lambda head: head.startswith(b"\x89HDF"),
    "pmml": lambda head: b"<" in head,
    "compressed": lambda head: compression(head) is not None,
    "tar": lambda head: is_tar_header(head) or compression(head) is not None,
}
_MAY_BE_MORE: Final = tuple(any(format_.name not in _SIGNS for format_ in formats) for formats in _TOLD_BY_FIRST_BYTE)
_WEAK_SUFFIXES: Final = frozenset(suffix for name in WEAKLY_TOLD for suffix in FORMATS[name].suffixes)


def sniff(name: str, source: Source, *, asked: bool = False) -> str | None:
    """The name of a file's format, None where it is none we know; a git-LFS pointer is none.

    An archive is one where its name or a member promises weights; where the file was `asked` for, wherever a member
    is anything we know.

    Raises:
        StoreError: The bytes cannot be read.
    """
    return _sniff(probe_of(name, source, asked=asked))


def formats_that_begin(head: bytes) -> tuple[Format, ...]:
    """The formats whose files may begin with these bytes, by the first one."""
    return _BY_FIRST_BYTE[head[0]] if head else ()


def sniff_member(name: str, source: Source) -> str | None:
    """The same for what is in an archive that is read anyway, where every archive is one.

    Raises:
        FormatError: The bytes cannot be unpacked.
        StoreError: The bytes cannot be read.
    """
    head = source.read(0, HEAD)
    if not head or ("." not in name and _shows_nothing(head)):
        return None
    return _sniff(_probe(name, source, Allowance(_MOST_LOOKS), 0, asked=False, inside=True, head=head))


def _shows_nothing(head: bytes) -> bool:
    """Whether first bytes are no format's: most of what is in an archive is rows of numbers without a suffix."""
    return not _MAY_BE_MORE[head[0]] and not any(sign(head) for sign in _SIGNS.values())


def _sniff(probe: Probe) -> str | None:
    if not probe.head or probe.head.startswith(_POINTERS):
        return None
    # `P` is an opcode, so that the head of a zip begins a pickle; but one with a reference that no unpickler follows.
    is_zip = probe.head.startswith(_ZIP) and bool(probe.members.value)
    by_first_byte = _TOLD_BY_FIRST_BYTE if probe.inside and probe.suffix not in _WEAK_SUFFIXES else _BY_FIRST_BYTE
    for format_ in by_first_byte[probe.head[0]]:
        if is_zip and format_.name in PICKLE_FAMILY:
            continue
        if recognises(format_, probe) and not (format_.name in PICKLE_FAMILY and _is_told_by_name(format_, probe)):
            return format_.name
    return _behind_junk(probe)


def _is_told_by_name(format_: Format, probe: Probe) -> bool:
    """Whether only a name says that bytes are a pickle, and a magic number that they are something else.

    The letters of magic numbers are opcodes, too: `CBM1` is a constant of 66 bytes, after which anything may stand.
    """
    others = (other for other in _BY_FIRST_BYTE[probe.head[0]] if other.name not in _WITHOUT_MAGIC)
    if not any(recognises(other, probe) for other in others):
        return False
    return not recognises(format_, replace(probe, name="", suffix=""))


def recognises(format_: Format, probe: Probe) -> bool:
    """Whether a file is of a format, also where it cannot be unpacked far enough to tell and may run code.

    Raises:
        StoreError: The bytes cannot be read.
    """
    try:
        return format_.recognise(probe)
    except ExhaustedError:
        raise
    except FormatError as error:
        # What cannot be unpacked far enough to tell may be what runs code; its reader then says why.
        return format_.pickled and error.cause is Cause.LIMIT


def probe_of(name: str, source: Source, *, asked: bool = False, inside: bool = False) -> Probe:
    """What recognition sees of a file.

    Raises:
        StoreError: The bytes cannot be read.
    """
    head = source.read(0, HEAD)
    return _probe(name, source, Allowance(_MOST_LOOKS), 0, asked=asked, inside=inside, head=head)


def _probe(name: str, source: Source, looks: Allowance, depth: int, *, asked: bool, inside: bool, head: bytes) -> Probe:
    def look(inner: str, content: Source) -> str | None:
        looks.take()
        if depth >= _DEEPEST:
            # What nests deeper is for the reader to say: it is not looked into, and not clean.
            inner_head = content.read(0, HEAD)
            return "zip" if inner_head.startswith(_ZIP) else "compressed" if compression(inner_head) else None
        inner_head = content.read(0, HEAD)
        return _sniff(_probe(inner, content, looks, depth + 1, asked=True, inside=False, head=inner_head))

    base = name_of(name).lower()
    suffix = "." + base.rpartition(".")[2] if "." in base else ""
    return Probe(base, suffix, head, source, Lazy(lambda: _zip_members(source, head)), look, asked, inside, depth)


def _zip_members(source: Source, head: bytes) -> tuple[Entry, ...]:
    if not head.startswith(_ZIP):
        return ()
    return members_by_end(source) or tuple(local_entries(source, _MOST_LOCAL))


def members_by_end(source: Source) -> tuple[Entry, ...]:
    """The members of an archive that is found from the end of a file, whatever stands in front of it; maybe none.

    Raises:
        StoreError: The bytes cannot be read.
    """
    members: list[Entry] = []
    try:
        found = directories(source)
    except FormatError:
        return ()
    for directory in found:
        # A directory that breaks off names the members before that all the same.
        with suppress(FormatError):
            members.extend(islice(entries(source, directory), MOST_MEMBERS))
    return tuple(members)


def as_zip(probe: Probe, members: tuple[Entry, ...]) -> str | None:
    """The format built on zip that these members make; None where they are nothing that we know.

    Raises:
        StoreError: The bytes cannot be read.
    """
    seen = replace(probe, head=_ZIP[0], members=Lazy.of(members))
    return next((name for name in ZIP_FAMILY if recognises(FORMATS[name], seen)), None)


def _behind_junk(probe: Probe) -> str | None:
    """Readers that look for an archive's end accept whatever stands before it, and programs skip what they wrote."""
    if probe.head.startswith(_ZIP):
        return None
    promises = probe.promises_weights or probe.suffix == ".zip"
    if promises or _ends_as_zip(probe):
        members = members_by_end(probe.source)
        found = as_zip(probe, members) if members else None
        is_weak = probe.suffix in _AMBIGUOUS or not promises
        if found is not None and not (is_weak and found in _GENERIC):
            return found
    promises_pickle = probe.suffix in PICKLE_SUFFIXES and not probe.inside
    return "pickle" if promises_pickle and find_pickle(probe.source, _SEARCHED) >= 0 else None


def _ends_as_zip(probe: Probe) -> bool:
    """Whether the end of a file is that of a zip; what is packed is not unpacked to its end to see that."""
    start = probe.source.size - _END_SIZE
    return not probe.inside and not probe.depth and start > 0 and probe.source.read(start, len(END)) == END
