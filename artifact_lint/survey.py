"""What there is among some paths: read and put together, but not judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.assemble import assemble_all
from artifact_lint.scope import Owners, Scope, find_scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifact_lint.model import Artifact
    from artifact_lint.model.report import Failure
    from artifact_lint.request import Request


@dataclass(frozen=True, slots=True)
class Survey:
    """The artifacts among some paths, before they are judged; `strangers` are named files that belong to none.

    `neighbours` are artifacts that came into view and were not asked for. `failures` are those that this program failed
    to put together.
    """

    scope: Scope
    artifacts: tuple[Artifact, ...]
    neighbours: tuple[Artifact, ...] = ()
    strangers: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def survey(paths: Sequence[str], request: Request) -> Survey:
    """What there is among some paths, read but not judged.

    Raises:
        StoreError: A path, the index or a revision cannot be read.
    """
    settings = request.settings
    scope = find_scope(
        paths,
        excludes=settings.exclude,
        staged=request.staged,
        since=request.since,
        revision=request.revision,
        is_committing=request.is_committing,
        limits=settings.limits,
    )
    everything, failures = assemble_all(scope.tree, settings.options, scope.named, scope.may_ask_for)
    artifacts = tuple(scope.covered(everything))
    asked = {id(artifact) for artifact in artifacts}
    neighbours = tuple(artifact for artifact in everything if id(artifact) not in asked)
    owners = Owners(artifacts)
    strangers = [path for path in sorted(scope.named) if not owners.of(path)]
    return Survey(scope, artifacts, neighbours, tuple(strangers), tuple(failures))
