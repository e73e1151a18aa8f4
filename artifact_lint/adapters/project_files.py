"""What a Python project's own files say of its environment: lock files, `pyproject.toml`, `.python-version`.

Lock files are uv's, Poetry's and PDM's, with a table per package; `pylock.toml`
(https://packaging.python.org/en/latest/specifications/pylock-toml/), likewise; and Pipenv's `Pipfile.lock`. Of a
`pyproject.toml` count `project.dependencies` and Poetry's own table, whose constraints are put into pip's spelling
(https://python-poetry.org/docs/dependency-specification/).
"""

from __future__ import annotations

from re import compile as regex
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import as_text, child, fact
from artifact_lint.document import Syntax
from artifact_lint.model import Fact, Origin, Stated
from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from artifact_lint.adapters.reading import Reading
    from artifact_lint.document import Node

#: How many packages are kept of one file.
_MOST_PACKAGES = 10_000
#: Lock files with a table per package, and the key of those tables; the exact ones come first.
_LOCKS = {"pylock.toml": "packages", "uv.lock": "package", "poetry.lock": "package", "pdm.lock": "package"}
_PIPENV = "Pipfile.lock"
_PROJECT = "pyproject.toml"
PYTHON_VERSION_FILE = ".python-version"
#: The files that state requirements, the more exact ones first.
FILES = (*_LOCKS, _PIPENV, _PROJECT)

_PYTHON_VERSION = regex(r"(?:cpython-)?(?P<version>\d+(?:\.\d+){1,2})(?:[a-z].*)?")
_CARET_OR_TILDE = regex(r"(?P<sign>[\^~])\s*(?P<version>\d+(?:\.\d+)*)")
_BARE_VERSION = regex(r"\d+(?:\.\w+)*(?:\.\*)?")


def python_of(reading: Reading, directory: str, names: Container[str]) -> Stated[str]:
    """The Python that `.python-version` names, as pyenv and uv read it."""
    if PYTHON_VERSION_FILE not in names:
        return Stated()
    path = child(directory, PYTHON_VERSION_FILE)
    for number, line in enumerate(reading.lines(path) or (), 1):
        matched = _PYTHON_VERSION.fullmatch(line.strip())
        if matched:
            return Stated((Fact(matched["version"], Origin(path, number, 1, number, len(line) + 1)),))
        if line.strip() and not line.startswith("#"):
            break
    return Stated()


def project_requirements(reading: Reading, directory: str, names: Container[str]) -> Stated[tuple[Fact[str], ...]]:
    """What the first file that there is of a project requires; nothing where it requires nothing."""
    for name in FILES:
        found = read_project_file(reading, child(directory, name)) if name in names else Stated()
        if found:
            return found
    return Stated()


def read_project_file(reading: Reading, path: str) -> Stated[tuple[Fact[str], ...]]:
    """The requirements that a lock file or a `pyproject.toml` states, in pip's spelling."""
    name = name_of(path)
    syntax = Syntax.JSON if name == _PIPENV else Syntax.TOML
    root = reading.document(path, syntax, keep_texts=False)
    if root is None:
        return Stated()
    if name == _PIPENV:
        found = _pipenv(root.get("default"))
    elif name == _PROJECT:
        found = _project(root)
    else:
        found = _locked(root.get(_LOCKS.get(name, "package")))
    kept = tuple(requirement for _, requirement in zip(range(_MOST_PACKAGES), found, strict=False))
    return Stated((Fact(kept, Origin(path)),)) if kept else Stated()


def _locked(packages: Node | None) -> Iterator[Fact[str]]:
    """The packages of a lock file, without the project itself."""
    for package in packages.elements() if packages is not None else ():
        name, version = as_text(package.get("name")), package.get("version")
        itself = (as_text(package.get("source", key)) for key in ("editable", "virtual"))
        if name is not None and version is not None and "." not in itself:
            yield Fact(f"{name}=={as_text(version)}", version.origin)


def _pipenv(default: Node | None) -> Iterator[Fact[str]]:
    """The packages of the section that is deployed; one without a version comes from a path or a repository."""
    for name, node in default.items() if default is not None else ():
        version = node.get("version")
        yield Fact(f"{name}{as_text(version) or ''}", (version or node).origin)


def _project(root: Node) -> Iterator[Fact[str]]:
    listed = root.get("project", "dependencies")
    for node in listed.elements() if listed is not None else ():
        stated = fact(node)
        if stated is not None:
            yield stated
    by_poetry = root.get("tool", "poetry", "dependencies")
    for name, node in by_poetry.items() if by_poetry is not None else ():
        if name.lower() != "python":
            version = node.get("version") if node.is_mapping else node
            yield Fact(f"{name}{_extras(node)}{_in_pips_spelling(as_text(version) or '')}", node.origin)


def _extras(node: Node) -> str:
    extras = node.get("extras") if node.is_mapping else None
    named = [text for extra in extras.elements() if (text := as_text(extra))] if extras is not None else []
    return f"[{','.join(named)}]" if named else ""


def _in_pips_spelling(constraint: str) -> str:
    """Poetry's `^1.2`, `~1.2`, `1.2.3` and `*`; alternatives (`||`) are left out, so that any version may be meant."""
    if "|" in constraint:
        return ""
    return ",".join(filter(None, map(_one_constraint, constraint.split(","))))


def _one_constraint(written: str) -> str:
    text = written.strip()
    relative = _CARET_OR_TILDE.fullmatch(text)
    if relative is None:
        return f"=={text}" if _BARE_VERSION.fullmatch(text) else "" if text == "*" else text
    numbers = [int(part) for part in relative["version"][:100].split(".")]
    kept = 1 if len(numbers) == 1 or relative["sign"] == "^" else 2
    if relative["sign"] == "^":
        # Everything below the next change of the first number that is not zero.
        kept = next((position for position, number in enumerate(numbers, 1) if number), len(numbers))
    end = [*numbers[: kept - 1], numbers[kept - 1] + 1]
    return f">={relative['version']},<{'.'.join(map(str, end))}"
