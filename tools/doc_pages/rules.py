"""The pages about rules: one each, their index, and the README's table of families."""

from __future__ import annotations

import sys
from dataclasses import replace
from difflib import unified_diff
from itertools import groupby
from typing import TYPE_CHECKING

from rule_cases import ABOUT, SCRIPT, SETTINGS, Case, cases, lint_case, of_rule

from artifact_lint.reporters import RenderContext, render
from artifact_lint.reporters.styled import plain
from artifact_lint.rules import RuleInfo, all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_WIDTH = 100
#: A good case longer than this, in lines, is not shown whole.
_LONGEST = 40
_REPOSITORY_CASES = "../../tests/rules"


def rule_page(info: RuleInfo, scratch: Path) -> str:
    """One rule: what it says of itself, and what it says about its cases."""
    own = [case for case in cases() if case.code == info.code]
    told = [f"**{info.severity.value}**", f"since {info.since}", ", ".join(info.tags)]
    if info.strict:
        told.append("on in the strict profile only")
    parts = [f"# {info.code} {info.name}", " · ".join(told), info.documentation]
    pairs = [(bad, good) for bad in own if bad.is_bad for good in own if not good.is_bad]
    if pairs:
        bad, good = min(pairs, key=lambda pair: (_is_unusual(info, *pair), len(_change(*pair)[1]) or _LONGEST))
        parts += ["## Example", _files(bad), f"```text\n{_output(bad, scratch)}\n```"]
        parts += ["## Not raised", _contrast(bad, good)]
    parts += ["## All cases", "\n".join(_link(case) for case in own)]
    return "\n\n".join(parts) + "\n"


def _is_unusual(info: RuleInfo, bad: Case, good: Case) -> bool:
    """Whether a bad case shows another severity than the rule's own, or another run than the good one."""
    is_other = not any(f" {info.severity} {info.code} " in line for line in bad.expected)
    return is_other or (bad.staged, bad.since) != (good.staged, good.since)


def _link(case: Case) -> str:
    return f"- [{case.directory.name}]({_REPOSITORY_CASES}/{case})"


def _files(case: Case) -> str:
    names = [f"`{path}`" for path in _paths(case)]
    stated = case.directory / SETTINGS
    settings = f" with\n\n```toml\n{stated.read_text(encoding='utf-8').strip()}\n```" if stated.exists() else ""
    script = f"after\n\n```sh\n{case.script.strip()}\n```" if case.script is not None else ""
    if script:
        script = f"\n\nand {script}" if settings else f" {script}"
    run = "".join([" --staged" if case.staged else "", f" --since {case.since}" if case.since else ""])
    asked = f"\n\n`artifact-lint check{run}` says:" if run else ""
    return f"On {', '.join(names)}{settings}{script}{asked or ('' if settings or script else ':')}"


def _paths(case: Case) -> list[str]:
    found = (path for path in sorted(case.directory.rglob("*")) if path.is_file())
    return [path.relative_to(case.directory).as_posix() for path in found if path.name not in {*ABOUT, SETTINGS}]


def _output(case: Case, scratch: Path) -> str:
    """The full report of the case, of its own rule alone."""
    linted = scratch / str(case)
    report = lint_case(case, linted)
    report = replace(report, findings=tuple(of_rule(case.code, report.findings)))
    context = RenderContext(source=lambda path: _text(linted, path), width=_WIDTH, verbosity=1)
    lines = [plain(line).rstrip() for line in render("full", report, context)]
    return "\n".join(lines).strip("\n")


def _text(directory: Path, path: str) -> Sequence[str] | None:
    """The lines of a text file of a case; None where it is none."""
    file = directory / path
    try:
        text = file.read_text(encoding="utf-8") if file.is_file() else None
    except UnicodeDecodeError:
        return None
    return text.splitlines() if text is not None and "\0" not in text else None


def _change(bad: Case, good: Case) -> tuple[str, list[str]]:
    """The first text file that both cases have and that differs, with its difference; nothing where none does."""
    for path in (*_paths(bad), SETTINGS, SCRIPT):
        before, after = _text(bad.directory, path), _text(good.directory, path)
        if before is not None and after is not None:
            change = list(unified_diff(before, after, lineterm="", n=2))[2:]
            if change:
                return path, [line for line in change if not line.startswith("@@")]
    return "", []


def _contrast(bad: Case, good: Case) -> str:
    """What the good case has in the bad one's stead: the change to a text file that both have, or its own files."""
    changed, change = _change(bad, good)
    if change and len(change) <= _LONGEST:
        body = "\n".join(change)
        place = "the commands" if changed == SCRIPT else f"`{changed}`"
        return f"With this change to {place}, nothing is said:\n\n```diff\n{body}\n```"
    for path in _paths(good):
        text = _text(good.directory, path)
        if text is not None and text != _text(bad.directory, path) and len(text) <= _LONGEST:
            body = "\n".join(text)
            return f"Nothing is said with this `{path}`:\n\n```{_language(path)}\n{body}\n```"
    names = ", ".join(f"`{path}`" for path in _paths(good))
    return f"Nothing is said about {names} of [this case]({_REPOSITORY_CASES}/{good})."


def _language(path: str) -> str:
    suffix = path.rpartition(".")[2]
    return {"json": "json", "txt": "text", "md": "markdown", "safetensors": "text"}.get(suffix, "yaml")


def _grouped() -> list[tuple[str, str, list[RuleInfo]]]:
    """Every family: its letters, the question that its module asks, and its rules."""
    return [(family, _question(rules[0]), rules) for family, rules in _by_family()]


def _by_family() -> list[tuple[str, list[RuleInfo]]]:
    return [(family, list(rules)) for family, rules in groupby(all_rules(), key=lambda info: info.family)]


def _question(info: RuleInfo) -> str:
    check = info.check or info.check_collection or info.check_change or info.check_ledger
    documented = sys.modules[check.__module__].__doc__ if check else None
    return (documented or "").partition("\n")[0].partition(": ")[2].rstrip(".")


def index_page() -> str:
    """Every rule in a table, by family."""
    parts = ["# Rules", "`artifact-lint explain CODE` shows a rule in the terminal."]
    for family, question, rules in _grouped():
        rows = [
            f"| [{info.code}]({info.code}.md) | {info.name} | {_severity(info)} | {info.summary} |" for info in rules
        ]
        table = "\n".join(["| code | name | severity | what it finds |", "|---|---|---|---|", *rows])
        parts += [f"## {family}: {question}", table]
    return "\n\n".join(parts) + "\n"


def _severity(info: RuleInfo) -> str:
    return f"{info.severity.value}, strict only" if info.strict else info.severity.value


def families(directory: str) -> str:
    """A table of the families, with a link to each of their rules below `directory`."""
    rows = []
    for family, question, rules in _grouped():
        links = " ".join(f"[{info.code[3:]}]({directory}{info.code}.md)" for info in rules)
        rows.append(f"| {family} | {question} | {links} |\n")
    return "".join(["| family | question | rules |\n|---|---|---|\n", *rows])
