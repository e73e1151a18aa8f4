"""The baseline: today's findings, accepted by count per rule, artifact and place, so that only new ones are reported.

An entry of a rule about security holds the digest of what it is about, too (see `evidence`): it accepts those bytes,
and nothing that takes their place.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from posixpath import normpath, relpath
from typing import TYPE_CHECKING

from artifact_lint.baseline_file import Baseline, Entry, Key, path_parts
from artifact_lint.complaints import SettingsError
from artifact_lint.configuration_files import LOCAL
from artifact_lint.configuration_search import absolute
from artifact_lint.evidence import evidence_of, is_pinned
from artifact_lint.model import Origin, Related
from artifact_lint.model.suppression import Accepted, Means, StaleEntry
from artifact_lint.model.text import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from artifact_lint.coverage import Coverage
    from artifact_lint.model import Finding


@dataclass(frozen=True, slots=True)
class Applied:
    """What a baseline makes of findings: those that stay, those that it accepts, and its entries that are stale."""

    findings: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]
    stale: tuple[StaleEntry, ...]


@dataclass(frozen=True, slots=True)
class Renewal:
    """A baseline brought up to date: the new one, how many findings went in and out of it, and what could not go in.

    `unseen` counts entries that the run did not look at. `pinned` are the findings about security that went in, each
    for one content; `unpinned` are those whose content is not here, so that there is nothing to pin them to.
    """

    baseline: Baseline
    added: tuple[tuple[Key, int], ...]
    removed: tuple[tuple[Key, int], ...]
    unseen: int
    pinned: tuple[Finding, ...]
    unpinned: tuple[Finding, ...]

    def __add__(self, later: Renewal) -> Renewal:
        """Two renewals of one file, the second of what the first made."""
        return Renewal(
            later.baseline,
            self.added + later.added,
            self.removed + later.removed,
            later.unseen,
            self.pinned + later.pinned,
            self.unpinned + later.unpinned,
        )


class Paths:
    """Paths of a run as a baseline spells them, and the other way round.

    Raises:
        SettingsError: There is no way from one to the other: they are on two drives.
    """

    def __init__(self, root: Path, file: Path) -> None:
        real, home = os.path.realpath(root), os.path.realpath(file.parent)
        if os.path.splitdrive(real)[0] != os.path.splitdrive(home)[0]:
            raise SettingsError([f"baseline {LOCAL.shown(absolute(file))}: it is on another drive than {root}"])
        self._root, self._home = (f"/{place.replace(os.sep, '/').lstrip('/')}" for place in (real, home))
        self.file = self.to_run(file.name)

    def to_baseline(self, path: str) -> str:
        """A path as the baseline spells it; its own directory is a dot."""
        outer, inner = path_parts(path)
        return ((outer or ".") if self._root == self._home else relpath(f"{self._root}/{outer}", self._home)) + inner

    def to_run(self, path: str) -> str:
        """A path as the run spells it; the root is the empty string."""
        plain = normpath(path) if self._root == self._home else relpath(f"{self._home}/{path}", self._root)
        return "" if plain == "." else plain


def apply(baseline: Baseline, findings: Sequence[Finding], coverage: Coverage) -> Applied:
    """What a baseline accepts of findings.

    Where there are more of a key than it accepts, all of them stay: which of them are new, nobody can tell.
    """
    paths = Paths(coverage.scope.root, baseline.file)
    loose = Counter(key.loose for key in baseline.entries)
    groups: dict[Key, list[Finding]] = {}
    others: Counter[Key] = Counter()
    for finding in findings:
        key = _key(finding, paths)
        if key in loose and is_pinned(finding.code, coverage):
            others[key] += 1
            key = replace(key, digest=evidence_of(finding, coverage) or "unknown")
        groups.setdefault(key, []).append(finding)
    kept: list[Finding] = []
    accepted: list[Accepted] = []
    for key, members in groups.items():
        entry = baseline.entries.get(key)
        if entry is None:
            kept += members
            continue
        origin = _origin(entry, paths)
        if len(members) <= entry.count:
            accepted += (Accepted(finding, Means.BASELINE, origin) for finding in members)
        else:
            related = Related(origin, f"the baseline accepts {entry.count:,} of these {len(members):,}")
            kept += (replace(finding, related=(*finding.related, related)) for finding in members)
    found = {key: len(members) for key, members in groups.items()}
    stale = (_stale(entry, found.get(entry.key, 0), others, paths, coverage) for entry in baseline.entries.values())
    return Applied(tuple(kept), tuple(accepted), tuple(one for one in stale if one is not None))


def renew(baseline: Baseline, findings: Sequence[Finding], coverage: Coverage) -> Renewal:
    """A baseline that accepts these findings, and still what it accepted where the run did not look."""
    paths = Paths(coverage.scope.root, baseline.file)
    counts: Counter[Key] = Counter()
    pinned, unpinned = [], []
    for finding in findings:
        key = _key(finding, paths)
        if is_pinned(finding.code, coverage):
            digest = evidence_of(finding, coverage)
            if digest is None:
                unpinned.append(finding)
                continue
            key = replace(key, digest=digest)
            pinned.append((key, finding))
        counts[key] += 1
    unseen = 0
    for key, entry in baseline.entries.items():
        if not _is_covered(key, paths, coverage):
            unseen += key not in counts
            counts[key] = max(counts[key], entry.count)
    before = Counter({key: entry.count for key, entry in baseline.entries.items()})
    entries = {key: Entry(key, count) for key, count in sorted(counts.items())}
    more = counts - before
    fresh = tuple(finding for key, finding in pinned if key in more)
    added, removed = (tuple(sorted(changed.items())) for changed in (more, before - counts))
    return Renewal(Baseline(baseline.file, entries), added, removed, unseen, fresh, tuple(unpinned))


def _key(finding: Finding, paths: Paths) -> Key:
    origin = finding.origin
    file = finding.file if finding.file and finding.file != origin.path else ""
    return Key(
        encodable(paths.to_baseline(finding.artifact)),
        encodable(paths.to_baseline(origin.path)),
        finding.code,
        encodable(origin.pointer),
        encodable(paths.to_baseline(file)) if file else "",
    )


def _is_covered(key: Key, paths: Paths, coverage: Coverage) -> bool:
    return coverage.covers(key.rule, paths.to_run(key.artifact), paths.to_run(key.path))


def _stale(entry: Entry, found: int, others: Mapping[Key, int], paths: Paths, coverage: Coverage) -> StaleEntry | None:
    key = entry.key
    if found >= entry.count or not _is_covered(key, paths, coverage):
        return None
    return StaleEntry(
        origin=_origin(entry, paths),
        place=paths.file,
        rule=key.rule,
        at=f"{paths.to_run(key.path)}#{key.pointer}" if key.pointer else paths.to_run(key.path),
        accepted=entry.count,
        found=found,
        is_other_content=not found and bool(key.digest) and bool(others.get(key.loose)),
    )


def _origin(entry: Entry, paths: Paths) -> Origin:
    return Origin(paths.file, entry.line, entry.column, entry.line, entry.column)
