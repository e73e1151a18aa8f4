"""`artifact-lint baseline write` and `show`: accept today's findings, and see what is accepted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from artifact_lint import atomic
from artifact_lint.cli.activity import pass_activity
from artifact_lint.cli.errors import CommandError, tell, tell_failures
from artifact_lint.cli.places import expect
from artifact_lint.cli.runs import Given, Run, find_runs, split_codes
from artifact_lint.complaints import SettingsError
from artifact_lint.configuration_search import default_baseline
from artifact_lint.git import GitError
from artifact_lint.model import Severity
from artifact_lint.reporters.styled import amount, visible
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from artifact_lint.baseline import Renewal
    from artifact_lint.baseline_file import Baseline, Key
    from artifact_lint.cli.activity import Activity
    from artifact_lint.engine import Unaccepted
    from artifact_lint.model import Finding

#: How many lines of what changed are printed.
_SHOWN: Final = 20


@click.group("baseline", short_help="Accept today's findings, and fail on new ones.", no_args_is_help=False)
def baseline() -> None:
    """Accept today's findings, so that `check` reports new ones alone.

    The baseline is a JSON file, .artifact-lint-baseline.json beside the configuration unless another is named; `check`
    reads it from there. Commit it, and have changes of it reviewed: it is a list of what nobody is told any more.
    """


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which files, which settings and which baseline."""
    for option in (
        click.option("--isolated", is_flag=True, help="Read no configuration."),
        click.option("--config", metavar="FILE", help="The configuration, instead of the nearest one."),
        click.option("--ignore", multiple=True, callback=split_codes, metavar="CODES", help="Rules not to run."),
        click.option("--select", multiple=True, callback=split_codes, metavar="CODES", help="Rules to run."),
        click.option("--baseline", "file", envvar="ARTIFACT_LINT_BASELINE", metavar="FILE", help="The baseline."),
        click.argument("paths", nargs=-1, metavar="[PATH]..."),
    ):
        command = option(command)
    return command


@baseline.command("write", context_settings={"auto_envvar_prefix": "ARTIFACT_LINT"})
@_common
@click.option("--staged", is_flag=True, hidden=True)
@click.option("--since", hidden=True)
@pass_activity
def write(  # noqa: PLR0913 - one parameter per option is how click hands them over
    activity: Activity,
    *,
    paths: tuple[str, ...],
    file: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    config: str | None,
    isolated: bool,
    staged: bool,
    since: str | None,
) -> int:
    """Accept what `check` finds among PATHs today, by default the working directory.

    A baseline that is there is brought up to date: fixed findings are dropped, new ones are added, and what this run
    did not look at is kept. Findings about security are accepted for the present bytes of the file alone.
    """
    if staged or since is not None:
        option = "--staged" if staged else "--since"
        raise CommandError(f"a baseline accepts what is there, not what changed; run it without {option}")
    given = Given(config=config, isolated=isolated, select=select, ignore=ignore, baseline=file)
    for renewal in _renewed(paths, given, activity):
        target = renewal.baseline.file
        activity.doing = f"writing {target}"
        _save(renewal)
        for finding in renewal.pinned:
            if finding.severity is Severity.ERROR:
                tell(f"warning: accepted for the present bytes: {_place(finding)}: {finding.message}", error=False)
        for finding in renewal.unpinned:
            tell(f"warning: not accepted, since its bytes are not here: {_place(finding)}", error=False)
        _tell_changes(renewal)
    return 0


@baseline.command("show", context_settings={"auto_envvar_prefix": "ARTIFACT_LINT"})
@_common
@pass_activity
def show(
    activity: Activity,
    *,
    paths: tuple[str, ...],
    file: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    config: str | None,
    isolated: bool,
) -> int:
    """Print what the baseline accepts, and which of it is stale: fixed since, as far as PATHs tell."""
    from artifact_lint.baseline import apply  # noqa: PLC0415 - `--help` needs none of it

    given = Given(config=config, isolated=isolated, select=select, ignore=ignore, baseline=file)
    for known, today in _linted(paths, given, activity):
        if not known.file.is_file():
            raise CommandError(f"there is no {known.file}; `artifact-lint baseline write` writes it")
        stale = {
            (one.origin.line, one.origin.column): one for one in apply(known, today.findings, today.coverage).stale
        }
        for key, entry in sorted(known.entries.items()):
            one = stale.get((entry.line, entry.column))
            remark = "" if one is None else f"  stale: {one.found:,} found"
            click.echo(visible(f"{_shown(key)}  {entry.count:,}{remark}"))
        total = sum(entry.count for entry in known.entries.values())
        entries = f"{len(known.entries):,} entr{'y' if len(known.entries) == 1 else 'ies'}"
        shown = visible(os.path.relpath(known.file))
        click.echo(f"{shown} accepts {amount(total, 'finding')} in {entries}, {len(stale):,} of them stale.")
    return 0


def _renewed(paths: tuple[str, ...], given: Given, activity: Activity) -> list[Renewal]:
    """Each baseline brought up to date by all the runs that it is for."""
    from artifact_lint.baseline import renew  # noqa: PLC0415 - as above

    done: dict[Path, Renewal] = {}
    for known, today in _linted(paths, given, activity):
        earlier = done.get(known.file)
        renewal = renew(earlier.baseline if earlier else known, today.findings, today.coverage)
        done[known.file] = earlier + renewal if earlier else renewal
    return list(done.values())


def _linted(paths: tuple[str, ...], given: Given, activity: Activity) -> Iterator[tuple[Baseline, Unaccepted]]:
    """What each configuration's run finds, beside the baseline that is there, which may be an empty one."""
    from artifact_lint.baseline_file import Baseline, load_baseline  # noqa: PLC0415 - as above
    from artifact_lint.engine import Request, find_unaccepted  # noqa: PLC0415
    from artifact_lint.rules import all_rules  # noqa: PLC0415

    paths = paths or (".",)
    for path in paths:
        expect(path)
    activity.doing = "reading the configuration"
    for run in find_runs(paths, given):
        target = run.settings.baseline or default_baseline(_config_of(run), run.paths[0])
        try:
            known = load_baseline(target, all_rules()) if target.exists() else Baseline(target)
            activity.doing = f"linting {' '.join(run.paths[:3])}"
            today = find_unaccepted(run.paths, Request(run.settings))
        except (GitError, SettingsError, StoreError) as error:
            raise CommandError(str(error)) from error
        if today.failures:
            tell_failures(today.failures, tracebacks=activity.traceback)
            raise CommandError("the baseline is left as it is, for not everything could be looked at")
        for fallback in today.fallbacks:
            tell(f"warning: {fallback.message}", error=False)
        yield known, today


def _config_of(run: Run) -> Path | None:
    return Path(run.settings.config_path) if run.settings.config_path is not None else None


def _save(renewal: Renewal) -> None:
    """Write a baseline, unless it is as it was or there is nothing to write."""
    from artifact_lint.baseline_file import written  # noqa: PLC0415 - as above

    place = renewal.baseline.file
    real = Path(os.path.realpath(place))
    data = written(renewal.baseline)
    try:
        if (real.read_bytes() if real.exists() else None) == data:
            return
        if real.exists() or renewal.baseline.entries:
            atomic.write(real, data)
    except (OSError, atomic.WriteError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise CommandError(f"cannot write {place}: {reason}") from error


def _tell_changes(renewal: Renewal) -> None:
    for sign, changed in (("+", renewal.added), ("-", renewal.removed)):
        for key, count in changed[:_SHOWN]:
            click.echo(visible(f"{sign} {_shown(key)}  {count:,}"))
        if len(changed) > _SHOWN:
            click.echo(f"{sign} and {len(changed) - _SHOWN:,} more entries")
    total = sum(entry.count for entry in renewal.baseline.entries.values())
    added, removed = (sum(count for _, count in changed) for changed in (renewal.added, renewal.removed))
    kept = f"; {renewal.unseen:,} entries that this run did not look at are kept" if renewal.unseen else ""
    click.echo(
        f"{visible(os.path.relpath(renewal.baseline.file))} accepts {amount(total, 'finding')}: "
        f"{added:,} added, {removed:,} removed{kept}."
    )


def _place(finding: Finding) -> str:
    return f"{finding.file or finding.origin.path}: {finding.code}"


def _shown(key: Key) -> str:
    place = f"{key.path}#{key.pointer}" if key.pointer else key.path
    of = f" of {key.artifact}" if key.artifact != key.path else ""
    return f"{key.rule} {place}{of}"
