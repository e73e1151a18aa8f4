"""Write the allow-lists of `artifact_lint/policy/data/allow` from libraries, installed here or as wheels.

    python tools/make_allow_lists.py [LIBRARY | FILE.whl]...
    python tools/make_allow_lists.py --review FILE.whl...

Run it once in each environment whose versions the lists are to cover, with this package importable: what a list
holds already stays, what this environment's version adds is merged in, and the list's header names every version that
went in. A wheel (`pip download --no-deps --only-binary=:all: --python-version 3.8 scikit-learn==1.0.2`) is read without
running it. Reviewing the difference is the point: nothing gets on a list but through a commit. `--review` shows the
methods of the listed classes that unpickling would run.

What is listed: the classes of a library that hold a fitted model, its compiled helpers with the functions that pickle
names to rebuild them, and functions that estimators take as parameters, which may only be named. `tools/known_names.py`
adds what no walk finds.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from fitted_estimators import imports_of_fitted_estimators, imports_of_fitted_statsmodels
from known_names import KNOWN, SKLEARN_MODULES_BEFORE_0_22
from library_parts import (
    CATEGORY_ENCODERS_SKIP,
    IMBLEARN_SKIP,
    PANDAS_LIBS_SKIP,
    PANDAS_SKIP,
    PANDAS_VALUES,
    REBUILT,
    SCIPY_SKIP,
    SCIPY_SPARSE_SKIP,
    SCIPY_SPATIAL_SKIP,
    SKLEARN_SKIP,
    TORCH_DISTRIBUTIONS_SKIP,
    TORCH_OPTIM_SKIP,
    TORCH_REBUILDERS,
    UNWANTED,
)
from wheel_names import names, open_wheel, run_on_load

from artifact_lint.policy.imports import UNLISTED, Kind, VerdictKind, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from artifact_lint.model import Use

LISTS = Path(__file__).parent.parent / "artifact_lint" / "policy" / "data" / "allow"
VERSIONS = "# Versions: "
HEADER = """\
# Names of {title} that its own pickles refer to. Written by tools/make_allow_lists.py; review every line that is added.
{versions}
#
# One a line, sorted: `module:name kind`, the kinds being those of `artifact_lint.policy.imports.Kind`.
"""
DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "imblearn": "imbalanced-learn",
    "category_encoders": "category-encoders",
    "feature_engine": "feature-engine",
    "dateutil": "python-dateutil",
}

Entries = dict[str, str]


def modules(package: str, skip: str) -> Iterator[ModuleType]:
    """Every module of a package that imports here and whose name the expression `skip` is not found in."""
    root = importlib.import_module(package)
    if not re.search(skip, package):
        yield root
    for found in pkgutil.walk_packages(root.__path__, f"{package}.", onerror=lambda _: None):
        if re.search(skip, found.name):
            continue
        try:
            yield importlib.import_module(found.name)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - optional parts of a library fail in any way they like
            print(f"  left out {found.name}: {type(error).__name__}", file=sys.stderr)


def own(module: ModuleType) -> Iterator[tuple[str, object]]:
    """The names that a module defines itself, as pickle would write them."""
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) == module.__name__ and getattr(value, "__qualname__", name) == name:
            yield name, value


def own_name(module: ModuleType) -> str:
    """The name under which the classes of a compiled module go, which is the last part where it was built alone."""
    last = module.__name__.rpartition(".")[2]
    alone = any(isinstance(value, type) and value.__module__ == last for value in vars(module).values())
    return last if alone and last.startswith("_") else module.__name__


def built_alone(package: str, skip: str) -> Entries:
    """The classes and rebuilders of compiled modules that know their last name only, as `sklearn._loss._loss` does."""
    entries: Entries = {}
    for module in modules(package, skip):
        last = own_name(module)
        if not compiled(module) or last == module.__name__:
            continue
        for name, value in vars(module).items():
            if is_class(value) and value.__module__ == last:
                entries[f"{last}:{name}"] = "constructor"
            elif name.startswith("__pyx_unpickle_") and value.__module__ == last:
                entries[f"{last}:{name}"] = "function"
    return entries


def published(module: ModuleType) -> Iterator[tuple[str, type]]:
    """The classes of a module that its package claims under a public name, `pandas:Index` for one."""
    package = module.__name__.partition(".")[0]
    for value in vars(module).values():
        if is_class(value) and value.__module__ in {package, f"{package}.arrays", f"{package}.api.typing"}:
            yield f"{value.__module__}:{value.__qualname__}", value


def compiled(module: ModuleType) -> bool:
    return str(getattr(module, "__file__", "")).endswith((".so", ".pyd"))


def is_class(value: object) -> TypeGuard[type]:
    return isinstance(value, type) and not issubclass(value, BaseException)


def classes(package: str, skip: str, kind: str = "class") -> Entries:
    """Every class of a package; the compiled ones may be called, as their `__reduce__` asks for it."""
    return {
        f"{module.__name__}:{name}": "constructor" if compiled(module) else kind
        for module in modules(package, skip)
        for name, value in own(module)
        if is_class(value) and not name.startswith("Pytest")
    } | rebuilders(package, skip)


def rebuilders(package: str, skip: str) -> Entries:
    """The functions that Cython and NumPy style `__reduce__` methods name."""
    return {
        f"{module.__name__}:{name}": "function"
        for module in modules(package, skip)
        if compiled(module)
        for name in vars(module)
        if name.startswith("__pyx_unpickle_") or name == "newObj"
    }


def functions(package: str, skip: str, *, public: bool = True) -> Entries:
    """Functions that estimators take as parameters: named, never called."""
    return {
        f"{module.__name__}:{name}": "name"
        for module in modules(package, skip)
        for name, value in own(module)
        if inspect.isroutine(value) and not (public and name.startswith("_"))
    }


def sklearn() -> Entries:
    skip = SKLEARN_SKIP
    entries = classes("sklearn", skip)
    for package in ("sklearn.metrics", "sklearn.feature_selection", "sklearn.preprocessing"):
        entries |= functions(package, skip)
    entries |= functions("sklearn.feature_extraction", skip + "|image$")
    entries["sklearn.metrics._scorer:_passthrough_scorer"] = "name"
    entries |= built_alone("sklearn", skip + r"|\._cyutility$")
    return entries | _before_0_22(entries) | met("sklearn", imports_of_fitted_estimators(), entries)


def met(package: str, imports: Mapping[tuple[str, str], frozenset[Use]], walked: Entries) -> Entries:
    """What pickles import of a package beyond what a walk found; what else is on no list is told, to be looked at."""
    entries: Entries = {}
    for (module, name), uses in imports.items():
        entry = f"{module}:{name}"
        judged = verdict(module, name, uses)
        if entry in walked or judged.kind is VerdictKind.ALLOWED:
            continue
        if module.partition(".")[0] != package or judged.reason != UNLISTED:
            print(f"  met in a pickle, on no list: {entry} {', '.join(sorted(uses))}", file=sys.stderr)
            continue
        kind = next(kind for kind in (Kind.NAME, Kind.CLASS, Kind.FUNCTION, Kind.CONSTRUCTOR) if uses <= kind.uses)
        print(f"  met in a pickle, added: {entry} {kind}", file=sys.stderr)
        entries[entry] = kind
    return entries


def _before_0_22(entries: Entries) -> Entries:
    renamed = {f"sklearn.{new}": f"sklearn.{old}" for old, new in SKLEARN_MODULES_BEFORE_0_22.items()}
    return {
        f"{renamed[module]}:{name}": kind
        for module, name, kind in ((*entry.split(":"), kind) for entry, kind in entries.items())
        if module in renamed
    }


def statsmodels() -> Entries:
    return met("statsmodels", imports_of_fitted_statsmodels(), {})


def imblearn() -> Entries:
    return classes("imblearn", IMBLEARN_SKIP)


def category_encoders() -> Entries:
    return classes("category_encoders", CATEGORY_ENCODERS_SKIP)


def numpy() -> Entries:
    np = importlib.import_module("numpy")
    entries: Entries = {}
    for name, value in vars(np).items():
        if isinstance(value, np.ufunc):
            for module in ("numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath"):
                entries[f"{module}:{value.__name__}"] = "name"
        elif isinstance(value, type) and issubclass(value, np.generic):
            entries |= {f"numpy:{name}": "constructor", f"numpy:{value.__name__}": "constructor"}
    entries |= {f"numpy.dtypes:{name}": "constructor" for name in vars(np.dtypes) if name.endswith("DType")}
    for part in ("bit_generator", "_mt19937", "_pcg64", "_philox", "_sfc64", "_generator", "mtrand"):
        entries |= _random(importlib.import_module(f"numpy.random.{part}"))
    entries |= classes("numpy.polynomial", r"\.(tests|setup)\b")
    return entries


def _random(module: ModuleType) -> Entries:
    found: Entries = {}
    for name, value in vars(module).items():
        if isinstance(value, type) and value.__module__.startswith("numpy.random"):
            found[f"{module.__name__}:{name}"] = "constructor"
        elif name.startswith("__pyx_unpickle_"):
            found[f"{module.__name__}:{name}"] = "function"
    return found


def scipy() -> Entries:
    special = importlib.import_module("scipy.special")
    ufunc = importlib.import_module("numpy").ufunc
    entries = classes("scipy.sparse", SCIPY_SPARSE_SKIP)
    entries |= {
        entry.replace("._", ".", 1): kind for entry, kind in entries.items() if re.match(r"scipy\.sparse\._", entry)
    }
    entries |= classes("scipy.interpolate", SCIPY_SKIP)
    entries |= classes("scipy.spatial", SCIPY_SPATIAL_SKIP)
    entries |= {
        f"{module}:{name}": "name"
        for name, value in vars(special).items()
        if isinstance(value, ufunc)
        for module in ("scipy.special", "scipy.special._ufuncs", "scipy.special._special_ufuncs")
    }
    return entries


def pandas() -> Entries:
    skip = PANDAS_SKIP
    entries: Entries = {}
    for package in ("indexes", "arrays", "internals", "dtypes"):
        entries |= classes(f"pandas.core.{package}", skip)
        for module in modules(f"pandas.core.{package}", skip):
            entries |= {entry: "constructor" for entry, _ in published(module)}
    entries |= classes("pandas._libs", PANDAS_LIBS_SKIP)
    for entry in entries:
        if re.match(PANDAS_VALUES, entry):
            entries[entry] = "constructor"
    for entry in ("pandas.core.frame:DataFrame", "pandas.core.series:Series", "pandas.core.flags:Flags"):
        entries[entry] = "class"
    entries |= {"pandas:DataFrame": "class", "pandas:Series": "class"}
    return entries


def torch() -> Entries:
    torch = importlib.import_module("torch")
    nn = classes("torch.nn.modules", r"\.tests\b") | classes("torch.nn.quantizable", r"\.tests\b")
    optimizers = classes("torch.optim", TORCH_OPTIM_SKIP)
    distributions = classes("torch.distributions", TORCH_DISTRIBUTIONS_SKIP)
    values = {
        f"torch:{name}": "name"
        for name, value in vars(torch).items()
        if isinstance(value, (torch.dtype, torch.layout, torch.memory_format, torch.qscheme))
    }
    storages = {f"torch:{name}": "class" for name in vars(torch) if name.endswith("Storage")}
    rebuild = importlib.import_module("torch._utils")
    rebuilders = {
        f"torch._utils:{name}": "function"
        for name, value in own(rebuild)
        if re.fullmatch(TORCH_REBUILDERS, name) and inspect.isfunction(value)
    }
    functional = importlib.import_module("torch.nn.functional")
    activations = {
        f"torch.nn.functional:{name}": "name"
        for name, value in vars(functional).items()
        if inspect.isroutine(value) and not name.startswith("_") and name in dir(functional) and name.islower()
    }
    return nn | optimizers | distributions | values | storages | rebuilders | activations


def xgboost() -> Entries:
    entries: Entries = {}
    for module in ("sklearn", "callback"):
        found = importlib.import_module(f"xgboost.{module}")
        entries |= {f"xgboost.{module}:{name}": "class" for name, value in own(found) if is_class(value)}
    return entries


def lightgbm() -> Entries:
    entries: Entries = {}
    for module in ("sklearn", "callback"):
        found = importlib.import_module(f"lightgbm.{module}")
        entries |= {f"lightgbm.{module}:{name}": "class" for name, value in own(found) if is_class(value)}
    return entries


def catboost() -> Entries:
    found = importlib.import_module("catboost.core")
    return {
        f"catboost.core:{name}": "class"
        for name, value in own(found)
        if is_class(value) and name.startswith("CatBoost")
    }


def transformers() -> Entries:
    entries: Entries = {}
    for name in ("training_args", "trainer_utils", "trainer_pt_utils", "training_args_seq2seq"):
        found = importlib.import_module(f"transformers.{name}")
        for defined, value in own(found):
            if is_class(value):
                entries[f"{found.__name__}:{defined}"] = _enumeration_or("class", value)
    return entries


def accelerate() -> Entries:
    found = importlib.import_module("accelerate.utils.dataclasses")
    return {
        f"{found.__name__}:{name}": _enumeration_or("class", value) for name, value in own(found) if is_class(value)
    }


def _enumeration_or(kind: str, value: object) -> str:
    return "constructor" if hasattr(value, "__members__") else kind


COLLECTORS: dict[str, Callable[[], Entries]] = {
    "accelerate": accelerate,
    "catboost": catboost,
    "category_encoders": category_encoders,
    "imblearn": imblearn,
    "lightgbm": lightgbm,
    "numpy": numpy,
    "pandas": pandas,
    "scipy": scipy,
    "sklearn": sklearn,
    "statsmodels": statsmodels,
    "torch": torch,
    "transformers": transformers,
    "xgboost": xgboost,
}


def read(path: Path) -> tuple[set[str], Entries]:
    """The versions and the entries that a list holds."""
    if not path.exists():
        return set(), {}
    lines = path.read_text(encoding="utf-8").splitlines()
    versions = next((line.removeprefix(VERSIONS) for line in lines if line.startswith(VERSIONS)), "")
    entries = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return set(filter(None, versions.rstrip(".").split(", "))), {entry: kind for entry, _, kind in entries}


def write(path: Path, title: str, versions: set[str], entries: Entries) -> None:
    ordered = sorted(versions, key=lambda text: [int(part) for part in re.findall(r"\d+", text)])
    stated = VERSIONS + ", ".join(ordered) if ordered else "# Written from tools/known_names.py alone."
    body = "".join(f"{entry} {kind}\n" for entry, kind in sorted(entries.items()))
    path.write_text(HEADER.format(title=title, versions=stated) + body, encoding="utf-8")


def update(library: str) -> None:
    title = DISTRIBUTIONS.get(library, library)
    versions: set[str] = set()
    _, entries = read(LISTS / f"{library}.txt")
    collect = COLLECTORS.get(library)
    try:
        found = version(title)
    except PackageNotFoundError:
        found = None
    if collect and found:
        entries |= collect()
        versions = {found.split("+")[0]}
    entries |= KNOWN.get(library, {})
    _merge_by_root(title, versions, entries)


def update_from_wheel(path: Path) -> None:
    wheel = open_wheel(path)
    _, entries = read(LISTS / f"{wheel.library}.txt")
    earlier = {entry for entry in entries if entry.partition(":")[0] in wheel.modules}
    # A kind that the library itself told, or that was written by hand, outranks the one read from the wheel.
    entries = names(wheel) | {entry: kind for entry, kind in entries.items() if entry in earlier}
    title = DISTRIBUTIONS.get(wheel.library, wheel.library)
    _merge_by_root(title, {wheel.version}, entries)


def _merge_by_root(title: str, versions: set[str], entries: Entries) -> None:
    by_root: dict[str, Entries] = {}
    for entry, kind in entries.items():
        by_root.setdefault(re.split(r"[.:]", entry)[0].lstrip("_"), {})[entry] = kind
    for root, named in by_root.items():
        _merge(root, title, versions, named)


def _merge(root: str, title: str, versions: set[str], named: Entries) -> None:
    """Write a list; a compiled module with a top-level name of its own has one beside its library's."""
    path = LISTS / f"{root}.txt"
    earlier, entries = read(path)
    entries |= named
    entries = {entry: _reviewed(entry, kind) for entry, kind in entries.items() if not re.fullmatch(UNWANTED, entry)}
    versions = versions | earlier
    write(path, title, versions, entries)
    print(f"{root}: {len(entries)} names, versions {', '.join(sorted(versions)) or 'none'}")


def _reviewed(entry: str, kind: str) -> str:
    return "class" if re.fullmatch(REBUILT, entry) else kind


def main() -> None:
    warnings.simplefilter("ignore")
    wanted = sys.argv[1:] or sorted({*COLLECTORS, *KNOWN})
    if wanted[0] == "--review":
        for path in wanted[1:]:
            for method, source in run_on_load(open_wheel(Path(path))):
                print(f"\n# {method}\n{source}")
        return
    for library in wanted:
        if library.endswith(".whl"):
            update_from_wheel(Path(library))
        else:
            update(library)


if __name__ == "__main__":
    main()
