"""What the command is doing, for the one line that an internal error leaves."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import click


def _debugging() -> bool:
    return bool(os.environ.get("ARTIFACT_LINT_DEBUG"))


@dataclass(slots=True)
class Activity:
    """`doing` completes the sentence `while ...`; `traceback` asks for one where there is a bug."""

    doing: str = "starting"
    traceback: bool = field(default_factory=_debugging)


pass_activity = click.make_pass_decorator(Activity, ensure=True)
