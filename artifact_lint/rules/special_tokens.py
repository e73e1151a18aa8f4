"""CON: do tokenizer, special tokens and labels agree with the rows of the weights?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Origin, Problem, Related, Severity
from artifact_lint.rules.ggufs import gguf_files, gguf_number, row_count
from artifact_lint.rules.networks import PLAIN, directory_of, document_beside, documents, networks, weights_of
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.model import Artifact
    from artifact_lint.model.record import Configuration
    from artifact_lint.rules.networks import Network, Size, Weight

#: How the embedding of tokens is called, where the architecture is not known: the last words of its name.
_EMBEDDING: Final = r"(?:^|\.)(?:embed_tokens|word_embeddings|wte|tok_embeddings|embed_in|tokens_embed)\.weight$"
_FOREIGN: Final = r"vision|visual|image|audio|talker|draft|mtp"
_SPECIAL = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "sep_token_id", "cls_token_id")
_GGUF_SPECIAL = ("bos", "eos", "padding", "unknown", "eot", "eom")
#: The number of labels that a configuration means which names none (transformers' PretrainedConfig).
_LABELS = 2


@rule("CON122", "tokenizer-exceeds-embedding", severity=Severity.ERROR, tags=("consistency",))
def tokenizer_exceeds_embedding(artifact: Artifact) -> Iterator[Problem]:
    """The tokenizer has a token, added ones included, for which the embedding has no row.

    ## Why is this bad?
    The first text with that token ends in an index error, on a GPU in one that says nothing of the cause.

    ## How to fix
    Call `resize_token_embeddings(len(tokenizer))` before training, or keep the tokenizer that the model was saved with.
    """
    for configuration in documents(artifact, "config.json"):
        embedding = _embedding(artifact, configuration)
        directory = directory_of(configuration)
        tokenizer = next((one for one in artifact.record.tokenizers if _directory(one.origin) == directory), None)
        vocabulary = tokenizer.vocabulary.value if tokenizer is not None and embedding is not None else None
        if tokenizer is None or vocabulary is None or embedding is None:
            continue
        rows = embedding.tensor.shape[0]
        if vocabulary.largest >= rows:
            token = f" ({vocabulary.token!r})" if vocabulary.token else ""
            message = (
                f"the highest token id is {vocabulary.largest:,}{token}, and {embedding.tensor.name} has {rows:,} rows"
            )
            related = Related(Origin(embedding.file.path), f"tensor {embedding.tensor.name} has {rows:,} rows")
            advice = "Resize the embedding to the tokenizer, or restore the tokenizer of these weights."
            yield Problem(tokenizer.origin, message, advice, file=embedding.file.path, related=(related,))
    for file in gguf_files(artifact):
        held, tokens = row_count(file), gguf_number(file, "tokenizer.ggml.tokens.length")
        if held is not None and tokens is not None and tokens > held:
            message = f"the file holds {tokens:,} tokens, and token_embd.weight has {held:,} rows"
            advice = "Convert the model again, with its own tokenizer."
            yield Problem(Origin(file.path), message, advice, file=file.path)


@rule("CON127", "special-token-range", severity=Severity.ERROR, tags=("consistency",))
def special_token_range(artifact: Artifact) -> Iterator[Problem]:
    """A special token's id lies past the vocabulary.

    ## Why is this bad?
    Padding or starting a sequence with it ends in an index error; as an end of text it never comes.

    ## How to fix
    Give the id that the tokenizer has for the token.
    """
    for network in networks(artifact):
        size = _vocabulary(network)
        if size is None:
            continue
        yield from _past(network.configuration, network.part, network.values, size)
        if network.part:
            yield from _past(network.configuration, (), network.configuration.values.value, size)
        generation = document_beside(artifact, network.configuration, "generation_config.json")
        if generation is not None:
            yield from _past(generation, (), generation.values.value, size)
    for file in gguf_files(artifact):
        tokens = gguf_number(file, "tokenizer.ggml.tokens.length")
        for name in _GGUF_SPECIAL:
            number = gguf_number(file, f"tokenizer.ggml.{name}_token_id")
            if tokens and number is not None and number >= tokens:
                message = f"tokenizer.ggml.{name}_token_id is {number:,}, and the file holds {tokens:,} tokens"
                yield Problem(Origin(file.path), message, "Convert the model again.", file=file.path)


@rule("CON131", "generation-config", severity=Severity.WARNING, tags=("consistency",))
def generation_config(artifact: Artifact) -> Iterator[Problem]:
    """Configuration, generation settings and tokenizer name different tokens for the end of a text, or for padding.

    A longer list of ends is no difference.

    ## Why is this bad?
    Generation runs past the end, or stops where it should not.

    ## How to fix
    Name the same tokens in config.json, generation_config.json and tokenizer_config.json.
    """
    for configuration in documents(artifact, "config.json"):
        generation = document_beside(artifact, configuration, "generation_config.json")
        values = _main(configuration)
        if generation is not None:
            for key in ("eos_token_id", "pad_token_id"):
                yield from _differ(configuration, values, generation, key)
        tokenizer = document_beside(artifact, configuration, "tokenizer_config.json")
        if tokenizer is not None:
            said = _ids(values[1].get("eos_token_id"))
            said |= _ids(generation.values.value.get("eos_token_id")) if generation is not None else set()
            end = _token_id(tokenizer.values.value, "eos_token")
            if said and end is not None and end not in said:
                listed = " or ".join(str(one) for one in sorted(said))
                place = configuration.place_of(*values[0], "eos_token_id")
                message = f"the tokenizer's eos_token has the id {end}, and generation ends at {listed}"
                related = Related(place, f"eos_token_id is {listed}")
                yield Problem(tokenizer.place_of("eos_token"), message, "Name the same token.", related=(related,))


def classifier_head_problems(artifact: Artifact) -> Iterator[Problem]:
    """What CON111 says of the labels of a configuration and the rows of the classifier."""
    for network in networks(artifact):
        architectures = network.values.get("architectures")
        name = architectures[0] if isinstance(architectures, list) and len(architectures) == 1 else None
        place = network.architecture.heads.get(name) if isinstance(name, str) else None
        weight = network.weights.by_name.get(place[0]) if place is not None else None
        if place is None or weight is None or weight.tensor.dtype not in PLAIN:
            continue
        labels = network.values.get("id2label")
        stated = network.values.get("num_labels", _LABELS)
        count = len(labels) if isinstance(labels, dict) else stated
        rows = weight.tensor.shape[place[1]] if place[1] < len(weight.tensor.shape) else None
        if isinstance(count, int) and rows is not None and rows != count:
            key = "id2label" if isinstance(labels, dict) else "num_labels"
            means = "names" if isinstance(labels, dict) else "means"
            message = f"{key} {means} {count:,} labels, and {weight.tensor.name} has {rows:,} rows"
            related = Related(Origin(weight.file.path), f"tensor {weight.tensor.name} has {rows:,} rows")
            advice = "Name as many labels as the classifier has outputs."
            origin = network.configuration.place_of(key)
            yield Problem(origin, message, advice, file=weight.file.path, related=(related,))


def _directory(origin: Origin) -> str:
    return origin.path.rpartition("/")[0]


def _embedding(artifact: Artifact, configuration: Configuration) -> Weight | None:
    """The embedding of the tokens: what the architecture says it is, or the only one that is called so."""
    known = [network for network in networks(artifact) if network.configuration is configuration]
    for network in known:
        found = _rows(network)
        if found is not None:
            return found.weight
    weights = weights_of(artifact, directory_of(configuration)) if not known else None
    named = [
        weight
        for name, weight in (weights.by_name.items() if weights is not None else ())
        if re.search(_EMBEDDING, name) and not re.search(_FOREIGN, name)
        if weight.tensor.dtype in PLAIN and len(weight.tensor.shape) == 2
    ]
    return named[0] if len(named) == 1 else None


def _rows(network: Network) -> Size | None:
    """The longest of the dimensions that are the vocabulary's."""
    found = [
        size
        for size in network.sizes
        if size.dimension.axis == 0
        and size.dimension.term == network.architecture.names.get("vocab_size", "vocab_size")
    ]
    return max(found, key=lambda size: size.actual, default=None)


def _vocabulary(network: Network) -> int | None:
    """How many tokens there can be: what is stated, or what the embedding has where that is more."""
    size = _rows(network)
    return max(size.actual, size.stated or 0) if size is not None else None


def _past(
    configuration: Configuration, part: tuple[str, ...], values: Mapping[str, object], size: int
) -> Iterator[Problem]:
    for key in _SPECIAL:
        wrong = sorted(number for number in _ids(values.get(key)) if number >= size)
        if wrong:
            name = ".".join((*part, key))
            message = f"{name} is {wrong[0]:,}, and the vocabulary has {size:,} tokens"
            yield Problem(configuration.place_of(*part, key), message, "Give the id that the tokenizer has for it.")


def _ids(value: object) -> set[int]:
    listed = value if isinstance(value, list) else [value]
    return {one for one in listed if isinstance(one, int) and not isinstance(one, bool)}


def _main(configuration: Configuration) -> tuple[tuple[str, ...], Mapping[str, object]]:
    """The part of a configuration that has the special tokens: its own, or that of its text model."""
    values = configuration.values.value
    inner = values.get("text_config")
    if values.get("eos_token_id") is None and isinstance(inner, dict):
        return ("text_config",), inner
    return (), values


def _differ(
    configuration: Configuration,
    main: tuple[tuple[str, ...], Mapping[str, object]],
    generation: Configuration,
    key: str,
) -> Iterator[Problem]:
    part, values = main
    one, other = _ids(values.get(key)), _ids(generation.values.value.get(key))
    if one and other and not (one <= other or other <= one):
        here, there = (" and ".join(str(number) for number in sorted(ids)) for ids in (other, one))
        message = f"{key} is {here}, and in config.json it is {there}"
        related = Related(configuration.place_of(*part, key), f"{key} is {there}")
        yield Problem(generation.place_of(key), message, "Name the same token in both.", related=(related,))


def _token_id(values: Mapping[str, object], key: str) -> int | None:
    """The id of a special token, where the tokenizer's settings have it."""
    token = values.get(key)
    text = token.get("content") if isinstance(token, dict) else token
    decoder = values.get("added_tokens_decoder")
    for number, entry in decoder.items() if isinstance(decoder, dict) else ():
        if isinstance(entry, dict) and entry.get("content") == text and str(number).isdecimal():
            return int(number)
    return None
