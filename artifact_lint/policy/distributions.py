"""What distributions install and need: import names to distributions, and distributions to requirements.

The facts are in `data/import_names.txt` and `data/requires.txt`, made of real wheels by `tools/make_distributions.py`.
Names of distributions are normalized (https://packaging.python.org/en/latest/specifications/name-normalization/).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from sys import stdlib_module_names
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATA = Path(__file__).parent / "data"
_SEPARATORS: Final = r"[-_.]+"

#: Modules of the standard library of some Python 3 that a later one no longer has (PEP 594, PEP 632 and the pages
#: "What's New"): an old pickle names them, and it is the Python version that counts then.
_REMOVED = frozenset(
    {
        *(
            "aifc",
            "asynchat",
            "asyncore",
            "audioop",
            "binhex",
            "cgi",
            "cgitb",
            "chunk",
            "crypt",
            "distutils",
            "formatter",
        ),
        *(
            "imghdr",
            "imp",
            "lib2to3",
            "macpath",
            "mailcap",
            "msilib",
            "nis",
            "nntplib",
            "ossaudiodev",
            "parser",
            "pipes",
        ),
        *("smtpd", "sndhdr", "spwd", "sunau", "symbol", "telnetlib", "uu", "xdrlib"),
    }
)

#: Distributions that were withdrawn in favour of another, with the last version that can be installed; every later
#: one ends with an error (https://github.com/scikit-learn/sklearn-pypi-package).
_RETIRED = {"sklearn": "0.0"}


def normalized(name: str) -> str:
    """A distribution's name in the form that all its spellings have in common."""
    return re.sub(_SEPARATORS, "-", name).lower()


def is_standard(package: str) -> bool:
    """Whether a top-level module is the standard library's, of whatever Python 3."""
    return package in stdlib_module_names or package in _REMOVED or package in {"__builtin__", "__builtins__"}


def distributions_of(module: str) -> frozenset[str]:
    """The distributions that may install a module: those known to, or the one that has its top-level package's name.

    Empty for a part of a namespace that several distributions share, and of which nothing is known.
    """
    listed, namespaces = _import_names()
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        found = listed.get(".".join(parts[:length]))
        if found is not None:
            return found
    return frozenset() if parts[0] in namespaces else frozenset({normalized(parts[0])})


def is_retired(distribution: str, version: str = "") -> bool:
    """Whether a version of a distribution, the newest where none is given, refuses to be installed."""
    return version != _RETIRED.get(distribution, version)


def is_known_package(module: str) -> bool:
    """Whether the distribution that installs a module is one of those that are listed."""
    return not distributions_of(module).isdisjoint(_known())


def is_known(distribution: str) -> bool:
    """Whether it is listed what a distribution (`name` or `name[extra]`) needs, whichever its version."""
    return _listed_as(distribution) in _requires()


def needs(distribution: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What a distribution (`name` or `name[extra]`) needs: each version that is listed, rising, with requirements."""
    return _requires().get(_listed_as(distribution), ())


def _listed_as(distribution: str) -> str:
    """A distribution that needs the same: tensorflow for tensorflow-macos, which installs the same package."""
    name, bracket, extra = distribution.partition("[")
    return f"{_twins().get(name, name)}{bracket}{extra}"


@cache
def _twins() -> Mapping[str, str]:
    """A listed distribution for each one that is not, and installs the same package: the shortest name of several."""
    found: dict[str, str] = {}
    for names in _import_names()[0].values():
        listed = sorted(names & _requires().keys(), key=lambda name: (len(name), name))
        for name in names - _requires().keys() if listed else ():
            found.setdefault(name, listed[0])
    return found


@cache
def _import_names() -> tuple[Mapping[str, frozenset[str]], frozenset[str]]:
    """The distributions by the package that they install, and the namespaces that such packages lie in."""
    listed: dict[str, frozenset[str]] = {}
    namespaces: set[str] = set()
    for line in _lines("import_names.txt"):
        package, *distributions = line.split()
        listed[package] = frozenset(distributions)
        parent = package.rpartition(".")[0]
        while parent:
            namespaces.add(parent)
            parent = parent.rpartition(".")[0]
    return listed, frozenset(namespaces)


@cache
def _requires() -> Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    found: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
    for line in _lines("requires.txt"):
        name, version, *requirements = line.split()
        found[name] = (*found.get(name, ()), (version, tuple(requirements)))
    return found


@cache
def _known() -> frozenset[str]:
    """Every distribution that either list names as one that installs or needs something."""
    installing = (distribution for names in _import_names()[0].values() for distribution in names)
    return frozenset({*installing, *(name.partition("[")[0] for name in _requires())})


def _lines(name: str) -> list[str]:
    text = (_DATA / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
