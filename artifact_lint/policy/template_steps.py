"""What a template does to objects, step by step: the words in which two readers of templates tell the judge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

#: Filters and methods that put a text together, beside the operators `~`, `+`, `*` and `%`.
BUILDERS = frozenset(
    {
        *("center", "decode", "encode", "expandtabs", "format", "format_map", "indent", "join", "ljust", "pprint"),
        *("removeprefix", "removesuffix", "replace", "reverse", "rjust", "striptags", "sum", "tojson", "translate"),
        *("truncate", "urlencode", "urlize", "wordwrap", "xmlattr", "zfill"),
    }
)

#: Filters that look up attributes by a name in their arguments.
ATTRIBUTE_FILTERS = frozenset(
    {"attr", "groupby", "map", "max", "min", "rejectattr", "selectattr", "sort", "sum", "unique"}
)

#: Statements that bring in another template.
LOADING_STATEMENTS = frozenset({"extends", "from", "import", "include"})


class Step(StrEnum):
    """One thing that a template does, or one text or name in it."""

    ATTRIBUTE = "attribute"
    """`value.name`."""
    LOOKUP = "lookup"
    """`value[key]`, `value|attr(key)`, `values|map(attribute=key)`."""
    WALKED = "walked"
    """`name.anything` or `name[anything]`."""
    NAME = "name"
    """A variable or the name of an argument."""
    TEXT = "text"
    """A string."""
    LOADED = "loaded"
    """A statement that brings in another template."""
    ASSIGNED = "assigned"
    """A variable that is given a value: by `set`, `for`, `with`, or as a macro's default."""


@dataclass(frozen=True, slots=True)
class Key:
    """What an expression's value can be made of, as far as it may be a text.

    `names` are the variables in it: `name`, `namespace.name`, or `macro()` for what a macro renders. `is_built` says
    that texts are put together, `is_summed` that operands are which are texts or numbers.
    """

    texts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    is_built: bool = False
    is_summed: bool = False


class Event(NamedTuple):
    """A step and its line; `is_attribute` marks a lookup that can only be of an attribute, never of an item."""

    step: Step
    line: int
    name: str = ""
    key: Key = Key()
    is_attribute: bool = False


class TemplateError(Exception):
    """A template that cannot be read; the message says why, with the line."""


RENDERED = Key(is_built=True)
"""What a macro or a `set` block renders: a text that is put together."""
