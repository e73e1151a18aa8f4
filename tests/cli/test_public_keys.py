"""The public keys of a run: from the configuration, from the command line, and what is wrong with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from command import artifact_lint
from jsonschema import Draft202012Validator
from model_signatures import Signer, private_key, public_pem, resources, statement

from artifact_lint.complaints import SettingsError
from artifact_lint.rules import all_rules
from artifact_lint.schemas.validation import schema_text
from artifact_lint.settings import Settings, load, override

if TYPE_CHECKING:
    from pathlib import Path

RULES = all_rules()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A signed model, and the keys of whoever signed it and of somebody else."""
    header = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    weights = len(header).to_bytes(8, "little") + header + bytes(4)
    (tmp_path / ".git").mkdir()
    (tmp_path / "keys").mkdir()
    (tmp_path / "churn").mkdir()
    (tmp_path / "churn" / "churn.safetensors").write_bytes(weights)
    (tmp_path / "churn" / "model.sig").write_bytes(Signer().text(statement(resources({"churn.safetensors": weights}))))
    for number, name in ((1, "signer"), (2, "other")):
        (tmp_path / "keys" / f"{name}.pub").write_bytes(public_pem(private_key(number)))
    return tmp_path


def configured(repository: Path, text: str) -> Settings:
    file = repository / ".artifact-lint.toml"
    file.write_text(text)
    return load(file, RULES)


@pytest.mark.parametrize("written", ['"keys/signer.pub"', '["keys/signer.pub"]'])
def test_a_key_is_named_relative_to_the_configuration(
    repository: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.chdir(repository / "churn")
    settings = configured(repository, f"[signing]\npublic-key = {written}\n")
    (key,) = settings.options.public_keys
    assert (key.name, key.pem) == ("keys/signer.pub", public_pem(private_key()))


def test_several_keys_keep_their_order(repository: Path) -> None:
    settings = configured(repository, '[signing]\npublic-key = ["keys/other.pub", "keys/signer.pub"]\n')
    assert [key.name for key in settings.options.public_keys] == ["keys/other.pub", "keys/signer.pub"]


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("nowhere.pub", "nowhere.pub: no such file or directory"),
        ("keys", "keys: is a directory"),
        ("churn/model.sig", "churn/model.sig holds no public key in PEM form (-----BEGIN PUBLIC KEY-----)"),
        ("a\\u0000b", "a\0b: embedded null byte"),
    ],
)
def test_a_file_that_holds_no_key_is_told_with_its_line(repository: Path, written: str, line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        configured(repository, f'[signing]\npublic-key = "{written}"\n')
    (told,) = caught.value.lines
    assert told.endswith(f".artifact-lint.toml:2:14: signing.public-key: {line}")


def test_keys_of_the_command_line_stand_alone(repository: Path) -> None:
    settings = configured(repository, '[signing]\npublic-key = "keys/other.pub"\n')
    given = override(settings, RULES, public_keys=[str(repository / "keys" / "signer.pub")])
    assert [key.pem for key in given.options.public_keys] == [public_pem(private_key())]
    assert override(settings, RULES).options.public_keys == settings.options.public_keys


def test_a_run_with_the_right_key_says_nothing_of_the_signature(repository: Path) -> None:
    arguments = ("check", "churn", "--select", "SUM", "--output-format", "concise")
    assert "consistent, not authenticated" in artifact_lint(repository, *arguments).stdout
    assert "SUM113" not in artifact_lint(repository, *arguments, "--public-key", "keys/signer.pub").stdout
    done = artifact_lint(repository, *arguments, "--public-key", "keys/other.pub")
    assert (done.returncode, "error[SUM113] model.sig was not signed with keys/other.pub" in done.stdout) == (1, True)


def test_keys_may_be_given_by_the_environment(repository: Path) -> None:
    arguments = ("check", "churn", "--select", "SUM", "--output-format", "concise")
    both = "keys/other.pub:keys/signer.pub"
    assert "SUM113" not in artifact_lint(repository, *arguments, ARTIFACT_LINT_PUBLIC_KEY=both).stdout


def test_a_file_without_a_key_is_a_usage_error(repository: Path) -> None:
    done = artifact_lint(repository, "check", "churn", "--public-key", "churn/model.sig")
    assert done.returncode == 2
    assert done.stderr.startswith("artifact-lint: error: --public-key: churn/model.sig holds no public key in PEM form")


def test_the_keys_in_force_are_shown(repository: Path) -> None:
    shown = artifact_lint(repository, "check", "--show-settings", "--public-key", "keys/signer.pub").stdout
    assert '[tool.artifact-lint.signing]\npublic-key = ["keys/signer.pub"]' in shown
    assert "signing" not in artifact_lint(repository, "check", "--show-settings").stdout


def test_naming_the_signature_is_naming_what_it_signs(repository: Path) -> None:
    done = artifact_lint(repository, "check", "churn/model.sig", "--select", "SUM", "--output-format", "concise")
    assert "SUM113" in done.stdout


SUM = ("--select", "SUM", "--output-format", "concise")
SIGNER = ("--public-key", "keys/signer.pub")
UNSIGNED = "[SUM111] nothing signs the artifact: there is no signature that keys/signer.pub could have made"


def test_who_signed_is_told_where_details_are_asked_for(repository: Path) -> None:
    line = "signed: churn/model.sig, by keys/signer.pub\n"
    assert artifact_lint(repository, "check", "churn", *SIGNER, "--select", "SUM", "-v").stdout.endswith(line)
    assert "signed" not in artifact_lint(repository, "check", "churn", *SIGNER, "--select", "SUM").stdout
    assert "\nsigned:" not in artifact_lint(repository, "check", "churn", "--select", "SUM", "-v").stdout
    assert "\nsigned:" not in artifact_lint(repository, "check", "churn", "--public-key", "keys/other.pub", "-v").stdout


@pytest.mark.parametrize("name", ["late.py", "churn.safetensors"])
def test_nobody_is_said_to_have_signed_what_is_here_where_it_is_not_that(repository: Path, name: str) -> None:
    place = repository / "churn" / name
    place.write_bytes((place.read_bytes()[:-1] if place.exists() else b"") + b"x")
    done = artifact_lint(repository, "check", "churn", *SIGNER, "--select", "SUM", "-v")
    assert done.returncode == 1
    assert "\nsigned:" not in done.stdout


@pytest.mark.parametrize(
    ("key", "state", "told"),
    [
        ((), "unasked", None),
        (SIGNER, "authentic", "keys/signer.pub"),
        (("--public-key", "keys/other.pub"), "foreign", None),
    ],
)
def test_the_report_for_programs_has_what_each_signature_is(
    repository: Path, key: tuple[str, ...], state: str, told: str | None
) -> None:
    report = json.loads(artifact_lint(repository, "check", "churn", *key, "--output-format", "json").stdout)
    Draft202012Validator(json.loads(schema_text("report"))).validate(report)
    (artifact,) = report["artifacts"]
    assert artifact["signatures"] == [{"path": "churn/model.sig", "method": "key", "state": state, "key": told}]


def test_an_empty_signature_is_invalid_to_programs(repository: Path) -> None:
    (repository / "churn" / "model.sig").write_bytes(b"")
    report = json.loads(artifact_lint(repository, "check", "churn", *SIGNER, "--output-format", "json").stdout)
    Draft202012Validator(json.loads(schema_text("report"))).validate(report)
    assert [one["state"] for one in report["artifacts"][0]["signatures"]] == ["invalid"]


def test_a_key_with_nothing_to_hold_it_against_is_told(repository: Path) -> None:
    (repository / "churn" / "model.sig").unlink()
    assert f"warning{UNSIGNED}" in artifact_lint(repository, "check", "churn", *SUM, *SIGNER).stdout
    environment = {"ARTIFACT_LINT_PUBLIC_KEY": "keys/signer.pub"}
    assert f"warning{UNSIGNED}" in artifact_lint(repository, "check", "churn", *SUM, **environment).stdout
    assert "SUM111" not in artifact_lint(repository, "check", "churn", *SUM).stdout


def test_a_key_for_all_models_is_no_demand_that_each_is_signed(repository: Path) -> None:
    (repository / "churn" / "model.sig").unlink()
    configured(repository, '[signing]\npublic-key = "keys/signer.pub"\n')
    assert f"note{UNSIGNED}" in artifact_lint(repository, "check", "churn", *SUM).stdout
    configured(repository, '[signing]\npublic-key = "keys/signer.pub"\n[severity]\nSUM111 = "error"\n')
    done = artifact_lint(repository, "check", "churn", *SUM)
    assert (done.returncode, f"error{UNSIGNED}" in done.stdout) == (1, True)


@pytest.mark.parametrize("content", [b"", b"{}", b"{", b"garbage", b"\0\1\2"])
def test_a_file_that_is_called_a_signature_and_is_none_is_told(repository: Path, content: bytes) -> None:
    (repository / "churn" / "model.sig").write_bytes(content)
    told = "[SUM113] model.sig is no signature of a model: it "
    done = artifact_lint(repository, "check", "churn", *SUM)
    assert (done.returncode, f"warning{told}" in done.stdout) == (0, True)
    done = artifact_lint(repository, "check", "churn", *SUM, *SIGNER)
    assert (done.returncode, f"error{told}" in done.stdout, "SUM111" in done.stdout) == (1, True, False)
    configured(repository, '[signing]\npublic-key = "keys/signer.pub"\n')
    assert f"error{told}" in artifact_lint(repository, "check", "churn", *SUM).stdout


def test_a_signature_of_another_program_is_a_note_until_one_is_asked_for(repository: Path) -> None:
    (repository / "churn" / "model.sig").write_bytes(b"-----BEGIN PGP SIGNATURE-----\n")
    told = "[SUM113] model.sig is no signature of a model: it is a signature of OpenPGP"
    assert f"note{told}" in artifact_lint(repository, "check", "churn", *SUM).stdout
    assert f"error{told}" in artifact_lint(repository, "check", "churn", *SUM, *SIGNER).stdout


def test_an_empty_file_does_not_sign_what_the_stage_asks_to_be_signed(repository: Path) -> None:
    manifest = "schema_version: 1\nname: churn\nlifecycle: {stage: production}\n"
    (repository / "churn" / "model-artifact.yaml").write_text(manifest)
    (repository / "churn" / "model.sig").write_bytes(b"")
    (repository / ".artifact-lint.toml").write_text("[stages.production]\nsigned = true\n")
    said = artifact_lint(repository, "check", "churn", *SUM).stdout
    assert "error[SUM111] nothing signs the artifact, and the stage 'production' asks for a signature" in said
    assert "error[SUM113] model.sig is no signature of a model: it is empty" in said
