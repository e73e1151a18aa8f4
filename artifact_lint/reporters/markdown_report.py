"""The markdown format: what a reviewer needs to act on, for GitHub's job summaries and comments.

GitHub takes 1 MiB of summary from a step ("Workflow commands for GitHub Actions", step isolation and limits), and shows
none of it where there is more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from artifact_lint import __version__
from artifact_lint.model import Component, DigestState, FileState, Presence, Severity
from artifact_lint.model.record_changes import ChangeKind
from artifact_lint.model.suppression import Means
from artifact_lint.model.text import encodable
from artifact_lint.reporters.markdown_text import code, link, paragraphs, prose, url_path
from artifact_lint.reporters.styled import Segment, amount, plain
from artifact_lint.reporters.summary import hint, summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from artifact_lint.model import Artifact, Finding, Metric, Origin, WeightFile
    from artifact_lint.model.record_changes import ArtifactChange, FeatureChange, MetricChange, Placed
    from artifact_lint.model.report import Report
    from artifact_lint.reporters.context import RenderContext
    from artifact_lint.reporters.styled import Line

T = TypeVar("T")

#: In bytes of UTF-8; what is left of 1 MiB is for others that write to the same summary.
MOST_BYTES: Final = 1_000_000
#: What each section is sure to have, in bytes, however long those before it are.
_SURE: Final = 60_000
#: What the words around the rows of a section take at most, in bytes.
_AROUND: Final = 2_000
_RULES: Final = f"https://github.com/artifact-lint/artifact-lint/blob/v{__version__}/docs/rules"

_MARKS: Final = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "💬"}
_PRESENCE: Final = {
    Presence.PRESENT: "✅ present",
    Presence.ABSENT: "❌ absent",
    Presence.NOT_APPLICABLE: "\N{HEAVY MINUS SIGN} not applicable",
}
_MEANS: Final = {
    Means.INLINE: "suppressed by a comment",
    Means.CONFIGURATION: "suppressed by the configuration",
    Means.BASELINE: "accepted by the baseline",
}
_WORST_FIRST: Final = (
    DigestState.MISMATCH,
    DigestState.UNVERIFIABLE,
    DigestState.UNRECORDED,
    DigestState.SIZE_ONLY,
    DigestState.POINTER,
    DigestState.VERIFIED,
)


@dataclass(frozen=True, slots=True)
class _Section:
    """A part of the report: HTML before and after its rows, which are made as long as there is room for them."""

    title: str
    before: str
    rows: Callable[[], Iterator[str]]
    count: int
    noun: str
    after: str


def render(report: Report, context: RenderContext) -> Iterator[Line]:
    """A headline, the findings, what changed since the base, the artifacts, the digests of their files, and notes."""
    yield from _lines("## artifact-lint", "")
    head = f"<p>{prose(plain(summary(report)))}</p>"
    yield from _lines(head, "")
    left = MOST_BYTES - _length(head)
    sections = [section for section in _sections(report, context) if section.count]
    for index, section in enumerate(sections):
        room = left - _SURE * (len(sections) - index - 1)
        for line in _fitted(section, room):
            left -= _length(line)
            yield from _lines(line)


def _fitted(section: _Section, room: int) -> Iterator[str]:
    room -= _AROUND + _length(section.before) + _length(section.after)
    yield f"<h3>{section.title}</h3>"
    yield section.before
    shown = 0
    for row in section.rows():
        room -= _length(row)
        if room < 0:
            break
        shown += 1
        yield row
    yield section.after
    if shown < section.count:
        left_out = f"{section.count - shown:,} of {amount(section.count, section.noun)} left out"
        yield f"<p>{left_out}: a summary holds no more. The log, or a report in another format, has all.</p>"
    yield ""


def _sections(report: Report, context: RenderContext) -> Iterator[_Section]:
    findings = [one for one in report.findings if context.verbosity >= 0 or one.severity is not Severity.NOTE]
    findings.sort(key=lambda finding: -finding.severity.rank)
    columns: tuple[str, ...] = ("Severity", "Rule", "Where", "What, and what to do")
    yield _table("Findings", columns, findings, "finding", lambda one: _finding(one, context))
    changes = [(change, row) for change in report.changes for row in _rows(change)]
    since = f" since {code(report.base[:12])}" if report.base else ""
    columns = ("Artifact", "What", "Before", "Now")
    yield _table(f"Changed{since}", columns, changes, "change", lambda one: (_title_now(one[0]), *one[1]))
    found: dict[str, Counter[Severity]] = defaultdict(Counter)
    for finding in report.findings:
        found[finding.artifact][finding.severity] += 1
    artifacts = sorted(report.artifacts, key=lambda artifact: artifact.path not in found)
    columns = ("Artifact", "Findings", "Weights", "Config", "Feature schema", "Run", "Digests of its files")
    yield _table("Artifacts", columns, artifacts, "artifact", lambda one: _artifact(one, found.get(one.path)))
    files = sorted((file for one in artifacts for file in one.files), key=_rank)
    table = _table("Digests", ("File", "Role", "Digest"), files, "file", lambda file: _file(file, context))
    folded = f"<details><summary>{_states(files)}</summary>\n{table.before}"
    yield replace(table, before=folded, after=f"{table.after}\n</details>")
    yield _list("Notes", list(_notes(report)))


def _table(
    title: str, columns: Sequence[str], values: Sequence[T], noun: str, cells: Callable[[T], tuple[str, ...]]
) -> _Section:
    header = "".join(f"<th>{column}</th>" for column in columns)

    def rows() -> Iterator[str]:
        for value in values:
            yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells(value)) + "</tr>"

    return _Section(title, f"<table>\n<tr>{header}</tr>", rows, len(values), noun, "</table>")


def _list(title: str, notes: Sequence[str]) -> _Section:
    def rows() -> Iterator[str]:
        for note in notes:
            yield f"<li>{prose(note)}</li>"

    return _Section(title, "<ul>", rows, len(notes), "note", "</ul>")


def _finding(finding: Finding, context: RenderContext) -> tuple[str, ...]:
    severity = f"{_MARKS[finding.severity]} {finding.severity}"
    rule = f"{link(f'{_RULES}/{finding.code}.md', finding.code)}<br>{code(finding.name)}"
    told = f"<b>{prose(finding.message + hint(finding))}</b>"
    if finding.help:
        told += f"<br>{paragraphs(finding.help)}"
    return severity, rule, _where(finding.origin, context), told


def _where(origin: Origin, context: RenderContext) -> str:
    shown = f"{code(origin.path)}:{origin.line}"
    return link(f"{context.files}/{url_path(origin.path)}#L{origin.line}" if context.files else "", shown)


def _artifact(artifact: Artifact, found: Counter[Severity] | None) -> tuple[str, ...]:
    record = artifact.record
    told = ", ".join(f"{mark} {found[one]:,}" for one, mark in _MARKS.items() if found[one]) if found else "none"
    title = _title(artifact.path, record.name.value, record.version.value)
    presences = (artifact.components.get(component, Presence.ABSENT) for component in Component)
    return title, told, *(_PRESENCE[presence] for presence in presences), _states(artifact.files)


def _title(path: str, *names: str | None) -> str:
    named = " ".join(code(name, 100) for name in names if name)
    return f"{code(path or '.')}<br>{named}" if named else code(path or ".")


def _states(files: Sequence[WeightFile]) -> str:
    """How many files have each digest state: `2 verified, 1 mismatch`."""
    counts = Counter(_state(file) for file in files)
    told = [f"{counts[state]:,} {state.value}" for state in _WORST_FIRST if counts[state]]
    return ", ".join([*told, *([f"{counts[None]:,} not looked at"] if counts[None] else [])])


def _state(file: WeightFile) -> DigestState | None:
    """What the digests on record are worth; None where no rule asked."""
    return file.digest_state if file.checks.known is not None else None


def _rank(file: WeightFile) -> int:
    state = _state(file)
    return _WORST_FIRST.index(state) if state is not None else len(_WORST_FIRST)


def _file(file: WeightFile, context: RenderContext) -> tuple[str, ...]:
    state = _state(file)
    url = f"{context.files}/{url_path(file.path)}" if context.files and file.state is FileState.PRESENT else ""
    return link(url, code(file.path)), file.role.value, state.value if state is not None else "not looked at"


def _notes(report: Report) -> Iterator[str]:
    yield from (failure.message for failure in report.failures)
    counts = {words: report.count_accepted(means) for means, words in _MEANS.items()}
    counts["suppressed"] = report.suppressed - sum(counts.values())
    yield from (f"{amount(count, 'finding')} {words}" for words, count in counts.items() if count)
    if report.base and not report.changes:
        yield f"neither versions, nor feature schemas, nor metrics changed since {report.base[:12]}"
    yield from (note for note in (report.unchanged, *report.notes) if note)


def _title_now(change: ArtifactChange) -> str:
    path = change.path if change.path is not None else change.base_path
    return _title(path or "", change.name)


#: What changed, and what it was before and is now, in HTML.
_Row: TypeAlias = tuple[str, str, str]


def _rows(change: ArtifactChange) -> Iterator[_Row]:
    versions = code(change.version_before or "", 100), code(change.version_after or "", 100)
    if change.is_new or change.is_gone:
        yield ("new" if change.is_new else "gone", *versions)
        return
    if change.base_path != change.path:
        yield "moved", code(change.base_path or "."), code(change.path or ".")
    if change.version_before != change.version_after:
        yield "version", *versions
    for noun, features in (("input", change.inputs), ("output", change.outputs)):
        yield from (_feature(noun, one) for one in features)
    yield from (_metric(one) for one in change.metrics)


def _feature(noun: str, change: FeatureChange) -> _Row:
    what = f"{noun} {code(change.name, 200)} {change.kind.value}{_doubt(change)}"
    if change.kind is ChangeKind.MOVED:
        return what, _place(change.before), _place(change.after)
    told = _terms if change.kind is ChangeKind.ALTERED else _type
    return what, told(change.before), told(change.after)


def _place(placed: Placed | None) -> str:
    return "" if placed is None else f"number {placed.position}"


def _type(placed: Placed | None) -> str:
    if placed is None:
        return ""
    feature = placed.feature
    shape = "" if feature.shape is None else str(list(feature.shape))
    return code(f"{feature.dtype or ''} {shape}".strip(), 100) or "type not stated"


def _terms(placed: Placed | None) -> str:
    if placed is None:
        return ""
    feature = placed.feature
    terms = {
        "required": feature.required,
        "nullable": feature.nullable,
        "minimum": feature.minimum,
        "maximum": feature.maximum,
        "allowed": None if feature.allowed is None else ", ".join(map(str, feature.allowed)),
        "default": feature.default,
    }
    return "<br>".join(f"{name} {code(str(value), 200)}" for name, value in terms.items() if value is not None)


def _metric(change: MetricChange) -> _Row:
    places = (("on", change.dataset), ("of split", change.split))
    of = [f"{word} {code(where, 100)}" for word, where in places if where]
    what = " ".join(("metric", code(change.name, 200), *of))
    return f"{what}{_doubt(change)}", _value(change.before), _value(change.after)


def _doubt(change: FeatureChange | MetricChange) -> str:
    return " (guessed)" if change.guessed else ""


def _value(metric: Metric | None) -> str:
    return "" if metric is None else code(str(metric.value), 100)


def _length(text: str) -> int:
    return len(encodable(text).encode()) + 1


def _lines(*texts: str) -> Iterator[Line]:
    for line in "\n".join(texts).split("\n"):
        yield (Segment(encodable(line)),)
