from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from documents import as_json, as_yaml, documents
from hypothesis import given, settings
from trees import plant

from artifact_lint.adapters import dvc
from artifact_lint.assemble import assemble
from artifact_lint.discover import discover
from artifact_lint.model import DigestState, FileState, Irregularity, Options, Record

if TYPE_CHECKING:
    from pathlib import Path

MD5 = "226dbfef6f4e5c4a2b1d0c9e8f7a6b5c"

LOCK = f"""\
schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps:
    - {{path: data/train.csv, md5: {MD5}, size: 9}}
    - {{path: train.py, md5: {MD5}}}
    params:
      params.yaml: {{train.lr: 0.1, seed: 7}}
    outs:
    - {{path: models/m.pkl, hash: md5, md5: {MD5}, size: 5}}
"""


def test_a_dvc_file_stands_for_its_output(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"models/m.pkl.dvc": f"outs:\n- md5: {MD5}\n  size: 5\n  hash: md5\n  path: m.pkl\n"})
    out = dvc.outs(tree)["models/m.pkl"]
    assert out.pointer.digest is not None
    assert out.pointer.size is not None
    assert (out.pointer.digest.value, out.pointer.size.value) == (f"md5:{MD5}", 5)
    assert (out.origin.line, out.pointer.digest.origin.line) == (5, 2)
    (found,) = discover(tree)
    (file,) = assemble(tree, found, Options()).files
    assert (file.state, file.size, file.digest_state) == (FileState.EXTERNAL, 5, DigestState.POINTER)


def test_what_only_a_record_calls_weights_is_held_against_its_entry(tmp_path: Path) -> None:
    entry = f"outs:\n- md5: {MD5}\n  size: 5\n  hash: md5\n  path: weights.dat\n"
    manifest = "schema_version: 1\nname: churn\nweights: {files: [{path: weights.dat}]}\n"
    tree = plant(
        tmp_path, {"model-artifact.yaml": manifest, "weights.dat": b"\x01\x02\x03\x04\x05", "weights.dat.dvc": entry}
    )
    (found,) = discover(tree)
    (file,) = assemble(tree, found, Options()).files
    assert (file.path, file.digest_state) == ("weights.dat", DigestState.MISMATCH)


@pytest.mark.parametrize(
    ("out", "wdir", "path", "algorithm"),
    [
        (f"{{path: m.pkl, md5: {MD5}}}", ".", "models/m.pkl", "md5-dos2unix"),
        (f"{{path: m.pkl, md5: {MD5}, hash: md5}}", "../models", "models/m.pkl", "md5"),
        (f"{{path: m.pkl, md5: {MD5}, hash: md5}}", "sub", "models/sub/m.pkl", "md5"),
        (f"{{path: ../out/m.pkl, md5: {MD5}, hash: md5}}", ".", "out/m.pkl", "md5"),
    ],
)
def test_paths_and_algorithms_are_those_of_dvc(tmp_path: Path, out: str, wdir: str, path: str, algorithm: str) -> None:
    tree = plant(tmp_path, {"models/m.pkl.dvc": f"wdir: {wdir}\nouts: [{out}]\n"})
    ((found, pointed),) = dvc.outs(tree).items()
    assert found == path
    assert pointed.pointer.digest is not None
    assert pointed.pointer.digest.value == f"{algorithm}:{MD5}"


@pytest.mark.parametrize(
    "outs",
    ["[]", "null", "text", "[text]", "[{path: null}]", "[{path: .}]", "[{path: ../../x}]", "[{path: /abs}]", "{a: b}"],
)
def test_an_output_without_a_place_in_the_store_is_left_out(tmp_path: Path, outs: str) -> None:
    assert not dvc.outs(plant(tmp_path, {"models/m.pkl.dvc": f"outs: {outs}\n"}))


def test_a_directory_has_no_digest_of_a_file(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"models.dvc": f"outs:\n- {{md5: {MD5}.dir, size: 5, path: models}}\n"})
    out = dvc.outs(tree)["models"]
    assert out.pointer.directory
    assert out.pointer.digest is None


def test_a_lock_tells_what_the_stage_read(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"dvc.lock": LOCK, "models/m.pkl": "12345"})
    record = dvc.supply(tree, "models", Record(), ["models/m.pkl"])
    assert record.hyperparameters.value == {"train.lr": 0.1, "seed": 7}
    assert [(d.name, d.digest) for d in record.datasets.value or ()] == [("data/train.csv", f"md5:{MD5}")]
    assert [(m.path, [d.value for d in m.digests]) for m in record.mentions] == [("models/m.pkl", [f"md5:{MD5}"])]


def test_a_locked_stage_starts_where_its_pipeline_says(tmp_path: Path) -> None:
    pipeline = "stages:\n  train: {cmd: python train.py, wdir: ..}\n"
    tree = plant(tmp_path, {"pipelines/dvc.lock": LOCK, "pipelines/dvc.yaml": pipeline})
    assert list(dvc.outs(tree)) == ["models/m.pkl"]


def test_a_file_that_dvc_does_not_track_gets_nothing(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"dvc.lock": LOCK, "models/other.pkl": "1"})
    assert dvc.supply(tree, "models", Record(), ["models/other.pkl"]) == Record()


def test_the_digest_of_a_text_is_that_of_dvc_before_3(tmp_path: Path) -> None:
    digest = "60b725f10c9c85c70d97880dfe8191b3"  # of "a\n"
    files: dict[str, str | bytes] = {"m.pkl.dvc": f"outs: [{{path: m.pkl, md5: {digest}}}]\n", "m.pkl": b"a\r\n"}
    tree = plant(tmp_path, files)
    (found,) = discover(tree)
    (file,) = assemble(tree, found, Options()).files
    assert file.digest_state is DigestState.VERIFIED


@settings(max_examples=150, deadline=None)
@given(value=documents({"outs", "path", "md5", "size", "hash", "wdir", "stages", "deps", "params", "train", "m.pkl"}))
def test_any_document_is_read(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    files = {"m.pkl.dvc": as_yaml(value), "dvc.lock": as_json({"stages": value}), "m.pkl": b"1", "n/m.pkl": b"1"}
    tree = plant(tmp_path_factory.mktemp("any"), files)
    paths = [*dvc.outs(tree), "m.pkl"]
    for remark in dvc.supply(tree, "", Record(), paths).remarks:
        assert remark.kind in set(Irregularity)
        assert remark.help
