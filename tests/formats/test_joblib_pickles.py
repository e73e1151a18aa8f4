from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from weight_files import SYSTEM_CALL, imported, look

from artifact_lint.formats import ReadLimits
from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from pathlib import Path


def dumped(value: object, path: Path, **options: object) -> bytes:
    joblib.dump(value, path, **options)
    return path.read_bytes()


ARRAYS = [
    np.arange(1000.0),
    np.zeros((3, 4, 5), order="F"),
    np.array(3),
    np.zeros((0, 5)),
    np.array(["a", "bcd"]),
    np.array([b"a", b"bcd"]),
    np.array(["2026-01-01"], dtype="M8[D]"),
    np.zeros(3, dtype=[("a", "f4"), ("b", "i8")]),
    np.zeros(7, dtype=">i2"),
    np.zeros(7, dtype=bool),
    np.zeros(7, dtype=complex),
    np.array([None, "x", 1], dtype=object),
    np.array([SYSTEM_CALL], dtype="S40"),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_an_array_in_the_stream_is_passed_over(array: np.ndarray[Any, Any], tmp_path: Path) -> None:
    inspection = look(
        dumped({"before": 1, "array": array, "again": [array, "after"]}, tmp_path / "a.joblib"), "a.joblib"
    )
    assert not inspection.incomplete
    assert not inspection.hazards
    assert imported(inspection) <= {
        "joblib.numpy_pickle:NumpyArrayWrapper",
        "numpy:ndarray",
        "numpy:dtype",
        "numpy._core.multiarray:_reconstruct",
        "_codecs:encode",
    }
    assert inspection.metadata["root"] == "dict"
    assert "trailing" not in inspection.metadata


@pytest.mark.parametrize("missing", [{}, {"na_object": None}], ids=["no missing", "missing"])
@pytest.mark.parametrize("compress", [0, 3])
def test_an_array_of_texts_of_any_length_is_pickled_in_its_place(
    missing: dict[str, Any], compress: int, tmp_path: Path
) -> None:
    array = np.array(["a", "b" * 40], dtype=np.dtypes.StringDType(**missing))
    content = dumped([array, np.ones(3), array], tmp_path / "a.joblib", compress=compress)
    inspection = look(content, "a.joblib")
    assert (inspection.hazards, inspection.incomplete) == ((), ())
    assert "numpy._core._internal:_convert_to_stringdtype_kwargs" in imported(inspection)


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_a_model_is_the_same_however_it_is_compressed(compress: object, tmp_path: Path) -> None:
    features = np.random.default_rng(0).random((50, 4))
    model = make_pipeline(StandardScaler(), RandomForestClassifier(3)).fit(features, features[:, 0] > 0.5)
    inspection = look(dumped(model, tmp_path / "model.bin", compress=compress), "model")
    assert inspection.format == "joblib"
    assert not inspection.incomplete
    assert inspection.framework == "scikit-learn"
    assert inspection.metadata["root"] == "sklearn.pipeline:Pipeline"
    assert inspection.versions["scikit-learn"] == __import__("sklearn").__version__
    assert "sklearn.tree._tree:Tree" in imported(inspection)


def test_pickles_of_objects_in_an_array_are_read(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return (print, ("never printed",))

    content = dumped([np.array([Payload()], dtype=object), np.ones(3)], tmp_path / "a.joblib")
    assert "builtins:print" in imported(look(content, "a.joblib"))


def test_what_follows_the_arrays_is_read(tmp_path: Path) -> None:
    content = dumped([np.ones(3)], tmp_path / "a.joblib")
    inspection = look(content + SYSTEM_CALL, "a.joblib")
    assert [hazard.kind for hazard in inspection.hazards] == [HazardKind.TRAILING_PICKLE]
    assert "posix:system" in imported(inspection)


def test_an_array_that_is_cut_is_told(tmp_path: Path) -> None:
    content = dumped([np.ones(3000)], tmp_path / "a.joblib")
    for end in (len(content) // 2, len(content) - 1):
        assert {gap.cause for gap in look(content[:end], "a.joblib").incomplete} == {Cause.TRUNCATED}


@pytest.mark.parametrize("compress", [3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_compressed_files_cut_anywhere_are_never_clean(compress: object, tmp_path: Path) -> None:
    content = dumped({"a": list(range(500)), "b": "x" * 300}, tmp_path / "a.joblib", compress=compress)
    for end in range(1, len(content) - 1, 7):
        inspection = look(content[:end], "a.joblib")
        assert inspection.format is None or inspection.incomplete


def test_a_bomb_ends_at_the_limits(tmp_path: Path) -> None:
    content = dumped({"a": bytes(50_000_000)}, tmp_path / "a.joblib", compress=9)
    limits = ReadLimits(ratio=100, ratio_from=1 << 20)
    assert [gap.cause for gap in look(content, "a.joblib", limits).incomplete] == [Cause.LIMIT]
    assert [gap.cause for gap in look(content, "a.joblib", ReadLimits(unpacked=1 << 24)).incomplete] == [Cause.LIMIT]


def test_lz4_is_unpacked_with_its_extra(tmp_path: Path) -> None:
    content = dumped([np.zeros(100), {"a": 1}], tmp_path / "a.joblib", compress="lz4")
    inspection = look(content, "a.joblib")
    assert (inspection.format, inspection.pickled) == ("joblib", True)
    assert "joblib.numpy_pickle:NumpyArrayWrapper" in imported(inspection)
    assert not inspection.incomplete


def test_lz4_without_its_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = dumped({"a": 1}, tmp_path / "a.joblib", compress="lz4")
    monkeypatch.setattr("artifact_lint.formats.sources.find_spec", lambda _: None)
    inspection = look(content, "a.joblib")
    assert (inspection.format, inspection.pickled) == ("joblib", True)
    assert [(gap.cause, "artifact-lint[lz4]" in gap.detail) for gap in inspection.incomplete] == [
        (Cause.UNSUPPORTED, True)
    ]


def test_a_broken_lz4_frame_is_told() -> None:
    frame = b"\x04\x22\x4d\x18\x40\x40\xc0\x65\x07\x00\x00\x61\x80\x04\x95\x6a\x03" + bytes(40)
    inspection = look(frame, "model.joblib")
    assert inspection.incomplete


def test_the_compressed_layout_before_joblib_0_10() -> None:
    import zlib

    plain = pickle.dumps({"a": complex(1, 2)}, 2)
    old = b"ZF" + hex(len(plain)).ljust(19).encode() + zlib.compress(plain)
    inspection = look(old, "model.pkl")
    assert inspection.format == "joblib"
    assert imported(inspection) == {"__builtin__:complex"}
    assert not inspection.incomplete


def test_an_array_that_begins_within_a_frame_is_not_trusted(tmp_path: Path) -> None:
    content = bytearray(dumped(np.ones(3), tmp_path / "a.joblib"))
    content[3:11] = (len(content) - 11).to_bytes(8, "little")
    assert [gap.cause for gap in look(bytes(content), "a.joblib").incomplete] == [Cause.BROKEN]
