"""Which library reads a weight file: what has to be in an environment beside what a pickle imports itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.policy.distributions import distributions_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.model import Inspection


class Loader(NamedTuple):
    """The usual distribution for a format, all that read it, and what the format is called in a sentence."""

    distribution: str
    readers: frozenset[str]
    what: str


def loader_of(file_format: str | None, inspection: Inspection | None) -> Loader | None:
    """What reads a file; None where nothing does, or where several quite different libraries may."""
    if inspection is None:
        return None
    name = inspection.format or file_format or ""
    if name in {"joblib", "pickle"} and inspection.metadata.get("compression") == "lz4":
        return _loader("lz4", "compressed with LZ4")
    known = _FORMATS.get(name)
    if known is None or (name == "hdf5" and inspection.framework != "keras"):
        return None
    imported = {found.module.partition(".")[0] for found in inspection.imports}
    return None if known[0] in imported else _loader(*known)


def _loader(distribution: str, what: str, *others: str) -> Loader:
    installing = (distributions_of(package) for package in (distribution, *others))
    return Loader(distribution, frozenset[str]({distribution}).union(others, *installing), what)


#: By format: the distribution, what a file is said to be, and packages that read it as well. Formats are left out of
#: which every runtime has a reader of its own (GGUF, TFLite, npy), and pickles, which name their libraries themselves.
_FORMATS: Mapping[str, tuple[str, ...]] = {
    "catboost": ("catboost", "a CatBoost model"),
    "catboost-json": ("catboost", "a CatBoost model"),
    "flax-msgpack": ("flax", "a Flax checkpoint", "msgpack"),
    "graphdef": ("tensorflow", "a TensorFlow graph", "onnxruntime", "cv2"),
    "hdf5": ("keras", "a Keras model", "tensorflow", "tf-keras", "h5py"),
    "joblib": ("joblib", "written by joblib"),
    "keras": ("keras", "a Keras archive", "tensorflow", "tf-keras"),
    "lightgbm": ("lightgbm", "a LightGBM model", "treelite"),
    "onnx": ("onnxruntime", "an ONNX model", "onnx", "openvino", "tensorrt", "cv2", "tf2onnx", "onnx2torch"),
    "orbax": ("orbax-checkpoint", "an Orbax checkpoint"),
    "pt2": ("torch", "a program that PyTorch exported"),
    "safetensors": ("safetensors", "a safetensors file", "mlx"),
    "savedmodel": ("tensorflow", "a TensorFlow SavedModel", "openvino"),
    "skops": ("skops", "a skops file"),
    "torch-legacy": ("torch", "a file of torch.save"),
    "torch-zip": ("torch", "a file of torch.save"),
    "torchscript": ("torch", "a TorchScript archive"),
    "ubj": ("xgboost", "an XGBoost model", "treelite"),
    "xgboost-binary": ("xgboost", "an XGBoost model", "treelite"),
    "xgboost-json": ("xgboost", "an XGBoost model", "treelite"),
}
