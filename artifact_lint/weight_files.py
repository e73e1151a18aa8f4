"""The files of an artifact: what was found met with what records say of it, and what is looked at when a rule asks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from artifact_lint import digests
from artifact_lint.adapters import dvc, dvc_directories
from artifact_lint.adapters.roles import role_of, sounds_like_data, sounds_like_model
from artifact_lint.candidates import behind, choose, look
from artifact_lint.digests import Computed
from artifact_lint.formats import FORMATS, aliases, inspect
from artifact_lint.formats.base import PICKLE_SUFFIXES
from artifact_lint.model import (
    NOTHING,
    Cause,
    DigestCheck,
    DigestState,
    Fact,
    FileState,
    Incomplete,
    Inspection,
    Lazy,
    Mention,
    Origin,
    Part,
    Pointer,
    Record,
    Role,
    WeightFile,
)
from artifact_lint.model.paths import directory_of, name_of, suffix_of
from artifact_lint.parts import check_parts, unread_parts
from artifact_lint.stores.base import EntryKind, StoreError
from artifact_lint.tree import UNREAD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from artifact_lint.candidates import Candidate
    from artifact_lint.discover import Found
    from artifact_lint.model.description import Description
    from artifact_lint.stores.base import Source
    from artifact_lint.tree import Tree


def weight_files(tree: Tree, found: Found, record: Record, *, opened: bool) -> tuple[WeightFile, ...]:
    """The files of one artifact: what was found, and what its record names.

    Those whose role only their content tells are `opened` for it.
    """
    mentions: dict[str, list[Mention]] = defaultdict(list)
    external = []
    for mention in record.mentions:
        if mention.path is not None:
            mentions[mention.path].append(mention)
        elif mention.uri is not None:
            external.append(_external(mention))
    looked_at = {candidate.path: candidate for candidate in found.candidates}
    files = [
        file_of(tree, candidate, tuple(mentions[path]), record, opened=opened) for path, candidate in looked_at.items()
    ]
    for path, named in mentions.items():
        if path not in looked_at:
            if all(mention.vouches for mention in named):
                file = _bystander(tree, path, tuple(named)) if found.owns(path) else None
            else:
                file = _mentioned_only(tree, path, tuple(named), looked_at, record)
            if file is not None:
                files.append(file)
    return tuple(sorted((*files, *external), key=lambda file: file.path))


def file_at(tree: Tree, path: str) -> WeightFile | None:
    """What is at a path that weights name and maybe no record does."""
    mention = Mention(Origin(path), path, path)
    return tree.guarded(path, lambda: _mentioned_only(tree, path, (mention,), {}, NOTHING), None)


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
        promises_pickle=_promises_pickle(mention.written, (mention,)),
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
        pointer = dvc_directories.pointer_of(tree, path)
        if pointer is not None:
            return _absent(path, mentions, pointer, directory=pointer.directory)
        if tree.git is not None and tree.git.is_left_out(path):
            return _left_out(tree, path, mentions, tree.git.pointer(path), record)
        return _absent(path, mentions, None) if any(m.required for m in mentions) else None
    if entry.kind is not EntryKind.FILE:
        missing = _absent(path, mentions, None)
        is_elsewhere = entry.kind is EntryKind.ESCAPING_LINK
        return replace(missing, state=FileState.EXTERNAL) if is_elsewhere else missing
    return file_of(tree, look(tree, entry), mentions, record)


def _left_out(
    tree: Tree, path: str, mentions: tuple[Mention, ...], pointer: Pointer | None, record: Record
) -> WeightFile:
    """A file that a sparse checkout leaves out, of which the index may have a pointer."""
    if pointer is None:
        return replace(_absent(path, mentions, None), state=FileState.EXTERNAL)
    return file_of(tree, behind(tree, path, pointer), mentions, record, opened=False)


def _bystander(tree: Tree, path: str, mentions: tuple[Mention, ...]) -> WeightFile | None:
    """A file of the artifact that no loader asks for and a list of checksums names; None where it is not here."""
    entry = tree.entry(path)
    if entry is None or entry.kind is not EntryKind.FILE or choose(tree, entry, named=False) is not None:
        return None
    candidate = look(tree, entry)
    file = replace(file_of(tree, candidate, mentions, NOTHING, opened=False), role=Role.OTHER)
    is_elsewhere = file.pointer is not None and not file.kept_here
    return file if is_elsewhere else replace(file, format=None, inspection=Lazy.of(Inspection(None)))


def _origin(path: str, mentions: Iterable[Mention]) -> Origin:
    return next((mention.origin for mention in mentions if not mention.vouches), Origin(path))


def _absent(
    path: str, mentions: tuple[Mention, ...], pointer: Pointer | None, *, directory: bool = False
) -> WeightFile:
    recorded = tuple(digest for mention in mentions for digest in mention.digests)
    if not recorded and pointer and pointer.digest:
        recorded = (pointer.digest,)
    size = pointer.size.value if pointer and pointer.size else None
    return WeightFile(
        path,
        _origin(path, mentions),
        next((mention.role for mention in mentions if not mention.vouches), role_of(path)),
        FileState.EXTERNAL if pointer else FileState.MISSING,
        size,
        None,
        Lazy.of(None),
        Lazy.of((*digests.against_pointer(recorded, pointer), *map(unread_parts, _parts(mentions)))),
        mentions,
        pointer,
        directory,
        Lazy.of(pointer.digest.value if pointer and pointer.digest else None),
        promises_pickle=not directory and _promises_pickle(path, mentions),
    )


def _promises_pickle(path: str, mentions: Iterable[Mention]) -> bool:
    """Whether a file is said to be a pickle: by a record, or where none names a format that is known, by its name."""
    stated = [aliases(mention.format) for mention in mentions if mention.format]
    known = [format_ for format_ in stated if format_ is not None]
    if known:
        return any(FORMATS[format_].pickled for format_ in known)
    is_weights = role_of(path) not in {Role.TOKENIZER, Role.CONFIG}
    return is_weights and suffix_of(path) in PICKLE_SUFFIXES


def file_of(
    tree: Tree, candidate: Candidate, mentions: tuple[Mention, ...], record: Record, *, opened: bool = True
) -> WeightFile:
    """A file that was looked at, with what is said of it; `opened` at once where only its content tells its role."""
    path = candidate.path
    if candidate.pointer is not None:
        absent = _absent(path, mentions, candidate.pointer)
        return absent if candidate.kept is None else _kept(tree, candidate, absent, record, opened=opened)
    if candidate.is_absent:
        return _absent(path, mentions, dvc_directories.pointer_of(tree, path))
    if candidate.broken_pointer is not None:
        mentions = (*mentions, _broken_pointer(path, candidate.broken_pointer))
    unread = Inspection(candidate.format, incomplete=(Incomplete(Cause.UNREADABLE, UNREAD),))
    inspection: Lazy[Inspection | None] = Lazy(lambda: tree.guarded(path, lambda: _inspect(tree, candidate), unread))
    recorded = tuple(digest for mention in mentions for digest in mention.digests)
    return WeightFile(
        path,
        _origin(path, mentions),
        _role(candidate, mentions, record, inspection if opened else Lazy.of(None)),
        FileState.PRESENT,
        candidate.size,
        candidate.format,
        inspection,
        Lazy(lambda: _checks(tree, path, recorded) + _checks_of_parts(tree, candidate, _parts(mentions))),
        mentions,
        directory=candidate.is_directory,
        digest=Lazy(lambda: _hash(tree, path, {"sha256"}).by_algorithm.get("sha256")),
        kept_by_dvc=dvc.covering(tree, path) is not None,
        description=_described(tree, candidate, inspection),
    )


def _kept(tree: Tree, candidate: Candidate, absent: WeightFile, record: Record, *, opened: bool) -> WeightFile:
    """A file of which a pointer is here, and the object in git-LFS's own store: what is read there is held against it.

    An object with other bytes than the pointer states is not what a reader elsewhere gets, so nothing is said of them.
    """
    kept, pointer, path, mentions = candidate.kept, candidate.pointer, candidate.path, absent.mentions
    if kept is None or pointer is None or pointer.digest is None:
        return absent
    tree.hashes.redirect(path, kept.store, kept.name)
    stated = pointer.digest
    unread = Inspection(candidate.format, incomplete=(Incomplete(Cause.UNREADABLE, UNREAD),))
    read: Lazy[Inspection | None] = Lazy(lambda: tree.guarded(path, lambda: _inspect(tree, candidate), unread))
    recorded = tuple(digest for mention in mentions for digest in mention.digests)
    checks = Lazy(lambda: _checks_of_object(tree, candidate, stated, absent))
    digest = Lazy(lambda: _hash(tree, path, digests.computable(recorded) | {"sha256"}).by_algorithm.get("sha256"))
    inspection = Lazy(lambda: read.value if digest.value == stated.value else None)
    return replace(
        absent,
        role=_role(candidate, mentions, record, read if opened else Lazy.of(None)),
        format=candidate.format,
        inspection=inspection,
        checks=checks,
        kept_here=True,
        description=_described(tree, candidate, inspection),
    )


def _checks_of_object(
    tree: Tree,
    candidate: Candidate,
    stated: Fact[str],
    absent: WeightFile,
) -> tuple[DigestCheck, ...]:
    """What is recorded of a file held against git-LFS's object, where that is the one that the pointer names."""
    recorded = tuple(digest for mention in absent.mentions for digest in mention.digests)
    by_pointer = absent.checks.value
    hashed = _hashed(tree, candidate.path, recorded, {"sha256"})
    actual = hashed.by_algorithm.get("sha256")
    if actual is None:
        return by_pointer
    if actual != stated.value:
        return (*by_pointer, DigestCheck(stated, DigestState.MISMATCH, actual, _IN_STORE, _BY_POINTER))
    parts = _checks_of_parts(tree, candidate, _parts(absent.mentions))
    return (*digests.against_bytes(recorded, hashed), DigestCheck(stated, DigestState.POINTER, actual), *parts)


def _checks(tree: Tree, path: str, recorded: Sequence[Fact[str]]) -> tuple[DigestCheck, ...]:
    """What is recorded of a file, and the git-LFS pointer that the index has of it, held against its bytes."""
    pointer = tree.git.pointer(path) if tree.git is not None else None
    kept = pointer.digest if pointer is not None else None
    if not recorded and kept is None:
        return ()
    hashed = _hashed(tree, path, recorded, {"sha256"} if kept is not None else set())
    together = dvc_directories.check_of(tree, path, recorded, partial(_hash, tree))
    apart = [digest for digest in recorded if together is None or digest != together.recorded]
    checks = (*digests.against_bytes(apart, hashed), *([] if together is None else [together]))
    actual = hashed.by_algorithm.get("sha256")
    if kept is None or actual is None:
        return checks
    if actual == kept.value:
        return (*checks, DigestCheck(kept, DigestState.POINTER, actual))
    if tree.git is None or tree.git.is_modified(path):
        return checks  # Somebody is at work on the file, and has not staged it yet.
    return (*checks, DigestCheck(kept, DigestState.MISMATCH, actual, recorder=_IN_INDEX))


def _parts(mentions: Iterable[Mention]) -> list[tuple[Part, ...]]:
    return [mention.parts for mention in mentions if mention.parts]


def _checks_of_parts(tree: Tree, candidate: Candidate, recorded: Sequence[tuple[Part, ...]]) -> tuple[DigestCheck, ...]:
    if not recorded:
        return ()
    failed = tuple(unread_parts(parts, UNREAD) for parts in recorded)
    try:
        with _opened(tree, candidate) as source:
            tick = tree.hashes.tick
            return tree.guarded(
                candidate.path, lambda: tuple(check_parts(one, source, tick) for one in recorded), failed
            )
    except StoreError as error:
        return tuple(unread_parts(parts, str(error)) for parts in recorded)


def _broken_pointer(path: str, reason: Fact[str]) -> Mention:
    written = name_of(path)
    message = f"git-LFS does not take {written} for one of its pointers: {reason.value}"
    fault = Fact(message, reason.origin)
    return Mention(reason.origin, path, written, required=False, vouches=True, malformed=(fault,))


_IN_INDEX = " as the git-LFS pointer in the index says"
_IN_STORE = " in git-LFS's own store"
_BY_POINTER = " as its git-LFS pointer says"


def _inspect(tree: Tree, candidate: Candidate) -> Inspection:
    if candidate.trouble is not None:
        return Inspection(None, incomplete=(Incomplete(Cause.UNREADABLE, candidate.trouble),))
    try:
        with _opened(tree, candidate) as source:
            return inspect(name_of(candidate.path), source, candidate.format)
    except StoreError as error:
        return Inspection(None, incomplete=(Incomplete(Cause.UNREADABLE, str(error)),))


def _described(tree: Tree, candidate: Candidate, inspection: Lazy[Inspection | None]) -> Lazy[Description | None]:
    """What a file tells of its model, once it is known what the bytes are."""
    return Lazy(lambda: tree.guarded(candidate.path, lambda: _describe(tree, candidate, inspection.value), None))


def _describe(tree: Tree, candidate: Candidate, found: Inspection | None) -> Description | None:
    from artifact_lint.formats.describing import describe  # noqa: PLC0415 - few artifacts are asked for so much

    if found is None or candidate.trouble is not None:
        return None
    try:
        with _opened(tree, candidate) as source:
            beside = partial(_opened_beside, tree, directory_of(candidate.path))
            return describe(name_of(candidate.path), source, found.format, beside=beside)
    except StoreError:
        return None  # the inspection of the same bytes says that they cannot be read


def _opened_beside(tree: Tree, directory: str, path: str) -> Source:
    return tree.store.open(f"{directory}/{path}" if directory else path)


def _opened(tree: Tree, candidate: Candidate) -> Source:
    return tree.store.open(candidate.path) if candidate.kept is None else candidate.kept.open()


def _hashed(tree: Tree, path: str, recorded: Sequence[Fact[str]], also: Collection[str]) -> Computed:
    """The digests that recorded ones can be held against; of algorithms that nothing names, where the usual differs."""
    hashed = _hash(tree, path, digests.computable(recorded).union(also))
    further = _hash(tree, path, digests.in_question(recorded, hashed))
    return Computed({**hashed.by_algorithm, **further.by_algorithm}, hashed.trouble or further.trouble)


def _hash(tree: Tree, path: str, algorithms: Collection[str]) -> Computed:
    if not algorithms:
        return Computed()
    try:
        return tree.guarded(path, lambda: Computed(tree.hashes.digests(path, algorithms)), Computed(trouble=UNREAD))
    except StoreError as error:
        return Computed(trouble=str(error))


def _role(
    candidate: Candidate, mentions: tuple[Mention, ...], record: Record, inspection: Lazy[Inspection | None]
) -> Role:
    told = next((mention.role for mention in mentions if not mention.vouches), None)
    if told is not None:
        return told
    role = role_of(candidate.path)
    if role is not Role.WEIGHTS or record.conventions or sounds_like_model(candidate.path):
        return role
    found = inspection.value
    if candidate.format is not None and FORMATS[candidate.format].generic:
        return Role.DATA if found is None or found.framework is None else role
    is_data = found is not None and found.pickled and found.framework is None and not found.incomplete
    return Role.DATA if is_data or sounds_like_data(candidate.path) else role
