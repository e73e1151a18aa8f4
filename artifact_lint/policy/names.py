"""Registry name profiles: what each registry accepts as the name of a model, and as an alias or tag of a version.

A profile is a list of rules in words, each with the regular expression that decides it, so that a message can say
which rule of which registry a name breaks.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class NameRule(NamedTuple):
    """One rule: the words, and an expression that the whole name must match."""

    words: str
    pattern: str

    def accepts(self, name: str) -> bool:
        """Whether the whole name matches."""
        return re.fullmatch(self.pattern, name, re.ASCII | re.DOTALL) is not None


class NameProfile(NamedTuple):
    """The rules of one registry; `title` is what messages call it and `source` where its rules are stated."""

    registry: str
    title: str
    source: str
    rules: tuple[NameRule, ...]
    alias_rules: tuple[NameRule, ...] = ()


def at_most(characters: int) -> NameRule:
    """A rule on length, counted in characters; the empty name breaks it too."""
    return NameRule(f"1 to {characters} characters", f".{{1,{characters}}}")


def excludes(characters: str) -> NameRule:
    """A rule that forbids some characters."""
    words = " or ".join(f"`{character}`" for character in characters)
    return NameRule(f"no {words}", f"[^{re.escape(characters)}]*")


DEFAULT = NameProfile(
    "default",
    "the default profile",
    "the intersection of the registries below",
    (
        at_most(63),
        NameRule(
            "lower-case letters and digits in words joined by single hyphens, a letter first",
            "[a-z][a-z0-9]*(-[a-z0-9]+)*",
        ),
    ),
    (
        NameRule("not `latest`, which MLflow reserves", "(?!latest$).*"),
        NameRule("not a version number such as `v3`, which MLflow reserves", r"(?![vV]\d+$).*"),
    ),
)

_OCI_PART = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*"
_OCI_TAG = (NameRule("letters, digits, `_`, `.` and `-`, not starting with `.` or `-`", "[a-zA-Z0-9_][a-zA-Z0-9._-]*"),)

_MLFLOW = NameProfile(
    "mlflow",
    "MLflow",
    "mlflow.utils.validation, MLflow 3.17",
    (
        at_most(256),
        excludes("/:"),
        NameRule("not blank, and not a path such as `.` or `..`", r"(?!\.$|\.\.).*\S.*"),
    ),
    (
        at_most(255),
        NameRule("letters, digits, `_` and `-`", r"(?u:[\w\-])*"),
        NameRule("not `latest`, which is reserved", "(?i:(?!latest$)).*"),
        NameRule("not a version number such as `v3`, which is reserved", r"(?![vV]\d+$).*"),
    ),
)

_HUGGING_FACE = NameProfile(
    "huggingface",
    "Hugging Face",
    "huggingface_hub.utils.validate_repo_id, 0.36",
    (
        NameRule(
            "`name` or `namespace/name`, each of 1 to 96 letters, digits, `_`, `-` and `.`, with a letter, digit or `_`"
            " at both ends",
            r"(\b[\w\-.]{1,96}\b/)?\b[\w\-.]{1,96}\b",
        ),
        NameRule("no `--`", "(?!.*--).*"),
        NameRule("no `..`", r"(?!.*\.\.).*"),
        NameRule("not ending in `.git`", r"(?!.*\.git$).*"),
    ),
)

_BENTOML_PART = NameRule(
    "lower-case letters, digits, `_`, `-` and `.`, with a letter or digit at both ends",
    "[a-z0-9]([-._a-z0-9]*[a-z0-9])?",
)

_BENTOML = NameProfile(
    "bentoml",
    "BentoML",
    "bentoml._internal.tag, BentoML 1.4",
    (at_most(63), _BENTOML_PART),
    (at_most(63), _BENTOML_PART),
)

_WANDB = NameProfile(
    "wandb",
    "Weights & Biases",
    "wandb.sdk.artifacts._validators, wandb 0.22",
    (at_most(128), excludes("/")),
    (at_most(128), excludes("/:")),
)

_SAGEMAKER = NameProfile(
    "sagemaker",
    "SageMaker",
    "Amazon SageMaker API reference, CreateModel",
    (
        at_most(63),
        NameRule("letters, digits and hyphens, with a letter or digit at both ends", "[a-zA-Z0-9](-*[a-zA-Z0-9])*"),
    ),
)

_VERTEX = NameProfile(
    "vertex",
    "Vertex AI",
    "Vertex AI REST reference, projects.locations.models.upload",
    (
        at_most(63),
        NameRule("lower-case letters, digits, `_` and `-`, not starting with a digit or `-`", "[a-z_][a-z0-9_-]*"),
    ),
    (
        at_most(128),
        NameRule(
            "letters, digits and hyphens, starting with a lower-case letter and not ending in a hyphen",
            "[a-z][a-zA-Z0-9-]*(?<!-)",
        ),
    ),
)

_AZUREML = NameProfile(
    "azureml",
    "Azure ML",
    "Azure Machine Learning REST reference, model containers",
    (
        at_most(255),
        NameRule("letters, digits, `-`, `.` and `_`, starting with a letter or digit", r"[a-zA-Z0-9][a-zA-Z0-9\-._]*"),
    ),
)

_OCI = NameProfile(
    "oci",
    "OCI",
    "OCI Distribution Specification 1.1, Pulling manifests",
    (
        at_most(255),
        NameRule(
            "lower-case letters and digits, joined by `.`, `_`, `__` or hyphens, in parts divided by `/`",
            f"{_OCI_PART}(/{_OCI_PART})*",
        ),
    ),
    (at_most(128), *_OCI_TAG),
)

_GTO = NameProfile(
    "gto",
    "GTO",
    "gto.constants, GTO 1.7",
    (
        NameRule(
            "letters, digits, `-`, `_` and `/`, with a letter or digit at both ends",
            "[a-zA-Z0-9]([a-zA-Z0-9-/_]*[a-zA-Z0-9])?",
        ),
    ),
    (
        NameRule(
            "`NAME@vMAJOR.MINOR.PATCH`, `NAME#STAGE` or `NAME@deprecated`, with an optional `!` and `#NUMBER` behind",
            r"[^@#]*|[a-zA-Z0-9]([a-zA-Z0-9-/_]*[a-zA-Z0-9])?"
            r"(@v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"
            r"|#[a-zA-Z0-9]([a-zA-Z0-9-/_]*[a-zA-Z0-9])?|@deprecated)!?(#\d+)?",
        ),
        NameRule(
            "a stage of letters, digits, `-`, `_` and `/`, with a letter or digit at both ends",
            ".*[@#].*|[a-zA-Z0-9]([a-zA-Z0-9-/_]*[a-zA-Z0-9])?",
        ),
    ),
)

_KITOPS = NameProfile(
    "kitops",
    "KitOps",
    "Kitfile format reference 1.0",
    (
        at_most(64),
        NameRule("letters, digits, `_`, `.` and `-`, starting with a letter, digit or `_`", r"[\w][\w.-]*"),
    ),
    (at_most(128), *_OCI_TAG),
)

#: Every profile by the word that the configuration's `naming.registry` takes.
PROFILES: Mapping[str, NameProfile] = MappingProxyType(
    {
        profile.registry: profile
        for profile in (
            DEFAULT,
            _MLFLOW,
            _HUGGING_FACE,
            _BENTOML,
            _WANDB,
            _SAGEMAKER,
            _VERTEX,
            _AZUREML,
            _OCI,
            _GTO,
            _KITOPS,
        )
    }
)


def pattern_profile(pattern: str) -> NameProfile:
    """The profile of a regular expression that a team configured, which the whole name must match.

    Raises:
        re.error: The expression is not one.
    """
    re.compile(pattern)
    rule = NameRule(f"match `{pattern}`", pattern)
    return NameProfile("pattern", "the configured pattern", "configuration", (rule,))


def check_name(profile: NameProfile, name: str) -> str | None:
    """The rule that a name breaks, in words after the registry's; None where the registry accepts it."""
    return _broken(profile, profile.rules, name)


def check_alias(profile: NameProfile, alias: str) -> str | None:
    """The rule that an alias or tag breaks, likewise; None where the registry accepts it or has no rule for it."""
    return _broken(profile, profile.alias_rules, alias)


def _broken(profile: NameProfile, rules: tuple[NameRule, ...], name: str) -> str | None:
    rule = next((rule for rule in rules if not rule.accepts(name)), None)
    return None if rule is None else f"{profile.title}: {rule.words}"
