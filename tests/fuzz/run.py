"""Coverage-guided fuzzing of the readers, with atheris.

    python tests/fuzz/run.py pickles|containers|describe [SECONDS] [DIRECTORY]

starts from the regressions kept beside this file and the files of the corpora, and grows DIRECTORY (default: one that
is thrown away). What makes a reader fail is written to `tests/fuzz/regressions/TARGET/`, where `pytest` runs it again.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
SECONDS = 20
#: What a short run without a directory of its own begins with, so that it can be run again.
SEED = 1

with atheris.instrument_imports(include=["artifact_lint"]):
    sys.path.insert(0, str(HERE))
    from targets import DESCRIBED, LARGEST, NAMES, TARGETS

    from artifact_lint.formats import sniff
    from artifact_lint.formats.sources import Memory

CORPORA = (HERE.parent / "corpus" / "benign", HERE.parent / "described")


def seeds(target: str, directory: Path) -> None:
    """Write what the fuzzer starts from."""
    files = [path for corpus in CORPORA for path in sorted(corpus.rglob("*")) if path.is_file()]
    for number, path in enumerate(path for path in files if path.stat().st_size < LARGEST):
        content = path.read_bytes()
        choice = _choice(target, number, path.name, content)
        if choice is not None:
            (directory / f"seed-{number}").write_bytes(choice + content)
    for path in (HERE / "regressions" / target).iterdir():
        (directory / path.name).write_bytes(path.read_bytes())


def _choice(target: str, number: int, name: str, content: bytes) -> bytes | None:
    """The byte that chooses a reader, before the content; none for pickles, None where a seed is none of the target."""
    if target == "pickles":
        return b""
    if target == "containers":
        return bytes([number % len(NAMES)])
    format_ = sniff(name, Memory(content))
    return bytes([DESCRIBED.index(format_)]) if format_ in DESCRIBED else None


def main() -> None:
    """Fuzz one target for some seconds."""
    target = sys.argv[1]
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(sys.argv[3] if len(sys.argv) > 3 else temporary)
        directory.mkdir(exist_ok=True)
        seeds(target, directory)
        prefix = HERE / "regressions" / target
        options = [f"-max_total_time={seconds}", f"-max_len={LARGEST}", "-timeout=30", "-rss_limit_mb=2048"]
        if len(sys.argv) <= 3:
            options.append(f"-seed={SEED}")
        atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={prefix}/", str(directory)], TARGETS[target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
