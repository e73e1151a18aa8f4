"""`artifact-lint check`: lint, report, and say by the exit code how it went."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial, reduce
from itertools import takewhile
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from artifact_lint.cli.activity import pass_activity
from artifact_lint.cli.errors import USAGE, CommandError, tell, tell_failures
from artifact_lint.cli.output import COLOURS, Target, TargetType, colours
from artifact_lint.cli.places import expect
from artifact_lint.cli.progress import progress_bar
from artifact_lint.cli.reporting import address_of_files, category, refuse_shared_outputs, rule_pages, write_reports
from artifact_lint.cli.runs import Given, find_runs, split_codes
from artifact_lint.cli.sources import Lines
from artifact_lint.complaints import SettingsError
from artifact_lint.git import GitError
from artifact_lint.reporters import FORMATS, RenderContext
from artifact_lint.reporters.styled import amount, visible
from artifact_lint.roots import commit_root, root_of
from artifact_lint.settings import FailOn, Settings
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from artifact_lint.cli.activity import Activity
    from artifact_lint.cli.earlier_runs import EarlierRuns
    from artifact_lint.cli.fixing import Tally
    from artifact_lint.cli.runs import Run
    from artifact_lint.model import Artifact
    from artifact_lint.model.report import Report
    from artifact_lint.request import Request, Watch
    from artifact_lint.stores.base import Store

_CLEAN: Final = 0
_FINDINGS: Final = 1
_NO_ARTIFACT: Final = 3


class _Check(click.Command):
    """Refuses what a hook manager passes as a file's name and would be taken for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments, as click has them."""
        if os.environ.get("PRE_COMMIT") == "1":
            options = takewhile(lambda word: word != "--", args)
            for word in options:
                if word.startswith("-") and os.path.lexists(word):
                    name = visible(word)
                    raise CommandError(
                        f"{name} is a file, and an option; end the hook's `args` with --: args: [..., --]"
                    )
        return super().parse_args(ctx, args)


@click.command(
    "check", cls=_Check, short_help="Lint model artifacts.", context_settings={"auto_envvar_prefix": "ARTIFACT_LINT"}
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--select",
    multiple=True,
    callback=split_codes,
    metavar="CODES",
    help="Rules to run: codes, prefixes, names or ALL.",
)
@click.option(
    "--ignore", multiple=True, callback=split_codes, metavar="CODES", help="Rules not to run, spelled likewise."
)
@click.option(
    "--only", multiple=True, callback=split_codes, metavar="CODES", help="Of all rules selected, run these alone."
)
@click.option(
    "--fail-on", type=click.Choice([choice.value for choice in FailOn]), help="The least severity that exits with 1."
)
@click.option(
    "--output-format",
    "targets",
    envvar="ARTIFACT_LINT_OUTPUT_FORMAT",
    type=TargetType(),
    multiple=True,
    help=f"{', '.join(FORMATS)}; each to standard output, or to a file as in sarif=FILE; may be given several times."
    "  [default: full]",
)
@click.option("--config", metavar="FILE", help="The configuration, instead of the nearest one.")
@click.option("--isolated", is_flag=True, help="Read no configuration.")
@click.option("--baseline", metavar="FILE", help="The accepted findings; see `artifact-lint baseline --help`.")
@click.option("--no-baseline", is_flag=True, help="Report accepted findings as well.")
@click.option(
    "--public-key",
    "public_keys",
    envvar="ARTIFACT_LINT_PUBLIC_KEY",
    type=click.Path(),
    multiple=True,
    help="A public key that signatures must be from (PEM); may be given several times.",
)
@click.option("--statistics", is_flag=True, help="Count findings per code instead of listing them (full and concise).")
@click.option("--show-settings", is_flag=True, help="Print the settings in force, and lint nothing.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), metavar="N", help="How many files to read at once.")
@click.option("--no-cache", is_flag=True, help="Hash every file, and remember no digest. CI implies it.")
@click.option("--allow-empty", is_flag=True, help="Exit with 0 where there is no artifact.")
@click.option("--staged", is_flag=True, help="Lint what is staged in git, as it is staged.")
@click.option("--since", metavar="REV", help="Lint the artifacts touched since a git revision.")
@click.option("--revision", metavar="REV", help="Lint what a git revision holds, without a working tree.")
@click.option("--fix", is_flag=True, help="Write what can be fixed without a loss, and lint again.")
@click.option("--diff", is_flag=True, help="Print what --fix would write instead; exit with 1 if there is anything.")
@click.option("--unsafe", is_flag=True, help="With --fix or --diff: record changed digests and sizes anew, too.")
@click.option("--quiet", "-q", count=True, help="Print errors and warnings alone; twice, nothing.")
@click.option(
    "--verbose",
    "-v",
    count=True,
    help="Print notes in full, what is known of each file's digest, and who signed; twice, tracebacks of bugs, too.",
)
@click.option("--color", type=click.Choice(COLOURS), default="auto", show_default=True, help="When to use colours.")
@pass_activity
def check(  # noqa: PLR0913 - one parameter per option is how click hands them over
    activity: Activity,
    *,
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    only: tuple[str, ...],
    fail_on: str | None,
    targets: tuple[Target, ...],
    config: str | None,
    isolated: bool,
    baseline: str | None,
    no_baseline: bool,
    public_keys: tuple[str, ...],
    statistics: bool,
    show_settings: bool,
    jobs: int | None,
    no_cache: bool,
    allow_empty: bool,
    staged: bool,
    since: str | None,
    revision: str | None,
    fix: bool,
    diff: bool,
    unsafe: bool,
    quiet: int,
    verbose: int,
    color: str,
) -> int:
    """Lint the model artifacts in PATHs: directories, or files, which are mapped to the artifacts that own them.

    Without a PATH, the working directory. Every option can be given as an environment variable, such as
    ARTIFACT_LINT_FAIL_ON. Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 usage, configuration or internal
    error, 3 no artifact found. Where --staged or --since find that nothing of an artifact changed, that is 0.
    --revision takes the configuration from that revision, too, unless --config or --isolated is given.
    """
    activity.traceback = activity.traceback or verbose > 1
    _refuse_contradictions(targets, config=config, isolated=isolated, staged=staged, since=since, revision=revision)
    _refuse_to_fix(targets, fix=fix, diff=diff, unsafe=unsafe, staged=staged, revision=revision)
    paths = paths or (".",)
    if not staged and since is None and revision is None:
        for path in paths:
            expect(path)

    activity.doing = "reading the configuration"
    given = Given(
        config=config,
        isolated=isolated,
        select=select,
        ignore=ignore,
        fail_on=FailOn(fail_on) if fail_on else None,
        public_keys=public_keys,
        baseline=baseline,
        no_baseline=no_baseline,
        only=only,
        revision=revision,
    )
    runs = find_runs(paths, given)
    if show_settings:
        from artifact_lint.cli.shown_settings import shown  # noqa: PLC0415 - rarely asked for

        click.echo("\n\n".join(shown(run.settings, run.paths) for run in runs))
        return _CLEAN
    if verbose:
        _tell_sources(runs)

    activity.doing = f"linting {' '.join(paths[:3])}{' ...' if len(paths) > 3 else ''}"
    from artifact_lint.engine import Request  # noqa: PLC0415 - not for `--show-settings`

    details = any(FORMATS[target.format].needs_details for target in targets)
    request = Request(
        Settings(),
        staged=staged,
        since=since,
        revision=revision,
        jobs=jobs,
        details=details,
        changes=any(FORMATS[target.format].needs_changes for target in targets),
        cached=not no_cache,
        is_committing=os.environ.get("PRE_COMMIT") == "1",
    )
    bar = partial(progress_bar, quiet=quiet > 0, colour=color)
    is_of_git = staged or since is not None or revision is not None
    takes_part = not (is_of_git or fix or diff or any(target.file for target in targets))
    earlier = _earlier_runs(paths) if takes_part else None
    with bar() as watch:
        requests = [
            replace(request, settings=run.settings, watch=watch, is_done=_is_done(earlier, run.settings))
            for run in runs
        ]
        reports = [_lint(run.paths, request, activity.doing) for run, request in zip(runs, requests, strict=True)]
    activity.doing = "fixing what was found"
    linted = list(zip(runs, requests, reports, strict=True))
    reports, tally = _fixed(linted, show=diff, unsafe=unsafe, bar=bar) if fix or diff else (reports, None)
    report = _new(reduce(add, reports), earlier, verbose)
    report = replace(report, notes=(*report.notes, *(_elsewhere(runs, revision) if report.findings else ())))
    failing = _failing(zip(runs, reports, strict=True))
    code = _exit_code(report, tally, failing=bool(failing), allow_empty=allow_empty)

    activity.doing = "writing the report"
    context = RenderContext(
        exit_code=code,
        source=Lines(lambda: [_store(run.paths, request) for run, request in zip(runs, requests, strict=True)]),
        verbosity=verbose - quiet,
        tally=statistics,
        states=verbose > quiet,
        rules=rule_pages,
        fails=lambda finding: finding.fingerprint in failing,
        category=lambda: category([path for run in runs for path in run.paths]),
        files=address_of_files([path for run in runs for path in run.paths]),
    )
    wanted = targets or (() if diff else (Target("full"),))
    refused, failures = write_reports(wanted, report, context, colour=colours(color), silent=quiet > 1)
    tell_failures((*report.failures, *failures), tracebacks=activity.traceback)
    for fallback in report.fallbacks:
        tell(fallback.message if fallback.unseen else f"warning: {fallback.message}", error=fallback.unseen)
    _tell_fixes(tally, targets, silent=quiet > 1)
    if code == _NO_ARTIFACT:
        tell(_nothing_found(paths))
    for line in refused:
        tell(line)
    return USAGE if refused or failures else code


def _tell_sources(runs: Iterable[Run]) -> None:
    for run in runs:
        tell(f"configuration: {run.settings.config_path or 'none, the defaults'}", error=False)
        if run.settings.baseline is not None:
            tell(f"baseline: {run.settings.baseline_files.shown(run.settings.baseline)}", error=False)


def _failing(linted: Iterable[tuple[Run, Report]]) -> frozenset[str]:
    """The fingerprints of the findings that make the run fail, each by the settings that it was found under."""
    return frozenset(
        finding.fingerprint for run, own in linted for finding in own.findings if run.settings.fails(finding.severity)
    )


def _earlier_runs(paths: Sequence[str]) -> EarlierRuns | None:
    if os.environ.get("PRE_COMMIT") != "1":
        return None
    from artifact_lint.cli.earlier_runs import earlier_runs  # noqa: PLC0415 - for hooks alone

    options = {name: value for name, value in click.get_current_context().params.items() if name != "paths"}
    return earlier_runs(paths, options, os.environ)


def _is_done(earlier: EarlierRuns | None, settings: Settings) -> Callable[[Artifact, Path], bool] | None:
    return partial(earlier.has_linted, settings.config_path) if earlier is not None else None


def _new(report: Report, earlier: EarlierRuns | None, verbose: int) -> Report:
    """A report without what an earlier run over the same list has told; the next run is told what this one has."""
    if earlier is None:
        return report
    earlier.leave_word(report)
    if earlier.skipped and verbose:
        tell(f"an earlier run of this hook linted {amount(earlier.skipped, 'artifact')} of these", error=False)
    return earlier.without_told(report)


def _exit_code(report: Report, tally: Tally | None, *, failing: bool, allow_empty: bool) -> int:
    if report.failures or any(one.unseen for one in report.fallbacks) or (tally is not None and tally.failed):
        return USAGE
    if tally is not None and tally.shown:
        return _FINDINGS if tally.problems else _CLEAN
    if failing:
        return _FINDINGS
    is_empty = not report.artifacts and all(finding.code.startswith("SUP") for finding in report.findings)
    return _NO_ARTIFACT if is_empty and not (report.unchanged or allow_empty) else _CLEAN


def _tell_fixes(tally: Tally | None, targets: Sequence[Target], *, silent: bool) -> None:
    """How much was fixed: below the report, unless a program or a patch is what standard output is for."""
    if tally is not None and tally.problems and not silent:
        is_for_programs = tally.shown or any(target.is_for_programs and target.file is None for target in targets)
        click.echo(f"{'Would fix' if tally.shown else 'Fixed'} {tally}.", err=is_for_programs)


def _refuse_contradictions(
    targets: Sequence[Target],
    *,
    config: str | None,
    isolated: bool,
    staged: bool,
    since: str | None,
    revision: str | None,
) -> None:
    if config and isolated:
        raise CommandError("--config and --isolated exclude each other")
    if staged and since is not None:
        raise CommandError("--staged and --since exclude each other")
    if staged and revision is not None:
        raise CommandError("--staged and --revision exclude each other: the index is no commit yet")
    refuse_shared_outputs(targets)


def _refuse_to_fix(
    targets: Sequence[Target], *, fix: bool, diff: bool, unsafe: bool, staged: bool, revision: str | None
) -> None:
    if fix and diff:
        raise CommandError("--fix and --diff exclude each other")
    if unsafe and not (fix or diff):
        raise CommandError("--unsafe says how far --fix or --diff may go; give one of them")
    if fix and staged:
        raise CommandError("--fix writes to the working tree, and --staged lints the index; fix first, then git add")
    if (fix or diff) and revision is not None:
        raise CommandError("--fix and --diff are for the working tree, and --revision lints a commit; check it out")
    if diff and any(target.file is None for target in targets):
        raise CommandError("--diff prints to standard output; give the report a file: json=FILE")


def _fixed(
    linted: Sequence[tuple[Run, Request, Report]],
    *,
    show: bool,
    unsafe: bool,
    bar: Callable[[], AbstractContextManager[Watch | None]],
) -> tuple[list[Report], Tally]:
    """What is left to report once everything was fixed that can be, or a patch of it was shown."""
    from artifact_lint.cli.fixing import Tally, Workplace, fix, patch, write_patch  # noqa: PLC0415 - rarely asked for

    tally, reports = Tally(shown=show), []
    for run, request, report in linted:
        where = Workplace(root_of(run.paths), _store(run.paths, request), run.settings.limits)
        if show:
            write_patch(patch(report, where, tally, unsafe=unsafe))
            reports.append(report)
        else:
            with bar() as watch:
                again = partial(_lint, run.paths, replace(request, watch=watch), "linting what was fixed")
                reports.append(fix(report, again, where, tally, unsafe=unsafe))
    return reports, tally


def _lint(paths: Sequence[str], request: Request, doing: str) -> Report:
    """What there is to say of some paths: a failure where that cannot even begin, so that every report is written."""
    from artifact_lint.engine import lint  # noqa: PLC0415 - not for `--show-settings`
    from artifact_lint.model.report import Failure, Report  # noqa: PLC0415 - likewise

    try:
        return lint(paths, request)
    except (GitError, SettingsError, StoreError) as error:
        raise CommandError(str(error)) from error
    except Exception as error:  # noqa: BLE001 - whatever it is, what the other paths hold is still reported
        return Report(failures=(Failure(doing, error),))


def _store(paths: Sequence[str], request: Request) -> Store:
    from artifact_lint.scope import store_for  # noqa: PLC0415 - not for `--show-settings`

    return store_for(paths, request.settings.exclude, staged=request.staged, revision=request.revision)


def _elsewhere(runs: Sequence[Run], revision: str | None) -> Iterator[str]:
    """What the paths of the report, and of the commands in it, are relative to where that is not the user's place."""
    here = Path.cwd()
    roots = dict.fromkeys(root_of(run.paths) if revision is None else commit_root(run.paths) for run in runs)
    if any(root != here for root in roots):
        shown = (os.path.relpath(root) if here.is_relative_to(root) else str(root) for root in roots)
        yield f"paths are relative to {' or '.join(shown)}"


def _nothing_found(paths: Sequence[str]) -> str:
    where = " ".join(paths[:3])
    return f"no model artifact in {where}: name the directory or file that holds one, or pass --allow-empty"
