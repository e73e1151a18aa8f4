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
    "bentoml": ("*",),
    "boto3": ("*",),
    "catboost": ("1.0.6", "*"),
    "category-encoders": ("2.6.4", "*"),
    "cloudpickle": ("*",),
    "datasets": ("2.14.7", "*"),
    "diffusers": ("0.21.4", "*"),
    "dill": ("*",),
    "fastai": ("*",),
    "fastapi": ("*",),
    "feature-engine": ("1.6.2", "*"),
    "flask": ("*",),
    "flax": ("0.7.5", "*"),
    "gensim": ("4.3.3", "*"),
    "gradio": ("*",),
    "gunicorn": ("*",),
    "h5py": ("*",),
    "hmmlearn": ("*",),
    "huggingface-hub": ("0.23.5", "*"),
    "imbalanced-learn": ("0.10.1", "0.12.4", "*"),
    "ipykernel": ("*",),
    "jax": ("*",),
    "joblib": ("1.2.0", "1.4.2", "*"),
    "keras": ("2.12.0", "2.15.0", "3.0.5", "3.6.0", "*"),
    "lightgbm": ("3.3.5", "4.1.0", "*"),
    "lightning": ("*",),
    "lz4": ("*",),
    "matplotlib": ("*",),
    "mlflow": ("1.30.1", "2.3.2", "2.9.2", "2.16.2", "2.22.0", "3.1.4", "*"),
    "mlflow-skinny": ("2.3.2", "2.22.0", "*"),
    "mlxtend": ("*",),
    "nltk": ("*",),
    "numba": ("*",),
    "numpy": ("1.23.5", "*"),
    "onnx": ("1.13.1", "*"),
    "onnxmltools": ("*",),
    "onnxruntime": ("1.15.1", "*"),
    "opencv-contrib-python": ("*",),
    "opencv-contrib-python-headless": ("*",),
    "opencv-python": ("4.8.1.78", "*"),
    "opencv-python-headless": ("*",),
    "optuna": ("*",),
    "optimum": ("*",),
    "orbax-checkpoint": ("*",),
    "pandas": ("1.5.3", "2.0.3", "2.2.3", "*"),
    "peft": ("0.5.0", "*"),
    "pillow": ("*",),
    "plotly": ("*",),
    "polars": ("*",),
    "prophet": ("*",),
    "psutil": ("*",),
    "pyarrow": ("14.0.2", "*"),
    "pydantic": ("*",),
    "python-dotenv": ("*",),
    "pytorch-lightning": ("1.9.5", "*"),
    "pyyaml": ("*",),
    "requests": ("*",),
    "scikit-image": ("*",),
    "scikit-learn": ("1.1.3", "1.2.2", "1.4.2", "1.5.2", "1.7.2", "*"),
    "scipy": ("1.10.1", "1.13.1", "*"),
    "seaborn": ("*",),
    "sentence-transformers": ("2.7.0", "3.0.1", "*"),
    "setuptools": ("*",),
    "shap": ("*",),
    "skl2onnx": ("*",),
    "skops": ("0.9.0", "*"),
    "skorch": ("*",),
    "spacy": ("*",),
    "statsmodels": ("0.13.5", "*"),
    "streamlit": ("*",),
    "tensorflow": ("2.12.1", "2.15.1", "2.16.2", "*"),
    "tensorflow-cpu": ("*",),
    "tf-keras": ("*",),
    "timm": ("0.9.16", "*"),
    "tokenizers": ("*",),
    "torch": ("2.0.1", "*"),
    "torchaudio": ("*",),
    "torchvision": ("*",),
    "tqdm": ("*",),
    "transformers": ("4.28.1", "4.30.2", "4.40.2", "*"),
    "ultralytics": ("*",),
    "umap-learn": ("*",),
    "uvicorn": ("*",),
    "wandb": ("*",),
    "wheel": ("*",),
    "xgboost": ("1.7.6", "2.0.3", "*"),
    "xgboost-cpu": ("*",),
}

#: What is not fetched to learn what it needs: gigabytes of CUDA that no pickle names.
SKIPPED: Final = ("nvidia-", "cuda-", "triton", "intel-", "tensorrt")

#: Extras that those who develop a library install, and nobody who deploys a model.
DEVELOPMENT: Final = (
    *(
        "all",
        "bench",
        "build",
        "ci",
        "dev",
        "doc",
        "example",
        "lint",
        "maintenance",
        "qa",
        "quality",
        "release",
        "style",
    ),
    *("test", "tutorial", "typ"),
)

#: Import names that are no distribution's own, though files of that name lie in many.
NO_IMPORTS: Final = frozenset(
    {
        *("bin", "benchmark", "benchmarks", "build", "dist", "doc", "docs", "example", "examples", "lib", "scripts"),
        *("share", "src", "test", "tests", "tools", "utils", "conftest", "setup"),
    }
)

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
    "sklearn": ("scikit-learn", "scikit-learn-intelex", "sklearn"),
    "tensorflow": (
        *("intel-tensorflow", "tensorflow", "tensorflow-aarch64", "tensorflow-cpu", "tensorflow-cpu-aws"),
        *("tensorflow-gpu", "tensorflow-intel", "tensorflow-macos", "tensorflow-rocm", "tf-nightly"),
    ),
    "torch": ("pytorch", "pytorch-triton", "torch", "torch-cpu", "torch-nightly"),
    "xgboost": ("xgboost", "xgboost-cpu"),
}
