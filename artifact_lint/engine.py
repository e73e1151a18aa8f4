"""Artifacts and rules to findings: the one place where reading and judging meet."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from artifact_lint import run_notes
from artifact_lint.comparison import Comparison, compare_with_base, has_losses
from artifact_lint.coverage import Coverage
from artifact_lint.hash_pool import Job
from artifact_lint.judging import View, judge, judge_ledger
from artifact_lint.model import Artifact, FileState, Finding
from artifact_lint.model.record_changes import compare
from artifact_lint.model.report import Failure, Fallback, Report
from artifact_lint.model.suppression import Accepted
from artifact_lint.request import Request, Stage
from artifact_lint.rules import all_rules
from artifact_lint.rules.manifests import unreadable_document
from artifact_lint.scope import Owners, Scope
from artifact_lint.suppress import settle, with_baseline, without_ignored
from artifact_lint.survey import survey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from artifact_lint.baseline_file import Baseline
    from artifact_lint.cache import DigestCache
    from artifact_lint.model import WeightFile
    from artifact_lint.model.record_changes import ArtifactChange
    from artifact_lint.rules import RuleInfo
    from artifact_lint.settings import Settings
    from artifact_lint.survey import Survey

__all__ = ["Request", "Stage", "Unaccepted", "find_unaccepted", "lint"]


@dataclass(frozen=True, slots=True)
class _Judged:
    """All that the rules say, before anything is left out of it."""

    seen: Survey
    rules: Sequence[RuleInfo]
    findings: Sequence[Finding]
    failures: tuple[Failure, ...]
    fallbacks: tuple[Fallback, ...]
    comparison: Comparison
    done: frozenset[int] = frozenset()

    @property
    def fresh(self) -> list[Artifact]:
        """The artifacts that this run has judged by themselves."""
        return [artifact for artifact in self.seen.artifacts if id(artifact) not in self.done]

    @property
    def coverage(self) -> Coverage:
        """How much the run looked at."""
        artifacts: dict[str, list[Artifact]] = {}
        for artifact in self.seen.artifacts:
            artifacts.setdefault(artifact.path, []).append(artifact)
        is_sound = not self.failures and not self.fallbacks and not self.done
        files = {file.path: file for artifact in self.seen.artifacts for file in artifact.files}
        return Coverage(self.seen.scope, artifacts, {rule.code: rule for rule in self.rules}, is_sound, files)


def lint(paths: Sequence[str], request: Request) -> Report:
    """Everything that the rules say about the artifacts among some paths.

    An error of this program while it reads or judges something is a `Failure` of the report, and costs nothing else.

    Raises:
        StoreError: A path, the index or a revision cannot be read.
        SettingsError: The baseline cannot be used.
    """
    baseline = _baseline(request.settings)
    judged = _judge(paths, request)
    seen, coverage = judged.seen, judged.coverage
    settled = settle(judged.findings, coverage, request.settings, all_rules())
    if baseline is not None:
        from artifact_lint.baseline import apply  # noqa: PLC0415 - not for those who have none

        settled = with_baseline(settled, apply(baseline, settled.findings, coverage))
    about, failures = judge_ledger(settled.ledger, judged.rules, request.settings)
    told = list(without_ignored(about, coverage, request.settings))
    findings = [*settled.findings, *(one for one in told if isinstance(one, Finding))]
    accepted = (*settled.accepted, *(one for one in told if isinstance(one, Accepted)))
    fallbacks = (*judged.fallbacks, *_unread_records(judged.fresh, coverage, request))
    places = {finding.artifact for finding in findings}
    files = [file for artifact in judged.fresh for file in artifact.files if file.state is not FileState.MISSING]
    return Report(
        artifacts=tuple(one for one in seen.artifacts if id(one) not in judged.done or one.path in places),
        findings=tuple(sorted(findings, key=lambda one: one.order)),
        suppressed=len(accepted),
        files=len(files),
        size=sum(file.size or 0 for file in files if file.is_readable),
        notes=(
            *(fallback.message for fallback in fallbacks),
            *run_notes.notes(seen, judged.comparison.gone, request),
        ),
        failures=(*judged.failures, *failures),
        fallbacks=fallbacks,
        unchanged=run_notes.unchanged(seen, judged.comparison.gone, judged.done, request),
        accepted=tuple(sorted(accepted, key=lambda one: one.finding.order)),
        base=seen.scope.changes.base if judged.comparison.past is not None else None,
        changes=tuple(_changes(judged.fresh, judged.comparison)) if request.changes else (),
    )


@dataclass(frozen=True, slots=True)
class Unaccepted:
    """What a baseline would have to accept: all findings that nothing else suppresses, and how much was looked at."""

    findings: tuple[Finding, ...]
    coverage: Coverage
    failures: tuple[Failure, ...]
    fallbacks: tuple[Fallback, ...]


def find_unaccepted(paths: Sequence[str], request: Request) -> Unaccepted:
    """What a baseline would have to accept among some paths.

    Raises:
        StoreError: A path cannot be read.
    """
    judged = _judge(paths, request)
    coverage = judged.coverage
    settled = settle(judged.findings, coverage, request.settings, all_rules())
    return Unaccepted(
        tuple(sorted(settled.findings, key=lambda one: one.order)), coverage, judged.failures, judged.fallbacks
    )


def _baseline(settings: Settings) -> Baseline | None:
    if settings.baseline is None:
        return None
    from artifact_lint.baseline_file import load_baseline  # noqa: PLC0415 - as above

    return load_baseline(settings.baseline, all_rules(), settings.baseline_files)


def _judge(paths: Sequence[str], request: Request) -> _Judged:
    seen = survey(paths, request)
    rules = [rule for rule in all_rules() if request.settings.selects(rule)]
    is_compared = any(rule.check_change is not None for rule in rules)
    is_compared = is_compared or request.changes or has_losses(seen.scope)
    comparison = compare_with_base(seen.scope, seen.artifacts, request.settings) if is_compared else Comparison()
    done = _done(seen, request)
    fresh = [artifact for artifact in seen.artifacts if id(artifact) not in done]
    if request.details or any(rule.needs_digests for rule in rules):
        _hash_ahead(fresh, seen.scope, request)
    view = View(seen.artifacts, seen.neighbours, comparison.pairs, done)
    findings, failures = judge(view, rules, request)
    fallbacks = tuple(run_notes.fallbacks(seen.scope, comparison.fallbacks))
    broken = (*seen.failures, *_of_artifacts(seen.scope.tree.failures, seen.artifacts), *comparison.failures, *failures)
    return _Judged(seen, rules, findings, broken, fallbacks, comparison, done)


def _of_artifacts(failures: Iterable[Failure], artifacts: Sequence[Artifact]) -> Iterator[Failure]:
    """Failures, each told once, with the artifact that it is about where it is about one."""
    owners = Owners(artifacts)
    for failure in {(failure.doing, failure.what): failure for failure in failures}.values():
        yield replace(failure, artifact=next((one.path for one in owners.of(failure.path or "")), None))


def _changes(artifacts: Sequence[Artifact], comparison: Comparison) -> Iterator[ArtifactChange]:
    """What changed since the base; nothing of artifacts with a record that could not be read, then or now."""
    if comparison.past is None:
        return
    past = {id(pair.after): pair.before for pair in comparison.pairs}
    for after in artifacts:
        before = past.get(id(after))
        if after.has_unread_record or (before is not None and before.has_unread_record):
            continue
        base_path = before.path if before is not None else None
        change = compare(before.record if before else None, after.record, base_path=base_path, path=after.path)
        if change.says_something:
            yield change
    for gone in comparison.gone:
        yield compare(gone.record, None, base_path=gone.path, path=None)


def _done(seen: Survey, request: Request) -> frozenset[int]:
    """The artifacts (by `id`) that need not be judged by themselves again; each is asked about once."""
    if request.is_done is None:
        return frozenset()
    return frozenset(id(one) for one in seen.artifacts if request.is_done(one, seen.scope.root))


def _unread_records(artifacts: Sequence[Artifact], coverage: Coverage, request: Request) -> Iterator[Fallback]:
    """Records that cannot be read, where the rule that tells of them was left out: what they state is not checked."""
    settings = request.settings
    if settings.selects(unreadable_document) or not replace(settings, only=()).selects(unreadable_document):
        return
    unread = [artifact for artifact in artifacts if artifact.has_unread_record]
    findings, _ = judge(View(unread), [unreadable_document], replace(request, details=False, watch=None))
    told = settle(findings, coverage, settings, all_rules()).findings
    for path in sorted({one.origin.path for one in told if settings.fails(one.severity)}):
        yield Fallback(
            f"{path} cannot be read ({unreadable_document.code}): what it states is not checked", unseen=True
        )


def _hash_ahead(artifacts: Sequence[Artifact], scope: Scope, request: Request) -> None:
    """Compute what rules will ask for, so that they wait for all of it together and not for each."""
    scope.tree.hashes.hash_ahead(
        [
            Job(file.path, file.size or 0, partial(_hash, file, details=request.details))
            for artifact in artifacts
            for file in artifact.files
            if file.is_readable and (request.details or file.kept_here or _has_digest(artifact, file))
        ],
        also={"sha256"} if request.details else (),
        threads=request.jobs,
        open_cache=_user_cache if request.cached else None,
        watch=partial(request.watch, Stage.HASHING) if request.watch is not None else None,
    )


def _has_digest(artifact: Artifact, file: WeightFile) -> bool:
    """Whether a record has a digest of a file, or the index a pointer."""
    if any(mention.digests or mention.parts for mention in file.mentions):
        return True
    return artifact.git is not None and artifact.git.pointer(file.path) is not None


def _hash(file: WeightFile, *, details: bool) -> None:
    _ = file.checks.value, file.digest.value if details else None


def _user_cache() -> DigestCache | None:
    from artifact_lint.cache import user_cache  # noqa: PLC0415 - a database, for those with something to hash

    return user_cache(os.environ)
