"""Files are written whole or not at all, and nothing is left lying about."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest

from artifact_lint import atomic
from artifact_lint.stores.excludes import DEFAULT_EXCLUDES, Excludes

if TYPE_CHECKING:
    from pathlib import Path

fcntl = pytest.importorskip("fcntl", reason="modes, locks, links and pipes as POSIX has them")
LEFT = ".artifact-lint-0123456789abcdef.tmp"


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    place = tmp_path / "m.yaml"
    place.write_bytes(b"old")
    place.chmod(0o640)
    atomic.write(place, b"new", expected=b"old")
    assert place.read_bytes() == b"new"
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert names(tmp_path) == ["m.yaml"]


def test_a_new_file_is_one_that_others_can_read(tmp_path: Path) -> None:
    atomic.write(tmp_path / "m.yaml", b"new")
    assert (tmp_path / "m.yaml").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "m.yaml").stat().st_mode) == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    place = tmp_path / "m.yaml"
    place.write_bytes(b"old")
    os.chown(place, 12345, 23456)
    atomic.write(place, b"new")
    assert (place.stat().st_uid, place.stat().st_gid) == (12345, 23456)


def test_a_file_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "m.yaml"
    place.write_bytes(b"theirs")
    with pytest.raises(atomic.ChangedError, match="it was changed in the meantime"):
        atomic.write(place, b"new", expected=b"old")
    assert place.read_bytes() == b"theirs"
    assert names(tmp_path) == ["m.yaml"]


def test_what_cannot_be_replaced_without_a_loss_is_refused(tmp_path: Path) -> None:
    linked, twin, link, sealed = (tmp_path / name for name in ("linked", "twin", "link", "sealed"))
    linked.write_bytes(b"old")
    twin.hardlink_to(linked)
    link.symlink_to("sealed")
    sealed.write_bytes(b"old")
    sealed.chmod(0o444)
    for place, reason in (
        (linked, r"it has 2 names \(hard links\), which writing it anew would part"),
        (link, "it is no regular file"),
        (sealed, "it is read-only"),
        (tmp_path, "it is no regular file"),
        (tmp_path / "absent" / "m.yaml", os.strerror(errno.ENOENT).lower()),
    ):
        with pytest.raises(atomic.WriteError, match=reason):
            atomic.write(place, b"new")
    assert names(tmp_path) == ["link", "linked", "sealed", "twin"]
    assert {place.read_bytes() for place in (linked, twin, sealed)} == {b"old"}


def test_what_a_killed_process_left_is_swept_away_and_what_a_living_one_holds_is_not(tmp_path: Path) -> None:
    held = tmp_path / LEFT.replace("0", "a")
    kept = [held, tmp_path / "m.yaml", tmp_path / ".artifact-lint-x.tmp", tmp_path / ".artifact-lint.toml"]
    for place in (tmp_path / LEFT, *kept):
        place.write_bytes(b"half")
    (tmp_path / LEFT.replace("0", "b")).mkdir()
    (tmp_path / LEFT.replace("0", "c")).symlink_to("m.yaml")
    os.mkfifo(tmp_path / LEFT.replace("0", "d"))
    with held.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        atomic.sweep(tmp_path)
        assert not (tmp_path / LEFT).exists()
        assert all(place.exists() for place in kept)
        assert len(names(tmp_path)) == 7
    atomic.sweep(tmp_path)
    assert not held.exists()
    atomic.sweep(tmp_path / "absent")


def test_temporary_files_are_no_part_of_a_store() -> None:
    excludes = Excludes(DEFAULT_EXCLUDES)
    assert excludes.covers(f"models/{LEFT}", directory=False)
    assert not excludes.covers("models/.artifact-lint.toml", directory=False)


def test_a_file_that_grows_too_large_leaves_the_old_one(tmp_path: Path) -> None:
    import resource

    place = tmp_path / "m.yaml"
    place.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        with pytest.raises(atomic.WriteError, match=os.strerror(errno.EFBIG).lower()):
            atomic.write(place, bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert place.read_bytes() == b"old"
    assert names(tmp_path) == ["m.yaml"]
