"""Files written whole or not at all: a temporary file in the same directory, flushed to the disk, then renamed.

Whatever happens at whatever moment, the file holds its old bytes or its new ones. A process that is killed may leave
its temporary file behind: discovery leaves files of that name out, and `sweep` removes them.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Names that `stores.excludes` leaves out.
_TEMPORARY = re.compile(r"\.artifact-lint-[0-9a-f]{16}\.tmp")
_MODE_OF_NEW_FILES = 0o644
_SAFE_OPEN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFE_OPEN


class WriteError(Exception):
    """A file that was not written; the message is the reason, as the rest of a sentence about it."""


class ChangedError(WriteError):
    """A file that no longer holds what was expected of it."""


def write(place: Path, data: bytes, *, expected: bytes | None = None) -> None:
    """Write a file; one that is there keeps its mode and, where that is allowed, its owner.

    With `expected`, the file has to hold just these bytes until it is replaced.

    Raises:
        ChangedError: The file holds something else than expected.
        WriteError: The file cannot be replaced without a loss, or the system does not let it be written.
    """
    try:
        status = _status(place)
        temporary, descriptor = _created(place.parent)
        try:
            with open(descriptor, "wb") as stream:  # noqa: PTH123 - a descriptor, not a path
                stream.write(data)
                stream.flush()
                _take_after(descriptor, status)
                os.fsync(descriptor)
                _expect(place, expected)
                temporary.replace(place)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _flush_directory(place.parent)
    except OSError as error:
        raise WriteError((error.strerror or str(error)).lower()) from error


def sweep(directory: Path) -> None:
    """Remove the temporary files that killed processes left in a directory; those of living ones are locked."""
    with suppress(OSError):
        for name in os.listdir(directory):  # noqa: PTH208 - names are all it takes
            if _TEMPORARY.fullmatch(name):
                with suppress(OSError):
                    _remove_unlocked(directory / name)


def _status(place: Path) -> os.stat_result | None:
    """What a file that is to be replaced is like; None where there is none yet."""
    try:
        status = place.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise WriteError("it is no regular file")
    if status.st_nlink > 1:
        raise WriteError(f"it has {status.st_nlink} names (hard links), which writing it anew would part")
    if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(place, os.W_OK):
        raise WriteError("it is read-only")
    return status


def _expect(place: Path, data: bytes | None) -> None:
    if data is not None and place.read_bytes() != data:
        raise ChangedError("it was changed in the meantime")


def _created(directory: Path) -> tuple[Path, int]:
    """A new, locked temporary file: one that `sweep` took before it was locked is made again."""
    for temporary in _names(directory):
        with suppress(FileExistsError):
            descriptor = os.open(temporary, _CREATE, 0o600)
            try:
                _lock(descriptor, wait=True)
                if temporary.exists():
                    return temporary, descriptor
            except BaseException:
                os.close(descriptor)
                temporary.unlink(missing_ok=True)
                raise
            os.close(descriptor)
    raise WriteError("no temporary file can be kept beside it")


def _names(directory: Path) -> Iterator[Path]:
    for _ in range(8):
        yield directory / f".artifact-lint-{os.urandom(8).hex()}.tmp"


def _take_after(descriptor: int, status: os.stat_result | None) -> None:
    if not hasattr(os, "fchmod"):
        return
    if status is not None and (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(PermissionError):
            os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, _MODE_OF_NEW_FILES if status is None else stat.S_IMODE(status.st_mode))


def _lock(descriptor: int, *, wait: bool) -> bool:
    """Lock a file for as long as it is open, if the system has such locks and nobody else holds this one."""
    try:
        import fcntl  # noqa: PLC0415 - not there on Windows

        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _remove_unlocked(temporary: Path) -> None:
    descriptor = os.open(temporary, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _SAFE_OPEN)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and _lock(descriptor, wait=False):
            temporary.unlink()
    finally:
        os.close(descriptor)


def _flush_directory(directory: Path) -> None:
    """Let the new name outlive a power cut, where the system can flush a directory."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
