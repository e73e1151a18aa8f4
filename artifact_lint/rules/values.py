"""Labels and categories as manifests and weights spell them."""

from __future__ import annotations

import math
import re
from typing import Final

#: Longer texts are no number that anybody wrote as a label, in characters.
_LONGEST_NUMBER = 40


def as_label(value: object) -> str:
    """A label however it is typed: `1`, `1.0` and the text `1` are one, and so are `true` and `True`."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value).strip()
    number = _as_number(text)
    if number is not None:
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
    return text.lower() if text in {"True", "False"} else text


def is_number(value: object) -> bool:
    """Whether a label is a number, or a text that spells one."""
    return not isinstance(value, bool) and _as_number(str(value)) is not None


def _as_number(text: str) -> float | None:
    if len(text) > _LONGEST_NUMBER or "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


_RELEASE: Final = r"\s*[vV]?(?:0!)?(\d{1,9}(?:\.\d{1,9}){0,7})"


def release_of(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with, `1.5.2` for `1.5.2.post1+cpu`; empty for what is none (PEP 440)."""
    match = re.match(_RELEASE, version)
    return tuple(int(part) for part in match[1].split(".")) if match else ()
