"""The settings in force, as TOML that a configuration would take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from artifact_lint.model import Component, PicklePolicy
from artifact_lint.reporters.styled import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifact_lint.settings import Settings


def shown(settings: Settings, paths: Sequence[str]) -> str:
    """The settings for some paths, with the file they come from."""
    return "\n".join(_lines(settings, paths))


def _lines(settings: Settings, paths: Sequence[str]) -> Iterator[str]:
    yield f"# for {visible(' '.join(paths[:5]))}{' ...' if len(paths) > 5 else ''}"
    yield f"# from {visible(settings.config_path) if settings.config_path else 'the defaults'}"
    if settings.only:
        yield f"# of these rules, --only {','.join(settings.only)}"
    yield "[tool.artifact-lint]"
    yield from _table(
        {
            "select": settings.select,
            "ignore": settings.ignore,
            "exclude": settings.exclude,
            "fail-on": settings.fail_on.value,
            "profile": settings.profile.value,
            **({"baseline": visible(str(settings.baseline))} if settings.baseline is not None else {}),
        }
    )
    options = settings.options
    yield from _section("severity", {key: severity.value for key, severity in settings.severity.items()})
    yield from _section(
        "per-path-ignores",
        {ignore.pattern: {"codes": ignore.codes, "reason": ignore.reason} for ignore in settings.per_path_ignores},
    )
    required = [component.value for component in Component if component in options.required_components]
    yield from _section("components", {"required": required, "run": sorted(options.required_run_facts)})
    naming = options.naming
    yield from _section(
        "naming",
        {"registry": naming.registry, "pattern": naming.pattern, "version-scheme": naming.version_scheme},
    )
    yield from _section("pickle", {"policy": options.pickle.policy, "allow": sorted(options.pickle.allow)})
    if options.pickle.policy is None:
        yield f"# policy is {PicklePolicy.ALLOW_LISTED}, unless a manifest or a stage says otherwise"
    for name, stage in options.stages.items():
        yield from _section(
            f"stages.{_key(name)}",
            {
                "pickle": options.stage_pickle.get(name),
                "signed": stage.signed,
                "requires": stage.requires,
                "metrics": {bound.metric: f"{bound.operator} {bound.bound:g}" for bound in stage.metrics},
                "max-size": stage.max_size,
            },
        )
    keys = [key.name for key in options.public_keys]
    yield from _section("signing", {"public-key": keys or None})
    limits = settings.limits
    yield from _section(
        "limits",
        {"document-size": limits.size, "document-depth": limits.depth, "document-aliases": limits.aliases},
    )


def _section(name: str, values: Mapping[str, object]) -> Iterator[str]:
    stated = {key: value for key, value in values.items() if value is not None}
    if stated:
        yield ""
        yield f"[tool.artifact-lint.{name}]"
        yield from _table(stated)


def _table(values: Mapping[str, object]) -> Iterator[str]:
    for key, value in values.items():
        yield f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("-", "").replace("_", "").isalnum() else json.dumps(key)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(str(key))} = {_value(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(member) for member in value)}]"
    return json.dumps(value)
