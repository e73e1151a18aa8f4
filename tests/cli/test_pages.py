"""`explain`, `rules`, `schema`, `--version` and `--help` as users run them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from command import artifact_lint, clean_environment
from jsonschema import Draft202012Validator

from artifact_lint import __version__
from artifact_lint.cli.pages import page
from artifact_lint.model import Severity
from artifact_lint.reporters.styled import plain
from artifact_lint.rules import RuleInfo, all_rules

if TYPE_CHECKING:
    from pathlib import Path


def test_a_rule_is_explained_by_code_and_by_name(tmp_path: Path) -> None:
    by_code = artifact_lint(tmp_path, "explain", "cmp103")
    assert by_code.returncode == 0
    assert by_code.stdout.startswith("CMP103 missing-feature-schema\nerror, since 0.1.0, ")
    assert "\nWhy is this bad?\n" in by_code.stdout
    assert "\nHow to fix\n" in by_code.stdout
    assert artifact_lint(tmp_path, "explain", "missing-feature-schema").stdout == by_code.stdout


def test_an_unknown_rule_gets_the_nearest(tmp_path: Path) -> None:
    done = artifact_lint(tmp_path, "explain", "CPM103")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no rule is called 'CPM103' (did you mean 'CMP103'?)" in done.stderr


def test_rules_and_explain_speak_json(tmp_path: Path) -> None:
    listed = json.loads(artifact_lint(tmp_path, "rules", "--format", "json").stdout)
    assert [rule["code"] for rule in listed] == [rule.code for rule in all_rules()]
    explained = json.loads(artifact_lint(tmp_path, "explain", listed[0]["code"], "--format", "json").stdout)
    assert explained == listed[0]


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_the_table_of_rules_has_each_rule_within_the_width(tmp_path: Path, columns: int) -> None:
    table = artifact_lint(tmp_path, "rules", COLUMNS=str(columns)).stdout
    assert all(rule.code in table and rule.name in table for rule in all_rules())
    assert max(map(len, table.splitlines())) <= columns


@pytest.mark.parametrize("name", ["config", "report", "inspection"])
def test_the_schemas_are_printed_whole(tmp_path: Path, name: str) -> None:
    Draft202012Validator.check_schema(json.loads(artifact_lint(tmp_path, "schema", name).stdout))


def test_the_version_is_told_without_importing_the_command_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "artifact_lint", "--version"],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"artifact-lint {__version__}\n"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"click", "rich", "yaml", "jsonschema", "git", "artifact_lint.cli"}


def test_a_check_off_a_terminal_imports_neither_rich_nor_git_nor_jsonschema(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"N.")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "artifact_lint", "check", "."],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "artifact_lint" in imported
    assert not imported & {"rich", "jsonschema", "git"}


def test_a_page_tells_headings_lists_and_code_apart() -> None:
    documentation = (
        "A summary.\n\nA long paragraph that is written\nover two lines with `code`.\n\n## How to fix\n"
        "- an item that goes\n  on\n- another\n\n    a command --to copy\n\n```yaml\nkey:   value\n```\nThe end.\n"
    )
    info = RuleInfo("AAA001", "a-name", Severity.NOTE, "0.1.0", ("tag",), strict=True, docstring=documentation)
    assert [plain(line) for line in page(info, 60)] == [
        "AAA001 a-name",
        "note, since 0.1.0, tag, strict profile only",
        "",
        "A summary.",
        "",
        "A long paragraph that is written over two lines with `code`.",
        "",
        "How to fix",
        "- an item that goes on",
        "- another",
        "",
        "    a command --to copy",
        "",
        "    key:   value",
        "The end.",
    ]
