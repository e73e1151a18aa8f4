"""Digests of earlier runs, in a file of the user's: a file that has not changed since need not be read again.

A digest is filed under the identity of the file's state (see `stores.base.Identity`). Whatever is wrong with the cache,
nothing fails: what cannot be read from it is hashed, and what cannot be written to it will be hashed again.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import struct
import time
import zlib
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from artifact_lint.stores.base import Identity

#: What the cache may hold, in bytes: digests of about a million files.
LIMIT = 128 << 20

#: Raised with every change of the table below; it is in the name as well, so that releases do not undo one another.
_VERSION = 1
_NAME = f"digests-{_VERSION}.sqlite3"
_TABLE = """
    CREATE TABLE digests (
        place BLOB NOT NULL, algorithm TEXT NOT NULL, state BLOB NOT NULL, digest BLOB NOT NULL,
        seal INTEGER NOT NULL, used INTEGER NOT NULL,
        PRIMARY KEY (place, algorithm)
    ) WITHOUT ROWID
"""
_REPLACE = "INSERT OR REPLACE INTO digests (place, algorithm, state, digest, seal, used) VALUES (?, ?, ?, ?, ?, ?)"
_TOUCH = "UPDATE digests SET used = ? WHERE place = ? AND algorithm = ?"
_PRUNE = """
    DELETE FROM digests WHERE (place, algorithm) IN
    (SELECT place, algorithm FROM digests ORDER BY used LIMIT (SELECT count(*) / 2 FROM digests))
"""

#: What becomes of a database that is damaged, locked, unreadable or has no room; a damaged one may quote itself, too.
_FAILURES = (OSError, sqlite3.Error, UnicodeError, MemoryError)

#: How long to wait for another run that writes, in seconds; and how often what is used is marked as such.
_PATIENCE = 1.0
_REMARK_AFTER = 7 * 24 * 3600
#: Far fewer variables than any SQLite takes in one statement (999).
_AT_ONCE = 500
#: Longer values than this are nobody's digests, in bytes.
_LONGEST_VALUE = 1 << 20

_PLACE = struct.Struct("<QQ")
_STATE = struct.Struct("<Qqq")
_LARGEST_NUMBER = (1 << 64) - 1


class DigestCache:
    """The cache in a directory, which is made when there is something to write."""

    def __init__(self, directory: Path, limit: int = LIMIT) -> None:
        self._directory = directory.absolute()
        self._path = self._directory / _NAME
        self._limit = limit
        self._long_unmarked: list[tuple[bytes, str]] = []

    def load(self, identities: Collection[Identity]) -> dict[Identity, dict[str, str]]:
        """The digests on file of some states of files, each as `algorithm:hexadecimal`, by algorithm."""
        with suppress(*_FAILURES):
            if self._is_ours():
                return self._load(identities)
        return {}

    def save(self, fresh: Mapping[Identity, Mapping[str, str]]) -> None:
        """File digests, all or none of them, each in place of what was on file for an earlier state of its file."""
        if not fresh and not self._long_unmarked:
            return
        with suppress(*_FAILURES):
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._is_ours():
                return
            try:
                self._save(fresh)
            except (sqlite3.Error, UnicodeError) as error:
                if _is_beyond_use(error):
                    self._remove()
                    self._save(fresh)

    def _is_ours(self) -> bool:
        """Whether nobody else may write to the cache: what stands there is believed."""
        if not hasattr(os, "geteuid"):
            return True
        trusted = {os.geteuid(), 0}
        for place in (self._directory, self._path):
            with suppress(FileNotFoundError):
                status = place.stat()
                if status.st_uid not in trusted or status.st_mode & stat.S_IWOTH:
                    return False
        return True

    def _load(self, identities: Collection[Identity]) -> dict[Identity, dict[str, str]]:
        wanted: dict[bytes, list[Identity]] = {}
        for identity in identities:
            wanted.setdefault(_place(identity), []).append(identity)
        known: dict[Identity, dict[str, str]] = {}
        unmarked_since = int(time.time()) - _REMARK_AFTER
        with closing(self._connected("rw")) as connection:
            if _version(connection) != _VERSION:
                return {}
            for place, algorithm, state, digest, seal, used in _rows(connection, list(wanted)):
                if seal != _seal(place, algorithm, state, digest):
                    continue
                for identity in wanted.get(place, ()):
                    if state == _state(identity):
                        known.setdefault(identity, {})[algorithm] = f"{algorithm}:{digest.hex()}"
                if used < unmarked_since:
                    self._long_unmarked.append((place, algorithm))
        return known

    def _save(self, fresh: Mapping[Identity, Mapping[str, str]]) -> None:
        now = int(time.time())
        with closing(self._connected("rwc")) as connection:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            if _version(connection) != _VERSION:
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version = {_VERSION}")
            connection.executemany(_TOUCH, [(now, *key) for key in self._long_unmarked])
            connection.executemany(_REPLACE, _new_rows(fresh, now))
            if _size(connection) > self._limit:
                connection.execute(_PRUNE)
            connection.execute("COMMIT")
        self._long_unmarked.clear()

    def _connected(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}", uri=True, timeout=_PATIENCE, isolation_level=None
        )
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        return connection

    def _remove(self) -> None:
        """Clear away what is no cache; its journal first, which would be played into the next one."""
        self._path.with_name(f"{_NAME}-journal").unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)


def user_cache(environment: Mapping[str, str]) -> DigestCache | None:
    """The cache of whoever runs this: in ARTIFACT_LINT_CACHE_DIR, or where the system keeps what can be made again.

    None under CI, where a machine is new each time and a digest should be seen to be computed, and on Windows, where
    files have no time of change that cannot be set back.
    """
    if os.name == "nt" or environment.get("CI", "").lower() not in {"", "0", "false", "no", "off"}:
        return None
    directory = user_directory(environment)
    return DigestCache(directory) if directory is not None else None


def user_directory(environment: Mapping[str, str]) -> Path | None:
    """Where the caches of whoever runs this lie: ARTIFACT_LINT_CACHE_DIR, or the system's place; None where unknown."""
    from platformdirs import user_cache_path  # noqa: PLC0415 - takes longer to import than a small file to hash

    chosen = environment.get("ARTIFACT_LINT_CACHE_DIR")
    try:
        return Path(chosen).expanduser().absolute() if chosen else user_cache_path("artifact-lint", appauthor=False)
    except (OSError, RuntimeError):
        return None


def _place(identity: Identity) -> bytes:
    return _PLACE.pack(identity.device & _LARGEST_NUMBER, identity.inode & _LARGEST_NUMBER)


def _state(identity: Identity) -> bytes:
    return _STATE.pack(identity.size, identity.modified_ns, identity.changed_ns)


def _seal(place: bytes, algorithm: str, state: bytes, digest: bytes) -> int:
    """What tells a row that was written from one that a failing disk made up."""
    return zlib.crc32(b"\0".join((algorithm.encode(), place, state, digest)))


def _rows(connection: sqlite3.Connection, places: list[bytes]) -> Iterator[tuple[bytes, str, bytes, bytes, int, int]]:
    """The rows of some places, leaving out those that hold anything but what is written here."""
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        query = f"SELECT place, algorithm, state, digest, seal, used FROM digests WHERE place IN ({marks})"  # noqa: S608 - of question marks
        for row in connection.execute(query, some):
            if tuple(map(type, row)) == (bytes, str, bytes, bytes, int, int):
                yield row


def _new_rows(
    fresh: Mapping[Identity, Mapping[str, str]], now: int
) -> Iterator[tuple[bytes, str, bytes, bytes, int, int]]:
    for identity, digests in fresh.items():
        place, state = _place(identity), _state(identity)
        for algorithm, text in digests.items():
            digest = bytes.fromhex(text.partition(":")[2])
            yield place, algorithm, state, digest, _seal(place, algorithm, state, digest), now


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _size(connection: sqlite3.Connection) -> int:
    """What is in use of a database, in bytes."""
    ((pages,), (free,), (size,)) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _is_beyond_use(error: Exception) -> bool:
    """Whether a file is no database, a damaged one, or one of other tables."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return int(code) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
