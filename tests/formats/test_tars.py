"""Tar archives: packed ones, hostile ones, and where their members would land."""

from __future__ import annotations

import io
import pickle
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weight_files import SYSTEM_CALL, imported, look, torch_zip, zipped

from artifact_lint.formats import ReadLimits, sniff
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause, HazardKind, Inspection


def entry(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size = len(content)
    made.type = kind
    made.linkname = target
    return made


def tarred(*members: tuple[tarfile.TarInfo, bytes], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as archive:  # type: ignore[call-overload] # a parameter
        for made, content in members:
            archive.addfile(made, io.BytesIO(content))
    return buffer.getvalue()


def held(*members: tuple[str, bytes], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> bytes:
    return tarred(*((entry(name, content), content) for name, content in members), mode=mode, form=form)


def told(inspection: Inspection, kind: HazardKind) -> list[str]:
    return [hazard.member for hazard in inspection.hazards if hazard.kind is kind]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_an_honest_archive_is_read_and_quiet(form: int, mode: str) -> None:
    name = "a/" * 40 + "model.pkl"
    content = held(("config.yaml", b"a: 1"), (name, SYSTEM_CALL), ("w.ckpt", torch_zip()), mode=mode, form=form)
    inspection = look(content, "speech.nemo")
    assert inspection.format == "tar"
    assert imported(inspection) == {"posix:system", "torch:FloatStorage"}
    assert {found.member for found in inspection.imports} == {name, "w.ckpt!model/data.pkl"}
    assert not inspection.incomplete
    assert {hazard.kind for hazard in inspection.hazards} == {HazardKind.PERSISTENT_ID}


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "C:/x"])
def test_a_member_that_leads_out_is_told(name: str) -> None:
    assert told(look(held((name, b"x")), "m.nemo"), HazardKind.ARCHIVE_PATH) == [name]


@pytest.mark.parametrize(
    ("name", "target", "kind", "escapes"),
    [
        ("a/b", "../c", tarfile.SYMTYPE, False),
        ("a/b", "../../c", tarfile.SYMTYPE, True),
        ("a/b", "/c", tarfile.SYMTYPE, True),
        ("a/b", "a/c", tarfile.LNKTYPE, False),
        ("a/b", "../c", tarfile.LNKTYPE, True),
        ("latest", "v2", tarfile.SYMTYPE, False),
        ("loop", "loop", tarfile.SYMTYPE, False),
    ],
)
def test_links(name: str, target: str, kind: bytes, escapes: bool) -> None:  # noqa: FBT001
    inspection = look(tarred((entry(name, kind=kind, target=target), b"")), "m.nemo")
    assert told(inspection, HazardKind.ARCHIVE_PATH) == ([name] if escapes else [])


def test_a_path_through_a_link_is_followed() -> None:
    link = (entry("a/up", kind=tarfile.SYMTYPE, target=".."), b"")
    assert told(look(tarred(link, (entry("a/up/x", b"x"), b"x")), "m.nemo"), HazardKind.ARCHIVE_PATH) == []
    inspection = look(tarred(link, (entry("a/up/../x", b"x"), b"x")), "m.nemo")
    assert told(inspection, HazardKind.ARCHIVE_PATH) == ["a/up/../x"]


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_are_told(kind: bytes) -> None:
    assert told(look(tarred((entry("d", kind=kind), b"")), "m.nemo"), HazardKind.ARCHIVE_PATH) == ["d"]


def test_a_member_behind_the_end_is_read_and_told() -> None:
    inspection = look(held(("a", b"x")) + held(("b", SYSTEM_CALL)), "m.nemo")
    assert imported(inspection) == {"posix:system"}
    assert told(inspection, HazardKind.POLYGLOT) == [""]


def test_a_link_with_a_size_hides_no_member() -> None:
    inner = held(("b", SYSTEM_CALL))
    content = bytearray(tarred((entry("a", kind=tarfile.SYMTYPE, target="b"), b"")))
    content[124:136] = b"%011o\0" % (len(inner) // 512 * 512)
    block = bytes(content[:148]) + b" " * 8 + bytes(content[156:512])
    content[148:156] = b"%06o\0 " % sum(block)
    inspection = look(bytes(content[:512]) + inner, "m.nemo")
    assert imported(inspection) == {"posix:system"}
    assert told(inspection, HazardKind.POLYGLOT) == [""]


def test_a_tar_without_its_magic_is_one_by_its_checksum() -> None:
    content = bytearray(held(("b", SYSTEM_CALL), form=tarfile.GNU_FORMAT))
    content[257:265] = bytes(8)
    content[148:156] = b" " * 8
    content[148:156] = b"%06o\0 " % sum(content[:512])
    assert imported(look(bytes(content), "m.pt")) == {"posix:system"}


def test_a_first_name_that_is_a_pickle() -> None:
    inspection = look(held((SYSTEM_CALL.decode(), b"x"), ("b", pickle.dumps(1))), "m.pt")
    assert inspection.format == "pickle"
    assert imported(inspection) == {"posix:system"}
    assert told(inspection, HazardKind.POLYGLOT) == [""]


def old_torch(storages: bytes) -> bytes:
    """What `torch.save` wrote before PyTorch 0.1.11: pickles, and between them the bytes of tensors."""
    tensors = pickle.dumps(1, 2) + b"\x80\x02K\x01U\x03123ctorch\nFloatTensor\n\x87." + bytes(48)
    return held(
        ("sys_info", pickle.dumps({"protocol_version": 1000}, 2)),
        ("pickle", b"\x80\x02}U\x06weightK\x01Qs."),
        ("tensors", tensors),
        ("storages", pickle.dumps(1, 2) + storages + bytes(32) + pickle.dumps([], 2)),
    )


def test_the_tar_of_old_torch_is_quiet() -> None:
    inspection = look(old_torch(b"\x80\x02U\x03123U\x03cpuctorch\nFloatStorage\n\x87."), "model.pt")
    assert (inspection.format, inspection.framework, inspection.pickled) == ("tar", "pytorch", True)
    assert imported(inspection) == {"torch:FloatTensor", "torch:FloatStorage"}
    assert inspection.hazards == ()
    assert inspection.incomplete == ()


def test_a_call_among_the_storages_of_old_torch_is_found() -> None:
    assert "posix:system" in imported(look(old_torch(SYSTEM_CALL), "model.pt"))


def test_an_archive_that_was_asked_for_counts_by_what_it_holds() -> None:
    content = Memory(held(("blob", SYSTEM_CALL), mode="w:gz"))
    assert sniff("results.tar.gz", content) is None
    assert sniff("results.tar.gz", content, asked=True) == "tar"
    assert sniff("results.tar.gz", Memory(held(("blob", b"text"), mode="w:gz")), asked=True) is None
    assert sniff("results.zip", Memory(zipped({"a.zip": zipped({"blob": SYSTEM_CALL})})), asked=True) == "zip"


def test_a_bomb_is_told() -> None:
    inspection = look(held(("w", bytes(1 << 22)), mode="w:gz"), "m.nemo", ReadLimits(unpacked=1 << 20))
    assert HazardKind.ARCHIVE_PATH in {hazard.kind for hazard in inspection.hazards}
    assert {gap.cause for gap in inspection.incomplete} == {Cause.LIMIT}


def test_archives_in_a_packed_archive_are_read() -> None:
    inner = zipped({f"{index}.pkl": SYSTEM_CALL for index in range(3)} | {"w": bytes(1 << 21)})
    inspection = look(held(("a", inner), ("b", inner), mode="w:gz"), "model.tgz")
    assert len({found.member for found in inspection.imports}) == 6
    assert not inspection.incomplete


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_mutated_archives_raise_nothing(data: st.DataObject) -> None:
    mutated = bytearray(
        held(("a", SYSTEM_CALL), ("b" * 120, torch_zip()), mode=data.draw(st.sampled_from(["w", "w:gz"])))
    )
    for _ in range(data.draw(st.integers(1, 8))):
        mutated[data.draw(st.integers(0, 1 << 16)) % len(mutated)] = data.draw(st.integers(0, 255))
    look(bytes(mutated), data.draw(st.sampled_from(["m.nemo", "m.pt", "model.tgz"])))


@given(st.binary(max_size=700), st.sampled_from(["w", "w:gz"]))
@settings(max_examples=100, deadline=None)
def test_whatever_a_member_holds_the_next_one_is_read(content: bytes, mode: str) -> None:
    assert "posix:system" in imported(look(held(("a", content), ("b", SYSTEM_CALL), mode=mode), "m.nemo"))
