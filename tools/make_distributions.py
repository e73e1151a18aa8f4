"""Write artifact_lint/policy/data/import_names.txt and requires.txt from the wheels of real distributions.

    python tools/make_distributions.py [DISTRIBUTION]...

For each distribution of `distribution_samples.py`, or each one named, pip downloads the wheel of every version that
is listed there, and of what they need the newest. `METADATA` says what a distribution requires, `RECORD` which modules
it installs (https://packaging.python.org/en/latest/specifications/). Nothing is installed or run. What the files say
already is kept and merged, so that a run may be repeated for a few. Read what it changes before it is committed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath
from typing import Final

from distribution_samples import ALSO, DEVELOPMENT, NO_IMPORTS, SAMPLES, SKIPPED
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

DATA = Path(__file__).resolve().parent.parent / "artifact_lint" / "policy" / "data"
IMPORT_NAMES = DATA / "import_names.txt"
REQUIRES = DATA / "requires.txt"

#: The interpreters whose wheels are looked for, in turn: old releases have none for the newer.
_PYTHONS: Final = ("3.11", "3.9", "3.8")

_ABOUT_NAMES = """\
# Which distributions install what can be imported, where the names differ or a namespace is shared.
# Written by tools/make_distributions.py from the RECORD of wheels on {date}; review every line that is added.
#
# One a line, sorted: `package  distribution ...`, a package of a namespace by its dotted path. A distribution that is
# not listed installs a package of its own name, with `_` for `-`.
"""
_ABOUT_REQUIRES = """\
# What distributions need beside themselves.
# Written by tools/make_distributions.py from the METADATA of wheels on {date}; review every line that is added.
#
# One a line, sorted: `distribution version  requirement ...`, with `distribution[extra]` for what an extra adds.
# Markers are left out: what is needed on one system or Python counts as needed. A version stands for those from it on,
# up to the next one that is listed.
"""


@dataclass(frozen=True, slots=True)
class Wheel:
    """What is kept of one: its requirements by extra (empty for none) and the packages it installs."""

    name: str
    version: str
    requires: dict[str, tuple[str, ...]]
    packages: frozenset[str]


def fetch(name: str, version: str) -> Wheel | None:
    """The wheel of a version, `*` for the newest; None where there is none."""
    for python in _PYTHONS:
        with tempfile.TemporaryDirectory() as directory:
            wanted = name if version == "*" else f"{name}=={version}"
            options = ("--no-deps", "--only-binary=:all:", f"--python-version={python}", "--no-cache-dir", "--quiet")
            command = [sys.executable, "-m", "pip", "download", *options, "--dest", directory, wanted]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            found = list(Path(directory).glob("*.whl"))
            if done.returncode == 0 and found:
                return read(found[0])
    print(f"no wheel of {name} {version}", file=sys.stderr)
    return None


def read(path: Path) -> Wheel:
    """What a wheel's metadata and the list of its members tell."""
    with zipfile.ZipFile(path) as archive:
        members = [PurePosixPath(name) for name in archive.namelist()]
        metadata = next(m for m in members if m.name == "METADATA" and m.parent.suffix == ".dist-info")
        headers = HeaderParser().parsestr(archive.read(str(metadata)).decode("utf-8"))
    name = canonicalize_name(headers["Name"])
    return Wheel(name, headers["Version"], _requirements(headers.get_all("Requires-Dist") or []), _packages(members))


def _requirements(written: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {"": set()}
    for line in written:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        extras = _extras(requirement)
        name = canonicalize_name(requirement.name)
        if name.startswith(SKIPPED) or any(extra.startswith(DEVELOPMENT) for extra in extras):
            continue
        asked = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
        for extra in extras or ("",):
            found.setdefault(extra, set()).add(f"{name}{asked}{requirement.specifier}")
    return {extra: tuple(sorted(needed)) for extra, needed in found.items()}


def _extras(requirement: Requirement) -> tuple[str, ...]:
    """The extras by which a marker asks: those that make it true and without which it is not."""
    words = str(requirement.marker or "").replace("'", '"').split('"')
    return tuple(canonicalize_name(words[at + 1]) for at, word in enumerate(words[:-1]) if word.endswith("extra == "))


def _packages(members: list[PurePosixPath]) -> frozenset[str]:
    """The importable packages and modules that are nobody else's: below a namespace, those with code of their own."""
    code = {member for member in members if member.suffix in {".py", ".so", ".pyd"}}
    code = {member for member in code if not member.parts[0].endswith((".dist-info", ".data"))}
    with_code = {member.parent.parts for member in code}
    found: set[str] = set()
    for member in code:
        stem = member.name.partition(".")[0]
        parts = member.parent.parts if stem == "__init__" else (*member.parent.parts, stem)
        # The shortest directory that holds code is the package; all above it are a namespace.
        for length in range(1, len(parts)):
            if parts[:length] in with_code:
                parts = parts[:length]
                break
        if parts and all(part.isidentifier() for part in parts) and parts[0] not in NO_IMPORTS:
            found.add(".".join(parts))
    return frozenset(found)


def _merged_names(wheels: list[Wheel]) -> dict[str, set[str]]:
    names = {package: set(listed) for package, listed in ALSO.items()}
    for line in _lines(IMPORT_NAMES):
        package, *distributions = line.split()
        names.setdefault(package, set()).update(distributions)
    for wheel in wheels:
        for package in wheel.packages:
            names.setdefault(package, set()).add(wheel.name)
    return {
        package: distributions
        for package, distributions in names.items()
        if "." in package or distributions != {canonicalize_name(package)}
    }


def _merged_requires(wheels: list[Wheel]) -> dict[tuple[str, str], str]:
    kept = {}
    for line in _lines(REQUIRES):
        head, _, needed = line.partition("  ")
        name, _, version = head.partition(" ")
        kept[name, version] = needed
    for wheel in wheels:
        for extra, listed in wheel.requires.items():
            kept[f"{wheel.name}[{extra}]" if extra else wheel.name, wheel.version] = " ".join(listed)
    return kept


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def collect(asked: dict[str, tuple[str, ...]]) -> list[Wheel]:
    """The wheels asked for, and the newest of all that they need without being asked for an extra."""
    wheels: list[Wheel] = []
    known = {line.partition(" ")[0] for line in _lines(REQUIRES)} | set(asked)
    waiting = [(name, version) for name, versions in asked.items() for version in versions]
    while waiting:
        name, version = waiting.pop(0)
        wheel = fetch(name, version)
        if wheel is None:
            continue
        print(wheel.name, wheel.version, *sorted(wheel.packages), flush=True)
        wheels.append(wheel)
        write([wheel])
        for requirement in wheel.requires[""]:
            needed = canonicalize_name(Requirement(requirement).name)
            if needed not in known:
                known.add(needed)
                waiting.append((needed, "*"))
    return wheels


def write(wheels: list[Wheel]) -> None:
    """Merge what wheels say into the two files."""
    date = datetime.now(UTC).date().isoformat()
    names, requires = _merged_names(wheels), _merged_requires(wheels)
    lines = [f"{package}  {' '.join(sorted(names[package]))}\n" for package in sorted(names)]
    IMPORT_NAMES.write_text(_ABOUT_NAMES.format(date=date) + "\n" + "".join(lines), encoding="utf-8")
    ordered = sorted(requires, key=lambda key: (key[0], Version(key[1])))
    needs = [f"{' '.join(key)}  {requires[key]}".rstrip() + "\n" for key in ordered]
    REQUIRES.write_text(_ABOUT_REQUIRES.format(date=date) + "\n" + "".join(needs), encoding="utf-8")


def main() -> None:
    asked = {name: SAMPLES.get(name, ("*",)) for name in sys.argv[1:]} or SAMPLES
    print(f"read {len(collect(dict(asked)))} wheels")


if __name__ == "__main__":
    main()
