"""The configuration: which one counts, what it says, and how its mistakes are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from artifact_lint.complaints import SettingsError
from artifact_lint.configuration_search import Finder, group
from artifact_lint.configuration_values import parse_size
from artifact_lint.document import Limits
from artifact_lint.model import Component, PicklePolicy, Severity
from artifact_lint.model.options import DEFAULT_RUN_FACTS, Options, Threshold
from artifact_lint.policy.versions import scheme_names
from artifact_lint.rules import RuleInfo, all_rules
from artifact_lint.schemas.validation import schema_text
from artifact_lint.settings import FailOn, Profile, Settings, load, override

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULES = all_rules()
BY_CODE = {rule.code: rule for rule in RULES}
PEDANTIC = RuleInfo("AAA101", "pedantic", Severity.WARNING, "0.1.0", (), strict=True, docstring="")

WHOLE = """
[project]
name = "unrelated"

[tool.artifact-lint]
select = ["ALL"]
ignore = ["PKL002", "generic-name"]
exclude = ["archive/**"]
fail-on = "warning"
profile = "default"

[tool.artifact-lint.severity]
CMP121 = "error"

[tool.artifact-lint.per-path-ignores]
"experiments/**" = { codes = ["CMP103"], reason = "not deployed" }

[tool.artifact-lint.components]
required = ["weights", "config"]
run = ["run_id"]

[tool.artifact-lint.naming]
registry = "mlflow"
version-scheme = "semver"

[tool.artifact-lint.pickle]
policy = "allow-listed"
allow = ["my_pkg.features:LogTransformer"]

[tool.artifact-lint.stages.production]
pickle = "forbid"
signed = true
requires = ["approved_by"]
metrics = { auc = ">= 0.85" }
max-size = "2 GB"

[tool.artifact-lint.limits]
document-size = "1 MiB"
document-depth = 20
"""


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a pyproject.toml into the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(text: str, name: str = "pyproject.toml") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def test_everything_that_can_be_said_is_understood(configuration: Callable[[str], Path]) -> None:
    settings = load(configuration(WHOLE), RULES)
    assert settings.ignore == ("PKL002", "generic-name")
    assert settings.exclude == ("archive/**",)
    assert settings.fail_on is FailOn.WARNING
    assert settings.severity == {"CMP121": Severity.ERROR}
    (ignore,) = settings.per_path_ignores
    assert (ignore.pattern, ignore.codes, ignore.reason) == ("experiments/**", ("CMP103",), "not deployed")
    assert (ignore.origin.path, ignore.origin.line) == ("pyproject.toml", 16)
    options = settings.options
    assert options.required_components == {Component.WEIGHTS, Component.CONFIG}
    assert options.required_run_facts == {"run_id"}
    assert (options.naming.registry, options.naming.version_scheme) == ("mlflow", "semver")
    assert options.pickle.policy is PicklePolicy.ALLOW_LISTED
    assert options.pickle.allow == {"my_pkg.features:LogTransformer"}
    assert options.stage_pickle == {"production": PicklePolicy.FORBID}
    production = options.stages["production"]
    assert (production.signed, production.requires, production.max_size) == (True, ("approved_by",), 2_000_000_000)
    assert production.metrics == (Threshold("auc", ">=", 0.85),)
    assert settings.limits == Limits(size=1 << 20, depth=20)
    assert settings.config_path == "pyproject.toml"


def test_an_empty_table_means_the_defaults(configuration: Callable[[str], Path]) -> None:
    settings = load(configuration("[tool.artifact-lint]\n"), RULES)
    assert settings == Settings(config_path="pyproject.toml")
    assert settings.options == Options()
    assert settings.options.required_run_facts == set(DEFAULT_RUN_FACTS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('slect = ["ALL"]', "2:1: unknown key 'slect' (did you mean 'select'?)"),
        ('select = "ALL"', "2:10: select must be a list, not 'ALL'"),
        ("select = [1]", "2:11: select[0] must be text, not 1"),
        ('select = ["ALL",\n  "CPM101"]', "3:3: no rule is called 'CPM101' (did you mean 'CMP101'?)"),
        ('ignore = ["XYZ"]', "2:11: no rule is called 'XYZ'; `artifact-lint rules` lists them"),
        ('fail-on = "note"', "2:11: fail-on must be error, warning or never, not 'note'"),
        ("profile = 3", "2:11: profile must be default or strict, not 3"),
        ('severity.CMP101 = "fatal"', "2:19: severity.CMP101 must be error, warning or note, not 'fatal'"),
        ('severity.CMP999 = "error"', "2:10: no code begins with 'CMP999'; the CMP rules are CMP001"),
        ('naming.registry = "mlfow"', "2:19: no registry is called 'mlfow' (did you mean 'mlflow'?)"),
        ('naming.pattern = "("', "2:18: naming.pattern is no regular expression: missing )"),
        ('naming.version-scheme = "semvr"', "not 'semvr' (did you mean 'semver'?)"),
        ('naming.regsitry = "mlflow"', "2:8: unknown key 'regsitry' in naming (did you mean 'registry'?)"),
        ('pickle.allow = ["os.system"]', "2:17: pickle.allow[0] cannot be 'os.system': written as module:name"),
        ('components.run = ["run_id", "run_id"]', "2:18: components.run lists something twice"),
        ('components.required = ["wieghts"]', "not 'wieghts' (did you mean 'weights'?)"),
        ('per-path-ignores."a/**" = { reason = "x" }', "2:27: per-path-ignores.a/** needs 'codes'"),
        ('per-path-ignores."a/**" = { codes = ["NOP"] }', "2:38: no rule is called 'NOP'"),
        ('stages.production.max-size = "2 XB"', "stages.production.max-size cannot be '2 XB': bytes, as a number"),
        ('stages.production.metrics.auc = "high"', "stages.production.metrics.auc cannot be 'high': an operator"),
        ("limits.document-depth = 0", "2:25: limits.document-depth must be at least 1, not 0"),
    ],
)
def test_a_mistake_is_told_where_it_stands(configuration: Callable[[str], Path], text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(configuration(f"[tool.artifact-lint]\n{text}\n"), RULES)
    (line,) = caught.value.lines
    assert line.startswith("pyproject.toml:")
    assert told in line


def test_all_mistakes_are_told_in_the_order_of_their_lines(configuration: Callable[[str], Path]) -> None:
    with pytest.raises(SettingsError) as caught:
        load(configuration('[tool.artifact-lint]\nb = 1\nfail-on = "x"\na = 1\n'), RULES)
    assert [line.split(":")[1] for line in caught.value.lines] == ["2", "3", "4"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tool.artifact-lint\n", "pyproject.toml:1:"),
        ("[tool.artifact-lint]\nselect = []\nselect = []\n", "pyproject.toml:3:"),
        ("[project]\n", "pyproject.toml: there is no [tool.artifact-lint] table in it"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(configuration: Callable[[str], Path], text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(configuration(text), RULES)
    assert caught.value.lines[0].startswith(told)


def test_a_binary_file_is_no_configuration(tmp_path: Path) -> None:
    file = tmp_path / ".artifact-lint.toml"
    file.write_bytes(b"\xff\xfe\x00\x80\x02")
    with pytest.raises(SettingsError, match=r"\.artifact-lint\.toml:1:"):
        load(file, RULES)


def test_the_own_file_needs_no_table(tmp_path: Path) -> None:
    file = tmp_path / ".artifact-lint.toml"
    file.write_text('select = ["PKL"]\n')
    assert load(file, RULES).select == ("PKL",)


def test_the_nearest_configuration_counts_and_is_not_merged(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    inner = tmp_path / "models" / "churn"
    inner.mkdir(parents=True)
    outer = tmp_path / "pyproject.toml"
    outer.write_text('[tool.artifact-lint]\nselect = ["PKL"]\n')
    assert Finder().find(inner) == outer
    (tmp_path / "models" / "pyproject.toml").write_text('[project]\nname = "without the table"\n')
    assert Finder().find(inner) == outer
    nearest = tmp_path / "models" / ".artifact-lint.toml"
    nearest.write_text('ignore = ["NAM"]\n')
    assert Finder().find(inner) == nearest
    assert Finder().find(inner / "model.pkl") == nearest
    assert load(nearest, RULES).select == ("ALL",)


def test_the_search_ends_at_the_repository_root(tmp_path: Path) -> None:
    (tmp_path / ".artifact-lint.toml").write_text("")
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    assert Finder().find(repository) is None
    assert Finder().find(tmp_path) == tmp_path / ".artifact-lint.toml"


def test_the_own_file_counts_before_the_project_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.artifact-lint]\n")
    (tmp_path / ".artifact-lint.toml").write_text("")
    assert Finder().find(tmp_path) == tmp_path / ".artifact-lint.toml"


def test_paths_are_grouped_by_their_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / ".artifact-lint.toml").write_text("")
    groups = group(["a", "b", "a/model.pkl", "../elsewhere"])
    assert groups[tmp_path / "a" / ".artifact-lint.toml"] == ["a", "a/model.pkl"]
    assert "b" in groups[None]


def test_the_longest_match_between_select_and_ignore_wins() -> None:
    rule = BY_CODE["PKL101"]
    assert Settings().selects(rule)
    assert not Settings(ignore=("PKL",)).selects(rule)
    assert Settings(select=("PKL101",), ignore=("PKL",)).selects(rule)
    assert Settings(select=("dangerous-import",), ignore=("PKL1",)).selects(rule)
    assert not Settings(select=("PKL",), ignore=("PKL10",)).selects(rule)
    assert not Settings(select=("PKL101",), ignore=("dangerous-import",)).selects(rule)
    assert not Settings(select=("CMP",)).selects(rule)
    assert not Settings(select=()).selects(rule)


def test_a_strict_rule_runs_when_the_profile_or_its_whole_name_asks_for_it() -> None:
    assert not Settings().selects(PEDANTIC)
    assert not Settings(select=("AAA",)).selects(PEDANTIC)
    assert Settings(profile=Profile.STRICT).selects(PEDANTIC)
    assert Settings(select=("AAA101",)).selects(PEDANTIC)
    assert Settings(select=("pedantic",)).selects(PEDANTIC)


def test_the_strict_profile_lets_warnings_fail_unless_told_otherwise(configuration: Callable[[str], Path]) -> None:
    strict = load(configuration('[tool.artifact-lint]\nprofile = "strict"\n'), RULES)
    assert strict.fails(Severity.WARNING)
    assert not strict.fails(Severity.NOTE)
    lenient = load(configuration('[tool.artifact-lint]\nprofile = "strict"\nfail-on = "error"\n'), RULES)
    assert not lenient.fails(Severity.WARNING)
    assert not Settings(fail_on=FailOn.NEVER).fails(Severity.ERROR)


def test_the_closest_severity_applies() -> None:
    settings = Settings(severity={"PKL": Severity.NOTE, "dangerous-import": Severity.WARNING})
    assert settings.severity_of(BY_CODE["PKL101"]) is Severity.WARNING
    assert settings.severity_of(BY_CODE["PKL102"]) is Severity.NOTE
    assert settings.severity_of(BY_CODE["CMP101"]) is None


def test_the_command_line_selects_anew_and_ignores_in_addition() -> None:
    configured = Settings(select=("CMP", "PKL"), ignore=("PKL002",))
    assert override(configured, RULES, ignore=("cmp1",)).ignore == ("PKL002", "CMP1")
    chosen = override(configured, RULES, select=("PKL002",))
    assert (chosen.select, chosen.ignore) == (("PKL002",), ())
    assert override(configured, RULES, fail_on=FailOn.NEVER).fail_on is FailOn.NEVER
    assert override(configured, RULES) == configured


def test_only_narrows_what_the_configuration_selects_and_keeps_what_it_ignores() -> None:
    configured = Settings(select=("CMP", "PKL"), ignore=("PKL002",))
    narrowed = override(configured, RULES, only=("pkl",))
    assert {rule.code for rule in RULES if narrowed.selects(rule)} == {
        rule.code for rule in RULES if configured.selects(rule) and rule.code.startswith("PKL")
    }
    assert not narrowed.selects(next(rule for rule in RULES if rule.code == "PKL002"))
    with pytest.raises(SettingsError, match="--only"):
        override(configured, RULES, only=("XYZ9",))


@pytest.mark.parametrize(
    ("written", "count"),
    [(7, 7), ("7", 7), ("500 kB", 500_000), ("2 GB", 2 * 10**9), ("1GiB", 1 << 30), ("1.5 M", 1_500_000), ("0 b", 0)],
)
def test_sizes_are_read_with_decimal_and_binary_units(written: int | str, count: int) -> None:
    assert parse_size(written) == count


def test_the_schema_agrees_with_the_code() -> None:
    schema = json.loads(schema_text("config"))
    Draft202012Validator.check_schema(schema)
    naming = schema["properties"]["naming"]["properties"]
    assert naming["version-scheme"]["enum"] == list(scheme_names())
    components = schema["properties"]["components"]["properties"]
    assert components["required"]["items"]["enum"] == [component.value for component in Component]
    assert components["run"]["items"]["enum"] == list(DEFAULT_RUN_FACTS)
    for choices, enum in (("fail-on", FailOn), ("profile", Profile)):
        assert schema["properties"][choices]["enum"] == [member.value for member in enum]
