"""Write the benign corpus: small files of real libraries at several versions, none of which may raise an alarm.

    python tools/make_benign_corpus.py [ENVIRONMENT]... [--interpreters DIRECTORY] [--environments DIRECTORY]

Each environment of `benign/environments.py` gets a virtual environment of its own, with pinned libraries. Interpreters
are looked for on the PATH (`python3.8`), below `--interpreters` and where pyenv keeps them; an environment without its
interpreter, and a library that cannot be installed, is told of and left as it was. Files go to
`tests/corpus/benign/ENVIRONMENT/`, and `index.json` beside them tells which library and version wrote each.

Some libraries write times, the order of sets or memory that was never set: a second run gives files of the same kind,
not always of the same bytes.
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
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

from benign.environments import ENVIRONMENTS

if TYPE_CHECKING:
    from benign.environments import Environment

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parent / "tests" / "corpus" / "benign"
INDEX = CORPUS / "index.json"

#: Larger files do not belong into the repository, in bytes.
LARGEST = 30_000


def interpreter(version: str, directory: Path | None) -> str | None:
    """A Python of that version, None where there is none."""
    on_path = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for place in (directory, pyenv):
        found = sorted(place.glob(f"{version}.*/bin/python")) if place else []
        if found:
            return str(found[-1])
    runs = on_path and subprocess.run([on_path, "-c", ""], capture_output=True, check=False).returncode == 0
    return on_path if runs else None


def prepare(environment: Environment, python: str, home: Path) -> str | None:
    """The environment's own interpreter with its libraries; None, and the reason printed, where that fails."""
    is_old = environment.python.startswith("2")
    made = python if is_old else str(home / "bin" / "python")
    if (home / "complete").exists():
        return made
    install = [made, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    if is_old:  # has no venv: its libraries lie in a directory that the writers are told of
        install += ["--target", str(home)]
    commands = [] if is_old else [[python, "-m", "venv", str(home)]]
    if environment.libraries:
        commands.append([*install, *environment.libraries])
    if environment.without_needs:
        commands.append([*install, "--no-deps", *environment.without_needs])
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{environment.name}: {(done.stderr.strip() or 'failed').splitlines()[-1]}")
            return None
    (home / "complete").touch()
    return made


def written_by(environment: Environment, python: str, home: Path) -> list[dict[str, str]]:
    """Run the writers, and return a record of each file that is small enough."""
    target = CORPUS / environment.name
    shutil.rmtree(target, ignore_errors=True)
    is_old = environment.python.startswith("2")
    program = HERE / "benign" / ("writers_python2.py" if is_old else "writers.py")
    with tempfile.TemporaryDirectory() as elsewhere:
        variables = {"PATH": os.environ["PATH"], "HOME": elsewhere, "KERAS_BACKEND": "torch", "PYTHONHASHSEED": "0"}
        if is_old:
            variables["PYTHONPATH"] = str(home)
        command = [python, str(program), str(target), *(() if is_old else environment.groups)]
        done = subprocess.run(command, cwd=elsewhere, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{environment.name}: {(done.stderr.strip() or 'failed').splitlines()[-1]}")
    records = []
    for line in done.stdout.splitlines():
        said = json.loads(line) if line.startswith('{"') else {}
        if "failed" in said:
            print(f"{environment.name}: {said['failed']}: {said['why']}")
        elif said and _is_kept(target / said["path"]):
            records.append(said | {"path": f"{environment.name}/{said['path']}"})
    return records


def _is_kept(path: Path) -> bool:
    content = path.read_bytes()
    names = [f"{Path.home()}/", f"{tempfile.gettempdir()}/", f"/{getpass.getuser()}/"]
    named = next((name for name in names if name.encode() in content), None)
    if named:
        print(f"{path.name} names the machine that wrote it ({named}) and is left out")
    elif len(content) > LARGEST:
        print(f"{path.name} has {len(content):,} bytes and is left out")
    else:
        return True
    path.unlink()
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="ENVIRONMENT")
    parser.add_argument("--interpreters", type=Path, help="a directory of interpreters by version, as pyenv keeps them")
    parser.add_argument("--environments", type=Path, help="where the virtual environments are kept between two runs")
    arguments = parser.parse_args()
    index: list[dict[str, str]] = json.loads(INDEX.read_text(encoding="utf-8")) if INDEX.exists() else []
    with tempfile.TemporaryDirectory() as scratch:
        homes = arguments.environments or Path(scratch)
        for environment in ENVIRONMENTS:
            if arguments.names and environment.name not in arguments.names:
                continue
            python = interpreter(environment.python, arguments.interpreters)
            if python is None:
                print(f"{environment.name}: there is no Python {environment.python}")
                continue
            made = prepare(environment, python, homes / environment.name)
            if made:
                records = written_by(environment, made, homes / environment.name)
                index = [one for one in index if not one["path"].startswith(f"{environment.name}/")] + records
                print(f"{environment.name}: {len(records)} files")
    index.sort(key=lambda record: record["path"])
    INDEX.write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    print(f"{len(index)} files")


if __name__ == "__main__":
    main()
