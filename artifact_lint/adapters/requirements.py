"""What an artifact needs to be loaded: requirements.txt, conda.yaml, python_env.yaml, or a project's own files.

The formats are pip's requirements file (https://pip.pypa.io/en/stable/reference/requirements-file-format/), conda's
environment file with its match specifications, and MLflow's python_env.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from re import compile as regex
from typing import TYPE_CHECKING

from artifact_lint.adapters.conda import conda_requirement, exported
from artifact_lint.adapters.project_files import FILES as PROJECT_FILES
from artifact_lint.adapters.project_files import project_requirements, python_of, read_project_file
from artifact_lint.adapters.reading import as_text, child, fact, join
from artifact_lint.document import Syntax
from artifact_lint.model import Fact, Origin, Stated
from artifact_lint.model.paths import directory_of, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.adapters.reading import Reading
    from artifact_lint.document import Node

Requirements = tuple[Fact[str], ...]

#: How many requirements are kept of one file.
MOST_REQUIREMENTS = 10_000

#: How many files one requirements file may include, itself counted.
MOST_FILES = 20

#: What the files are called that pip, conda and MLflow write.
PIP_FILES = ("requirements.txt",)
CONDA_FILES = ("conda.yaml", "conda.yml", "environment.yaml", "environment.yml")
PYTHON_ENV_FILE = "python_env.yaml"

_COMMENT = regex(r"(^|\s)#.*$")
_INCLUDE = regex(r"(?:-r\s*|--requirement(?:\s+|=))(?P<path>\S.*)$")
_CONSTRAINTS = regex(r"(?:-c\s*|--constraint(?:\s+|=))(?P<path>\S.*)$")
_NAMED = regex(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?P<extras>\[[^\]]*\])?\s*(?P<rest>[^\s\[].*)?$")
_SEPARATORS = regex(r"[-_.]+")
_EDITABLE = regex(r"(?:-e\s*|--editable(?:\s+|=))(?P<requirement>\S.*)$")
_NAME_END = regex(r"[<>=!~ ]")


@dataclass(frozen=True, slots=True)
class Environment:
    """What was stated about Python and its packages.

    A requirement is as pip reads it, hashes included, without its comment; conda's are put into pip's spelling.
    """

    python_version: Stated[str] = Stated()
    requirements: Stated[Requirements] = Stated()


def read_environment(reading: Reading, directory: str) -> Environment:
    """The environment that the files of a directory state: pip's first, then conda's, then MLflow's.

    A project's lock file or `pyproject.toml` counts where none of these says anything.
    """
    requirements: list[Fact[Requirements]] = []
    pythons: list[Fact[str]] = []
    folder = reading.tree.folder(directory)
    for name in PIP_FILES:
        path = child(directory, name)
        if name in folder:
            requirements.append(Fact(read_requirements(reading, path), Origin(path)))
    if PYTHON_ENV_FILE in folder:
        python, needed = _python_env(reading, child(directory, PYTHON_ENV_FILE), included=bool(requirements))
        pythons += python
        requirements += needed
    for name in CONDA_FILES:
        if name in folder:
            conda = read_conda(reading, child(directory, name))
            pythons += conda.python_version
            requirements += conda.requirements
    return Environment(
        Stated(tuple(pythons)) if pythons else python_of(reading, directory, folder),
        Stated(tuple(requirements)) if requirements else project_requirements(reading, directory, folder),
    )


def read_named(reading: Reading, path: str, *, is_conda: bool = False) -> Environment:
    """What a file states that a record names as its environment, whichever kind its name says it is."""
    name = name_of(path)
    if is_conda or name in CONDA_FILES:
        return read_conda(reading, path)
    if name in PROJECT_FILES:
        return Environment(requirements=read_project_file(reading, path))
    return Environment(requirements=Stated((Fact(read_requirements(reading, path), Origin(path)),)))


def read_requirements(reading: Reading, path: str) -> Requirements:
    """The requirements of a requirements file and of those that it includes from its own directory down.

    Comments and index options are left out; a line that goes on after a backslash is one. A requirement without a
    version has that of a constraints file, and its place. A line that includes a file from elsewhere, or one that is
    not there, is kept as it is.
    """
    found: list[Fact[str]] = []
    constraints: list[Fact[str]] = []
    waiting = [path]
    seen: set[str] = set()
    while waiting and len(seen) < MOST_FILES and len(found) < MOST_REQUIREMENTS:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        for line in _logical_lines(reading, current):
            included = _INCLUDE.match(line.value)
            if included:
                target = join(directory_of(current), included["path"].strip())
                if target is None or reading.tree.entry(target) is None:
                    found.append(line)
                else:
                    waiting.append(target)
                continue
            constrained = _CONSTRAINTS.match(line.value)
            target = join(directory_of(current), constrained["path"].strip()) if constrained else None
            if target is not None and len(constraints) < MOST_REQUIREMENTS:
                constraints += _logical_lines(reading, target)
            requirement = _requirement(line)
            if requirement is not None:
                by_conda = exported(requirement.value)
                found.append(requirement if by_conda is None else Fact(by_conda, requirement.origin))
    return tuple(_constrained(found[:MOST_REQUIREMENTS], constraints))


def _constrained(found: list[Fact[str]], constraints: list[Fact[str]]) -> list[Fact[str]]:
    """Requirements, those that name no version with the one that a constraint gives them."""
    versions: dict[str, Fact[str]] = {}
    for line in constraints:
        named = _NAMED.match(line.value)
        if named and named["rest"]:
            versions.setdefault(_normal(named["name"]), Fact(named["rest"], line.origin))
    return [_with_version(requirement, versions) for requirement in found] if versions else found


def _with_version(requirement: Fact[str], versions: Mapping[str, Fact[str]]) -> Fact[str]:
    named = _NAMED.match(requirement.value)
    version = versions.get(_normal(named["name"])) if named and not named["rest"] else None
    if named is None or version is None:
        return requirement
    return Fact(f"{named['name']}{named['extras'] or ''}{version.value}", version.origin)


def _normal(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


def _logical_lines(reading: Reading, path: str) -> list[Fact[str]]:
    lines: list[Fact[str]] = []
    pending = ""
    start = 1
    for number, raw in enumerate(reading.lines(path) or (), 1):
        if not pending:
            start = number
        goes_on = raw.endswith("\\") and not raw.lstrip().startswith("#")
        text = raw[:-1] if goes_on else raw
        pending = f"{pending} {text.strip()}".strip() if pending else text.rstrip()
        if goes_on:
            continue
        _keep(lines, path, start, pending)
        pending = ""
    if pending:
        _keep(lines, path, start, pending)
    for line in lines:
        reading.add_text(line)
    return lines


def _keep(lines: list[Fact[str]], path: str, number: int, raw: str) -> None:
    text = _COMMENT.sub("", raw).strip()
    if text and len(lines) < MOST_REQUIREMENTS:
        column = len(raw) - len(raw.lstrip()) + 1
        lines.append(Fact(text, Origin(path, number, column, number, column + len(text))))


def _requirement(line: Fact[str]) -> Fact[str] | None:
    editable = _EDITABLE.match(line.value)
    if editable:
        return Fact(editable["requirement"], line.origin)
    return None if line.value.startswith("-") else line


def _python_env(reading: Reading, path: str, *, included: bool) -> tuple[list[Fact[str]], list[Fact[Requirements]]]:
    root = reading.document(path, Syntax.YAML)
    if root is None:
        return [], []
    python = fact(root.get("python"))
    listed = _pip_section(reading, path, root.get("dependencies"), included=included)
    # MLflow writes the line that includes requirements.txt whether that is kept or not: conda.yaml says the same.
    needed = tuple(one for one in listed if not _INCLUDE.match(one.value))
    requirements = [Fact(needed, root.key_origin("dependencies"))] if needed else []
    return [python] if python is not None else [], requirements


def read_conda(reading: Reading, path: str) -> Environment:
    """What a conda environment file states, in pip's spelling."""
    root = reading.document(path, Syntax.YAML)
    dependencies = root.get("dependencies") if root is not None else None
    if root is None or dependencies is None or not dependencies.is_sequence:
        return Environment()
    pythons: list[Fact[str]] = []
    needed: list[Fact[str]] = []
    for node in dependencies.elements():
        if node.is_mapping:
            needed.extend(_pip_section(reading, path, node.get("pip"), included=False))
            continue
        requirement = conda_requirement(as_text(node) or "")
        if requirement is None:
            continue
        name = _NAME_END.split(requirement, maxsplit=1)[0]
        if name == "python":
            stated = requirement.removeprefix("python").removeprefix("==").removesuffix(".*")
            if stated:
                pythons.append(Fact(stated, node.origin))
        elif name != "pip":
            needed.append(Fact(requirement, node.origin))
    requirements = Fact(tuple(needed[:MOST_REQUIREMENTS]), root.key_origin("dependencies"))
    return Environment(Stated(tuple(pythons)), Stated((requirements,)))


def _pip_section(reading: Reading, path: str, section: Node | None, *, included: bool) -> Requirements:
    found: list[Fact[str]] = []
    if section is None:
        return ()
    for node in section.elements():
        line = fact(node)
        if line is None:
            continue
        include = _INCLUDE.match(line.value)
        if include:
            target = join(directory_of(path), include["path"].strip())
            if target is None or reading.tree.entry(target) is None:
                found.append(line)
            elif not included:
                found.extend(read_requirements(reading, target))
            continue
        requirement = _requirement(line)
        if requirement is not None:
            found.append(requirement)
    return tuple(found[:MOST_REQUIREMENTS])
