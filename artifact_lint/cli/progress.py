"""How far a long run is: a line on standard error that goes when the work is done."""

from __future__ import annotations

import math
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress, TaskID

    from artifact_lint.request import Stage

#: Work that is over sooner is not worth a look, in seconds.
PATIENCE = 1.0


class Bar:
    """A bar for each stage of a run, drawn once the run has lasted for `patience` seconds."""

    def __init__(self, *, coloured: bool, patience: float = PATIENCE) -> None:
        self._coloured = coloured
        self._due = time.monotonic() + patience
        self._progress: Progress | None = None
        self._tasks: dict[Stage, TaskID] = {}

    def show(self, stage: Stage, done: int, total: int) -> None:
        """Draw how far a stage is: `done` of `total` bytes or artifacts."""
        if time.monotonic() < self._due:
            return
        if self._progress is None:
            self._progress = _started(coloured=self._coloured)
        for other, task in self._tasks.items():
            self._progress.update(task, visible=other is stage)
        amount = _amount(stage, done, total)
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage.value, total=total, amount=amount)
        self._progress.update(self._tasks[stage], completed=done, total=total, amount=amount)

    def close(self) -> None:
        """Take away what was drawn."""
        if self._progress is not None:
            self._progress.stop()
        self._due = math.inf


@contextmanager
def progress_bar(*, quiet: bool, colour: str) -> Iterator[Callable[[Stage, int, int], None] | None]:
    """What shows how far a run is while it lasts; None where nobody would see it or wants to."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    bar = Bar(coloured=colour != "never")
    try:
        yield bar.show
    finally:
        bar.close()


def _started(*, coloured: bool) -> Progress:
    from rich.console import Console  # noqa: PLC0415 - most runs are over before it were imported
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - likewise

    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True, no_color=None if coloured else True),
        transient=True,
    )
    progress.start()
    return progress


def _amount(stage: Stage, done: int, total: int) -> str:
    if stage.value != "hashing":
        return f"{done:,} of {total:,}"
    return f"{done / 1e9:.1f} of {total / 1e9:.1f} GB" if total >= 1e9 else f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"
