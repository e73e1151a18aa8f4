"""From what was found to artifacts: records merged in order of precedence, files met with what they are said to be."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from artifact_lint.adapters import CONVENTIONS, SUPPLEMENTS, dvc, record_of
from artifact_lint.adapters.own_code import OwnCode
from artifact_lint.candidates import look
from artifact_lint.discover import discover
from artifact_lint.model import (
    NOTHING,
    Artifact,
    Component,
    DigestState,
    FileState,
    Irregularity,
    Lazy,
    Mention,
    Options,
    Origin,
    Presence,
    Record,
    Remark,
    Role,
    WeightFile,
    merge,
)
from artifact_lint.model.report import Failure
from artifact_lint.signatures import verify
from artifact_lint.stores.base import EntryKind, StoreError
from artifact_lint.weight_files import file_at, file_of, weight_files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from artifact_lint.adapters.base import Supplement
    from artifact_lint.discover import Found
    from artifact_lint.stores.base import Entry
    from artifact_lint.tree import Tree

_RANK = {convention.NAME: rank for rank, convention in enumerate(CONVENTIONS)}


def assemble_all(
    tree: Tree,
    options: Options,
    named: Iterable[str] = (),
    may_ask_for: Callable[[Collection[str]], bool] = lambda _: True,
) -> tuple[list[Artifact], list[Failure]]:
    """Every artifact in view, and those that this program failed to put together.

    `may_ask_for` tells of files that nothing describes whether they may be asked about: the others are not opened.

    Raises:
        StoreError: The store cannot be read any more.
    """
    artifacts, failures = [], []
    for found in discover(tree, named):
        try:
            is_asked = bool(found.claims) or may_ask_for([candidate.path for candidate in found.candidates])
            artifacts.append(assemble(tree, found, options, opened=is_asked))
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other artifacts are still judged
            failures.append(Failure(f"reading {found.path or '.'}", error, found.path, found.path))
    return artifacts, failures


def assemble(tree: Tree, found: Found, options: Options, *, opened: bool = True) -> Artifact:
    """One artifact of what was found at a place.

    A weight file is opened before a rule asks for it only where nothing but its content tells its role, and it may be
    `opened` for that.
    """
    claims = sorted(found.claims, key=lambda claim: (_RANK[claim.convention], claim.record))
    records = [record_of(tree, claim) for claim in claims]
    paths = [candidate.path for candidate in found.candidates]
    record = _without_repeats(merge(records)) if len(records) > 1 else merge(records)
    for supplement in SUPPLEMENTS:
        record += _supplied(tree, supplement, found.path, record, paths)
    if found.links:
        record = replace(record, remarks=(*record.remarks, *_escapes(found.links)))
    origin = Origin(claims[0].record) if claims else _place(tree, paths[0] if paths else found.path)
    record = _judged(tree, record, options)
    files = weight_files(tree, found, record, opened=opened)
    own_module = OwnCode(tree, found.path).path
    if tree.git is not None:
        tree.git.expect([(file.path, file.size or 0) for file in files if file.state is not FileState.MISSING])
    components = _components(record, files)
    beside = partial(file_at, tree)
    return Artifact(found.path, origin, record, files, components, options, own_module, tree.git, beside)


def _supplied(tree: Tree, supplement: Supplement, place: str, record: Record, paths: Iterable[str]) -> Record:
    return tree.guarded(place or ".", lambda: supplement.supply(tree, place, record, paths), NOTHING)


def _judged(tree: Tree, record: Record, options: Options) -> Record:
    """A record whose signatures are held against the given public keys, and against the files, when a rule asks."""
    if not record.signatures:
        return record
    keys = options.public_keys
    signatures = [
        replace(one, verdict=Lazy(partial(verify, one.envelope, keys)), others=partial(_others, tree, one.listed))
        for one in record.signatures
        if one.envelope is not None
    ]
    unread = [one for one in record.signatures if one.envelope is None]
    return replace(record, signatures=(*signatures, *unread))


def _others(tree: Tree, listed: Sequence[Mention], known: Collection[str]) -> Mapping[str, DigestState]:
    """What the digests are worth that a signature has of files which are here, and are not among some paths."""
    by_path: dict[str, list[Mention]] = defaultdict(list)
    for mention in listed:
        if mention.path is not None and mention.path not in known:
            by_path[mention.path].append(mention)
    states = {}
    for path, mentions in by_path.items():
        entry = tree.entry(path)
        if entry is not None and entry.kind is EntryKind.FILE:
            states[path] = file_of(tree, look(tree, entry), tuple(mentions), NOTHING).digest_state
    return states


def _place(tree: Tree, path: str) -> Origin:
    """Where a finding about undescribed weights points: at them, or at the DVC file that stands in for them."""
    out = dvc.outs(tree).get(path)
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
