"""YAML, JSON and TOML text to values with positions, within limits that no hostile document gets past."""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from artifact_lint.document.node import Document, DocumentError, FlatNode, Limits, Member, Node, Source, Syntax
from artifact_lint.document.slots import rewritten, slot
from artifact_lint.model import Origin
from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Document",
    "DocumentError",
    "FlatNode",
    "Limits",
    "Member",
    "Node",
    "Source",
    "Syntax",
    "parse",
    "parse_front_matter",
    "rewritten",
    "slot",
]

_SUFFIXES = {"json": Syntax.JSON, "ipynb": Syntax.JSON, "toml": Syntax.TOML}
_FRONT_MATTER = re.compile(rb"(?:\xef\xbb\xbf)?\s*?---[ \t]*(?:\r\n|\n|\r)")
_FENCE = re.compile(rb"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DEFAULT_LIMITS = Limits()


def parse(
    path: str,
    data: bytes,
    syntax: Syntax | None = None,
    limits: Limits = _DEFAULT_LIMITS,
    flat: frozenset[str] = frozenset(),
) -> Document:
    """Read a document: UTF-8, or UTF-16 with a byte order mark.

    `path` is what origins name; the syntax follows its suffix where it is not given, and is YAML where the suffix
    says nothing (`MLmodel`, `dvc.lock`). An empty YAML or TOML text is a null, as safe loaders have it. Of a JSON
    object, the values of the keys `flat` are `FlatNode`s where they are objects of plain strings.

    Raises:
        DocumentError: The bytes are no text, the text is not in the syntax, or a limit is passed.
    """
    syntax = syntax or _SUFFIXES.get(name_of(path).rpartition(".")[2].lower(), Syntax.YAML)
    source = _decoded(path, data, limits)
    del data  # the text has taken its place
    with _uncollected():
        if syntax is Syntax.JSON:
            from artifact_lint.document.json_syntax import read_json  # noqa: PLC0415 - many runs read no JSON

            root, remarks = read_json(source, limits, flat)
        elif syntax is Syntax.TOML:
            from artifact_lint.document.toml_syntax import read_toml  # noqa: PLC0415  few documents need it

            root, remarks = read_toml(source, limits), ()
        else:
            from artifact_lint.document.yaml_syntax import read_yaml  # noqa: PLC0415  PyYAML takes 20 ms to import

            root, remarks = read_yaml(source, limits)
    return Document(path, syntax, root, remarks)


def parse_front_matter(path: str, data: bytes, limits: Limits = _DEFAULT_LIMITS) -> Document | None:
    """The YAML between `---` lines at the head of a Markdown text; None where there is none, or it is not closed.

    Raises:
        DocumentError: The block is no text, not YAML, or passes a limit.
    """
    opening = _FRONT_MATTER.match(data)
    if opening is None:
        return None
    closing = _FENCE.search(data, opening.end())
    if closing is None:
        return None
    from artifact_lint.document.yaml_syntax import read_yaml  # noqa: PLC0415  PyYAML takes 20 ms to import

    source = _decoded(path, data[: closing.start()], limits)
    start = len(_decoded(path, data[: opening.end()], limits).content)
    with _uncollected():
        root, remarks = read_yaml(source, limits, start)
    return Document(path, Syntax.YAML, root, remarks)


def _decoded(path: str, data: bytes, limits: Limits) -> Source:
    if len(data) > limits.size:
        reason = f"{len(data):,} bytes are more than the limit of {limits.size:,}"
        raise DocumentError(Origin(path), reason, "Split the file, or raise the limit.")
    mark, encoding = next(((mark, name) for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), (b"", "utf-8"))
    try:
        content = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        before = data[len(mark) : len(mark) + error.start].decode(encoding, "replace")
        position = Source(path, before).position(len(before))
        reason = f"the bytes at offset {len(mark) + error.start:,} are not {encoding.upper()} text"
        raise DocumentError(Origin(path, *position, *position), reason, "Save the file as UTF-8 text.") from None
    source = Source(path, content, editable=encoding == "utf-8")
    offset = content.find("\0")
    if offset >= 0:
        raise source.error(offset, "a NUL byte: this is binary, not text", "Save the file as UTF-8 text.")
    return source


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the cycle collector out of a burst of allocations, which it would walk again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
