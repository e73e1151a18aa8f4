"""Environment markers of requirements (PEP 508): may a requirement hold where the artifact is deployed?

Of the place of deployment nothing is known but the Python that is stated, so a marker is tried on the usual systems.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, SpecifierSet

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Releases of Python 3 by their minor number: those that anybody may still deploy on, and the next.
_MINORS: Final = range(6, 20)
#: What is read of a stated Python, in characters.
_LONGEST: Final = 100
_VERSION = re.compile(r"(?:={1,3}|~(?!=))?\s*v?3\.(?P<minor>\d{1,2})(?P<patch>\.\d{1,2})?(?:\.\*|\+|[a-z].*)?")
#: Poetry's `^3.9`: any later Python 3.
_CARET = re.compile(r"\^\s*(?P<version>3(?:\.\d{1,2}){0,2})")

#: `sys_platform`, `platform_system`, `os_name` and `platform_machine` of what models are deployed on.
_SYSTEMS: Final = (
    ("linux", "Linux", "posix", "x86_64"),
    ("linux", "Linux", "posix", "aarch64"),
    ("darwin", "Darwin", "posix", "arm64"),
    ("darwin", "Darwin", "posix", "x86_64"),
    ("win32", "Windows", "nt", "AMD64"),
)


def pythons_of(stated: Iterable[str]) -> frozenset[str]:
    """The releases of Python (`3.11`, or `3.11.7` where that is stated) that versions or ranges of it allow.

    Empty where nothing is stated, or nothing that can be read.
    """
    return frozenset(python for text in stated for python in _allowed(text.strip()[:_LONGEST]))


@lru_cache(64)
def _allowed(text: str) -> frozenset[str]:
    exact = _VERSION.fullmatch(text)
    if exact is not None:
        return frozenset({f"3.{exact['minor']}{exact['patch'] or ''}"})
    caret = _CARET.fullmatch(text)
    try:
        asked = SpecifierSet(f">={caret['version']},<4" if caret is not None else text)
    except InvalidSpecifier:
        return frozenset()
    minors = (f"3.{minor}" for minor in _MINORS)
    # Some patches stand for all of a release.
    return frozenset(minor for minor in minors if any(asked.contains(f"{minor}.{patch}") for patch in (0, 7, 99)))


@lru_cache(256)
def may_hold(marker: str, pythons: frozenset[str]) -> bool:
    """Whether a marker is true on some system under some of the Pythons; any may be where none is stated.

    True for one that asks for an extra, or for what is not known here: whoever installs decides that.
    """
    if "extra" in marker:
        return True
    candidates = sorted(pythons) or [f"3.{minor}" for minor in _MINORS]
    of_python = [full for python in candidates for full in _patches(python)] if "python_" in marker else ["3.11.7"]
    systems = _SYSTEMS if "platform" in marker or "os_name" in marker else _SYSTEMS[:1]
    try:
        read = Marker(marker)
        return any(_holds(read, python, system) for python in of_python for system in systems)
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName):
        return True


def _patches(python: str) -> tuple[str, ...]:
    return (python,) if python.count(".") > 1 else (f"{python}.0", f"{python}.99")


def _holds(marker: Marker, python: str, system: tuple[str, str, str, str]) -> bool:
    return marker.evaluate(
        {
            "implementation_version": python,
            "os_name": system[2],
            "platform_machine": system[3],
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": system[1],
            "platform_version": "",
            "python_full_version": python,
            "python_version": python.rpartition(".")[0],
            "sys_platform": system[0],
        }
    )
