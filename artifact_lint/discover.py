"""From a store and paths to the artifacts in it: who owns which file.

A directory with a recognised record is one artifact. Weight files that nobody describes are one artifact each. Nested
artifacts belong to themselves, unless the record above speaks for everything below it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from artifact_lint.adapters import CONVENTIONS, claims_in, kitfile, native, record_of, sidecar
from artifact_lint.adapters.base import Reach
from artifact_lint.adapters.dvc import outs
from artifact_lint.adapters.roles import is_auxiliary
from artifact_lint.candidates import Candidate, choose, promises_weights
from artifact_lint.model.paths import directory_of, is_within, name_of
from artifact_lint.stores.base import EntryKind

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from artifact_lint.adapters.base import Claim
    from artifact_lint.stores.base import Entry
    from artifact_lint.tree import Tree

#: Conventions whose record a team writes itself, so that its other notes may add to it.
_MANIFESTS = frozenset({native.NAME, kitfile.NAME})

#: The shards of one model: `model-00001-of-00006.safetensors`.
_SHARD = re.compile(r"(?P<stem>.+)-\d{5}-of-(?P<count>\d{5})(?P<suffix>\.\w+)")


@dataclass(frozen=True, slots=True)
class Found:
    """One artifact before its records are read: where it is, who describes it and which files are its own.

    `directories` are those of all artifacts that have one.
    """

    path: str
    claims: tuple[Claim, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    links: tuple[Entry, ...] = ()
    directories: frozenset[str] = frozenset()

    def owns(self, path: str) -> bool:
        """Whether a file lies in what the artifact's records speak for, and in the directory of no artifact within."""
        directory = directory_of(path)
        if self.path not in self.directories or _nearest(directory, self.directories) != self.path:
            return False
        return directory == self.path or any(claim.reach >= Reach.DIRECTORY for claim in self.claims)


def discover(tree: Tree, named: Iterable[str] = ()) -> list[Found]:
    """The artifacts among what the tree shows, sorted by path.

    `named` are files that the user asked for: they are looked at whatever they are called.
    """
    wanted = frozenset(named)
    claims = _claims(tree)
    roots = _Roots(tree, claims)
    candidates = _candidates(tree, wanted)
    spoken_for = {
        claim: [path for path in _mentioned(tree, claim) if path in candidates]
        for claim in claims
        if claim.reach in {Reach.NAMED, Reach.FOLDER} and claim not in roots.absorbed
    }
    found = _with_general(list(_named(spoken_for, candidates)), spoken_for)
    taken = {candidate.path for one in found for candidate in one.candidates}
    by_owner, loose = roots.share_out([c for c in candidates.values() if c.path not in taken])
    loose = _without_twins(tree, loose, by_owner, wanted)
    links = roots.links()
    for root in roots.reaches:
        told = {link.path for link in links[root]}
        own = tuple(candidate for candidate in by_owner[root] if candidate.path not in told)
        found.append(Found(root, roots.members[root], own, tuple(links[root])))
    described = {directory_of(one.path) for one in found if one.claims}
    found += _in_folders(tree, loose, spoken_for, described, wanted)
    directories = frozenset(one.path for one in found if any(claim.directory == one.path for claim in one.claims))
    return sorted((replace(one, directories=directories) for one in found), key=lambda one: one.path)


def _claims(tree: Tree) -> list[Claim]:
    """Every record in view, less the hand-written ones that are a registry's own files under another reading."""
    found = [
        claim
        for directory in tree.directories()
        for convention in CONVENTIONS
        for claim in claims_in(tree, convention, directory)
    ]
    recognised = {claim.directory for claim in found if not claim.weak and claim.convention not in _MANIFESTS}
    return [claim for claim in found if not (claim.weak and claim.directory in recognised)]


def _candidates(tree: Tree, wanted: frozenset[str]) -> dict[str, Candidate]:
    found: dict[str, Candidate] = {}
    for entry in tree.entries():
        candidate = choose(tree, entry, named=entry.path in wanted)
        if candidate is not None:
            found[entry.path] = candidate
    for path, out in outs(tree).items():
        unknown = path not in found and tree.entry(path) is None
        if unknown and not out.pointer.directory and promises_weights(path):
            found[path] = Candidate(path, is_absent=True)
    return found


def _without_twins(
    tree: Tree, loose: Sequence[Candidate], by_owner: Mapping[str, Sequence[Candidate]], wanted: frozenset[str]
) -> list[Candidate]:
    """Files that nobody owns, less the links among them to other files here, and less what an owned link leads to."""
    paths = [candidate.path for candidates in by_owner.values() for candidate in candidates]
    known = {*paths, *(candidate.path for candidate in loose)}
    targets = {entry.target for path in paths if (entry := tree.entry(path)) is not None}
    kept = []
    for candidate in loose:
        entry = tree.entry(candidate.path)
        target = entry.target if entry is not None else None
        is_twin = target in known and candidate.path not in wanted
        if not is_twin and candidate.path not in targets:
            kept.append(candidate)
    return kept


def _mentioned(tree: Tree, claim: Claim) -> list[str]:
    return [mention.path for mention in record_of(tree, claim).mentions if mention.path is not None]


class _Roots:
    """The directories that are artifacts by themselves, and who owns what lies in and below them.

    `reaches` holds them with how much they speak for; `members` the records of each, and `absorbed` all of these: those
    included that add to a stronger record above or beside.
    """

    def __init__(self, tree: Tree, claims: Sequence[Claim]) -> None:
        self._tree = tree
        self._folders = {claim.directory for claim in claims if claim.reach is Reach.FOLDER}
        self.reaches = self._outermost(claims)
        self._named_by = self._absorb_named(claims)
        members: dict[str, list[Claim]] = defaultdict(list)
        for claim in claims:
            root = self.of(f"{claim.directory}/" if claim.directory else "")
            is_separate = claim.reach is Reach.NAMED and not claim.weak
            if root is None or is_separate or (claim.weak and claim.directory != root):
                continue
            members[root].append(claim)
        self.members = {root: tuple(claims) for root, claims in members.items()}
        self.absorbed = {claim for claims in members.values() for claim in claims}

    def _outermost(self, claims: Sequence[Claim]) -> dict[str, Reach]:
        reaches: dict[str, Reach] = {}
        for claim in claims:
            if claim.reach >= Reach.DIRECTORY:
                reaches[claim.directory] = max(reaches.get(claim.directory, Reach.NAMED), claim.reach)
        outermost: dict[str, Reach] = {}
        for directory in sorted(reaches):
            above = _nearest(directory_of(directory), outermost) if directory else None
            absorbed = above is not None and outermost[above] is Reach.TREE and reaches[directory] < Reach.TREE
            if not absorbed:
                outermost[directory] = reaches[directory]
        return outermost

    def _absorb_named(self, claims: Sequence[Claim]) -> dict[str, str]:
        """A manifest that names files of a directory below speaks for that directory, too."""
        manifests = {claim.directory for claim in claims if claim.convention == native.NAME}
        named_by: dict[str, str] = {}
        for claim in claims:
            if claim.convention != native.NAME or claim.reach is Reach.NAMED:
                continue
            for path in _mentioned(self._tree, claim):
                named_by[path] = claim.directory
                below = self.of(path)
                inner = below is not None and below != claim.directory and below not in manifests
                if below is not None and inner and is_within(below, claim.directory):
                    del self.reaches[below]
        return named_by

    def of(self, path: str) -> str | None:
        """The artifact directory that a file belongs to; None where it lies in none."""
        return _nearest(directory_of(path), self.reaches)

    def share_out(self, candidates: Iterable[Candidate]) -> tuple[dict[str, list[Candidate]], list[Candidate]]:
        """Files by the directory that owns them, and those that none does."""
        owned: dict[str, list[Candidate]] = defaultdict(list)
        loose: list[Candidate] = []
        for candidate in candidates:
            root = self._named_by.get(candidate.path, self.of(candidate.path))
            directory = directory_of(candidate.path)
            if root is None:
                loose.append(candidate)
            elif self.reaches[root] is Reach.TREE and directory == f"{root}/metadata".lstrip("/"):
                continue  # MLflow's second copy of its own metadata
            elif self._has_own_sidecar(candidate.path, directory, root):
                loose.append(candidate)
            else:
                owned[root].append(candidate)
        return owned, loose

    def _has_own_sidecar(self, path: str, directory: str, root: str) -> bool:
        below = directory != root and directory in self._folders
        return below and self.reaches[root] is not Reach.TREE and path not in self._named_by

    def links(self) -> dict[str, list[Entry]]:
        """Links that are not followed, by the directory that they lie in."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self._tree.entries():
            root = self.of(entry.path)
            if root is not None and entry.kind in {EntryKind.ESCAPING_LINK, EntryKind.BROKEN_LINK}:
                found[root].append(entry)
        return found


def _nearest(directory: str, places: Container[str]) -> str | None:
    while directory not in places:
        if not directory:
            return None
        directory = directory_of(directory)
    return directory


def _named(spoken_for: Mapping[Claim, list[str]], candidates: Mapping[str, Candidate]) -> Iterator[Found]:
    """Artifacts of the records that speak for the files they name, several sidecars of one file as one."""
    by_weights: dict[str, Found] = {}
    for claim, paths in spoken_for.items():
        if claim.reach is not Reach.NAMED:
            continue
        own = tuple(candidates[path] for path in paths)
        if claim.convention == native.NAME:
            yield Found(claim.record, (claim, *_sidecars_of(paths, spoken_for)), own)
        elif own and not any(own[0].path in listed for manifest, listed in spoken_for.items() if not manifest.weak):
            first = by_weights.get(own[0].path)
            merged = replace(first, claims=(*first.claims, claim)) if first else Found(own[0].path, (claim,), own)
            by_weights[own[0].path] = merged
    yield from by_weights.values()


def _with_general(found: list[Found], spoken_for: dict[Claim, list[str]]) -> list[Found]:
    """The sidecars of a folder join the artifact whose weights they can only be about, and stand alone no more."""
    for claim, paths in list(spoken_for.items()):
        if claim.reach is not Reach.FOLDER or not paths:
            continue
        for index, one in enumerate(found):
            if not {candidate.path for candidate in one.candidates}.isdisjoint(paths):
                found[index] = replace(one, claims=(*one.claims, claim))
                del spoken_for[claim]
                break
    return found


def _sidecars_of(paths: Sequence[str], spoken_for: Mapping[Claim, list[str]]) -> list[Claim]:
    """The hand-written files about weights that a manifest names: they add to it."""
    return [
        claim
        for claim, listed in spoken_for.items()
        if claim.weak and claim.reach is Reach.NAMED and not set(paths).isdisjoint(listed)
    ]


def _in_folders(
    tree: Tree,
    loose: Sequence[Candidate],
    spoken_for: Mapping[Claim, list[str]],
    described: set[str],
    wanted: frozenset[str],
) -> list[Found]:
    """Weights that no directory's record owns: with the sidecars of their folder, else each by itself.

    `described` are the folders that hold weights with a record of their own.
    """
    general: dict[str, list[Claim]] = defaultdict(list)
    for claim in spoken_for:
        if claim.reach is Reach.FOLDER:
            general[claim.directory].append(claim)
    elsewhere = {
        path: claim.directory
        for claim, paths in spoken_for.items()
        if claim.reach is Reach.FOLDER
        for path in paths
        if directory_of(path) not in general
    }
    by_folder: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in loose:
        by_folder[elsewhere.get(candidate.path, directory_of(candidate.path))].append(candidate)
    made: list[Found] = []
    for directory, members in by_folder.items():
        if directory in general:
            made.append(Found(directory, tuple(general[directory]), tuple(members)))
        else:
            made += _undescribed(members, beside=directory in described)
    for directory, claims in general.items():
        if directory not in by_folder and any(_stands_alone(tree, claim, wanted) for claim in claims):
            made.append(Found(directory, tuple(claims)))
    return made


def _undescribed(members: Sequence[Candidate], *, beside: bool) -> list[Found]:
    """Files that nobody describes, one artifact each; scalers and encoders go with the one model beside them."""
    single: list[Candidate] = []
    sharded: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for candidate in members:
        match = _SHARD.fullmatch(candidate.path)
        if match:
            sharded[match.groups()].append(candidate)
        else:
            single.append(candidate)
    shards = [Found(files[0].path, (), tuple(files)) for files in sharded.values()]
    models = [candidate for candidate in single if not is_auxiliary(candidate.path)]
    if len(models) == 1 and not beside and not shards:
        auxiliary = [candidate for candidate in single if candidate is not models[0]]
        return [Found(models[0].path, (), (models[0], *auxiliary))]
    return [*shards, *(Found(candidate.path, (), (candidate,)) for candidate in single)]


def _stands_alone(tree: Tree, claim: Claim, wanted: frozenset[str]) -> bool:
    """Whether a hand-written file is about a model although no weights lie beside it."""
    if claim.record in wanted and sidecar.is_about_models(name_of(claim.record)):
        return True
    record = record_of(tree, claim)
    says = (record.architecture or record.hyperparameters, record.inputs, record.metrics or record.created)
    return bool(record.mentions) or all(says)
