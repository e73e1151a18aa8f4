"""A rule's page: its documentation as lines for a terminal, and as plain values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.reporters.styled import Segment, Style, wrap
from artifact_lint.reporters.summary import SEVERITY_STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.reporters.styled import Line
    from artifact_lint.rules import RuleInfo

_CODE_SPAN: Final = re.compile(r"(`[^`]+`)")
_OWN_LINE: Final = re.compile(r"( {4}|- |\* |\d+\. |#|\||```)")


def as_json(rule: RuleInfo) -> dict[str, object]:
    """A rule as plain values."""
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "since": rule.since,
        "tags": list(rule.tags),
        "strict": rule.strict,
        "summary": rule.summary,
        "documentation": rule.documentation,
    }


def page(rule: RuleInfo, columns: int) -> Iterator[Line]:
    """A rule's documentation, wrapped, with its headings and its code told apart."""
    yield (Segment(f"{rule.code} {rule.name}", Style.STRONG),)
    told = [f"since {rule.since}", *rule.tags, *(["strict profile only"] if rule.strict else [])]
    yield (Segment(rule.severity.value, SEVERITY_STYLES[rule.severity]), Segment(f", {', '.join(told)}", Style.FAINT))
    yield ()
    fenced = False
    for block in _blocks(rule.documentation):
        fence = block.startswith("```")
        fenced = fenced ^ fence
        if fence:
            continue
        if fenced or block.startswith("    "):
            yield (Segment(block if block.startswith("    ") else f"    {block}", Style.HELP),)
        elif block.startswith("#"):
            yield (Segment(block.lstrip("# "), Style.STRONG),)
        else:
            yield from _paragraph(block, columns)


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs joined to one line each; headings, list items, code and blank lines as they are."""
    paragraph = ""
    fenced = False
    for line in text.splitlines():
        fence = line.startswith("```")
        alone = fenced or fence or not line.strip() or _OWN_LINE.match(line)
        fenced = fenced ^ fence
        if not alone:
            paragraph = f"{paragraph} {line.strip()}".strip() if paragraph else line
            continue
        if paragraph:
            yield paragraph
            paragraph = ""
        if line[:2] in {"- ", "* "} and not fenced:
            paragraph = line
        else:
            yield line
    if paragraph:
        yield paragraph


def _paragraph(text: str, columns: int) -> Iterator[Line]:
    bullet = text[:2] if text[:2] in {"- ", "* "} else ""
    for index, line in enumerate(wrap(text[len(bullet) :], columns - len(bullet))):
        lead = Segment(bullet if index == 0 else " " * len(bullet))
        yield (lead, *(_code_or_text(part) for part in _CODE_SPAN.split(line) if part))


def _code_or_text(part: str) -> Segment:
    return Segment(part, Style.HELP if part.startswith("`") and part.endswith("`") else Style.PLAIN)
