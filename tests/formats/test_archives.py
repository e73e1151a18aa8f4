from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weight_files import SYSTEM_CALL, imported, look, torch_zip, zipped
from zip_files import Archive, Member

from artifact_lint.formats import ReadLimits
from artifact_lint.model import Cause, HazardKind


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload] # the mode is a parameter
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_a_torch_archive_is_read() -> None:
    inspection = look(torch_zip(), "model.pt")
    assert (inspection.format, inspection.framework, inspection.pickled) == ("torch-zip", "pytorch", True)
    assert [(found.dotted, found.member) for found in inspection.imports] == [("torch:FloatStorage", "model/data.pkl")]
    (hazard,) = inspection.hazards
    assert (hazard.kind, hazard.evidence) == (HazardKind.PERSISTENT_ID, "torch storage torch:FloatStorage")
    assert inspection.metadata["byteorder"] == "little"
    assert not inspection.incomplete


@pytest.mark.parametrize("place", ["data.pkl", "extra.pkl", "code/a.py.debug_pkl", "data/1", "README"])
def test_a_pickle_is_found_in_any_member(place: str) -> None:
    inspection = look(torch_zip(**{place: SYSTEM_CALL}), "model.pt")
    assert ("posix:system", f"model/{place}") in {(found.dotted, found.member) for found in inspection.imports}


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_members_are_read(compression: int) -> None:
    content = zipped({"m/data.pkl": SYSTEM_CALL, "m/version": b"3"}, compression=compression)
    assert imported(look(content, "m.pt")) == {"posix:system"}


def test_an_encrypted_member_is_told() -> None:
    hidden = Member("model/data.pkl", SYSTEM_CALL, packed=bytes(12) + SYSTEM_CALL, flags=1)
    (gap,) = look(Archive([hidden]).build(), "m.pt").incomplete
    assert (gap.cause, gap.member) == (Cause.ENCRYPTED, "model/data.pkl")


def test_an_archive_without_its_directory_is_read_as_far_as_it_goes() -> None:
    content = torch_zip(SYSTEM_CALL)
    inspection = look(content[: content.index(b"PK\x01\x02")], "m.pt")
    assert imported(inspection) == {"posix:system"}
    assert {gap.cause for gap in inspection.incomplete} == {Cause.TRUNCATED}


def test_an_archive_cut_anywhere_is_never_clean() -> None:
    content = torch_zip()
    for end in range(1, len(content)):
        inspection = look(content[:end], "m.pt")
        assert inspection.format is None or inspection.incomplete


def test_a_pickle_in_front_of_an_archive_is_what_a_loader_takes() -> None:
    inspection = look(SYSTEM_CALL + torch_zip(), "m.pt")
    assert inspection.format == "pickle"
    assert imported(inspection) == {"posix:system", "torch:FloatStorage"}
    assert [(found.kind, found.evidence) for found in inspection.hazards if found.kind is HazardKind.POLYGLOT] == [
        (HazardKind.POLYGLOT, "the same bytes are pickle to one loader and PyTorch zip to another")
    ]


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_archive_of_weights_is_read(mode: str) -> None:
    content = tarred({"a.txt": b"hello", "weights/model.pkl": SYSTEM_CALL}, mode)
    inspection = look(content, "model.tar")
    assert inspection.format == "tar"
    assert [(found.dotted, found.member) for found in inspection.imports] == [("posix:system", "weights/model.pkl")]


def test_a_tar_archive_of_text_is_none() -> None:
    assert look(tarred({"a.txt": b"hello"}, "w:gz"), "notes.tar.gz").format is None


@pytest.mark.parametrize("name", ["model.tar", "weights.tgz", "best_model.tar.gz", "speech.nemo", "Model-v2.TAR"])
def test_an_archive_that_promises_weights_is_read_whatever_its_members_are_called(name: str) -> None:
    content = tarred({"readme": b"hello", "blob": SYSTEM_CALL}, "w:gz" if "gz" in name else "w")
    inspection = look(content, name)
    assert [(found.dotted, found.member) for found in inspection.imports] == [("posix:system", "blob")]


def test_an_archive_that_promises_weights_and_holds_text_is_none() -> None:
    assert look(tarred({"readme": b"hello", "notes": b"(cat\ndog\n"}), "model.tar").format is None


def test_archives_within_archives_are_read_to_a_depth() -> None:
    content = SYSTEM_CALL
    for depth in range(8):
        content = zipped({f"{depth}.pkl.zip": content, "model.onnx": b""})
    inspection = look(content, "model.zip")
    assert {gap.cause for gap in inspection.incomplete} == {Cause.LIMIT}
    assert imported(look(zipped({"a.zip": zipped({"m.pkl": SYSTEM_CALL}), "b.pkl": b""}), "m.zip")) == {"posix:system"}


def test_too_many_members_are_told() -> None:
    content = zipped({f"{index}.npy": b"" for index in range(20)})
    inspection = look(content, "m.npz", ReadLimits(members=10))
    assert Cause.LIMIT in {gap.cause for gap in inspection.incomplete}


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_mutated_archives_raise_nothing(data: st.DataObject) -> None:
    mutated = bytearray(torch_zip(SYSTEM_CALL))
    for _ in range(data.draw(st.integers(1, 8))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    look(bytes(mutated), "m.pt")


def test_the_legacy_layout_of_torch() -> None:
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    rest = [1001, {"little_endian": True}, {"weight": [1.0]}, ["0"]]
    content = magic + b"".join(pickle.dumps(value, 2) for value in rest)
    inspection = look(content, "m.pth")
    assert (inspection.format, inspection.framework) == ("torch-legacy", "pytorch")
    assert not inspection.hazards
    assert not inspection.incomplete


def with_zip64_records(content: bytes) -> bytes:
    end = content.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<HII", content, end + 10)
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, start)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    return content[:end] + record + locator + content[end:]


def test_an_archive_with_zip64_records_as_torch_writes_them() -> None:
    inspection = look(with_zip64_records(torch_zip()), "m.pt")
    assert imported(inspection) == {"torch:FloatStorage"}
    assert not inspection.incomplete


class _Pipe(io.RawIOBase):
    def __init__(self) -> None:
        super().__init__()
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - as the base class has it
        self.content += data
        return len(data)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_cut_archive_whose_members_leave_their_sizes_open(compression: int) -> None:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", compression) as archive:
        archive.writestr("m/version", b"3")
        archive.writestr("m/data.pkl", SYSTEM_CALL)
        archive.writestr("m/data/0", bytes(100))
    content = bytes(pipe.content)
    inspection = look(content[: content.index(b"PK\x01\x02")], "m.pt")
    assert imported(inspection) == {"posix:system"}
    assert Cause.TRUNCATED in {gap.cause for gap in inspection.incomplete}


@pytest.mark.parametrize("name", ["model.pkl", "model.pt", "model.pkl.gz"])
@pytest.mark.parametrize("inner", [gzip.compress(SYSTEM_CALL), zipped({"model/data.pkl": SYSTEM_CALL})])
def test_what_is_packed_twice_is_read(name: str, inner: bytes) -> None:
    inspection = look(gzip.compress(inner), name)
    assert "posix:system" in imported(inspection)
    assert not inspection.incomplete


def test_what_is_packed_too_often_is_told() -> None:
    content = SYSTEM_CALL
    for _ in range(9):
        content = gzip.compress(content)
    assert Cause.LIMIT in {gap.cause for gap in look(content, "model.pkl").incomplete}


@pytest.mark.parametrize("name", ["corpus.txt.gz", "data.bin.gz", "notes.zst", "a.csv.xz"])
def test_other_compressed_files_are_no_weights(name: str) -> None:
    for content in (gzip.compress(b"a,b\n" * 99), b"\x28\xb5\x2f\xfd" + bytes(40), gzip.compress(zipped({"a": b"b"}))):
        assert look(content, name).format is None
