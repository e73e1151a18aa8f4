"""What a file is to its artifact, told by its name where no record says it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from artifact_lint.model import Role
from artifact_lint.model.paths import name_of, suffix_of

#: The last word of a name says what a thing is: a `model_scaler` is a scaler, a `scaler_model` may be a model.
_END: Final = r"(?:[_.-]?v?\d+)*"
_PREPROCESSOR: Final = (
    r"(?i)(?:^|[_.-]|standard|minmax|robust|label|onehot|one_hot|count|tfidf|target)"
    r"(?:scaler|ohe|vectori[sz]er|tfidf|preprocess(?:or|ing)?|imputer|label_?encoders?|label_?binarizer|"
    r"features|feature_(?:columns|names|list|order|cols)|columns|cols)"
)
#: These are as often networks by themselves, in the formats that networks are kept in.
_PREPROCESSOR_OR_NETWORK: Final = r"(?i)(?:^|[_.-]|label|onehot|target)(?:encoders?|transformer|pca|svd)"
_NETWORK_SUFFIXES = frozenset(
    (".pt", ".pth", ".bin", ".safetensors", ".h5", ".hdf5", ".keras", ".onnx", ".gguf", ".tflite", ".ckpt", ".msgpack")
)
_WHOLE: Final = r"(?i)pipeline|model|classif|regress"
_OPTIMIZER: Final = (
    r"(?i)^(?:optimizer|optim|scheduler|rng_state(?:_\d+)?|training_args)(?:[_.-]|\d|$)|[_-]optimizer\.|^scaler\.pt$"
)
_TOKENIZER: Final = r"(?i)tokeni[sz]er|spiece|sentencepiece|vocab"
_ADAPTER: Final = r"(?i)^adapter_model|^pytorch_lora_weights"
_DATA: Final = (
    r"(?i)(?:^|[_.-])(?:dataset|data|df|dataframe|x_?train|x_?test|y_?train|y_?test|train|test|val|cache|corpus|"
    r"embeddings?)(?:[_.-]|$)"
)
_MODEL: Final = r"(?i)model|weights|classif|regress|clf|estimator|pipeline|checkpoint|forest|xgb|lgb|svm|net"


def role_of(path: str) -> Role:
    """The role that a file's name tells, `WEIGHTS` where it tells none."""
    return _role_of_name(name_of(path))


@lru_cache(maxsize=1 << 12)  # a file is asked for while the tree is looked through, and again when it is judged
def _role_of_name(name: str) -> Role:
    stem = name.split(".", maxsplit=1)[0]
    if re.search(_OPTIMIZER, name):
        return Role.OPTIMIZER
    if re.search(_ADAPTER, name):
        return Role.ADAPTER
    if re.search(_TOKENIZER, stem):
        return Role.TOKENIZER
    return Role.PREPROCESSOR if _prepares(stem, suffix_of(name)) else Role.WEIGHTS


def _prepares(stem: str, suffix: str) -> bool:
    """Whether a name is that of a scaler, an encoder or a list of columns."""
    patterns = (_PREPROCESSOR,) if suffix in _NETWORK_SUFFIXES else (_PREPROCESSOR, _PREPROCESSOR_OR_NETWORK)
    ends = [found.end() for pattern in patterns for found in re.finditer(pattern, stem)]
    return bool(ends) and (re.fullmatch(_END, stem[max(ends) :]) is not None or not re.search(_WHOLE, stem))


def is_auxiliary(path: str) -> bool:
    """Whether a file goes with a model rather than being one."""
    return role_of(path) in {Role.PREPROCESSOR, Role.OPTIMIZER, Role.TOKENIZER}


def sounds_like_data(path: str) -> bool:
    """Whether a name speaks of data and of no model."""
    stem = name_of(path).split(".")[0]
    return bool(re.search(_DATA, stem)) and not re.search(_MODEL, stem)


def sounds_like_model(path: str) -> bool:
    """Whether a name speaks of a model."""
    return bool(re.search(_MODEL, name_of(path).split(".")[0]))
