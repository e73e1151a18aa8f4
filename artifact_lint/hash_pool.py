"""The digests of many files: from the cache where it has them, else by threads that share one list of files."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.hashing import CHUNK, LARGE, StoppedError, compute
from artifact_lint.stores.local import LocalSource, LocalStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from artifact_lint.cache import DigestCache
    from artifact_lint.stores.base import Identity, Store

    #: Told now and then how many bytes of how many are hashed.
    Watch = Callable[[int, int], None]

#: From this many bytes on, hashing takes longer than starting threads and opening the cache.
WORTH_PREPARING = 8 << 20

_MOST_THREADS = 8
#: How long an interrupt waits for a thread that is to stop, in seconds: a disk that hangs is waited for by nobody.
_PATIENCE = 1.0
#: How often somebody who waits is told how far things are, in seconds.
_GLANCE = 0.1


@dataclass(frozen=True, slots=True)
class Job:
    """A file that is to be hashed, its size in bytes, and what hashes it by way of `HashPool.digests`."""

    path: str
    size: int
    run: Callable[[], object]


class HashPool:
    """What hashes the files of one store, each once. Threads may ask at the same time.

    `clock` tells the time in nanoseconds since 1970, by which files count as settled.
    """

    def __init__(self, store: Store, clock: Callable[[], int] = time.time_ns) -> None:
        self._store = store
        self._clock = clock
        self._places: dict[str, tuple[Store, str]] = {}
        self._known: dict[str, Mapping[str, str]] = {}
        self._fresh: dict[Identity, Mapping[str, str]] = {}
        self._also: frozenset[str] = frozenset()
        self._read_ahead = True
        self._local = threading.local()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._alone: dict[str, threading.Lock] = {}
        self._done = 0

    def redirect(self, path: str, store: Store, there: str) -> None:
        """Take a path of another store for what a path stands for: that file is hashed in its place from now on."""
        self._places[path] = (store, there)

    def digests(self, path: str, algorithms: Iterable[str]) -> Mapping[str, str]:
        """Digests of a file, each as `algorithm:hexadecimal`, by algorithm.

        Raises:
            StoreError: There is no such file, it cannot be read, or it changed while it was read.
        """
        wanted = set(algorithms)
        with self._lock:
            alone = self._alone.setdefault(path, threading.Lock())
        with alone:
            known = self._known.get(path, {})
            if not wanted <= known.keys():
                known = self._known[path] = {**known, **self._computed(path, wanted | self._also)}
        return {algorithm: known[algorithm] for algorithm in wanted}

    def tick(self, count: int) -> None:
        """Take note that so many bytes are hashed next, whoever hashes them.

        Raises:
            StoppedError: There was an interrupt, so that nobody waits for them any more.
        """
        if self._stop.is_set():
            raise StoppedError("stopped before it was read to its end")
        with self._lock:
            self._done += count

    def hash_ahead(
        self,
        jobs: Sequence[Job],
        *,
        also: Iterable[str] = (),
        threads: int | None = None,
        open_cache: Callable[[], DigestCache | None] | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Do jobs before somebody waits for each of them, the largest first; few small ones are left to who asks.

        Whoever asks for any digest from now on gets those of the algorithms in `also` computed in the same pass.
        `threads` bounds how many work at once. `open_cache` is called when it is worth it, and may give None. An
        interrupt ends all jobs before it goes on its way; what is left undone raises `StoppedError` from then on.
        """
        self._also = frozenset(also)
        if sum(job.size for job in jobs) < WORTH_PREPARING:
            return
        cache = open_cache() if open_cache is not None else None
        if cache is not None:
            self._known |= _recalled({job.path: self._place(job.path) for job in jobs}, cache, self._clock())
        known = frozenset(self._known)
        try:
            self._work_off(
                deque(sorted(jobs, key=lambda job: (job.path in known, -job.size))),
                [job for job in jobs if job.path not in known],
                threads or min(_MOST_THREADS, _usable_cores()),
                watch,
            )
        finally:
            if cache is not None:
                cache.save(self._fresh)

    def _work_off(self, waiting: deque[Job], unread: Sequence[Job], most: int, watch: Watch | None) -> None:
        """Let threads take what waits; `unread` are the jobs whose files have to be read."""
        self._read_ahead = sum(job.size >= LARGE for job in unread) < most
        count = min(most, sum(isinstance(self._place(job.path)[0], LocalStore) for job in unread))
        threads = [
            threading.Thread(target=self._work, args=(waiting,), name="artifact-lint hasher", daemon=True)
            for _ in range(max(1, count))
        ]
        total = sum(job.size for job in unread)
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(_GLANCE)
                    if watch is not None:
                        watch(self._done, total)
        except BaseException:
            self._stop.set()
            raise
        finally:
            for thread in threads:
                thread.join(_PATIENCE)

    def _work(self, waiting: deque[Job]) -> None:
        with suppress(IndexError):
            while not self._stop.is_set():
                job = waiting.popleft()
                with suppress(Exception):  # it is met again, and told about, where the digest is asked for
                    job.run()

    def _computed(self, path: str, algorithms: set[str]) -> Mapping[str, str]:
        now = self._clock()
        store, there = self._place(path)
        with store.open(there) as source:
            found = compute(source, algorithms, buffer=self._buffer(), read_ahead=self._read_ahead, tick=self.tick)
            if isinstance(source, LocalSource) and source.identity.is_settled(now):
                self._fresh[source.identity] = found
        return found

    def _place(self, path: str) -> tuple[Store, str]:
        """The store that has the bytes of a path, and their path there."""
        return self._places.get(path, (self._store, path))

    def _buffer(self) -> bytearray:
        """The buffer of this thread."""
        buffer: bytearray | None = getattr(self._local, "buffer", None)
        if buffer is None:
            buffer = self._local.buffer = bytearray(CHUNK)
        return buffer


def _recalled(places: Mapping[str, tuple[Store, str]], cache: DigestCache, now: int) -> dict[str, Mapping[str, str]]:
    """The digests that the cache has of files as they are now, by path; `places` are where the bytes of each are."""
    local = {path: (store, there) for path, (store, there) in places.items() if isinstance(store, LocalStore)}
    states = {path: store.identity(there) for path, (store, there) in local.items()}
    settled = {path: state for path, state in states.items() if state is not None and state.is_settled(now)}
    known = cache.load(set(settled.values()))
    return {path: known[state] for path, state in settled.items() if state in known}


def _usable_cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
