"""Hand-written JSON and YAML files beside a model, read through the table of what people call things.

Nothing specifies these files, so every fact from them is marked as guessed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from artifact_lint.adapters.base import Claim, Reach
from artifact_lint.adapters.reading import Reading
from artifact_lint.adapters.requirements import read_environment
from artifact_lint.adapters.sidecar_names import is_weights_name, owners
from artifact_lint.formats import sniff
from artifact_lint.model import NOTHING, Origin, Record
from artifact_lint.model.paths import name_of, stem_of
from artifact_lint.stores.base import EntryKind, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from artifact_lint.document import Node
    from artifact_lint.stores.base import Entry
    from artifact_lint.tree import Tree

NAME = "sidecar"

#: A larger file is data or weights in JSON, not somebody's notes, in bytes.
LARGEST = 2 << 20

_SUFFIXES = (".json", ".yaml", ".yml")
_ABOUT_MODELS: Final = r"(?i)(?:trained[-_]?|training[-_]?)?model[-_.]?(?:meta(?:data)?|card|info|details|manifest)"
_GENERAL: Final = (
    r"(?i)meta(?:data)?|card|info|config|(?:model|train(?:ing)?)[-_]config|(?:best[-_])?(?:hyper[-_]?)?param(?:eter)?s|metrics|"
    r"results|(?:model[-_])?evaluation|(?:training|train|test|model)[-_](?:metadata|info|metrics|results)|"
    r"(?:model[-_])?(?:features?|feature[-_](?:names|columns|list|schema|order)|columns|schema|signature)|"
    r"input[-_]schema|(?:class(?:es|[-_](?:names|indices))?|labels|label[-_]map)"
)

#: Keys at the top of documents that are weights, or a dump of them: LightGBM, CatBoost, XGBoost, TensorFlow.js.
_MARKS_OF_WEIGHTS = frozenset({"tree_info", "oblivious_trees", "learner", "modelTopology", "weightsManifest"})


def recognise(tree: Tree, directory: str) -> Iterable[Claim]:
    """The sidecars of a directory: those named after a weight file speak for it, the others for the directory."""
    folder = tree.folder(directory)
    weights = [name for name in folder if is_weights_name(name)]
    for name, entry in folder.items():
        if not name.lower().endswith(_SUFFIXES) or entry.size > LARGEST or entry.kind is not EntryKind.FILE:
            continue
        is_owned = bool(owners(name, weights, is_general=_is_general(name)))
        is_of_folder = _is_general(name) and bool(weights or is_about_models(name))
        if (is_owned or is_of_folder) and _is_sidecar(tree, entry, certain=is_owned or is_about_models(name)):
            yield Claim(NAME, directory, entry.path, Reach.NAMED if is_owned else Reach.FOLDER, weak=True)


def describe(tree: Tree, claim: Claim) -> Record:
    """What one sidecar states, every fact guessed, with the environment that lies beside it."""
    from artifact_lint.adapters.sidecar_facts import facts_of  # noqa: PLC0415 - for directories with one
    from artifact_lint.adapters.sidecar_files import beside, mentions_of, place_of  # noqa: PLC0415 - as above

    reading = Reading(tree)
    root = reading.document(claim.record)
    record = facts_of(root, claim.record) if root is not None else NOTHING
    name = name_of(claim.record)
    is_certain = claim.reach is Reach.NAMED or is_about_models(name)
    remarks = tuple(replace(remark, guessed=remark.guessed or not is_certain) for remark in reading.remarks)
    owned = _owned(tree.folder(claim.directory), name)
    named = mentions_of(tree, claim, root, owned) if root is not None else beside(claim, Origin(claim.record), owned)
    mentions = tuple(named) if root is not None or claim.reach is Reach.NAMED else ()
    place = place_of(root) if root is not None else None
    environment = read_environment(reading, claim.directory)
    extra = Record(
        conventions=(NAME,),
        sources=reading.sources,
        mentions=mentions,
        texts=reading.texts,
        remarks=(*remarks, *reading.remarks[len(remarks) :]),
        requirements=environment.requirements,
        python_version=environment.python_version,
        locations=(place,) if place else (),
    )
    return extra + record


def _is_general(name: str) -> bool:
    return bool(is_about_models(name) or re.fullmatch(_GENERAL, stem_of(name)))


def is_about_models(name: str) -> bool:
    """Whether a sidecar's own name says that it is about a model: `model_metadata.json`, `model_card.yaml`."""
    return re.fullmatch(_ABOUT_MODELS, stem_of(name)) is not None


def _owned(folder: Mapping[str, Entry], name: str) -> list[str]:
    return owners(name, filter(is_weights_name, folder), is_general=_is_general(name))


def _is_sidecar(tree: Tree, entry: Entry, *, certain: bool) -> bool:
    """Whether a document by a likely name is one: it says something, of models where its name leaves that open."""
    from artifact_lint.adapters.sidecar_facts import facts_of, is_about_a_model, says_anything  # noqa: PLC0415 - as above

    document = tree.document(entry.path)
    if document is None:
        return tree.failure(entry.path) is not None
    if _holds_weights(tree, entry, document.root):
        return False
    record = facts_of(document.root, entry.path)
    return says_anything(record) if certain else is_about_a_model(record)


def _holds_weights(tree: Tree, entry: Entry, root: Node) -> bool:
    marks = (root.get(mark) for mark in _MARKS_OF_WEIGHTS)
    if any(mark is not None and not mark.is_scalar for mark in marks):
        return True
    try:
        with tree.store.open(entry.path) as source:
            return sniff(name_of(entry.path), source) is not None
    except StoreError:
        return False
