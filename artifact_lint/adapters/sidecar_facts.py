"""All that a hand-written document states, every fact guessed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from artifact_lint.adapters import sidecar_keys as keys
from artifact_lint.adapters.feature_values import as_name
from artifact_lint.adapters.reading import as_text, fact
from artifact_lint.adapters.sidecar_fields import Fields
from artifact_lint.adapters.sidecar_run import datasets_of, libraries_of, metrics_of
from artifact_lint.adapters.sidecar_schema import (
    classes_of,
    features_of,
    image_of,
    is_json_schema,
    target_of,
    tensor_of,
    with_optional,
    with_types,
)
from artifact_lint.document import rewritten
from artifact_lint.formats.base import WEIGHT_SUFFIXES
from artifact_lint.model import NOTHING, Component, Fact, Irregularity, Record, Remark, Section, Stated, Step
from artifact_lint.model.paths import stem_of, suffix_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.adapters.sidecar_schema import Features
    from artifact_lint.document import Node

_PARAMETERS = re.compile(r"param", re.IGNORECASE)
_CONFIG = re.compile(r"config", re.IGNORECASE)
_METRICS = re.compile(r"metric|evaluation", re.IGNORECASE)
_RESULTS = re.compile(r"results", re.IGNORECASE)
_FEATURES = re.compile(r"feature|column|schema|signature", re.IGNORECASE)
_CLASSES = re.compile(r"class|label", re.IGNORECASE)

#: What of a settings file is no hyperparameter.
_NO_PARAMETERS = frozenset(
    name
    for table in (keys.NAME, keys.VERSION, keys.ARCHITECTURE, keys.DESCRIPTION, keys.FRAMEWORK, keys.FILE, keys.METRICS)
    for name in table
)


def facts_of(root: Node, path: str) -> Record:
    """What the document at a path states."""
    stem = stem_of(path)
    if root.is_sequence:
        return _from_list(root, stem)
    fields = Fields(root)
    name, architecture = _name_and_architecture(fields)
    signature = fields.mapping(keys.SIGNATURE)
    return Record(
        name=name,
        version=fields.text(keys.VERSION),
        description=fields.text(keys.DESCRIPTION),
        license=fields.text(keys.LICENSE),
        task=fields.text(keys.TASK),
        framework=_framework(fields),
        architecture=architecture,
        hyperparameters=_hyperparameters(fields, root, stem),
        base_model=fields.text(keys.BASE_MODEL),
        inputs=_inputs(fields, root, signature, stem),
        outputs=_outputs(fields, root, signature, stem),
        preprocessing=_steps(fields.first(keys.PREPROCESSING)),
        run_id=fields.text(keys.RUN_ID),
        experiment=fields.text(keys.EXPERIMENT),
        created=fields.text(keys.CREATED),
        git_commit=fields.text(keys.GIT_COMMIT),
        repository=fields.text(keys.REPOSITORY),
        author=fields.text(keys.AUTHOR),
        datasets=datasets_of(fields),
        metrics=metrics_of(fields, root, anything=_is_all_metrics(root, stem)),
        python_version=fields.text(keys.PYTHON) or _python(fields),
        requirements=libraries_of(fields),
        stage=_only_words(fields.text(keys.STAGE)),
        sections=tuple(_sections(fields)),
        remarks=tuple(_surprises(fields)),
    )


def is_about_a_model(record: Record) -> bool:
    """Whether what was read is said of models alone: a name, a version or an author stands in any package's file."""
    about_the_model = (record.architecture, record.framework, record.hyperparameters, record.inputs, record.outputs)
    return any(about_the_model) or bool(record.metrics or record.base_model or record.mentions)


def says_anything(record: Record) -> bool:
    """Whether anything was read at all."""
    return is_about_a_model(record) or bool(record.name or record.version or record.created or record.datasets)


def _from_list(root: Node, stem: str) -> Record:
    if _FEATURES.search(stem):
        return Record(inputs=features_of(root))
    return Record(outputs=classes_of(root)) if _CLASSES.search(stem) else NOTHING


def _name_and_architecture(fields: Fields) -> tuple[Stated[str], Stated[str]]:
    """A model's name, unless that is a kind of model (`"model": "Random Forest"`) or a file."""
    architecture = fields.text(keys.ARCHITECTURE)
    for node in fields.all(keys.NAME):
        found = fact(node, guessed=True)
        if found is None or suffix_of(found.value) in WEIGHT_SUFFIXES:
            continue
        if not keys.is_algorithm(found.value):
            return Stated((found,)), architecture
        architecture = architecture or Stated((found,))
    return Stated(), architecture


def _framework(fields: Fields) -> Stated[str]:
    stated = fields.text(keys.FRAMEWORK).best
    common = keys.FRAMEWORKS.get(keys.normal(stated.value)) if stated is not None else None
    return Stated((Fact(common, stated.origin, guessed=True),)) if stated is not None and common else Stated()


def _hyperparameters(fields: Fields, root: Node, stem: str) -> Stated[Mapping[str, object]]:
    node = fields.mapping(keys.HYPERPARAMETERS)
    if node is not None:
        values = {key: value.value for key, value in node.items()}
    else:
        node, values = root, {}
        if _PARAMETERS.search(stem) or (_CONFIG.search(stem) and _has_hyperparameters(root)):
            items = list(root.items())
            values = {key: value.value for key, value in items if keys.normal(key) not in _NO_PARAMETERS}
    return Stated((Fact(values, node.origin, guessed=True),)) if values else Stated()


def _has_hyperparameters(root: Node) -> bool:
    return any(
        keys.is_hyperparameter(key) or any(keys.is_hyperparameter(inner) for inner, _ in value.items())
        for key, value in root.items()
    )


def _is_all_metrics(root: Node, stem: str) -> bool:
    if _METRICS.search(stem):
        return True
    groups = [root, *(value for _, value in root.items() if value.is_mapping)]
    return bool(_RESULTS.search(stem)) and any(keys.is_metric(key) for group in groups for key, _ in group.items())


def _inputs(fields: Fields, root: Node, signature: Node | None, stem: str) -> Features:
    typed = _split_inputs(fields)
    listed = (found for node in fields.all(keys.INPUTS) if (found := features_of(node)))
    found = next(listed, Stated())
    if not found and signature is not None:
        found = features_of(signature.get("inputs"))
    if not found and not typed and _FEATURES.search(stem) and _is_only_features(root, stem):
        found = features_of(root)
    apart = (as_name(name) for node in fields.all(keys.APART) for name in (node, node.get("name"), *node.elements()))
    merged = with_optional(with_types(found, typed), frozenset(name for name in apart if name))
    return merged or image_of(fields.first(keys.IMAGE_INPUT)) or tensor_of(fields.first(keys.TENSOR_INPUT))


def _split_inputs(fields: Fields) -> Features:
    groups = [(fields.first(keys.NUMERIC_INPUTS), "numeric"), (fields.first(keys.CATEGORICAL_INPUTS), "categorical")]
    features = [found for node, dtype in groups if (found := features_of(node, dtype).best)]
    together = tuple(feature for found in features for feature in found.value)
    return Stated((Fact(together, features[0].origin, guessed=True),)) if together else Stated()


def _is_only_features(root: Node, stem: str) -> bool:
    """Whether a file is a schema and nothing else: of the model's columns where it is a JSON Schema and says so."""
    if is_json_schema(root) or root.get("$schema") is not None:
        return is_json_schema(root) and re.search(r"feature|input|model", stem, re.IGNORECASE) is not None
    values = [value for _, value in root.items()]
    typed = all(isinstance(value.value, str) and keys.is_type(value.value) for value in values)
    described = all(value.is_mapping and (value.get("type") or value.get("dtype")) is not None for value in values)
    listed = len(values) == 1 and values[0].is_sequence and all(isinstance(e.value, str) for e in values[0].elements())
    return bool(values) and (typed or described or listed)


def _outputs(fields: Fields, root: Node, signature: Node | None, stem: str) -> Features:
    outputs = next(
        (found for node in fields.all(keys.OUTPUTS) if (found := features_of(node) or target_of(node))), None
    )
    if outputs:
        return outputs
    if signature is not None and (found := features_of(signature.get("outputs"))):
        return found
    classes = next((found for node in fields.all(keys.CLASSES) if (found := classes_of(node))), None)
    if not classes and _CLASSES.search(stem):
        classes = classes_of(root)
    return classes or next((found for node in fields.all(keys.TARGET) if (found := target_of(node))), Stated())


def _steps(node: Node | None) -> Stated[tuple[Step, ...]]:
    """Preprocessing by the names that a scalar, a list or a mapping gives its steps."""
    if node is None:
        return Stated()
    if node.is_mapping:
        named = [(key, value) for key, value in node.items() if value.value not in (None, False)]
    else:
        elements = node.elements() if node.is_sequence else (node,)
        named = [(as_text(e) or as_text(e.get("name")) or as_text(e.get("step")) or "", e) for e in elements]
    steps = tuple(Step(name, value.origin) for name, value in named if name)
    return Stated((Fact(steps, node.origin, guessed=True),)) if steps else Stated()


def _python(fields: Fields) -> Stated[str]:
    stated = (group.get(name) for group in fields.all(keys.VERSIONS) if group.is_mapping for name in keys.PYTHON)
    found = next((one for node in stated if (one := fact(node, guessed=True))), None)
    return Stated((found,)) if found else Stated()


def _only_words(stated: Stated[str]) -> Stated[str]:
    return stated if stated.value is not None and stated.value[:1].isalpha() else Stated()


_SECTION_KEYS = (
    (Component.CONFIG, keys.HYPERPARAMETERS),
    (Component.FEATURE_SCHEMA, keys.INPUTS),
    (Component.RUN, (*keys.METRICS, "run")),
)


def _sections(fields: Fields) -> Iterator[Section]:
    """The places that a document has for a component and left empty."""
    for component, names in _SECTION_KEYS:
        for name in names:
            node = fields.by_name.get(name)
            if node is not None and not any(as_text(leaf) is not None for leaf in node.walk()):
                yield Section(component, node.origin, empty=True)


def _surprises(fields: Fields) -> Iterator[Remark]:
    """Unquoted values of text fields that parsers read as something else."""
    for names in (keys.NAME, keys.VERSION, keys.RUN_ID, keys.GIT_COMMIT, keys.DATASET_VERSION, keys.PYTHON):
        node = fields.scalar(names)
        if node is None or node.quoted or isinstance(node.value, str) or str(node.value) == node.text:
            continue
        if isinstance(node.value, bool) and str(node.value).lower() == node.text:
            continue
        quoted = f'"{node.text}"'
        message = f"{node.text} is read as {node.value} by most parsers"
        edit = rewritten(node, node.text or "", quoted)
        edits = (edit,) if edit is not None else ()
        yield Remark(Irregularity.SURPRISING_SCALAR, node.origin, message, f"Quote it: {quoted}", edits, guessed=True)
