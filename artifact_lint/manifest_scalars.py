"""Values written so that every YAML reader, of version 1.1 or 1.2, reads exactly them."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_YAML_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"))
_NUMERAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
#: What YAML allows to stand as it is within double quotes, and what JSON's escapes cannot say in YAML.
_TO_ESCAPE = re.compile(
    '["\\\\]|[^\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]'
)
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}

#: A key must stand on one line and, for YAML readers to find its colon, within 1,024 characters.
_LONGEST_KEY = 500


def text(value: str) -> str:
    """A string, quoted unless it is a word that no reader takes for anything else."""
    if _PLAIN.fullmatch(value) and value.lower() not in _YAML_WORDS:
        return value
    return f'"{_TO_ESCAPE.sub(_escaped, value)}"'


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def scalar(value: object) -> str:
    """Any plain value on one line: lists and mappings in brackets."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(scalar(element) for element in value) + "]"
    if isinstance(value, dict):
        return flow({str(key): inner for key, inner in value.items()})
    return json.dumps(value, default=str)


def flow(entry: Mapping[str, object]) -> str:
    """A mapping in braces, without the keys that no reader would find."""
    return "{" + ", ".join(f"{text(key)}: {scalar(value)}" for key, value in entry.items() if is_key(key)) + "}"


def is_key(key: str) -> bool:
    """Whether a text can be a key."""
    return len(text(key)) <= _LONGEST_KEY


def number_or_text(value: object) -> str:
    """A value of a store that keeps numbers as texts: as the number that it is."""
    return value if isinstance(value, str) and _NUMERAL.fullmatch(value) else scalar(value)


def _number(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    written = repr(value)
    if "e" in written and "." not in written:
        written = written.replace("e", ".0e")
    return re.sub(r"e(?=\d)", "e+", written)
