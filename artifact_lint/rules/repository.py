"""GIT: is in the repository what belongs there, and what records name?"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from artifact_lint.model import DigestState, FileState, Origin, Problem, Related, Severity
from artifact_lint.model.paths import directory_of, name_of
from artifact_lint.rules.integrity import listed
from artifact_lint.rules.registry import collection_rule, rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from artifact_lint.model import Artifact, Fact, Mention, VersionControl, WeightFile


#: A pointer has at most so many bytes (Git LFS specification, "Pointer").
_LONGEST_POINTER = 1024


@rule("GIT001", "weights-in-git", severity=Severity.WARNING, tags=("repository",))
def weights_in_git(artifact: Artifact) -> Iterator[Problem]:
    """A large file is in git itself, and neither in git-LFS nor in DVC.

    `max-size` in `[tool.artifact-lint.git]` says what is large; 50 MiB unless it does, from where on GitHub warns.

    ## Why is this bad?
    Every clone fetches every version of it, for ever: taking it out again means to rewrite the history. GitHub refuses
    files of more than 100 MiB.

    ## How to fix
    `git lfs track` the file and add it again, or hand it to DVC. Where it was pushed already, `git lfs migrate import`
    rewrites the history.
    """
    git, limit = artifact.git, artifact.options.largest_blob
    if git is None:
        return
    large = [file for file in artifact.files if _is_large_blob(git, file, limit)]
    if large:
        verb = "is" if len(large) == 1 else "are"
        sizes = (
            f"{large[0].size:,} bytes, more than {limit:,}" if len(large) == 1 else f"more than {limit:,} bytes each"
        )
        message = f"{listed(large)} {verb} in git itself: {sizes}"
        advice = f"`git lfs track {_pattern(large[0])}`, then `git rm --cached` and `git add` it again; or use DVC."
        yield Problem(Origin(large[0].path), message, advice, file=large[0].path)


def _is_large_blob(git: VersionControl, file: WeightFile, limit: int) -> bool:
    is_large = file.state is FileState.PRESENT and file.size is not None and file.size > limit
    if not is_large or file.kept_by_dvc or git.is_under_lfs(file.path):
        return False
    return (git.blob_size(file.path) or 0) > limit


def _pattern(file: WeightFile) -> str:
    name = name_of(file.path)
    _, dot, suffix = name.rpartition(".")
    return shlex.quote(f"*.{suffix}" if dot else name)


@rule("GIT002", "raw-blob-under-lfs", severity=Severity.ERROR, tags=("repository", "integrity"))
def raw_blob_under_lfs(artifact: Artifact) -> Iterator[Problem]:
    """`.gitattributes` hand a file to git-LFS, and git holds the file itself instead of a pointer; or the reverse.

    It was added where git-LFS was not installed, or before the line in `.gitattributes` was. The reverse is a pointer
    in git that no `filter=lfs` covers: it was copied there, or the line went missing.

    ## Why is this bad?
    The bytes are in git's history, which LFS was to keep small. Every checkout with git-LFS reports the file as
    modified, and the next commit of somebody else turns it into a pointer whose bytes nobody may have uploaded. A
    pointer without the filter stays a pointer: whoever clones the repository never gets the weights.

    ## How to fix
    With git-LFS installed (`git lfs install`): `git add --renormalize FILE`, and commit. For a bare pointer, add the
    line to `.gitattributes` (`git lfs track`), and upload the bytes if the LFS server does not have them.
    """
    git = artifact.git
    if git is None:
        return
    raw = [file for file in artifact.files if file.state is FileState.PRESENT and _is_raw_under_lfs(git, file)]
    if raw:
        is_one = len(raw) == 1
        verb, whose, noun = ("is", "its", "pointer") if is_one else ("are", "their", "pointers")
        message = f"{listed(raw)} {verb} under filter=lfs, but git holds {whose} bytes and no {noun}"
        paths = " ".join(shlex.quote(file.path) for file in raw[:4])
        advice = f"With git-LFS installed, run `git add --renormalize {paths}` and commit."
        yield Problem(Origin(raw[0].path), message, advice, file=raw[0].path)
    bare = [file for file in artifact.files if _is_bare_pointer(git, file)]
    if bare:
        what, whom = ("is a git-LFS pointer", "it") if len(bare) == 1 else ("are git-LFS pointers", "them")
        message = f"{listed(bare)} {what} in git, and no filter=lfs covers {whom}: no checkout fetches the weights"
        advice = (
            f"`git lfs track {_pattern(bare[0])}`, commit .gitattributes, and see to it that the bytes are uploaded."
        )
        yield Problem(Origin(bare[0].path), message, advice, file=bare[0].path)


def _is_bare_pointer(git: VersionControl, file: WeightFile) -> bool:
    """Whether git has a pointer that it takes for a file like any other; not so where git could not be asked."""
    if file.pointer is None or file.pointer.kind != "git-LFS" or not git.is_tracked(file.path):
        return False
    if git.is_under_lfs(file.path) or git.trouble is not None:
        return False
    return 0 < (git.blob_size(file.path) or 0) <= _LONGEST_POINTER


def _is_raw_under_lfs(git: VersionControl, file: WeightFile) -> bool:
    """Whether a blob is there that is no pointer; an empty file is its own (Git LFS specification, "Pointer")."""
    if not file.size or not git.is_under_lfs(file.path) or git.pointer(file.path) is not None:
        return False
    return bool(git.blob_size(file.path))


@rule("GIT003", "untracked-file", severity=Severity.ERROR, tags=("repository", "manifest"))
def untracked_file(artifact: Artifact) -> Iterator[Problem]:
    """A record that git tracks names a file that git does not, or is itself not in git as the weights are.

    The file is ignored, or nobody added it. Files that DVC keeps are meant to be ignored. Where neither the record nor
    the weights are tracked, nothing is said. A record that nobody has added yet is a warning while it is being written,
    and an error in a hook of pre-commit or prek, when the weights go where it does not.

    ## Why is this bad?
    The model loads where it was trained and nowhere else: whoever clones the repository gets the record without the
    file.

    ## How to fix
    Add the file, to git-LFS or DVC where it is large. If it is kept elsewhere, name the place in an `external` entry.
    """
    git = artifact.git
    if git is None:
        return
    yield from _record_left_behind(artifact, git)
    groups: dict[tuple[str, Origin | None], list[tuple[WeightFile, Mention, Fact[str] | None]]] = {}
    for file in artifact.files:
        mention = _named_by(git, file)
        if mention is not None:
            pattern = git.ignored_by(file.path)
            key = (mention.origin.path, pattern.origin if pattern else None)
            groups.setdefault(key, []).append((file, mention, pattern))
    for left in groups.values():
        file, mention, pattern = left[0]
        what = mention.written if len(left) == 1 else listed([one for one, _, _ in left])
        yield Problem(
            mention.origin,
            f"{what} {'is' if len(left) == 1 else 'are'} not in git: {_reason(git, file, pattern)}",
            f"`git add {'-f ' if pattern else ''}{shlex.quote(file.path)}`, by git-LFS or DVC where it is large; "
            "if it is kept elsewhere, say so in an `external` entry.",
            file=file.path,
            related=tuple(_places(pattern)),
            guessed=all(mention.guessed for _, mention, _ in left),
        )


def _record_left_behind(artifact: Artifact, git: VersionControl) -> Iterator[Problem]:
    """The record that git lacks of weights that git has."""
    record = artifact.origin.path
    if not artifact.described or git.is_tracked(record) is not False:
        return
    tracked = [file for file in artifact.files if file.state is FileState.PRESENT and git.is_tracked(file.path)]
    if not tracked:
        return
    pattern = git.ignored_by(record)
    yield Problem(
        artifact.origin,
        f"{name_of(record)} is not in git, and {listed(tracked)} {'is' if len(tracked) == 1 else 'are'}: "
        f"{_why(pattern)}",
        f"`git add {'-f ' if pattern else ''}{shlex.quote(record)}`.",
        file=tracked[0].path,
        related=tuple(_places(pattern)),
        severity=None if git.is_committing else Severity.WARNING,
        guessed=set(artifact.record.conventions) == {"sidecar"},
    )


def _named_by(git: VersionControl, file: WeightFile) -> Mention | None:
    """The mention of a file that git lacks by a record that git has."""
    needed = [mention for mention in file.mentions if mention.required and not mention.vouches]
    if not needed or file.directory or file.kept_by_dvc:
        return None
    is_untracked = file.state is FileState.PRESENT and git.is_tracked(file.path) is False
    if not is_untracked and not (file.state is FileState.MISSING and git.is_left_behind(file.path)):
        return None
    return next((mention for mention in needed if git.is_tracked(mention.origin.path)), None)


def _reason(git: VersionControl, file: WeightFile, pattern: Fact[str] | None) -> str:
    return "only its name was added" if pattern is None and git.is_tracked(file.path) else _why(pattern)


def _why(pattern: Fact[str] | None) -> str:
    if pattern is not None:
        return f"{pattern.origin.path}:{pattern.origin.line} ignores it (`{pattern.value}`)"
    return "nobody added it"


def _places(pattern: Fact[str] | None) -> Iterator[Related]:
    if pattern is not None and not pattern.origin.path.startswith("/"):
        yield Related(pattern.origin, f"`{pattern.value}` ignores it")


_TRACKING: Final = r"(?P<store>(?:.+/)?mlruns)/.+/(?:meta\.yaml|MLmodel)|(?P<database>(?:.+/)?(?:mlflow|mlruns)\.db)"


@collection_rule("GIT004", "mlruns-committed", severity=Severity.NOTE, tags=("repository",))
def mlruns_committed(artifacts: Sequence[Artifact]) -> Iterator[tuple[Artifact, Problem]]:
    """An MLflow tracking store is committed: `mlruns/`, or the database `mlflow.db`.

    ## Why is this bad?
    It grows with every run, holds the paths and user names of the machine that it was written on, and merges badly: a
    database not at all.

    ## How to fix
    Log to a tracking server, or ignore the store. Commit the models that are deployed, each in a directory of its own.
    """
    git = next((artifact.git for artifact in artifacts if artifact.git is not None), None)
    stores = _tracking_stores(git.tracked_paths()) if git is not None else {}
    for store, example in stores.items():
        home = directory_of(store)
        near = [artifact for artifact in artifacts if not home or f"{artifact.path}/".startswith(f"{home}/")]
        if near:
            what = f"{store} is" if store == example else f"{store}/ is"
            message = f"{what} committed, which MLflow writes to with every run"
            advice = f"`git rm -r --cached {shlex.quote(store)}`, add it to .gitignore, and log to a tracking server."
            yield near[-1], Problem(Origin(example), message, advice, place=store)


def _tracking_stores(paths: Collection[str]) -> dict[str, str]:
    """The tracking stores among some paths, each with a file of it."""
    stores: dict[str, str] = {}
    for path in paths:
        match = re.fullmatch(_TRACKING, path) if "mlruns" in path or path.endswith("mlflow.db") else None
        if match is not None:
            stores.setdefault(match["store"] or match["database"], path)
    return stores


@rule("GIT005", "unstaged-weights", severity=Severity.NOTE, tags=("repository", "integrity"), needs_digests=True)
def unstaged_weights(artifact: Artifact) -> Iterator[Problem]:
    """Weights that git-LFS keeps were changed and not staged, while the record that names them is as it was staged.

    Where the record was changed as well, the work is under way, and nothing is said.

    ## Why is this bad?
    It is not yet: but a commit would hold the record with other weights than those that were linted.

    ## How to fix
    `git add` the weights, or restore them.
    """
    git = artifact.git
    if git is None:
        return
    for file in artifact.files:
        pointer = git.pointer(file.path) if file.state is FileState.PRESENT else None
        if pointer is None or pointer.digest is None or file.digest_state is DigestState.MISMATCH:
            continue
        if file.digest.value in {None, pointer.digest.value}:
            continue
        records = {mention.origin.path for mention in file.mentions if not mention.vouches}
        settled = [path for path in records if git.is_tracked(path) and not git.is_modified(path)]
        if settled and git.is_modified(file.path):
            message = f"{file.path} was changed since it was staged, and {min(settled)}, which describes it, was not"
            advice = f"`git add {shlex.quote(file.path)}`, or restore it."
            yield Problem(Origin(file.path), message, advice, file=file.path)
