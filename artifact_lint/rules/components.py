"""CMP: are the four components there, and do they say something?"""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from artifact_lint.model import Cause, Component, FileState, Presence, Problem, Role, Severity
from artifact_lint.model.paths import directory_of
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Origin, WeightFile

_WHAT = {
    Component.WEIGHTS: (
        "no serialized weights",
        "Add the weight file, its git-LFS pointer or its .dvc file, or name its URI under `weights.external`.",
    ),
    Component.CONFIG: (
        "nothing says which architecture and hyperparameters it was built with",
        (
            "State `architecture` and `hyperparameters` under `config` in a model-artifact.yaml, or keep the config "
            "file that your framework writes."
        ),
    ),
    Component.FEATURE_SCHEMA: (
        "nothing says what the model takes and returns",
        (
            "List inputs and outputs under `feature_schema`, log the MLflow model with a signature, or state why it "
            "does not apply under `not_applicable`."
        ),
    ),
    Component.RUN: (
        "nothing says which run it came from",
        (
            "State run id, dataset version, metrics, timestamp and git commit under `run`, or keep the tracking run "
            "beside the model."
        ),
    ),
}


def _evidence_is_guessed(artifact: Artifact) -> bool:
    """Whether all that is known is a file that may be about something else, or about weights that git ignores.

    That is a hand-written file, or a Hugging Face configuration that names no shard, without any weights.
    """
    conventions = set(artifact.record.conventions)
    there = any(file.state is FileState.PRESENT or file.pointer for file in artifact.files)
    return not there and (conventions <= {"sidecar"} or (conventions <= {"huggingface"} and not artifact.files))


@rule("CMP001", "no-record", severity=Severity.ERROR, tags=("components",))
def no_record(artifact: Artifact) -> Iterator[Problem]:
    """Weight files that nothing describes.

    ## Why is this bad?
    Nobody can tell what the model takes, how it was configured, where it came from or which version it is. It can be
    loaded, but not deployed with a good conscience.

    ## How to fix
    `artifact-lint init PATH` writes a model-artifact.yaml from all that can be read, and leaves the rest for you to
    fill in. Data that is no model can be left out with `exclude` in the configuration.
    """
    if (artifact.described and not _is_described_unreadably(artifact)) or not artifact.files:
        return
    file = artifact.files[0]
    if file.is_readable and file.format is None and not _was_read(file):
        return
    what = f"{file.path} is described by no manifest, MLmodel, config or metadata file"
    severity = None
    if all(member.role is Role.DATA for member in artifact.files):
        what, severity = f"{file.path} holds data that nothing describes", Severity.NOTE
    directory = directory_of(file.path) or "."
    advice = f"Run `artifact-lint init {shlex.quote(directory)}` to write a model-artifact.yaml beside it."
    if severity is Severity.NOTE:
        advice += " Where it is no part of a model, name it under `exclude` in the configuration."
    yield Problem(artifact.origin, what, advice, file=file.path, severity=severity)


def _is_described_unreadably(artifact: Artifact) -> bool:
    """Whether all that describes the weights is a hand-written file that nobody can read."""
    silent = all(artifact.is_missing(component) for component in Component if component is not Component.WEIGHTS)
    return silent and artifact.has_unread_record and set(artifact.record.conventions) == {"sidecar"}


def _missing(artifact: Artifact, component: Component) -> Iterator[Problem]:
    if not artifact.described or component not in artifact.options.required_components:
        return
    if not artifact.is_missing(component) or any(s.component is component for s in artifact.record.sections):
        return
    what, advice = _WHAT[component]
    yield Problem(artifact.origin, what, advice, guessed=_evidence_is_guessed(artifact))


@rule("CMP101", "missing-weights", severity=Severity.ERROR, tags=("components",), needs_whole_record=True)
def missing_weights(artifact: Artifact) -> Iterator[Problem]:
    """An artifact without weights.

    ## Why is this bad?
    There is a record, and nothing to deploy.

    ## How to fix
    Add the weight file, its git-LFS pointer or its .dvc file, or name its URI under `weights.external`.
    """
    yield from _missing(artifact, Component.WEIGHTS)


@rule("CMP102", "missing-config", severity=Severity.ERROR, tags=("components",), needs_whole_record=True)
def missing_config(artifact: Artifact) -> Iterator[Problem]:
    """An artifact without a configuration.

    A warning where the weights hold the object itself, whose class they name: a pickled estimator.

    ## Why is this bad?
    Without architecture and hyperparameters the weights cannot be rebuilt, compared or explained; a state dict cannot
    even be loaded.

    ## How to fix
    State `config.architecture` and `config.hyperparameters` in the manifest, or keep the framework's config file.
    """
    root = next((name for file in artifact.files if (name := _root_class(file))), "").rpartition(":")[2]
    for problem in _missing(artifact, Component.CONFIG):
        if root and root not in _PLAIN_CLASSES:
            message = f"only the weights say what it is ({root}), and nothing states the hyperparameters"
            yield replace(problem, message=message, severity=Severity.WARNING)
        else:
            yield problem


@rule("CMP103", "missing-feature-schema", severity=Severity.ERROR, tags=("components",), needs_whole_record=True)
def missing_feature_schema(artifact: Artifact) -> Iterator[Problem]:
    """An artifact without a feature schema.

    ## Why is this bad?
    Callers guess the columns, their order and their types. A wrong guess often raises no error and gives wrong
    numbers.

    ## How to fix
    List the inputs and outputs under `feature_schema`, or log the MLflow model with `signature=infer_signature(...)`.
    Models of text and images have no columns: state that under `not_applicable`.
    """
    yield from _missing(artifact, Component.FEATURE_SCHEMA)


@rule("CMP104", "missing-run", severity=Severity.ERROR, tags=("components",), needs_whole_record=True)
def missing_run(artifact: Artifact) -> Iterator[Problem]:
    """An artifact that does not say which run made it.

    A warning for a Hugging Face directory alone, whose files have little room for it.

    ## Why is this bad?
    Nobody can tell which data and code it was trained with, how good it was, or whether it may be replaced.

    ## How to fix
    State `run` in the manifest (run id, datasets, metrics, created, git), keep the tracking run in the repository, or
    fill in the model card's metadata.
    """
    for problem in _missing(artifact, Component.RUN):
        is_hub = set(artifact.record.conventions) == {"huggingface"}
        yield replace(problem, severity=Severity.WARNING) if is_hub else problem


@rule("CMP105", "empty-component", severity=Severity.ERROR, tags=("components",), needs_whole_record=True)
def empty_component(artifact: Artifact) -> Iterator[Problem]:
    """A component is there, and every value in it is null or empty.

    ## Why is this bad?
    It satisfies whoever looks for the key, and nobody who needs what it should hold.

    ## How to fix
    Fill it in, or state under `not_applicable` why there is nothing to say.
    """
    for component in Component:
        if component not in artifact.options.required_components or not artifact.is_missing(component):
            continue
        for section in artifact.record.sections:
            if section.component is component and section.empty:
                yield Problem(section.origin, f"{component.value} holds nothing", _WHAT[component][1])
                break


_REASON = 'Write the reason as its value, for example "text generation: tokenizer.json is the input contract".'


@rule("CMP106", "not-applicable-without-reason", severity=Severity.WARNING, tags=("components",))
def not_applicable_without_reason(artifact: Artifact) -> Iterator[Problem]:
    """A component is declared not applicable without a reason.

    ## Why is this bad?
    The next reader cannot tell a decision from a shortcut.

    ## How to fix
    Write the reason as the value:

        not_applicable: {feature_schema: "text generation: tokenizer.json is the input contract"}
    """
    for fact in artifact.record.unexplained:
        yield Problem(fact.origin, f"{fact.value.value} is declared not applicable without a reason", _REASON)


@rule("CMP111", "unknown-weights-format", severity=Severity.WARNING, tags=("components",))
def unknown_weights_format(artifact: Artifact) -> Iterator[Problem]:
    """The content of a weight file matches no known format.

    ## Why is this bad?
    Nothing could be checked in it, and whoever is to load it does not know how.

    ## How to fix
    Check that the file is what it should be (a failed download is often an HTML page). If the format is private, take
    the file out of the artifact's weights or exclude it.
    """
    for file in artifact.files:
        unknown = file.is_readable and file.format is None and not file.directory
        if unknown and file.size and file.role is not Role.OTHER and _was_read(file) and not _is_broken_pointer(file):
            yield Problem(
                file.origin,
                f"{file.path} is in no format that is known here, so nothing in it was checked",
                "Check that it is what it should be; a failed download is often an error page.",
                file=file.path,
            )


def _is_broken_pointer(file: WeightFile) -> bool:
    """Whether the file is a git-LFS pointer gone wrong, of which SUM104 tells."""
    return any(mention.malformed and mention.origin.path == file.path for mention in file.mentions)


def _was_read(file: WeightFile) -> bool:
    inspection = file.inspection.value
    return inspection is not None and not any(part.cause is Cause.UNREADABLE for part in inspection.incomplete)


@rule("CMP121", "missing-architecture", severity=Severity.WARNING, tags=("components",), needs_whole_record=True)
def missing_architecture(artifact: Artifact) -> Iterator[Problem]:
    """The configuration does not name the architecture, and the weights do not hold it themselves.

    ## Why is this bad?
    Weights can only be put back into the class they came from.

    ## How to fix
    State `config.architecture`, for example `XGBClassifier` or `BertForSequenceClassification`.
    """
    if not _has(artifact, Component.CONFIG) or artifact.record.architecture:
        return
    unseen = any(file.inspection.value is None for file in artifact.files if file.role is Role.WEIGHTS)
    if unseen or any(_root_class(file) for file in artifact.files):
        return
    advice = _advice(artifact, "config.architecture", "the class that the weights are loaded into")
    yield Problem(_origin(artifact, Component.CONFIG), "the configuration names no architecture", advice)


def _has(artifact: Artifact, component: Component) -> bool:
    return artifact.described and artifact.components.get(component) is Presence.PRESENT


def _origin(artifact: Artifact, component: Component) -> Origin:
    """Where a record speaks of a component; the artifact's own place where none has a section for it."""
    sections = (section.origin for section in artifact.record.sections if section.component is component)
    return next(sections, artifact.origin)


#: What a pickle holds that is no estimator: a state dict, a list of arrays.
_PLAIN_CLASSES = frozenset({"dict", "OrderedDict", "defaultdict", "list", "tuple", "ndarray", "set", "str", "bytes"})


def _root_class(file: WeightFile) -> str | None:
    inspection = file.inspection.value
    return inspection.metadata.get("root") if inspection else None


@rule("CMP122", "missing-hyperparameters", severity=Severity.WARNING, tags=("components",), needs_whole_record=True)
def missing_hyperparameters(artifact: Artifact) -> Iterator[Problem]:
    """The configuration states no hyperparameters.

    ## Why is this bad?
    The model cannot be trained again, nor compared with the next one.

    ## How to fix
    State them under `config.hyperparameters`, or log them as the run's parameters.
    """
    if any(file.describes_itself for file in artifact.files):
        return
    if _has(artifact, Component.CONFIG) and not any(fact.value for fact in artifact.record.hyperparameters):
        advice = _advice(artifact, "config.hyperparameters", "what training was called with", "mlflow.log_params")
        yield _unrecorded(artifact, Component.CONFIG, "no hyperparameters are recorded", advice)


def _unrecorded(artifact: Artifact, component: Component, what: str, advice: str) -> Problem:
    """A fact is absent; only a note where the tracking run that would state it is known, but kept elsewhere."""
    record = artifact.record
    if "dvc" in record.conventions and record.metrics_files.best and component is Component.RUN and "metrics" in what:
        kept = record.metrics_files.best
        message = f"{what} here; they are in {kept.value}, which only DVC has"
        return Problem(kept.origin, message, "Fetch it with `dvc pull` and lint again.", severity=Severity.NOTE)
    if "mlflow" in record.conventions and record.run_id.best and "mlflow-tracking" not in record.conventions:
        run = record.run_id.best
        message = f"{what} here; run {run.value} may, in a tracking store that is not in this repository"
        return Problem(run.origin, message, advice, severity=Severity.NOTE)
    return Problem(_origin(artifact, component), what, advice)


#: What hand-written files call the manifest's fields.
_SIDECAR_KEYS = {"run.datasets": "dataset", "run.git.commit": "git_commit"}


def _advice(artifact: Artifact, field: str, what: str, call: str | None = None) -> str:
    """Where the convention in use has room for a field of the manifest."""
    conventions = artifact.record.conventions
    if "native" not in conventions and "sidecar" in conventions:
        key = _SIDECAR_KEYS.get(field, field.rpartition(".")[2])
        return f"State `{key}` in {artifact.origin.path}: {what}."
    if "mlflow" in conventions and "native" not in conventions and call is not None:
        return f"Call `{call}` and keep the run in the repository, or state `{field}` in a model-artifact.yaml."
    where = "" if "native" in conventions else " in a model-artifact.yaml"
    return f"State `{field}`{where}: {what}."


def _wants(artifact: Artifact, fact: str) -> bool:
    return (
        _has(artifact, Component.RUN)
        and fact in artifact.options.required_run_facts
        and Component.RUN in artifact.options.required_components
    )


@rule("CMP141", "missing-run-id", severity=Severity.WARNING, tags=("run",), needs_whole_record=True)
def missing_run_id(artifact: Artifact) -> Iterator[Problem]:
    """The run has no identifier.

    ## Why is this bad?
    Logs, plots and parameters of the training can no longer be found.

    ## How to fix
    State `run.run_id`, or log the model from within a run.
    """
    if _wants(artifact, "run_id") and not artifact.record.run_id:
        advice = _advice(artifact, "run.run_id", "what the tracking system calls the run", "mlflow.start_run")
        yield _unrecorded(artifact, Component.RUN, "no run id is recorded", advice)


@rule("CMP142", "missing-dataset", severity=Severity.WARNING, tags=("run",), needs_whole_record=True)
def missing_dataset(artifact: Artifact) -> Iterator[Problem]:
    """The run does not say which data it was trained on.

    ## Why is this bad?
    Neither leakage nor licence nor drift can be judged without it.

    ## How to fix
    State `run.datasets` with name and version or digest, or log the dataset as the run's input.
    """
    if _wants(artifact, "datasets") and not any(fact.value for fact in artifact.record.datasets):
        advice = _advice(artifact, "run.datasets", "with version or digest", "mlflow.log_input")
        yield _unrecorded(artifact, Component.RUN, "no dataset is recorded", advice)


@rule("CMP143", "missing-metrics", severity=Severity.WARNING, tags=("run",), needs_whole_record=True)
def missing_metrics(artifact: Artifact) -> Iterator[Problem]:
    """The run states no metrics.

    ## Why is this bad?
    Whether this model is better than the one it replaces is anybody's guess.

    ## How to fix
    State `run.metrics`, or log them to the run.
    """
    if _wants(artifact, "metrics") and not any(fact.value for fact in artifact.record.metrics):
        advice = _advice(artifact, "run.metrics", "with dataset and split", "mlflow.log_metrics")
        yield _unrecorded(artifact, Component.RUN, "no metrics are recorded", advice)


@rule("CMP144", "missing-timestamp", severity=Severity.WARNING, tags=("run",), needs_whole_record=True)
def missing_timestamp(artifact: Artifact) -> Iterator[Problem]:
    """Nothing says when the model was made.

    ## Why is this bad?
    Its age, and which of two is the newer, cannot be told; file times do not survive a clone.

    ## How to fix
    State `run.created` in RFC 3339 with a zone.
    """
    if _wants(artifact, "created") and not artifact.record.created:
        advice = _advice(artifact, "run.created", 'with a zone, such as "2026-11-21T08:55:02Z"')
        yield _unrecorded(artifact, Component.RUN, "no creation time is recorded", advice)


@rule("CMP145", "missing-git-commit", severity=Severity.WARNING, tags=("run",), needs_whole_record=True)
def missing_git_commit(artifact: Artifact) -> Iterator[Problem]:
    """The run does not say which commit of the code it ran.

    ## Why is this bad?
    The training code as it was cannot be found again.

    ## How to fix
    State `run.git.commit`; MLflow records it by itself when training runs inside a git checkout.
    """
    if _wants(artifact, "git_commit") and not artifact.record.git_commit:
        advice = _advice(artifact, "run.git.commit", "the commit of the training code")
        yield _unrecorded(artifact, Component.RUN, "no git commit is recorded", advice)
