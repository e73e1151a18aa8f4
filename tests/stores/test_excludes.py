from __future__ import annotations

import pytest

from artifact_lint.stores.excludes import DEFAULT_EXCLUDES, Excludes


@pytest.mark.parametrize(
    ("pattern", "path", "directory", "covered"),
    [
        ("build", "build", False, True),
        ("build", "a/b/build", True, True),
        ("build", "a/rebuild", False, False),
        ("build/", "build", False, False),
        ("build/", "a/build", True, True),
        ("*.bin", "a/x.bin", False, True),
        ("*.bin", "a/x.bin.txt", False, False),
        ("a/*.bin", "a/x.bin", False, True),
        ("a/*.bin", "b/a/x.bin", False, False),
        ("a/*.bin", "a/b/x.bin", False, False),
        ("a/**/x", "a/x", False, True),
        ("a/**/x", "a/b/c/x", False, True),
        ("a/**", "a/b/c", False, True),
        ("**/data/raw", "x/y/data/raw", True, True),
        ("**/data/raw", "data/raw", True, True),
        ("/top", "top", False, True),
        ("/top", "a/top", False, False),
        ("./top", "top", False, True),
        ("x?[0-9]", "xa7", False, True),
        ("x?[!0-9]", "xa7", False, False),
        ("a|b", "a", False, False),
        ("", "a", False, False),
        ("/", "a", True, False),
        ("**/**/**/**/x", "a/a/a/a/a/a/a/a/a/a/a/a/a/a/y", False, False),
        ("caf\udce9*", "caf\udce9.bin", False, True),
    ],
)
def test_patterns(pattern: str, path: str, directory: bool, covered: bool) -> None:  # noqa: FBT001
    assert Excludes([pattern]).covers(path, directory=directory) is covered


def test_an_excluded_directory_excludes_what_is_below() -> None:
    excludes = Excludes(DEFAULT_EXCLUDES)
    assert excludes.covers_below("lib/site-packages/numpy/x.npy")
    assert excludes.covers_below("project/.dvc/cache/files/md5/ab/cd")
    assert not excludes.covers_below("project/.dvc/config")
    assert not excludes.covers_below("venv.pkl")


def test_a_directory_that_is_asked_for_is_not_excluded() -> None:
    excludes = Excludes(DEFAULT_EXCLUDES)
    assert not excludes.covers_below("venv/models/x.pkl", under="venv")
    assert excludes.covers_below("venv/lib/venv/x.pkl", under="venv/lib")
