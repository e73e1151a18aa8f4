from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cached import ONE, OTHER, digest_of, digests, many, right
from files import open_up, unprivileged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artifact_lint.cache import DigestCache, user_cache
from artifact_lint.stores import Identity

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no cache there")

NAME = "digests-1.sqlite3"


def query(directory: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(directory / NAME, isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "caches" / "artifact-lint"


@pytest.fixture
def kept(directory: Path) -> Path:
    """A cache that holds something."""
    DigestCache(directory).save(digests(ONE, *many(1000)))
    return directory


class TestWhatIsKept:
    def test_comes_back_for_the_same_state_of_a_file(self, directory: Path) -> None:
        fresh = {
            ONE: {"sha256": "sha256:" + "ab" * 32, "md5": "md5:" + "cd" * 16},
            OTHER: {"sha1": "sha1:" + "ef" * 20},
        }
        DigestCache(directory).save(fresh)
        assert DigestCache(directory).load([ONE, OTHER]) == fresh

    def test_is_private_to_the_user(self, kept: Path) -> None:
        assert kept.stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize("field", Identity.__dataclass_fields__)
    def test_is_not_for_any_other_state(self, kept: Path, field: str) -> None:
        values = {name: getattr(ONE, name) + (name == field) for name in Identity.__dataclass_fields__}
        found = DigestCache(kept).load([Identity(**values)])
        assert found.get(Identity(**values)) != {"sha256": digest_of(ONE)}

    def test_is_replaced_by_the_next_state_of_the_file(self, directory: Path) -> None:
        later = Identity(ONE.device, ONE.inode, ONE.size, ONE.modified_ns + 5, ONE.changed_ns + 5)
        DigestCache(directory).save(digests(ONE))
        DigestCache(directory).save(digests(later))
        assert DigestCache(directory).load([ONE, later]) == digests(later)
        assert query(directory, "SELECT count(*) FROM digests") == [(1,)]

    def test_takes_the_largest_numbers_that_file_systems_use(self, directory: Path) -> None:
        largest = Identity(2**64 - 1, 2**64 - 1, 2**63 - 1, -(2**62), 2**62)
        DigestCache(directory).save(digests(largest))
        assert DigestCache(directory).load([largest]) == digests(largest)

    def test_may_be_asked_for_thousands_of_files(self, kept: Path) -> None:
        wanted = [*many(1500), OTHER]
        assert DigestCache(kept).load(wanted) == digests(*many(1000))

    def test_nothing_is_written_where_there_is_nothing_to_keep(self, directory: Path) -> None:
        cache = DigestCache(directory)
        assert cache.load([ONE]) == {}
        cache.save({})
        assert not directory.exists()

    def test_the_least_recently_used_half_goes_when_there_is_no_more_room(self, directory: Path) -> None:
        cache = DigestCache(directory, limit=100_000)
        cache.save(digests(*many(600)))
        query(directory, "UPDATE digests SET used = used - 1000")
        cache.save(digests(*many(600, 601)))
        found = cache.load(many(1200))
        assert found == digests(*many(600, 601))
        for start in range(2000, 20000, 1000):
            cache.save(digests(*many(1000, start)))
        assert (directory / NAME).stat().st_size < 400_000

    def test_what_is_used_is_marked_as_used_once_in_a_while(self, kept: Path) -> None:
        query(kept, "UPDATE digests SET used = used - 30 * 24 * 3600")
        cache = DigestCache(kept)
        assert cache.load([ONE]) == digests(ONE)
        cache.save({})
        assert query(kept, "SELECT count(*) FROM digests WHERE used > strftime('%s', 'now') - 3600") == [(1,)]


def random_bytes(file: Path) -> None:
    file.write_bytes(random.Random(1).randbytes(file.stat().st_size))


def nothing(file: Path) -> None:
    file.write_bytes(b"")


def half_of_it(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def an_odd_part_of_it(file: Path) -> None:
    os.truncate(file, 5000)


def text(file: Path) -> None:
    file.write_text("not a database\n")


def other_tables(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("CREATE TABLE digests (path TEXT, digest TEXT); PRAGMA user_version = 1")


def another_version(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("PRAGMA user_version = 7")


def no_version(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("PRAGMA user_version = 0")


def no_tables(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("DROP TABLE digests")


def a_foreign_journal(file: Path) -> None:
    random_bytes(file)
    file.with_name(f"{NAME}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(5000))


SPOILED: list[Callable[[Path], None]] = [
    random_bytes,
    nothing,
    half_of_it,
    an_odd_part_of_it,
    text,
    other_tables,
    another_version,
    no_version,
    no_tables,
    a_foreign_journal,
]


class TestACacheThatIsNone:
    @pytest.mark.parametrize("spoil", SPOILED)
    def test_tells_nothing_wrong_and_is_made_anew(self, kept: Path, spoil: Callable[[Path], None]) -> None:
        spoil(kept / NAME)
        cache = DigestCache(kept)
        assert right(cache.load([ONE, *many(1000)]))
        cache.save(digests(ONE, *many(1000)))
        assert DigestCache(kept).load([ONE, *many(1000)]) == digests(ONE, *many(1000))

    @settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(seed=st.integers(0, 2**32), count=st.sampled_from([1, 2, 10, 200, 5000]))
    def test_tells_nothing_wrong_with_bytes_of_it_changed(self, kept: Path, seed: int, count: int) -> None:
        good = kept.with_name("good")
        if not good.exists():
            shutil.copyfile(kept / NAME, good)
        data = bytearray(good.read_bytes())
        chance = random.Random(seed)
        for _ in range(count):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (kept / NAME).write_bytes(data)
        (kept / f"{NAME}-journal").unlink(missing_ok=True)
        wanted = [ONE, *many(1000)]
        cache = DigestCache(kept)
        assert right(cache.load(wanted))
        cache.save(digests(ONE, *many(100)))
        assert right(DigestCache(kept).load(wanted))

    def test_tells_nothing_where_its_rows_hold_something_else(self, kept: Path) -> None:
        for change in ("digest = 'text'", "digest = 5", "seal = seal + 1", "state = x'00'", "digest = zeroblob(40)"):
            query(kept, f"UPDATE digests SET {change} WHERE algorithm = 'sha256'")
            assert DigestCache(kept).load([ONE]) == {}

    def test_may_be_a_directory(self, directory: Path) -> None:
        (directory / NAME).mkdir(parents=True)
        DigestCache(directory).save(digests(ONE))
        assert DigestCache(directory).load([ONE]) == {}

    def test_may_lie_where_no_directory_can_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        for place in (tmp_path / "file", tmp_path / "file" / "below"):
            DigestCache(place).save(digests(ONE))
            assert DigestCache(place).load([ONE]) == {}

    def test_is_one_that_others_may_write_to(self, kept: Path) -> None:
        (kept / NAME).chmod(0o666)
        assert DigestCache(kept).load([ONE]) == {}
        (kept / NAME).chmod(0o600)
        assert DigestCache(kept).load([ONE]) == digests(ONE)
        kept.chmod(0o777)
        cache = DigestCache(kept)
        assert cache.load([ONE]) == {}
        cache.save(digests(OTHER))
        kept.chmod(0o700)
        assert DigestCache(kept).load([ONE, OTHER]) == digests(ONE)

    @pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only the superuser gives files away")
    def test_is_one_that_belongs_to_somebody_else(self, kept: Path) -> None:
        os.chown(kept / NAME, 12345, 12345)
        assert DigestCache(kept).load([ONE]) == {}


class TestWhereNothingCanBeWritten:
    def test_what_is_there_is_read_and_nothing_fails(self, kept: Path) -> None:
        open_up(kept.parent)
        (kept / NAME).chmod(0o444)
        kept.chmod(0o555)
        before = (kept / NAME).read_bytes()
        with unprivileged():
            cache = DigestCache(kept)
            assert cache.load([ONE]) == digests(ONE)
            cache.save(digests(OTHER))
        assert (kept / NAME).read_bytes() == before
        kept.chmod(0o700)

    def test_nothing_is_made(self, tmp_path: Path) -> None:
        place = tmp_path / "locked"
        place.mkdir()
        open_up(place)
        place.chmod(0o555)
        with unprivileged():
            DigestCache(place / "caches").save(digests(ONE))
            assert DigestCache(place / "caches").load([ONE]) == {}
        assert list(place.iterdir()) == []

    @pytest.mark.parametrize("limit", [0, 1000, 5000, 20_000, 100_000, 200_000])
    def test_a_file_that_may_not_grow_is_left_as_it_was(self, kept: Path, limit: int) -> None:
        script = (
            "import resource, sys\n"
            "from pathlib import Path\n"
            "from artifact_lint.cache import DigestCache\n"
            "from cached import ONE, OTHER, digests, many, right\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
            "cache = DigestCache(Path(sys.argv[1]))\n"
            "assert right(cache.load([ONE, *many(1000)]))\n"
            "cache.save(digests(OTHER, *many(5000, 2000)))\n"
            "assert right(cache.load([ONE, *many(1000)]))\n"
        )
        subprocess.run(
            [sys.executable, "-c", script, kept, str(limit)], check=True, cwd=Path(__file__).parent, env=environment()
        )
        assert DigestCache(kept).load([ONE, OTHER, *many(1000), *many(5000, 2000)]) == digests(ONE, *many(1000))

    def test_a_full_disk_leaves_it_as_it_was(self, tmp_path: Path) -> None:
        disk = tmp_path / "disk"
        disk.mkdir()
        mounted = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "none", str(disk)]
        if shutil.which("mount") is None or subprocess.run(mounted, check=False, capture_output=True).returncode:
            pytest.skip("nothing may be mounted here")
        try:
            cache = DigestCache(disk)
            cache.save(digests(ONE, *many(200)))
            cache.save(digests(*many(20_000, 1000)))
            assert cache.load([ONE, *many(200), *many(20_000, 1000)]) == digests(ONE, *many(200))
            cache.save(digests(OTHER))
            assert cache.load([OTHER]) == digests(OTHER)
        finally:
            subprocess.run(["umount", disk], check=True)


def environment() -> dict[str, str]:
    """One in which the tests' own modules are found, and no coverage is measured."""
    package = Path(sys.modules["artifact_lint"].__file__ or "").parents[1]
    return {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{Path(__file__).parent}"}


class TestSeveralRunsAtOnce:
    def test_do_not_disturb_one_another(self, directory: Path) -> None:
        script = (
            "import sys\n"
            "from pathlib import Path\n"
            "from artifact_lint.cache import DigestCache\n"
            "from cached import digests, many, right\n"
            "cache = DigestCache(Path(sys.argv[1]))\n"
            "for round in range(10):\n"
            "    cache.save(digests(*many(200, int(sys.argv[2]) * 10000 + round * 200)))\n"
            "    assert right(cache.load([one for start in range(6) for one in many(2000, start * 10000)]))\n"
        )
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", script, directory, str(number)], cwd=Path(__file__).parent, env=environment()
            )
            for number in range(4)
        ]
        assert [run.wait(timeout=100) for run in runs] == [0] * 4
        found = DigestCache(directory).load([one for start in range(6) for one in many(2000, start * 10000)])
        assert right(found)
        assert len(found) >= 200
        assert query(directory, "PRAGMA integrity_check") == [("ok",)]

    def test_one_that_locks_it_is_not_waited_for_long(self, kept: Path) -> None:
        with closing(sqlite3.connect(kept / NAME, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            cache = DigestCache(kept)
            assert cache.load([ONE]) == {}
            cache.save(digests(OTHER))
            other.execute("ROLLBACK")
        assert DigestCache(kept).load([ONE, OTHER]) == digests(ONE)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="starting a hundred interpreters takes too long")
    def test_one_that_is_killed_while_it_writes_leaves_all_or_nothing(self, directory: Path) -> None:
        script = textwrap.dedent("""
            import os, random, signal, sys, time
            from pathlib import Path
            from artifact_lint.cache import DigestCache
            from cached import digests, many, right

            directory, chance = Path(sys.argv[1]), random.Random(4)
            for round in range(100):
                batch = many(500, round * 500 + 1)
                child = os.fork()
                if child == 0:
                    DigestCache(directory).save(digests(*batch))
                    while True:
                        DigestCache(directory).save(digests(*batch, *many(2000, 100_000)))
                time.sleep(chance.random() * 0.03)
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                found = DigestCache(directory).load(batch)
                assert right(found), round
                assert len(found) in (0, 500), (round, len(found))
            print(len(DigestCache(directory).load(many(50_000))))
        """)
        done = subprocess.run(
            [sys.executable, "-c", script, directory],
            check=False,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parent,
            env=environment(),
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert int(done.stdout) > 0
        assert query(directory, "PRAGMA integrity_check") == [("ok",)]


class TestTheUsersCache:
    def test_lies_where_the_environment_says(self, tmp_path: Path) -> None:
        cache = user_cache({"ARTIFACT_LINT_CACHE_DIR": str(tmp_path / "chosen")})
        assert cache is not None
        cache.save(digests(ONE))
        assert (tmp_path / "chosen" / NAME).is_file()

    def test_lies_at_home_where_the_environment_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        cache = user_cache({"ARTIFACT_LINT_CACHE_DIR": "~/chosen"})
        assert cache is not None
        cache.save(digests(ONE))
        assert (tmp_path / "chosen" / NAME).is_file()

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have other places")
    def test_lies_among_the_other_caches(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        cache = user_cache({})
        assert cache is not None
        cache.save(digests(ONE))
        assert (tmp_path / "artifact-lint" / NAME).is_file()

    @pytest.mark.parametrize("ci", ["true", "1", "TRUE", "woodpecker"])
    def test_is_none_under_ci(self, tmp_path: Path, ci: str) -> None:
        assert user_cache({"CI": ci, "ARTIFACT_LINT_CACHE_DIR": str(tmp_path)}) is None

    @pytest.mark.parametrize("ci", ["", "0", "false", "False", "no", "off"])
    def test_is_used_where_ci_is_set_to_no(self, tmp_path: Path, ci: str) -> None:
        assert user_cache({"CI": ci, "ARTIFACT_LINT_CACHE_DIR": str(tmp_path)}) is not None

    def test_is_not_needed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        assert user_cache({"ARTIFACT_LINT_CACHE_DIR": "relative"}) is None
