"""What git says a run is about: the paths to look at, and the commit to compare them with.

Every case in which git cannot say it is decided here, and nowhere else. Where the answer is merely wider than the
question (a shallow clone without the revision, a branch without a past), everything is linted and a line says so. Where
the question was not answered (no repository, git refuses, no index), everything is linted, too, and the run fails.
A revision that a complete clone does not have is a slip of the pen, and nothing is linted; so is one that a shallow
clone does not have, where it has one of nearly that name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from artifact_lint.git import GitError, Repository, open_repository
from artifact_lint.model.report import Fallback
from artifact_lint.revision_names import fetching, is_there, slip
from artifact_lint.stores.base import StoreError
from artifact_lint.stores.excludes import DEFAULT_EXCLUDES
from artifact_lint.stores.revision import RevisionStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: What GitHub and git's own hooks write for the commit before the first one, in SHA-1 and in SHA-256 repositories.
_ZEROS = re.compile(r"0{40}|0{64}")


@dataclass(frozen=True, slots=True)
class Changes:
    """What a run looks at, as git knows it.

    `touched` are the paths whose artifacts are looked at, deleted ones included; None for everything. `base` is the id
    of the commit to compare with, None where there is none, and `differing` are the paths of the working tree that
    surely differ from it; of the index, ids say it. `staged` says that the index is what is looked at, and `fallback`
    why git could not say all that.
    """

    touched: frozenset[str] | None = None
    base: str | None = None
    differing: frozenset[str] = field(default=frozenset())
    staged: bool = False
    fallback: Fallback | None = None


#: A run that git is not asked about.
EVERYTHING = Changes()


def staged_changes(root: Path) -> Changes:
    """What the next commit changes; the working tree where the index cannot be read.

    The commit to compare with is what others may have: where HEAD left the remote's default branch, or its upstream.
    Without either it is HEAD. A commit that nobody else has can still be amended, and publishes nothing.
    """
    try:
        with open_repository(root) as repository:
            if repository.is_bare():
                return without_index(f"a bare repository has no index: {root}")
            touched, unmerged = frozenset(repository.staged()), repository.unmerged()
            return Changes(touched, _published(repository), staged=True, fallback=_one_side(unmerged))
    except GitError as error:
        return without_index(str(error))


def without_index(reason: str) -> Changes:
    """What is looked at where the index cannot be read, and why that is not what would be committed."""
    return _unseen(reason, "what would be committed")


def changes_since(root: Path, revision: str) -> Changes:
    """What differs in the working tree from where the work on it left a revision; everything where git cannot say it.

    Raises:
        StoreError: There is no such revision, in a clone that has the whole history, or none may be called so.
    """
    try:
        with open_repository(root) as repository:
            if repository.is_bare():
                return _unseen(f"a bare repository has no working tree: {root}; name a commit with --revision")
            return _since(repository, revision)
    except GitError as error:
        return _unseen(str(error))


def changes_between(root: Path, revision: str, commit: str) -> Changes:
    """What differs in a commit from where the work on it left a revision; everything of it where git cannot say it.

    Raises:
        StoreError: There is no such revision, in a clone that has the whole history, or none may be called so.
    """
    try:
        with open_repository(root) as repository:
            return _since(repository, revision, commit)
    except GitError as error:
        message = f"{error}. The whole commit was linted; what changed was not seen"
        return Changes(fallback=Fallback(message, unseen=True))


def open_revision(root: Path, revision: str, excludes: tuple[str, ...] = DEFAULT_EXCLUDES) -> RevisionStore:
    """The files of a commit.

    Raises:
        StoreError: There is no such revision, with what is wrong with its name or how it may be had; or no repository.
    """
    try:
        return RevisionStore(root, revision, excludes)
    except StoreError as error:
        raise StoreError(f"{error}{_explained(root, revision)}") from None


def _explained(root: Path, revision: str) -> str:
    if _ZEROS.fullmatch(revision):
        return " (zeros stand for no commit: what is deleted needs no linting)"
    try:
        with open_repository(root) as repository:
            if is_there(repository, revision):
                return ""
            is_shallow = repository.is_shallow()
            reason = slip(repository, revision, is_shallow=is_shallow)
            if reason is None and is_shallow:
                reason = f"this clone is shallow: fetch it with `{fetching(repository, revision)}`"
            return f" ({reason})" if reason else ""
    except GitError:
        return ""


def _since(repository: Repository, revision: str, tip: str | None = None) -> Changes:
    """What differs from where the work on HEAD left a revision in the working tree, or on another tip in its commit."""
    if _ZEROS.fullmatch(revision):
        return _wider(f"{revision} stands for no commit, as before the first push of a branch")
    try:
        commit = repository.commit(revision)
    except GitError as error:
        is_shallow = repository.is_shallow()
        reason = slip(repository, revision, is_shallow=is_shallow)
        if is_shallow and reason is None:
            command = fetching(repository, revision)
            return _wider(
                f"this shallow clone does not have {revision}: fetch it with `{command}`, "
                "or by `fetch-depth: 0` in actions/checkout"
            )
        if tip is None and not repository.has_commit() and revision.strip():
            return _wider(f"nothing is committed yet, so there is no {revision}")
        raise StoreError(f"{error} ({reason})" if reason else str(error)) from None
    base = repository.merge_base(commit, tip or "HEAD")
    if tip is not None:
        # Back to where the revision once was: what differs from the revision itself comes back with it.
        left = commit if base == tip else base or commit
        found = Changes(frozenset(repository.changed_between(left, tip)), base or commit)
    else:
        touched = frozenset(repository.changed(base or commit))
        found = Changes(touched, base or commit, touched - repository.uncertain(base or commit, touched))
    if base is None and repository.is_shallow():
        left = f"this shallow clone does not go back to where {tip[:12] if tip else 'HEAD'} left {revision}"
        return replace(found, fallback=Fallback(f"{left}: compared with {revision} itself"))
    return found


#: How many paths that are not merged are named.
_SHOWN = 3


def _one_side(unmerged: Sequence[str]) -> Fallback | None:
    if not unmerged:
        return None
    rest = f" and {len(unmerged) - _SHOWN} more" if len(unmerged) > _SHOWN else ""
    return Fallback(f"not merged yet, and looked at as our side has it: {', '.join(unmerged[:_SHOWN])}{rest}")


def _published(repository: Repository) -> str | None:
    """The commit up to which others may have what HEAD holds; None before the first commit."""
    if not repository.has_commit():
        return None
    for name in ("refs/remotes/origin/HEAD", "@{upstream}"):
        try:
            base = repository.merge_base(repository.commit(name))
        except GitError:
            continue
        if base is not None:
            return base
    return repository.commit("HEAD")


def _wider(reason: str) -> Changes:
    return Changes(fallback=Fallback(f"{reason}; everything is linted, and compared with nothing"))


def _unseen(reason: str, what: str = "what changed") -> Changes:
    return Changes(fallback=Fallback(f"{reason}. The working tree was linted; {what} was not seen", unseen=True))
