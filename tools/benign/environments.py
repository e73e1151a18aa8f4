"""The environments that the benign corpus is written in: an interpreter, pinned libraries, groups of files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter's version, the libraries, and the groups of `writers.py`; `without_needs` are installed alone."""

    name: str
    python: str
    libraries: tuple[str, ...]
    groups: tuple[str, ...]
    without_needs: tuple[str, ...] = ()


ENVIRONMENTS = (
    Environment(
        "python2",
        "2.7",
        ("numpy==1.16.6", "scipy==1.2.3", "scikit-learn==0.20.4", "joblib==0.14.1", "pandas==0.24.2"),
        ("python2",),
    ),
    Environment("joblib-0.9", "3.7", ("numpy==1.16.6", "joblib==0.9.4"), ("old_joblib",)),
    Environment(
        "sklearn-0.22",
        "3.7",
        ("numpy==1.16.6", "scipy==1.4.1", "scikit-learn==0.22.2.post1", "joblib==0.13.2", "pandas==0.25.3"),
        ("sklearn_few", "numpy", "pandas"),
    ),
    Environment(
        "sklearn-1.0",
        "3.7",
        (
            *("numpy==1.21.6", "scipy==1.7.3", "scikit-learn==1.0.2", "joblib==1.0.1", "pandas==1.3.5"),
            *("xgboost==1.5.2", "lightgbm==3.3.2", "lz4==4.3.2"),
        ),
        ("sklearn", "pandas", "xgboost", "lightgbm", "compressions"),
    ),
    Environment(
        "sklearn-1.2",
        "3.8",
        ("numpy==1.24.4", "scipy==1.10.1", "scikit-learn==1.2.2", "joblib==1.2.0", "pandas==1.5.3", "catboost==1.2.2"),
        ("sklearn", "catboost", "scipy"),
    ),
    Environment(
        "sklearn-1.5",
        "3.10",
        (
            *("numpy==1.26.4", "scipy==1.13.1", "scikit-learn==1.5.2", "joblib==1.4.2", "pandas==2.2.3"),
            *("skops==0.10.0", "onnx==1.16.2", "skl2onnx==1.17.0", "mlflow-skinny==2.17.2"),
        ),
        ("sklearn", "numpy", "pandas", "scipy", "skops", "onnx", "mlflow"),
    ),
    Environment(
        "sklearn-1.9",
        "3.12",
        (
            *(
                "numpy==2.4.6",
                "scipy==1.17.1",
                "scikit-learn==1.9.1",
                "joblib==1.6.0",
                "pandas==3.1.1",
                "skops==0.16.0",
            ),
            *("xgboost-cpu==3.2.0", "lightgbm==4.6.0", "catboost==1.2.10", "lz4==4.4.4", "h5py", "gguf==0.17.1"),
        ),
        (
            *("sklearn", "numpy", "pandas", "scipy", "skops", "xgboost", "lightgbm", "catboost", "compressions"),
            *("standard", "lookalikes", "hdf5", "gguf"),
        ),
    ),
    Environment("python-3.8", "3.8", (), ("standard",)),
    Environment("torch-1.4", "3.7", ("numpy==1.17.5",), ("torch",), without_needs=("torch==1.4.0",)),
    Environment(
        "torch-1.12",
        "3.8",
        ("numpy==1.22.4", "typing-extensions==4.4.0"),
        ("torch",),
        without_needs=("torch==1.12.1",),
    ),
    Environment(
        "torch-2",
        "3.11",
        (
            *("numpy==2.2.6", "torch==2.13.0", "transformers==4.57.1", "accelerate==1.11.0", "safetensors==0.6.2"),
            *("keras==3.12.0", "onnx==1.19.1"),
        ),
        ("torch", "transformers", "keras", "standard"),
    ),
)
