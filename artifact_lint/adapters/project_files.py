"""What a Python project's own files say of its environment: lock files, `pyproject.toml` and others of its kind.

Lock files are uv's, Poetry's and PDM's, with a table per package; `pylock.toml`
(https://packaging.python.org/en/latest/specifications/pylock-toml/), likewise; and Pipenv's `Pipfile.lock`. Of a
`pyproject.toml` count `project.dependencies`, Poetry's own tables, whose constraints are put into pip's spelling
(https://python-poetry.org/docs/dependency-specification/), and pixi's, which are conda's. What is to be asked for by
name, an extra or a group of dependencies (https://packaging.python.org/en/latest/specifications/dependency-groups/), is
stated under the marker `extra == "NAME"`, and left out where its name tells that it is for developing.
"""

from __future__ import annotations

from re import compile as regex
from typing import TYPE_CHECKING

from artifact_lint.adapters.conda import conda_requirement
from artifact_lint.adapters.reading import as_text, child, fact
from artifact_lint.document import Syntax
from artifact_lint.model import Fact, Origin, Stated
from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from artifact_lint.adapters.reading import Reading
    from artifact_lint.document import Node

#: How many packages are kept of one file.
_MOST_PACKAGES = 10_000
#: Lock files with a table per package, and the key of those tables; the exact ones come first.
_LOCKS = {"pylock.toml": "packages", "uv.lock": "package", "poetry.lock": "package", "pdm.lock": "package"}
_PIPENV = "Pipfile.lock"
_PROJECT = "pyproject.toml"
_BY_PIPENV = "Pipfile"
_BY_PIXI = "pixi.toml"
_BY_SETUPTOOLS = "setup.cfg"
#: The file of pyenv and uv, and that of buildpacks, where it is `python-3.11.7`.
PYTHON_FILES = (".python-version", "runtime.txt")
#: The files that state requirements, the more exact ones first.
FILES = (*_LOCKS, _PIPENV, _PROJECT, _BY_PIPENV, _BY_PIXI, _BY_SETUPTOOLS)
#: How the names of groups begin that nobody installs where a model is deployed, up to the first `-` or `_`.
_FOR_DEVELOPING = frozenset(
    (
        *("bench", "benchmark", "benchmarks", "build", "ci", "dev", "develop", "development", "doc", "docs"),
        *("documentation", "format", "formatting", "lint", "linting", "notebook", "notebooks", "release", "style"),
        *("test", "testing", "tests", "type", "typecheck", "types", "typing"),
    )
)

_PYTHON_VERSION = regex(r"(?:(?:cpython|python)-)?(?P<version>\d+(?:\.\d+){1,2})(?:[a-z].*)?")
_BOUND = regex(r"(?P<operator>[<>=!~]=|[<>])\s*(?P<version>\d+(?:\.\d+)*)")
_CARET_OR_TILDE = regex(r"(?P<sign>[\^~])\s*(?P<version>\d+(?:\.\d+)*)")
_BARE_VERSION = regex(r"\d+(?:\.\w+)*(?:\.\*)?")


def python_of(reading: Reading, directory: str, names: Container[str]) -> Stated[str]:
    """The Python that `.python-version` or `runtime.txt` names; else the one that the project's own file asks for."""
    for name in PYTHON_FILES:
        found = _named_python(reading, child(directory, name)) if name in names else Stated()
        if found:
            return found
    for name in (_PROJECT, _BY_PIPENV, _BY_PIXI):
        root = reading.document(child(directory, name), Syntax.TOML, keep_texts=False) if name in names else None
        found = _asked_python(root) if root is not None else Stated()
        if found:
            return found
    return Stated()


def _named_python(reading: Reading, path: str) -> Stated[str]:
    for number, line in enumerate(reading.lines(path) or (), 1):
        matched = _PYTHON_VERSION.fullmatch(line.strip())
        if matched:
            return Stated((Fact(matched["version"], Origin(path, number, 1, number, len(line) + 1)),))
        if line.strip() and not line.startswith("#"):
            break
    return Stated()


def _asked_python(root: Node) -> Stated[str]:
    """The version or range of Python that a project asks for, in pip's spelling."""
    plain = (("project", "requires-python"), ("requires", "python_full_version"), ("requires", "python_version"))
    found = fact(next((node for keys in plain if (node := root.get(*keys)) is not None), None))
    if found is not None:
        return Stated((found,))
    for keys in (("tool", "poetry", "dependencies", "python"), ("dependencies", "python")):
        found = fact(root.get(*keys))
        asked = _in_pips_spelling(found.value) if found is not None else ""
        if found is not None and asked:
            return Stated((Fact(asked.removeprefix("==").removesuffix(".*"), found.origin),))
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
    if name == _BY_SETUPTOOLS:
        listed = tuple(_install_requires(reading, path))
        return Stated((Fact(listed[:_MOST_PACKAGES], Origin(path)),)) if listed else Stated()
    syntax = Syntax.JSON if name == _PIPENV else Syntax.TOML
    root = reading.document(path, syntax, keep_texts=False)
    if root is None:
        return Stated()
    if name == _PIPENV:
        found = _pipenv(root.get("default"))
    elif name == _PROJECT:
        found = _project(root)
    elif name == _BY_PIPENV:
        found = _table(root.get("packages"))
    elif name == _BY_PIXI:
        found = _by_pixi(root)
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
    yield from _texts(root.get("project", "dependencies"))
    for keys in (("project", "optional-dependencies"), ("dependency-groups",)):
        for group, node in _groups(root.get(*keys)):
            yield from _under_extra(_texts(node), group)
    yield from _table(root.get("tool", "poetry", "dependencies"))
    for group, node in _groups(root.get("tool", "poetry", "group")):
        yield from _under_extra(_table(node.get("dependencies")), group)
    pixi = root.get("tool", "pixi")
    if pixi is not None:
        yield from _by_pixi(pixi)


def _groups(node: Node | None) -> Iterator[tuple[str, Node]]:
    """The extras or groups that may be installed where a model is deployed."""
    for name, group in node.items() if node is not None else ():
        if name.lower().replace("_", "-").partition("-")[0] not in _FOR_DEVELOPING:
            yield name, group


def _under_extra(found: Iterable[Fact[str]], group: str) -> Iterator[Fact[str]]:
    name = "".join(letter for letter in group if letter.isalnum() or letter in "-_.")
    for one in found:
        requirement, _, marker = one.value.partition(";")
        condition = f"({marker.strip()}) and " if marker.strip() else ""
        yield Fact(f'{requirement.strip()} ; {condition}extra == "{name}"', one.origin)


def _texts(listed: Node | None) -> Iterator[Fact[str]]:
    for node in listed.elements() if listed is not None else ():
        stated = fact(node)
        if stated is not None:
            yield stated


def _table(packages: Node | None) -> Iterator[Fact[str]]:
    """The packages of a table by name, as Poetry and Pipenv write it; of a list of alternatives, each one."""
    for name, node in packages.items() if packages is not None else ():
        if name.lower() == "python":
            continue
        for one in node.elements() if node.is_sequence else (node,):
            yield Fact(_one_of_table(name, one), one.origin)


def _one_of_table(name: str, node: Node) -> str:
    """One package in pip's spelling: by version, from a path, a repository or an archive."""
    if not node.is_mapping:
        return f"{name}{_in_pips_spelling(as_text(node) or '')}"
    path, git, url = (as_text(node.get(key)) for key in ("path", "git", "url"))
    if path is not None:
        return path if path.startswith((".", "/")) else f"./{path}"
    if git is not None:
        revision = next((text for key in ("rev", "ref", "tag", "branch") if (text := as_text(node.get(key)))), "")
        return f"{name} @ git+{git.removeprefix('git+')}{'@' if revision else ''}{revision}"
    if url is not None:
        return f"{name} @ {url}"
    constraint = _in_pips_spelling(as_text(node.get("version")) or "")
    marker = " and ".join(filter(None, (_marker_of_python(node), as_text(node.get("markers")))))
    return f"{name}{_extras(node)}{constraint}{' ; ' if marker else ''}{marker}"


def _marker_of_python(node: Node) -> str:
    """The Pythons that Poetry restricts a package to, as a marker."""
    bounds = (
        _BOUND.fullmatch(part.strip()) for part in _in_pips_spelling(as_text(node.get("python")) or "").split(",")
    )
    return " and ".join(f"python_version {bound['operator']} '{bound['version']}'" for bound in bounds if bound)


def _by_pixi(root: Node) -> Iterator[Fact[str]]:
    """What a pixi manifest asks of conda, and of PyPI."""
    packages = root.get("dependencies")
    for name, node in packages.items() if packages is not None else ():
        version = as_text(node.get("version") if node.is_mapping else node) or ""
        requirement = conda_requirement(f"{name} {version}" if version != "*" else name)
        if requirement is not None and name not in {"python", "pip"}:
            yield Fact(requirement, node.origin)
    yield from _table(root.get("pypi-dependencies"))


def _install_requires(reading: Reading, path: str) -> Iterator[Fact[str]]:
    """What setuptools' `install_requires` lists, a requirement on each indented line or after the sign."""
    section, is_open = "", False
    for number, line in enumerate(reading.lines(path) or (), 1):
        text = line.strip()
        if line.startswith("["):
            section, is_open = text.strip("[]").strip(), False
        elif line[:1].strip() and not text.startswith(("#", ";")):
            key, sign, value = text.partition("=")
            is_open = section == "options" and key.strip() == "install_requires" and bool(sign)
            text = value.strip() if is_open else ""
        if is_open and text and not text.startswith(("#", ";")):
            yield Fact(text, Origin(path, number, 1, number, len(line) + 1))


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
