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

from artifact_lint.policy.distributions import is_known, is_retired, needs, normalized
from artifact_lint.policy.markers import may_hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.model import Fact

#: How many requirements of an artifact are read: of an environment with more, nothing is said to be missing.
_MOST_REQUIREMENTS = 2000
#: How many different markers are tried; a requirement with a further one counts as one that may hold.
_MOST_MARKERS = 100
#: Of how many distributions what they need is kept parsed, in a run.
_MOST_LISTED = 512
#: Several rules ask for the environment of one artifact.
_MOST_REMEMBERED = 8
#: What is read of one requirement, in characters; hashes and comments come behind.
_LONGEST = 1000
_OPTIONS: Final = r"(?s)\s+--?[a-z].*$"
#: The name of a requirement whose version cannot be read, as where it is `${VERSION}`.
_NAME: Final = r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\]\s*)?(?:[<>~!]=|[<>]|=)"
_EGG: Final = r"[#&]egg=(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)"
#: PEP 427: `name-version-...-tags.whl`.
_WHEEL: Final = r"(?:^|[/\\])(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-/\\]+)-[^/\\]+\.whl(?:#.*)?$"

#: Packages of conda that are compilers, tools and libraries without a module of Python's.
_WITHOUT_MODULES: Final = (
    r"(?:_?lib|ca-certificates|cuda|cudnn|openssl|mkl|blas|openblas|gcc|gxx|nvidia-|vs20|vc$|_openmp|readline|sqlite|tk$|"
    r"xz$|zlib|bzip2|git$|make$|cmake|nodejs|pip$|python-abi|tzdata|ncurses|ld-impl|intel-openmp|llvm|ffmpeg|graphviz$)"
)


class Wanted(NamedTuple):
    """A requirement by its distribution's normalized name; `marker` is empty where it holds everywhere."""

    name: str
    extras: frozenset[str]
    specifier: SpecifierSet
    stated: Fact[str]
    marker: str = ""


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

    def of(self, names: Iterable[str]) -> tuple[tuple[Wanted, ...], ...]:
        """The requirements that name one of a library's distributions, alternatives together.

        Alternatives stand in one file, each under a marker of its own, or with different pins as lock files have them.
        """
        among = frozenset(names)
        alternatives: dict[str, list[Wanted]] = {}
        found: list[tuple[Wanted, ...]] = []
        for wanted in self.wanted:
            if wanted.name not in among:
                continue
            if wanted.marker or pin_of(wanted.specifier) is not None:
                alternatives.setdefault(wanted.stated.origin.path, []).append(wanted)
            else:
                found.append((wanted,))
        return (*found, *map(tuple, alternatives.values()))

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
def environment_of(requirements: tuple[Fact[str], ...], pythons: frozenset[str] = frozenset()) -> Environment:
    """What requirements, as pip writes them, declare and bring along under some Python: any where none is stated."""
    wanted: list[Wanted] = []
    markers: set[str] = set()
    is_local = len(requirements) > _MOST_REQUIREMENTS
    for stated in requirements[:_MOST_REQUIREMENTS]:
        read = _read(stated)
        if read is None:
            is_local = is_local or not stated.value.startswith("--")
            continue
        markers.add(read.marker)
        if not read.marker or len(markers) > _MOST_MARKERS or may_hold(read.marker, pythons):
            wanted.append(read)
    names, brought = _closure(wanted)
    unknown = frozenset(item.name for item in wanted if not _is_understood(item))
    return Environment(tuple(wanted), names, tuple(brought), unknown, is_local)


def brought_along(distribution: str) -> frozenset[str]:
    """What comes along with a distribution, whichever its version; nothing for one of which that is not known."""
    return _reached([(normalized(distribution), "", SpecifierSet(), False)])[0] - {normalized(distribution)}


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
        named = re.search(_EGG, text) or re.match(_NAME, text)
        if named:
            return Wanted(normalized(named["name"]), frozenset(), SpecifierSet(), stated)
        wheel = re.search(_WHEEL, text)
        if wheel is None:
            return None
        version = version_of(re.sub("%2B", "+", wheel["version"], flags=re.IGNORECASE))
        specifier = SpecifierSet(f"=={version}" if version is not None else "")
        return Wanted(normalized(wheel["name"]), frozenset(), specifier, stated)
    extras = frozenset(map(normalized, found.extras))
    marker = str(found.marker) if found.marker is not None else ""
    return Wanted(normalized(found.name), extras, _public(found.specifier), stated, marker)


def _public(specifier: SpecifierSet) -> SpecifierSet:
    """A specifier without local versions, which tell of one build from another: `==2.1.0+cu118` is 2.1.0.

    So is `===2.1.0`, which compares texts.
    """
    if not any("+" in part.version or part.operator == "===" for part in specifier):
        return specifier
    return SpecifierSet(",".join(f"{part.operator[:2]}{_without_local(part.version)}" for part in specifier))


def _without_local(text: str) -> str:
    version = version_of(text)
    return str(version) if version is not None else text


def _closure(wanted: Iterable[Wanted]) -> tuple[frozenset[str], list[tuple[str, SpecifierSet]]]:
    """Everything that comes along, and what is asked of it by what is certain to have one version."""
    # The same pin may stand in several files.
    asked = dict.fromkeys((item.name, extra, item.specifier, True) for item in wanted for extra in ("", *item.extras))
    return _reached(asked)


def _reached(
    asked: Iterable[tuple[str, str, SpecifierSet, bool]],
) -> tuple[frozenset[str], list[tuple[str, SpecifierSet]]]:
    """The same of distributions, each with an extra or none, with what is allowed of it and whether it is declared."""
    brought: list[tuple[str, SpecifierSet]] = []
    waiting = list(asked)
    seen = {(name, extra) for name, extra, _, _ in waiting}
    while waiting:
        name, extra, specifier, is_certain = waiting.pop()
        distribution = f"{name}[{extra}]" if extra else name
        for requirement in _needs(distribution, specifier):
            needed = normalized(requirement.name)
            is_asked = is_certain and _is_sure(distribution, specifier, needed, requirement.specifier)
            if is_asked:
                brought.append((needed, requirement.specifier))
            for more in ("", *map(normalized, requirement.extras)):
                if (needed, more) not in seen:
                    seen.add((needed, more))
                    waiting.append((needed, more, requirement.specifier, is_asked))
    return frozenset(name for name, _ in seen), brought


def _is_sure(distribution: str, specifier: SpecifierSet, needed: str, asked: SpecifierSet) -> bool:
    """Whether the version that is pinned asks just that, and not only one that is listed near it.

    It does where a patch of its release is listed, or where the versions before and behind it ask the same.
    """
    pin = pin_of(specifier)
    if pin is None:
        return False
    listed = _listed(distribution)
    if any(_is_same_release(version, pin) for version, _ in listed):
        return True
    behind = next((requirements for version, requirements in listed if version > pin), ())
    return listed[0][0] <= pin and any(normalized(one.name) == needed and one.specifier == asked for one in behind)


@lru_cache(_MOST_LISTED)
def _listed(distribution: str) -> tuple[tuple[Version, tuple[Requirement, ...]], ...]:
    return tuple((Version(version), tuple(map(Requirement, needed))) for version, needed in needs(distribution))


def _is_same_release(one: Version, other: Version) -> bool:
    return (one.major, one.minor) == (other.major, other.minor)


def _needs(distribution: str, specifier: SpecifierSet) -> Iterator[Requirement]:
    """What the versions that are allowed need; those of a range that none is listed of, what any needs.

    For a version that is not listed stands a patch of the same release, else the one before it.
    """
    listed = _listed(distribution)
    pin = pin_of(specifier)
    if is_retired(distribution, str(pin) if pin is not None else ""):
        return
    if pin is not None:
        exact = [item for item in listed if _is_same_release(item[0], pin)]
        chosen = exact[-1:] or [item for item in listed if item[0] <= pin][-1:] or listed[:1]
    else:
        chosen = [item for item in listed if specifier.contains(item[0], prereleases=True)] or listed
    for _, requirements in chosen:
        yield from requirements
