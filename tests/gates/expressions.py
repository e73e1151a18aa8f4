"""Expressions of a workflow: as much of them as action.yml has ("Evaluate expressions in workflows and actions")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Value: TypeAlias = str | bool

_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
_TOKEN = re.compile(r"\s*(&&|\|\||==|!=|!|\(|\)|'(?:[^']|'')*'|[A-Za-z_][\w.-]*)")


def filled(text: str, look_up: Callable[[str], str], *, has_failed: bool = False) -> str:
    """A text with its expressions evaluated; `look_up` knows the contexts."""
    return _EXPRESSION.sub(lambda match: _text(_Reader(_tokens(match[1]), look_up, has_failed).value()), text)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _tokens(expression: str) -> list[str]:
    tokens, position = [], 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        assert match, f"{expression} at {position}"
        tokens.append(match[1])
        position = match.end()
    return tokens


@dataclass(slots=True)
class _Reader:
    tokens: list[str]
    look_up: Callable[[str], str]
    has_failed: bool

    def value(self) -> Value:
        value = self._either()
        assert not self.tokens, self.tokens
        return value

    def _either(self) -> Value:
        value = self._both()
        while self._next("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Value:
        value = self._equal()
        while self._next("&&"):
            other = self._equal()
            value = value and other
        return value

    def _equal(self) -> Value:
        value = self._single()
        while self.tokens[:1] in (["=="], ["!="]):
            is_asked_equal = self.tokens.pop(0) == "=="
            is_equal = _text(value).casefold() == _text(self._single()).casefold()
            value = is_equal is is_asked_equal
        return value

    def _single(self) -> Value:
        token = self.tokens.pop(0)
        if token == "!":
            return not self._single()
        if token == "(":
            value = self._either()
            assert self._next(")")
            return value
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self._next("("):
            assert self._next(")")
            return {"always": True, "cancelled": False, "failure": self.has_failed, "success": not self.has_failed}[
                token
            ]
        return self.look_up(token)

    def _next(self, token: str) -> bool:
        is_next = self.tokens[:1] == [token]
        if is_next:
            self.tokens.pop(0)
        return is_next
