"""The page about what each record says of each file: the table that the tests take their expectations from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from integrity_table import IMPOSSIBLE, records, states, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integrity_table import Table

_INTRODUCTION = """\
# What a record says of a file

Nothing here needs a network: a record is held against the bytes where they are here, else against what stands in for
them. Each file ends in one of six states, its `digest_state` in the JSON report (`--output-format json`):"""
_ABOUT_CELLS = """\
Of several records, a mismatch with one outweighs that another agrees, and a digest that was found to be that of the
bytes outweighs a size, of which SUM105 still tells. Beside the state stand the rules that speak, with their severity
where it is not the rule's own. Silence means that the bytes were verified, or are those that git-LFS keeps; or that
file and record are both being worked on and not staged yet.

A digest that lies beside its file notices accidents. Whoever can change the one can change the other: that nobody did
is told by a signature alone (model.sig), and by that only where the signer's key is given (`--public-key`): `-v` then
says who signed. A model.sig that is no signature is SUM113; that there is none where a key is given is SUM111.

`--fix` records a digest in a manifest where nothing has one of the file. Where git-LFS, DVC, a list of checksums or a
signature has, it writes nothing; and where one of these has a digest of the manifest itself, it says which of them to
write anew.

Every cell is tested by making that very situation on disk, with git and git-LFS themselves. `-` is a situation that
cannot be."""
_CODE = re.compile(r"(?P<code>[A-Z]{3}\d{3})(?::(?P<severity>\w+))?")


def integrity_page() -> str:
    """All tables, and where the rules that they name are explained."""
    parts = [_INTRODUCTION, _states(), _ABOUT_CELLS]
    parts += [part for table in tables() for part in _parts(table)]
    parts.append("\n".join(_links()))
    return "\n\n".join(parts) + "\n"


def _states() -> str:
    rows = [f"| `{state}` | {meaning} |" for state, meaning in states().items()]
    return "\n".join(["| state | what is known |", "| --- | --- |", *rows])


def _parts(table: Table) -> Iterator[str]:
    yield f"## {table.title}"
    yield table.text
    titles = records()
    head = [f"| record | {' | '.join(table.columns.values())} |", f"|{' --- |' * (len(table.columns) + 1)}"]
    rows = [f"| {titles[key]} | {' | '.join(map(_cell, cells))} |" for key, cells in table.cells.items()]
    yield "\n".join([*head, *rows])


def _cell(text: str) -> str:
    """A cell with a link for each code."""
    if text == IMPOSSIBLE:
        return text
    state, *codes = text.split()
    shown = []
    for code in codes:
        match = _CODE.fullmatch(code)
        severity = f" ({match['severity']})" if match and match["severity"] else ""
        shown.append(f"[{code[:6]}]{severity}")
    return f"{state}: {', '.join(shown)}" if shown else state


def _links() -> Iterator[str]:
    """The targets of the links, which are written by their code alone."""
    cells = [cell for table in tables() for row in table.cells.values() for cell in row]
    for code in sorted({match["code"] for cell in cells for match in _CODE.finditer(cell)}):
        yield f"[{code}]: rules/{code}.md"
