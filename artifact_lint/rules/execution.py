"""SEC: code that weight files other than pickles run, call or fetch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from artifact_lint.model import HazardKind, Problem, Severity
from artifact_lint.policy.execution import (
    judge_domain,
    judge_keras_object,
    judge_operator,
    judge_script_operator,
    judge_skops_type,
)
from artifact_lint.policy.imports import VerdictKind
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from artifact_lint.model import Artifact, Hazard, Import, Inspection, WeightFile
    from artifact_lint.policy.execution import Judgement

#: How many names a message tells.
_TOLD = 5
_STRANGER = "Do not load this file; find out where it came from."
#: The member of a skops file that names its types.
_SCHEMA = "schema.json"


def _inspected(artifact: Artifact) -> Iterator[tuple[WeightFile, Inspection]]:
    for file in artifact.files:
        inspection = file.inspection.value
        if inspection is not None:
            yield file, inspection


def _hazards(artifact: Artifact, kind: HazardKind) -> Iterator[tuple[WeightFile, Hazard]]:
    for file, inspection in _inspected(artifact):
        for hazard in inspection.hazards:
            if hazard.kind is kind:
                yield file, hazard


def _at(file: WeightFile, found: Hazard | Import) -> str:
    member = f" of {found.member}" if found.member else ""
    return f"{file.path}, byte {found.offset:,}{member}"


def _inside(file: WeightFile, found: Hazard | Import) -> str:
    return f"{file.path}!{found.member}" if found.member else file.path


def _judged(
    artifact: Artifact, kind: HazardKind, judge: Callable[[str], Judgement | None]
) -> Iterator[tuple[WeightFile, list[Hazard], Judgement]]:
    """The hazards of a file that matter, those of one member for the same reason together."""
    groups: dict[tuple[str, str, Judgement], tuple[WeightFile, list[Hazard]]] = {}
    for file, hazard in _hazards(artifact, kind):
        judgement = judge(hazard.evidence)
        if judgement is not None:
            groups.setdefault((file.path, hazard.member, judgement), (file, []))[1].append(hazard)
    for (_, _, judgement), (file, hazards) in groups.items():
        yield file, hazards, judgement


def _listing(hazards: list[Hazard]) -> str:
    told = [hazard.evidence for hazard in hazards[:_TOLD]]
    more = [f"{len(hazards) - _TOLD} more"] if len(hazards) > _TOLD else []
    parts = told + more
    return f"{', '.join(parts[:-1])} and {parts[-1]}, each of which" if len(parts) > 1 else f"{parts[0]}, which"


def _how_to_allow(names: list[str]) -> str:
    return f"If you trust it, add `allow = {json.dumps(names[:100])}` to [tool.artifact-lint.pickle]."


@rule("SEC101", "keras-lambda", severity=Severity.ERROR, tags=("security",))
def keras_lambda(artifact: Artifact) -> Iterator[Problem]:
    """A Keras model holds Python code of its own: a Lambda layer, or another object that was saved as bytecode.

    In `.keras` archives, in HDF5 files and in the metadata of a SavedModel.

    ## Why is this bad?
    Keras runs the bytecode when the model is loaded without `safe_mode`, and on every prediction. Keras before 3 has
    no safe mode for HDF5 at all (CVE-2024-3660), and later releases could be talked out of theirs. Nobody can read
    bytecode, and it fits one Python version.

    ## How to fix
    Put the function into a module, register it with `keras.saving.register_keras_serializable`, and save the model
    again; or use a layer that Keras has.
    """
    advice = "Replace the lambda by a registered layer or function, and save the model again."
    for file, hazard in _hazards(artifact, HazardKind.LAMBDA_LAYER):
        yield Problem(file.origin, f"{hazard.evidence} ({_at(file, hazard)})", advice, file=_inside(file, hazard))


@rule("SEC102", "keras-foreign-object", severity=Severity.WARNING, tags=("security",))
def keras_foreign_object(artifact: Artifact) -> Iterator[Problem]:
    """A Keras model names a class or a function that is not Keras' own.

    An error where it is known to run code, to reach files or the network, or to load more models.

    ## Why is this bad?
    Keras imports the module and calls the name with what the file says. Releases before 3.9 do so for any module,
    `os` and `subprocess` included (CVE-2025-1550).

    ## How to fix
    A layer of your own belongs to the artifact: ship its module, and allow it by name in the configuration. Do not load
    a file that names anything else.
    """
    allowed = artifact.options.pickle.allow

    def judge(name: str) -> Judgement | None:
        return None if name in allowed else judge_keras_object(name)

    for file, hazards, judgement in _judged(artifact, HazardKind.FOREIGN_OBJECT, judge):
        message = f"the configuration names {_listing(hazards)} {judgement.reason} ({_at(file, hazards[0])})"
        is_error = judgement.severity is Severity.ERROR
        advice = _STRANGER if is_error else _how_to_allow([hazard.evidence for hazard in hazards])
        yield Problem(file.origin, message, advice, file=_inside(file, hazards[0]), severity=judgement.severity)


@rule("SEC103", "savedmodel-op", severity=Severity.ERROR, tags=("security",))
def savedmodel_op(artifact: Artifact) -> Iterator[Problem]:
    """A TensorFlow graph runs Python, or reaches files, processes or the network.

    The operators are listed with what they do; those by which every SavedModel restores its own variables are not
    among them. A warning for operators that write logs.

    ## Why is this bad?
    A graph is a program. These operators run with all that the serving process may do, on loading or on every request.

    ## How to fix
    Export the model without its input pipeline, and do what the operator does outside of the graph.
    """
    for file, hazards, judgement in _judged(artifact, HazardKind.OPERATOR, judge_operator):
        plural = "operators" if len(hazards) > 1 else "operator"
        message = f"the graph has the {plural} {_listing(hazards)} {judgement.reason} ({_at(file, hazards[0])})"
        advice = "Export the model without this operator; if you did not put it there, do not load the file."
        yield Problem(file.origin, message, advice, file=_inside(file, hazards[0]), severity=judgement.severity)


@rule("SEC104", "onnx-external-path", severity=Severity.ERROR, tags=("security",))
def onnx_external_path(artifact: Artifact) -> Iterator[Problem]:
    """A model opens a file outside of the artifact: external data of ONNX, a link of HDF5, a file that Keras reads.

    ## Why is this bad?
    Loading reads whatever lies at the path on the machine that loads, a key or a password file as well, and what was
    read leaves with the model's outputs (CVE-2022-25882, CVE-2024-27318). Elsewhere the file is not there.

    ## How to fix
    Keep external data in the model's own directory and name it without a directory; write HDF5 without external links.
    """
    for file, hazard in _hazards(artifact, HazardKind.EXTERNAL_PATH):
        message = f"loading opens {hazard.evidence!r}, which is no file of the artifact ({_at(file, hazard)})"
        advice = "Save the model with all of its data beside it; if you did not write this path, do not load the file."
        yield Problem(file.origin, message, advice, file=_inside(file, hazard))


@rule("SEC105", "onnx-custom-domain", severity=Severity.WARNING, tags=("security",))
def onnx_custom_domain(artifact: Artifact) -> Iterator[Problem]:
    """An ONNX model calls operators that neither ONNX nor its runtime defines.

    Functions that the model itself defines are no such operators. An error for operators that call Python.

    ## Why is this bad?
    The model loads only where a shared library is registered that implements them, and the library's code runs.

    ## How to fix
    Export with ONNX's own operators, or ship the library with the artifact, with its digest.
    """
    groups: dict[tuple[str, str, str, Judgement], tuple[WeightFile, list[Hazard]]] = {}
    for file, hazard in _hazards(artifact, HazardKind.CUSTOM_DOMAIN):
        judgement = judge_domain(hazard.evidence)
        if judgement is not None:
            domain = hazard.evidence.partition(":")[0]
            groups.setdefault((file.path, hazard.member, domain, judgement), (file, []))[1].append(hazard)
    for (_, _, _, judgement), (file, hazards) in groups.items():
        plural = "operators" if len(hazards) > 1 else "operator"
        message = f"the model calls the {plural} {_listing(hazards)} {judgement.reason} ({_at(file, hazards[0])})"
        advice = "Export the model with ONNX's own operators, or ship the library that implements these."
        yield Problem(file.origin, message, advice, file=_inside(file, hazards[0]), severity=judgement.severity)


@rule("SEC109", "skops-untrusted-type", severity=Severity.ERROR, tags=("security",))
def skops_untrusted_type(artifact: Artifact) -> Iterator[Problem]:
    """A skops file names a type or a function that is on no list of trusted ones.

    The lists are those for pickles and what skops itself trusts.

    ## Why is this bad?
    skops refuses such a file until somebody passes the type as `trusted`; after that it imports the module and calls
    the name with what the file says.

    ## How to fix
    If the type is yours and you trust the file, paste the line from the message into the configuration. Do not pass
    everything that `get_untrusted_types` returns.
    """
    itself = frozenset(entry for fact in artifact.record.pickle for entry in fact.value.allow)
    for file, inspection in _inspected(artifact):
        for found in inspection.imports:
            if found.member.rpartition("!")[2] != _SCHEMA or found.dotted in artifact.options.pickle.allow:
                continue
            judged = judge_skops_type(found.module, found.name, found.uses)
            dangerous = judged.kind is VerdictKind.DANGEROUS
            if judged.kind is VerdictKind.ALLOWED or (found.dotted in itself and not dangerous):
                continue
            message = f"the file names {found.module}.{found.name}, which {judged.reason} ({_at(file, found)})"
            advice = _STRANGER if dangerous else _how_to_allow([found.dotted])
            yield Problem(file.origin, message, advice, file=_inside(file, found))


@rule("SEC111", "xml-entity", severity=Severity.ERROR, tags=("security",))
def xml_entity(artifact: Artifact) -> Iterator[Problem]:
    """A PMML file has a document type definition.

    ## Why is this bad?
    Its entities make an XML parser fetch files and addresses, or expand into gigabytes. PMML has no use for one.

    ## How to fix
    Remove the `<!DOCTYPE ...>` and what it defines.
    """
    for file, hazard in _hazards(artifact, HazardKind.XML_ENTITY):
        message = f"the XML has {hazard.evidence} ({_at(file, hazard)})"
        yield Problem(file.origin, message, "Remove the `<!DOCTYPE ...>`.", file=_inside(file, hazard))


@rule("SEC112", "torchscript-code", severity=Severity.NOTE, tags=("security",))
def torchscript_code(artifact: Artifact) -> Iterator[Problem]:
    """The code of a TorchScript model reaches beyond tensors: files, other machines, other libraries.

    A warning for an exported program that brings machine code along.

    ## Why is this bad?
    TorchScript is a program. It runs without Python, and may still read and write files.

    ## How to fix
    Trace or script the model without these calls; or keep the state dict as safetensors and the code as Python.
    """
    for file, hazards, judgement in _judged(artifact, HazardKind.SCRIPT_CODE, judge_script_operator):
        message = f"the code has {_listing(hazards)} {judgement.reason} ({_at(file, hazards[0])})"
        advice = "Script the model without it; if you did not put it there, do not load the file."
        yield Problem(file.origin, message, advice, file=_inside(file, hazards[0]), severity=judgement.severity)
