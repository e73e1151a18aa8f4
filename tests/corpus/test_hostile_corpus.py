from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from artifact_lint.engine import Request, lint
from artifact_lint.model import Severity
from artifact_lint.settings import Settings

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from hostile.cases import BOUNDED
from make_hostile_corpus import write

if TYPE_CHECKING:
    from hostile.cases import Bad


#: TorchScript cannot leave its interpreter, so that what its operators reach is told in a note.
TOLD = {"SEC112"}


def errors(directory: Path) -> set[str]:
    report = lint([str(directory)], Request(Settings()))
    return {found.code for found in report.findings if found.severity is Severity.ERROR or found.code in TOLD}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Bad]]:
    directory = tmp_path_factory.mktemp("hostile")
    return directory, write(directory)


def test_every_bad_file_is_reported(corpus: tuple[Path, list[Bad]]) -> None:
    directory, cases = corpus
    missed = []
    for case in cases:
        if case.family != BOUNDED:
            found = errors(directory / case.family / case.name)
            if found.isdisjoint(case.expected):
                missed.append(
                    f"{case.family}/{case.name}/{case.subject}: {case.why}; expected one of "
                    f"{sorted(case.expected)}, got {sorted(found)}"
                )
    assert not missed, "\n".join(["", *missed])


def test_what_is_costly_to_read_is_read_to_an_end(corpus: tuple[Path, list[Bad]]) -> None:
    directory, cases = corpus
    for case in cases:
        if case.family == BOUNDED:
            errors(directory / case.family / case.name)


def test_the_corpus_has_every_family_once_by_name(corpus: tuple[Path, list[Bad]]) -> None:
    _, cases = corpus
    names = [(case.family, case.name) for case in cases]
    assert len(names) == len(set(names))
    assert all(case.expected for case in cases if case.family != BOUNDED)
