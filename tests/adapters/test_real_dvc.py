"""Repositories that DVC itself made: what is recorded there is what we find."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from artifact_lint.assemble import assemble
from artifact_lint.discover import discover
from artifact_lint.model import Options
from artifact_lint.stores.local import LocalStore
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., None]

MLMODEL = "flavors:\n  sklearn: {pickled_model: m.pkl}\n"
TRAIN = """\
import pathlib
import pickle

pathlib.Path("out").mkdir(exist_ok=True)
pathlib.Path("out/m.pkl").write_bytes(pickle.dumps({"coefficients": [0.5]}))
pathlib.Path("out/readme.txt").write_text("one\\r\\ntwo\\r\\n")
pathlib.Path("single_model.pkl").write_bytes(pickle.dumps({"coefficients": [0.25]}))
"""
PIPELINE = """\
stages:
  train:
    cmd: python train.py
    deps: [train.py]
    outs: [out, single_model.pkl]
"""


def dvc_is_missing() -> bool:
    return os.environ.get("CI") != "true" and shutil.which("dvc") is None


pytestmark = pytest.mark.skipif(dvc_is_missing(), reason="dvc is not installed; where CI=true its absence is a failure")


@pytest.fixture(name="run")
def _run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a fresh DVC repository, as nobody in particular and telling nobody about it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "COV_"))}
    silence = {"DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(tmp_path / "site")}
    environment = {**kept, **silence, "HOME": str(tmp_path / "home")}
    place = tmp_path / "repository"
    place.mkdir()
    (tmp_path / "home").mkdir()

    def run(*command: str) -> None:
        done = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stderr

    run("git", "init", "-q")
    run("dvc", "init", "-q")
    monkeypatch.chdir(place)
    return run


def write(place: Path, content: bytes | str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)


def states(place: Path) -> dict[str, str]:
    """The digest state of every file of every artifact, seen as in a new run."""
    store = LocalStore(place)
    tree = Tree(store, store.entries())
    found = [assemble(tree, one, Options()) for one in discover(tree)]
    return {file.path: file.digest_state.value for artifact in found for file in artifact.files}


def test_a_directory_is_verified_with_and_without_its_listing(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "repository"
    weights = pickle.dumps({"coefficients": [0.5]})
    write(place / "model/MLmodel", MLMODEL)
    write(place / "model/m.pkl", weights)
    write(place / 'model/sub/\u00e9 "quoted".txt', "x\r\n")
    write(place / "model/.hidden", "")
    (place / "model/link.txt").symlink_to(".hidden")
    (place / "model/elsewhere").symlink_to("sub")
    run("dvc", "add", "-q", "model")
    cache = place / ".dvc/cache"
    listed = ["model/.hidden", "model/MLmodel", "model/link.txt", "model/m.pkl", 'model/sub/\u00e9 "quoted".txt']
    assert states(place) == dict.fromkeys(listed, "verified")
    cache.rename(tmp_path / "cache")
    assert states(place) == {"model/m.pkl": "verified"}

    write(place / "model/MLmodel", f"{MLMODEL}\n")
    assert states(place) == {"model/m.pkl": "mismatch"}
    (tmp_path / "cache").rename(cache)
    assert states(place) == {**dict.fromkeys(listed, "verified"), "model/MLmodel": "mismatch"}

    write(place / "model/MLmodel", MLMODEL)
    write(place / "model/more.pkl", weights)
    assert states(place)["model/more.pkl"] == "mismatch"
    write(place / ".dvcignore", "more.pkl\n")
    assert states(place) == {**dict.fromkeys(listed, "verified"), "model/more.pkl": "unrecorded"}
    (place / "model/m.pkl").unlink()
    assert states(place)["model/m.pkl"] == "pointer"
    (place / "model/more.pkl").unlink()
    run("dvc", "checkout", "-q", "model")
    cache.rename(tmp_path / "cache")
    assert states(place) == {"model/m.pkl": "verified"}


def test_a_pipelines_outputs_are_held_against_its_lock(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "repository"
    write(place / "train.py", TRAIN)
    write(place / "dvc.yaml", PIPELINE)
    run("dvc", "repro", "-q")
    assert states(place) == {"out/m.pkl": "verified", "single_model.pkl": "verified"}
    shutil.rmtree(place / ".dvc/cache")
    write(place / "out/readme.txt", "another\r\n")
    assert states(place) == {"out/m.pkl": "mismatch", "single_model.pkl": "verified"}
    (place / "single_model.pkl").unlink()
    assert states(place)["single_model.pkl"] == "pointer"


def test_what_is_imported_is_held_against_its_entry(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "repository"
    write(tmp_path / "source/m.pkl", pickle.dumps({"coefficients": [0.5]}))
    run("dvc", "import-url", "-q", str(tmp_path / "source/m.pkl"), "model.pkl")
    assert states(place) == {"model.pkl": "verified"}
    write(place / "model.pkl", pickle.dumps({"coefficients": [0.75]}))
    assert states(place) == {"model.pkl": "mismatch"}
