"""Configurations that name what is to be called: Hydra's `_target_` and its kin, and YAML's tags for Python objects.

Sources: hydra.utils.instantiate (Hydra 1.3), jsonargparse's and Lightning's `class_path`, torchtune's `_component_`,
latent diffusion's `target` beside `params`, and the `python/` tags of PyYAML 6's unsafe loader.
"""

from __future__ import annotations

from re import compile as regex
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import as_text
from artifact_lint.document.node import MOST_REMARKS
from artifact_lint.model import CodeKind, CodeReference, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.document import Document, Node

#: Keys whose value is the dotted path of what is called with the other keys of their mapping.
_KEYS = ("_target_", "_component_", "class_path")
#: A common word, which means this only beside the arguments of the call.
_PLAIN_KEY, _ITS_ARGUMENTS = "target", "params"

_TAG = regex(r"!!(?P<kind>python/(?:object/apply|object/new|object|name|module)):(?P<name>.+)")
_MOST_REFERENCES = 1000

#: What a document has to hold to be worth parsing. A writer who means no harm escapes no letter.
_KEY_BYTES = rb"_target_|_component_|class_path|\btarget[\"']?\s*:\s*[\"']?\w+\.\w|python/"
_ESCAPED = rb"(?:\\(?:u00|x|U000000)|%)(?:5[fF]|6[1-9a-fA-F]|7[0-9aA])|\\[\r\n]"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_JSON_SIGNS = regex(_KEY_BYTES + rb"|" + _ESCAPED)
_YAML_SIGNS = regex(_KEY_BYTES + rb"|%TAG|" + _ESCAPED)
#: What makes a document that cannot be read one of these for certain.
_CERTAIN = regex(rb"_target_|!!python/|tag:yaml\.org,2002:python/")


def may_instantiate(data: bytes, *, is_json: bool) -> bool:
    """Whether a document can hold one of the keys or tags, however it is escaped."""
    return data.startswith(_WIDE) or bool((_JSON_SIGNS if is_json else _YAML_SIGNS).search(data))


def surely_instantiates(data: bytes) -> bool:
    """Whether a text holds one of the keys or tags that mean nothing else."""
    return bool(_CERTAIN.search(data))


def instantiations(document: Document) -> Iterator[Fact[CodeReference]]:
    """What a document names to be called or built: the first thousand, and then that there is more."""
    if len(document.remarks) >= MOST_REMARKS:
        yield _too_many(document.root, MOST_REMARKS, "irregularities")
    for remark in document.remarks:
        matched = _TAG.fullmatch(remark.tag)
        if matched:
            yield Fact(CodeReference(CodeKind.TAG, matched["name"], f"!!{matched['kind']}"), remark.origin)
    count = 0
    for node in document.root.walk():
        for key, value in _targets(node):
            text = as_text(value)
            if text is None or "." not in text:
                continue
            count += 1
            if count > _MOST_REFERENCES:
                yield _too_many(value, _MOST_REFERENCES, "targets")
                return
            yield Fact(CodeReference(CodeKind.TARGET, text, key), value.origin)


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
