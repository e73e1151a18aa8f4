"""Every rule on its cases, and what holds for all rules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rule_cases import EXPECTED, RULES, Case, cases, lines, lint_case, lint_repository, of_rule

from artifact_lint.rules import RuleInfo, all_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _pytest.mark import ParameterSet

ROOT = Path(__file__).resolve().parent.parent

#: Codes and names are stable once released: configurations, suppressions and baselines elsewhere hold them.
FROZEN = [
    "CMP001:no-record",
    "CMP101:missing-weights",
    "CMP102:missing-config",
    "CMP103:missing-feature-schema",
    "CMP104:missing-run",
    "CMP105:empty-component",
    "CMP106:not-applicable-without-reason",
    "CMP111:unknown-weights-format",
    "CMP121:missing-architecture",
    "CMP122:missing-hyperparameters",
    "CMP131:unnamed-inputs",
    "CMP132:missing-dtype",
    "CMP133:duplicate-feature",
    "CMP134:missing-outputs",
    "CMP135:missing-range",
    "CMP136:impossible-range",
    "CMP137:missing-preprocessing",
    "CMP138:example-mismatch",
    "CMP141:missing-run-id",
    "CMP142:missing-dataset",
    "CMP143:missing-metrics",
    "CMP144:missing-timestamp",
    "CMP145:missing-git-commit",
    "CON132:duplicate-formats",
    "CON101:feature-count",
    "CON102:feature-names",
    "CON103:feature-order",
    "CON104:feature-dtype",
    "CON105:categorical-values",
    "CON107:fitted-without-names",
    "CON108:pipeline-columns",
    "CON109:step-width",
    "CON110:unfitted-estimator",
    "CON111:label-count",
    "CON112:label-names",
    "CON141:external-data",
    "CON142:fixed-batch",
    "CON151:declared-format",
    "CON152:parameter-count",
    "CON153:signature",
    "CON154:keras-weights",
    "CON108:pipeline-columns",
    "CON109:step-width",
    "CON110:unfitted-estimator",
    "ENV001:missing-environment",
    "ENV002:unpinned-requirement",
    "ENV003:missing-python-version",
    "ENV101:undeclared-import",
    "ENV102:main-class",
    "ENV103:version-mismatch",
    "ENV104:numpy-core",
    "ENV105:framework-undeclared",
    "ENV106:cloudpickle-python",
    "GIT001:weights-in-git",
    "GIT002:raw-blob-under-lfs",
    "GIT003:untracked-file",
    "GIT004:mlruns-committed",
    "GIT005:unstaged-weights",
    "LIF201:published-version-changed",
    "MAN001:unreadable-document",
    "MAN002:schema-violation",
    "MAN003:duplicate-key",
    "MAN004:unknown-field",
    "MAN005:missing-file",
    "MAN006:path-escapes",
    "MAN007:conflicting-facts",
    "MAN008:surprising-scalar",
    "MAN009:local-path",
    "MAN010:credential",
    "MAN011:unlisted-weights",
    "MAN012:unknown-schema-version",
    "NAM001:artifact-name",
    "NAM002:vague-name",
    "NAM003:generic-name",
    "NAM004:unportable-file-name",
    "NAM005:directory-mismatch",
    "NAM011:missing-version",
    "NAM012:version-scheme",
    "NAM013:duplicate-version",
    "NAM014:version-not-increasing",
    "NAM021:reserved-alias",
    "PKL001:pickle-forbidden",
    "PKL002:pickle-used",
    "PKL101:dangerous-import",
    "PKL102:unlisted-import",
    "PKL103:computed-import",
    "PKL105:extension-code",
    "PKL111:broken-stream",
    "PKL121:disguised-pickle",
    "PKL122:content-mismatch",
    "PKL131:polyglot",
    "PKL141:not-inspected",
    "SEC101:keras-lambda",
    "SEC102:keras-foreign-object",
    "SEC103:savedmodel-op",
    "SEC104:onnx-external-path",
    "SEC105:onnx-custom-domain",
    "SEC106:template-injection",
    "SEC107:remote-code",
    "SEC108:foreign-loader",
    "SEC109:skops-untrusted-type",
    "SEC110:archive-path",
    "SEC111:xml-entity",
    "SEC112:torchscript-code",
    "SUM101:digest-mismatch",
    "SUM102:missing-digest",
    "SUM103:weak-digest",
    "SUM104:malformed-digest",
    "SUM105:size-mismatch",
    "SUM106:truncated-weights",
    "SUM107:unverifiable",
    "SUM108:shard-missing",
    "SUP001:unused-suppression",
    "SUP002:suppression-without-reason",
    "SUP003:stale-baseline-entry",
]

CASES = cases()


def parameters(chosen: Iterable[Case]) -> list[ParameterSet]:
    """Cases with what they need of the machine."""
    is_without = shutil.which("git-lfs") is None and not os.environ.get("CI")
    skipped = pytest.mark.skipif(is_without, reason="git-lfs is not installed")
    return [
        pytest.param(case, id=str(case), marks=skipped if "git lfs" in (case.script or "") else ()) for case in chosen
    ]


@pytest.mark.parametrize("case", parameters(CASES))
def test_the_rule_says_what_the_case_expects(case: Case, tmp_path: Path) -> None:
    report = lint_case(case, tmp_path / "case")
    said = lines(of_rule(case.code, report.findings))
    assert bool(said) == case.is_bad
    assert said == case.expected


@pytest.mark.parametrize("case", parameters(case for case in CASES if case.is_bad))
def test_every_finding_has_a_place_and_says_what_to_do(case: Case, tmp_path: Path) -> None:
    report = lint_case(case, tmp_path / "case")
    for finding in report.findings:
        origin = finding.origin
        assert (tmp_path / "case" / origin.path).exists(), f"{finding.code} points at {origin.path}"
        assert origin.line >= 1
        assert origin.column >= 1
        assert (origin.end_line, origin.end_column) >= (1, 1)
        assert finding.help, f"{finding.code} has no help: {finding.message}"
        assert finding.help != finding.message
        assert "\n" not in finding.message
    places = [(finding.origin.path, finding.origin.line, finding.code) for finding in report.findings]
    assert places == sorted(places)
    assert len({finding.fingerprint for finding in report.findings}) == len(report.findings)


def test_a_complete_artifact_raises_nothing_at_all(tmp_path: Path) -> None:
    assert lint_case(Case(RULES / "MAN001" / "good"), tmp_path / "case").findings == ()


@pytest.mark.parametrize("info", all_rules(), ids=lambda info: info.code)
def test_every_rule_has_a_good_and_a_bad_case(info: RuleInfo) -> None:
    own = [case for case in CASES if case.code == info.code]
    assert any(case.is_bad for case in own), f"tests/rules/{info.code} has no bad case"
    assert any(not case.is_bad for case in own), f"tests/rules/{info.code} has no good case"


@pytest.mark.parametrize("info", all_rules(), ids=lambda info: info.code)
def test_every_rule_is_documented(info: RuleInfo) -> None:
    parts = info.documentation.split("\n## ")
    assert re.fullmatch(r".+[.]", info.summary), "the first line is one sentence"
    assert [part.partition("\n")[0] for part in parts[1:]] == ["Why is this bad?", "How to fix"]
    assert all(part.partition("\n")[2].strip() for part in parts[1:])
    assert info.tags
    assert re.fullmatch(r"\d+\.\d+\.\d+", info.since)


def test_codes_and_names_are_unique_and_well_formed() -> None:
    assert [code for code, count in Counter(info.code for info in all_rules()).items() if count > 1] == []
    assert [name for name, count in Counter(info.name for info in all_rules()).items() if count > 1] == []
    assert [info.code for info in all_rules() if not re.fullmatch(r"[A-Z]{3}\d{3}", info.code)] == []
    assert [info.name for info in all_rules() if not re.fullmatch(r"[a-z]+(-[a-z]+)*", info.name)] == []


def test_released_codes_keep_their_names() -> None:
    known = {f"{info.code}:{info.name}" for info in all_rules()}
    assert [entry for entry in FROZEN if entry not in known] == []


def test_every_case_is_about_a_rule_that_exists() -> None:
    codes = {info.code for info in all_rules()}
    assert [str(case) for case in CASES if case.code not in codes] == []
    assert [str(case) for case in CASES if not re.fullmatch(r"(bad-|good$|good-).*", case.directory.name)] == []
    assert [str(case) for case in CASES if (case.directory / EXPECTED).exists() != case.is_bad] == []


def test_the_binary_files_are_those_that_the_script_writes() -> None:
    run = [sys.executable, str(ROOT / "tools" / "make_rule_cases.py"), "--check"]
    found = subprocess.run(run, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


def test_git_hands_out_every_file_as_it_was_committed() -> None:
    """A case's own `.gitattributes` holds for the project's checkout as well, on a machine that has git-lfs."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    asked = ["git", "check-attr", "-z", "--stdin", "filter", "text", "ident"]
    told = subprocess.run(asked, cwd=ROOT, input=tracked, capture_output=True, check=True).stdout
    attributes = told.decode().split("\0")[:-1]
    assert {*zip(attributes[1::3], attributes[2::3], strict=True)} == {
        ("filter", "unspecified"), ("text", "unset"), ("ident", "unspecified"),
    }  # fmt: skip


# What no file system takes everywhere cannot be committed as a case.


def _copied(case: str, to: Path) -> Case:
    shutil.copytree(RULES / case, to, ignore=shutil.ignore_patterns(EXPECTED))
    return Case(to)


def test_names_that_differ_only_in_case_are_not_portable(tmp_path: Path) -> None:
    case = _copied("NAM004/good", tmp_path / "NAM004" / "bad-twins")
    weights = case.directory / "churn.safetensors"
    shutil.copy(weights, case.directory / "Churn.safetensors")
    if len(list(case.directory.glob("*.safetensors"))) < 2:
        pytest.skip("this file system does not tell the two apart")
    said = of_rule("NAM004", lint_case(case, tmp_path / "case").findings)
    assert [finding.message for finding in said] == ["'churn.safetensors' differs from Churn.safetensors only in case"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not take these names")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("aux.safetensors", "is reserved on Windows"),
        ("churn:v2.safetensors", "has ':', which Windows does not take"),
        ("churn\n.safetensors", "has a control character or bytes that are no text"),
    ],
)
def test_names_that_windows_refuses_are_not_portable(name: str, reason: str, tmp_path: Path) -> None:
    case = _copied("NAM004/good", tmp_path / "NAM004" / "bad-name")
    shutil.copy(case.directory / "churn.safetensors", case.directory / name)
    said = of_rule("NAM004", lint_case(case, tmp_path / "case").findings)
    assert [finding.message for finding in said] == [f"{name!r} {reason}"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_a_link_out_of_the_artifact_escapes(tmp_path: Path) -> None:
    case = _copied("MAN006/good-subdirectory", tmp_path / "MAN006" / "bad-link")
    weights = case.directory / "weights" / "churn.safetensors"
    shutil.move(weights, tmp_path / "elsewhere.safetensors")
    repository = tmp_path / "case"
    shutil.copytree(case.directory, repository)
    (repository / "weights" / "churn.safetensors").symlink_to(tmp_path / "elsewhere.safetensors")
    said = of_rule("MAN006", lint_repository(repository).findings)
    assert [finding.origin.path for finding in said] == ["weights/churn.safetensors"]
