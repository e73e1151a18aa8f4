"""What a run says about itself: what it did not look at, or could not, where silence would pass for a check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from artifact_lint.model.report import Fallback
from artifact_lint.stores.base import EntryKind
from artifact_lint.stores.revision import SnapshotStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from artifact_lint.model import Artifact
    from artifact_lint.request import Request
    from artifact_lint.scope import Scope
    from artifact_lint.settings import Settings
    from artifact_lint.survey import Survey

#: How many artifacts that are gone are named.
_SHOWN_GONE = 10
#: How many links a note names.
_SHOWN_LINKS = 3
#: The id of an object in SHA-1 or SHA-256 repositories.
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NOT_FOLLOWED = {
    EntryKind.ESCAPING_LINK: "is a link that leads out of the repository, and is not followed",
    EntryKind.BROKEN_LINK: "is a link that leads to nothing",
    EntryKind.SPECIAL: "is no regular file, and is not read",
}


def notes(seen: Survey, gone: Sequence[Artifact], request: Request) -> Iterator[str]:
    """The lines about a run, for people: what is gone, what was passed over, and what cannot be checked."""
    yield from _gone(gone, seen.scope, request)
    yield from (_stranger(path, seen.scope) for path in seen.strangers)
    yield from _links_out(seen)
    yield from _not_compared(seen.scope)
    yield from _not_checked(request.settings)


def fallbacks(scope: Scope, compared: Iterable[Fallback]) -> Iterator[Fallback]:
    """Where git could not say what was asked of it; `compared` are those of the comparison with the base."""
    if scope.changes.fallback is not None:
        yield scope.changes.fallback
    yield from compared
    yield from _unasked(scope)
    yield from _not_here(scope)


def _gone(gone: Sequence[Artifact], scope: Scope, request: Request) -> Iterator[str]:
    """The artifacts that were deleted: no rule sees them any more."""
    since = _shown_since(request) or (scope.changes.base or "")[:12]
    for artifact in gone[:_SHOWN_GONE]:
        record = artifact.record
        title = " ".join(text for text in (record.name.value, record.version.value) if text)
        yield f"{artifact.path or '.'}{f' ({title})' if title else ''} is gone since {since}"
    if len(gone) > _SHOWN_GONE:
        yield f"{len(gone) - _SHOWN_GONE:,} more artifacts are gone since {since}"


def unchanged(seen: Survey, gone: Sequence[Artifact], done: frozenset[int], request: Request) -> str:
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
