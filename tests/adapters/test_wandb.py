from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from documents import as_json, documents
from hypothesis import given, settings
from trees import plant

from artifact_lint.adapters import wandb
from artifact_lint.assemble import assemble
from artifact_lint.discover import discover
from artifact_lint.model import DigestState, FileState, Irregularity, Options, Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from artifact_lint.model import Artifact

WEIGHTS = b"\x80\x04}q\x00."
DIGEST = b64encode(hashlib.md5(WEIGHTS, usedforsecurity=False).digest()).decode()
OTHER = b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()
OWN = "schema_version: 1\nname: churn\nweights: {files: [{path: model.pkl}]}\n"


def manifest(contents: object, version: object = 1) -> str:
    """As wandb's `ArtifactManifestV1.to_manifest_json` lays it out."""
    policy = {"storagePolicy": "wandb-storage-policy-v1", "storagePolicyConfig": {"storageLayout": "V2"}}
    return json.dumps({"version": version, **policy, "contents": contents})


def artifact(root: Path, contents: object, files: Mapping[str, str | bytes] | None = None) -> Artifact:
    planted: dict[str, str | bytes] = {"model-artifact.yaml": OWN, "model.pkl": WEIGHTS}
    tree = plant(root, {**planted, "wandb_manifest.json": manifest(contents), **(files or {})})
    (found,) = discover(tree)
    return assemble(tree, found, Options())


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        ({"digest": DIGEST, "size": 6, "birthArtifactID": "QXJ0aWZhY3Q6MQ=="}, DigestState.VERIFIED),
        ({"digest": OTHER, "size": 6}, DigestState.MISMATCH),
        ({"digest": DIGEST, "ref": "file:///data/model.pkl", "size": 6}, DigestState.VERIFIED),
        ({"digest": '"9b2cf5-1"', "ref": "s3://bucket/model.pkl", "size": 6}, DigestState.SIZE_ONLY),
        ({"digest": DIGEST, "ref": "gs://bucket/model.pkl", "size": 7}, DigestState.MISMATCH),
        ({"digest": DIGEST, "ref": "https://example.org/model.pkl"}, DigestState.UNRECORDED),
        ({"digest": OTHER, "extra": {"digestAlgorithm": "MANIFEST_XXH128"}}, DigestState.UNRECORDED),
        ({"digest": DIGEST, "extra": {"digest_algorithm": "MANIFEST_MD5"}}, DigestState.VERIFIED),
        ({"size": 6}, DigestState.SIZE_ONLY),
        ({}, DigestState.UNRECORDED),
    ],
)
def test_an_entry_is_held_against_the_file(tmp_path: Path, entry: object, state: DigestState) -> None:
    (file,) = artifact(tmp_path, {"model.pkl": entry}).files
    assert file.digest_state is state


@pytest.mark.parametrize("digest", ["abc123==", "not base64", hashlib.md5(b"", usedforsecurity=False).hexdigest(), "é"])
def test_what_is_no_base64_of_an_md5_is_malformed(tmp_path: Path, digest: str) -> None:
    (file,) = artifact(tmp_path, {"model.pkl": {"digest": digest, "size": 6}}).files
    (fault,) = [fault for mention in file.mentions for fault in mention.malformed]
    assert fault.value == f"{digest[:28]!r} is not the base64 of an md5, which W&B records"
    assert fault.origin.pointer == "/contents/model.pkl/digest"


def test_the_manifest_of_a_directory_speaks_for_what_lies_below(tmp_path: Path) -> None:
    contents = {"models/v1/model.pkl": {"digest": DIGEST, "size": 6}}
    tree = plant(tmp_path, {"models/v1/model.pkl": WEIGHTS, "wandb_manifest.json": manifest(contents)})
    (found,) = discover(tree)
    (file,) = assemble(tree, found, Options()).files
    assert file.digest_state is DigestState.VERIFIED


def test_files_beside_the_weights_are_verified_as_bystanders(tmp_path: Path) -> None:
    contents = {"notes.txt": {"digest": OTHER, "size": 5}, "absent.txt": {"digest": OTHER, "size": 5}}
    found = artifact(tmp_path, contents, {"notes.txt": "other"})
    states = {file.path: (file.digest_state, file.is_bystander) for file in found.files}
    assert states["notes.txt"] == (DigestState.VERIFIED, True)
    assert "absent.txt" not in states


def test_weights_behind_a_reference_are_external(tmp_path: Path) -> None:
    reference = {"digest": "etag", "ref": "s3://bucket/big.safetensors", "size": 12}
    away, _ = sorted(artifact(tmp_path, {"big.safetensors": reference}).files, key=lambda file: file.state)
    assert (away.path, away.state, away.size) == ("s3://bucket/big.safetensors", FileState.EXTERNAL, 12)
    assert away.digest_state is DigestState.UNVERIFIABLE


def test_a_directory_whose_weights_are_all_behind_references_is_read(tmp_path: Path) -> None:
    reference = {"digest": "etag", "ref": "s3://bucket/big.safetensors", "size": 12}
    own = "schema_version: 1\nname: churn\nweights: {framework: pytorch}\n"
    files = {"m/model-artifact.yaml": own, "m/wandb_manifest.json": manifest({"big.safetensors": reference})}
    tree = plant(tmp_path, files)
    (found,) = discover(tree)
    (file,) = assemble(tree, found, Options()).files
    assert (file.path, file.state) == ("s3://bucket/big.safetensors", FileState.EXTERNAL)


def test_a_path_that_wandb_would_write_outside_of_the_directory_is_remarked_upon(tmp_path: Path) -> None:
    (remark,) = artifact(tmp_path, {"../../.bashrc": {"digest": DIGEST, "size": 6}}).record.remarks
    assert remark.kind is Irregularity.PATH_ESCAPES
    assert remark.message.startswith("the path `../../.bashrc` leaves its record's directory")


def test_another_version_is_said_to_be_unread(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"wandb_manifest.json": manifest({"model.pkl": {"digest": OTHER}}, version=2)}
    found = artifact(tmp_path, {}, files)
    assert [remark.message for remark in found.record.remarks] == [
        "the version of the manifest is 2, and only 1 is known here"
    ]


@pytest.mark.parametrize("text", ["[]", "{}", '{"version": 1, "contents": []}', '[{"name": "run"}]'])
def test_a_file_of_somebody_elses_under_that_name_is_passed_over(tmp_path: Path, text: str) -> None:
    found = artifact(tmp_path, {}, {"wandb_manifest.json": text})
    assert not found.record.remarks
    assert [file.digest_state for file in found.files] == [DigestState.UNRECORDED]


@settings(max_examples=150, deadline=None)
@given(value=documents({"contents", "model.pkl", "digest", "size", "ref", "extra", "version", DIGEST}))
def test_any_document_is_read(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    text = as_json({"version": 1, "contents": value})
    tree = plant(tmp_path_factory.mktemp("any"), {"wandb_manifest.json": text, "model.pkl": WEIGHTS})
    record = wandb.supply(tree, "", Record(), ["model.pkl"])
    for mention in record.mentions:
        assert mention.vouches or mention.uri
        assert all(digest.value.startswith("md5:") for digest in mention.digests)
