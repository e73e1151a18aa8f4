"""What keeps findings out of a report: comments in records, the configuration, and the baseline; each tells why.

Everything that covers a finding counts as used; the baseline is asked about what nothing else suppresses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from artifact_lint.document import DocumentError, Syntax, parse_front_matter
from artifact_lint.model.suppression import Accepted, Ledger, Means, Suppression
from artifact_lint.selectors import match_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from artifact_lint.baseline import Applied
    from artifact_lint.coverage import Coverage
    from artifact_lint.document import Document
    from artifact_lint.markers import Markers
    from artifact_lint.model import Artifact, Finding, Origin
    from artifact_lint.model.options import PathIgnore
    from artifact_lint.rules import RuleInfo
    from artifact_lint.settings import Settings
    from artifact_lint.tree import Tree

_MAY_BE_MARKED = re.compile("artifact[-_ ]?lint", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Settled:
    """The findings that are left, those that are not, and what there is to say about what kept them out."""

    findings: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]
    ledger: Ledger


def settle(findings: Sequence[Finding], coverage: Coverage, settings: Settings, rules: Sequence[RuleInfo]) -> Settled:
    """What is left of findings once comments and configuration have been heard; `rules` are all that there are."""
    markers = dict(_markers(findings, coverage, rules))
    ignores = _placed(settings.per_path_ignores, coverage)
    used_comments: set[tuple[Origin, str]] = set()
    used_codes: set[tuple[int, str]] = set()
    kept: list[Finding] = []
    accepted: list[Accepted] = []
    for finding in findings:
        ways = [
            *_in_comments(finding, markers, used_comments),
            *_in_configuration(finding, ignores, used_codes),
        ]
        if ways:
            accepted.append(ways[0])
        else:
            kept.append(finding)
    suppressions = (
        *_told_comments(markers, coverage, used_comments),
        *_told_ignores(ignores, coverage, used_codes),
    )
    return Settled(tuple(kept), tuple(accepted), Ledger(suppressions if coverage.artifacts else ()))


def with_baseline(settled: Settled, applied: Applied) -> Settled:
    """What is left once the baseline has been heard, too."""
    ledger = Ledger(settled.ledger.suppressions, applied.stale)
    return Settled(applied.findings, (*settled.accepted, *applied.accepted), ledger)


def without_ignored(
    findings: Iterable[Finding], coverage: Coverage, settings: Settings
) -> Iterator[Finding | Accepted]:
    """Findings about suppressions, of which the configuration alone may leave some out."""
    ignores = _placed(settings.per_path_ignores, coverage)
    for finding in findings:
        yield next(_in_configuration(finding, ignores, set()), finding)


def _ignoring_code(finding: Finding, ignore: PathIgnore) -> str | None:
    file = (finding.file or "").partition("!")[0]
    places = {place for place in (finding.origin.path, file, finding.artifact) if place}
    if not any(fnmatchcase(place, ignore.pattern) for place in places):
        return None
    return next((code for code in ignore.codes if match_length(code, finding) >= 0), None)


def _in_configuration(
    finding: Finding, ignores: Sequence[PathIgnore], used: set[tuple[int, str]]
) -> Iterator[Accepted]:
    for index, ignore in enumerate(ignores):
        if _ignoring_code(finding, ignore) is None:
            continue
        used.update((index, code) for code in ignore.codes if match_length(code, finding) >= 0)
        yield Accepted(finding, Means.CONFIGURATION, ignore.origin, ignore.reason.strip())


def _placed(ignores: Iterable[PathIgnore], coverage: Coverage) -> tuple[PathIgnore, ...]:
    """The ignores of the configuration with the place of its file as everything else in the report is spelled."""
    return tuple(replace(one, origin=replace(one.origin, path=coverage.relative(one.origin.path))) for one in ignores)


def _in_comments(finding: Finding, markers: Mapping[str, Markers], used: set[tuple[Origin, str]]) -> Iterator[Accepted]:
    known = markers.get(finding.origin.path)
    for marker in known.covering(finding.origin.line, finding.code) if known is not None else ():
        used.add((marker.origin, finding.code))
        yield Accepted(finding, Means.INLINE, marker.origin, marker.reason)


def _markers(
    findings: Iterable[Finding], coverage: Coverage, rules: Sequence[RuleInfo]
) -> Iterator[tuple[str, Markers]]:
    """The comments in the records of the artifacts that were looked at, and in whatever findings point at."""
    artifacts = [artifact for several in coverage.artifacts.values() for artifact in several]
    paths = {source.path for artifact in artifacts for source in artifact.record.sources}
    for path in sorted(paths.union(finding.origin.path for finding in findings)):
        found = _markers_in(path, coverage.scope.tree, rules)
        if found is not None:
            yield path, found


def _markers_in(path: str, tree: Tree, rules: Sequence[RuleInfo]) -> Markers | None:
    document = _front_matter(path, tree) if path.lower().endswith(".md") else tree.known_document(path)
    if document is None or document.syntax is Syntax.JSON:
        return None
    source = document.root.source
    if _MAY_BE_MARKED.search(source.content) is None:
        return None
    from artifact_lint.markers import find_markers  # noqa: PLC0415 - few records have any

    return find_markers(source, document.syntax, rules)


def _front_matter(path: str, tree: Tree) -> Document | None:
    data = tree.read(path)
    if data is None or _MAY_BE_MARKED.search(data.decode("utf-8", "replace")) is None:
        return None
    try:
        return parse_front_matter(path, data, tree.limits)
    except DocumentError:
        return None


def _told_comments(
    markers: Mapping[str, Markers], coverage: Coverage, used: set[tuple[Origin, str]]
) -> Iterator[Suppression]:
    for path, known in markers.items():
        owners = [one for several in coverage.artifacts.values() for one in several if _is_of(path, one)]
        for marker in known.markers:
            unused = [
                code
                for code in marker.codes
                if (marker.origin, code) not in used and _is_asked_at(code, path, owners, coverage)
            ]
            yield Suppression(
                origin=marker.origin,
                means=Means.INLINE,
                title="this comment",
                place=owners[0].path if owners else path,
                reason=marker.reason,
                unused=tuple(unused),
                flaws=marker.flaws,
            )


def _is_of(path: str, artifact: Artifact) -> bool:
    return any(source.path == path for source in artifact.record.sources) or artifact.origin.path == path


def _is_asked_at(code: str, path: str, owners: Sequence[Artifact], coverage: Coverage) -> bool:
    return coverage.asked(code) and coverage.is_over(path) and all(coverage.sees_all_of(code, one) for one in owners)


def _told_ignores(
    ignores: Sequence[PathIgnore], coverage: Coverage, used: set[tuple[int, str]]
) -> Iterator[Suppression]:
    for index, ignore in enumerate(ignores):
        unused = [code for code in ignore.codes if (index, code) not in used and _is_asked_by(code, ignore, coverage)]
        yield Suppression(
            origin=ignore.origin,
            means=Means.CONFIGURATION,
            title=f'per-path-ignores."{ignore.pattern}"',
            place=ignore.origin.path,
            reason=ignore.reason.strip(),
            unused=tuple(unused),
        )


def _is_asked_by(selector: str, ignore: PathIgnore, coverage: Coverage) -> bool:
    """Whether a run would have found whatever an entry of the configuration is there for.

    It is over all that the configuration is for; of the rules that the code names, it asked those that can be asked
    without a comparison, and they could see the whole of every artifact that the pattern may mean.
    """
    meant = [
        rule for rule in coverage.rules.values() if match_length(selector, rule) >= 0 and rule.check_ledger is None
    ]
    askable = [rule for rule in meant if rule.check is not None or rule.check_collection is not None]
    if not askable or not coverage.is_over(ignore.origin.path.rpartition("/")[0]):
        return False
    touched = [one for several in coverage.artifacts.values() for one in several if _may_be_meant(ignore, one)]
    return all(
        coverage.asked(rule.code) and all(coverage.sees_all_of(rule.code, one) for one in touched) for rule in askable
    )


def _may_be_meant(ignore: PathIgnore, artifact: Artifact) -> bool:
    places = {artifact.path, *(file.path for file in artifact.files), *(one.path for one in artifact.record.sources)}
    return any(fnmatchcase(place, ignore.pattern) for place in places)
