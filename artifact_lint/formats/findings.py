"""What the readers of one file gather, until it becomes an `Inspection`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import Cause, Doubt, Hazard, HazardKind, Import, Incomplete, Inspection, Tensor, Use

if TYPE_CHECKING:
    from artifact_lint.formats.base import FormatError

#: What goes beyond these counts is no longer kept; of hazards and imports, that is said.
MOST_GAPS = 1000
MOST_HAZARDS = 10_000
MOST_IMPORTS = 20_000
MOST_TENSORS = 100_000


class Findings:
    """Facts of one file and all its members, each stated once."""

    def __init__(self) -> None:
        self.format: str | None = None
        self.framework: str | None = None
        self.pickled = False
        self.versions: dict[str, str] = {}
        self.metadata: dict[str, str] = {}
        self.extent: int | None = None
        self.doubts: frozenset[Doubt] | None = None
        self._imports: dict[tuple[str, str, str], Import] = {}
        self._hazards: dict[tuple[HazardKind, str, str], Hazard] = {}
        self._gaps: dict[tuple[Cause, str, str], Incomplete] = {}
        self.tensor_names: frozenset[str] | None = None
        self._tensors: list[Tensor] = []

    def add_import(self, found: Import) -> None:
        """Keep an import; its uses join those of an earlier one by the same name in the same member."""
        key = (found.module, found.name, found.member)
        earlier = self._imports.get(key)
        if earlier is None:
            if len(self._imports) < MOST_IMPORTS:
                self._imports[key] = found
            else:
                self._end(f"more than {MOST_IMPORTS:,} imports")
            return
        uses = earlier.uses | found.uses
        self._imports[key] = Import(
            earlier.module,
            earlier.name,
            uses - {Use.NAMED} or uses,
            min(earlier.offset, found.offset),
            earlier.member,
            earlier.arguments or found.arguments,
        )

    def add_hazard(self, kind: HazardKind, evidence: str, offset: int, member: str = "") -> None:
        """Keep the first hazard with this evidence in a member."""
        key = (kind, evidence, member)
        if len(self._hazards) < MOST_HAZARDS or key in self._hazards:
            self._hazards.setdefault(key, Hazard(kind, evidence, offset, member))
        else:
            self._end(f"more than {MOST_HAZARDS:,} different facts of this kind")

    def _end(self, detail: str) -> None:
        """Say that a list is full, whatever else is said."""
        self._gaps[Cause.LIMIT, detail, ""] = Incomplete(Cause.LIMIT, detail)

    def add_incomplete(self, cause: Cause, detail: str, offset: int = 0, member: str = "") -> None:
        """Keep the first gap with this detail in a member."""
        if len(self._gaps) < MOST_GAPS:
            self._gaps.setdefault((cause, detail, member), Incomplete(cause, detail, offset, member))

    def add_error(self, error: FormatError, member: str = "") -> None:
        """Keep where and why reading stopped."""
        self.add_incomplete(error.cause, error.detail, error.offset, member)

    def add_tensor(self, tensor: Tensor) -> None:
        """Keep a tensor."""
        if len(self._tensors) < MOST_TENSORS:
            self._tensors.append(tensor)

    @property
    def roots(self) -> list[str]:
        """The top-level packages of all imports, in the order of their first appearance."""
        return list(dict.fromkeys(module.partition(".")[0] for module, _, _ in self._imports))

    def inspection(self) -> Inspection:
        """All that was gathered, frozen."""
        return Inspection(
            format=self.format,
            framework=self.framework,
            pickled=self.pickled,
            versions=dict(self.versions),
            imports=tuple(self._imports.values()),
            hazards=tuple(self._hazards.values()),
            incomplete=tuple(self._gaps.values()),
            tensors=tuple(self._tensors),
            tensor_names=self.tensor_names,
            metadata=dict(self.metadata),
            extent=self.extent,
            doubts=self.doubts,
        )
