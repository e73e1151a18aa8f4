"""PKL and SEC: is a file what its name says, the same to every reader, and does it stay where it is unpacked?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import HazardKind, Problem, Severity
from artifact_lint.model.paths import suffix_of
from artifact_lint.rules.registry import rule
from artifact_lint.rules.unpickling import at, inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.model import Artifact, Inspection, WeightFile

#: The formats whose loaders unpickle the whole file.
_PICKLES = frozenset({"pickle", "joblib", "torch-legacy", "torch-zip", "torchscript"})
_TORCH = _PICKLES | {"pt2", "tar", "zip"}
_ZIPS = frozenset({"zip", "torch-zip", "torchscript", "pt2", "skops", "keras", "npz"})
_TEXTS = frozenset({"lightgbm", "xgboost-json", "catboost-json", "pmml"})

#: Suffixes under which nobody expects a pickle, with what they promise.
_WITHOUT_PICKLE: Mapping[str, str] = {
    ".safetensors": "safetensors",
    ".onnx": "ONNX",
    ".gguf": "GGUF",
    ".ggml": "GGML",
    ".h5": "HDF5",
    ".hdf5": "HDF5",
    ".keras": "a Keras archive",
    ".skops": "skops",
    ".ubj": "UBJSON",
    ".cbm": "CatBoost's binary format",
    ".tflite": "TensorFlow Lite",
    ".msgpack": "MessagePack",
    ".pb": "a protobuf message",
    ".mlmodel": "Core ML",
    ".parquet": "Parquet",
    ".arrow": "Arrow",
    ".json": "JSON",
    ".jsonl": "JSON",
    ".xml": "XML",
    ".pmml": "PMML",
    ".html": "HTML",
    ".svg": "an image",
    ".png": "an image",
    ".jpg": "an image",
    ".jpeg": "an image",
    ".gif": "an image",
    ".pdf": "a document",
    **dict.fromkeys((".yaml", ".yml"), "YAML"),
    **dict.fromkeys((".toml", ".ini", ".cfg"), "a configuration"),
    **dict.fromkeys((".txt", ".md", ".rst", ".csv", ".tsv", ".log", ".py"), "text"),
}

#: What files of these names hold. Names that go with several formats are left out: `.bin`, `.model`, `.ckpt`.
BY_SUFFIX: Mapping[str, frozenset[str]] = {
    ".safetensors": frozenset({"safetensors"}),
    ".onnx": frozenset({"onnx"}),
    ".gguf": frozenset({"gguf"}),
    ".keras": frozenset({"keras"}),
    ".skops": frozenset({"skops"}),
    ".pt2": frozenset({"pt2"}),
    ".npy": frozenset({"npy"}),
    ".npz": frozenset({"npz", "zip"}),
    ".tflite": frozenset({"tflite"}),
    ".cbm": frozenset({"catboost"}),
    ".ubj": frozenset({"ubj"}),
    ".msgpack": frozenset({"flax-msgpack"}),
    ".json": frozenset({"xgboost-json", "catboost-json"}),
    ".zip": _ZIPS,
    ".mar": _ZIPS | {"tar"},
    ".nemo": _ZIPS | {"tar"},
    ".7z": frozenset({"7z"}),
    ".tar": _TORCH,
    **dict.fromkeys((".h5", ".hdf5"), frozenset({"hdf5"})),
    **dict.fromkeys((".xml", ".pmml"), frozenset({"pmml"})),
    **dict.fromkeys((".txt", ".md", ".csv", ".yaml", ".yml", ".toml"), _TEXTS),
    **dict.fromkeys((".pkl", ".pickle", ".pk", ".sav", ".dill", ".cloudpickle", ".joblib", ".jbl"), _PICKLES),
    **dict.fromkeys((".pt", ".pth", ".torch"), _TORCH),
}

#: What a manifest may mean by a format, in the words that `format` takes.
DECLARED: Mapping[str, frozenset[str]] = {
    "safetensors": frozenset({"safetensors"}),
    "onnx": frozenset({"onnx"}),
    "gguf": frozenset({"gguf"}),
    "skops": frozenset({"skops"}),
    "ubj": frozenset({"ubj"}),
    "tflite": frozenset({"tflite"}),
    "npy": frozenset({"npy"}),
    "npz": frozenset({"npz", "zip"}),
    "lightgbm": frozenset({"lightgbm"}),
    "catboost": frozenset({"catboost", "catboost-json"}),
    "pt2": frozenset({"pt2"}),
    **dict.fromkeys(("h5", "hdf5"), frozenset({"hdf5"})),
    **dict.fromkeys(("pickle", "pkl", "cloudpickle", "dill", "joblib"), _PICKLES),
    **dict.fromkeys(("pt", "pth", "torch", "pytorch", "torch-zip", "torch-legacy", "torchscript"), _TORCH),
}


def _read(artifact: Artifact) -> Iterator[tuple[WeightFile, Inspection]]:
    for file in artifact.files:
        inspection = file.inspection.value
        if inspection is not None:
            yield file, inspection


@rule("PKL121", "disguised-pickle", severity=Severity.ERROR, tags=("security",))
def disguised_pickle(artifact: Artifact) -> Iterator[Problem]:
    """A file's name promises a format without code, and its bytes are a pickle.

    ## Why is this bad?
    Whoever relies on the name loads it without care, and scanners that go by names pass over it.

    ## How to fix
    Do not load it. If it is yours, save it in the format that its name promises, or give it a name that says pickle.
    """
    for file, inspection in _read(artifact):
        promised = _WITHOUT_PICKLE.get(suffix_of(file.path))
        if promised and inspection.format in _PICKLES:
            message = f"{file.path} is a pickle, and its name promises {promised}"
            yield Problem(file.origin, message, _NOT_WHAT_IT_SAYS, file=file.path)
        for member in _pickled_members(inspection):
            promised = _WITHOUT_PICKLE.get(suffix_of(member))
            if promised:
                message = f"{member} in {file.path} is a pickle, and its name promises {promised}"
                yield Problem(file.origin, message, _NOT_WHAT_IT_SAYS, file=f"{file.path}!{member}")


_PICKLE_IN = "pickle in "
_NOT_WHAT_IT_SAYS = "Do not load it; if it is yours, save it in the format that its name promises."


def _pickled_members(inspection: Inspection) -> list[str]:
    """The members of a container that are pickles, as its reader says."""
    return [key.removeprefix(_PICKLE_IN) for key in inspection.metadata if key.startswith(_PICKLE_IN)]


@rule("PKL122", "content-mismatch", severity=Severity.WARNING, tags=("security", "integrity"))
def content_mismatch(artifact: Artifact) -> Iterator[Problem]:
    """A file's bytes are of another format than its name says.

    CON151 says so of what is on record.

    ## Why is this bad?
    The loader that the name asks for fails on it; the one that tries everything may do more than anybody expects.

    ## How to fix
    Name the file for what it is.
    """
    for file, inspection in _read(artifact):
        if inspection.format is None:
            continue
        if contradicts_name(file.path, inspection.format):
            if inspection.format in _PICKLES and suffix_of(file.path) in _WITHOUT_PICKLE:
                continue
            message = f"{file.path} holds {inspection.format}, which is not what its name says"
            yield Problem(file.origin, message, _RENAME, file=file.path)


_RENAME = "Name the file for what it is, or save it in the format that its name says."


def contradicts_name(path: str, found: str) -> bool:
    """Whether files of a name hold other formats than the one that was found."""
    expected = BY_SUFFIX.get(suffix_of(path))
    return expected is not None and found not in expected


def is_declared_otherwise(declared: str, found: str) -> bool:
    """Whether a format that is on record is surely not the one that was found."""
    meant = DECLARED.get(declared.strip().lower().removeprefix(".").replace("_", "-"))
    return meant is not None and found not in meant


@rule("PKL131", "polyglot", severity=Severity.ERROR, tags=("security",))
def polyglot(artifact: Artifact) -> Iterator[Problem]:
    """Two loaders would read two different things from the same file.

    A pickle in front of an archive, two members of one name, a member that the directory does not list or calls
    otherwise than its own header, several end records. All of what is there has been looked at.

    ## Why is this bad?
    No tool writes such files. What one program checks is not what another one loads.

    ## How to fix
    Do not load it. Find out where it came from, and write the file again with the library that its format belongs to.
    """
    advice = "Do not load it; write the file again with the library that its format belongs to."
    for file, inspection in _read(artifact):
        for hazard in inspection.hazards:
            if hazard.kind is HazardKind.POLYGLOT:
                message = f"readers may take it for different things: {hazard.evidence} ({at(file, hazard)})"
                yield Problem(file.origin, message, advice, file=inside(file, hazard))


@rule("SEC110", "archive-path", severity=Severity.ERROR, tags=("security",))
def archive_path(artifact: Artifact) -> Iterator[Problem]:
    """A member of an archive lands outside of where it is unpacked, is a device, or expands past the limits.

    Links that stay inside are fine.

    ## Why is this bad?
    Whoever unpacks the archive has files overwritten somewhere else, or the disk filled.

    ## How to fix
    Do not unpack it. Pack the files again, with relative paths and without links to anything outside.
    """
    advice = "Do not unpack it; pack the files again with relative paths, without devices and links that lead out."
    for file, inspection in _read(artifact):
        for hazard in inspection.hazards:
            if hazard.kind is HazardKind.ARCHIVE_PATH:
                subject = f"{hazard.member} in {file.path}" if hazard.member else file.path
                message = f"{subject} {hazard.evidence}"
                yield Problem(file.origin, message, advice, file=inside(file, hazard))
