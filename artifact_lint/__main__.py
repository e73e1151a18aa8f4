"""`python -m artifact_lint`, and the `artifact-lint` command."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

from artifact_lint import __version__

_OBJECTS_BEFORE_COLLECTION = 200_000


def main() -> int:
    """Run the command line; the exit code."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"artifact-lint {__version__}\n")  # before anything is imported: hooks ask it often
        return 0
    # Windows looks for programs in the working directory first: a `git.exe` of the linted repository would be run.
    os.environ["NODEFAULTCURRENTDIRECTORYINEXEPATH"] = "1"
    from artifact_lint.cli.app import INTERRUPTED, run  # noqa: PLC0415

    # What a short run makes it keeps to its end, and looking for garbage among it takes a tenth of the time.
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)
    code = run(sys.argv[1:])
    if code == INTERRUPTED:
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(code)  # what threads are still reading nobody wants to know any more, and an exit would wait for it
    gc.freeze()  # the interpreter looks for garbage once more before it ends, which takes another tenth
    return code


if __name__ == "__main__":
    sys.exit(main())
