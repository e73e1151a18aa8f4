"""Configurations that name what is to be called: Hydra's `_target_` and its kin, and YAML's tags for Python objects.

Sources: hydra.utils.instantiate (Hydra 1.3), jsonargparse's and Lightning's `class_path`, torchtune's `_component_`,
latent diffusion's `target` beside `params`, and the `python/` tags of PyYAML 6's unsafe loader.
"""

from __future__ import annotations

from re import compile as regex
from typing import TYPE_CHECKING

from artifact_lint.document.interpolation import interpolated, is_interpolated
from artifact_lint.document.node import MOST_REMARKS
from artifact_lint.model import CodeKind, CodeReference, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from re import Match

    from artifact_lint.document.node import Document, Node

#: Keys whose value is the dotted path of what is called with the other keys of their mapping.
_KEYS = ("_target_", "_component_", "class_path")
#: Of these, the one whose readers leave references to other values as they are, where they do not know them.
_LITERAL_KEY = "class_path"
#: A common word, which means this only beside the arguments of the call.
_PLAIN_KEY, _ITS_ARGUMENTS = "target", "params"

_TAG = regex(r"!!(?P<kind>python/(?:object/apply|object/new|object|name|module)):(?P<name>.+)")
#: How many references are stated one by one, and how many different ones beyond these.
_MOST_REFERENCES = 1000
_MOST_DIFFERENT = 20_000

#: What a document has to hold to be worth parsing. A writer who means no harm escapes no letter.
_KEY_BYTES = rb"_target_|_component_|class_path|python/"
_ESCAPED = rb"\\(?:u00|x|U000000)(?:5[fF]|6[1-9a-fA-F]|7[0-9aA])|\\[\r\n]"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_JSON_SIGNS = regex(_KEY_BYTES + rb"|" + _ESCAPED)
#: A tag spells any byte by its number in hexadecimal (YAML 1.1, 5.6), so that any percent sign may be part of one.
_YAML_SIGNS = regex(_KEY_BYTES + rb"|%TAG|%[0-9a-fA-F]{2}|" + _ESCAPED)
_JSON_PLAIN_KEY = regex(rb'"target"\s*:\s*"')
#: What makes a document that cannot be read one of these for certain.
_CERTAIN = regex(rb"_target_|!!python/|tag:yaml\.org,2002:python/")
_BYTE_IN_HEXADECIMAL = regex(rb"%([0-9a-fA-F]{2})")


def may_instantiate(data: bytes, *, is_json: bool) -> bool:
    """Whether a document can hold one of the keys or tags, however it is escaped."""
    if data.startswith(_WIDE) or (_JSON_SIGNS if is_json else _YAML_SIGNS).search(data):
        return True
    if _ITS_ARGUMENTS.encode() not in data or _PLAIN_KEY.encode() not in data:
        return False
    return not is_json or _JSON_PLAIN_KEY.search(data) is not None


def surely_instantiates(data: bytes) -> bool:
    """Whether a text holds one of the keys or tags that mean nothing else."""
    if data.startswith(_WIDE):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    return bool(_CERTAIN.search(_BYTE_IN_HEXADECIMAL.sub(_byte, data)))


def _byte(spelled: Match[bytes]) -> bytes:
    return bytes([int(spelled[1], 16)])


def instantiations(document: Document) -> Iterator[Fact[CodeReference]]:
    """What a document names to be called or built: the first ones each, of the others the different ones.

    What is not known, or more than is stated, is a reference of the kind `UNREAD`.
    """
    if len(document.remarks) >= MOST_REMARKS:
        yield _too_many(document.root, MOST_REMARKS, "irregularities")
    for remark in document.remarks:
        matched = _TAG.fullmatch(remark.tag)
        if matched:
            yield Fact(CodeReference(CodeKind.TAG, matched["name"], f"!!{matched['kind']}"), remark.origin)
    seen: set[tuple[str, str]] = set()
    count = 0
    for node in document.root.walk():
        for key, value in _targets(node):
            reference = _reference(key, value, document.root)
            if reference is None:
                continue
            count += 1
            if count > _MOST_REFERENCES and (key, reference.target) in seen:
                continue
            seen.add((key, reference.target))
            if len(seen) > _MOST_DIFFERENT:
                yield _too_many(value, _MOST_DIFFERENT, "targets")
                return
            yield Fact(reference, value.origin)


def _reference(key: str, value: Node, root: Node) -> CodeReference | None:
    text = (value.text or "").strip()
    if is_interpolated(text):
        told = interpolated(value, root)
        if told is None:
            reason = f"`{key}: {text}` is put together when it is loaded"
            return None if key == _LITERAL_KEY else CodeReference(CodeKind.UNREAD, reason, key)
        text = told.strip()
    return CodeReference(CodeKind.TARGET, text, key) if "." in text else None


def _too_many(node: Node, limit: int, what: str) -> Fact[CodeReference]:
    return Fact(CodeReference(CodeKind.UNREAD, f"it has more than {limit:,} {what}", ""), node.origin)


def _targets(node: Node) -> Iterator[tuple[str, Node]]:
    for key in _KEYS:
        value = node.get(key)
        if value is not None:
            yield key, value
    plain, arguments = node.get(_PLAIN_KEY), node.get(_ITS_ARGUMENTS)
    if plain is not None and arguments is not None and arguments.is_mapping:
        yield _PLAIN_KEY, plain
