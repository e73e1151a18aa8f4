"""What the ENV rules ask of an artifact: what it requires, where that stands, and which files are deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import FileState, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.model import Artifact, Fact, Inspection, Origin, WeightFile
    from artifact_lint.policy.environments import Environment

#: What training wrote beside the model: nobody loads it where the model is deployed.
NOT_DEPLOYED = frozenset({Role.OPTIMIZER, Role.DATA, Role.OTHER})


def stated_environment(artifact: Artifact) -> Environment | None:
    """What the artifact's requirements declare; None where they are none, or not all there is.

    An image holds whatever it holds. Versions that a hand-written file notes are no list of everything.
    """
    stated = [fact for fact in artifact.record.requirements if fact.value and not fact.guessed]
    return read_environment(artifact, stated) if stated and not artifact.record.image else None


def read_environment(artifact: Artifact, stated: Iterable[Fact[tuple[Fact[str], ...]]] | None = None) -> Environment:
    """What some requirements of an artifact declare under its Python: all of them, guessed ones included, if not given.

    The Python is whichever its records state, all of them where they disagree.
    """
    from artifact_lint.policy.environments import environment_of  # noqa: PLC0415 - few artifacts need all of packaging
    from artifact_lint.policy.markers import pythons_of  # noqa: PLC0415 - as above

    listings = artifact.record.requirements if stated is None else stated
    pythons = pythons_of(fact.value for fact in artifact.record.python_version)
    return environment_of(tuple(requirement for fact in listings for requirement in fact.value), pythons)


def deployed(artifact: Artifact) -> Iterator[tuple[WeightFile, Inspection]]:
    """The files with imports that are loaded with the model."""
    for file in artifact.files:
        if file.role in NOT_DEPLOYED or file.is_bystander or file.state is FileState.MISSING:
            continue
        inspection = file.inspection.value
        if inspection is not None and (inspection.pickled or inspection.format == "skops"):
            yield file, inspection


def place_of_requirements(artifact: Artifact) -> Origin | None:
    """Where requirements stand that are not guessed: where one would add another."""
    stated = next((fact for fact in artifact.record.requirements if fact.value and not fact.guessed), None)
    return stated.origin if stated is not None else None
