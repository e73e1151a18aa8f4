"""Artifacts and rules to findings: the one place where reading and judging meet."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from artifact_lint.assemble import assemble
from artifact_lint.discover import discover
from artifact_lint.model import Artifact, FileState, Finding, Problem, Severity
from artifact_lint.model.report import Failure, Report
from artifact_lint.rules import all_rules
from artifact_lint.scope import Scope, belongs_to, find_scope
from artifact_lint.stores.base import EntryKind, StoreError
from artifact_lint.suppress import is_suppressed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from artifact_lint.rules import RuleInfo
    from artifact_lint.rules.registry import CollectionCheck
    from artifact_lint.settings import Settings


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is asked for.

    `staged` reads the git index instead of the working tree; `revision` keeps the artifacts that were touched since
    it; `jobs` bounds the threads that read files. `details` reads and hashes every file whether a rule asks for it or
    not: for reports that list what is in them.
    """

    settings: Settings
    staged: bool = False
    revision: str | None = None
    jobs: int | None = None
    details: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """The artifacts among some paths, before they are judged; `strangers` are named files that belong to none.

    `failures` are artifacts that this program failed to put together.
    """

    scope: Scope
    artifacts: tuple[Artifact, ...]
    strangers: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def survey(paths: Sequence[str], request: Request) -> Survey:
    """What there is among some paths, read but not judged.

    Raises:
        StoreError: A path, the index or a revision cannot be read.
    """
    settings = request.settings
    scope = find_scope(
        paths, excludes=settings.exclude, staged=request.staged, revision=request.revision, limits=settings.limits
    )
    everything: list[Artifact] = []
    failures: list[Failure] = []
    for found in discover(scope.tree, scope.named):
        try:
            everything.append(assemble(scope.tree, found, settings.options))
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other artifacts are still judged
            failures.append(Failure(f"reading {found.path or '.'}", error, found.path, found.path))
    artifacts = tuple(artifact for artifact in everything if scope.covers(artifact, everything))
    strangers = [path for path in sorted(scope.named) if not any(belongs_to(path, one, artifacts) for one in artifacts)]
    return Survey(scope, artifacts, tuple(strangers), tuple(failures))


def lint(paths: Sequence[str], request: Request) -> Report:
    """Everything that the rules say about the artifacts among some paths.

    An error of this program while it reads or judges something is a `Failure` of the report, and costs nothing else.

    Raises:
        StoreError: A path, the index or a revision cannot be read.
    """
    seen = survey(paths, request)
    rules = [rule for rule in all_rules() if request.settings.selects(rule)]
    findings, failures = _judge(seen.artifacts, rules, request)
    kept = [finding for finding in findings if not is_suppressed(finding, request.settings.per_path_ignores)]
    files = [file for artifact in seen.artifacts for file in artifact.files if file.state is not FileState.MISSING]
    return Report(
        artifacts=seen.artifacts,
        findings=tuple(sorted(kept, key=_order)),
        suppressed=len(findings) - len(kept),
        files=len(files),
        size=sum(file.size or 0 for file in files if file.state is FileState.PRESENT),
        notes=(
            *(_stranger(path, seen.scope) for path in seen.strangers),
            *_not_checked(request.settings),
        ),
        failures=(*seen.failures, *_of_artifacts(seen.scope.tree.failures, seen.artifacts), *failures),
    )


def _of_artifacts(failures: Iterable[Failure], artifacts: Sequence[Artifact]) -> Iterator[Failure]:
    """Failures, each told once, with the artifact that it is about where it is about one."""
    for failure in {(failure.doing, failure.what): failure for failure in failures}.values():
        owners = (one.path for one in artifacts if belongs_to(failure.path or "", one, artifacts))
        yield replace(failure, artifact=next(owners, None))


_NOT_FOLLOWED = {
    EntryKind.ESCAPING_LINK: "is a link that leads out of the repository, and is not followed",
    EntryKind.BROKEN_LINK: "is a link that leads to nothing",
    EntryKind.SPECIAL: "is no regular file, and is not read",
}


def _not_checked(settings: Settings) -> Iterator[str]:
    """What the configuration asks of a stage that no rule of this release answers: silence would pass for a check."""
    for name, stage in settings.options.stages.items():
        asked = {"signed": stage.signed, "requires": stage.requires, "metrics": stage.metrics}
        asked["max-size"] = stage.max_size is not None
        keys = ", ".join(key for key, value in asked.items() if value)
        if keys:
            yield f"stages.{name}: {keys} cannot be checked by this release"


def _stranger(path: str, scope: Scope) -> str:
    entry = scope.store.entry(path)
    reason = _NOT_FOLLOWED.get(entry.kind) if entry is not None else None
    return f"{path} {reason or 'is no model artifact and belongs to none'}"


#: From this many bytes on, reading an artifact waits long enough for other threads to be of use.
_WORTH_A_THREAD = 1 << 20


def _judge(
    artifacts: Sequence[Artifact], rules: Sequence[RuleInfo], request: Request
) -> tuple[list[Finding], list[Failure]]:
    large = {one.path for one in artifacts if sum(file.size or 0 for file in one.files) >= _WORTH_A_THREAD}
    results: list[Finding | Failure] = []
    with ThreadPoolExecutor(max_workers=request.jobs or min(8, os.cpu_count() or 1)) as pool:
        apart = [artifact for artifact in artifacts if artifact.path in large]
        judged = pool.map(lambda artifact: list(_judge_one(artifact, rules, request)), apart)
        for artifact in artifacts:
            results += next(judged) if artifact.path in large else _judge_one(artifact, rules, request)
    for rule in rules:
        if rule.check_collection is not None:
            results += _judge_together(artifacts, rule, rule.check_collection, request.settings)
    findings = [result for result in results if isinstance(result, Finding)]
    return _numbered(findings), [result for result in results if isinstance(result, Failure)]


def _judge_one(artifact: Artifact, rules: Sequence[RuleInfo], request: Request) -> Iterator[Finding | Failure]:
    for rule in rules:
        if rule.check is None or (rule.needs_whole_record and artifact.has_unread_record):
            continue
        try:
            for problem in rule.check(artifact):
                yield _stamp(rule, artifact, problem, request.settings)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other rules are still asked
            yield Failure(f"judging {artifact.path or '.'} by {rule.code}", error, artifact.path)
    if request.details:
        for file in artifact.files:
            _ = file.inspection.value, file.checks.value, file.digest.value


def _judge_together(
    artifacts: Sequence[Artifact], rule: RuleInfo, check: CollectionCheck, settings: Settings
) -> Iterator[Finding | Failure]:
    try:
        for artifact, problem in check(artifacts):
            yield _stamp(rule, artifact, problem, settings)
    except Exception as error:  # noqa: BLE001 - as above
        yield Failure(f"judging all artifacts by {rule.code}", error)


def _stamp(rule: RuleInfo, artifact: Artifact, problem: Problem, settings: Settings) -> Finding:
    """A problem as a finding: the configuration's severity, or the problem's, or the rule's; a guess is no error."""
    severity = settings.severity_of(rule) or problem.severity or rule.severity
    if problem.guessed and severity is Severity.ERROR and settings.severity_of(rule) is None:
        severity = Severity.WARNING
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=severity,
        message=problem.message,
        help=problem.help,
        origin=problem.origin,
        artifact=artifact.path,
        file=problem.file,
        related=problem.related,
        fixes=problem.fixes,
        fingerprint=f"{rule.code}\0{artifact.path}\0{problem.origin.path}\0{problem.origin.pointer}\0{problem.file}",
    )


def _numbered(findings: Sequence[Finding]) -> list[Finding]:
    """Fingerprints that survive moved lines: of rule, artifact, path and pointer, and a number among equals."""
    seen: Counter[str] = Counter()
    numbered = []
    for finding in findings:
        seen[finding.fingerprint] += 1
        text = f"{finding.fingerprint}\0{seen[finding.fingerprint]}"
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        numbered.append(replace(finding, fingerprint=digest))
    return numbered


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return finding.origin.path, finding.origin.line, finding.code, finding.message
