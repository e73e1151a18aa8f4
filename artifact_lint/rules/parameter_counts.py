"""Numbers of parameters: as people write them, and as weights have them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.model import Role
from artifact_lint.model.paths import name_of
from artifact_lint.rules.schema_names import called

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.model import Artifact, Inspection, Origin, Tensor, WeightFile

#: Keys under which people state the number, without what separates their words.
_KEYS: Final = frozenset(
    (
        *("parameters", "numparameters", "nparameters", "parametercount", "paramcount", "numparams", "nparams"),
        *("totalparameters", "totalparams", "numberofparameters", "params", "modelparameters", "modelparams"),
    )
)
#: Keys that mean the number of parameters only where it is written as one: `7B`.
_SIZES: Final = frozenset({"modelsize", "size", "parametersize", "paramsize"})

_ABBREVIATED: Final = r"~?\s*(\d{1,6}(?:\.\d{1,3})?)\s*([kKmMbBtT]|thousand|million|billion)(?:\s*param\w*)?"
_FACTORS: Final[Mapping[str, int]] = {"k": 10**3, "t": 10**12, "m": 10**6, "b": 10**9}
_WHOLE: Final = r"\d{1,3}(?:[,_ ]\d{3})+|\d{1,15}"

#: How far the weights may be from a size class, as a share of it: models that are called 7B have 6.6 to 8.5 billion.
_SIZE_CLASS: Final = 0.25
#: Fewer than this are no parameters of a network, but a count of settings.
_LEAST: Final = 100

#: Tensors that state dictionaries keep and nobody trains.
_BUFFERS: Final = (
    r"(?:running_mean|running_var|num_batches_tracked|position_ids|inv_freq|masked_bias|attn\.bias|attention\.bias_mask|"
    r"causal_mask|relative_position_index|attn_mask)$"
)
#: Tensors that may be one with another, and of which files keep one or both.
_EMBEDDINGS: Final = (
    r"(?:^|\.)(?:embed_tokens|wte|wpe|lm_head|shared|word_embeddings|tok_embeddings|embed_in|embed_out|output|"
    r"position_embeddings|token_embd|decoder)\.weight$"
)


class Counted(NamedTuple):
    """The parameters of weights: the file, what messages call the place, and what may be counted or not."""

    path: str
    place: str
    number: int
    buffers: int = 0
    embeddings: tuple[int, ...] = ()

    @property
    def countings(self) -> frozenset[int]:
        """What honest ways of counting come to."""
        bases = (self.number, self.number - self.buffers)
        shifts = {0, sum(self.embeddings), *self.embeddings}
        return frozenset(base + sign * shift for base in bases for shift in shifts for sign in (1, -1))


class StatedCount(NamedTuple):
    """A number of parameters on record; `slack` is how far from it the true one may be."""

    key: str
    written: str
    number: int
    slack: float
    origin: Origin
    guessed: bool

    def may_mean(self, counted: Counted) -> bool:
        """Whether some way of counting comes to it."""
        return any(abs(number - self.number) <= self.slack for number in counted.countings)


def stated_counts(artifact: Artifact) -> Iterator[StatedCount]:
    """The numbers of parameters that hyperparameters and metrics state."""
    for stated in artifact.record.hyperparameters:
        for key, value in stated.value.items():
            yield from _stated(key, value, stated.origin, guessed=stated.guessed)
    for metrics in artifact.record.metrics:
        for metric in metrics.value:
            if _plain(metric.name) != "parameters":
                yield from _stated(metric.name, metric.value, metric.origin, guessed=metrics.guessed)


def _plain(key: str) -> str:
    return re.sub(r"[^a-z]", "", key.lower())


def _stated(key: str, value: object, origin: Origin, *, guessed: bool) -> Iterator[StatedCount]:
    plain = _plain(key)
    if plain not in _KEYS | _SIZES or isinstance(value, bool) or not isinstance(value, str | int | float):
        return
    written = str(value).strip()
    if match := re.fullmatch(_ABBREVIATED, written):
        number = round(float(match[1]) * _factor(match[2]))
        yield StatedCount(key, written, number, number * _SIZE_CLASS, origin, guessed)
    elif plain in _KEYS and re.fullmatch(_WHOLE, written.removesuffix(".0")):
        number = int(re.sub(r"[,_ ]", "", written.removesuffix(".0")))
        if number >= _LEAST:
            yield StatedCount(key, f"{number:,}", number, _place(number), origin, guessed)


def _factor(written: str) -> int:
    return _FACTORS["k" if written == "thousand" else written[0].lower()]


def _place(number: int) -> float:
    """How far a number may be off that ends in zeros: as much as its last digit leaves open."""
    zeros = len(str(number)) - len(str(number).rstrip("0"))
    return float(10**zeros) if zeros >= 3 else 0.0


def counted_in(artifact: Artifact) -> list[Counted]:
    """The parameters of each weight file, of each set of shards, and of all together; empty where some are unknown."""
    files = [file for file in artifact.files if file.role is Role.WEIGHTS and not file.is_bystander]
    single = [_counted(file) for file in files]
    counts = [count for count in single if count is not None]
    if len(counts) < len(files):
        return []
    groups = [frozenset(index.shards.values()) for index in artifact.record.shard_indexes]
    for group in groups:
        parts = [count for count in counts if count.path in group]
        if len(parts) > 1:
            counts.append(_together(parts))
    return [*counts, _together(counts[: len(files)])] if len(files) > 1 else counts


def _together(parts: list[Counted]) -> Counted:
    return Counted(
        parts[0].path,
        f"{name_of(parts[0].path)} with {len(parts) - 1} more",
        sum(part.number for part in parts),
        sum(part.buffers for part in parts),
        tuple(size for part in parts for size in part.embeddings)[:8],
    )


def _counted(file: WeightFile) -> Counted | None:
    """The parameters that a file tells of, or those of its tensors where its header lists them all."""
    description, inspection = file.description.value, file.inspection.value
    if description is not None and description.parameters is not None:
        tensors, number = description.tensors, description.parameters
    elif inspection is not None and not inspection.incomplete and _are_all(inspection):
        tensors = inspection.tensors
        number = sum(map(_size, tensors))
    else:
        return None
    if _is_packed(tensors, file):
        return None
    buffers = sum(_size(tensor) for tensor in tensors if _is_buffer(tensor))
    embeddings = tuple(_size(tensor) for tensor in tensors if re.search(_EMBEDDINGS, tensor.name))
    return Counted(file.path, called(file), number, buffers, embeddings[:8])


def _are_all(inspection: Inspection) -> bool:
    return bool(inspection.tensors) and frozenset(one.name for one in inspection.tensors) == inspection.tensor_names


def _size(tensor: Tensor) -> int:
    return math.prod(tensor.shape)


def _is_buffer(tensor: Tensor) -> bool:
    return bool(re.search(_BUFFERS, tensor.name)) or _is_integer(tensor)


def _is_integer(tensor: Tensor) -> bool:
    return tensor.dtype.lower().removeprefix("torch.").startswith(("i", "u", "bool", "long", "short", "byte", "char"))


def _is_packed(tensors: tuple[Tensor, ...], file: WeightFile) -> bool:
    """Whether several weights share an item, as in GPTQ, AWQ and bitsandbytes: many of the items are then integers."""
    if file.format == "gguf":
        return False
    packed = sum(_size(tensor) for tensor in tensors if _is_integer(tensor) and not re.search(_BUFFERS, tensor.name))
    return packed * 20 > sum(map(_size, tensors))


def shown(number: int) -> str:
    """A count as people read it."""
    for factor, sign in ((10**9, "B"), (10**6, "M")):
        if number >= factor:
            return f"{number / factor:.2f}{sign} ({number:,})"
    return f"{number:,}"
