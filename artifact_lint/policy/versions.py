"""Version schemes: what counts as a version, and how two of them are ordered."""

from __future__ import annotations

import re

#: Semantic Versioning 2.0.0, section 9 to 11, with its own regular expression.
_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)
_INTEGER = re.compile(r"0|[1-9]\d{0,5}")
_V_NUMBER = re.compile(r"[vV](?:0|[1-9]\d{0,5})(?:\.\d{1,5}){0,2}")
#: calver.org: a year, then one to three numbers, with an optional modifier.
_CALVER = re.compile(r"(?:20\d\d|[2-9]\d)\.(?:0?[1-9]|[1-4]\d|5[0-3])(?:\.\d{1,6}){0,2}(?:[-.]?[a-zA-Z]+\d*)?")
_SHORT = re.compile(r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)")

_SCHEMES = {"semver": _SEMVER, "integer": _INTEGER, "vN": _V_NUMBER, "calver": _CALVER}
_DATE = re.compile(r"[vV]?(?:19|20)\d\d[-_/]?(?:0[1-9]|1[0-2])[-_/]?(?:0[1-9]|[12]\d|3[01])(?:[T_-]?\d{4,6})?")
_WORDS = frozenset({"latest", "final", "new", "newest", "current", "prod", "production", "stable", "dev", "main"})


def scheme_names() -> tuple[str, ...]:
    """The schemes a configuration may ask for."""
    return tuple(_SCHEMES)


def is_version(text: str, scheme: str | None = None) -> bool:
    """Whether a text is a version of a scheme; of any, two numbers included, where none is asked for."""
    if scheme is not None:
        return bool(_SCHEMES[scheme].fullmatch(text))
    return any(pattern.fullmatch(text) for pattern in (*_SCHEMES.values(), _SHORT))


def why_never(text: str) -> str | None:
    """Why a text is a version in no scheme; None where it may be one."""
    words = {word for word in re.split(r"[^a-z]+", text.lower()) if word}
    if text.lower() in _WORDS or not words.isdisjoint({"latest", "final"}):
        return "names no version: what it points at changes"
    if _DATE.fullmatch(text):
        return "is a date in disguise: state it as the run's `created`, and count versions"
    return None


def order(text: str) -> tuple[int, ...] | None:
    """The numbers of a release to compare by; None for pre-releases and for what has no order."""
    match = re.fullmatch(r"[vV]?(\d+(?:\.\d+)*)(?:\+.*)?", text)
    return tuple(int(part) for part in match[1].split(".")) if match else None
