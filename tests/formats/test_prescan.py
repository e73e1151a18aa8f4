"""What is told of a long stream without running it is what running it tells."""

from __future__ import annotations

import collections
import decimal
import io
import pickle
import pickletools
import uuid
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weight_files import SYSTEM_CALL, imported, look

from artifact_lint.formats import ReadLimits
from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.machine import Machine
from artifact_lint.formats.pickles.prescan import Prescan
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause, HazardKind, Use

if TYPE_CHECKING:
    from pathlib import Path

#: Few enough opcodes that what follows them is not run.
SHORT = ReadLimits(opcodes=1)
FILLER = [list(range(600)), [f"word{index}" for index in range(600)], {f"key{index}": 0.5 for index in range(600)}]

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=80)
    | st.binary(max_size=80)
    | st.sampled_from(
        [
            uuid.UUID(int=1),
            complex(0, 1),
            decimal.Decimal(1),
            collections.OrderedDict(a=1),
            collections.Counter("ab"),
            PurePosixPath("a/b"),
            np.float32(1),
            np.dtype("f4"),
        ]
    ),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.tuples(inner, inner, inner, inner)
        | st.dictionaries(st.text(max_size=5), inner)
        | st.just([*range(300)])
        | st.just(["text"] * 100)
    ),
    max_leaves=20,
)


def run(stream: bytes) -> tuple[Machine, FormatError | None]:
    machine = Machine(Window(Memory(stream)), ReadLimits())
    try:
        machine.run()
    except FormatError as error:
        return machine, error
    return machine, None


def scanned(stream: bytes) -> tuple[Machine, FormatError | None]:
    machine = Machine(Window(Memory(stream)), ReadLimits())
    scan = Prescan(machine)
    try:
        scan.run()
    except FormatError as error:
        return scan, error
    return scan, None


@given(value=VALUES, protocol=st.sampled_from(range(6)))
@settings(max_examples=400, deadline=None)
def test_the_imports_of_any_value_are_those_that_running_it_finds(value: object, protocol: int) -> None:
    stream = pickle.dumps([value, FILLER, value, collections.OrderedDict(), collections.Counter("a")], protocol)
    exact, _ = run(stream)
    found, error = scanned(stream)
    assert error is None
    assert not found.gaps
    assert found.imports.keys() == exact.imports.keys()
    assert found.window.tell() == exact.window.tell()
    if protocol >= 3:
        # Below, bytes are texts that a call encodes, which only a run sees.
        assert [blob.offset for blob in found.blobs] == [blob.offset for blob in exact.blobs]
    assert {name: one.uses for name, one in found.imports.items()} == {
        name: one.uses for name, one in exact.imports.items()
    }
    assert found.hazards.keys() == exact.hazards.keys()


@given(value=VALUES, protocol=st.sampled_from(range(6)), data=st.data())
@settings(max_examples=400, deadline=None)
def test_no_import_of_a_mutated_stream_is_missed_in_silence(value: object, protocol: int, data: st.DataObject) -> None:
    stream = bytearray(pickle.dumps([value, list(range(100)), collections.OrderedDict(), value], protocol))
    for _ in range(data.draw(st.integers(0, 6))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    exact, _ = run(bytes(stream))
    found, error = scanned(bytes(stream))
    said = error is not None or found.gaps
    assert said or all(found.imports[name].uses >= one.uses for name, one in exact.imports.items())
    assert said or found.hazards.keys() >= exact.hazards.keys()


@pytest.mark.parametrize("protocol", range(6))
def test_a_payload_behind_many_opcodes_is_found(protocol: int) -> None:
    stream = pickle.dumps(FILLER * 20, protocol)
    inspection = look(stream[:-1] + b"0" + SYSTEM_CALL + b"0N.", limits=SHORT)
    assert "posix:system" in imported(inspection)
    assert inspection.metadata["imports only"].startswith("from byte ")
    assert not inspection.incomplete


def test_how_a_late_import_is_used_is_told() -> None:
    stream = pickle.dumps([FILLER * 10, collections.Counter("a"), uuid.UUID(int=1), collections.OrderedDict], 4)
    uses = {found.dotted: found.uses for found in look(stream, limits=SHORT).imports}
    assert uses["collections:Counter"] == {Use.CALLED}
    assert uses["uuid:UUID"] == {Use.INSTANTIATED, Use.BUILT}
    assert uses["collections:OrderedDict"] == {Use.NAMED}


def test_a_name_that_is_not_written_right_before_its_import_is_followed() -> None:
    hidden = b"\x8c\x05posix\x8c\x06systemN0\x93"
    assert "posix:system" in imported(look(pickle.dumps(FILLER * 10, 4)[:-1] + hidden + b".", limits=SHORT))


CLASS = b"\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94"


@pytest.mark.parametrize(
    "acts",
    {
        "a class is given a state": b"h\x02}\x8c\x05clearNsb0",
        "a slot is special": b"h\x02)\x81N}\x8c\x09__class__Ns\x86b0",
        "a slot that the memo names is special": b"\x8c\x09__class__\x940h\x02)\x81N}(" + b"h\x03N" * 9 + b"u\x86b0",
        "a slot is set through the memo": b"}\x940h\x02)\x81Nh\x03\x8c\x09__class__Ns\x86b0",
        "a class is called": b"h\x02)R0",
        "a class is called with what was folded": b"h\x02(" + b"K\x01" * 30 + b"tR0",
        "a class is called by name": b"(K\x01h\x02" + b"K\x01" * 30 + b"t0h\x02K\x01K\x02\x86R0",
        "getattr is called in two ways": b"\x8c\x08builtins\x8c\x07getattr\x93\x940"
        + b"h\x03h\x02\x8c\x05clear\x86R0" * 2
        + b"h\x03h\x02K\x01\x86R0",
        "partial is called": b"\x8c\x09functools\x8c\x07partial\x93\x940h\x03h\x02\x85RK\x01\x85R0",
        "an opcode crosses its frame": b"\x95\x03" + bytes(7) + b"K\x01K\x010" * 2,
    }.items(),
    ids=lambda act: act[0].replace(" ", "-"),
)
@pytest.mark.parametrize("plain", [b"", b"N" * 30 + b"0" * 30, b"}(" + b"\x8c\x01aK\x01" * 30 + b"u0"])
def test_what_acts_behind_many_opcodes_is_told_as_if_it_stood_in_front(acts: tuple[str, bytes], plain: bytes) -> None:
    stream = b"\x80\x04" + CLASS + b"0" + plain + acts[1] + plain + b"N."
    exact, broken = run(stream)
    found, error = scanned(stream)
    assert (broken is None) == (error is None)
    assert {name: (one.uses, one.references > 0) for name, one in found.imports.items()} == {
        name: (one.uses, one.references > 0) for name, one in exact.imports.items()
    }
    assert found.hazards.keys() == exact.hazards.keys()
    assert not found.gaps


@pytest.mark.parametrize("module", ["posix", "a" * 70 + ".posix", "a" * 300])
@pytest.mark.parametrize("between", [b"", b"\x94", b"\x95" + bytes(8), b"\x94\x95" + bytes(8)])
def test_operands_of_any_length_are_followed(module: str, between: bytes) -> None:
    name = b"X" + len(module).to_bytes(4, "little") + module.encode() + between + b"\x8c\x06system" + between + b"\x93"
    inspection = look(pickle.dumps(FILLER * 10, 4)[:-1] + name + b".", limits=SHORT)
    assert f"{module}:system" in imported(inspection)


def test_operands_in_the_memo_are_followed() -> None:
    filler = pickle.dumps(FILLER * 10, 4)[:-1]
    memoized = filler + b"\x8c\x05posix\x94\x8c\x06system\x940" + filler[2:] + b"0"
    first = sum(opcode.name == "MEMOIZE" for opcode, _, _ in pickletools.genops(filler + b"."))
    gets = b"j" + first.to_bytes(4, "little") + b"j" + (first + 1).to_bytes(4, "little") + b"\x93."
    assert "posix:system" in imported(look(memoized + gets, limits=SHORT))


def test_an_extension_code_and_a_persistent_id_are_told() -> None:
    inspection = look(pickle.dumps(FILLER * 10, 4)[:-1] + b"\x82\x01Pid\nK\x01Q.", limits=SHORT)
    assert {hazard.kind for hazard in inspection.hazards} >= {HazardKind.EXTENSION_CODE, HazardKind.PERSISTENT_ID}


def test_arrays_behind_many_opcodes_are_passed_over(tmp_path: Path) -> None:
    payload = np.frombuffer((SYSTEM_CALL + b".") * 100, dtype="u1")
    joblib.dump([FILLER * 10, payload, "after"], tmp_path / "a.joblib")
    inspection = look((tmp_path / "a.joblib").read_bytes(), "a.joblib", limits=SHORT)
    assert "joblib.numpy_pickle:NumpyArrayWrapper" in imported(inspection)
    assert inspection.metadata["root"] == "list"
    assert not inspection.incomplete


def test_arrays_behind_too_many_opcodes_are_told(tmp_path: Path) -> None:
    joblib.dump([FILLER * 50, np.zeros(3)], tmp_path / "a.joblib")
    limits = ReadLimits(opcodes=1, opcodes_around_arrays=1)
    inspection = look((tmp_path / "a.joblib").read_bytes(), "a.joblib", limits=limits)
    assert {gap.cause for gap in inspection.incomplete} == {Cause.LIMIT}


def test_a_compressed_stream_is_scanned_as_well(tmp_path: Path) -> None:
    stream = io.BytesIO()
    joblib.dump([FILLER * 10, collections.OrderedDict(), collections.Counter("a")], stream, compress=3)
    inspection = look(stream.getvalue(), "a.pkl", limits=SHORT)
    assert {"collections:OrderedDict", "collections:Counter"} <= imported(inspection)
    assert not inspection.incomplete
