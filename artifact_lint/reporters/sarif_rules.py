"""Rules as SARIF's reporting descriptors: all that are known, in order, so that two runs differ in results alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Severity
from artifact_lint.reporters.context import RulePage
from artifact_lint.reporters.styled import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from artifact_lint.model import Finding

#: The most characters that GitHub keeps of a name, and of a description.
_LONGEST_NAME: Final = 255
_LONGEST_DESCRIPTION: Final = 1024
#: The most tags that GitHub takes of a rule.
_MOST_TAGS: Final = 20

#: How severe a rule about security is in GitHub's scale, in which 7.0 to 8.9 is high, 4.0 to 6.9 medium, less low.
_SECURITY_SEVERITIES: Final = {Severity.ERROR: "8.0", Severity.WARNING: "5.5", Severity.NOTE: "2.0"}
_PROBLEM_SEVERITIES: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}
#: How often a rule is right: an error rests on what is stated, since the engine lets no guess be one.
_PRECISIONS: Final = {Severity.ERROR: "high", Severity.WARNING: "medium", Severity.NOTE: "medium"}

_HEADING: Final = re.compile(r"^#+ +", re.MULTILINE)


def descriptors(rules: Sequence[RulePage], findings: Iterable[Finding]) -> list[dict[str, object]]:
    """A descriptor for every rule, and for a code that a finding has and no rule."""
    known = {rule.code for rule in rules}
    strange = {finding.code: finding for finding in findings if finding.code not in known}
    return [_descriptor(rule) for rule in (*rules, *(_unknown(strange[code]) for code in sorted(strange)))]


def _unknown(finding: Finding) -> RulePage:
    """What a finding alone tells of its rule."""
    name = visible(finding.name).strip() or finding.code
    return RulePage(finding.code, name, finding.severity, (), strict=False, summary=name, documentation=name)


def _descriptor(rule: RulePage) -> dict[str, object]:
    introduction = " ".join(rule.documentation.partition("\n#")[0].split())
    properties: dict[str, object] = {
        "precision": _PRECISIONS[rule.severity],
        "problem.severity": _PROBLEM_SEVERITIES[rule.severity],
    }
    if rule.tags:
        properties["tags"] = list(dict.fromkeys(rule.tags))[:_MOST_TAGS]
    if "security" in rule.tags:
        properties["security-severity"] = _SECURITY_SEVERITIES[rule.severity]
    return {
        "id": rule.code,
        "name": rule.name[:_LONGEST_NAME],
        "shortDescription": {"text": _shortened(rule.summary)},
        "fullDescription": {"text": _shortened(introduction)},
        "help": {"text": _HEADING.sub("", rule.documentation), "markdown": rule.documentation},
        "defaultConfiguration": {"enabled": not rule.strict, "level": rule.severity.value},
        "properties": properties,
    }


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_DESCRIPTION else f"{text[: _LONGEST_DESCRIPTION - 1]}…"
