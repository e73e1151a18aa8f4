from __future__ import annotations

import hashlib
import json
from textwrap import indent
from typing import TYPE_CHECKING

import pytest
from documents import as_json, documents
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import plant

from artifact_lint.adapters import dvc_directories
from artifact_lint.assemble import assemble
from artifact_lint.discover import discover
from artifact_lint.model import DigestState, FileState, Options, Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from artifact_lint.model import Artifact, DigestCheck

WEIGHTS = b"\x80\x04}q\x00."
MLMODEL = "flavors:\n  sklearn: {pickled_model: m.pkl}\n"
FILES: dict[str, str | bytes] = {"MLmodel": MLMODEL, "m.pkl": WEIGHTS, 'sub/\u00e9 ".txt': "a\n"}


def md5(data: str | bytes) -> str:
    return hashlib.md5(data.encode() if isinstance(data, str) else data, usedforsecurity=False).hexdigest()


def listing(files: Mapping[str, str | bytes]) -> str:
    """The object that DVC 3.67 writes for a directory."""
    entries = [{"md5": md5(content), "relpath": path} for path, content in sorted(files.items())]
    return json.dumps(entries, sort_keys=True)


def entry(files: Mapping[str, str | bytes], path: str = "model", algorithm: str = "hash: md5") -> str:
    size = sum(len(content) for content in files.values())
    listed = md5(listing(files))
    return f"outs:\n- md5: {listed}.dir\n  size: {size}\n  nfiles: {len(files)}\n  {algorithm}\n  path: {path}\n"


def cached(files: Mapping[str, str | bytes], cache: str = ".dvc/cache/files/md5") -> dict[str, str | bytes]:
    text = listing(files)
    return {f"{cache}/{md5(text)[:2]}/{md5(text)[2:]}.dir": text}


def below(directory: str, files: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    return {f"{directory}/{path}": content for path, content in files.items()}


def artifact(root: Path, files: Mapping[str, str | bytes]) -> Artifact:
    tree = plant(root, files)
    (found,) = discover(tree)
    return assemble(tree, found, Options())


def states(found: Artifact) -> dict[str, str]:
    return {file.path.removeprefix("model/"): file.digest_state.value for file in found.files}


def the_check(found: Artifact) -> DigestCheck:
    (check,) = {check for file in found.files for check in file.checks.value if check.directory}
    return check


def test_the_digest_of_a_directory_is_the_one_that_dvc_made(tmp_path: Path) -> None:
    """Made by DVC 3.67 of these files."""
    files: dict[str, str | bytes] = {"m.pkl": "a\n", ".hidden": "\n", 'sub/\u00e9".json': "\u00e9\r\n", "d/q": "q\n"}
    own = "outs:\n- md5: c698840355f0bbc6b78116c83fb0c238.dir\n  nfiles: 4\n  hash: md5\n  path: model\n"
    assert md5(listing(files)) == own.partition(".dir")[0].rpartition(" ")[2]
    found = artifact(tmp_path, {**below("model", files), "model.dvc": own})
    assert states(found) == {"m.pkl": "verified"}


@pytest.mark.parametrize("cache", [None, ".dvc/cache/files/md5", ".dvc/cache"])
def test_a_directory_as_recorded_is_verified(tmp_path: Path, cache: str | None) -> None:
    kept = cached(FILES, cache) if cache else {}
    found = artifact(tmp_path, {**below("model", FILES), **kept, "model.dvc": entry(FILES)})
    assert states(found)["m.pkl"] == "verified"
    assert set(states(found)) == ({"MLmodel", "m.pkl", 'sub/\u00e9 ".txt'} if cache else {"m.pkl"})
    assert set(states(found).values()) == {"verified"}


def test_without_the_listing_any_change_is_one_of_the_directory(tmp_path: Path) -> None:
    changed = {**FILES, "MLmodel": f"{MLMODEL}\n"}
    found = artifact(tmp_path, {**below("model", changed), "model.dvc": entry(FILES)})
    check = the_check(found)
    assert (check.state, check.directory) == (DigestState.MISMATCH, "model")
    assert check.actual == f"md5:{md5(listing(changed))}.dir"
    assert (check.recorded.origin.path, check.recorded.origin.line) == ("model.dvc", 2)


def test_with_the_listing_a_change_is_one_of_the_file(tmp_path: Path) -> None:
    changed = {**FILES, "MLmodel": f"{MLMODEL}\n"}
    found = artifact(tmp_path, {**below("model", changed), **cached(FILES), "model.dvc": entry(FILES)})
    assert states(found) == {"MLmodel": "mismatch", "m.pkl": "verified", 'sub/\u00e9 ".txt': "verified"}


@pytest.mark.parametrize("kept", [{}, cached(FILES)])
@pytest.mark.parametrize("name", ["extra.pkl", "extra.txt"])
def test_a_file_more_is_a_change(tmp_path: Path, kept: dict[str, str | bytes], name: str) -> None:
    more = {**FILES, name: WEIGHTS if name.endswith("pkl") else "x"}
    found = artifact(tmp_path, {**below("model", more), **kept, "model.dvc": entry(FILES)})
    check = the_check(found)
    assert check.state is DigestState.MISMATCH
    assert check.detail == " with 1 more file than the 3 that DVC recorded"


def test_a_file_less_may_not_have_been_fetched(tmp_path: Path) -> None:
    less = {path: content for path, content in FILES.items() if path != "MLmodel"}
    found = artifact(tmp_path, {**below("model", less), "model.dvc": entry(FILES)})
    check = the_check(found)
    assert (check.state, check.trouble) == (DigestState.UNVERIFIABLE, "only 2 of the 3 files of model are here")


@pytest.mark.parametrize(("kept", "state"), [({}, "unverifiable"), (cached(FILES), "pointer")])
def test_weights_that_were_not_fetched_are_external(tmp_path: Path, kept: dict[str, str | bytes], state: str) -> None:
    found = artifact(tmp_path, {"model/MLmodel": MLMODEL, **kept, "model.dvc": entry(FILES)})
    (weights,) = (file for file in found.files if file.path == "model/m.pkl")
    assert (weights.state, weights.digest_state.value) == (FileState.EXTERNAL, state)


@pytest.mark.parametrize(
    ("patterns", "more", "state"),
    [
        ("*.tmp\n", {"x.tmp": "1"}, DigestState.VERIFIED),
        ("# x.tmp\n/model/cache/\n", {"cache/x.tmp": "1"}, DigestState.VERIFIED),
        ("*.tmp\n!x.tmp\n", {"x.tmp": "1"}, DigestState.VERIFIED),
        ("*.tmp\n", {"x.log": "1"}, DigestState.UNVERIFIABLE),
        ("*.tmp\n", {"x.tmp": "1", "MLmodel": "flavors: {}\n"}, DigestState.MISMATCH),
        ("# nothing\n\n", {"x.tmp": "1"}, DigestState.MISMATCH),
    ],
)
def test_what_dvcignore_names_is_left_out(
    tmp_path: Path, patterns: str, more: dict[str, str | bytes], state: DigestState
) -> None:
    here = below("model", {**FILES, **more})
    found = artifact(tmp_path, {**here, "model.dvc": entry(FILES), ".dvcignore": patterns})
    assert the_check(found).state is state


def test_weights_that_dvcignore_names_are_recorded_nowhere(tmp_path: Path) -> None:
    here = below("model", {**FILES, "mine.pkl": WEIGHTS})
    found = artifact(tmp_path, {**here, "model.dvc": entry(FILES), ".dvcignore": "mine.pkl\n"})
    assert states(found) == {"m.pkl": "verified", "mine.pkl": "unrecorded"}


def test_before_dvc_3_line_ends_of_texts_do_not_count(tmp_path: Path) -> None:
    with_carriage_returns = {**FILES, "MLmodel": MLMODEL.replace("\n", "\r\n")}
    found = artifact(tmp_path, {**below("model", with_carriage_returns), "model.dvc": entry(FILES, algorithm="x: y")})
    assert states(found) == {"m.pkl": "verified"}


def test_a_number_of_files_that_is_not_on_record_leaves_a_change_open(tmp_path: Path) -> None:
    old = entry(FILES).replace("  nfiles: 3\n", "")
    assert states(artifact(tmp_path, {**below("model", FILES), "model.dvc": old})) == {"m.pkl": "verified"}
    changed = artifact(tmp_path, {"model/MLmodel": f"{MLMODEL}\n", "model.dvc": old})
    assert the_check(changed).trouble == "DVC did not record how many files model has"


def test_a_link_into_a_cache_elsewhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "cached").write_bytes(b"elsewhere")
    root = tmp_path / "repository"
    planted = {"model.dvc": entry(FILES), **below("model", FILES)}
    plant(root, planted)
    (root / "model/MLmodel").unlink()
    (root / "model/MLmodel").symlink_to(tmp_path / "cached")
    check = the_check(artifact(root, {"model/m.pkl": WEIGHTS}))
    assert (check.state, check.unread) == (DigestState.UNVERIFIABLE, False)
    assert check.trouble == "model/MLmodel is a link out of the repository, which is not followed"


def test_a_lock_file_tracks_directories_too(tmp_path: Path) -> None:
    out = indent(entry(FILES), " " * 4)
    lock = f"schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n{out}"
    found = artifact(tmp_path, {**below("model", FILES), "dvc.lock": lock})
    assert states(found) == {"m.pkl": "verified"}


def test_a_listing_that_is_not_the_recorded_one_is_not_believed(tmp_path: Path) -> None:
    forged = dict.fromkeys(cached(FILES), listing({**FILES, "MLmodel": ""}))
    found = artifact(tmp_path, {**below("model", FILES), **forged, "model.dvc": entry(FILES)})
    assert states(found) == {"m.pkl": "verified"}
    assert the_check(found).state is DigestState.VERIFIED


def test_a_remote_with_versions_lists_the_files_in_the_entry(tmp_path: Path) -> None:
    files = "".join(
        f"  - {{relpath: {path}, md5: {md5(content)}, size: 1, version_id: x}}\n"
        for path, content in FILES.items()
        if path != 'sub/\u00e9 ".txt'
    )
    own = f"{entry(FILES)}  files:\n{files}"
    changed = {**FILES, "m.pkl": b"\x80\x04}q\x01."}
    found = artifact(tmp_path, {**below("model", changed), "model.dvc": own})
    assert states(found)["m.pkl"] == "mismatch"
    assert states(found)["MLmodel"] == "verified"


@settings(max_examples=150, deadline=None)
@given(
    value=documents({"md5", "relpath", "m.pkl", "files", "path", "model", "nfiles", "../x"}), name=st.text(max_size=40)
)
def test_any_listing_is_read(tmp_path_factory: pytest.TempPathFactory, value: object, name: str) -> None:
    text = as_json(value)
    digest = md5(text)
    files: dict[str, str | bytes] = {
        f".dvc/cache/{digest[:2]}/{digest[2:]}.dir": text,
        "model.dvc": f"outs: [{{md5: {digest}.dir, nfiles: 1, path: model}}]\n",
        "other.dvc": as_json({"outs": [{"md5": f"{name}.dir", "path": "other", "files": value}]}),
        "model/m.pkl": WEIGHTS,
        "other/m.pkl": WEIGHTS,
    }
    tree = plant(tmp_path_factory.mktemp("any"), files)
    paths = ["model/m.pkl", "other/m.pkl"]
    for mention in dvc_directories.supply(tree, "", Record(), paths).mentions:
        assert mention.path is not None
        assert mention.path.startswith(("model/", "other/"))
    for found in discover(tree):
        for file in assemble(tree, found, Options()).files:
            assert file.digest_state in DigestState
