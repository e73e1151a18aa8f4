"""Write small files with the real libraries, and what these say of each: the oracles of the readers.

    python tools/make_described_corpus.py [ENVIRONMENT]... [--check] [--in-ci] [--environments DIRECTORY]

Each `described/environments/NAME.toml` is an environment: the pinned `requirements` of a fresh virtual environment, the
`scripts` of `described/` that run in it, the version of `python` where it may not be this one, and `in_ci` where CI
asks it. Files and `facts.json` go to `tests/described/NAME/`. With --check nothing is written: the libraries are asked
about the files that are there, and the script fails where they say anything else than `facts.json`.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

from make_benign_corpus import interpreter

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE / "described" / "environments"
CORPUS = HERE.parent / "tests" / "described"
FACTS = "facts.json"
#: The fact that tells which script answers for a file, where an environment has several.
ORACLE = "oracle"
#: What the files of one environment may have together, in bytes.
LARGEST = 1_500_000


class FailedError(Exception):
    """An environment that could not be made, asked or kept, with a line for the user."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Pinned libraries and the programs that ask them; `python` is a version, None for the one that runs this."""

    name: str
    requirements: tuple[str, ...]
    scripts: tuple[str, ...]
    python: str | None = None
    in_ci: bool = False


def environments() -> list[Environment]:
    """Every environment, by name."""
    found = []
    for path in sorted(ENVIRONMENTS.glob("*.toml")):
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
        requirements, scripts = tuple(stated.pop("requirements")), tuple(stated.pop("scripts"))
        found.append(Environment(path.stem, requirements, scripts, **stated))
    return found


def prepared(environment: Environment, home: Path) -> str:
    """The interpreter of the environment, with its libraries."""
    python = interpreter(environment.python, None) if environment.python else sys.executable
    if python is None:
        raise FailedError(f"there is no Python {environment.python}")
    own = str(home / "bin" / "python")
    if not (home / "complete").exists():
        run([python, "-m", "venv", str(home)])
        run([own, "-m", "pip", "install", "-q", "--disable-pip-version-check", *environment.requirements])
        (home / "complete").touch()
    return own


def run(command: list[str], directory: Path | None = None, variables: Mapping[str, str] = MappingProxyType({})) -> str:
    """What a command prints, where it is run and with which variables besides those that are there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command, cwd=directory, env=kept | dict(variables), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FailedError((done.stderr.strip() or f"{command[0]} failed").splitlines()[-1])
    return done.stdout


def run_script(python: str, script: str, directory: Path, *arguments: str) -> str:
    """What a program of `described/` prints, run in a directory and with nobody's home."""
    with tempfile.TemporaryDirectory() as home:
        pinned = {"PYTHONHASHSEED": "0", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1", "HOME": home}
        return run([python, "-m", f"described.{script}", *arguments], directory, pinned)


def ask(python: str, script: str, directory: Path, files: list[str]) -> dict[str, dict[str, object]]:
    """What a library says of files, by their names; every one of them has to be answered for."""
    said = run_script(python, script, directory, "facts", *files)
    answers: dict[str, dict[str, object]] = json.loads(said.splitlines()[-1])
    if answers.keys() != set(files):
        raise FailedError(f"{script} says nothing of {sorted(set(files) ^ answers.keys())}")
    return answers


def files_below(directory: Path) -> list[str]:
    """The files of an environment by their paths within it, without the facts."""
    found = (path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    return sorted(name for name in found if name != FACTS)


def write(environment: Environment, python: str) -> int:
    """Write the files of an environment and their facts anew, and return how many there are."""
    told: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as name:
        collected = Path(name) / "collected"
        for script in environment.scripts:
            own = Path(name) / script
            own.mkdir()
            run_script(python, script, own, "write", str(own))
            answers = ask(python, script, own, files_below(own))
            if answers.keys() & told.keys():
                raise FailedError(f"two scripts write {sorted(answers.keys() & told.keys())}")
            mark = {ORACLE: script} if len(environment.scripts) > 1 else {}
            told |= {file: mark | answer for file, answer in answers.items()}
            shutil.copytree(own, collected, dirs_exist_ok=True)
        refuse_what_cannot_be_kept(collected, Path(name))
        target = CORPUS / environment.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(collected, target)
    lines = (f"{json.dumps(file)}: {json.dumps(told[file], sort_keys=True)}" for file in sorted(told))
    (target / FACTS).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return len(told)


def refuse_what_cannot_be_kept(directory: Path, scratch: Path) -> None:
    """Large files do not belong into the repository, nor do those that tell on which machine they were written."""
    telling = [f"{Path.home()}/", f"/{getpass.getuser()}/", str(scratch), str(HERE.parent)]
    size = 0
    for file in files_below(directory):
        content = (directory / file).read_bytes()
        size += len(content)
        named = next((name for name in telling if name.encode() in content), None)
        if named:
            raise FailedError(f"{file} names the machine that wrote it ({named})")
    if size > LARGEST:
        raise FailedError(f"the files have {size:,} bytes together, and at most {LARGEST:,} are kept")


def differences(environment: Environment, python: str) -> list[str]:
    """What the libraries say now and do not say in `facts.json`, a line each."""
    directory = CORPUS / environment.name
    facts: dict[str, dict[str, object]] = json.loads((directory / FACTS).read_text(encoding="utf-8"))
    files = files_below(directory)
    lines = [f"{name}: there are no facts of it, or no file" for name in sorted(set(files) ^ facts.keys())]
    for script in environment.scripts:
        asked = [file for file in files if facts.get(file, {}).get(ORACLE, environment.scripts[0]) == script]
        answers = ask(python, script, directory, asked) if asked else {}
        for file, answer in answers.items():
            known = {key: value for key, value in facts.get(file, {}).items() if key != ORACLE}
            lines += [
                f"{file}: {key} is {answer.get(key)!r} and not {known.get(key)!r}"
                for key in sorted(answer.keys() | known.keys())
                if answer.get(key) != known.get(key)
            ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="ENVIRONMENT")
    parser.add_argument("--check", action="store_true", help="ask the libraries again, and write nothing")
    parser.add_argument("--in-ci", action="store_true", help="only the environments that CI asks")
    parser.add_argument("--environments", type=Path, help="where the virtual environments are kept between two runs")
    arguments = parser.parse_args()
    known = environments()
    unknown = set(arguments.names) - {environment.name for environment in known}
    if unknown:
        parser.error(f"there is no environment {', '.join(sorted(unknown))}")
    failed = False
    for environment in known:
        if (arguments.names and environment.name not in arguments.names) or (arguments.in_ci and not environment.in_ci):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            home = (arguments.environments or Path(scratch)).absolute() / environment.name
            try:
                python = prepared(environment, home)
                lines = differences(environment, python) if arguments.check else []
                count = len(files_below(CORPUS / environment.name)) if arguments.check else write(environment, python)
            except FailedError as error:
                lines, count = [str(error)], 0
        failed |= bool(lines)
        for line in lines or [f"{count} files"]:
            print(f"{environment.name}: {line}", flush=True)
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
