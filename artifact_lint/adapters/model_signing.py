"""Signatures of models, as model_signing and others write them: `model.sig` in the signed directory or above it.

Source: the OpenSSF Model Signing specification 1.0, sections 6.1 to 6.3 (which files are listed, and how), 8.4 and 9.
`signature_bundles` reads what stands in them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import partial
from itertools import islice
from posixpath import normpath
from typing import TYPE_CHECKING

from artifact_lint.adapters import dvc_directories
from artifact_lint.adapters.pointers import POINTER_HEAD, is_lfs_pointer
from artifact_lint.adapters.reading import child, escape_reason
from artifact_lint.document import Syntax
from artifact_lint.model import (
    NOTHING,
    Fact,
    Irregularity,
    Mention,
    Origin,
    Part,
    Record,
    Remark,
    Role,
    Signature,
)
from artifact_lint.model.paths import directory_of, is_within, name_of, upwards
from artifact_lint.stores.base import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from artifact_lint.adapters.signature_bundles import Bundle, Resource
    from artifact_lint.stores.base import Entry
    from artifact_lint.tree import Tree

NAME = "model-signing"

SUFFIX = ".sig"
USUAL_NAME = "model.sig"
_MARK = b'"dsseEnvelope"'
#: How signatures of other programs begin: in armor, and of OpenPGP also as a packet (RFC 9580, sections 4.2 and 5.2).
_OTHERS = {
    "OpenPGP": re.compile(rb"-----BEGIN PGP |(?:\x88.|\x89..|\xc2.{1,2})[\x03-\x06]", re.DOTALL),
    "OpenSSH": re.compile(rb"-----BEGIN SSH SIGNATURE"),
    "minisign or signify": re.compile(rb"untrusted comment:"),
}
#: What a model that is a single file is called by model_signing up to 1.1; later it goes by its own name.
_ITSELF = "."

#: What is never signed, at the top of the signed directory: git's own files, and what a download leaves behind.
_UNSIGNED = (".git", ".gitattributes", ".github", ".gitignore", ".gitmodules", ".cache/huggingface")
_MOST_NAMED = 1000
#: How many files are found that nobody signed before the search ends.
_MOST_UNLISTED = 100_000


@dataclass(frozen=True, slots=True)
class _Signed:
    """A signature as it concerns the store: `root` is the directory that it lists, or the single file that it is about.

    `mentions` are sorted by their path.
    """

    path: str
    root: str
    signature: Signature
    mentions: tuple[Mention, ...] = ()
    paths: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


def supply(tree: Tree, directory: str, record: Record, files: Iterable[str]) -> Record:
    """What the signatures beside and above an artifact's files say of them, and of what else lies in its directory."""
    stated = [mention.path for mention in record.mentions if mention.path is not None]
    paths = dict.fromkeys((*files, *stated))
    supplied = NOTHING
    for signed in _signatures_about(tree, directory, paths):
        supplied += Record(
            sources=(Origin(signed.path),),
            mentions=tuple(_mentions_about(signed, directory, paths)),
            signatures=(signed.signature,),
            remarks=signed.remarks,
        )
    return supplied


def _signatures_about(tree: Tree, directory: str, paths: Mapping[str, None]) -> Iterator[_Signed]:
    folders = {directory_of(path) for path in paths}
    is_file = tree.entry(directory) is not None
    if not is_file:
        folders.add(directory)
    about = tuple(paths) if is_file else (directory,)
    for above in sorted({parent for folder in folders for parent in upwards(folder)}):
        for signed in tree.once((NAME, above), partial(_signatures_in, tree, above)):
            is_ours = any(is_within(place, signed.root) or is_within(signed.root, place) for place in about)
            if above in folders if signed.signature.astray else is_ours:
                yield signed


def _mentions_about(signed: _Signed, directory: str, paths: Mapping[str, None]) -> Iterator[Mention]:
    below = f"{directory}/" if directory else ""
    first, last = bisect_left(signed.paths, below), len(signed.paths)
    if below:
        last = bisect_left(signed.paths, f"{directory}0")  # "0" follows "/" in ASCII
    yield from signed.mentions[first:last]
    for path in paths:
        at = bisect_left(signed.paths, path)
        while at < len(signed.paths) and signed.paths[at] == path:
            if not first <= at < last:
                yield signed.mentions[at]
            at += 1


def _signatures_in(tree: Tree, folder: str) -> list[_Signed]:
    entries: Mapping[str, Entry] = tree.folder(folder) or {
        name_of(entry.path): entry for entry in tree.store.files(folder)
    }
    found = []
    for name, entry in sorted(entries.items()):
        if name.lower().endswith(SUFFIX) and entry.kind is EntryKind.FILE:
            signed = _read(tree, folder, entry.path) if _may_be_one(tree, entry.path, name) else None
            if signed is None and name.lower() == USUAL_NAME:
                signed = _pretender(tree, folder, entry.path)
            if signed is not None:
                found.append(signed)
    return found


def _pretender(tree: Tree, folder: str, path: str) -> _Signed:
    """A file by the name of a signature that is none: whoever sees it there takes the model for signed."""
    data = tree.read(path)
    if data is None:
        return _Signed(path, folder, Signature(Origin(path), unread="it cannot be read"))
    program = next((program for program, begins in _OTHERS.items() if begins.match(data)), None)
    if program is not None:
        return _Signed(path, folder, Signature(Origin(path), unread=f"it is a signature of {program}", pretends=True))
    reason = "it holds no Sigstore bundle that signs a model" if data.strip() else "it is empty"
    return _Signed(path, folder, Signature(Origin(path), trouble=reason, pretends=True))


def _may_be_one(tree: Tree, path: str, name: str) -> bool:
    """Whether a file is JSON that may hold a signature: other programs call theirs `.sig` as well."""
    head = tree.read(path) or b""
    if is_lfs_pointer(head):
        return name.lower() == USUAL_NAME
    is_object = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
    return is_object and (name.lower() == USUAL_NAME or _MARK in head)


def _read(tree: Tree, folder: str, path: str) -> _Signed | None:
    from artifact_lint.adapters import signature_bundles as bundles  # noqa: PLC0415 - few models are signed

    if is_lfs_pointer(tree.read(path, POINTER_HEAD) or b""):
        return _Signed(path, folder, Signature(Origin(path), unread="only its git-LFS pointer is here"))
    document = tree.document(path, Syntax.JSON)
    if document is None:
        failure = tree.failure(path)
        if failure is None:
            return None
        pretends = _MARK not in (tree.read(path) or b"")
        reason = f"it cannot be read: {failure.message}"
        return _Signed(path, folder, Signature(failure.origin, trouble=reason, pretends=pretends))
    payload = bundles.payload_of(document.root)
    origin = payload.origin if payload is not None else Origin(path)
    try:
        bundle = bundles.read_bundle(document.root, tree.limits)
    except bundles.BundleError as error:
        return _Signed(path, folder, Signature(origin, trouble=str(error)))
    except bundles.UnknownVersionError as error:
        return _Signed(path, folder, Signature(origin, unread=str(error)))
    return _signed(tree, folder, path, bundle) if bundle is not None else None


def _signed(tree: Tree, folder: str, path: str, bundle: Bundle) -> _Signed:
    root = _root(tree, folder, path, bundle)
    is_single = _is_single(bundle)
    remarks: list[Remark] = []
    by_path: dict[str, list[Resource]] = {}
    for resource in bundle.resources:
        reason = escape_reason(resource.name)
        if reason is None:
            place = root if is_single else child(root, normpath(resource.name))
            by_path.setdefault(place, []).append(resource)
        elif len(remarks) < _MOST_NAMED:
            message = f"the path `{resource.name[:200]}` {reason}"
            advice = "Sign the model again with model_signing, in its own directory."
            remarks.append(Remark(Irregularity.PATH_ESCAPES, bundle.origin, message, advice))
    mentions = sorted(
        (mention for place, found in by_path.items() for mention in _mentions(bundle, place, found)),
        key=lambda mention: mention.path or "",
    )
    absent = tuple(_absent(tree, by_path))
    gone = frozenset(absent)
    is_astray = bool(absent) and len(absent) == len(by_path)
    left_out = () if is_astray or is_single else islice(_unlisted(tree, root, path, bundle, by_path), _MOST_UNLISTED)
    signature = Signature(
        bundle.origin,
        bundle.method,
        bundle.envelope,
        contradiction=bundle.contradiction or ("" if bundle.resources else "it lists no file"),
        unlisted=tuple(left_out),
        absent=absent,
        astray=is_astray,
        keeps_silent=bundle.ignored is None,
        listed=tuple(mention for mention in mentions if mention.path not in gone),
    )
    paths = tuple(mention.path or "" for mention in mentions)
    return _Signed(path, root, signature, tuple(mentions), paths, tuple(remarks))


def _root(tree: Tree, folder: str, path: str, bundle: Bundle) -> str:
    """What a signature is about: its own directory, or what lies there under the name of its subject."""
    own = name_of(path)[: -len(SUFFIX)]
    names = [name for name in (bundle.subject, own) if name and name not in {".", ".."} and "/" not in name]
    places = [folder, *(child(folder, name) for name in names if "\0" not in name)]
    if _is_single(bundle):
        return next((place for place in places[1:] if tree.entry(place) is not None), places[-1])
    listed = [resource.name for resource in bundle.resources[:_MOST_NAMED] if escape_reason(resource.name) is None]
    counts = {place: sum(tree.entry(child(place, normpath(name))) is not None for name in listed) for place in places}
    return max(counts, key=counts.__getitem__)


def _is_single(bundle: Bundle) -> bool:
    """Whether a signature is of one file by itself, and not of a directory."""
    names = {resource.name for resource in bundle.resources}
    return len(names) == 1 and not names.isdisjoint({_ITSELF, bundle.subject})


def _mentions(bundle: Bundle, path: str, resources: Sequence[Resource]) -> Iterator[Mention]:
    """What is recorded of one file: a digest of it as a whole, or one for each part."""
    origin = bundle.origin
    if not bundle.sharded:
        yield from (_mention(origin, path, one, digests=(Fact(one.digest, origin),)) for one in resources)
        return
    parts = sorted(resources, key=lambda one: (one.start, one.end or 0))
    end = 0
    for part in parts:
        if part.start != end or part.end is None or part.end <= part.start:
            name = name_of(path)
            fault = Fact(f"the parts of {name} do not follow one another at byte {end:,}", origin)
            yield _mention(origin, path, part, malformed=(fault,))
            return
        end = part.end
    size = Fact(end, origin)
    if len(parts) == 1:
        yield _mention(origin, path, parts[0], digests=(Fact(parts[0].digest, origin),), size=size)
        return
    pieces = tuple(Part(part.start, part.end or 0, Fact(part.digest, origin)) for part in parts)
    yield _mention(origin, path, parts[0], parts=pieces, size=size)


def _mention(
    origin: Origin,
    path: str,
    resource: Resource,
    *,
    digests: tuple[Fact[str], ...] = (),
    size: Fact[int] | None = None,
    parts: tuple[Part, ...] = (),
    malformed: tuple[Fact[str], ...] = (),
) -> Mention:
    return Mention(
        origin,
        path,
        resource.name,
        Role.OTHER,
        size=size,
        digests=digests,
        required=False,
        vouches=True,
        malformed=malformed,
        parts=parts,
    )


def _unlisted(
    tree: Tree, root: str, signature: str, bundle: Bundle, listed: Mapping[str, Sequence[Resource]]
) -> Iterator[str]:
    """The files in the signed directory that nobody signed, less those that never are.

    What is excluded from being linted counts: planted bytecode is what a signature is to show.
    """
    left_out = {child(root, name) for name in (*_UNSIGNED, *map(normpath, bundle.ignored or ()))}
    for entry in tree.store.entries(root, left_out):
        if entry.path in listed or entry.path == signature or entry.kind is not EntryKind.FILE:
            continue
        is_empty_part = bundle.sharded and entry.size == 0
        is_dvc_file = entry.path.endswith(".dvc") and entry.path.removesuffix(".dvc") in listed
        if is_empty_part or is_dvc_file:
            continue
        name = name_of(entry.path)
        if not (name.lower().endswith(SUFFIX) and _may_be_one(tree, entry.path, name)):
            yield entry.path


def _absent(tree: Tree, listed: Mapping[str, Sequence[Resource]]) -> Iterator[str]:
    """The listed files that are neither here nor kept elsewhere."""
    for path in listed:
        is_here = tree.entry(path) is not None or dvc_directories.pointer_of(tree, path) is not None
        if not is_here and (tree.git is None or not tree.git.is_left_out(path)):
            yield path
