"""The code and the templates that configurations bring along, around the weights of any convention."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from artifact_lint.adapters.huggingface_code import (
    DOCUMENTS,
    GENERATE_DIRECTORY,
    TEMPLATES_DIRECTORY,
    generate_script,
    is_template_file,
    remote_code,
    template_file,
    templates,
)
from artifact_lint.document import Syntax
from artifact_lint.document.instantiation import instantiations, may_instantiate, surely_instantiates
from artifact_lint.model import NOTHING, CodeKind, CodeReference, Fact, Origin, Record
from artifact_lint.model.paths import directory_of, name_of
from artifact_lint.stores.base import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.stores.base import Entry
    from artifact_lint.tree import Tree

NAME = "loaded-code"

_SUFFIXES = (".json", ".yaml", ".yml")
_WITHOUT_SUFFIX = ("Kitfile", "MLmodel")

#: Directories below an artifact in which its configurations lie.
_BELOW = frozenset(
    {".hydra", "code", "components", "conf", "config", "configs", "tokenizer", GENERATE_DIRECTORY, TEMPLATES_DIRECTORY}
)
#: Directories of weights alone, whose configurations lie one above: Lightning's `checkpoints` beside hparams.yaml.
_OF_WEIGHTS = frozenset({"checkpoints", "ckpt", "ckpts", "weights"})
#: Records that speak for all that lies below them.
_WHOLE_TREES = ("mlflow", "diffusers", "sentence-transformers")
_MOST_DOCUMENTS = 2000


def supply(tree: Tree, directory: str, record: Record, files: Iterable[str]) -> Record:
    """What the configurations of an artifact, in its directories and beside its weights, name and hold."""
    found = NOTHING
    known = {source.path for source in record.sources}
    for number, path in enumerate(_documents(tree, directory, record, files)):
        if number >= _MOST_DOCUMENTS:
            reason = f"there are more than {_MOST_DOCUMENTS:,} configurations"
            return found + _unread(Origin(path), reason)
        found += _read(tree, path, known)
    for place in _places(tree, directory, record, files):
        script = tuple(generate_script(tree, place))
        if script:
            found += Record(sources=tuple(fact.origin for fact in script), code=script)
    return found


def _documents(tree: Tree, directory: str, record: Record, files: Iterable[str]) -> Iterator[str]:
    """The artifact's documents; those beside several artifacts that are files are the first one's."""
    seen: set[str] = set()
    is_directory = tree.folder(directory) or tree.subdirectories(directory)
    for source in record.sources:
        if source.path not in seen:
            seen.add(source.path)
            yield source.path
    for place in _places(tree, directory, record, files):
        if not is_directory and tree.once((NAME, "asker", place), lambda: directory) != directory:
            continue
        for path in tree.once((NAME, place), partial(_wanted, tree, place)):
            if path not in seen:
                seen.add(path)
                yield path


def _wanted(tree: Tree, place: str) -> list[str]:
    return sorted(entry.path for entry in tree.folder(place).values() if _is_wanted(entry))


def _is_wanted(entry: Entry) -> bool:
    is_named = entry.path.lower().endswith(_SUFFIXES) or is_template_file(entry.path)
    return is_named and entry.kind is EntryKind.FILE


def _places(tree: Tree, directory: str, record: Record, files: Iterable[str]) -> list[str]:
    """The directories in which an artifact's configurations may lie."""
    is_directory = bool(tree.folder(directory) or tree.subdirectories(directory))
    places = {directory if is_directory else directory_of(directory)}
    places |= {directory_of(path) for path in files}
    if is_directory:
        within = f"{directory}/" if directory else ""
        places |= {directory_of(source.path) for source in record.sources if within and source.path.startswith(within)}
    places |= {directory_of(place) for place in places if name_of(place) in _OF_WEIGHTS}
    frameworks = {fact.value for fact in record.framework}
    is_whole = is_directory and any(name in frameworks or name in record.conventions for name in _WHOLE_TREES)
    waiting = list(places)
    while waiting:
        for below in tree.subdirectories(waiting.pop()):
            is_inside = is_whole and (not directory or below.startswith(f"{directory}/"))
            if below not in places and (is_inside or name_of(below) in _BELOW):
                places.add(below)
                waiting.append(below)
    return sorted(places)


def _read(tree: Tree, path: str, known: set[str]) -> Record:
    if is_template_file(path):
        texts, code = template_file(tree, path)
        return Record(sources=(Origin(path),), code=code, templates=texts)
    is_json = path.lower().endswith(".json")
    is_huggingface = name_of(path) in DOCUMENTS
    entry = tree.entry(path)
    if entry is not None and entry.size > tree.limits.size and path not in known:
        # Only vocabularies and data sets are so large and JSON, and nothing is instantiated from those.
        return NOTHING if is_json and not is_huggingface else _unread(Origin(path), f"it has {entry.size:,} bytes")
    data = b"" if is_huggingface or path in known else tree.read(path, tree.limits.size) or b""
    if not is_huggingface and path not in known and not may_instantiate(data, is_json=is_json):
        return NOTHING
    document = tree.document(path, Syntax.JSON if is_json else None) if _is_structured(path, known) else None
    if document is None:
        failure = tree.failure(path)
        is_silent = failure is None or path in known or not (is_huggingface or surely_instantiates(data))
        return NOTHING if failure is None or is_silent else _unread(failure.origin, failure.message)
    code = (*instantiations(document), *(remote_code(tree, path, document.root) if is_huggingface else ()))
    held = tuple(templates(document.root)) if is_huggingface else ()
    sources = (Origin(path),) if code or held else ()
    return Record(sources=sources, code=code, templates=held)


def _is_structured(path: str, known: set[str]) -> bool:
    """Whether a file is read as a document: known sources are requirements and model cards as well."""
    name = name_of(path)
    return name.lower().endswith(_SUFFIXES) or (path in known and name in _WITHOUT_SUFFIX)


def _unread(origin: Origin, reason: str) -> Record:
    return Record(code=(Fact(CodeReference(CodeKind.UNREAD, reason, ""), origin),))
