from __future__ import annotations

import hashlib
import mmap
import os
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from files import later, wait_for_a_tick
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artifact_lint.cache import DigestCache
from artifact_lint.hash_pool import WORTH_PREPARING, HashPool, Job
from artifact_lint.hashing import CHUNK, LARGE, StoppedError
from artifact_lint.stores import StoreError
from artifact_lint.stores.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from artifact_lint.stores import Identity


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Pooled:
    """A pool over a directory, and what it found of each file."""

    def __init__(self, root: Path, clock: Callable[[], int] = later) -> None:
        self.root = root
        self.store = LocalStore(root)
        self.pool = HashPool(self.store, clock)
        self.found: dict[str, str] = {}
        self.troubles: dict[str, str] = {}
        self.glances: list[tuple[int, int]] = []

    def hash(self, names: Sequence[str], *, threads: int | None = None, cache: DigestCache | None = None) -> None:
        jobs = [Job(name, self.size(name), partial(self.ask, name)) for name in names]
        self.pool.hash_ahead(
            jobs, threads=threads, open_cache=lambda: cache, watch=lambda *glance: self.glances.append(glance)
        )

    def size(self, name: str) -> int:
        entry = self.store.entry(name)
        return entry.size if entry is not None else 0

    def ask(self, name: str) -> None:
        try:
            self.found[name] = self.pool.digests(name, ["sha256"])["sha256"]
        except StoreError as error:
            self.troubles[name] = str(error)


def identity(root: Path, name: str) -> Identity:
    found = LocalStore(root).identity(name)
    assert found is not None
    return found


class TestManyFiles:
    @settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        sizes=st.lists(
            st.one_of(
                st.integers(0, 5000),
                st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, LARGE + 1]),
            ),
            max_size=12,
        ),
        threads=st.integers(1, 4),
        seed=st.binary(min_size=1, max_size=32),
    )
    def test_have_the_digests_that_hashlib_gives_them(
        self, tmp_path: Path, sizes: list[int], threads: int, seed: bytes
    ) -> None:
        sizes.append(WORTH_PREPARING)
        data = {f"{number}.bin": (seed * (size // len(seed) + 1))[:size] for number, size in enumerate(sizes)}
        for name, content in data.items():
            (tmp_path / name).write_bytes(content)
        pooled = Pooled(tmp_path)
        pooled.hash(list(data), threads=threads)
        assert pooled.found == {name: sha256(content) for name, content in data.items()}
        assert all(done <= total == sum(sizes) for done, total in pooled.glances)

    def test_are_left_to_who_asks_where_they_are_small(self, tmp_path: Path) -> None:
        (tmp_path / "a.bin").write_bytes(b"weights")
        pooled = Pooled(tmp_path)
        pooled.hash(["a.bin"])
        assert pooled.found == {}
        assert pooled.pool.digests("a.bin", ["sha256"]) == {"sha256": sha256(b"weights")}

    def test_do_not_wait_for_one_that_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "large.bin").write_bytes(bytes(WORTH_PREPARING))
        (tmp_path / "last.bin").write_bytes(b"weights")
        pooled = Pooled(tmp_path)
        pooled.hash(["large.bin", "gone.bin", "last.bin"])
        assert pooled.found == {"large.bin": sha256(bytes(WORTH_PREPARING)), "last.bin": sha256(b"weights")}
        assert list(pooled.troubles) == ["gone.bin"]

    def test_do_not_wait_for_one_at_which_the_program_fails(self, tmp_path: Path) -> None:
        (tmp_path / "large.bin").write_bytes(bytes(WORTH_PREPARING))
        done: list[str] = []
        jobs = [
            Job("large.bin", WORTH_PREPARING, lambda: 1 // len(done)),
            Job("small.bin", 1, lambda: done.append("small")),
        ]
        HashPool(LocalStore(tmp_path)).hash_ahead(jobs, threads=1)
        assert done == ["small"]

    def test_are_read_once_whoever_asks(self, tmp_path: Path) -> None:
        (tmp_path / "a.bin").write_bytes(b"weights")
        pool = HashPool(LocalStore(tmp_path))
        pool.hash_ahead([], also=["sha256"])
        first = pool.digests("a.bin", ["md5"])
        (tmp_path / "a.bin").unlink()
        assert first["md5"] == pool.digests("a.bin", ["md5"])["md5"]
        assert pool.digests("a.bin", ["sha256"]) == {"sha256": sha256(b"weights")}

    def test_leave_no_thread_behind_when_they_are_interrupted(self, tmp_path: Path) -> None:
        with (tmp_path / "endless.bin").open("wb") as file:
            file.truncate(1 << 40)
        pool = HashPool(LocalStore(tmp_path))
        threads = threading.active_count()

        def interrupt(done: int, _: int) -> None:
            if done:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            pool.hash_ahead(
                [Job("endless.bin", 1 << 40, lambda: pool.digests("endless.bin", ["sha256"]))], watch=interrupt
            )
        assert threading.active_count() == threads
        with pytest.raises(StoppedError):
            pool.digests("endless.bin", ["sha256"])


class TestTheCache:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        root = tmp_path / "models"
        root.mkdir()
        (root / "model.bin").write_bytes(bytes(WORTH_PREPARING))
        (root / "other.bin").write_bytes(b"others")
        (root / "link.bin").symlink_to("other.bin")
        return root

    def test_stands_in_for_reading_what_has_not_changed(self, tmp_path: Path, root: Path) -> None:
        cache = DigestCache(tmp_path / "cache")
        names = ["model.bin", "other.bin", "link.bin"]
        first = Pooled(root)
        first.hash(names, cache=cache)
        assert first.found["link.bin"] == first.found["other.bin"] == sha256(b"others")
        second = Pooled(root)
        second.hash(names, cache=cache)
        assert second.found == first.found
        cache.save({identity(root, "model.bin"): {"sha256": sha256(b"what only the cache says")}})
        third = Pooled(root)
        third.hash(names, cache=cache)
        assert third.found["model.bin"] == sha256(b"what only the cache says")

    def test_is_asked_again_for_an_algorithm_that_it_does_not_have(self, tmp_path: Path, root: Path) -> None:
        cache = DigestCache(tmp_path / "cache")
        Pooled(root).hash(["model.bin"], cache=cache)
        pool = HashPool(LocalStore(root), later)
        found: list[str] = []
        job = Job("model.bin", WORTH_PREPARING, lambda: found.append(pool.digests("model.bin", ["md5"])["md5"]))
        pool.hash_ahead([job], open_cache=lambda: cache)
        assert cache.load([identity(root, "model.bin")])[identity(root, "model.bin")].keys() == {"sha256", "md5"}

    def test_does_not_stand_in_for_a_file_with_its_old_date(self, tmp_path: Path, root: Path) -> None:
        cache, file = DigestCache(tmp_path / "cache"), root / "model.bin"
        Pooled(root).hash(["model.bin"], cache=cache)
        wait_for_a_tick(file)
        before = file.stat()
        with file.open("r+b") as stream:
            stream.write(b"WEIGHTS")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        content = file.read_bytes()
        for _ in range(2):
            pooled = Pooled(root)
            pooled.hash(["model.bin"], cache=cache)
            assert pooled.found == {"model.bin": sha256(content)}

    def test_takes_and_tells_nothing_of_what_changed_a_moment_ago(self, tmp_path: Path, root: Path) -> None:
        cache, file = DigestCache(tmp_path / "cache"), root / "model.bin"
        file.write_bytes(b"x" * WORTH_PREPARING)
        Pooled(root, time.time_ns).hash(["model.bin"], cache=cache)
        assert cache.load([identity(root, "model.bin")]) == {}
        cache.save({identity(root, "model.bin"): {"sha256": sha256(b"what only the cache says")}})
        pooled = Pooled(root, time.time_ns)
        pooled.hash(["model.bin"], cache=cache)
        assert pooled.found == {"model.bin": sha256(b"x" * WORTH_PREPARING)}

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems set the times otherwise")
    def test_takes_nothing_of_what_is_written_through_a_mapping(self, tmp_path: Path, root: Path) -> None:
        cache, file = DigestCache(tmp_path / "cache"), root / "model.bin"
        with file.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as mapping:
            for content in (b"first", b"other"):
                mapping[:5] = content
                pooled = Pooled(root, time.time_ns)
                pooled.hash(["model.bin"], cache=cache)
                assert pooled.found == {"model.bin": sha256(content + bytes(WORTH_PREPARING - 5))}

    def test_takes_nothing_of_a_file_that_changes_while_it_is_read(self, tmp_path: Path, root: Path) -> None:
        cache, file = DigestCache(tmp_path / "cache"), root / "model.bin"
        before = identity(root, "model.bin")
        pooled = Pooled(root)
        changes = threading.Thread(target=_keep_changing, args=(file, pooled.troubles))
        wait_for_a_tick(file)
        changes.start()
        while not pooled.troubles:
            pooled.pool = HashPool(pooled.store, later)
            pooled.hash(["model.bin"], cache=cache)
        changes.join()
        assert pooled.troubles == {"model.bin": "changed while it was read: model.bin"}
        assert cache.load([before, identity(root, "model.bin")]) == {}


def _keep_changing(file: Path, until: dict[str, str]) -> None:
    with file.open("r+b") as stream:
        while not until:
            stream.seek(0)
            stream.write(b"WEIGHTS")
            stream.flush()
