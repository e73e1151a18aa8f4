"""From a store and paths to the artifacts in it: who owns which file.

A directory with a recognised record is one artifact. Weight files that nobody describes are one artifact each. Nested
artifacts belong to themselves, unless the record above speaks for everything below it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from artifact_lint.adapters import CONVENTIONS, sidecar
from artifact_lint.adapters.base import Reach
from artifact_lint.adapters.dvc import outs
from artifact_lint.adapters.roles import is_auxiliary
from artifact_lint.candidates import Candidate, choose, promises_weights
from artifact_lint.stores.base import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from artifact_lint.adapters.base import Claim
    from artifact_lint.stores.base import Entry
    from artifact_lint.tree import Tree

@dataclass(frozen=True, slots=True)
class Found:
    """One artifact before its records are read: where it is, who describes it and which files are its own."""

    path: str
    claims: tuple[Claim, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    links: tuple[Entry, ...] = field(default=())


def discover(tree: Tree, named: Iterable[str] = ()) -> list[Found]:
    """The artifacts among what the tree shows, sorted by path.

    `named` are files that the user asked for: they are looked at whatever they are called.
    """
    wanted = frozenset(named)
    claims = _claims(tree)
    candidates = _candidates(tree, wanted)
    return sorted(_cluster(tree, claims, candidates, wanted), key=lambda found: found.path)


def _claims(tree: Tree) -> list[Claim]:
    found = [
        claim
        for directory in tree.directories()
        for convention in CONVENTIONS
        for claim in convention.recognise(tree, directory)
    ]
    recognised = {claim.directory for claim in found if not claim.weak and claim.convention != "native"}
    return [claim for claim in found if not (claim.weak and claim.directory in recognised)]


def _candidates(tree: Tree, wanted: frozenset[str]) -> dict[str, Candidate]:
    found: dict[str, Candidate] = {}
    for entry in tree.entries():
        candidate = choose(tree, entry, named=entry.path in wanted)
        if candidate is not None:
            found[entry.path] = candidate
    for path, out in outs(tree).items():
        known = found.get(path)
        if known is None and tree.entry(path) is None and not out.pointer.directory and promises_weights(path):
            found[path] = Candidate(path, is_absent=True)
    return found


def _cluster(
    tree: Tree, claims: Sequence[Claim], candidates: Mapping[str, Candidate], wanted: frozenset[str]
) -> list[Found]:
    roots, members = _roots(claims)
    owned: dict[str, list[Candidate]] = defaultdict(list)
    links: dict[str, list[Entry]] = defaultdict(list)
    loose: list[Candidate] = []
    named_claims = [claim for claim in claims if claim.reach is Reach.NAMED]
    by_record = {claim: _mentioned(tree, claim) for claim in named_claims}
    spoken_for = {path: claim for claim, paths in by_record.items() for path in paths}
    folders = {claim.directory: claim for claim in claims if claim.reach is Reach.FOLDER}
    for path, candidate in candidates.items():
        if path in spoken_for:
            continue
        root = _root_of(path, roots)
        if root is not None and _is_copy(path, root):
            continue
        if root is not None:
            owned[root].append(candidate)
        else:
            loose.append(candidate)
    for entry in tree.entries():
        root = _root_of(entry.path, roots)
        if entry.kind in {EntryKind.ESCAPING_LINK, EntryKind.BROKEN_LINK} and root is not None:
            links[root].append(entry)
    found = [
        Found(root, tuple(members[root]), tuple(owned[root]), tuple(links[root]))
        for root in roots
    ]
    found += [
        Found(_named_path(claim, paths), (claim,), tuple(candidates[path] for path in paths if path in candidates))
        for claim, paths in by_record.items()
        if claim.convention == "native"
    ]
    return found + _loose(tree, loose, claims, by_record, folders, candidates, wanted)


def _roots(claims: Sequence[Claim]) -> tuple[dict[str, Reach], dict[str, list[Claim]]]:
    """The directories that are artifacts, and the records that speak for each, absorbed ones included."""
    reaches: dict[str, Reach] = {}
    for claim in claims:
        if claim.reach in {Reach.DIRECTORY, Reach.TREE}:
            reaches[claim.directory] = max(reaches.get(claim.directory, Reach.NAMED), claim.reach)
    roots: dict[str, Reach] = {}
    for directory in sorted(reaches):
        above = _root_of(f"{directory}/", roots) if directory else None
        if above is None or roots[above] is not Reach.TREE or reaches[directory] is Reach.TREE:
            roots[directory] = reaches[directory]
    members: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.reach is not Reach.NAMED and claim.directory in roots:
            members[claim.directory].append(claim)
    return roots, members


def _root_of(path: str, roots: Mapping[str, Reach]) -> str | None:
    """The nearest artifact directory at or above a file's own."""
    directory = path.rpartition("/")[0]
    while directory not in roots:
        if not directory:
            return None
        directory = directory.rpartition("/")[0]
    return directory


def _is_copy(path: str, root: str) -> bool:
    """MLflow keeps a second copy of its metadata below `metadata/`."""
    return path.removeprefix(f"{root}/").startswith("metadata/")


def _mentioned(tree: Tree, claim: Claim) -> list[str]:
    convention = next(convention for convention in CONVENTIONS if convention.NAME == claim.convention)
    return [mention.path for mention in convention.describe(tree, claim).mentions if mention.path is not None]


def _named_path(claim: Claim, paths: Sequence[str]) -> str:
    return claim.record if claim.convention == "native" or not paths else paths[0]


def _loose(
    tree: Tree,
    loose: Sequence[Candidate],
    claims: Sequence[Claim],
    by_record: Mapping[Claim, list[str]],
    folders: Mapping[str, Claim],
    candidates: Mapping[str, Candidate],
    wanted: frozenset[str],
) -> list[Found]:
    """Weights that no directory record owns: with sidecars by stem, then by directory, else each by itself."""
    by_folder: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in loose:
        by_folder[candidate.path.rpartition("/")[0]].append(candidate)
    found: list[Found] = []
    for claim, paths in by_record.items():
        if claim.convention == "native":
            continue
        present = tuple(candidates[path] for path in paths if path in candidates)
        if present:
            found.append(Found(present[0].path, (claim,), present))
    found = _joined(found)
    for directory, members in by_folder.items():
        general = tuple(claim for claim in claims if claim.directory == directory and claim.reach is Reach.FOLDER)
        beside = [one for one in found if one.path.rpartition("/")[0] == directory]
        if general:
            found.append(Found(directory, general, tuple(members)))
            continue
        members, sharded = _shards(members)
        found += sharded
        main = [candidate for candidate in members if not is_auxiliary(candidate.path)]
        auxiliary = [candidate for candidate in members if is_auxiliary(candidate.path)]
        if len(beside) == 1 and not main:
            found.remove(beside[0])
            found.append(replace(beside[0], candidates=(*beside[0].candidates, *auxiliary)))
        elif len(main) == 1 and not beside:
            found.append(Found(main[0].path, (), (main[0], *auxiliary)))
        else:
            found += [Found(candidate.path, (), (candidate,)) for candidate in members]
    occupied = {one.path for one in found}
    for directory, claim in folders.items():
        alone = directory not in by_folder and (directory) not in occupied
        if alone and (_mentioned(tree, claim) or claim.record in wanted or "model" in claim.record.rpartition("/")[2]):
            same = tuple(one for one in claims if one.directory == directory and one.reach is Reach.FOLDER)
            found.append(Found(directory, same))
    return found


_SHARD = re.compile(r"(?P<stem>.+)-\d{5}-of-(?P<count>\d{5})(?P<suffix>\.\w+)")


def _shards(members: Sequence[Candidate]) -> tuple[list[Candidate], list[Found]]:
    """Single files, and the shards of one model as one artifact each: `model-00001-of-00006.safetensors`."""
    single: list[Candidate] = []
    sharded: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for candidate in members:
        match = _SHARD.fullmatch(candidate.path)
        if match:
            sharded[match.groups()].append(candidate)
        else:
            single.append(candidate)
    return single, [Found(shards[0].path, (), tuple(shards)) for shards in sharded.values()]


def _stands_alone(tree: Tree, claim: Claim) -> bool:
    """Whether a hand-written file is about a model although no weights lie beside it."""
    record = sidecar.describe(tree, claim)
    says = (record.architecture or record.hyperparameters, record.inputs, record.metrics or record.created)
    return any(mention.guessed for mention in record.mentions) or sum(bool(part) for part in says) >= 2


def _joined(found: Sequence[Found]) -> list[Found]:
    """Several sidecars of one weight file are one artifact."""
    by_path: dict[str, Found] = {}
    for one in found:
        first = by_path.get(one.path)
        by_path[one.path] = one if first is None else replace(first, claims=(*first.claims, *one.claims))
    return list(by_path.values())
