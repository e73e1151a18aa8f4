"""Rules to findings: each rule asked about each artifact, its severity settled, what it failed at kept apart."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.model import Finding, Problem, Severity
from artifact_lint.model.report import Failure
from artifact_lint.request import Request, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from artifact_lint.comparison import Pair
    from artifact_lint.model import Artifact
    from artifact_lint.model.suppression import Ledger
    from artifact_lint.rules import RuleInfo
    from artifact_lint.rules.registry import CollectionCheck
    from artifact_lint.settings import Settings

#: Sizes, offsets, lines and digests, which change while a problem stays the same.
_FIGURES = re.compile(r"\b[0-9a-f]{6,}\b|\d+(?:[.,]\d+)*")
#: From this many bytes on, reading an artifact waits long enough for other threads to be of use.
_WORTH_A_THREAD = 1 << 20


class View(NamedTuple):
    """What is judged: the artifacts that were asked for, others in view, and pairs of before and after.

    `done` are those of the former (by `id`) that were judged before, and are so again only together with others.
    """

    artifacts: Sequence[Artifact]
    neighbours: Sequence[Artifact] = ()
    pairs: Sequence[Pair] = ()
    done: frozenset[int] = frozenset()


def judge(view: View, rules: Sequence[RuleInfo], request: Request) -> tuple[list[Finding], list[Failure]]:
    """What the rules say, each finding with its severity and fingerprint, and where a rule itself failed."""
    results = list(_judge_each([one for one in view.artifacts if id(one) not in view.done], rules, request))
    for rule in rules:
        if rule.check_collection is not None:
            results += _judge_together(view, rule, rule.check_collection, request.settings)
    said = {(result.code, result.artifact, result.origin) for result in results if isinstance(result, Finding)}
    for pair in view.pairs:
        for one in _judge_change(pair, rules, request.settings):
            if isinstance(one, Failure) or (one.code, one.artifact, one.origin) not in said:
                results.append(one)
    findings = [result for result in results if isinstance(result, Finding)]
    return _numbered(findings), [result for result in results if isinstance(result, Failure)]


def judge_ledger(ledger: Ledger, rules: Sequence[RuleInfo], settings: Settings) -> tuple[list[Finding], list[Failure]]:
    """What the rules say of what kept findings out of the report."""
    findings: list[Finding] = []
    failures: list[Failure] = []
    for rule in rules:
        if rule.check_ledger is None:
            continue
        try:
            findings += [_stamp(rule, "", problem, settings) for problem in rule.check_ledger(ledger)]
        except Exception as error:  # noqa: BLE001 - as below
            failures.append(Failure(f"judging the suppressions by {rule.code}", error))
    return _numbered(findings), failures


def _judge_each(
    artifacts: Sequence[Artifact], rules: Sequence[RuleInfo], request: Request
) -> Iterator[Finding | Failure]:
    """What the rules say of each artifact, in order; after an interrupt, no other artifact is begun with."""
    asked = [rule for rule in rules if rule.check is not None]
    large = {one.path for one in artifacts if sum(file.size or 0 for file in one.files) >= _WORTH_A_THREAD}
    pool = _threads(request) if large else None
    try:
        apart = [artifact for artifact in artifacts if artifact.path in large]
        judged = pool.map(lambda artifact: list(_judge_one(artifact, asked, request)), apart) if pool else iter(())
        for done, artifact in enumerate(artifacts):
            if request.watch is not None:
                request.watch(Stage.JUDGING, done, len(artifacts))
            yield from next(judged) if artifact.path in large else _judge_one(artifact, asked, request)
    finally:
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _threads(request: Request) -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - it imports logging, and most artifacts are small

    return ThreadPoolExecutor(max_workers=request.jobs or min(8, os.cpu_count() or 1))


def _judge_one(artifact: Artifact, rules: Sequence[RuleInfo], request: Request) -> Iterator[Finding | Failure]:
    is_partly_read = artifact.has_unread_record
    for rule in rules:
        if rule.check is None or (is_partly_read and rule.needs_whole_record):
            continue
        try:
            for problem in rule.check(artifact):
                yield _stamp(rule, artifact.path, problem, request.settings)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other rules are still asked
            yield Failure(f"judging {artifact.path or '.'} by {rule.code}", error, artifact.path)
    if request.details:
        for file in artifact.files:
            _ = file.inspection.value, file.checks.value, file.digest.value


def _judge_together(
    view: View, rule: RuleInfo, check: CollectionCheck, settings: Settings
) -> Iterator[Finding | Failure]:
    """What a rule says of the artifacts that were asked for, which it sees after all others in view."""
    asked = {id(artifact) for artifact in view.artifacts}
    try:
        for artifact, problem in check((*view.neighbours, *view.artifacts)):
            if id(artifact) in asked:
                yield _stamp(rule, artifact.path, problem, settings)
    except Exception as error:  # noqa: BLE001 - as above
        yield Failure(f"judging all artifacts by {rule.code}", error)


def _judge_change(pair: Pair, rules: Sequence[RuleInfo], settings: Settings) -> Iterator[Finding | Failure]:
    for rule in rules:
        if rule.check_change is None:
            continue
        try:
            for problem in rule.check_change(pair.before, pair.after):
                yield _stamp(rule, pair.after.path, problem, settings)
        except Exception as error:  # noqa: BLE001 - as above
            place = pair.after.path
            yield Failure(f"comparing {place or '.'} with what it was by {rule.code}", error, place)


def _stamp(rule: RuleInfo, artifact: str, problem: Problem, settings: Settings) -> Finding:
    """A problem as a finding: the configuration's severity, or the problem's, or the rule's; a guess is no error."""
    configured = settings.severity_of(rule)
    severity = configured or problem.severity or rule.severity
    place = artifact if problem.place is None else problem.place
    if problem.guessed and severity is Severity.ERROR and configured is None:
        severity = Severity.WARNING
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=severity,
        message=problem.message,
        help=problem.help,
        origin=problem.origin,
        artifact=place,
        file=problem.file,
        related=problem.related,
        fixes=problem.fixes,
        fingerprint=f"{rule.code}\0{place}\0{problem.origin.path}\0{_spot(problem)}\0{problem.file}",
    )


def _spot(problem: Problem) -> str:
    """What tells a problem from others in its file: its pointer, or else what is said of it, without the figures.

    Of two problems in a text without pointers, the one that is left keeps its fingerprint when the other is fixed.
    """
    return problem.origin.pointer or _FIGURES.sub("0", problem.message)


def _numbered(findings: Sequence[Finding]) -> list[Finding]:
    """Fingerprints that survive moved lines: of rule, artifact, path and spot, and a number among equals."""
    seen: Counter[str] = Counter()
    numbered = []
    for finding in findings:
        seen[finding.fingerprint] += 1
        text = f"{finding.fingerprint}\0{seen[finding.fingerprint]}"
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        numbered.append(replace(finding, fingerprint=digest))
    return numbered
