"""What requirements declare, allow and bring along."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from artifact_lint.model import Fact, Origin
from artifact_lint.policy.compatibility import judge, loads_numpy_2
from artifact_lint.policy.distributions import (
    distributions_of,
    is_known,
    is_known_package,
    is_standard,
    needs,
    normalized,
)
from artifact_lint.policy.environments import Environment, Wanted, environment_of, pin_of, version_of
from artifact_lint.policy.loaders import loader_of


def environment(*requirements: str) -> Environment:
    return environment_of(tuple(Fact(text, Origin("requirements.txt", 1)) for text in requirements))


def wanted(requirement: str) -> Wanted:
    (only,) = environment(requirement).wanted
    return only


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("sklearn.linear_model._logistic", "scikit-learn"),
        ("_loss", "scikit-learn"),
        ("cv2", "opencv-python-headless"),
        ("PIL.Image", "pillow"),
        ("yaml", "pyyaml"),
        ("google.protobuf.struct_pb2", "protobuf"),
        ("xgboost.core", "xgboost-cpu"),
        ("torch._utils", "torch"),
        ("tensorflow.python", "tensorflow-cpu"),
        ("onnxruntime", "onnxruntime-gpu"),
        ("imblearn.pipeline", "imbalanced-learn"),
        ("skimage", "scikit-image"),
        ("dateutil.tz", "python-dateutil"),
        ("_catboost", "catboost"),
        ("umap.umap_", "umap-learn"),
        ("category_encoders.ordinal", "category-encoders"),
        ("sentence_transformers", "sentence-transformers"),
        ("mlflow.pyfunc", "mlflow-skinny"),
    ],
)
def test_a_module_is_installed_by_a_distribution_of_another_name(module: str, distribution: str) -> None:
    assert distribution in distributions_of(module)
    assert is_known_package(module)


@pytest.mark.parametrize("module", ["google.unheard_of", "google.cloud.unheard_of", "azure.unheard_of.models"])
def test_of_an_unlisted_part_of_a_namespace_nothing_is_known(module: str) -> None:
    assert not distributions_of(module)


@pytest.mark.parametrize("module", ["collections", "_codecs", "posix", "distutils", "imp", "builtins"])
def test_modules_of_any_python_are_standard(module: str) -> None:
    assert is_standard(module)


def test_a_module_of_ones_own_is_not_standard() -> None:
    assert not is_standard("churn_features")
    assert not is_known_package("churn_features")


@pytest.mark.parametrize(
    ("requirement", "brought"),
    [
        ("scikit-learn==1.5.2", {"numpy", "scipy", "joblib", "threadpoolctl"}),
        ("scikit-learn==1.6.0", {"numpy", "scipy", "joblib", "threadpoolctl"}),
        ("scikit-learn", {"numpy", "scipy", "joblib", "threadpoolctl"}),
        ("sklearn==0.0", {"scikit-learn", "numpy"}),
        ("pandas>=2", {"numpy", "python-dateutil", "pytz"}),
        ("mlflow==2.9.2", {"scikit-learn", "pandas", "cloudpickle", "joblib"}),
        ("xgboost[scikit-learn]==3.0.5", {"scikit-learn", "numpy", "scipy"}),
        ("sentence-transformers==3.0.1", {"transformers", "torch", "scikit-learn", "safetensors"}),
        ("tensorflow-macos==2.12.0", {"keras", "h5py", "numpy"}),
        ("tensorflow==2.16.2", {"keras", "h5py"}),
        ("imbalanced-learn==0.12.4", {"scikit-learn", "joblib"}),
        ("lightgbm==4.6.0", {"numpy", "scipy"}),
        ("catboost==1.2.8", {"numpy", "pandas", "matplotlib"}),
        ("statsmodels==0.14.5", {"numpy", "scipy", "pandas", "patsy"}),
    ],
)
def test_a_distribution_brings_along_what_it_needs(requirement: str, brought: set[str]) -> None:
    found = environment(requirement)
    assert brought <= found.names
    assert not found.unknown
    assert not found.is_local


def test_what_a_version_needs_is_that_versions() -> None:
    assert "safetensors" not in environment("transformers==4.28.1").names
    assert "safetensors" in environment("transformers==4.30.2").names
    assert "scikit-learn" not in environment("mlflow-skinny==2.22.0").names


@pytest.mark.parametrize("text", [".", "./churn", "../libs/churn", "git+https://example.org/churn.git", "/srv/churn"])
def test_code_of_which_no_name_is_known_leaves_the_environment_open(text: str) -> None:
    assert environment("numpy==2.3.1", text).is_local


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("git+https://example.org/a.git#egg=scikit-learn", "scikit-learn"),
        ("https://example.org/torch-2.4.1+cpu-cp311-cp311-linux_x86_64.whl", "torch"),
        ("./wheels/scikit_learn-1.5.2-cp311-cp311-manylinux_2_17_x86_64.whl", "scikit-learn"),
        ("scikit-learn @ https://example.org/a.zip#sha256=ff", "scikit-learn"),
        ("Scikit_Learn==1.5.2 --hash=sha256:ff", "scikit-learn"),
        ("numpy (==1.24.4)", "numpy"),
        ("scikit-learn==${VERSION}", "scikit-learn"),
        ("scikit-learn=1.5.2", "scikit-learn"),
    ],
)
def test_a_requirement_tells_its_distribution(text: str, name: str) -> None:
    found = environment(text)
    assert [one.name for one in found.wanted] == [name]
    assert not found.is_local


def test_a_wheel_pins_its_version() -> None:
    assert pin_of(wanted("./wheels/numpy-1.24.4-cp311-cp311-linux_x86_64.whl").specifier) == Version("1.24.4")


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        ("torch==2.1.0+cu118", "2.1.0"),
        ("torch===2.1.0+cu118", "2.1.0"),
        ("https://example.org/torch-2.1.0%2Bcu118-cp311-cp311-linux_x86_64.whl", "2.1.0"),
        ("torch==2.8.0.dev20250319+cpu", "2.8.0.dev20250319"),
        ("torch==1!2.1.0", "1!2.1.0"),
    ],
)
def test_a_build_is_of_the_version_that_it_is_built_from(text: str, pin: str) -> None:
    assert pin_of(wanted(text).specifier) == Version(pin)


@pytest.mark.parametrize(
    ("text", "brings"), [("sklearn==0.0", True), ("sklearn", False), ("sklearn==0.0.post1", False)]
)
def test_a_distribution_that_was_withdrawn_brings_nothing(text: str, *, brings: bool) -> None:
    assert ("scikit-learn" in environment(text).names) is brings


@pytest.mark.parametrize(
    ("requirement", "asked"),
    [
        ("tensorflow==2.15.0", "<2.16,>=2.15.0"),
        ("tensorflow-macos==2.12.0", "<2.13,>=2.12.0"),
        # Neither is listed, and what is listed before it asks something else than what is listed behind it.
        ("tensorflow==2.13.1", ""),
        ("tensorflow==2.4.0", ""),
        ("tensorflow-cpu==2.15.0", ""),
        ("tf-nightly", ""),
    ],
)
def test_what_is_asked_of_others_is_that_very_versions(requirement: str, asked: str) -> None:
    assert environment(requirement).asked_of("keras") == SpecifierSet(asked)


def test_requirements_of_one_file_that_exclude_each_other_are_alternatives() -> None:
    lines = ("numpy==1.24.4", "numpy==2.1.0", "numpy<3", "numpy>=2 ; python_version > '3.9'")
    together = [[one.stated.value for one in alternatives] for alternatives in environment(*lines).of({"numpy"})]
    assert together == [["numpy<3"], ["numpy==1.24.4", "numpy==2.1.0", "numpy>=2 ; python_version > '3.9'"]]


@pytest.mark.parametrize("text", ["acme-serving==1.0", "transformers[all]==4.40.2", "scikit-learn[unheard-of]"])
def test_a_requirement_that_may_bring_anything_is_named_as_unknown(text: str) -> None:
    assert environment(text).unknown


@pytest.mark.parametrize("text", ["mkl==2024.1", "libgcc-ng", "cudatoolkit==11.8", "openssl==3"])
def test_condas_packages_without_modules_are_nothing_to_wonder_at(text: str) -> None:
    assert not environment(text).unknown


@given(st.lists(st.text(max_size=60), max_size=5))
def test_any_text_is_read(lines: list[str]) -> None:
    found = environment(*lines)
    assert len(found.wanted) <= len(lines)


def test_every_listed_requirement_is_one() -> None:
    for name in ("scikit-learn", "mlflow", "transformers", "tensorflow", "torch", "pandas"):
        assert is_known(name)
        for version, requirements in needs(name):
            assert Version(version).release
            assert all(normalized(Requirement(text).name) for text in requirements)


@pytest.mark.parametrize(
    ("distribution", "written", "requirement", "pickled", "expected"),
    [
        ("scikit-learn", "1.5.2", "scikit-learn==1.5.2", True, None),
        ("scikit-learn", "1.5.2", "scikit-learn==1.5.*", True, None),
        ("scikit-learn", "1.5.2", "scikit-learn~=1.5", True, None),
        ("scikit-learn", "1.5.2", "scikit-learn==1.5.1", True, "slight"),
        ("scikit-learn", "1.5.2", "scikit-learn>1.5.2,<1.6", True, "slight"),
        ("scikit-learn", "1.5.2", "scikit-learn==1.4.2", True, "mismatch"),
        ("scikit-learn", "1.5.2", "scikit-learn==1.6.1", False, "mismatch"),
        ("xgboost", "2.1.4", "xgboost==3.0.5", False, None),
        ("xgboost", "2.1.4", "xgboost==1.7.6", False, "mismatch"),
        ("xgboost", "2.1.4", "xgboost==2.1.0", False, None),
        ("xgboost", "2.1.4", "xgboost==3.0.5", True, "mismatch"),
        ("xgboost", "2.1.4", "xgboost==2.1.1", True, None),
        ("catboost", "1.2.10", "catboost==1.2.2", True, None),
        ("catboost", "1.2.10", "catboost==1.3", True, None),
        ("catboost", "1.2.10", "catboost==1.1.1", True, "mismatch"),
        ("torch", "2.6.0+cu124", "torch==2.8.0+cpu", True, None),
        ("torch", "2.6.0+cu124", "torch==2.1.0+cu118", True, "mismatch"),
        ("keras", "3.6.0", "keras==3.12.0", False, None),
        ("keras", "3.6.0", "keras==3.0.5", False, "mismatch"),
        ("keras", "2.15.0", "keras==3.6.0", False, "mismatch"),
        ("keras", "2.15.0", "keras>=3", False, "mismatch"),
        ("keras", "2.15.0", "keras>=2.12", False, None),
        ("tensorflow", "2.16.1", "tensorflow==2.12.1", False, "mismatch"),
        ("tensorflow", "2.12.1", "tensorflow==2.16.1", False, None),
        ("torch", "2.4.1+cpu", "torch==2.4.1", False, None),
        ("numpy", "2.1.0", "numpy==1.26.4", False, None),
    ],
)
def test_a_mismatch_is_what_the_library_does_not_promise(
    distribution: str, written: str, requirement: str, *, pickled: bool, expected: str | None
) -> None:
    version = version_of(written)
    assert version is not None
    found = judge(distribution, version, wanted(requirement).specifier, pickled=pickled)
    assert (None if found is None else "slight" if found.is_slight else "mismatch") == expected


@pytest.mark.parametrize(
    ("requirement", "is_read"),
    [("==3.0.5", True), ("==3.1.2", False), (">=3.1", False), (">=1.7", True), ("~=3.2", False)],
)
def test_xgboost_read_its_old_format_up_to_3_0(requirement: str, *, is_read: bool) -> None:
    found = judge("xgboost", Version("1.7"), SpecifierSet(requirement), pickled=False, file_format="xgboost-binary")
    assert (found is None) is is_read


ARRAYS = frozenset({"numpy._core.multiarray"})


@pytest.mark.parametrize(
    ("specifier", "modules", "expected"),
    [
        ("==1.26.4", ARRAYS, True),
        ("==1.26.0", ARRAYS, False),
        ("==1.26.4", ARRAYS | {"numpy._core.numeric"}, False),
        ("==2.0.0", ARRAYS | {"numpy._core.numeric"}, True),
        ("", ARRAYS, True),
        (">=1.21", ARRAYS, None),
        (">=1.21,<1.26", ARRAYS, False),
        ("~=1.24.0", ARRAYS, False),
        ("==1.24.*", ARRAYS, False),
        (">=2,<3", ARRAYS, True),
        ("<2", ARRAYS | {"numpy._core.numeric"}, False),
    ],
)
def test_numpy_has_the_module_from_a_version_on(
    specifier: str, modules: frozenset[str], *, expected: bool | None
) -> None:
    assert loads_numpy_2(SpecifierSet(specifier), modules) is expected


def test_nothing_reads_a_file_that_was_not_looked_at() -> None:
    assert loader_of("onnx", None) is None
