"""An environment as it was stated: what its requirements name, allow and bring along.

Requirements are PEP 508's, versions and specifiers PEP 440's, both as pip's own library `packaging` reads them. Nothing
is resolved: what a distribution needs comes from `policy.distributions`, for every version that is allowed and listed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from artifact_lint.policy.distributions import is_known, needs, normalized

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.model import Fact

#: How many requirements of an artifact are read: of an environment with more, nothing is said to be missing.
_MOST_REQUIREMENTS = 2000
#: Several rules ask for the environment of one artifact.
_MOST_REMEMBERED = 8
#: What is read of one requirement, in characters; hashes and comments come behind.
_LONGEST = 1000
_OPTIONS: Final = r"(?s)\s+--?[a-z].*$"
_EGG: Final = r"[#&]egg=(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)"
#: PEP 427: `name-version-...-tags.whl`.
_WHEEL: Final = r"(?:^|[/\\])(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-/\\]+)-[^/\\]+\.whl(?:#.*)?$"

#: Packages of conda that are compilers, tools and libraries without a module of Python's.
_WITHOUT_MODULES: Final = (
    r"(?:_?lib|ca-certificates|cuda|cudnn|openssl|mkl|blas|openblas|gcc|gxx|nvidia-|vs20|vc$|_openmp|readline|sqlite|tk$|"
    r"xz$|zlib|bzip2|git$|make$|cmake|nodejs|pip$|python-abi|tzdata|ncurses|ld-impl|intel-openmp|llvm|ffmpeg|graphviz$)"
)


class Wanted(NamedTuple):
    """A requirement by its distribution's normalized name."""

    name: str
    extras: frozenset[str]
    specifier: SpecifierSet
    stated: Fact[str]


class Environment(NamedTuple):
    """What was declared, and what that brings along.

    `names` are the distributions that will be there, `brought` what others ask of each of them. `unknown` are declared
    distributions of which it is not known what they need. `is_local` says that something without a name is installed
    as well: a project's own code, or what lies behind a URL.
    """

    wanted: tuple[Wanted, ...]
    names: frozenset[str]
    brought: tuple[tuple[str, SpecifierSet], ...]
    unknown: frozenset[str]
    is_local: bool

    def of(self, names: Iterable[str]) -> tuple[Wanted, ...]:
        """The requirements that name one of some distributions."""
        among = frozenset(names)
        return tuple(wanted for wanted in self.wanted if wanted.name in among)

    def asked_of(self, name: str) -> SpecifierSet:
        """What others of which one version is pinned ask of a distribution; anything where none of them needs it."""
        asked = SpecifierSet()
        for brought, specifier in self.brought:
            asked = asked & specifier if brought == name else asked
        return asked


def pin_of(specifier: SpecifierSet) -> Version | None:
    """The only version that a specifier allows; None where there are others."""
    for part in specifier:
        if part.operator in {"==", "==="} and not part.version.endswith(".*"):
            return version_of(part.version)
    return None


def version_of(text: str) -> Version | None:
    """A version as PEP 440 orders it, without its local part; None for other text."""
    try:
        return Version(Version(text[:100]).public)
    except InvalidVersion:
        return None


@lru_cache(_MOST_REMEMBERED)
def environment_of(requirements: tuple[Fact[str], ...]) -> Environment:
    """What requirements, as pip writes them, declare and bring along."""
    wanted: list[Wanted] = []
    is_local = len(requirements) > _MOST_REQUIREMENTS
    for stated in requirements[:_MOST_REQUIREMENTS]:
        read = _read(stated)
        if read is not None:
            wanted.append(read)
        elif not stated.value.startswith("--"):
            is_local = True
    names, brought = _closure(wanted)
    unknown = frozenset(item.name for item in wanted if not _is_understood(item))
    return Environment(tuple(wanted), names, tuple(brought), unknown, is_local)


def _is_understood(item: Wanted) -> bool:
    """Whether it is known what a requirement brings along: its extras as well."""
    if not is_known(item.name):
        return re.match(_WITHOUT_MODULES, item.name) is not None
    return all(is_known(f"{item.name}[{extra}]") for extra in item.extras)


def _read(stated: Fact[str]) -> Wanted | None:
    """A requirement; None for a path, a URL or an option, of which no name can be told."""
    text = re.sub(_OPTIONS, "", stated.value[:_LONGEST].strip())
    try:
        found = Requirement(text)
    except InvalidRequirement:
        named = re.search(_EGG, text)
        if named:
            return Wanted(normalized(named["name"]), frozenset(), SpecifierSet(), stated)
        wheel = re.search(_WHEEL, text)
        if wheel is None:
            return None
        version = version_of(wheel["version"])
        specifier = SpecifierSet(f"=={version}" if version is not None else "")
        return Wanted(normalized(wheel["name"]), frozenset(), specifier, stated)
    extras = frozenset(map(normalized, found.extras))
    return Wanted(normalized(found.name), extras, found.specifier, stated)


def _closure(wanted: Iterable[Wanted]) -> tuple[frozenset[str], list[tuple[str, SpecifierSet]]]:
    """Everything that comes along, and what is asked of it by what has one version."""
    brought: list[tuple[str, SpecifierSet]] = []
    waiting = [(item.name, extra, item.specifier) for item in wanted for extra in ("", *item.extras)]
    seen = {(name, extra) for name, extra, _ in waiting}
    while waiting:
        name, extra, specifier = waiting.pop()
        is_pinned = pin_of(specifier) is not None
        for requirement in _needs(f"{name}[{extra}]" if extra else name, specifier):
            needed = normalized(requirement.name)
            if is_pinned:
                brought.append((needed, requirement.specifier))
            for more in ("", *map(normalized, requirement.extras)):
                if (needed, more) not in seen:
                    seen.add((needed, more))
                    waiting.append((needed, more, requirement.specifier))
    return frozenset(name for name, _ in seen), brought


def _needs(distribution: str, specifier: SpecifierSet) -> Iterator[Requirement]:
    """What the versions that are allowed need; those of a range that none is listed of, what any needs."""
    listed = [(Version(version), requirements) for version, requirements in needs(distribution)]
    pin = pin_of(specifier)
    if pin is not None:
        chosen = [item for item in listed if item[0] <= pin][-1:] or listed[:1]
    else:
        chosen = [item for item in listed if specifier.contains(item[0], prereleases=True)] or listed
    for _, requirements in chosen:
        yield from map(Requirement, requirements)
