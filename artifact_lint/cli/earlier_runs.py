"""What was linted already, where a hook manager has split one list of changed files over several runs.

pre-commit and prek call a hook again and again with as many files as a command line takes, one run after the other
(`require_serial`). An artifact whose files fall into two runs would be linted and told twice. So a run whose list is as
long as lists get leaves word for the next one, in the user's cache: what it linted, and what it told.

Nothing is left out of a run but by proof. The earlier run was of the same parent process (its number and its start),
place, options and settings; its list was so long that the first file of this one did not fit; no file is in both lists;
the artifact has the same files, in the same state; and what was told is word for word the same. Where any of this is
not known, an artifact is linted and told twice. A failed run makes the hook fail, whatever the later ones find.

Source: pre-commit 4.7 (`xargs.py`, `partition`), prek 0.5 (`run.rs`, `Partitions`).
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from artifact_lint import __version__
from artifact_lint.atomic import WriteError, write
from artifact_lint.cache import user_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from artifact_lint.model import Artifact, Finding
    from artifact_lint.model.report import Report

#: What hook managers leave free of a command line, the longest that they use, and the shortest, in bytes: pre-commit's,
#: and prek's, which counts a pointer and an end for each word.
_PRE_COMMIT: Final = (2048, 1 << 17, 1)
_PREK: Final = (2048 + 4096, 1 << 20, 9)
_SHORTEST: Final = 1 << 12
#: The command before the files, and what differs between the environments of the hook manager and its hook, in bytes.
_SLACK: Final = 1 << 12
_LONGEST_PATH: Final = 1 << 12

#: How much word is left at most, in bytes; for how long it is kept, in seconds; and how many runs' are.
_LARGEST: Final = 16 << 20
_KEPT: Final = 24 * 3600
_MOST: Final = 64
_DIRECTORY: Final = "hooks-1"


@dataclass(slots=True)
class EarlierRuns:
    """What the runs before this one have linted and told, and what this one adds.

    `place` is the file in which word is left; `linted`, `told` and `names` are digests of states of artifacts, of
    findings and of files; `size` is that of the run's list, in bytes, and `count` how many files it has; `goes_on` says
    that the list may continue in another run. `skipped` counts the artifacts that were linted before.
    """

    place: Path
    linted: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    size: int = 0
    count: int = 0
    goes_on: bool = False
    _seen: set[str] = field(default_factory=set)
    skipped: int = 0

    def has_linted(self, configuration: str | None, artifact: Artifact, root: Path) -> bool:
        """Whether an artifact was linted as it is, by the same configuration; if not, it is taken to be linted now."""
        state = _state(configuration, artifact, root)
        if state in self.linted:
            self.skipped += 1
            return True
        self._seen.add(state)
        return False

    def without_told(self, report: Report) -> Report:
        """A report without what an earlier run has told word for word."""
        if not self.told:
            return report
        return replace(report, findings=tuple(one for one in report.findings if _digest(*_words(one)) not in self.told))

    def leave_word(self, report: Report) -> None:
        """Tell the next run, if there may be one, what was linted and told; else clear away."""
        if not self.goes_on:
            with suppress(OSError):
                self.place.unlink(missing_ok=True)
            return
        is_whole = not report.failures and not any(fallback.unseen for fallback in report.fallbacks)
        told = {_digest(*_words(finding)) for finding in report.findings}
        word = {
            "size": self.size,
            "count": self.count,
            "names": sorted(self.names),
            "linted": sorted(self.linted | self._seen if is_whole else self.linted),
            "told": sorted(self.told | told),
        }
        with suppress(OSError, WriteError):
            self.place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _is_ours(self.place.parent):
                write(self.place, json.dumps(word).encode())
                self.place.chmod(0o600)
                _prune(self.place.parent)


def earlier_runs(
    paths: Sequence[str], options: Mapping[str, object], environment: Mapping[str, str]
) -> EarlierRuns | None:
    """What there is to know of earlier runs over the list that `paths` may be a part of; None where nothing is.

    `options` is all of the command line but the paths.
    """
    if environment.get("PRE_COMMIT") != "1" or not hasattr(os, "sysconf"):
        return None
    parent = _parent()
    directory = user_directory(environment)
    if parent is None or directory is None:
        return None
    own = sorted(item for item in environment.items() if item[0].startswith("ARTIFACT_LINT_"))
    key = _digest(*parent, str(Path.cwd()), __version__, sys.executable, repr(sorted(options.items())), repr(own))
    place = directory / _DIRECTORY / f"{key}.json"
    names = frozenset(map(_digest, paths))
    size = sum(map(_length, paths))
    goes_on = _may_be_full(size, len(paths), _LONGEST_PATH, environment)
    now = EarlierRuns(place, names=names, size=size, count=len(paths), goes_on=goes_on)
    before = _read(place) if _is_ours(place.parent) else None
    if before is None or not _may_be_full(before.size, before.count, _length(paths[0]), environment):
        return now
    if names & before.names:
        return now
    return replace(now, linted=before.linted, told=before.told, names=names | before.names)


def _length(path: str) -> int:
    return len(os.fsencode(path))


def _may_be_full(size: int, count: int, following: int, environment: Mapping[str, str]) -> bool:
    """Whether one of the hook managers would not have put a file of `following` bytes behind `count` others."""
    limit = os.sysconf("SC_ARG_MAX")
    taken = sum(len(os.fsencode(name)) + len(os.fsencode(value)) + 10 for name, value in environment.items())
    for free, longest, each in (_PRE_COMMIT, _PREK):
        most = max(min(limit - free - taken, longest), _SHORTEST)
        if size + count * each + following + _SLACK >= most:
            return True
    return False


def _parent() -> tuple[str, str] | None:
    """The parent process: its number, and when it was started, which no later one of that number has in common."""
    number = os.getppid()
    start = _start_on_linux(number) if sys.platform == "linux" else _start_by_ps(number)
    return (str(number), start) if start else None


def _start_on_linux(number: int) -> str:
    """In ticks since the boot, with the boot's own name. Source: proc(5), /proc/pid/stat, field 22."""
    try:
        fields = Path(f"/proc/{number}/stat").read_bytes().rpartition(b")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
        return f"{boot.decode('ascii')} {int(fields[19])}"
    except (OSError, ValueError, IndexError):
        return ""


def _start_by_ps(number: int) -> str:
    """By the second, as POSIX systems without /proc tell it."""
    import subprocess  # noqa: PLC0415 - takes 15 ms to import

    words = ["/bin/ps", "-o", "lstart=", "-p", str(number)]
    try:
        done = subprocess.run(words, capture_output=True, check=False, timeout=5, env={"LC_ALL": "C"})  # noqa: S603 - of fixed words
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("ascii", "replace").strip() if done.returncode == 0 else ""


def _state(configuration: str | None, artifact: Artifact, root: Path) -> str:
    """An artifact by its path, and by the state of each of its files and records and of the configuration."""
    paths = {file.path for file in artifact.files} | {source.path for source in artifact.record.sources}
    places = [root / path for path in sorted(paths)]
    if configuration is not None:
        places.append(Path(configuration))
    return _digest(artifact.path, *(word for place in places for word in (str(place), _state_of_file(place))))


def _state_of_file(place: Path) -> str:
    try:
        found = place.stat()
    except (OSError, ValueError) as error:
        return type(error).__name__
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def _words(finding: Finding) -> tuple[str, ...]:
    origin = finding.origin
    place = (origin.path, str(origin.line), str(origin.column), origin.pointer)
    return (finding.code, finding.severity.value, finding.artifact, *place, finding.message, finding.help or "")


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _read(place: Path) -> EarlierRuns | None:
    """What an earlier run left; None where that is nothing, or not what is left here."""
    try:
        if place.stat().st_size > _LARGEST:
            return None
        word = json.loads(place.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(word, dict):
        return None
    size, count = word.get("size"), word.get("count")
    linted, told, names = (_texts(word.get(key)) for key in ("linted", "told", "names"))
    if not isinstance(size, int) or not isinstance(count, int) or linted is None or told is None or names is None:
        return None
    return EarlierRuns(place, linted, told, names, size, count)


def _texts(value: object) -> frozenset[str] | None:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return None
    return frozenset(value)


def _is_ours(directory: Path) -> bool:
    """Whether nobody else may write to a directory: what lies there is believed."""
    try:
        status = directory.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _prune(directory: Path) -> None:
    """Clear away what runs left that ended before their last part, or were never continued."""
    files = sorted(_dated(directory.glob("*.json")), reverse=True)
    oldest = time.time() - _KEPT
    for number, (written, file) in enumerate(files):
        if number >= _MOST or written < oldest:
            with suppress(OSError):
                file.unlink(missing_ok=True)


def _dated(files: Iterable[Path]) -> list[tuple[float, Path]]:
    dated = []
    for file in files:
        with suppress(OSError):
            dated.append((file.stat().st_mtime, file))
    return dated
