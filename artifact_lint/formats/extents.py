"""How much an array holds, as far as any library counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

#: One more than what the libraries count items and bytes up to: in 64 bits with a sign.
BEYOND: Final = 1 << 63
#: More dimensions than any library has; numpy, ONNX Runtime and PyTorch stop at 64 or before.
MOST_DIMENSIONS: Final = 255


def items_of(shape: Sequence[int], place: int = 0) -> int:
    """The items of an array of so many along each dimension.

    Raises:
        FormatError: They are more than a library can count, or the shape is none.
    """
    count = math.prod(shape) if len(shape) <= MOST_DIMENSIONS else BEYOND
    if not 0 <= count < BEYOND:
        raise FormatError(Cause.BROKEN, "an array has a shape of more items than any library counts", place)
    return count
