"""Verdicts on chat templates: does one leave its messages for Python's own objects?

A chat template is a program. It needs `message.content` and loops, but no attribute with underscores: those lead from
any object to its class, to the globals of a function and to every function of Python. What renders a template may
forbid them (transformers does, others did not: CVE-2024-34359), and sandboxes have been escaped before. Templates are
read by Jinja's own parser where it is installed, else by their tokens; they are never rendered.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from re import IGNORECASE, Pattern, escape
from re import compile as regex
from typing import TYPE_CHECKING, cast

from artifact_lint.policy import template_tokens
from artifact_lint.policy.template_steps import Event, Key, Step, TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_DATA = Path(__file__).parent / "data" / "templates.txt"

#: In characters. Real templates stay below 64 Ki; of longer ones only the tokens are read, and then nothing.
LONGEST_PARSED = 128 << 10
LONGEST_READ = 512 << 10

#: Jinja's parser recurses, and Python allows 1,000 frames in all.
MOST_FRAMES = 500

_SPECIAL = regex(r"_\w*__")
#: A field of `str.format` that walks to an attribute with an underscore, or whose end is in another text.
_WALKING_FIELD = regex(r"\{[^{}]*[.\[]\s*(?:_|$)")
#: By the filter `attr` a sandbox that watches `text.format` is passed by (CVE-2025-27516); as a key it is any word.
_FORMAT = "format"
_SHOWN = 60
_SPELLS = "a text that spells "
_COMPUTED = "an attribute whose name is put together"


@dataclass(frozen=True, slots=True)
class Reach:
    """Something that a template reaches for, in words that continue "reaches", and its line in the template."""

    what: str
    line: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a template reaches for, each once, and why some of it could not be read; empty where all was."""

    reaches: tuple[Reach, ...] = ()
    gap: str = ""


def read_template(text: str) -> Reading:
    """What a template does to objects, by Jinja's parser where it is installed and by the tokens where not."""
    if find_spec("jinja2") is None or len(text) > LONGEST_PARSED:
        return read_by_tokens(text)
    by_parser = read_by_parser(text)
    return Reading(read_by_tokens(text).reaches, by_parser.gap) if by_parser.gap else by_parser


def read_by_tokens(text: str) -> Reading:
    """What the tokens of a template say."""
    if len(text) > LONGEST_READ:
        return Reading(gap=f"{len(text):,} characters are more than a template has")
    try:
        return Reading(_judge(list(template_tokens.events(template_tokens.read_blocks(text)))))
    except TemplateError as error:
        return Reading(gap=str(error))


def read_by_parser(text: str) -> Reading:
    """What Jinja's syntax tree of a template says. Needs Jinja."""
    try:
        frames = template_tokens.parser_frames(template_tokens.read_blocks(text))
        if frames > MOST_FRAMES:
            return Reading(gap="it nests deeper than Jinja's parser can follow")
        return Reading(_judge(_parser()(text)))
    except TemplateError as error:
        return Reading(gap=str(error))


@cache
def _parser() -> Callable[[str], Sequence[Event]]:
    module = import_module("artifact_lint.policy.template_syntax")
    return cast("Callable[[str], Sequence[Event]]", module.events)


@cache
def _names(kind: str) -> frozenset[str]:
    lines = _DATA.read_text(encoding="utf-8").splitlines()
    entries = (line.partition(" ")[0].partition(":") for line in lines if line and not line.startswith("#"))
    return frozenset(name for group, _, name in entries if group == kind)


@cache
def _spelled() -> Pattern[str]:
    names = sorted(_names("text"))
    return regex("|".join(escape(name) for name in (*names, *(name[::-1] for name in names))), IGNORECASE)


def _judge(events: Sequence[Event]) -> tuple[Reach, ...]:
    found: dict[str, Reach] = {}
    for reach in _reaches(events):
        first = found.get(reach.what)
        if first is None or reach.line < first.line:
            found[reach.what] = reach
    told = [reach for what, reach in found.items() if what == (name := what.removeprefix(_SPELLS)) or name not in found]
    return tuple(sorted(told, key=lambda reach: (reach.line, reach.what)))


def _reaches(events: Sequence[Event]) -> Iterator[Reach]:
    variables = _Variables(event for event in events if event.step is Step.ASSIGNED)
    is_formatting = any(event.step is Step.ATTRIBUTE and event.name in (_FORMAT, "format_map") for event in events)
    for event in events:
        what = _reach(event, variables, is_formatting=is_formatting)
        if what:
            yield Reach(what, event.line)


def _reach(event: Event, variables: _Variables, *, is_formatting: bool) -> str:
    name = event.name
    match event.step:
        case Step.ATTRIBUTE:
            return _quoted(f".{name}") if name.startswith("_") or name in _names("attribute") else ""
        case Step.NAME:
            return _quoted(name) if _is_special(name) else ""
        case Step.WALKED:
            return f"into `{name}`" if name in _names("object") and name not in variables.assigned else ""
        case Step.LOADED:
            return f"for another template (`{name}`)"
        case Step.TEXT:
            return _text_reach(name, is_formatting=is_formatting)
        case Step.LOOKUP:
            return variables.reach(event.key, is_attribute=event.is_attribute)
        case Step.ASSIGNED:
            return ""


def _text_reach(text: str, *, is_formatting: bool) -> str:
    spelled = _spelled().search(text)
    if spelled:
        return f"{_SPELLS}{_quoted(spelled.group())}"
    field = _WALKING_FIELD.search(text) if is_formatting else None
    return f"attributes by the format field {_quoted(field.group())}" if field else ""


def _quoted(text: str) -> str:
    """A text in a message: its start, with what would not show written out."""
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text[:_SHOWN])
    return f"`{shown}...`" if len(text) > _SHOWN else f"`{shown}`"


def _is_special(name: str) -> bool:
    return bool(_SPECIAL.match(name))


def _is_reaching(text: str) -> bool:
    """Whether a text, or a part between its dots, names an attribute that leads out."""
    parts = text.strip().lower().split(".")
    return any(_is_special(part) or part in _names("attribute") for part in parts)


class _Variables:
    """What the variables of a template may hold, wherever they are assigned: special names, texts put together."""

    def __init__(self, assignments: Iterable[Event]) -> None:
        keys: dict[str, list[Key]] = defaultdict(list)
        self._users: dict[str, list[str]] = defaultdict(list)
        for event in assignments:
            keys[event.name].append(event.key)
            for name in event.key.names:
                self._users[name].append(event.name)
        self.assigned = frozenset(keys)
        self._texts = self._spread(keys, lambda key: bool(key.texts) or key.is_built)
        self._built = self._spread(keys, self._is_built)
        self._reaching = self._spread(keys, lambda key: any(_is_reaching(text) for text in key.texts))

    def _spread(self, keys: Mapping[str, Sequence[Key]], holds: Callable[[Key], bool]) -> frozenset[str]:
        """The variables of which something holds, and all that are made of them."""
        found = {name for name, assigned in keys.items() if any(holds(key) for key in assigned)}
        waiting = list(found)
        while waiting:
            for user in self._users.get(waiting.pop(), ()):
                if user not in found:
                    found.add(user)
                    waiting.append(user)
        return frozenset(found)

    def _is_built(self, key: Key) -> bool:
        return key.is_built or (key.is_summed and (bool(key.texts) or not self._texts.isdisjoint(key.names)))

    def reach(self, key: Key, *, is_attribute: bool) -> str:
        """What a lookup with a key reaches, empty for what is no more than an item."""
        refused = (text for text in key.texts if _is_reaching(text) or (is_attribute and text == _FORMAT))
        special = next(refused, None)
        if special is not None:
            return _quoted(special.strip())
        if not self._reaching.isdisjoint(key.names):
            return "an attribute whose name a variable holds"
        if self._is_built(key) or not self._built.isdisjoint(key.names):
            return _COMPUTED
        return _COMPUTED if is_attribute and (key.names or not key.texts) else ""
