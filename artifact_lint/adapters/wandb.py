"""Weights & Biases: the manifest of an artifact, which has the digest and the size of each of its files.

Source: wandb 0.12 to 0.22, `sdk/artifacts/artifact_manifests/artifact_manifest_v1.py` and `artifact_manifest_entry.py`:
`contents` maps paths to `digest` (the base64 of an MD5), `size`, and `ref` where the bytes are kept elsewhere, in which
case the digest is what that place calls one (an ETag), unless it is a local file. `extra` names other algorithms.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import Reading, as_int, as_text, child, escape_reason, join
from artifact_lint.adapters.roles import role_of
from artifact_lint.formats.base import WEIGHT_SUFFIXES
from artifact_lint.model import NOTHING, Fact, Irregularity, Mention, Record, Role
from artifact_lint.model.paths import directories_above, is_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.document import Node
    from artifact_lint.tree import Tree

NAME = "wandb"

MANIFEST = "wandb_manifest.json"

#: Places whose digest is one of the bytes, as wandb hashes what it finds on this machine.
_LOCAL = "file:"
_MD5_BYTES = 16


def supply(tree: Tree, directory: str, record: Record, files: Iterable[str]) -> Record:
    """What the manifests beside and above an artifact's files say of them, and of what else lies in its directory."""
    stated = [mention.path for mention in record.mentions if mention.path is not None]
    paths = frozenset((*files, *stated))
    reading = Reading(tree)
    mentions: list[Mention] = []
    folders = {directory, *(parent for path in (*paths, directory) for parent in directories_above(path))}
    for folder in sorted(folders - paths):
        if tree.entry(child(folder, MANIFEST)) is None:
            continue
        root = reading.document(child(folder, MANIFEST), keep_texts=False)
        if root is not None and root.is_mapping:
            mentions += _mentions(reading, folder, root, directory, paths)
    if not reading.sources:
        return NOTHING
    return Record(sources=reading.sources, mentions=tuple(mentions), remarks=reading.remarks)


def _mentions(reading: Reading, folder: str, root: Node, directory: str, paths: frozenset[str]) -> Iterator[Mention]:
    contents, version = root.get("contents"), root.get("version")
    if contents is None or not contents.is_mapping:
        return
    if as_int(version) != 1:
        written = as_text(version) or "none"
        message = f"the version of the manifest is {written}, and only 1 is known here"
        reading.remark(Irregularity.UNREADABLE, (version or contents).origin, message, "Update artifact-lint.")
        return
    for written, entry in contents.items():
        path = join(folder, written)
        if path is None:
            if folder == directory:
                message = f"the path `{written}` {escape_reason(written)}, and wandb writes to where it leads"
                reading.remark(Irregularity.PATH_ESCAPES, entry.origin, message, "Do not download this artifact.")
        elif path in paths:
            yield _mention(path, written, entry, vouches=True)
        elif is_within(path, directory):
            yield from _other(reading.tree, path, written, entry, is_own=folder == directory)


def _other(tree: Tree, path: str, written: str, entry: Node, *, is_own: bool) -> Iterator[Mention]:
    """The word on a file that is no weight file of the artifact, or on weights that are kept elsewhere."""
    reference = as_text(entry.get("ref"))
    is_here = tree.entry(path) is not None
    if is_here:
        yield _mention(path, written, entry, vouches=True)
    elif is_own and reference is not None and written.lower().endswith(tuple(WEIGHT_SUFFIXES)):
        size = _size(entry)
        yield Mention(entry.origin, None, reference, role_of(written), size=size, uri=reference, required=False)


def _mention(path: str, written: str, entry: Node, *, vouches: bool) -> Mention:
    digest = _digest(entry)
    malformed: tuple[Fact[str], ...] = ()
    if digest is not None and not digest.value:
        malformed = (Fact(_why_not(as_text(entry.get("digest")) or ""), digest.origin),)
        digest = None
    return Mention(
        entry.origin,
        path,
        written,
        Role.OTHER,
        size=_size(entry),
        digests=() if digest is None else (digest,),
        required=False,
        vouches=vouches,
        malformed=malformed,
    )


def _size(entry: Node) -> Fact[int] | None:
    node = entry.get("size")
    size = as_int(node)
    return Fact(size, node.origin) if node is not None and size is not None else None


def _digest(entry: Node) -> Fact[str] | None:
    """The digest of the bytes, empty where what is written cannot be one; None where it is of something else."""
    reference, node = as_text(entry.get("ref")), entry.get("digest")
    written = as_text(node)
    if node is None or written is None or (reference is not None and not reference.startswith(_LOCAL)):
        return None
    if _names_another_algorithm(entry):
        return None
    try:
        raw = binascii.a2b_base64(written, strict_mode=True)
    except ValueError:
        raw = b""
    if len(raw) == _MD5_BYTES:
        return Fact(f"md5:{raw.hex()}", node.origin)
    return Fact("", node.origin) if reference is None else None


def _names_another_algorithm(entry: Node) -> bool:
    extra = entry.get("extra")
    named = [as_text(node) or "" for key, node in extra.items() if "algorithm" in key.lower()] if extra else []
    return any("md5" not in name.lower() for name in named)


def _why_not(written: str) -> str:
    return f"{written[:28]!r} is not the base64 of an md5, which W&B records"
