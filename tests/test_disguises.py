from __future__ import annotations

from artifact_lint.formats import FORMATS, aliases
from artifact_lint.rules.disguises import BY_SUFFIX, DECLARED


def test_what_names_and_manifests_promise_are_formats_that_are_known() -> None:
    assert set().union(*BY_SUFFIX.values(), *DECLARED.values()) <= set(FORMATS)


def test_what_a_manifest_may_say_is_understood() -> None:
    assert [word for word in DECLARED if aliases(word) not in DECLARED[word]] == []


def test_no_format_goes_against_its_own_suffix() -> None:
    wrong = [
        (format_.name, suffix)
        for format_ in FORMATS.values()
        for suffix in format_.suffixes
        if suffix in BY_SUFFIX and format_.name not in BY_SUFFIX[suffix]
    ]
    assert wrong == []
