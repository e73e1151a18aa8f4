"""How versions are ordered, and which of them say that they are not finished."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_lint.policy.versions import compare, is_unfinished, same

ASCENDING = [
    # Semantic Versioning 2.0.0, section 11, and its neighbours
    *(["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"],),
    *(["1.0.0-rc.1", "1.0.0", "1.0.1", "1.9.0", "1.10.0", "2.0.0-0", "2.0.0"],),
    ["0.9", "0.10", "1.0", "1.1"],
    ["1", "2", "9", "10", "100"],
    ["v1", "v1.5", "v2", "v2.0.1", "v10"],
    ["2025.12", "2026.1", "2026.02", "2026.11", "2026.11.1", "2027.1"],
    ["2026.11-rc1", "2026.11"],
]


@pytest.mark.parametrize("versions", ASCENDING, ids=lambda versions: versions[0])
def test_versions_of_a_scheme_ascend(versions: list[str]) -> None:
    for lower, higher in combinations(versions, 2):
        assert compare(lower, higher) == -1, (lower, higher)
        assert compare(higher, lower) == 1, (lower, higher)
    assert [compare(version, version) for version in versions] == [0] * len(versions)


@pytest.mark.parametrize(
    ("one", "other"), [("1.0", "1.0.0"), ("v3", "3"), ("1.0.0+a", "1.0.0+b"), ("2026.1", "2026.01")]
)
def test_spellings_of_one_version_rank_alike(one: str, other: str) -> None:
    assert compare(one, other) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [("14", "2.0.0"), ("v2", "1.5.0"), ("latest", "1.0.0"), ("2026-11-21", "1.0.0"), ("1.0.0rc1", "1.0.0"), ("", "1")],
)
def test_what_shares_no_scheme_has_no_order(one: str, other: str) -> None:
    assert compare(one, other) is None
    assert compare(other, one) is None


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_two_texts_are_compared_the_same_way_from_both_sides(one: str, other: str) -> None:
    found, turned = compare(one, other), compare(other, one)
    assert (found is None) == (turned is None)
    assert (found or 0) == -(turned or 0)


@pytest.mark.parametrize("version", ["1.0.0.dev0", "1.0.0-dev", "2.1-SNAPSHOT", "1.0.0-nightly.3", "1.0.0-draft"])
def test_unfinished_versions_say_so(version: str) -> None:
    assert is_unfinished(version)


@pytest.mark.parametrize("version", ["1.0.0", "1.0.0-rc1", "0.1.0", "v3", "1.0.0-devon", "2026.11"])
def test_all_others_are_finished(version: str) -> None:
    assert not is_unfinished(version)


def test_case_and_a_leading_v_make_no_other_version() -> None:
    assert same("V1.2.0", "1.2.0")
    assert same(" 1.0.0-RC1", "1.0.0-rc1")
    assert not same("1.0.0", "1.0")
    assert not same("1.0.0+1", "1.0.0+2")
