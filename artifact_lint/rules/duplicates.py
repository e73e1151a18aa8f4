"""CON: is the same model, kept in several formats, the same in each of them?"""

from __future__ import annotations

import re
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.model import Origin, Problem, Related, Role, Severity
from artifact_lint.model.paths import name_of
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifact_lint.model import Artifact, Tensor, WeightFile

#: `model.fp16-00001-of-00003.safetensors`, and the older order `pytorch_model-00001-of-00003.fp16.bin`.
_NAME: Final = (
    r"(?i)(?P<stem>.+?)(?P<variant>\.(?:fp16|bf16|fp32|fp8|int8|int4|non_ema|ema|[a-z]{2}\d{1,2}))?"
    r"(?:-(?P<number>\d+)-of-(?P<count>\d+))?(?P<later>\.(?:fp16|bf16|fp32|non_ema|ema))?"
    r"\.(?P<suffix>safetensors|bin|pt|pth|ckpt|onnx)"
)
#: The names by which libraries know one model in their own formats (transformers/utils/__init__.py).
_SAME: Final = {"pytorch_model": "model"}
#: Where exporters put the ONNX files of the model in the directory above.
_EXPORTED: Final = "onnx"
_SAFETENSORS: Final = frozenset({"safetensors"})
_TORCH: Final = frozenset({"torch-zip", "torch-legacy"})
_ONNX: Final = frozenset({"onnx"})
#: Buffers that releases of libraries keep or compute again: positions, masks, frequencies (transformers 2 to 5).
_COMPUTED: Final = (
    r"(?:^|\.)(?:position_ids|token_type_ids|(?:original_)?inv_freq|masked_bias|attn\.bias|attention\.bias|causal_mask"
    r"|freqs_cis|cos_cached|sin_cached|relative_position_index|relative_coords_table|embed_positions\.weights?"
    r"|_float_tensor|_extra_state)\Z"
)
#: Layers that may take their weights from another one, or give them (`_tied_weights_keys` in transformers 4 and 5).
_TIED: Final = (
    r"(?:^|\.)(?:lm_head|embed_out|embed_in|output_projection|proj_out|output_layer|output|decoder|embed_tokens|shared|wte"
    r"|word_embeddings|tok_embeddings|lm_loss|generator_lm_head|predictions)\.(?:weight|bias)\Z"
)
#: Wrappers put a name before all others (`torch.nn.DataParallel`, `torch.compile`, a base model without its head).
_PREFIX: Final = r"\w+\."
#: Older spellings of a layer's parts, and today's (transformers/modeling_utils.py; torch.nn.utils.parametrizations).
_SPELLINGS: Final = (
    (r"\.gamma\Z", ".weight"),
    (r"\.beta\Z", ".bias"),
    (r"\.parametrizations\.weight\.original0\Z", ".weight_g"),
    (r"\.parametrizations\.weight\.original1\Z", ".weight_v"),
)
_INTEGERS: Final = r"(?i)u?int\d+|[IU]\d+|bool"


class _Copy(NamedTuple):
    """One model in one format: its files, its tensors by name, and those that are others by another name."""

    files: tuple[WeightFile, ...]
    format: str
    tensors: Mapping[str, Tensor]
    shared: Mapping[str, str]
    is_whole: bool

    @property
    def name(self) -> str:
        """The file, or the first of several."""
        more = f" (and {len(self.files) - 1} more)" if len(self.files) > 1 else ""
        return f"{name_of(self.files[0].path)}{more}"


@rule("CON132", "duplicate-formats", severity=Severity.WARNING, tags=("consistency",))
def duplicate_formats(artifact: Artifact) -> Iterator[Problem]:
    """The same model in several formats does not hold the same tensors, or holds them in other shapes.

    Files that a loader takes for one model are compared: `model.safetensors`, `pytorch_model.bin`, `onnx/model.onnx`,
    their shards, and files that differ in their suffix alone. Tied weights and buffers that one format leaves out are
    no difference, nor are dtypes, nor as many items by other names; quantized weights are not compared with others. Of
    ONNX only tensors with the same name are compared, in their numbers of items.

    ## Why is this bad?
    Which file is loaded is decided by the loader's version and by what is installed. One of them was changed or left
    behind by another training, and somebody gets that one.

    ## How to fix
    Write all formats from the same model, or remove those that nobody needs.
    """
    for copies in _copies(artifact).values():
        for one, other in combinations(copies, 2):
            yield from _compared(one, other)


def _copies(artifact: Artifact) -> dict[tuple[str, str, str], list[_Copy]]:
    """Models that are there in more than one format, by directory, name and variant."""
    groups: dict[tuple[str, str, str], dict[str, list[tuple[int, WeightFile]]]] = {}
    for file in artifact.files:
        match = re.fullmatch(_NAME, name_of(file.path))
        if match is None or not file.is_readable or file.role not in {Role.WEIGHTS, Role.ADAPTER}:
            continue
        directory = file.path.rpartition("/")[0]
        if match["suffix"].lower() == "onnx" and name_of(directory) == _EXPORTED:
            directory = directory.rpartition("/")[0]
        stem = match["stem"].lower()
        key = (directory, _SAME.get(stem, stem), (match["variant"] or match["later"] or "").lower())
        groups.setdefault(key, {}).setdefault(match["suffix"].lower(), []).append((int(match["count"] or 0), file))
    found: dict[tuple[str, str, str], list[_Copy]] = {}
    for key, formats in groups.items():
        if len(formats) > 1:
            copies = [copy for files in formats.values() if (copy := _copy(files)) is not None]
            found[key] = copies
    return found


def _copy(files: Sequence[tuple[int, WeightFile]]) -> _Copy | None:
    """A model from one file, or from all of its shards; None where it cannot be told."""
    counts = {count for count, _ in files}
    alone = [file for count, file in files if not count]
    parts = alone or [file for _, file in files]
    if len(alone) > 1 or (not alone and counts != {len(parts)}):
        return None
    tensors: dict[str, Tensor] = {}
    shared: dict[str, str] = {}
    whole = True
    formats = set()
    for part in sorted(parts, key=lambda file: file.path):
        told = _tensors(part)
        if told is None:
            return None
        format_, own, aliases, is_whole = told
        formats.add(format_)
        tensors.update({tensor.name: tensor for tensor in own})
        shared.update(aliases)
        whole = whole and is_whole
    return _Copy(tuple(parts), formats.pop(), tensors, shared, whole) if len(formats) == 1 and tensors else None


def _tensors(file: WeightFile) -> tuple[str, Sequence[Tensor], Mapping[str, str], bool] | None:
    inspection = file.inspection.value
    if inspection is None or inspection.format is None:
        return None
    format_ = inspection.format
    if format_ not in _SAFETENSORS | _TORCH | _ONNX:
        return None
    kind = "torch" if format_ in _TORCH else format_
    description = file.description.value
    if description is not None and description.tensors:
        # A file of safetensors says in its metadata which names it left out.
        left_out = {
            alias: name for alias, name in inspection.metadata.items() if name in (inspection.tensor_names or ())
        }
        return kind, description.tensors, {**left_out, **description.shared}, description.has_all_tensors
    if format_ not in _SAFETENSORS or inspection.tensor_names is None:
        return None
    return kind, inspection.tensors, {}, inspection.tensor_names == {tensor.name for tensor in inspection.tensors}


def _compared(one: _Copy, other: _Copy) -> Iterator[Problem]:
    if "onnx" in {one.format, other.format}:
        mine, others = one.tensors, other.tensors
    elif one.is_whole and other.is_whole:
        mine, others = _aligned(_respelled(one.tensors), _respelled(other.tensors))
    else:
        return
    common = mine.keys() & others.keys()
    if any(_is_packed(mine[name], others[name]) for name in common):
        return
    has_graph = "onnx" in {one.format, other.format}
    differs = _has_more_items if has_graph else _has_other_shape
    reshaped = sorted(name for name in common if differs(mine[name], others[name]))
    parts = []
    if reshaped:
        first = reshaped[0]
        shapes = f"{_shape(mine[first])} in {one.name} and {_shape(others[first])} in {other.name}"
        parts.append(f"{first} is {shapes}{_more(reshaped)}")
    named = reshaped[:1]
    lost, added = _lost(one, mine, others), _lost(other, others, mine)
    if has_graph or _items(mine, lost) == _items(others, added):
        # As many items by other names are the same layers: releases call them otherwise, or join several into one.
        lost = added = []
    for holder, names, without in ((one, lost, other), (other, added, one)):
        if names:
            parts.append(f"{without.name} has no {names[0]}, which {holder.name} holds{_more(names)}")
            named += names[:1]
    if parts:
        yield _problem(one, other, (mine, others), named[0], "; ".join(parts))


def _lost(holder: _Copy, held: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> list[str]:
    """What one copy holds and the other does not, without what a format may leave out."""
    common = [held[name] for name in held.keys() & kept.keys()]
    shapes = {tensor.shape for tensor in common}
    originals = {holder.shared.get(tensor.name, tensor.name) for tensor in common}
    lost = []
    for name in sorted(held.keys() - kept.keys()):
        tensor = held[name]
        is_computed = re.search(_COMPUTED, name) or re.fullmatch(_INTEGERS, tensor.dtype)
        is_tied = holder.shared.get(tensor.name, tensor.name) in originals
        if not (is_computed or is_tied or (re.search(_TIED, name) and tensor.shape in shapes)):
            lost.append(name)
    return lost


def _items(tensors: Mapping[str, Tensor], names: Sequence[str]) -> int:
    return sum(prod(tensors[name].shape) for name in names)


def _has_other_shape(one: Tensor, other: Tensor) -> bool:
    return one.shape != other.shape


def _has_more_items(one: Tensor, other: Tensor) -> bool:
    """Whether one has more items: exporters of graphs turn weights, and add and drop dimensions of one."""
    return prod(one.shape) != prod(other.shape)


def _is_packed(one: Tensor, other: Tensor) -> bool:
    """Whether the items of one are integers, into which the numbers of the other are packed: a quantized model."""
    return bool(re.fullmatch(_INTEGERS, one.dtype)) != bool(re.fullmatch(_INTEGERS, other.dtype))


def _respelled(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors by the spelling of today."""
    found = {}
    for name, tensor in tensors.items():
        respelled = name
        for old, new in _SPELLINGS:
            respelled = re.sub(old, new, respelled)
        found[respelled] = tensor
    return found


def _aligned(one: dict[str, Tensor], other: dict[str, Tensor]) -> tuple[Mapping[str, Tensor], Mapping[str, Tensor]]:
    """Both without the name that only one of them has before all others, or before those that both have."""
    if one.keys() & other.keys():
        return one, other
    for first, second, turned in ((one, other, False), (other, one, True)):
        prefixes = {match[0] for name in first if (match := re.match(_PREFIX, name))}
        for prefix in sorted(prefixes):
            shorter = {name.removeprefix(prefix): tensor for name, tensor in first.items()}
            if len(shorter) == len(first) and shorter.keys() & second.keys():
                return (second, shorter) if turned else (shorter, second)
    return one, other


def _problem(
    one: _Copy, other: _Copy, tensors: tuple[Mapping[str, Tensor], Mapping[str, Tensor]], named: str, message: str
) -> Problem:
    """The finding, at the second file and beside what each holds under one name."""
    related = tuple(
        Related(Origin(copy.files[0].path), f"tensor `{named}`: {_shape(held[named])}")
        for copy, held in zip((one, other), tensors, strict=True)
        if named in held
    )
    advice = "Write both from the same model, or remove the one that nobody needs."
    path = other.files[0].path
    return Problem(Origin(path), message, advice, file=path, related=related)


def _shape(tensor: Tensor) -> str:
    return f"[{', '.join(map(str, tensor.shape))}]"


def _more(names: Sequence[str]) -> str:
    return f" (and {len(names) - 1:,} more tensors)" if len(names) > 1 else ""
