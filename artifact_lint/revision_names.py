"""Why a repository has no revision of a name, and how it may be had."""

from __future__ import annotations

import re
import shlex
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING

from artifact_lint.git import GitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from artifact_lint.git import Repository

#: A name, and the steps from it into the past (gitrevisions(7)).
_STEPS = re.compile(r"(?P<name>[^~^]+?)(?P<steps>(?:[~^]\d*|@\{[^}]*\})+)")
#: How alike each part of a name has to be to one that is there, for a clone that may lack the name itself.
_LIKELY = 0.74


def slip(repository: Repository, revision: str, *, is_shallow: bool) -> str | None:
    """What is wrong with the name of a revision that a repository does not have; None where nobody can tell.

    In a shallow clone a name or a step into the past may be right, and not fetched: only one that cannot be right, or
    is a misspelling of one that is there in all likelihood, is a slip.
    """
    if not revision.strip():
        return "an unset variable in CI?"
    if _is_range(revision):
        start = revision.partition("..")[0]
        is_known = start != revision and is_there(repository, start)
        return f"a range is not taken; name the revision that it starts from{f': {start}' if is_known else ''}"
    if is_there(repository, revision, "object"):
        return "it is there, and is no commit"
    match = _STEPS.fullmatch(revision)
    name, steps = (match["name"], match["steps"]) if match else (revision, "")
    if steps and is_there(repository, name):
        return None if is_shallow else _beyond(name, steps)
    names = ["HEAD", *repository.references()]
    near = _likely(name, names) if is_shallow else _near(name, names)
    return f"did you mean {near}{steps}?" if near and near != name else None


def fetching(repository: Repository, revision: str) -> str:
    """The command that fetches the past of a shallow clone, and the branch of a remote that a revision names."""
    match = _STEPS.fullmatch(revision)
    name = (match["name"] if match else revision).removeprefix("refs/remotes/")
    remote, _, branch = name.partition("/")
    if not branch or remote not in repository.remotes() or is_there(repository, name):
        return "git fetch --unshallow"
    return f"git fetch --unshallow {shlex.quote(remote)} {shlex.quote(f'{branch}:refs/remotes/{name}')}"


def _is_range(revision: str) -> bool:
    """Whether commits are named rather than one; no reference has two dots or a caret (git-check-ref-format(1))."""
    if re.search(r"[:{]", revision):
        return False
    return ".." in revision or revision.startswith("^") or revision.endswith(("^!", "^@"))


def _beyond(name: str, steps: str) -> str:
    if re.search(r"\^\d|@", steps):
        return f"{name} is there, and has nothing of that kind"
    return f"the history of {name} is shorter than that"


def is_there(repository: Repository, name: str, kind: str = "commit") -> bool:
    """Whether a name stands for an object of a kind."""
    try:
        repository.object_id(name, kind)
    except GitError:
        return False
    return True


def _near(name: str, names: Iterable[str]) -> str | None:
    """The name nearest to one, with or without the remote in front of it."""
    known = {short: full for full in reversed(list(names)) for short in (full, full.partition("/")[2]) if short}
    known |= {full: full for full in known.values()}
    near = get_close_matches(name, list(known), n=1)
    return known[near[0]] if near else None


def _likely(name: str, names: Iterable[str]) -> str | None:
    """The name that one is a misspelling of: alike in every part, and with the same digits."""
    parts = name.split("/")
    digits = re.findall(r"\d+", name)
    best, alike = None, _LIKELY
    for other in names:
        others = other.split("/")
        if len(others) != len(parts) or re.findall(r"\d+", other) != digits:
            continue
        least = min(SequenceMatcher(None, one, two).ratio() for one, two in zip(parts, others, strict=True))
        if least > alike:
            best, alike = other, least
    return best
