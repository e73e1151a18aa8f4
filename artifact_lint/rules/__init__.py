"""The rules: a module or two per family, listed here."""

from __future__ import annotations

from artifact_lint.rules import (
    components,
    conflicts,
    disguises,
    duplicates,
    environment,
    execution,
    feature_schema,
    graphs,
    integrity,
    lifecycle,
    manifests,
    naming,
    pickle_streams,
    pickles,
    remote_code,
    repository,
    shards,
    signatures,
    suppressions,
    versions,
)
from artifact_lint.rules.registry import RuleInfo

_MODULES = (
    manifests,
    conflicts,
    components,
    feature_schema,
    graphs,
    naming,
    versions,
    lifecycle,
    integrity,
    shards,
    duplicates,
    signatures,
    pickles,
    pickle_streams,
    disguises,
    remote_code,
    execution,
    environment,
    repository,
    suppressions,
)


def all_rules() -> tuple[RuleInfo, ...]:
    """Every rule, sorted by code."""
    found = [value for module in _MODULES for value in vars(module).values() if isinstance(value, RuleInfo)]
    return tuple(sorted(found, key=lambda info: info.code))


__all__ = ["RuleInfo", "all_rules"]
