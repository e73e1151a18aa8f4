"""Files whose times tell what happened to them, and those that not everybody may read."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from artifact_lint.stores.base import SETTLED

if TYPE_CHECKING:
    from collections.abc import Iterator
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


@contextmanager
def unprivileged() -> Iterator[None]:
    """Permissions bind everybody but the superuser."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def open_up(place: Path) -> None:
    """Let everybody look into a directory and those above it."""
    for directory in (place, *place.parents):
        if not directory.stat().st_mode & 0o001:
            directory.chmod(directory.stat().st_mode | 0o055)
