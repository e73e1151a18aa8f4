"""Today's artifacts beside what they were at the base revision.

Of the base, as much is read as of today: the neighbourhoods of what was touched, by the same discovery. Files that git
knows to be equal share one digest, which nobody has to compute.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.assemble import assemble_all
from artifact_lint.model.agreement import plain_name
from artifact_lint.model.paths import directory_of, is_within
from artifact_lint.model.report import Fallback
from artifact_lint.neighbourhoods import add_neighbourhoods
from artifact_lint.policy.versions import same
from artifact_lint.stores.base import StoreError
from artifact_lint.stores.excludes import DEFAULT_EXCLUDES
from artifact_lint.stores.revision import RevisionStore, SnapshotStore
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.document import Limits
    from artifact_lint.model import Artifact
    from artifact_lint.model.report import Failure
    from artifact_lint.scope import Scope
    from artifact_lint.settings import Settings
    from artifact_lint.stores.base import Source


class Pair(NamedTuple):
    """An artifact at the base revision, and what it is now."""

    before: Artifact
    after: Artifact


@dataclass(frozen=True, slots=True)
class Comparison:
    """The artifacts that have a past, those that have nothing else, and what kept the past from being read."""

    pairs: tuple[Pair, ...] = ()
    gone: tuple[Artifact, ...] = ()
    past: _Past | None = None
    own_failures: tuple[Failure, ...] = ()

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Errors of this program up to now: files are read when a rule asks for them."""
        return (*self.own_failures, *(self.past.tree.failures if self.past else ()))

    @property
    def fallbacks(self) -> tuple[Fallback, ...]:
        """What could not be compared up to now, because git does not have it."""
        if self.past is None or not self.past.unread:
            return ()
        path, reason = next(iter(self.past.unread.items()))
        rest = f" and {len(self.past.unread) - 1} more" if len(self.past.unread) > 1 else ""
        return (Fallback(f"not compared with what they were: {path}{rest}; {reason}"),)


def compare_with_base(scope: Scope, artifacts: Sequence[Artifact], settings: Settings) -> Comparison:
    """The artifacts of a run, each with what it was where its changes start; nothing where there is no such place.

    An artifact is paired by its path; one that is not where it was, by its name and version, or by its name where the
    artifact of that name is gone from its path.

    Raises:
        StoreError: The revision cannot be read.
    """
    if scope.changes.base is None or not (artifacts or has_losses(scope)):
        return Comparison()
    store = RevisionStore(scope.root, scope.changes.base, (*DEFAULT_EXCLUDES, *settings.exclude))
    past = _Past(store, scope, settings.limits)
    add_neighbourhoods(past.tree, scope.wanted or ())
    found, failures = assemble_all(past.tree, settings.options)
    pairs = list(_pairs(found, artifacts, scope))
    gone = tuple(_without_successors(found, artifacts, pairs, scope))
    return Comparison(tuple(_as_git_knows(past, pair) for pair in pairs), gone, past, tuple(failures))


def has_losses(scope: Scope) -> bool:
    """Whether something that a run looks at as it changed was deleted."""
    return scope.changes.touched is not None and any(scope.store.entry(path) is None for path in scope.wanted or ())


class _Past:
    """The store of the base revision; what git knows to be equal comes from today's, and no blob is unpacked for it.

    `unread` are the files that git does not have, with the reason.
    """

    def __init__(self, base: RevisionStore, scope: Scope, limits: Limits) -> None:
        self._base = base
        self._scope = scope
        self.label = base.label
        self.entries = base.entries
        self.files = base.files
        self.entry = base.entry
        self.is_directory = base.is_directory
        self.tree = Tree(self, (), limits, lfs=scope.tree.lfs)
        self.unread: dict[str, str] = {}
        self._doubted: set[str] = set()

    def doubt(self, path: str) -> None:
        """Have a file read at the base, whatever git says of it: its records contradict that it is unchanged."""
        self._doubted.add(path)

    def open(self, path: str) -> Source:
        """The bytes of one file.

        Raises:
            StoreError: There is no such file, or git does not have it.
        """
        if path not in self._doubted and self.is_unchanged(path, path) and self._has_size_of(path):
            return self._scope.store.open(path)
        try:
            return self._base.open(path)
        except StoreError as error:
            if self._base.entry(path) is not None:
                self.unread[path] = str(error).removesuffix(f": {path}")
            raise

    def is_unchanged(self, origin: str, path: str) -> bool:
        """Whether git knows, without reading either, that a file of today is what another one was at the base."""
        oid = self._base.oid(origin)
        if oid is None:
            return False
        if isinstance(self._scope.store, SnapshotStore):
            return self._scope.store.oid(path) == oid
        if origin != path or self._is_unwatched(path):
            return False
        entry, today = self._base.entry(path), self._scope.store.entry(path)
        target, target_today = (one.target if one is not None else None for one in (entry, today))
        if today is not None and target != target_today:
            return False
        return self._scope.changes.differing.isdisjoint({path, target or path})

    def _is_unwatched(self, path: str) -> bool:
        """Whether git was told not to look at a file, which may have been changed unless it was left out altogether."""
        git = self._scope.tree.git
        entry = self._scope.store.entry(path)
        places = {path, (entry.target if entry is not None else None) or path}
        return (
            git is not None
            and any(git.is_unwatched(place) for place in places)
            and (entry is not None or not git.is_left_out(path))
        )

    def _has_size_of(self, path: str) -> bool:
        """Whether a file of today is as long as it was: one that a filter or a change of line ends makes is not."""
        entry, today = self._base.entry(path), self._scope.store.entry(path)
        return entry is not None and today is not None and (entry.size, entry.kind) == (today.size, today.kind)


def _pairs(past: Sequence[Artifact], artifacts: Sequence[Artifact], scope: Scope) -> Iterator[Pair]:
    at = {one.path: one for one in past}
    now = {one.path for one in artifacts}
    by_name: dict[str, list[Artifact]] = {}
    for one in past:
        if name := one.record.name.value:
            by_name.setdefault(plain_name(name), []).append(one)
    newcomers = Counter(_key(one) for one in artifacts if one.path not in at)
    for after in artifacts:
        if after.path in at:
            yield Pair(at[after.path], after)
            continue
        namesakes = by_name.get(plain_name(after.record.name.value or ""), [])
        known = [one for one in namesakes if _has_version_of(one, after)]
        gone = [one for one in namesakes if one.path not in now and _is_gone(one, scope)]
        for candidates in (known, gone):
            if len(candidates) == 1 and newcomers[_key(after)] == 1:
                yield Pair(candidates[0], after)
                break


def _key(artifact: Artifact) -> tuple[str, str]:
    return plain_name(artifact.record.name.value or ""), artifact.record.version.value or ""


def _has_version_of(one: Artifact, other: Artifact) -> bool:
    first, second = one.record.version.value, other.record.version.value
    return first is not None and second is not None and same(first, second)


def _without_successors(
    past: Sequence[Artifact], artifacts: Sequence[Artifact], pairs: Sequence[Pair], scope: Scope
) -> Iterator[Artifact]:
    """The artifacts of the past of which nothing is where it was, and whose name none has that is new where it is."""
    moved = {pair.before.path for pair in pairs}
    known = {one.path for one in past}
    new_names = {plain_name(one.record.name.value or "") for one in artifacts if one.path not in known} - {""}
    for one in past:
        places = {source.path for source in one.record.sources} | {file.path for file in one.files}
        is_elsewhere = one.path in moved or plain_name(one.record.name.value or "") in new_names
        is_touched = not places.isdisjoint(scope.wanted or ())
        if is_touched and not is_elsewhere and all(scope.store.entry(path) is None for path in places):
            yield one


def _is_gone(artifact: Artifact, scope: Scope) -> bool:
    """Whether nothing that described an artifact, or belonged to it, is where it was."""
    places = {source.path for source in artifact.record.sources} or {file.path for file in artifact.files}
    return all(scope.store.entry(path) is None for path in places)


def _as_git_knows(past: _Past, pair: Pair) -> Pair:
    """A pair whose past files lie where they would lie today, and share their digest with those that git calls equal.

    Which files a record counts as the artifact's may change without any file changing: a file of today that lay there
    before, though nothing counted it, is put beside those of the past, and one that still lies there, though nothing
    counts it any more, is left out of them.
    """
    before, after = pair.before, pair.after
    origins = {_moved(file.path, _home(before), _home(after)): file.path for file in before.files}
    present = {file.path: file for file in after.files}
    files = []
    for file, (path, origin) in zip(before.files, origins.items(), strict=True):
        is_same = past.is_unchanged(origin, path)
        if is_same and path in present and file.contradicts(present[path]):
            past.doubt(origin)
            is_same = False
        if path in present and is_same:
            files.append(replace(file, path=path, digest=present[path].digest))
        elif path in present or not is_same:
            files.append(replace(file, path=path))
    for path, file in present.items():
        if path not in origins and past.is_unchanged(_moved(path, _home(after), _home(before)), path):
            files.append(file)
    return Pair(replace(before, files=tuple(files)), after)


def _home(artifact: Artifact) -> str:
    """The directory from which an artifact's files are named: its own, or that of the record or file it stands for."""
    origin, path = artifact.origin.path, artifact.path
    return path if origin != path and is_within(origin, path) else directory_of(path)


def _moved(path: str, home: str, new_home: str) -> str:
    """Where a path would lie if the directory that it lies in were another one."""
    if home == new_home or not is_within(path, home):
        return path
    inner = path[len(home) :].lstrip("/")
    return f"{new_home}/{inner}" if new_home else inner
