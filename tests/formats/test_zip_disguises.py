"""What an archive says twice, hides, or leaves to the reader to choose."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weight_files import SYSTEM_CALL, imported, look, torch_pickle, torch_zip, zipped
from zip_files import Archive, Member, model

from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from artifact_lint.model import Inspection

PAYLOAD = "posix:system"


def kinds(inspection: Inspection) -> set[HazardKind]:
    return {hazard.kind for hazard in inspection.hazards} - {HazardKind.PERSISTENT_ID}


def evil(**changes: object) -> Member:
    member = Member("model/extra", SYSTEM_CALL)
    for name, value in changes.items():
        setattr(member, name, value)
    return member


def test_an_honest_archive_is_quiet() -> None:
    for archive in (
        model(),
        model(Member("model/data/1", bytes(100), described=True), Member("model/", b"")),
        model(Member("model/data/1", bytes(100), method=8, described=True)),
        model(Member("model/data/1", b"x", extra=b"FB" + struct.pack("<H", 40) + b"Z" * 40)),
        model(comment=b"trained on a Tuesday"),
        model(before_directory=bytes(300)),
        model(after=bytes(4096)),
        Archive(),
    ):
        inspection = look(archive.build(), "model.pt")
        assert not kinds(inspection)
        assert not inspection.incomplete


def test_archives_by_libraries_are_quiet() -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        inspection = look(zipped({"m/data.pkl": b"\x80\x02}.", "m/data/0": bytes(3000)}, compression=method), "m.pt")
        assert inspection.format == "torch-zip"
        assert not kinds(inspection)
        assert not inspection.incomplete


def zip64_records(count: int, size: int, start: int) -> bytes:
    """The zip64 end record and its locator, as PyTorch writes them into every archive."""
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, start)
    return record + b"PK\x06\x07" + struct.pack("<IQI", 0, start + size, 1)


def with_zip64(archive: Archive) -> bytes:
    content = archive.build()
    count, size, start = struct.unpack("<HII", content[-12:-2])
    return content[:-22] + zip64_records(count, size, start) + content[-22:]


@pytest.mark.parametrize("length", range(1, 80))
def test_zip64_records_are_quiet_whatever_the_members_are_called(length: int) -> None:
    top = "n" * length
    members = [Member(f"{top}/data.pkl", torch_pickle()), Member(f"{top}/version", b"3\n")]
    members += [Member(f"{top}/data/{index}", bytes(12), extra=bytes(50)) for index in range(3)]
    inspection = look(with_zip64(Archive(members)), "model.pt")
    assert not kinds(inspection)
    assert not inspection.incomplete


def test_nor_do_they_alarm_where_the_members_stand_as_far_apart_as_the_records_are_long() -> None:
    gap = len(zip64_records(0, 0, 0))
    name = "n" * (gap - 46)
    members = [Member(name[:-1] + str(index), bytes(gap - 30 - len(name))) for index in range(4)]
    assert not kinds(look(with_zip64(Archive(members)), "model.pt"))


def test_a_second_directory_for_those_who_pass_over_zip64_is_found() -> None:
    archive = Archive([Member("model/data.pkl", torch_pickle()), Member("model/version", b"3\n")])
    other = Archive([Member("model/data.pkl", SYSTEM_CALL)])
    honest, hidden = archive.build()[:-22], other.build()[:-22]
    at = hidden.index(b"PK\x01\x02")
    member, entry = hidden[:at], bytearray(hidden[at:])
    start = honest.index(b"PK\x01\x02")
    records = zip64_records(2, len(honest) - start, start)
    struct.pack_into("<H", entry, 32, len(records))
    struct.pack_into("<I", entry, 42, len(honest))
    listing = bytes(entry) + records
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(listing), len(honest) + len(member), 0)
    inspection = look(honest + member + listing + end, "model.pt")
    assert PAYLOAD in imported(inspection)
    assert any("which of the archive's directories" in found.evidence for found in inspection.hazards)


HIDDEN = {
    "no entry in the directory": lambda: model(evil(listed=False)),
    "no entry, and an open size": lambda: model(evil(listed=False, described=True)),
    "no entry, and deflated with an open size": lambda: model(evil(listed=False, described=True, method=8)),
    "no entry, in front": lambda: Archive([evil(listed=False), *model().members]),
    "no entry, and a size beyond the end": lambda: model(evil(listed=False, local_size=1 << 20)),
    "another name in the header": lambda: model(evil(local_name="model/other")),
    "marked as encrypted": lambda: model(evil(flags=1)),
    "marked as encrypted, deflated": lambda: model(evil(flags=1, method=8)),
    "marked as encrypted in the header alone": lambda: model(evil(local_flags=1)),
    "another method in the header": lambda: model(evil(local_method=8)),
    "a shorter size in the header": lambda: model(evil(local_size=3)),
    "deflated in the header, stored in the directory": lambda: model(
        Member("model/extra", zlib.compress(SYSTEM_CALL, 9)[2:-4], local_method=8)
    ),
    "twice the same name": lambda: model(Member("model/data.pkl", SYSTEM_CALL)),
    "twice the same name, the other first": lambda: Archive([Member("model/data.pkl", SYSTEM_CALL), *model().members]),
    "a name that ends at a NUL": lambda: model(Member("model/data.pkl\0.txt", SYSTEM_CALL)),
    "before the directory": lambda: model(before_directory=SYSTEM_CALL),
    "behind the directory": lambda: model(between_records=SYSTEM_CALL),
    "behind the archive": lambda: model(after=SYSTEM_CALL),
    "an archive behind the archive": lambda: model(after=Archive([evil()], shift=None).build()[:-22]),
    "an archive in the comment": lambda: model(comment=Archive([evil()]).build()),
    "an archive in front": lambda: model(before=Archive([evil()]).build()),
    "bytes in front of which some count offsets": lambda: model(evil(), before=b"JUNKJUNK", shift=8),
    "an end record that counts fewer": lambda: model(evil(), count=2),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_in_an_archive_is_found_and_told(name: str) -> None:
    inspection = look(HIDDEN[name]().build(), "model.pt")
    assert PAYLOAD in imported(inspection)
    assert HazardKind.POLYGLOT in kinds(inspection)


def test_a_wrong_checksum_hides_nothing() -> None:
    inspection = look(model(evil(crc=1)).build(), "model.pt")
    assert PAYLOAD in imported(inspection)
    assert {gap.cause for gap in inspection.incomplete} == {Cause.BROKEN}


def test_an_entry_that_points_to_no_member_is_told() -> None:
    inspection = look(model(evil(written=False)).build(), "model.pt")
    assert [(gap.cause, gap.member) for gap in inspection.incomplete] == [(Cause.BROKEN, "model/extra")]


def test_members_that_overlap_are_told_and_all_read() -> None:
    inner = Archive([evil()]).build()
    content = model(Member("model/data/1", inner + bytes(50))).build()
    start = content.index(inner)
    hidden = Archive([Member("model/extra", b"")])
    entry = hidden.build()
    directory = bytearray(entry[entry.index(b"PK\x01\x02") : entry.index(b"PK\x05\x06")])
    struct.pack_into("<III", directory, 16, zlib.crc32(SYSTEM_CALL), len(SYSTEM_CALL), len(SYSTEM_CALL))
    struct.pack_into("<I", directory, 42, start)
    end = content.rindex(b"PK\x05\x06")
    count, size, first = struct.unpack_from("<HII", content, end + 10)
    record = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count + 1, count + 1, size + len(directory), first, 0)
    inspection = look(content[:end] + bytes(directory) + record, "model.pt")
    assert PAYLOAD in imported(inspection)
    assert any("overlap" in hazard.evidence for hazard in inspection.hazards)


@pytest.mark.parametrize("shift", [1, 60])
def test_two_directories_of_which_readers_take_different_ones(shift: int) -> None:
    """One is where the end record says, the other right before it."""
    first = model(evil()).build()
    end = first.rindex(b"PK\x05\x06")
    size, start = struct.unpack_from("<II", first, end + 12)
    other = Archive([Member("model/data.pkl", b"\x80\x02}.")]).build()
    there = other[other.index(b"PK\x01\x02") : other.rindex(b"PK\x05\x06")]
    record = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(there), start, 0)
    inspection = look(first[: start + size] + bytes(shift) + there + record, "model.pt")
    assert PAYLOAD in imported(inspection)
    assert HazardKind.POLYGLOT in kinds(inspection)


def test_zip64_records_that_contradict_the_short_one() -> None:
    content = model(evil()).build()
    end = content.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<HII", content, end + 10)
    harmless = Archive([Member("model/data.pkl", b"\x80\x02}.")]).build()
    there = harmless[harmless.index(b"PK\x01\x02") : harmless.rindex(b"PK\x05\x06")]
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, len(there), end)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end + len(there), 1)
    short = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, size, start, 0)
    inspection = look(content[:end] + there + record + locator + short, "model.pt")
    assert PAYLOAD in imported(inspection)
    assert HazardKind.POLYGLOT in kinds(inspection)


@pytest.mark.parametrize("name", ["../x.pkl", "/etc/x", "a/../../x", "..\\x", "C:\\x", "c:/x", "\\x"])
def test_a_member_that_leads_out_is_told(name: str) -> None:
    inspection = look(model(Member(name, b"x")).build(), "model.pt")
    assert [hazard.member for hazard in inspection.hazards if hazard.kind is HazardKind.ARCHIVE_PATH] == [name]


@pytest.mark.parametrize("target", ["../../x", "/etc/passwd"])
def test_a_link_that_leads_out_is_told(target: str) -> None:
    inspection = look(model(Member("model/link", target.encode(), mode=0o120777)).build(), "model.pt")
    assert HazardKind.ARCHIVE_PATH in kinds(inspection)


@pytest.mark.parametrize("target", ["../x", "x"])
def test_a_link_that_stays_inside_is_fine(target: str) -> None:
    inspection = look(model(Member("model/link", target.encode(), mode=0o120777)).build(), "model.pt")
    assert HazardKind.ARCHIVE_PATH not in kinds(inspection)


def test_a_bomb_is_told_without_unpacking_it() -> None:
    inspection = look(model(Member("model/data/1", bytes(10_000), method=8, listed_size=1 << 30)).build(), "model.pt")
    assert HazardKind.ARCHIVE_PATH in kinds(inspection)


def test_archives_of_zeros_are_no_bombs() -> None:
    content = zipped({"m/data.pkl": b"\x80\x02}.", "m/data/0": bytes(100 << 20)}, compression=zipfile.ZIP_DEFLATED)
    assert not kinds(look(content, "m.pt"))


@pytest.mark.parametrize("method", [9, 98])
def test_an_unknown_compression_is_told(method: int) -> None:
    (gap,) = look(model(evil(method=method)).build(), "model.pt").incomplete
    assert (gap.cause, gap.member) == (Cause.UNSUPPORTED, "model/extra")


def test_a_member_packed_by_xz_is_read() -> None:
    packed = lzma.compress(SYSTEM_CALL, lzma.FORMAT_XZ)
    assert PAYLOAD in imported(look(model(evil(method=95, packed=packed)).build(), "model.pt"))


_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "listed": st.sampled_from([False]),
        "local_name": st.sampled_from(["model/data.pkl", "x", "model/data/0"]),
        "flags": st.just(1),
        "local_flags": st.sampled_from([0, 1, 8]),
        "crc": st.integers(0, (1 << 32) - 1),
        "described": st.sampled_from([True]),
        "extra": st.binary(max_size=40),
        "local_size": st.integers(0, 1 << 31),
        "method": st.sampled_from([0, 8]),
    },
)
_PLACES = st.fixed_dictionaries(
    {},
    optional={
        "before": st.sampled_from([b"JUNKJUNK", Archive([Member("a", b"b")]).build()]),
        "before_directory": st.sampled_from([bytes(9), b"JUNK", Archive([Member("a", b"b")]).build()]),
        "between_records": st.sampled_from([b"JUNK", bytes(40)]),
        "after": st.sampled_from([b"\n", bytes(100), Archive([Member("a", b"b")]).build()[:-22]]),
        "comment": st.binary(max_size=50),
        "count": st.integers(0, 5),
        "directory_size": st.integers(0, 400),
    },
)


@given(changes=_CHANGES, places=_PLACES, position=st.integers(0, 3))
@settings(max_examples=400, deadline=None)
def test_no_manipulation_hides_a_member(changes: dict[str, object], places: dict[str, object], position: int) -> None:
    archive = model(**places)
    archive.members.insert(position, evil(**changes))
    assert PAYLOAD in imported(look(archive.build(), "model.pt"))


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_mutated_archives_raise_nothing(data: st.DataObject) -> None:
    mutated = bytearray(model(evil(described=True, method=8), comment=b"PK\x05\x06" * 9).build())
    for _ in range(data.draw(st.integers(1, 8))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    look(bytes(mutated), data.draw(st.sampled_from(["m.pt", "m.zip", "m", "m.skops", "m.npz"])))


def test_a_zip_whose_directory_is_gone_is_read_as_far_as_it_goes() -> None:
    content = torch_zip(SYSTEM_CALL)
    inspection = look(content[: content.index(b"PK\x01\x02")], "m.pt")
    assert imported(inspection) == {PAYLOAD}
    assert kinds(inspection) == set()
