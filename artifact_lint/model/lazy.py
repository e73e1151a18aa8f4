"""A value that is computed when it is first asked for, and once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Lazy(Generic[T]):
    """A computation whose result is kept: a rule that asks no weights opens no weights."""

    __slots__ = ("_compute", "_lock", "_value")

    def __init__(self, compute: Callable[[], T]) -> None:
        self._compute: Callable[[], T] | None = compute
        self._lock = threading.Lock()
        self._value: T

    @classmethod
    def of(cls, value: T) -> Lazy[T]:
        """A value that is already known."""
        lazy = cls(lambda: value)
        lazy._value, lazy._compute = value, None
        return lazy

    @property
    def value(self) -> T:
        """The result; computed by the first caller, while the others wait."""
        if self._compute is not None:
            with self._lock:
                if self._compute is not None:
                    self._value = self._compute()
                    self._compute = None
        return self._value

    @property
    def known(self) -> T | None:
        """The result where it was computed already, without computing it."""
        return None if self._compute is not None else self._value
