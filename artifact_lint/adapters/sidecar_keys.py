"""What people call things in hand-written metadata files: the alias table.

Counted over public repositories that keep a JSON or YAML file beside a model. Keys are compared in lower case with
`-` and blanks as `_`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from artifact_lint.model.agreement import SPLITS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Mappings that group what others write at the top: those about the model, and those about how it was made.
MODEL_GROUPS = ("model", "model_info", "model_details", "model_metadata", "metadata")
RUN_GROUPS = ("run", "training", "training_info", "training_metadata", "training_details")

NAME = ("model_name", "name", "model", "best_model", "best_model_name", "modelname", "model_id")
VERSION = ("version", "model_version", "modelversion")
DESCRIPTION = ("description", "summary", "project", "project_title", "problem_statement")
LICENSE = ("license", "licence")
TASK = ("task", "task_type", "problem_type", "pipeline_tag")
FRAMEWORK = ("framework", "library", "library_name")
ARCHITECTURE = (
    "architecture", "model_type", "algorithm", "algo", "model_class", "estimator", "model_architecture", "class_name",
)  # fmt: skip
HYPERPARAMETERS = (
    "hyperparameters", "hyper_parameters", "hyperparams", "params", "parameters", "best_params", "best_parameters",
    "best_hyperparameters", "model_params", "training_params", "training_config", "model_config",
)  # fmt: skip
BASE_MODEL = ("base_model", "base_model_name", "pretrained_model", "backbone")
INPUTS = (
    "inputs", "feature_schema", "input_schema", "features", "feature_order", "feature_names", "feature_columns",
    "input_features", "columns", "selected_features", "data_columns",
)  # fmt: skip
NUMERIC_INPUTS = (
    "numeric_features", "numerical_features", "numeric_columns", "numerical_columns", "continuous_features",
)  # fmt: skip
CATEGORICAL_INPUTS = ("categorical_features", "categorical_columns", "cat_features")
SIGNATURE = ("signature", "model_signature", "io_schema", "schema")
OUTPUTS = ("outputs", "output_schema")
CLASSES = (
    "classes", "class_names", "labels", "target_names", "label_names", "id2label", "idx_to_class", "class_to_idx",
    "label_map", "label_mapping", "class_mapping", "class_indices",
)  # fmt: skip
TARGET = ("target", "target_column", "target_name", "target_variable", "label_column")
#: Columns of the data that are no inputs, or need not be.
APART = (
    *TARGET, "target_columns", "targets", "label", "id_column", "id_columns", "id_col", "index_column", "primary_key",
    "weight_column", "drop_columns", "dropped_columns", "ignored_columns", "excluded_columns",
)  # fmt: skip
#: What a listing of columns calls the part that one plays which is no input.
ROLES_APART = frozenset(
    {"target", "label", "output", "response", "id", "identifier", "index", "key", "weight", "ignore", "ignored", "drop"}
)
IMAGE_INPUT = ("image_size", "imagesize", "img_size", "image_shape")
TENSOR_INPUT = ("input_shape", "input_size", "input_dim")
PREPROCESSING = ("preprocessing", "preprocessor", "scaler", "transformations", "preprocessing_steps")
RUN_ID = ("run_id", "mlflow_run_id", "wandb_run_id", "run", "training_run_id")
EXPERIMENT = ("experiment", "experiment_name", "experiment_id")
CREATED = (
    "created", "created_at", "created_on", "training_date", "trained_at", "trained_on", "timestamp", "date",
    "training_timestamp", "training_time_utc", "last_trained", "saved_at", "generated_at",
)  # fmt: skip
GIT_COMMIT = ("git_commit", "git_sha", "commit", "commit_hash", "git_hash", "commit_sha", "git_commit_hash")
REPOSITORY = ("repository", "git_repository", "repo", "repo_url")
AUTHOR = ("author", "trained_by", "owner", "created_by")
DATASET = ("dataset", "datasets", "dataset_name", "training_data", "training_dataset", "data", "data_source",
           "dataset_source")  # fmt: skip
DATASET_VERSION = ("dataset_version", "data_version")
DATASET_URI = ("dataset_url", "dataset_uri", "data_url", "dataset_path", "data_path")
DATASET_DIGEST = ("dataset_digest", "dataset_hash", "data_hash", "dataset_md5", "dataset_sha256")
METRICS = (
    "metrics", "performance", "model_performance", "best_model_metrics", "test_metrics", "train_metrics", "evaluation",
    "scores", "eval_metrics", "validation_metrics", "val_metrics", "results", "final_metrics",
)  # fmt: skip
FILE = (
    "model_file", "model_path", "weights_file", "weights_path", "weights", "artifact_path", "model_filename", "file",
)  # fmt: skip
DIGEST = (
    "sha256", "digest", "checksum", "model_sha256", "model_hash", "file_hash", "md5", "hash", "weights_digest",
    "model_md5", "model_digest", "model_checksum", "file_sha256", "weights_sha256",
)  # fmt: skip
SIZE = ("size_bytes", "file_size_bytes", "model_size_bytes")
PYTHON = ("python_version", "python")
STAGE = ("stage", "model_stage")
VERSIONS = (
    "versions", "library_versions", "dependencies", "package_versions", "requirements", "environment", "runtime",
)  # fmt: skip

#: What a key that states a library's version begins with, and the distribution it means.
LIBRARIES: Mapping[str, str] = {
    "sklearn": "scikit-learn",
    "scikit_learn": "scikit-learn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "torch": "torch",
    "pytorch": "torch",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "numpy": "numpy",
    "pandas": "pandas",
    "scipy": "scipy",
    "transformers": "transformers",
    "joblib": "joblib",
}

#: Frameworks as people write them, in the spelling of the manifest. Others (fastapi, nextjs) train no model.
FRAMEWORKS: Mapping[str, str] = {
    "sklearn": "scikit-learn",
    "scikit_learn": "scikit-learn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "torch": "pytorch",
    "pytorch": "pytorch",
    "tensorflow": "tensorflow",
    "tf": "tensorflow",
    "keras": "keras",
    "tf.keras": "keras",
    "tensorflow/keras": "keras",
    "jax": "jax",
    "flax": "flax",
    "onnx": "onnx",
    "fastai": "fastai",
    "spacy": "spacy",
    "statsmodels": "statsmodels",
    "prophet": "prophet",
    "transformers": "transformers",
    "paddlepaddle": "paddle",
    "paddle": "paddle",
    "mxnet": "mxnet",
    "h2o": "h2o",
}

_METRIC_NAMES = frozenset(
    {
        *("accuracy", "acc", "balanced_accuracy", "precision", "recall", "f1", "f2", "sensitivity", "specificity"),
        *("auc", "auc_roc", "roc_auc", "pr_auc", "auprc", "auroc", "average_precision", "log_loss", "logloss"),
        *("brier", "loss", "val_loss", "rmse", "mae", "mse", "mape", "smape", "rmsle", "r2", "adjusted_r2"),
        *("explained_variance", "mcc", "kappa", "iou", "map", "perplexity", "bleu", "rouge", "wer", "cer", "gini"),
        *("ks", "silhouette", "ndcg", "mrr", "medae"),
    }
)
_METRIC_HEAD = re.compile(
    r"^(?:(?:test|val|valid|validation|cv|train|training|holdout|eval|best|mean|avg|final|oob)_)*"
)
_METRIC_TAIL = re.compile(
    r"(?:(?:_(?:mean|std|score|macro|micro|weighted|avg|pct|percent|train|test|val|validation|cv)|[@_](?:at_)?\d+))*$"
)

#: Numbers that stand among metrics and are none.
_BOOKKEEPING = re.compile(
    r"(?:n|num|number_of)_\w+|support|epochs?|steps?|seed|random_state|timestamp|\w+_(?:size|rows|seconds|count|samples)"
)

#: Names of hyperparameters that no other settings file has: one of them says that it is a model's.
_HYPERPARAMETER_NAMES = frozenset(
    {
        *("learning_rate", "lr", "n_estimators", "max_depth", "epochs", "n_epochs", "num_epochs", "batch_size"),
        *("hidden_size", "hidden_dim", "hidden_units", "num_layers", "n_layers", "dropout", "weight_decay"),
        *("min_samples_split", "min_samples_leaf", "max_features", "subsample", "colsample_bytree", "num_leaves"),
        *("n_neighbors", "kernel", "gamma", "reg_alpha", "reg_lambda", "max_iter", "l1_ratio", "optimizer"),
        *("n_clusters", "embedding_dim", "num_heads", "warmup_steps", "lora_r", "criterion", "alpha", "solver"),
    }
)

_ALGORITHM = re.compile(
    r"(?:logistic|linear|ridge|lasso|elasticnet|polynomial)(?:regression|regressor|classifier|cv)?"
    r"|(?:randomforest|decisiontree|extratrees?|gradientboosting|histgradientboosting|adaboost|bagging|voting|stacking)"
    r"(?:classifier|regressor|regression|ensemble)?"
    r"|(?:xgboost|xgb|lightgbm|lgbm|catboost|knn|kneighbors|svm|svc|svr|linearsvc|mlp|naivebayes|gaussiannb"
    r"|multinomialnb|bernoullinb|sgd|kmeans|dbscan|isolationforest|neuralnetwork|ann|cnn|rnn|lstm|gru|arima|sarima"
    r"|prophet|supportvectormachine|knearestneighbors)(?:classifier|regressor|regression|boost)?",
)

_TYPES = re.compile(
    r"u?int(?:eger)?\d*|float\d*|double|long|short|byte|str(?:ing)?|bool(?:ean)?|object|categor(?:y|ical)|numeric(?:al)?"
    r"|number|date|time|datetime\S*|timestamp|binary|bytes|text|continuous|ordinal|nominal|discrete|array|tensor|image"
    r"|one[-_]?hot|np\.\w+|numpy\.\w+",
    re.IGNORECASE,
)


def normal(key: str) -> str:
    """A key as the table spells it."""
    return key.strip().lower().replace("-", "_").replace(" ", "_")


def is_metric(key: str) -> bool:
    """Whether a key names a metric, with or without the split before or behind it."""
    name = _METRIC_HEAD.sub("", normal(key), count=1)
    return name in _METRIC_NAMES or _METRIC_TAIL.sub("", name, count=1) in _METRIC_NAMES


def is_bookkeeping(key: str) -> bool:
    """Whether a number by this name counts or times something, and measures no model."""
    return _BOOKKEEPING.fullmatch(normal(key)) is not None


def is_hyperparameter(key: str) -> bool:
    """Whether a key names a hyperparameter that only a model has."""
    return normal(key) in _HYPERPARAMETER_NAMES


def is_algorithm(text: str) -> bool:
    """Whether a text names a kind of model (`Random Forest`) rather than one model."""
    return _ALGORITHM.fullmatch(re.sub(r"[^a-z0-9]", "", text.lower())) is not None


def is_type(text: str) -> bool:
    """Whether a text names a type of values."""
    return _TYPES.fullmatch(text.strip()) is not None


def split_of(key: str) -> str | None:
    """The part of the data that a key speaks of, in the words of the manifest; None where it speaks of none."""
    first = normal(key).removesuffix("_metrics").removesuffix("_set")
    return SPLITS.get(first)
