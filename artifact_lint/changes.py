"""What git says a run is about: the paths to look at, and the commit to compare them with.

Every case in which git cannot say it is decided here, and nowhere else. Where the answer is merely wider than the
question (a shallow clone without the revision, a branch without a past), everything is linted and a line says so. Where
the question was not answered (no repository, git refuses, no index), everything is linted, too, and the run fails.
A revision that a complete clone does not have is a slip of the pen, and nothing is linted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from artifact_lint.git import GitError, Repository, open_repository
from artifact_lint.model.report import Fallback
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
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
            return Changes(frozenset(repository.staged()), _published(repository), staged=True)
    except GitError as error:
        return without_index(str(error))


def without_index(reason: str) -> Changes:
    """What is looked at where the index cannot be read, and why that is not what would be committed."""
    return _unseen(reason, "what would be committed")


def changes_since(root: Path, revision: str) -> Changes:
    """What differs in the working tree from where the work on it left a revision; everything where git cannot say it.

    Raises:
        StoreError: There is no such revision, in a clone that has the whole history.
    """
    try:
        with open_repository(root) as repository:
            if repository.is_bare():
                return _unseen(f"a bare repository has no working tree: {root}")
            return _since(repository, revision)
    except GitError as error:
        return _unseen(str(error))


def _since(repository: Repository, revision: str) -> Changes:
    if _ZEROS.fullmatch(revision):
        return _wider(f"{revision} stands for no commit, as before the first push of a branch")
    try:
        commit = repository.commit(revision)
    except GitError as error:
        if repository.is_shallow():
            return _wider(f"this shallow clone does not have {revision}: fetch it, or more of the history")
        if not repository.has_commit():
            return _wider(f"nothing is committed yet, so there is no {revision}")
        raise StoreError(f"{error}{_suggestion(repository, revision)}") from None
    base = repository.merge_base(commit)
    touched = frozenset(repository.changed(base or commit))
    found = Changes(touched, base or commit, touched - repository.uncertain(base or commit, touched))
    if base is None and repository.is_shallow():
        message = f"this shallow clone does not go back to where HEAD left {revision}: compared with {revision} itself"
        return replace(found, fallback=Fallback(message))
    return found


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


def _suggestion(repository: Repository, revision: str) -> str:
    names = repository.references()
    near = get_close_matches(revision, [*names, *(name.partition("/")[2] for name in names if "/" in name)], n=1)
    known = next((name for name in names if near and (name == near[0] or name.endswith(f"/{near[0]}"))), None)
    return f" (did you mean {known}?)" if known else ""
