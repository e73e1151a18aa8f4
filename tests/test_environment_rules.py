"""Good artifacts of which one requirement is changed: exactly the rule that it is about speaks."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import cloudpickle
import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from artifact_lint.engine import Request, lint
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings, override

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = Path(__file__).resolve().parent.parent / "examples" / "good"
RULES = ("ENV101", "ENV102", "ENV103", "ENV104", "ENV105", "ENV106")
MANIFEST = 'schema_version: 1\nname: churn\nweights: {files: [{path: FILE}]}\nenvironment: {python: "3.11.7"}\n'


def said(path: Path) -> list[str]:
    """What the rules say of an artifact: severity, code, and the line that is to be edited."""
    report = lint([str(path)], Request(override(Settings(), all_rules(), select=RULES)))
    assert report.artifacts
    assert not report.failures
    return [f"{found.severity.value} {found.code} {found.origin.path}:{found.origin.line}" for found in report.findings]


@pytest.fixture
def forest(tmp_path: Path) -> Path:
    """A random forest in joblib's form, and the environment that wrote it."""
    model = RandomForestClassifier(n_estimators=2, random_state=0).fit([[0.0], [1.0]], [0, 1])
    joblib.dump(model, tmp_path / "churn.joblib")
    (tmp_path / "model-artifact.yaml").write_text(MANIFEST.replace("FILE", "churn.joblib"))
    written = "\n".join(f"{name}=={version}" for name, version in VERSIONS.items())
    (tmp_path / "requirements.txt").write_text(f"{written}\n")
    return tmp_path


def _versions() -> Iterator[tuple[str, str]]:
    from importlib.metadata import version

    for name in ("scikit-learn", "numpy", "joblib"):
        yield name, version(name)


VERSIONS = dict(_versions())


def repin(artifact: Path, name: str, requirement: str) -> None:
    file = artifact / "requirements.txt"
    lines = [requirement if line.startswith(f"{name}=") else line for line in file.read_text().splitlines()]
    file.write_text("\n".join(filter(None, lines)) + "\n")


def test_the_environment_that_wrote_a_model_has_what_it_needs(forest: Path) -> None:
    assert said(forest) == []


@pytest.mark.parametrize("name", ["numpy", "joblib"])
def test_what_scikit_learn_brings_along_need_not_be_declared(forest: Path, name: str) -> None:
    repin(forest, name, "")
    assert said(forest) == []


@pytest.mark.parametrize(
    ("name", "requirement", "expected"),
    [
        ("scikit-learn", "", ["error ENV101 requirements.txt:1"]),
        ("scikit-learn", "scikit-learn==1.2.2", ["warning ENV103 requirements.txt:1"]),
        ("scikit-learn", "scikit_learn == 1.2.2 ; python_version > '3'", ["warning ENV103 requirements.txt:1"]),
        ("scikit-learn", "scikit-learn<1.3", ["warning ENV103 requirements.txt:1"]),
        ("scikit-learn", "scikit-learn", []),
        ("scikit-learn", "scikit-learn>=1.3", []),
        ("scikit-learn", "scikit-learn @ git+https://example.org/scikit-learn", []),
        ("numpy", "numpy==1.24.4", ["error ENV104 requirements.txt:2"]),
        ("numpy", "numpy<2,>=1.21", ["warning ENV104 requirements.txt:2"]),
        ("numpy", "numpy<1.26", ["error ENV104 requirements.txt:2"]),
        ("numpy", "numpy==1.26.4", []),
        ("numpy", "numpy>=2", []),
        ("joblib", "-r more.txt", []),
    ],
)
def test_one_changed_requirement_raises_one_rule(
    forest: Path, name: str, requirement: str, expected: list[str]
) -> None:
    repin(forest, name, requirement)
    places = [place.replace(f"{forest.as_posix().lstrip('/')}/", "") for place in said(forest)]
    places = [f"{' '.join(place.split()[:2])} {place.rpartition('/')[2].split()[-1]}" for place in places]
    if "ENV101" in "".join(expected):
        assert [place.split()[:2] for place in places] == [["error", "ENV101"]]
    else:
        assert places == expected


@pytest.mark.parametrize(
    ("example", "file", "code"),
    [
        ("xgboost-native", "requirements.txt", "ENV105"),
        ("pytorch-state-dict", "requirements.txt", "ENV101"),
        ("joblib-sidecar", "requirements.txt", "ENV101"),
        ("huggingface-tiny", "requirements.txt", "ENV105"),
    ],
)
def test_a_good_example_without_its_libraries_raises_one_rule(
    tmp_path: Path, example: str, file: str, code: str
) -> None:
    shutil.copytree(GOOD / example, tmp_path / example)
    assert said(tmp_path / example) == []
    (tmp_path / example / file).write_text("requests==2.32.5\n")
    assert {found.split()[1] for found in said(tmp_path / example)} == {code}


def test_a_pickle_of_protocol_5_needs_more_of_numpy_than_1_26_has(tmp_path: Path) -> None:
    (tmp_path / "churn.pkl").write_bytes(pickle.dumps(np.arange(3.0), protocol=5))
    (tmp_path / "model-artifact.yaml").write_text(MANIFEST.replace("FILE", "churn.pkl"))
    (tmp_path / "requirements.txt").write_text("numpy==1.26.4\n")
    assert [place.split()[:2] for place in said(tmp_path)] == [["error", "ENV104"]]


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_random_generator_of_numpy_2_cannot_be_loaded_by_1(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "churn.pkl").write_bytes(pickle.dumps({"state": np.random.RandomState(0)}, protocol=protocol))
    (tmp_path / "model-artifact.yaml").write_text(MANIFEST.replace("FILE", "churn.pkl"))
    (tmp_path / "requirements.txt").write_text("numpy==1.26.4\n")
    assert [place.split()[:2] for place in said(tmp_path)] == [["error", "ENV104"]]
    (tmp_path / "requirements.txt").write_text("numpy==2.1.0\n")
    assert said(tmp_path) == []


@pytest.mark.parametrize(
    ("python", "codes"), [("3.11.7", []), ("3.11", []), ('">=3.9"', ["ENV106"]), ('"3"', ["ENV106"])]
)
def test_a_function_by_value_needs_one_python(tmp_path: Path, python: str, codes: list[str]) -> None:
    (tmp_path / "churn.pkl").write_bytes(cloudpickle.dumps(lambda charges: charges / 100))
    manifest = MANIFEST.replace("FILE", "churn.pkl").replace('"3.11.7"', python)
    (tmp_path / "model-artifact.yaml").write_text(manifest)
    (tmp_path / "requirements.txt").write_text("cloudpickle==3.1.2\n")
    assert [place.split()[1] for place in said(tmp_path)] == codes


def test_versions_that_a_hand_written_file_notes_are_no_environment(tmp_path: Path, forest: Path) -> None:
    (forest / "model-artifact.yaml").unlink()
    (forest / "requirements.txt").unlink()
    (forest / "churn.json").write_text('{"model_type": "RandomForest", "features": ["a"], "numpy_version": "2.3.1"}')
    assert said(forest) == []


def test_a_class_of_the_script_is_an_error_where_a_record_describes_it(tmp_path: Path) -> None:
    (tmp_path / "churn_model.pkl").write_bytes(b"\x80\x02c__main__\nChurn\n)\x81.")
    assert [place.split()[:2] for place in said(tmp_path / "churn_model.pkl")] == [["warning", "ENV102"]]
    (tmp_path / "model-artifact.yaml").write_text(MANIFEST.replace("FILE", "churn_model.pkl"))
    assert [place.split()[:2] for place in said(tmp_path)] == [["error", "ENV102"]]


def test_packages_of_a_hostile_pickle_are_counted(tmp_path: Path) -> None:
    imports = b"".join(b"cchurn_%d\nA\n0" % number for number in range(300))
    (tmp_path / "churn.pkl").write_bytes(b"\x80\x02" + imports + b"N.")
    (tmp_path / "model-artifact.yaml").write_text(MANIFEST.replace("FILE", "churn.pkl"))
    (tmp_path / "requirements.txt").write_text("numpy==2.3.1\n")
    assert [place.split()[1] for place in said(tmp_path)] == ["ENV101"] * 11
