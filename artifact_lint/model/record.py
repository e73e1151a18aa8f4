"""The record: what adapters state about one artifact, in one vocabulary whatever the convention."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.model.facts import Fact, Origin, Stated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from artifact_lint.model.edits import Edit, Slot
    from artifact_lint.model.lazy import Lazy
    from artifact_lint.model.options import Component, PicklePolicy
    from artifact_lint.model.signature import Signature


@dataclass(frozen=True, slots=True)
class Feature:
    """One named input or output of a model.

    `dtype` is as the convention spells it, None where it is not stated. `shape` has -1 for a free dimension and is
    None for a column. `minimum`, `maximum` and `allowed` bound the values where somebody stated it.
    """

    name: str | None
    dtype: str | None
    origin: Origin
    required: bool | None = None
    nullable: bool | None = None
    shape: tuple[int, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[object, ...] | None = None
    default: object = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A measured value of a run."""

    name: str
    value: object
    origin: Origin
    dataset: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class LabelMaps:
    """How a configuration numbers the labels of a classifier: in either direction, and how many there are.

    Each is None where it is not stated, or is no such mapping.
    """

    by_number: Fact[dict[int, str]] | None = None
    by_label: Fact[dict[str, int]] | None = None
    count: Fact[int] | None = None


class LibraryVersion(NamedTuple):
    """The version of a distribution that a record says the weights were written with."""

    distribution: str
    version: str
    key: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """Data that a run read."""

    name: str
    origin: Origin
    version: str | None = None
    digest: str | None = None
    role: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A preprocessing step before the weights."""

    name: str
    origin: Origin
    columns: tuple[str, ...] = ()
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class InputExample:
    """An example input kept beside the model: its column names, None where it is a plain array."""

    columns: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class TotalSize:
    """The size in bytes that a record states for its files together, and what they have; None where it is unknown."""

    stated: int
    actual: int | None


class Role(StrEnum):
    """What a file is to its artifact."""

    WEIGHTS = "weights"
    PREPROCESSOR = "preprocessor"
    TOKENIZER = "tokenizer"
    OPTIMIZER = "optimizer"
    ADAPTER = "adapter"
    DATA = "data"
    CONFIG = "config"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Part:
    """The digest (`algorithm:hex`) of a file's bytes from `start` up to `end`."""

    start: int
    end: int
    digest: Fact[str]


@dataclass(frozen=True, slots=True)
class ShardIndex:
    """What a shard index states: the place of each tensor, by name, and the bytes of all tensors together.

    `shards` are the paths of the files in the store, by the name of the tensor; `place_of` tells where the index names
    one. `is_cut` says that it names more of them than were read.
    """

    origin: Origin
    shards: Mapping[str, str]
    place_of: Callable[[str], Origin] = field(compare=False)
    total_size: Fact[int | float] | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """A record's word on one file or one external place of weights.

    `path` is relative to the store's root, already joined to the record's directory, and as written where it cannot
    be joined; None for something only an URI names. `written` is the path as the record spells it. `slots` are where
    the record has, or would take, the size and the digest, for a record that may be edited.

    A digest that ends in `.dir` is DVC's, of the directory that the file lies in. `malformed` says what stands where a
    digest belongs and cannot be one. A record that only `vouches` (a list of checksums) says what a file's bytes are,
    and neither what the file is for nor that the artifact needs it. `parts` stand for a digest of the whole file where
    each has its own; they follow one another from the first byte to the last.
    """

    origin: Origin
    path: str | None
    written: str
    role: Role = Role.WEIGHTS
    format: str | None = None
    framework: str | None = None
    size: Fact[int] | None = None
    digests: tuple[Fact[str], ...] = ()
    uri: str | None = None
    guessed: bool = False
    directory: bool = False
    required: bool = True
    slots: Mapping[str, Slot] = field(default_factory=dict, compare=False)
    vouches: bool = False
    malformed: tuple[Fact[str], ...] = ()
    parts: tuple[Part, ...] = ()


class Irregularity(StrEnum):
    """Something odd about a document itself, apart from what it says."""

    UNREADABLE = "unreadable"
    DUPLICATE_KEY = "duplicate-key"
    UNKNOWN_FIELD = "unknown-field"
    SCHEMA_VIOLATION = "schema-violation"
    UNKNOWN_SCHEMA_VERSION = "unknown-schema-version"
    SURPRISING_SCALAR = "surprising-scalar"
    PATH_ESCAPES = "path-escapes"


class CodeKind(StrEnum):
    """How a document makes whoever loads the artifact run code."""

    REMOTE = "remote"
    """A library imports a module that lies beside the weights, or in a repository of a hub (`auto_map`)."""
    TRUSTED = "trusted"
    """A switch that lets a library do so without asking (`trust_remote_code: true`)."""
    SCRIPT = "script"
    """A script of the artifact is run as a whole (MLflow's `model_code_path`)."""
    LOADER = "loader"
    """A module is imported by its name, and a function of it reads the weights (MLflow's `loader_module`)."""
    TARGET = "target"
    """A callable is imported by its dotted path and called (`_target_`)."""
    TAG = "tag"
    """A YAML tag that names a Python object (`!!python/object/apply:`)."""
    UNREAD = "unread"
    """A configuration that may name such code and cannot be read; the target says why."""
    UNREAD_TEMPLATE = "unread-template"
    """A chat template that cannot be read; the target says why."""


@dataclass(frozen=True, slots=True)
class CodeReference:
    """Code that a document names for its loader to import, call or run.

    `target` is the dotted path or file as the document spells it, without the repository; `key` is what names it.
    `file` is the path in the store of the file that holds the code, None where it is not there. `repository` is that
    of a hub, where the code is not the artifact's own.
    """

    kind: CodeKind
    target: str
    key: str
    file: str | None = None
    repository: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """An irregularity, where it is, what it is and what to do, in the user's words.

    `tag` is the YAML tag that the remark is about, in its short form; empty for all others.
    """

    kind: Irregularity
    origin: Origin
    message: str
    help: str = ""
    fixes: tuple[Edit, ...] = ()
    guessed: bool = False
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A record's own place for a component, and whether it says anything there."""

    component: Component
    origin: Origin
    empty: bool = False


@dataclass(frozen=True, slots=True)
class PickleTerms:
    """The pickle policy that a manifest states for its own files."""

    policy: PicklePolicy
    allow: frozenset[str] = frozenset()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """A document of a library's own, beside the weights that it is about: `config.json`, `generation_config.json`.

    `values` is all that it says, `place_of` where a key stands that a chain of keys leads to, or else the last one on
    the way that is there.
    """

    origin: Origin
    values: Lazy[Mapping[str, object]] = field(compare=False)
    place_of: Callable[..., Origin] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A tokenizer's own tokens: their number, their highest id and the token that has it.

    `added` is the highest id of those that were added, specials among them, and `added_token` that token; -1 where
    there are none.
    """

    count: int
    largest: int
    token: str
    added: int = -1
    added_token: str = ""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """The file of a tokenizer; None of the vocabulary where it does not tell."""

    origin: Origin
    vocabulary: Lazy[Vocabulary | None] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Record:
    """Everything stated about one artifact.

    An adapter returns one; merging several concatenates every field in order of precedence, so that the first fact
    of each `Stated` is the one that won. `total_size` is over what the convention counts as the model's files;
    `metrics_files` are where metrics are kept that could not be read here. `templates` are the texts of chat templates.
    """

    conventions: tuple[str, ...] = ()
    sources: tuple[Origin, ...] = ()

    name: Stated[str] = Stated()
    version: Stated[str] = Stated()
    description: Stated[str] = Stated()
    license: Stated[str] = Stated()
    task: Stated[str] = Stated()
    framework: Stated[str] = Stated()

    architecture: Stated[str] = Stated()
    hyperparameters: Stated[Mapping[str, object]] = Stated()
    base_model: Stated[str] = Stated()

    inputs: Stated[tuple[Feature, ...]] = Stated()
    outputs: Stated[tuple[Feature, ...]] = Stated()
    preprocessing: Stated[tuple[Step, ...]] = Stated()
    example: Stated[InputExample] = Stated()
    labels: Stated[LabelMaps] = Stated()

    run_id: Stated[str] = Stated()
    run_name: Stated[str] = Stated()
    experiment: Stated[str] = Stated()
    created: Stated[str] = Stated()
    status: Stated[str] = Stated()
    git_commit: Stated[str] = Stated()
    repository: Stated[str] = Stated()
    author: Stated[str] = Stated()
    datasets: Stated[tuple[Dataset, ...]] = Stated()
    metrics: Stated[tuple[Metric, ...]] = Stated()
    metrics_files: Stated[str] = Stated()

    python_version: Stated[str] = Stated()
    requirements: Stated[tuple[Fact[str], ...]] = Stated()
    written_with: Stated[LibraryVersion] = Stated()
    image: Stated[str] = Stated()

    stage: Stated[str] = Stated()
    aliases: Stated[str] = Stated()
    pickle: Stated[PickleTerms] = Stated()

    total_size: Stated[TotalSize] = Stated()
    mentions: tuple[Mention, ...] = ()
    shard_indexes: tuple[ShardIndex, ...] = ()
    signatures: tuple[Signature, ...] = ()
    sections: tuple[Section, ...] = ()
    not_applicable: tuple[Fact[Component], ...] = ()
    unexplained: tuple[Fact[Component], ...] = ()
    locations: tuple[Fact[str], ...] = ()
    texts: tuple[Fact[str], ...] = ()
    remarks: tuple[Remark, ...] = ()
    code: tuple[Fact[CodeReference], ...] = ()
    templates: tuple[Fact[str], ...] = ()
    configurations: tuple[Configuration, ...] = ()
    tokenizers: tuple[Tokenizer, ...] = ()

    def __add__(self, other: Record) -> Record:
        if other is NOTHING:
            return self
        if self is NOTHING:
            return other
        return Record(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


#: The record that states nothing.
NOTHING = Record()


def merge(records: list[Record]) -> Record:
    """One record of several, the most authoritative first."""
    merged = NOTHING
    for record in records:
        merged += record
    return merged
