"""What the model in a TorchScript archive is: its tensors, and the arguments of its `forward`.

After torch/csrc/jit/serialization (PyTorch 1.13 to 2.13): `data.pkl` is the module, whose class and those of the
modules in it are text like Python's below `code/`, with the names of parameters and buffers and of arguments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.object_values import Instance
from artifact_lint.formats.pickles.torch_model import Model
from artifact_lint.formats.pickles.torch_objects import torch_room
from artifact_lint.formats.pickles.torch_tensors import is_tensor, layout_of
from artifact_lint.formats.torch_archive import archive_of
from artifact_lint.formats.torch_reader import OBJECT, STORAGE, described_model, unpickled
from artifact_lint.model import Cause, Incomplete
from artifact_lint.model.description import Seen, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.formats.base import Job
    from artifact_lint.formats.pickles.object_values import Room
    from artifact_lint.formats.pickles.values import Value
    from artifact_lint.formats.torch_archive import Archive
    from artifact_lint.model.description import Description

#: How much code is read in all, in bytes, and how many modules are looked into.
_MOST_CODE: Final = 1 << 24
_MOST_MODULES: Final = 1 << 16
_DEEPEST: Final = 100
#: What it takes to look at a module, in units of work.
_VISITING: Final = 8
#: How far the arguments of a definition are read, in characters.
_LONGEST_ARGUMENTS: Final = 1 << 18
_CLASS: Final = re.compile(r"^class (\w+)\(", re.MULTILINE)
_NAMES: Final = re.compile(r"^  __(?:parameters|buffers)__ = \[([^\]\n]*)\]", re.MULTILINE)
_QUOTED: Final = re.compile(r'"([^"\\]*)"')
_FORWARD: Final = re.compile(r"^  def forward\(", re.MULTILINE)
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[({]|[\])}]|[,:=]|\w+|.', re.DOTALL)
_OPENING, _CLOSING = "([{", ")]}"


def describe(job: Job) -> Description:
    """The facts of an archive.

    Raises:
        FormatError: The archive has no directory, or no module.
        StoreError: The bytes cannot be read.
    """
    archive = archive_of(job, job.source)
    saved = archive.open(OBJECT)
    if saved is None:
        raise FormatError(Cause.BROKEN, f"the archive has no {OBJECT}")
    room = torch_room()
    root, gaps = unpickled(saved, job.limits, room)
    code = _Code(archive)
    model = Model()
    try:
        _find(root, code, model, room)
    except FormatError:
        model.is_cut = True
    inputs = _inputs(root, code)
    facts = archive.facts()
    return described_model(model, lambda key: archive.length(STORAGE + key), (*gaps, *code.gaps), facts, inputs=inputs)


class _Code:
    """The text of the classes of an archive, read when it is asked for."""

    def __init__(self, archive: Archive) -> None:
        self.gaps: list[Incomplete] = []
        self._archive = archive
        self._left = _MOST_CODE
        self._files: dict[str, dict[str, str]] = {}
        self._names: dict[str, frozenset[str] | None] = {}

    def of(self, cls: str) -> str | None:
        """The text of a class, `module:Name`; None where it is not there or cannot be read."""
        module, _, name = cls.partition(":")
        if module not in self._files:
            self._files[module] = self._read(f"code/{module.replace('.', '/')}.py")
        return self._files[module].get(name)

    def names_of(self, cls: str) -> frozenset[str] | None:
        """The names of the parameters and buffers of a class, of which there may be many instances."""
        if cls not in self._names:
            text = self.of(cls)
            found = (
                None if text is None else [name for names in _NAMES.findall(text) for name in _QUOTED.findall(names)]
            )
            self._names[cls] = None if found is None else frozenset(found)
        return self._names[cls]

    def _read(self, member: str) -> dict[str, str]:
        length = self._archive.length(member) or 0
        self._left -= length
        if self._left < 0:
            self.gaps.append(Incomplete(Cause.LIMIT, f"more than {_MOST_CODE:,} bytes of code", 0, member))
            return {}
        try:
            source = self._archive.open(member)
            text = "" if source is None else source.read(0, length).decode("utf-8", "replace")
        except FormatError as error:
            self.gaps.append(Incomplete(error.cause, error.detail, error.offset, member))
            return {}
        found = list(_CLASS.finditer(text))
        ends = [match.start() for match in found[1:]] + [len(text)]
        return {match[1]: text[match.start() : end] for match, end in zip(found, ends, strict=False)}


def _find(root: Value, code: _Code, model: Model, room: Room) -> None:
    """Keep the parameters and buffers of a module and of those in it.

    Raises:
        FormatError: It takes too much work.
    """
    pending: list[tuple[str, Value, int]] = [("", root, 0)]
    for _ in range(_MOST_MODULES):
        if not pending:
            return
        path, module, depth = pending.pop()
        if not isinstance(module, Instance):
            continue
        room.look(_VISITING + len(module.attributes))
        own = code.names_of(module.cls)
        model.classes[module.cls] = None
        start = f"{path}." if path else ""
        inner: list[tuple[str, Value, int]] = []
        for name, value in module.attributes.items():
            if is_tensor(value) and (own is None or name in own):
                layout = layout_of(value)
                if layout is None:
                    model.unknown.append(start + name)
                else:
                    model.tensors[start + name] = layout
            elif isinstance(value, Instance) and not is_tensor(value) and depth < _DEEPEST:
                inner.append((start + name, value, depth + 1))
        pending.extend(reversed(inner))
    model.is_cut = True


def _inputs(root: Value, code: _Code) -> Seen[tuple[TensorSpec, ...]] | None:
    """The arguments of `forward` behind `self`, by name: a script tells neither shapes nor the dtypes of tensors."""
    cls = root.cls if isinstance(root, Instance) else ""
    text = code.of(cls) if cls else None
    match = _FORWARD.search(text or "")
    if text is None or match is None:
        return None
    names = tuple(TensorSpec(name) for name in list(_arguments(text, match.end()))[1:])
    return Seen(names, f"`forward` of {cls.replace(':', '.')}")


def _arguments(text: str, start: int) -> Iterator[str]:
    """The names of the arguments of a definition, from behind its opening bracket."""
    depth = 0
    is_name = True
    for token in _TOKEN.finditer(text, start, start + _LONGEST_ARGUMENTS):
        word = token[0]
        if word in _OPENING:
            depth += 1
        elif word in _CLOSING:
            depth -= 1
            if depth < 0:
                return
        elif depth == 0 and word == ",":
            is_name = True
        elif depth == 0 and is_name and word.isidentifier():
            is_name = False
            yield word
