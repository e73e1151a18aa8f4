"""What a skops file spells, as the objects that a pickle of the same model would make.

After the nodes of skops 0.9 to 0.16 (skops/io/_general.py, _numpy.py and _sklearn.py). Arrays lie in members of their
own, which are opened where somebody asks for them.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.documents import LONGEST_TEXT, objects_of, parse_json
from artifact_lint.formats.npy import array_header
from artifact_lint.formats.pickles.estimators import describe_object
from artifact_lint.formats.pickles.object_arrays import Array, Deferred, Type, type_spelled
from artifact_lint.formats.pickles.object_values import Instance, KeptDict, KeptList, Room, Stored
from artifact_lint.formats.pickles.values import OBJECT, Global
from artifact_lint.formats.skops import MOST_OBJECTS
from artifact_lint.formats.zip_records import directories, entries
from artifact_lint.formats.zips import member
from artifact_lint.model import Cause, Incomplete
from artifact_lint.model.description import Description

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from artifact_lint.formats.base import Job
    from artifact_lint.formats.pickles.values import Value
    from artifact_lint.formats.zip_records import Entry

    _Node: TypeAlias = Mapping[str, object]

_SCHEMA: Final = "schema.json"
#: The longest scalar that is read, in characters.
_LONGEST_SCALAR: Final = 1 << 16
_OBJECTS: Final = Type("<", "O", 8)
#: Classes that hold items or entries as those of Python do; anything else is an object that has them.
_LISTS: Final = frozenset({"ListNode", "SetNode", "TupleNode"})
#: How many gaps are stated.
_MOST_GAPS: Final = 20
_VERSION: Final = "_skops_version"
#: What stands for a node that stands elsewhere as well.
_CACHED: Final = "CachedNode"
#: How many nodes are read again where another one refers to them.
_MOST_AGAIN: Final = 1 << 12
_LONGEST_NUMBER: Final = 20
_SHOWN: Final = 80


def describe_skops(job: Job) -> Description | None:
    """What the model in a skops file is; None where it holds none.

    Raises:
        FormatError: The file is no zip archive, or its schema cannot be read.
        StoreError: The bytes cannot be read.
    """
    directory = directories(job.source)[0]
    listed = {entry.name: entry for entry in islice(entries(job.source, directory), job.limits.members)}
    schema = listed.get(_SCHEMA)
    if schema is None:
        raise FormatError(Cause.BROKEN, f"there is no {_SCHEMA}")
    if schema.size > LONGEST_TEXT:
        raise FormatError(Cause.LIMIT, f"a text of {schema.size:,} bytes")
    root = parse_json(member(job.source, schema, job.limits).read(0, schema.size or LONGEST_TEXT))
    if sum(1 for _ in islice(objects_of(root), MOST_OBJECTS + 1)) > MOST_OBJECTS:
        raise FormatError(Cause.LIMIT, f"the schema has more than {MOST_OBJECTS:,} objects")
    reader = _Reader(job, listed, root)
    described = describe_object(reader.read(root), job.limits, reader.room) or Description()
    version = root.get(_VERSION) if isinstance(root, dict) else None
    versions = {**described.versions, "skops": version} if isinstance(version, str) else described.versions
    gaps = tuple(Incomplete(gap.cause, gap.detail, gap.offset, job.member) for gap in reader.gaps)
    return replace(described, versions=versions, incomplete=described.incomplete + gaps)


class _Reader:
    """Makes values of nodes, the outer ones first, without recursion."""

    def __init__(self, job: Job, listed: Mapping[str, Entry], root: object) -> None:
        self.gaps: list[FormatError] = []
        self._job = job
        self._listed = listed
        self.room = Room()
        self._again = _MOST_AGAIN
        self._pending: list[tuple[object, Callable[[Value], None]]] = []
        self._cached: dict[int, object] = {}
        for node in objects_of(root):
            key = node.get("__id__")
            if isinstance(key, int) and node.get("__loader__") != _CACHED:
                self._cached.setdefault(key, node)

    def read(self, root: object) -> Value:
        """The value of a node."""
        result = KeptList(self.room)
        result.extend([None])
        self._pending = [(root, partial(result.put, 0))]
        while self._pending:
            node, put = self._pending.pop()
            put(self._value(node))
        if self.room.is_full:
            self._note(FormatError(Cause.LIMIT, "it holds more than is looked at"))
        return result.items[0]

    def _value(self, node: object) -> Value:
        """The value of a node; what is in it is put there later."""
        if isinstance(node, dict) and node.get("__loader__") == _CACHED:
            key = node.get("__id__")
            self._again -= 1
            if self._again < 0:
                self.room.is_full = True
            node = self._cached.get(key) if isinstance(key, int) and self._again >= 0 else None
        if not isinstance(node, dict):
            return OBJECT
        loader, content = node.get("__loader__"), node.get("content")
        if loader == "JsonNode":
            return _scalar(content)
        if not self.room.take_value():
            return OBJECT
        if loader == "DictNode" and isinstance(content, dict):
            return self._dict(node, content)
        if isinstance(loader, str) and loader in _LISTS and isinstance(content, list):
            return self._list(content)
        if loader == "NdArrayNode":
            return self._array(node, content)
        if loader == "SliceNode" and isinstance(content, dict):
            parts = (content.get(name) for name in ("start", "stop", "step"))
            given = tuple(_scalar(part.get("content")) if isinstance(part, dict) else part for part in parts)
            return Instance(_global("builtins", "slice"), given)
        return self._instance(node, content)

    def _list(self, content: list[object]) -> KeptList:
        kept = KeptList(self.room)
        kept.extend([None] * len(content))
        if kept.exact:
            self._pending += ((item, partial(kept.put, position)) for position, item in enumerate(content))
        return kept

    def _dict(self, node: _Node, content: _Node) -> KeptDict:
        kept = KeptDict(self.room)
        types = node.get("key_types")
        named = types.get("content") if isinstance(types, dict) else None
        classes = [one.get("__class__") for one in named if isinstance(one, dict)] if isinstance(named, list) else []
        keys = [_key(key, classes[at] if at < len(classes) else None) for at, key in enumerate(content)]
        kept.update([part for key in keys for part in (key, None)])
        if kept.exact:
            self._pending += (
                (value, partial(kept.put, key)) for key, value in zip(keys, content.values(), strict=True)
            )
        return kept

    def _instance(self, node: _Node, content: object) -> Value:
        class_, module = node.get("__class__"), node.get("__module__")
        if not isinstance(class_, str) or not isinstance(module, str):
            return OBJECT
        made = Instance(_global(module, class_))
        if isinstance(content, dict) and "__loader__" in content:
            self._pending.append((content, made.put_state))
        return made

    def _array(self, node: _Node, content: object) -> Value:
        if node.get("type") == "json" and isinstance(content, list):
            shape = node.get("shape")
            counts = shape.get("content") if isinstance(shape, dict) else None
            known = (
                [_scalar(one.get("content")) for one in counts if isinstance(one, dict)]
                if isinstance(counts, list)
                else []
            )
            kept = self._list(content)
            return Deferred(lambda: _array_of_objects(known, kept))
        name = node.get("file")
        if not isinstance(name, str):
            return OBJECT
        array = Deferred(lambda: self._member(name))
        if node.get("__class__") == "ndarray":
            return array
        loaded = array.load()
        items = loaded.items(1) if loaded is not None and not loaded.shape else None
        return items[0] if items else OBJECT

    def _member(self, name: str) -> Array | None:
        """The array in a member, whose content is read when it is asked for."""
        entry = self._listed.get(name)
        try:
            if entry is None:
                raise FormatError(Cause.BROKEN, f"there is no member {name[:_SHOWN]}")  # noqa: TRY301 - noted like any
            source = member(self._job.source, entry, self._job.limits)
            shape, descr, is_fortran, start = array_header(source)
        except FormatError as error:
            self._note(error)
            return None
        dtype = type_spelled(descr) if isinstance(descr, str) else None
        if dtype is None or dtype.kind == _OBJECTS.kind:
            return None
        length = math.prod(shape) * dtype.size
        return Array(shape, dtype, Stored(start, length, b"", source), is_fortran)

    def _note(self, error: FormatError) -> None:
        if len(self.gaps) < _MOST_GAPS:
            self.gaps.append(error.with_traceback(None))


def _array_of_objects(counts: list[Value], kept: KeptList) -> Array | None:
    shape = tuple(count for count in counts if isinstance(count, int) and count >= 0)
    return Array(shape, _OBJECTS, list(kept.items)) if len(shape) == len(counts) and kept.exact else None


def _global(module: str, name: str) -> Global:
    return Global(module, name, f"{module}:{name}", 0)


def _key(key: str, class_: object) -> Value:
    """A key as it was: JSON has none but texts."""
    if isinstance(class_, str) and class_.startswith(("int", "uint")) and len(key) < _LONGEST_NUMBER:
        try:
            return int(key)
        except ValueError:
            return key
    return key


def _scalar(content: object) -> Value:
    """The value of a number, a text, a truth value or nothing, which stands as JSON within JSON."""
    if not isinstance(content, str):
        return content if content is None or isinstance(content, bool | int | float) else OBJECT
    if len(content) > _LONGEST_SCALAR:
        return OBJECT
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return OBJECT
    return value if value is None or isinstance(value, bool | int | float | str) else OBJECT
