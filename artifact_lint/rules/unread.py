"""What of a file could not be read, whether what loading does was looked for or the model in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.model import Incomplete, Inspection, WeightFile

#: A file that is cut short, of which SUM106 tells.
CUT: Final = frozenset({Cause.EMPTY, Cause.TRUNCATED})
#: Formats of which a look at what loading would do passes over parts that a loader has to understand.
_TOLD_BY_THEIR_MODEL = frozenset(
    {
        *("catboost", "catboost-json", "flax-msgpack", "graphdef", "hdf5", "keras", "lightgbm", "onnx", "orbax", "pt2"),
        *("savedmodel", "skops", "tflite", "ubj", "xgboost-binary", "xgboost-json"),
    }
)


def unread_model(file: WeightFile, inspection: Inspection) -> tuple[Incomplete, ...]:
    """What the reader of the model in a file could not read, where the look at what loading does met no trouble."""
    if inspection.incomplete or inspection.format not in _TOLD_BY_THEIR_MODEL:
        return ()
    description = file.description.value
    return description.incomplete if description is not None else ()
