"""Facts: values that know where they were stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A place in a file: what a finding points at.

    `path` is POSIX and relative to the store's root; lines and columns are 1-based and in characters; the end is
    the position behind the last character. `pointer` is an RFC 6901 JSON pointer within a structured document.
    """

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value and where it was stated.

    `guessed` marks what was read from a file without a specification (a hand-written sidecar): it may be wrong
    about what the author meant, so it never raises an error by itself. `otherwise` is what may be meant just as well,
    where the source does not say which (a digest without the name of its algorithm).
    """

    value: T
    origin: Origin
    guessed: bool = False
    otherwise: tuple[T, ...] = ()


@dataclass(frozen=True, slots=True)
class Stated(Generic[T]):
    """All that was stated about one thing: the fact that won first, then the others in order of precedence."""

    facts: tuple[Fact[T], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.facts)

    def __iter__(self) -> Iterator[Fact[T]]:
        return iter(self.facts)

    def __add__(self, other: Stated[T]) -> Stated[T]:
        if not other.facts:
            return self
        return Stated(self.facts + other.facts) if self.facts else other

    @property
    def best(self) -> Fact[T] | None:
        """The fact that won, or None where nobody stated anything."""
        return self.facts[0] if self.facts else None

    @property
    def value(self) -> T | None:
        """The value that won, or None where nobody stated anything."""
        return self.facts[0].value if self.facts else None
