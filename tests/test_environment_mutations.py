"""Files that real libraries wrote, and environments in every form: one thing is changed, and one rule speaks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from artifact_lint.engine import Request, lint
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings, override

DESCRIBED = Path(__file__).resolve().parent / "described"
RULES = ("ENV101", "ENV102", "ENV103", "ENV104", "ENV105", "ENV106")
MANIFEST = "schema_version: 1\nname: churn\nweights: {{files: [{{path: {name}}}]}}\n{python}"
PYTHON = 'environment: {python: "3.11.7"}\n'


def said(
    root: Path, model: str, files: dict[str, str], *, python: str = PYTHON, rules: tuple[str, ...] = RULES
) -> list[str]:
    """What the rules say of a described file beside some environment files: severity and code."""
    source = DESCRIBED / model
    (shutil.copytree if source.is_dir() else shutil.copy)(source, root / source.name)
    (root / "model-artifact.yaml").write_text(MANIFEST.format(name=source.name, python=python))
    for name, text in files.items():
        (root / name).write_text(text)
    report = lint([str(root)], Request(override(Settings(), all_rules(), select=rules)))
    assert report.artifacts
    assert not report.failures
    return [f"{found.severity.value} {found.code}" for found in report.findings]


def required(*lines: str) -> dict[str, str]:
    return {"requirements.txt": "".join(f"{line}\n" for line in lines)}


@pytest.mark.parametrize(
    ("model", "requirement", "expected"),
    [
        # What the very version, or its release in another distribution, wrote.
        ("sklearn-1_5/grid-array.pkl", "scikit-learn==1.5.2", []),
        ("sklearn-1_5/grid-array.pkl", "scikit-learn===1.5.2", []),
        ("sklearn-1_5/grid-array.pkl", "scikit_learn[tests] == 1.5.2+local", []),
        ("sklearn-1_1/boosting-table.pkl", "scikit-learn>=1.0,<2", []),
        ("sklearn-1_9/grid-array.pkl", "Scikit-Learn~=1.9.0", []),
        ("boosters-2_1/xgb-binary.json", "xgboost-cpu==2.1.4", []),
        ("boosters-1_7/xgb-binary.json", "xgboost==3.2.0", []),
        ("boosters-2_1/xgb-classifier.pkl", "xgboost==2.1.1", []),
        ("boosters-1_7/xgb-old.model", "xgboost==3.0.5", []),
        ("boosters-2_1/lgb-binary.txt", "lightgbm==3.3.5", []),
        ("boosters-new/cat-classifier.pkl", "catboost==1.2.2", []),
        ("torch-2_6/fixed.pt2", "torch==2.6.0+cu118", []),
        ("torch-2_6/fixed.pt2", "torch==2.8.0.dev20250319+cpu", []),
        ("torch-2_6/checkpoint.pth", "torchvision==0.16.0", []),
        ("tensorflow-2_12/first", "tensorflow-macos==2.12.1", []),
        ("tensorflow-2_12/first", "tensorflow[and-cuda]==2.16.1", []),
        ("keras-3_6/activated.h5", "tensorflow==2.16.1", []),
        ("keras-3_6/activated.h5", "tf-nightly", []),
        ("onnx-1_23/columns.onnx", "onnxruntime-gpu==1.20.0", []),
        # Another version.
        ("sklearn-1_5/grid-array.pkl", "scikit-learn==1.5.1", ["note ENV103"]),
        ("sklearn-1_1/boosting-table.pkl", "scikit-learn==1.2.2", ["warning ENV103"]),
        ("sklearn-1_5/grid-array.pkl", "scikit-learn-intelex==2024.5.0", []),
        ("sklearn-1_9/grid-array.pkl", "scikit-learn==1.5.2", ["warning ENV103"]),
        ("boosters-new/xgb-binary.ubj", "xgboost-cpu==2.1.4", ["warning ENV103"]),
        ("boosters-1_7/xgb-classifier.pkl", "xgboost==3.2.0", ["warning ENV103"]),
        ("boosters-1_7/xgb-old.model", "xgboost==3.1.2", ["warning ENV103"]),
        ("torch-2_6/fixed.pt2", "torch==2.1.0+cu118", ["warning ENV103"]),
        ("tensorflow-2_21/first", "tensorflow-cpu==2.15.0", ["warning ENV103"]),
        ("keras-3_6/activated.h5", "tensorflow==2.15.0", ["warning ENV103"]),
        ("keras-3_6/activated.h5", "keras==3.0.5", ["warning ENV103"]),
        # What is not there.
        ("sklearn-1_5/in-dict.pkl", "numpy==1.26.4", ["error ENV101"]),
        ("sklearn-1_5/in-dict.pkl", "sklearn==0.0", []),
        ("boosters-2_1/xgb-classifier.pkl", "scikit-learn==1.5.2", ["error ENV101"]),
        ("boosters-new/lgb-classifier.pkl", "lightgbm==4.6.0", ["error ENV101"]),
        ("torch-2_6/checkpoint.pth", "safetensors==0.5.2", ["error ENV101"]),
        ("boosters-2_1/xgb-binary.json", "scikit-learn==1.5.2", ["warning ENV105"]),
        ("boosters-2_1/lgb-binary.txt", "xgboost==2.1.4", ["warning ENV105"]),
        ("boosters-2_1/cat-binary.cbm", "xgboost==2.1.4", ["warning ENV105"]),
        ("tensorflow-2_12/first", "keras==2.12.0", ["warning ENV105"]),
        ("onnx-1_23/columns.onnx", "numpy==2.1.0", ["warning ENV105"]),
        # NumPy as the environment of scikit-learn 1.9 has it, and as that of 1.5.
        ("sklearn-1_9/grid-array.pkl", "scikit-learn==1.9.1\nnumpy==1.24.4", ["error ENV104"]),
        ("sklearn-1_9/grid-array.pkl", "scikit-learn==1.9.1\nnumpy>=1.24,<2", ["warning ENV104"]),
        ("sklearn-1_9/logistic-bool-table.pkl", "scikit-learn==1.9.1\nnumpy==1.26.4", []),
    ],
)
def test_one_requirement_decides(tmp_path: Path, model: str, requirement: str, expected: list[str]) -> None:
    assert said(tmp_path, model, required(requirement)) == expected


#: Each kind of file in which an environment is stated, with the place of one requirement as that file spells it.
KINDS = {
    "pip": (
        "requirements.txt",
        "# ours\n--extra-index-url https://example.org/simple\nscikit-learn=={} --hash=sha256:00\n",
    ),
    "pip, over lines": ("requirements.txt", "scikit-learn \\\n  == {} \\\n  --hash=sha256:00\npandas==2.2.3\n"),
    "pip, wheel": ("requirements.txt", "./wheels/scikit_learn-{}-cp311-cp311-win_amd64.whl\n"),
    "conda list --export": ("requirements.txt", "# platform: linux-64\nscikit-learn={}=py311h_0\nlibgcc=13.2=h_1\n"),
    "conda": ("environment.yml", "dependencies:\n- python=3.11\n- conda-forge::scikit-learn={}=py311h_0\n"),
    "conda, in brackets": ("conda.yaml", "dependencies:\n- scikit-learn[version='=={}', build=py311*]\n"),
    "conda with pip": ("conda.yaml", "dependencies:\n- python=3.11\n- pip:\n  - scikit-learn=={}\n"),
    "MLflow": ("python_env.yaml", 'python: "3.11.7"\ndependencies:\n- scikit-learn=={}\n'),
    "project": ("pyproject.toml", '[project]\nname = "churn"\ndependencies = ["scikit-learn=={}"]\n'),
    "extra": ("pyproject.toml", '[project.optional-dependencies]\nml = ["scikit-learn=={}"]\ndev = ["pytest"]\n'),
    "group": ("pyproject.toml", '[dependency-groups]\nserve = ["scikit-learn=={}"]\ndev = ["pytest"]\n'),
    "Poetry": ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.11"\nscikit-learn = "{}"\n'),
    "Poetry's group": ("pyproject.toml", '[tool.poetry.group.ml.dependencies]\nscikit-learn = "{}"\n'),
    "poetry.lock": ("poetry.lock", '[[package]]\nname = "scikit-learn"\nversion = "{}"\n'),
    "uv.lock": ("uv.lock", 'version = 1\n[[package]]\nname = "scikit-learn"\nversion = "{}"\n'),
    "pdm.lock": ("pdm.lock", '[[package]]\nname = "scikit-learn"\nversion = "{}"\n'),
    "Pipfile": ("Pipfile", '[packages]\nscikit-learn = "=={}"\n[dev-packages]\npytest = "*"\n'),
    "Pipfile.lock": ("Pipfile.lock", '{{"default": {{"scikit-learn": {{"version": "=={}"}}}}}}'),
    "pixi": ("pixi.toml", '[dependencies]\npython = "3.11.*"\nscikit-learn = "=={}"\n'),
    "setuptools": ("setup.cfg", "[metadata]\nname = churn\n[options]\ninstall_requires =\n    scikit-learn=={}\n"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_is_held_against_the_weights(tmp_path: Path, kind: str) -> None:
    name, text = KINDS[kind]
    text = text.replace("{{", "{").replace("}}", "}")
    for which, stated, expected in (
        ("same", text.replace("{}", "1.5.2"), []),
        ("other", text.replace("{}", "1.2.2"), ["warning ENV103"]),
        (
            "none",
            text.replace("{}", "1.5.2").replace("scikit-learn", "pandas").replace("scikit_learn", "pandas"),
            ["error ENV101"],
        ),
    ):
        (tmp_path / which).mkdir()
        assert said(tmp_path / which, "sklearn-1_5/in-dict.pkl", {name: stated}) == expected, which


@pytest.mark.parametrize(
    ("python", "lines", "expected"),
    [
        (PYTHON, ("scikit-learn==1.2.2 ; python_version < '3.9'", "scikit-learn==1.5.2 ; python_version >= '3.9'"), []),
        ("", ("scikit-learn==1.2.2 ; python_version < '3.9'", "scikit-learn==1.5.2 ; python_version >= '3.9'"), []),
        ("", ("scikit-learn==1.2.2 ; python_version < '3.9'", "scikit-learn==1.1.3"), ["warning ENV103"]),
        (PYTHON, ("scikit-learn==1.5.2 ; python_version < '3.9'", "joblib", "numpy"), ["error ENV101"]),
        ("", ("scikit-learn==1.5.2 ; python_version < '3.9'",), []),
        (PYTHON, ("scikit-learn==1.5.2 ; sys_platform == 'win32'",), []),
        (PYTHON, ("scikit-learn==1.5.2 ; extra == 'ml'",), []),
    ],
)
def test_a_marker_that_cannot_hold_leaves_its_requirement_out(
    tmp_path: Path, python: str, lines: tuple[str, ...], expected: list[str]
) -> None:
    assert said(tmp_path, "sklearn-1_5/in-dict.pkl", required(*lines), python=python) == expected


def test_a_library_of_two_distributions_is_one_or_the_other(tmp_path: Path) -> None:
    lines = ("tensorflow==2.12.1 ; sys_platform != 'darwin'", "tensorflow-macos==2.9.0 ; sys_platform == 'darwin'")
    assert said(tmp_path, "tensorflow-2_12/first", required(*lines)) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-r base.txt", ["warning ENV002"]),
        ("-r ../base.txt", ["note ENV002"]),
        ("<<<<<<< HEAD", ["warning ENV002"]),
        ("scikit-learn = 1.5.2", ["warning ENV002"]),
        ("<html>", ["warning ENV002"]),
        ("\x00\x01\x02", ["warning ENV002"]),
    ],
)
def test_what_cannot_be_read_of_an_environment_is_told_and_nothing_is_said_to_be_missing(
    tmp_path: Path, line: str, expected: list[str]
) -> None:
    rules = (*RULES, "ENV002")
    found = said(tmp_path, "sklearn-1_5/in-dict.pkl", required(line, "pandas==2.2.3"), rules=rules)
    assert found == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("environment.yml", "dependencies:\n  - a\n - b: [\n"),
        ("environment.yml", "name: {{ cookiecutter.name }}\n"),
        ("pyproject.toml", "[project\n"),
        ("poetry.lock", "[[package]]\nname = \n"),
        ("Pipfile", "[packages\n"),
        ("Pipfile.lock", "{"),
        ("pixi.toml", "= 1\n"),
    ],
)
def test_a_broken_environment_file_is_a_finding(tmp_path: Path, name: str, text: str) -> None:
    rules = (*RULES, "MAN001")
    assert said(tmp_path, "sklearn-1_5/in-dict.pkl", {name: text}, rules=rules) == ["error MAN001"]


def test_every_described_pickle_loads_with_what_wrote_it(tmp_path: Path) -> None:
    """No false alarm over whole directories, scikit-learn's own requirements alone being stated."""
    for name, version in (("sklearn-1_2", "1.2.2"), ("sklearn-1_9", "1.9.1")):
        root = tmp_path / name
        root.mkdir()
        facts = json.loads((DESCRIBED / name / "facts.json").read_text())
        assert facts
        models = sorted((DESCRIBED / name).glob("*-array.pkl"))
        for model in models:
            shutil.copy(model, root)
        listed = ", ".join(f"{{path: {model.name}}}" for model in models)
        (root / "model-artifact.yaml").write_text(
            f'schema_version: 1\nname: churn\nweights: {{files: [{listed}]}}\nenvironment: {{python: "3.11.7"}}\n'
        )
        (root / "requirements.txt").write_text(f"scikit-learn=={version}\n")
        report = lint([str(root)], Request(override(Settings(), all_rules(), select=RULES)))
        assert report.artifacts
        assert [f"{found.code} {found.message}" for found in report.findings] == []
