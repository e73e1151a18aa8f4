"""Verdicts on what a pickle imports: exact names on reviewed lists, never a module's prefix.

An allow-list that trusts modules is none: `sklearn.utils:os.system` and `joblib.numpy_pickle:Unpickler` start with
trusted modules. So a pair of module and name is allowed only where it stands on a list in `data/allow`, and only for
the uses that its kind covers. The deny-list may speak of whole modules; a name of such a module that is allowed on a
line of its own stays allowed.
"""

from __future__ import annotations

import re
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from enum import StrEnum
from functools import cache, lru_cache
from itertools import accumulate
from pathlib import Path
from sys import stdlib_module_names
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.model import Use

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

DATA = Path(__file__).parent / "data"

#: The list for the standard library, whose modules have no common root.
STANDARD_LIBRARY = "python"

#: What is said of a name of which nothing is known.
UNLISTED = "is on no allow-list"

#: The namespace of TorchScript's own classes, which torch looks up in the archive's code and Python cannot import.
TORCHSCRIPT = "__torch__"

#: Where the lists are named that every framework may use.
_EVERY_FRAMEWORK = "*"

#: How the name of a method that is bound to an instance differs from the class's own: `Class().method`.
INSTANCE = "()"


class VerdictKind(StrEnum):
    """What is known about an import: vouched for, known to do harm, or nothing.

    Of a dotted name nothing is known either, and it reaches further than its module.
    """

    ALLOWED = "allowed"
    DANGEROUS = "dangerous"
    UNLISTED = "unlisted"
    DOTTED = "dotted"


class Kind(StrEnum):
    """What stands behind an allowed name, which decides the uses that are allowed.

    A class may be named, instantiated without its constructor (NEWOBJ) and given state; a constructor may be called as
    well (REDUCE); a function may be called, and what it makes be given a state; a lookup may be called, and what it
    finds stays as it is, for others use it too; a name may only be referred to, as FunctionTransformer does with a
    ufunc.
    """

    CLASS = "class"
    CONSTRUCTOR = "constructor"
    FUNCTION = "function"
    LOOKUP = "lookup"
    NAME = "name"

    @property
    def uses(self) -> frozenset[Use]:
        """The uses that an entry of this kind allows."""
        match self:
            case Kind.CLASS:
                return frozenset({Use.NAMED, Use.INSTANTIATED, Use.BUILT})
            case Kind.CONSTRUCTOR:
                return frozenset(Use)
            case Kind.FUNCTION:
                return frozenset({Use.NAMED, Use.CALLED, Use.BUILT})
            case Kind.LOOKUP:
                return frozenset({Use.NAMED, Use.CALLED})
            case Kind.NAME:
                return frozenset({Use.NAMED})


class Verdict(NamedTuple):
    """A verdict and, in words that continue "`module:name` ...", why; the reason is empty for what is allowed."""

    kind: VerdictKind
    reason: str = ""


class Surroundings(NamedTuple):
    """Where a pickle stands, which may narrow the lists.

    `framework` is what somebody declared, in any usual spelling, None where nobody did. `torchscript` says that the
    pickle's loader is TorchScript's, which has a namespace of its own.
    """

    framework: str | None = None
    torchscript: bool = False


#: Nothing narrows the lists.
ANYWHERE = Surroundings()
#: A registry's models share most of their imports.
_MOST_REMEMBERED = 1 << 12


@lru_cache(_MOST_REMEMBERED)
def verdict(
    module: str,
    name: str,
    uses: frozenset[Use] = frozenset({Use.NAMED}),
    surroundings: Surroundings = ANYWHERE,
) -> Verdict:
    """What is known about an import that a pickle makes, with the uses that it makes of it.

    `module` and `name` are as the stream spells them. The stream's protocol decides whether the unpickler renames
    Python 2 names; the verdict holds for both readings, so a pair is dangerous if either reading of it is.
    """
    if module.partition(".")[0] == TORCHSCRIPT and "." not in name:
        if surroundings.torchscript:
            return Verdict(VerdictKind.ALLOWED)
        return Verdict(VerdictKind.UNLISTED, "is a class of TorchScript, which only a TorchScript archive can hold")
    renamed = python3_name(module, name)
    if renamed != (module, name):
        harm = _harm(module, name)
        if harm:
            return Verdict(VerdictKind.DANGEROUS, harm)
    kind = _allowed(renamed[0]).get(":".join(renamed))
    excess = sorted(uses - kind.uses) if kind else []
    if kind and not excess:
        return _narrowed(renamed[0], surroundings.framework)
    explained = _load_reasons("explained.txt").get(":".join(renamed))
    if explained and Use.CALLED not in uses:
        return Verdict(VerdictKind.UNLISTED, explained)
    harm = _harm(*renamed)
    if harm:
        return Verdict(VerdictKind.DANGEROUS, harm)
    if kind:
        reason = _reason("explained.txt", *renamed) or f"{_ALLOWED_AS[kind]}, and not {_asked(excess)}"
        return Verdict(VerdictKind.UNLISTED, reason)
    return _unlisted(*renamed)


#: What the allow-list lets a pickle do with a name of each kind, and what is more than that.
_ALLOWED_AS = {
    Kind.CLASS: "is allowed as the class of an object",
    Kind.FUNCTION: "is allowed to be called",
    Kind.LOOKUP: "is allowed to be called",
    Kind.NAME: "is allowed to be referred to",
}
_MORE = {
    Use.CALLED: "to be called",
    Use.INSTANTIATED: "to be instantiated",
    Use.BUILT: "to change what is there",
}


def _asked(uses: Iterable[Use]) -> str:
    return " or ".join(_MORE[use] for use in uses)


def _narrowed(module: str, framework: str | None) -> Verdict:
    """The verdict on a listed name where a framework is declared: lists of other frameworks do not count."""
    used = _used_with(framework) if framework else frozenset()
    library = _list_of(module)
    if not used or library in used:
        return Verdict(VerdictKind.ALLOWED)
    return Verdict(VerdictKind.UNLISTED, f"is listed for {library}, and the manifest says that this is {framework}")


@cache
def _used_with(framework: str) -> frozenset[str]:
    """The lists that count for a declared framework; none where the framework is not known."""
    libraries = {name: frozenset(rest.split()) for name, rest in _lines(DATA / "frameworks.txt")}
    own = libraries.get(re.sub(r"[\s_]+", "-", framework.strip().casefold()))
    return own | libraries[_EVERY_FRAMEWORK] if own else frozenset()


def python3_name(module: str, name: str) -> tuple[str, str]:
    """The Python 3 name of a Python 2 one, as `pickle.Unpickler` with `fix_imports` maps it below protocol 3."""
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


def allowed_names(library: str) -> Mapping[str, Kind]:
    """The shipped list for a top-level package (or `python`): `module:name` to its kind; empty where there is none."""
    return _load_allowed(library) if library in _libraries() else {}


def is_listed_class(dotted: str) -> bool:
    """Whether the lists have a class, `module:name`, of which a pickle may hold instances."""
    module, _, name = dotted.partition(":")
    return verdict(module, name, frozenset({Use.INSTANTIATED})).kind is VerdictKind.ALLOWED


def _allowed(module: str) -> Mapping[str, Kind]:
    return _load_allowed(_list_of(module))


def _list_of(module: str) -> str:
    root = module.partition(".")[0].lstrip("_")
    return root if root in _libraries() else STANDARD_LIBRARY


@cache
def _listed_modules(library: str) -> frozenset[str]:
    """The modules that a list has names of, and the packages above them."""
    modules = {entry.partition(":")[0] for entry in _load_allowed(library)}
    return frozenset(prefix for module in modules for prefix in accumulate(module.split("."), "{}.{}".format))


@cache
def _libraries() -> frozenset[str]:
    return frozenset(path.stem for path in (DATA / "allow").iterdir() if path.suffix == ".txt")


@cache
def _load_allowed(library: str) -> Mapping[str, Kind]:
    return {entry: Kind(kind) for entry, kind in _lines(DATA / "allow" / f"{library}.txt")}


@cache
def _load_reasons(file: str) -> Mapping[str, str]:
    return dict(_lines(DATA / file))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            entry, _, rest = line.partition(" ")
            yield entry, rest.strip()


def _harm(module: str, name: str) -> str:
    """Why a pair is dangerous, empty where it is not known to be.

    A dotted name reaches through its module, to other modules that this one imported and on to their names, so every
    pair on the way is looked up: `sklearn.utils:os.system` is `os:system`, and `numpy:lib.npyio.load` is
    `numpy.lib.npyio:load`.
    """
    listed = _denied(module, name)
    if listed or "." not in name:
        return listed
    name = name.replace(INSTANCE, "")
    listed = _denied(module, name)
    if listed:
        return listed
    parts = [part if _is_special(part) else part.lstrip("_") for part in name.split(".")]
    for position in range(1, len(parts)):
        path = ".".join(parts[:position])
        for reached in (path, parts[position - 1], f"{module}.{path}"):
            harm = _denied(reached, parts[position])
            if harm:
                return f"reaches through its module: {harm}"
    if any(_is_special(part) for part in parts):
        return "walks double-underscore attributes, which lead from any object to every function"
    if _is_module(module, name.partition(".")[0]):
        return "reaches through a module, as no library writes it"
    return ""


def _denied(module: str, name: str) -> str:
    """The deny-list's reason, which holds for the compiled twin of a module of the standard library as well."""
    listed = _reason("deny.txt", module, name)
    twin = module.removeprefix("_")
    return listed if listed or twin == module or module not in stdlib_module_names else _reason("deny.txt", twin, name)


def _is_module(module: str, name: str) -> bool:
    """Whether a name is a module's that the lists know, or one of the standard library's, rather than a class's."""
    if f"{module}:{name}" in _allowed(module):
        return False
    return name in stdlib_module_names or f"{module}.{name}" in _listed_modules(_list_of(module))


def _is_special(attribute: str) -> bool:
    return attribute.startswith("__") and attribute.endswith("__")


def _unlisted(module: str, name: str) -> Verdict:
    listed = _reason("explained.txt", module, name)
    if listed:
        return Verdict(VerdictKind.UNLISTED, listed)
    if INSTANCE in name:
        return Verdict(VerdictKind.UNLISTED, "is a method bound to an object, which can be called with anything")
    if "." in name:
        reason = "is reached through a module or a class, and is on no allow-list"
        return Verdict(VerdictKind.DOTTED, reason)
    if module == "__main__":
        reason = "was defined in the script that wrote the pickle, and is nowhere else"
        return Verdict(VerdictKind.UNLISTED, reason)
    return Verdict(VerdictKind.UNLISTED, UNLISTED)


def _reason(file: str, module: str, name: str) -> str:
    reasons = _load_reasons(file)
    exact = reasons.get(f"{module}:{name}") or reasons.get(f"{module}:*")
    if exact:
        return exact
    ancestor = module
    while ancestor:
        listed = reasons.get(f"{ancestor}.*:*")
        if listed:
            return listed
        ancestor = ancestor.rpartition(".")[0]
    return ""
