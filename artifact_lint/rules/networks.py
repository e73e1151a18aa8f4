"""What the rules about networks of transformers look at: a configuration beside the tensors that it speaks of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.model.paths import name_of
from artifact_lint.policy.architectures import architecture, evaluate, pattern_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.model import Artifact, Origin, Tensor, WeightFile
    from artifact_lint.model.record import Configuration
    from artifact_lint.policy.architectures import Architecture, Dimension

#: The weights that `from_pretrained` takes without being told a variant, the first that is there.
_NAMES = ("model.safetensors", "pytorch_model.bin")
_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
#: Keys under which a configuration of several networks has those of its parts, and how the parts' tensors are called:
#: what has to stand before the names of the bare part, and what must not.
_PARTS = {
    "text_config": (r"(?!.*(?:vision|visual|image|audio|video|qformer|speech|mtp|draft|talker))", True),
    "llm_config": (r"(?!.*(?:vision|visual|image|audio|video|qformer|speech|mtp|draft|talker))", True),
    "vision_config": (r".*(?:vision|visual|image)", False),
    "audio_config": (r".*(?:audio|speech)", False),
    "encoder": (r"(?:model\.)?encoder\.", False),
    "decoder": (r"(?:model\.)?decoder\.", False),
}
#: Types whose items are the numbers themselves, in the spellings of safetensors and torch: packed ones have other
#: shapes than the layers they stand for.
PLAIN = frozenset(
    {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "float64", "float32", "float16", "bfloat16"}
    | {"torch.float64", "torch.float32", "torch.float16", "torch.bfloat16", "float8_e4m3fn", "float8_e5m2"}
)


_ATTENTION: Final = r"attn|attention"


class Weight(NamedTuple):
    """A tensor and the file that it is in."""

    tensor: Tensor
    file: WeightFile


class Weights(NamedTuple):
    """The tensors that a loader of a directory takes together; `is_complete` where all of them were read."""

    by_name: Mapping[str, Weight]
    files: tuple[WeightFile, ...]
    is_complete: bool


class Size(NamedTuple):
    """A dimension of a tensor, what the configuration makes of it (None where it does not tell), and what it is."""

    dimension: Dimension
    weight: Weight
    actual: int
    stated: int | None


class Network(NamedTuple):
    """A configuration, or a part of one, of a known architecture, and the weights.

    `part` are the keys that lead to it, `values` what it says, `prefixes` how the names of its tensors begin.
    """

    configuration: Configuration
    part: tuple[str, ...]
    values: Mapping[str, object]
    architecture: Architecture
    weights: Weights
    prefixes: tuple[str, ...]
    sizes: tuple[Size, ...] = ()

    def value(self, key: str, instead: Mapping[str, int] | None = None) -> int | None:
        """The number that a key means, stated or by default; None where it is none, or only the code knows.

        The numbers of `instead` count in place of those of the configuration.
        """
        return _value({**self.values, **(instead or {})}, self.architecture, key)

    def key(self, name: str) -> str:
        """The name under which a key stands in the document, which may know it by another."""
        others = [alias for alias, real in self.architecture.names.items() if real == name]
        return next((one for one in (name, *others) if one in self.values), name)

    def place(self, name: str) -> Origin:
        """Where a key stands, or the document as a whole where it has none."""
        return self.configuration.place_of(*self.part, self.key(name))

    def shown(self, name: str) -> str:
        """A key as a message tells it."""
        return ".".join((*self.part, self.key(name)))


def networks(artifact: Artifact) -> tuple[Network, ...]:
    """Each configuration of a known architecture, and each known part of one, beside its weights."""
    return artifact.once(_networks)


def _networks(artifact: Artifact) -> tuple[Network, ...]:
    return tuple(_found(artifact))


def _found(artifact: Artifact) -> Iterator[Network]:
    for configuration in documents(artifact, "config.json"):
        values = configuration.values.value
        weights = weights_of(artifact, directory_of(configuration))
        if weights is None:
            continue
        known = architecture(values.get("model_type"))
        if known is not None:
            prefixes = tuple(dict.fromkeys(("", f"{known.prefix}.", "model.")))
            yield _network(configuration, (), values, known, weights, prefixes)
        for key, (allowed, is_text) in _PARTS.items():
            inner = values.get(key)
            part = architecture(inner.get("model_type")) if isinstance(inner, dict) else None
            if part is not None and isinstance(inner, dict):
                prefixes = tuple(_prefixes(part, weights, allowed, is_text=is_text))
                yield _network(configuration, (key,), inner, part, weights, prefixes)


def documents(artifact: Artifact, name: str) -> Iterator[Configuration]:
    """The documents of a name."""
    return (one for one in artifact.record.configurations if name_of(one.origin.path) == name)


def document_beside(artifact: Artifact, configuration: Configuration, name: str) -> Configuration | None:
    """The document of a name in the directory of another."""
    directory = directory_of(configuration)
    return next((one for one in documents(artifact, name) if directory_of(one) == directory), None)


def directory_of(configuration: Configuration) -> str:
    """The directory that a document lies in."""
    return configuration.origin.path.rpartition("/")[0]


def weights_of(artifact: Artifact, directory: str) -> Weights | None:
    """What `from_pretrained` would load from a directory; None where nothing of it is here and readable."""
    return artifact.once(_weights_of, directory)


def _weights_of(artifact: Artifact, directory: str) -> Weights | None:
    prefix = f"{directory}/" if directory else ""
    files = {file.path: file for file in artifact.files if file.is_readable}
    for name, index_name in zip(_NAMES, _INDEXES, strict=True):
        if prefix + name in files:
            return _gathered([files[prefix + name]], 1)
        index = next((one for one in artifact.record.shard_indexes if one.origin.path == prefix + index_name), None)
        if index is not None:
            paths = sorted(set(index.shards.values()))
            found = [files[path] for path in paths if path in files]
            if found:
                return _gathered(found, 0 if index.is_cut else len(paths))
    return None


def _gathered(files: list[WeightFile], wanted: int) -> Weights:
    by_name: dict[str, Weight] = {}
    is_complete = len(files) == wanted
    for file in files:
        description = file.description.value
        is_complete = is_complete and description is not None and description.has_all_tensors
        for tensor in description.tensors if description is not None else ():
            by_name.setdefault(tensor.name, Weight(tensor, file))
    return Weights(by_name, tuple(files), is_complete)


def _prefixes(known: Architecture, weights: Weights, allowed: str, *, is_text: bool) -> Iterator[str]:
    """How the names of a part's tensors begin, as the tensors themselves tell.

    Other modules are often built of the same layers: a text model is where its embedding of tokens is, another part
    where most of its tensors are.
    """
    ends = {dimension.pattern for dimension in known.dimensions}
    telling = {one.pattern for one in known.dimensions if one.axis == 0 and one.term in _vocabulary_keys(known)}
    seen: dict[str, set[str]] = {}
    for pattern in {pattern_of(name) for name in weights.by_name}:
        parts = pattern.split(".")
        for start in range(len(parts)):
            end = ".".join(parts[start:])
            if end in ends:
                seen.setdefault(".".join([*parts[:start], ""]), set()).add(end)
    most = max((len(found) for found in seen.values()), default=0)
    for beginning, found in sorted(seen.items()):
        prefix = beginning.lstrip(".")
        if re.match(allowed, prefix) and "#" not in prefix and (found & telling if is_text else 2 * len(found) >= most):
            yield prefix


def _vocabulary_keys(known: Architecture) -> frozenset[str]:
    return frozenset({"vocab_size", known.names.get("vocab_size", "vocab_size")})


def _network(
    configuration: Configuration,
    part: tuple[str, ...],
    values: Mapping[str, object],
    known: Architecture,
    weights: Weights,
    prefixes: tuple[str, ...],
) -> Network:
    wanted: dict[str, list[Dimension]] = {}
    is_silent = _has_unknown_heads(values, known)
    for dimension in known.dimensions:
        if is_silent and re.search(_ATTENTION, dimension.pattern):
            continue
        for prefix in prefixes:
            wanted.setdefault(prefix + dimension.pattern, []).append(dimension)
    stated = {one.term: evaluate(one.term, lambda key: _value(values, known, key)) for one in known.dimensions}
    sizes = [
        Size(dimension, weight, weight.tensor.shape[dimension.axis], stated[dimension.term])
        for name, weight in weights.by_name.items()
        if weight.tensor.dtype in PLAIN
        for dimension in wanted.get(pattern_of(name), ())
        if dimension.axis < len(weight.tensor.shape)
    ]
    return Network(configuration, part, values, known, weights, prefixes, tuple(sizes))


def _has_unknown_heads(values: Mapping[str, object], known: Architecture) -> bool:
    """Whether the width of a head is stated, which the architecture is not known to ask for."""
    asked = {key for dimension in known.dimensions for key in dimension.keys}
    return _number(values.get("head_dim")) is not None and "head_dim" not in asked


def _value(values: Mapping[str, object], known: Architecture, key: str, depth: int = 0) -> int | None:
    names = [key, *(alias for alias, real in known.names.items() if real == key)]
    stated = {value for name in names if (value := _number(values.get(name))) is not None}
    if len(stated) == 1:
        return stated.pop()
    if stated or any(values.get(name) is not None for name in names):
        return None
    default = known.defaults.get(key)
    if isinstance(default, str) and depth < 4:
        return evaluate(default, lambda other: _value(values, known, other, depth + 1))
    return default if isinstance(default, int) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
