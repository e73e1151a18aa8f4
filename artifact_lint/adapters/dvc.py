"""DVC: outputs kept in a cache or remote, and the pipeline stage that made them.

Source: the DVC documentation, "`.dvc` files" and "Internal files" (dvc.lock, schema 2.0). Since DVC 3 an entry says
`hash: md5`; before, text files were hashed with their line ends normalised, which DVC calls `md5-dos2unix`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import Reading, as_float, as_int, as_text, child
from artifact_lint.adapters.roles import role_of
from artifact_lint.model import NOTHING, Dataset, Fact, Mention, Metric, Origin, Pointer, Record, Role, Stated
from artifact_lint.model.paths import directory_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from artifact_lint.document import Node
    from artifact_lint.tree import Tree

NAME = "dvc"

LOCK = "dvc.lock"
PIPELINE = "dvc.yaml"


@dataclass(frozen=True, slots=True)
class Out:
    """One output that DVC tracks: its path in the store, what stands for its bytes, and its stage in a lock file.

    Of a directory, `digest` is that of its listing (`algorithm:hex.dir`), `count` the number of its files, and `node`
    the entry, which lists them itself where a remote keeps versions of its own.
    """

    path: str
    origin: Origin
    pointer: Pointer
    stage: Node | None = None
    digest: Fact[str] | None = None
    count: int | None = None
    node: Node | None = None


def outs(tree: Tree) -> Mapping[str, Out]:
    """Every output that a DVC file in view tracks, by path."""
    return tree.once(NAME, lambda: {out.path: out for out in _find(tree)})


def _find(tree: Tree) -> Iterator[Out]:
    for entry in tree.entries():
        directory, _, name = entry.path.rpartition("/")
        if name == LOCK:
            document = tree.document(entry.path)
            stages = document.root.get("stages") if document else None
            for stage_name, stage in stages.items() if stages is not None else ():
                place = _working_directory(tree, directory, stage_name)
                for out in _elements(stage.get("outs")):
                    yield from _out(place, out, stage)
        elif name.endswith(".dvc") and name != ".dvc" and entry.size < tree.limits.size:
            document = tree.document(entry.path)
            if document is None:
                yield Out(entry.path.removesuffix(".dvc"), Origin(entry.path), Pointer("DVC", None, None))
                continue
            place = _within(directory, as_text(document.root.get("wdir")) or ".")
            for out in _elements(document.root.get("outs")):
                yield from _out(place, out, None)


def covering(tree: Tree, path: str) -> Out | None:
    """The output that a file is, or the innermost one that it lies in."""
    tracked = outs(tree)
    while path:
        if path in tracked:
            return tracked[path]
        path = directory_of(path)
    return None


def _working_directory(tree: Tree, directory: str, stage: str) -> str | None:
    """Where a locked stage's paths start: only dvc.yaml beside the lock says so."""
    pipeline = tree.document(child(directory, PIPELINE)) if PIPELINE in tree.folder(directory) else None
    return _within(directory, as_text(pipeline.root.get("stages", stage, "wdir") if pipeline else None) or ".")


def _within(directory: str | None, written: str) -> str | None:
    """A path as DVC means it, which may well lead above its file; None where it leads out of the store."""
    if directory is None or PurePosixPath(written).is_absolute() or "\0" in written:
        return None
    path = normpath(child(directory, written))
    return None if path == ".." or path.startswith("../") else "" if path == "." else path


def _elements(node: Node | None) -> Iterator[Node]:
    if node is not None:
        yield from node.elements()


def _out(directory: str | None, out: Node, stage: Node | None) -> Iterator[Out]:
    path = _within(directory, as_text(out.get("path")) or ".")
    if path is None or path == directory:
        return
    md5, size = out.get("md5"), out.get("size")
    text, count = as_text(md5), as_int(size)
    algorithm = "md5" if as_text(out.get("hash")) == "md5" else "md5-dos2unix"
    is_directory = bool(text and text.endswith(".dir"))
    stated = Fact(f"{algorithm}:{text}", md5.origin) if md5 is not None and text else None
    digest = None if is_directory else stated
    length = Fact(count, size.origin) if size is not None and count is not None else None
    named = out.get("path")
    origin = named.origin if named is not None else out.origin
    pointer = Pointer("DVC", digest, length, directory=is_directory)
    if is_directory:
        yield Out(path, origin, pointer, stage, stated, as_int(out.get("nfiles")), out)
    else:
        yield Out(path, origin, pointer, stage)


def supply(tree: Tree, directory: str, record: Record, files: Iterable[str]) -> Record:  # noqa: ARG001  the protocol
    """The digests that DVC keeps of an artifact's files, and what the stage that made them read."""
    stated = [mention.path for mention in record.mentions if mention.path is not None and not mention.directory]
    tracked = [out for path in dict.fromkeys((*files, *stated)) if (out := outs(tree).get(path))]
    if not tracked:
        return NOTHING
    reading = Reading(tree)
    for path in dict.fromkeys(out.origin.path for out in tracked):
        reading.document(path)
    stage = next((out.stage for out in tracked if out.stage is not None), None)
    supplied = Record(
        conventions=(NAME,) if stage is not None else (),
        sources=reading.sources,
        texts=reading.texts,
        remarks=reading.remarks,
        mentions=tuple(_mention(out) for out in tracked),
    )
    if stage is None:
        return supplied
    lock = next(out.origin.path for out in tracked if out.stage is not None)
    return supplied + _stage(directory_of(lock), stage) + _metrics(tree, directory_of(lock))


def _mention(out: Out) -> Mention:
    digests = (out.pointer.digest,) if out.pointer.digest else ()
    written = name_of(out.path)
    role = Role.OTHER if out.pointer.directory else role_of(out.path)
    return Mention(out.origin, out.path, written, role, size=out.pointer.size, digests=digests, required=False)


def _stage(directory: str, stage: Node) -> Record:
    params: dict[str, object] = {}
    origin = stage.origin
    stated = stage.get("params")
    for _, values in stated.items() if stated is not None else ():
        origin = values.origin
        params.update({key: value.value for key, value in values.items()})
    data = [_dataset(directory, dependency) for dependency in _elements(stage.get("deps"))]
    datasets = tuple(dataset for dataset in data if dataset is not None)
    return Record(
        hyperparameters=Stated((Fact(params, origin),)) if params else Stated(),
        datasets=Stated((Fact(datasets, stage.origin),)) if datasets else Stated(),
    )


def _metrics(tree: Tree, directory: str) -> Record:
    """The metrics that the pipeline writes: read where their file is here, named where only DVC has it."""
    found: list[Metric] = []
    elsewhere: list[Fact[str]] = []
    for named in _metrics_files(tree, directory):
        path = _within(directory, named.value)
        if path is None or tree.entry(path) is None:
            elsewhere.append(named)
            continue
        document = tree.document(path)
        root = document.root if document is not None else None
        for key, node in root.items() if root is not None else ():
            inner = node.items() if node.is_mapping else iter(((key, node),))
            found += (Metric(name, leaf.value, leaf.origin) for name, leaf in inner if as_float(leaf) is not None)
    return Record(
        metrics=Stated((Fact(tuple(found), found[0].origin),)) if found else Stated(),
        metrics_files=Stated(tuple(elsewhere)),
    )


def _metrics_files(tree: Tree, directory: str) -> Iterator[Fact[str]]:
    """The files that dvc.yaml calls metrics, of its stages and at its top."""
    pipeline = tree.document(child(directory, PIPELINE)) if PIPELINE in tree.folder(directory) else None
    if pipeline is None:
        return
    stages = pipeline.root.get("stages")
    sources = [pipeline.root, *(stage for _, stage in stages.items())] if stages is not None else [pipeline.root]
    for source in sources:
        for node in _elements(source.get("metrics")):
            keys = [key for key, _ in node.items()] if node.is_mapping else [as_text(node)]
            yield from (Fact(key, node.origin) for key in keys if key)


_CODE = (".py", ".ipynb", ".sh", ".yaml", ".yml", ".toml", ".cfg", ".json", ".r", ".jl")


def _dataset(directory: str, dependency: Node) -> Dataset | None:
    """A stage's dependency that is data: code and settings are not what a model was trained on."""
    path, digest = as_text(dependency.get("path")), as_text(dependency.get("md5"))
    if path is None or path.lower().endswith(_CODE):
        return None
    return Dataset(path, dependency.origin, digest=f"md5:{digest}" if digest else None, uri=child(directory, path))
