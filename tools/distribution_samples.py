"""The distributions that artifacts' environments name, and the versions whose requirements are kept of each.

`*` is the newest release. More than one version stands where requirements changed in a way that decides what an
environment brings along: transformers has needed safetensors since 4.30, MLflow's tracking server needs scikit-learn.
What these need is followed, each at its newest release.
"""

from __future__ import annotations

from typing import Final

#: Versions by distribution.
SAMPLES: Final = {
    "accelerate": ("0.20.3", "*"),
    "albumentations": ("*",),
    "altair": ("*",),
    "azure-storage-blob": ("*",),
    "azureml-core": ("*",),
    "beautifulsoup4": ("*",),
    "bentoml": ("*",),
    "black": ("*",),
    "bokeh": ("*",),
    "boto3": ("*",),
    "catboost": ("1.0.6", "*"),
    "category-encoders": ("2.6.4", "*"),
    "celery": ("*",),
    "cloudpickle": ("*",),
    "dash": ("*",),
    "datasets": ("2.14.7", "*"),
    "diffusers": ("0.21.4", "*"),
    "dill": ("*",),
    "dvc": ("*",),
    "einops": ("*",),
    "evidently": ("*",),
    "fastai": ("*",),
    "fastapi": ("*",),
    "feature-engine": ("1.6.2", "*"),
    "flake8": ("*",),
    "flask": ("*",),
    "flask-cors": ("*",),
    "flax": ("0.7.5", "*"),
    "gensim": ("4.3.3", "*"),
    "google-cloud-aiplatform": ("*",),
    "google-cloud-storage": ("*",),
    "gradio": ("*",),
    "gunicorn": ("*",),
    "h5py": ("*",),
    "hdbscan": ("*",),
    "hmmlearn": ("*",),
    "httpx": ("*",),
    "huggingface-hub": ("0.23.5", "*"),
    "hyperopt": ("*",),
    "imageio": ("*",),
    "imbalanced-learn": ("0.10.1", "0.12.4", "*"),
    "ipykernel": ("*",),
    "isort": ("*",),
    "jax": ("*",),
    "jinja2": ("*",),
    "joblib": ("1.2.0", "1.4.2", "*"),
    "jupyter": ("*",),
    "kaggle": ("*",),
    "keras": ("2.12.0", "2.15.0", "3.0.5", "3.6.0", "*"),
    "librosa": ("*",),
    "lifelines": ("*",),
    "lightgbm": ("3.3.5", "4.1.0", "*"),
    "lightning": ("*",),
    "loguru": ("*",),
    "lxml": ("*",),
    "lz4": ("*",),
    "matplotlib": ("*",),
    "mlflow": ("1.30.1", "2.3.2", "2.9.2", "2.16.2", "2.22.0", "3.1.4", "*"),
    "mlflow-skinny": ("2.3.2", "2.22.0", "*"),
    "mlxtend": ("*",),
    "mypy": ("*",),
    "nltk": ("*",),
    "notebook": ("*",),
    "numba": ("*",),
    "numexpr": ("*",),
    "numpy": ("1.23.5", "*"),
    "onnx": ("1.13.1", "*"),
    "onnxmltools": ("*",),
    "onnxruntime": ("1.15.1", "*"),
    "opencv-contrib-python": ("*",),
    "opencv-contrib-python-headless": ("*",),
    "opencv-python": ("4.8.1.78", "*"),
    "opencv-python-headless": ("*",),
    "openpyxl": ("*",),
    "optimum": ("*",),
    "optuna": ("*",),
    "orbax-checkpoint": ("*",),
    "pandas": ("1.5.3", "2.0.3", "2.2.3", "*"),
    "patsy": ("*",),
    "peft": ("0.5.0", "*"),
    "pillow": ("*",),
    "plotly": ("*",),
    "pmdarima": ("*",),
    "polars": ("*",),
    "pre-commit": ("*",),
    "prometheus-client": ("*",),
    "prophet": ("*",),
    "psutil": ("*",),
    "psycopg2-binary": ("*",),
    "pyarrow": ("14.0.2", "*"),
    "pydantic": ("*",),
    "pydantic-settings": ("*",),
    "pymongo": ("*",),
    "pymysql": ("*",),
    "pytest": ("*",),
    "pytest-cov": ("*",),
    "python-dateutil": ("2.9.0.post0", "*"),
    "python-dotenv": ("*",),
    "python-multipart": ("*",),
    "pytorch-lightning": ("1.9.5", "*"),
    "pyyaml": ("*",),
    "redis": ("*",),
    "requests": ("*",),
    "river": ("*",),
    "ruff": ("*",),
    "sagemaker": ("*",),
    "scikit-image": ("*",),
    "scikit-learn": ("1.1.3", "1.2.2", "1.4.2", "1.5.2", "1.7.2", "*"),
    "scikit-learn-intelex": ("*",),
    "scikit-optimize": ("*",),
    "scikit-plot": ("*",),
    "scikit-survival": ("*",),
    "scipy": ("1.10.1", "1.13.1", "*"),
    "seaborn": ("*",),
    "sentence-transformers": ("2.7.0", "3.0.1", "*"),
    "sentencepiece": ("*",),
    "setuptools": ("*",),
    "shap": ("*",),
    "skl2onnx": ("*",),
    "skops": ("0.9.0", "*"),
    "skorch": ("*",),
    "sktime": ("*",),
    "soundfile": ("*",),
    "spacy": ("*",),
    "sqlalchemy": ("*",),
    "statsmodels": ("0.13.5", "*"),
    "streamlit": ("*",),
    "tabulate": ("*",),
    "tensorboard": ("*",),
    "tensorflow": ("2.12.1", "2.15.1", "2.16.2", "*"),
    "tensorflow-cpu": ("*",),
    "textblob": ("*",),
    "tf-keras": ("*",),
    "tiktoken": ("*",),
    "timm": ("0.9.16", "*"),
    "tokenizers": ("*",),
    "torch": ("2.0.1", "*"),
    "torchaudio": ("*",),
    "torchvision": ("*",),
    "tqdm": ("*",),
    "transformers": ("4.28.1", "4.30.2", "4.40.2", "*"),
    "tslearn": ("*",),
    "typer": ("*",),
    "ultralytics": ("*",),
    "umap-learn": ("*",),
    "uvicorn": ("*",),
    "wandb": ("*",),
    "werkzeug": ("*",),
    "wheel": ("*",),
    "xgboost": ("1.7.6", "2.0.3", "*"),
    "xgboost-cpu": ("*",),
    "xlrd": ("*",),
    "yellowbrick": ("*",),
}

#: What is not fetched to learn what it needs: gigabytes of CUDA that no pickle names.
SKIPPED: Final = ("nvidia-", "cuda-", "triton", "intel-", "tensorrt")

#: How words of extras begin that those who develop a library install, and of those that take in everything: what they
#: add is not kept, so that nothing is known of an environment that asks for one.
OMITTED: Final = (
    *("all", "bench", "build", "ci", "dev", "doc", "example", "lint", "maintenance", "qa", "quality", "release"),
    *("style", "test", "tutorial", "typ"),
)

#: Import names that are no distribution's own, though files of that name lie in many.
NO_IMPORTS: Final = frozenset(
    {
        *("bin", "benchmark", "benchmarks", "build", "dist", "doc", "docs", "example", "examples", "lib", "scripts"),
        *("share", "src", "test", "tests", "tools", "utils", "conftest", "setup"),
    }
)

#: Packages that hold others' packages, and some of them code of their own beside: no distribution owns them.
NAMESPACES: Final = frozenset(
    {
        *("azure", "azure.ai", "backports", "databricks", "google", "google.cloud", "jaraco", "opentelemetry", "orbax"),
        *("opentelemetry.exporter", "opentelemetry.exporter.otlp", "opentelemetry.instrumentation", "ruamel", "zope"),
        *("opentelemetry.sdk", "opentelemetry.util", "paste", "sphinxcontrib"),
    }
)

#: What distributions without a wheel need, by hand: `sklearn` stood for scikit-learn until 2023.
NEEDED_ALSO: Final = {("sklearn", "0.0"): "scikit-learn", ("bs4", "0.0.2"): "beautifulsoup4"}

#: What cannot be read from a wheel: modules that a library makes when it is imported, and distributions that others
#: build upon the same sources. Each line is reviewed by hand.
ALSO: Final = {
    "_catboost": ("catboost",),
    "_loss": ("scikit-learn",),
    "cv2": ("opencv-contrib-python", "opencv-contrib-python-headless", "opencv-python", "opencv-python-headless"),
    "keras": ("keras", "keras-nightly"),
    "lightgbm": ("lightgbm", "lightgbm-cuda"),
    "mlflow": ("mlflow", "mlflow-skinny"),
    "numpy": ("numpy", "numpy-mkl"),
    "onnxruntime": (
        *("onnxruntime", "onnxruntime-directml", "onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime-qnn"),
        *("onnxruntime-rocm", "onnxruntime-training", "onnxruntime-silicon", "ort-nightly"),
    ),
    "psycopg2": ("psycopg2", "psycopg2-binary"),
    "sklearn": ("scikit-learn",),
    "tensorflow": (
        *("intel-tensorflow", "tensorflow", "tensorflow-aarch64", "tensorflow-cpu", "tensorflow-cpu-aws"),
        *("tensorflow-gpu", "tensorflow-intel", "tensorflow-macos", "tensorflow-rocm", "tf-nightly"),
    ),
    "torch": ("pytorch", "pytorch-triton", "torch", "torch-cpu", "torch-nightly"),
    "xgboost": ("xgboost", "xgboost-cpu"),
}
