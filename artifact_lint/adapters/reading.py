"""What adapters share: documents opened with all that is odd about them, and nodes turned into facts."""

from __future__ import annotations

from posixpath import normpath
from re import compile as regex
from typing import TYPE_CHECKING

from artifact_lint.adapters.texts import texts
from artifact_lint.document import DocumentError, parse_front_matter
from artifact_lint.model import Fact, Irregularity, Mention, Origin, Remark, Role, Stated
from artifact_lint.tree import TEXT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.document import Document, Node, Syntax
    from artifact_lint.tree import Tree

_DRIVE = regex(r"[A-Za-z]:")

#: Beyond it `float` overflows; no comparison with NaN holds.
_LARGEST = 1e308

_ESCAPE_HELP = "Name the file relative to its record, with forward slashes and without `..`."


class Reading:
    """The documents that one record is read from, and what they say beside their facts.

    Every document that is opened through it adds its origin to `sources`, its duplicate keys or the reason why it
    could not be read to `remarks`, and its strings to `texts`.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._sources: dict[str, Origin] = {}
        self._remarks: list[Remark] = []
        self._texts: list[Fact[str]] = []

    @property
    def sources(self) -> tuple[Origin, ...]:
        """The start of each file that was there, in the order of reading."""
        return tuple(self._sources.values())

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """All that is odd about the documents."""
        return tuple(self._remarks)

    @property
    def texts(self) -> tuple[Fact[str], ...]:
        """The strings of the documents."""
        return tuple(self._texts)

    def document(
        self,
        path: str,
        syntax: Syntax | None = None,
        *,
        keep_texts: bool = True,
        flat: frozenset[str] = frozenset(),
    ) -> Node | None:
        """The root of a document; None where it is not there, or where a remark says why it cannot be read."""
        document = self.tree.document(path, syntax, flat)
        if document is not None:
            return self._opened(document, keep_texts=keep_texts)
        failure = self.tree.failure(path)
        if failure is not None and path not in self._sources:
            self._sources[path] = Origin(path)
            self._remarks.append(failure)
        return None

    def front_matter(self, path: str) -> Node | None:
        """The root of the YAML at the head of a Markdown file; None where there is none, or none to be read."""
        data = self.tree.read(path)
        if data is None:
            return None
        try:
            document = parse_front_matter(path, data, self.tree.limits)
        except DocumentError as error:
            self._sources[path] = Origin(path)
            self.remark(Irregularity.UNREADABLE, error.origin, error.reason, error.help)
            return None
        return self._opened(document, keep_texts=True) if document is not None else None

    def lines(self, path: str) -> list[str] | None:
        """The lines of a text file, at most `TEXT_LIMIT` bytes of it; None where it is not there."""
        data = self.tree.read(path, TEXT_LIMIT)
        if data is None:
            return None
        self._sources.setdefault(path, Origin(path))
        return decode(data).splitlines()

    def remark(self, kind: Irregularity, origin: Origin, message: str, help_text: str = "") -> None:
        """Note something odd that only the adapter can see."""
        self._remarks.append(Remark(kind, origin, message, help_text))

    def add_text(self, text: Fact[str]) -> None:
        """Add a string that stands in no document."""
        self._texts.append(text)

    def mention(
        self,
        directory: str,
        node: Node | None,
        role: Role = Role.WEIGHTS,
        *,
        format_name: str | None = None,
        guessed: bool = False,
    ) -> Mention | None:
        """The word on a file that a scalar names, relative to a directory; None where the node names nothing.

        Blanks at its edges belong to a name; line ends there are those of a block of YAML. A path that leaves the
        directory is remarked upon and kept as it is written.
        """
        if node is None or as_text(node) is None:
            return None
        written, origin = (node.text or "").strip("\r\n"), node.origin
        path = join(directory, written)
        if path is None:
            message = f"the path `{written}` {escape_reason(written)}"
            self.remark(Irregularity.PATH_ESCAPES, origin, message, _ESCAPE_HELP)
        return Mention(
            origin=origin,
            path=written if path is None else path,
            written=written,
            role=role,
            format=format_name,
            required=path is not None,
            guessed=guessed,
            directory=path is not None and is_directory(self.tree, path),
        )

    def _opened(self, document: Document, *, keep_texts: bool) -> Node:
        if document.path not in self._sources:
            self._sources[document.path] = Origin(document.path)
            self._remarks.extend(document.remarks)
            if keep_texts:
                self._texts.extend(texts(document.root))
        return document.root


def as_text(node: Node | None) -> str | None:
    """A scalar as it is written, without surrounding blanks; None for null, an empty string and what is no scalar."""
    text = node.text if node is not None else None
    return text.strip() or None if text is not None else None


def as_int(node: Node | None) -> int | None:
    """A whole number that is written as one; None for anything else."""
    value = node.value if node is not None and node.text is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def as_float(node: Node | None) -> float | None:
    """A finite number; None for anything else."""
    value = node.value if node is not None and node.text is not None else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _LARGEST else None


def fact(node: Node | None, *, guessed: bool = False) -> Fact[str] | None:
    """A scalar's text and where it stands; None where it says nothing."""
    text = as_text(node)
    return Fact(text, node.origin, guessed) if node is not None and text is not None else None


def stated(*nodes: Node | None, guessed: bool = False) -> Stated[str]:
    """What scalars state about one thing, the first that says something first."""
    found = (fact(node, guessed=guessed) for node in nodes)
    return Stated(tuple(one for one in found if one is not None))


def decode(data: bytes) -> str:
    """Text in the encoding that its byte-order mark names (PowerShell redirects into UTF-16), else in UTF-8."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    return data.decode("utf-8", "replace")


def stated_int(node: Node | None) -> Stated[int]:
    """What a scalar states as a whole number."""
    value = as_int(node)
    return Stated((Fact(value, node.origin),)) if node is not None and value is not None else Stated()


def one_or_many(node: Node | None) -> Iterator[Node]:
    """The elements of a sequence, or the value itself where it is not a sequence."""
    if node is None:
        return
    if node.is_sequence:
        yield from node.elements()
    else:
        yield node


def join(directory: str, written: str) -> str | None:
    """The store's path of what a record in `directory` calls `written`; None where that leaves the directory."""
    if escape_reason(written):
        return None
    return child(directory, normpath(written))


def child(directory: str, name: str) -> str:
    """A path below a directory of the store, whose root is the empty string."""
    if name == ".":
        return directory
    return f"{directory}/{name}" if directory else name


def escape_reason(written: str) -> str | None:
    """Why a path does not stay in its directory on every system, as the rest of a sentence; None where it does."""
    if _DRIVE.match(written):
        return "names a drive"
    if "\\" in written:
        return "has a backslash, which only Windows reads as a separator"
    if written.startswith("/"):
        return "is absolute"
    if "\0" in written:
        return "holds a NUL"
    normal = normpath(written)
    if normal == ".." or normal.startswith("../"):
        return "leaves its record's directory"
    return None


def is_directory(tree: Tree, path: str) -> bool:
    """Whether a path is a directory of the store, in view or not."""
    return bool(tree.folder(path)) or bool(tree.subdirectories(path)) or tree.store.is_directory(path)
