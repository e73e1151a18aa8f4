"""Verdicts on what weight files other than pickles run, call or open: operators, layers, types, domains.

Each verdict comes from a list in `data`, whose head says where it was taken from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from artifact_lint.model import Severity, Use
from artifact_lint.policy.imports import DATA, Kind, Verdict, VerdictKind, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How much something matters, and why, in words that continue its name."""

    severity: Severity
    reason: str


def judge_operator(name: str) -> Judgement | None:
    """What a TensorFlow operator does beside computing; None where nothing is known of it."""
    listed = _lines("operators.txt").get(name)
    if listed is None:
        return None
    severity, _, reason = listed.partition(" ")
    return Judgement(Severity(severity), reason.strip())


def judge_domain(operator: str) -> Judgement | None:
    """What an ONNX operator, `domain:Name` of a domain that ONNX does not define, needs; None where all is well."""
    domain = operator.partition(":")[0]
    lines = _lines("onnx_domains.txt")
    listed = lines.get(operator) or lines.get(domain)
    if listed == _ALLOWED:
        return None
    if listed is None:
        return Judgement(Severity.WARNING, "needs a library that is not part of the model, and runs its code")
    severity, _, reason = listed.partition(" ")
    return Judgement(Severity(severity), reason.strip())


def judge_keras_object(name: str) -> Judgement | None:
    """What an object of a Keras configuration is, by `module:name` or `package>name`; None for what models are made of.

    Keras imports the module (any before 3.9, its own since) and calls the name with what the configuration says.
    """
    module, separator, called = name.partition(":")
    if not separator:
        package = name.partition(">")[0]
        return None if _lines("keras_objects.txt").get(package) == _ALLOWED else _foreign()
    harm = _keras_harm(module, called)
    if harm:
        return Judgement(Severity.ERROR, harm)
    if module in {"", "builtins", "__main__"}:
        # A function that was registered by its bare name, or one of Keras' own: there is no module to tell it by.
        return None if module == "builtins" else _foreign()
    if _public(module).startswith("keras.") and not called[:1].isupper():
        return Judgement(Severity.WARNING, "is a function of Keras that is no part of a model")
    return None if _is_keras(module) or _is_allowed(module, called) else _foreign()


def _foreign() -> Judgement:
    return Judgement(Severity.WARNING, "is not part of Keras: its code runs when the model is loaded")


def _keras_harm(module: str, name: str) -> str:
    lines = _lines("keras_objects.txt")
    public = _public(module)
    for spelled in dict.fromkeys((module, public)):
        listed = lines.get(f"{spelled}:{name}") or ("" if name[:1].isupper() else lines.get(f"{spelled}:*"))
        if listed:
            return listed
    if _is_keras(module) and name[:1].isupper() and not name.startswith("Lambda"):
        return ""
    judged = verdict(module, name, frozenset({Use.CALLED}))
    return judged.reason if judged.kind is VerdictKind.DANGEROUS else ""


def _public(module: str) -> str:
    """The public name of a module of Keras: `keras.utils` for `keras.src.utils.file_utils`."""
    parts = [
        part for part in module.split(".") if part not in {"src", "api", "_tf_keras", "python", "v2", "tensorflow"}
    ]
    if parts and parts[0] == "tf_keras":
        parts[0] = "keras"
    return ".".join(parts[:2]) if parts[:1] == ["keras"] else module


def _is_keras(module: str) -> bool:
    parts = module.split(".")
    lines = _lines("keras_objects.txt")
    return any(lines.get(".".join(parts[:count])) == _ALLOWED for count in range(1, len(parts) + 1))


def _is_allowed(module: str, name: str) -> bool:
    return verdict(module, name, frozenset({Use.CALLED})).kind is VerdictKind.ALLOWED


def judge_skops_type(module: str, name: str, uses: frozenset[Use]) -> Verdict:
    """What is known of a type that a skops file names: as of an import that a pickle makes, and what skops adds."""
    kind = _lines("skops_types.txt").get(f"{module}:{name}")
    if kind is not None and uses <= Kind(kind).uses:
        return Verdict(VerdictKind.ALLOWED)
    judged = verdict(module, name, uses)
    if judged.kind is not VerdictKind.UNLISTED or uses != {Use.NAMED}:
        return judged
    is_function = module.startswith("scipy.special.") and name.isidentifier() and not name.startswith("_")
    return Verdict(VerdictKind.ALLOWED) if is_function else judged


def judge_script_operator(name: str) -> Judgement | None:
    """What an operator of TorchScript's code reaches; None for those of PyTorch's family that reach nothing."""
    if name.startswith("native library"):
        return Judgement(Severity.WARNING, "is machine code, which runs when the model is loaded")
    lines = _lines("script_operators.txt")
    listed = lines.get(name)
    if listed is None and lines.get(name.partition("::")[0]) == _ALLOWED:
        return None
    return Judgement(Severity.NOTE, listed or "comes from a library that is not part of PyTorch")


@cache
def _lines(file: str) -> Mapping[str, str]:
    lines = (DATA / file).read_text(encoding="utf-8").splitlines()
    split = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return {entry: rest.strip() for entry, _, rest in split}
