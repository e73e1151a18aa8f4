"""Which Pythons are stated, and which markers may hold under them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_lint.policy.markers import may_hold, pythons_of


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("3.11.7", {"3.11.7"}),
        ("3.11", {"3.11"}),
        ("==3.11.*", {"3.11"}),
        ("=3.11", {"3.11"}),
        ("v3.11.7", {"3.11.7"}),
        ("~3.11", {"3.11"}),
        ("~=3.11.2", {"3.11"}),
        (">=3.11,<3.12", {"3.11"}),
        (">=3.9,<3.12", {"3.9", "3.10", "3.11"}),
        ("^3.18", {"3.18", "3.19"}),
        ("3", set()),
        ("churn", set()),
    ],
)
def test_a_statement_of_python_allows_releases(stated: str, expected: set[str]) -> None:
    assert pythons_of([stated]) == expected


def test_a_range_without_an_end_allows_what_is_to_come() -> None:
    assert pythons_of(["~=3.11"]) == pythons_of([">=3.11"]) > {"3.11", "3.14"}


@pytest.mark.parametrize(
    ("marker", "pythons", "expected"),
    [
        ("python_version < '3.9'", {"3.11.7"}, False),
        ("python_version < '3.9'", {"3.8"}, True),
        ("python_version < '3.9'", set(), True),
        ("python_version < '3.10' and sys_platform == 'linux'", {"3.11"}, False),
        ("python_full_version < '3.11.5'", {"3.11"}, True),
        ("python_full_version < '3.11.5'", {"3.11.7"}, False),
        ("sys_platform == 'darwin' and platform_machine == 'arm64'", {"3.11"}, True),
        ("platform_system == 'Windows'", {"3.11"}, True),
        ("os_name == 'nt'", set(), True),
        ("sys_platform == 'never'", {"3.11"}, False),
        ("platform_python_implementation == 'PyPy'", set(), False),
        ("extra == 'ml' and python_version < '3.9'", {"3.11"}, True),
        ("no marker", {"3.11"}, True),
    ],
)
def test_a_marker_may_hold_on_some_usual_system(marker: str, pythons: set[str], *, expected: bool) -> None:
    assert may_hold(marker, frozenset(pythons)) is expected


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_judged(marker: str, python: str) -> None:
    assert may_hold(marker, pythons_of([python])) in {True, False}
