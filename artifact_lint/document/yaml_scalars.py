"""The core types of YAML 1.1, as PyYAML's safe loader resolves them, and its tags.

Source: https://yaml.org/type/ and PyYAML's `resolver` and `constructor`, whose tables do the work here, so that a
value is what the user's own loader makes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

if TYPE_CHECKING:
    import re

_CORE = "tag:yaml.org,2002:"
_PYTHON = f"{_CORE}python/"
#: Longer numbers stay text: Python refuses to print an int of more than 4,300 digits.
_MAX_NUMBER = 1000
_KNOWN = frozenset(
    _CORE + name
    for name in ("binary", "bool", "float", "int", "map", "null", "omap", "pairs", "seq", "set", "str", "timestamp")
)
#: PyYAML's own spellings of plain Python values: no loader runs anything for them.
_HARMLESS = frozenset(
    _PYTHON + name
    for name in ("bool", "bytes", "complex", "dict", "float", "int", "list", "long", "none", "str", "tuple", "unicode")
)
_REACHING = ("object/apply:", "object/new:", "object:", "name:", "module:")

_constructor = SafeConstructor()


def resolve(text: str, tag: str | None, *, plain: bool) -> object:
    """The value of a scalar: None, a bool, an int, a float, or else its text (dates and bytes included)."""
    if tag is None or tag == "!":
        tag = _implicit_tag(text) if plain else None
    kind = (tag or "").removeprefix(_CORE)
    if kind == "null":
        return None
    if kind == "bool":
        return SafeConstructor.bool_values.get(text.lower(), text)
    if kind in ("int", "float") and text and len(text) <= _MAX_NUMBER:
        construct = _constructor.construct_yaml_int if kind == "int" else _constructor.construct_yaml_float
        try:
            number: object = construct(yaml.ScalarNode(str(tag), text))
        except (ValueError, OverflowError, IndexError):
            return text
        return number
    return text


def _implicit_tag(text: str) -> str | None:
    candidates: list[tuple[str, re.Pattern[str]]] = Resolver.yaml_implicit_resolvers.get(text[:1], [])
    return next((tag for tag, pattern in candidates if pattern.match(text)), None)


def is_known_tag(tag: str) -> bool:
    """Whether a tag stands for plain data."""
    return tag == "!" or tag in _KNOWN or tag in _HARMLESS


def short_tag(tag: str) -> str:
    """A tag as people write it."""
    return f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag


def code_of_tag(tag: str) -> str | None:
    """The Python name that a tag makes an unsafe loader import or call; None where it names none."""
    if not tag.startswith(_PYTHON):
        return None
    kind = tag.removeprefix(_PYTHON)
    return next((kind.removeprefix(prefix) for prefix in _REACHING if kind.startswith(prefix)), None)
