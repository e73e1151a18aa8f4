"""Suppressions in comments: `# artifact-lint: ignore[SUM102,missing-metrics] reason`.

One stands behind what a finding points at, or alone on a line above it. It names rules by code or by name, each of
them; rules about security cannot be suppressed by it, because whoever brings a record would then also vouch for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from artifact_lint.document import Syntax
from artifact_lint.document.comments import comments
from artifact_lint.model.suppression import Flaw
from artifact_lint.selectors import ALL, canonical, match_length, unknown_selector

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.document.comments import Comment
    from artifact_lint.document.node import Source
    from artifact_lint.model import Origin
    from artifact_lint.rules import RuleInfo

#: What a comment that is meant for this program looks like, well written or not.
ADDRESSED = re.compile(
    r"#[ \t]*artifact[-_ ]?lint\b[ \t]*(?::|(?=\[|ignore|disable|suppress|skip|noqa|allow))", re.IGNORECASE
)
_MARKER = re.compile(r"#[ \t]*artifact-lint:[ \t]*ignore\[(?P<codes>[^\]\[#]*)\](?P<reason>[^#]*)")
_NEXT_CONTENT = re.compile(r"^[ \t]*[^\s#]", re.MULTILINE)
_EXAMPLE = "Write `# artifact-lint: ignore[SUM102] why`, with codes or names of rules between the brackets."


@dataclass(frozen=True, slots=True)
class Marker:
    """One comment: where it stands, the lines that it covers, the codes that it suppresses, and what is wrong in it."""

    origin: Origin
    lines: frozenset[int]
    codes: tuple[str, ...]
    reason: str
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True, slots=True)
class Markers:
    """The markers of one text; what points at a line before its first value points at that value."""

    markers: tuple[Marker, ...]
    first_line: int
    _by_line: dict[int, list[Marker]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the markers by the lines that they cover: of many findings, each asks about its own."""
        for marker in self.markers:
            for line in marker.lines:
                self._by_line.setdefault(line, []).append(marker)

    def covering(self, line: int, code: str) -> list[Marker]:
        """The markers that suppress a rule on a line."""
        found = list(self._by_line.get(line, ()))
        if line < self.first_line:
            found += (one for one in self._by_line.get(self.first_line, ()) if line not in one.lines)
        return [one for one in found if code in one.codes]


def find_markers(
    source: Source, syntax: Syntax, rules: Sequence[RuleInfo], start: int = 0, end: int | None = None
) -> Markers | None:
    """The markers of a text, between two offsets of it; None where there are none."""
    if (
        syntax is Syntax.JSON
        or ADDRESSED.search(source.content, start, len(source.content) if end is None else end) is None
    ):
        return None
    first = _NEXT_CONTENT.search(source.content, start)
    found = [
        marker
        for comment, following in _with_following(comments(source, syntax, start, end), source)
        for marker in _read(comment, following, source, rules)
    ]
    line = source.position(first.end() - 1)[0] if first is not None else 1
    return Markers(tuple(found), line) if found else None


def _with_following(found: Sequence[Comment], source: Source) -> Iterator[tuple[Comment, int | None]]:
    """Each comment with the line of the next content behind it, which is looked for once for all in a row."""
    reached = -1
    line: int | None = None
    for comment in found:
        if comment.alone and comment.end >= reached:
            after = _NEXT_CONTENT.search(source.content, comment.end)
            reached = len(source.content) + 1 if after is None else after.end()
            line = None if after is None else source.position(after.end() - 1)[0]
        yield comment, line if comment.alone else None


def _read(comment: Comment, following: int | None, source: Source, rules: Sequence[RuleInfo]) -> Iterator[Marker]:
    """The markers in one comment: the first thing in it, or behind another `#`."""
    for addressed in ADDRESSED.finditer(comment.text):
        start = comment.start + addressed.start()
        line = source.position(start)[0]
        well_formed = _MARKER.match(comment.text, addressed.start())
        lines = {line} if following is None else {line, following}
        if well_formed is None:
            origin = source.origin(start, comment.end)
            flaw = Flaw("this comment is no suppression that artifact-lint can read", _EXAMPLE)
            yield Marker(origin, frozenset(lines), (), "", (flaw,))
            continue
        codes, flaws = _codes(well_formed["codes"], rules)
        reason = well_formed["reason"].strip().lstrip(":-\u2013\u2014").strip()
        origin = source.origin(start, comment.start + well_formed.end())
        yield Marker(origin, frozenset(lines), codes, reason, flaws)


def _codes(written: str, rules: Sequence[RuleInfo]) -> tuple[tuple[str, ...], tuple[Flaw, ...]]:
    """The codes of the rules that are named, and what is wrong with the other names."""
    names = [name.strip() for name in written.split(",") if name.strip()]
    codes: list[str] = []
    flaws: list[Flaw] = [] if names else [Flaw("this suppression names no rule", _EXAMPLE)]
    for name in dict.fromkeys(names):
        meant = [rule for rule in rules if match_length(name, rule) >= 0]
        exact = next((rule for rule in meant if canonical(name) in {rule.code, rule.name}), None)
        if canonical(name) == ALL or (exact is None and meant):
            flaws.append(Flaw(f"'{name}' stands for several rules, and suppresses none here", "Name each rule."))
        elif exact is None:
            flaws.append(Flaw(unknown_selector(name, rules) or f"no rule is called '{name}'", "Correct the code."))
        elif "security" in exact.tags:
            flaws.append(Flaw(f"{exact.code} is about security: a comment in the record does not suppress it", _OWNED))
        elif exact.check_ledger is not None:
            flaws.append(Flaw(f"{exact.code} is about suppressions: a comment does not suppress it", _CONFIGURED))
        else:
            codes.append(exact.code)
    return tuple(codes), tuple(flaws)


_OWNED = "Review the file; then accept it with `artifact-lint baseline write`, or under per-path-ignores."
_CONFIGURED = "Correct the suppression, or set the rule's severity in the configuration."
