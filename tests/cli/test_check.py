"""`artifact-lint check` as users run it: what it prints, and its exit codes."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from command import artifact_lint, clean_environment
from jsonschema import Draft202012Validator

from artifact_lint.schemas.validation import schema_text

if TYPE_CHECKING:
    from pathlib import Path

ERROR = "artifact-lint: error: "


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A repository with a model that nothing describes, and with a pickle that may or may not be one."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "models").mkdir()
    write_tensor(tmp_path / "models" / "churn.safetensors")
    (tmp_path / "models" / "scores.pkl").write_bytes(pickle.dumps({"coefficients": [1.0, 2.0]}))
    return tmp_path


def write_tensor(file: Path) -> None:
    """A whole safetensors file: the header's length, the header, one number."""
    header = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))


def test_findings_exit_with_1(model: Path) -> None:
    done = artifact_lint(model, "check", "models", "--output-format", "concise")
    assert done.returncode == 1
    assert "models/churn.safetensors:1:1: error[CMP001]" in done.stdout
    assert done.stderr == ""


def test_no_command_means_check_here(model: Path) -> None:
    named = artifact_lint(model, "check", ".", "--output-format", "concise")
    assert artifact_lint(model, "--output-format", "concise").stdout == named.stdout
    assert artifact_lint(model).returncode == 1


def test_nothing_at_or_above_fail_on_exits_with_0(model: Path) -> None:
    assert artifact_lint(model, "check", "--fail-on", "never").returncode == 0
    assert artifact_lint(model, "check", ARTIFACT_LINT_FAIL_ON="never").returncode == 0
    assert artifact_lint(model, "check", "--select", "PKL002").returncode == 0


def test_codes_are_chosen_by_code_name_and_prefix(model: Path) -> None:
    done = artifact_lint(model, "check", "--select", "cmp,PKL", "--ignore", "pickle-used", "--output-format", "concise")
    assert {line.split("[")[1][:3] for line in done.stdout.splitlines()[:-1]} == {"CMP"}
    by_environment = artifact_lint(
        model, "check", "--output-format", "concise", ARTIFACT_LINT_SELECT="CMP PKL", ARTIFACT_LINT_IGNORE="PKL002"
    )
    assert by_environment.stdout == done.stdout


def test_a_directory_without_artifact_exits_with_3(tmp_path: Path) -> None:
    done = artifact_lint(tmp_path, "check")
    assert (done.returncode, done.stdout) == (3, "No model artifact found.\n")
    assert done.stderr.startswith(f"{ERROR}no model artifact in .: ")
    assert artifact_lint(tmp_path, "check", "--allow-empty").returncode == 0


def test_a_path_that_is_not_there_gets_one_line_with_the_nearest_name(model: Path) -> None:
    done = artifact_lint(model, "check", "modles")
    assert done.returncode == 2
    assert done.stderr == f"{ERROR}no such file or directory: modles (did you mean models?)\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chek"], "there is no command chek (did you mean check?)"),
        (["models"], "there is no command models; to lint that path: artifact-lint check models"),
        (["check", "--slect", "x"], "no such option --slect (did you mean --select?)"),
        (["--foo"], "no such option --foo\n"),
        (["--versio"], "no such option --versio (did you mean --version?)"),
        (["schema"], "schema needs manifest or config or report or inspection; artifact-lint schema --help tells more"),
        (["schema", "manfest"], "'manfest' is not one of 'manifest', 'config', 'report'"),
        (["explain"], "explain needs CODE or NAME"),
        (["explain", "PKL"], "PKL stands for several rules: PKL001 pickle-forbidden, PKL002 pickle-used"),
        (["explain", "ENV9"], "no code begins with 'ENV9'; the ENV rules are ENV001, ENV002, ENV003"),
        (["check", "--select", "ENV9"], "--select: no code begins with 'ENV9'; the ENV rules are ENV001"),
        (["check", "--select", "banana"], "no rule is called 'banana'; `artifact-lint rules` lists them"),
        (["check", "--select", "CPM101"], "--select: no rule is called 'CPM101' (did you mean 'CMP101'?)"),
        (["check", "--ignore", "pickle-usd"], "--ignore: no rule is called 'pickle-usd' (did you mean 'pickle-used'?)"),
        (["check", "--config", "absent.toml"], "absent.toml: no such file or directory"),
        (["check", "--config", "a.toml", "--isolated"], "--config and --isolated exclude each other"),
        (["check", "--staged", "--since", "HEAD"], "--staged and --since exclude each other"),
        (["check", "--output-format", "xml"], "'xml' is not one of full, concise, json, jsonl, sarif"),
        (["check", "--output-format", "json="], "'json=' names no file after the ="),
        (["check", "--output-format", "json", "--output-format", "full"], "only one --output-format can go to"),
        (["check", "--output-format", "json=no/where.json"], "cannot write no/where.json: no such file or directory"),
        (["check", "s3://bucket/models"], "this release lints local paths, not s3://bucket/models"),
        (["check", ""], "a path is empty; name a directory or a file"),
        (["check", "--config", "models"], "models: is a directory"),
        (["check", "--jobs", "0"], "invalid value for '--jobs'"),
        (["check", "a\x1b[2Jb"], "no such file or directory: a\\x1b[2Jb"),
    ],
)
def test_wrong_usage_is_told_in_one_line(model: Path, arguments: list[str], told: str) -> None:
    done = artifact_lint(model, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert done.stderr.startswith(ERROR)
    assert done.stderr.count("\n") == 1


def test_the_json_report_goes_to_a_file_beside_the_text(model: Path) -> None:
    done = artifact_lint(model, "check", "--output-format", "json=report.json", "--output-format", "concise")
    report = json.loads((model / "report.json").read_text(encoding="utf-8"))
    Draft202012Validator(json.loads(schema_text("report"))).validate(report)
    assert report["summary"]["exit_code"] == done.returncode == 1
    assert len(report["findings"]) == len(done.stdout.splitlines()) - 1


def test_a_pipe_gets_no_colours_and_force_color_gives_them(model: Path) -> None:
    plain = artifact_lint(model, "check")
    assert "\x1b[" not in plain.stdout
    assert "\x1b[" in artifact_lint(model, "check", FORCE_COLOR="1").stdout
    assert "\x1b[" in artifact_lint(model, "check", "--color", "always", NO_COLOR="1").stdout
    assert artifact_lint(model, "check", FORCE_COLOR="1", NO_COLOR="1").stdout == plain.stdout
    assert artifact_lint(model, "check", "--color", "never", FORCE_COLOR="1").stdout == plain.stdout


def test_json_is_never_coloured(model: Path) -> None:
    json.loads(artifact_lint(model, "check", "--output-format", "json", "--color", "always").stdout)


def test_the_width_follows_the_columns(model: Path) -> None:
    text = artifact_lint(model, "check", COLUMNS="60").stdout
    assert max(len(line) for line in text.splitlines() if "-->" not in line) <= 72
    assert text != artifact_lint(model, "check", COLUMNS="140").stdout


def test_quiet_prints_findings_alone_and_twice_nothing(model: Path) -> None:
    once = artifact_lint(model, "check", "-q")
    assert once.stdout.startswith("error[CMP001]")
    assert "Found" not in once.stdout
    twice = artifact_lint(model, "check", "-qq")
    assert (twice.returncode, twice.stdout) == (1, "")


def test_statistics_count_codes_instead_of_listing_findings(model: Path) -> None:
    done = artifact_lint(model, "check", "--statistics")
    assert "1  CMP001 no-record" in done.stdout
    assert "-->" not in done.stdout


def test_an_output_that_takes_ascii_alone_is_written_all_the_same(model: Path) -> None:
    write_tensor(model / "models" / "модель.safetensors")
    done = artifact_lint(model, "check", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert done.stdout.isascii()
    assert r"\u043c\u043e\u0434\u0435\u043b\u044c.safetensors" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_name_that_is_no_text_is_reported(model: Path) -> None:
    name = b"models/bad\xff\x1b[2Jname.safetensors"
    write_tensor(model / os.fsdecode(name))
    for output in ("full", "concise", "json"):
        done = artifact_lint(model, "check", "--output-format", output)
        assert done.returncode == 1
        assert "bad\\udcff" in done.stdout.replace("\\\\", "\\")
        assert "\x1b" not in done.stdout
        assert done.stderr == ""
    assert artifact_lint(model, "check", name).returncode == 1


def test_settings_are_shown_as_a_configuration_that_works(model: Path) -> None:
    (model / ".artifact-lint.toml").write_text('select = ["pkl"]\n[stages.production]\nmax-size = "2 GB"\n')
    done = artifact_lint(model, "check", "--show-settings", "models")
    assert done.returncode == 0
    assert "# from .artifact-lint.toml" in done.stdout
    assert 'select = ["PKL"]' in done.stdout
    assert "max-size = 2000000000" in done.stdout
    (model / "pyproject.toml").write_text(done.stdout)
    (model / ".artifact-lint.toml").unlink()
    again = artifact_lint(model, "check", "--show-settings", "models")
    assert again.stdout.replace("pyproject.toml", ".artifact-lint.toml") == done.stdout


def test_a_broken_configuration_is_told_with_its_line(model: Path) -> None:
    (model / "pyproject.toml").write_text('[tool.artifact-lint]\nslect = ["ALL"]\nfail-on = "eror"\n')
    done = artifact_lint(model, "check")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{ERROR}pyproject.toml:2:1: unknown key 'slect' (did you mean 'select'?)",
        f"{ERROR}pyproject.toml:3:11: fail-on must be error, warning or never, not 'eror' (did you mean 'error'?)",
    ]
    assert artifact_lint(model, "check", "--isolated").returncode == 1


def test_each_path_goes_by_its_nearest_configuration(model: Path) -> None:
    (model / "lab").mkdir()
    write_tensor(model / "lab" / "draft.safetensors")
    (model / "lab" / ".artifact-lint.toml").write_text('ignore = ["CMP001"]\n')
    done = artifact_lint(model, "check", "models", "lab", "--output-format", "concise")
    assert "models/churn.safetensors:1:1: error[CMP001]" in done.stdout
    assert "lab/draft.safetensors:1:1: error[CMP001]" not in done.stdout
    assert artifact_lint(model, "check", "lab").returncode == 0


def test_what_is_staged_is_linted_as_it_is_staged(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    manifest = tmp_path / "model-artifact.yaml"
    manifest.write_text("schema_version: 1\nname: 'Not A Name'\n")
    write_tensor(tmp_path / "weights.safetensors")
    _git(tmp_path, "add", ".")
    manifest.write_text("schema_version: 1\n\n\nname: 'Not A Name'\n")
    done = artifact_lint(tmp_path, "check", "--staged", "--select", "NAM001")
    assert "--> model-artifact.yaml:2:7" in done.stdout
    assert " 2 | name: 'Not A Name'" in done.stdout


def test_only_what_changed_since_a_revision_is_linted(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model-artifact.yaml").write_text("schema_version: 1\nname: 'Not A Name'\n")
        _git(tmp_path, "add", ".")
        _git(tmp_path, "commit", "-q", "-m", name)
    done = artifact_lint(tmp_path, "check", "--since", "HEAD~1", "--output-format", "concise")
    assert "new/model-artifact.yaml" in done.stdout
    assert "old/model-artifact.yaml" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"), [(["--staged"], "not a git repository"), (["--since", "HEAD"], "not a git repository")]
)
def test_git_is_needed_for_git_work(tmp_path: Path, arguments: list[str], told: str) -> None:
    done = artifact_lint(tmp_path, "check", *arguments)
    assert (done.returncode, done.stdout) == (2, "No model artifact found.\n")
    assert f"{ERROR}{told}" in done.stderr


def _git(directory: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True)


def test_an_internal_error_is_one_line_and_a_traceback_only_when_asked_for(model: Path) -> None:
    script = (
        "import sys, artifact_lint.engine as e\n"
        "def broken(*_): raise RuntimeError('a\\nb')\n"
        "e.lint = broken\n"
        "from artifact_lint.cli.app import run\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )

    def fail(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script, *arguments]
        return subprocess.run(command, cwd=model, env=clean_environment(), capture_output=True, text=True, check=False)

    done = fail("check", "models")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{ERROR}this is a bug in artifact-lint, while linting models: RuntimeError: a b",
        "artifact-lint: ARTIFACT_LINT_DEBUG=1 shows the traceback to report it with; all else was linted",
    ]
    assert "Traceback" in fail("check", "models", "-v", "-v").stderr
    report = validated(fail("check", "models", "--output-format", "json").stdout)
    assert [failure["error"] for failure in report["failures"]] == ["RuntimeError: a b"]


#: What to break, and in which words the line says so.
BROKEN = {
    "a reader": ("weight_files", "inspect", "reading models/scores.pkl"),
    "a look": ("candidates", "sniff", "reading models/scores.pkl"),
    "a digest": ("hash_pool", "compute", "reading models/scores.pkl"),
    "a rule": ("rules.components", "no_record", "judging models/scores.pkl by CMP001"),
    "an artifact": ("assemble", "assemble", "reading models/scores.pkl"),
    "a record": ("adapters.native", "describe", "reading models/model-artifact.yaml"),
}


@pytest.mark.parametrize("part", BROKEN)
def test_an_internal_error_costs_what_it_happens_at_and_nothing_else(model: Path, part: str) -> None:
    module, name, told = BROKEN[part]
    script = (
        "import sys, dataclasses\n"
        f"import artifact_lint.engine, artifact_lint.{module} as module\n"
        f"real = module.{name}\n"
        "def broken(*given, **named):\n"
        "    if 'scores' in repr(given) or 'native' in module.__name__: raise RuntimeError('x')\n"
        "    return (real if callable(real) else real.check)(*given, **named)\n"
        f"module.{name} = broken if callable(real) else dataclasses.replace(real, check=broken)\n"
        "from artifact_lint.cli.app import run\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    if part == "a record":
        (model / "models" / "model-artifact.yaml").write_text("schema_version: 1\nname: x\n")
    (model / "good").mkdir()
    write_tensor(model / "good" / "Not A Name.safetensors")
    command = [sys.executable, "-c", script, "check", "--output-format", "json"]
    if part == "a digest":
        script = script.replace("'scores' in repr(given)", "given[0].size < 60")
        command[2] = script
    done = subprocess.run(command, cwd=model, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{ERROR}this is a bug in artifact-lint, while {told}" in done.stderr
    assert "Traceback" not in done.stderr
    report = validated(done.stdout)
    assert report["summary"]["exit_code"] == 2
    assert "RuntimeError: x" in {failure["error"] for failure in report["failures"]}
    assert ("CMP001", "good/Not A Name.safetensors") in {(f["code"], f["artifact"]) for f in report["findings"]}


def test_a_file_that_a_reader_fails_on_is_unread_and_the_summary_says_so(model: Path) -> None:
    script = (
        "import sys, artifact_lint.weight_files as module\n"
        "def broken(*_): raise RuntimeError('x')\n"
        "module.inspect = broken\n"
        "from artifact_lint.cli.app import run\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", script, "check", "--output-format"]
    for output in ("full", "concise"):
        done = subprocess.run(
            [*command, output], cwd=model, env=clean_environment(), capture_output=True, text=True, check=False
        )
        assert "artifact-lint failed while reading it" in " ".join(done.stdout.split())
        assert "2 internal errors" in done.stdout.splitlines()[-1]


def validated(text: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(text)
    Draft202012Validator(json.loads(schema_text("report"))).validate(report)
    return report


def test_the_place_that_paths_are_relative_to_is_told_where_the_user_is_elsewhere(model: Path) -> None:
    told = "note: paths are relative to .."
    assert told in artifact_lint(model / "models", "check").stdout.splitlines()
    assert "paths are relative" not in artifact_lint(model, "check").stdout


def test_a_missing_file_is_not_counted(model: Path) -> None:
    (model / "models" / "model-artifact.yaml").write_text(
        "schema_version: 1\nname: x\nweights: {files: [{path: churn.safetensors}, {path: scores.pkl}]}\n"
        "environment: {requirements: requirements.txt}\n"
    )
    done = artifact_lint(model, "check")
    assert "requirements.txt is not there" in done.stdout
    assert "in 1 artifact (2 files, " in done.stdout.splitlines()[-1]


def test_a_misspelt_table_is_told_about(model: Path) -> None:
    (model / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.artifact_lint]\nignore = ["CMP001"]\n')
    done = artifact_lint(model, "check")
    assert done.returncode == 1
    line = "pyproject.toml:3:7: [tool.artifact_lint] is read by nothing; did you mean [tool.artifact-lint]?"
    assert done.stderr == f"artifact-lint: warning: {line}\n"
    asked = artifact_lint(model, "check", "--config", "pyproject.toml")
    assert (asked.returncode, asked.stderr) == (2, f"{ERROR}{line}\n")


def test_a_suppression_without_a_reason_is_told_about(model: Path) -> None:
    (model / ".artifact-lint.toml").write_text('[per-path-ignores]\n"models/**" = { codes = ["CMP001"] }\n')
    done = artifact_lint(model, "check")
    assert done.returncode == 0
    said = '.artifact-lint.toml:2:1: warning[SUP002] per-path-ignores."models/**" gives no reason'
    assert said in artifact_lint(model, "check", "--output-format", "concise").stdout
    assert done.stderr == ""
    assert "Add `reason =" in done.stdout
    stated = '[per-path-ignores]\n"models/**" = { codes = ["CMP001"], reason = "r" }\n'
    (model / ".artifact-lint.toml").write_text(stated)
    assert "SUP" not in artifact_lint(model, "check").stdout


def test_the_form_of_a_suppression_is_shown(model: Path) -> None:
    (model / ".artifact-lint.toml").write_text('[per-path-ignores]\n"models/**" = ["CMP001"]\n')
    said = artifact_lint(model, "check").stderr
    assert 'must be a table, not a list: write { codes = ["CMP103"], reason = "not deployed" }' in said


def test_the_pickle_policy_in_force_is_shown(model: Path) -> None:
    assert "# policy is allow-listed, unless " in artifact_lint(model, "check", "--show-settings").stdout
    (model / ".artifact-lint.toml").write_text('[pickle]\npolicy = "forbid"\n')
    shown = artifact_lint(model, "check", "--show-settings").stdout
    assert 'policy = "forbid"' in shown
    assert "# policy is" not in shown


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_an_interrupt_ends_with_a_line_and_130(model: Path) -> None:
    script = (
        "import os, signal, sys, artifact_lint.engine as e\n"
        f"e.lint = lambda *_: os.kill(os.getpid(), {int(signal.SIGINT)})\n"
        "from artifact_lint.cli.app import run\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "check"],
        cwd=model,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "artifact-lint: interrupted\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes")
def test_a_reader_that_goes_away_is_no_error(model: Path) -> None:
    for number in range(200):
        (model / "models" / f"m{number}.pkl").write_bytes(pickle.dumps([number]))
    command = f'"{sys.executable}" -m artifact_lint check; echo "$?" >&2'
    with subprocess.Popen(
        ["/bin/sh", "-c", f"({command}) | head -1"],
        cwd=model,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        stdout, stderr = process.communicate(timeout=120)
    assert len(stdout.splitlines()) == 1
    assert stderr.strip() in {"141", "1"}
