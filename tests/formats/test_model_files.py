from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weight_files import field, look, zipped

from artifact_lint.formats import inspect
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause
from artifact_lint.stores.base import StoreError

ONNX = (
    field(1, 10)
    + field(2, b"maker")
    + field(3, b"1.2")
    + field(7, field(2, b"graph"))
    + field(8, field(2, 17))
    + field(8, field(1, b"ai.onnx.ml") + field(2, 3))
)


def test_an_onnx_model_tells_its_versions() -> None:
    inspection = look(ONNX, "model.onnx")
    assert (inspection.format, inspection.framework, inspection.incomplete) == ("onnx", "onnx", ())
    assert inspection.metadata == {
        "ir_version": "10",
        "producer": "maker",
        "producer_version": "1.2",
        "graph_bytes": "7",
        "opsets": "ai.onnx:17,ai.onnx.ml:3",
    }
    assert look(ONNX, "without-a-suffix").format == "onnx"


def test_an_onnx_model_that_is_cut_is_told() -> None:
    for end in range(3, len(ONNX) - 1):
        inspection = look(ONNX[:end], "model.onnx")
        boundary = end in {9, 14, 23, 27}
        assert inspection.format is None or boundary or inspection.incomplete


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_mutated_onnx_models_raise_nothing(data: st.DataObject) -> None:
    mutated = bytearray(ONNX)
    for _ in range(data.draw(st.integers(1, 6))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    look(bytes(mutated), "model.onnx")


def test_a_saved_model_counts_its_graphs() -> None:
    inspection = look(field(1, 1) + field(2, b"graph"), "saved_model.pb")
    assert (inspection.format, inspection.metadata["graphs"]) == ("savedmodel", "1")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", b'{"learner":{"attributes":{},"feature_names":[]},"version":[3,2,0]}'),
        ("x.json", b'{"version": [3, 2, 0], "learner": {}}'),
        (
            "x.ubj",
            b"{L"
            + struct.pack(">Q", 7)
            + b"learner{}L"
            + struct.pack(">Q", 7)
            + b"version[#L"
            + struct.pack(">Q", 3)
            + b"i\x03i\x02i\0}",
        ),
    ],
)
def test_xgboost_tells_its_version(name: str, content: bytes) -> None:
    inspection = look(content, name)
    assert (inspection.framework, inspection.versions) == ("xgboost", {"xgboost": "3.2.0"})


def test_the_deprecated_binary_of_xgboost() -> None:
    content = struct.pack("<fI", 0.5, 4) + bytes(128) + struct.pack("<Q", 15) + b"binary:logistic" + bytes(40)
    assert look(content, "x.model").format == "xgboost-binary"


def test_lightgbm_tells_its_format() -> None:
    inspection = look(b"tree\nversion=v4\nnum_class=1\n", "l.txt")
    assert (inspection.framework, inspection.metadata["format_version"]) == ("lightgbm", "v4")


@pytest.mark.parametrize("metadata", [b"{}", b"[]", b"not json", b"[" * 10_000, b'{"keras_version": 3}'])
def test_a_keras_archive_with_odd_metadata_raises_nothing(metadata: bytes) -> None:
    inspection = look(zipped({"metadata.json": metadata, "config.json": b"{}"}), "m.keras")
    assert (inspection.format, inspection.versions) == ("keras", {})


def test_a_keras_archive_tells_its_version() -> None:
    metadata = json.dumps({"keras_version": "3.9.0", "date_saved": "2026-11-21@08:55:02"}).encode()
    inspection = look(zipped({"metadata.json": metadata, "config.json": b"{}"}), "m.keras")
    assert inspection.versions == {"keras": "3.9.0"}


def test_skops_tells_its_versions_and_its_root() -> None:
    schema = {
        "__class__": "Pipeline",
        "__module__": "sklearn.pipeline",
        "content": {"_sklearn_version": {"__class__": "str", "content": '"1.9.1"'}},
        "_skops_version": "0.13.0",
    }
    inspection = look(zipped({"schema.json": json.dumps(schema).encode()}), "m.skops")
    assert inspection.versions == {"skops": "0.13.0", "scikit-learn": "1.9.1"}
    assert (inspection.metadata["root"], inspection.framework) == ("sklearn.pipeline:Pipeline", "scikit-learn")


class _Vanishing(Memory):
    def read(self, offset: int, length: int) -> bytes:
        raise StoreError(f"bytes {offset} to {offset + length} went away")


def test_bytes_that_cannot_be_read_are_told() -> None:
    (gap,) = inspect("m.pkl", _Vanishing(b"abc")).incomplete
    assert (gap.cause, gap.detail) == (Cause.UNREADABLE, "bytes 0 to 512 went away")
