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


def wait_until_settled(*files: Path) -> None:
    """Wait until files were left alone for so long that their digests may be remembered."""
    latest = max(max(file.stat().st_mtime_ns, file.stat().st_ctime_ns) for file in files)
    while (left := latest + SETTLED - time.time_ns()) >= 0:
        time.sleep(left / 1e9 + 0.01)
