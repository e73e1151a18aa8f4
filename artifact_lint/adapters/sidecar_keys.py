"""What people call things in hand-written metadata files: the alias table.

Counted over public repositories that keep a JSON or YAML file beside a model. Keys are compared in lower case with
`-` and blanks as `_`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    "hyperparameters", "hyper_parameters", "params", "parameters", "best_params", "best_parameters",
    "best_hyperparameters", "model_params", "training_params", "training_config", "model_config",
)  # fmt: skip
BASE_MODEL = ("base_model", "base_model_name", "pretrained_model", "backbone")
INPUTS = (
    "inputs", "feature_schema", "input_schema", "features", "feature_order", "feature_names", "feature_columns",
    "input_features", "columns", "selected_features",
)  # fmt: skip
SPLIT_INPUTS = (
    ("numeric_features", "double"), ("numerical_features", "double"), ("numeric_columns", "double"),
    ("numerical_columns", "double"), ("categorical_features", "string"), ("categorical_columns", "string"),
)  # fmt: skip
OUTPUTS = ("outputs", "output_schema", "classes", "class_names", "labels", "target_names", "target", "target_column")
IMAGE_INPUT = ("image_size", "imagesize", "input_size", "input_shape", "img_size")
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
DATASET = ("dataset", "dataset_name", "training_data", "training_dataset", "data", "data_source", "dataset_source")
DATASET_VERSION = ("dataset_version", "data_version")
DATASET_URI = ("dataset_url", "dataset_uri", "data_url", "dataset_path", "data_path")
DATASET_DIGEST = ("dataset_digest", "dataset_hash", "data_hash", "dataset_md5", "dataset_sha256")
METRICS = (
    "metrics", "performance", "model_performance", "best_model_metrics", "test_metrics", "evaluation", "scores",
    "eval_metrics", "validation_metrics", "results", "final_metrics",
)  # fmt: skip
FILE = (
    "model_file",
    "model_path",
    "weights_file",
    "weights_path",
    "weights",
    "artifact_path",
    "model_filename",
    "file",
)
DIGEST = ("sha256", "digest", "checksum", "model_sha256", "model_hash", "file_hash", "md5", "hash", "weights_digest")
SIZE = ("size_bytes", "file_size_bytes", "size")
PYTHON = ("python_version", "python")
STAGE = ("stage", "model_stage")

#: The end of a key that states a library's version, and the distribution it means.
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
    "transformers": "transformers",
    "joblib": "joblib",
}

#: Numbers by these names are metrics wherever they stand.
METRIC_NAMES = frozenset(  # noqa: SIM905  a list of words reads better as a paragraph
    "accuracy acc balanced_accuracy precision recall f1 f1_score f1_macro f1_weighted auc auc_roc roc_auc pr_auc "
    "average_precision log_loss logloss brier brier_score loss val_loss rmse mae mse mape smape r2 r2_score "
    "explained_variance mcc kappa iou map perplexity bleu rouge wer cer gini ks silhouette ndcg mrr".split()
)
METRIC_PREFIXES = ("test_", "val_", "valid_", "validation_", "cv_", "train_", "holdout_", "eval_", "best_", "mean_")


def normal(key: str) -> str:
    """A key as the table spells it."""
    return key.strip().lower().replace("-", "_").replace(" ", "_")


def is_metric(key: str) -> bool:
    """Whether a key names a metric, with or without the split before it."""
    name = normal(key)
    for prefix in METRIC_PREFIXES:
        name = name.removeprefix(prefix)
    return name in METRIC_NAMES
