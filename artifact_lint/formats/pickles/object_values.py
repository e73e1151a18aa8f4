"""What a pickle holds, as values that keep what they are made of: instances, lists, dicts, bytes and texts.

Numbers, None, texts, short bytes and tuples stand for themselves. None of these values is hashed or compared, and who
walks them has to count: a hostile stream nests them as deep as it likes, and in circles.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.estimator_classes import CLASS_MAKERS
from artifact_lint.formats.pickles.opcodes import Blob
from artifact_lint.formats.pickles.values import DictValue, Global, ListValue, Result, Value
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifact_lint.stores.base import Source

#: The longest constant that is read into memory when it is asked for, in bytes.
_LONGEST_READ: Final = 1 << 28
#: What an object of its own takes beside its content, in bytes.
_OVERHEAD: Final = 64
_NOTHING: Final[Mapping[str, Value]] = MappingProxyType({})


#: How much work one file may take, and what of it is kept for looking at values. A unit is about a microsecond:
#: an opcode takes one, and what it makes the rest. A checkpoint of 5,000 tensors and an optimizer takes three quarters.
_MOST_WORK: Final = 1_100_000
_FOR_LOOKING: Final = 200_000
#: What an object of its own costs beyond the opcodes that make it, and a text of up to a kilobyte, in units of work.
_MAKING_A_VALUE: Final = 1
_MAKING_A_TEXT: Final = 1
_KILOBYTES: Final = 10


class Room:
    """What one file's values may still take.

    `values` counts instances, lists and dicts, `items` what these hold, `content` the bytes of texts and constants,
    `work` what it takes to make them and to look at them, in about a microsecond each. `is_full` says that something
    was left out.
    """

    __slots__ = ("content", "is_full", "items", "values", "work")

    def __init__(self, values: int = 1 << 17, items: int = 1 << 20, content: int = 1 << 26) -> None:
        self.values = values
        self.items = items
        self.content = content
        self.work = _MOST_WORK
        self.is_full = False

    @property
    def may_make(self) -> bool:
        """Whether there is work left for making values, beside what is kept for looking at them."""
        return self.work >= _FOR_LOOKING

    def look(self, work: int) -> None:
        """Count the work of looking at values that were made, which several others may hold.

        Raises:
            FormatError: It is too much, so that whatever is known by now may not be all.
        """
        self.work -= work
        if self.work < 0:
            raise FormatError(Cause.LIMIT, "it takes too much work to look at all that it holds")

    def take_value(self) -> bool:
        """Count an instance, a list or a dict; whether there was room for it."""
        self.values -= 1
        self.work -= _MAKING_A_VALUE
        if self.values < 0:
            self.is_full = True
        return self.values >= 0

    def take_items(self, count: int) -> bool:
        """Count items that one of these is to hold; whether there was room for them."""
        self.items -= count
        if self.items < 0:
            self.is_full = True
        return self.items >= 0

    def take_content(self, length: int) -> bool:
        """Count the bytes of a text or a constant, and what each takes besides; whether there was room for them."""
        self.content -= length + _OVERHEAD
        self.work -= _MAKING_A_TEXT + (length >> _KILOBYTES)
        if self.content < 0:
            self.is_full = True
        return self.content >= 0


@dataclass(frozen=True, slots=True)
class Stored(Blob):
    """A long bytes constant, by its place in the stream that holds it.

    `is_text` says that the stream holds it as text, a character for each byte, as protocols below 3 write bytes.
    """

    source: Source
    is_text: bool = False

    def read(self, most: int = _LONGEST_READ) -> bytes | None:
        """The bytes; None where they are more than `most`, or no longer there.

        Raises:
            FormatError: The stream cannot be unpacked any more.
            StoreError: The bytes cannot be read.
        """
        if self.length > most:
            return None
        content = self.source.read(self.offset, self.length)
        if len(content) < self.length:
            return None
        if not self.is_text:
            return content
        try:
            return content.decode().encode("latin-1")
        except UnicodeError:
            return None


class KeptList(ListValue):
    """A list, or a set in the order in which its items were added, with all its items as far as there is room."""

    __slots__ = ("_room",)

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room

    def extend(self, items: list[Value]) -> None:
        """Append items."""
        self.count += len(items)
        if self._items is None:
            self._items = []
        if self._room.take_items(len(items)):
            self._items += items
        else:
            self.exact = False

    def put(self, position: int, item: Value) -> None:
        """Put an item in the place of another."""
        if self._items is not None:
            self._items[position] = item


class KeptDict(DictValue):
    """A dict with all its entries as far as there is room: `entries` under text keys, `others` under other ones."""

    __slots__ = ("others", "room")

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room = room
        self.others: list[tuple[Value, Value]] = []

    def update(self, items: list[Value]) -> None:
        """Set keys and values that alternate."""
        if self._entries is None:
            self._entries = {}
        self.count += len(items) // 2
        if not self.room.take_items(len(items) // 2):
            self.exact = False
            return
        for key, value in zip(items[::2], items[1::2], strict=False):
            if isinstance(key, str):
                # One that is set again counts once more than there are, as in the machine that judges.
                self.exact = self.exact and key not in self._entries
                self._entries[key] = value
            else:
                self.others.append((key, value))

    def put(self, key: Value, value: Value) -> None:
        """Put a value in the place of another."""
        if isinstance(key, str) and self._entries is not None:
            self._entries[key] = value
        else:
            self.others = [(other, value if other is key else known) for other, known in self.others]

    def pairs(self) -> Iterator[tuple[Value, Value]]:
        """All entries, those under text keys first."""
        yield from self.entries.items()
        yield from self.others


class Instance(Result):
    """An object of a class, or what a function returned that nothing more is known of.

    `given` are the arguments that it was made of, `state` is what it was given later. `listed` and `mapped` hold what
    was put into it as into a list or a dict: what it holds where its class is derived from one.
    """

    __slots__ = ("given", "listed", "made_class", "mapped")

    def __init__(self, origin: Global, given: tuple[Value, ...] = (), made_class: Instance | None = None) -> None:
        super().__init__(origin)
        self.given = given
        self.listed: KeptList | None = None
        self.mapped: KeptDict | None = None
        self.made_class = made_class

    @property
    def cls(self) -> str:
        """The class as `module:Name`, or the function; by the name that Python 3 has for it."""
        if self.made_class is not None:
            return name_of_made(self.made_class)
        return self.origin.resolved

    @property
    def attributes(self) -> Mapping[str, Value]:
        """What its state sets by name; empty where the state is anything else."""
        return entries_of(self.state)

    def put_state(self, state: Value) -> None:
        """Give it a state."""
        self.state = state


@dataclass(frozen=True, slots=True)
class Persistent:
    """What a persistent id stands for: for torch, a storage whose bytes lie elsewhere in the file."""

    identifier: Value


def entries_of(value: Value) -> Mapping[str, Value]:
    """The entries under text keys of a dict, of what is derived from one, or of a state with slots; else nothing."""
    if isinstance(value, DictValue):
        return value.entries
    if isinstance(value, Instance):
        return _NOTHING if value.mapped is None else value.mapped.entries
    if isinstance(value, tuple) and len(value) == 2:  # `copyreg`: the `__dict__` and what is in slots
        # Nothing is copied: thousands of objects may share such a state.
        parts = [part.entries for part in reversed(value) if isinstance(part, DictValue) and part.entries]
        return ChainMap(*cast("list[dict[str, Value]]", parts)) if len(parts) > 1 else parts[0] if parts else _NOTHING
    return _NOTHING


def room_of(value: Instance) -> Room | None:
    """The room that the attributes of an object take their part of; None where it has none."""
    parts = value.state if isinstance(value.state, tuple) else (value.state,)
    return next((part.room for part in parts[:2] if isinstance(part, KeptDict)), None)


def look(value: Instance, work: int) -> None:
    """Count the work of looking at what an object holds.

    Raises:
        FormatError: It is too much.
    """
    room = room_of(value)
    if room is not None:
        room.look(work)


def items_of(value: Value) -> Sequence[Value] | None:
    """The items of a list, a tuple, a set, or of what is derived from a list.

    None for anything else, and where some were left out.
    """
    if isinstance(value, Instance):
        value = value.attributes.get("data") if value.listed is None else value.listed  # `UserList` keeps a list
    if isinstance(value, tuple):
        return value
    if isinstance(value, ListValue):
        return value.items if value.exact else None
    return None


#: Where the makers of classes get a name and the bases.
_NAME, _BASES = 1, 2


def is_made_class(value: Value) -> bool:
    """Whether a value is a class that the pickle brings along."""
    return isinstance(value, Instance) and value.origin.name in CLASS_MAKERS and len(value.given) > _BASES


def name_of_made(made: Instance) -> str:
    """The name of such a class, as `module:Name`."""
    name = made.given[_NAME] if len(made.given) > _NAME else None
    module = made.attributes.get("__module__")
    return f"{module if isinstance(module, str) else '__main__'}:{name if isinstance(name, str) else '?'}"


def bases_of_made(made: Instance) -> tuple[Value, ...]:
    """What such a class is derived from: imported names, and other such classes."""
    bases = items_of(made.given[_BASES]) if len(made.given) > _BASES else None
    return tuple(bases or ())
