"""Orbax's checkpoints: what is told where files of the directory are missing, cut or damaged."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest
from described_files import CORPUS, looked_at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutated

from artifact_lint.formats import sniff
from artifact_lint.formats.describing import describe
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_lint.model.description import Description

NEW: Final = CORPUS / "orbax-0_12"
TREE: Final = "_METADATA"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A checkpoint of its own, in a database."""
    return shutil.copytree(NEW / "state", tmp_path / "state")


def told_of(directory: Path) -> Description:
    return looked_at(directory / TREE)[1]


def test_the_text_about_a_tree_is_told_by_what_it_says_and_not_by_its_name() -> None:
    text = (NEW / "state" / TREE).read_bytes()
    assert sniff(TREE, Memory(text)) == "orbax"
    assert sniff("tree.json", Memory(text)) is None
    assert sniff("_metadata", Memory(b"PAR1" + bytes(100))) is None


def test_a_checkpoint_without_its_database_tells_no_shapes(state: Path) -> None:
    (state / "manifest.ocdbt").unlink()
    told = told_of(state)
    assert (told.tensors, told.parameters, told.has_all_tensors) == ((), None, False)
    assert [gap.cause for gap in told.incomplete] == [Cause.TRUNCATED]
    assert "manifest.ocdbt" in told.incomplete[0].detail


def test_what_stands_for_a_file_that_is_not_here_is_named(state: Path) -> None:
    file = next((state / "d").iterdir())
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "utf-8")
    assert told_of(state).incomplete[0].detail == f"d/{file.name} is a git-LFS pointer"


def test_a_database_in_zstandard_is_told_where_nothing_unpacks_it(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    told = told_of(state)
    assert [(gap.cause, "zstd" in gap.detail) for gap in told.incomplete] == [(Cause.UNSUPPORTED, True)]
    assert told.parameters is None


def test_a_data_file_that_is_cut_is_told(state: Path) -> None:
    file = next((state / "d").iterdir())
    file.write_bytes(file.read_bytes()[:-20])
    assert [gap.cause for gap in told_of(state).incomplete] == [Cause.TRUNCATED]


def test_a_leaf_without_an_array_is_told(state: Path) -> None:
    path = state / TREE
    path.write_text(path.read_text("utf-8").replace('"key": "ema"', '"key": "gone"'), "utf-8")
    told = told_of(state)
    assert told.incomplete[0].detail == "the tree names `gone`, and there is no array of it"
    assert not told.has_all_tensors


def test_names_that_lead_out_of_the_directory_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / ".zarray").write_text('{"shape": [3], "dtype": "<f4"}', "utf-8")
    leaf = {"key_metadata": [{"key": ".."}], "value_metadata": {"value_type": "jax.Array"}}
    (tmp_path / "x" / TREE).write_text(json.dumps({"tree_metadata": {"": leaf}, "use_ocdbt": False}), "utf-8")
    assert told_of(tmp_path / "x").tensors == ()


def test_a_link_to_the_tree_is_read_with_what_lies_beside_the_link(tmp_path: Path) -> None:
    copied = shutil.copytree(NEW / "state", tmp_path / "state")
    (copied / TREE).rename(tmp_path / "blob")
    (copied / TREE).symlink_to(tmp_path / "blob")
    program = [sys.executable, "-m", "artifact_lint", "inspect", "--format", "json", str(copied / TREE)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["files"][0]["parameters"] == 26


def checkpoint(directory: Path, names: list[str], shape: object = None) -> Path:
    """A checkpoint with a file for each array, of which those are there whose shape is given."""
    kind = {"value_type": "jax.Array"}
    leaves = {name: {"key_metadata": [{"key": name}], "value_metadata": kind} for name in names}
    directory.mkdir(parents=True)
    (directory / TREE).write_text(json.dumps({"tree_metadata": leaves, "use_ocdbt": False}), "utf-8")
    for name in names if shape is not None else ():
        (directory / name).mkdir()
        (directory / name / ".zarray").write_text(json.dumps({"shape": shape, "dtype": "<f4"}), "utf-8")
    return directory


@pytest.mark.parametrize("name", ["\ud800", "a\0b", "x" * 5000, "/etc"])
def test_names_that_no_file_has_are_told(name: str, tmp_path: Path) -> None:
    told = told_of(checkpoint(tmp_path / "x", [name]))
    assert [gap.cause for gap in told.incomplete] == [Cause.TRUNCATED]


@pytest.mark.parametrize("shape", [[10**4000], [-1], [2**63], [2] * 65, [1.5], "3"])
def test_a_shape_that_no_array_has_is_told(shape: object, tmp_path: Path) -> None:
    told = told_of(checkpoint(tmp_path / "x", ["k"], shape))
    assert (told.tensors, told.has_all_tensors) == ((), False)


def test_missing_files_are_not_looked_for_without_end(tmp_path: Path) -> None:
    told = told_of(checkpoint(tmp_path / "x", [f"k{number}" for number in range(20_000)]))
    assert told.incomplete[0].detail == "the tree names `k0`, and there is no array of it"


def findings_of(directory: Path) -> list[str]:
    program = [
        sys.executable,
        "-m",
        "artifact_lint",
        "check",
        "--only",
        "SUM106,PKL,CON",
        "--output-format",
        "json",
        ".",
    ]
    done = subprocess.run(program, capture_output=True, text=True, check=False, cwd=directory)
    found = json.loads(done.stdout)["findings"]
    return [finding["code"] for finding in found]


def test_a_check_tells_of_arrays_that_are_missing_or_not_read_and_of_whole_ones_nothing(state: Path) -> None:
    assert findings_of(state) == []
    shutil.rmtree(state / "d")
    assert findings_of(state) == ["SUM106"]
    (state / "manifest.ocdbt").write_bytes(bytes(100))
    assert findings_of(state) == ["PKL141"]


def test_a_manifest_may_name_the_directory(tmp_path: Path) -> None:
    shutil.copytree(NEW / "state", tmp_path / "model" / "state")
    text = "schema_version: 1\nname: m\nweights:\n  files: [{path: state}]\n"
    (tmp_path / "model" / "model-artifact.yaml").write_text(text, "utf-8")
    program = [sys.executable, "-m", "artifact_lint", "check", "--only", "MAN", "--output-format", "json", "model"]
    done = subprocess.run(program, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert json.loads(done.stdout)["findings"] == []


@pytest.mark.parametrize("file", ["manifest.ocdbt", "d", "ocdbt.process_0"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_damage_to_the_database_is_told_and_raises_nothing(file: str, data: st.DataObject) -> None:
    directory = NEW / "sharded"
    content = {
        path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }
    names = sorted(name for name in content if name.split("/")[0] == file)
    name = data.draw(st.sampled_from(names))
    content[name] = data.draw(mutated(content[name]))

    def beside(path: str) -> Memory:
        if path not in content:
            raise StoreError(path)
        return Memory(content[path])

    told = describe(TREE, Memory(content[TREE]), "orbax", beside=beside)
    assert told is not None
    assert told.has_all_tensors is (not told.incomplete)
