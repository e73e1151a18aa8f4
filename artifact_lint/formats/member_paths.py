"""Where the members of an archive would land: does a path lead out of the directory that it is unpacked to?"""

from __future__ import annotations

import re
from collections import deque

_DRIVE = re.compile(r"[A-Za-z]:[/\\]")
_SEPARATORS = re.compile(r"[/\\]")
#: How many links one path may lead through before no system follows it (MAXSYMLINKS of Linux).
_MOST_LINKS = 40
_CLIMBS = "climbs out with `..`"


class Unpacking:
    """The directory that an archive would be unpacked to, with the links in it so far.

    Both `/` and the backslash separate, as on Windows, where an archive may be unpacked as well.
    """

    def __init__(self) -> None:
        self._links: dict[tuple[str, ...], list[str]] = {}

    def escape(self, name: str) -> str | None:
        """In what way a member's name leads out, on some system; None where it stays in."""
        reason = _absolute(name)
        if reason is None and ".." in name and self._leaves((), name):
            reason = _CLIMBS
        return reason

    def add_link(self, name: str, target: str, *, symbolic: bool) -> str | None:
        """Keep a link, and tell in what way its target leads out; None where it stays in.

        A symbolic link's target counts from the link's own directory, a hard link's from the top.
        """
        path = tuple(_parts(name))
        base = path[:-1] if symbolic else ()
        reason = _absolute(target) or (_CLIMBS if self._leaves(base, target) else None)
        if symbolic and reason is None:
            self._links[path] = _parts(target)
        return reason

    def _leaves(self, base: tuple[str, ...], path: str) -> bool:
        at: list[str] = []
        ahead = deque([*base, *_parts(path)])
        followed = 0
        while ahead:
            part = ahead.popleft()
            if part == "..":
                if not at:
                    return True
                at.pop()
                continue
            at.append(part)
            target = self._links.get(tuple(at)) if self._links else None
            if target is not None:
                followed += 1
                if followed > _MOST_LINKS:
                    return False
                at.pop()
                ahead.extendleft(reversed(target))
        return False


def _absolute(path: str) -> str | None:
    if path.startswith(("/", "\\")):
        return "is an absolute path"
    return "begins with a drive letter" if path[1:2] == ":" and _DRIVE.match(path) else None


def _parts(path: str) -> list[str]:
    return [part for part in _SEPARATORS.split(path) if part not in {"", "."}]
