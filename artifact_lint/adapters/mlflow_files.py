"""The files that the flavors of an MLmodel name."""

from __future__ import annotations

from posixpath import normpath, splitext
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import as_text
from artifact_lint.model import Mention, Role
from artifact_lint.model.paths import directory_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.adapters.reading import Reading
    from artifact_lint.document import Node

#: Keys under which a flavor names what its loader reads, in any flavor.
_FILE_KEYS = (
    "pickled_model",
    "model_path",
    "data",
    "model_data",
    "model_binary",
    "peft_adaptor",
    "python_model",
    "saved_model_dir",
    "serialized_explainer",
    "model_code_path",
)

#: Only these serialization formats pin down what the bytes are.
_FORMATS = {"skops": "skops", "pickle": "pickle", "cloudpickle": "pickle", "pt2": "pt2", "ubj": "ubj"}

#: Paddle's flavor names the stem that these files share.
_PADDLE_SUFFIXES = (".pdmodel", ".pdiparams", ".json")

#: Flavors, and their loaders, whose `data` is the model itself even where it is written as JSON (`model_format`).
_BOOSTERS = frozenset({"xgboost", "mlflow.xgboost", "catboost", "mlflow.catboost"})
#: A class that writes its own format: MLflow 3 states a `serialization_format` beside it that counts
#: for estimators alone (`mlflow.lightgbm.save_model`).
_WRITES_ITSELF = "lightgbm.basic.Booster"

_CODE_SUFFIXES = frozenset({".py", ".ipynb"})
_CONFIG_SUFFIXES = frozenset({".json", ".yaml", ".yml", ".toml", ".ini", ".cfg"})
_OTHER_SUFFIXES = frozenset({".txt", ".md", ".csv", ".parquet", ".html", ".png", ".log"})
_PREPROCESSOR_WORDS = ("scaler", "encoder", "preprocess", "vectorizer", "imputer", "binarizer", "normalizer")


def mentions(reading: Reading, directory: str, flavors: list[tuple[str, Node]]) -> tuple[Mention, ...]:
    """What the flavors name, each path once: the first flavor that names it has the word.

    Code paths are left out; directories, which many flavors save, are marked so.
    """
    found: list[Mention] = []
    seen: set[str] = set()
    for flavor_name, flavor in flavors:
        form = _format(flavor)
        is_stem = flavor_name == "paddle" or as_text(flavor.get("loader_module")) == "mlflow.paddle"
        is_booster = not _BOOSTERS.isdisjoint({flavor_name, as_text(flavor.get("loader_module"))})
        for node, role in _named(flavor, is_booster=is_booster):
            written = as_text(node)
            if written is None or normpath(written) in seen:
                continue
            seen.add(normpath(written))
            mention = reading.mention(directory, node, role, format_name=form)
            if mention is not None:
                found.extend(_beside_stem(reading, mention) if is_stem else (mention,))
    return tuple(found)


def _format(flavor: Node) -> str | None:
    if as_text(flavor.get("model_class")) == _WRITES_ITSELF:
        return None
    for key in ("serialization_format", "model_format"):
        stated = as_text(flavor.get(key))
        if stated is not None:
            return _FORMATS.get(stated)
    return None


def _named(flavor: Node, *, is_booster: bool) -> Iterator[tuple[Node, Role]]:
    for key in _FILE_KEYS:
        node = flavor.get(key)
        if node is not None:
            yield node, Role.WEIGHTS if is_booster and key == "data" else _role(as_text(node) or "")
    artifacts = flavor.get("artifacts")
    for label, artifact in artifacts.items() if artifacts is not None else ():
        node = artifact.get("path")
        if node is not None:
            yield node, _artifact_role(label, as_text(node) or "")


def _beside_stem(reading: Reading, stem: Mention) -> Iterator[Mention]:
    path = stem.path or stem.written
    folder = reading.tree.folder(directory_of(path))
    for suffix in _PADDLE_SUFFIXES:
        if name_of(path) + suffix in folder:
            role = Role.CONFIG if suffix == ".json" else Role.WEIGHTS
            yield Mention(stem.origin, path + suffix, stem.written, role)


def _role(path: str) -> Role:
    suffix = splitext(path)[1].lower()
    if suffix in _CODE_SUFFIXES:
        return Role.OTHER
    return Role.CONFIG if suffix in _CONFIG_SUFFIXES else Role.WEIGHTS


def _artifact_role(label: str, path: str) -> Role:
    words = f"{label} {path.rpartition('/')[2]}".lower()
    suffix = splitext(path)[1].lower()
    if "tokenizer" in words or "vocab" in words:
        return Role.TOKENIZER
    if suffix in _OTHER_SUFFIXES or suffix in _CODE_SUFFIXES:
        return Role.OTHER
    if suffix in _CONFIG_SUFFIXES:
        return Role.CONFIG
    return Role.PREPROCESSOR if any(word in words for word in _PREPROCESSOR_WORDS) else Role.WEIGHTS
