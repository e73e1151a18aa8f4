"""Artifacts and rules to findings: the one place where reading and judging meet."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from artifact_lint.assemble import assemble_all
from artifact_lint.comparison import Comparison, compare_with_base, has_losses
from artifact_lint.hash_pool import Job
from artifact_lint.judging import View, judge, judge_ledger
from artifact_lint.look import Look
from artifact_lint.model import Artifact, FileState, Finding
from artifact_lint.model.drift import compare
from artifact_lint.model.report import Failure, Fallback, Report
from artifact_lint.model.suppression import Accepted
from artifact_lint.request import Request, Stage
from artifact_lint.rules import all_rules
from artifact_lint.rules.manifests import unreadable_document
from artifact_lint.scope import Owners, Scope, find_scope
from artifact_lint.stores.base import EntryKind
from artifact_lint.stores.revision import SnapshotStore
from artifact_lint.suppress import settle, with_baseline, without_ignored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from artifact_lint.baseline import Baseline
    from artifact_lint.cache import DigestCache
    from artifact_lint.model import WeightFile
    from artifact_lint.model.drift import ArtifactChange
    from artifact_lint.rules import RuleInfo
    from artifact_lint.settings import Settings

__all__ = ["Request", "Stage", "Survey", "Unaccepted", "find_unaccepted", "lint", "survey"]


@dataclass(frozen=True, slots=True)
class Survey:
    """The artifacts among some paths, before they are judged; `strangers` are named files that belong to none.

    `neighbours` are artifacts that came into view and were not asked for. `failures` are those that this program failed
    to put together.
    """

    scope: Scope
    artifacts: tuple[Artifact, ...]
    neighbours: tuple[Artifact, ...] = ()
    strangers: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def survey(paths: Sequence[str], request: Request) -> Survey:
    """What there is among some paths, read but not judged.

    Raises:
        StoreError: A path, the index or a revision cannot be read.
    """
    settings = request.settings
    scope = find_scope(
        paths,
        excludes=settings.exclude,
        staged=request.staged,
        since=request.since,
        revision=request.revision,
        limits=settings.limits,
    )
    everything, failures = assemble_all(scope.tree, settings.options, scope.named, scope.may_ask_for)
    artifacts = tuple(scope.covered(everything))
    asked = {id(artifact) for artifact in artifacts}
    neighbours = tuple(artifact for artifact in everything if id(artifact) not in asked)
    owners = Owners(artifacts)
    strangers = [path for path in sorted(scope.named) if not owners.of(path)]
    return Survey(scope, artifacts, neighbours, tuple(strangers), tuple(failures))


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
    def look(self) -> Look:
        """How much the run looked at."""
        artifacts: dict[str, list[Artifact]] = {}
        for artifact in self.seen.artifacts:
            artifacts.setdefault(artifact.path, []).append(artifact)
        is_sound = not self.failures and not self.fallbacks and not self.done
        files = {file.path: file for artifact in self.seen.artifacts for file in artifact.files}
        return Look(self.seen.scope, artifacts, {rule.code: rule for rule in self.rules}, is_sound, files)


def lint(paths: Sequence[str], request: Request) -> Report:
    """Everything that the rules say about the artifacts among some paths.

    An error of this program while it reads or judges something is a `Failure` of the report, and costs nothing else.

    Raises:
        StoreError: A path, the index or a revision cannot be read.
        SettingsError: The baseline cannot be used.
    """
    baseline = _baseline(request.settings)
    judged = _judge(paths, request)
    seen, look = judged.seen, judged.look
    settled = settle(judged.findings, look, request.settings, all_rules())
    if baseline is not None:
        from artifact_lint.baseline import apply  # noqa: PLC0415 - not for those who have none

        settled = with_baseline(settled, apply(baseline, settled.findings, look))
    about, failures = judge_ledger(settled.ledger, judged.rules, request.settings)
    told = list(without_ignored(about, look, request.settings))
    findings = [*settled.findings, *(one for one in told if isinstance(one, Finding))]
    accepted = (*settled.accepted, *(one for one in told if isinstance(one, Accepted)))
    fallbacks = (*judged.fallbacks, *_unread_records(judged.fresh, look, request))
    places = {finding.artifact for finding in findings}
    files = [file for artifact in judged.fresh for file in artifact.files if file.state is not FileState.MISSING]
    return Report(
        artifacts=tuple(one for one in seen.artifacts if id(one) not in judged.done or one.path in places),
        findings=tuple(sorted(findings, key=_order)),
        suppressed=len(accepted),
        files=len(files),
        size=sum(file.size or 0 for file in files if file.is_readable),
        notes=(
            *(fallback.message for fallback in fallbacks),
            *_gone(judged.comparison.gone, seen.scope, request),
            *(_stranger(path, seen.scope) for path in seen.strangers),
            *_links_out(seen),
            *_not_compared(seen.scope),
            *_not_checked(request.settings),
        ),
        failures=(*judged.failures, *failures),
        fallbacks=fallbacks,
        unchanged=_unchanged(seen, judged.comparison.gone, judged.done, request),
        accepted=tuple(sorted(accepted, key=lambda one: one.place)),
        base=seen.scope.changes.base if judged.comparison.past is not None else None,
        changes=tuple(_drift(judged.fresh, judged.comparison)) if request.drift else (),
    )


@dataclass(frozen=True, slots=True)
class Unaccepted:
    """What a baseline would have to accept: all findings that nothing else suppresses, and how much was looked at."""

    findings: tuple[Finding, ...]
    look: Look
    failures: tuple[Failure, ...]
    fallbacks: tuple[Fallback, ...]


def find_unaccepted(paths: Sequence[str], request: Request) -> Unaccepted:
    """What a baseline would have to accept among some paths.

    Raises:
        StoreError: A path cannot be read.
    """
    judged = _judge(paths, request)
    look = judged.look
    settled = settle(judged.findings, look, request.settings, all_rules())
    return Unaccepted(tuple(sorted(settled.findings, key=_order)), look, judged.failures, judged.fallbacks)


def _baseline(settings: Settings) -> Baseline | None:
    if settings.baseline is None:
        return None
    from artifact_lint.baseline import load_baseline  # noqa: PLC0415 - as above

    return load_baseline(settings.baseline, all_rules(), settings.baseline_files)


def _judge(paths: Sequence[str], request: Request) -> _Judged:
    seen = survey(paths, request)
    rules = [rule for rule in all_rules() if request.settings.selects(rule)]
    is_compared = any(rule.check_change is not None for rule in rules)
    is_compared = is_compared or request.drift or has_losses(seen.scope)
    comparison = compare_with_base(seen.scope, seen.artifacts, request.settings) if is_compared else Comparison()
    done = _done(seen, request)
    fresh = [artifact for artifact in seen.artifacts if id(artifact) not in done]
    if request.details or any(rule.needs_digests for rule in rules):
        _hash_ahead(fresh, seen.scope, request)
    view = View(seen.artifacts, seen.neighbours, comparison.pairs, done)
    findings, failures = judge(view, rules, request)
    stated = seen.scope.changes.fallback
    fallbacks = (*([stated] if stated else []), *comparison.fallbacks, *_unasked(seen.scope), *_not_here(seen.scope))
    broken = (*seen.failures, *_of_artifacts(seen.scope.tree.failures, seen.artifacts), *comparison.failures, *failures)
    return _Judged(seen, rules, findings, broken, fallbacks, comparison, done)


def _of_artifacts(failures: Iterable[Failure], artifacts: Sequence[Artifact]) -> Iterator[Failure]:
    """Failures, each told once, with the artifact that it is about where it is about one."""
    owners = Owners(artifacts)
    for failure in {(failure.doing, failure.what): failure for failure in failures}.values():
        yield replace(failure, artifact=next((one.path for one in owners.of(failure.path or "")), None))


def _drift(artifacts: Sequence[Artifact], comparison: Comparison) -> Iterator[ArtifactChange]:
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


#: How many artifacts that are gone are named.
_SHOWN_GONE = 10


def _gone(gone: Sequence[Artifact], scope: Scope, request: Request) -> Iterator[str]:
    """The artifacts that were deleted: no rule sees them any more."""
    since = _shown_since(request) or (scope.changes.base or "")[:12]
    for artifact in gone[:_SHOWN_GONE]:
        record = artifact.record
        title = " ".join(text for text in (record.name.value, record.version.value) if text)
        yield f"{artifact.path or '.'}{f' ({title})' if title else ''} is gone since {since}"
    if len(gone) > _SHOWN_GONE:
        yield f"{len(gone) - _SHOWN_GONE:,} more artifacts are gone since {since}"


def _unchanged(seen: Survey, gone: Sequence[Artifact], done: frozenset[int], request: Request) -> str:
    """What there is to say where nothing that changed, or that was not judged before, is to be judged; else empty."""
    if request.is_done is not None and seen.artifacts and len(done) == len(seen.artifacts):
        return "all of it was linted before"
    if seen.artifacts or seen.failures or seen.scope.changes.touched is None:
        return ""
    what = "is staged" if request.staged else f"changed since {_shown_since(request)}"
    return f"nothing that {what} belongs to a model artifact{' that is still there' if gone else ''}"


def _shown_since(request: Request) -> str:
    """The revision as the user named it; ids, which hooks name, in short."""
    since = request.since or ""
    return since[:12] if _ID.fullmatch(since) else since


_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


_NOT_FOLLOWED = {
    EntryKind.ESCAPING_LINK: "is a link that leads out of the repository, and is not followed",
    EntryKind.BROKEN_LINK: "is a link that leads to nothing",
    EntryKind.SPECIAL: "is no regular file, and is not read",
}


def _not_checked(settings: Settings) -> Iterator[str]:
    """What the configuration asks of a stage that no rule of this release answers: silence would pass for a check."""
    for name, stage in settings.options.stages.items():
        asked = {"requires": stage.requires, "metrics": stage.metrics, "max-size": stage.max_size is not None}
        keys = ", ".join(key for key, value in asked.items() if value)
        if keys:
            yield f"stages.{name}: {keys} cannot be checked by this release"


def _not_compared(scope: Scope) -> Iterator[str]:
    if not scope.all_namesakes:
        yield "too many records elsewhere: whether others state the same name and version was not looked at for all"


def _unasked(scope: Scope) -> Iterator[Fallback]:
    """Why git did not answer: silence would pass for a check."""
    trouble = scope.tree.git.trouble if scope.tree.git is not None else None
    if trouble is not None and (scope.changes.fallback is None or trouble not in scope.changes.fallback.message):
        yield Fallback(f"what git knows of the files was not seen: {trouble}")


def _not_here(scope: Scope) -> Iterator[Fallback]:
    """What of a commit, or of the index, git does not have, so that the run cannot answer for it."""
    unread = scope.store.unread if isinstance(scope.store, SnapshotStore) else {}
    if unread:
        path, reason = next(iter(unread.items()))
        rest = f" and {len(unread) - 1:,} more" if len(unread) > 1 else ""
        yield Fallback(f"not read: {path}{rest} in {scope.store.label}; {reason}", unseen=True)


def _stranger(path: str, scope: Scope) -> str:
    entry = scope.store.entry(path)
    reason = _NOT_FOLLOWED.get(entry.kind) if entry is not None else None
    return f"{path} {reason or 'is no model artifact and belongs to none'}"


#: How many links a note names.
_SHOWN_LINKS = 3


def _links_out(seen: Survey) -> Iterator[str]:
    """The links in view that are not followed and that no finding is about: silence would pass for a check."""
    scope = seen.scope
    told = {file.path for artifact in seen.artifacts for file in artifact.files} | set(seen.strangers)
    told |= {remark.origin.path for artifact in seen.artifacts for remark in artifact.record.remarks}
    paths = [entry.path for entry in scope.tree.entries() if entry.kind is EntryKind.ESCAPING_LINK]
    untold = [path for path in paths if path not in told and scope.may_ask_for([path])]
    if untold:
        more = f" and {len(untold) - _SHOWN_LINKS} more" if len(untold) > _SHOWN_LINKS else ""
        names = ", ".join(untold[:_SHOWN_LINKS])
        yield f"links that lead out of the directory are not followed: {names}{more}"


def _done(seen: Survey, request: Request) -> frozenset[int]:
    """The artifacts (by `id`) that need not be judged by themselves again; each is asked about once."""
    if request.is_done is None:
        return frozenset()
    return frozenset(id(one) for one in seen.artifacts if request.is_done(one, seen.scope.root))


def _unread_records(artifacts: Sequence[Artifact], look: Look, request: Request) -> Iterator[Fallback]:
    """Records that cannot be read, where the rule that tells of them was left out: what they state is not checked."""
    settings = request.settings
    if settings.selects(unreadable_document) or not replace(settings, only=()).selects(unreadable_document):
        return
    unread = [artifact for artifact in artifacts if artifact.has_unread_record]
    findings, _ = judge(View(unread), [unreadable_document], replace(request, details=False, watch=None))
    told = settle(findings, look, settings, all_rules()).findings
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


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return finding.origin.path, finding.origin.line, finding.code, finding.message
