from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_lint.policy.names import DEFAULT, PROFILES, check_alias, check_name, pattern_profile

#: The expressions as the registries' own sources and references write them.
REFERENCES = {
    "default": r"(?=.{1,63}$)[a-z][a-z0-9]*(-[a-z0-9]+)*",
    "bentoml": r"(?=.{1,63}$)[a-z0-9]([-._a-z0-9]*[a-z0-9])?",
    "sagemaker": r"(?=.{1,63}$)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    "vertex": r"[a-z_][a-z0-9_-]{0,62}",
    "azureml": r"[a-zA-Z0-9][a-zA-Z0-9\-._]{0,254}",
    "gto": r"[a-zA-Z0-9]([a-zA-Z0-9-/_]*[a-zA-Z0-9])?",
    "huggingface": r"(?!.*--)(?!.*\.\.)(?!.*\.git$)(\b[\w\-.]{1,96}\b/)?\b[\w\-.]{1,96}\b",
}
NAMES = st.text(alphabet="aZ_9-./ :é", max_size=8) | st.text(alphabet="a-", min_size=60, max_size=66)


@pytest.mark.parametrize(
    ("registry", "name"),
    [
        ("default", "credit-default"),
        ("mlflow", "Credit Default (v2)"),
        ("huggingface", "google-bert/bert-base-uncased"),
        ("huggingface", "gpt2"),
        ("bentoml", "iris_clf.v1"),
        ("wandb", "Run 7: best"),
        ("sagemaker", "Credit-Default-2"),
        ("vertex", "_credit_default"),
        ("azureml", "Credit_default.v1"),
        ("oci", "team/credit-default"),
        ("gto", "models/credit"),
        ("kitops", "_model.v1"),
    ],
)
def test_a_registry_accepts_its_own_names(registry: str, name: str) -> None:
    assert check_name(PROFILES[registry], name) is None


@pytest.mark.parametrize(
    ("registry", "name", "words"),
    [
        ("default", "Final Model (1)", "lower-case"),
        ("default", "a" * 64, "1 to 63 characters"),
        ("default", "", "1 to 63 characters"),
        ("default", "credit_default", "single hyphens"),
        ("mlflow", "team/credit", "no `/` or `:`"),
        ("mlflow", "   ", "not blank"),
        ("mlflow", "..", "not a path"),
        ("huggingface", "a/b/c", "namespace/name"),
        ("huggingface", "a--b", "no `--`"),
        ("huggingface", "a..b", "no `..`"),
        ("huggingface", "model.git", "`.git`"),
        ("bentoml", "Iris", "lower-case"),
        ("wandb", "a" * 129, "128"),
        ("wandb", "a/b", "no `/`"),
        ("sagemaker", "credit_default", "hyphens"),
        ("vertex", "9lives", "not starting with a digit"),
        ("azureml", "-credit", "starting with a letter or digit"),
        ("oci", "Team/Credit", "lower-case"),
        ("gto", "credit/", "at both ends"),
        ("kitops", "-model", "starting with"),
    ],
)
def test_a_broken_rule_is_named_after_its_registry(registry: str, name: str, words: str) -> None:
    broken = check_name(PROFILES[registry], name)
    assert broken is not None
    assert broken.startswith(f"{PROFILES[registry].title}: ")
    assert words in broken


@pytest.mark.parametrize(
    ("registry", "alias", "accepted"),
    [
        ("mlflow", "champion", True),
        ("mlflow", "latest", False),
        ("mlflow", "Latest", False),
        ("mlflow", "v3", False),
        ("mlflow", "v3-rc", True),
        ("mlflow", "a.b", False),
        ("gto", "credit@v1.2.3", True),
        ("gto", "credit@v1.2.3!", True),
        ("gto", "credit#prod#2", True),
        ("gto", "credit@deprecated", True),
        ("gto", "prod", True),
        ("gto", "credit@1.2", False),
        ("gto", "credit#", False),
        ("gto", "-prod", False),
        ("oci", "v1.0", True),
        ("oci", ".v1", False),
        ("kitops", "a" * 129, False),
        ("wandb", "best:1", False),
        ("vertex", "Default", False),
        ("vertex", "default", True),
        ("sagemaker", "anything goes", True),
        ("default", "challenger", True),
        ("default", "v12", False),
    ],
)
def test_aliases_and_tags(registry: str, alias: str, accepted: bool) -> None:  # noqa: FBT001 - a table of cases
    assert (check_alias(PROFILES[registry], alias) is None) == accepted


@given(st.sampled_from(sorted(REFERENCES)), NAMES)
def test_the_rules_say_what_the_registries_expressions_say(registry: str, name: str) -> None:
    expected = re.fullmatch(REFERENCES[registry], name, re.ASCII) is not None
    assert (check_name(PROFILES[registry], name) is None) == expected


@given(st.sampled_from(sorted(PROFILES)), NAMES)
def test_what_the_default_accepts_every_registry_accepts(registry: str, name: str) -> None:
    if check_name(DEFAULT, name) is None:
        assert check_name(PROFILES[registry], name) is None


@given(st.sampled_from(sorted(PROFILES)), st.text())
def test_any_text_is_judged(registry: str, name: str) -> None:
    for broken in (check_name(PROFILES[registry], name), check_alias(PROFILES[registry], name)):
        assert broken is None or broken


def test_a_configured_pattern_must_match_the_whole_name() -> None:
    profile = pattern_profile("team-[a-z]+")
    assert check_name(profile, "team-credit") is None
    assert check_name(profile, "team-credit-2") == "the configured pattern: match `team-[a-z]+`"


def test_a_configured_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(re.error):
        pattern_profile("team-[")
