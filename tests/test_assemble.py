"""How records and files become one artifact."""

from __future__ import annotations

import pickle
from hashlib import md5, sha256
from typing import TYPE_CHECKING

import pytest

from artifact_lint.assemble import assemble
from artifact_lint.discover import discover
from artifact_lint.model import (
    Artifact,
    Component,
    DigestState,
    FileState,
    Irregularity,
    Options,
    Presence,
    Role,
)
from artifact_lint.rules.integrity import missing_digest
from artifact_lint.rules.manifests import unlisted_weights
from artifact_lint.stores.base import Entry, EntryKind
from artifact_lint.stores.local import LocalStore
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PICKLE = pickle.dumps({"coefficients": [0.5, 0.25], "intercept": 1.0})
OTHER = pickle.dumps({"coefficients": [0.1], "intercept": 0.0})
HEAD = "schema_version: 1\nname: churn\n"


def only(root: Path, files: Mapping[str, str | bytes]) -> Artifact:
    root.mkdir(exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    store = LocalStore(root)
    tree = Tree(store, store.entries())
    (found,) = discover(tree)
    return assemble(tree, found, Options())


def test_a_file_meets_what_is_said_of_it(tmp_path: Path) -> None:
    digest = sha256(PICKLE).hexdigest()
    manifest = f'{HEAD}weights:\n  files:\n    - {{path: m.pkl, size: {len(PICKLE)}, digest: "sha256:{digest}"}}\n'
    (file,) = only(tmp_path, {"model-artifact.yaml": manifest, "m.pkl": PICKLE}).files
    assert (file.state, file.format, file.size) == (FileState.PRESENT, "pickle", len(PICKLE))
    assert file.digest_state is DigestState.VERIFIED
    assert file.digest.value == f"sha256:{digest}"
    assert (file.origin.path, file.origin.line) == ("model-artifact.yaml", 5)


def test_other_bytes_are_a_mismatch(tmp_path: Path) -> None:
    manifest = f'{HEAD}weights: {{files: [{{path: m.pkl, digest: "sha256:{sha256(OTHER).hexdigest()}"}}]}}\n'
    (file,) = only(tmp_path, {"model-artifact.yaml": manifest, "m.pkl": PICKLE}).files
    assert file.digest_state is DigestState.MISMATCH


@pytest.mark.parametrize(
    ("oid", "state"), [(sha256(PICKLE).hexdigest(), DigestState.POINTER), ("b" * 64, DigestState.MISMATCH)]
)
def test_a_recorded_digest_is_held_against_the_pointer(tmp_path: Path, oid: str, state: DigestState) -> None:
    manifest = f'{HEAD}weights: {{files: [{{path: m.pkl, digest: "sha256:{sha256(PICKLE).hexdigest()}"}}]}}\n'
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(PICKLE)}\n"
    (file,) = only(tmp_path, {"model-artifact.yaml": manifest, "m.pkl": pointer}).files
    assert (file.state, file.size, file.digest_state) == (FileState.EXTERNAL, len(PICKLE), state)
    assert file.inspection.value is None


def test_dvc_vouches_for_bytes_that_are_here(tmp_path: Path) -> None:
    tracked = f"outs:\n- md5: {md5(PICKLE).hexdigest()}\n  size: {len(PICKLE)}\n  hash: md5\n  path: m.pkl\n"
    (file,) = only(tmp_path, {"m.pkl.dvc": tracked, "m.pkl": PICKLE}).files
    assert file.digest_state is DigestState.VERIFIED


def test_dvc_stands_for_bytes_that_are_elsewhere(tmp_path: Path) -> None:
    tracked = f"outs:\n- md5: {md5(PICKLE).hexdigest()}\n  size: {len(PICKLE)}\n  hash: md5\n  path: m.pkl\n"
    (file,) = only(tmp_path, {"m.pkl.dvc": tracked}).files
    assert (file.state, file.size) == (FileState.EXTERNAL, len(PICKLE))


def test_a_file_inside_a_directory_that_dvc_tracks_is_external(tmp_path: Path) -> None:
    tracked = "outs:\n- md5: 0123456789abcdef0123456789abcdef.dir\n  path: models\n"
    manifest = f"{HEAD}weights: {{files: [{{path: models/m.pkl}}]}}\n"
    (file,) = only(tmp_path, {"models.dvc": tracked, "model-artifact.yaml": manifest}).files
    assert file.state is FileState.EXTERNAL


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


@pytest.mark.parametrize(
    ("entry", "there", "state"),
    [
        ('digest: "sha256:{sha256}", size: {size}', PICKLE, DigestState.VERIFIED),
        ('digest: "sha256:{sha256}", size: 1', PICKLE, DigestState.VERIFIED),
        ('digest: "sha256:{sha256}"', LFS.format(sha256(PICKLE).hexdigest(), len(PICKLE)), DigestState.POINTER),
        ("format: pickle", LFS.format(sha256(PICKLE).hexdigest(), len(PICKLE)), DigestState.POINTER),
        ("size: {size}", PICKLE, DigestState.SIZE_ONLY),
        ('digest: "shake_128:{sha256}", size: {size}', PICKLE, DigestState.SIZE_ONLY),
        ('digest: "md5:{md5}", size: {size}', LFS.format("b" * 64, len(PICKLE)), DigestState.SIZE_ONLY),
        ('digest: "shake_128:{sha256}"', PICKLE, DigestState.UNVERIFIABLE),
        ('digest: "sha256:{sha256}", size: {size}', None, DigestState.UNVERIFIABLE),
        ('digest: "sha256:{other}", size: {size}', PICKLE, DigestState.MISMATCH),
        ('digest: "sha256:{sha256}"', LFS.format("b" * 64, len(PICKLE)), DigestState.MISMATCH),
        ("size: 1", PICKLE, DigestState.MISMATCH),
        ("size: 1", LFS.format("b" * 64, len(PICKLE)), DigestState.MISMATCH),
        ("format: pickle", PICKLE, DigestState.UNRECORDED),
        ("format: pickle", None, DigestState.UNRECORDED),
    ],
)
def test_every_file_ends_in_one_of_the_six_states(
    tmp_path: Path, entry: str, there: str | bytes | None, state: DigestState
) -> None:
    known = {"sha256": sha256(PICKLE).hexdigest(), "other": sha256(OTHER).hexdigest(), "md5": md5(PICKLE).hexdigest()}
    listed = entry.format(size=len(PICKLE), **known)
    files: dict[str, str | bytes] = {"model-artifact.yaml": f"{HEAD}weights: {{files: [{{path: m.pkl, {listed}}}]}}\n"}
    if there is not None:
        files["m.pkl"] = there
    (file,) = only(tmp_path, files).files
    assert file.digest_state is state


def test_the_digest_of_a_pointer_with_extensions_is_that_of_the_file(tmp_path: Path) -> None:
    own, stored = sha256(PICKLE).hexdigest(), sha256(b"stored").hexdigest()
    pointer = LFS.format(stored, 6).replace("\noid", f"\next-0-zip sha256:{own}\noid")
    manifest = f'{HEAD}weights: {{files: [{{path: m.pkl, size: {len(PICKLE)}, digest: "sha256:{own}"}}]}}\n'
    (file,) = only(tmp_path, {"model-artifact.yaml": manifest, "m.pkl": pointer}).files
    assert (file.digest_state, file.size, file.digest.value) == (DigestState.POINTER, None, f"sha256:{own}")


def test_a_named_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    (file,) = only(tmp_path, {"model-artifact.yaml": f"{HEAD}weights: {{files: [{{path: m.pkl}}]}}\n"}).files
    assert file.state is FileState.MISSING


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    files = {"model-artifact.yaml": f"{HEAD}weights: {{files: [{{path: sub}}]}}\n", "sub/notes.txt": "x\n"}
    (file,) = only(tmp_path, files).files
    assert (file.state, file.directory) == (FileState.MISSING, True)


def test_external_weights_are_weights(tmp_path: Path) -> None:
    manifest = f'{HEAD}weights: {{external: [{{uri: "s3://bucket/m.safetensors", size: 9}}]}}\n'
    artifact = only(tmp_path, {"model-artifact.yaml": manifest})
    assert artifact.files[0].state is FileState.EXTERNAL
    assert artifact.components[Component.WEIGHTS] is Presence.PRESENT


def test_components_are_present_absent_or_not_applicable(tmp_path: Path) -> None:
    manifest = f"{HEAD}config: {{architecture: Net}}\nnot_applicable: {{feature_schema: text in, text out}}\n"
    components = only(tmp_path, {"model-artifact.yaml": manifest, "m.pkl": PICKLE}).components
    assert components == {
        Component.WEIGHTS: Presence.PRESENT,
        Component.CONFIG: Presence.PRESENT,
        Component.FEATURE_SCHEMA: Presence.NOT_APPLICABLE,
        Component.RUN: Presence.ABSENT,
    }


def test_a_component_with_nothing_in_it_is_absent(tmp_path: Path) -> None:
    manifest = f"{HEAD}config: {{architecture: null, hyperparameters: {{}}}}\n"
    artifact = only(tmp_path, {"model-artifact.yaml": manifest, "m.pkl": PICKLE})
    assert artifact.components[Component.CONFIG] is Presence.ABSENT


def test_the_manifest_wins_over_the_registry_and_both_are_kept(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "model-artifact.yaml": f'{HEAD}version: "2.0.0"\nrun: {{run_id: right}}\n',
        "MLmodel": "flavors:\n  sklearn: {pickled_model: m.pkl}\nrun_id: wrong\n",
        "m.pkl": PICKLE,
    }
    record = only(tmp_path, files).record
    assert [fact.value for fact in record.run_id] == ["right", "wrong"]
    assert record.run_id.best is not None
    assert record.run_id.best.origin.path == "model-artifact.yaml"


def test_no_weight_file_is_opened_before_it_is_asked_for(tmp_path: Path) -> None:
    record = "flavors:\n  sklearn: {pickled_model: m.pkl}\nrun_id: abc\n"
    files: dict[str, str | bytes] = {"MLmodel": record, "m.pkl": PICKLE}
    (file,) = only(tmp_path, files).files
    assert file.inspection.known is None
    (tmp_path / "m.pkl").unlink()
    inspection = file.inspection.value
    assert inspection is not None
    assert "m.pkl" in inspection.incomplete[0].detail


def test_a_pickle_of_plain_data_is_data_and_one_called_model_is_not(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert only(tmp_path / "a", {"customers.pkl": PICKLE}).files[0].role is Role.DATA
    assert only(tmp_path / "b", {"best_model.pkl": PICKLE}).files[0].role is Role.WEIGHTS


def test_a_link_out_of_the_artifact_is_remarked_upon(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.pkl").write_bytes(PICKLE)
    (root / "m.pkl").symlink_to(tmp_path / "secret.pkl")
    artifact = only(root, {"MLmodel": "flavors:\n  sklearn: {pickled_model: m.pkl}\nrun_id: abc\n"})
    assert Irregularity.PATH_ESCAPES in {remark.kind for remark in artifact.record.remarks}
    assert artifact.files[0].state is FileState.EXTERNAL


def test_a_language_model_in_gguf_is_asked_for_no_columns(tmp_path: Path) -> None:
    kitfile = "manifestVersion: 1.0.0\npackage: {name: phi}\nmodel: {path: phi-q4.gguf}\n"
    components = only(tmp_path, {"Kitfile": kitfile}).components
    assert components[Component.FEATURE_SCHEMA] is Presence.NOT_APPLICABLE
    assert components[Component.CONFIG] is Presence.PRESENT


def test_keras_weights_in_hdf5_are_weights_and_other_hdf5_is_data(tmp_path: Path) -> None:
    head = b"\x89HDF\r\n\x1a\n" + bytes(88)
    assert only(tmp_path / "a", {"churn.h5": head + b"keras_version" + bytes(99)}).files[0].role is Role.WEIGHTS
    assert only(tmp_path / "b", {"survey.h5": head + bytes(99)}).files[0].role is Role.DATA


def test_a_directory_that_may_not_be_listed_is_unread_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps([1]))
    (tmp_path / "model-artifact.yaml").write_text(
        "schema_version: 1\nname: churn\nweights: {files: [{path: model.pkl}]}\n"
    )
    store = LocalStore(tmp_path)
    tree = Tree(store, [*store.entries(), Entry("sub", 0, EntryKind.UNREADABLE)])
    (found,) = discover(tree)
    artifact = assemble(tree, found, Options())
    (closed,) = (file for file in artifact.files if file.path == "sub")
    assert closed.directory
    inspection = closed.inspection.value
    assert inspection is not None
    assert [part.detail for part in inspection.incomplete] == ["the directory may not be listed"]
    assert unlisted_weights.check is not None
    assert missing_digest.check is not None
    assert list(unlisted_weights.check(artifact)) == []
    assert [problem.file for problem in missing_digest.check(artifact)] == ["model.pkl"]
