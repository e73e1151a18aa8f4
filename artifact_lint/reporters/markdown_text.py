"""Text of others inside Markdown: shown as it is, and never markup.

A Markdown renderer as GitHub's works in two steps. The first makes HTML of Markdown, and leaves alone what stands in a
block of HTML up to the next empty line (CommonMark 0.31, section 4.6, kind 6). The second goes through the text of that
HTML for @mentions, #references, commit ids, :emoji: and the like, and leaves alone what stands in `code`. So everything
is written as HTML without an empty line, and all but plain words and numbers stands in `code`.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from artifact_lint.reporters.styled import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Words and numbers, joined by what no renderer makes anything of, with the punctuation of a sentence around them.
_PLAIN: Final = re.compile(
    r"""[("'\[]*(?P<core>[^\W_]+(?:[-'./,+][^\W_]+)*%?)[)"'\].,;:!?]*|-|->|=""",
)
#: Joined words that GitHub makes a link of: a reference to an issue, and an address.
_LINKED: Final = re.compile(r"(?<![^\W_])(?:gh-\d|www\.\w)", re.IGNORECASE)
#: What an author has marked as code.
_MARKED: Final = re.compile(r"`([^`]+)`")
_PAIRS: Final = (("(", ")"), ("[", "]"), ("{", "}"))
#: What may be the id of a commit, which starts with at least seven digits.
_COMMIT: Final = re.compile(r"(?<![^\W_])[0-9a-f]{7,}(?![^\W_])", re.IGNORECASE)
_CUT: Final = "…"


def code(text: str, longest: int = 400) -> str:
    """A name, a path or a value, cut to a number of characters."""
    return f"<code>{_escaped(_cut(visible(text), longest))}</code>" if text else ""


def prose(text: str, longest: int = 2_000) -> str:
    """A sentence, cut to a number of characters: plain words as they are, and all others in `code`.

    What stands between backticks is `code` as a whole, and so is what opens a bracket or a quotation, to its end.
    """
    shown = _cut(visible(" ".join(text.split())), longest)
    pieces = _MARKED.split(shown)
    html = (f"<code>{_escaped(piece)}</code>" if at % 2 else " ".join(_runs(piece)) for at, piece in enumerate(pieces))
    return "".join(html)


def paragraphs(text: str, longest: int = 2_000) -> str:
    """Sentences on lines of their own; an indented line is something to copy."""
    shown = (code(line.strip()) if line.startswith(" ") else prose(line) for line in text[:longest].split("\n"))
    return "<br>".join(line for line in shown if line)


def link(url: str, shown: str) -> str:
    """A link of HTML that is already escaped, which is all there is where there is no address."""
    return f'<a href="{_escaped(url)}">{shown}</a>' if url else shown


def url_path(path: str) -> str:
    """A path as a part of an address."""
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")


def _runs(text: str) -> Iterator[str]:
    pending: list[str] = []
    for word in text.split(" "):
        if _is_plain(word) and not _is_open(pending):
            if pending:
                yield _run(" ".join(pending))
                pending = []
            yield _escaped(word)
        elif word:
            pending.append(word)
        else:
            yield ""
    if pending:
        yield _run(" ".join(pending))


def _is_open(words: list[str]) -> bool:
    """Whether words open a bracket or a quotation that they do not close."""
    text = " ".join(words)
    return any(text.count(first) > text.count(last) for first, last in _PAIRS) or text.count('"') % 2 == 1


def _run(text: str) -> str:
    """Words in `code`, without the end of a sentence, or of brackets that were opened before them."""
    inner = text.rstrip(".,;:") or text
    for first, last in _PAIRS:
        if inner.endswith(last) and inner.count(last) > inner.count(first):
            inner = inner[:-1] or inner
    return f"<code>{_escaped(inner)}</code>{text[len(inner) :]}"


def _is_plain(word: str) -> bool:
    match = _PLAIN.fullmatch(word)
    core = (match["core"] or "") if match is not None else ""
    return match is not None and not (_COMMIT.search(core) or _LINKED.search(core))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + _CUT


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)
