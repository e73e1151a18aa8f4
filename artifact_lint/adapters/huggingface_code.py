"""What the documents of a Hugging Face directory make its loader run: remote code and chat templates.

Sources: transformers' dynamic_module_utils and tokenization_utils_base (4.57), diffusers' pipeline_loading_utils
(0.35), sentence-transformers' util (5.1) and PEFT's auto (0.17).
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import as_text, child, decode, one_or_many
from artifact_lint.document import Syntax
from artifact_lint.model import CodeKind, CodeReference, Fact, Origin
from artifact_lint.model.paths import name_of
from artifact_lint.stores.base import EntryKind
from artifact_lint.tree import TEXT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.document import Node
    from artifact_lint.tree import Tree

MODULES = "modules.json"
PIPELINE = "model_index.json"
ADAPTER = "adapter_config.json"

#: The documents that these libraries read.
DOCUMENTS = frozenset(
    {
        *("adapter_config.json", "chat_template.json", "config.json", "config_sentence_transformers.json"),
        *("feature_extractor_config.json", "generation_config.json", "image_processor_config.json"),
        *("model_index.json", "modules.json", "preprocessor_config.json", "processor_config.json"),
        *("router_config.json", "sentence_bert_config.json", "tokenizer_config.json", "video_preprocessor_config.json"),
    }
)

TEMPLATES_DIRECTORY = "additional_chat_templates"
GENERATE_DIRECTORY = "custom_generate"
_GENERATE_SCRIPT = "generate.py"

#: What stands between the repository that holds the code and the name in it.
_REPOSITORY_MARK = "--"
_MOST_REFERENCES = 1000


def is_template_file(path: str) -> bool:
    """Whether a file is a chat template by itself."""
    directory, _, name = path.rpartition("/")
    is_template = "chat_template" in name or name_of(directory) == TEMPLATES_DIRECTORY
    return name.endswith((".jinja", ".jinja2")) and is_template


def has_code(tree: Tree, path: str) -> bool:
    """Whether a document holds a chat template or names code, or may do so because it cannot be read."""
    document = tree.document(path, Syntax.JSON)
    if document is None:
        return tree.failure(path) is not None
    found: Iterable[object] = chain(templates(document.root), remote_code(tree, path, document.root))
    return any(True for _ in found)


def template_file(tree: Tree, path: str) -> tuple[tuple[Fact[str], ...], tuple[Fact[CodeReference], ...]]:
    """The text of a template file, or why it could not be read."""
    data = tree.read(path, TEXT_LIMIT + 1)
    if data is not None and len(data) <= TEXT_LIMIT:
        return (Fact(decode(data), Origin(path)),), ()
    reason = "it cannot be opened" if data is None else f"it is larger than {TEXT_LIMIT:,} bytes"
    return (), (Fact(CodeReference(CodeKind.UNREAD_TEMPLATE, reason, "chat_template"), Origin(path)),)


def templates(root: Node) -> Iterator[Fact[str]]:
    """The chat templates in a document: one text, a list of named ones, or a mapping of names to texts."""
    node = root.get("chat_template")
    for one in one_or_many(node):
        if one.text is not None:
            yield Fact(one.text, one.origin)
        named = one.get("template")
        for text in [named] if named is not None else [value for _, value in one.items()]:
            if text.text is not None:
                yield Fact(text.text, text.origin)


def remote_code(tree: Tree, path: str, root: Node) -> Iterator[Fact[CodeReference]]:
    """What a document names of a repository's own modules: the first thousand, and then that there is more."""
    directory, _, name = path.rpartition("/")
    count = 0
    for node in root.walk():
        for found in _named_in(tree, directory, node):
            count += 1
            if count > _MOST_REFERENCES:
                reason = f"it names more than {_MOST_REFERENCES:,} modules"
                yield Fact(CodeReference(CodeKind.UNREAD, reason, ""), found.origin)
                return
            yield found
    if name == MODULES:
        yield from _modules(tree, directory, root)
    elif name == PIPELINE:
        yield from _pipeline(tree, directory, root)
    elif name == ADAPTER:
        parent = root.get("auto_mapping", "parent_library")
        library = as_text(parent) or ""
        if parent is not None and library.startswith("transformers_modules."):
            yield Fact(CodeReference(CodeKind.REMOTE, library, "parent_library"), parent.origin)


def generate_script(tree: Tree, directory: str) -> Iterator[Fact[CodeReference]]:
    """The script that replaces the `generate` of a model in this directory."""
    path = child(directory, f"{GENERATE_DIRECTORY}/{_GENERATE_SCRIPT}")
    entry = tree.folder(child(directory, GENERATE_DIRECTORY)).get(_GENERATE_SCRIPT)
    if entry is not None and entry.kind is EntryKind.FILE:
        target = f"{GENERATE_DIRECTORY}/{_GENERATE_SCRIPT}"
        yield Fact(CodeReference(CodeKind.REMOTE, target, GENERATE_DIRECTORY, path), Origin(path))


def _named_in(tree: Tree, directory: str, node: Node) -> Iterator[Fact[CodeReference]]:
    for key in ("auto_map", "custom_pipelines"):
        mapping = node.get(key)
        for _, value in mapping.items() if mapping is not None else ():
            for one in one_or_many(value.get("impl") if value.is_mapping else value):
                yield from _reference(tree, directory, key, one)
    switch = node.get("trust_remote_code")
    if switch is not None and switch.value is True:
        yield Fact(CodeReference(CodeKind.TRUSTED, "true", "trust_remote_code"), switch.origin)
    generate = node.get(GENERATE_DIRECTORY)
    repository = as_text(generate)
    if generate is not None and repository is not None and "/" in repository:
        reference = CodeReference(CodeKind.REMOTE, "generate.py", GENERATE_DIRECTORY, repository=repository)
        yield Fact(reference, generate.origin)


def _reference(tree: Tree, directory: str, key: str, node: Node) -> Iterator[Fact[CodeReference]]:
    """`module.Class`, of this repository, or `owner/name--module.Class`, of another one."""
    written = as_text(node)
    if written is None:
        return
    repository, mark, target = written.rpartition(_REPOSITORY_MARK)
    file = None if mark else _module_file(tree, directory, target.rpartition(".")[0])
    yield Fact(CodeReference(CodeKind.REMOTE, target, key, file, repository or None), node.origin)


def _modules(tree: Tree, directory: str, root: Node) -> Iterator[Fact[CodeReference]]:
    """The parts of a sentence-transformers model that are no classes of the library's own."""
    for element in root.elements():
        node = element.get("type")
        text = as_text(node)
        if node is not None and text is not None and not text.startswith("sentence_transformers."):
            yield from _reference(tree, directory, "type", node)


def _pipeline(tree: Tree, directory: str, root: Node) -> Iterator[Fact[CodeReference]]:
    """The parts of a diffusers pipeline whose module lies beside them, and a pipeline that is a module itself."""
    for key, node in root.items():
        parts = list(node.elements())
        module = as_text(parts[0]) if len(parts) > 1 else None
        if module is None:
            continue
        own = directory if key == "_class_name" else child(directory, key)
        file = _module_file(tree, own, module)
        if key == "_class_name" or file is not None:
            target = f"{module}.{as_text(parts[1])}"
            yield Fact(CodeReference(CodeKind.REMOTE, target, key, file), parts[0].origin)


def _module_file(tree: Tree, directory: str, module: str) -> str | None:
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    path = child(directory, f"{'/'.join(parts)}.py")
    return path if _is_file(tree, path) else None


def _is_file(tree: Tree, path: str) -> bool:
    entry = tree.entry(path)
    return entry is not None and entry.kind is EntryKind.FILE
