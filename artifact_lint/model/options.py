"""The options in force for one artifact: what its rules ask of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.model.facts import Origin


class Component(StrEnum):
    """The four parts that a deployable artifact needs."""

    WEIGHTS = "weights"
    CONFIG = "config"
    FEATURE_SCHEMA = "feature_schema"
    RUN = "run"


class PicklePolicy(StrEnum):
    """What is done about pickles: none at all, those whose every import is listed, or only told about."""

    FORBID = "forbid"
    ALLOW_LISTED = "allow-listed"
    REPORT = "report"


#: The facts about a run that are asked for unless the configuration names others.
DEFAULT_RUN_FACTS = ("run_id", "datasets", "metrics", "created", "git_commit")

#: The stages that a lifecycle may name unless the configuration names others.
DEFAULT_STAGES = ("experiment", "staging", "production", "archived")

#: What git itself may hold of a file unless the configuration says otherwise, in bytes: from here on GitHub warns, and
#: refuses from twice as much on (GitHub Docs, "About large files on GitHub").
LARGEST_BLOB = 50 << 20


@dataclass(frozen=True, slots=True)
class NamingOptions:
    """`registry` is a profile of `policy.names`; `pattern` a regular expression that replaces it."""

    registry: str | None = None
    pattern: str | None = None
    version_scheme: str | None = None


@dataclass(frozen=True, slots=True)
class PickleOptions:
    """`allow` holds `module:name` entries that the team vouches for, beside the shipped lists."""

    policy: PicklePolicy | None = None
    allow: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that signatures are held against: what its file is called, and the PEM text in it."""

    name: str
    pem: bytes


@dataclass(frozen=True, slots=True)
class Threshold:
    """A bound that a metric has to keep, such as `auc >= 0.85`; `operator` is one of `<`, `<=`, `>`, `>=`, `==`."""

    metric: str
    operator: str
    bound: float


@dataclass(frozen=True, slots=True)
class StageOptions:
    """What an artifact must meet in one lifecycle stage, beside the stage's pickle policy.

    `requires` names facts of the promotion, such as `approved_by`; `max_size` is in bytes, over all weight files.
    """

    requires: tuple[str, ...] = ()
    metrics: tuple[Threshold, ...] = ()
    signed: bool = False
    max_size: int | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """All that rules may ask of the configuration; `largest_blob` is in bytes, of one file in git itself.

    `keys_for_run` tells that whoever started the run named the public keys, and not a configuration for all runs.
    """

    required_components: frozenset[Component] = frozenset(Component)
    required_run_facts: frozenset[str] = frozenset(DEFAULT_RUN_FACTS)
    naming: NamingOptions = field(default_factory=NamingOptions)
    pickle: PickleOptions = field(default_factory=PickleOptions)
    stage_pickle: Mapping[str, PicklePolicy] = field(default_factory=dict)
    stages: Mapping[str, StageOptions] = field(default_factory=dict)
    public_keys: tuple[PublicKey, ...] = ()
    keys_for_run: bool = False
    largest_blob: int = LARGEST_BLOB


@dataclass(frozen=True, slots=True)
class PathIgnore:
    """Rules not to run on the paths that match a glob pattern, and why; `origin` is where the pattern stands."""

    pattern: str
    codes: tuple[str, ...]
    reason: str
    origin: Origin
