"""Records elsewhere that seem to state the name and version of a touched one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifact_lint.namesakes import find_namesakes
from artifact_lint.stores.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path

TOUCHED = "new/model-artifact.yaml"


@pytest.mark.parametrize(
    ("name", "text", "is_one"),
    [
        ("old/model-artifact.yml", "version: 1.2.0  # the first\nname: churn\n", True),
        ("old/model-artifact.json", '{"name": "churn", "version": "1.2.0"}', True),
        ("old/x.model-artifact.yaml", "name: 'churn'\nversion: '1.2.0'\n", True),
        ("old/Kitfile", "package:\n  name: churn\n  version: 1.2.0\n", True),
        ("old/Kitfile", "datasets:\n- name: churned\npackage:\n  name: churn\n  version: 1.2.0\n", True),
        ("old/model-artifact.json", '{"x": {"name": "a"}, "name": "churn", "version": "1.2.0"}', True),
        ("old/model-artifact.yaml", "name: churn\nversion: 1.2.1\n", False),
        ("old/model-artifact.yaml", "name: fraud\nversion: 1.2.0\ninputs:\n  - {name: churn}\n", False),
        ("old/model-artifact.yaml", "name: churn\nversion: 1.0.0\ndata: [\n  {version: 1.2.0}]\n", False),
        ("old/model-artifact.yaml", "name: fraud\nversion: 1.2.0\n", False),
        ("old/model-artifact.yaml", "\0", False),
        ("old/notes.yaml", "name: churn\nversion: 1.2.0\n", False),
    ],
)
def test_what_states_the_same(tmp_path: Path, name: str, text: str, *, is_one: bool) -> None:
    _write(tmp_path, TOUCHED, 'name: churn\nversion: "1.2.0"\n')
    _write(tmp_path, name, text)
    found = find_namesakes(LocalStore(tmp_path), {TOUCHED}, [TOUCHED, name, "gone/model-artifact.yaml"])
    assert found == ([name] if is_one else [], True)


def test_no_more_than_a_thousand_records_are_looked_into(tmp_path: Path) -> None:
    _write(tmp_path, TOUCHED, "name: churn\nversion: 1.2.0\n")
    absent = [f"{number}/model-artifact.yaml" for number in range(1000)]
    assert find_namesakes(LocalStore(tmp_path), {TOUCHED}, absent) == ([], True)
    assert find_namesakes(LocalStore(tmp_path), {TOUCHED}, [*absent, "old/Kitfile"]) == ([], False)


def _write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(text)
