"""ENV: do the required versions load what other versions wrote?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.model import Origin, Problem, Related, Severity
from artifact_lint.policy.distributions import distributions_of
from artifact_lint.rules.registry import rule
from artifact_lint.rules.requirements import NOT_DEPLOYED, deployed, place_of_requirements, read_environment
from artifact_lint.rules.unpickling import byte, inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.specifiers import SpecifierSet

    from artifact_lint.model import Artifact, Import, WeightFile
    from artifact_lint.policy.environments import Environment


@rule("ENV103", "version-mismatch", severity=Severity.WARNING, tags=("environment",))
def version_mismatch(artifact: Artifact) -> Iterator[Problem]:
    """The weights were written by a version of a library that the requirements exclude.

    Of scikit-learn any other version counts, a note where only the last number differs. Of libraries that promise to
    read what older ones wrote, a newer one is no mismatch, unless it is another major version. Of requirements that
    are alternatives, by their markers or their pins, one that fits is enough.

    ## Why is this bad?
    scikit-learn promises nothing for another version's pickle: it warns, and may fail or predict other numbers. Other
    libraries do not read what a newer one wrote.

    ## How to fix
    Pin the version that wrote the weights, or save them again with the one that is pinned.
    """
    if not any(fact.value for fact in artifact.record.requirements):
        return
    environment: Environment | None = None
    for file in artifact.files:
        written = _written_by(file) if file.role not in NOT_DEPLOYED else {}
        for distribution, version in sorted(written.items()):
            if environment is None:
                environment = read_environment(artifact)
            yield from _mismatches(artifact, file, distribution, version, environment)


def _written_by(file: WeightFile) -> dict[str, str]:
    """The versions of the libraries that wrote a file, by distribution."""
    inspection = file.inspection.value
    if inspection is None:
        return {}
    description = file.description.value
    if description is None:
        return dict(inspection.versions)
    binary = description.metadata.get("version") if inspection.format == "xgboost-binary" else None
    # The old format keeps the first two numbers of its version.
    return {**inspection.versions, **description.versions, **({"xgboost": str(binary)} if binary else {})}


def _mismatches(
    artifact: Artifact, file: WeightFile, distribution: str, version: str, environment: Environment
) -> Iterator[Problem]:
    from artifact_lint.policy.compatibility import judge  # noqa: PLC0415 - few artifacts need all of packaging
    from artifact_lint.policy.environments import version_of  # noqa: PLC0415 - as above

    written, inspection = version_of(version), file.inspection.value
    if written is None or inspection is None:
        return
    said: set[str] = set()
    for alternatives in _asked(artifact, environment, distribution):
        judged = [
            judge(
                distribution, written, asked.specifier, pickled=inspection.pickled, file_format=inspection.format or ""
            )
            for asked in alternatives
        ]
        # Which of several alternatives is installed is not known; all of them have to be wrong.
        slightest = min(judged, key=lambda found: (found is not None, found is None or not found.is_slight))
        if slightest is None:
            continue
        asked, found = alternatives[judged.index(slightest)], slightest
        if asked.what in said:
            continue
        said.add(asked.what)
        message = f"{asked.what} is required, and {file.path} was written by {distribution} {version}: {found.reason}"
        yield Problem(
            asked.origin,
            message,
            f"Require `{distribution}=={version}`, or save the model again with the version that is required.",
            file=file.path,
            related=(Related(Origin(file.path), f"written by {distribution} {version}"),),
            severity=Severity.NOTE if found.is_slight else None,
            guessed=asked.guessed,
        )


class _Asked(NamedTuple):
    """What versions of a library are asked for: where, and in which words."""

    specifier: SpecifierSet
    origin: Origin
    what: str
    guessed: bool = False


def _asked(artifact: Artifact, environment: Environment, distribution: str) -> Iterator[tuple[_Asked, ...]]:
    """What requirements ask of a library, alternatives together; what others ask of it, where none names it."""
    declared = environment.of(_names_of_writer(distribution))
    for alternatives in declared:
        facts = ((wanted.specifier, wanted.stated) for wanted in alternatives)
        yield tuple(_Asked(specifier, fact.origin, fact.value[:80], fact.guessed) for specifier, fact in facts)
    brought, origin = environment.asked_of(distribution), place_of_requirements(artifact)
    if brought and not declared and origin is not None:
        yield (_Asked(brought, origin, f"{distribution}{brought} (by what needs it)"),)


def _names_of_writer(distribution: str) -> frozenset[str]:
    """A distribution and the others that install the same library: xgboost and xgboost-cpu."""
    package = {"scikit-learn": "sklearn"}.get(distribution, distribution)
    return distributions_of(package) | {distribution}


#: Modules that pickles of NumPy 1 do not name: it had no `_core`, and named bit generators by a text.
_OF_NUMPY_2: Final = r"numpy\._core(?:\..*)?|numpy\.random\._(?:mt19937|pcg64|philox|sfc64)"


@rule("ENV104", "numpy-core", severity=Severity.ERROR, tags=("environment",))
def numpy_core(artifact: Artifact) -> Iterator[Problem]:
    """A pickle names modules as NumPy 2 does, and the NumPy which is required cannot load that.

    A warning where the requirement allows versions that can as well. NumPy 1.26 has the names that arrays need, but not
    those of protocol 5, and not the form of random generators.

    ## Why is this bad?
    NumPy 2 moved `numpy.core` to `numpy._core`, and names the class of a random generator in its pickle. With an older
    one, loading ends with ModuleNotFoundError or ValueError.

    ## How to fix
    Require the NumPy that the model was trained with, or save it again with the one that is required.
    """
    if not any(fact.value for fact in artifact.record.requirements):
        return
    for file, inspection in deployed(artifact):
        core = {
            found.module: found for found in reversed(inspection.imports) if re.fullmatch(_OF_NUMPY_2, found.module)
        }
        if core:
            yield from _without_core(artifact, file, core)


def _without_core(artifact: Artifact, file: WeightFile, core: dict[str, Import]) -> Iterator[Problem]:
    from artifact_lint.policy.compatibility import loads_numpy_2, needs_numpy_2  # noqa: PLC0415 - as above

    modules = frozenset(core)
    first = min(core.values(), key=lambda found: (not needs_numpy_2(found.module), found.offset))
    environment = read_environment(artifact)
    is_declared = bool(environment.of({"numpy"}))
    said: set[str] = set()
    for alternatives in _asked(artifact, environment, "numpy"):
        judged = [loads_numpy_2(asked.specifier, modules) for asked in alternatives]
        # As long as one of several alternatives may load it, that may be the one that is installed.
        loads = True if True in judged else None if None in judged else False
        asked = alternatives[judged.index(loads)]
        if loads is True or (loads is None and not is_declared) or asked.what in said:
            continue
        said.add(asked.what)
        how = "allows versions that cannot load that" if loads is None else "cannot load that"
        message = f"{file.path} names {first.module} as NumPy 2 does, and {asked.what} {how} ({byte(file, first)})"
        yield Problem(
            asked.origin,
            message,
            "Require `numpy>=2`, or save the model again with the NumPy that is required.",
            file=inside(file, first),
            related=(Related(Origin(file.path), f"imports {first.module}.{first.name}"),),
            severity=Severity.WARNING if loads is None else None,
            guessed=asked.guessed,
        )
