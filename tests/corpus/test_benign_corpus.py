from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from artifact_lint.engine import Request, lint
from artifact_lint.model import Severity
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from artifact_lint.model import Finding

BENIGN = Path(__file__).parent / "benign"
INDEX: list[dict[str, str]] = json.loads((BENIGN / "index.json").read_text(encoding="utf-8"))
ENVIRONMENTS = sorted({record["path"].partition("/")[0] for record in INDEX})


def alarms(path: Path) -> list[Finding]:
    report = lint([str(path)], Request(Settings()))
    speaks_of_security = (finding for finding in report.findings if finding.code.startswith(("PKL", "SEC")))
    return [finding for finding in speaks_of_security if finding.severity is not Severity.NOTE]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_real_libraries_write_raises_no_alarm(environment: str, tmp_path: Path) -> None:
    raised = []
    for part in sorted((BENIGN / environment).iterdir()):
        home = tmp_path / part.name / environment
        home.mkdir(parents=True)
        copy = shutil.copytree if part.is_dir() else shutil.copyfile
        copy(part, home / part.name)
        raised += [f"{finding.code} {finding.message}" for finding in alarms(home.parent)]
    assert not raised, "\n".join(["", *raised])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nor_does_a_directory_of_it(environment: str, tmp_path: Path) -> None:
    shutil.copytree(BENIGN / environment, tmp_path / environment)
    raised = [f"{finding.code} {finding.message}" for finding in alarms(tmp_path)]
    assert not raised, "\n".join(["", *raised])


def test_the_index_names_every_file() -> None:
    there = {path.relative_to(BENIGN).as_posix() for path in BENIGN.rglob("*") if path.is_file()}
    assert there - {"index.json"} == {record["path"] for record in INDEX}
