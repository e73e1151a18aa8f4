"""The command line that the programs beside this one have in common: `write DIRECTORY` and `facts FILE...`.

Facts are by the names of the fields of `artifact_lint.model.description.Description`; the README says how each is
written. Nothing here needs more than the standard library, for it runs in the environment of each library.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Facts = Mapping[str, object]


def answer(write: Callable[[Path], None], facts: Callable[[Path], Facts]) -> None:
    """Write files into a directory, or print what the library says of each file, as JSON by the file's name."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("write").add_argument("directory", type=Path)
    commands.add_parser("facts").add_argument("files", nargs="+", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "write":
        arguments.directory.mkdir(parents=True, exist_ok=True)
        write(arguments.directory)
        return
    print(json.dumps({file.as_posix(): facts(file) for file in arguments.files}))
