"""Files whose times tell what happened to them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from artifact_lint.stores.base import SETTLED

if TYPE_CHECKING:
    from pathlib import Path


def wait_for_a_tick(file: Path) -> None:
    """Wait until whatever is written next gets another time than a file has."""
    probe = file.with_name(f"{file.name}.probe")
    written = file.stat().st_ctime_ns
    while True:
        probe.write_bytes(b"x")
        if probe.stat().st_ctime_ns > written:
            probe.unlink()
            return


def later() -> int:
    """The time at which what was left alone from now on may be remembered, in nanoseconds since 1970."""
    return time.time_ns() + SETTLED
