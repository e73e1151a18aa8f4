"""CMP: are the four components there, and do they say something?"""

from __future__ import annotations

import math
import re
import shlex
from typing import TYPE_CHECKING

from artifact_lint.model import Component, FileState, Presence, Problem, Related, Role, Severity
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Feature, Origin, Stated, WeightFile

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
    """Whether all that is known is a hand-written file without weights: it may be about something else."""
    return not any(file.state is FileState.PRESENT or file.pointer for file in artifact.files) and set(
        artifact.record.conventions
    ) <= {"sidecar"}


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
    if artifact.described or not artifact.files:
        return
    file = artifact.files[0]
    what = f"{file.path} is described by no manifest, MLmodel, config or metadata file"
    severity = None
    if all(member.role is Role.DATA for member in artifact.files):
        what, severity = f"{file.path} holds data that nothing describes", Severity.NOTE
    directory = file.path.rpartition("/")[0] or "."
    advice = f"Run `artifact-lint init {shlex.quote(directory)}` to write a model-artifact.yaml beside it."
    if severity is Severity.NOTE:
        advice += " Where it is no part of a model, name it under `exclude` in the configuration."
    yield Problem(artifact.origin, what, advice, file=file.path, severity=severity)


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

    ## Why is this bad?
    Without architecture and hyperparameters the weights cannot be rebuilt, compared or explained; a state dict cannot
    even be loaded.

    ## How to fix
    State `config.architecture` and `config.hyperparameters` in the manifest, or keep the framework's config file.
    """
    yield from _missing(artifact, Component.CONFIG)


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

    ## Why is this bad?
    Nobody can tell which data and code it was trained with, how good it was, or whether it may be replaced.

    ## How to fix
    State `run` in the manifest (run id, datasets, metrics, created, git), keep the tracking run in the repository, or
    fill in the model card's metadata.
    """
    yield from _missing(artifact, Component.RUN)


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
        unknown = file.state is FileState.PRESENT and file.format is None and not file.directory
        if unknown and file.size and file.role is not Role.OTHER:
            yield Problem(
                file.origin,
                f"{file.path} is in no format that is known here, so nothing in it was checked",
                "Check that it is what it should be; a failed download is often an error page.",
                file=file.path,
            )


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
    if _has(artifact, Component.CONFIG) and not any(fact.value for fact in artifact.record.hyperparameters):
        advice = _advice(artifact, "config.hyperparameters", "what training was called with", "mlflow.log_params")
        yield _unrecorded(artifact, Component.CONFIG, "no hyperparameters are recorded", advice)


def _is_tabular(artifact: Artifact) -> bool:
    task, framework = artifact.record.task.value or "", artifact.record.framework.value or ""
    return task.startswith("tabular") or framework in {"scikit-learn", "xgboost", "lightgbm", "catboost"}


@rule("CMP131", "unnamed-inputs", severity=Severity.WARNING, tags=("schema",))
def unnamed_inputs(artifact: Artifact) -> Iterator[Problem]:
    """The schema of a tabular model names no columns.

    ## Why is this bad?
    The order of the columns is then all that holds caller and model together, and nothing notices when two are
    swapped.

    ## How to fix
    Fit the model on a DataFrame and infer the signature from it, or name the inputs in the manifest.
    """
    best = artifact.record.inputs.best
    if best and best.value and _is_tabular(artifact) and all(feature.name is None for feature in best.value):
        advice = "Infer the signature from a DataFrame, or list the columns by name, in the order the model expects."
        yield Problem(best.origin, "the inputs of a tabular model have no names", advice)


def _features(artifact: Artifact) -> Iterator[tuple[str, Stated[tuple[Feature, ...]]]]:
    yield "input", artifact.record.inputs
    yield "output", artifact.record.outputs


@rule("CMP132", "missing-dtype", severity=Severity.ERROR, tags=("schema",))
def missing_dtype(artifact: Artifact) -> Iterator[Problem]:
    """A feature has no dtype.

    ## Why is this bad?
    A caller that sends an integer for a float, or a text for a number, is only found out by the model.

    ## How to fix
    Give every input and output a type.
    """
    for kind, stated in _features(artifact):
        if not stated.best:
            continue
        untyped = [feature for feature in stated.best.value if not feature.dtype]
        if stated.best.guessed and len(untyped) == len(stated.best.value):
            if untyped and kind == "input":
                message = f"none of the {len(untyped)} {kind}s has a dtype"
                yield Problem(
                    stated.best.origin,
                    message,
                    "Give every feature a type, such as `double`, `long` or `string`.",
                    guessed=True,
                )
            continue
        for feature in untyped:
            message = f"{kind} {feature.name or '(unnamed)'} has no dtype"
            yield Problem(
                feature.origin,
                message,
                "Give it a type, such as `double`, `long` or `string`.",
                guessed=stated.best.guessed,
            )


@rule("CMP133", "duplicate-feature", severity=Severity.ERROR, tags=("schema",))
def duplicate_feature(artifact: Artifact) -> Iterator[Problem]:
    """Two features have the same name, or names that differ only in case or outer spaces.

    ## Why is this bad?
    Data frames and databases fold such names together, and one column takes the other's place.

    ## How to fix
    Rename one of them.
    """
    for kind, stated in _features(artifact):
        if not stated.best:
            continue
        seen: dict[str, Feature] = {}
        for feature in stated.best.value:
            if feature.name is None:
                continue
            first = seen.setdefault(feature.name.strip().casefold(), feature)
            if first is not feature:
                same = "is listed twice" if first.name == feature.name else f"differs from {first.name!r} only in form"
                yield Problem(
                    feature.origin,
                    f"{kind} {feature.name!r} {same}",
                    "Rename or remove one of the two.",
                    related=(Related(first.origin, "first here"),),
                    guessed=stated.best.guessed,
                )


@rule("CMP134", "missing-outputs", severity=Severity.WARNING, tags=("schema",))
def missing_outputs(artifact: Artifact) -> Iterator[Problem]:
    """The schema lists inputs and no outputs.

    ## Why is this bad?
    Nobody knows whether a score, a class or a vector comes back, and in which order.

    ## How to fix
    List the outputs with their types.
    """
    best = artifact.record.inputs.best
    if best and best.value and not any(fact.value for fact in artifact.record.outputs):
        advice = "List what the model returns, each output with its name and type."
        yield Problem(best.origin, "the schema lists no outputs", advice, guessed=best.guessed)


_INTEGERS = ("int", "long", "short", "byte", "uint", "integer")
_NUMBERS = (*_INTEGERS, "float", "double", "decimal", "number", "half")


def _is_a(dtype: str | None, families: tuple[str, ...]) -> bool:
    return bool(dtype) and str(dtype).lower().startswith(families)


@rule("CMP135", "missing-range", severity=Severity.WARNING, tags=("schema",), strict=True)
def missing_range(artifact: Artifact) -> Iterator[Problem]:
    """A numeric input has no range, or a categorical one no allowed values.

    ## Why is this bad?
    Nothing tells a value the model never saw from an ordinary one.

    ## How to fix
    State `range: [low, high]` or `allowed: [...]`.
    """
    for feature in artifact.record.inputs.value or ():
        if feature.shape is not None:
            continue
        if _is_a(feature.dtype, _NUMBERS) and feature.minimum is None and feature.maximum is None:
            if feature.allowed is None:
                yield Problem(feature.origin, f"input {feature.name} has no range", "State `range: [low, high]`.")
        elif _is_a(feature.dtype, ("string", "str", "categor", "object")) and feature.allowed is None:
            yield Problem(feature.origin, f"input {feature.name} has no allowed values", "State `allowed: [...]`.")


@rule("CMP136", "impossible-range", severity=Severity.ERROR, tags=("schema",))
def impossible_range(artifact: Artifact) -> Iterator[Problem]:
    """A range that no value can meet, a default outside it, or a value that the dtype does not have.

    ## Why is this bad?
    Every request fails the check, or the check means nothing.

    ## How to fix
    Correct the bounds, the default or the dtype.
    """
    for kind, stated in _features(artifact):
        for feature in stated.value or ():
            for what in _impossible(feature):
                guessed = bool(stated.best and stated.best.guessed)
                message, advice = f"{kind} {feature.name}: {what}", "Correct the bounds, the default or the dtype."
                yield Problem(feature.origin, message, advice, guessed=guessed)


def _impossible(feature: Feature) -> Iterator[str]:
    low, high, default = feature.minimum, feature.maximum, feature.default
    if low is not None and high is not None and low > high:
        yield f"its range starts at {low:.15g} and ends at {high:.15g}"
    if any(bound is not None and math.isnan(bound) for bound in (low, high)):
        yield "a bound of its range is NaN"
    number = default if isinstance(default, int | float) and not isinstance(default, bool) else None
    if number is not None and not _within(number, low, high):
        yield f"its default {number:.15g} is outside its range"
    if feature.allowed is not None and default is not None and default not in feature.allowed:
        yield f"its default {default!r} is not among the allowed values"
    if _INTEGER.fullmatch(feature.dtype or ""):
        yield from _no_integers(feature)


def _within(number: float, low: float | None, high: float | None) -> bool:
    return not ((low is not None and number < low) or (high is not None and number > high))


#: The whole-number dtypes of MLflow, NumPy, SQL and Python; pandas spells those that take null with a capital.
_INTEGER = re.compile(r"[uU]?[iI]nt(?:eger)?(?:8|16|32|64)?|(?:tiny|small|big)int|long|short|byte")
_NULLABLE_INTEGER = re.compile(r"U?Int(?:8|16|32|64)")


def _no_integers(feature: Feature) -> Iterator[str]:
    for value in (feature.default, *(feature.allowed or ())):
        if isinstance(value, float) and not value.is_integer():
            yield f"{value} is no {feature.dtype}"
    takes_null = feature.nullable is True or _NULLABLE_INTEGER.fullmatch(feature.dtype or "")
    if feature.allowed and None in feature.allowed and not takes_null:
        yield f"null is among the allowed values of a {feature.dtype}"


_PREPROCESSORS = ("sklearn.pipeline", "sklearn.compose", "imblearn.pipeline", "sklearn.preprocessing")


@rule("CMP137", "missing-preprocessing", severity=Severity.WARNING, tags=("schema",))
def missing_preprocessing(artifact: Artifact) -> Iterator[Problem]:
    """The model takes text columns, and nothing says how they become numbers.

    Raised where neither the record states preprocessing steps, nor the weights hold a pipeline, nor another file of
    the artifact does. LightGBM and CatBoost encode categories themselves.

    ## Why is this bad?
    The service repeats the encoding by hand and gets it slightly different: no error, other numbers.

    ## How to fix
    Save the whole pipeline, or list the steps under `feature_schema.preprocessing` with the file that holds each.
    """
    record = artifact.record
    inputs = record.inputs.best
    if not inputs or record.preprocessing or not _is_tabular(artifact):
        return
    if record.framework.value in {"lightgbm", "catboost"}:
        return
    texts = [f for f in inputs.value if f.shape is None and _is_a(f.dtype, ("string", "str", "object", "categor"))]
    if not texts or any(file.role in {Role.PREPROCESSOR, Role.TOKENIZER} for file in artifact.files):
        return
    inspections = [file.inspection.value for file in artifact.files if file.role is not Role.DATA]
    if any(inspection is None for inspection in inspections):
        return
    modules = {found.module for inspection in inspections if inspection for found in inspection.imports}
    if not any(module.startswith(_PREPROCESSORS) for module in modules):
        names = ", ".join(str(feature.name) for feature in texts[:4])
        message = f"nothing says how the text columns become numbers: {names}"
        yield Problem(inputs.origin, message, "Save the pipeline with its encoder, or list the preprocessing steps.")


@rule("CMP138", "example-mismatch", severity=Severity.ERROR, tags=("schema",))
def example_mismatch(artifact: Artifact) -> Iterator[Problem]:
    """The input example does not fit the signature.

    A note where the example only has columns beyond the signature's: MLflow drops those before it predicts.

    ## Why is this bad?
    The example is what people try first, and what serving tests send. One of the two is wrong.

    ## How to fix
    Log the model again with an example from the training data and the signature inferred from it.
    """
    example, inputs = artifact.record.example.best, artifact.record.inputs.best
    if not example or not inputs or example.value.columns is None:
        return
    if any(feature.name is None for feature in inputs.value):
        return
    listed = set(example.value.columns)
    required = [f.name for f in inputs.value if f.required is not False and f.name is not None]
    missing = [name for name in required if name not in listed]
    unknown = sorted(listed - {feature.name for feature in inputs.value if feature.name is not None})
    if missing or unknown:
        parts = [f"lacks {', '.join(missing[:6])}"] if missing else []
        parts += [f"has {', '.join(unknown[:6])}, which the signature does not know"] if unknown else []
        yield Problem(
            example.origin,
            f"the input example {' and '.join(parts)}",
            "Log the model again with an example and a signature from the same data.",
            related=(Related(inputs.origin, "the signature is here"),),
            severity=None if missing else Severity.NOTE,
        )


def _unrecorded(artifact: Artifact, component: Component, what: str, advice: str) -> Problem:
    """A fact is absent; only a note where the tracking run that would state it is known, but kept elsewhere."""
    record = artifact.record
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
        return f"Log it with `{call}` and keep the run in the repository, or state `{field}` in a model-artifact.yaml."
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
        advice = _advice(artifact, "run.datasets", "each with its version or digest", "mlflow.log_input")
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
        advice = _advice(artifact, "run.metrics", "each with its dataset and split", "mlflow.log_metrics")
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
