"""SUM: does a shard index agree with the shards it names?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model import FileState, Origin, Problem, Related, Severity
from artifact_lint.model.paths import name_of
from artifact_lint.rules.gguf_parts import parts_that_disagree
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from artifact_lint.model import Artifact, ShardIndex, WeightFile

#: `model-00001-of-00003.safetensors`: what the shards of one model share, and how many there are.
_SHARD: Final = r"(?P<stem>.+)-\d+-of-(?P<count>\d{1,9})(?P<rest>\.[^/]+)"
_TORCH = frozenset({"torch-zip", "torch-legacy"})
#: Bits of what old releases of transformers counted for a byte of booleans (`dtype_byte_size`).
_BOOLEAN_BITS = 8
_WRITE_AGAIN = "Write model and index again with `save_pretrained`."


@rule("SUM109", "shard-disagrees", severity=Severity.ERROR, tags=("integrity",))
def shard_disagrees(artifact: Artifact) -> Iterator[Problem]:
    """Shards do not describe the same model as their index, or as one another.

    A tensor that the index places in a shard which does not hold it, a tensor in two shards, a shard that no index
    names; a GGUF file that is another part than its name says, or another number of tensors than the parts state.
    Warnings: a tensor that the index does not name, and names like `-of-00003` for another number of shards.

    ## Why is this bad?
    Loading fails, or leaves tensors as they were initialised, or takes them from another training.

    ## How to fix
    Write model and index again, and remove shards that are left from before.
    """
    files = {file.path: file for file in artifact.files if file.is_readable}
    named = {path for index in artifact.record.shard_indexes for path in index.shards.values()}
    for index in artifact.record.shard_indexes:
        held = _held(index, files)
        yield from _misplaced(index, held)
        yield from _twice(index, held)
        yield from _unnamed(index, held)
        yield from _miscounted(index)
        yield from _orphans(index, named, artifact.files)
        yield from _uncompared(index, held, files)
    yield from parts_that_disagree(artifact)


def _held(index: ShardIndex, files: Mapping[str, WeightFile]) -> dict[str, frozenset[str]]:
    """The tensors of each shard of an index, for those that were read to the end."""
    held = {}
    for path in sorted(set(index.shards.values())):
        inspection = files[path].inspection.value if path in files else None
        if inspection is not None and inspection.tensor_names is not None:
            aliases = {alias for alias, name in inspection.metadata.items() if name in inspection.tensor_names}
            held[path] = inspection.tensor_names | aliases
        elif inspection is not None and inspection.format in _TORCH and not inspection.incomplete:
            names = _described(files[path])
            if names is not None:
                held[path] = names
    return held


def _described(file: WeightFile) -> frozenset[str] | None:
    """The tensors of a shard with more of them than a look at what it would do keeps; None if some are unknown."""
    description = file.description.value
    if description is None or not description.has_all_tensors or "model" in description.metadata:
        return None
    return frozenset(tensor.name for tensor in description.tensors)


def _differs(index: ShardIndex, held: Mapping[str, frozenset[str]]) -> bool:
    problems = (*_misplaced(index, held), *_twice(index, held), *_unnamed(index, held))
    return bool(problems)


def _misplaced(index: ShardIndex, held: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    lost = [tensor for tensor, path in index.shards.items() if path in held and tensor not in held[path]]
    if not lost:
        return
    first = lost[0]
    elsewhere = next((path for path, names in held.items() if first in names), None)
    where = f", but in {name_of(elsewhere)}" if elsewhere else ""
    message = f"{first} is not in {name_of(index.shards[first])}{where}{_more(lost)}"
    related = tuple(Related(index.place_of(tensor), tensor) for tensor in lost[1:4])
    yield Problem(index.place_of(first), message, _WRITE_AGAIN, file=index.shards[first], related=related)


def _twice(index: ShardIndex, held: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    places: dict[str, list[str]] = {}
    for path, names in held.items():
        for tensor in names:
            places.setdefault(tensor, []).append(path)
    repeated = sorted(tensor for tensor, paths in places.items() if len(paths) > 1)
    if repeated:
        first = repeated[0]
        message = f"{first} is in {' and in '.join(map(name_of, places[first][:2]))}{_more(repeated)}"
        yield Problem(index.place_of(first), message, _WRITE_AGAIN, file=places[first][-1])


def _unnamed(index: ShardIndex, held: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    if index.is_cut:
        return
    for path, names in held.items():
        strange = sorted(names - index.shards.keys())
        if strange:
            message = f"{_index(index)} does not name {strange[0]} of {name_of(path)}{_more(strange)}"
            yield Problem(Origin(index.origin.path), message, _WRITE_AGAIN, file=path, severity=Severity.WARNING)


def _miscounted(index: ShardIndex) -> Iterator[Problem]:
    if index.is_cut:
        return
    for family, paths in _families(set(index.shards.values())).items():
        counts = {int(match["count"]) for path in paths if (match := re.fullmatch(_SHARD, path))}
        if counts != {len(paths)}:
            shown = " and ".join(f"{count:,}" for count in sorted(counts)[:3])
            noun = "shard" if len(paths) == 1 else "shards"
            message = f"{_index(index)} names {len(paths):,} {noun} of {name_of(family[0])}, called 'of {shown}'"
            yield Problem(Origin(index.origin.path), message, _WRITE_AGAIN, severity=Severity.WARNING)


def _orphans(index: ShardIndex, named: set[str], files: Sequence[WeightFile]) -> Iterator[Problem]:
    families = _families(set(index.shards.values()))
    found = _families(file.path for file in files if file.state is not FileState.MISSING and file.path not in named)
    for family, paths in found.items():
        if family in families and not index.is_cut:
            message = f"{_index(index)} does not name the shard {name_of(paths[0])}{_more(paths, 'shards')}"
            advice = f"Remove what is left of another model. {_WRITE_AGAIN}"
            yield Problem(Origin(paths[0]), message, advice, file=paths[0])


def _families(paths: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """Shards by what they share with the others of their model."""
    families: dict[tuple[str, str], list[str]] = {}
    for path in sorted(paths):
        match = re.fullmatch(_SHARD, path)
        if match:
            families.setdefault((match["stem"], match["rest"]), []).append(path)
    return families


def _uncompared(
    index: ShardIndex, held: Mapping[str, frozenset[str]], files: Mapping[str, WeightFile]
) -> Iterator[Problem]:
    """What nobody can say of shards that are here and were read, but tell no names."""
    unknown = []
    for path in sorted(set(index.shards.values()) - held.keys()):
        inspection = files[path].inspection.value if path in files else None
        if inspection is not None and not inspection.incomplete:
            unknown.append(path)
    if unknown or index.is_cut:
        what = f"{name_of(unknown[0])}{_more(unknown, 'shards')}" if unknown else "all shards"
        message = f"{_index(index)} was not compared with the tensors of {what}"
        place = Origin(index.origin.path)
        yield Problem(place, message, "Loading the model compares them.", severity=Severity.NOTE)


def total_size_problems(artifact: Artifact) -> Iterator[Problem]:
    """What SUM105 says of the size that a shard index states for all tensors together: a warning, as no loader asks."""
    files = {file.path: file for file in artifact.files if file.is_readable}
    for index in artifact.record.shard_indexes:
        stated = index.total_size
        # Tensors that are elsewhere than the index says are told by themselves, and their bytes with them.
        is_whole = not index.is_cut and not _differs(index, _held(index, files))
        sizes = _sizes(index, files) if stated and is_whole else frozenset[float]()
        if stated and sizes and stated.value not in sizes:
            held = f"{int(min(sizes, key=lambda size: abs(size - stated.value))):,}"
            message = f"the tensors of all shards have {held} bytes together, not {stated.value:,}"
            advice = f"A shard was changed or replaced, or the index is another model's. {_WRITE_AGAIN}"
            yield Problem(stated.origin, message, advice, severity=Severity.WARNING)


def _sizes(index: ShardIndex, files: Mapping[str, WeightFile]) -> frozenset[float]:
    """The bytes of all tensors together as one release or another counts them; none where a shard does not tell.

    Tensors that share their bytes were counted once or for each name, a boolean for a byte or for a bit.
    """
    total = booleans = shared = 0
    for path in set(index.shards.values()):
        inspection = files[path].inspection.value if path in files else None
        if inspection is None or inspection.tensor_names is None:
            return frozenset()
        known = {tensor.name: tensor.size for tensor in inspection.tensors if tensor.size is not None}
        if known.keys() != inspection.tensor_names:
            return frozenset()
        total += sum(known.values())
        booleans += sum(known[tensor.name] for tensor in inspection.tensors if tensor.dtype == "BOOL")
        shared += sum(known.get(name, 0) for alias, name in inspection.metadata.items() if alias in index.shards)
    bits = booleans - booleans / _BOOLEAN_BITS
    return frozenset({total, total - bits, total + shared, total + shared - bits})


def _index(index: ShardIndex) -> str:
    return name_of(index.origin.path)


def _more(listed: Sequence[str], noun: str = "tensors") -> str:
    return f" (and {len(listed) - 1:,} more {noun})" if len(listed) > 1 else ""
