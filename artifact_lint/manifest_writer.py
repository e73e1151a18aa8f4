"""A manifest written from what is known of an artifact, with a marked gap wherever somebody has to say more."""

from __future__ import annotations

import math
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from artifact_lint.manifest_scalars import flow, is_key, number_or_text, scalar, text
from artifact_lint.model import Component, FileState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.model import Artifact, Feature, Record, Stated, WeightFile

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_COMMIT = re.compile(r"[0-9a-f]{7,40}|[0-9a-f]{64}")
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
#: Names of files and directories that say nothing about the model in them.
_GENERIC = frozenset(("model", "best_model", "models", "artifacts", "artifact", "weights", "model-artifact", ""))
#: More hyperparameters than this are a dump of defaults; the first ones are kept.
_MOST_VALUES = 200


def write_manifest(artifact: Artifact, directory: str, *, head: str | None = None) -> str:
    """The text of a `model-artifact.yaml` in `directory`; `head` is the commit that is checked out now, if any."""
    record = artifact.record
    parts = (
        _header(artifact),
        _weights(artifact, directory),
        _config(artifact),
        _schema(artifact),
        _run(record, head),
        _environment(artifact, directory),
        _not_applicable(artifact),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def suggested_name(written: str) -> str:
    """A name that every registry takes, made of a text."""
    words = re.sub(r"[^a-z0-9]+", "-", written.lower()).strip("-")
    return re.sub(r"^[^a-z]+", "", words)[:63].rstrip("-") or "model"


def _header(artifact: Artifact) -> Iterator[str]:
    record = artifact.record
    yield "# What this model consists of, written by `artifact-lint init`. Fill in what is marked TODO, then run"
    yield "# `artifact-lint check` on this directory. `artifact-lint schema manifest` prints every field there is."
    yield "schema_version: 1"
    yield f"name: {_name(artifact)}"
    if record.version.value:
        yield f"version: {text(record.version.value)}"
    else:
        yield '# version: "1.0.0"  # TODO: the version of this model'
    yield from _maybe("description", record.description)
    yield from _maybe("license", record.license)
    yield from _maybe("task", record.task)


def _name(artifact: Artifact) -> str:
    """The name on record, as it is where it is certain; else one made of what the files are called."""
    stated = artifact.record.name.best
    if stated is not None:
        return text(suggested_name(stated.value) if stated.guessed else stated.value)
    place = PurePosixPath(artifact.path)
    own = _SHARD.sub("", place.stem if _is_a_file(artifact) else place.name)
    if own.lower() in _GENERIC:
        own = f"{place.parent.name or 'my'}-model"
    return f"{text(suggested_name(own))}  # TODO: what the model is called in your registry"


def _is_a_file(artifact: Artifact) -> bool:
    return any(artifact.path == file.path for file in artifact.files)


def _weights(artifact: Artifact, directory: str) -> Iterator[str]:
    named = [file for file in artifact.files if file.state is not FileState.MISSING and not file.directory]
    external = [file for file in named if any(mention.uri for mention in file.mentions)]
    files = [
        file for file in named if file not in external and (file.path.startswith(f"{directory}/") or not directory)
    ]
    inspections = [file.inspection.value for file in files]
    framework = artifact.record.framework.value or next(
        (inspection.framework for inspection in inspections if inspection and inspection.framework), None
    )
    yield ""
    if not files and not external:
        yield "# weights:  # TODO: the weight files, or where they are kept"
        return
    yield "weights:"
    if framework:
        yield f"  framework: {text(framework)}"
    if files:
        yield "  files:"
        yield from (f"    - {_file(file, directory)}" for file in files)
    if external:
        yield "  external:"
        yield from (f"    - {_external(file)}" for file in external)


def _external(file: WeightFile) -> str:
    digests = [digest.value for mention in file.mentions for digest in mention.digests]
    entry = {"uri": file.path, "format": file.format, "size": file.size, "digest": digests[0] if digests else None}
    return flow({key: value for key, value in entry.items() if value is not None})


def _file(file: WeightFile, directory: str) -> str:
    entry: dict[str, object] = {"path": file.path.removeprefix(f"{directory}/") if directory else file.path}
    entry["role"] = file.role.value
    if file.format:
        entry["format"] = file.format
    if file.size is not None:
        entry["size"] = file.size
    if file.digest.value:
        entry["digest"] = file.digest.value
    return flow(entry)


def _config(artifact: Artifact) -> Iterator[str]:
    record = artifact.record
    roots = [inspection.metadata.get("root") for file in artifact.files if (inspection := file.inspection.value)]
    classes = [root.rpartition(":")[2].rpartition(".")[2] for root in roots if root]
    found = [name for name in classes if name not in {"dict", "OrderedDict", "list", "ndarray"}]
    architecture = record.architecture.value or (found[0] if found else None)
    values = next((fact.value for fact in record.hyperparameters if fact.value), None)
    yield ""
    if not architecture and not values:
        yield "# config:  # TODO: what the model was built with"
        yield "#   architecture: XGBClassifier"
        yield "#   hyperparameters: {max_depth: 6, learning_rate: 0.05}"
        return
    yield "config:"
    yield f"  architecture: {text(architecture)}" if architecture else "  # architecture:  # TODO: the model's class"
    if not values:
        yield "  # hyperparameters: {}  # TODO: what training was called with"
    else:
        yield "  hyperparameters:"
        write = number_or_text if _TRACKING in record.conventions and _are_texts(values) else scalar
        for key, value in list(values.items())[:_MOST_VALUES]:
            if is_key(key):
                yield f"    {text(key)}: {write(value)}"
    yield from _maybe("base_model", record.base_model, indent="  ")


#: MLflow's tracking store keeps every parameter as a text.
_TRACKING = "mlflow-tracking"


def _are_texts(values: Mapping[str, object]) -> bool:
    return all(isinstance(value, str) for value in values.values())


def _schema(artifact: Artifact) -> Iterator[str]:
    record = artifact.record
    if not record.inputs.value:
        if artifact.is_missing(Component.FEATURE_SCHEMA):
            yield ""
            yield "# feature_schema:  # TODO: what the model takes and returns"
            yield "#   inputs: [{name: ..., type: double, range: [low, high]}, {name: ..., type: string}]"
            yield "#   outputs: [{name: ..., type: double, range: [low, high]}]"
        return
    yield ""
    yield "feature_schema:"
    for key, stated in (("inputs", record.inputs), ("outputs", record.outputs)):
        if not stated.value:
            yield f"  # {key}: []  # TODO: what the model {'takes' if key == 'inputs' else 'returns'}"
            continue
        yield f"  {key}:"
        for feature in stated.value:
            yield f"    - {_feature(feature)}"
    if record.preprocessing.value:
        yield "  preprocessing:"
        for step in record.preprocessing.value:
            entry: dict[str, object] = {"step": step.name, "columns": list(step.columns), "ref": step.reference}
            yield f"    - {flow({key: value for key, value in entry.items() if value})}"


def _feature(feature: Feature) -> str:
    entry: dict[str, object] = {"name": feature.name}
    if feature.dtype:
        entry["type"] = feature.dtype
    if feature.required is not None:
        entry["required"] = feature.required
    if feature.shape is not None:
        entry["shape"] = list(feature.shape)
    if feature.minimum is not None or feature.maximum is not None:
        entry["range"] = [feature.minimum, feature.maximum]
    if feature.allowed is not None:
        entry["allowed"] = list(feature.allowed)
    missing = "" if feature.dtype else "  # TODO: its type"
    return flow(entry) + missing


def _run(record: Record, head: str | None) -> Iterator[str]:
    yield ""
    lines = [*_maybe("run_id", record.run_id, indent="  "), *_maybe("experiment", record.experiment, indent="  ")]
    created = record.created.value
    if created and _RFC_3339.fullmatch(created):
        lines.append(f"  created: {text(created)}")
    elif created:
        lines.append(f"  # created: {text(created)}  # TODO: with its zone, such as 2026-11-21T08:55:02Z")
    lines += _git(record, head)
    lines += _datasets(record)
    lines += _metrics(record)
    lines += _maybe("author", record.author, indent="  ")
    if any(not line.lstrip().startswith("#") for line in lines):
        yield "run:"
        yield from lines
        return
    yield "# run:  # TODO: which run made the weights"
    yield "#   run_id: ..."
    yield '#   created: "..."  # such as 2026-11-21T08:55:02Z'
    hint = f"  # checked out now; is it the one that trained the model? {head}" if head else ""
    yield f"#   git: {{commit: ...}}{hint}"
    yield "#   datasets: [{name: ..., version: ...}]"
    yield "#   metrics: [{name: ..., value: ..., dataset: ..., split: test}]"


def _git(record: Record, head: str | None) -> Iterator[str]:
    commit, repository = record.git_commit.value, record.repository.value
    if commit and _COMMIT.fullmatch(commit):
        entry = {"commit": commit} | ({"repository": repository} if repository else {})
        yield f"  git: {flow(entry)}"
    else:
        hint = f'"{head}"' if head else "..."
        now = "; this is what is checked out now" if head else ""
        yield f"  # git: {{commit: {hint}}}  # TODO: the commit of the training code{now}"


def _datasets(record: Record) -> Iterator[str]:
    datasets = next((fact.value for fact in record.datasets if fact.value), ())
    if not datasets:
        yield "  # datasets: [{name: ..., version: ...}]  # TODO: what the model was trained on"
        return
    yield "  datasets:"
    for dataset in datasets:
        entry = {"name": dataset.name, "version": dataset.version, "role": dataset.role, "digest": dataset.digest}
        entry["uri"] = dataset.uri
        yield f"    - {flow({key: value for key, value in entry.items() if value is not None})}"


def _metrics(record: Record) -> Iterator[str]:
    metrics = [metric for fact in record.metrics.facts[:1] for metric in fact.value if _is_number(metric.value)]
    if not metrics:
        yield "  # metrics: [{name: ..., value: ...}]  # TODO: how good the model is"
        return
    yield "  metrics:"
    for metric in metrics[:_MOST_VALUES]:
        entry = {"name": metric.name, "value": metric.value, "dataset": metric.dataset, "split": metric.split}
        yield f"    - {flow({key: value for key, value in entry.items() if value is not None})}"


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and (
        isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    )


def _environment(artifact: Artifact, directory: str) -> Iterator[str]:
    record = artifact.record
    python = record.python_version.value
    sources = {requirement.origin.path for fact in record.requirements for requirement in fact.value}
    beside = sorted(path for path in sources if path.rpartition("/")[0] == directory and path.endswith(".txt"))
    yield ""
    if not python and not beside:
        yield "# environment:  # TODO: what it takes to load the weights"
        yield '#   {python: "3.11.7", requirements: requirements.txt}'
        return
    yield "environment:"
    yield f"  python: {text(python)}" if python else '  # python: "3.11.7"  # TODO: the version of Python'
    if beside:
        yield f"  requirements: {text(PurePosixPath(beside[0]).name)}"
    elif not sources:
        yield "  # requirements: requirements.txt  # TODO: the libraries, pinned with =="


def _not_applicable(artifact: Artifact) -> Iterator[str]:
    """What the artifact's own convention says has no place here: a tokenizer is the input contract of a text model."""
    record = artifact.record
    declared = {fact.value: "" for fact in record.not_applicable}
    if not record.inputs.value and not artifact.is_missing(Component.FEATURE_SCHEMA):
        declared[Component.FEATURE_SCHEMA] = ""
    contracts = [section.origin.path for section in record.sections if section.component is Component.FEATURE_SCHEMA]
    contract = PurePosixPath(contracts[0]).name if contracts else "the tokenizer or preprocessor"
    if declared:
        yield ""
        yield "not_applicable:"
        for component in declared:
            reason = f"the inputs are tokens or images: {contract} is the contract"
            yield f"  {component.value}: {text(reason)}"


def _maybe(key: str, stated: Stated[str], indent: str = "") -> Iterator[str]:
    if stated.value:
        yield f"{indent}{key}: {text(stated.value)}"
