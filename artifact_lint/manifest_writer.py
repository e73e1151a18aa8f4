"""A manifest written from what is known of an artifact, with a marked gap wherever somebody has to say more."""

from __future__ import annotations

import json
import math
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from artifact_lint.model import Component

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifact_lint.model import Artifact, Feature, Record, Stated, WeightFile

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_COMMIT = re.compile(r"[0-9a-f]{7,40}|[0-9a-f]{64}")
_NUMERAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_YAML_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"))
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


def suggested_name(text: str) -> str:
    """A name that every registry takes, made of a text."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return re.sub(r"^[^a-z]+", "", words)[:63].rstrip("-") or "model"


def _header(artifact: Artifact) -> Iterator[str]:
    record = artifact.record
    yield "# What this model consists of, written by `artifact-lint init`. Fill in what is marked TODO, then run"
    yield "# `artifact-lint check` on this directory. `artifact-lint schema manifest` prints every field there is."
    yield "schema_version: 1"
    place = PurePosixPath(artifact.path)
    own = place.name.split(".")[0] if artifact.path else "model"
    generic = own.lower() in {"model", "best_model", "models", "artifacts", "model-artifact", ""}
    name = record.name.value or (own if not generic else f"{place.parent.name or 'my'}-model")
    doubt = "" if record.name and not generic else "  # TODO: what the model is called in your registry"
    yield f"name: {suggested_name(name)}{doubt}"
    if record.version.value:
        yield f"version: {_text(record.version.value)}"
    else:
        yield '# version: "1.0.0"  # TODO: the version of this model'
    yield from _maybe("description", record.description)
    yield from _maybe("license", record.license)
    yield from _maybe("task", record.task)


def _weights(artifact: Artifact, directory: str) -> Iterator[str]:
    files = [file for file in artifact.files if file.path.startswith(f"{directory}/") or not directory]
    inspections = [file.inspection.value for file in files]
    framework = artifact.record.framework.value or next(
        (inspection.framework for inspection in inspections if inspection and inspection.framework), None
    )
    yield ""
    if not files:
        yield "# weights:  # TODO: the weight files, or where they are kept"
        return
    yield "weights:"
    if framework:
        yield f"  framework: {_text(framework)}"
    yield "  files:"
    for file in files:
        yield f"    - {_file(file, directory)}"


def _file(file: WeightFile, directory: str) -> str:
    entry: dict[str, object] = {"path": file.path.removeprefix(f"{directory}/") if directory else file.path}
    entry["role"] = file.role.value
    if file.format:
        entry["format"] = file.format
    if file.size is not None:
        entry["size"] = file.size
    if file.digest.value:
        entry["digest"] = file.digest.value
    return _flow(entry)


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
    yield f"  architecture: {_text(architecture)}" if architecture else "  # architecture:  # TODO: the model's class"
    if not values:
        yield "  # hyperparameters: {}  # TODO: what training was called with"
    else:
        yield "  hyperparameters:"
        for key, value in list(values.items())[:_MOST_VALUES]:
            yield f"    {_key(key)}: {_parameter(value)}"
    yield from _maybe("base_model", record.base_model, indent="  ")


def _schema(artifact: Artifact) -> Iterator[str]:
    record = artifact.record
    if not record.inputs.value:
        if artifact.is_missing(Component.FEATURE_SCHEMA):
            yield ""
            yield "# feature_schema:  # TODO: what the model takes and returns"
            yield "#   inputs: [{name: age, type: long, range: [18, 120]}, {name: region, type: string}]"
            yield "#   outputs: [{name: probability, type: double, range: [0, 1]}]"
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
    return _flow(entry) + missing


def _run(record: Record, head: str | None) -> Iterator[str]:
    yield ""
    lines = [*_maybe("run_id", record.run_id, indent="  "), *_maybe("experiment", record.experiment, indent="  ")]
    created = record.created.value
    if created and _RFC_3339.fullmatch(created):
        lines.append(f"  created: {_text(created)}")
    elif created:
        lines.append(f'  # created: "{created}"  # TODO: with its zone, such as 2026-11-21T08:55:02Z')
    lines += _git(record, head)
    lines += _datasets(record)
    lines += _metrics(record)
    lines += _maybe("author", record.author, indent="  ")
    if any(not line.lstrip().startswith("#") for line in lines):
        yield "run:"
        yield from lines
        return
    yield "# run:  # TODO: which run made the weights"
    yield "#   run_id: 9c39c3103693497fbf70bf95b2294032"
    yield '#   created: "2026-11-21T08:55:02Z"'
    hint = f"  # checked out now; is it the one that trained the model? {head}" if head else ""
    yield f"#   git: {{commit: ...}}{hint}"
    yield "#   datasets: [{name: loans, version: v3}]"
    yield "#   metrics: [{name: auc, value: 0.87, dataset: loans, split: test}]"


def _git(record: Record, head: str | None) -> Iterator[str]:
    commit, repository = record.git_commit.value, record.repository.value
    if commit and _COMMIT.fullmatch(commit):
        entry = {"commit": commit} | ({"repository": repository} if repository else {})
        yield f"  git: {_flow(entry)}"
    else:
        hint = f'"{head}"' if head else "..."
        now = "; this is what is checked out now" if head else ""
        yield f"  # git: {{commit: {hint}}}  # TODO: the commit of the training code{now}"


def _datasets(record: Record) -> Iterator[str]:
    datasets = next((fact.value for fact in record.datasets if fact.value), ())
    if not datasets:
        yield "  # datasets: [{name: loans, version: v3}]  # TODO: what the model was trained on"
        return
    yield "  datasets:"
    for dataset in datasets:
        entry = {"name": dataset.name, "version": dataset.version, "role": dataset.role, "digest": dataset.digest}
        entry["uri"] = dataset.uri
        yield f"    - {_flow({key: value for key, value in entry.items() if value is not None})}"


def _metrics(record: Record) -> Iterator[str]:
    metrics = [metric for fact in record.metrics.facts[:1] for metric in fact.value if _is_number(metric.value)]
    if not metrics:
        yield "  # metrics: [{name: auc, value: 0.87}]  # TODO: how good the model is"
        return
    yield "  metrics:"
    for metric in metrics[:_MOST_VALUES]:
        entry = {"name": metric.name, "value": metric.value, "dataset": metric.dataset, "split": metric.split}
        yield f"    - {_flow({key: value for key, value in entry.items() if value is not None})}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


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
    yield f"  python: {_text(python)}" if python else '  # python: "3.11.7"  # TODO: the version of Python'
    if beside:
        yield f"  requirements: {_text(PurePosixPath(beside[0]).name)}"
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
            yield f'  {component.value}: "the inputs are tokens or images: {contract} is the contract"'


def _maybe(key: str, stated: Stated[str], indent: str = "") -> Iterator[str]:
    if stated.value:
        yield f"{indent}{key}: {_text(stated.value)}"


def _flow(entry: Mapping[str, object]) -> str:
    return "{" + ", ".join(f"{_key(key)}: {_value(value)}" for key, value in entry.items()) + "}"


def _key(key: str) -> str:
    return key if _PLAIN.fullmatch(key) and key.lower() not in _YAML_WORDS else json.dumps(key)


def _text(text: str) -> str:
    """A scalar that every YAML parser reads as this text."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS else json.dumps(text)


def _value(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not isinstance(value, bool):
        return _number(value)
    if isinstance(value, list | tuple):
        return _sequence(value)
    if isinstance(value, dict):
        return _flow({str(key): inner for key, inner in value.items()})
    return json.dumps(value, default=str)


def _parameter(value: object) -> str:
    """A hyperparameter; a tracking store keeps all of them as text, numbers included."""
    return value if isinstance(value, str) and _NUMERAL.fullmatch(value) else _value(value)


def _number(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return text.replace("e", "e+") if re.search(r"e\d", text) else text


def _sequence(values: Sequence[object]) -> str:
    return "[" + ", ".join(_value(value) for value in values) + "]"
