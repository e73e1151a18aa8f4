"""The rules: a module or two per family, listed here."""

from __future__ import annotations

from artifact_lint.rules import (
    components,
    conflicts,
    disguises,
    environment,
    execution,
    feature_schema,
    integrity,
    library_versions,
    lifecycle,
    loading,
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
    naming,
    versions,
    lifecycle,
    integrity,
    shards,
    signatures,
    pickles,
    pickle_streams,
    disguises,
    remote_code,
    execution,
    environment,
    loading,
    library_versions,
    repository,
    suppressions,
)


def all_rules() -> tuple[RuleInfo, ...]:
    """Every rule, sorted by code."""
    found = [value for module in _MODULES for value in vars(module).values() if isinstance(value, RuleInfo)]
    return tuple(sorted(found, key=lambda info: info.code))


__all__ = ["RuleInfo", "all_rules"]
