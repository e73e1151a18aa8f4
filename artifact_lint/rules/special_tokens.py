"""CON: do tokenizer, special tokens and labels agree with the rows of the weights?"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.model import Origin, Problem, Related, Severity
from artifact_lint.rules.ggufs import counted_layers, gguf_files, gguf_number, row_count
from artifact_lint.rules.networks import PLAIN, directory_of, document_beside, documents, networks, weights_of
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.model import Artifact
    from artifact_lint.model.record import Configuration, Vocabulary
    from artifact_lint.rules.networks import Network, Size, Weight

#: How the embedding of tokens is called, where the architecture is not known: the last words of its name.
_EMBEDDING: Final = r"(?:^|\.)(?:embed_tokens|word_embeddings|wte|tok_embeddings|embed_in|tokens_embed)\.weight$"
_FOREIGN: Final = r"vision|visual|image|audio|talker|draft|mtp"
#: What generating and padding ask for; `sep` and `cls` are the tokenizer's, and no model looks at their numbers.
_SPECIAL = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")
_GGUF_SPECIAL = ("bos", "eos", "padding", "unknown", "eot", "eom")
#: The number of labels that a configuration means which names none (transformers' PretrainedConfig).
_LABELS = 2


class _Embedding(NamedTuple):
    """The embedding of the tokens, the ids that are no concern here, and whether the configuration has its number."""

    weight: Weight
    room: int
    is_stated: bool


class _Token(NamedTuple):
    """A token of the highest id in some list, and where that list stands."""

    number: int
    text: str
    origin: Origin
    is_added: bool


@rule("CON122", "tokenizer-exceeds-embedding", severity=Severity.ERROR, tags=("consistency",))
def tokenizer_exceeds_embedding(artifact: Artifact) -> Iterator[Problem]:
    """The tokenizer has a token, added ones included, for which the embedding has no row.

    It is a warning where only words of the tokenizer's own vocabulary are past the embedding and the configuration has
    the embedding's number: a tokenizer may be kept whole beside a model that was made with fewer tokens, as small ones
    for tests are. Added and special tokens were put there for this model.

    ## Why is this bad?
    The first text with that token ends in an index error, on a GPU in one that says nothing of the cause.

    ## How to fix
    Call `resize_token_embeddings(len(tokenizer))` before training, or keep the tokenizer that the model was saved with.
    """
    known = _by_document(artifact)
    for configuration in documents(artifact, "config.json"):
        embedding = _embedding(artifact, configuration, known.get(configuration.origin.path, []))
        highest = _highest(artifact, configuration) if embedding is not None else ()
        token = next((one for one in highest if embedding is not None and one.number >= embedding.room), None)
        if embedding is None or token is None:
            continue
        weight, rows = embedding.weight, embedding.weight.tensor.shape[0]
        named = f" ({token.text!r})" if token.text else ""
        kind = "added token's id" if token.is_added else "token id"
        message = f"the highest {kind} is {token.number:,}{named}, and {weight.tensor.name} has {rows:,} rows"
        related = Related(Origin(weight.file.path), f"tensor {weight.tensor.name} has {rows:,} rows")
        advice = "Resize the embedding to the tokenizer, or restore the tokenizer of these weights."
        severity = Severity.WARNING if embedding.is_stated and not token.is_added else None
        yield Problem(token.origin, message, advice, weight.file.path, (related,), severity=severity)
    for file in gguf_files(artifact):
        held, tokens = row_count(file), gguf_number(file, "tokenizer.ggml.tokens.length")
        if held is not None and tokens is not None and tokens > held:
            message = f"the file holds {tokens:,} tokens, and token_embd.weight has {held:,} rows"
            advice = "Convert the model again, with its own tokenizer."
            # A file without a single block is loaded for its tokens at most.
            severity = None if counted_layers(file) else Severity.WARNING
            yield Problem(Origin(file.path), message, advice, file=file.path, severity=severity)


@rule("CON127", "special-token-range", severity=Severity.ERROR, tags=("consistency",))
def special_token_range(artifact: Artifact) -> Iterator[Problem]:
    """A special token's id lies past the vocabulary.

    ## Why is this bad?
    Padding or starting a sequence with it ends in an index error; as an end of text it never comes.

    ## How to fix
    Give the id that the tokenizer has for the token.
    """
    known = _by_document(artifact)
    for configuration in documents(artifact, "config.json"):
        parts = known.get(configuration.origin.path, [])
        sizes = [(one, size) for one in parts if (size := _vocabulary(one)) is not None]
        for network, size in sizes:
            if network.part:
                yield from _past(configuration, network.part, network.values, size)
        # What is said of the model as a whole may mean the tokens of either part.
        room = max((size for _, size in sizes), default=None)
        generation = document_beside(artifact, configuration, "generation_config.json")
        for document in (configuration, generation):
            if document is not None and room is not None:
                yield from _past(document, (), document.values.value, room)
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
    known = _by_document(artifact)
    for configuration in documents(artifact, "config.json"):
        generation = document_beside(artifact, configuration, "generation_config.json")
        values = _main(configuration)
        sizes = [_vocabulary(one) for one in known.get(configuration.origin.path, [])]
        # An id past the vocabulary is the matter of the rule about those.
        room = max((size for size in sizes if size is not None), default=math.inf)
        if generation is not None:
            for key in ("eos_token_id", "pad_token_id"):
                yield from _differ(configuration, values, generation, key, room)
        tokenizer = document_beside(artifact, configuration, "tokenizer_config.json")
        if tokenizer is not None:
            said = _ids(values[1].get("eos_token_id"))
            said |= _ids(generation.values.value.get("eos_token_id")) if generation is not None else set()
            end = _token_id(tokenizer.values.value, "eos_token")
            if said and max(said) < room and end is not None and end not in said:
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


def _highest(artifact: Artifact, configuration: Configuration) -> Iterator[_Token]:
    """The tokens with the highest ids: of the added ones, as each document has them, and of the tokenizer's own."""
    directory = directory_of(configuration)
    tokenizer = next((one for one in artifact.record.tokenizers if _directory(one.origin) == directory), None)
    vocabulary: Vocabulary | None = tokenizer.vocabulary.value if tokenizer is not None else None
    if tokenizer is not None and vocabulary is not None:
        yield _Token(vocabulary.added, vocabulary.added_token, tokenizer.origin, is_added=True)
    settings = document_beside(artifact, configuration, "tokenizer_config.json")
    if settings is not None:
        ids = _decoded(settings.values.value)
        if ids:
            number, text, key = max(ids)
            yield _Token(number, text, settings.place_of("added_tokens_decoder", key), is_added=True)
    listed = document_beside(artifact, configuration, "added_tokens.json")
    if listed is not None:
        pairs = [(number, text) for text, number in listed.values.value.items() if type(number) is int]
        if pairs:
            number, text = max(pairs)
            yield _Token(number, text, listed.place_of(text), is_added=True)
    if tokenizer is not None and vocabulary is not None:
        yield _Token(vocabulary.largest, vocabulary.token, tokenizer.origin, is_added=False)


def _by_document(artifact: Artifact) -> dict[str, list[Network]]:
    """The known networks of each configuration, by its path."""
    found: dict[str, list[Network]] = {}
    for network in networks(artifact):
        found.setdefault(network.configuration.origin.path, []).append(network)
    return found


def _embedding(artifact: Artifact, configuration: Configuration, known: list[Network]) -> _Embedding | None:
    """The embedding of the tokens: what the architecture says it is, or the only one that is called so.

    Ids for which a configuration of a known architecture has room are the matter of the rule about its size.
    """
    found = [size for network in known if (size := _rows(network)) is not None]
    if found:
        largest = max(found, key=lambda one: one.actual)
        room = max(max(one.actual, one.stated or 0) for one in found)
        return _Embedding(largest.weight, room, largest.stated == largest.actual)
    weights = weights_of(artifact, directory_of(configuration)) if not known else None
    named = [
        weight
        for name, weight in (weights.by_name.items() if weights is not None else ())
        if re.search(_EMBEDDING, name) and not re.search(_FOREIGN, name)
        if weight.tensor.dtype in PLAIN and len(weight.tensor.shape) == 2
    ]
    if len(named) != 1:
        return None
    rows = named[0].tensor.shape[0]
    return _Embedding(named[0], rows, configuration.values.value.get("vocab_size") == rows)


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
    """The ids that a value has; a negative number is none."""
    listed = value if isinstance(value, list) else [value]
    return {one for one in listed if isinstance(one, int) and not isinstance(one, bool) and one >= 0}


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
    room: float,
) -> Iterator[Problem]:
    part, values = main
    one, other = _ids(values.get(key)), _ids(generation.values.value.get(key))
    if one and other and max(one | other) < room and not (one <= other or other <= one):
        here, there = (" and ".join(str(number) for number in sorted(ids)) for ids in (other, one))
        message = f"{key} is {here}, and in config.json it is {there}"
        related = Related(configuration.place_of(*part, key), f"{key} is {there}")
        yield Problem(generation.place_of(key), message, "Name the same token in both.", related=(related,))


def _token_id(values: Mapping[str, object], key: str) -> int | None:
    """The id of a special token, where the tokenizer's settings have it."""
    token = values.get(key)
    text = token.get("content") if isinstance(token, dict) else token
    return next((number for number, content, _ in _decoded(values) if content == text), None)


def _decoded(values: Mapping[str, object]) -> list[tuple[int, str, str]]:
    """The added tokens of a tokenizer's settings: their ids, texts and keys."""
    decoder = values.get("added_tokens_decoder")
    return [
        (int(key), str(entry.get("content")), key)
        for key, entry in (decoder.items() if isinstance(decoder, dict) else ())
        if isinstance(entry, dict) and isinstance(key, str) and re.fullmatch(r"[0-9]{1,15}", key)
    ]
