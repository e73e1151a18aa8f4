"""PyTorch's containers: the zip, the five stacked pickles before it, the tar before those, TorchScript, and pt2."""

from __future__ import annotations

import json
import struct
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from hostile import assembler as a
from hostile.cases import DANGEROUS, UNLISTED, bad
from hostile.containers import (
    BZIP2,
    DEFLATED,
    LZMA,
    STORED,
    Member,
    plain_tar,
    plain_zip,
    tar_file,
    tarred,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad

_BROKEN = "PKL111"
_TRAILING = "PKL113"
_POLYGLOT = "PKL131"
_NOT_INSPECTED = "PKL141"
_DISGUISED = "PKL121"

#: The magic number and the protocol of torch's legacy files (torch 0.1 to 1.5, `serialization.py`).
_MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
_PROTOCOL = b"\x80\x02M\xe9\x03."

_STORAGE = bytes(24)

#: A case of an archive: its name, why it is bad, the archive and the expected codes.
_Zip: TypeAlias = tuple[str, str, bytes, tuple[str, ...]]


def state_dict(payload: bytes = b"") -> bytes:
    """A pickle of one tensor, with opcodes in front of it."""
    persistent = (
        b"(" + a.long("storage") + a.imported("torch", "FloatStorage") + a.long("0") + a.long("cpu") + b"K\x06tQ"
    )
    tensor = a.called(
        a.imported("torch._utils", "_rebuild_tensor_v2"),
        persistent,
        b"K\x00",
        b"K\x02K\x03\x86",
        b"K\x03K\x01\x86",
        b"\x89",
        a.called(a.imported("collections", "OrderedDict")),
    )
    return b"\x80\x02" + payload + b"}" + a.long("weight") + tensor + b"s."


_EVIL = state_dict(a.shell_call(2) + b"0")
_GOOD = state_dict()


def _members(pickled: bytes = _GOOD, root: str = "model") -> list[Member]:
    return [
        Member(f"{root}/data.pkl", pickled),
        Member(f"{root}/byteorder", b"little"),
        Member(f"{root}/data/0", _STORAGE),
        Member(f"{root}/version", b"3\n"),
    ]


def _with(member: Member) -> list[Member]:
    return [member, *_members()[1:]]


def cases() -> Iterator[Bad]:
    """The zip, the legacy files, the tar and the rest."""
    for name, why, content, expected in _zips():
        yield bad("torch-zip", name, why, content, *expected, file="model.pt")
    yield from _named_otherwise()
    yield from _legacy()
    yield from _tar()
    yield from _scripts()


def _zips() -> Iterator[_Zip]:
    yield from _contents()
    yield from _headers()
    yield from _surroundings()


def _contents() -> Iterator[_Zip]:
    """Where in a sound archive the payload lies."""
    only = (DANGEROUS,)
    evil = Member("model/data.pkl", _EVIL)
    yield "plain", "the payload in data.pkl", zipped(_members(_EVIL)), only
    for slug, method in {"deflated": DEFLATED, "bzip2": BZIP2, "lzma": LZMA}.items():
        yield slug, f"data.pkl {slug}", zipped(_with(replace(evil, method=method))), only
    yield "root-archive", "another root directory", zipped(_members(_EVIL, "archive")), only
    yield "upper-case", "the name in capitals", zipped(_with(replace(evil, name="MODEL/DATA.PKL"))), only
    yield "no-root", "data.pkl at the top", zipped(_with(replace(evil, name="data.pkl"))), only
    extra = {
        "renamed-pkl": "model/weights.pkl",
        "no-suffix": "model/extra",
        "storage": "model/data/1",
        "code": "model/code/x.py",
    }
    for slug, name in extra.items():
        yield f"member-{slug}", f"a payload in {name}", zipped([*_members(), Member(name, a.shell_pickle())]), only
    yield "constants", "the payload in constants.pkl", zipped([*_members(), Member("model/constants.pkl", _EVIL)]), only
    yield (
        "version-member",
        "the payload in the member called version",
        zipped([*_members()[:3], Member("model/version", _EVIL)]),
        only,
    )


def _headers() -> Iterator[_Zip]:
    """Local header and directory disagree, or say what is not so."""
    either = (DANGEROUS, _POLYGLOT)
    evil = Member("model/data.pkl", _EVIL)
    encrypted = (DANGEROUS, _POLYGLOT, _NOT_INSPECTED)
    broken = (*either, _BROKEN)
    of_one_member: tuple[tuple[str, str, Member, tuple[str, ...]], ...] = (
        (
            "flag-encrypted-listed",
            "the directory says encrypted, the member is not",
            replace(evil, flags=1, local_flags=0),
            encrypted,
        ),
        (
            "flag-encrypted-local",
            "the local header says encrypted, the directory does not",
            replace(evil, local_flags=1),
            encrypted,
        ),
        ("flag-encrypted-both", "both say encrypted, and it is not", replace(evil, flags=1), encrypted),
        ("flag-strong", "the flag of strong encryption", replace(evil, flags=0x41), encrypted),
        ("flag-patched", "the flag of patched data", replace(evil, flags=0x20), encrypted),
        ("flag-descriptor", "the flag of a data descriptor, and none follows", replace(evil, flags=8), either),
        ("flags-unknown", "flags that mean nothing", replace(evil, flags=0xF000, local_flags=0), either),
        ("crc-wrong", "a wrong CRC in both places", replace(evil, crc=1), broken),
        ("crc-zero", "a CRC of zero", replace(evil, crc=0), broken),
        ("crc-local-wrong", "a wrong CRC in the local header", replace(evil, local_crc=1), either),
        ("name-local-differs", "the local name is another", replace(evil, local_name="model/read.txt"), either),
        (
            "method-local-differs",
            "the local header names another method",
            replace(evil, local_method=DEFLATED),
            either,
        ),
        (
            "method-listed-differs",
            "the directory names deflate, the local header none",
            replace(evil, method=DEFLATED, local_method=STORED),
            either,
        ),
        ("method-unknown", "a method that there is not", _method(evil, 99), encrypted),
        (
            "size-zero-listed",
            "the directory says that the member is empty",
            replace(evil, size=0, packed_size=0, local_size=len(_EVIL)),
            broken,
        ),
        ("size-zero-local", "the local header says that the member is empty", replace(evil, local_size=0), either),
        ("size-huge", "the member is said to be 4 GB", replace(evil, size=0xFFFFFFF0), (*broken, _NOT_INSPECTED)),
    )
    for name, why, member, expected in of_one_member:
        yield name, why, zipped(_with(member)), expected
    renamed = replace(evil, name="model/notes.txt", local_name="model/data.pkl")
    yield "name-listed-differs", "the listed name is another", zipped([*_members(), renamed]), either
    yield "duplicate-first", "two members of one name, the first bad", zipped([evil, *_members()]), (DANGEROUS,)
    yield "duplicate-last", "two members of one name, the last bad", zipped([*_members(), evil]), (DANGEROUS,)
    yield (
        "duplicate-case",
        "names that differ in case, the second bad",
        zipped([*_members(), replace(evil, name="model/Data.pkl")]),
        (DANGEROUS,),
    )
    yield (
        "unlisted",
        "a member that only its local header tells of",
        zipped([*_members(), replace(evil, listed=False)]),
        either,
    )
    yield "unlisted-first", "the same, in front", zipped([replace(evil, listed=False), *_members()]), either
    listed_twice = [evil, *_members()[1:], replace(Member("model/data.pkl", _GOOD), stored=False)]
    yield (
        "listed-only",
        "a listed member that is not stored",
        zipped(listed_twice),
        (DANGEROUS, _POLYGLOT, _BROKEN, _NOT_INSPECTED),
    )


def _surroundings() -> Iterator[_Zip]:
    """Bytes in front of, behind and between the parts of an archive."""
    only = (DANGEROUS,)
    either = (DANGEROUS, _POLYGLOT)
    evil = Member("model/data.pkl", _EVIL)
    good = zipped(_members())
    pickled = a.shell_pickle(2)
    yield "prepended-pickle", "a pickle in front: torch's legacy reader takes it", pickled + good, either
    yield "prepended-pickle-shifted", "the same, with offsets that fit", zipped(_members(), prefix=pickled), either
    yield "prepended-junk", "junk in front of the archive", zipped(_members(_EVIL), prefix=b"\xff\xfe" * 50), either
    yield (
        "prepended-junk-unshifted",
        "junk in front that the offsets know nothing of",
        zipped(_members(_EVIL), prefix=b"\xff\xfe" * 50, shifted=False),
        either,
    )
    yield "trailing-pickle", "a pickle behind the archive", good + pickled, (*either, _TRAILING)
    yield "trailing-zip", "a second archive behind the first", good + zipped(_members(_EVIL)), either
    yield "leading-zip", "a second archive in front of the first", zipped(_members(_EVIL)) + good, either
    yield "before-directory", "a pickle between members and directory", zipped(_members(), between=pickled), either
    yield (
        "zip-in-zip",
        "an archive in the archive",
        zipped([*_members(), Member("model/extra.zip", zipped(_members(_EVIL)))]),
        only,
    )
    yield (
        "zip-in-storage",
        "an archive in place of a storage",
        zipped([*_members()[:2], Member("model/data/0", zipped(_members(_EVIL))), _members()[3]]),
        only,
    )
    yield (
        "without-end",
        "no end record: only local headers are left",
        zipped(_members(_EVIL))[:-22],
        (*only, _BROKEN, _NOT_INSPECTED),
    )
    yield (
        "cut-in-directory",
        "cut off within the directory",
        zipped(_members(_EVIL))[:-80],
        (*only, _BROKEN, _NOT_INSPECTED),
    )
    yield (
        "count-too-small",
        "the end record counts one member of five",
        _recounted(zipped([*_members(), evil]), 1),
        either,
    )
    yield (
        "spanned-marker",
        "the marker of a split archive in front",
        zipped(_members(_EVIL), prefix=b"PK\x07\x08"),
        either,
    )
    yield (
        "second-end-record",
        "an end record of nothing behind the true one",
        zipped(_members(_EVIL)) + b"PK\x05\x06" + bytes(18),
        either,
    )
    yield (
        "persistent-id-code",
        "a persistent id that is itself computed by a call",
        zipped(_members(b"\x80\x02" + a.shell_call(2) + b"Q.")),
        only,
    )
    yield (
        "tensor-then-payload",
        "the payload behind the tensors",
        zipped(_members(_GOOD[:-1] + a.shell_call(2) + b"0.")),
        only,
    )
    yield (
        "directory-member-content",
        "a member whose name is a directory's",
        zipped([*_members(), Member("model/data/", a.shell_pickle())]),
        either,
    )
    yield (
        "null-in-name",
        "a zero in the member's name",
        zipped(_with(replace(evil, name="model/data.pkl\x00.txt"))),
        either,
    )
    yield (
        "backslash-name",
        "backslashes in the member's name",
        zipped(_with(replace(evil, name="model\\data.pkl"))),
        either,
    )


def _method(member: Member, method: int) -> Member:
    return replace(member, method=method)


def _recounted(archive: bytes, count: int) -> bytes:
    return archive[:-14] + struct.pack("<2H", count, count) + archive[-10:]


def _named_otherwise() -> Iterator[Bad]:
    family = "torch-zip-names"
    content = zipped(_members(_EVIL))
    for file in (
        "model",
        "pytorch_model.bin",
        "model.ckpt",
        "model.pth.tar",
        "model.zip",
        "weights.dat",
        "checkpoint_000100",
    ):
        slug = file.replace(".", "_")
        yield bad(family, slug, f"the same archive as {file}", content, DANGEROUS, file=file)
    yield bad(
        family,
        "safetensors",
        "the same archive as .safetensors",
        content,
        DANGEROUS,
        _DISGUISED,
        file="model.safetensors",
    )


def _legacy() -> Iterator[Bad]:
    family = "torch-legacy"
    system = b"\x80\x02}" + a.long("little_endian") + b"\x88s."
    keys = b"\x80\x02]" + a.long("0") + b"a."
    plain = [_MAGIC, _PROTOCOL, system, _GOOD, keys]
    evil = b"\x80\x02" + a.shell_call(2) + b"0"
    parts = ("magic", "protocol", "system", "object", "keys")
    storage = struct.pack("<q", 6) + _STORAGE
    for index, part in enumerate(parts):
        pickles = list(plain)
        pickles[index] = evil + plain[index][2:]
        why = f"the payload in the {part} pickle, the {index + 1}. of five"
        yield bad(family, part, why, b"".join(pickles) + storage, DANGEROUS, file="model.pth")
    late = b"".join(plain) + storage + a.shell_pickle(2)
    yield bad(family, "behind-storages", "a pickle behind the storages", late, DANGEROUS, _TRAILING, file="model.pth")
    cut = b"".join(plain[:3]) + _EVIL
    yield bad(family, "without-keys", "cut off behind the object", cut, DANGEROUS, file="model.pth")
    six = b"".join([*plain[:4], _EVIL, keys]) + storage
    yield bad(family, "six-pickles", "one pickle more than there should be", six, DANGEROUS, file="model.pth")
    module = a.imported("my_package.models", "Net") + b")\x81}" + a.long("training") + b"\x88sb."
    whole = b"".join([*plain[:3], b"\x80\x02" + module, keys]) + storage
    yield bad(family, "foreign-module", "a whole module of an unknown package", whole, UNLISTED, file="model.pth")
    source = b"(" + a.long("module") + a.imported("posix", "system") + a.long("x.py") + a.long("print()") + b"tQ0"
    persistent = b"".join([*plain[:3], b"\x80\x02" + source + _GOOD[2:], keys]) + storage
    yield bad(
        family,
        "module-persistent-id",
        "a persistent id that names the class of a module",
        persistent,
        DANGEROUS,
        file="model.pth",
    )


def _tar() -> Iterator[Bad]:
    family = "torch-tar"
    count = b"\x80\x02K\x01."
    storages = (
        count
        + b"\x80\x02"
        + a.long("0")
        + a.long("cpu")
        + a.imported("torch", "FloatStorage")
        + b"\x87."
        + struct.pack("<q", 6)
        + _STORAGE
    )
    good = {"pickle": _GOOD, "storages": storages, "tensors": b"\x80\x02K\x00."}
    for name in good:
        members = good | {name: _EVIL if name == "pickle" else b"\x80\x02" + a.shell_call(2) + b"0" + good[name][2:]}
        yield bad(family, name, f"the payload in the member {name}", plain_tar(members), DANGEROUS, file="model.pt")
    twice = tarred([*(tar_file(name, content) for name, content in good.items()), tar_file("pickle", _EVIL)])
    yield bad(family, "duplicate", "a second member called pickle", twice, DANGEROUS, file="model.pt")
    longname = tarfile.TarInfo("x" * 150 + "/pickle")
    longname.size = len(_EVIL)
    yield bad(
        family,
        "long-name",
        "a name longer than the header holds",
        tarred([(longname, _EVIL)]),
        DANGEROUS,
        file="model.pt",
    )
    ended = plain_tar(good)
    yield bad(
        family,
        "behind-end",
        "a member behind the end-of-archive blocks",
        ended + plain_tar({"pickle": _EVIL}),
        DANGEROUS,
        _TRAILING,
        _POLYGLOT,
        file="model.pt",
    )


def _scripts() -> Iterator[Bad]:
    family = "torchscript"
    module = b"\x80\x02" + a.imported("__torch__", "Net") + b")\x81}" + a.long("training") + b"\x88sb."
    code = b"class Net(Module):\n  __parameters__ = []\n  def forward(self, x: Tensor) -> Tensor:\n    return x\n"
    plain = {
        "net/data.pkl": module,
        "net/constants.pkl": b"\x80\x02).",
        "net/code/__torch__.py": code,
        "net/code/__torch__.py.debug_pkl": b"\x80\x02).",
        "net/version": b"3\n",
    }
    for slug, name in {
        "data": "net/data.pkl",
        "constants": "net/constants.pkl",
        "debug": "net/code/__torch__.py.debug_pkl",
    }.items():
        members = plain | {name: b"\x80\x02" + a.shell_call(2) + b"0" + plain[name][2:]}
        yield bad(family, slug, f"the payload in {name}", plain_zip(members), DANGEROUS, file="net.pt")
    files = code.replace(b"return x", b'return torch.from_file("/etc/hostname", False, 10)').replace(
        b"Tensor:", b"Tensor:"
    )
    yield bad(
        family,
        "from-file",
        "an operator that maps a file",
        plain_zip(plain | {"net/code/__torch__.py": files}),
        "SEC112",
        file="net.pt",
    )
    saved = code.replace(b"return x", b'torch.save(x, "artifact-lint.txt")\n    return x')
    yield bad(
        family,
        "save",
        "an operator that writes a file",
        plain_zip(plain | {"net/code/__torch__.py": saved}),
        "SEC112",
        file="net.pt",
    )
    lite = plain | {"net/bytecode.pkl": b"\x80\x02" + a.shell_call(2) + b"."}
    yield bad(
        family,
        "bytecode",
        "the payload in the mobile interpreter's bytecode.pkl",
        plain_zip(lite),
        DANGEROUS,
        file="net.ptl",
    )
    program = {
        "archive/archive_format": b"pt2",
        "archive/archive_version": b"0",
        "archive/models/model.json": json.dumps({"schema_version": {"major": 8, "minor": 1}}).encode(),
        "archive/data/sample_inputs/model.pt": zipped(_members(_EVIL)),
    }
    yield bad(
        "torch-export",
        "sample-inputs",
        "the payload in pt2's sample inputs",
        plain_zip(program),
        DANGEROUS,
        file="model.pt2",
    )
    weights = program | {
        "archive/data/sample_inputs/model.pt": zipped(_members()),
        "archive/data/weights/model.pt": _EVIL,
    }
    yield bad(
        "torch-export", "weights", "the payload in pt2's weights", plain_zip(weights), DANGEROUS, file="model.pt2"
    )
    package = {
        "package/.data/version": b"1",
        "package/model/model.pkl": a.shell_pickle(),
        "package/.data/extern_modules": b"os\n",
    }
    yield bad(
        "torch-package", "pickle", "the payload in a torch.package", plain_zip(package), DANGEROUS, file="model.pt"
    )
