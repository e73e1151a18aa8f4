"""The full format: findings by artifact, each with the lines it is about, why it matters there and what to do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from artifact_lint.model import Component, Presence, Severity
from artifact_lint.model.paths import name_of
from artifact_lint.reporters.excerpt import excerpt, gutter_width
from artifact_lint.reporters.styled import Segment, Style, amount, cells, visible, wrap
from artifact_lint.reporters.summary import SEVERITY_STYLES, digests, hint, signatures, summary, tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.model import Artifact, Finding, Origin, Related
    from artifact_lint.model.report import Report
    from artifact_lint.reporters.context import RenderContext
    from artifact_lint.reporters.styled import Line

#: How many notes of one code are told per artifact before the rest is only counted.
_NOTES_PER_CODE = 2
#: How many related places are told per finding before the rest is only counted.
_RELATED = 5
_SHORTEST_WRAP = 24


def render(report: Report, context: RenderContext) -> Iterator[Line]:
    """Every artifact that something was found in, and the summary."""
    if context.tally:
        yield from tally(report)
    else:
        yield from _groups(report, context)
    if context.verbosity >= 0:
        for note in report.notes:
            yield from _indented(Segment("note: ", Style.NOTE), note, context)
        yield summary(report)
    if context.states:
        yield from digests(report)
        yield from signatures(report)


def _groups(report: Report, context: RenderContext) -> Iterator[Line]:
    artifacts = {artifact.path: artifact for artifact in report.artifacts}
    weights = frozenset(file.path for artifact in report.artifacts for file in artifact.files)
    by_artifact: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_artifact.setdefault(finding.artifact, []).append(finding)
    for path, findings in by_artifact.items():
        artifact = artifacts.get(path)
        if context.verbosity >= 0:
            yield from _header(artifact, context) if artifact is not None else _bare_header(path)
            yield ()
        yield from _findings(findings, weights, context)


def _findings(findings: Sequence[Finding], weights: frozenset[str], context: RenderContext) -> Iterator[Line]:
    brief: list[Finding] = []
    for finding in findings:
        if finding.severity is Severity.NOTE and context.verbosity <= 0:
            brief.append(finding)
            continue
        yield from _finding(finding, weights, context)
        yield ()
    if brief and context.verbosity == 0:
        yield from _brief_notes(brief, weights, context)
        yield ()


def _header(artifact: Artifact, context: RenderContext) -> Iterator[Line]:
    record = artifact.record
    told = [record.name.value, record.version.value]
    title = " ".join(visible(text) for text in told if text)
    conventions = ", ".join(visible(name) for name in record.conventions) or "no record"
    first = [Segment(visible(artifact.path) or ".", Style.STRONG)]
    if title:
        first.append(Segment(f"  {title}"))
    first.append(Segment(f"  [{conventions}]", Style.FAINT))
    marks = list(_marks(artifact, unicode=context.unicode))
    if cells("".join(segment.text for segment in (*first, *marks))) + 2 <= context.width:
        yield (*first, Segment("  "), *marks)
        return
    yield tuple(first)
    yield (Segment("  "), *marks)


def _bare_header(path: str) -> Iterator[Line]:
    yield (Segment(visible(path), Style.STRONG), Segment("  [no artifact]", Style.FAINT))


def _marks(artifact: Artifact, *, unicode: bool) -> Iterator[Segment]:
    signs = ("✓", "✗", "-") if unicode else ("+", "x", "-")
    looks = dict(zip(Presence, zip(signs, (Style.GOOD, Style.ERROR, Style.FAINT), strict=True), strict=True))
    for index, component in enumerate(Component):
        sign, style = looks[artifact.components.get(component, Presence.ABSENT)]
        yield Segment(f"{'  ' if index else ''}{sign} {component.value.replace('_', ' ')}", style)


def _finding(finding: Finding, weights: frozenset[str], context: RenderContext) -> Iterator[Line]:
    style = SEVERITY_STYLES[finding.severity]
    label = (Segment(f"{finding.severity}[{finding.code}]", style), Segment(f" {finding.name}: ", Style.STRONG))
    yield from _hanging(label, f"{finding.message}{hint(finding)}", 2, context)
    origin = finding.origin
    gutter = gutter_width(origin)
    place = Segment(_place(origin, weights), Style.PLACE)
    yield (Segment(f"{' ' * gutter}--> ", Style.GUTTER), place)
    file = _file_unseen(finding)
    if file is not None:
        yield (Segment(f"{' ' * gutter}  > ", Style.GUTTER), Segment(visible(file), Style.PLACE))
    yield from excerpt(origin, context, style)
    yield from _remarks(finding, gutter, weights, context)


def _place(origin: Origin, weights: frozenset[str]) -> str:
    """A place as editors and terminals read it; the path alone where it is a whole file of weights, without lines."""
    if origin.path in weights and origin == type(origin)(origin.path):
        return visible(origin.path)
    return f"{visible(origin.path)}:{origin.line}:{origin.column}"


def _file_unseen(finding: Finding) -> str | None:
    """The weight file concerned, where neither the place nor the message shows it."""
    file = finding.file
    if file is None or file == finding.origin.path or name_of(file) in finding.message:
        return None
    return file


def _remarks(finding: Finding, gutter: int, weights: frozenset[str], context: RenderContext) -> Iterator[Line]:
    edge = Segment(f"{' ' * gutter} = ", Style.GUTTER)
    for related in finding.related[:_RELATED]:
        yield from _hanging((edge, Segment("see: ", Style.HELP)), _related(related, weights), gutter + 8, context)
    rest = len(finding.related) - _RELATED
    if rest > 0:
        yield (edge, Segment("see: ", Style.HELP), Segment(f"and {amount(rest, 'more place')}"))
    if finding.help:
        yield from _hanging((edge, Segment("help: ", Style.HELP)), finding.help, gutter + 9, context)


def _related(related: Related, weights: frozenset[str]) -> str:
    place = _place(related.origin, weights)
    return f"{place} {visible(related.message)}" if related.message else place


def _brief_notes(notes: Sequence[Finding], weights: frozenset[str], context: RenderContext) -> Iterator[Line]:
    """A line or two for each note, and only a count once a code repeats itself."""
    told: Counter[str] = Counter()
    totals = Counter(note.code for note in notes)
    for note in sorted(notes, key=lambda note: note.code):
        told[note.code] += 1
        if told[note.code] <= _NOTES_PER_CODE:
            place = visible(note.origin.path.removeprefix(f"{note.artifact}/"))
            if _place(note.origin, weights) != visible(note.origin.path):
                place += f":{note.origin.line}"
            yield from _hanging((Segment(f"note[{note.code}] ", Style.NOTE),), f"{place} {note.message}", 2, context)
        elif told[note.code] == totals[note.code]:
            rest = totals[note.code] - _NOTES_PER_CODE
            yield (
                Segment(f"note[{note.code}] ", Style.NOTE),
                Segment(f"and {rest:,} more; -v shows them", Style.FAINT),
            )


def _indented(label: Segment, text: str, context: RenderContext) -> Iterator[Line]:
    yield from _hanging((label,), text, cells(label.text), context)


def _hanging(label: Line, text: str, indent: int, context: RenderContext) -> Iterator[Line]:
    """A label and a text after it, whose further lines are indented."""
    taken = cells("".join(segment.text for segment in label))
    lead = max(taken - indent, 0)
    lines = list(wrap(f"{'x' * lead} {text}" if lead > 1 else text, max(context.width - indent, _SHORTEST_WRAP)))
    first = lines[0][lead + 1 :] if lead > 1 else lines[0]
    yield (*label, Segment(first))
    for line in lines[1:]:
        yield (Segment(" " * indent), Segment(line))
