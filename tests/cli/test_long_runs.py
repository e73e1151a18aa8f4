"""Hashing as a user meets it: the cache, an interrupt, and files that change meanwhile."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from command import artifact_lint, clean_environment

from artifact_lint.engine import Request, lint
from artifact_lint.hash_pool import WORTH_PREPARING
from artifact_lint.model import Severity
from artifact_lint.settings import Settings
from artifact_lint.stores.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from artifact_lint.model import Finding

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, terminals and caches as POSIX has them")

MANIFEST = """\
schema_version: 1
name: churn
version: "1.0.0"
weights:
  framework: pytorch
  files:
    - {{path: model.bin, role: weights, digest: "{digest}"}}
"""
DATABASE = "digests-1.sqlite3"


def model(directory: Path, digest: str, size: int = WORTH_PREPARING) -> Path:
    with (directory / "model.bin").open("wb") as file:
        file.truncate(size)
    (directory / "model-artifact.yaml").write_text(MANIFEST.format(digest=digest))
    return directory / "model.bin"


def zeros(algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, bytes(WORTH_PREPARING)).hexdigest()}"


def mismatches(directory: Path, *options: str, **environment: str) -> int:
    done = artifact_lint(
        directory,
        "check",
        ".",
        "--isolated",
        "--select=SUM101",
        "--output-format=concise",
        *options,
        **{"CI": "", **environment},
    )
    assert done.stderr == ""
    assert done.returncode == (1 if "SUM101" in done.stdout else 0)
    return done.stdout.count("SUM101")


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Models in directories of their own, which were left alone long enough; there is one wait for all."""
    directories = [tmp_path_factory.mktemp("model") for _ in range(6)]
    files = [model(directory, zeros()) for directory in directories]
    while (state := LocalStore(files[-1].parent).identity("model.bin")) and not state.is_settled(time.time_ns()):
        time.sleep(0.5)
    return iter(directories)


class TestTheCache:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        return tmp_path / "cache"

    @pytest.fixture
    def directory(self, settled: Iterator[Path]) -> Path:
        return next(settled)

    def test_remembers_digests_where_the_environment_says(self, directory: Path, place: Path) -> None:
        assert mismatches(directory, ARTIFACT_LINT_CACHE_DIR=str(place)) == 0
        with closing(sqlite3.connect(place / DATABASE)) as connection:
            assert connection.execute("SELECT algorithm, hex(digest) FROM digests").fetchall() == [
                ("sha256", zeros().partition(":")[2].upper())
            ]
        assert mismatches(directory, ARTIFACT_LINT_CACHE_DIR=str(place)) == 0
        (directory / "model.bin").write_bytes(b"\1" * WORTH_PREPARING)
        assert mismatches(directory, ARTIFACT_LINT_CACHE_DIR=str(place)) == 1

    @pytest.mark.parametrize(
        ("options", "environment"),
        [(["--no-cache"], {}), ([], {"ARTIFACT_LINT_NO_CACHE": "1"}), ([], {"CI": "true"})],
    )
    def test_is_left_alone(self, directory: Path, place: Path, options: list[str], environment: dict[str, str]) -> None:
        assert mismatches(directory, *options, ARTIFACT_LINT_CACHE_DIR=str(place), **environment) == 0
        assert not place.exists()

    def test_that_is_spoiled_changes_nothing(self, directory: Path, place: Path) -> None:
        place.mkdir(mode=0o700)
        (place / DATABASE).write_bytes(os.urandom(10_000))
        for _ in range(2):
            assert mismatches(directory, ARTIFACT_LINT_CACHE_DIR=str(place)) == 0
        assert (place / DATABASE).read_bytes().startswith(b"SQLite format 3\0")


def findings(directory: Path, code: str) -> list[Finding]:
    return [found for found in lint([str(directory)], Request(Settings())).findings if found.code == code]


def test_a_file_that_changes_while_it_is_hashed_is_an_error(tmp_path: Path) -> None:
    file = model(tmp_path, zeros(), 4 * WORTH_PREPARING)
    done = threading.Event()

    def grow() -> None:
        with file.open("ab") as stream:
            while not done.is_set():
                stream.write(b"more")
                stream.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        (found,) = findings(tmp_path, "SUM107")
    finally:
        done.set()
        writer.join()
    assert found.message == "the bytes of model.bin were not checked: changed while it was read"
    assert found.severity is Severity.ERROR


def test_a_digest_that_takes_an_extra_is_said_to_be_unchecked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blake3", None)
    model(tmp_path, "blake3:" + "0123456789abcdef" * 4)
    (found,) = findings(tmp_path, "SUM107")
    assert found.message.endswith("not checked: blake3 takes an extra: pip install 'artifact-lint[blake3]'")
    assert found.severity is Severity.NOTE
    assert findings(tmp_path, "SUM101") == []


class Terminal:
    """The command on a terminal of its own, hashing a file that it will not come to the end of."""

    def __init__(self, directory: Path, *options: str, **environment: str) -> None:
        self._ours, theirs = os.openpty()
        model(directory, zeros(), 1 << 42)
        self.running = subprocess.Popen(
            [sys.executable, "-m", "artifact_lint", "check", ".", "--isolated", *options],
            cwd=directory,
            env=clean_environment() | {"TERM": "xterm", "CI": "", "COLUMNS": "80"} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
        )
        os.close(theirs)

    def read(self) -> Iterator[str]:
        """What appears on the terminal, bit by bit."""
        while True:
            try:
                bit = os.read(self._ours, 4096)
            except OSError:  # nobody has the other end open any more
                return
            if not bit:
                return
            yield bit.decode()

    def close(self) -> None:
        self.running.kill()
        self.running.communicate()
        os.close(self._ours)


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}])
def test_long_work_shows_how_far_it_is_and_an_interrupt_ends_it(tmp_path: Path, environment: dict[str, str]) -> None:
    terminal = Terminal(tmp_path, ARTIFACT_LINT_CACHE_DIR=str(tmp_path / "cache"), **environment)
    try:
        shown = ""
        for bit in terminal.read():
            if "hashing" not in shown and "hashing" in shown + bit:
                terminal.running.send_signal(signal.SIGINT)
            shown += bit
        assert terminal.running.wait(timeout=60) == 130
    finally:
        terminal.close()
    assert re.search(r"hashing.* of 4398\.0 GB", shown)
    coloured = re.search(r"\x1b\[[0-9;]*(3[0-8]|9[0-7])[0-9;]*m", shown) is not None
    assert coloured is (environment == {})
    assert shown.endswith("artifact-lint: interrupted\r\n")
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l") >= 0, "the cursor is back"


@pytest.mark.parametrize(("options", "environment"), [(["--quiet"], {}), ([], {"TERM": "dumb"})])
def test_no_progress_where_it_is_not_wanted(tmp_path: Path, options: list[str], environment: dict[str, str]) -> None:
    terminal = Terminal(tmp_path, *options, **environment)
    timer = threading.Timer(5, terminal.running.send_signal, [signal.SIGINT])
    timer.start()
    try:
        shown = "".join(terminal.read())
        assert terminal.running.wait(timeout=60) == 130
    finally:
        timer.join()
        terminal.close()
    assert shown == "artifact-lint: interrupted\r\n"
