"""What a library defines, read from its wheel without running it: syntax of modules, names in compiled ones.

A wheel is a zip archive (PEP 427), so that versions which no interpreter at hand can run are covered as well.
"""

from __future__ import annotations

import ast
import re
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from library_parts import PARTS, Part, Take

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMPILED = (".so", ".pyd")
#: A text of a compiled module that stands alone, between zero bytes: Cython's rebuild functions.
_UNPICKLE = re.compile(rb"\0(__pyx_unpickle_([A-Za-z]\w*?))(?=\0)")
#: The second halves of Cython's rebuild functions.
_SET_STATE = "__set_state"
_EXCEPTION = re.compile(r"(Error|Exception|Warning|Exit)$")
_ENUMERATION = re.compile(r"(^|\.)\w*(Enum|IntFlag|EnumWithContains)$")
#: Methods that run when an object is made or restored from a pickle: each one is worth a look.
_RUN_ON_LOAD = frozenset({"__new__", "__setstate__", "__reduce__", "__reduce_ex__", "__setattr__", "__init_subclass__"})


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel's import name, version and modules (dotted name to the member that holds it)."""

    path: Path
    library: str
    version: str
    modules: dict[str, str]


def open_wheel(path: Path) -> Wheel:
    """What a wheel's name and members tell.

    Raises:
        ValueError: The wheel is of a library of which nothing is listed.
    """
    with zipfile.ZipFile(path) as archive:
        modules = {module: name for name in archive.namelist() if (module := _module(name))}
    roots = {module.partition(".")[0] for module in modules}
    library = next((root for root in sorted(roots) if root in PARTS), None)
    if library is None:
        message = f"{path.name} is of no library whose parts are known"
        raise ValueError(message)
    return Wheel(path, library, path.name.split("-")[1], modules)


def _module(member: str) -> str | None:
    path = PurePosixPath(member)
    if path.suffix == ".py":
        parts = path.with_suffix("").parts
    elif path.suffix in _COMPILED:
        parts = (*path.parent.parts, path.name.partition(".")[0])
    else:
        return None
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts) if all(part.isidentifier() for part in parts) else None


def names(wheel: Wheel) -> dict[str, str]:
    """The entries of a wheel for its library's list: `module:name` to its kind."""
    entries: dict[str, str] = {}
    with zipfile.ZipFile(wheel.path) as archive:
        for part in PARTS[wheel.library]:
            for module, member in wheel.modules.items():
                if f"{module}.".startswith(f"{part.package}.") and not re.search(part.skip, module):
                    content = archive.read(member)
                    found = _compiled(module, content) if member.endswith(_COMPILED) else _source(module, content, part)
                    entries |= dict(found)
    return entries


def _compiled(module: str, content: bytes) -> Iterator[tuple[str, str]]:
    """The extension types of a Cython module, which go by their full names, and its rebuild functions."""
    for match in _UNPICKLE.finditer(content):
        name = match[2].decode()
        if not name.endswith(_SET_STATE):
            yield f"{module}:{match[1].decode()}", "function"
            yield f"{module}:{name}", "constructor"
    types = re.compile(rb"\0" + re.escape(module.encode()) + rb"\.([A-Z]\w*)(?=\0)")
    for match in types.finditer(content):
        if not _EXCEPTION.search(match[1].decode()):
            yield f"{module}:{match[1].decode()}", "constructor"
    if b"\0newObj\0" in content:
        yield f"{module}:newObj", "function"


def _source(module: str, content: bytes, part: Part) -> Iterator[tuple[str, str]]:
    for node in _definitions(_parse(content)):
        if not re.fullmatch(part.names, node.name):
            continue
        if isinstance(node, ast.ClassDef):
            if part.take in {Take.CLASSES, Take.CONSTRUCTORS} and not _is_exception(node):
                constructed = part.take is Take.CONSTRUCTORS or _is_enumeration(node)
                yield f"{module}:{node.name}", "constructor" if constructed else "class"
        elif part.take is Take.FUNCTIONS:
            yield f"{module}:{node.name}", "name"
        elif part.take is Take.REBUILDERS:
            yield f"{module}:{node.name}", "function"


def _parse(content: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(content)


def _definitions(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    """The classes and functions of a module, those within `if` and `try` as well, but for those of type checkers."""
    pending: list[ast.stmt] = list(reversed(tree.body))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            pending += reversed([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            pending += reversed([*node.body, *node.orelse, *(stmt for part in node.handlers for stmt in part.body)])


def _bases(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(base) for base in node.bases]


def _is_exception(node: ast.ClassDef) -> bool:
    return bool(_EXCEPTION.search(node.name)) or any(_EXCEPTION.search(base) for base in _bases(node))


def _is_enumeration(node: ast.ClassDef) -> bool:
    return any(_ENUMERATION.search(base) for base in _bases(node))


def run_on_load(wheel: Wheel) -> Iterator[tuple[str, str]]:
    """The methods of the listed classes that unpickling runs, with their source: what a review has to look at."""
    with zipfile.ZipFile(wheel.path) as archive:
        for entry in names(wheel):
            module, _, name = entry.partition(":")
            member = wheel.modules[module]
            if member.endswith(_COMPILED):
                continue
            for node in _definitions(_parse(archive.read(member))):
                if isinstance(node, ast.ClassDef) and node.name == name:
                    for method in node.body:
                        if isinstance(method, ast.FunctionDef) and method.name in _RUN_ON_LOAD:
                            yield f"{entry}.{method.name}", ast.unparse(method)
