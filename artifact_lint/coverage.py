"""What a run covered: what it did not find there is gone, and of everything else it knows nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.model.paths import is_within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from artifact_lint.model import Artifact, WeightFile
    from artifact_lint.rules import RuleInfo
    from artifact_lint.scope import Scope


@dataclass(frozen=True, slots=True)
class Coverage:
    """The artifacts that some rules were asked about, by path, and all their files.

    `is_sound` tells that nothing kept the run from looking at all of it.

    A run over files that were named, or over what changed, does not see all that bears on an artifact: of what it did
    not find, it cannot say that it is gone.
    """

    scope: Scope
    artifacts: Mapping[str, Sequence[Artifact]]
    rules: Mapping[str, RuleInfo]
    is_sound: bool
    files: Mapping[str, WeightFile]

    def asked(self, code: str) -> bool:
        """Whether a rule was asked about everything in this run, or in the directories that it is over."""
        rule = self.rules.get(code)
        is_whole = self.is_sound and self.scope.changes.touched is None and not self.scope.named
        if rule is None or not is_whole:
            return False
        if "repository" in rule.tags and not (self.scope.root / ".git").exists():
            return False
        return rule.check is not None or (rule.check_collection is not None and self.scope.wanted is None)

    def covers(self, code: str, artifact: str, path: str) -> bool:
        """Whether a finding of a rule, about an artifact and at a path, would have been found if it were there."""
        if not self.asked(code):
            return False
        known = self.artifacts.get(artifact)
        if known is not None:
            return self.is_over(artifact) and all(self.sees_all_of(code, one) for one in known)
        return self.is_over(artifact) and not self._is_not_checked_out(path)

    def relative(self, path: str) -> str:
        """A path as the report spells it, of one that is relative to the working directory."""
        try:
            return self.scope.relative(path)
        except ValueError:  # it is on another drive
            return path

    def is_over(self, place: str) -> bool:
        """Whether a place lies in the directories that the run is over."""
        wanted = self.scope.wanted
        return wanted is None or any(is_within(place, directory.rstrip("/")) for directory in wanted)

    def sees_all_of(self, code: str, artifact: Artifact) -> bool:
        """Whether a rule could see the whole of an artifact: its records are readable, and its files are here."""
        rule = self.rules.get(code)
        if rule is None or (rule.needs_whole_record and artifact.has_unread_record):
            return False
        return all(file.is_readable or file.pointer is None for file in artifact.files)

    def _is_not_checked_out(self, path: str) -> bool:
        """Whether git has a file that is not here: a sparse checkout leaves it out, or nobody fetched its submodule.

        Of a submodule, an empty directory is what a clone makes; git keeps no other empty ones.
        """
        try:
            git = self.scope.tree.git
            if git is not None and git.is_left_out(path):
                return True
            place = (self.scope.root / path).parent
            while not place.is_dir():
                place = place.parent
            return next(place.iterdir(), None) is None
        except (OSError, ValueError):  # what cannot be looked at, for its name or for its mode, was not looked at
            return True
