"""Write the hostile corpus: bad model files of every family, put together from bytes.

    python tools/make_hostile_corpus.py DIRECTORY [--without-bounded]

Each case gets a directory `FAMILY/NAME/`. `index.json` tells of each its family, why it is bad, the file it is about,
and the codes of which at least one has to be reported as an error; the family `bounded` expects none, only an end
within seconds.
Nothing is pickled or unpickled, and what a payload would run is `echo artifact-lint`.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

from hostile.cases import BOUNDED
from hostile.corpus import cases

if TYPE_CHECKING:
    from hostile.cases import Bad

INDEX = "index.json"


def write(directory: Path, *, bounded: bool = True) -> list[Bad]:
    """Write the corpus below a directory and return its cases, without their bytes once they are written."""
    written: list[Bad] = []
    index = []
    for case in cases():
        if case.family == BOUNDED and not bounded:
            continue
        home = directory / case.family / case.name
        for name, content in case.files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        index.append(
            {
                "path": f"{case.family}/{case.name}",
                "subject": case.subject,
                "family": case.family,
                "why": case.why,
                "expected": sorted(case.expected),
            }
        )
        written.append(replace(case, files={}))
    (directory / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--without-bounded", action="store_true", help="leave out the large files")
    arguments = parser.parse_args()
    written = write(arguments.directory, bounded=not arguments.without_bounded)
    print(f"{len(written)} bad artifacts of {len({case.family for case in written})} families")


if __name__ == "__main__":
    main()
