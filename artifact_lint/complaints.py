"""What is wrong with a configuration or a baseline, and where: every mistake is told with its line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from artifact_lint.model import Origin


@dataclass(frozen=True, slots=True, order=True)
class Complaint:
    """One mistake, and where it stands."""

    origin: Origin
    message: str

    def __str__(self) -> str:
        return f"{self.origin.path}:{self.origin.line}:{self.origin.column}: {self.message}"


class SettingsError(Exception):
    """Settings or a baseline that cannot be used; `lines` are what to tell the user, one mistake each."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))
