"""The baseline: today's findings, accepted by count per rule, artifact and place, so that only new ones are reported.

A JSON file with one entry a line, sorted, so that it reads well, and that two branches which change it merge. Its paths
are relative to its own directory, wherever a run starts. An entry names a rule, an artifact, a path and a JSON pointer
within it (RFC 6901), never a line or a message. One of a rule about security holds the digest of what it is about, too
(see `evidence`): it accepts those bytes, and nothing that takes their place.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from posixpath import normpath, relpath
from typing import TYPE_CHECKING, Final

from artifact_lint.complaints import Complaint, SettingsError
from artifact_lint.configuration_files import LOCAL
from artifact_lint.document import DocumentError, Limits, Syntax, parse
from artifact_lint.evidence import evidence_of, is_pinned
from artifact_lint.model import Origin, Related
from artifact_lint.model.suppression import Accepted, Means, StaleEntry
from artifact_lint.selectors import did_you_mean, unknown_selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from artifact_lint.configuration_files import ConfigurationFiles
    from artifact_lint.document import Node
    from artifact_lint.look import Look
    from artifact_lint.model import Finding
    from artifact_lint.rules import RuleInfo

SCHEMA_VERSION: Final = 1
_KEYS: Final = ("rule", "artifact", "path", "pointer", "file", "digest", "count")
_NEEDED: Final = ("rule", "artifact", "path", "count")
_TOP: Final = ("schema_version", "entries")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_POINTER: Final = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_MOST: Final = 1 << 31
#: What Linux takes for a path, in bytes (PATH_MAX in limits.h).
_LONGEST_PATH: Final = 4096
#: Directories within one another: far more than anybody has, and what is looked up one within another ends there.
_DEEPEST_PATH: Final = 255
#: Where the name of a file ends and that of something in it begins.
_INSIDE: Final = re.compile(r"(?<=[^/])!")
_LIMITS: Final = Limits(depth=8)
_WRITE_ANEW: Final = "`artifact-lint baseline write` writes it anew"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What is counted: findings of one rule about one artifact, at one place; paths as the baseline spells them.

    `file` is the weight file concerned where that is not the place itself. `digest` is that of what is accepted, of a
    rule about security alone.
    """

    artifact: str
    path: str
    rule: str
    pointer: str = ""
    file: str = ""
    digest: str = ""

    @property
    def loose(self) -> Key:
        """The key whatever the content."""
        return replace(self, digest="") if self.digest else self


@dataclass(frozen=True, slots=True)
class Entry:
    """How many findings a key accepts; `line` and `column` are where the entry stands, 1-based."""

    key: Key
    count: int
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries of a baseline file, each key once, sorted."""

    file: Path
    entries: Mapping[Key, Entry] = field(default_factory=dict)


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


def load_baseline(file: Path, rules: Iterable[RuleInfo], files: ConfigurationFiles = LOCAL) -> Baseline:
    """The baseline in a file, which is one of this machine or of a commit.

    Raises:
        SettingsError: The file cannot be read, or is no baseline: one line, with the place.
    """
    shown = _shown(file) if files is LOCAL else files.shown(file)
    try:
        data = files.read(file, _LIMITS.size + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "; `artifact-lint baseline write` writes one" if isinstance(error, FileNotFoundError) else ""
        raise SettingsError([f"baseline {shown}: {reason}{hint}"]) from error
    try:
        return read_baseline(file, shown, data, rules)
    except DocumentError as error:
        raise SettingsError([f"{Complaint(error.origin, f'the baseline cannot be read: {error.reason}')}"]) from error


def read_baseline(file: Path, shown: str, data: bytes, rules: Iterable[RuleInfo]) -> Baseline:
    """The baseline that some bytes are; two branches that accept the same may have left an entry there twice.

    Raises:
        DocumentError: The bytes are no JSON.
        SettingsError: The document is no baseline: the first mistake, with its place.
    """
    document = parse(shown, data, Syntax.JSON, _LIMITS)
    root = document.root
    for remark in document.remarks:
        raise _wrong(remark.origin, remark.message)
    if not root.is_mapping:
        raise _wrong(root.origin, "a baseline is an object with `schema_version` and `entries`")
    version = root.get("schema_version")
    if version is None or version.value != SCHEMA_VERSION or isinstance(version.value, bool):
        origin = root.origin if version is None else version.origin
        found = "none" if version is None else version.text or "another"
        raise _wrong(origin, f"schema_version is {found}, and this release reads {SCHEMA_VERSION}; {_WRITE_ANEW}")
    _expect_keys(root, _TOP, _TOP)
    listed = root.get("entries")
    if listed is None or not listed.is_sequence:
        raise _wrong((listed or root).origin, "`entries` is a list")
    known = {rule.code: rule for rule in rules}
    entries: dict[Key, Entry] = {}
    for node in listed.elements():
        entry = _entry(node, known)
        other = entries.get(entry.key)
        entries[entry.key] = entry if other is None or other.count < entry.count else other
    return Baseline(file, entries)


def written(baseline: Baseline) -> bytes:
    """A baseline as the bytes of its file."""
    lines = [_line(entry) for _, entry in sorted(baseline.entries.items())]
    head = f'{{\n  "schema_version": {SCHEMA_VERSION},\n  "entries": ['
    body = "\n" + ",\n".join(f"    {line}" for line in lines) + "\n  " if lines else ""
    return f"{head}{body}]\n}}\n".encode()


class Paths:
    """Paths of a run as a baseline spells them, and the other way round.

    Raises:
        SettingsError: There is no way from one to the other: they are on two drives.
    """

    def __init__(self, root: Path, file: Path) -> None:
        real, home = os.path.realpath(root), os.path.realpath(file.parent)
        if os.path.splitdrive(real)[0] != os.path.splitdrive(home)[0]:
            raise SettingsError([f"baseline {_shown(file)}: it is on another drive than {root}"])
        self._root, self._home = (f"/{place.replace(os.sep, '/').lstrip('/')}" for place in (real, home))
        self.file = self.to_run(file.name)

    def to_baseline(self, path: str) -> str:
        """A path as the baseline spells it; its own directory is a dot."""
        outer, inner = _parts(path)
        return ((outer or ".") if self._root == self._home else relpath(f"{self._root}/{outer}", self._home)) + inner

    def to_run(self, path: str) -> str:
        """A path as the run spells it; the root is the empty string."""
        plain = normpath(path) if self._root == self._home else relpath(f"{self._home}/{path}", self._root)
        return "" if plain == "." else plain


def apply(baseline: Baseline, findings: Sequence[Finding], look: Look) -> Applied:
    """What a baseline accepts of findings.

    Where there are more of a key than it accepts, all of them stay: which of them are new, nobody can tell.
    """
    paths = Paths(look.scope.root, baseline.file)
    loose = Counter(key.loose for key in baseline.entries)
    groups: dict[Key, list[Finding]] = {}
    others: Counter[Key] = Counter()
    for finding in findings:
        key = _key(finding, paths)
        if key in loose and is_pinned(finding.code, look):
            others[key] += 1
            key = replace(key, digest=evidence_of(finding, look) or "unknown")
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
    stale = (_stale(entry, found.get(entry.key, 0), others, paths, look) for entry in baseline.entries.values())
    return Applied(tuple(kept), tuple(accepted), tuple(one for one in stale if one is not None))


def renew(baseline: Baseline, findings: Sequence[Finding], look: Look) -> Renewal:
    """A baseline that accepts these findings, and still what it accepted where the run did not look."""
    paths = Paths(look.scope.root, baseline.file)
    counts: Counter[Key] = Counter()
    pinned, unpinned = [], []
    for finding in findings:
        key = _key(finding, paths)
        if is_pinned(finding.code, look):
            digest = evidence_of(finding, look)
            if digest is None:
                unpinned.append(finding)
                continue
            key = replace(key, digest=digest)
            pinned.append((key, finding))
        counts[key] += 1
    unseen = 0
    for key, entry in baseline.entries.items():
        if not _is_covered(key, paths, look):
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
        _plain(paths.to_baseline(finding.artifact)),
        _plain(paths.to_baseline(origin.path)),
        finding.code,
        _plain(origin.pointer),
        _plain(paths.to_baseline(file)) if file else "",
    )


def _parts(path: str) -> tuple[str, str]:
    """A path, and what stands for something inside of the file: whatever an archive calls it, that is no path."""
    mark = _INSIDE.search(path)
    return (path, "") if mark is None else (path[: mark.start()], path[mark.start() :])


def _plain(text: str) -> str:
    """Text as it is once it was written and read again: bytes of a name that are no text are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_covered(key: Key, paths: Paths, look: Look) -> bool:
    return look.covers(key.rule, paths.to_run(key.artifact), paths.to_run(key.path))


def _stale(entry: Entry, found: int, others: Mapping[Key, int], paths: Paths, look: Look) -> StaleEntry | None:
    key = entry.key
    if found >= entry.count or not _is_covered(key, paths, look):
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


def _line(entry: Entry) -> str:
    key = entry.key
    values = {
        "rule": key.rule,
        "artifact": key.artifact,
        "path": key.path,
        "pointer": key.pointer,
        "file": key.file,
        "digest": key.digest,
        "count": entry.count,
    }
    return json.dumps({name: value for name, value in values.items() if value != ""}, ensure_ascii=False)


def _entry(node: Node, known: Mapping[str, RuleInfo]) -> Entry:
    if not node.is_mapping:
        raise _wrong(node.origin, "an entry is an object")
    _expect_keys(node, _KEYS, _NEEDED)
    rule = _text(node, "rule")
    if rule not in known:
        origin = (node.get("rule") or node).origin
        raise _wrong(
            origin, f"{unknown_selector(rule, tuple(known.values())) or f'{rule} is no whole code'}; {_WRITE_ANEW}"
        )
    count = node.get("count")
    value = count.value if count is not None else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < _MOST:
        raise _wrong((count or node).origin, "`count` is a whole number from 1 on")
    digest, pointer = _text(node, "digest"), _text(node, "pointer")
    if digest and not _DIGEST.fullmatch(digest):
        raise _wrong((node.get("digest") or node).origin, "`digest` is sha256: and 64 hexadecimal digits")
    if _POINTER.fullmatch(pointer) is None:
        raise _wrong((node.get("pointer") or node).origin, f"'{pointer}' is no JSON pointer")
    if bool(digest) != ("security" in known[rule].tags):
        needs = "needs the `digest` of what it accepts" if not digest else "takes no `digest`"
        raise _wrong(node.origin, f"an entry of {rule} {needs}; {_WRITE_ANEW}")
    key = Key(_path(node, "artifact"), _path(node, "path"), rule, pointer, _path(node, "file"), digest)
    origin = node.origin
    return Entry(key, value, origin.line, origin.column)


def _path(node: Node, name: str) -> str:
    text = _text(node, name)
    if len(text) > _LONGEST_PATH or text.count("/") > _DEEPEST_PATH:
        raise _wrong((node.get(name) or node).origin, f"`{name}` is longer than a path can be")
    outer, inner = _parts(text)
    return normpath(outer) + inner if outer else inner


def _text(node: Node, name: str) -> str:
    member = node.get(name)
    if member is None:
        return ""
    if not isinstance(member.value, str) or (name in _NEEDED and not member.value):
        raise _wrong(member.origin, f"`{name}` is a text" + (" that is not empty" if member.value == "" else ""))
    return member.value


def _expect_keys(node: Node, allowed: Sequence[str], needed: Sequence[str]) -> None:
    for name in node.members or ():
        if name not in allowed:
            raise _wrong(node.key_origin(name), f"there is no key `{name}`{did_you_mean(name, allowed)}")
    missing = [name for name in needed if node.get(name) is None]
    if missing:
        raise _wrong(node.origin, f"`{missing[0]}` is missing")


def _wrong(origin: Origin, message: str) -> SettingsError:
    return SettingsError([str(Complaint(origin, f"the baseline cannot be used: {message}"))])


def _shown(file: Path) -> str:
    place = Path(os.path.abspath(file))  # noqa: PTH100 - resolve() would follow the links
    return place.relative_to(Path.cwd()).as_posix() if place.is_relative_to(Path.cwd()) else str(place)


def accepted_of(baseline: Baseline) -> Iterator[tuple[Key, int]]:
    """What a baseline accepts, in order."""
    for key, entry in sorted(baseline.entries.items()):
        yield key, entry.count
