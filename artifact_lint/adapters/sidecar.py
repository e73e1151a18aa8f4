"""Hand-written JSON and YAML files beside a model, read through the table of what people call things.

Nothing specifies these files, so every fact from them is marked as guessed.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from artifact_lint.adapters import sidecar_keys as keys
from artifact_lint.adapters.base import Claim, Reach
from artifact_lint.adapters.reading import Reading, as_float, as_int, as_text, child, fact
from artifact_lint.adapters.requirements import read_environment
from artifact_lint.adapters.roles import is_auxiliary, role_of
from artifact_lint.adapters.sidecar_schema import features_of, outputs_of
from artifact_lint.formats.base import WEIGHT_SUFFIXES
from artifact_lint.model import (
    Component,
    Dataset,
    Edit,
    Fact,
    Feature,
    Irregularity,
    Mention,
    Metric,
    Record,
    Remark,
    Section,
    Stated,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from artifact_lint.document import Node
    from artifact_lint.tree import Tree

NAME = "sidecar"

#: A larger file is data or weights in JSON, not somebody's notes, in bytes.
LARGEST = 2 << 20

_SUFFIXES = (".json", ".yaml", ".yml")
_ABOUT_MODELS = re.compile(
    r"(?:trained_?|training_?)?model[-_.]?(?:meta(?:data)?|card|info|details|manifest)", re.IGNORECASE
)
_GENERAL = re.compile(
    r"meta(?:data)?|card|info|config|(?:model|train(?:ing)?)[-_]config|(?:hyper[-_]?)?param(?:eter)?s|metrics|results|"
    r"(?:model[-_])?evaluation|(?:training|train)[-_](?:metadata|info|metrics|results)|"
    r"(?:model[-_])?(?:features?|feature[-_](?:names|columns|list|schema|order)|columns|schema|signature)|"
    r"(?:class(?:es|[-_]names)?|labels|label[-_]map)",
    re.IGNORECASE,
)
_STEM_TAIL = re.compile(r"[-_.](?:meta(?:data)?|info|card|config|params|schema|features|metrics)$", re.IGNORECASE)
_PARAMETERS = re.compile(r"config|param", re.IGNORECASE)
_METRICS = re.compile(r"metric|result|evaluation", re.IGNORECASE)
_FEATURES = re.compile(r"feature|column|schema|signature", re.IGNORECASE)
_CLASSES = re.compile(r"class|label", re.IGNORECASE)


def recognise(tree: Tree, directory: str) -> Iterable[Claim]:
    """The sidecars of a directory: those named after a weight file speak for it, the others for the directory."""
    folder = tree.folder(directory)
    stems = {_stem(name): name for name in folder if PurePosixPath(name).suffix.lower() in WEIGHT_SUFFIXES}
    for name in folder:
        path = child(directory, name)
        if not name.lower().endswith(_SUFFIXES) or folder[name].size > LARGEST:
            continue
        if _owner(name, stems) and _says_something(tree, path):
            yield Claim(NAME, directory, path, Reach.NAMED, weak=True)
        elif _is_general(name) and (stems or _ABOUT_MODELS.match(name)) and _says_something(tree, path):
            yield Claim(NAME, directory, path, Reach.FOLDER, weak=True)


def _is_general(name: str) -> bool:
    stem = PurePosixPath(name).stem
    return bool(_ABOUT_MODELS.fullmatch(stem) or _GENERAL.fullmatch(stem))


def _stem(name: str) -> str:
    stem = PurePosixPath(name).name
    while PurePosixPath(stem).suffix.lower() in WEIGHT_SUFFIXES:
        stem = PurePosixPath(stem).stem
    return stem


def _owner(name: str, stems: Mapping[str, str]) -> str | None:
    """The weight file that a sidecar's name is made of: `churn.json`, `churn.pkl.json`, `churn_metadata.json`."""
    stem = PurePosixPath(name).stem
    if _is_general(name) and stem != name and stem not in stems:
        return None
    for candidate in (stem, _stem(stem), _STEM_TAIL.sub("", stem)):
        if candidate in stems and (candidate != "model" or candidate == stem):
            return stems[candidate]
    return None


def _says_something(tree: Tree, path: str) -> bool:
    document = tree.document(path)
    if document is None:
        return tree.failure(path) is not None
    record = _facts(document.root, path)
    said = (record.name, record.architecture, record.hyperparameters, record.inputs, record.outputs, record.metrics)
    return any(said) or bool(record.created or record.datasets or record.mentions)


def describe(tree: Tree, claim: Claim) -> Record:
    """What one sidecar states, every fact guessed, with the environment that lies beside it."""
    reading = Reading(tree)
    root = reading.document(claim.record)
    record = _facts(root, claim.record) if root is not None else Record()
    mentions = tuple(_mentions(tree, claim, root)) if root is not None else ()
    beside = read_environment(reading, claim.directory)
    extra = Record(
        conventions=(NAME,),
        sources=reading.sources,
        mentions=mentions,
        texts=reading.texts,
        remarks=reading.remarks,
        requirements=beside.requirements,
        python_version=beside.python_version,
        locations=tuple(mention_fact for mention in mentions if (mention_fact := _location(mention))),
    )
    return extra + record


def _location(mention: Mention) -> Fact[str] | None:
    return Fact(mention.written, mention.origin, guessed=True)


class _Fields:
    """A mapping's values by the names that the table knows, in the table's order."""

    def __init__(self, root: Node) -> None:
        self.by_name: dict[str, Node] = {}
        for key, value in root.items():
            self.by_name.setdefault(keys.normal(key), value)

    def first(self, names: Iterable[str]) -> Node | None:
        return next((self.by_name[name] for name in names if name in self.by_name), None)

    def scalar(self, names: Iterable[str]) -> Node | None:
        nodes = (self.by_name[name] for name in names if name in self.by_name)
        return next((node for node in nodes if as_text(node) is not None), None)

    def text(self, names: Iterable[str]) -> Stated[str]:
        found = fact(self.scalar(names), guessed=True)
        return Stated((found,)) if found else Stated()


def _facts(root: Node, path: str) -> Record:
    stem = PurePosixPath(path).stem
    if root.is_sequence:
        return _from_list(root, stem)
    fields = _Fields(root)
    nested = _Fields(run) if (run := fields.by_name.get("run")) is not None and run.is_mapping else fields
    hyperparameters = fields.first(keys.HYPERPARAMETERS)
    values = _plain(hyperparameters)
    if values is None and _PARAMETERS.search(stem):
        values, hyperparameters = _own_parameters(root), root
    inputs, outputs = _inputs(fields, root, stem), fields.first(keys.OUTPUTS)
    metrics = tuple(_metrics(fields, root, anything=bool(_METRICS.search(stem))))
    dataset = _dataset(fields)
    steps = fields.first(keys.PREPROCESSING)
    return Record(
        name=_name(fields),
        version=fields.text(keys.VERSION),
        description=fields.text(keys.DESCRIPTION),
        license=fields.text(keys.LICENSE),
        task=fields.text(keys.TASK),
        framework=_framework(fields),
        architecture=fields.text(keys.ARCHITECTURE),
        hyperparameters=Stated((Fact(values, hyperparameters.origin, guessed=True),))
        if values and hyperparameters
        else Stated(),
        base_model=fields.text(keys.BASE_MODEL),
        inputs=inputs,
        outputs=outputs_of(outputs),
        preprocessing=Stated((Fact((Step("stated", steps.origin),), steps.origin, guessed=True),))
        if steps is not None and not steps.is_null
        else Stated(),
        run_id=nested.text(keys.RUN_ID),
        experiment=nested.text(keys.EXPERIMENT),
        created=fields.text(keys.CREATED) + nested.text(keys.CREATED),
        git_commit=fields.text(keys.GIT_COMMIT) + nested.text(keys.GIT_COMMIT),
        repository=fields.text(keys.REPOSITORY),
        author=fields.text(keys.AUTHOR),
        datasets=Stated((Fact((dataset,), dataset.origin, guessed=True),)) if dataset else Stated(),
        metrics=Stated((Fact(metrics, metrics[0].origin, guessed=True),)) if metrics else Stated(),
        python_version=fields.text(keys.PYTHON),
        requirements=_libraries(fields),
        stage=fields.text(keys.STAGE),
        sections=tuple(_sections(fields)),
        remarks=tuple(_surprises(fields)),
    )


def _from_list(root: Node, stem: str) -> Record:
    if _FEATURES.search(stem):
        return Record(inputs=features_of(root))
    return Record(outputs=outputs_of(root)) if _CLASSES.search(stem) else Record()


def _name(fields: _Fields) -> Stated[str]:
    return fields.text(keys.NAME)


def _framework(fields: _Fields) -> Stated[str]:
    stated = fields.text(keys.FRAMEWORK).best
    if stated is None:
        return Stated()
    common = keys.LIBRARIES.get(keys.normal(stated.value), stated.value.lower())
    return Stated((Fact("pytorch" if common == "torch" else common, stated.origin, guessed=True),))


def _plain(node: Node | None) -> Mapping[str, object] | None:
    if node is None or not node.is_mapping:
        return None
    return {key: value.value for key, value in node.items()}


def _own_parameters(root: Node) -> Mapping[str, object]:
    """The values of a file that is itself the configuration, less what the table knows as something else."""
    known = {name for table in (keys.NAME, keys.VERSION, keys.ARCHITECTURE, keys.DESCRIPTION) for name in table}
    return {key: value.value for key, value in root.items() if keys.normal(key) not in known}


def _inputs(fields: _Fields, root: Node, stem: str) -> Stated[tuple[Feature, ...]]:
    for name in keys.INPUTS:
        node = fields.by_name.get(name)
        if node is not None and (found := features_of(node)):
            return found
    split = [(fields.by_name[name], dtype) for name, dtype in keys.SPLIT_INPUTS if name in fields.by_name]
    together = [feature for node, dtype in split for feature in (features_of(node, dtype).value or ())]
    if together:
        return Stated((Fact(tuple(together), split[0][0].origin, guessed=True),))
    if _FEATURES.search(stem) and root.is_mapping:
        return features_of(root)
    image = fields.first(keys.IMAGE_INPUT)
    if image is not None and not image.is_null:
        sizes = [as_int(size) for size in image.elements()] if image.is_sequence else [as_int(image)]
        shape = tuple(size if size is not None else -1 for size in sizes)
        feature = Feature("image", "float32", image.origin, shape=(-1, *shape))
        return Stated((Fact((feature,), image.origin, guessed=True),))
    return Stated()


def _metrics(fields: _Fields, root: Node, *, anything: bool) -> Iterator[Metric]:
    stated = fields.first(keys.METRICS)
    if stated is not None and stated.is_mapping:
        yield from _numbers(stated, None)
    for key, value in root.items():
        if as_float(value) is not None and (keys.is_metric(key) or anything):
            yield Metric(key, value.value, value.origin)
        elif anything and value.is_mapping and value is not stated:
            yield from _numbers(value, key)


def _numbers(node: Node, split: str | None) -> Iterator[Metric]:
    for key, value in node.items():
        if value.is_mapping and split is None:
            yield from _numbers(value, key)
        elif as_float(value) is not None:
            yield Metric(key, value.value, value.origin, split=split)


def _dataset(fields: _Fields) -> Dataset | None:
    node = fields.first(keys.DATASET) or fields.first(keys.DATASET_VERSION) or fields.first(keys.DATASET_URI)
    if node is None or node.is_null or node.is_sequence:
        return None
    inner = _Fields(node) if node.is_mapping else fields
    name = as_text(inner.scalar(("name", "dataset"))) if node.is_mapping else as_text(node)
    return Dataset(
        name or "dataset",
        node.origin,
        version=as_text(inner.scalar((*keys.DATASET_VERSION, "version") if node.is_mapping else keys.DATASET_VERSION)),
        digest=as_text(inner.scalar(keys.DATASET_DIGEST)),
        uri=as_text(inner.scalar(keys.DATASET_URI)),
    )


def _libraries(fields: _Fields) -> Stated[tuple[Fact[str], ...]]:
    """Pins from `sklearn_version: 1.5.0` and the like, or from a mapping `versions`."""
    found: list[Fact[str]] = []
    versions = fields.first(("versions", "library_versions", "dependencies", "package_versions"))
    stated = list(versions.items()) if versions is not None else []
    stated += [(name.removesuffix("_version"), node) for name, node in fields.by_name.items() if "_version" in name]
    for key, node in stated:
        distribution, text = keys.LIBRARIES.get(keys.normal(key)), as_text(node)
        if distribution and text:
            found.append(Fact(f"{distribution}=={text}", node.origin, guessed=True))
    return Stated((Fact(tuple(found), found[0].origin, guessed=True),)) if found else Stated()


_SECTION_KEYS = (
    (Component.CONFIG, keys.HYPERPARAMETERS),
    (Component.FEATURE_SCHEMA, keys.INPUTS),
    (Component.RUN, (*keys.METRICS, "run")),
)


def _sections(fields: _Fields) -> Iterator[Section]:
    for component, names in _SECTION_KEYS:
        for name in names:
            node = fields.by_name.get(name)
            empty = node is not None and (
                node.is_null or (node.text is None and not any(True for leaf in node.walk() if leaf.text))
            )
            if node is not None and empty:
                yield Section(component, node.origin, empty=True)


def _surprises(fields: _Fields) -> Iterator[Remark]:
    """Unquoted values of text fields that parsers read as something else."""
    for names in (keys.NAME, keys.VERSION, keys.RUN_ID, keys.GIT_COMMIT, keys.DATASET_VERSION, keys.PYTHON):
        node = fields.scalar(names)
        if node is None or node.quoted or isinstance(node.value, str) or str(node.value) == node.text:
            continue
        quoted = f'"{node.text}"'
        message = f"{node.text} is read as {node.value} by most parsers"
        edits = (Edit(node.origin, quoted),)
        yield Remark(Irregularity.SURPRISING_SCALAR, node.origin, message, f"Quote it: {quoted}", edits, guessed=True)


def _mentions(tree: Tree, claim: Claim, root: Node) -> Iterator[Mention]:
    fields = _Fields(root)
    named = fields.scalar(keys.FILE)
    text = as_text(named)
    digest, size = _digest(fields), _size(fields)
    if named is not None and text and PurePosixPath(text).suffix.lower() in WEIGHT_SUFFIXES:
        for candidate in (text, PurePosixPath(text.replace("\\", "/")).name):
            path = child(claim.directory, candidate)
            if tree.entry(path) is not None:
                yield Mention(named.origin, path, text, role_of(path), size=size, digests=digest, guessed=True)
                return
        absolute = text.startswith(("/", "~")) or ":" in text or "\\" in text
        if not absolute:
            yield Mention(named.origin, child(claim.directory, text), text, size=size, digests=digest, guessed=True)
        return
    owned = _files_of(tree, claim)
    if len(owned) == 1:
        written = PurePosixPath(owned[0]).name
        yield Mention(root.origin, owned[0], written, role_of(owned[0]), size=size, digests=digest, guessed=True)


def _files_of(tree: Tree, claim: Claim) -> list[str]:
    """The weight files that a sidecar can only be about."""
    folder = tree.folder(claim.directory)
    if claim.reach is Reach.NAMED:
        stems = {_stem(name): name for name in folder if PurePosixPath(name).suffix.lower() in WEIGHT_SUFFIXES}
        owner = _owner(PurePosixPath(claim.record).name, stems)
        return [child(claim.directory, owner)] if owner else []
    weights = [name for name in folder if PurePosixPath(name).suffix.lower() in WEIGHT_SUFFIXES]
    main = [name for name in weights if not is_auxiliary(name)]
    return [child(claim.directory, main[0])] if len(main) == 1 else []


_HEX_NAMES = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}


def _digest(fields: _Fields) -> tuple[Fact[str], ...]:
    for name in keys.DIGEST:
        node = fields.by_name.get(name)
        text = as_text(node)
        if node is None or text is None:
            continue
        if ":" not in text:
            algorithm = name if name in {"sha256", "md5"} else _HEX_NAMES.get(len(text))
            text = f"{algorithm}:{text}" if algorithm else text
        return (Fact(text, node.origin, guessed=True),)
    return ()


def _size(fields: _Fields) -> Fact[int] | None:
    node = fields.scalar(keys.SIZE[:2])
    value = as_int(node)
    return Fact(value, node.origin, guessed=True) if node is not None and value is not None else None
