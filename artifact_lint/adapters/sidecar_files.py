"""Which weight files a hand-written document is about, told by its name and by what it says."""

from __future__ import annotations

import re
from posixpath import normpath
from typing import TYPE_CHECKING

from artifact_lint.adapters import sidecar_keys as keys
from artifact_lint.adapters.base import Reach
from artifact_lint.adapters.reading import as_int, as_text, child, escape_reason
from artifact_lint.adapters.roles import is_auxiliary, role_of
from artifact_lint.adapters.sidecar_fields import Fields
from artifact_lint.adapters.sidecar_names import is_weights_name
from artifact_lint.model import Fact, Mention, Origin
from artifact_lint.model.paths import name_of, upwards

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.adapters.base import Claim
    from artifact_lint.document import Node
    from artifact_lint.tree import Tree

_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]+")
_PREFIXED = re.compile(r"(?P<algorithm>[A-Za-z][A-Za-z0-9-]*):(?P<value>\S+)")


def mentions_of(tree: Tree, claim: Claim, root: Node, owned: Iterable[str]) -> Iterator[Mention]:
    """The weights that a document names, or else those that it can only be about."""
    fields = Fields(root)
    digests, size = tuple(_digests(fields)), _size(fields)
    named = fields.scalar(keys.FILE)
    written = as_text(named)
    if named is not None and written and is_weights_name(written):
        path = _resolve(tree, claim.directory, written)
        if path is not None:
            yield Mention(named.origin, path, written, role_of(path), size=size, digests=digests, guessed=True)
        if claim.reach is Reach.NAMED and (path is None or tree.entry(path) is None):
            yield from beside(claim, Origin(claim.record), owned)
        return
    files = list(owned) if claim.reach is Reach.NAMED else _only_model(tree, claim.directory)
    alone = len(files) == 1
    for file in files:
        stated = digests if alone else ()
        length = size if alone else None
        yield Mention(
            root.origin, child(claim.directory, file), file, role_of(file), size=length, digests=stated, guessed=True
        )


def beside(claim: Claim, origin: Origin, owned: Iterable[str]) -> Iterator[Mention]:
    """The weights that a document is named after, whatever it says."""
    for file in owned:
        yield Mention(origin, child(claim.directory, file), file, role_of(file), guessed=True)


def place_of(root: Node) -> Fact[str] | None:
    """Where a document says that its weights are."""
    node = Fields(root).scalar(keys.FILE)
    text = as_text(node)
    return Fact(text, node.origin, guessed=True) if node is not None and text is not None else None


def _resolve(tree: Tree, directory: str, written: str) -> str | None:
    """The file that a path means, which scripts write relative to wherever they ran: here, or any directory above.

    Where none is there, it is the file beside the document if the path is relative, and nobody knows which if not.
    """
    spelled = written.replace("\\", "/")
    for place in upwards(directory):
        path = normpath(child(place, spelled))
        if tree.entry(path) is not None:
            return path
    beside = child(directory, name_of(spelled))
    if tree.entry(beside) is not None:
        return beside
    return None if escape_reason(written) else normpath(child(directory, written))


def _only_model(tree: Tree, directory: str) -> list[str]:
    main = [name for name in tree.folder(directory) if is_weights_name(name) and not is_auxiliary(name)]
    return main if len(main) == 1 else []


def _digests(fields: Fields) -> Iterator[Fact[str]]:
    """Digests under names that say of what, as `algorithm:hexadecimal`; an abbreviated one tells nothing."""
    seen = set()
    for name in keys.DIGEST:
        node = fields.by_name.get(name)
        text = as_text(node)
        if node is None or text is None:
            continue
        prefixed = _PREFIXED.fullmatch(text)
        told = next((algorithm for algorithm in ("sha256", "md5") if algorithm in name), None)
        if prefixed:
            digest = f"{prefixed['algorithm'].lower().replace('-', '')}:{prefixed['value']}"
        elif told:
            digest = f"{told}:{text}"
        elif _HEXADECIMAL.fullmatch(text) and len(text) in _ALGORITHMS and not (name == "hash" and len(text) == 40):
            digest = f"{_ALGORITHMS[len(text)]}:{text}"
        else:
            continue
        if digest.lower() not in seen:
            seen.add(digest.lower())
            yield Fact(digest, node.origin, guessed=True)


def _size(fields: Fields) -> Fact[int] | None:
    node = fields.scalar(keys.SIZE)
    value = as_int(node)
    return Fact(value, node.origin, guessed=True) if node is not None and value is not None else None
