"""Prints what hashing costs beside the tools that one would take instead, as a Markdown table.

Makes its files (5 GB) in a temporary directory, installs model_signing into an environment of its own, and takes
openssl and sha256sum as they are. CPU is user and system time of the whole process, start-up included; each figure is
the best of some runs in turn, for all of them are measured under whatever load there is.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3

#: The hashing layer by itself: every file below a directory, by the pool, with or without the cache.
OURS = """
import os, sys
from pathlib import Path
from artifact_lint.cache import user_cache
from artifact_lint.hash_pool import HashPool, Job
from artifact_lint.stores.local import LocalStore
root, use_cache = Path(sys.argv[1]), sys.argv[2] == "cached"
names = sorted((entry.name, entry.stat().st_size) for entry in os.scandir(root))
pool, found = HashPool(LocalStore(root)), {}
def job(name):
    return lambda: found.update({name: pool.digests(name, ["sha256"])["sha256"]})
jobs = [Job(name, size, job(name)) for name, size in names]
pool.hash_ahead(jobs, open_cache=lambda: user_cache(os.environ) if use_cache else None)
assert len(found) == len(names)
"""


@dataclass(frozen=True)
class Cost:
    """What one run took: CPU and wall time in seconds, peak memory in MB."""

    cpu: float
    wall: float
    memory: float


@dataclass(frozen=True)
class Row:
    what: str
    cost: Cost


def cost(command: list[str], environment: dict[str, str] | None = None) -> Cost:
    """Run a command, whose exit code has to be 0 or 1."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | (environment or {})
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"exit code {process.returncode}: {' '.join(command)}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def best(*commands: tuple[list[str], dict[str, str]]) -> list[Cost]:
    """The least that each of several commands took, run in turn."""
    runs = [[cost(*command) for command in commands] for _ in range(ROUNDS)]
    return [
        Cost(min(c.cpu for c in column), min(c.wall for c in column), max(c.memory for c in column))
        for column in zip(*runs, strict=True)
    ]


def write(file: Path, size: int) -> None:
    """Write one tensor as safetensors does: the length of the header, the header, and bytes that nobody can foresee."""
    header = {"weight": {"dtype": "U8", "shape": [size - 128], "data_offsets": [0, size - 128]}}
    with file.open("wb") as stream:
        stream.write((120).to_bytes(8, "little") + json.dumps(header).encode().ljust(120))
        left = size - 128
        while left:
            left -= stream.write(os.urandom(min(left, 1 << 20)))


def fill(directory: Path, count: int, size: int) -> Path:
    directory.mkdir()
    for number in range(count):
        write(directory / f"shard-{number:05}.safetensors", size)
    return directory


def model_signing(place: Path) -> Path:
    """The tool, in an environment of its own."""
    venv.create(place / "signing", with_pip=True)
    binaries = place / "signing" / "bin"
    subprocess.run([binaries / "pip", "install", "--quiet", "model-signing", "pyopenssl"], check=True)
    return binaries / "model_signing"


def signed(tool: Path, place: Path, model: Path) -> list[str]:
    """The command that verifies a model by a key, and nothing else."""
    key, public, signature = place / "key.pem", place / "public.pem", place / f"{model.name}.sig"
    curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run(["openssl", "genpkey", *curve, "-out", key], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    sign: list[str | Path] = [tool, "sign", "key", model, "--private_key", key, "--signature", signature]
    subprocess.run(sign, check=True, capture_output=True)
    return [str(part) for part in (tool, "verify", "key", model, "--signature", signature, "--public_key", public)]


def manifest(directory: Path) -> None:
    """One manifest that names every file of a directory with its digest."""
    names = sorted(file.name for file in directory.iterdir())
    sums = subprocess.run(["sha256sum", *names], cwd=directory, check=True, capture_output=True, text=True).stdout
    head = 'schema_version: 1\nname: shards\nversion: "1.0.0"\nweights:\n  framework: pytorch\n  files:\n'
    lines = [
        f'    - {{path: {name}, role: weights, digest: "sha256:{digest}"}}\n'
        for digest, name in map(str.split, sums.splitlines())
    ]
    (directory / "model-artifact.yaml").write_text(head + "".join(lines))


def settle() -> None:
    """Wait until nothing counts as changed a moment ago (`artifact_lint.stores.base.SETTLED`)."""
    time.sleep(61)


def measure(place: Path) -> tuple[list[Row], list[str]]:
    python = [sys.executable, "-c", OURS]
    ours = {"PYTHONPATH": str(ROOT), "ARTIFACT_LINT_CACHE_DIR": str(place / "cache"), "CI": ""}
    rows: list[Row] = []

    large = fill(place / "large", 1, 2 << 30)
    file = str(next(large.iterdir()))
    tool = model_signing(place)
    single = best(
        ([*python, str(large), "fresh"], ours),
        (["openssl", "dgst", "-sha256", file], {}),
        (["sha256sum", file], {}),
        (signed(tool, place, large), {}),
    )
    names = ["artifact-lint's hashing", "openssl dgst -sha256", "sha256sum", "model_signing verify key"]
    rows += [Row(f"2 GiB in one file: {name}", c) for name, c in zip(names, single, strict=True)]

    many = fill(place / "many", 2000, 1_000_000)
    files = sorted(str(file) for file in many.iterdir())
    several = best(
        ([*python, str(many), "fresh"], ours),
        (["openssl", "dgst", "-sha256", *files], {}),
        (["sha256sum", *files], {}),
        (signed(tool, place, many), {}),
    )
    rows += [Row(f"2,000 files of 1 MB: {name}", c) for name, c in zip(names, several, strict=True)]

    unchanged = fill(place / "unchanged", 10_000, 100_000)
    settle()
    first = cost([*python, str(unchanged), "cached"], ours)
    (again,) = best(([*python, str(unchanged), "cached"], ours))
    manifest(unchanged)
    settle()
    check = [sys.executable, "-m", "artifact_lint", "check", str(unchanged), "--isolated", "-qq"]
    whole, only, bare = best(
        (check, ours), ([*check, "--select=SUM101"], ours), ([*check, "--select=SUM101", "--no-cache"], ours)
    )
    rows += [
        Row("10,000 files of 100 kB: artifact-lint's hashing, first run", first),
        Row("10,000 files of 100 kB, unchanged: artifact-lint's hashing", again),
        Row("... named in one manifest: `artifact-lint check`, all rules", whole),
        Row("... `artifact-lint check --select SUM101`", only),
        Row("... `artifact-lint check --select SUM101 --no-cache`", bare),
    ]
    faster = [c.wall / several[0].wall for c in several]
    share = [one.cpu / other.cpu for one, other in ((single[0], single[3]), (several[0], several[3]))]
    targets = [
        f"- one file: {single[0].cpu / single[1].cpu:.2f} of openssl's CPU (at most 1.15)",
        f"- many files: {faster[2]:.1f} times faster than sha256sum (at least 1.6), {faster[1]:.1f} times than openssl",
        f"- beside model_signing verify: {share[0]:.2f} and {share[1]:.2f} of its CPU (less than 1)",
        f"- 10,000 unchanged files: {again.cpu:.2f} s CPU (less than 0.5)",
        f"- peak memory: {max(c.memory for c in (single[0], several[0], first, again)):.0f} MB (less than 80)",
    ]
    return rows, targets


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        rows, targets = measure(Path(place))
    system = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    print(f"{system}, load before it began {load:.1f}, best of {ROUNDS} runs\n")
    print("| what | CPU s | wall s | peak MB |\n|---|---:|---:|---:|")
    for row in rows:
        print(f"| {row.what} | {row.cost.cpu:.2f} | {row.cost.wall:.2f} | {row.cost.memory:.0f} |")
    print("\n" + "\n".join(targets))


if __name__ == "__main__":
    main()
