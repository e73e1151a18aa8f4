"""What a file is to its artifact, told by its name where no record says it."""

from __future__ import annotations

import re

from artifact_lint.model import Role
from artifact_lint.model.paths import name_of, suffix_of

#: The last word of a name says what a thing is: a `model_scaler` is a scaler, a `scaler_model` may be a model.
_END = re.compile(r"(?:[_.-]?v?\d+)*")
_PREPROCESSOR = re.compile(
    r"(?:^|[_.-]|standard|minmax|robust|label|onehot|one_hot|count|tfidf|target)"
    r"(?:scaler|ohe|vectori[sz]er|tfidf|preprocess(?:or|ing)?|imputer|label_?encoders?|label_?binarizer|"
    r"features|feature_(?:columns|names|list|order|cols)|columns|cols)",
    re.IGNORECASE,
)
#: These are as often networks by themselves, in the formats that networks are kept in.
_PREPROCESSOR_OR_NETWORK = re.compile(
    r"(?:^|[_.-]|label|onehot|target)(?:encoders?|transformer|pca|svd)", re.IGNORECASE
)
_NETWORK_SUFFIXES = frozenset(
    (".pt", ".pth", ".bin", ".safetensors", ".h5", ".hdf5", ".keras", ".onnx", ".gguf", ".tflite", ".ckpt", ".msgpack")
)
_WHOLE = re.compile(r"pipeline|model|classif|regress", re.IGNORECASE)
_OPTIMIZER = re.compile(
    r"^(?:optimizer|optim|scheduler|rng_state(?:_\d+)?|training_args)(?:[_.-]|\d|$)|[_-]optimizer\.|^scaler\.pt$",
    re.IGNORECASE,
)
_TOKENIZER = re.compile(r"tokeni[sz]er|spiece|sentencepiece|vocab", re.IGNORECASE)
_ADAPTER = re.compile(r"^adapter_model|^pytorch_lora_weights", re.IGNORECASE)
_DATA = re.compile(
    r"(?:^|[_.-])(?:dataset|data|df|dataframe|x_?train|x_?test|y_?train|y_?test|train|test|val|cache|corpus|embeddings?)"
    r"(?:[_.-]|$)",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"model|weights|classif|regress|clf|estimator|pipeline|checkpoint|forest|xgb|lgb|svm|net", re.IGNORECASE
)


def role_of(path: str) -> Role:
    """The role that a file's name tells, `WEIGHTS` where it tells none."""
    name = name_of(path)
    stem = name.split(".")[0]
    if _OPTIMIZER.search(name):
        return Role.OPTIMIZER
    if _ADAPTER.search(name):
        return Role.ADAPTER
    if _TOKENIZER.search(stem):
        return Role.TOKENIZER
    return Role.PREPROCESSOR if _prepares(stem, suffix_of(name)) else Role.WEIGHTS


def _prepares(stem: str, suffix: str) -> bool:
    """Whether a name is that of a scaler, an encoder or a list of columns."""
    patterns = (_PREPROCESSOR,) if suffix in _NETWORK_SUFFIXES else (_PREPROCESSOR, _PREPROCESSOR_OR_NETWORK)
    ends = [found.end() for pattern in patterns for found in pattern.finditer(stem)]
    return bool(ends) and (_END.fullmatch(stem, max(ends)) is not None or not _WHOLE.search(stem))


def is_auxiliary(path: str) -> bool:
    """Whether a file goes with a model rather than being one."""
    return role_of(path) in {Role.PREPROCESSOR, Role.OPTIMIZER, Role.TOKENIZER}


def sounds_like_data(path: str) -> bool:
    """Whether a name speaks of data and of no model."""
    stem = name_of(path).split(".")[0]
    return bool(_DATA.search(stem)) and not _MODEL.search(stem)


def sounds_like_model(path: str) -> bool:
    """Whether a name speaks of a model."""
    return bool(_MODEL.search(name_of(path).split(".")[0]))
