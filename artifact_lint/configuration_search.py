"""Which configuration counts for a path, and the baseline beside it.

It stands in `[tool.artifact-lint]` of a pyproject.toml or in an `.artifact-lint.toml`; the nearest one at or above the
linted path counts, up to the repository's root, and is never merged with another.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from artifact_lint.complaints import Complaint, SettingsError
from artifact_lint.configuration_files import LOCAL
from artifact_lint.document import DocumentError, Syntax, parse
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from artifact_lint.configuration_files import ConfigurationFiles
    from artifact_lint.document import Document, Node

#: What a configuration may be called, in order of preference within one directory.
OWN_FILE = ".artifact-lint.toml"
PROJECT_FILE = "pyproject.toml"
#: What the baseline is called unless somebody calls it otherwise: it lies beside the configuration.
BASELINE_FILE = ".artifact-lint-baseline.json"
#: Where a pyproject.toml has it.
TABLE = ("tool", "artifact-lint")


def absolute(path: str | Path) -> Path:
    """A path from the file system's root, without `..`, and with its links as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the links, absolute() keeps the `..`


class Finder:
    """Finds the configuration that counts for a path; remembers what it saw, since many paths share their parents.

    `misspelt` are lines about tables on the way that nothing reads, because their name is not quite the right one.
    """

    def __init__(self, files: ConfigurationFiles = LOCAL) -> None:
        self.files = files
        self._stated: dict[Path, bool] = {}
        self.misspelt: list[str] = []

    def find(self, path: Path) -> Path | None:
        """The nearest configuration at or above a path, up to the repository's root; None where there is none.

        Raises:
            SettingsError: A pyproject.toml on the way cannot be read.
        """
        place = absolute(path)
        start = place if self.files.is_directory(place) else place.parent
        root = self.files.root_of(start)
        for directory in (start, *start.parents):
            for name in (OWN_FILE, PROJECT_FILE):
                if self._states_settings(directory / name):
                    return directory / name
            if directory == root:
                return None
        return None

    def _states_settings(self, file: Path) -> bool:
        if file not in self._stated:
            own = file.name == OWN_FILE
            self._stated[file] = _is_there(file, self.files) and (own or self._has_table(file))
        return self._stated[file]

    def _has_table(self, file: Path) -> bool:
        root = read_configuration(file, self.files).root
        self.misspelt += map(str, misspelt_tables(root))
        return root.get(*TABLE) is not None


def group(paths: Iterable[str], finder: Finder | None = None) -> dict[Path | None, list[str]]:
    """Paths by the configuration that counts for each; None for those that have none.

    Raises:
        SettingsError: A pyproject.toml on the way cannot be read.
    """
    finder = finder or Finder()
    groups: dict[Path | None, list[str]] = {}
    for path in paths:
        groups.setdefault(finder.find(Path(path)), []).append(path)
    return groups


def default_baseline(config: Path | None, path: str, files: ConfigurationFiles = LOCAL) -> Path:
    """Where the baseline is if nobody says otherwise: beside the configuration, or else at the repository's root."""
    if config is not None:
        return absolute(config).parent / BASELINE_FILE
    place = absolute(path)
    return (files.root_of(place if files.is_directory(place) else place.parent) or Path.cwd()) / BASELINE_FILE


def misspelt_tables(root: Node) -> Iterable[Complaint]:
    """Tables of pyproject.toml that nobody but this program would have: `[tool.artifact_lint]`."""
    tools = root.get(TABLE[0])
    for name, _ in tools.items() if tools is not None else ():
        if name != TABLE[1] and re.sub(r"[^a-z]", "", name.lower()) in {"artifactlint", "artifactlinter"}:
            message = f"[tool.{name}] is read by nothing; did you mean [tool.{TABLE[1]}]?"
            yield Complaint(tools.key_origin(name) if tools is not None else root.origin, message)


def _is_there(file: Path, files: ConfigurationFiles) -> bool:
    try:
        return files.is_file(file)
    except (OSError, StoreError) as error:
        raise _unreadable(file, files, error) from error


def read_configuration(file: Path, files: ConfigurationFiles) -> Document:
    """A configuration, or a pyproject.toml that may hold one, as a document.

    Raises:
        SettingsError: It cannot be read, or is no TOML.
    """
    try:
        return parse(files.shown(absolute(file)), files.read(absolute(file)), Syntax.TOML)
    except OSError as error:
        raise _unreadable(file, files, error) from error
    except DocumentError as error:
        raise SettingsError([str(Complaint(error.origin, error.reason))]) from error


def _unreadable(file: Path, files: ConfigurationFiles, error: Exception) -> SettingsError:
    reason = getattr(error, "strerror", None)
    return SettingsError([f"{files.shown(absolute(file))}: {reason.lower() if reason else error}"])
