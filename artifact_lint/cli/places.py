"""Paths that somebody names on the command line."""

from __future__ import annotations

from pathlib import Path

from artifact_lint.cli.errors import CommandError
from artifact_lint.reporters.styled import visible


def expect(path: str) -> None:
    """Refuse a path that is not there, or that this release does not lint.

    Raises:
        CommandError: Why it is refused.
    """
    shown = visible(path)
    if not path:
        raise CommandError("a path is empty; name a directory or a file")
    if "://" in path:
        raise CommandError(f"this release lints local paths, not {shown}")
    place = Path(path)
    try:
        place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        near = _near(place)
        hint = f" (did you mean {visible(str(near))}?)" if near else ""
        raise CommandError(f"no such file or directory: {shown}{hint}") from None
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot read {shown}: {getattr(error, 'strerror', None) or error}") from error


def _near(place: Path) -> Path | None:
    from difflib import get_close_matches  # noqa: PLC0415 - few paths are misspelt

    try:
        names = [entry.name for entry in place.parent.iterdir()]
    except OSError:
        return None
    near = get_close_matches(place.name, names, n=1)
    return place.with_name(near[0]) if near else None
