"""What a reader found inside one weight file, as facts without a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Use(StrEnum):
    """What a pickle does with an imported name."""

    NAMED = "named"
    CALLED = "called"
    INSTANTIATED = "instantiated"
    BUILT = "built"


class HazardKind(StrEnum):
    """Something that runs, reaches out or hides when a file is loaded."""

    COMPUTED_IMPORT = "computed-import"
    EXTENSION_CODE = "extension-code"
    PERSISTENT_ID = "persistent-id"
    PATCHED_CLASS = "patched-class"
    FRAME_DISAGREEMENT = "frame-disagreement"
    NESTED_PICKLE = "nested-pickle"
    TRAILING_PICKLE = "trailing-pickle"
    TRAILING_DATA = "trailing-data"
    POLYGLOT = "polyglot"
    ARCHIVE_PATH = "archive-path"
    LAMBDA_LAYER = "lambda-layer"
    FOREIGN_OBJECT = "foreign-object"
    OPERATOR = "operator"
    CUSTOM_DOMAIN = "custom-domain"
    EXTERNAL_PATH = "external-path"
    TEMPLATE = "template"
    FOREIGN_TYPE = "foreign-type"
    XML_ENTITY = "xml-entity"
    SCRIPT_CODE = "script-code"
    TARGET = "target"


class Cause(StrEnum):
    """Why something in a file could not be read."""

    BROKEN = "broken"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    LIMIT = "limit"
    UNSUPPORTED = "unsupported"
    ENCRYPTED = "encrypted"
    UNREADABLE = "unreadable"
    ELSEWHERE = "elsewhere"


class Doubt(StrEnum):
    """What a look at the estimators of a file may find, as far as a reader can tell that did not look at them."""

    COLUMNS = "columns"
    WIDTHS = "widths"
    UNFITTED = "unfitted"


@dataclass(frozen=True, slots=True)
class Import:
    """A name that unpickling would import: `module` and `name` as the stream spells them.

    `offset` is the byte of the first opcode that asks for it, counted from the start of `member`, or of the file
    where `member` is empty. `arguments` are the literal arguments of its first call, for people to read.
    """

    module: str
    name: str
    uses: frozenset[Use]
    offset: int
    member: str = ""
    arguments: str = ""

    @property
    def dotted(self) -> str:
        """The form users write in an allow-list: `module:name`."""
        return f"{self.module}:{self.name}"


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something that acts on load, other than a literal import; `offset` as for `Import`."""

    kind: HazardKind
    evidence: str
    offset: int
    member: str = ""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A part that was not read, and why; `offset` as for `Import`. Unread is never clean."""

    cause: Cause
    detail: str
    offset: int = 0
    member: str = ""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named array: its dtype in the format's own spelling and its shape in elements.

    `size` is in bytes, as the file holds it; None where the format does not say.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a bounded look at one weight file found.

    `format` is one of `artifact_lint.formats.FORMATS`, or None where the content matches nothing known.
    `extent` is the number of bytes that the file's own header promises, where the format says it.
    `pickled` tells whether the format's loader unpickles some of the bytes. `tensor_names` are those of all tensors in
    the file, None where they are not all known; `tensors` are the ones that are described, as far as they go.
    `doubts` says what its estimators are worth describing for; None where the reader cannot tell.
    """

    format: str | None
    framework: str | None = None
    pickled: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    imports: tuple[Import, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    incomplete: tuple[Incomplete, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    tensor_names: frozenset[str] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    extent: int | None = None
    doubts: frozenset[Doubt] | None = None
