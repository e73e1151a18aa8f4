"""The public keys of a run: from the configuration, from the command line, and what is wrong with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from command import artifact_lint
from model_signatures import Signer, private_key, public_pem, resources, statement

from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings, SettingsError, load, override

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
