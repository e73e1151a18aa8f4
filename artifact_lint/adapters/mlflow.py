"""MLflow model directories: MLmodel and the files beside it.

The format is MLflow's own (https://mlflow.org/docs/latest/ml/model/, as written by versions 0.8 to 3.17).
"""

from __future__ import annotations

from dataclasses import replace
from re import MULTILINE
from re import compile as regex
from typing import TYPE_CHECKING

from artifact_lint.adapters.base import Claim, Reach
from artifact_lint.adapters.reading import Reading, as_text, child, fact, stated
from artifact_lint.adapters.requirements import read_environment
from artifact_lint.document import Syntax
from artifact_lint.model import NOTHING, Component, Fact, Irregularity, Origin, Record, Section, Stated
from artifact_lint.stores.base import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.document import Node
    from artifact_lint.tree import Tree

NAME = "mlflow"

RECORD = "MLmodel"

#: What a tracking store writes about an experiment, a run, a model or a version.
META_FILE = "meta.yaml"

PYTHON_FUNCTION = "python_function"

#: Flavors whose name is not what people call the framework.
_FRAMEWORKS = {
    "sklearn": "scikit-learn",
    "sentence_transformers": "sentence-transformers",
    "llama_index": "llama-index",
}

#: Flavors that take text, messages or images: there are no columns to describe.
_WITHOUT_COLUMNS = frozenset(
    {
        "diffusers",
        "dspy",
        "johnsnowlabs",
        "langchain",
        "llama_index",
        "openai",
        "promptflow",
        "sentence_transformers",
        "spacy",
        "transformers",
    }
)

_TASKS_WITHOUT_COLUMNS = ("llm/", "agent/")

_FLAVORS_LINE = regex(rb"^flavors\s*:", MULTILINE)

_LFS_HEAD = b"version https://git-lfs.github.com/spec/"

_TIME_WITHOUT_ZONE = regex(r"(?P<date>\d{4}-\d\d-\d\d)[ T](?P<time>\d\d:\d\d:\d\d(?:\.\d+)?)")

_HELP = "Log or save the model again: MLflow writes this file itself."


def recognise(tree: Tree, directory: str) -> Iterator[Claim]:
    """The directory's MLmodel, if it is one: scripts of that name exist, and MLflow keeps copies in `metadata/`."""
    if not _is_record(tree, directory):
        return
    parent, _, name = directory.rpartition("/")
    if name == "metadata" and _is_record(tree, parent):
        return
    yield Claim(NAME, directory, child(directory, RECORD), Reach.TREE)


def describe(tree: Tree, claim: Claim) -> Record:
    """What MLmodel, the environment files, the input example and the registry's note state."""
    from artifact_lint.adapters.mlflow_content import example_path, input_example  # noqa: PLC0415 - for a model of MLflow's

    reading = Reading(tree)
    directory = claim.directory
    root = reading.document(claim.record, Syntax.YAML)
    if root is not None and not _has_flavors(root):
        _remark_no_flavors(reading, root)
    registered = _optional(reading, directory, "registered_model_meta")
    _optional(reading, directory, "serving_input_example.json", Syntax.JSON)
    example = reading.document(example_path(directory, root), Syntax.JSON) if root is not None else None
    environment = read_environment(reading, directory)
    about = _describe_model(reading, directory, root) if root is not None else NOTHING
    around = Record(
        conventions=(NAME,),
        sources=reading.sources or (Origin(claim.record),),
        name=stated(registered.get("model_name")) if registered is not None else Stated(),
        version=stated(registered.get("model_version")) if registered is not None else Stated(),
        example=input_example(example),
        python_version=environment.python_version,
        requirements=environment.requirements,
        texts=reading.texts,
        remarks=reading.remarks,
    )
    return around + about


def flavors_of(root: Node) -> list[tuple[str, Node]]:
    """The flavors of an MLmodel document, the most specific first: MLflow sorts them by name."""
    flavors = root.get("flavors")
    found = [item for item in flavors.items() if item[1].is_mapping] if flavors is not None else []
    return sorted(found, key=lambda item: item[0] == PYTHON_FUNCTION)


def _is_record(tree: Tree, directory: str) -> bool:
    entry = tree.folder(directory).get(RECORD)
    if entry is None or entry.kind is not EntryKind.FILE:
        return False
    path = child(directory, RECORD)
    document = tree.document(path, Syntax.YAML)
    if document is not None:
        return document.root.get("flavors") is not None or entry.size == 0 or _is_pointer(tree, path)
    data = tree.read(path)
    return data is None or not _is_text(data) or bool(_FLAVORS_LINE.search(data)) or data.startswith(_LFS_HEAD)


def _is_pointer(tree: Tree, path: str) -> bool:
    return (tree.read(path, len(_LFS_HEAD)) or b"") == _LFS_HEAD


def _is_text(data: bytes) -> bool:
    if b"\0" in data:
        return False
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def _has_flavors(root: Node) -> bool:
    flavors = root.get("flavors")
    return flavors is not None and flavors.is_mapping and any(True for _ in flavors.items())


def _remark_no_flavors(reading: Reading, root: Node) -> None:
    path = root.origin.path
    if root.get("flavors") is not None:
        reading.remark(Irregularity.UNREADABLE, root.key_origin("flavors"), "`flavors` names no flavor", _HELP)
    elif _is_pointer(reading.tree, path):
        advice = "Run `git lfs pull`, or keep MLmodel out of the patterns in .gitattributes: it is a short text."
        reading.remark(Irregularity.UNREADABLE, Origin(path), "MLmodel is a git-LFS pointer, not its content", advice)
    else:
        reading.remark(Irregularity.UNREADABLE, Origin(path), "MLmodel is empty", _HELP)


def _optional(reading: Reading, directory: str, name: str, syntax: Syntax = Syntax.YAML) -> Node | None:
    if name not in reading.tree.folder(directory):
        return None
    return reading.document(child(directory, name), syntax)


def _describe_model(reading: Reading, directory: str, root: Node) -> Record:
    from artifact_lint.adapters.mlflow_code import named_code  # noqa: PLC0415 - for a model of MLflow's
    from artifact_lint.adapters.mlflow_content import total_size  # noqa: PLC0415 - as above
    from artifact_lint.adapters.mlflow_files import mentions  # noqa: PLC0415 - as above
    from artifact_lint.adapters.mlflow_signature import read_signature  # noqa: PLC0415 - as above
    from artifact_lint.adapters.mlflow_versions import written_with  # noqa: PLC0415 - as above

    flavors = flavors_of(root)
    signature = read_signature(root)
    named = mentions(reading, directory, flavors)
    return Record(
        framework=_framework(root, flavors),
        architecture=stated(*_class_names(flavors)),
        inputs=signature.inputs,
        outputs=signature.outputs,
        run_id=stated(root.get("run_id")),
        created=_created(root.get("utc_time_created")),
        python_version=stated(*(flavor.get("python_version") for _, flavor in flavors)),
        written_with=Stated(tuple(written_with(flavors))),
        total_size=total_size(reading.tree, directory, root.get("model_size_bytes"), named),
        mentions=named,
        sections=tuple(_sections(root, flavors, signature.section)),
        not_applicable=() if signature.section is not None else tuple(_without_columns(root, flavors)),
        locations=tuple(_locations(root, flavors)),
        remarks=signature.remarks,
        code=tuple(named_code(reading.tree, directory, flavors)),
    )


def _created(node: Node | None) -> Stated[str]:
    """When the model was logged, as RFC 3339: MLflow writes the time without its zone, which its key tells."""
    found = fact(node)
    if found is None:
        return Stated()
    matched = _TIME_WITHOUT_ZONE.fullmatch(found.value)
    text = f"{matched['date']}T{matched['time']}Z" if matched else found.value
    return Stated((replace(found, value=text),))


def _framework(root: Node, flavors: list[tuple[str, Node]]) -> Stated[str]:
    for name, _ in flavors:
        if name != PYTHON_FUNCTION:
            parent = root.get("flavors")
            origin = parent.key_origin(name) if parent is not None else root.origin
            return Stated((Fact(_FRAMEWORKS.get(name, name), origin),))
    for _, flavor in flavors:
        loader = fact(flavor.get("loader_module"))
        if loader is not None and loader.value.startswith("mlflow.") and not loader.value.startswith("mlflow.pyfunc"):
            name = loader.value.split(".")[1]
            return Stated((Fact(_FRAMEWORKS.get(name, name), loader.origin),))
    return Stated()


def _class_names(flavors: list[tuple[str, Node]]) -> Iterator[Node | None]:
    for _, flavor in flavors:
        for key in ("model_class", "pipeline_model_type", "model_type"):
            node = flavor.get(key)
            if node is not None and as_text(node) is not None:
                yield node
                return


def _sections(root: Node, flavors: list[tuple[str, Node]], schema: Section | None) -> Iterator[Section]:
    parent = root.get("flavors")
    if parent is not None and flavors:
        yield Section(Component.CONFIG, parent.key_origin(flavors[0][0]))
    if schema is not None:
        yield schema
    if as_text(root.get("run_id")) is not None:
        yield Section(Component.RUN, root.key_origin("run_id"))


def _without_columns(root: Node, flavors: list[tuple[str, Node]]) -> Iterator[Fact[Component]]:
    parent = root.get("flavors")
    for name, flavor in flavors:
        if name in _WITHOUT_COLUMNS:
            origin = parent.key_origin(name) if parent is not None else flavor.origin
            yield Fact(Component.FEATURE_SCHEMA, origin)
            return
    task = fact(root.get("metadata", "task"))
    if task is not None and task.value.startswith(_TASKS_WITHOUT_COLUMNS):
        yield Fact(Component.FEATURE_SCHEMA, task.origin)


def _locations(root: Node, flavors: list[tuple[str, Node]]) -> Iterator[Fact[str]]:
    nodes = [root.get("artifact_path")]
    for _, flavor in flavors:
        nodes.append(flavor.get("source_model_name"))
        artifacts = flavor.get("artifacts")
        if artifacts is not None:
            nodes.extend(artifact.get("uri") for _, artifact in artifacts.items())
    for node in nodes:
        location = fact(node)
        if location is not None:
            yield location
