"""What a file is to its artifact, told by its name where no record says it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from artifact_lint.model import Role

_PREPROCESSOR = re.compile(
    r"(?:^|[_.-])(?:scaler|encoders?|ohe|vectori[sz]er|tfidf|preprocess(?:or|ing)?|imputer|pca|label_?encoder|"
    r"label_?binarizer|transformer|feature_(?:columns|names|list)|columns)(?:[_.-]|\d|$)|(?:scaler|encoder|vectorizer)$",
    re.IGNORECASE,
)
_OPTIMIZER = re.compile(r"^(?:optimizer|optim|scheduler|rng_state(?:_\d+)?|training_args|scaler\.pt$)", re.IGNORECASE)
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
    name = PurePosixPath(path).name
    stem = name.split(".")[0]
    if _OPTIMIZER.search(name):
        return Role.OPTIMIZER
    if _ADAPTER.search(name):
        return Role.ADAPTER
    if _TOKENIZER.search(stem):
        return Role.TOKENIZER
    if _PREPROCESSOR.search(stem) and not re.search(r"pipeline|model", stem, re.IGNORECASE):
        return Role.PREPROCESSOR
    return Role.WEIGHTS


def is_auxiliary(path: str) -> bool:
    """Whether a file goes with a model rather than being one."""
    return role_of(path) in {Role.PREPROCESSOR, Role.OPTIMIZER, Role.TOKENIZER}


def sounds_like_data(path: str) -> bool:
    """Whether a name speaks of data and of no model."""
    stem = PurePosixPath(path).name.split(".")[0]
    return bool(_DATA.search(stem)) and not _MODEL.search(stem)


def sounds_like_model(path: str) -> bool:
    """Whether a name speaks of a model."""
    return bool(_MODEL.search(PurePosixPath(path).name.split(".")[0]))
