"""Hugging Face directories: transformers models, PEFT adapters, diffusers pipelines, sentence-transformers, timm.

The formats are what `save_pretrained` writes, and the model card's metadata
(https://github.com/huggingface/hub-docs/blob/main/modelcard.md).
"""

from __future__ import annotations

from re import compile as regex
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.adapters.base import Claim, Reach
from artifact_lint.adapters.huggingface_card import describe_card
from artifact_lint.adapters.huggingface_code import has_code, is_template_file
from artifact_lint.adapters.huggingface_labels import labels_of
from artifact_lint.adapters.huggingface_run import RUN_FILES, describe_training
from artifact_lint.adapters.huggingface_settings import configurations, tokenizers
from artifact_lint.adapters.reading import Reading, as_text, child, fact, one_or_many, stated
from artifact_lint.adapters.requirements import read_environment
from artifact_lint.adapters.shards import index_names, read_shards
from artifact_lint.document import Syntax
from artifact_lint.model import NOTHING, Component, Fact, Feature, Origin, Record, Section, Stated
from artifact_lint.model.paths import name_of, upwards
from artifact_lint.stores.base import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.document import Node
    from artifact_lint.stores.base import Entry
    from artifact_lint.tree import Tree

NAME = "huggingface"

CONFIG = "config.json"
ADAPTER_CONFIG = "adapter_config.json"
PIPELINE = "model_index.json"
MODULES = "modules.json"
CARD = "README.md"

#: A file beside the weights is read up to this many bytes; real ones take a few thousand, a shard index may be larger.
DOCUMENT_LIMIT = 8 << 20

#: How many entries of a configuration, and how many labels, are taken.
_MOST_ENTRIES = 1_000
_MOST_LABELS = 10_000

_WEIGHTS = regex(r".+\.safetensors|(?:pytorch_model|adapter_model|model)\b.*\.bin|tf_model\.h5|flax_model\.msgpack")

#: What a tokenizer or a processor is kept in: the input contract of the model.
_INPUT_CONTRACTS = (
    "tokenizer_config.json",
    "tokenizer.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tekken.json",
    "vocab.json",
    "vocab.txt",
)

#: What a tokenizer or processor by itself is recognised by, and what makes it part of a model.
_TOKENIZER_RECORDS = frozenset(
    {"chat_template.json", "preprocessor_config.json", "processor_config.json", "tokenizer_config.json"}
)
_MODEL_RECORDS = (CONFIG, ADAPTER_CONFIG, PIPELINE, MODULES, "MLmodel")

#: Documents that are read only to find out whether they can be.
_SIDE_DOCUMENTS = (
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "preprocessor_config.json",
    "processor_config.json",
    "config_sentence_transformers.json",
)

#: Hand-written files use `model_type`, too; these stand only in those of a library.
_LIBRARY_KEYS = (
    "architectures",
    "transformers_version",
    "auto_map",
    "torch_dtype",
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "_diffusers_version",
    "quantization_config",
)

#: Keys of a configuration that say what it is or where it came from, not how the model is built.
_NOT_HYPERPARAMETERS = frozenset(
    {
        "_class_name",
        "_diffusers_version",
        "_name_or_path",
        "architectures",
        "architecture",
        "base_model_name_or_path",
        "model_type",
        "peft_type",
        "peft_version",
        "task_type",
        "transformers_version",
    }
)

#: PEFT's task types as the hub's pipeline tags.
_TASKS = {
    "CAUSAL_LM": "text-generation",
    "FEATURE_EXTRACTION": "feature-extraction",
    "QUESTION_ANS": "question-answering",
    "SEQ_2_SEQ_LM": "text2text-generation",
    "SEQ_CLS": "text-classification",
    "TOKEN_CLS": "token-classification",
}


class _Configuration(NamedTuple):
    """The document that says what the model is, and which library wrote it."""

    path: str
    root: Node | None
    framework: str


def recognise(tree: Tree, directory: str) -> Iterator[Claim]:
    """One claim for the directory where a library's configuration or a shard index lies in it.

    A configuration that cannot be read counts where weights or another file of these libraries lie beside it. A
    tokenizer or processor by itself counts where it brings a chat template or code, which whoever loads it runs.
    """
    folder = tree.folder(directory)
    yield from _recognise_tokenizer(tree, directory, folder)
    if not any(name in folder for name in (CONFIG, ADAPTER_CONFIG, PIPELINE, MODULES)) and not index_names(folder):
        return
    found = _configuration(tree, directory)
    if found is not None:
        reach = Reach.TREE if name_of(found.path) in (PIPELINE, MODULES) else Reach.DIRECTORY
        yield Claim(NAME, directory, found.path, reach)
        return
    for name in index_names(folder):
        path = child(directory, name)
        root = _root(tree, path)
        if root is None or root.get("weight_map") is not None:
            yield Claim(NAME, directory, path, Reach.DIRECTORY)
            return


def _recognise_tokenizer(tree: Tree, directory: str, folder: Mapping[str, Entry]) -> Iterator[Claim]:
    names = [name for name in folder if name in _TOKENIZER_RECORDS or is_template_file(child(directory, name))]
    if not names or any(_WEIGHTS.fullmatch(name) for name in folder):
        return
    if any(name in tree.folder(place) for place in upwards(directory) for name in _MODEL_RECORDS):
        return
    for name in sorted(names):
        path = child(directory, name)
        if is_template_file(path) or has_code(tree, path):
            yield Claim(NAME, directory, path, Reach.DIRECTORY)
            return


def describe(tree: Tree, claim: Claim) -> Record:
    """What the configurations, the shard indices, the model card and the training's results state."""
    reading = Reading(tree)
    directory, folder = claim.directory, tree.folder(claim.directory)
    if name_of(claim.record) in _TOKENIZER_RECORDS or is_template_file(claim.record):
        return _describe_tokenizer(reading, claim)
    found = _configuration(tree, directory)
    documents = {name: _document(reading, directory, name) for name in (CONFIG, ADAPTER_CONFIG, PIPELINE, MODULES)}
    for name in _SIDE_DOCUMENTS:
        _document(reading, directory, name)
    shards = read_shards(reading, directory)
    if claim.reach is Reach.TREE:
        for below in tree.subdirectories(directory):
            shards += read_shards(reading, below)
    card = describe_card(reading.front_matter(child(directory, CARD))) if CARD in folder else NOTHING
    training = describe_training([_document(reading, directory, name) for name in RUN_FILES])
    environment = read_environment(reading, directory)
    config, adapter = documents[CONFIG], documents[ADAPTER_CONFIG]
    origin = Origin(claim.record)
    contract = next((name for name in _INPUT_CONTRACTS if name in folder), None)
    about = Record(
        conventions=(NAME,),
        sources=(origin, *(source for source in reading.sources if source.path != claim.record)),
        task=Stated() if card.task else _adapter_task(adapter),
        framework=Stated((Fact(found.framework if found else "transformers", origin),)),
        architecture=_architecture(found, documents),
        hyperparameters=_hyperparameters(found.root if found else None, config, adapter),
        base_model=stated(adapter.get("base_model_name_or_path")) if adapter is not None else Stated(),
        outputs=_outputs(config),
        labels=labels_of(config),
        python_version=environment.python_version,
        requirements=environment.requirements,
        mentions=shards.mentions,
        shard_indexes=shards.shard_indexes,
        configurations=tuple(configurations(reading, claim)),
        tokenizers=tuple(tokenizers(reading, directory)),
        sections=tuple(_sections(directory, found, contract, card + training)),
        not_applicable=(Fact(Component.FEATURE_SCHEMA, origin),) if contract is None else (),
        locations=tuple(_locations(config, adapter)),
        texts=reading.texts,
        remarks=reading.remarks,
    )
    return about + card + training


def _describe_tokenizer(reading: Reading, claim: Claim) -> Record:
    """A tokenizer by itself: no component of a model is missing where there is no model."""
    origin = Origin(claim.record)
    for name in sorted(_TOKENIZER_RECORDS):
        _document(reading, claim.directory, name)
    return Record(
        conventions=(NAME,),
        sources=(origin, *(source for source in reading.sources if source.path != claim.record)),
        not_applicable=tuple(Fact(component, origin) for component in Component),
        texts=reading.texts,
        remarks=reading.remarks,
    )


def _configuration(tree: Tree, directory: str) -> _Configuration | None:
    folder = tree.folder(directory)
    for name, judge in _JUDGES.items():
        path = child(directory, name)
        if name not in folder or not _is_readable_size(folder[name]):
            continue
        root = _root(tree, path)
        if root is None:
            if tree.failure(path) is not None and _has_company(folder):
                return _Configuration(path, None, "peft" if name == ADAPTER_CONFIG else "transformers")
            continue
        framework = judge(root, folder)
        if framework is not None:
            return _Configuration(path, root, framework)
    return None


def _judge_pipeline(root: Node, folder: Mapping[str, Entry]) -> str | None:  # noqa: ARG001  judges share a signature
    return "diffusers" if as_text(root.get("_class_name")) is not None else None


def _judge_modules(root: Node, folder: Mapping[str, Entry]) -> str | None:  # noqa: ARG001  judges share a signature
    types = (as_text(element.get("type")) or "" for element in root.elements())
    return "sentence-transformers" if any(name.startswith("sentence_transformers") for name in types) else None


def _judge_config(root: Node, folder: Mapping[str, Entry]) -> str | None:
    if as_text(root.get("_class_name")) is not None and root.get("_diffusers_version") is not None:
        return "diffusers"
    if as_text(root.get("architecture")) is not None and root.get("pretrained_cfg") is not None:
        return "timm"
    architectures = root.get("architectures")
    if architectures is not None and any(as_text(one) is not None for one in architectures.elements()):
        return "transformers"
    if as_text(root.get("transformers_version")) is not None:
        return "transformers"
    if as_text(root.get("model_type")) is None:
        return None
    known = any(root.get(key) is not None for key in _LIBRARY_KEYS)
    return "transformers" if known or any(name in folder for name in _INPUT_CONTRACTS + _SIDE_DOCUMENTS) else None


def _judge_adapter(root: Node, folder: Mapping[str, Entry]) -> str | None:  # noqa: ARG001  judges share a signature
    return "peft" if as_text(root.get("peft_type")) is not None else None


#: The documents that say what a directory is, the most telling first.
_JUDGES = {
    PIPELINE: _judge_pipeline,
    MODULES: _judge_modules,
    CONFIG: _judge_config,
    ADAPTER_CONFIG: _judge_adapter,
}


def _root(tree: Tree, path: str) -> Node | None:
    document = tree.document(path, Syntax.JSON)
    return document.root if document is not None else None


def _is_readable_size(entry: Entry) -> bool:
    return entry.kind is EntryKind.FILE and entry.size <= DOCUMENT_LIMIT


def _has_company(folder: Mapping[str, Entry]) -> bool:
    return any(name in _INPUT_CONTRACTS or name in _SIDE_DOCUMENTS or _WEIGHTS.fullmatch(name) for name in folder)


def _document(reading: Reading, directory: str, name: str) -> Node | None:
    entry = reading.tree.folder(directory).get(name)
    if entry is None or not _is_readable_size(entry):
        return None
    return reading.document(child(directory, name), Syntax.JSON)


def _architecture(found: _Configuration | None, documents: Mapping[str, Node | None]) -> Stated[str]:
    if found is None or found.root is None:
        return Stated()
    root = found.root
    if name_of(found.path) == MODULES:
        config = documents[CONFIG]
        if config is None:
            return Stated()
        root = config
    architectures = root.get("architectures")
    first = next(architectures.elements(), None) if architectures is not None else None
    keys = ("_class_name", "architecture", "model_type", "peft_type")
    return Stated(stated(first, *(root.get(key) for key in keys)).facts[:1])


def _hyperparameters(*configurations: Node | None) -> Stated[Mapping[str, object]]:
    for root in configurations:
        values: Mapping[str, object] = dict(_settings(root)) if root is not None else {}
        if root is not None and values:
            return Stated((Fact(values, root.origin),))
    return Stated()


def _settings(root: Node) -> Iterator[tuple[str, object]]:
    count = 0
    for key, node in root.items():
        if key in _NOT_HYPERPARAMETERS or node.is_mapping or node.is_null:
            continue
        if node.is_sequence and not all(element.text is not None for element in node.elements()):
            continue
        count += 1
        if count > _MOST_ENTRIES:
            return
        yield key, node.value


def _outputs(config: Node | None) -> Stated[tuple[Feature, ...]]:
    labels = config.get("id2label") if config is not None else None
    if labels is None:
        return Stated()
    names = tuple(as_text(node) for _, node in labels.items())
    known = tuple(name for name in names if name is not None)[:_MOST_LABELS]
    if not known:
        return Stated()
    origin = labels.origin
    return Stated((Fact((Feature("label", "string", origin, allowed=known),), origin),))


def _adapter_task(adapter: Node | None) -> Stated[str]:
    task = fact(adapter.get("task_type")) if adapter is not None else None
    return Stated((Fact(_TASKS.get(task.value, task.value), task.origin),)) if task is not None else Stated()


def _sections(directory: str, found: _Configuration | None, contract: str | None, results: Record) -> Iterator[Section]:
    if found is not None and found.root is not None:
        yield Section(Component.CONFIG, Origin(found.path))
    if contract is not None:
        yield Section(Component.FEATURE_SCHEMA, Origin(child(directory, contract)))
    run = results.metrics.best or results.datasets.best
    if run is not None:
        yield Section(Component.RUN, run.origin)


def _locations(config: Node | None, adapter: Node | None) -> Iterator[Fact[str]]:
    nodes = [config.get("_name_or_path")] if config is not None else []
    if adapter is not None:
        nodes += one_or_many(adapter.get("base_model_name_or_path"))
    for node in nodes:
        location = fact(node)
        if location is not None:
            yield location
