"""How git is asked without starting anything that a repository brings along, and what its failures mean.

A repository's own configuration can name programs for git to start. None is started here, whoever wrote it: no
filter, hook, file system monitor, external diff or transport.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A file system monitor and a hook are programs that a repository brings along; `git diff` can start both.
SETTINGS = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
#: The variable that holds the empty value which programs named in the configuration are replaced by.
_EMPTY = "ARTIFACT_LINT_EMPTY"
#: No lock is waited for, nothing is fetched by any protocol, nobody is asked for a password; and no object stands for
#: another one (git-replace(1)), as it may here, on the word of whoever can push a ref, and does not where it is cloned.
ENVIRONMENT = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    _EMPTY: "",
}


class GitError(Exception):
    """Something that git cannot give; the message is a line for the user, with what to do."""


NOT_INSTALLED = "git is not installed, or not on PATH"
SILENT = "git failed without a word"


def find_root(path: Path) -> Path | None:
    """The root of the git repository that a path lies in, which has a `.git` directory or file; None outside of one."""
    absolute = path.absolute()
    return next((place for place in (absolute, *absolute.parents) if _has_git(place)), None)


def find_repository(path: Path) -> Path | None:
    """The top of the nearest working tree or bare repository that a path lies in, there or not; None outside of one.

    Where a path lies in none and GIT_DIR says which is meant, it is the one of GIT_DIR, or its GIT_WORK_TREE.
    """
    absolute = path.absolute()
    for place in (absolute, *absolute.parents):
        if _has_git(place) or is_git_directory(place):
            return place
    stated = os.environ.get("GIT_DIR")
    if not stated or not is_git_directory(Path(stated)):
        return None
    return Path(os.environ.get("GIT_WORK_TREE") or stated).absolute()


def _has_git(place: Path) -> bool:
    """Whether a directory has a `.git`; one that may not be looked into has none that we could use."""
    try:
        return (place / ".git").exists()
    except OSError:
        return False


def without_programs(names: Iterable[str]) -> list[str]:
    """Options for git that empty every filter of the configuration and switch off every hook that it defines.

    An empty command is none, and an empty boolean is false (git-config(1), "Values"). `--config-env` splits at the
    last "=", so a driver may have any name; a git before 2.31 does not know the option, and fails.
    """
    keys = []
    for name in names:
        section, _, rest = name.partition(".")
        driver, dot, _ = rest.rpartition(".")
        if section == "filter" and dot:
            keys.append(name)
        elif section == "hook" and dot:
            keys.append(f"hook.{driver}.enabled")
    return [f"--config-env={key}={_EMPTY}" for key in dict.fromkeys(keys)]


def inherited(root: Path) -> dict[str, str]:
    """What a git hook's environment says about the repository, made true for another working directory.

    A hook gets GIT_INDEX_FILE and sometimes GIT_DIR relative to its own directory; `git commit FILE` names an index
    of its own, which is the one to lint, and so does a script that stages into a temporary file.

    Raises:
        GitError: The environment names another repository than the one to lint.
    """
    found = find_root(root)
    named = {name: str(Path(os.environ[name]).absolute()) for name in _PLACES if os.environ.get(name)}
    if os.environ.get(_ALTERNATES):
        named[_ALTERNATES] = _absolute_places(os.environ[_ALTERNATES])
    if found is None or _lies_in(root, named.get("GIT_DIR")):
        return named
    if "GIT_DIR" in named:
        if _git_directory(found) != Path(named["GIT_DIR"]).resolve():
            raise GitError(f"GIT_DIR names another repository than {found}: unset GIT_DIR")
        named["GIT_WORK_TREE"] = str(found)
    if "GIT_INDEX_FILE" in named:
        home = Path(named["GIT_INDEX_FILE"]).resolve().parent
        if home != _git_directory(found) and is_git_directory(home):
            raise GitError(f"GIT_INDEX_FILE names an index of another repository than {found}: unset GIT_INDEX_FILE")
    return named


def _lies_in(root: Path, git_directory: str | None) -> bool:
    """Whether what is linted is the repository that GIT_DIR names, rather than a working tree around it."""
    return git_directory is not None and root.resolve().is_relative_to(Path(git_directory).resolve())


def _absolute_places(written: str) -> str:
    """A list of places (git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES) for another working directory; quoted ones stay."""
    places = written.split(os.pathsep)
    return os.pathsep.join(place if place[:1] in {"", '"'} else str(Path(place).absolute()) for place in places)


def is_git_directory(place: Path) -> bool:
    """Whether a directory is a repository's, or that of an added working tree (gitrepository-layout(5))."""
    try:
        return (place / "HEAD").is_file() and ((place / "objects").is_dir() or (place / "commondir").is_file())
    except OSError:
        return False


#: The longest path that Linux takes (PATH_MAX).
_LONGEST_PATH = 4096
_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")
#: Where objects are besides the object directory, such as a push's when its own are still in quarantine
#: (git-receive-pack(1), "Quarantine Environment").
_ALTERNATES = "GIT_ALTERNATE_OBJECT_DIRECTORIES"
LOCATIONS = (*_PLACES, _ALTERNATES)


def _git_directory(root: Path) -> Path:
    mark = root / ".git"
    try:
        if not mark.exists() and is_git_directory(root):
            return root.resolve()
        if mark.is_file():
            pointed = mark.read_text("utf-8", "surrogateescape").removeprefix("gitdir:").strip()
            return (root / pointed).resolve()
    except OSError:
        pass
    return mark.resolve()


def common_directory(root: Path) -> Path:
    """Where git keeps what all working trees of a repository share (gitrepository-layout(5)).

    `root` is one of them, or the repository itself, which may be a bare one.
    """
    own = _git_directory(root)
    try:
        with (own / "commondir").open("rb") as file:
            written = os.fsdecode(file.read(_LONGEST_PATH)).rstrip("\n")
        return (own / written).resolve()
    except (OSError, ValueError):
        return own


def explained(stderr: str, root: Path) -> str:
    """One line for the user from what git printed; GitPython wraps it as `stderr: '...'`."""
    text = stderr.strip().removeprefix("stderr:").strip().strip("'").strip()
    if not text:
        return SILENT
    if "not a git repository" in text:
        return f"not a git repository: {root}"
    if "dubious ownership" in text:
        return (
            f"git refuses the repository at {root}, which another user owns; "
            f"if you trust it, run: git config --global --add safe.directory {find_root(root) or root}"
        )
    if "Not a valid object name" in text or "bad revision" in text or "unknown revision" in text:
        return "no such revision"
    if "unknown option: --config-env" in text:
        return "git 2.31 or later is needed where filters are configured, to keep them from running: update git"
    return f"git failed: {text.splitlines()[0]}"
