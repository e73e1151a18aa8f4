"""A GGUF model in several files: are all of them there, and are they parts of the same model?

llama.cpp takes the names of the others from the first, counts the tensors of all, and loads nothing where one is
missing or the counts differ (`llama_model_loader` and `llama_split_path`). Parts know their number (from zero), how
many there are and the tensors of all: `split.no`, `split.count`, `split.tensors.count` (gguf-py/gguf/constants.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.model import FileState, Origin, Problem
from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Inspection, WeightFile

_PART: Final = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")
_SPLIT_AGAIN: Final = "Split the model again with `llama-gguf-split`, or fetch all parts of the same model."
_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class _Part:
    """A part that was read: its file, what was found in it, and the number and count that its name has."""

    file: WeightFile
    inspection: Inspection
    number: int
    count: int

    def stated(self, key: str) -> int | None:
        """The number that a key of the file has; None where it has none."""
        text = self.inspection.metadata.get(key, "")
        return int(text) if text.isdecimal() and len(text) < 16 else None


def missing_parts(artifact: Artifact) -> Iterator[Problem]:
    """What SUM108 says of parts that are named by those which are here."""
    for stem, parts in _models(artifact).items():
        count = parts[0].count
        if all(part.stated("split.count") == count for part in parts) and count <= 10_000:
            names = (f"{stem}-{number:05}-of-{count:05}.gguf" for number in range(1, count + 1))
            missing = [name_of(path) for path in names if not _is_there(artifact, path)]
            if missing:
                first = parts[0].file
                more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
                noun = "is" if len(missing) == 1 else "are"
                listed = ", ".join(missing[:_SHOWN]) + more
                message = f"{name_of(first.path)} is one of {count} parts, and {listed} {noun} not there"
                yield Problem(first.origin, message, "Add the missing parts or their LFS pointers.", file=first.path)


def parts_that_disagree(artifact: Artifact) -> Iterator[Problem]:
    """What SUM109 says of parts of different models, or under each other's names."""
    for parts in _models(artifact).values():
        odd = next((part for part in parts if _own_place(part) not in {None, (part.number, part.count)}), None)
        if odd is not None:
            number, count = _own_place(odd) or (0, 0)
            message = f"{name_of(odd.file.path)} says that it is part {number} of {count}"
            yield Problem(Origin(odd.file.path), message, _SPLIT_AGAIN, file=odd.file.path)
        elif len(parts) == parts[0].count:
            yield from _miscounted(parts)


def _own_place(part: _Part) -> tuple[int, int] | None:
    number, count = part.stated("split.no"), part.stated("split.count")
    return None if number is None or count is None else (number + 1, count)


def _miscounted(parts: list[_Part]) -> Iterator[Problem]:
    """Whether all parts together hold the tensors that they should, each of them once."""
    places: dict[str, str] = {}
    for part in parts:
        name = name_of(part.file.path)
        for tensor in part.inspection.tensors:
            if tensor.name in places:
                message = f"{tensor.name} is in {places[tensor.name]} and in {name}"
                yield Problem(Origin(part.file.path), message, _SPLIT_AGAIN, file=part.file.path)
                return
            places[tensor.name] = name
    for part in parts:
        stated = part.stated("split.tensors.count")
        if stated is not None and stated != len(places):
            held = f"the {len(parts)} parts hold {len(places):,} tensors together"
            message = f"{name_of(part.file.path)} says that there are {stated:,} tensors, and {held}"
            yield Problem(Origin(part.file.path), message, _SPLIT_AGAIN, file=part.file.path)
            return


def _models(artifact: Artifact) -> dict[str, list[_Part]]:
    """The parts that were read to their end, by the model that they are of, in order."""
    models: dict[str, list[_Part]] = {}
    for file in sorted(artifact.files, key=lambda one: one.path):
        match = _PART.fullmatch(file.path)
        inspection = file.inspection.value if match and file.is_readable else None
        if match is None or inspection is None or inspection.format != "gguf" or inspection.incomplete:
            continue
        part = _Part(file, inspection, int(match["number"]), int(match["count"]))
        models.setdefault(f"{match['stem']} {match['count']}", []).append(part)
    return {key.rpartition(" ")[0]: parts for key, parts in models.items()}


def _is_there(artifact: Artifact, path: str) -> bool:
    """Whether a file is there, or something that stands in for it."""
    known = next((file for file in artifact.files if file.path == path), None) or artifact.file_at(path)
    return known is not None and known.state is not FileState.MISSING
