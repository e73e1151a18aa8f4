"""LIF: does what was published stay what it was?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import Problem, Related, Severity
from artifact_lint.model.agreement import same_name
from artifact_lint.policy.versions import are_equal, is_unfinished, same
from artifact_lint.rules.contents import differences
from artifact_lint.rules.registry import change_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact

#: How many changes a message names.
_MOST_NAMED = 4
#: The stage in which nothing is published yet.
_EXPERIMENT = "experiment"


@change_rule("LIF201", "published-version-changed", severity=Severity.ERROR, tags=("lifecycle", "integrity"))
def published_version_changed(before: Artifact, after: Artifact) -> Iterator[Problem]:
    """Weights, configuration or feature schema changed under a version that was published.

    Compared with the base revision of `--since`, and with `--staged` with what others may already have: where HEAD left
    the remote's default branch, or HEAD itself where there is no remote. A version is published once it is stated
    there, in any stage but `experiment`; one that first appears in the change is not. A release candidate is published:
    somebody evaluates it. So is 0.x, whose interface may change with every version, but never within one. A version
    that calls itself unfinished (`dev`, `snapshot`, `nightly`, `draft`, `wip`) is not. An artifact that stated no
    version is not looked at; one that states none any more still answers for the one it had, and so does one whose
    version is spelled otherwise and ranks alike: `1.2` and `1.2.0+build5` are no versions after 1.2.0.

    Comments, formatting, the order of keys, descriptions, licenses, aliases and stages may change, and so may the
    places of files whose content stays. A value that was not stated before contradicts nothing: digests, sizes, ranges
    and types may be added. A column or a hyperparameter that is added, removed, or moved in a list is a change.

    ## Why is this bad?
    Whoever evaluated, approved or pinned that version now gets another model under the same name.

    ## How to fix
    Restore what was published, or give the changed model a new version.
    """
    past, version = before.record.version.best, after.record.version.best
    if past is None or not _is_published(before) or (version is not None and not are_equal(past.value, version.value)):
        return
    names = before.record.name.best, after.record.name.best
    if names[0] and names[1] and not same_name(names[0].value, names[1].value):
        return
    if before.has_unread_record or after.has_unread_record:
        return
    changed = list(differences(before, after))
    if not changed:
        return
    named = "; ".join(one.what for one in changed[:_MOST_NAMED])
    rest = f"; and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
    contents = f"was published with other contents: {named}{rest}"
    origin = version.origin if version else after.origin
    if version is None:
        message = f"the version is gone, and {past.value} {contents}"
    elif same(past.value, version.value):
        message = f"{version.value} {contents}"
    else:
        message = f"{version.value} ranks as {past.value} does, which {contents}"
    yield Problem(
        origin,
        message,
        "Restore what was published, or give the changed model a new version.",
        related=tuple(Related(one.origin, one.what) for one in changed if one.origin != origin),
        guessed=past.guessed or (version is not None and version.guessed) or all(one.guessed for one in changed),
    )


def _is_published(artifact: Artifact) -> bool:
    version, stage = artifact.record.version.value, artifact.record.stage.value
    return version is not None and not is_unfinished(version) and (stage or "").strip().casefold() != _EXPERIMENT
