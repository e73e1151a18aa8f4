"""7z archives, read through py7zr where it is installed (the extra `seven-zip`)."""

from __future__ import annotations

import importlib
import io
import tempfile
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any

from artifact_lint.formats.archives import is_promising
from artifact_lint.formats.base import ExhaustedError, Format, FormatError
from artifact_lint.formats.member_paths import Unpacking
from artifact_lint.formats.spooling import IN_MEMORY, Copy
from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.stores.base import Source

_MAGIC = b"7z\xbc\xaf\x27\x1c"
#: How much more the members may unpack to than the archive holds, once they are that many bytes.
_ALLOWED_FROM = 1 << 30


def _recognise(probe: Probe) -> bool:
    wanted = probe.promises_weights or probe.inside or probe.asked
    return probe.head.startswith(_MAGIC) and (wanted or is_promising(probe))


def _read(job: Job, findings: Findings) -> None:
    try:
        library = importlib.import_module("py7zr")
    except ImportError:
        detail = "7z archives need py7zr: install artifact-lint[seven-zip]"
        raise FormatError(Cause.UNSUPPORTED, detail) from None
    try:
        _read_with(library, job, findings)
    except FormatError:
        raise
    except library.exceptions.PasswordRequired as error:
        raise FormatError(Cause.ENCRYPTED, "the archive is encrypted") from error
    except library.exceptions.UnsupportedCompressionMethodError as error:
        raise FormatError(Cause.UNSUPPORTED, "the archive is compressed by something unknown") from error
    except Exception as error:  # a third party's parser on hostile bytes may raise whatever it likes
        raise FormatError(Cause.BROKEN, f"the 7z archive is broken: {type(error).__name__}") from error


def _read_with(library: Any, job: Job, findings: Findings) -> None:  # noqa: ANN401 - a module that may not be there
    unpacking = Unpacking()
    with library.SevenZipFile(io.BufferedReader(_Raw(job.source))) as archive:
        if archive.needs_password():
            raise FormatError(Cause.ENCRYPTED, "the archive is encrypted")
        total = 0
        for member in archive.list():
            job.allowance.take()
            name, size = str(member.filename), int(member.uncompressed or 0)
            total += size
            reason = unpacking.escape(name)
            if reason is not None:
                findings.add_hazard(HazardKind.ARCHIVE_PATH, reason, 0, job.inner(job.source, name).member)
        if total > max(job.limits.ratio * job.source.size, _ALLOWED_FROM) or total > job.limits.unpacked:
            told = f"claims to unpack to {total:,} bytes"
            findings.add_hazard(HazardKind.ARCHIVE_PATH, told, 0, job.member)
            raise FormatError(Cause.LIMIT, told)
        with ExitStack() as files:
            archive.extract(factory=_Members(job, findings, total, files))


class _Raw(io.RawIOBase):
    """A source as the file that py7zr reads."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._source.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - the buffer protocol is 3.12's
        data = self._source.read(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


class _Members:
    """What py7zr asks for a file to write each member to."""

    def __init__(self, job: Job, findings: Findings, most: int, files: ExitStack) -> None:
        self._files = files
        self._job = job
        self._findings = findings
        self._left = most

    def create(self, filename: str) -> _Written:
        """The file for one member."""
        file = self._files.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115 - the stack closes it
        return _Written(file, self._spend, lambda source: self._look(filename, source))

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise FormatError(Cause.LIMIT, "a member unpacks to more than the archive says")

    def _look(self, name: str, source: Source) -> None:
        inner = self._job.inner(source, name)
        try:
            inner.descend(inner, self._findings)
        except ExhaustedError:
            raise
        except FormatError as error:
            self._findings.add_error(error, inner.member)


class _Written:
    """A member as it is unpacked; closing it has it looked into."""

    def __init__(self, file: IO[bytes], spend: Callable[[int], None], look: Callable[[Source], None]) -> None:
        self._file = file
        self._spend = spend
        self._look = look
        self._size = 0

    def write(self, data: bytes) -> int:
        self._spend(len(data))
        self._size += len(data)
        return self._file.write(data)

    def read(self, size: int | None = None) -> bytes:
        return self._file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def flush(self) -> None:
        self._file.flush()

    def size(self) -> int:
        return self._size

    def close(self) -> None:
        if not self._file.closed:
            with self._file:
                self._look(Copy(self._file, self._size))


SEVEN_ZIP = Format("7z", "7z archive", (".7z",), _recognise, _read, aliases=("7zip",), generic=True)
