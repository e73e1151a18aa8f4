"""Archives of models, numpy's files, and members that leave the archive."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.cases import DANGEROUS, bad
from hostile.containers import (
    BZIP2,
    DEFLATED,
    LZMA,
    Member,
    plain_tar,
    plain_zip,
    tar_file,
    tar_link,
    tarred,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad

_BROKEN = "PKL111"
_ARCHIVE_PATH = "SEC110"
_NOT_INSPECTED = "PKL141"
_POLYGLOT = "PKL131"
_TRAILING = "PKL113"

_EVIL = a.shell_pickle()

#: The schema of a skops file that holds an empty dictionary.
_EMPTY_SCHEMA = json.dumps(
    {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": {}, "key_types": {}}
).encode()


def npy(header: str, content: bytes, version: int = 1) -> bytes:
    """An npy file (numpy's format 1.0 to 3.0)."""
    text = header.encode()
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + content


def cases() -> Iterator[Bad]:
    """Archives with a pickle in them, npy and npz, and paths that escape."""
    yield from _archives()
    yield from _arrays()
    yield from _paths()


def _archives() -> Iterator[Bad]:
    family = "archives"
    members = {"README.md": b"# Model\n", "model/model.pkl": _EVIL}
    packed = {
        "zip": ("model.zip", plain_zip(members)),
        "zip-deflated": ("model.zip", plain_zip(members, DEFLATED)),
        "zip-bzip2": ("model.zip", plain_zip(members, BZIP2)),
        "zip-lzma": ("model.zip", plain_zip(members, LZMA)),
        "tar": ("model.tar", plain_tar(members)),
        "tar-gz": ("model.tar.gz", _gzip(plain_tar(members))),
        "tar-bz2": ("model.tar.bz2", bz2.compress(plain_tar(members))),
        "tar-xz": ("model.tar.xz", lzma.compress(plain_tar(members))),
        "tgz": ("model.tgz", _gzip(plain_tar(members))),
        "nemo-tar": (
            "model.nemo",
            plain_tar({"./model_config.yaml": b"target: nemo.X\n", "./model_weights.ckpt": _EVIL}),
        ),
        "nemo-tar-gz": (
            "model.nemo",
            _gzip(plain_tar({"model_config.yaml": b"target: nemo.X\n", "model_weights.ckpt": _EVIL})),
        ),
        "mar": ("model.mar", plain_zip(_torchserve() | {"model.pt": _EVIL})),
        "mar-extra": ("model.mar", plain_zip(_torchserve() | {"model.pt": b"", "vocabulary.dat": _EVIL})),
        "skops-extra": (
            "model.skops",
            plain_zip(
                {
                    "schema.json": _EMPTY_SCHEMA,
                    "weights.pkl": _EVIL,
                }
            ),
        ),
        "keras-extra": (
            "model.keras",
            plain_zip(
                {
                    "metadata.json": b'{"keras_version": "3.5.0"}',
                    "config.json": b'{"module": "keras", "class_name": "Sequential", "config": {"layers": []}}',
                    "assets/state.pkl": _EVIL,
                }
            ),
        ),
        "zip-in-tar": ("model.tar", plain_tar({"inner.zip": plain_zip(members)})),
        "tar-in-zip": ("model.zip", plain_zip({"inner.tar.gz": _gzip(plain_tar(members))})),
        "four-deep": (
            "model.zip",
            plain_zip({"a.zip": plain_zip({"b.zip": plain_zip({"c.zip": plain_zip(members)})})}),
        ),
        "no-suffix-member": ("model.zip", plain_zip({"blob": _EVIL})),
        "joblib-member": ("model.zip", plain_zip({"pipeline": _gzip(_EVIL)})),
        "text-member": ("model.zip", plain_zip({"notes.txt": _EVIL})),
        "bento": (
            "service.bento",
            _gzip(plain_tar({"bento.yaml": b"service: x\n", "models/m/saved_model.pkl": _EVIL})),
        ),
        "wheel": ("model-1.0-py3-none-any.whl", plain_zip({"model/weights.pkl": _EVIL})),
        "unnamed-tar": ("weights", plain_tar(members)),
        "unnamed-tar-gz": ("weights", _gzip(plain_tar(members))),
        "v7-tar": ("model.tar", _old_tar(members)),
        "sparse-member": ("model.tar", _pax_tar(members)),
        "hidden-member": ("model.zip", plain_zip({".cache/.model.pkl": _EVIL})),
        "behind-many": ("model.zip", plain_zip({f"shard/{index}": b"x" for index in range(3000)} | {"last": _EVIL})),
        "gzip-twice": ("model.pkl", _gzip(_gzip(_EVIL))),
        "gzip-around-zip": ("model.pt", _gzip(plain_zip({"model/data.pkl": _EVIL, "model/version": b"3"}))),
        "xz-of-gzip": ("model.pkl.xz", lzma.compress(_gzip(_EVIL))),
        "self-extracting": ("model.zip", b"#!/bin/sh\nexit 0\n" + plain_zip(members)),
    }
    for slug, (file, content) in packed.items():
        yield bad(family, slug, f"a pickle in {file}", content, DANGEROUS, file=file)
    locked = Member("model.pkl", _EVIL, flags=1, encrypted_header=bytes(12), packed_size=None)
    yield bad(
        family, "encrypted", "a member that is encrypted", zipped([locked]), DANGEROUS, _NOT_INSPECTED, file="model.zip"
    )
    seven = b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(24) + _EVIL
    yield bad(
        family, "seven-zip", "7z, which needs an extra", seven, DANGEROUS, _NOT_INSPECTED, _BROKEN, file="model.7z"
    )
    packed_by_zstandard = b"\x28\xb5\x2f\xfd\x20" + bytes([len(_EVIL)]) + (len(_EVIL) << 3 | 1).to_bytes(3, "little")
    content = packed_by_zstandard + _EVIL
    yield bad(family, "zstandard", "a pickle in model.pkl.zst", content, DANGEROUS, file="model.pkl.zst")
    skipped = b"\x50\x2a\x4d\x18" + bytes(4)
    told = "behind a frame that is passed over"
    yield bad(family, "zstandard-behind-nothing", told, skipped + content, DANGEROUS, file="m.pkl")
    ten = members
    for _ in range(10):
        ten = {"deeper.zip": plain_zip(ten)}
    yield bad(family, "ten-deep", "ten archives deep", plain_zip(ten), DANGEROUS, _NOT_INSPECTED, file="model.zip")


def _torchserve() -> dict[str, bytes]:
    manifest = {
        "createdOn": "2026-01-01",
        "runtime": "python",
        "model": {"modelName": "m", "serializedFile": "model.pt"},
    }
    return {"MAR-INF/MANIFEST.json": json.dumps(manifest).encode()}


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _old_tar(members: dict[str, bytes]) -> bytes:
    """A tar without the magic of POSIX, as V7 wrote it."""
    archive = bytearray(plain_tar(members))
    position = 0
    while position < len(archive) and archive[position]:
        archive[position + 257 : position + 265] = bytes(8)
        header = bytes(archive[position : position + 148]) + b" " * 8 + bytes(archive[position + 156 : position + 512])
        archive[position + 148 : position + 156] = b"%06o\x00 " % sum(header)
        size = int(archive[position + 124 : position + 135], 8)
        position += 512 + (size + 511) // 512 * 512
    return bytes(archive)


def _pax_tar(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            info, _ = tar_file("x" * 120 + name, content)
            info.pax_headers = {"comment": "weights"}
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _arrays() -> Iterator[Bad]:
    family = "numpy-files"
    plain = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    headers = {
        "object": ("an object array", plain, 1),
        "object-8": ("an object array by another spelling", plain.replace("|O", "O8"), 1),
        "object-order": ("an object array with a byte order", plain.replace("|O", "<O"), 1),
        "object-word": ("an object array by its word", plain.replace("|O", "object"), 1),
        "version-2": ("format 2.0", plain, 2),
        "version-3": ("format 3.0", plain, 3),
        "field": ("an object among the fields", plain.replace("'|O'", "[('a', '<f8'), ('b', '|O')]"), 1),
        "nested-field": (
            "an object within a field of fields",
            plain.replace("'|O'", "[('a', [('b', [('c', '|O')])])]"),
            1,
        ),
        "shaped-field": ("a field that is an array of objects", plain.replace("'|O'", "[('a', '|O', (2,))]"), 1),
        "titled-field": ("a field with a title", plain.replace("'|O'", "[(('title', 'a'), '|O')]"), 1),
        "escaped": ("the code for objects as an escape", plain.replace("'|O'", "'\\x7cO'"), 1),
        "concatenated": ("the code in two adjacent texts", plain.replace("'|O'", "'|' 'O'"), 1),
        "triple-quoted": ("the code in triple quotes", plain.replace("'|O'", "'''|O'''"), 1),
        "duplicate-key": ("descr twice: the last one counts", plain.replace("{", "{'descr': '<f8', "), 1),
        "reordered": ("keys in another order", "{'shape': (1,), 'descr': '|O', 'fortran_order': False}\n", 1),
        "prefixed": ("a raw text", plain.replace("'|O'", "r'|O'"), 1),
        "trailing-comment": ("a comment in the header", plain.replace("\n", " # '<f8'\n"), 1),
    }
    for slug, (why, header, version) in headers.items():
        yield bad(family, f"npy-{slug}", why, npy(header, _EVIL, version), DANGEROUS, file="weights.npy")
    yield bad(
        family,
        "npy-empty-shape",
        "an object array without elements",
        npy(plain.replace("(1,)", "(0,)"), _EVIL),
        DANGEROUS,
        file="weights.npy",
    )
    floats = npy(plain.replace("|O", "<f8"), bytes(8))
    yield bad(
        family,
        "npy-fallback",
        "no npy at all: np.load falls back to pickle",
        _EVIL,
        DANGEROUS,
        "PKL121",
        file="weights.npy",
    )
    yield bad(
        family,
        "npy-second",
        "np.load called twice reads a second array",
        floats + npy(plain, _EVIL),
        DANGEROUS,
        _TRAILING,
        file="weights.npy",
    )
    types = {
        "letter": ("'d'", 8),
        "fields": ("[('a', '<i8'), ('b', '<f4', (2,))]", 16),
        "subarray": ("('<f8', (2,))", 16),
        "letter-of-the-machine": ("'l'", 8),
    }
    for slug, (descr, size) in types.items():
        first = npy(plain.replace("'|O'", descr), bytes(size))
        for behind, content in (("pickle", _EVIL), ("array", npy(plain, _EVIL))):
            yield bad(
                family,
                f"npy-{behind}-behind-{slug}",
                f"{behind} behind an array of the type {descr}",
                first + content,
                *(DANGEROUS, _NOT_INSPECTED),
                file="weights.npy",
            )
    cut = npy(plain, _EVIL[:-1])
    yield bad(family, "npy-cut", "an object array without its STOP", cut, DANGEROUS, file="weights.npy")
    packed = {
        "npz": ("object array", plain_zip({"a.npy": floats, "b.npy": npy(plain, _EVIL)})),
        "npz-compressed": ("compressed object array", plain_zip({"b.npy": npy(plain, _EVIL)}, DEFLATED)),
        "npz-pickle": ("pickle under the name of an array", plain_zip({"a.npy": floats, "b.npy": _EVIL})),
        "npz-no-suffix": ("object array without a suffix", plain_zip({"a": npy(plain, _EVIL)})),
        "npz-extra": ("pickle beside the arrays", plain_zip({"a.npy": floats, "state.pkl": _EVIL})),
        "npz-in-npz": (
            "archive within",
            plain_zip({"a.npy": floats, "b.npz": plain_zip({"c.npy": npy(plain, _EVIL)})}),
        ),
        "npz-duplicate": (
            "second member of one name",
            zipped([Member("a.npy", floats), Member("a.npy", npy(plain, _EVIL))]),
        ),
    }
    for slug, (why, content) in packed.items():
        yield bad(family, slug, f"npz: {why}", content, DANGEROUS, file="weights.npz")


def _paths() -> Iterator[Bad]:
    family = "archive-paths"
    names = {
        "parent": "../artifact-lint.txt",
        "deep-parent": "a/b/../../../artifact-lint.txt",
        "absolute": "/artifact-lint/x.txt",
        "drive": "C:/artifact-lint.txt",
        "backslash-parent": "..\\artifact-lint.txt",
        "network": "//host/share/x.txt",
    }
    for slug, name in names.items():
        yield bad(
            family,
            f"zip-{slug}",
            f"a member called {name}",
            plain_zip(_torchserve() | {name: b"x"}),
            _ARCHIVE_PATH,
            file="model.mar",
        )
        if "\\" not in name and ":" not in name:
            content = plain_tar({"model_config.yaml": b"target: nemo.X\n", name: b"x"})
            yield bad(family, f"tar-{slug}", f"a member called {name}", content, _ARCHIVE_PATH, file="model.nemo")
    base = tar_file("model_config.yaml", b"target: nemo.X\n")
    links = {
        "symbolic-parent": tar_link("weights", "../../artifact-lint"),
        "symbolic-absolute": tar_link("weights", "/etc/hostname"),
        "hard-parent": tar_link("weights", "../artifact-lint", tarfile.LNKTYPE),
        "device": tar_link("weights", "", tarfile.CHRTYPE),
        "pipe": tar_link("weights", "", tarfile.FIFOTYPE),
    }
    for slug, link in links.items():
        yield bad(
            family,
            f"tar-{slug}",
            "a member that is a link or a device",
            tarred([base, link]),
            _ARCHIVE_PATH,
            file="model.nemo",
        )
    through = [base, tar_link("out", ".."), tar_file("out/artifact-lint.txt", b"x")]
    yield bad(
        family,
        "tar-through-link",
        "a file written through a link of the archive",
        tarred(through),
        _ARCHIVE_PATH,
        file="model.nemo",
    )
    linked = Member("weights", b"../../artifact-lint", attributes=0o120777 << 16)
    manifest = [Member(name, content) for name, content in _torchserve().items()]
    yield bad(
        family,
        "zip-link",
        "a zip's member that is a link",
        zipped([*manifest, linked]),
        _ARCHIVE_PATH,
        file="model.mar",
    )
    keras = {
        "metadata.json": b'{"keras_version": "3.5.0"}',
        "config.json": b'{"module": "keras", "class_name": "Sequential", "config": {"layers": []}}',
    }
    yield bad(
        family,
        "keras-parent",
        "a .keras whose asset escapes",
        plain_zip(keras | {"assets/../../x.txt": b"x"}),
        _ARCHIVE_PATH,
        file="model.keras",
    )
    yield bad(
        family,
        "tar-gz-parent",
        "the same in a tar.gz",
        _gzip(plain_tar({"model.safetensors": b"", "../../x.txt": b"x"})),
        _ARCHIVE_PATH,
        file="model.tar.gz",
    )
    with_python = io.BytesIO()
    with zipfile.ZipFile(with_python, "w") as archive:
        for name, content in (_torchserve() | {"../x.pkl": _EVIL}).items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    yield bad(
        family,
        "escaping-pickle",
        "a member that escapes and is a pickle as well",
        with_python.getvalue(),
        _ARCHIVE_PATH,
        DANGEROUS,
        file="model.mar",
    )
