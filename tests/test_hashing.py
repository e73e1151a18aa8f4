from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pytest
from blake3 import blake3
from files import wait_for_a_tick
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artifact_lint.hashing import ALGORITHMS, CHUNK, DOS2UNIX, LARGE, compute, why_not
from artifact_lint.stores import StoreError
from artifact_lint.stores.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

OF_HASHLIB = ["sha256", "sha512", "sha384", "sha1", "md5", "blake2b"]


@dataclass
class Bytes:
    """The simplest source there is."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        pass


def expected(data: bytes, *algorithms: str) -> dict[str, str]:
    return {name: f"{name}:{hashlib.new(name, data, usedforsecurity=False).hexdigest()}" for name in algorithms}


def filled(size: int, seed: bytes) -> bytes:
    return (seed * (size // len(seed) + 1))[:size]


def dos2unix(data: bytes) -> str:
    return compute(Bytes(data), [DOS2UNIX])[DOS2UNIX].partition(":")[2]


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class TestDigests:
    @settings(deadline=None, max_examples=20)
    @given(
        size=st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 3]),
        seed=st.binary(min_size=1, max_size=64),
    )
    def test_of_any_source_are_those_of_hashlib(self, size: int, seed: bytes) -> None:
        data = filled(size, seed)
        assert compute(Bytes(data), OF_HASHLIB) == expected(data, *OF_HASHLIB)

    @settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        chunks=st.integers(0, 3),
        around=st.integers(-2, 2),
        buffer=st.sampled_from([None, 1, 7, CHUNK - 1, CHUNK, CHUNK + 1]),
        seed=st.binary(min_size=1, max_size=64),
    )
    def test_of_a_local_file_are_those_of_hashlib_whatever_was_in_the_buffer(
        self, tmp_path: Path, chunks: int, around: int, buffer: int | None, seed: bytes
    ) -> None:
        size = max(0, chunks * CHUNK + around) if buffer is None or buffer > 7 else max(0, chunks * 100 + around)
        data = filled(size, seed)
        (tmp_path / "model.bin").write_bytes(data)
        with LocalStore(tmp_path).open("model.bin") as source:
            used = None if buffer is None else bytearray(b"\xee" * buffer)
            assert compute(source, ["sha256", "md5"], buffer=used) == expected(data, "sha256", "md5")

    @settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        size=st.sampled_from([LARGE - 1, LARGE, LARGE + 1, LARGE + CHUNK - 1, LARGE + CHUNK, LARGE + 3 * CHUNK + 1]),
        seed=st.binary(min_size=1, max_size=64),
    )
    def test_of_a_large_file_read_ahead_are_those_of_hashlib(self, tmp_path: Path, size: int, seed: bytes) -> None:
        data = filled(size, seed)
        (tmp_path / "model.bin").write_bytes(data)
        with LocalStore(tmp_path).open("model.bin") as source:
            assert compute(source, ["sha256"], read_ahead=True) == expected(data, "sha256")

    @pytest.mark.parametrize("size", [0, 1, CHUNK + 1])
    def test_blake3_is_that_of_its_own_package(self, tmp_path: Path, size: int) -> None:
        data = filled(size, b"weights")
        (tmp_path / "model.bin").write_bytes(data)
        with LocalStore(tmp_path).open("model.bin") as source:
            assert compute(source, ["blake3"]) == {"blake3": f"blake3:{blake3(data).hexdigest()}"}

    def test_every_algorithm_can_be_had_in_one_pass(self, tmp_path: Path) -> None:
        (tmp_path / "model.bin").write_bytes(b"weights")
        reads: list[int] = []
        with LocalStore(tmp_path).open("model.bin") as source:
            found = compute(source, ALGORITHMS, tick=reads.append)
        assert found.keys() == ALGORITHMS
        assert reads == [7]

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no such measure")
    def test_a_file_takes_the_same_memory_whatever_its_size(self, tmp_path: Path) -> None:
        with (tmp_path / "model.bin").open("wb") as file:
            file.truncate(256 << 20)
        script = (
            "import re, sys\n"
            "from pathlib import Path\n"
            "from artifact_lint.hashing import compute\n"
            "from artifact_lint.stores.local import LocalStore\n"
            "with LocalStore(Path(sys.argv[1])).open('model.bin') as source:\n"
            "    compute(source, ['sha256'], read_ahead=True)\n"
            "print(re.search(r'VmHWM:\\s*(\\d+) kB', Path('/proc/self/status').read_text())[1])\n"
        )
        done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
        assert int(done.stdout) < 80_000


class TestDos2Unix:
    @pytest.mark.parametrize(
        ("data", "hashed"),
        [
            (b"", b""),
            (b"a\r\nb\r\n", b"a\nb\n"),
            (b"a\rb\n", b"a\rb\n"),
            (b"a\r\nb\0", b"a\r\nb\0"),
            (b"\xff" * 3 + b"a\r\n" + b"a" * 4, b"\xff" * 3 + b"a\n" + b"a" * 4),
            (b"\xff" * 4 + b"a\r\n" + b"a" * 3, b"\xff" * 4 + b"a\r\n" + b"a" * 3),
        ],
    )
    def test_line_ends_of_texts_are_hashed_as_dvc_did(self, data: bytes, hashed: bytes) -> None:
        assert dos2unix(data) == md5(hashed)

    def test_each_chunk_is_looked_at_by_itself(self, tmp_path: Path) -> None:
        across = b"a" * (CHUNK - 1) + b"\r\n" + b"b\r\n"
        mixed = b"a" * (CHUNK - 2) + b"\r\n" + b"\0\r\n"
        assert dos2unix(across) == md5(b"a" * (CHUNK - 1) + b"\r\n" + b"b\n")
        assert dos2unix(mixed) == md5(b"a" * (CHUNK - 2) + b"\n" + b"\0\r\n")
        (tmp_path / "data.csv").write_bytes(across)
        with LocalStore(tmp_path).open("data.csv") as source:
            assert compute(source, [DOS2UNIX])[DOS2UNIX].partition(":")[2] == dos2unix(across)


class TestAlgorithms:
    def test_all_that_digests_are_recorded_in_can_be_computed(self) -> None:
        assert [why_not(algorithm) for algorithm in sorted(ALGORITHMS)] == [None] * len(ALGORITHMS)

    def test_without_the_extra_the_reason_names_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "blake3", None)
        assert why_not("blake3") == "blake3 takes an extra: pip install 'artifact-lint[blake3]'"

    @pytest.mark.parametrize("algorithm", ["crc32", "shake_128", "SHA256", ""])
    def test_what_no_record_is_written_in_is_unknown(self, algorithm: str) -> None:
        assert why_not(algorithm) == f"{algorithm!r} is no digest algorithm known here"
        with pytest.raises(ValueError, match="no digest algorithm"):
            compute(Bytes(b""), [algorithm])


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def append(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b"more")


def replace(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(file.read_bytes())
    status = file.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)


def remove(file: Path) -> None:
    file.unlink()


def rewrite(file: Path) -> None:
    status = file.stat()
    with file.open("r+b") as stream:
        stream.seek(-3, os.SEEK_END)
        stream.write(b"new")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.skipif(sys.platform == "win32", reason="open files stay as they are there")
class TestFilesThatChangeMeanwhile:
    @pytest.mark.parametrize("size", [1000, 3 * CHUNK, LARGE + 1])
    @pytest.mark.parametrize("change", [truncate, empty, append, replace, remove, rewrite])
    def test_are_not_hashed(self, tmp_path: Path, size: int, change: Callable[[Path], None]) -> None:
        file = tmp_path / "model.bin"
        file.write_bytes(filled(size, b"weights"))
        wait_for_a_tick(file)
        changed: list[int] = []

        def change_once(count: int) -> None:
            if not changed:
                change(file)
            changed.append(count)

        threads = threading.active_count()
        with (
            LocalStore(tmp_path).open("model.bin") as source,
            pytest.raises(StoreError, match=r"^changed while it was read: model\.bin$"),
        ):
            compute(source, ["sha256"], read_ahead=True, tick=change_once)
        assert changed
        assert threading.active_count() == threads

    def test_may_be_read_by_others(self, tmp_path: Path) -> None:
        file = tmp_path / "model.bin"
        file.write_bytes(filled(3 * CHUNK, b"weights"))
        with LocalStore(tmp_path).open("model.bin") as source:
            found = compute(source, ["sha256"], tick=lambda _: file.open("rb").close())
        assert found == expected(file.read_bytes(), "sha256")


class TestWhoTakesNoMore:
    @pytest.mark.parametrize("read_ahead", [False, True])
    def test_stops_the_reading(self, tmp_path: Path, *, read_ahead: bool) -> None:
        (tmp_path / "model.bin").write_bytes(bytes(LARGE + CHUNK))
        chunks: list[int] = []

        def stop(count: int) -> None:
            chunks.append(count)
            if len(chunks) == 2:
                raise InterruptedError

        threads = threading.active_count()
        with LocalStore(tmp_path).open("model.bin") as source, pytest.raises(InterruptedError):
            compute(source, ["sha256"], read_ahead=read_ahead, tick=stop)
        assert len(chunks) == 2
        assert threading.active_count() == threads

    def test_of_a_closed_source_gets_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "model.bin").write_bytes(bytes(LARGE))
        source = LocalStore(tmp_path).open("model.bin")
        source.close()
        for read_ahead in (False, True):
            with pytest.raises(StoreError, match="closed"):
                compute(source, ["sha256"], read_ahead=read_ahead)
