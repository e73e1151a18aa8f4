"""Lists of checksums: SHA256SUMS, `model.pkl.sha256` and their like, which vouch for files that they name.

Source: the output of GNU coreutils 9 (`sha256sum`, with `--tag` and escaped names), of `b3sum` and `openssl dgst`, and
BagIt's manifests (RFC 8493). `checksum_lines` reads what stands in them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import islice
from posixpath import normpath
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.adapters.reading import child
from artifact_lint.model import NOTHING, Fact, Irregularity, Mention, Origin, Record, Remark, Role
from artifact_lint.model.paths import directory_of, name_of, upwards
from artifact_lint.stores.base import EntryKind
from artifact_lint.stores.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from artifact_lint.adapters.checksum_lines import Line
    from artifact_lint.tree import Tree

NAME = "checksums"

_ALGORITHM = r"(?P<algorithm>md5|sha-?1|sha-?224|sha-?256|sha-?384|sha-?512|b2(?=sum)|blake2b?|b3(?=sum)|blake3)"

#: `.asc` is what a list is called with an OpenPGP signature around it; one apart from its list holds no checksums.
#: `SHA256SUMS`, `sha256sum.txt`, `sha256.txt`, `manifest-sha256.txt`.
_NAMED = re.compile(rf"(?:(?:tag)?manifest-)?{_ALGORITHM}[-_]?(?:(?:check)?sums?)?(?:\.txt)?(?:\.asc)?", re.IGNORECASE)
#: `checksums.txt`, `CHECKSUMS.sha256`, `checksums_sha256.txt`.
_GENERAL = re.compile(rf"check[-_]?sums?(?:[-_.]{_ALGORITHM}(?:sums?)?)?(?:\.txt)?(?:\.asc)?", re.IGNORECASE)
#: `model.pkl.sha256` beside `model.pkl`; where there is none, a list under a name of its own.
_SUFFIXED = re.compile(rf"(?P<target>.+)[.]{_ALGORITHM}(?:sums?)?(?:\.txt)?", re.IGNORECASE)


class _List(NamedTuple):
    """A file that may list checksums: the algorithm that its name tells, and the path of the file that it is for."""

    path: str
    size: int
    algorithm: str | None
    target: str | None

    @property
    def folder(self) -> str:
        """The directory that its names are relative to."""
        return directory_of(self.path)


@dataclass(frozen=True, slots=True)
class _Read:
    """The lines of a list by the path in the store of the file that each is about, and these paths, sorted.

    `unreadable` are the lines that seem to be entries and cannot be read.
    """

    by_path: Mapping[str, Sequence[Line]]
    paths: Sequence[str]
    unreadable: Sequence[Line] = ()

    def below(self, directory: str) -> Iterator[str]:
        """The paths within a directory."""
        prefix = f"{directory}/" if directory else ""
        for path in islice(self.paths, bisect_left(self.paths, prefix), None):
            if not path.startswith(prefix):
                return
            yield path


def supply(tree: Tree, directory: str, record: Record, files: Iterable[str]) -> Record:
    """What the lists beside and above an artifact's files say of them, and of what else lies in its directory."""
    stated = [mention.path for mention in record.mentions if mention.path is not None]
    paths = dict.fromkeys((*files, *stated))
    mentions: list[Mention] = []
    remarks: list[Remark] = []
    for listed in _lists_about(tree, directory, paths):
        trouble = _trouble(tree, listed)
        if trouble is None:
            mentions += _mentions(tree, listed, directory, paths)
        elif listed.target is None or listed.target in paths:
            remarks.append(trouble)
    if not mentions and not remarks:
        return NOTHING
    told = [mention.origin for mention in mentions] + [remark.origin for remark in remarks]
    sources = dict.fromkeys(Origin(origin.path) for origin in told)
    return Record(mentions=tuple(mentions), sources=tuple(sources), remarks=tuple(remarks))


def _lists_about(tree: Tree, directory: str, paths: Mapping[str, None]) -> Iterator[_List]:
    """The lists in the folders of some files and in all above, less those that lie beside another file."""
    folders = {directory_of(path) for path in paths}
    if tree.entry(directory) is None:
        folders.add(directory)
    above = {parent for folder in folders for parent in upwards(folder)}
    for folder in sorted(above):
        for listed in _lists_in(tree, folder):
            if listed.target is None or listed.target in paths or tree.entry(listed.target) is None:
                yield listed


def _lists_in(tree: Tree, folder: str) -> list[_List]:
    return tree.once((NAME, "in", folder), lambda: list(_find_lists(tree, folder)))


def _find_lists(tree: Tree, folder: str) -> Iterator[_List]:
    entries = {name_of(entry.path): entry for entry in tree.store.files(folder)}
    for name, entry in sorted({**entries, **tree.folder(folder)}.items()):
        match = _NAMED.fullmatch(name) or _GENERAL.fullmatch(name) or _SUFFIXED.fullmatch(name)
        if match is not None and entry.kind is EntryKind.FILE:
            target = child(folder, match["target"]) if match.re is _SUFFIXED else None
            yield _List(entry.path, entry.size, _spelling(match["algorithm"] or ""), target)


def _spelling(algorithm: str) -> str | None:
    from artifact_lint.adapters.checksum_lines import spelling  # noqa: PLC0415 - few repositories have such a list

    return spelling(algorithm)


def _trouble(tree: Tree, listed: _List) -> Remark | None:
    """Why a list is not read."""
    if listed.size > tree.limits.size:
        message = f"{listed.size:,} bytes are more than the limit of {tree.limits.size:,}"
        return Remark(Irregularity.UNREADABLE, Origin(listed.path), message, "Split the file, or raise the limit.")
    if _read(tree, listed) is None:
        return Remark(Irregularity.UNREADABLE, Origin(listed.path), "cannot be read", "Make the file readable.")
    return None


def _mentions(tree: Tree, listed: _List, directory: str, paths: Mapping[str, None]) -> Iterator[Mention]:
    from artifact_lint.adapters.checksum_lines import is_whole  # noqa: PLC0415 - as above

    read = _read(tree, listed)
    if read is None:
        return
    for path in paths:
        yield from (_mention(path, line) for line in read.by_path.get(path, ()))
    for line in read.unreadable:
        asked = _path_in_question(line, read, paths)
        if asked is not None:
            yield _mention(asked, line)
    if listed.target in paths and not read.by_path and not read.unreadable:
        name = name_of(listed.path)
        fault = Fact(f"{name} holds no {listed.algorithm}", Origin(listed.path))
        yield Mention(fault.origin, listed.target, name, Role.OTHER, required=False, vouches=True, malformed=(fault,))
    if tree.entry(directory) is None:
        for path in read.below(directory):
            if path not in paths:
                yield from (_mention(path, line) for line in read.by_path[path] if is_whole(line))


def _path_in_question(line: Line, read: _Read, paths: Mapping[str, None]) -> str | None:
    """Which of some files an unreadable line is told of: the one whose name it has, or else one that the list names."""
    named = next((path for path in paths if name_of(path) in line.name), None)
    return named if named is not None else next((path for path in paths if path in read.by_path), None)


def _mention(path: str, line: Line) -> Mention:
    digests = (Fact(line.digest, line.origin, otherwise=line.otherwise),) if line.digest is not None else ()
    malformed = (Fact(line.problem, line.origin),) if line.problem else ()
    written = name_of(path) if line.is_unreadable or not line.name else line.name
    return Mention(
        line.origin, path, written, Role.OTHER, digests=digests, required=False, vouches=True, malformed=malformed
    )


def _read(tree: Tree, listed: _List) -> _Read | None:
    return tree.once((NAME, "read", listed.path), lambda: _read_lines(tree, listed))


def _read_lines(tree: Tree, listed: _List) -> _Read | None:
    from artifact_lint.adapters.checksum_lines import is_whole, lines  # noqa: PLC0415 - as above

    data = tree.read(listed.path, tree.limits.size)
    if data is None:
        return None
    found: dict[str, list[Line]] = {}
    unreadable = []
    for line in lines(listed.path, data, listed.algorithm, bare=listed.target is not None):
        if line.is_unreadable:
            unreadable.append(line)
            continue
        path = _path(tree, listed, line.name)
        if path is not None:
            found.setdefault(path, []).append(line)
    if listed.target in found:
        own = found[listed.target]
        found[listed.target] = [line for line in own if is_whole(line)] or own
    return _Read(found, sorted(found), unreadable)


def _path(tree: Tree, listed: _List, name: str) -> str | None:
    """The path of what a list calls `name`, from where it lies or from further up, as whoever wrote it stood there."""
    last = name.strip().replace("\\", "/").rpartition("/")[2]
    if listed.target is not None and last in {"", name_of(listed.target)}:
        return listed.target
    folder = listed.folder
    if name.startswith("/"):
        return _within(tree, name)
    places = []
    for way in dict.fromkeys((name, name.strip(), name.strip().replace("\\", "/"))):
        starts = upwards(folder) if "/" in way else (folder,)
        joined = (_below(start, way) for start in starts)
        places += [path for path in joined if path is not None and (not folder or path.startswith(f"{folder}/"))]
    return next((path for path in places if tree.entry(path) is not None), places[0] if places else None)


def _within(tree: Tree, absolute: str) -> str | None:
    """The path in the store of a file on this machine; None for one that lies elsewhere."""
    if not isinstance(tree.store, LocalStore) or "\0" in absolute:
        return None
    place = normpath(absolute)
    for root in (tree.store.root.absolute(), tree.store.root.resolve()):
        prefix = root.as_posix().rstrip("/") + "/"
        if place.startswith(prefix):
            return place.removeprefix(prefix)
    return None


def _below(folder: str, name: str) -> str | None:
    if not name or "\0" in name or name.startswith("/"):
        return None
    path = normpath(child(folder, name))
    return None if path in {".", ".."} or path.startswith("../") else path
