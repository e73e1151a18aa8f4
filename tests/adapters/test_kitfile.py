"""What a Kitfile states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trees import plant

from artifact_lint.adapters import kitfile

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_lint.model import Record

KITFILE = """\
manifestVersion: 1.0.0
package:
  name: churn
  version: 1.2.0
  license: MIT
model:
  name: churn-forest
  path: models/churn.pkl
  framework: scikit-learn
  license: Apache-2.0
  parameters: {n_estimators: 100}
datasets:
  - {name: customers, path: data/customers.csv}
"""


def described(root: Path, text: str) -> list[Record]:
    tree = plant(root, {"kit/Kitfile": text})
    return [kitfile.describe(tree, claim) for claim in kitfile.recognise(tree, "kit")]


def test_a_kitfile_states_its_package_and_its_model(tmp_path: Path) -> None:
    (record,) = described(tmp_path, KITFILE)
    assert (record.name.value, record.version.value, record.framework.value) == ("churn", "1.2.0", "scikit-learn")
    assert record.hyperparameters.value == {"n_estimators": 100}
    assert [mention.path for mention in record.mentions] == ["kit/models/churn.pkl"]
    assert [dataset.name for dataset in record.datasets.value or ()] == ["customers"]


def test_package_and_model_are_two_things_that_may_differ(tmp_path: Path) -> None:
    (record,) = described(tmp_path, KITFILE)
    assert [fact.value for fact in record.name] == ["churn"]
    assert [fact.value for fact in record.license] == ["MIT"]


def test_a_kitfile_without_a_model_is_no_record(tmp_path: Path) -> None:
    assert described(tmp_path, "manifestVersion: 1.0.0\npackage: {name: x}\ncode: [{path: src}]\n") == []
    assert described(tmp_path, "model: [1, 2]\n") == []
    assert described(tmp_path, "FROM python\n") == []
