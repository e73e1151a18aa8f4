"""What the library of a model refuses is told once, although the look at what loading runs met no trouble."""

from __future__ import annotations

from pathlib import Path

import pytest

from artifact_lint.engine import Request, lint
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings, override

CORPUS = Path(__file__).parent / "described"
CODES = ("PKL141", "SUM106")


def said(directory: Path, name: str, content: bytes) -> list[str]:
    """The codes that are found of a file of this content."""
    (directory / name).write_bytes(content)
    report = lint([str(directory)], Request(override(Settings(), all_rules(), select=CODES)))
    assert report.artifacts
    assert not report.failures
    return [found.code for found in report.findings]


WHOLE = [
    "boosters-new/xgb-binary.json",
    "boosters-new/xgb-binary.ubj",
    "boosters-new/lgb-categories.txt",
    "boosters-new/cat-binary.cbm",
    "tensorflow-2_21/dense.tflite",
]


@pytest.mark.parametrize("path", WHOLE)
def test_a_whole_model_passes(tmp_path: Path, path: str) -> None:
    assert said(tmp_path, Path(path).name, (CORPUS / path).read_bytes()) == []


@pytest.mark.parametrize("path", WHOLE)
@pytest.mark.parametrize("part", [8, 11, 15])
def test_a_model_that_is_cut_is_told_once(tmp_path: Path, path: str, part: int) -> None:
    content = (CORPUS / path).read_bytes()
    assert len(said(tmp_path, Path(path).name, content[: len(content) * part // 16])) == 1


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("boosters-new/xgb-binary.json", b'"right_children":[', b'"right_children":{'),
        ("boosters-new/xgb-binary.json", b'"split_indices":', b'"split_indices" '),
        ("boosters-new/xgb-binary.ubj", b"right_children[", b"right_children?"),
        ("boosters-new/lgb-categories.txt", b"\npandas_categorical:[", b"\npandas_categorical:]"),
        ("boosters-new/cat-binary.cbm", b'"class_label_type":', b'"class_label_type" '),
    ],
)
def test_a_model_that_is_broken_is_told_once(tmp_path: Path, path: str, old: bytes, new: bytes) -> None:
    content = (CORPUS / path).read_bytes()
    assert old in content
    assert said(tmp_path, Path(path).name, content.replace(old, new, 1)) == ["PKL141"]


def test_what_follows_the_value_of_a_flax_file_is_told(tmp_path: Path) -> None:
    content = (CORPUS / "flax-0_12/dense.msgpack").read_bytes()
    assert said(tmp_path, "dense.msgpack", content) == []
    assert said(tmp_path, "dense.msgpack", content + b"\x01") == ["PKL141"]
