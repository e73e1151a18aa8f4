"""Verdicts on what configurations name to be called, and on the modules that read a model for MLflow."""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from pathlib import Path
from sys import stdlib_module_names

from artifact_lint.model import Use
from artifact_lint.policy.imports import VerdictKind, allowed_names, python3_name, verdict

_DATA = Path(__file__).parent / "data"

#: Modules that others import and so pass on: `torch.serialization.os.system` is `os.system`.
_PASSED_ON = frozenset(
    {"builtins", "ctypes", "importlib", "os", "pickle", "posix", "shutil", "socket", "subprocess", "sys"}
)

#: What MLflow's pickle_module_info.txt names beside its own; the weights that they read are judged as pickles.
_PICKLERS = frozenset({"pickle", "cloudpickle", "dill"})


def harm_of_target(path: str, use: Use = Use.CALLED) -> str:
    """What using the object at a dotted path would do that configurations do not need; empty where nothing is known.

    A path says not where its module ends; `module:name` is taken as well.
    """
    parts = path.strip().replace(":", ".").split(".")
    if len(parts) < 2 or not all(parts):
        return ""
    for module, name in _readings(parts):
        if _is_listed("ordinary", module, name):
            return ""
        judged = verdict(module, name, frozenset({use}))
        if judged.kind is VerdictKind.DANGEROUS and _is_standard(module):
            return judged.reason
        if _is_listed("refused", module, name):
            return judged.reason if judged.kind is VerdictKind.DANGEROUS else "runs code that it is given"
    return ""


def harm_of_import(module: str) -> str:
    """What importing a module, to use any name of it, would give away; empty where nothing is known."""
    judged = verdict(module, "*", frozenset({Use.NAMED}))
    return judged.reason if judged.kind is VerdictKind.DANGEROUS else ""


def is_known_loader(module: str) -> bool:
    """Whether a module is MLflow's or another library's own reader of MLflow models."""
    known = _lines("loaders.txt")
    return module in known or any(f"{above}.*" in known for above in _with_ancestors(module))


def is_pickler(module: str) -> bool:
    """Whether a module is one of those with which MLflow's PyTorch flavor unpickles a model."""
    return module in _PICKLERS or is_known_loader(module)


def _readings(parts: list[str]) -> list[tuple[str, str]]:
    """The pairs of module and name that a path can mean: its last part in the rest, or in what the rest passes on.

    Nobody knows what modules a foreign package has, so that in those only a function at the very end counts.
    """
    *modules, name = parts
    readings = [(".".join(modules), name)]
    is_known = _is_standard(parts[0]) or bool(allowed_names(parts[0]))
    start = 1 if is_known else max(1, len(parts) - 2)
    readings += [
        (module, attribute)
        for module, attribute in zip(parts[start:], parts[start + 1 :], strict=False)
        if module in _PASSED_ON and (is_known or attribute.islower())
    ]
    if len(parts) > 2:
        is_method = parts[-2][:1].isupper()
        readings.append((".".join(parts[:-2]), ".".join(parts[-2:])) if is_method else (parts[0], parts[1]))
    return readings


def _is_standard(module: str) -> bool:
    return python3_name(module, "")[0].partition(".")[0] in stdlib_module_names or module.partition(".")[0] == "nt"


def _is_listed(kind: str, module: str, name: str) -> bool:
    listed = _lines("targets.txt")
    if f"{kind} {module}:{name}" in listed or f"{kind} {module}:*" in listed:
        return True
    return any(f"{kind} {above}.*:*" in listed for above in _with_ancestors(module))


def _with_ancestors(module: str) -> list[str]:
    return list(accumulate(module.split("."), "{}.{}".format))


@cache
def _lines(file: str) -> frozenset[str]:
    lines = (_DATA / file).read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line and not line.startswith("#"))
