"""PKL: what would run when a file is unpickled?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from artifact_lint.model import PicklePolicy, Problem, Severity
from artifact_lint.policy.imports import VerdictKind
from artifact_lint.rules.registry import rule
from artifact_lint.rules.unpickling import at, byte, inside, is_ordinary, pickled, policy, verdicts, vouched_for_itself

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.model import Artifact, Import, Inspection, WeightFile
    from artifact_lint.policy.imports import Verdict

#: What each framework's users can write instead, which holds no code; for objects, what suits their package.
_SAFE_FORMATS = {
    "scikit-learn": "skops (`skops.io.dump`) or ONNX",
    "pytorch": "safetensors (`safetensors.torch.save_file`)",
    "xgboost": "UBJ (`model.save_model('model.ubj')`)",
    "lightgbm": "its text format (`booster.save_model('model.txt')`)",
    "catboost": "its own format (`model.save_model('model.cbm')`)",
    "pandas": "Parquet (`frame.to_parquet`)",
    "pyarrow": "Parquet (`pyarrow.parquet.write_table`)",
    "numpy": "npy (`numpy.save`)",
}
#: Files of arrays, which are pickles only where their items are objects.
_ARRAYS = frozenset({"npy", "npz"})


_LISTED = "on the allow-list"
_ANY_SAFE_FORMAT = "Save it in a format that holds no code: safetensors, skops, ONNX, UBJ."


@rule("PKL001", "pickle-forbidden", severity=Severity.ERROR, tags=("security",))
def pickle_forbidden(artifact: Artifact) -> Iterator[Problem]:
    """A file is a pickle, and the manifest, the stage or the configuration forbids pickles.

    ## Why is this bad?
    Unpickling runs whatever the file asks for, before anything can be checked.

    ## How to fix
    Save the model in a format that holds no code: safetensors, skops, ONNX, UBJ. If this pickle is to be accepted,
    change the policy to `allow-listed`, with a reason.
    """
    if policy(artifact) is not PicklePolicy.FORBID:
        return
    for file, inspection in pickled(artifact):
        where, inner = _first_place(file, inspection)
        message = f"{file.path} is a pickle, which the policy forbids{where}"
        yield Problem(file.origin, message, _instead(inspection), file=inner)


def _first_place(file: WeightFile, inspection: Inspection) -> tuple[str, str]:
    """Where a file imports something first, for people, and the member that it does it in."""
    first = next(iter(inspection.imports), None)
    if first is None:
        return "", file.path
    return f" (first import: {byte(file, first)})", inside(file, first)


def _instead(inspection: Inspection) -> str:
    """What to save instead: what suits the framework, or else the package of the object."""
    if inspection.format in _ARRAYS:
        return "Save the arrays without `dtype=object`: as numbers, or as texts of a fixed length."
    package = inspection.metadata.get("root", "").partition(":")[0].partition(".")[0]
    safe = _SAFE_FORMATS.get(inspection.framework or "") or _SAFE_FORMATS.get(package)
    return f"Save it as {safe}." if safe else _ANY_SAFE_FORMAT


@rule("PKL002", "pickle-used", severity=Severity.NOTE, tags=("security",))
def pickle_used(artifact: Artifact) -> Iterator[Problem]:
    """A file is a pickle, and everything it imports is on the allow-list.

    ## Why is this bad?
    It does no harm as it is. The next one of the same name may, and every reader has to trust the list.

    ## How to fix
    Prefer a format that holds no code: the message names one for what the file holds, where it is known what that is.
    """
    if policy(artifact) is PicklePolicy.FORBID:
        return
    for file, inspection in pickled(artifact):
        clean = all(judged.kind is VerdictKind.ALLOWED for _, judged in verdicts(artifact, file, inspection))
        if clean and not inspection.incomplete and all(map(is_ordinary, inspection.hazards)):
            listed = _why_allowed(artifact, inspection)
            partly = inspection.metadata.get("imports only")
            unread = f"; {partly} it was read for imports alone, so that nothing else is known of it" if partly else ""
            where, inner = _first_place(file, inspection)
            message = f"{file.path} is a pickle; everything it imports is {listed}{unread}{where}"
            yield Problem(file.origin, message, _instead(inspection), file=inner)


def _why_allowed(artifact: Artifact, inspection: Inspection) -> str:
    """Who allowed what a file imports, in words that continue "everything it imports is"."""
    if not (artifact.options.pickle.allow or artifact.record.pickle):
        return _LISTED
    names = {found.dotted for found in inspection.imports}
    configured = names & artifact.options.pickle.allow
    itself = (names - configured) & vouched_for_itself(artifact)
    others = [
        f"{len(allowed)} name{'' if len(allowed) == 1 else 's'} by {who}"
        for allowed, who in ((configured, "your configuration"), (itself, "its own manifest"))
        if allowed
    ]
    return f"{_LISTED} or allowed, {' and '.join(others)}" if others else _LISTED


@rule("PKL101", "dangerous-import", severity=Severity.ERROR, tags=("security",))
def dangerous_import(artifact: Artifact) -> Iterator[Problem]:
    """Unpickling imports something that runs code, reaches files or the network, or loads more pickles.

    Only the configuration can allow it; what an artifact's own manifest allows of this kind counts for nothing. It is
    an error under the policy `report` as well.

    ## Why is this bad?
    Loading the file hands the machine, and its credentials, to whoever wrote it.

    ## How to fix
    Do not load it. Find out where it came from, and replace it by one you built yourself.
    """
    advice = "Do not load this file; find out where it came from."
    for file, inspection in pickled(artifact):
        dangerous = [
            (found, judged)
            for found, judged in verdicts(artifact, file, inspection)
            if judged.kind is VerdictKind.DANGEROUS
        ]
        for found, judged in dangerous[:_MOST_SAID]:
            called = f"{found.module}.{found.name}{_call(found)}"
            message = f"unpickling imports {called}: {judged.reason} ({at(file, found)})"
            yield Problem(file.origin, message, advice, file=inside(file, found))
        if len(dangerous) > _MOST_SAID:
            found = dangerous[_MOST_SAID][0]
            message = (
                f"unpickling imports {len(dangerous) - _MOST_SAID:,} more dangerous names ({at(file, found)} and on)"
            )
            yield Problem(file.origin, message, advice, file=inside(file, found))


def _call(found: Import) -> str:
    """The literal arguments of the first call, in one pair of brackets; empty where none is known."""
    arguments = found.arguments
    if not arguments.startswith("("):
        return f"({arguments})" if arguments else ""
    return f"{arguments[:-2]})" if arguments.endswith(",)") else arguments


@rule("PKL102", "unlisted-import", severity=Severity.ERROR, tags=("security",))
def unlisted_import(artifact: Artifact) -> Iterator[Problem]:
    """Unpickling imports a name that is on no allow-list.

    Said once for each file and package. A warning under the policy `report`.

    ## Why is this bad?
    Importing runs the module, and calling it runs more. Nobody has said yet that this one is fine.

    ## How to fix
    If the class is yours and you trust the file, paste the line from the message into the configuration, or into
    `weights.pickle` of the manifest with a reason. Names are allowed one by one: `package:*` is refused.
    """
    for file, inspection in pickled(artifact):
        yield from _on_no_list(artifact, file, inspection, VerdictKind.UNLISTED)


@rule("PKL104", "dotted-import", severity=Severity.ERROR, tags=("security",))
def dotted_import(artifact: Artifact) -> Iterator[Problem]:
    """Unpickling imports a name with a dot in it, which reaches through a module or a class, and is on no allow-list.

    Said once for each file and package. A warning under the policy `report`. Where it reaches something dangerous,
    `dangerous-import` is raised instead.

    ## Why is this bad?
    `module:attribute.attribute` gets at everything that the module happens to have imported. A class within a class
    and a class's own method are written in the same way.

    ## How to fix
    Move the class to the top of its module. If you trust the file as it is, paste the line from the message.
    """
    for file, inspection in pickled(artifact):
        yield from _on_no_list(artifact, file, inspection, VerdictKind.DOTTED)


def _on_no_list(artifact: Artifact, file: WeightFile, inspection: Inspection, kind: VerdictKind) -> Iterator[Problem]:
    severity = Severity.WARNING if policy(artifact) is PicklePolicy.REPORT else None
    alike = ((found, judged) for found, judged in verdicts(artifact, file, inspection) if judged.kind is kind)
    groups = _by_package(alike)
    for group in groups[:_MOST_SAID]:
        first = group[0][0]
        message = f"unpickling imports {_unlisted(group)} ({at(file, first)})"
        names = list(dict.fromkeys(found.dotted for found, _ in group))
        forbidden = policy(artifact) is PicklePolicy.FORBID
        advice = _instead_of_main(first) or (_instead(inspection) if forbidden else _how_to_allow(names))
        yield Problem(file.origin, message, advice, file=inside(file, first), severity=severity)
    if len(groups) > _MOST_SAID:
        first = groups[_MOST_SAID][0][0]
        message = f"unpickling imports names of {len(groups) - _MOST_SAID:,} more packages ({at(file, first)} and on)"
        advice = "No model imports from so many packages: find out what the file is before you load it."
        yield Problem(file.origin, message, advice, file=inside(file, first), severity=severity)


#: How many findings of one rule are told for one file, one by one.
_MOST_SAID = 100
#: How many names a message tells for each reason, and how many a line to paste holds.
_TOLD = 3
_PASTED = 100
#: Up to how many names are told a second time, in the manifest's line.
_REPEATED = 3


def _by_package(judged: Iterable[tuple[Import, Verdict]]) -> list[list[tuple[Import, Verdict]]]:
    """The imports of each top-level package, every name once; each class of the script by itself."""
    groups: dict[str, dict[str, tuple[Import, Verdict]]] = {}
    for found, made in judged:
        package = found.dotted if found.module == "__main__" else found.module.partition(".")[0]
        groups.setdefault(package, {}).setdefault(found.dotted, (found, made))
    return [list(group.values()) for group in groups.values()]


def _unlisted(group: list[tuple[Import, Verdict]]) -> str:
    """The first names for each reason and how many more there are, in words that continue "unpickling imports"."""
    first, made = group[0]
    if len(group) == 1:
        return f"{first.module}.{first.name}, which {made.reason}"
    reasons: dict[str, list[Import]] = {}
    for found, judged in group:
        reasons.setdefault(judged.reason, []).append(found)
    return f"{len(group)} names of {first.module.partition('.')[0]}: " + "; ".join(
        f"{_listing(alike)}, {'each of which' if len(alike) > 1 else 'which'} {reason}"
        for reason, alike in reasons.items()
    )


def _listing(imports: list[Import]) -> str:
    told = [f"{found.module}.{found.name} ({', '.join(sorted(found.uses))})" for found in imports[:_TOLD]]
    more = [f"{len(imports) - _TOLD} more"] if len(imports) > _TOLD else []
    parts = told + more
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _how_to_allow(names: list[str]) -> str:
    """The lines to paste, for the configuration and for the manifest."""
    listed = json.dumps(names[:_PASTED])
    manifest = f'`pickle: {{policy: allow-listed, allow: {listed}, reason: "..."}}`'
    if len(names) > _PASTED:
        rest = f", and the other {len(names) - _PASTED} as well"
    elif len(names) > _REPEATED:
        rest = ', or `pickle: {policy: allow-listed, allow: <the list>, reason: "..."}` to the manifest\'s weights'
    else:
        rest = f", or {manifest} to the manifest's weights"
    trusted = "it" if len(names) == 1 else "them"
    return f"If you trust {trusted}, add `allow = {listed}` to [tool.artifact-lint.pickle]{rest}."


def _instead_of_main(found: Import) -> str:
    """Nothing but the script that wrote the pickle can load a class of its own, trusted or not."""
    if found.module != "__main__":
        return ""
    return f"Move {found.name} into a module that is installed where the model is loaded, and save the model again."
