"""What `artifact-lint inspect` shows of one file: what its reader found, and what the file tells of the model in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.model.artifact import FileState
    from artifact_lint.model.description import Description
    from artifact_lint.model.inspection import Incomplete, Inspection, Tensor


@dataclass(frozen=True, slots=True)
class Look:
    """One file as it is seen: `size` is in bytes, None where nobody knows; `title` is what people call its format.

    `inspection` is None where there are no bytes to look at, `description` where the format tells nothing that is read.
    """

    path: str
    state: FileState
    size: int | None
    title: str
    inspection: Inspection | None
    description: Description | None

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors that are known, the largest first where sizes are."""
        told = self.description.tensors if self.description else ()
        found = told or (self.inspection.tensors if self.inspection else ())
        return tuple(sorted(found, key=lambda tensor: (-(tensor.size or 0), tensor.name)))

    @property
    def has_all_tensors(self) -> bool:
        """Whether `tensors` are all that the file holds."""
        if self.description and self.description.tensors:
            return self.description.has_all_tensors
        names = self.inspection.tensor_names if self.inspection else None
        return names is not None and len(names) == len(self.tensors)

    @property
    def versions(self) -> Mapping[str, str]:
        """The versions of the libraries that wrote the file, by distribution."""
        found = self.inspection.versions if self.inspection else {}
        return {**found, **(self.description.versions if self.description else {})}

    @property
    def metadata(self) -> Mapping[str, str]:
        """What else the file says of itself."""
        found = self.inspection.metadata if self.inspection else {}
        return {**found, **(self.description.metadata if self.description else {})}

    @property
    def incomplete(self) -> tuple[Incomplete, ...]:
        """What could not be read, each once."""
        found = self.inspection.incomplete if self.inspection else ()
        return tuple(dict.fromkeys((*found, *(self.description.incomplete if self.description else ()))))
