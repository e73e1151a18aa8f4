"""The markdown format, as a renderer of Markdown and a reader of its HTML see it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, TypeVar

import hand_built
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from artifact_lint.model import DigestCheck, DigestState, Fact, Feature, Lazy, Metric, Origin, Record, Severity, Stated
from artifact_lint.model.record_changes import compare
from artifact_lint.model.report import Failure, Report
from artifact_lint.reporters import RenderContext, render
from artifact_lint.reporters.markdown_report import MOST_BYTES
from artifact_lint.reporters.markdown_text import prose
from artifact_lint.reporters.styled import plain, visible

if TYPE_CHECKING:
    from artifact_lint.model import Finding

T = TypeVar("T")

#: What GitHub's job summary may weigh.
MEBIBYTE = 1 << 20
MINUS = "\N{HEAVY MINUS SIGN}"
#: What GitHub makes something of in text outside of `code` and links: mentions, references, commits, emoji, math.
MAGIC = re.compile(r"@\w|#\d|\bGH-\d|\b[0-9a-fA-F]{7,40}\b|:\w+:|\$|https?://|\bwww\.\w|[\w.]+@[\w.]+|`|\*|_|~")
OURS = {"h2", "h3", "p", "table", "tbody", "tr", "th", "td", "code", "b", "br", "ul", "li", "a", "details", "summary"}
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
_HTML = ("<img src=x onerror=y>", "</code></td></table>", "<!--", "]]>", "&lt;", "<", "&", '"', "'quoted'", "don't")
_MARKDOWN = (
    "[a](javascript:b)",
    "![a](b)",
    "|",
    "\n\n",
    "\n",
    "# a",
    "`",
    "```\n",
    "**a**",
    "  ",
    "\t",
    "a, b.",
    "1.10",
)
_GITHUB = (
    "@octocat",
    " #1 ",
    "octo/repo#1",
    "GH-1",
    "GH-1,GH-2",
    ":tada:",
    "$x^2$",
    "https://a.example",
    "a@b.com",
    " deadbeef ",
)
MARKUP = st.sampled_from((*_HTML, *_MARKDOWN, *_GITHUB, "www.a.com", "\x1b[31m", "\u202e"))
PIECES = st.lists(TEXTS | MARKUP, max_size=8).map("".join)


@dataclass(slots=True)
class Cell:
    text: str = ""
    loose: str = ""
    """What stands neither in `code` nor in a link."""


class Page(HTMLParser):
    """The cells of all tables, and the items of all lists, of rendered HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.rows: list[list[Cell]] = []
        self.items: list[Cell] = []
        self.headings: list[Cell] = []
        self._open: list[str] = []
        self._cell = Cell()
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert [name for name, _ in attrs] == (["href"] if tag == "a" else [])
        self.links += [value or "" for _, value in attrs]
        if tag == "br":
            self._cell.text += "\n"
            self._cell.loose += "\n"
            return
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "li", "h3", "p"}:
            self._cell = Cell()
            target = {"li": self.items, "h3": self.headings, "p": self.headings}
            (self.rows[-1] if tag == "td" else target[tag]).append(self._cell)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag in {"td", "li", "h3", "p"}:
            self._cell = Cell()

    def handle_data(self, data: str) -> None:
        self._cell.text += data
        if not {"code", "a"} & set(self._open):
            self._cell.loose += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    @property
    def cells(self) -> list[list[str]]:
        return [[cell.text for cell in row] for row in self.rows if row]


def written(report: Report, **context: object) -> str:
    shown = RenderContext(**context)  # type: ignore[arg-type]  # a bag of settings
    return "".join(f"{plain(line)}\n" for line in render("markdown", report, shown))


def page(report: Report, **context: object) -> Page:
    """The page, rendered by CommonMark with GitHub's tables and links."""
    return Page(MarkdownIt("gfm-like", {"linkify": False}).render(written(report, **context)))


def told(text: str) -> str:
    """A text as a reader sees it: what stands between backticks is in another font, without them."""
    return re.sub(r"`([^`]+)`", r"\1", visible(" ".join(text.split())))


def found(message: str = "odd", severity: Severity = Severity.ERROR, **more: object) -> Finding:
    origin = more.pop("origin", Origin("models/churn/MLmodel", 6, 9, 6, 13))
    assert isinstance(origin, Origin)
    return hand_built.finding("MAN004", "unknown-field", severity, message, origin, **more)


def test_findings_stand_in_a_table_errors_first() -> None:
    report = Report(
        findings=(
            found("a note", Severity.NOTE),
            found("it is odd", help="Remove it:\n    models: {a: b}\nThen lint."),
        ),
    )
    shown = page(report, files="https://github.com/o/r/blob/abc")
    assert shown.cells == [
        [
            "❌ error",
            "MAN004\nunknown-field",
            "models/churn/MLmodel:6",
            "it is odd\nRemove it:\nmodels: {a: b}\nThen lint.",
        ],
        ["💬 note", "MAN004\nunknown-field", "models/churn/MLmodel:6", "a note"],
    ]
    assert shown.links[1] == "https://github.com/o/r/blob/abc/models/churn/MLmodel#L6"
    assert shown.links[0].endswith("/docs/rules/MAN004.md")
    assert [len(page(report, verbosity=-1).cells), len(page(report).links)] == [1, 2]


def test_a_link_is_the_address_of_its_path() -> None:
    shown = page(Report(findings=(found(origin=Origin("models/a b#?%é.json", 3)),)), files="https://g/o/r/blob/abc")
    assert shown.links[1] == "https://g/o/r/blob/abc/models/a%20b%23%3F%25%C3%A9.json#L3"


def test_an_artifact_has_its_components_and_the_states_of_its_digests() -> None:
    shown = page(hand_built.report())
    rows = {row[0]: row[1:] for row in shown.cells}
    told = "❌ 2, ⚠️ 2, 💬 4"
    present = "✅ present"
    assert rows["models/churn\nchurn 3"] == [told, present, present, "❌ absent", present, "1 unrecorded"]
    credit = next(row for place, row in rows.items() if place.startswith("models/credit\n"))
    assert credit == ["❌ 1, ⚠️ 3, 💬 1", present, "❌ absent", f"{MINUS} not applicable", "❌ absent", "1 mismatch"]
    assert rows[r"models/credit/model\udcff.pkl"] == ["weights", "mismatch"]
    assert [item.text for item in shown.items] == ["1 finding suppressed", "one thing"]
    assert shown.headings[0].text.startswith("Found 3 errors, 5 warnings, 5 notes in 2 artifacts")


def test_a_digest_that_no_rule_asked_for_is_not_computed() -> None:
    artifact = hand_built.churn()
    unread = Lazy[tuple[DigestCheck, ...]](lambda: pytest.fail("nobody asked"))
    report = Report(artifacts=(replace(artifact, files=(replace(artifact.files[0], checks=unread),)),))
    assert page(report).cells[0][-1] == "1 not looked at"


def test_what_changed_since_the_base_is_told() -> None:
    place = Origin("m.yaml", pointer="/feature_schema/inputs/0")
    before = Record(
        name=_stated("churn"),
        version=_stated("1.0"),
        inputs=_stated(
            (Feature("age", "long", place), Feature("pay", "double", place), Feature("sex", "string", place))
        ),
        outputs=_stated((Feature("p", "double", place, minimum=0.0),)),
        metrics=_stated((Metric("auc", 0.87, place, "loans", "test"), Metric("f1", 0.5, place))),
    )
    after = Record(
        name=_stated("churn"),
        version=_stated("2.0"),
        inputs=_stated(
            (Feature("pay", "float", place), Feature("age", "int64", place), Feature("job", "string", place))
        ),
        outputs=_stated((Feature("p", "double", place, minimum=0.5),)),
        metrics=_stated((Metric("auc", 0.91, place, "loans", "test"), Metric("acc", "0.7", place))),
    )
    changes = (
        compare(before, after, base_path="models/churn", path="models/churn"),
        compare(None, before, base_path=None, path="models/<new>"),
        compare(before, None, base_path="models/old", path=None),
    )
    shown = page(Report(base="0123456789abcdef" * 2, changes=changes))
    assert shown.headings[1].text == "Changed since 0123456789ab"
    assert [row[1:] for row in shown.cells if row[0] == "models/churn\nchurn"] == [
        ["version", "1.0", "2.0"],
        ["input sex removed", "string", ""],
        ["input pay retyped", "double", "float"],
        ["input pay moved", "number 2", "number 1"],
        ["input job added", "", "string"],
        ["output p altered", "minimum 0.0", "minimum 0.5"],
        ["metric auc on loans of split test", "0.87", "0.91"],
        ["metric f1", "0.5", ""],
        ["metric acc", "", "0.7"],
    ]
    assert shown.cells[-2:] == [["models/<new>\nchurn", "new", "", "1.0"], ["models/old\nchurn", "gone", "1.0", ""]]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "imports posix.system('echo a b'): runs (a/b_c.pkl, byte 0)",
            ["posix.system('echo a b')", "(a/b_c.pkl, byte 0)"],
        ),
        ('Add `allow = ["a:b"]` to [tool.artifact-lint.pickle].', ['allow = ["a:b"]']),
        ("all lower-case (scikit-learn) [fixable with --fix]", ["--fix"]),
        ("for @octocat, GH-12 and deadbee1 at a/b", ["@octocat, GH-12", "deadbee1"]),
    ],
)
def test_code_is_set_as_code_and_words_as_words(text: str, shown: list[str]) -> None:
    assert [html.unescape(one) for one in re.findall(r"<code>(.*?)</code>", prose(text))] == shown


def test_a_change_that_rests_on_a_guess_says_so() -> None:
    metrics: tuple[Metric, ...] = (Metric("auc", 0.87, Origin("churn.json")),)
    guess = Stated((Fact(metrics, Origin("churn.json"), guessed=True),))
    changes = (compare(Record(metrics=guess), Record(), base_path="churn.pkl", path="churn.pkl"),)
    assert [row[1:] for row in page(Report(changes=changes)).cells] == [["metric auc (guessed)", "0.87", ""]]


def test_that_nothing_changed_is_told_too() -> None:
    shown = page(Report(base="0123456789abcdef" * 2, artifacts=(hand_built.churn(),)))
    assert [item.text for item in shown.items] == [
        "neither versions, nor feature schemas, nor metrics changed since 0123456789ab"
    ]


def test_an_error_of_the_linter_itself_is_told() -> None:
    shown = page(Report(failures=(Failure("reading <b>", ValueError("no\n\nway")),)))
    assert [item.text for item in shown.items] == [
        "this is a bug in artifact-lint, while reading <b>: ValueError: no way"
    ]


@given(PIECES, PIECES, PIECES, PIECES)
def test_no_text_of_a_linted_file_is_markup(message: str, advice: str, path: str, name: str) -> None:
    stated = Fact(name, Origin(path))
    artifact = hand_built.churn()
    record = replace(artifact.record, name=Stated((stated,)), version=Stated((stated,)))
    features = Record(
        version=Stated((stated,)),
        inputs=_stated((Feature(name, path, Origin("m"), allowed=(message,)),)),
        metrics=_stated((Metric(name, message, Origin("m"), path, path),)),
    )
    change = compare(Record(), features, base_path=path, path=path)
    report = Report(
        findings=(found(message, help=advice, origin=Origin(path)),),
        artifacts=(replace(artifact, path=path, record=record, files=(hand_built.weight_file(path),)),),
        notes=(message,),
        base="f" * 40,
        changes=(change,),
    )
    shown = page(report, files="https://github.com/o/r/blob/abc")
    assert shown.tags <= OURS
    assert all(link.startswith("https://github.com/") for link in shown.links)
    finding = shown.rows[1]
    assert finding[3].text.partition("\n")[0] == told(message)
    assert finding[2].text == f"{visible(path)}:1"
    every = [cell for row in shown.rows for cell in row] + shown.items + shown.headings
    for cell in every:
        assert not MAGIC.search(cell.loose), cell.loose
    assert [item.text for item in shown.items] == ([told(message)] if message else [])


@pytest.mark.parametrize("text", ["x" * 3_000, "é<" * 900])
def test_the_report_stays_below_what_github_takes(text: str) -> None:
    files = tuple(hand_built.weight_file(f"models/{text}/{number}.pkl") for number in range(900))
    report = Report(
        findings=tuple(found(f"{number} {text}", help=text) for number in range(3_000)),
        artifacts=(replace(hand_built.churn(), files=files),),
        notes=tuple(f"{number} {text}" for number in range(500)),
    )
    text = written(report)
    assert len(text.encode()) < MOST_BYTES < MEBIBYTE
    shown = Page(MarkdownIt("gfm-like", {"linkify": False}).render(text))
    cut = [heading.text for heading in shown.headings if "left out" in heading.text]
    assert re.fullmatch(r"[\d,]+ of 3,000 findings left out: a summary holds no more\. .+", cut[0])
    assert [re.sub(r"^[\d,]+ of ", "", line).partition(" left")[0] for line in cut] == [
        "3,000 findings",
        "900 files",
        "500 notes",
    ]
    rows = [row for row in shown.rows if row]
    left_out = int(cut[0].partition(" ")[0].replace(",", ""))
    assert sum("MAN004" in row[1].text for row in rows) == 3_000 - left_out > 0
    assert DigestState.UNRECORDED.value in rows[-1][2].text


def test_an_empty_report_says_so() -> None:
    assert page(Report()).headings[0].text == "No model artifact found."


def _stated(value: T) -> Stated[T]:
    return Stated((Fact(value, Origin("m.yaml")),))
