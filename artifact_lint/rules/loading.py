"""ENV: does the environment that is stated have what loading the weights asks for?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model import FileState, Origin, Problem, Related, Severity
from artifact_lint.policy.distributions import (
    distributions_of,
    is_known,
    is_known_package,
    is_retired,
    is_standard,
    normalized,
)
from artifact_lint.policy.imports import TORCHSCRIPT, python3_name
from artifact_lint.policy.loaders import loader_of
from artifact_lint.rules.registry import rule
from artifact_lint.rules.requirements import NOT_DEPLOYED, deployed, place_of_requirements, stated_environment
from artifact_lint.rules.unpickling import byte, inside, pickled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.model import Artifact, Import, Inspection, Stated
    from artifact_lint.policy.environments import Environment

#: How many packages or names are told of one file.
_MOST_SAID = 10
#: Of how many packages of one file it is looked up what comes along with them.
_MOST_ASKED = 20
#: How many names a message lists.
_TOLD = 3
#: Archives that bring modules of their own along, as TorchServe's do.
_WITH_CODE = frozenset({"zip", "tar", "7z", "compressed"})
#: The modules of whichever script runs, and of one that multiprocessing started.
_MAIN = frozenset({"__main__", "__mp_main__"})


def _imported(artifact: Artifact, inspection: Inspection) -> dict[str, Import]:
    """The first import of each package that is neither Python's nor the artifact's own nor TorchScript's."""
    found: dict[str, Import] = {}
    judged: set[str] = set()
    for imported in inspection.imports:
        module, _ = python3_name(imported.module, imported.name)
        if module in judged:
            continue
        judged.add(module)
        root = module.partition(".")[0]
        if root in _MAIN or root == TORCHSCRIPT or is_standard(root) or not module.replace(".", "").isidentifier():
            continue
        package = module if not distributions_of(root) else root
        if inspection.format in _WITH_CODE and not is_known_package(package):
            continue
        if package not in found and artifact.own_module(root) is None and artifact.own_module(module) is None:
            found[package] = imported
    return found


@rule("ENV101", "undeclared-import", severity=Severity.ERROR, tags=("environment",))
def undeclared_import(artifact: Artifact) -> Iterator[Problem]:
    """Loading imports a package that the stated environment does not have.

    A package is declared by a requirement on a distribution that installs it, or on one that needs such a distribution;
    not by one whose marker cannot hold under the Python that is stated. What one missing distribution brings along is
    told with it, and not by itself.
    A note where a requirement of which that is not known may bring it; silent where the environment is an image, or
    holds code of which no more than a path or a URL is known.

    ## Why is this bad?
    In an environment made from these requirements, loading ends with ModuleNotFoundError.

    ## How to fix
    Add the distribution to the requirements, pinned to the version that the model was trained with.
    """
    environment = stated_environment(artifact)
    origin = place_of_requirements(artifact)
    if environment is None or environment.is_local or origin is None:
        return
    for file, inspection in deployed(artifact):
        missing = [
            (package, imported, known)
            for package, imported in _imported(artifact, inspection).items()
            if (known := _is_missing(package, environment)) is not None
        ]
        coming = _coming_along([package for package, _, _ in missing])
        missing = [item for item in missing if item[0] not in coming]
        for package, imported, is_certain in missing[:_MOST_SAID]:
            perhaps = "" if is_certain else f"; only {_listed(sorted(environment.unknown))} could bring it"
            message = f"{file.path} imports {package}, which no requirement declares or brings along{perhaps}"
            advice = _how_to_declare(package, [name for name, bringer in coming.items() if bringer == package])
            first = f"imports {imported.module}.{imported.name} ({byte(file, imported)})"
            yield Problem(
                origin,
                message,
                advice,
                file=inside(file, imported),
                related=(Related(Origin(file.path), first),),
                severity=None if is_certain else Severity.NOTE,
            )
        if len(missing) > _MOST_SAID:
            message = f"{file.path} imports {len(missing) - _MOST_SAID:,} more packages that no requirement declares"
            yield Problem(origin, message, "Add them to the requirements.", file=file.path)


def _is_missing(package: str, environment: Environment) -> bool | None:
    """Whether it is certain that a package is missing (True) or only likely (False); None where it is or may be there.

    A distribution that nothing is known of may install packages of any name, and need others.
    """
    candidates = distributions_of(package)
    root = normalized(package.partition(".")[0])
    if not candidates or not candidates.isdisjoint(environment.names):
        return None
    if root in environment.names and not is_retired(root):
        return None
    if not environment.unknown:
        return True
    words = {root, *candidates}
    is_related = any(word in name or name in word for name in environment.unknown for word in words)
    return None if is_related or not is_known_package(package) else False


def _coming_along(missing: Sequence[str]) -> dict[str, str]:
    """Missing packages that another one's distribution brings along, with that other one, which nothing else brings.

    Of two that bring each other the first one is to be declared.
    """
    from artifact_lint.policy.environments import brought_along  # noqa: PLC0415 - as in `requirements`

    few = missing[:_MOST_ASKED]
    brought = {package: brought_along(_to_declare(package) or package) for package in few} if len(few) > 1 else {}
    bringers = {
        package: [
            other
            for place, other in enumerate(few)
            if other != package
            and not distributions_of(package).isdisjoint(brought[other])
            and (place < missing.index(package) or distributions_of(other).isdisjoint(brought[package]))
        ]
        for package in (few if brought else ())
    }
    declared = ((package, [one for one in others if not bringers[one]]) for package, others in bringers.items())
    return {package: others[0] for package, others in declared if others}


def _to_declare(package: str) -> str | None:
    """The distribution to add for a package: of several the one that is listed and called most like the package."""
    names = [name for name in distributions_of(package) if is_known(name)]
    return min(names, key=lambda name: (name != package, len(name), name)) if names else None


def _how_to_declare(package: str, brought: Sequence[str]) -> str:
    """What to add for a package, and which of the others come with it."""
    best = _to_declare(package)
    if best is None:
        return f"Add the distribution that installs {package} to the requirements, or keep its code beside the model."
    more = f" It brings {_listed(sorted(brought))} along." if brought else ""
    return f"Add `{best}==...` to the requirements, with the version it was trained with.{more}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _TOLD:,} more" if len(names) > _TOLD else ""
    return f"{', '.join(names[:_TOLD])}{more}"


@rule("ENV102", "main-class", severity=Severity.ERROR, tags=("environment",))
def main_class(artifact: Artifact) -> Iterator[Problem]:
    """A pickle names a class or function of the script that wrote it.

    A warning for a file that no record describes: nothing says that it is to be deployed.

    ## Why is this bad?
    `__main__` is whatever script runs. Everywhere but in the one that trained the model, loading ends with
    AttributeError.

    ## How to fix
    Move the definition into a module, import it from there in the script, and save the model again.
    """
    for file, inspection in deployed(artifact):
        own = [imported for imported in inspection.imports if imported.module in _MAIN]
        if own:
            names = _listed(sorted({imported.name for imported in own}))
            message = f"{file.path} names {names} of the script that wrote it ({byte(file, own[0])})"
            advice = "Define it in a module that is deployed with the model, and save the model again."
            severity = None if artifact.described else Severity.WARNING
            yield Problem(file.origin, message, advice, file=inside(file, own[0]), severity=severity)


@rule("ENV105", "framework-undeclared", severity=Severity.WARNING, tags=("environment",))
def framework_undeclared(artifact: Artifact) -> Iterator[Problem]:
    """Requirements are stated, and the library that reads the weights' format is not among them.

    What a pickle imports is ENV101's matter. Silent where a requirement that nothing is known of may bring the library.

    ## Why is this bad?
    In an environment made from these requirements, nothing can open the file.

    ## How to fix
    Add the library to the requirements.
    """
    environment = stated_environment(artifact)
    origin = place_of_requirements(artifact)
    if environment is None or environment.is_local or environment.unknown or origin is None:
        return
    said: set[str] = set()
    for file in artifact.files:
        if file.role in NOT_DEPLOYED or file.is_bystander or file.state is FileState.MISSING:
            continue
        loader = loader_of(file.format, file.inspection.value)
        if loader is None or loader.distribution in said or not loader.readers.isdisjoint(environment.names):
            continue
        said.add(loader.distribution)
        message = f"{file.path} is {loader.what}, and no requirement declares {loader.distribution} to read it"
        advice = f"Add `{loader.distribution}==...` to the requirements."
        related = (Related(Origin(file.path), f"is {loader.what}"),)
        yield Problem(origin, message, advice, file=file.path, related=related)


#: The functions by which cloudpickle and dill rebuild a function from a code object that the pickle holds.
_CODE: Final = (
    r"cloudpickle\.cloudpickle(?:_fast)?:(?:_make_function|_make_skel_func|_fill_function|_function_setstate)|"
    r"dill\._dill:(?:_create_code|_create_function)|dill\.dill:_create_function|types:CodeType|builtins:code"
)


def _is_one_minor(stated: Stated[str]) -> bool:
    """Whether some source states Python by its minor version at least: `3.11`, `3.11.4`, `==3.11.*`, `>=3.11,<3.12`."""
    from artifact_lint.policy.markers import pythons_of  # noqa: PLC0415 - few artifacts need all of packaging

    return any(len(pythons_of((fact.value,))) == 1 for fact in stated)


@rule("ENV106", "cloudpickle-python", severity=Severity.WARNING, tags=("environment",))
def cloudpickle_python(artifact: Artifact) -> Iterator[Problem]:
    """A pickle holds functions as bytecode, and nothing states the minor version of Python.

    ## Why is this bad?
    cloudpickle and dill keep functions of a script by value. Bytecode changes with every minor version of Python, and
    another one fails on it or crashes.

    ## How to fix
    State the Python that wrote it, as `3.11.7`; or define the functions in a module that is deployed with the model.
    """
    record = artifact.record
    if not artifact.described or record.image or artifact.has_unread_record:
        return
    for file, inspection in pickled(artifact):
        first = next((found for found in inspection.imports if re.fullmatch(_CODE, found.dotted)), None)
        if first is None or file.role in NOT_DEPLOYED:
            continue
        if _is_one_minor(record.python_version):
            return
        stated = record.python_version.best
        known = f"only Python {stated.value[:40]!r} is stated" if stated else "nothing says of which Python"
        message = f"{file.path} holds functions as bytecode, and {known} ({byte(file, first)})"
        related = (Related(Origin(file.path), f"calls {first.module}.{first.name}"),) if stated else ()
        advice = "State the version of Python that wrote it, such as 3.11.7."
        yield Problem(
            stated.origin if stated else artifact.origin, message, advice, file=inside(file, first), related=related
        )
