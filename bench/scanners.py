"""What the scanners that a user would pick instead find in the hostile corpus, and what they say of the benign one.

    python bench/scanners.py [SCANNER]... [--environments DIRECTORY]

Every scanner is installed, pinned, into a virtual environment of its own and driven there through its Python interface,
in one process for all files. Prints a Markdown table; what each missed and each false alarm is written next to it with
`--details FILE`. A file counts as

- caught, or as a false alarm, where the scanner's own verdict would fail a build because of what it found,
- unread, where the scanner says that it could not read it or judge it, fails, or takes longer than a time limit,
- missed, or clean, otherwise.

The family `bounded` of the hostile corpus is about time and memory and is not in this table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
BENIGN = ROOT / "tests" / "corpus" / "benign"

#: A file that takes longer counts as unread, in seconds.
TIME_LIMIT = 20

#: What a scanner's process may allocate, in bytes.
MEMORY_LIMIT = 8 << 30

OURS = "artifact-lint"


@dataclass(frozen=True, slots=True)
class Scanner:
    """A scanner, what is installed for it, and the name of its driver below."""

    title: str
    requirements: tuple[str, ...]
    driver: str


SCANNERS = (
    Scanner("picklescan 1.0.5", ("picklescan==1.0.5",), "picklescan"),
    Scanner("picklescan 1.0.5 --strict", ("picklescan==1.0.5",), "picklescan-strict"),
    Scanner("modelscan 0.8.8", ("modelscan==0.8.8",), "modelscan"),
    # fickling 0.1.12 imports typing-extensions on Python 3.11 without asking for it.
    Scanner("fickling 0.1.12", ("fickling==0.1.12", "typing-extensions==4.15.0"), "fickling"),
    Scanner("hayward 1.4.1", ("hayward==1.4.1",), "hayward"),
    Scanner("modelaudit 0.2.54", ("modelaudit==0.2.54",), "modelaudit"),
    Scanner(OURS, (f"{ROOT}[lz4,seven-zip,templates]",), OURS),
)


@dataclass(slots=True)
class Outcome:
    """The verdicts of one scanner by path, and the CPU seconds that it took."""

    verdicts: dict[str, str] = field(default_factory=dict)
    cpu: float = 0.0


# What runs inside a scanner's own environment: functions from a path to "flagged", "unread" or "clean".


def _picklescan(path: Path, *, strict: bool = False) -> str:
    result = import_module("picklescan.scanner").scan_file_path(str(path), strict=strict)
    if result.issues_count:
        return "flagged"
    return "unread" if result.scan_err else "clean"


def _picklescan_strict(path: Path) -> str:
    return _picklescan(path, strict=True)


def _modelscan(path: Path) -> str:
    scan = import_module("modelscan.modelscan").ModelScan()
    scan.scan(path)
    if scan.issues.all_issues:
        return "flagged"
    return "clean" if scan.scanned and not scan.errors else "unread"


def _fickling(path: Path) -> str:
    loader = import_module("fickling.loader")
    if import_module("zipfile").is_zipfile(path):
        results = list(loader.scan_zip_archive(str(path), graceful=True).values())
    else:
        results = [loader.scan_file(str(path), graceful=True)]
    if any(one.results and not one.is_safe for one in results):
        return "flagged"
    return "unread" if not results or any(one.errors for one in results) else "clean"


def _hayward(path: Path) -> str:
    hayward = import_module("hayward")
    findings = hayward.ModelFileScanner().scan_file(path)
    if any(one.severity.value in {"critical", "high"} and not hayward.is_coverage_gap(one) for one in findings):
        return "flagged"
    return "unread" if any(hayward.is_coverage_gap(one) for one in findings) else "clean"


def _modelaudit(path: Path) -> str:
    core = import_module("modelaudit.core")
    result = core.scan_model_directory_or_file(str(path), skip_file_types=False)
    if import_module("modelaudit.core_results").results_have_security_findings(result):
        return "flagged"
    return "unread" if core.determine_exit_code(result) else "clean"


def _artifact_lint(path: Path) -> str:
    engine, settings = import_module("artifact_lint.engine"), import_module("artifact_lint.settings")
    report = engine.lint([str(path)], engine.Request(settings.Settings()))
    codes = {finding.code for finding in report.findings if finding.severity.value == "error"}
    codes = {code for code in codes if code.startswith(("PKL", "SEC"))}
    if codes - {"PKL111", "PKL141"}:
        return "flagged"
    return "unread" if codes else "clean"


DRIVERS: dict[str, Callable[[Path], str]] = {
    "picklescan": _picklescan,
    "picklescan-strict": _picklescan_strict,
    "modelscan": _modelscan,
    "fickling": _fickling,
    "hayward": _hayward,
    "modelaudit": _modelaudit,
    OURS: _artifact_lint,
}


class _TooSlowError(BaseException):
    """Past every handler for ordinary errors that a scanner may have."""


def _too_slow(*_: object) -> None:
    raise _TooSlowError


def drive(name: str, listing: Path) -> None:
    """Judge every path of a list and print a line of JSON for each, before and after."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    signal.signal(signal.SIGALRM, _too_slow)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a scanner prints must not mix with the verdicts
    for path in json.loads(listing.read_text(encoding="utf-8")):
        print(json.dumps([path, None]), file=out, flush=True)
        signal.alarm(TIME_LIMIT)
        try:
            verdict = DRIVERS[name](Path(path))
        except (_TooSlowError, Exception):  # noqa: BLE001  # whatever a scanner fails with, the file is unread
            verdict = "unread"
        signal.alarm(0)
        print(json.dumps([path, verdict]), file=out, flush=True)


# What runs here.


def prepare(scanner: Scanner, home: Path) -> str | None:
    """The interpreter of the scanner's environment; None, and the reason printed, where it cannot be installed."""
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        commands: list[list[str]] = [
            [sys.executable, "-m", "venv", str(home)],
            [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *scanner.requirements],
        ]
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{scanner.title} cannot be installed: {(done.stderr.strip() or '?').splitlines()[-1]}")
                return None
        (home / "complete").touch()
    return str(python)


def judge(scanner: Scanner, python: str, paths: Sequence[str], scratch: Path) -> Outcome:
    """Run a scanner over all paths; a process that dies is started again behind the file that killed it."""
    outcome = Outcome()
    left = list(paths)
    listing = scratch / "paths.json"
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ARTIFACT_LINT_"))}
    variables |= {"HOME": str(scratch), "PROMPTFOO_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
    while left:
        listing.write_text(json.dumps(left), encoding="utf-8")
        before = _children()
        command = [python, str(Path(__file__).resolve()), "--drive", scanner.driver, str(listing)]
        done = subprocess.run(command, cwd=scratch, env=variables, capture_output=True, text=True, check=False)
        outcome.cpu += _children() - before
        started = ""
        for line in done.stdout.splitlines():
            path, verdict = json.loads(line)
            started = path
            outcome.verdicts[path] = verdict or "unread"
        if not started:
            print(f"{scanner.title} does not run: {(done.stderr.strip() or '?').splitlines()[-1]}")
            break
        left = left[left.index(started) + 1 :]
    return outcome


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@dataclass(frozen=True, slots=True)
class BadArtifact:
    """The files of a case of the hostile corpus; `is_pickle` where unpickling is what is bad about it."""

    files: tuple[str, ...]
    is_pickle: bool


def hostile(directory: Path) -> Iterator[tuple[str, BadArtifact]]:
    """Every bad artifact by its name."""
    sys.path.insert(0, str(ROOT / "tools"))
    maker: Any = import_module("make_hostile_corpus")
    for case in maker.write(directory, bounded=False):
        home = directory / case.family / case.name
        files = tuple(str(path) for path in sorted(home.rglob("*")) if path.is_file())
        yield f"{case.family}/{case.name}", BadArtifact(files, any(code.startswith("PKL1") for code in case.expected))


def benign(directory: Path) -> dict[str, str]:
    """Every benign file by its name in the index, each copied to a directory of its own with what belongs to it."""
    copies = {}
    for record in json.loads((BENIGN / "index.json").read_text(encoding="utf-8")):
        environment, part, *_ = record["path"].split("/")
        home = directory / environment / part
        if not home.exists():
            home.mkdir(parents=True)
            source = BENIGN / environment / part
            copy = shutil.copytree if source.is_dir() else shutil.copyfile
            copy(source, home / part)
        copies[record["path"]] = str(home / record["path"].removeprefix(f"{environment}/"))
    return copies


def verdict_of(paths: Sequence[str], outcome: Outcome) -> str:
    """The worst that was said of an artifact's files."""
    said = {outcome.verdicts.get(path, "unread") for path in paths}
    return next(verdict for verdict in ("flagged", "unread", "clean") if verdict in said)


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.0%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="SCANNER")
    parser.add_argument("--environments", type=Path, help="where the virtual environments are kept between two runs")
    parser.add_argument("--details", type=Path, help="a file for the paths behind the counts")
    parser.add_argument("--drive", nargs=2, metavar=("DRIVER", "LIST"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.drive:
        drive(arguments.drive[0], Path(arguments.drive[1]))
        return
    chosen = [one for one in SCANNERS if not arguments.names or one.driver in arguments.names]
    details: dict[str, dict[str, list[str]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        bad = dict(hostile(scratch / "hostile"))
        good = benign(scratch / "benign")
        print(f"Python {platform.python_version()}, {platform.machine()}")
        pickles = [name for name, case in bad.items() if case.is_pickle]
        print(f"{len(bad)} bad artifacts, {len(pickles)} of them pickles; {len(good)} good files\n")
        print("| scanner | caught | of the pickles | unread | missed | false alarms | good, unread | CPU s |")
        print("|---|---:|---:|---:|---:|---:|---:|---:|", flush=True)
        for scanner in chosen:
            home = (arguments.environments or scratch / "environments") / scanner.driver
            python = prepare(scanner, home)
            if python is None:
                continue
            files = [path for case in bad.values() for path in case.files]
            outcome = judge(scanner, python, [*files, *good.values()], scratch)
            verdicts = {name: verdict_of(case.files, outcome) for name, case in bad.items()}
            of_good = {name: verdict_of([path], outcome) for name, path in good.items()}
            counts, good_counts = Counter(verdicts.values()), Counter(of_good.values())
            of_pickles = sum(verdicts[name] == "flagged" for name in pickles)
            shares = (_share(counts["flagged"], len(bad)), _share(of_pickles, len(pickles)))
            cells = (*shares, counts["unread"], counts["clean"], good_counts["flagged"], good_counts["unread"])
            print(f"| {scanner.title} | {' | '.join(map(str, cells))} | {outcome.cpu:.0f} |", flush=True)
            details[scanner.title] = {
                "missed": [name for name, verdict in verdicts.items() if verdict == "clean"],
                "unread": [name for name, verdict in verdicts.items() if verdict == "unread"],
                "false alarms": [name for name, verdict in of_good.items() if verdict == "flagged"],
                "good, unread": [name for name, verdict in of_good.items() if verdict == "unread"],
            }
    if arguments.details:
        arguments.details.write_text(json.dumps(details, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
