"""ENV: will it load where it is deployed?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Component, FileState, Problem, Severity
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Fact

#: Formats that some runtime outside Python reads just as well, without the training libraries.
_SELF_CONTAINED = frozenset({"onnx", "gguf", "tflite", "safetensors", "savedmodel", "torchscript", "pt2"})


def _formats(artifact: Artifact) -> set[str]:
    files = (file for file in artifact.files if file.state is not FileState.MISSING)
    return {file.format for file in files if file.format}


def _is_pickled(artifact: Artifact) -> bool:
    inspections = (file.inspection.value for file in artifact.files)
    return any(inspection is not None and inspection.pickled for inspection in inspections)


@rule("ENV001", "missing-environment", severity=Severity.WARNING, tags=("environment",), needs_whole_record=True)
def missing_environment(artifact: Artifact) -> Iterator[Problem]:
    """The format needs libraries to load, and nothing says which.

    ## Why is this bad?
    It loads with the versions it was trained with, and with others it fails or gives other numbers.

    ## How to fix
    Keep a requirements.txt or conda.yaml beside the model, or name it under `environment`.
    """
    if not artifact.described or artifact.is_missing(Component.WEIGHTS):
        return
    record = artifact.record
    needing = sorted(_formats(artifact) - _SELF_CONTAINED)
    stated = any(fact.value for fact in record.requirements)
    if needing and not (stated or record.image):
        needing = [record.framework.value] if record.framework.value else needing
        message = f"nothing says which libraries load it ({', '.join(needing)})"
        yield Problem(artifact.origin, message, "Add a requirements.txt with exact versions beside the model.")


#: What is looked at of one requirement, in characters: its hashes come first after the version.
_LONGEST_REQUIREMENT = 300
#: A directory or an archive on disk: what it holds is under version control as it stands.
_LOCAL: Final = r"\.{1,2}(?:$|[/\\\[])|[/\\]|file:"
_EXACT: Final = r"={2,3}\s*[^\s*,;]+(?:\s*;.*)?$|--hash=|@[0-9a-f]{40}\b|\.whl(?:#|$)|#sha256="


#: The head of a requirement that pip reads: a name, perhaps with extras, and what may follow; an archive; a repository.
_UNDERSTOOD: Final = (
    r"[A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\]\s*)?(?:$|[(;@]|={2,3}|[<>!~]=|[<>]|--)|\S+://|git[+@]|\S+\.whl"
)
#: What is to be asked for by name, as the extras of a project are.
_OPTIONAL: Final = r";.*\bextra\s*=="
#: Another file that a line includes, where that is outside of the artifact.
_ELSEWHERE: Final = r"(?:-r|--requirement)[\s=]*(?:\.\.[/\\]|[/\\~]|[A-Za-z][A-Za-z0-9+.-]*:)"
#: conda's `=1.4`, in pip's spelling: any patch of one release.
_FUZZY: Final = r"==\s*\d+(?:\.\d+)+\.\*$"


@rule("ENV002", "unpinned-requirement", severity=Severity.WARNING, tags=("environment",))
def unpinned_requirement(artifact: Artifact) -> Iterator[Problem]:
    """A requirement that does not name one version, or that pip cannot read.

    So is a line that includes a file which is not there. A note for a file that is included from elsewhere, for the
    loose entry of itself that MLflow writes, and for a release of which any patch will do.

    ## Why is this bad?
    The next install takes whatever is newest. A pickle of another scikit-learn loads with a warning, or wrongly.

    ## How to fix
    Pin it with `==`, or by hash.
    """
    seen = set()
    for stated in artifact.record.requirements:
        for requirement in stated.value:
            text = requirement.value.strip()[:_LONGEST_REQUIREMENT]
            name = re.split(r"[\s<>=!~;\[@,]", text, maxsplit=1)[0].lower()
            if text.startswith(("-r", "--requirement")):
                yield _not_included(requirement, text)
            is_settled = re.search(_EXACT, text) or name in seen or text.startswith("-")
            if is_settled or re.match(_LOCAL, text) or re.search(_OPTIONAL, text):
                seen.add(name)
                continue
            seen.add(name)
            if not re.match(_UNDERSTOOD, text):
                message = f"{text[:80]} is no requirement that pip can read"
                yield Problem(requirement.origin, message, "Write it as `name==version`.")
                continue
            own_range = name in {"mlflow", "mlflow-skinny"} and "mlflow" in artifact.record.conventions
            severity = Severity.NOTE if own_range or re.search(_FUZZY, text) else None
            message = f"{text[:80]} is not pinned to one version"
            yield Problem(requirement.origin, message, f"Pin it: `{name}==...`.", severity=severity)


def _not_included(requirement: Fact[str], text: str) -> Problem:
    """What to say of a line that includes a file which was not read: those that are here were."""
    if re.match(_ELSEWHERE, text):
        message = f"{text[:80]} includes a file from elsewhere, and what that pins is not known here"
        return Problem(requirement.origin, message, "Keep the file beside the model.", severity=Severity.NOTE)
    message = f"{text[:80]} includes a file that is not there, and pip stops at it"
    return Problem(requirement.origin, message, "Add the file, or remove the line.")


@rule("ENV003", "missing-python-version", severity=Severity.WARNING, tags=("environment",), needs_whole_record=True)
def missing_python_version(artifact: Artifact) -> Iterator[Problem]:
    """A pickle, and nothing says which Python it needs.

    ## Why is this bad?
    Code and classes in a pickle are tied to the Python that wrote it.

    ## How to fix
    State `environment.python` in the manifest (`python_version` in a hand-written file), or keep MLflow's
    python_env.yaml.
    """
    record = artifact.record
    if artifact.described and not record.python_version and not record.image and _is_pickled(artifact):
        message = "nothing says which Python the pickle needs"
        yield Problem(artifact.origin, message, _where_to_state_python(artifact))


def _where_to_state_python(artifact: Artifact) -> str:
    """The key that the record in use understands."""
    conventions = artifact.record.conventions
    if "native" in conventions:
        return 'State `environment: {python: "3.11.7"}`.'
    if "sidecar" in conventions:
        return f'State `"python_version": "3.11.7"` in {artifact.origin.path}.'
    if "mlflow" in conventions:
        return "Keep the python_env.yaml that MLflow writes, or state `environment.python` in a model-artifact.yaml."
    return 'State `environment: {python: "3.11.7"}` in a model-artifact.yaml.'
