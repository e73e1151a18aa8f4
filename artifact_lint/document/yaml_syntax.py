"""YAML with positions: what PyYAML's `safe_load` makes of a text, built from parser events within limits.

The tree is built from the events and never composed: composing recurses, and a deep document ends the interpreter.
"""

from __future__ import annotations

from re import compile as regex
from typing import TYPE_CHECKING

import yaml

from artifact_lint.document.node import MOST_REMARKS, Member, Node, Source, brief, duplicate_key, escape
from artifact_lint.document.yaml_scalars import code_of_tag, is_known_tag, resolve, short_tag
from artifact_lint.model import Irregularity, Remark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.document.node import Limits

#: PyYAML may be built without libyaml; its own parser is slower and gives the same events.
_Loader: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", None) or yaml.SafeLoader
_UNPRINTABLE = regex("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: libyaml compares every tag directive with every other.
_MOST_TAG_DIRECTIVES = 1000
_BLANK = " \t\r\n"
#: libyaml's words, which are a parser author's, in a user's.
_PLAIN_WORDS = {
    "mapping values are not allowed in this context": "a colon stands where no key can be",
    "could not find expected ':'": "a key without a colon",
    "found character that cannot start any token": "a character that no value can start with",
    "found unexpected end of stream": "the text ends inside a quoted string",
    "did not find expected key": "the indentation fits no key above",
    "did not find expected '-' indicator": "the indentation fits no list item above",
    "did not find expected <document start>": "text goes on after the end of the value",
    "did not find expected node content": "a value is missing",
    "did not find expected ',' or ']'": "a list that `[` opens is not closed, or a comma is missing",
    "did not find expected ',' or '}'": "a mapping that `{` opens is not closed, or a comma is missing",
    "found a tab character where an indentation space is expected": "a tab indents this line",
    "found a tab character that violates indentation": "a tab indents this line",
    "block sequence entries are not allowed in this context": "a list item stands where none can be",
}
_HELP = "Correct the YAML here; a value with `: `, `#`, `@` or a bracket in it needs quotes."


def read_yaml(
    source: Source, limits: Limits, start: int = 0, end: int | None = None
) -> tuple[Node, tuple[Remark, ...]]:
    """The root of the first YAML document between two offsets of a text, and what is odd about it.

    Raises:
        DocumentError: The text is not YAML, goes beyond a limit, or holds a second document.
    """
    builder = _Builder(source, limits, start)
    return builder.build(start, len(source.content) if end is None else end), tuple(builder.remarks)


class _Frame:
    """A collection that is being read: `weight` counts its nodes, those that aliases repeat included."""

    __slots__ = ("anchor", "flow", "key", "merges", "node", "weight")

    def __init__(self, node: Node, anchor: str | None, *, flow: bool) -> None:
        self.node = node
        self.anchor = anchor
        self.flow = flow
        self.weight = 1
        self.key: Node | None = None
        self.merges: list[Node] = []


class _Builder:
    def __init__(self, source: Source, limits: Limits, base: int) -> None:
        self.source = source
        self.limits = limits
        self.base = base
        self.remarks: list[Remark] = []
        self.frames: list[_Frame] = []
        self.root: Node | None = None
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.keys: list[dict[object, Node]] = []
        self.tags: set[str] = set()
        self.nodes = 0
        self.aliases = 0
        self.expansion = 0

    def build(self, start: int, end: int) -> Node:
        content = self.source.content
        bad = _UNPRINTABLE.search(content, start, end)
        if bad is not None:
            reason = f"the control character U+{ord(bad.group()):04X}, which YAML does not allow"
            raise self.source.error(bad.start(), reason, "Delete it, or write it as an escape in double quotes.")
        if content.count("\n%TAG", start, end) > _MOST_TAG_DIRECTIVES:
            reason = f"more than {_MOST_TAG_DIRECTIVES:,} tag directives"
            raise self.source.error(start, reason, "Write plain values, which need no tags.")
        for event in self.events(content[start:end]):
            if self.root is not None and not self.frames:
                self.after_root(event)
            else:
                self.take(event)
        if self.root is None:
            return Node(self.source, None, "", (start, start))
        return self.root

    def events(self, content: str) -> Iterator[yaml.Event]:
        loader = _Loader(content)
        try:
            while (event := loader.get_event()) is not None:
                yield event
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            offset = self.base + min(mark.index if mark is not None else 0, len(content))
            problem = str(error.problem or error.context or "not YAML")
            if self.source.content.startswith("\t", offset):
                problem = "found a tab character that violates indentation"
            raise self.source.error(offset, _PLAIN_WORDS.get(problem, problem), _HELP) from None
        except (yaml.YAMLError, ValueError) as error:
            raise self.source.error(self.base, " ".join(str(error).split()), _HELP) from None
        finally:
            loader.dispose()

    def span(self, event: yaml.Event) -> tuple[int, int]:
        start, end = event.start_mark, event.end_mark
        assert start is not None
        assert end is not None
        return self.base + start.index, self.base + end.index

    def after_root(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent) and event.value == "":
            return
        if isinstance(event, yaml.NodeEvent):
            reason = "a second document begins here, and readers of one document fail"
            raise self.source.error(self.span(event)[0], reason, "Keep one document in a file.")

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self.place(self.scalar(event), 1)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self.open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.close(event)
        elif isinstance(event, yaml.AliasEvent):
            self.alias(event)

    def scalar(self, event: yaml.ScalarEvent) -> Node:
        start, end = self.span(event)
        self.count(start)
        quoted = bool(event.style)
        if event.style in ("|", ">"):
            end = self.trimmed(start, end)
        tag = event.tag
        self.check_tag(tag, start, end)
        scalar = resolve(event.value, tag, plain=not quoted)
        text = None if scalar is None else event.value
        node = _scalar(Node(self.source, self.parent(), self.token(), (start, end)), scalar, text, quoted=quoted)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1)
        return node

    def open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        start, end = self.span(event)
        self.count(start)
        if len(self.frames) >= self.limits.depth:
            raise self.source.error(start, f"nested more than {self.limits.depth} levels deep", "Flatten the document.")
        frame = self.frames[-1] if self.frames else None
        if frame is not None and frame.node.is_mapping and frame.key is None:
            reason = "a mapping or a list stands as a key, which safe readers refuse"
            raise self.source.error(start, reason, "Use a string as the key; a value in braces may need quotes.")
        self.check_tag(event.tag, start, end)
        node = Node(self.source, self.parent(), self.token(), (start, end))
        if isinstance(event, yaml.MappingStartEvent):
            node.members = {}
            self.keys.append({})
        else:
            node.sequence = []
        self.frames.append(_Frame(node, event.anchor, flow=bool(event.flow_style)))
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)

    def close(self, event: yaml.Event) -> None:
        frame = self.frames.pop()
        node = frame.node
        start, end = self.span(event)
        node.end = end if frame.flow else max(node.end, self.trimmed(node.start, start))
        if node.members is not None:
            self.keys.pop()
            self.merge(node.members, frame)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (node, frame.weight)
        self.place(node, frame.weight)

    def alias(self, event: yaml.AliasEvent) -> None:
        start = self.span(event)[0]
        self.aliases += 1
        if self.aliases > self.limits.aliases:
            raise self.source.error(start, f"more than {self.limits.aliases:,} aliases", "Write the values out.")
        name = str(event.anchor)
        shown = brief(name)
        if name not in self.anchors:
            if any(frame.anchor == name for frame in self.frames):
                reason = f"the alias *{shown} stands inside the value it names: the document never ends"
                raise self.source.error(start, reason, "Break the cycle.")
            reason = f"the alias *{shown} names no anchor above it"
            raise self.source.error(start, reason, f"Define &{shown} first, or quote the value.")
        node, weight = self.anchors[name]
        node.aliased = True
        self.expansion += weight
        if self.expansion > self.limits.expansion:
            reason = f"aliases repeat more than {self.limits.expansion:,} values"
            raise self.source.error(start, reason, "Write the values out.")
        self.place(node, weight, (start, self.span(event)[1]))

    def place(self, node: Node, weight: int, span: tuple[int, int] | None = None) -> None:
        """Put a finished node where it belongs; `span` is that of the alias which stands for it."""
        if not self.frames:
            self.root = node
            return
        frame = self.frames[-1]
        frame.weight += weight
        if frame.node.sequence is not None:
            frame.node.sequence.append(node)
        elif frame.node.members is not None:
            if frame.key is None:
                self.take_key(frame, node, span)
            else:
                self.take_value(frame.key, frame, frame.node.members, node)

    def take_key(self, frame: _Frame, node: Node, span: tuple[int, int] | None) -> None:
        if not node.is_scalar:
            reason = "a mapping or a list stands as a key, which safe readers refuse"
            raise self.source.error((span or (node.start, 0))[0], reason, "Use a string as the key.")
        start, end = span or (node.start, node.end)
        text = self.source.content[start:end] if node.text is None else node.text
        key = Node(self.source, frame.node, text, (start, end))
        frame.key = _scalar(key, node.scalar, text, quoted=node.quoted)

    def take_value(self, key: Node, frame: _Frame, members: dict[str, Member], node: Node) -> None:
        frame.key = None
        text = str(key.text)
        if text == "<<" and not key.quoted:
            frame.merges.extend(self.merged_mappings(node))
            return
        seen = self.keys[-1]
        first = seen.setdefault(key.scalar, key)
        if first is not key and len(self.remarks) < MOST_REMARKS:
            span = (key.start, key.end)
            pointer = f"{frame.node.pointer}/{escape(text)}"
            self.remarks.append(duplicate_key(self.source, text, first.start, span, pointer))
        members[text] = Member(key.start, key.end, node)

    def merged_mappings(self, node: Node) -> list[Node]:
        """What a merge key names (https://yaml.org/type/merge.html), the weakest first."""
        named = [node] if node.sequence is None else node.sequence[::-1]
        for mapping in named:
            if not mapping.is_mapping:
                reason = "the merge key `<<` takes a mapping or a list of mappings"
                raise self.source.error(mapping.start, reason, "Name a mapping, or quote the key.")
        return named

    def merge(self, members: dict[str, Member], frame: _Frame) -> None:
        if not frame.merges:
            return
        own = dict(members)
        members.clear()
        for mapping in frame.merges:
            inherited = mapping.members or {}
            self.expansion += len(inherited)
            frame.weight += len(inherited)
            if self.expansion > self.limits.expansion:
                reason = f"merge keys repeat more than {self.limits.expansion:,} values"
                raise self.source.error(frame.node.start, reason, "Write the values out.")
            members.update(inherited)
        members.update(own)

    def check_tag(self, tag: str | None, start: int, end: int) -> None:
        if tag is None or tag in self.tags or is_known_tag(tag) or len(self.remarks) >= MOST_REMARKS:
            return
        self.tags.add(tag)
        code = code_of_tag(tag)
        if code is None:
            message = f"the tag {brief(short_tag(tag))} means something only to the program that wrote it"
            advice = "Write a plain value, which every reader understands."
        else:
            message = (
                f"the tag {brief(short_tag(tag))} reaches {brief(code)} in an unsafe loader, and safe loaders refuse it"
            )
            advice = "Convert the object to plain values before it is written, and write with `yaml.safe_dump`."
        parent, token = self.parent(), self.token()
        pointer = "" if parent is None else f"{parent.pointer}/{escape(str(token))}"
        origin = self.source.origin(start, end, pointer)
        self.remarks.append(Remark(Irregularity.UNREADABLE, origin, message, advice, tag=short_tag(tag)))

    def count(self, start: int) -> None:
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            raise self.source.error(start, f"more than {self.limits.nodes:,} values", "Split the file.")

    def parent(self) -> Node | None:
        return self.frames[-1].node if self.frames else None

    def token(self) -> str | int:
        if not self.frames:
            return ""
        frame = self.frames[-1]
        if frame.node.sequence is not None:
            return len(frame.node.sequence)
        return "" if frame.key is None else str(frame.key.text)

    def trimmed(self, start: int, end: int) -> int:
        content = self.source.content
        while end > start and content[end - 1] in _BLANK:
            end -= 1
        return end


def _scalar(node: Node, scalar: object, text: str | None, *, quoted: bool) -> Node:
    node.scalar = scalar
    node.text = text
    node.quoted = quoted
    return node
