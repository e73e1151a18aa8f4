"""Streams that no library writes, put together byte by byte: a reader that guesses would take them for clean."""

from __future__ import annotations

import bz2
import collections
import io
import pickle
import struct
import zlib
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pytest
from weight_files import SYSTEM_CALL, imported, look

from artifact_lint.formats import ReadLimits
from artifact_lint.model import Cause, HazardKind, Inspection, Use

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALL = SYSTEM_CALL.removesuffix(b".")
LEGACY_MAGIC = b"\x80\x02\x8a\x0a" + (0x1950A86A20F9469CFC6C).to_bytes(10, "little") + b"."


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def name(module: str, attribute: str) -> bytes:
    return text(module) + text(attribute) + b"\x93"


def kinds(inspection: Inspection) -> set[HazardKind]:
    return {hazard.kind for hazard in inspection.hazards}


def uses(inspection: Inspection, dotted: str) -> set[Use]:
    return set(next(found.uses for found in inspection.imports if found.dotted == dotted))


def test_memoize_goes_where_cpython_puts_it() -> None:
    # PUT 1, PUT 0, PUT 1 and PUT 3 leave three entries, so that MEMOIZE sets the fourth, which is there already.
    before = b"\x80\x04" + text("x") + b"q\x01q\x00q\x010"
    after = text("collections") + b"q\x030" + text("posix") + b"\x940h\x03" + text("system") + b"\x93."
    assert imported(look(before + after)) == {"posix:system"}


def test_a_memo_entry_that_is_overwritten_is_what_it_became() -> None:
    stream = b"\x80\x04" + text("collections") + b"q\x050" + text("posix") + b"q\x050h\x05" + text("system") + b"\x93."
    assert imported(look(stream)) == {"posix:system"}


CALLERS = {
    "copyreg._reconstructor": name("copyreg", "_reconstructor") + b"(" + name("builtins", "list") + b"%bNtR",
    "torch._tensor._rebuild_from_type_v2": name("torch._tensor", "_rebuild_from_type_v2") + b"(%bNNNtR",
    "numpy __bit_generator_ctor": name("numpy.random._pickle", "__bit_generator_ctor") + b"%b\x85R",
    "numpy __generator_ctor": name("numpy.random._pickle", "__generator_ctor") + text("x") + b"%b\x86R",
    "numpy __randomstate_ctor": name("numpy.random", "__randomstate_ctor") + text("x") + b"%b\x86R",
}
MAKERS = {
    "copyreg.__newobj__": name("copyreg", "__newobj__") + b"%b\x85R",
    "pandas _new_Index": name("pandas.core.indexes.base", "_new_Index") + b"%b}\x86R",
    "scikit-learn newObj": name("sklearn.metrics._dist_metrics", "newObj") + b"%b\x85R",
    "numpy _mareconstruct": name("numpy.ma.core", "_mareconstruct") + b"(" + name("numpy", "ndarray") + b"%bNtR",
    "Cython": name("sklearn._loss._loss", "__pyx_unpickle_CyLoss") + b"%bK\x01N\x87R",
}


@pytest.mark.parametrize("caller", CALLERS)
def test_what_a_callee_calls_is_called(caller: str) -> None:
    stream = b"\x80\x04" + CALLERS[caller] % name("somewhere", "Thing") + b"."
    assert Use.CALLED in uses(look(stream), "somewhere:Thing")


@pytest.mark.parametrize("maker", MAKERS)
def test_what_a_callee_makes_an_instance_of_is_instantiated(maker: str) -> None:
    stream = b"\x80\x04" + MAKERS[maker] % name("somewhere", "Thing") + b"."
    assert Use.INSTANTIATED in uses(look(stream), "somewhere:Thing")


def test_a_state_given_to_a_class_is_told() -> None:
    stream = b"\x80\x02" + b"csomewhere\nThing\n(N}X\x07\0\0\0predictcnumpy\nsin\nstb."
    assert kinds(look(stream)) == {HazardKind.PATCHED_CLASS}


@pytest.mark.parametrize("key", [b"X\x09\0\0\0__class__", b"csomewhere\nword\n)R"])
def test_special_attributes_in_a_state_are_told(key: bytes) -> None:
    stream = b"\x80\x02csomewhere\nThing\n)\x81(N}" + key + b"csomewhere\nOther\nstb."
    assert HazardKind.PATCHED_CLASS in kinds(look(stream))


def test_an_ordinary_state_in_two_parts_is_quiet() -> None:
    stream = b"\x80\x02csomewhere\nThing\n)\x81(N}X\x04\0\0\0nameK\x01stb."
    assert not look(stream).hazards


def dtype(kind: str, flags: int) -> bytes:
    state = b"(K\x03" + text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff" + b"K" + bytes([flags]) + b"t"
    return name("numpy", "dtype") + text(kind) + b"\x89\x88\x87R" + state + b"b"


def test_a_dtype_of_objects_that_denies_them_is_told() -> None:
    assert kinds(look(b"\x80\x04" + dtype("O8", 0) + b".")) == {HazardKind.PATCHED_CLASS}


@pytest.mark.parametrize("kind", ["O8", "f8", "V8"])
def test_the_dtypes_that_numpy_writes_are_quiet(kind: str) -> None:
    assert not look(pickle.dumps(np.dtype(kind), 4)).hazards
    structured = np.dtype([("a", "O"), ("b", "f4")])
    assert not look(pickle.dumps(structured, 4)).hazards


def test_a_frame_that_ends_within_an_opcode_is_told() -> None:
    stream = b"\x80\x04\x95" + struct.pack("<Q", 3) + text("abc") + b"."
    assert kinds(look(stream)) == {HazardKind.FRAME_DISAGREEMENT}


def test_a_frame_within_a_frame_is_told() -> None:
    frame = b"\x95" + struct.pack("<Q", 12)
    assert HazardKind.FRAME_DISAGREEMENT in kinds(look(b"\x80\x04" + frame + frame + bytes([0x4E]) + b"0" * 0 + b"."))


@pytest.mark.parametrize("size", [10, 70_000, 200_000, 1_000_000])
@pytest.mark.parametrize("protocol", [4, 5])
def test_the_frames_of_the_standard_library_are_quiet(size: int, protocol: int) -> None:
    value = [b"x" * size, "y" * size, list(range(size // 10)), bytearray(size), {"k": (1, 2)}]
    for pickler in (pickle.dumps, _dumps_in_python):
        inspection = look(pickler(value, protocol))
        assert not inspection.hazards
        assert not inspection.incomplete


def _dumps_in_python(value: object, protocol: int) -> bytes:
    stream = io.BytesIO()
    pickle._Pickler(stream, protocol).dump(value)
    return stream.getvalue()


@pytest.mark.parametrize("count", [1, 100, 2000, 3000, 5000, 40_000])
def test_what_follows_an_array_of_objects_is_read_from_where_it_ends(count: int, tmp_path: Path) -> None:
    array = np.array([f"text {number}" for number in range(count)], dtype=object)
    joblib.dump([array, collections.Counter("a"), array[:5], "end"], tmp_path / "a.joblib")
    inspection = look((tmp_path / "a.joblib").read_bytes(), "a.joblib")
    assert not inspection.incomplete
    assert not inspection.hazards
    assert "collections:Counter" in imported(inspection)


@pytest.mark.parametrize("junk", [b"\0", b"\0\0\xff", b"junk" * 20])
@pytest.mark.parametrize("first", [b"N.", b"\x80\x04N."])
def test_a_pickle_behind_junk_is_found(first: bytes, junk: bytes) -> None:
    inspection = look(first + junk + CALL + b".")
    assert "posix:system" in imported(inspection)
    assert HazardKind.TRAILING_PICKLE in kinds(inspection)


def test_bytes_behind_a_pickle_are_told_and_a_line_end_is_not() -> None:
    assert kinds(look(b"\x80\x04N." + bytes(100))) == {HazardKind.TRAILING_DATA}
    assert not look(b"\x80\x04N.\n").hazards


@pytest.mark.parametrize("constant", [b"C%b", b"B\0\0\0"])
def test_a_pickle_in_a_constant_is_read_whatever_opens_it(constant: bytes) -> None:
    inner = b"N0" + CALL + b"."
    opcode = constant % bytes([len(inner)]) if b"%b" in constant else b"B" + struct.pack("<I", len(inner))
    inspection = look(b"\x80\x03" + opcode + inner + b".")
    assert "posix:system" in imported(inspection)
    assert HazardKind.NESTED_PICKLE in kinds(inspection)


@pytest.mark.parametrize("window", range(9, 16))
def test_every_window_of_zlib_is_unpacked(window: int) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    assert "posix:system" in imported(look(packer.compress(CALL + b".") + packer.flush(), "model.joblib"))


def test_several_compressed_streams_are_one() -> None:
    assert "posix:system" in imported(look(bz2.compress(b"\x80\x02N.") + bz2.compress(CALL + b"."), "model.joblib"))


def storage(inner: bytes) -> bytes:
    stream = LEGACY_MAGIC + b"\x80\x02M\xe9\x03." + b"\x80\x02}." + inner + b"\x80\x02]."
    return b"\x80\x02ctorch.storage\n_load_from_bytes\nB" + struct.pack("<I", len(stream)) + stream + b"\x85R."


def test_a_storage_that_torch_wrote_into_a_pickle_is_read_and_not_imported() -> None:
    inner = b"\x80\x02ctorch.storage\nTypedStorage\n."
    inspection = look(storage(inner))
    assert imported(inspection) == {"torch.storage:TypedStorage"}
    assert not inspection.hazards
    assert not inspection.incomplete
    assert "posix:system" in imported(look(storage(CALL + b".")))


def legacy_file(count: int, storages: bytes) -> bytes:
    reference = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK" + bytes([count]) + b"NtQ"
    return (
        LEGACY_MAGIC + b"\x80\x02M\xe9\x03." + b"\x80\x02}." + b"\x80\x02" + reference + b"." + b"\x80\x02]." + storages
    )


def test_the_storages_of_a_legacy_file_are_passed_over() -> None:
    inspection = look(legacy_file(10, bytes(8 + 40)), "model.pt")
    assert inspection.format == "torch-legacy"
    assert not inspection.incomplete
    assert kinds(inspection) == {HazardKind.PERSISTENT_ID}


def test_a_pickle_behind_the_storages_of_a_legacy_file_is_found() -> None:
    inspection = look(legacy_file(10, bytes(8 + 40) + CALL + b"."), "model.pt")
    assert "posix:system" in imported(inspection)


def test_a_legacy_file_that_lacks_storages_is_told() -> None:
    inspection = look(legacy_file(10, bytes(20)), "model.pt")
    assert [gap.cause for gap in inspection.incomplete] == [Cause.TRUNCATED]


@pytest.mark.parametrize("pack", [zlib.compress, bz2.compress])
def test_a_compressed_pickle_in_a_constant_is_read(pack: Callable[[bytes], bytes]) -> None:
    inner = pack(CALL + b".")
    inspection = look(b"\x80\x03B" + struct.pack("<I", len(inner)) + inner + b".")
    assert "posix:system" in imported(inspection)


def test_a_pickle_in_bytes_that_are_written_as_text_is_read() -> None:
    assert "posix:system" in imported(look(pickle.dumps(CALL + b".", 2)))


def test_a_pickle_behind_a_break_is_found() -> None:
    inspection = look(b"\x80\x02N\xff" + bytes(300_000) + b"\x80\x02" + CALL + b".")
    assert "posix:system" in imported(inspection)
    assert Cause.BROKEN in {gap.cause for gap in inspection.incomplete}


def test_a_pickle_far_behind_the_first_is_found() -> None:
    junk = np.random.default_rng(0).bytes(3_000_000)
    assert "posix:system" in imported(look(b"\x80\x02N." + junk + b"\x80\x02" + CALL + b"."))
    assert not imported(look(b"\x80\x02N." + junk))


def test_a_storage_of_unknown_bytes_is_an_import() -> None:
    stream = b"\x80\x02ctorch.storage\n_load_from_bytes\nC\x04abcd\x85R."
    assert "torch.storage:_load_from_bytes" in imported(look(stream))


def test_a_map_of_a_file_is_an_import_unless_it_is_joblibs(tmp_path: Path) -> None:
    array = np.memmap(tmp_path / "map", dtype="f4", mode="w+", shape=(3,))
    joblib.dump({"array": array}, tmp_path / "a.joblib")
    assert "numpy:memmap" not in imported(look((tmp_path / "a.joblib").read_bytes(), "a.joblib"))
    assert "numpy:memmap" in imported(look(b"\x80\x04" + name("numpy", "memmap") + b"."))


def test_too_many_imports_are_told() -> None:
    stream = b"".join(b"csomewhere\nName%d\n0" % number for number in range(5000)) + b"N."
    inspection = look(stream)
    assert [gap.cause for gap in inspection.incomplete] == [Cause.LIMIT]


BOUNDED = {
    "a constant of 2**60 bytes": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60),
    "a text of 2**60 bytes": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 60),
    "a frame of 2**60 bytes": b"\x80\x04\x95" + struct.pack("<Q", 1 << 60) + b"N.",
    "a memo index of 2**31": b"\x80\x02Nr" + struct.pack("<I", 1 << 31) + b".",
    "nested tuples": b"\x80\x02N" + b"\x85" * 200_000 + b".",
    "doubling": b"\x80\x02N" + b"2\x86" * 100_000 + b".",
    "marks": b"\x80\x02" + b"(" * 1_000_000,
    "lists": b"\x80\x02" + b"]" * 1_000_000,
    "a number without end": b"I" + b"1" * 5_000_000,
}


@pytest.mark.parametrize("stream", BOUNDED.values(), ids=BOUNDED)
def test_what_would_exhaust_a_machine_ends(stream: bytes) -> None:
    look(stream, limits=ReadLimits())
