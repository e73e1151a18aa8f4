"""The code that an MLflow model names for its loader.

Sources: mlflow.pyfunc.load_model and mlflow.pyfunc.model, mlflow.pytorch and mlflow.keras, versions 1.0 to 3.17.
"""

from __future__ import annotations

from posixpath import basename
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import as_text, child, decode, fact, join
from artifact_lint.model import CodeKind, CodeReference, Fact, Origin
from artifact_lint.stores.base import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.document import Node
    from artifact_lint.tree import Tree

LOADER = "loader_module"
CODE = "code"
SCRIPT = "model_code_path"

#: Files that name the module by which a flavor's files are read, in the directory that the flavor's `data` names.
_MODULE_FILES = ("pickle_module_info.txt", "keras_module.txt")
_LONGEST_NAME = 1000


def named_code(tree: Tree, directory: str, flavors: list[tuple[str, Node]]) -> Iterator[Fact[CodeReference]]:
    """The modules and scripts that the flavors of a model name, each once."""
    paths = [path for _, flavor in flavors if (path := _inside(directory, flavor.get(CODE)))]
    seen: set[str] = set()
    for _, flavor in flavors:
        loader = fact(flavor.get(LOADER))
        if loader is not None:
            file = next((file for path in paths if (file := _defined(tree, path, loader.value))), None)
            yield Fact(CodeReference(CodeKind.LOADER, loader.value, LOADER, file), loader.origin)
        script = fact(flavor.get(SCRIPT))
        if script is not None and script.value not in seen:
            seen.add(script.value)
            yield Fact(
                CodeReference(CodeKind.SCRIPT, script.value, SCRIPT, _script(tree, directory, script.value)),
                script.origin,
            )
        data = _inside(directory, flavor.get("data"))
        if data is not None and data not in seen:
            seen.add(data)
            yield from _module_files(tree, data)


def _inside(directory: str, node: Node | None) -> str | None:
    written = as_text(node)
    return join(directory, written) if written is not None else None


def _defined(tree: Tree, path: str, module: str) -> str | None:
    """Where a module is defined below a code path, which MLflow puts on `sys.path`."""
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    stem = child(path, "/".join(parts))
    return next((file for file in (f"{stem}.py", f"{stem}/__init__.py") if _is_file(tree, file)), None)


def _script(tree: Tree, directory: str, written: str) -> str | None:
    """The script in the artifact: MLflow copies it there, whatever place the MLmodel names."""
    places = (join(directory, written), child(directory, basename(written)))
    return next((place for place in places if place is not None and _is_file(tree, place)), None)


def _module_files(tree: Tree, data: str) -> Iterator[Fact[CodeReference]]:
    for name in _MODULE_FILES:
        path = child(data, name)
        text = decode(tree.read(path, _LONGEST_NAME) or b"").strip() if name in tree.folder(data) else ""
        if text:
            yield Fact(CodeReference(CodeKind.LOADER, text, name), Origin(path))


def _is_file(tree: Tree, path: str) -> bool:
    entry = tree.entry(path)
    return entry is not None and entry.kind is EntryKind.FILE
