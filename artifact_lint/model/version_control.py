"""What version control knows of the files of a run, as far as rules may ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from artifact_lint.model.artifact import Pointer
    from artifact_lint.model.facts import Fact


class VersionControl(Protocol):
    """Questions about paths of the store, each answered when it is asked; where nobody knows, by None or by no."""

    @property
    def trouble(self) -> str | None:
        """Why questions went unanswered, as a line for the user; None where none did."""
        ...

    @property
    def is_committing(self) -> bool:
        """Whether a hook asks: what git does not have now will be missing from what is committed or pushed."""
        ...

    def expect(self, files: Iterable[tuple[str, int]]) -> None:
        """Files, with their sizes, that questions may come about, so that they can be answered together."""
        ...

    def tracked_paths(self) -> Collection[str]:
        """Every path of the index, of the repository that the store's root lies in."""
        ...

    def is_tracked(self, path: str) -> bool | None:
        """Whether the index holds a file, and with it the next commit; None where nobody knows."""
        ...

    def is_left_behind(self, path: str) -> bool:
        """Whether a file that the index lacks, which is what is linted, lies in the working tree."""
        ...

    def is_left_out(self, path: str) -> bool:
        """Whether a sparse checkout leaves a tracked file out of the working tree."""
        ...

    def is_unwatched(self, path: str) -> bool:
        """Whether git was told not to look whether a tracked file is there or was changed."""
        ...

    def is_modified(self, path: str) -> bool:
        """Whether a tracked file of the working tree was changed since it was staged or checked out."""
        ...

    def ignored_by(self, path: str) -> Fact[str] | None:
        """The pattern that makes git ignore a file; its origin has an absolute path outside of the store."""
        ...

    def is_under_lfs(self, path: str) -> bool:
        """Whether `.gitattributes` hand a tracked file to git-LFS."""
        ...

    def blob_size(self, path: str) -> int | None:
        """The size in bytes of what the index holds of a file, which is that of its pointer where there is one."""
        ...

    def pointer(self, path: str) -> Pointer | None:
        """The git-LFS pointer that the index holds in place of a file."""
        ...
