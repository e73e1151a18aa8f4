"""The one `git cat-file --batch` of a repository, which stays open to hand out blobs."""

from __future__ import annotations

import threading
import weakref
from contextlib import suppress
from subprocess import PIPE
from typing import IO, TYPE_CHECKING

from artifact_lint.git_environment import GitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from git.cmd import Git

_CHUNK = 1 << 20


class BlobProcess:
    """A process that writes one blob after another to files; it starts when it is first needed."""

    def __init__(self, command: Git, settings: tuple[str, ...]) -> None:
        self._command = command
        self._settings = settings
        self._lock = threading.Lock()
        self._running: Git.AutoInterrupt | None = None
        self._end: Callable[[], object] = _nothing

    def copy(self, oid: str, target: IO[bytes]) -> None:
        """Write a blob's content to a file.

        Raises:
            GitError: The blob is not there.
        """
        with self._lock:
            whole = False
            try:
                self._copy(oid, target)
                whole = True
            except OSError as error:
                raise GitError(f"git stopped at object {oid}: {error.strerror or error}") from None
            finally:
                if not whole:
                    self._stop()

    def close(self) -> None:
        """End the process; it starts again when it is needed."""
        with self._lock:
            self._stop()

    def _copy(self, oid: str, target: IO[bytes]) -> None:
        process = self._process()
        process.stdin.write(f"{oid}\n".encode("ascii"))
        process.stdin.flush()
        header = process.stdout.readline().split()
        if len(header) != 3 or not header[2].isdigit():
            raise GitError(f"git has no object {oid}; in a partial clone, fetch it first")
        left = int(header[2]) + 1
        while left > 0:
            piece = process.stdout.read(min(left, _CHUNK))
            if not piece:
                raise GitError(f"git stopped in the middle of object {oid}")
            left -= len(piece)
            target.write(piece if left > 0 else piece[:-1])

    def _stop(self) -> None:
        """End the process, which after a failure may stand in the middle of a blob."""
        self._running = None
        self._end()

    def _process(self) -> Git.AutoInterrupt:
        if self._running is None:
            command = ["git", *self._settings, "cat-file", "--batch"]
            self._running = self._command.execute(command, istream=PIPE, as_process=True)
            self._end = weakref.finalize(self, _end, self._running)
        return self._running


def _nothing() -> None:
    return None


def _end(process: Git.AutoInterrupt) -> None:
    popen = process.proc
    if popen is None:
        return
    for stream in (popen.stdin, popen.stdout, popen.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    popen.wait()
