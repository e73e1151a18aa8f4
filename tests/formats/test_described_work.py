"""What describing a pickle may take is counted: whatever shares or repeats its values ends with words about it."""

from __future__ import annotations

import pickle
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifact_lint.formats.base import ReadLimits
from artifact_lint.formats.describing import describe
from artifact_lint.formats.pickles.object_arrays import array_items
from artifact_lint.formats.pickles.objects import read_objects
from artifact_lint.formats.pickles.torch_model import model_of
from artifact_lint.formats.pickles.torch_objects import TorchMachine, torch_room
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.model.description import Description

PROTOCOL = b"\x80\x04"
#: How far the count of work may run over what is allowed: opcodes between two looks at it, in units of work.
OVERRUN = 200_000
MAKING = "it takes too much work to make the object"
LOOKING = "it takes too much work to look at all that it holds"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def put(index: int) -> bytes:
    return b"r" + struct.pack("<I", index)


def get(index: int) -> bytes:
    return b"j" + struct.pack("<I", index)


def estimator(module: str, name: str, body: bytes = b"") -> bytes:
    version = text("_sklearn_version") + text("1.5.0")
    return f"csklearn.{module}\n{name}\n".encode() + b")\x81}(" + version + body + b"ub"


def pipeline(body: bytes) -> bytes:
    return estimator("pipeline", "Pipeline", text("steps") + body)


def scaler(body: bytes = b"") -> bytes:
    return estimator("preprocessing._data", "StandardScaler", body)


STEP = scaler() + put(0) + b"0" + text("a") + get(0) + b"\x86" + put(1) + b"0"
SHARED_STEPS = STEP + b"](" + get(1) * 5000 + b"e" + put(2) + b"0"
NAMES = b"](" + b"".join(text(f"c{at}") for at in range(30_000)) + b"e" + put(9) + b"0"

MADE = {
    "numbers": b"csklearn.x\ny\n0(" + b"K\x01" * 1_500_000 + b"l.",
    "objects": b"ca\nB\n" + put(0) + b"0(" + b"h\x00)\x81" * 300_000 + b"l.",
    "calls of objects": b"ca\nb\n" + b")R" * 600_000 + b".",
    "escapes": b"csklearn.x\ny\n0(" + (b"S'" + b"\\x41" * 1000 + b"'\n") * 1000 + b"l.",
    "names as text": b"csklearn.x\ny\n0" * 400_000 + b"N.",
    "persistent ids": b"csklearn.x\ny\n0(" + b"NQ" * 500_000 + b"l.",
}
LOOKED_AT = {
    "steps that pipelines share": SHARED_STEPS
    + pipeline(b"](" + (text("b") + pipeline(get(2)) + b"\x86") * 1500 + b"e")
    + b".",
    "names that estimators share": NAMES
    + pipeline(b"](" + (text("b") + scaler(text("feature_names_in_") + get(9)) + b"\x86") * 1500 + b"e")
    + b".",
    "columns that transformers share": NAMES
    + estimator(
        "compose._column_transformer",
        "ColumnTransformer",
        text("feature_names_in_")
        + get(9)
        + text("n_features_in_")
        + number(30_000)
        + text("transformers_")
        + b"]("
        + (text("b") + scaler() + get(9) + b"\x87") * 1500
        + b"e",
    )
    + b".",
}


def told(content: bytes) -> Description | None:
    return describe("model.pkl", Memory(content), "pickle")


@pytest.mark.parametrize("content", MADE.values(), ids=MADE)
def test_a_stream_that_takes_too_much_work_is_told(content: bytes) -> None:
    machine = read_objects(Memory(PROTOCOL + content), ReadLimits())
    assert [gap.cause for gap in machine.gaps][-1:] == [Cause.LIMIT]
    assert MAKING in [gap.detail for gap in machine.gaps]
    assert machine.room.work > -OVERRUN


@pytest.mark.parametrize("content", LOOKED_AT.values(), ids=LOOKED_AT)
def test_what_many_share_is_not_looked_at_without_end(content: bytes) -> None:
    described = told(PROTOCOL + content)
    assert described is not None
    assert [gap.detail for gap in described.incomplete] == [LOOKING]
    assert not described.estimators
    assert described.column_count is None


def test_a_state_with_slots_is_not_copied_on_every_look() -> None:
    entries = b"}(" + b"".join(text(f"a{at}") + b"N" for at in range(2000)) + b"u" + put(9) + b"0"
    state = get(9) + get(9) + b"\x86b"
    described = told(PROTOCOL + entries + b"](" + (b"cmy\nThing\n)\x81" + state) * 2000 + b"e.")
    assert described is not None
    assert [gap.detail for gap in described.incomplete] == [LOOKING]


def test_dictionaries_that_hold_each_other_many_times_are_cut() -> None:
    storage = b"((" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"K\x04tQ"
    stream = b"ctorch._utils\n_rebuild_tensor_v2\n" + storage + b"K\x00K\x04\x85K\x01\x85\x89)tR" + put(0)
    for level in range(1, 30):
        stream += b"0](" + get(level - 1) * 100 + b"e" + put(level)
    room = torch_room()
    machine = TorchMachine(Window(Memory(PROTOCOL + stream + b".")), ReadLimits(), room)
    machine.finish()
    model = model_of(machine.root, room)
    assert model.is_cut
    assert room.work > -OVERRUN


@pytest.mark.parametrize("digits", [0.1, 3.14159, 1e-30, 16777216.0, 123456.7])
def test_a_short_float_is_spelled_as_numpy_spells_it(digits: float) -> None:
    for kind in ("f4", "f2"):
        array = np.array([digits if kind == "f4" or digits < 60_000 else 1.5], dtype=kind)
        items = array_items(read_objects(Memory(pickle.dumps(array, 4)), ReadLimits()).root)
        assert items == [float(str(array[0]))]
