"""The rules: a module or two per family, listed here."""

from __future__ import annotations

from functools import cache

from artifact_lint.rules import (
    column_kinds,
    column_values,
    columns,
    components,
    conflicts,
    disguises,
    duplicates,
    environment,
    estimators,
    execution,
    feature_schema,
    graphs,
    integrity,
    labels,
    library_versions,
    lifecycle,
    loading,
    manifests,
    naming,
    network_sizes,
    pickle_streams,
    pickles,
    precisions,
    remote_code,
    repository,
    shards,
    signatures,
    special_tokens,
    statements,
    suppressions,
    versions,
)
from artifact_lint.rules.registry import RuleInfo

_MODULES = (
    manifests,
    conflicts,
    components,
    feature_schema,
    columns,
    column_values,
    column_kinds,
    labels,
    statements,
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
    loading,
    estimators,
    network_sizes,
    special_tokens,
    precisions,
    library_versions,
    repository,
    suppressions,
)


@cache
def all_rules() -> tuple[RuleInfo, ...]:
    """Every rule, sorted by code."""
    found = [value for module in _MODULES for value in vars(module).values() if isinstance(value, RuleInfo)]
    return tuple(sorted(found, key=lambda info: info.code))


__all__ = ["RuleInfo", "all_rules"]
