"""safetensors: a length, a JSON header, the tensors' bytes.

After the format's description and the checks of its own reader (safetensors 0.6, safetensors/src/tensor.rs): a header
of at most 100 MB, and tensors that cover the rest of the file without a hole or an overlap.
"""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format, FormatError
from artifact_lint.formats.documents import LONGEST_TEXT, check_length, check_values
from artifact_lint.model import Cause, Tensor

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description

#: What the libraries write as `format` into the metadata.
_FRAMEWORKS = {"pt": "pytorch", "tf": "tensorflow", "flax": "flax", "np": "numpy", "mlx": "mlx"}

LONGEST_HEADER = 100_000_000
#: The values of a header that is parsed: a tensor has some ten, so that these are those of 50,000.
_MOST_VALUES = 500_000
#: Products of more numbers than these take long, and no library has tensors of so many dimensions.
_MOST_DIMENSIONS = 1000
#: What the library counts with: numbers of 64 bits without a sign.
_LIMIT_OF_NUMBERS = 1 << 64

#: Bits per element of each dtype.
BITS = {
    "BOOL": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}


def _recognise(probe: Probe) -> bool:
    if len(probe.head) < 10 or probe.head[8:9] != b"{":
        return False
    (length,) = struct.unpack_from("<Q", probe.head)
    if not 2 <= length <= LONGEST_HEADER:
        return False
    fits = length + 8 <= probe.source.size
    return probe.head[9:].lstrip()[:1] in {b'"', b"}"} and (fits or probe.suffix == ".safetensors")


def _read(job: Job, findings: Findings) -> None:
    size = job.source.size
    length = _length(job)
    if length > size - 8:
        findings.extent = 8 + length
        raise FormatError(Cause.TRUNCATED, f"the header promises {length:,} bytes and {size - 8:,} are left", 8)
    header = _parse(job.source.read(8, length))
    end = 0
    for begin, stop, tensor in sorted(_tensors(header), key=lambda item: item[:2]):
        if begin != end:
            raise FormatError(Cause.BROKEN, f"the bytes of {tensor.name!r} do not follow the ones before", 8)
        end = stop
        findings.add_tensor(tensor)
    findings.extent = 8 + length + end
    findings.tensor_names = frozenset(header) - {"__metadata__"}
    metadata = header.get("__metadata__")
    if isinstance(metadata, dict):
        findings.metadata.update({str(key): str(value) for key, value in metadata.items()})
        findings.framework = _FRAMEWORKS.get(str(metadata.get("format")))
    if end < size - 8 - length:
        raise FormatError(Cause.BROKEN, "bytes follow the last tensor", 8 + length + end)


def _describe(job: Job) -> Description:
    from artifact_lint.model.description import Description  # noqa: PLC0415 - few runs ask for it

    length = _length(job)
    if length > job.source.size - 8:
        detail = f"the header promises {length:,} bytes and {job.source.size - 8:,} are left"
        raise FormatError(Cause.TRUNCATED, detail, 8)
    header = _parse(job.source.read(8, length))
    tensors = tuple(tensor for _, _, tensor in sorted(_tensors(header), key=lambda item: item[:2]))
    written = header.get("__metadata__")
    metadata = {key: str(value) for key, value in written.items()} if isinstance(written, dict) else {}
    return Description(
        tensors=tensors,
        has_all_tensors=True,
        parameters=sum(math.prod(tensor.shape) for tensor in tensors),
        metadata=metadata,
    )


def _length(job: Job) -> int:
    if job.source.size < 8:
        raise FormatError(Cause.TRUNCATED, "the header's length is cut", job.source.size)
    (length,) = struct.unpack("<Q", job.source.read(0, 8))
    if length > min(LONGEST_HEADER, job.limits.header):
        raise FormatError(Cause.BROKEN, f"a header of {length:,} bytes is longer than the format allows")
    if LONGEST_TEXT < length <= job.source.size - 8:
        raise FormatError(Cause.LIMIT, f"a header of {length:,} bytes, more than the {LONGEST_TEXT:,} that are read")
    return int(length)


def _parse(data: bytes) -> dict[str, object]:
    check_length(data, "a header")
    try:
        text = data.decode("utf-8")
        check_values(text, _MOST_VALUES)
        header = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise FormatError(Cause.BROKEN, "the header is no JSON object with unique keys", 8) from error
    if not isinstance(header, dict):
        raise FormatError(Cause.BROKEN, "the header is no JSON object", 8)
    metadata = header.get("__metadata__")
    if metadata is not None and not _are_texts(metadata):
        raise FormatError(Cause.BROKEN, "the metadata are no texts by names", 8)
    return header


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("duplicate key")
    return result


def _refuse(constant: str) -> object:
    """Python takes `NaN` and `Infinity` for numbers, which JSON does not have."""
    raise ValueError(constant)


def _are_texts(metadata: object) -> bool:
    return isinstance(metadata, dict) and all(type(value) is str for value in metadata.values())


def _tensors(header: dict[str, object]) -> list[tuple[int, int, Tensor]]:
    found: list[tuple[int, int, Tensor]] = []
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if not isinstance(entry, dict):
            raise _unstated(name)
        dtype, shape = entry.get("dtype"), _numbers(entry.get("shape"))
        offsets = _numbers(entry.get("data_offsets"))
        if not isinstance(dtype, str) or shape is None or offsets is None or len(offsets) != 2:
            raise _unstated(name)
        begin, stop = offsets
        bits = BITS.get(dtype)
        if bits is None:
            detail = f"{dtype[:40]!r}, the dtype of {name[:200]!r}, is none of the format's"
            raise FormatError(Cause.UNSUPPORTED, detail, 8)
        count = math.prod(shape) if len(shape) < _MOST_DIMENSIONS else -1
        if not begin <= stop or 8 * (stop - begin) != bits * count:
            raise FormatError(Cause.BROKEN, f"the bytes of {name[:200]!r} do not fit its dtype and shape", 8)
        found.append((begin, stop, Tensor(name, dtype, tuple(shape), stop - begin)))
    return found


def _numbers(value: object) -> list[int] | None:
    """A list of numbers that the library can count with; None for anything else."""
    if type(value) is not list:
        return None
    return None if any(type(one) is not int or not 0 <= one < _LIMIT_OF_NUMBERS for one in value) else value


def _unstated(name: str) -> FormatError:
    return FormatError(Cause.BROKEN, f"the entry of {name[:200]!r} has no dtype, shape and offsets", 8)


SAFETENSORS = Format(
    "safetensors",
    "safetensors",
    (".safetensors",),
    _recognise,
    _read,
    frameworks=("pytorch", "tensorflow", "flax"),
    aliases=("safetensor",),
    describe=_describe,
)
