"""PKL: what would run when a file is unpickled?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from artifact_lint.model import PicklePolicy, Problem, Severity
from artifact_lint.policy.imports import VerdictKind
from artifact_lint.rules.registry import rule
from artifact_lint.rules.unpickling import at, inside, is_ordinary, pickled, policy, verdicts, vouched_for_itself

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.model import Artifact, Import, Inspection, WeightFile
    from artifact_lint.policy.imports import Verdict

#: What each framework's users can write instead, which holds no code.
_SAFE_FORMATS = {
    "scikit-learn": "skops (`skops.io.dump`) or ONNX",
    "pytorch": "safetensors (`safetensors.torch.save_file`)",
    "xgboost": "UBJ (`model.save_model('model.ubj')`)",
    "lightgbm": "its text format (`booster.save_model('model.txt')`)",
    "catboost": "its own format (`model.save_model('model.cbm')`)",
}


_LISTED = "on the allow-list"


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
        yield Problem(
            file.origin, f"{file.path} is a pickle, which the policy forbids", _instead(inspection), file=file.path
        )


def _instead(inspection: Inspection) -> str:
    safe = _SAFE_FORMATS.get(inspection.framework or "")
    return f"Save it as {safe}." if safe else "Save it in a format that holds no code: safetensors, skops, ONNX, UBJ."


@rule("PKL002", "pickle-used", severity=Severity.NOTE, tags=("security",))
def pickle_used(artifact: Artifact) -> Iterator[Problem]:
    """A file is a pickle, and everything it imports is on the allow-list.

    ## Why is this bad?
    It does no harm as it is. The next one of the same name may, and every reader has to trust the list.

    ## How to fix
    Prefer a format that holds no code: the message names the one for this framework.
    """
    if policy(artifact) is PicklePolicy.FORBID:
        return
    for file, inspection in pickled(artifact):
        clean = all(judged.kind is VerdictKind.ALLOWED for _, judged in verdicts(artifact, file, inspection))
        if clean and not inspection.incomplete and all(map(is_ordinary, inspection.hazards)):
            itself = vouched_for_itself(artifact) & {found.dotted for found in inspection.imports}
            cases = "1 case" if len(itself) == 1 else f"{len(itself)} cases"
            listed = f"on the allow-list or, in {cases}, allowed by its own manifest" if itself else _LISTED
            partly = inspection.metadata.get("imports only")
            unread = f"; {partly} it was read for imports alone, so that nothing else is known of it" if partly else ""
            message = f"{file.path} is a pickle; everything it imports is {listed}{unread}"
            yield Problem(file.origin, message, _instead(inspection), file=file.path)


@rule("PKL101", "dangerous-import", severity=Severity.ERROR, tags=("security",))
def dangerous_import(artifact: Artifact) -> Iterator[Problem]:
    """Unpickling imports something that runs code, reaches files or the network, or loads more pickles.

    Only the configuration can allow it; what an artifact's own manifest allows of this kind counts for nothing.

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
    `weights.pickle` of the manifest with a reason.
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
        advice = _instead_of_main(first) or _how_to_allow(dict.fromkeys(found.dotted for found, _ in group))
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


def _how_to_allow(names: Iterable[str]) -> str:
    """The line to paste, for the configuration and, where it is short, for the manifest."""
    entries = [json.dumps(name) for name in names]
    line = f"allow = [{', '.join(entries[:_PASTED])}]"
    if len(entries) > _PASTED:
        rest = f", and the other {len(entries) - _PASTED} as well"
    elif len(entries) == 1:
        manifest = f'`pickle: {{policy: allow-listed, allow: [{entries[0]}], reason: "..."}}`'
        return f"If you trust it, add `{line}` to [tool.artifact-lint.pickle], or {manifest} to the manifest's weights."
    else:
        rest = ", or the same names, with a reason, to `weights.pickle` of the manifest"
    return f"If you trust them, add `{line}` to [tool.artifact-lint.pickle]{rest}."


def _instead_of_main(found: Import) -> str:
    """Nothing but the script that wrote the pickle can load a class of its own, trusted or not."""
    if found.module != "__main__":
        return ""
    return f"Move {found.name} into a module that is installed where the model is loaded, and save the model again."
