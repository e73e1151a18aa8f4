"""Writes the snapshots that test_full.py compares with: `python tests/reporters/update_snapshots.py`."""

from __future__ import annotations

from pathlib import Path

import hand_built

from artifact_lint.reporters import RenderContext, render
from artifact_lint.reporters.styled import plain

SNAPSHOTS = Path(__file__).with_name("snapshots")
CONTEXTS = {
    "full-60.txt": RenderContext(source=hand_built.source, width=60),
    "full-80.txt": RenderContext(source=hand_built.source, width=80),
    "full-140.txt": RenderContext(source=hand_built.source, width=140),
    "full-80-verbose.txt": RenderContext(source=hand_built.source, width=80, verbosity=1, states=True),
    "full-80-quiet.txt": RenderContext(source=hand_built.source, width=80, verbosity=-1),
    "full-80-ascii.txt": RenderContext(source=hand_built.source, width=80, unicode=False),
    "full-80-statistics.txt": RenderContext(source=hand_built.source, width=80, tally=True),
}


def rendered(context: RenderContext, format_name: str = "full") -> str:
    return "".join(f"{plain(line)}\n" for line in render(format_name, hand_built.report(), context))


if __name__ == "__main__":
    for name, context in CONTEXTS.items():
        (SNAPSHOTS / name).write_text(rendered(context), encoding="utf-8")
