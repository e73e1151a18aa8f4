"""`python -m artifact_lint`, and the `artifact-lint` command."""

from __future__ import annotations

import gc
import sys

from artifact_lint import __version__

_OBJECTS_BEFORE_COLLECTION = 20_000


def main() -> int:
    """Run the command line; the exit code."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"artifact-lint {__version__}\n")  # before anything is imported: hooks ask it often
        return 0
    from artifact_lint.cli.app import run  # noqa: PLC0415

    # What a short run makes it keeps to its end, and looking for garbage among it takes a tenth of the time.
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
