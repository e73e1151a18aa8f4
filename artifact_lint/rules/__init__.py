"""The rules: one module per family, listed here."""

from __future__ import annotations

from artifact_lint.rules import components, environment, integrity, manifests, naming, pickles
from artifact_lint.rules.registry import RuleInfo

_FAMILIES = (manifests, components, naming, integrity, pickles, environment)


def all_rules() -> tuple[RuleInfo, ...]:
    """Every rule, sorted by code."""
    found = [value for family in _FAMILIES for value in vars(family).values() if isinstance(value, RuleInfo)]
    return tuple(sorted(found, key=lambda info: info.code))


__all__ = ["RuleInfo", "all_rules"]
