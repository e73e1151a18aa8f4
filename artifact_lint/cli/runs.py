"""What the command line names: paths, and the configuration and the baseline that count for each of them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.cli.errors import CommandError, tell
from artifact_lint.complaints import SettingsError
from artifact_lint.configuration_files import LOCAL, CommittedFiles
from artifact_lint.configuration_search import Finder, absolute, default_baseline, group
from artifact_lint.roots import commit_path, commit_root
from artifact_lint.settings import Settings, load, override
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import click

    from artifact_lint.configuration_files import ConfigurationFiles
    from artifact_lint.settings import FailOn


class Given(NamedTuple):
    """What the command line says about the settings."""

    config: str | None = None
    isolated: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: FailOn | None = None
    public_keys: tuple[str, ...] = ()
    baseline: str | None = None
    no_baseline: bool = False
    only: tuple[str, ...] = ()
    revision: str | None = None


class Run(NamedTuple):
    """Paths that share one configuration, and the settings that it makes."""

    paths: tuple[str, ...]
    settings: Settings


def split_codes(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Codes that were given one by one, or with commas or blanks between them."""
    return tuple(word for value in values for word in re.split(r"[\s,]+", value) if word)


def find_runs(paths: Sequence[str], given: Given) -> list[Run]:
    """Paths by the configuration that counts for each, with the settings that it and the command line make.

    Raises:
        CommandError: A configuration cannot be used.
    """
    from artifact_lint.rules import all_rules  # noqa: PLC0415 - `--help` needs no rule

    rules = all_rules()
    try:
        files, own = _files(paths, given)
        groups = _groups(own, given, files)
        stated = [(file, load(file, rules, files) if file else Settings(), members) for file, members in groups.items()]
        return [
            Run(
                tuple(members),
                override(
                    _with_baseline(given, file, settings, members, files),
                    rules,
                    select=given.select,
                    ignore=given.ignore,
                    only=given.only,
                    fail_on=given.fail_on,
                    public_keys=given.public_keys,
                ),
            )
            for file, settings, members in stated
        ]
    except (SettingsError, StoreError) as error:
        raise CommandError(str(error)) from error


def _with_baseline(
    given: Given, config: Path | None, settings: Settings, paths: Sequence[str], files: ConfigurationFiles
) -> Settings:
    """The baseline that was named, on the command line before the configuration; else the usual one if it is there."""
    if given.no_baseline:
        return replace(settings, baseline=None)
    if given.baseline:
        return replace(settings, baseline=absolute(given.baseline), baseline_files=LOCAL)
    if settings.baseline is not None or given.isolated:
        return settings
    usual = default_baseline(config, paths[0], files)
    return replace(settings, baseline=usual, baseline_files=files) if files.is_file(usual) else settings


def _files(paths: Sequence[str], given: Given) -> tuple[ConfigurationFiles, Sequence[str]]:
    """Where the configuration is, and the paths as it is looked for there: of a commit, in the commit itself."""
    if given.revision is None or given.config or given.isolated:
        return LOCAL, paths
    from artifact_lint.changes import open_revision  # noqa: PLC0415 - for `--revision` alone

    root = commit_root(paths)
    store = open_revision(root, given.revision)
    return CommittedFiles(root, store), [str(root / commit_path(root, path)) for path in paths]


def _groups(paths: Sequence[str], given: Given, files: ConfigurationFiles) -> Mapping[Path | None, Sequence[str]]:
    if given.config:
        return {Path(given.config): paths}
    if given.isolated:
        return {None: paths}
    finder = Finder(files)
    groups = group(paths, finder)
    for line in finder.misspelt:
        tell(f"warning: {line}", error=False)
    return groups
