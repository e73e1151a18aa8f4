from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from artifact_lint.engine import Request, lint
from artifact_lint.formats import sniff
from artifact_lint.formats.describing import describe
from artifact_lint.model import Severity
from artifact_lint.settings import Settings
from artifact_lint.stores.local import LocalStore

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from hostile.cases import BOUNDED
from make_hostile_corpus import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad


#: TorchScript cannot leave its interpreter, so that what its operators reach is told in a note.
TOLD = {"SEC112"}


def errors(*paths: Path) -> set[str]:
    report = lint([str(path) for path in paths], Request(Settings()))
    return {found.code for found in report.findings if found.severity is Severity.ERROR or found.code in TOLD}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Bad]]:
    directory = tmp_path_factory.mktemp("hostile")
    return directory, write(directory)


def missed(case: Bad, found: set[str]) -> Iterator[str]:
    if found.isdisjoint(case.expected):
        subject = f"{case.family}/{case.name}/{case.subject}: {case.why}"
        yield f"{subject}; expected one of {sorted(case.expected)}, got {sorted(found)}"


def test_every_bad_file_is_reported(corpus: tuple[Path, list[Bad]]) -> None:
    directory, cases = corpus
    bad = [case for case in cases if case.family != BOUNDED]
    lines = [line for case in bad for line in missed(case, errors(directory / case.family / case.name))]
    assert not lines, "\n".join(["", *lines])


def test_every_bad_file_is_reported_when_it_is_named(corpus: tuple[Path, list[Bad]]) -> None:
    directory, cases = corpus
    lines: list[str] = []
    for case in cases:
        if case.family != BOUNDED:
            files = [path for path in (directory / case.family / case.name).rglob("*") if path.is_file()]
            lines += missed(case, errors(*files))
    assert not lines, "\n".join(["", *lines])


def test_what_is_costly_to_read_is_read_to_an_end(corpus: tuple[Path, list[Bad]]) -> None:
    directory, cases = corpus
    for case in cases:
        if case.family == BOUNDED:
            errors(directory / case.family / case.name)


def test_every_bad_file_is_described_without_an_exception(corpus: tuple[Path, list[Bad]]) -> None:
    directory, _ = corpus
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            with LocalStore(path.parent).open(path.name) as source:
                describe(path.name, source, sniff(path.name, source))


def test_the_corpus_has_every_family_once_by_name(corpus: tuple[Path, list[Bad]]) -> None:
    _, cases = corpus
    names = [(case.family, case.name) for case in cases]
    assert len(names) == len(set(names))
    assert all(case.expected for case in cases if case.family != BOUNDED)
