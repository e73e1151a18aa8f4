"""What a reporter is told beside the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

#: The lines of a text file by its path in the report; None where there are none to show.
SourceLines: TypeAlias = Callable[[str], Sequence[str] | None]


def no_source(_path: str) -> Sequence[str] | None:
    """No lines of any file."""
    return None


@dataclass(frozen=True, slots=True)
class RenderContext:
    """How to show a report.

    `width` is in columns. `unicode` tells whether the stream takes more than ASCII. `verbosity` is above zero to show
    everything and below to show errors and warnings alone. `tally` asks for counts per code in place of the findings,
    and `states` for what is known behind them: of each file's digest, and by whom the artifacts are signed.
    """

    exit_code: int = 0
    source: SourceLines = no_source
    width: int = 100
    unicode: bool = True
    verbosity: int = 0
    tally: bool = False
    states: bool = False
