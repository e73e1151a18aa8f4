"""The abstract values that stand on the machine's stack.

Numbers, None, short text, short bytes and tuples stand for themselves; everything else is one of these. No value is
ever hashed or compared with another: both would recurse over what a hostile stream nests.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from artifact_lint.model import Use

Value: TypeAlias = object

#: How many items of a tuple or list are kept: numpy allows 64 dimensions.
MOST_ITEMS: Final = 64
#: How many text keys of a dict are kept: more than an estimator has attributes.
MOST_KEYS: Final = 512


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value of which only the type is known."""

    kind: str


TEXT: Final = Opaque("str")
BYTES: Final = Opaque("bytes")
NUMBER: Final = Opaque("int")
SET: Final = Opaque("set")
LIST: Final = Opaque("list")
DICT: Final = Opaque("dict")
TUPLE: Final = Opaque("tuple")
OBJECT: Final = Opaque("object")
MORE: Final = Opaque("more items")
#: What may be anything, an imported name as well.
UNKNOWN: Final = Opaque("unknown")


class Global:
    """An imported name, one object for each name of a stream.

    `references` counts how often it was pushed, less the times that turned out to do nothing by itself.
    """

    __slots__ = ("arguments", "module", "name", "offset", "references", "resolved", "result", "uses")

    def __init__(self, module: str, name: str, resolved: str, offset: int) -> None:
        self.module = module
        self.name = name
        self.resolved = resolved
        self.offset = offset
        self.references = 0
        self.uses: set[Use] = set()
        self.arguments = ""
        self.result = Result(self)

    def copy(self) -> Global:
        """The same name, of which nothing is known yet but that it is there."""
        copied = Global(self.module, self.name, self.resolved, self.offset)
        copied.references = self.references
        return copied


class Result:
    """What calling an imported name returned; shared by all calls, except where arguments are kept.

    `fixed` says of a dtype or an array that something relies on what it is.
    """

    __slots__ = ("arguments", "fixed", "origin", "state")

    def __init__(self, origin: Global, arguments: tuple[Value, ...] = ()) -> None:
        self.origin = origin
        self.arguments = arguments
        self.fixed = False
        self.state: Value = None


class ListValue:
    """A list, with its first items; nothing is set aside for one that stays empty.

    `exact` says that `count` is how many there are.
    """

    __slots__ = ("_items", "count", "exact")

    def __init__(self) -> None:
        self._items: list[Value] | None = None
        self.count = 0
        self.exact = True

    @property
    def items(self) -> Sequence[Value]:
        """The first items."""
        return self._items or ()

    def extend(self, items: list[Value]) -> None:
        """Append items, keeping the first ones."""
        self.count += len(items)
        if self._items is None:
            self._items = []
        room = MOST_ITEMS - len(self._items)
        if room > 0:
            self._items += items[:room]


#: A key of one of these types is no text.
_NO_TEXT: Final = (bool, int, float, bytes, tuple, type(None))
_NO_ENTRIES: Final[Mapping[str, Value]] = MappingProxyType({})


def is_special(name: str) -> bool:
    """Whether a text may name an attribute that Python itself looks at."""
    return name.startswith("__") and name not in _MODULES


_MODULES: Final = frozenset({"__main__", "__builtin__"})
#: What a key is called of which only is known that it may be any text.
COMPUTED: Final = "attributes of computed names"


#: Keys that are kept however many there are: attributes that something calls by these names.
ALWAYS_KEPT: Final = frozenset(
    {
        *("default_factory", "append", "extend", "add", "keys", "items", "detach"),
        *("__new__", "__init__", "__iter__", "__getitem__", "utcoffset", "dst", "tzname", "fromutc"),
    }
)


class DictValue:
    """A dict, with its first entries under text keys; nothing is set aside for one that stays empty.

    `exact` says that `entries` are all that there are under text keys, and that each was set once. `special` is the
    first key that may name a special attribute, however many there are; `fixed` that something relies on what it holds.
    """

    __slots__ = ("_entries", "count", "exact", "fixed", "special")

    def __init__(self) -> None:
        self._entries: dict[str, Value] | None = None
        self.count = 0
        self.exact = True
        self.fixed = False
        self.special = ""

    @property
    def entries(self) -> Mapping[str, Value]:
        """The first entries under text keys."""
        return _NO_ENTRIES if self._entries is None else self._entries

    def update(self, items: list[Value]) -> None:
        """Set keys and values that alternate."""
        if self._entries is None:
            self._entries = {}
        entries = self._entries
        room = MOST_KEYS - len(entries)
        self.count += len(items) // 2
        self.exact = self.exact and len(items) // 2 <= room
        for index in range(0, len(items), 2):
            key = items[index]
            if isinstance(key, str):
                if not self.special and key.startswith("__") and is_special(key):
                    self.special = key
                if index < 2 * room or key in ALWAYS_KEPT or key in entries:
                    self.exact = self.exact and key not in entries
                    entries[key] = items[index + 1]
            elif not isinstance(key, _NO_TEXT):
                self.exact = False
                self.special = COMPUTED

    def update_partly(self, some: list[Value]) -> None:
        """Set keys and values of which only some are known, and of the others that no key is special."""
        self.count += 1
        self.exact = False
        for item in some:
            if isinstance(item, str):
                if not self.special and is_special(item):
                    self.special = item
            elif item is UNKNOWN or item is TEXT:
                self.special = COMPUTED


#: What stands for a value that holds others where only its type is kept: in a full memo.
SUMMARIES: Final[dict[type, Opaque]] = {tuple: TUPLE, ListValue: LIST, DictValue: DICT}

#: How long a rendered argument list becomes, in characters.
LONGEST = 80
_DEEPEST = 4


def render(value: Value) -> str:
    """Literal arguments as a person would write them, at most 80 characters; empty where none is literal."""
    parts: list[str] = []
    _render(value, parts, 0)
    text = "".join(parts)
    if not any(part not in _SYNTAX for part in parts):
        return ""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


_SYNTAX = frozenset({"", "(", ")", "[", "]", "{", "}", ", ", ",", ": ", "…"})


def _render(value: Value, parts: list[str], depth: int) -> None:
    if len(parts) > LONGEST:
        return
    if value is None or isinstance(value, bool | int | float):
        parts.append(str(value)[:LONGEST] if not isinstance(value, int) or value.bit_length() < 512 else "…")
    elif isinstance(value, str | bytes):
        parts.append(repr(value[: LONGEST + 1]))
    elif isinstance(value, Global):
        parts.append(f"{value.module}:{value.name}"[: LONGEST + 1])
    elif depth >= _DEEPEST or isinstance(value, Opaque | Result):
        parts.append("…")
    elif isinstance(value, tuple):
        _render_items("(", value, ",)" if len(value) == 1 else ")", parts, depth)
    elif isinstance(value, ListValue):
        _render_items("[", value.items, "]", parts, depth)
    elif isinstance(value, DictValue):
        parts.append("{")
        for index, (key, item) in enumerate(value.entries.items()):
            parts.extend((", " if index else "", repr(key[:LONGEST]), ": "))
            _render(item, parts, depth + 1)
        parts.append("}")


def _render_items(opening: str, items: Sequence[Value], closing: str, parts: list[str], depth: int) -> None:
    parts.append(opening)
    for index, item in enumerate(items):
        if index:
            parts.append(", ")
        _render(item, parts, depth + 1)
    parts.extend(closing)
