"""`artifact-lint baseline` and `check --baseline`, as they are run in repositories that change."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
from command import artifact_lint
from gates.repositories import BAD, GOOD, Repository, isolated_environment
from jsonschema import Draft202012Validator

from artifact_lint.schemas.validation import schema_text

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

BASELINE = ".artifact-lint-baseline.json"
RECORD = 'schema_version: 1\nname: Churn Model\nversion: "1.2.0"\nlicense: Apache-2.0\n'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with two records that have much wrong with them, and no weights."""
    made = Repository.create(tmp_path / "repository", isolated_environment())
    made.write("models/churn/model-artifact.yaml", RECORD)
    made.write("models/fraud/model-artifact.yaml", RECORD.replace("Churn", "Fraud"))
    made.git("add", "--all")
    made.commit("records")
    return made


def lint(repository: Repository, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return artifact_lint(repository.path, *words, **environment)


def checked(repository: Repository, *words: str) -> list[str]:
    """The findings of a check, as concise lines without their messages."""
    done = lint(repository, "check", *words, "--output-format", "json")
    assert done.returncode in {0, 1}, done.stderr
    found = json.loads(done.stdout)["findings"]
    return [f"{one['path']}:{one['line']} {one['code']}" for one in found]


def entries(repository: Repository) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((repository.path / BASELINE).read_text("utf-8"))["entries"]
    return listed


def change_entry(repository: Repository, named: str, **values: object) -> None:
    file = repository.path / BASELINE
    document = json.loads(file.read_text("utf-8"))
    for entry in document["entries"]:
        if entry["rule"] == named:
            entry.update(values)
    file.write_text(json.dumps(document, indent=2), "utf-8")


def test_what_is_there_today_is_accepted_and_counted(repository: Repository) -> None:
    assert lint(repository, "check").returncode == 1
    done = lint(repository, "baseline", "write")
    assert (done.returncode, done.stderr) == (0, "")
    assert "+ NAM001 models/churn/model-artifact.yaml#/name of models/churn  1\n" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(f"{BASELINE} accepts ")
    after = lint(repository, "check")
    assert after.returncode == 0
    assert after.stdout.startswith("All good: 2 artifacts")
    assert f"{sum(entry['count'] for entry in entries(repository))} accepted by the baseline" in after.stdout


def test_the_file_has_an_entry_a_line_sorted_and_neither_lines_nor_messages(repository: Repository) -> None:
    lint(repository, "baseline", "write")
    text = (repository.path / BASELINE).read_text("utf-8")
    listed = [line.rstrip(",") for line in text.splitlines() if line.startswith("    {")]
    assert len(listed) == len(entries(repository))
    artifacts = [json.loads(line)["artifact"] for line in listed]
    assert artifacts == sorted(artifacts)
    assert {key for entry in entries(repository) for key in entry} == {"rule", "artifact", "path", "pointer", "count"}
    lint(repository, "baseline", "write")
    assert (repository.path / BASELINE).read_text("utf-8") == text


def test_a_new_bad_artifact_fails(repository: Repository) -> None:
    lint(repository, "baseline", "write")
    repository.write("models/new/model-artifact.yaml", RECORD)
    done = lint(repository, "check", "--output-format", "concise")
    assert done.returncode == 1
    assert "models/new/model-artifact.yaml:2:" in done.stdout
    assert "models/churn/" not in done.stdout


def test_what_was_fixed_makes_its_entry_stale(repository: Repository) -> None:
    lint(repository, "baseline", "write")
    repository.write("models/churn/model-artifact.yaml", RECORD.replace("Churn Model", "churn"))
    line = next(
        number
        for number, text in enumerate((repository.path / BASELINE).read_text("utf-8").splitlines(), 1)
        if '"NAM001", "artifact": "models/churn"' in text
    )
    done = lint(repository, "check", "--output-format", "concise")
    assert done.returncode == 0
    assert f"{BASELINE}:{line}:5: warning[SUP003] the baseline accepts NAM001 at models/churn/" in done.stdout
    assert done.stdout.count("SUP003") == 1
    shown = lint(repository, "baseline", "show").stdout
    assert "NAM001 models/churn/model-artifact.yaml#/name of models/churn  1  stale: 0 found\n" in shown
    assert "1 of them stale." in shown
    renewed = lint(repository, "baseline", "write")
    assert "- NAM001 models/churn/model-artifact.yaml#/name of models/churn  1\n" in renewed.stdout
    assert "0 added, 1 removed." in renewed.stdout
    assert checked(repository) == []


def test_moved_lines_are_still_accepted(repository: Repository) -> None:
    lint(repository, "baseline", "write")
    repository.write("models/churn/model-artifact.yaml", f"# one\n\n# two\n{RECORD}")
    assert checked(repository) == []


def test_a_renamed_artifact_is_told_on_both_sides(repository: Repository) -> None:
    lint(repository, "baseline", "write")
    repository.git("mv", "models/churn", "models/leavers")
    found = checked(repository)
    assert "models/leavers/model-artifact.yaml:2 NAM001" in found
    gone = sum(entry["artifact"] == "models/churn" for entry in entries(repository))
    assert sum(one.endswith("SUP003") for one in found) == gone


def test_more_than_was_accepted_is_all_told(tmp_path: Path) -> None:
    repository = Repository.create(tmp_path / "repository", isolated_environment())
    shutil.copytree(GOOD, repository.path / "model")
    repository.write("model/requirements.txt", "xgboost\n")
    lint(repository, "baseline", "write", "--select", "ENV002")
    assert checked(repository, "--select", "ENV002") == []
    repository.write("model/requirements.txt", "xgboost\nnumpy\n")
    found = checked(repository, "--select", "ENV002")
    assert len(found) == 2
    told = lint(repository, "check", "--select", "ENV002").stdout
    assert told.count("the baseline accepts 1 of these 2") == 2


def test_what_a_run_does_not_look_at_is_never_stale(repository: Repository) -> None:
    lint(repository, "baseline", "write")
    for name in ("churn", "fraud"):
        repository.write(f"models/{name}/model-artifact.yaml", RECORD.replace("Churn Model", name))
    assert [one.rpartition(" ")[2] for one in checked(repository)] == ["SUP003", "SUP003"]
    assert checked(repository, "--ignore", "NAM001") == []
    assert checked(repository, "--select", "CMP,SUP") == []
    assert checked(repository, "models/churn/model-artifact.yaml") == []
    repository.git("add", "--all")
    assert checked(repository, "--staged") == []
    assert checked(repository, "--since", "HEAD") == []
    (only,) = checked(repository, "models/churn")
    assert only.endswith("SUP003")
    shutil.rmtree(repository.path / "models" / "fraud")
    (again,) = checked(repository, "models/churn")
    assert again == only


def test_a_collection_rule_is_only_judged_by_what_sees_the_collection(repository: Repository) -> None:
    for name in ("churn", "fraud"):
        shutil.copytree(GOOD, repository.path / "models" / name, dirs_exist_ok=True)
    weights = repository.path / "models/fraud/classifier.ubj"
    weights.write_bytes(weights.read_bytes() + b" ")
    assert any(one.endswith("NAM013") for one in checked(repository))
    lint(repository, "baseline", "write")
    assert checked(repository, "models/churn") == []
    assert checked(repository) == []


def test_a_submodule_that_is_not_fetched_makes_nothing_stale(repository: Repository) -> None:
    lint(repository, "baseline", "write")
    shutil.rmtree(repository.path / "models" / "fraud")
    assert any(one.endswith("SUP003") for one in checked(repository))
    (repository.path / "models" / "fraud").mkdir()
    assert checked(repository) == []


def test_an_update_keeps_what_it_did_not_look_at(repository: Repository) -> None:
    lint(repository, "baseline", "write")
    before = entries(repository)
    for name in ("churn", "fraud"):
        repository.write(f"models/{name}/model-artifact.yaml", RECORD.replace("Churn Model", name))
    done = lint(repository, "baseline", "write", "models/churn")
    assert "0 added, 1 removed; " in done.stdout
    left = [entry for entry in before if (entry["artifact"], entry["rule"]) != ("models/churn", "NAM001")]
    assert entries(repository) == left
    lint(repository, "baseline", "write", "--select", "CMP")
    assert entries(repository) == left


def test_only_the_whole_can_be_accepted(repository: Repository) -> None:
    for option in (("--staged",), ("--since", "HEAD")):
        done = lint(repository, "baseline", "write", *option)
        line = f"a baseline accepts what is there, not what changed; run it without {option[0]}"
        assert (done.returncode, done.stderr) == (2, f"artifact-lint: error: {line}\n")
    assert not (repository.path / BASELINE).exists()


def test_where_the_baseline_is(repository: Repository) -> None:
    done = lint(repository, "baseline", "write", "--baseline", "ci/accepted.json")
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    (repository.path / "ci").mkdir()
    assert lint(repository, "baseline", "write", "--baseline", "ci/accepted.json").returncode == 0
    listed = json.loads((repository.path / "ci/accepted.json").read_text("utf-8"))["entries"]
    assert {entry["artifact"] for entry in listed} == {"../models/churn", "../models/fraud"}
    assert lint(repository, "check").returncode == 1
    assert checked(repository, "--baseline", "ci/accepted.json") == []
    assert lint(repository, "check", ARTIFACT_LINT_BASELINE="ci/accepted.json").returncode == 0
    repository.write(".artifact-lint.toml", 'baseline = "ci/accepted.json"\n')
    assert checked(repository) == []
    elsewhere = artifact_lint(repository.path / "models" / "churn", "check", "..")
    assert elsewhere.returncode == 0
    assert 'baseline = "' in lint(repository, "check", "--show-settings").stdout
    assert lint(repository, "check", "--no-baseline").returncode == 1
    assert lint(repository, "check", "--isolated").returncode == 1


def test_it_lies_beside_the_configuration_of_a_monorepo(repository: Repository) -> None:
    repository.write("models/fraud/.artifact-lint.toml", "")
    assert lint(repository, "baseline", "write", "models/fraud").returncode == 0
    listed = json.loads((repository.path / "models/fraud" / BASELINE).read_text("utf-8"))["entries"]
    assert {entry["artifact"] for entry in listed} == {"."}
    assert lint(repository, "check", "models/fraud").returncode == 0
    assert artifact_lint(repository.path / "models" / "fraud", "check").returncode == 0
    assert lint(repository, "check", "models/churn").returncode == 1
    assert artifact_lint(repository.path / "models" / "fraud", "check", "../churn").returncode == 1


def test_a_baseline_that_is_not_there_is_one_line(repository: Repository) -> None:
    done = lint(repository, "check", "--baseline", "none.json")
    said = "baseline none.json: no such file or directory; `artifact-lint baseline write` writes one"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"artifact-lint: error: {said}\n")
    assert lint(repository, "baseline", "show").returncode == 2


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "1:1", "the baseline cannot be read: the file is empty"),
        ('{\n  "schema_version": 1,\n  "entries": [\n', "4:1", "the baseline cannot be read: "),
        ("[]", "1:1", "an object with `schema_version` and `entries`"),
        ('{\n  "entries": []\n}', "1:1", "schema_version is none, and this release reads 1"),
        ('{\n  "schema_version": 2,\n  "entries": []\n}', "2:21", "schema_version is 2, and this release reads 1"),
        ('{"schema_version": 1,\n "entry": []}', "2:2", "there is no key `entry`"),
        ('{"schema_version": 1, "entries": [\n {"rule": "NAM001"}]}', "2:2", "`artifact` is missing"),
        ('{"schema_version": 1, "entries": {}}', "1:34", "`entries` is a list"),
    ],
)
def test_a_broken_baseline_is_one_line_with_its_place(repository: Repository, text: str, place: str, said: str) -> None:
    (repository.path / BASELINE).write_text(text, "utf-8")
    done = lint(repository, "check")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"artifact-lint: error: {BASELINE}:{place}: ")
    assert said in line


def test_rules_that_are_not_known_are_told(repository: Repository) -> None:
    lint(repository, "baseline", "write")
    change_entry(repository, "NAM001", rule="NAM010")
    done = lint(repository, "check")
    assert done.returncode == 2
    assert "no rule is called 'NAM010' (did you mean 'NAM" in done.stderr
    assert "`artifact-lint baseline write` writes it anew" in done.stderr


def test_the_command_alone_says_what_it_needs(repository: Repository) -> None:
    done = lint(repository, "baseline")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "missing command" in done.stderr


def test_nothing_is_written_where_nothing_is_found(tmp_path: Path) -> None:
    repository = Repository.create(tmp_path / "repository", isolated_environment())
    done = lint(repository, "baseline", "write")
    assert done.returncode == 0
    assert not (repository.path / BASELINE).exists()


# What is accepted of a dangerous file is that file, and not the next one of its name.


@pytest.fixture
def dangerous(tmp_path: Path) -> Repository:
    made = Repository.create(tmp_path / "repository", isolated_environment())
    shutil.copytree(BAD, made.path / "model")
    made.git("add", "--all")
    made.commit("a pickle that runs a command")
    return made


def test_a_finding_about_security_is_accepted_for_one_content(dangerous: Repository) -> None:
    done = lint(dangerous, "baseline", "write")
    assert "warning: accepted for the present bytes: model/classifier.pkl: PKL101: " in done.stderr
    (entry,) = [entry for entry in entries(dangerous) if entry["rule"] == "PKL101"]
    content = (dangerous.path / "model/classifier.pkl").read_bytes()
    assert entry["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert lint(dangerous, "check").returncode == 0
    assert lint(dangerous, "baseline", "write").stderr == ""


class Payload:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (self.command,)


def test_another_payload_of_the_same_name_is_told(dangerous: Repository) -> None:
    lint(dangerous, "baseline", "write")
    (dangerous.path / "model/classifier.pkl").write_bytes(pickle.dumps(Payload("echo another one"), protocol=2))
    done = lint(dangerous, "check", "--output-format", "concise")
    assert done.returncode == 1
    assert "error[PKL101]" in done.stdout
    assert "the baseline accepts PKL101 at " in done.stdout
    assert "for another content than it has now" in done.stdout


def test_the_same_payload_in_other_bytes_is_told(dangerous: Repository) -> None:
    """Arguments that no finding tells may differ while all that it says is the same."""
    lint(dangerous, "baseline", "write")
    file = dangerous.path / "model/classifier.pkl"
    file.write_bytes(file.read_bytes() + b"\n")
    assert any(one.endswith("PKL101") for one in checked(dangerous))


def test_a_digest_cannot_be_left_out_or_made_up(dangerous: Repository) -> None:
    lint(dangerous, "baseline", "write")
    change_entry(dangerous, "PKL101", digest="sha256:" + "0" * 64)
    assert any(one.endswith("PKL101") for one in checked(dangerous))
    file = dangerous.path / BASELINE
    document = json.loads(file.read_text("utf-8"))
    for entry in document["entries"]:
        if entry["rule"] == "PKL101":
            del entry["digest"]
    file.write_text(json.dumps(document), "utf-8")
    done = lint(dangerous, "check")
    assert done.returncode == 2
    assert "an entry of PKL101 needs the `digest` of what it accepts" in done.stderr


def test_a_pickle_that_is_not_fetched_makes_nothing_stale(dangerous: Repository) -> None:
    lint(dangerous, "baseline", "write")
    file = dangerous.path / "model/classifier.pkl"
    data = file.read_bytes()
    (digest,) = {entry["digest"] for entry in entries(dangerous) if entry["rule"] == "PKL101"}
    file.write_text(
        f"version https://git-lfs.github.com/spec/v1\noid {digest}\nsize {len(data)}\n", "utf-8", newline="\n"
    )
    assert not [one for one in checked(dangerous) if one.endswith("SUP003")]
    kept = lint(dangerous, "baseline", "write")
    assert "are kept" in kept.stdout
    assert any(entry["rule"] == "PKL101" for entry in entries(dangerous))


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_a_baseline_behind_a_link_is_written_where_it_leads(repository: Repository, tmp_path: Path) -> None:
    (repository.path / BASELINE).symlink_to(tmp_path / "shared.json")
    assert lint(repository, "baseline", "write").returncode == 0
    assert (repository.path / BASELINE).is_symlink()
    assert json.loads((tmp_path / "shared.json").read_text("utf-8"))["entries"]


def test_two_branches_that_accept_something_else_merge(repository: Repository) -> None:
    lint(repository, "baseline", "write")
    repository.git("add", "--all")
    repository.commit("baseline")
    for name in ("aaa", "models/zzz"):
        repository.git("checkout", "--quiet", "-b", name.replace("/", "-"), "main")
        repository.write(f"{name}/model-artifact.yaml", RECORD.replace("Churn", name[-3:]))
        lint(repository, "baseline", "write")
        repository.git("add", "--all")
        repository.commit(f"accept {name}")
    repository.git("checkout", "--quiet", "-b", "models-both", "aaa")
    repository.git("merge", "--quiet", "--no-edit", "models-zzz")
    assert checked(repository) == []


def test_programs_are_told_what_is_accepted_and_by_what(repository: Repository) -> None:
    lint(repository, "baseline", "write")
    marked = RECORD.replace("Model\n", "Model  # artifact-lint: ignore[NAM001] the registry's name\n")
    repository.write("models/churn/model-artifact.yaml", marked)
    report = json.loads(lint(repository, "check", "--output-format", "json").stdout)
    Draft202012Validator(json.loads(schema_text("report"))).validate(report)
    summary = report["summary"]
    assert summary["suppressed"] == len(report["accepted"]) == summary["accepted_by_baseline"] + 1
    (inline,) = [one for one in report["accepted"] if one["by"] == "inline"]
    assert (inline["reason"], inline["path"], inline["line"]) == (
        "the registry's name", "models/churn/model-artifact.yaml", 2,
    )  # fmt: skip
    assert inline["finding"]["code"] == "NAM001"
    others = [one for one in report["accepted"] if one["by"] == "baseline"]
    lines = (repository.path / BASELINE).read_text("utf-8").splitlines()
    assert all(f'"{one["finding"]["code"]}"' in lines[one["line"] - 1] for one in others)
    assert [one["code"] for one in report["findings"]] == ["SUP003"]
    told = lint(repository, "check").stdout.splitlines()[-2:]
    assert any(f"{summary['accepted_by_baseline']} accepted by the baseline, 1 suppressed." in line for line in told)
