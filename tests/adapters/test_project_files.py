"""The environment that a Python project's own files state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from trees import plant

from artifact_lint.adapters.project_files import _one_constraint, read_project_file
from artifact_lint.adapters.reading import Reading
from artifact_lint.adapters.requirements import read_environment

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_lint.adapters.requirements import Environment

UV = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "churn"
version = "0.1.0"
source = { editable = "." }
dependencies = [{ name = "scikit-learn" }]

[[package]]
name = "scikit-learn"
version = "1.5.2"
source = { registry = "https://example.org/simple" }
"""
POETRY = """\
[[package]]
name = "numpy"
version = "2.1.0"
optional = false

[metadata]
lock-version = "2.1"
"""
PIPENV = (
    '{"_meta": {}, "default": {"numpy": {"version": "==2.1.0"}, "churn": {"path": "."}}, "develop": {"pytest": {}}}'
)
PROJECT = """\
[project]
name = "churn"
dependencies = ["scikit-learn==1.5.2", "pandas>=2"]
"""
BY_POETRY = """\
[tool.poetry.dependencies]
python = "^3.11"
numpy = "^1.26.4"
pandas = {version = "~2.1", extras = ["parquet"]}
joblib = "1.4.2"
lz4 = "*"
"""
GROUPED = """\
[project]
name = "churn"
dependencies = ["pandas==2.2.3"]

[project.optional-dependencies]
train = ["lightgbm>=4 ; python_version < '3.13'"]
dev-tools = ["pytest"]

[dependency-groups]
serve = ["scikit-learn==1.5.2", {include-group = "more"}]
docs = ["sphinx"]

[tool.pixi.dependencies]
python = "3.11.*"
numpy = ">=1.26,<2"

[tool.pixi.pypi-dependencies]
joblib = "==1.4.2"
"""
POETRYS_OWN = """\
[tool.poetry.dependencies]
numpy = [{version = "1.24.4", python = "<3.9"}, {version = "^2.1", python = ">=3.9,<4"}]
pandas = {version = "2.2.3", markers = "sys_platform != 'win32'"}
churn = {path = "../churn", develop = true}
scikit-learn = {git = "https://example.org/scikit-learn.git", tag = "1.5.2"}

[tool.poetry.group.ml.dependencies]
joblib = "1.4.2"

[tool.poetry.group.dev.dependencies]
pytest = "*"
"""
BY_PIPENV = """\
[packages]
scikit-learn = "==1.5.2"
numpy = "*"
churn = {path = ".", editable = true}
torch = {version = ">=2", extras = ["opt"], index = "cpu"}

[dev-packages]
pytest = "*"

[requires]
python_version = "3.11"
"""
BY_PIXI = """\
[workspace]
name = "churn"

[dependencies]
python = ">=3.11,<3.12"
scikit-learn = "1.5.2.*"
pytorch = {version = ">=2.1", channel = "pytorch"}
scipy = "*"

[pypi-dependencies]
joblib = "==1.4.2"
"""
BY_SETUPTOOLS = """\
[metadata]
name = churn

[options]
packages = find:
install_requires =
    scikit-learn==1.5.2
    # the newest
    numpy>=2 ; python_version >= '3.11'
python_requires = >=3.11

[options.extras_require]
test = pytest
"""


def environment(root: Path, files: dict[str, str]) -> Environment:
    return read_environment(Reading(plant(root, files)), "")


def listed(root: Path, files: dict[str, str]) -> list[str]:
    return [one.value for fact in environment(root, files).requirements for one in fact.value]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("uv.lock", UV, ["scikit-learn==1.5.2"]),
        ("poetry.lock", POETRY, ["numpy==2.1.0"]),
        ("pdm.lock", POETRY, ["numpy==2.1.0"]),
        ("pylock.toml", UV.replace("[[package]]", "[[packages]]"), ["scikit-learn==1.5.2"]),
        ("Pipfile.lock", PIPENV, ["numpy==2.1.0", "churn"]),
        ("pyproject.toml", PROJECT, ["scikit-learn==1.5.2", "pandas>=2"]),
        (
            "pyproject.toml",
            BY_POETRY,
            ["numpy>=1.26.4,<2", "pandas[parquet]>=2.1,<2.2", "joblib==1.4.2", "lz4"],
        ),
        ("pyproject.toml", "[tool.ruff]\nline-length = 100\n", []),
        (
            "pyproject.toml",
            GROUPED,
            [
                "pandas==2.2.3",
                "lightgbm>=4 ; (python_version < '3.13') and extra == \"train\"",
                'scikit-learn==1.5.2 ; extra == "serve"',
                "numpy>=1.26,<2",
                "joblib==1.4.2",
            ],
        ),
        (
            "pyproject.toml",
            POETRYS_OWN,
            [
                "numpy==1.24.4 ; python_version < '3.9'",
                "numpy>=2.1,<3 ; python_version >= '3.9' and python_version < '4'",
                "pandas==2.2.3 ; sys_platform != 'win32'",
                "../churn",
                "scikit-learn @ git+https://example.org/scikit-learn.git@1.5.2",
                'joblib==1.4.2 ; extra == "ml"',
            ],
        ),
        ("Pipfile", BY_PIPENV, ["scikit-learn==1.5.2", "numpy", ".", "torch[opt]>=2"]),
        ("pixi.toml", BY_PIXI, ["scikit-learn==1.5.2.*", "torch>=2.1", "scipy", "joblib==1.4.2"]),
        ("setup.cfg", BY_SETUPTOOLS, ["scikit-learn==1.5.2", "numpy>=2 ; python_version >= '3.11'"]),
        ("setup.cfg", "[options]\ninstall_requires = numpy==2.1.0\n[flake8]\n  joblib\n", ["numpy==2.1.0"]),
    ],
)
def test_each_kind_of_file_states_its_packages(tmp_path: Path, name: str, content: str, expected: list[str]) -> None:
    assert listed(tmp_path, {name: content}) == expected


def test_a_requirement_is_found_on_its_line(tmp_path: Path) -> None:
    (stated,) = environment(tmp_path, {"uv.lock": UV}).requirements
    assert [(one.origin.path, one.origin.line) for one in stated.value] == [("uv.lock", 12)]


def test_a_lock_file_counts_before_the_project_and_requirements_before_both(tmp_path: Path) -> None:
    assert listed(tmp_path / "a", {"uv.lock": UV, "pyproject.toml": PROJECT}) == ["scikit-learn==1.5.2"]
    files = {"uv.lock": UV, "pyproject.toml": PROJECT, "requirements.txt": "numpy==2.3.1\n"}
    assert listed(tmp_path / "b", files) == ["numpy==2.3.1"]


@pytest.mark.parametrize("text", ["3.11.7\n", "cpython-3.11.7\n", "# ours\n3.11.7\n"])
def test_the_python_of_a_project_is_stated(tmp_path: Path, text: str) -> None:
    assert environment(tmp_path, {".python-version": text}).python_version.value == "3.11.7"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("runtime.txt", "python-3.11.7\n", "3.11.7"),
        ("pyproject.toml", '[project]\nrequires-python = ">=3.10,<3.13"\n', ">=3.10,<3.13"),
        ("pyproject.toml", BY_POETRY, ">=3.11,<4"),
        ("Pipfile", BY_PIPENV, "3.11"),
        ("pixi.toml", BY_PIXI, ">=3.11,<3.12"),
        ("pixi.toml", '[dependencies]\npython = "3.11.*"\n', "3.11"),
        ("pyproject.toml", "[tool.ruff]\n", None),
    ],
)
def test_the_python_that_a_project_asks_for_is_stated(
    tmp_path: Path, name: str, content: str, expected: str | None
) -> None:
    assert environment(tmp_path, {name: content}).python_version.value == expected


def test_a_named_environment_of_pyenv_is_no_version(tmp_path: Path) -> None:
    assert environment(tmp_path, {".python-version": "churn\n3.11.7\n"}).python_version.value is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^1", ">=1,<2"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
        ("1.2.*", "==1.2.*"),
        ("*", ""),
        (">=1.2", ">=1.2"),
        ("!=1.2", "!=1.2"),
    ],
)
def test_poetrys_constraints_are_put_into_pips_spelling(written: str, expected: str) -> None:
    assert _one_constraint(written) == expected
    assert Requirement(f"churn{expected}").name == "churn"


@given(st.text(max_size=200))
def test_any_text_of_a_project_is_read(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.mktemp("project")
    for name in ("pyproject.toml", "Pipfile.lock", "Pipfile", "pixi.toml", "setup.cfg"):
        read_project_file(Reading(plant(root, {name: text})), name)


def test_a_constraints_file_gives_versions_to_those_without(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "-c constraints.txt\nnumpy\nscikit_learn[x]\npandas==2.1.0\n",
        "constraints.txt": "NumPy==1.24.4\nscikit-learn == 1.5.2\npandas==2.2.0\njoblib==1.4.2\n",
    }
    (stated,) = environment(tmp_path, files).requirements
    assert [(one.value, one.origin.path, one.origin.line) for one in stated.value] == [
        ("numpy==1.24.4", "constraints.txt", 1),
        ("scikit_learn[x]== 1.5.2", "constraints.txt", 2),
        ("pandas==2.1.0", "requirements.txt", 4),
    ]
