"""A manifest written from what is known of an artifact, with a marked gap wherever somebody has to say more."""

from __future__ import annotations

import math
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from artifact_lint.manifest_features import with_features
from artifact_lint.manifest_renewal import Stale
from artifact_lint.manifest_scalars import flow, is_key, number_or_text, scalar, text
from artifact_lint.model import Component, FileState, Role
from artifact_lint.model.agreement import may_be_same_architecture, requirement_name
from artifact_lint.model.paths import name_of
from artifact_lint.schemas.dtypes import as_dtype

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from artifact_lint.model import Artifact, Feature, Metric, Record, Stated, WeightFile

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_COMMIT = re.compile(r"[0-9a-f]{7,40}|[0-9a-f]{64}")
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
#: Names of files and directories that say nothing about the model in them.
_GENERIC = frozenset(("model", "best_model", "models", "artifacts", "artifact", "weights", "model-artifact", ""))
#: More hyperparameters than this are a dump of defaults; the first ones are kept.
_MOST_VALUES = 200


def write_manifest(
    artifact: Artifact,
    directory: str,
    is_listed: Callable[[str], bool],
    *,
    head: str | None = None,
    stale: Stale | None = None,
) -> str:
    """The text of a `model-artifact.yaml` in `directory`.

    `is_listed` tells of a class, `module:name`, whether the allow-lists have it; `head` is the commit that is checked
    out now, if any; `stale` are facts that stand there as questions alone.
    """
    known = with_features(artifact)
    artifact, record = known.artifact, known.artifact.record
    old = stale or Stale()
    parts = (
        _header(artifact, old),
        _weights(artifact, directory),
        _config(artifact, is_listed, old),
        _schema(artifact, known.comments),
        _run(record, head, old),
        _environment(artifact, directory),
        _not_applicable(artifact),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def suggested_name(written: str) -> str:
    """A name that every registry takes, made of a text."""
    words = re.sub(r"[^a-z0-9]+", "-", written.lower()).strip("-")
    return re.sub(r"^[^a-z]+", "", words)[:63].rstrip("-") or "model"


def _header(artifact: Artifact, stale: Stale) -> Iterator[str]:
    record = artifact.record
    yield "# What this model consists of, written by `artifact-lint init`. Fill in what is marked TODO, then run"
    yield "# `artifact-lint check` on this directory. `artifact-lint schema manifest` prints every field there is."
    yield "schema_version: 1"
    yield f"name: {_name(artifact)}"
    if record.version.value:
        question = "  # TODO: the weights have changed; is this still their version?" if stale.version else ""
        yield f"version: {text(record.version.value)}{question}"
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
    named = [
        file
        for file in artifact.files
        if file.state is not FileState.MISSING and not file.directory and not file.is_bystander
    ]
    external = [file for file in named if any(mention.uri for mention in file.mentions)]
    files = [
        file for file in named if file not in external and (file.path.startswith(f"{directory}/") or not directory)
    ]
    framework = _framework(artifact)
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


def _framework(artifact: Artifact) -> str | None:
    inspections = (file.inspection.value for file in artifact.files)
    found = (inspection.framework for inspection in inspections if inspection and inspection.framework)
    return artifact.record.framework.value or next(found, None)


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


def _config(artifact: Artifact, is_listed: Callable[[str], bool], stale: Stale) -> Iterator[str]:
    record = artifact.record
    roots = [inspection.metadata.get("root") for file in artifact.files if (inspection := file.inspection.value)]
    classes = [_class_name(artifact, root, is_listed) for root in roots if root]
    found = [name for name in classes if name and name not in _CONTAINERS]
    architecture = _architecture(record, found[0] if found else None)
    values = next((fact.value for fact in record.hyperparameters if fact.value), None)
    base_model = list(_maybe("base_model", record.base_model, indent="  "))
    yield ""
    yield "config:" if architecture or values or base_model else "# config:  # TODO: what the model was built with"
    if architecture:
        yield f"  architecture: {text(architecture)}"
    else:
        example = _EXAMPLES.get(_framework(artifact) or "", "...")
        yield f"  # architecture: {example}  # TODO: the class that the weights are loaded into"
    if values:
        yield from _hyperparameters(record, values, stale)
    else:
        yield "  # hyperparameters: {max_depth: 6, learning_rate: 0.05}  # TODO: what training was called with"
    yield from base_model


#: Classes of an outermost object that is no model.
_CONTAINERS = frozenset({"dict", "OrderedDict", "defaultdict", "list", "tuple", "set", "frozenset", "ndarray"})


def _hyperparameters(record: Record, values: Mapping[str, object], stale: Stale) -> Iterator[str]:
    write = number_or_text if _TRACKING in record.conventions and _are_texts(values) else scalar
    yield "  hyperparameters:"
    for key, value in list(values.items())[:_MOST_VALUES]:
        if is_key(key):
            yield f"    {text(key)}: {write(value)}"
    for key, value in list(stale.hyperparameters.items())[:_MOST_VALUES]:
        if is_key(key):
            yield f"    # {text(key)}: {write(value)}  # TODO: of the weights before; does it hold for these?"


def _class_name(artifact: Artifact, root: str, is_listed: Callable[[str], bool]) -> str:
    """The name of an object's class; empty where nobody vouches for it, for it may be what an attack calls."""
    module, colon, name = root.rpartition(":")
    if not colon or root in artifact.options.pickle.allow or artifact.own_module(module) or is_listed(root):
        return name.rpartition(".")[2]
    return ""


def _architecture(record: Record, in_weights: str | None) -> str | None:
    """The class on record, unless the weights plainly hold another one than a manifest says."""
    stated = record.architecture.best
    if stated is None:
        return in_weights
    contradicted = in_weights is not None and not may_be_same_architecture(stated.value, in_weights)
    return in_weights if contradicted and not stated.guessed else stated.value


#: A class of each library, for somebody to see what is asked for.
_EXAMPLES: Mapping[str, str] = {
    "catboost": "CatBoostClassifier",
    "keras": "Functional",
    "lightgbm": "LGBMClassifier",
    "scikit-learn": "RandomForestClassifier",
    "transformers": "BertForSequenceClassification",
    "xgboost": "XGBClassifier",
}
#: MLflow's tracking store keeps every parameter as a text.
_TRACKING = "mlflow-tracking"


def _are_texts(values: Mapping[str, object]) -> bool:
    return all(isinstance(value, str) for value in values.values())


def _schema(artifact: Artifact, comments: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    record = artifact.record
    if not record.inputs.value:
        if artifact.is_missing(Component.FEATURE_SCHEMA):
            yield ""
            yield "# feature_schema:  # TODO: what the model takes and returns"
            yield from (f"#   {comment}" for lines in comments.values() for comment in lines)
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
        yield from (f"    # {comment}" for comment in comments.get(key, ()))
        for feature in stated.value:
            yield f"    - {_feature(feature, in_table=_is_tabular(artifact) and key == 'inputs')}"
    if record.preprocessing.value:
        yield "  preprocessing:"
        for step in record.preprocessing.value:
            entry: dict[str, object] = {"step": step.name, "columns": list(step.columns), "ref": step.reference}
            yield f"    - {flow({key: value for key, value in entry.items() if value})}"
    elif _lacks_preprocessing(artifact):
        yield "  # preprocessing: [{step: one-hot, columns: [...], ref: ...}]  # TODO: how texts become numbers"


#: Libraries whose models take tables.
_TABULAR = frozenset({"scikit-learn", "xgboost", "lightgbm", "catboost"})
#: Those that encode text columns themselves.
_ENCODING = frozenset({"lightgbm", "catboost"})
_TEXTUAL = ("string", "str", "object", "category")


def _is_tabular(artifact: Artifact) -> bool:
    return _framework(artifact) in _TABULAR or (artifact.record.task.value or "").startswith("tabular")


def _lacks_preprocessing(artifact: Artifact) -> bool:
    """Whether a table with text columns is taken by what holds no pipeline and has no encoder beside it."""
    dtypes = [as_dtype(feature.dtype or "") or "" for feature in artifact.record.inputs.value or ()]
    roots = [inspection.metadata.get("root", "") for file in artifact.files if (inspection := file.inspection.value)]
    return (
        _is_tabular(artifact)
        and _framework(artifact) not in _ENCODING
        and any(dtype.startswith(_TEXTUAL) for dtype in dtypes)
        and not any(file.role in {Role.PREPROCESSOR, Role.TOKENIZER} for file in artifact.files)
        and not any(root.endswith("Pipeline") for root in roots)
    )


def _feature(feature: Feature, *, in_table: bool = False) -> str:
    entry: dict[str, object] = {"name": feature.name}
    dtype = as_dtype(feature.dtype) if feature.dtype else None
    if dtype:
        entry["type"] = dtype
    if feature.required is not None:
        entry["required"] = feature.required
    if feature.shape is not None:
        entry["shape"] = list(feature.shape)
    if feature.minimum is not None or feature.maximum is not None:
        entry["range"] = [feature.minimum, feature.maximum]
    if feature.allowed is not None:
        entry["allowed"] = list(feature.allowed)
    missing = [] if feature.name or not in_table else ["its name"]
    if not dtype:
        missing.append(_question_of_type(feature))
    return flow(entry) + (f"  # TODO: {', '.join(missing)}" if missing else "")


def _question_of_type(feature: Feature) -> str:
    if feature.dtype:
        return f"its type, which is more than {text(feature.dtype)}"
    is_whole = bool(feature.allowed) and all(type(value) is int for value in feature.allowed or ())
    return "its type, such as long" if is_whole else "its type"


def _run(record: Record, head: str | None, stale: Stale) -> Iterator[str]:
    yield ""
    lines = list(_maybe("run_id", record.run_id, indent="  "))
    lines = lines or [_gap("run_id", stale.run_id, "what the tracking system calls the run")]
    lines += _maybe("experiment", record.experiment, indent="  ")
    lines.append(_created(record, stale))
    lines += _git(record, head, stale)
    lines += _datasets(record)
    lines += _metrics(record, stale)
    lines += _maybe("author", record.author, indent="  ")
    says_anything = any(not line.lstrip().startswith("#") for line in lines)
    yield "run:" if says_anything else "# run:  # TODO: which run made the weights"
    yield from lines


def _gap(key: str, old: str | None, what: str) -> str:
    """A line for what nobody states; for what a replaced manifest said of other weights, with its value."""
    said = f"; of the weights before it was {text(old)}" if old else ""
    return f"  # {key}: ...  # TODO: {what}{said}"


def _created(record: Record, stale: Stale) -> str:
    created = record.created.value
    if created and _RFC_3339.fullmatch(created):
        return f"  created: {text(created)}"
    if created:
        return f"  # created: {text(created)}  # TODO: with its zone, such as 2026-11-21T08:55:02Z"
    return _gap("created", stale.created, "when training ended, such as 2026-11-21T08:55:02Z, quoted")


def _git(record: Record, head: str | None, stale: Stale) -> Iterator[str]:
    commit, repository = record.git_commit.value, record.repository.value
    if commit and _COMMIT.fullmatch(commit):
        entry = {"commit": commit} | ({"repository": repository} if repository else {})
        yield f"  git: {flow(entry)}"
    else:
        hint = f'"{head}"' if head else "..."
        now = "; this is what is checked out now" if head else ""
        said = f"; of the weights before it was {text(stale.git_commit)}" if stale.git_commit else ""
        yield f"  # git: {{commit: {hint}}}  # TODO: the commit of the training code{now}{said}"


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


def _metrics(record: Record, stale: Stale) -> Iterator[str]:
    metrics = [metric for fact in record.metrics.facts[:1] for metric in fact.value if _is_number(metric.value)]
    if metrics:
        yield "  metrics:"
    elif stale.metrics:
        yield "  # metrics:"
    else:
        yield "  # metrics: [{name: ..., value: ...}]  # TODO: how good the model is"
    yield from (f"    - {_metric(metric)}" for metric in metrics[:_MOST_VALUES])
    for metric in stale.metrics[:_MOST_VALUES]:
        yield f"  #   - {_metric(metric)}  # TODO: measure it anew; this is of the weights before"


def _metric(metric: Metric) -> str:
    entry = {"name": metric.name, "value": metric.value, "dataset": metric.dataset, "split": metric.split}
    return flow({key: value for key, value in entry.items() if value is not None})


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and (
        isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    )


def _environment(artifact: Artifact, directory: str) -> Iterator[str]:
    python = artifact.record.python_version.value
    version = _PYTHON.match(python) if python else None
    lines = [f"  python: {text(version[0])}" if version else '  # python: "3.11.7"  # TODO: the version of Python']
    lines += _requirements(artifact, directory)
    says_anything = any(not line.lstrip().startswith("#") for line in lines)
    yield ""
    yield "environment:" if says_anything else "# environment:  # TODO: what it takes to load the weights"
    yield from lines


def _requirements(artifact: Artifact, directory: str) -> Iterator[str]:
    """The files that list the libraries; else what notes and the manifest before pin; else what to find out."""
    listed = [(requirement, fact) for fact in artifact.record.requirements for requirement in fact.value]
    notes = [one.value for one, fact in listed if fact.guessed or "model-artifact." in one.origin.path]
    files = dict.fromkeys(one.origin.path for one, _ in listed if one.value not in notes)
    inside = [path.removeprefix(f"{directory}/") for path in files if path.startswith(f"{directory}/") or not directory]
    pip = [path for path in inside if path.endswith(".txt")]
    conda = [path for path in inside if path.endswith((".yaml", ".yml")) and path not in _READ_ANYWAY]
    if pip or conda:
        yield from (f"  requirements: {text(path)}" for path in pip[:1])
        yield from (f"  conda: {text(path)}" for path in conda[:1])
    elif notes:
        first = {requirement_name(note): note for note in reversed(notes)}
        yield f"  requirements: {scalar([*first.values()][::-1])}"
    elif not listed:
        yield f"  # requirements: {_suggested_pins(artifact)}  # TODO: the libraries that load it, pinned with =="


#: What is read of an artifact's directory whether a manifest names it or not.
_READ_ANYWAY = frozenset({"conda.yaml", "conda.yml", "environment.yaml", "environment.yml", "python_env.yaml"})
#: Releases as the schema takes them, at the head of what `sys.version` prints too.
_PYTHON = re.compile(r"[=<>!~^]*\s*\d+(?:\.(?:\d+|\*))+(?:(?:a|b|rc)\d+)?(?:\s*,\s*[=<>!~]+\s*\d+(?:\.(?:\d+|\*))*)*")


def _suggested_pins(artifact: Artifact) -> str:
    """What the weights say they were written with, else a pin to complete."""
    inspections = (file.inspection.value for file in artifact.files)
    told = (file.description.value for file in artifact.files)
    facts = [found.versions for found in (*inspections, *told) if found]
    versions = {name: version for found in facts for name, version in found.items()}
    pins = [f"{name}=={version}" for name, version in sorted(versions.items()) if name in _DISTRIBUTIONS]
    framework = _framework(artifact)
    loader = _INSTALLED.get(framework, framework) if framework else None
    if not pins or (loader in _DISTRIBUTIONS and loader not in versions):
        pins.insert(0, f"{loader or '...'}==...")
    return scalar(pins)


#: What is installed to run the models of a framework, where that is not called as it is.
_INSTALLED: Mapping[str, str] = {"onnx": "onnxruntime", "pytorch": "torch"}
#: What weights say about the version of that is a distribution to install.
_DISTRIBUTIONS = frozenset({"scikit-learn", "xgboost", "lightgbm", "catboost", "torch", "keras", "tensorflow", "numpy"})


def _not_applicable(artifact: Artifact) -> Iterator[str]:
    """What the artifact's own convention says has no place here: a tokenizer is the input contract of a text model."""
    record = artifact.record
    declared = {fact.value: "" for fact in record.not_applicable}
    if not record.inputs.value and not artifact.is_missing(Component.FEATURE_SCHEMA):
        declared[Component.FEATURE_SCHEMA] = ""
    contracts = [section.origin.path for section in record.sections if section.component is Component.FEATURE_SCHEMA]
    contract = name_of(contracts[0]) if contracts else "the tokenizer or preprocessor"
    if declared:
        yield ""
        yield "not_applicable:"
        for component in declared:
            reason = f"the inputs are tokens or images: {contract} is the contract"
            yield f"  {component.value}: {text(reason)}"


def _maybe(key: str, stated: Stated[str], indent: str = "") -> Iterator[str]:
    if stated.value:
        yield f"{indent}{key}: {text(stated.value)}"
