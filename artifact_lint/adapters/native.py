"""The project's own manifest, `model-artifact.yaml`: the convention that can say everything."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from artifact_lint.adapters.base import Claim, Reach
from artifact_lint.adapters.feature_values import as_bound, as_name, as_shape
from artifact_lint.adapters.manifest_schema import violations
from artifact_lint.adapters.reading import Reading, as_int, as_text, child, fact, stated
from artifact_lint.adapters.requirements import read_environment, read_named
from artifact_lint.document import slot
from artifact_lint.model import (
    NOTHING,
    Component,
    Dataset,
    Fact,
    Feature,
    Irregularity,
    Mention,
    Metric,
    Origin,
    PicklePolicy,
    PickleTerms,
    Record,
    Remark,
    Role,
    Section,
    Slot,
    Stated,
    Step,
)
from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from artifact_lint.document import Node
    from artifact_lint.tree import Tree

T = TypeVar("T")

NAME = "native"

_SUFFIXES = ("yaml", "yml", "json")
_MANIFEST: Final = r"(?:(?P<name>.+)\.)?model-artifact\.(?:yaml|yml|json)"
_LIFECYCLE: Final = r"(?P<manifest>(?:.+\.)?model-artifact)\.lifecycle\.(?:yaml|yml|json)"


def recognise(tree: Tree, directory: str) -> Iterable[Claim]:
    """Every manifest of a directory: `model-artifact.yaml` speaks for it, `NAME.model-artifact.yaml` for its files.

    A lifecycle file whose manifest is gone is a record, too: of what it says nothing can be used.
    """
    folder = tree.folder(directory)
    for name in folder:
        if match := re.fullmatch(_MANIFEST, name):
            reach = Reach.NAMED if match["name"] else Reach.DIRECTORY
            yield Claim(NAME, directory, child(directory, name), reach)
        elif (match := re.fullmatch(_LIFECYCLE, name)) and not any(
            f"{match['manifest']}.{s}" in folder for s in _SUFFIXES
        ):
            yield Claim(NAME, directory, child(directory, name), Reach.NAMED)


def describe(tree: Tree, claim: Claim) -> Record:
    """All that a manifest and its lifecycle file state."""
    reading = Reading(tree)
    root = reading.document(claim.record)
    if root is None or not root.is_mapping or re.search(_LIFECYCLE, claim.record):
        return _says_nothing(claim, reading, root)
    record = _facts(tree, claim, reading, root)
    record = record + _lifecycle(claim, reading, root)
    return replace(
        record,
        conventions=(NAME,),
        sources=reading.sources,
        texts=reading.texts,
        remarks=(*reading.remarks, *violations(root), *record.remarks),
    )


def _says_nothing(claim: Claim, reading: Reading, root: Node | None) -> Record:
    """A record of why there is none: unreadable, no mapping, or a lifecycle file by itself."""
    origin = Origin(claim.record)
    if lifecycle := re.search(_LIFECYCLE, claim.record):
        manifest = name_of(f"{lifecycle['manifest']}.yaml")
        message, advice = f"{manifest}, which this file adds to, is not there", "Restore it, or remove this file."
    else:
        what = "is empty" if root is None or root.is_null else "is no mapping of fields"
        message, advice = f"the manifest {what}", "`artifact-lint init --force` writes one from what can be read."
    remark = Remark(Irregularity.UNREADABLE, origin, message, advice)
    remarks = reading.remarks if root is None and reading.remarks else (*reading.remarks, remark)
    return Record(conventions=(NAME,), sources=(origin,), texts=reading.texts, remarks=remarks)


def _facts(tree: Tree, claim: Claim, reading: Reading, root: Node) -> Record:
    run, config, schema = root.get("run"), root.get("config"), root.get("feature_schema")
    hyperparameters = root.get("config", "hyperparameters")
    inputs, outputs = root.get("feature_schema", "inputs"), root.get("feature_schema", "outputs")
    steps, metrics = root.get("feature_schema", "preprocessing"), root.get("run", "metrics")
    datasets, pickle = root.get("run", "datasets"), root.get("weights", "pickle")
    components = (
        (Component.WEIGHTS, root.get("weights")),
        (Component.CONFIG, config),
        (Component.FEATURE_SCHEMA, schema),
        (Component.RUN, run),
    )
    declared = list(_not_applicable(root.get("not_applicable")))
    record = Record(
        name=stated(root.get("name")),
        version=stated(root.get("version")),
        description=stated(root.get("description")),
        license=stated(root.get("license")),
        task=stated(root.get("task")),
        framework=stated(root.get("weights", "framework")),
        architecture=stated(root.get("config", "architecture")),
        hyperparameters=_mapping(hyperparameters),
        base_model=stated(root.get("config", "base_model")),
        inputs=_listed(inputs, _feature, schema.key_origin("inputs") if schema is not None else None),
        outputs=_listed(outputs, _feature, schema.key_origin("outputs") if schema is not None else None),
        preprocessing=_listed(steps, _step),
        run_id=stated(root.get("run", "run_id")),
        experiment=stated(root.get("run", "experiment")),
        created=stated(root.get("run", "created")),
        git_commit=stated(root.get("run", "git", "commit")),
        repository=stated(root.get("run", "git", "repository")),
        author=stated(root.get("run", "author")),
        datasets=_listed(datasets, _dataset),
        metrics=_listed(metrics, _metric),
        pickle=_pickle(pickle),
        mentions=tuple(_mentions(claim, reading, root)),
        sections=tuple(_section(component, node) for component, node in components if node is not None),
        not_applicable=tuple(found for found, explained in declared if explained),
        unexplained=tuple(found for found, explained in declared if not explained),
        locations=tuple(_locations(root)),
    )
    return record + _environment(tree, claim, reading, root)


#: Where these parts of a component say nothing, the component does not, whatever else stands there.
_ESSENTIAL = {
    Component.WEIGHTS: ("files", "external"),
    Component.FEATURE_SCHEMA: ("inputs", "outputs"),
}


def _section(component: Component, node: Node) -> Section:
    parts = [node.get(key) for key in _ESSENTIAL.get(component, ())] if node.is_mapping else []
    says = any(_says_something(part) for part in parts or (node,) if part is not None)
    return Section(component, node.origin, empty=not says)


def _says_something(node: Node) -> bool:
    return any(as_text(leaf) is not None for leaf in node.walk())


def _mapping(node: Node | None) -> Stated[Mapping[str, object]]:
    if node is None or not node.is_mapping:
        return Stated()
    values: Mapping[str, object] = {key: value.value for key, value in node.items()}
    return Stated((Fact(values, node.origin),)) if values else Stated()


def _listed(node: Node | None, make: Callable[[Node], T | None], key: Origin | None = None) -> Stated[tuple[T, ...]]:
    """What a list says, at its key if that is given: a list over several lines begins with its first element."""
    if node is None or not node.is_sequence:
        return Stated()
    made = tuple(one for element in node.elements() if (one := make(element)) is not None)
    return Stated((Fact(made, key or node.origin),)) if made else Stated()


def _feature(node: Node) -> Feature | None:
    if not node.is_mapping:
        return None
    ranged = node.get("range")
    bounds = list(ranged.elements()) if ranged is not None else []
    allowed, default = node.get("allowed"), node.get("default")
    return Feature(
        name=as_name(node.get("name")),
        dtype=as_text(node.get("type")),
        origin=node.origin,
        required=_truth(node.get("required")),
        nullable=_truth(node.get("nullable")),
        shape=as_shape(node.get("shape")),
        minimum=as_bound(bounds[0]) if bounds else None,
        maximum=as_bound(bounds[1]) if len(bounds) > 1 else None,
        allowed=tuple(value.value for value in allowed.elements()) if allowed and allowed.is_sequence else None,
        default=default.value if default else None,
    )


def _truth(node: Node | None) -> bool | None:
    value = node.value if node is not None else None
    return value if isinstance(value, bool) else None


def _step(node: Node) -> Step | None:
    name, columns = as_text(node.get("step")), node.get("columns")
    if name is None:
        return None
    names = tuple(text for column in columns.elements() if (text := as_name(column))) if columns else ()
    return Step(name, node.origin, names, as_text(node.get("ref")))


def _dataset(node: Node) -> Dataset | None:
    name = as_text(node.get("name"))
    if name is None:
        return None
    keys = ("version", "digest", "role", "uri")
    return Dataset(name, node.origin, *(as_text(node.get(key)) for key in keys))


def _metric(node: Node) -> Metric | None:
    name, value = as_text(node.get("name")), node.get("value")
    if name is None or value is None:
        return None
    return Metric(name, value.value, value.origin, as_text(node.get("dataset")), as_text(node.get("split")))


def _pickle(node: Node | None) -> Stated[PickleTerms]:
    policy = as_text(node.get("policy")) if node is not None else None
    if node is None or policy not in set(PicklePolicy):
        return Stated()
    allow = node.get("allow")
    names = frozenset(text for entry in allow.elements() if (text := as_text(entry))) if allow else frozenset()
    return Stated((Fact(PickleTerms(PicklePolicy(policy), names, as_text(node.get("reason"))), node.origin),))


def _mentions(claim: Claim, reading: Reading, root: Node) -> Iterator[Mention]:
    for entry in _elements(root.get("weights", "files")):
        path, format_name = entry.get("path") if entry.is_mapping else entry, as_text(entry.get("format"))
        mention = reading.mention(claim.directory, path, _role(entry), format_name=format_name)
        if mention is not None:
            framework, slots = as_text(entry.get("framework")), dict(_slots(entry))
            yield _with_content(replace(mention, framework=framework, slots=slots), entry)
    for entry in _elements(root.get("weights", "external")):
        uri = as_text(entry.get("uri"))
        if uri is not None:
            format_name = as_text(entry.get("format"))
            yield _with_content(Mention(entry.origin, None, uri, format=format_name, uri=uri), entry)

    for step in _elements(root.get("feature_schema", "preprocessing")):
        mention = reading.mention(claim.directory, step.get("ref"), Role.PREPROCESSOR)
        if mention is not None:
            yield mention


def _elements(node: Node | None) -> Iterator[Node]:
    if node is not None:
        yield from node.elements()


def _role(entry: Node) -> Role:
    text = as_text(entry.get("role"))
    return Role(text) if text in set(Role) else Role.WEIGHTS


def _with_content(mention: Mention, entry: Node) -> Mention:
    size, size_node, digest = as_int(entry.get("size")), entry.get("size"), fact(entry.get("digest"))
    return replace(
        mention,
        size=Fact(size, size_node.origin) if size is not None and size_node is not None else None,
        digests=(digest,) if digest else (),
    )


def _slots(entry: Node) -> Iterator[tuple[str, Slot]]:
    for key, text in (("size", False), ("digest", True)):
        found = slot(entry, key, text=text)
        if found is not None:
            yield key, found


def _environment(tree: Tree, claim: Claim, reading: Reading, root: Node) -> Record:
    """What the manifest states, then the files it names, then those that lie beside it."""
    record = Record(
        python_version=stated(root.get("environment", "python")),
        image=stated(root.get("environment", "image")),
    )
    requirements, conda = root.get("environment", "requirements"), root.get("environment", "conda")
    if requirements is not None and requirements.is_sequence:
        listed = tuple(found for element in requirements.elements() if (found := fact(element)))
        record += Record(requirements=Stated((Fact(listed, requirements.origin),)))
    for node, is_conda in ((requirements, False), (conda, True)):
        mention = reading.mention(claim.directory, node, Role.CONFIG)
        if mention is None or mention.path is None:
            continue
        if not mention.required or tree.entry(mention.path) is None:
            record += Record(mentions=(mention,))
        else:
            named = read_named(reading, mention.path, is_conda=is_conda)
            stated_there = (replace(fact, origin=mention.origin) for fact in named.requirements)
            requirements_there = named.requirements if is_conda else Stated(tuple(stated_there))
            record += Record(python_version=named.python_version, requirements=requirements_there)
    beside = read_environment(reading, claim.directory)
    record += Record(python_version=beside.python_version)
    return record if record.requirements else record + Record(requirements=beside.requirements)


def _not_applicable(node: Node | None) -> Iterator[tuple[Fact[Component], bool]]:
    for key, reason in node.items() if node is not None else ():
        if key in set(Component):
            yield Fact(Component(key), reason.origin), bool(as_text(reason))


def _locations(root: Node) -> Iterator[Fact[str]]:
    nodes = [root.get("config", "base_model"), root.get("run", "git", "repository")]
    nodes += [entry.get("uri") for entry in _elements(root.get("weights", "external"))]
    nodes += [entry.get("uri") for entry in _elements(root.get("run", "datasets"))]
    nodes += [entry.get("uri") for entry in _elements(root.get("registries"))]
    yield from (found for node in nodes if (found := fact(node)))


def _lifecycle(claim: Claim, reading: Reading, root: Node) -> Record:
    base = claim.record.rpartition(".")[0]
    documents = (reading.document(f"{base}.lifecycle.{suffix}") for suffix in _SUFFIXES)
    own = next((node for node in documents if node is not None), None)
    record = NOTHING
    for node in (own, root.get("lifecycle")):
        if node is not None:
            aliases = node.get("aliases")
            record += Record(
                stage=stated(node.get("stage")),
                aliases=stated(*aliases.elements()) if aliases is not None else Stated(),
                remarks=tuple(violations(node, "lifecycle")) if node is own else (),
            )
    return record
