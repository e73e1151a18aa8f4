"""What docs/integrity.md says of each record in each situation is what the JSON report says of that very situation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from gates.repositories import Repository, needs
from git_models import isolate
from integrity_scenes import GIT_SITUATIONS, RECORDS, REPOSITORY_SITUATIONS, SITUATIONS, STORED_RECORDS, Stored
from integrity_table import IMPOSSIBLE, records, states, tables

from artifact_lint.model import DigestState
from artifact_lint.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def cells(situations: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """The record, the situation and the cell of everything that can be in some situations."""
    for table in tables():
        for record in table.cells:
            for situation, cell in table.by_column(record).items():
                if situation in situations and cell != IMPOSSIBLE:
                    yield record, situation, cell


@pytest.fixture(name="place")
def _place(tmp_path: Path) -> Path:
    place = tmp_path / "work"
    place.mkdir()
    return place


@pytest.fixture(name="repository")
def _repository(place: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    environment = isolate(monkeypatch, HOME=str(place.parent))
    return Repository(place, environment)


@pytest.mark.parametrize(("record", "situation", "cell"), list(cells(SITUATIONS)))
def test_what_is_said_of_a_directory(
    record: str, situation: str, cell: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = RECORDS[record](place)
    if record == "manifest-blake3-alone":
        monkeypatch.setitem(sys.modules, "blake3", None)
    SITUATIONS[situation](scene)
    assert scene.seen() == cell


@pytest.mark.parametrize(("record", "situation", "cell"), list(cells(REPOSITORY_SITUATIONS)))
def test_what_is_said_of_a_repository(
    record: str, situation: str, cell: str, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = RECORDS[record](repository.path)
    if record == "manifest-blake3-alone":
        monkeypatch.setitem(sys.modules, "blake3", None)
    REPOSITORY_SITUATIONS[situation](scene, repository)
    assert scene.seen() == cell


@needs("git-lfs")
@pytest.mark.parametrize(("record", "situation", "cell"), list(cells(GIT_SITUATIONS)))
def test_what_is_said_where_git_lfs_keeps_the_file(
    record: str, situation: str, cell: str, repository: Repository
) -> None:
    written, extended = STORED_RECORDS[record]
    stored = Stored.of(RECORDS[written](repository.path), repository, extended=extended)
    GIT_SITUATIONS[situation](stored)
    assert stored.scene.seen(staged=situation.startswith("index-")) == cell


def test_every_cell_is_tested_and_every_record_is_in_every_table_of_its_kind() -> None:
    of_directories = {*SITUATIONS, *REPOSITORY_SITUATIONS}
    assert {column for table in tables() for column in table.columns} == {*of_directories, *GIT_SITUATIONS}
    assert records().keys() == {*RECORDS, *STORED_RECORDS}
    for table in tables():
        expected = RECORDS if of_directories.issuperset(table.columns) else STORED_RECORDS
        assert table.cells.keys() == set(expected)
        assert {len(row) for row in table.cells.values()} == {len(table.columns)}


def test_a_cell_names_a_state_and_rules_that_there_are() -> None:
    known = {rule.code for rule in all_rules()}
    possible = [
        cell.split() for table in tables() for row in table.cells.values() for cell in row if cell != IMPOSSIBLE
    ]
    assert {words[0] for words in possible} == states().keys() == {state.value for state in DigestState}
    assert {word.partition(":")[0] for words in possible for word in words[1:]} <= known


def test_what_is_not_verified_is_told_unless_git_has_it_or_is_about_to() -> None:
    silent = {
        (situation, cell)
        for table in tables()
        for record in table.cells
        for situation, cell in table.by_column(record).items()
        if cell in states()
    }
    assert silent == {
        ("equal", "verified"),
        ("checked-out", "verified"),
        ("checked-out", "pointer"),
        ("staged-other", "pointer"),
        ("edited-with-record", "unrecorded"),
        ("kept", "verified"),
        ("kept", "pointer"),
        ("kept-sparse", "verified"),
        ("kept-sparse", "pointer"),
        ("index-kept", "verified"),
        ("index-kept", "pointer"),
        ("index-kept-other", "pointer"),
    }
