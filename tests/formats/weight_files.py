"""Weight files for the tests: written by the real libraries, or put together byte by byte where they are hostile."""

from __future__ import annotations

import io
import pickle
import zipfile
from typing import TYPE_CHECKING

from artifact_lint.formats import ReadLimits, inspect
from artifact_lint.formats.sources import Memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.model import Inspection

#: What a stream that runs a shell command looks like in protocol 0; nothing here ever unpickles it.
SYSTEM_CALL = b"cposix\nsystem\n(S'id'\ntR."


def look(content: bytes, name: str = "model.pkl", limits: ReadLimits | None = None) -> Inspection:
    return inspect(name, Memory(content), limits=limits or ReadLimits())


def imported(inspection: Inspection) -> set[str]:
    return {found.dotted for found in inspection.imports}


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    encoded = b""
    while value > 0x7F:
        encoded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return encoded + bytes([value])


def field(number: int, value: bytes | int) -> bytes:
    """A field of a protobuf message: a number, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def zipped(members: Mapping[str, bytes], *, compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


class _StorageReference:
    """Stands for a storage, which torch's pickler writes as a persistent id."""


class _TorchPickler(pickle.Pickler):
    def persistent_id(self, obj: object) -> object:
        if isinstance(obj, _StorageReference):
            return ("storage", complex, "0", "cpu", 6)
        return None


def torch_pickle() -> bytes:
    """A mapping with one tensor's storage, as torch pickles it."""
    buffer = io.BytesIO()
    _TorchPickler(buffer, 2).dump({"weight": _StorageReference()})
    return buffer.getvalue().replace(b"c__builtin__\ncomplex\n", b"ctorch\nFloatStorage\n")


def torch_zip(pickled: bytes | None = None, **more: bytes) -> bytes:
    """An archive as `torch.save` lays it out."""
    members = {
        "model/data.pkl": torch_pickle() if pickled is None else pickled,
        "model/byteorder": b"little",
        "model/data/0": bytes(24),
        "model/version": b"3\n",
    }
    return zipped(members | {f"model/{name}": content for name, content in more.items()})
