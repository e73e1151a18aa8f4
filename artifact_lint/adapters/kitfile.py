"""KitOps: a `Kitfile`, which lists what a ModelKit packs.

Source: the Kitfile format reference, manifestVersion 1.0.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.adapters.base import Claim, Reach
from artifact_lint.adapters.reading import Reading, as_text, child, stated
from artifact_lint.adapters.requirements import read_environment
from artifact_lint.document import Syntax
from artifact_lint.model import Dataset, Fact, Mention, Record, Role, Stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.document import Node
    from artifact_lint.tree import Tree

NAME = "kitops"

RECORD = "Kitfile"


def recognise(tree: Tree, directory: str) -> Iterable[Claim]:
    """The directory's Kitfile, if it names a model: one may pack code or data alone."""
    if RECORD not in tree.folder(directory):
        return
    path = child(directory, RECORD)
    document = tree.document(path, Syntax.YAML)
    if document is not None and as_text(document.root.get("model", "path")) is not None:
        yield Claim(NAME, directory, path, Reach.DIRECTORY)


def describe(tree: Tree, claim: Claim) -> Record:
    """What the Kitfile states of its model and datasets, with the environment beside it."""
    reading = Reading(tree)
    root = reading.document(claim.record, Syntax.YAML)
    if root is None:
        return Record(conventions=(NAME,), sources=reading.sources, remarks=reading.remarks)
    datasets = tuple(_datasets(root.get("datasets")))
    mentions = tuple(_mentions(reading, claim.directory, root))
    parameters = root.get("model", "parameters")
    values = {key: value.value for key, value in parameters.items()} if parameters is not None else {}
    environment = read_environment(reading, claim.directory)
    return Record(
        conventions=(NAME,),
        sources=reading.sources,
        name=_of_package_or_model(root, "name"),
        version=_of_package_or_model(root, "version"),
        description=_of_package_or_model(root, "description"),
        license=_of_package_or_model(root, "license"),
        framework=stated(root.get("model", "framework")),
        hyperparameters=Stated((Fact(values, parameters.origin),)) if values and parameters is not None else Stated(),
        datasets=Stated((Fact(datasets, datasets[0].origin),)) if datasets else Stated(),
        python_version=environment.python_version,
        requirements=environment.requirements,
        mentions=mentions,
        texts=reading.texts,
        remarks=reading.remarks,
    )


def _of_package_or_model(root: Node, key: str) -> Stated[str]:
    """What the package says, else the model in it: two things, so that they may well differ."""
    return stated(root.get("package", key)) or stated(root.get("model", key))


def _mentions(reading: Reading, directory: str, root: Node) -> Iterator[Mention]:
    parts = root.get("model", "parts")
    nodes = [(root.get("model", "path"), Role.WEIGHTS)]
    nodes += [(part.get("path"), Role.OTHER) for part in parts.elements()] if parts is not None else []
    for node, role in nodes:
        mention = reading.mention(directory, node, role)
        if mention is not None:
            yield mention


def _datasets(node: Node | None) -> Iterator[Dataset]:
    for entry in node.elements() if node is not None else ():
        name = as_text(entry.get("name")) or as_text(entry.get("path"))
        if name is not None:
            yield Dataset(name, entry.origin, uri=as_text(entry.get("path")))
