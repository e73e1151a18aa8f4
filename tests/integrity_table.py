"""What each record lets one conclude in each situation: `integrity_table.toml`, as the tests and the docs read it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = Path(__file__).with_suffix(".toml")
#: A cell of a situation that cannot be.
IMPOSSIBLE = "-"


@dataclass(frozen=True, slots=True)
class Table:
    """Situations of one kind: `columns` are their titles by key, `cells` what is said in each, by record."""

    title: str
    text: str
    columns: Mapping[str, str]
    cells: Mapping[str, tuple[str, ...]]

    def by_column(self, record: str) -> Mapping[str, str]:
        """The cells of a record, by the key of the column."""
        return dict(zip(self.columns, self.cells[record], strict=True))


def states() -> Mapping[str, str]:
    """What each state of a digest means."""
    stated: Mapping[str, str] = _read()["states"]
    return stated


def records() -> Mapping[str, str]:
    """The title of each record, by its key."""
    stated: Mapping[str, str] = _read()["records"]
    return stated


def tables() -> list[Table]:
    """All tables, in the order in which they are shown."""
    return [
        Table(
            stated["title"],
            stated["text"],
            stated["columns"],
            {key: tuple(cells) for key, cells in stated["cells"].items()},
        )
        for stated in _read()["tables"]
    ]


def _read() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
