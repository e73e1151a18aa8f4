from __future__ import annotations

import collections
import io
import pickle
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact_lint.formats import ReadLimits
from artifact_lint.formats.pickles.object_arrays import array_items, array_of
from artifact_lint.formats.pickles.object_values import Instance, KeptDict, items_of
from artifact_lint.formats.pickles.objects import read_objects
from artifact_lint.formats.sources import Memory

if TYPE_CHECKING:
    from artifact_lint.formats.pickles.objects import ObjectMachine

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Plain:
    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


def read(content: bytes) -> ObjectMachine:
    return read_objects(Memory(content), ReadLimits())


def made(value: object, protocol: int) -> object:
    machine = read(pickle.dumps(value, protocol))
    assert not machine.gaps
    return machine.root


def through_joblib(value: object) -> object:
    file = io.BytesIO()
    joblib.dump(value, file)
    machine = read(file.getvalue())
    assert not machine.gaps
    return machine.root


ARRAYS = [
    np.array([1, 2, 3]),
    np.array([0.5, 1.0, np.inf]),
    np.array([0.1, 1e-30], dtype=np.float32),
    np.array(["no", "yes", "näh"]),
    np.array(["a", "b", None, 1], dtype=object),
    np.array([True, False]),
    np.array([b"a", b"bc"]),
    np.arange(6, dtype=">i4"),
    np.arange(5000),
    np.zeros(0),
    np.array(3),
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.dtype) + str(array.size))
def test_arrays_keep_their_items(array: np.ndarray, protocol: int) -> None:
    for value in (made(array, protocol), through_joblib([array])):
        inner = items_of(value)
        kept = array_of(value if inner is None else inner[0])
        assert kept is not None
        assert kept.shape == array.shape
        assert kept.type.name == (str(array.dtype.newbyteorder("<")) if array.dtype.kind != "S" else array.dtype.str)
        items = kept.items()
        assert items is not None
        expected = array.ravel().tolist()
        if array.dtype == np.float32:
            expected = [0.1, 1e-30]
        assert items == [item.decode() if isinstance(item, bytes) else item for item in expected]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_instances_keep_their_class_and_their_attributes(protocol: int) -> None:
    first, second = Plain(a=1, b="x" * 5000), Plain(c=[*range(200)])
    root = made({"first": first, 2: second, "ordered": collections.OrderedDict(k=1)}, protocol)
    assert isinstance(root, KeptDict)
    one = root.entries["first"]
    assert isinstance(one, Instance)
    assert one.cls == f"{__name__}:Plain"
    assert one.attributes == {"a": 1, "b": "x" * 5000}
    ((key, two),) = root.others
    assert key == 2
    assert isinstance(two, Instance)
    assert array_items(two.attributes["c"]) == [*range(200)]
    ordered = root.entries["ordered"]
    assert isinstance(ordered, Instance)
    assert ordered.mapped is not None
    assert ordered.mapped.entries == {"k": 1}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scalars_sets_and_bytes_are_what_they_are(protocol: int) -> None:
    value = [np.int64(3), np.float32(0.1), np.str_("é"), np.bool_(1), b"\xff" * 300, bytearray(b"ab"), {1}]
    items = items_of(made(value, protocol))
    assert items is not None
    assert list(items[:6]) == [3, 0.1, "é", True, b"\xff" * 300, b"ab"]
    assert array_items(items[6]) == [1]


def test_a_long_array_is_read_from_its_place() -> None:
    long = np.arange(50_000, dtype=np.float64)
    for root in (made(long, 5), made(long, 2), through_joblib(long)):
        assert array_items(root) == long.tolist()


def test_a_stream_that_makes_more_than_is_kept_says_so() -> None:
    machine = read(b"\x80\x04](" + b"]" * 140_000 + b"e.")
    assert [gap.detail for gap in machine.gaps] == ["it holds more than is looked at"]


def test_a_deeply_nested_stream_is_read_without_recursion() -> None:
    machine = read(b"\x80\x04" + b"]" * 100_000 + b"a" * 99_999 + b".")
    assert not machine.running
    machine = read(b"\x80\x04)" + b"\x85" * 100_000 + b".")
    assert not machine.running


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_broken_streams_leave_a_gap_and_no_traceback(data: st.DataObject) -> None:
    value = [np.arange(4), Plain(a=np.array(["x"], dtype=object)), {"k": (1, 2.5, None, np.int64(3))}]
    file = io.BytesIO()
    joblib.dump(value, file)
    content = bytearray(data.draw(st.sampled_from([file.getvalue(), *(pickle.dumps(value, p) for p in PROTOCOLS)])))
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    machine = read(bytes(content[: data.draw(st.integers(0, len(content)))]))
    assert machine.gaps or not machine.running
    array_items(machine.root)


def test_long_plain_data_is_not_looked_through() -> None:
    machine = read(pickle.dumps([*range(400_000)], 4))
    assert machine.running
    assert "more data" in machine.gaps[-1].detail
