"""One list of changed files in several runs of a hook, by real processes: nothing is told twice, and nothing missed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from gates.repositories import BAD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    Step = dict[str, object]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is left out where a process has no start")

#: As many files under so long a name as fill a command line, and a few that did not fit any more.
LONG = "/".join(["a-directory-with-a-name-that-is-as-long-as-some-people-make-them-" * 3] * 12)
FULL, REST = 56, 4

#: Runs commands as a hook manager does, one after the other, in the environment and after the change that each names.
PARENT = """\
import json, os, pathlib, subprocess, sys

for step in json.load(sys.stdin):
    for name, text in step.get("write", {}).items():
        pathlib.Path(name).write_text(text, "utf-8")
    for name, mode in step.get("mode", {}).items():
        os.chmod(name, mode)
    done = subprocess.run(step["words"], env={**os.environ, **step.get("set", {})}, capture_output=True, text=True)
    print(json.dumps([done.returncode, done.stdout + done.stderr]))
"""


@dataclass(frozen=True, slots=True)
class Work:
    """A repository with an artifact that has many files; `first` and `last` are the parts of their list."""

    path: Path
    cache: Path
    first: list[str]
    last: list[str]

    def run(self, *steps: Step) -> list[tuple[int, str]]:
        """What some commands answer that one process starts."""
        environment = {"PATH": "/usr/bin:/bin", "PRE_COMMIT": "1", "ARTIFACT_LINT_CACHE_DIR": str(self.cache)}
        done = subprocess.run(
            [sys.executable, "-c", PARENT],
            cwd=self.path,
            env=environment,
            input=json.dumps(steps),
            capture_output=True,
            text=True,
            check=True,
        )
        return [(code, text) for code, text in map(json.loads, done.stdout.splitlines())]

    def left(self) -> list[Path]:
        return sorted(self.cache.glob("hooks-*/*"))


def check(paths: Sequence[str], *options: str, **step: object) -> Step:
    words = [sys.executable, "-m", "artifact_lint", "check", "--allow-empty", "--quiet", *options, "--", *paths]
    return {"words": words, **step}


@pytest.fixture
def work(tmp_path: Path) -> Work:
    path = tmp_path / "work"
    shutil.copytree(BAD, path / "models/iris")
    subprocess.run(["git", "init", "--quiet", str(path)], check=True)
    (path / "models/iris" / LONG).mkdir(parents=True)
    names = [f"models/iris/{LONG}/{number:03}.json" for number in range(FULL + REST)]
    for name in names:
        (path / name).write_text("{}\n", "utf-8")
    return Work(path, tmp_path / "cache", names[:FULL], names[FULL:])


def tells(outcome: tuple[int, str]) -> bool:
    code, text = outcome
    assert code == (1 if "PKL101" in text else 0), text
    return "PKL101" in text


def test_what_the_first_run_told_is_not_told_again(work: Work) -> None:
    first, last = work.run(check(work.first), check(work.last))
    assert tells(first)
    assert last == (0, "")


def test_it_is_said_when_somebody_wants_to_know(work: Work) -> None:
    _, last = work.run(check(work.first, "-v"), check(work.last, "-v"))
    assert "an earlier run of this hook linted 1 artifact of these" in last[1]


def test_what_is_only_in_the_last_run_is_told_there(work: Work) -> None:
    shutil.copytree(BAD, work.path / "models/other")
    first, last = work.run(check(work.first), check([*work.last, "models/other/classifier.pkl"]))
    assert tells(first)
    assert tells(last)
    assert "models/other" not in first[1]
    assert "models/iris" not in last[1]


def test_artifacts_in_different_runs_are_seen_together(work: Work) -> None:
    """Both have the same name and version; only the last run has files of both."""
    shutil.copytree(BAD, work.path / "models/other")
    changed = work.path / "models/other/encoder.pkl"
    changed.write_bytes(changed.read_bytes().replace(b"RegionEncoder", b"RegionDecoder"))
    (alone,) = work.run(check([*work.last, "models/other/classifier.pkl"]))
    _, last = work.run(check(work.first), check([*work.last, "models/other/classifier.pkl"]))
    assert "NAM013" in alone[1]
    assert "NAM013" in last[1]


def test_three_runs_tell_it_once_and_leave_nothing(work: Work) -> None:
    middle = [name.replace(".json", "-and-more.json") for name in work.first]
    for name in middle:
        (work.path / name).write_text("{}\n", "utf-8")
    outcomes = work.run(check(work.first), check(middle), check(work.last))
    assert list(map(tells, outcomes)) == [True, False, False]
    assert work.left() == []


def test_what_is_left_between_runs_is_the_users_alone(work: Work) -> None:
    work.run(check(work.first))
    (word,) = work.left()
    assert word.stat().st_mode & 0o777 == 0o600
    assert word.parent.stat().st_mode & 0o777 == 0o700
    assert "models" not in word.read_text("utf-8")


def test_a_short_list_leaves_nothing(work: Work) -> None:
    work.run(check(work.last))
    assert work.left() == []


def test_words_of_runs_that_were_never_continued_are_bounded(work: Work) -> None:
    work.run(check(work.first))
    (word,) = work.left()
    for number in range(100):
        shutil.copy2(word, word.with_name(f"{number:032}.json"))
    work.run(check(work.first))
    assert len(work.left()) <= 64


TWICE = {
    "the same files once more": lambda work: (check(work.first), check(work.first)),
    "some of the same files": lambda work: (check(work.first), check(work.first[:3])),
    "a list that was not full": lambda work: (check(work.first[:20]), check(work.last)),
    "other options": lambda work: (check(work.first), check(work.last, "--only=PKL")),
    "an environment with other options": lambda work: (
        check(work.first),
        check(work.last, set={"ARTIFACT_LINT_ONLY": "PKL"}),
    ),
    "no hook manager": lambda work: (check(work.first, set={"PRE_COMMIT": ""}), check(work.last)),
    "no hook manager any more": lambda work: (check(work.first), check(work.last, set={"PRE_COMMIT": ""})),
    "a cache that others can write to": lambda work: (
        check(work.first),
        check(work.last, mode={str(work.cache / "hooks-1"): 0o777}),
    ),
}


@pytest.mark.parametrize("why", TWICE)
def test_without_proof_it_is_linted_and_told_again(work: Work, why: str) -> None:
    assert list(map(tells, work.run(*TWICE[why](work)))) == [True, True]


CHANGES = {
    "a file of the artifact": {"models/iris/fallback.pkl": "something else"},
    "the configuration": {".artifact-lint.toml": '[severity]\nSUM102 = "error"\n'},
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changed_between_the_runs_is_linted_again_and_what_is_new_is_told(work: Work, what: str) -> None:
    last = check(work.last, "-v", write=CHANGES[what])
    first, last_outcome = work.run(check(work.first, "-v"), last)
    assert tells(first)
    code, text = last_outcome
    assert code == 1
    assert "an earlier run" not in text
    assert ("SUM101" in text) == (what == "a file of the artifact")
    assert "PKL101" not in text


def test_another_parent_has_another_list(work: Work) -> None:
    assert tells(*work.run(check(work.first)))
    assert tells(*work.run(check(work.last)))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"size": 200000, "count": 5}', "[" * 100_000])
def test_a_damaged_word_is_worth_nothing(work: Work, text: str) -> None:
    script = "import pathlib, sys; [one.write_text(sys.argv[1]) for one in pathlib.Path(sys.argv[2]).glob('*.json')]"
    damage: Step = {"words": [sys.executable, "-c", script, text, str(work.cache / "hooks-1")]}
    first, done, last = work.run(check(work.first), damage, check(work.last))
    assert done == (0, "")
    assert tells(first)
    assert tells(last)


def test_a_cache_that_cannot_be_written_costs_nothing(work: Work) -> None:
    work.cache.write_text("no directory", "utf-8")
    assert list(map(tells, work.run(check(work.first), check(work.last)))) == [True, True]
