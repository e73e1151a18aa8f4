"""What `check --fix` and `check --diff` do with the fixes of a report: write them, or show them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import unified_diff
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from artifact_lint import atomic
from artifact_lint.cli.errors import tell
from artifact_lint.fixes import amend
from artifact_lint.policy.renewals import renewal
from artifact_lint.reporters.styled import amount, visible
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from artifact_lint.document import Limits
    from artifact_lint.fixes import Amended
    from artifact_lint.model import Fix
    from artifact_lint.model.report import Report
    from artifact_lint.stores.base import Store

#: A fix may bring to light another one; that they would go on for ever is a bug, and costs no more than this.
_MOST_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where the findings of a report are: its root, the store that it was read from, and the limits of documents."""

    root: Path
    store: Store
    limits: Limits

    def place(self, path: str) -> Path:
        """The file itself that a path leads to, whatever links are on the way."""
        return Path(os.path.realpath(self.root / path))

    def read(self, path: str) -> bytes:
        """The bytes of a document as they are now.

        Raises:
            StoreError: They cannot be read (any more).
        """
        with self.store.open(path) as source:
            return source.read(0, source.size)


@dataclass(slots=True)
class Tally:
    """What was fixed, or merely shown: how many problems in which files, and whether a file could not be written."""

    shown: bool = False
    problems: int = 0
    files: set[Path] = field(default_factory=set)
    failed: bool = False

    def __str__(self) -> str:
        return f"{amount(self.problems, 'problem')} in {amount(len(self.files), 'file')}"


@dataclass(frozen=True, slots=True)
class _Draft:
    """A document before and after its fixes."""

    path: str
    place: Path
    before: bytes
    amended: Amended


def fix(report: Report, again: Callable[[], Report], where: Workplace, tally: Tally, *, unsafe: bool) -> Report:
    """Write the fixes of a report, and report `again` until none is left that can be made.

    A document that somebody else changes meanwhile is left to them, and reported as it is then.
    """
    _sweep(report, where)
    left: set[Path] = set()
    earlier = set(tally.files)
    for _ in range(_MOST_ROUNDS):
        refused: list[str] = []
        drafts = [draft for draft in _drafts(report, where, refused, unsafe=unsafe) if draft.place not in left]
        if not [draft for draft in drafts if _is_changed(draft, tally, left)]:
            _tell_refusals(refused)
            break
        report = again()
    _tell_renewals(report, where, tally.files - earlier, tally)
    return report


def patch(report: Report, where: Workplace, tally: Tally, *, unsafe: bool) -> Iterator[str]:
    """The fixes of a report as a patch, line by line with the line ends of the documents."""
    refused: list[str] = []
    earlier = set(tally.files)
    for draft in _drafts(report, where, refused, unsafe=unsafe):
        if draft.amended.made:
            _count(draft, tally)
            yield from _patch(draft)
    _tell_refusals(refused)
    _tell_renewals(report, where, tally.files - earlier, tally)


def write_patch(lines: Iterator[str]) -> None:
    """Write a patch to standard output, byte for byte as the documents have it."""
    sys.stdout.flush()
    if sys.stdout.isatty():
        sys.stdout.writelines(f"{visible(line.rstrip().expandtabs())}\n" for line in lines)
        return
    sys.stdout.buffer.writelines(line.encode("utf-8", "surrogateescape") for line in lines)
    sys.stdout.buffer.flush()


def _drafts(report: Report, where: Workplace, refused: list[str], *, unsafe: bool) -> Iterator[_Draft]:
    """The documents that fixes are for, each once whatever it is called, with the fixes made as far as they can be.

    `refused` is given a line for each fix that cannot be made.
    """
    paths: dict[Path, str] = {}
    wanted: dict[Path, list[Fix]] = {}
    for finding in report.findings:
        for one in finding.fixes:
            if one.unsafe and not unsafe:
                continue
            if not one.edits.value:
                refused.append(f"{finding.origin.path}:{finding.origin.line}: not fixed: the bytes cannot be read")
                continue
            path = one.edits.value[0].origin.path
            place = where.place(path)
            paths.setdefault(place, path)
            wanted.setdefault(place, []).append(one)
    for place, fixes in wanted.items():
        path = paths[place]
        try:
            before = where.read(path)
        except StoreError as error:
            refused.append(f"{path}: not fixed: {error}")
            continue
        amended = amend(path, before, fixes, where.limits)
        refused += [f"{path}:{one.line}: not fixed: {one.reason}" for one in amended.refused]
        yield _Draft(path, place, before, amended)


def _is_changed(draft: _Draft, tally: Tally, left: set[Path]) -> bool:
    """Whether a document is no longer what was linted: written now, or changed by somebody else and `left` to them."""
    if not draft.amended.made and not draft.amended.is_stale:
        return False
    try:
        is_written = not draft.amended.is_stale and _write(draft)
    except atomic.WriteError as error:
        left.add(draft.place)
        tally.failed = True
        tell(f"cannot write {draft.path}: {error}")
        return False
    if is_written:
        _count(draft, tally)
    else:
        left.add(draft.place)
        tell(f"{draft.path}: not fixed: it was changed in the meantime", error=False)
    return True


def _write(draft: _Draft) -> bool:
    try:
        atomic.write(draft.place, draft.amended.data, expected=draft.before)
    except atomic.ChangedError:
        return False
    return True


def _count(draft: _Draft, tally: Tally) -> None:
    tally.problems += len(draft.amended.made)
    tally.files.add(draft.place)
    for one in draft.amended.made:
        if one.warning:
            tell(f"warning: {draft.path}: {one.warning}", error=False)


def _tell_refusals(refused: Sequence[str]) -> None:
    for line in dict.fromkeys(refused):
        tell(line, error=False)


def _tell_renewals(report: Report, where: Workplace, written: set[Path], tally: Tally) -> None:
    """Which lists and signatures have digests of the documents as they were before their fixes."""
    if not written:
        return
    listed: dict[tuple[str, str], dict[str, None]] = {}
    for artifact in report.artifacts:
        for mention in artifact.record.mentions:
            is_recorded = mention.path is not None and bool(mention.digests or mention.parts)
            if mention.path is None or not is_recorded or where.place(mention.path) not in written:
                continue
            anew = renewal(artifact, mention.origin.path)
            if anew is not None:
                listed.setdefault((mention.origin.path, anew), {})[mention.path] = None
    then = " once this is applied" if tally.shown else ""
    for (recorder, anew), paths in listed.items():
        tell(f"{recorder} has the digest of {', '.join(paths)} before the fix: {anew}{then}", error=False)


def _sweep(report: Report, where: Workplace) -> None:
    """Remove what killed runs left beside the records."""
    paths = {source.path for artifact in report.artifacts for source in artifact.record.sources}
    for directory in sorted({where.place(path).parent for path in paths}):
        with suppress(OSError):
            atomic.sweep(directory)


def _patch(draft: _Draft) -> Iterator[str]:
    before, after = (_lines(data) for data in (draft.before, draft.amended.data))
    name = visible(draft.path)
    for line in unified_diff(before, after, f"a/{name}", f"b/{name}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(data: bytes) -> Sequence[str]:
    return [line.decode("utf-8", "surrogateescape") for line in BytesIO(data)]
