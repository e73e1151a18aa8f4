"""`artifact-lint inspect` on files that real libraries wrote, run as users run it."""

from __future__ import annotations

import json
import os
import struct
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from command import artifact_lint
from described_files import CORPUS, ENVIRONMENTS, files_of
from jsonschema import Draft202012Validator
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

from artifact_lint.schemas.validation import schema_text

if TYPE_CHECKING:
    from pathlib import Path

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"


def read(directory: Path, *arguments: str) -> list[Any]:
    """The files of the JSON document, which its schema describes."""
    done = artifact_lint(directory, "inspect", *arguments, "--format", "json")
    told = json.loads(done.stdout)
    Draft202012Validator(json.loads(schema_text("inspection"))).validate(told)
    files: list[Any] = told["files"]
    return files


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Thirty tensors of two types, the last of which is the largest."""
    tensors = {f"layer.{number:02}": np.zeros((2, 2 + number), "float32") for number in range(29)}
    tensors["table"] = np.zeros((100, 100), "float16")
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    return tmp_path


def test_a_page_shows_the_largest_tensors_first_and_counts_the_others(weights: Path) -> None:
    done = artifact_lint(weights, "inspect", "model.safetensors", "--tensors", "2")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("model.safetensors  safetensors, ")
    assert "framework   pytorch" in lines
    assert "tensors     30, 23.7 kB: 1 F16 (20.0 kB), 29 F32 (3.7 kB)" in lines
    assert lines[-3:] == [
        "  table     F16  [100, 100]  20.0 kB",
        "  layer.28  F32  [2, 30]       240 B",
        "  and 28 more; --tensors all shows them",
    ]


def test_all_tensors_can_be_asked_for(weights: Path) -> None:
    shown = artifact_lint(weights, "inspect", "model.safetensors", "--tensors", "all").stdout
    assert all(f"layer.{number:02}" in shown for number in range(29))
    assert "more" not in shown


def test_the_document_has_all_tensors_unless_fewer_are_asked_for(weights: Path) -> None:
    (file,) = read(weights, "model.safetensors")
    assert (file["format"], file["framework"], file["state"]) == ("safetensors", "pytorch", "present")
    assert (len(file["tensors"]), file["tensor_count"], file["has_all_tensors"]) == (30, 30, True)
    assert file["tensors"][0] == {"name": "table", "dtype": "F16", "shape": [100, 100], "size": 20_000}
    (fewer,) = read(weights, "model.safetensors", "--tensors", "3")
    assert (len(fewer["tensors"]), fewer["tensor_count"]) == (3, 30)


def test_what_loading_would_import_is_told(tmp_path: Path) -> None:
    joblib.dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), tmp_path / "churn.joblib")
    (file,) = read(tmp_path, "churn.joblib")
    assert ("sklearn.linear_model._logistic", "LogisticRegression") in {
        (one["module"], one["name"]) for one in file["imports"]
    }
    page = artifact_lint(tmp_path, "inspect", "churn.joblib").stdout
    assert "\nimports     " in page
    assert "  sklearn.linear_model._logistic:LogisticRegression\n" in page


def test_a_directory_is_a_line_for_each_of_its_files(weights: Path) -> None:
    joblib.dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), weights / "churn.joblib")
    done = artifact_lint(weights, "inspect", ".")
    assert done.returncode == 0
    rows = [line.split()[0] for line in done.stdout.splitlines()]
    assert rows == ["churn.joblib", "model.safetensors"]
    assert [file["path"] for file in read(weights, ".")] == rows


def test_files_below_a_directory_are_named_as_that_was(weights: Path) -> None:
    (weights / "a" / "b").mkdir(parents=True)
    (weights / "model.safetensors").rename(weights / "a" / "b" / "model.safetensors")
    assert [file["path"] for file in read(weights, "a")] == ["a/b/model.safetensors"]


def test_a_pointer_is_told_from_weights(tmp_path: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 548105171\n"
    (tmp_path / "model.safetensors").write_text(pointer, "utf-8")
    done = artifact_lint(tmp_path, "inspect", "model.safetensors")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "artifact-lint: error: model.safetensors is a git-LFS pointer to 548.1 MB of weights that are not here:"
        " `git lfs pull` fetches them\n"
    )
    listed = artifact_lint(tmp_path, "inspect", ".")
    assert listed.stdout == "model.safetensors  548.1 MB  kept elsewhere\n"
    assert [file["state"] for file in read(tmp_path, ".")] == ["external"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file or directory: model.bin"),
        (b"", "model.bin holds no weights in a format that is known: the file is empty"),
        (b"Hello.\n", "model.bin holds no weights in a format that is known"),
    ],
)
def test_what_holds_no_weights_is_an_error_in_one_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "model.bin").write_bytes(content)
    done = artifact_lint(tmp_path, "inspect", "model.bin")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"artifact-lint: error: {said}\n")


@pytest.mark.parametrize("command", ["inspect", "init"])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "a path is empty; name a directory or a file"),
        ("https://models.example/a.pkl", "this release lints local paths, not https://models.example/a.pkl"),
        ("model.safetensor", "no such file or directory: model.safetensor (did you mean model.safetensors?)"),
        ("x\x1b[2J", "no such file or directory: x\\x1b[2J"),
    ],
)
def test_a_path_that_cannot_be_meant_is_refused_in_one_line(weights: Path, command: str, path: str, said: str) -> None:
    done = artifact_lint(weights, command, path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"artifact-lint: error: {said}\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.pkl")
    done = artifact_lint(tmp_path, "inspect", "model.pkl")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "artifact-lint: error: model.pkl is no regular file, and is not read\n"


def test_a_link_to_nothing_is_told_from_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").symlink_to("gone.pkl")
    done = artifact_lint(tmp_path, "inspect", "model.pkl")
    assert done.stderr == "artifact-lint: error: model.pkl is a link to what is not there\n"


def test_a_file_that_is_named_twice_is_shown_once(weights: Path) -> None:
    assert len(read(weights, "model.safetensors", "model.safetensors")) == 1


def test_a_directory_without_weights_is_an_error(tmp_path: Path) -> None:
    done = artifact_lint(tmp_path, "inspect", ".")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "artifact-lint: error: there is nothing at . that holds model weights\n"


def test_the_others_are_shown_where_one_is_not_there(weights: Path) -> None:
    done = artifact_lint(weights, "inspect", "gone.pkl", "model.safetensors")
    assert done.returncode == 2
    assert "gone.pkl" in done.stderr
    assert done.stdout.startswith("model.safetensors")


def test_what_could_not_be_read_is_told_and_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", 1 << 20) + b'{"a":')
    done = artifact_lint(tmp_path, "inspect", "model.safetensors")
    assert done.returncode == 0
    assert "\nnot read    1 part\n" in done.stdout
    assert "(truncated, at byte 8)" in done.stdout
    (file,) = read(tmp_path, "model.safetensors")
    assert [gap["cause"] for gap in file["incomplete"]] == ["truncated"]


def test_no_name_of_a_tensor_steers_the_terminal(tmp_path: Path) -> None:
    save_file({"\x1b[2Jw\n\u202e": np.zeros(2)}, tmp_path / "model.safetensors", metadata={"k\x07": "\x9b31m"})
    page = artifact_lint(tmp_path, "inspect", "model.safetensors").stdout
    assert "  \\x1b[2Jw\\n\\u202e  F64  [2]" in page
    assert all(line.isprintable() for line in page.splitlines())


@pytest.mark.parametrize("count", ["-1", "some", "1.5"])
def test_a_count_is_a_number_or_all(weights: Path, count: str) -> None:
    done = artifact_lint(weights, "inspect", "model.safetensors", f"--tensors={count}")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"'{count}' is neither a number nor all" in done.stderr


def test_a_file_behind_a_link_is_looked_at(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("cache")
    (weights / "model.safetensors").rename(elsewhere / "blob")
    (weights / "model.safetensors").symlink_to(elsewhere / "blob")
    assert [file["format"] for file in read(weights, "model.safetensors")] == ["safetensors"]


def test_what_real_libraries_wrote_is_told_as_the_schema_describes() -> None:
    files = {environment: files_of(environment) for environment in ENVIRONMENTS}
    some = [f"{environment}/{file}" for environment, held in files.items() for file in held[:: 1 + len(held) // 6]]
    told = read(CORPUS, *some)
    assert {file["path"].partition("/")[0] for file in told} == set(ENVIRONMENTS)
    assert all(file["state"] == "present" and file["format"] for file in told)
