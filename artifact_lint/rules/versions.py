"""NAM: does every version stand for one model, and a higher one for a newer model?"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from artifact_lint.model import Problem, Related, Severity
from artifact_lint.model.agreement import same_name
from artifact_lint.policy.versions import compare
from artifact_lint.rules.contents import configuration_differences, have_other_weights
from artifact_lint.rules.registry import collection_rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.model import Artifact, Fact


def _versioned(artifacts: Sequence[Artifact]) -> Iterator[tuple[Artifact, Fact[str], Fact[str]]]:
    for artifact in artifacts:
        name, version = artifact.record.name.best, artifact.record.version.best
        if name and version and not name.guessed and not version.guessed:
            yield artifact, name, version


@collection_rule("NAM013", "duplicate-version", severity=Severity.ERROR, tags=("naming", "integrity"))
def duplicate_version(artifacts: Sequence[Artifact]) -> Iterator[tuple[Artifact, Problem]]:
    """The same name and version stands twice, with different contents.

    ## Why is this bad?
    Which of the two is served depends on which was copied last.

    ## How to fix
    Give the newer one a new version, or remove one of them.
    """
    groups: dict[tuple[str, str], list[tuple[Artifact, Fact[str]]]] = defaultdict(list)
    for artifact, name, version in _versioned(artifacts):
        groups[name.value, version.value].append((artifact, version))
    for (name_value, version_value), members in groups.items():
        first, first_version = members[0]
        for other, other_version in members[1:]:
            what = _what_differs(first, other)
            if what:
                yield (
                    other,
                    Problem(
                        other_version.origin,
                        f"{name_value} {version_value} is also at {first.path or '.'}, with {what}",
                        "Give one of them a new version.",
                        related=(Related(first_version.origin, "the same version, other contents"),),
                    ),
                )


def _what_differs(one: Artifact, other: Artifact) -> str | None:
    if have_other_weights(one, other):
        return "other weights"
    difference = next((found for found in configuration_differences(one, other) if not found.guessed), None)
    return f"other contents: {difference.what}" if difference else None


def _against_the_base(before: Artifact, after: Artifact) -> Iterator[Problem]:
    """A version that went backwards; an older model that is restored with its version is none."""
    past, version = before.record.version.best, after.record.version.best
    names = before.record.name.best, after.record.name.best
    if past is None or version is None or (names[0] and names[1] and not same_name(names[0].value, names[1].value)):
        return
    made, was_made = _moment(after.record.created.value), _moment(before.record.created.value)
    is_restored = made is not None and was_made is not None and made < was_made
    if (compare(version.value, past.value) or 0) < 0 and not is_restored:
        message = f"the version went back from {past.value} to {version.value}"
        advice = f"Raise the version above {past.value}."
        yield Problem(version.origin, message, advice, guessed=past.guessed or version.guessed)


@collection_rule(
    "NAM014", "version-not-increasing", severity=Severity.WARNING, tags=("naming",), of_changes=_against_the_base
)
def version_not_increasing(artifacts: Sequence[Artifact]) -> Iterator[tuple[Artifact, Problem]]:
    """A newer model has a lower version than an older one of the same name.

    Versions are compared where both are of one scheme, pre-releases before their release. The older model is another
    artifact of that name, by what both state as `created`, or what the same artifact was at the base revision of
    `--since` or `--staged`.

    ## Why is this bad?
    Whoever takes the highest version takes the old model.

    ## How to fix
    Give the newer one the higher version.
    """
    groups: dict[str, list[tuple[datetime, Artifact, Fact[str]]]] = defaultdict(list)
    for artifact, name, version in _versioned(artifacts):
        created = _moment(artifact.record.created.value)
        if created is not None:
            groups[name.value].append((created, artifact, version))
    for name_value, members in groups.items():
        oldest_first = sorted(members, key=lambda member: member[0])
        for (_, older, older_version), (_, newer, newer_version) in pairwise(oldest_first):
            if (compare(newer_version.value, older_version.value) or 0) < 0:
                message = (
                    f"{name_value} {newer_version.value} is newer than {older_version.value} at {older.path or '.'}, "
                    "but its version is lower"
                )
                related = (Related(older_version.origin, "the older model's version"),)
                advice = f"Raise the version above {older_version.value}."
                yield newer, Problem(newer_version.origin, message, advice, related=related)


def _moment(created: str | None) -> datetime | None:
    """A time with a zone; None for any other, which cannot be compared with one."""
    try:
        moment = datetime.fromisoformat(created or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
