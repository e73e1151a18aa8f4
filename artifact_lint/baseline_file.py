"""The file of a baseline: JSON with one entry a line, sorted, so that it reads well and that two branches merge.

An entry names a rule, an artifact, a path and a JSON pointer within it (RFC 6901), never a line or a message. Its paths
are relative to the file's own directory, wherever a run starts.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from posixpath import normpath
from typing import TYPE_CHECKING, Final

from artifact_lint.complaints import Complaint, SettingsError
from artifact_lint.configuration_files import LOCAL
from artifact_lint.configuration_search import absolute
from artifact_lint.document import DocumentError, Limits, Syntax, parse
from artifact_lint.selectors import did_you_mean, unknown_selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from artifact_lint.configuration_files import ConfigurationFiles
    from artifact_lint.document import Node
    from artifact_lint.model import Origin
    from artifact_lint.rules import RuleInfo

SCHEMA_VERSION: Final = 1
_KEYS: Final = ("rule", "artifact", "path", "pointer", "file", "digest", "count")
_NEEDED: Final = ("rule", "artifact", "path", "count")
_TOP: Final = ("schema_version", "entries")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_POINTER: Final = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_MOST: Final = 1 << 31
#: What Linux takes for a path, in bytes (PATH_MAX in limits.h).
_LONGEST_PATH: Final = 4096
#: Directories within one another: far more than anybody has, and what is looked up one within another ends there.
_DEEPEST_PATH: Final = 255
#: Where the name of a file ends and that of something in it begins.
_INSIDE: Final = re.compile(r"(?<=[^/])!")
_LIMITS: Final = Limits(depth=8, nodes=2_000_000)
_WRITE_ANEW: Final = "`artifact-lint baseline write` writes it anew"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What is counted: findings of one rule about one artifact, at one place; paths as the baseline spells them.

    `file` is the weight file concerned where that is not the place itself. `digest` is that of what is accepted, of a
    rule about security alone.
    """

    artifact: str
    path: str
    rule: str
    pointer: str = ""
    file: str = ""
    digest: str = ""

    @property
    def loose(self) -> Key:
        """The key whatever the content."""
        return replace(self, digest="") if self.digest else self


@dataclass(frozen=True, slots=True)
class Entry:
    """How many findings a key accepts; `line` and `column` are where the entry stands, 1-based."""

    key: Key
    count: int
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries of a baseline file, each key once."""

    file: Path
    entries: Mapping[Key, Entry] = field(default_factory=dict)


def load_baseline(file: Path, rules: Iterable[RuleInfo], files: ConfigurationFiles = LOCAL) -> Baseline:
    """The baseline in a file, which is one of this machine or of a commit.

    Raises:
        SettingsError: The file cannot be read, or is no baseline: one line, with the place.
    """
    shown = files.shown(absolute(file))
    try:
        data = files.read(file, _LIMITS.size + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "; `artifact-lint baseline write` writes one" if isinstance(error, FileNotFoundError) else ""
        raise SettingsError([f"baseline {shown}: {reason}{hint}"]) from error
    try:
        return read_baseline(file, shown, data, rules)
    except DocumentError as error:
        raise SettingsError([f"{Complaint(error.origin, f'the baseline cannot be read: {error.reason}')}"]) from error


def read_baseline(file: Path, shown: str, data: bytes, rules: Iterable[RuleInfo]) -> Baseline:
    """The baseline that some bytes are; two branches that accept the same may have left an entry there twice.

    Raises:
        DocumentError: The bytes are no JSON.
        SettingsError: The document is no baseline: the first mistake, with its place.
    """
    document = parse(shown, data, Syntax.JSON, _LIMITS)
    root = document.root
    for remark in document.remarks:
        raise _wrong(remark.origin, remark.message)
    if not root.is_mapping:
        raise _wrong(root.origin, "a baseline is an object with `schema_version` and `entries`")
    version = root.get("schema_version")
    if version is None or version.value != SCHEMA_VERSION or isinstance(version.value, bool):
        origin = root.origin if version is None else version.origin
        found = "none" if version is None else version.text or "another"
        raise _wrong(origin, f"schema_version is {found}, and this release reads {SCHEMA_VERSION}; {_WRITE_ANEW}")
    _expect_keys(root, _TOP, _TOP)
    listed = root.get("entries")
    if listed is None or not listed.is_sequence:
        raise _wrong((listed or root).origin, "`entries` is a list")
    known = {rule.code: rule for rule in rules}
    entries: dict[Key, Entry] = {}
    for node in listed.elements():
        entry = _entry(node, known)
        other = entries.get(entry.key)
        entries[entry.key] = entry if other is None or other.count < entry.count else other
    return Baseline(file, entries)


def written(baseline: Baseline) -> bytes:
    """A baseline as the bytes of its file."""
    lines = [_line(entry) for _, entry in sorted(baseline.entries.items())]
    head = f'{{\n  "schema_version": {SCHEMA_VERSION},\n  "entries": ['
    body = "\n" + ",\n".join(f"    {line}" for line in lines) + "\n  " if lines else ""
    return f"{head}{body}]\n}}\n".encode()


def path_parts(path: str) -> tuple[str, str]:
    """A path, and what stands for something inside of the file: whatever an archive calls it, that is no path."""
    mark = _INSIDE.search(path)
    return (path, "") if mark is None else (path[: mark.start()], path[mark.start() :])


def _line(entry: Entry) -> str:
    key = entry.key
    values = {
        "rule": key.rule,
        "artifact": key.artifact,
        "path": key.path,
        "pointer": key.pointer,
        "file": key.file,
        "digest": key.digest,
        "count": entry.count,
    }
    return json.dumps({name: value for name, value in values.items() if value != ""}, ensure_ascii=False)


def _entry(node: Node, known: Mapping[str, RuleInfo]) -> Entry:
    if not node.is_mapping:
        raise _wrong(node.origin, "an entry is an object")
    _expect_keys(node, _KEYS, _NEEDED)
    rule = _text(node, "rule")
    if rule not in known:
        origin = (node.get("rule") or node).origin
        raise _wrong(
            origin, f"{unknown_selector(rule, tuple(known.values())) or f'{rule} is no whole code'}; {_WRITE_ANEW}"
        )
    count = node.get("count")
    value = count.value if count is not None else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < _MOST:
        raise _wrong((count or node).origin, "`count` is a whole number from 1 on")
    digest, pointer = _text(node, "digest"), _text(node, "pointer")
    if digest and not _DIGEST.fullmatch(digest):
        raise _wrong((node.get("digest") or node).origin, "`digest` is sha256: and 64 hexadecimal digits")
    if _POINTER.fullmatch(pointer) is None:
        raise _wrong((node.get("pointer") or node).origin, f"'{pointer}' is no JSON pointer")
    if bool(digest) != ("security" in known[rule].tags):
        needs = "needs the `digest` of what it accepts" if not digest else "takes no `digest`"
        raise _wrong(node.origin, f"an entry of {rule} {needs}; {_WRITE_ANEW}")
    key = Key(_path(node, "artifact"), _path(node, "path"), rule, pointer, _path(node, "file"), digest)
    origin = node.origin
    return Entry(key, value, origin.line, origin.column)


def _path(node: Node, name: str) -> str:
    text = _text(node, name)
    if len(text) > _LONGEST_PATH or text.count("/") > _DEEPEST_PATH:
        raise _wrong((node.get(name) or node).origin, f"`{name}` is longer than a path can be")
    outer, inner = path_parts(text)
    return normpath(outer) + inner if outer else inner


def _text(node: Node, name: str) -> str:
    member = node.get(name)
    if member is None:
        return ""
    if not isinstance(member.value, str) or (name in _NEEDED and not member.value):
        raise _wrong(member.origin, f"`{name}` is a text" + (" that is not empty" if member.value == "" else ""))
    return member.value


def _expect_keys(node: Node, allowed: Sequence[str], needed: Sequence[str]) -> None:
    for name in node.members or ():
        if name not in allowed:
            raise _wrong(node.key_origin(name), f"there is no key `{name}`{did_you_mean(name, allowed)}")
    missing = [name for name in needed if node.get(name) is None]
    if missing:
        raise _wrong(node.origin, f"`{missing[0]}` is missing")


def _wrong(origin: Origin, message: str) -> SettingsError:
    return SettingsError([str(Complaint(origin, f"the baseline cannot be used: {message}"))])
