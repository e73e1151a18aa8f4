"""What the rules make of a pickle under each policy, wherever it is asked for: the strictest wins."""

from __future__ import annotations

import gzip
import io
import itertools
import pickle
import re
import struct
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from ruamel.yaml import YAML

from artifact_lint.complaints import SettingsError
from artifact_lint.engine import Request, lint
from artifact_lint.model import Finding, Severity
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings, load

if TYPE_CHECKING:
    from pathlib import Path

ORDER = ("forbid", "allow-listed", "report")
OWN = b"\x80\x04\x8c\x0echurn_features\x8c\x05Ratio\x93)\x81."
TORCH = b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81}b."
DANGEROUS = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00echo\x85R."


def said(
    root: Path,
    data: bytes,
    manifest: str | None = None,
    stage: str | None = None,
    configured: str | None = None,
    framework: str = "scikit-learn",
    *,
    allow: str = "",
    allow_configured: str = "",
) -> list[Finding]:
    (root / ".git").mkdir(exist_ok=True)
    (root / "churn.pkl").write_bytes(data)
    policy = f"  pickle: {{policy: {manifest}, allow: [{allow}], reason: tests}}\n" if manifest else ""
    (root / "model-artifact.yaml").write_text(
        "schema_version: 1\nname: churn\nversion: '1.0.0'\nweights:\n"
        f"  framework: {framework}\n  files:\n    - {{path: churn.pkl, format: pickle}}\n{policy}"
        "lifecycle: {stage: production}\n",
        encoding="utf-8",
    )
    lines = ["[pickle]", f"allow = [{allow_configured}]", f'policy = "{configured}"' if configured else ""]
    lines += ["[stages.production]", f'pickle = "{stage}"'] if stage else []
    (root / ".artifact-lint.toml").write_text("\n".join(lines), encoding="utf-8")
    settings = load(root / ".artifact-lint.toml", all_rules())
    return [found for found in lint([str(root)], Request(settings)).findings if found.code.startswith("PKL")]


@pytest.mark.parametrize("asked", list(itertools.product((None, *ORDER), repeat=3)), ids=str)
def test_the_strictest_policy_wins(asked: tuple[str | None, str | None, str | None], tmp_path: Path) -> None:
    strictest = next((policy for policy in ORDER if policy in asked), "allow-listed")
    found = {finding.code: finding for finding in said(tmp_path, OWN, *asked)}
    assert ("PKL001" in found) == (strictest == "forbid")
    assert found["PKL102"].severity is (Severity.WARNING if strictest == "report" else Severity.ERROR)


@pytest.mark.parametrize("policy", ORDER)
def test_what_is_dangerous_is_an_error_under_every_policy(policy: str, tmp_path: Path) -> None:
    found = {finding.code: finding.severity for finding in said(tmp_path, DANGEROUS, configured=policy)}
    assert found["PKL101"] is Severity.ERROR


def test_a_listed_pickle_gets_a_note_or_is_forbidden(tmp_path: Path) -> None:
    listed = pickle.dumps(date(2026, 11, 2), 4)
    assert [finding.code for finding in said(tmp_path, listed)] == ["PKL002"]
    assert [finding.code for finding in said(tmp_path, listed, stage="forbid")] == ["PKL001"]


def test_a_manifest_vouches_for_its_own_code_but_not_for_what_is_dangerous(tmp_path: Path) -> None:
    own = said(tmp_path, OWN, "allow-listed", allow='"churn_features:Ratio"')
    assert [finding.code for finding in own] == ["PKL002"]
    dangerous = said(tmp_path, DANGEROUS, "allow-listed", allow='"posix:system"')
    assert [finding.code for finding in dangerous] == ["PKL101"]
    configured = said(tmp_path, DANGEROUS, allow_configured='"posix:system"')
    assert [finding.code for finding in configured] == ["PKL002"]


def test_a_declared_framework_narrows_what_is_listed(tmp_path: Path) -> None:
    assert [finding.code for finding in said(tmp_path, TORCH, framework="pytorch")] == ["PKL002"]
    (narrowed,) = said(tmp_path, TORCH, framework="xgboost")
    assert narrowed.code == "PKL102"
    assert "is listed for torch, and the manifest says that this is xgboost" in narrowed.message


def test_the_help_is_a_line_that_the_configuration_takes(tmp_path: Path) -> None:
    (unlisted,) = said(tmp_path, OWN)
    line = unlisted.help.split("`")[1]
    assert line == 'allow = ["churn_features:Ratio"]'
    assert [finding.code for finding in said(tmp_path, OWN, allow_configured='"churn_features:Ratio"')] == ["PKL002"]


@pytest.mark.parametrize(
    "module", ["churn_features.py", "churn_features/__init__.py", "src/churn_features.py", "code/churn_features.py"]
)
def test_code_of_the_repository_is_told_as_such(module: str, tmp_path: Path) -> None:
    path = tmp_path / module
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("class Ratio: ...\n", encoding="utf-8")
    (unlisted,) = said(tmp_path, OWN)
    assert f"its module is {module} of this repository" in unlisted.message


def test_a_module_of_the_repository_is_no_pass(tmp_path: Path) -> None:
    (tmp_path / "posix.py").write_text("", encoding="utf-8")
    assert [finding.code for finding in said(tmp_path, DANGEROUS)] == ["PKL101"]


def test_a_module_name_never_leads_out_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("", encoding="utf-8")
    repository = tmp_path / "repository"
    repository.mkdir()
    name = b"../secret"
    stream = b"\x80\x04\x8c" + struct.pack("B", len(name)) + name + b"\x8c\x05Ratio\x93)\x81."
    (unlisted,) = said(repository, stream)
    assert "of this repository" not in unlisted.message


def test_a_forbidden_pickle_gets_no_advice_to_allow_it(tmp_path: Path) -> None:
    found = {finding.code: finding for finding in said(tmp_path, OWN, configured="forbid")}
    assert "allow" not in found["PKL102"].help
    assert found["PKL001"].message.endswith("(first import: byte 25)")


def test_the_advice_is_a_line_for_the_configuration_and_one_for_the_manifest(tmp_path: Path) -> None:
    [found] = said(tmp_path, OWN)
    assert '`allow = ["churn_features:Ratio"]`' in found.help
    line = re.search(r"`(pickle: .*)` to the manifest", found.help)
    assert line is not None
    assert YAML(typ="safe").load(line[1]) == {
        "pickle": {"policy": "allow-listed", "allow": ["churn_features:Ratio"], "reason": "..."}
    }


def test_who_allowed_what_is_counted(tmp_path: Path) -> None:
    [found] = said(tmp_path, OWN, allow_configured='"churn_features:Ratio"')
    assert "on the allow-list or allowed, 1 name by your configuration" in found.message
    [found] = said(tmp_path, OWN, "allow-listed", allow='"churn_features:Ratio"')
    assert "on the allow-list or allowed, 1 name by its own manifest" in found.message


@pytest.mark.parametrize("entry", ["churn_features:*", "*:Ratio", "churn_features"])
def test_names_are_allowed_one_by_one(entry: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="every name by itself"):
        said(tmp_path, OWN, allow_configured=f'"{entry}"')


def test_bytes_of_a_compressed_file_are_counted_in_what_is_unpacked(tmp_path: Path) -> None:
    found = said(tmp_path, gzip.compress(DANGEROUS, mtime=0))
    assert any("byte 2 of the unpacked stream" in finding.message for finding in found)


def test_arrays_of_objects_are_to_be_saved_without_objects(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, names=np.array(["a", 1], dtype=object))
    (tmp_path / "names.npz").write_bytes(buffer.getvalue())
    found = [found for found in lint([str(tmp_path)], Request(Settings())).findings if found.code == "PKL002"]
    assert found
    assert "dtype=object" in found[0].help
