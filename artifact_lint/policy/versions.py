"""Version schemes: what counts as a version, and how two of them are ordered."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

#: Semantic Versioning 2.0.0, section 9 to 11, with its own regular expression.
_SEMVER: Final = (
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)
_INTEGER: Final = r"0|[1-9]\d{0,5}"
_V_NUMBER: Final = r"[vV](?:0|[1-9]\d{0,5})(?:\.\d{1,5}){0,2}"
#: calver.org: a year, then one to three numbers, with an optional modifier.
_CALVER: Final = r"(?:20\d\d|[2-9]\d)\.(?:0?[1-9]|[1-4]\d|5[0-3])(?:\.\d{1,6}){0,2}(?:[-.]?[a-zA-Z]+\d*)?"
_SHORT: Final = r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)"

_SCHEMES = {"semver": _SEMVER, "integer": _INTEGER, "vN": _V_NUMBER, "calver": _CALVER}
_DATE: Final = r"[vV]?(?:19|20)\d\d[-_/]?(?:0[1-9]|1[0-2])[-_/]?(?:0[1-9]|[12]\d|3[01])(?:[T_-]?\d{4,6})?"
_WORDS = frozenset({"latest", "final", "new", "newest", "current", "prod", "production", "stable", "dev", "main"})


def scheme_names() -> tuple[str, ...]:
    """The schemes a configuration may ask for."""
    return tuple(_SCHEMES)


def is_version(text: str, scheme: str | None = None) -> bool:
    """Whether a text is a version of a scheme; of any, two numbers included, where none is asked for."""
    if scheme is not None:
        return bool(re.fullmatch(_SCHEMES[scheme], text))
    return any(re.fullmatch(pattern, text) for pattern in (*_SCHEMES.values(), _SHORT))


def why_never(text: str) -> str | None:
    """Why a text is a version in no scheme; None where it may be one."""
    words = {word for word in re.split(r"[^a-z]+", text.lower()) if word}
    if text.lower() in _WORDS or not words.isdisjoint({"latest", "final"}):
        return "names no version: what it points at changes"
    if re.fullmatch(_DATE, text):
        return "is a date in disguise: state it as the run's `created`, and count versions"
    return None


def compare(one: str, other: str) -> int | None:
    """How two versions of one scheme are ordered: negative where the first is lower, 0 where both rank alike.

    Numbers are compared from left to right, missing ones as 0, and a pre-release comes before its release (Semantic
    Versioning 2.0.0, section 11; calver.org orders modifiers likewise). None where either is of no scheme, or where
    only one is a running number: nobody can say which of 14 and 2.0.0 comes first. `v2` and `v1.5` are of one scheme.
    """
    first, second = _ordered(one), _ordered(other)
    if first is None or second is None:
        return None
    if first.counts != second.counts and not (one[0] in "vV" and other[0] in "vV"):
        return None
    longest = max(len(first.numbers), len(second.numbers))
    keys = [(read.numbers + (0,) * (longest - len(read.numbers)), read.stage) for read in (first, second)]
    return (keys[0] > keys[1]) - (keys[0] < keys[1])


class _Ordered(NamedTuple):
    """`counts` marks a running number; `stage` sorts pre-releases by their parts, and a release after all of them."""

    counts: bool
    numbers: tuple[int, ...]
    stage: tuple[tuple[int, int, str], ...]


_RELEASED = ((2, 0, ""),)
_PARTS: Final = r"[vV]?(?P<numbers>\d+(?:\.\d+)*)(?:[-.]?(?P<stage>[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?(?:\+.*)?"


def _ordered(text: str) -> _Ordered | None:
    match = re.fullmatch(_PARTS, text) if is_version(text) and why_never(text) is None else None
    if match is None:
        return None
    numbers = tuple(int(part) for part in match["numbers"].split("."))
    return _Ordered(len(numbers) == 1, numbers, _stage(match["stage"]) if match["stage"] else _RELEASED)


def _stage(written: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers before words, and numerically; words in the order of ASCII; a shorter list first."""
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in written.split("."))


#: What calls itself unfinished: PEP 440's development releases, Maven's snapshots, and what others write for both.
_UNFINISHED: Final = r"(?i)(?:^|[^a-z])(?:dev|snapshot|nightly|wip|draft)(?:$|[^a-z])"


def is_unfinished(text: str) -> bool:
    """Whether a version says itself that what it names still changes: `1.2.0.dev3`, `1.2.0-SNAPSHOT`."""
    return re.search(_UNFINISHED, text) is not None


def same(one: str, other: str) -> bool:
    """Whether two texts are one version, whatever their case and with or without a `v`."""
    return one.strip().lower().removeprefix("v") == other.strip().lower().removeprefix("v")


def are_equal(one: str, other: str) -> bool:
    """Whether two versions are one, or rank alike though they are spelled otherwise: `1.2.0`, `1.2` and `1.2.0+5`."""
    return same(one, other) or compare(one, other) == 0
