"""CON: do the sizes in a configuration agree with the tensors that it is about?"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Origin, Problem, Related, Severity
from artifact_lint.policy.architectures import evaluate
from artifact_lint.rules.ggufs import counted_layers, gguf_files, gguf_number, row_count
from artifact_lint.rules.networks import PLAIN, networks
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from artifact_lint.model import Artifact, WeightFile
    from artifact_lint.rules.networks import Network, Size

_VOCABULARY: Final = r"vocab|entity_count"
_FEED_FORWARD: Final = r"inter|ffn|n_inner|d_ff|d_inner|mlp"
_ATTENTION: Final = r"head|d_kv|key_value|kv_"
_HIDDEN: Final = r"hidden|embd|embed|d_model|^dim$|n_embd|width"
#: The classes of models that predict the next token, by the ends of their names.
_PREDICTING: Final = ("ForCausalLM", "LMHeadModel")
#: Names of layers that are only trained with, and predict further tokens: a file may hold them, a model may not.
_FURTHER: Final = r"nextn|mtp|further|next_n"
_ADVICE = "Restore the configuration that was saved with these weights, or the weights that belong to it."


@rule("CON121", "vocab-size", severity=Severity.ERROR, tags=("consistency",))
def vocab_size(artifact: Artifact) -> Iterator[Problem]:
    """The size of the vocabulary in the configuration is not the number of rows of the embedding, or of the output.

    Of GGUF files, the tokens in the file are counted instead, as llama.cpp does.

    ## Why is this bad?
    Loading fails, or the embedding is initialised anew and the model talks nonsense.

    ## How to fix
    Restore the configuration that was saved with these weights. After `resize_token_embeddings`, save both again.
    """
    for network in networks(artifact):
        problems = [*_stated(network, _is_vocabulary)] or [*_output(network)]
        yield from problems
    for file in gguf_files(artifact):
        rows, tokens = row_count(file), gguf_number(file, "tokenizer.ggml.tokens.length")
        if rows is not None and tokens is not None and 0 < tokens < rows:
            message = f"the file holds {tokens:,} tokens, and token_embd.weight has {rows:,} rows"
            yield Problem(
                Origin(file.path), message, "Convert the model again, with its own tokenizer.", file=file.path
            )


@rule("CON123", "hidden-size", severity=Severity.ERROR, tags=("consistency",))
def hidden_size(artifact: Artifact) -> Iterator[Problem]:
    """The hidden size in the configuration is not the width of the tensors.

    Which tensor has which width is known for the architectures of transformers; of others nothing is said.

    ## Why is this bad?
    Loading fails.

    ## How to fix
    Restore the configuration that was saved with these weights.
    """
    for network in networks(artifact):
        yield from _stated(network, _is_hidden)


@rule("CON124", "layer-count", severity=Severity.ERROR, tags=("consistency",))
def layer_count(artifact: Artifact) -> Iterator[Problem]:
    """The number of layers in the configuration is not that of the weights, or one of them has no tensor.

    Layers that predict further tokens (`num_nextn_predict_layers`) are not counted.

    ## Why is this bad?
    Layers that are missing are initialised at random; those that are too many are left out, with a warning at most.

    ## How to fix
    Restore the configuration that was saved with these weights.
    """
    for network in networks(artifact):
        yield from _layers(network)
    for file in gguf_files(artifact):
        architecture = _metadata(file).get("general.architecture", "")
        stated, counted = gguf_number(file, f"{architecture}.block_count"), counted_layers(file)
        if stated is not None and counted and stated != counted and row_count(file) is not None:
            message = f"{architecture}.block_count is {stated:,}, and the file holds {counted:,} blocks"
            yield Problem(Origin(file.path), message, "Convert the model again.", file=file.path)


@rule("CON125", "attention-shape", severity=Severity.WARNING, tags=("consistency",))
def attention_shape(artifact: Artifact) -> Iterator[Problem]:
    """The heads in the configuration do not make up the attention's projections.

    ## Why is this bad?
    Loading fails, or the heads are cut at other places than they were trained with, and every number is wrong.

    ## How to fix
    Restore the configuration that was saved with these weights.
    """
    for network in networks(artifact):
        problem = next(_stated(network, _is_attention), None) or next(_undivided(network), None)
        if problem is not None:
            yield problem


@rule("CON126", "feed-forward-size", severity=Severity.ERROR, tags=("consistency",))
def feed_forward_size(artifact: Artifact) -> Iterator[Problem]:
    """The size of the feed-forward layers in the configuration is not that of the tensors.

    ## Why is this bad?
    Loading fails.

    ## How to fix
    Restore the configuration that was saved with these weights.
    """
    for network in networks(artifact):
        yield from _stated(network, _is_feed_forward)
    for file in gguf_files(artifact):
        architecture = _metadata(file).get("general.architecture", "")
        stated = gguf_number(file, f"{architecture}.feed_forward_length")
        name = "blk.0.ffn_up.weight"
        rows = row_count(file, name)
        if stated and rows is not None and rows not in {stated, 2 * stated}:
            message = f"{architecture}.feed_forward_length is {stated:,}, and {name} has {rows:,} rows"
            yield Problem(Origin(file.path), message, "Convert the model again.", file=file.path)


def _is_vocabulary(keys: Sequence[str]) -> bool:
    return len(keys) == 1 and bool(re.search(_VOCABULARY, keys[0]))


def _is_attention(keys: Sequence[str]) -> bool:
    return any(re.search(_ATTENTION, key) for key in keys) and not any(re.search(_VOCABULARY, key) for key in keys)


def _is_feed_forward(keys: Sequence[str]) -> bool:
    return any(re.search(_FEED_FORWARD, key) for key in keys) and not _is_attention(keys)


def _is_hidden(keys: Sequence[str]) -> bool:
    is_other = _is_vocabulary(keys) or _is_attention(keys) or _is_feed_forward(keys)
    return len(keys) == 1 and bool(re.search(_HIDDEN, keys[0])) and not is_other


def _stated(network: Network, is_about: Callable[[Sequence[str]], bool]) -> Iterator[Problem]:
    """One problem for each key, or combination of keys, that no tensor bears out, or not all of them."""
    wrong: dict[str, list[Size]] = {}
    right: Counter[str] = Counter()
    corrected = _corrected(network)
    expected = {
        term: evaluate(term, lambda key: network.value(key, corrected)) if len(keys) != 1 else None
        for term, keys in {size.dimension.term: size.dimension.keys for size in network.sizes}.items()
        if is_about(keys)
    }
    for size in network.sizes:
        if size.stated is None or size.dimension.term not in expected:
            continue
        if _is_of_another_vocabulary(network, size):
            continue
        if size.actual != (size.stated if len(size.dimension.keys) == 1 else expected[size.dimension.term]):
            wrong.setdefault(size.dimension.term, []).append(size)
        else:
            right[size.dimension.term] += 1
    told: set[str] = set()
    for sizes in wrong.values():
        first = sizes[0]
        keys = [key for key in first.dimension.keys if is_about([key])] or list(first.dimension.keys)
        if not told.isdisjoint(keys):
            continue
        told.update(keys)
        yield _problem(network, first, len(sizes), keys)


def _is_of_another_vocabulary(network: Network, size: Size) -> bool:
    """Whether an embedding has as many rows as another key says: encoder and decoder may have a vocabulary each."""
    keys = size.dimension.keys
    others = (network.value(key) for key in network.values if "vocab_size" in key and key not in keys)
    return _is_vocabulary(keys) and size.actual != size.stated and size.actual in others


def _output(network: Network) -> Iterator[Problem]:
    """The layer that predicts tokens, where it has not a row for each although the embedding has.

    Only models that do nothing else have as many outputs as tokens: of a configuration with several vocabularies nobody
    knows which one it is.
    """
    key = network.architecture.names.get("vocab_size", "vocab_size")
    names = network.values.get("architectures")
    is_plain = isinstance(names, list) and len(names) == 1 and str(names[0]).endswith(_PREDICTING)
    weight = network.weights.by_name.get("lm_head.weight") if is_plain and not network.part else None
    embedding = next((one for one in network.sizes if one.dimension.term == key and one.dimension.axis == 0), None)
    others = [one for one in network.values if "vocab_size" in one and one not in {network.key(key), "type_vocab_size"}]
    if weight is None or weight.tensor.dtype not in PLAIN or embedding is None or others:
        return
    shape = weight.tensor.shape
    if len(shape) == 2 and embedding.stated is not None and shape[0] != embedding.stated:
        yield _problem(network, embedding._replace(weight=weight, actual=shape[0]), 1, [key])


def _corrected(network: Network) -> dict[str, int]:
    """What keys should be, where all tensors that have one as a size agree; what follows is judged by that."""
    seen: dict[str, set[int]] = {}
    for size in network.sizes:
        if size.dimension.term.isidentifier():  # one key, and nothing else
            seen.setdefault(size.dimension.term, set()).add(size.actual)
    return {key: next(iter(values)) for key, values in seen.items() if len(values) == 1}


def _problem(network: Network, size: Size, count: int, keys: Sequence[str]) -> Problem:
    tensor, file = size.weight.tensor, size.weight.file
    place = network.place(keys[0])
    noun = ("rows", "columns")[size.dimension.axis] if len(tensor.shape) == 2 else f"in dimension {size.dimension.axis}"
    values = [f"{network.shown(key)} is {network.value(key):,}" for key in dict.fromkeys(size.dimension.keys)]
    takes = f", which takes {size.stated:,}" if size.dimension.term != keys[0] else ""
    held = f"{tensor.name} has {size.actual:,} {noun}"
    more = f" (and {count - 1:,} more {'tensor' if count == 2 else 'tensors'})" if count > 1 else ""
    shape = " x ".join(f"{length:,}" for length in tensor.shape)
    related = Related(Origin(file.path), f"tensor {tensor.name} is {shape}")
    message = f"{' and '.join(values)}{takes}, and {held}{more}"
    return Problem(place, message, _ADVICE, file=file.path, related=(related,))


def _undivided(network: Network) -> Iterator[Problem]:
    """Heads that the hidden size cannot be cut into, where nothing else tells how wide they are."""
    names = network.architecture.names
    heads, hidden = (names.get(name, name) for name in ("num_attention_heads", "hidden_size"))
    if not any("attn" in one.dimension.pattern or "attention" in one.dimension.pattern for one in network.sizes):
        return
    known = {*network.architecture.defaults, *network.values}
    if any(re.search(r"head_dim|d_kv|kv_channels|head_size", key) for key in known):
        return
    count, width = network.value(heads), _corrected(network).get(hidden)
    if network.key(heads) in network.values and count and width and width % count:
        message = f"{network.shown(hidden)} is {width:,}, which {count:,} heads ({network.shown(heads)}) cannot share"
        yield Problem(network.place(heads), message, _ADVICE)


def _layers(network: Network) -> Iterator[Problem]:
    if not network.weights.is_complete:
        return
    ignored = [re.compile(text) for text in network.architecture.ignored]
    further = sum(_further(key, value) for key, value in network.values.items())
    for prefix, key in network.architecture.lists:
        stated = network.value(key)
        starts = tuple(f"{start}{prefix}." for start in network.prefixes)
        names = [name for name in network.weights.by_name if name.startswith(starts)]
        kept = [name for name in names if not any(one.search(name) for one in ignored)]
        layers = {number for name in kept if (number := _number(name, starts)) is not None}
        if stated is None or not layers:
            continue
        count = max(layers) + 1
        absent = sorted(set(range(min(count, stated))) - layers)
        if not absent and (count == stated or stated < count <= stated + further):
            continue
        last = next(name for name in kept if _number(name, starts) == max(layers))
        file = network.weights.by_name[last].file
        related = Related(Origin(file.path), f"tensor {last}")
        held = f"nothing of layer {absent[0]:,}" if absent else f"{count:,} layers"
        message = f"{network.shown(key)} is {stated:,}, and the weights hold {held}"
        yield Problem(network.place(key), message, _ADVICE, file=file.path, related=(related,))


def _further(key: str, value: object) -> int:
    return value if re.search(_FURTHER, key) and isinstance(value, int) and value > 0 else 0


def _number(name: str, starts: Sequence[str]) -> int | None:
    for start in starts:
        digits = name[len(start) :].partition(".")[0] if name.startswith(start) else ""
        if digits.isdecimal() and len(digits) < 7:
            return int(digits)
    return None


def _metadata(file: WeightFile) -> dict[str, str]:
    description = file.description.value
    return dict(description.metadata) if description is not None else {}
