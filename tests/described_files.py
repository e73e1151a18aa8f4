"""The files that real libraries wrote, with what these say of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from artifact_lint.formats import inspect
from artifact_lint.formats.describing import describe
from artifact_lint.formats.sources import Memory
from artifact_lint.model.description import Description
from artifact_lint.stores.local import LocalStore

if TYPE_CHECKING:
    from artifact_lint.model.inspection import Inspection

CORPUS: Final = Path(__file__).parent / "described"
FACTS: Final = "facts.json"
ENVIRONMENTS: Final = sorted(path.parent.name for path in CORPUS.glob(f"*/{FACTS}"))


def files_of(environment: str) -> list[str]:
    """The files of an environment by their paths within it, without the facts."""
    directory = CORPUS / environment
    found = (path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    return sorted(name for name in found if name != FACTS)


def facts_of(environment: str) -> dict[str, dict[str, Any]]:
    """What the libraries of an environment say of its files, by their paths within it."""
    read: dict[str, dict[str, Any]] = json.loads((CORPUS / environment / FACTS).read_text("utf-8"))
    return read


def looked_at(path: Path) -> tuple[Inspection, Description]:
    """What a file is found to do and to be.

    Of a format that is not described, the inspection tells the tensors.
    """
    content = Memory(path.read_bytes())
    inspection = inspect(path.name, content)
    told = describe(path.name, content, inspection.format, beside=LocalStore(path.parent).open)
    if told is None:
        told = Description(
            tensors=inspection.tensors,
            versions=inspection.versions,
            metadata=inspection.metadata,
            incomplete=inspection.incomplete,
        )
    return inspection, told
