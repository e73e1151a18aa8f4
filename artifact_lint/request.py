"""What a run is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifact_lint.model import Artifact
    from artifact_lint.settings import Settings

    #: Told which stage a run is in, how much of it is done, and how much there is; often, and by one thread.
    Watch = Callable[["Stage", int, int], None]


class Stage(StrEnum):
    """What a run spends its time on: hashing is measured in bytes, judging in artifacts."""

    HASHING = "hashing"
    JUDGING = "judging"


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is asked for.

    `staged` reads the git index instead of the working tree, and `revision` what that commit holds; `since` keeps the
    artifacts that were touched since that revision; `jobs` bounds the threads that read files. `details` reads and
    hashes every file whether a rule asks for it or not: for reports that list what is in them; `changes` is for those
    that tell what changed since the base. `cached` takes the digests of files that have not changed from the user's
    cache, and puts the others there. `is_committing` says that a hook asks, for what is committed or pushed. `watch`
    is told how far long work is. `is_done` says of an artifact, and of the root that its paths are relative to, that
    it need not be judged by itself again.
    """

    settings: Settings
    staged: bool = False
    since: str | None = None
    revision: str | None = None
    jobs: int | None = None
    details: bool = False
    changes: bool = False
    cached: bool = False
    is_committing: bool = False
    watch: Watch | None = field(default=None, compare=False)
    is_done: Callable[[Artifact, Path], bool] | None = field(default=None, compare=False)
