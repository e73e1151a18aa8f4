"""From what was found to artifacts: records merged in order of precedence, files met with what they are said to be."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from artifact_lint import digests
from artifact_lint.adapters import CONVENTIONS, SUPPLEMENTS, record_of
from artifact_lint.adapters.dvc import outs
from artifact_lint.adapters.own_code import OwnCode
from artifact_lint.adapters.pointers import POINTER_LIMIT, lfs_pointer
from artifact_lint.adapters.roles import role_of, sounds_like_data, sounds_like_model
from artifact_lint.candidates import look
from artifact_lint.formats import FORMATS, aliases, inspect
from artifact_lint.model import (
    NOTHING,
    Artifact,
    Cause,
    Component,
    DigestCheck,
    DigestState,
    FileState,
    Incomplete,
    Inspection,
    Irregularity,
    Lazy,
    Mention,
    Options,
    Origin,
    Pointer,
    Presence,
    Record,
    Remark,
    Role,
    WeightFile,
    merge,
)
from artifact_lint.stores.base import EntryKind, StoreError
from artifact_lint.tree import UNREAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from artifact_lint.adapters.base import Supplement
    from artifact_lint.candidates import Candidate
    from artifact_lint.discover import Found
    from artifact_lint.stores.base import Entry
    from artifact_lint.tree import Tree

_RANK = {convention.NAME: rank for rank, convention in enumerate(CONVENTIONS)}


def assemble(tree: Tree, found: Found, options: Options) -> Artifact:
    """One artifact of what was found at a place: no weight file is opened before a rule asks for it."""
    claims = sorted(found.claims, key=lambda claim: (_RANK[claim.convention], claim.record))
    records = [record_of(tree, claim) for claim in claims]
    paths = [candidate.path for candidate in found.candidates]
    record = _without_repeats(merge(records)) if len(records) > 1 else merge(records)
    for supplement in SUPPLEMENTS:
        record += _supplied(tree, supplement, found.path, record, paths)
    if found.links:
        record = replace(record, remarks=(*record.remarks, *_escapes(found.links)))
    origin = Origin(claims[0].record) if claims else _place(tree, paths[0] if paths else found.path)
    files = _files(tree, found.candidates, record)
    own_module = OwnCode(tree, found.path).path
    return Artifact(found.path, origin, record, files, _components(record, files), options, own_module)


def _supplied(tree: Tree, supplement: Supplement, place: str, record: Record, paths: Iterable[str]) -> Record:
    return tree.guarded(place or ".", lambda: supplement.supply(tree, place, record, paths), NOTHING)


def _place(tree: Tree, path: str) -> Origin:
    """Where a finding about undescribed weights points: at them, or at the DVC file that stands in for them."""
    out = outs(tree).get(path)
    return out.origin if out is not None and tree.entry(path) is None else Origin(path)


def _without_repeats(record: Record) -> Record:
    """Several records of one directory read the same requirements and state the same convention."""
    return replace(
        record,
        conventions=tuple(dict.fromkeys(record.conventions)),
        sources=tuple(dict.fromkeys(record.sources)),
        remarks=tuple(dict.fromkeys(record.remarks)),
        texts=tuple(dict.fromkeys(record.texts)),
    )


def _escapes(links: Iterable[Entry]) -> list[Remark]:
    where = {EntryKind.ESCAPING_LINK: "out of the repository", EntryKind.BROKEN_LINK: "to nothing"}
    return [
        Remark(
            Irregularity.PATH_ESCAPES,
            Origin(link.path),
            f"{link.path} is a link that leads {where[link.kind]}, and is not followed",
            "Put the file itself there.",
        )
        for link in links
    ]


def _files(tree: Tree, candidates: Sequence[Candidate], record: Record) -> tuple[WeightFile, ...]:
    mentions: dict[str, list[Mention]] = defaultdict(list)
    external = []
    for mention in record.mentions:
        if mention.path is not None:
            mentions[mention.path].append(mention)
        elif mention.uri is not None:
            external.append(_external(mention))
    looked_at = {candidate.path: candidate for candidate in candidates}
    files = [_file(tree, candidate, tuple(mentions[path]), record) for path, candidate in looked_at.items()]
    for path, named in mentions.items():
        if path not in looked_at:
            file = _mentioned_only(tree, path, tuple(named), looked_at, record)
            if file is not None:
                files.append(file)
    return tuple(sorted((*files, *external), key=lambda file: file.path))


def _external(mention: Mention) -> WeightFile:
    recorded = mention.digests
    checks = tuple(DigestCheck(digest, DigestState.UNVERIFIABLE) for digest in recorded)
    size = mention.size.value if mention.size else None
    return WeightFile(
        mention.written,
        mention.origin,
        mention.role,
        FileState.EXTERNAL,
        size,
        aliases(mention.format) if mention.format else None,
        Lazy.of(None),
        Lazy.of(checks),
        (mention,),
    )


def _mentioned_only(
    tree: Tree, path: str, mentions: tuple[Mention, ...], looked_at: Mapping[str, Candidate], record: Record
) -> WeightFile | None:
    """A file that a record names and discovery did not choose: there, elsewhere, a directory, or missing."""
    mention = mentions[0]
    below = any(known.startswith(f"{path}/") for known in looked_at)
    if mention.directory or below or tree.store.is_directory(path):
        needs_a_file = "native" in record.conventions and not below
        return _absent(path, mentions, None, directory=True) if needs_a_file else None
    entry = tree.entry(path)
    if entry is None:
        out = _covering(tree, path)
        if out is not None:
            return _absent(path, mentions, out, directory=out.directory)
        return _absent(path, mentions, None) if any(m.required for m in mentions) else None
    if entry.kind is not EntryKind.FILE:
        missing = _absent(path, mentions, None)
        is_elsewhere = entry.kind is EntryKind.ESCAPING_LINK
        return replace(missing, state=FileState.EXTERNAL) if is_elsewhere else missing
    return _file(tree, look(tree, entry), mentions, record)


def _covering(tree: Tree, path: str) -> Pointer | None:
    """The DVC output that a file is, or lies in."""
    tracked = outs(tree)
    while path:
        if path in tracked:
            return tracked[path].pointer
        path = path.rpartition("/")[0]
    return None


def _absent(
    path: str, mentions: tuple[Mention, ...], pointer: Pointer | None, *, directory: bool = False
) -> WeightFile:
    recorded = tuple(digest for mention in mentions for digest in mention.digests)
    size = pointer.size.value if pointer and pointer.size else None
    return WeightFile(
        path,
        mentions[0].origin if mentions else Origin(path),
        mentions[0].role if mentions else role_of(path),
        FileState.EXTERNAL if pointer else FileState.MISSING,
        size,
        None,
        Lazy.of(None),
        Lazy.of(digests.against_pointer(recorded, pointer)),
        mentions,
        pointer,
        directory,
        Lazy.of(pointer.digest.value if pointer and pointer.digest else None),
    )


def _file(tree: Tree, candidate: Candidate, mentions: tuple[Mention, ...], record: Record) -> WeightFile:
    path = candidate.path
    if candidate.is_pointer:
        data = tree.read(path, POINTER_LIMIT + 1)
        pointer = lfs_pointer(path, data or b"")
        if pointer is not None:
            stood_for = mentions or (_pointer_mention(path, pointer),)
            return replace(_absent(path, stood_for, pointer), mentions=mentions)
    if candidate.is_absent:
        return _absent(path, mentions, _covering(tree, path))
    unread = Inspection(candidate.format, incomplete=(Incomplete(Cause.UNREADABLE, UNREAD),))
    inspection: Lazy[Inspection | None] = Lazy(lambda: tree.guarded(path, lambda: _inspect(tree, candidate), unread))
    recorded = tuple(digest for mention in mentions for digest in mention.digests)
    hashed = Lazy(lambda: _hash(tree, path, digests.computable(recorded) | {"sha256"}))
    return WeightFile(
        path,
        mentions[0].origin if mentions else Origin(path),
        _role(candidate, mentions, record, inspection),
        FileState.PRESENT,
        candidate.size,
        candidate.format,
        inspection,
        Lazy(lambda: digests.against_bytes(recorded, hashed.value) if recorded else ()),
        mentions,
        digest=Lazy(lambda: hashed.value.get("sha256")),
    )


def _pointer_mention(path: str, pointer: Pointer) -> Mention:
    recorded = (pointer.digest,) if pointer.digest else ()
    return Mention(Origin(path), path, PurePosixPath(path).name, role_of(path), digests=recorded)


def _inspect(tree: Tree, candidate: Candidate) -> Inspection:
    if candidate.trouble is not None:
        return Inspection(None, incomplete=(Incomplete(Cause.UNREADABLE, candidate.trouble),))
    try:
        with tree.store.open(candidate.path) as source:
            return inspect(PurePosixPath(candidate.path).name, source, candidate.format)
    except StoreError as error:
        return Inspection(None, incomplete=(Incomplete(Cause.UNREADABLE, str(error)),))


def _hash(tree: Tree, path: str, algorithms: Iterable[str]) -> Mapping[str, str]:
    """The digests of a file, none where it cannot be read: `inspection` says that already."""
    try:
        with tree.store.open(path) as source:
            return tree.guarded(path, lambda: digests.compute(source, algorithms), {})
    except StoreError:
        return {}


def _role(
    candidate: Candidate, mentions: tuple[Mention, ...], record: Record, inspection: Lazy[Inspection | None]
) -> Role:
    if mentions:
        return mentions[0].role
    role = role_of(candidate.path)
    if role is not Role.WEIGHTS or record.conventions or sounds_like_model(candidate.path):
        return role
    found = inspection.value
    if candidate.format is not None and FORMATS[candidate.format].generic:
        return Role.DATA if found is None or found.framework is None else role
    is_data = found is not None and found.pickled and found.framework is None and not found.incomplete
    return Role.DATA if is_data or sounds_like_data(candidate.path) else role


def _components(record: Record, files: Sequence[WeightFile]) -> Mapping[Component, Presence]:
    """Which components are there; what describes itself holds its configuration and tokenizer, and has no columns."""
    held = {Role.WEIGHTS, Role.ADAPTER}
    said: Mapping[Component, bool] = {
        Component.WEIGHTS: any(file.role in held and file.state is not FileState.MISSING for file in files)
        or any(file.state is FileState.MISSING and file.mentions and file.role in held for file in files),
        Component.CONFIG: bool(record.architecture) or any(fact.value for fact in record.hyperparameters),
        Component.FEATURE_SCHEMA: any(fact.value for fact in record.inputs),
        Component.RUN: bool(record.run_id or record.created or record.git_commit or record.status)
        or any(fact.value for fact in record.metrics)
        or any(fact.value for fact in record.datasets),
    }
    stated = {section.component for section in record.sections if not section.empty}
    declared = {fact.value for fact in (*record.not_applicable, *record.unexplained)}
    if any(file.describes_itself for file in files):
        stated.add(Component.CONFIG)
        declared.add(Component.FEATURE_SCHEMA)
    presence = {}
    for component, is_said in said.items():
        if is_said or (component in stated and component is not Component.WEIGHTS):
            presence[component] = Presence.PRESENT
        elif component in declared:
            presence[component] = Presence.NOT_APPLICABLE
        else:
            presence[component] = Presence.ABSENT
    return presence
