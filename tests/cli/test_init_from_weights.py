"""What `init` takes from weights agrees with them: the rules of consistency hold the two against each other."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from described_files import CORPUS, ENVIRONMENTS, files_of

from artifact_lint.cli.app import run
from artifact_lint.engine import Request, lint
from artifact_lint.model import Severity
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

#: How many files of each environment are tried.
SAMPLES = 12
#: Consistency of schema and weights. Others are about files that are not beside these (CON132, CON141) or models that
#: their authors left unfinished (CON110, CON154).
TOLD = ("CON101", "CON102", "CON103", "CON104", "CON105", "CON106", "CON111", "CON112", "CON151", "CON153", "MAN")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_schema_from_the_weights_agrees_with_them(
    tmp_path: Path, environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = files_of(environment)
    for number, file in enumerate(files[:: 1 + len(files) // SAMPLES]):
        home = tmp_path / f"model-{number}"
        home.mkdir()
        shutil.copy(CORPUS / environment / file, home)
        run(["init", str(home)])
    capsys.readouterr()
    report = lint([str(tmp_path)], Request(Settings()))
    found = [one for one in report.findings if one.severity is not Severity.NOTE and one.code.startswith(TOLD)]
    assert not found
