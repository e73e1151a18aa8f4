"""JSON that is part of a weight file: parsed within limits, walked without recursion, each hazard stated once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.zips import member
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.formats.base import Job
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.zip_records import Entry
    from artifact_lint.model import HazardKind

#: The longest text, in bytes, and the most values in it, that are parsed: together some 150 MB of objects.
LONGEST_TEXT = 1 << 25
MOST_VALUES = 1_000_000
#: How far into a text the place of a name is looked for, in bytes.
_SEARCHED = 1 << 22
#: The different hazards of one kind that a reader states; what goes beyond is said to be unread.
MOST_HAZARDS = 500


def parse_json(data: bytes) -> object:
    """The value of a JSON text, in any of the encodings that `json.loads` takes.

    Raises:
        FormatError: It is no JSON, or larger or deeper than what is read.
    """
    check_length(data, "a JSON text")
    try:
        text = data.decode(json.detect_encoding(data), "surrogatepass")
        check_values(text, MOST_VALUES)
        value: object = json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise FormatError(Cause.LIMIT, "the JSON text nests too deep") from None
    except ValueError as error:
        raise FormatError(Cause.BROKEN, "the JSON text is broken") from error
    return value


def check_length(data: bytes, what: str) -> None:
    """See to it that a JSON text fits into memory, where one rare character makes all four bytes wide.

    Raises:
        FormatError: It does not.
    """
    longest = LONGEST_TEXT if data.isascii() else LONGEST_TEXT // 4
    if len(data) > longest:
        raise FormatError(Cause.LIMIT, f"{what} of more than {longest:,} bytes")


def check_values(text: str, most_values: int) -> None:
    """See to it that the values of a JSON text fit into memory.

    Raises:
        FormatError: They do not.
    """
    if text.count(",") + text.count("[") + text.count("{") > most_values:
        raise FormatError(Cause.LIMIT, f"a JSON text of more than {most_values:,} values")


def objects_of(root: object) -> Iterator[dict[str, object]]:
    """Every JSON object within a value, an outer one before those inside it."""
    pending = [root]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield value
            pending.extend(reversed(value.values()))
        elif isinstance(value, list):
            pending.extend(reversed(value))


def member_text(job: Job, entry: Entry, findings: Findings) -> bytes | None:
    """The content of a member that is a text; None, and an `Incomplete`, where it cannot be read."""
    path = job.inner(job.source, entry.name).member
    if entry.size > LONGEST_TEXT:
        findings.add_incomplete(Cause.LIMIT, f"a text of {entry.size:,} bytes", 0, path)
        return None
    try:
        # No reader of zips goes beyond the size that a member has in the directory, if it has one there.
        content = member(job.source, entry, job.limits).read(0, entry.size or LONGEST_TEXT + 1)
    except FormatError as error:
        findings.add_error(error, path)
        return None
    if len(content) > LONGEST_TEXT:
        findings.add_incomplete(Cause.LIMIT, f"a text of more than {LONGEST_TEXT:,} bytes", 0, path)
        return None
    return content


class Statements:
    """States the hazards of one text, each at the first place where its words stand."""

    def __init__(self, findings: Findings, data: bytes = b"", start: int = 0, member: str = "") -> None:
        self._findings = findings
        self._data = data
        self._start = start
        self._member = member
        self._stated: set[tuple[HazardKind, str]] = set()

    def place_of(self, words: str) -> int:
        """The offset of a string of the text; that of the text itself where it is written in another way."""
        quoted = json.dumps(words, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return self._start + max(0, self._data.find(quoted, 0, _SEARCHED))

    def add(self, kind: HazardKind, evidence: str, words: str | None = None, offset: int | None = None) -> None:
        """State a hazard, once; where there are too many, state that."""
        if (kind, evidence) in self._stated:
            return
        if len(self._stated) >= MOST_HAZARDS:
            detail = f"more than {MOST_HAZARDS} different names that matter on load"
            self._findings.add_incomplete(Cause.LIMIT, detail, self._start, self._member)
            return
        self._stated.add((kind, evidence))
        place = offset if offset is not None else self.place_of(words if words is not None else evidence)
        self._findings.add_hazard(kind, evidence, place, self._member)
