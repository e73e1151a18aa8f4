"""Arrays and dtypes as numpy pickles them raise nothing; what it never writes does, for it believes what it reads."""

from __future__ import annotations

import pickle
import types
from io import BytesIO
from typing import Any

import joblib
import numpy as np
import pytest
from weight_files import look

from artifact_lint.formats import ReadLimits
from artifact_lint.model import Cause, HazardKind

KINDS = ["?", "i1", ">i2", "u8", "f2", "f4", "g", "c16", "S5", "U3", "V7", "M8[ns]", "m8[25us]", "O"]
STRUCTURED = np.dtype([("x", "i4"), ("y", "O")])
RECORD = np.dtype([("a", "i4"), ("b", "f8")])
VALUES: dict[str, Any] = {
    "kinds": [np.zeros(3, kind) for kind in KINDS],
    "structured": np.zeros(3, [("a", "i4"), ("o", "O"), ("n", [("x", "f8"), ("y", "O", (2,))])]),
    "aligned": np.zeros(3, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
    "subarrays": np.zeros(3, [("a", "f4", (2, 3)), ("b", "S3", (4,))]),
    "titles": np.zeros(2, [(("t", "n"), "f4"), (("u", "m"), "O")]),
    "metadata": np.zeros(2, np.dtype("M8[D]", metadata={"a": 1})),
    "records": np.zeros(2, STRUCTURED).view(np.recarray),
    "masked": np.zeros(2, STRUCTURED).view(np.ma.MaskedArray),
    "characters": np.array(["a", "b"]).view(np.char.chararray),
    "objects": np.array([[1, None], ["a", 2.5]], dtype=object, order="F"),
    "one object": np.array(None, dtype=object),
    "no objects": np.zeros((0, 5), dtype=object),
    "offsets": np.dtype({"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [12, 12], "itemsize": 32}),
    "overlaid": np.dtype(("i4", {"low": ("i2", 0), "high": ("i2", 2)})),
    "shared fields": [np.zeros(2, RECORD), np.zeros(2, np.dtype((np.record, RECORD)))],
    "empty": np.dtype([]),
    "texts": np.array(["a", "b" * 50], dtype=np.dtypes.StringDType()),
    "attributes": types.SimpleNamespace(array=np.zeros(2), dtype=np.dtype([("a", "O")])),
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", VALUES)
def test_what_numpy_pickles_raises_nothing(name: str, protocol: int) -> None:
    inspection = look(pickle.dumps(VALUES[name], protocol))
    assert (inspection.hazards, inspection.incomplete) == ((), ())


@pytest.mark.parametrize("name", VALUES)
def test_nor_does_what_joblib_makes_of_it(name: str) -> None:
    file = BytesIO()
    joblib.dump([VALUES[name], VALUES[name]], file)
    inspection = look(file.getvalue(), "a.joblib")
    assert (inspection.hazards, inspection.incomplete) == ((), ())


def test_an_array_that_contains_itself_raises_nothing() -> None:
    array = np.zeros(2, dtype=object)
    array[0], array[1] = array, [array]
    assert look(pickle.dumps(array)).hazards == ()


def test_arrays_of_objects_behind_each_other_are_read_to_the_last() -> None:
    file = BytesIO()
    joblib.dump([np.array([None, index], dtype=object) for index in range(500)] + [np.ones(3)], file)
    inspection = look(file.getvalue(), "a.joblib")
    assert (inspection.hazards, inspection.incomplete) == ((), ())


def test_a_list_of_objects_is_as_long_as_its_array() -> None:
    honest = pickle.dumps(np.array([None, 1, 2], dtype=object), 2)
    short = honest.replace(b"K\x03\x85", b"K\xff\x85")
    assert short != honest
    assert [hazard.kind for hazard in look(short).hazards] == [HazardKind.PATCHED_CLASS]


@pytest.mark.parametrize("odd", [b"20", b"\x94", b"\x80\x04N0"], ids=["popped", "kept again", "opened again"])
def test_what_no_pickler_writes_is_run_for_so_long(odd: bytes) -> None:
    stream = b"\x80\x04N" + odd * 400_000 + b"."
    limits = ReadLimits(opcodes=1000, opcodes_around_arrays=200_000)
    inspection = look(stream, "model.pkl", limits)
    assert [gap.cause for gap in inspection.incomplete] == [Cause.LIMIT]
    assert look(b"\x80\x04N" + odd * 1000 + b".").incomplete == ()


def test_arrays_of_objects_count_as_what_is_around_them() -> None:
    file = BytesIO()
    joblib.dump([np.array([{"a": [index]}], dtype=object) for index in range(300)], file)
    limits = ReadLimits(opcodes=1000, opcodes_around_arrays=2000)
    assert {gap.cause for gap in look(file.getvalue(), "a.joblib", limits).incomplete} == {Cause.LIMIT}
