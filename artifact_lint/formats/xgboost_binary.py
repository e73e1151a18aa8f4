"""XGBoost's binary layout of old, which version 3.1 dropped: what stands before the trees.

After `LearnerModelParamLegacy` (136 bytes), `LearnerIO::LoadModel` and `GBTreeModelParam` (160 bytes) in xgboost 1.7's
src/learner.cc and src/gbm/gbtree_model.h; all numbers are little-endian.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.stores.base import Source

#: base_score, num_feature, num_class, contain_extra_attrs, contain_eval_metrics, major, minor, num_target.
_PARAMETERS: Final = struct.Struct("<fIiiiIII")
_PARAMETERS_SIZE: Final = 136
_LENGTH: Final = struct.Struct("<Q")
_TREES: Final = struct.Struct("<i")
_NAME: Final = re.compile(rb"[a-z][a-z_:0-9]{0,62}")
_LONGEST_NAME: Final = 64
_MAGIC: Final = b"binf"
#: A serialised Booster begins so before 1.6, with the offset of its configuration in eight bytes.
_SERIALISED: Final = b"CONFIG-offset:"


@dataclass(frozen=True, slots=True)
class BinaryHeader:
    """`version` has two parts, empty where it was not written yet; `trees` is None for boosters without any."""

    num_feature: int
    num_class: int
    num_target: int
    objective: str
    booster: str
    version: str
    trees: int | None


def read_binary(source: Source) -> BinaryHeader:
    """The header of a binary model.

    Raises:
        FormatError: The bytes are none, or end early.
        StoreError: The bytes cannot be read.
    """
    head = source.read(0, len(_SERIALISED) + 8 + _PARAMETERS_SIZE + 2 * (_LENGTH.size + _LONGEST_NAME) + _TREES.size)
    start = len(_SERIALISED) + 8 if head.startswith(_SERIALISED) else 0
    start += len(_MAGIC) if head.startswith(_MAGIC, start) else 0
    if len(head) < start + _PARAMETERS_SIZE:
        raise FormatError(Cause.TRUNCATED, "the header of the binary model is cut", len(head))
    _, features, classes, _, _, major, minor, targets = _PARAMETERS.unpack_from(head, start)
    objective, position = _name(head, start + _PARAMETERS_SIZE)
    booster, position = _name(head, position)
    trees = None
    if booster in {"gbtree", "dart"} and len(head) >= position + _TREES.size:
        (trees,) = _TREES.unpack_from(head, position)
    version = f"{major}.{minor}" if (major, minor) != (0, 0) and max(major, minor) < 100 else ""
    return BinaryHeader(features, classes, targets, objective, booster, version, trees)


def _name(head: bytes, position: int) -> tuple[str, int]:
    if len(head) < position + _LENGTH.size:
        raise FormatError(Cause.TRUNCATED, "the header of the binary model is cut", len(head))
    (length,) = _LENGTH.unpack_from(head, position)
    position += _LENGTH.size
    name = head[position : position + min(length, _LONGEST_NAME)]
    if len(name) != length or not _NAME.fullmatch(name):
        raise FormatError(Cause.BROKEN, "the header of the binary model names no objective and booster", position)
    return name.decode("ascii"), position + length
