"""Workflow commands as GitHub's runner reads them from a log, after its documentation and its ActionCommand class.

The runner splits what a step prints at CR, LF and CR LF, and trims each line. A line is a command of today's kind if it
starts with `::` and has another `::`; one of the older kind if it has `##[` and `]` anywhere. Only names that it knows
count. While commands are stopped, only the token that stopped them is looked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOWN = frozenset({"add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice"})
KNOWN |= {"remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning"}
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    message: str
    properties: dict[str, str] = field(default_factory=dict)


def commands(log: str) -> list[Command]:
    """What the runner does about a log."""
    return list(_commands(log))


def _commands(log: str) -> Iterator[Command]:
    stopped: str | None = None
    for line in _LINE_END.split(log):
        known = KNOWN if stopped is None else frozenset({stopped})
        command = _of_today(line.strip(), known) or _of_old(line, known)
        if command is None:
            continue
        if stopped is not None:
            stopped = None
        elif command.name == "stop-commands":
            stopped = command.message
        else:
            yield command


def _of_today(line: str, known: frozenset[str]) -> Command | None:
    if not line.startswith("::") or "::" not in line[2:]:
        return None
    head, _, message = line[2:].partition("::")
    name, _, rest = head.partition(" ")
    if name not in known:
        return None
    pairs = (pair.partition("=") for pair in rest.strip().split(",") if pair)
    properties = {key: _unescaped(value, {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}) for key, _, value in pairs}
    return Command(name, _unescaped(message, {"%0D": "\r", "%0A": "\n"}), {k: v for k, v in properties.items() if v})


def _of_old(line: str, known: frozenset[str]) -> Command | None:
    match = re.search(r"##\[(.*?)\]", line)
    if match is None:
        return None
    name = match[1].partition(" ")[0]
    return Command(name, line[match.end() :]) if name in known else None


def _unescaped(text: str, codes: dict[str, str]) -> str:
    for code, char in codes.items():
        text = text.replace(code, char)
    return text.replace("%25", "%")
