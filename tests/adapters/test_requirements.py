from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from trees import plant

from artifact_lint.adapters.conda import conda_requirement
from artifact_lint.adapters.reading import Reading
from artifact_lint.adapters.requirements import (
    MOST_FILES,
    Environment,
    read_environment,
    read_requirements,
)

if TYPE_CHECKING:
    from pathlib import Path


def requirements(root: Path, content: str | bytes, **others: str) -> list[tuple[str, int]]:
    reading = Reading(plant(root, {"a/requirements.txt": content, **{f"a/{k}.txt": v for k, v in others.items()}}))
    return [(one.value, one.origin.line) for one in read_requirements(reading, "a/requirements.txt")]


def environment(root: Path, **files: str) -> Environment:
    tree = plant(root, {name.replace("__", "."): content for name, content in files.items()})
    return read_environment(Reading(tree), "")


def test_requirements_are_read_with_their_lines(tmp_path: Path) -> None:
    text = "# what it needs\n\nnumpy==1.26.4  # exactly\npandas[parquet]>=2,<3 ; python_version >= '3.11'\n"
    assert requirements(tmp_path, text) == [
        ("numpy==1.26.4", 3),
        ("pandas[parquet]>=2,<3 ; python_version >= '3.11'", 4),
    ]


def test_a_requirement_with_hashes_over_several_lines_is_one(tmp_path: Path) -> None:
    text = "numpy==1.26.4 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nscipy==1.13.0\n"
    assert requirements(tmp_path, text) == [
        ("numpy==1.26.4 --hash=sha256:aa --hash=sha256:bb", 1),
        ("scipy==1.13.0", 4),
    ]


def test_options_are_no_requirements_and_editables_are(tmp_path: Path) -> None:
    text = "--index-url https://example.org/simple\n-c constraints.txt\n-e git+https://example.org/a.git#egg=a\n-e .\n"
    assert requirements(tmp_path, text) == [("git+https://example.org/a.git#egg=a", 3), (".", 4)]


def test_a_fragment_is_no_comment(tmp_path: Path) -> None:
    assert requirements(tmp_path, "a @ https://example.org/a.zip#sha256=ff\n") == [
        ("a @ https://example.org/a.zip#sha256=ff", 1)
    ]


def test_included_files_are_followed_and_a_cycle_ends(tmp_path: Path) -> None:
    found = requirements(tmp_path, "-r base.txt\nb==1\n", base="--requirement requirements.txt\na==1\n")
    assert found == [("b==1", 2), ("a==1", 2)]


def test_a_file_outside_of_the_directory_is_not_included(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("z==1\n")
    assert requirements(tmp_path, "-r ../secret.txt\n-r /etc/hosts\na==1\n") == [
        ("-r ../secret.txt", 1),
        ("-r /etc/hosts", 2),
        ("a==1", 3),
    ]


def test_a_line_that_includes_what_is_not_there_is_kept(tmp_path: Path) -> None:
    assert requirements(tmp_path, "numpy==1.26.4\n-r base.txt\n") == [("numpy==1.26.4", 1), ("-r base.txt", 2)]


def test_what_conda_exports_is_read_in_a_requirements_file(tmp_path: Path) -> None:
    text = "# platform: linux-64\n_libgcc_mutex=0.1=main\nnumpy=1.26.4=py311h64a7726_0\npytorch=2.1.0=py3.11_cpu_0\n"
    assert requirements(tmp_path, text) == [("_libgcc_mutex==0.1", 2), ("numpy==1.26.4", 3), ("torch==2.1.0", 4)]


def test_a_chain_of_includes_is_cut_short(tmp_path: Path) -> None:
    chain = {f"r{n}": f"-r r{n + 1}.txt\np{n}==1\n" for n in range(MOST_FILES + 10)}
    assert len(requirements(tmp_path, "-r r0.txt\n", **chain)) == MOST_FILES - 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_the_encodings_that_editors_and_shells_write_are_read(tmp_path: Path, encoding: str) -> None:
    assert requirements(tmp_path, "numpy==1.26.4\r\nscipy==1.13.0\r\n".encode(encoding)) == [
        ("numpy==1.26.4", 1),
        ("scipy==1.13.0", 2),
    ]


@given(st.binary(max_size=300))
def test_any_bytes_are_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    assert isinstance(requirements(tmp_path_factory.mktemp("any"), data), list)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy=1.26.4", "numpy==1.26.4"),
        ("numpy=1.26.4=py311h64a7726_0", "numpy==1.26.4"),
        ("numpy==1.26", "numpy==1.26"),
        ("numpy 1.26", "numpy==1.26.*"),
        ("numpy 1.26.4 py311h64a7726_0", "numpy==1.26.4"),
        ("numpy>=1.26,<2", "numpy>=1.26,<2"),
        ("numpy >=1.26", "numpy>=1.26"),
        ("numpy=1.26.*", "numpy==1.26.*"),
        ("conda-forge::numpy=1.26.4", "numpy==1.26.4"),
        ("pytorch==2.4.0", "torch==2.4.0"),
        ("numpy 1.26.*", "numpy==1.26.*"),
        ("numpy=1.26*", "numpy==1.26.*"),
        ("numpy[version='>=1.26,<2']", "numpy>=1.26,<2"),
        ('conda-forge::numpy[build=py311*, version="1.26.4"]', "numpy==1.26.4"),
        ("numpy[build=py311*]", "numpy"),
        ("numpy 1.24.4|1.26.4", "numpy"),
        ("numpy=1.24|1.26", "numpy"),
        ("-e .", None),
        ("", None),
    ],
)
def test_condas_specifications_are_put_into_pips_spelling(written: str, expected: str | None) -> None:
    assert conda_requirement(written) == expected
    if expected is not None:
        assert str(Requirement(expected))


def test_a_conda_environment_states_python_and_both_kinds_of_packages(tmp_path: Path) -> None:
    text = """\
dependencies:
- python=3.10
- pip<=23.2.1
- scipy=1.13.0
- python-dateutil=2.9.0
- pip:
  - mlflow==2.14.2
  - --extra-index-url https://example.org/simple
"""
    found = environment(tmp_path, conda__yaml=text)
    assert [(one.value, one.origin.line) for one in found.python_version] == [("3.10", 2)]
    assert found.requirements.value is not None
    assert [(one.value, one.origin.line) for one in found.requirements.value] == [
        ("scipy==1.13.0", 4),
        ("python-dateutil==2.9.0", 5),
        ("mlflow==2.14.2", 7),
    ]


def test_a_python_version_is_read_as_it_is_written(tmp_path: Path) -> None:
    found = environment(tmp_path, python_env__yaml="python: 3.10\ndependencies:\n- -r requirements.txt\n")
    assert found.python_version.value == "3.10"


def test_a_range_of_pythons_is_stated_as_one(tmp_path: Path) -> None:
    assert environment(tmp_path, conda__yaml="dependencies: [python>=3.8]\n").python_version.value == ">=3.8"


def test_pips_file_goes_before_condas(tmp_path: Path) -> None:
    found = environment(tmp_path, conda__yaml="dependencies: [numpy=1.25.0]\n", requirements__txt="numpy==1.26.4\n")
    assert [[one.value for one in stated.value] for stated in found.requirements] == [
        ["numpy==1.26.4"],
        ["numpy==1.25.0"],
    ]


@pytest.mark.parametrize("text", ["dependencies: 3\n", "dependencies:\n- {pip: 3}\n- [a]\n- null\n", "[]\n", ""])
def test_an_odd_environment_file_states_no_requirement(tmp_path: Path, text: str) -> None:
    assert not environment(tmp_path, conda__yaml=text, python_env__yaml=text).requirements.value
