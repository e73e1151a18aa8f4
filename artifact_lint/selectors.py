"""Selectors: what `select`, `ignore`, `severity` and suppressions call rules by, and what a misspelt one may mean.

A selector is a rule's code, a prefix of codes, a rule's name, or `ALL`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ALL = "ALL"
#: How alike two words are of which one may be the other misspelt: CPM101 and CMP101, but not PKL9 and PKL141.
_NEAR = 0.75
_CODE_PREFIX = re.compile(r"[A-Za-z]{1,3}|[A-Za-z]{3}\d{1,3}")


class Named(Protocol):
    """What selectors call a rule by."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...


def match_length(selector: str, rule: Named) -> int:
    """How much of a rule a selector names: 0 for `ALL`, the length of a prefix, -1 where it names another."""
    written = canonical(selector)
    if written == ALL:
        return 0
    if written == rule.name:
        return len(rule.code)
    return len(written) if _CODE_PREFIX.fullmatch(written) and rule.code.startswith(written) else -1


def longest_match(selectors: Iterable[str], rule: Named) -> int:
    """How much of a rule the closest of some selectors names; -1 where none of them names it."""
    return max((match_length(selector, rule) for selector in selectors), default=-1)


def canonical(selector: str) -> str:
    """A selector with codes in capitals, as everything but the user writes them."""
    return selector.upper() if selector.upper() == ALL or _CODE_PREFIX.fullmatch(selector) else selector


def unknown_selector(selector: str, rules: Sequence[Named]) -> str | None:
    """What to tell about a selector that names no rule; None where it names one."""
    if any(match_length(selector, rule) >= 0 for rule in rules):
        return None
    known = [name for rule in rules for name in (rule.code, rule.name)]
    family = [rule.code for rule in rules if rule.code.startswith(selector[:3].upper())]
    meant = did_you_mean(selector, known)
    if family and not meant and _CODE_PREFIX.fullmatch(selector):
        return f"no code begins with '{selector}'; the {family[0][:3]} rules are {', '.join(family)}"
    return f"no rule is called '{selector}'{meant}; `artifact-lint rules` lists them"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or nothing where nothing known is near."""
    by_lower_case = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower_case, n=1, cutoff=_NEAR)
    return f" (did you mean '{by_lower_case[near[0]]}'?)" if near else ""
