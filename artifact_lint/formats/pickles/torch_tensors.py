"""Tensors as PyTorch pickles them: what rebuilds one, from which part of which storage.

After torch/_utils.py and torch/serialization.py (PyTorch 1.13 to 2.13). A tensor is the call of a function with a
storage, which is a persistent id, and an offset, a size and strides, all of which count items.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.pickles.object_values import Instance, Persistent
from artifact_lint.formats.pickles.values import Global

if TYPE_CHECKING:
    from artifact_lint.formats.pickles.values import Value

#: Bytes of an item by its dtype, as `str(dtype)` has it behind `torch.` (c10/core/ScalarType.h).
ITEM_SIZES: Final = {
    **dict.fromkeys(("float64", "int64", "uint64", "complex64"), 8),
    **dict.fromkeys(("float32", "int32", "uint32", "qint32", "complex32"), 4),
    **dict.fromkeys(("float16", "bfloat16", "int16", "uint16"), 2),
    **dict.fromkeys(("int8", "uint8", "bool", "qint8", "quint8", "quint4x2", "quint2x4", "bits8"), 1),
    **dict.fromkeys(("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"), 1),
    **dict.fromkeys(("float4_e2m1fn_x2", "bits1x8", "bits2x4", "bits4x2"), 1),
    "bits16": 2,
    "complex128": 16,
}
#: Dtypes of which a byte holds several items, so that neither bytes nor places of an item are known by its size.
_PACKED: Final = frozenset({"quint4x2", "quint2x4"})
#: The dtype of a storage's items by its class; an untyped storage has bytes, and its tensors tell their dtype.
STORAGES: Final = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
    "QUInt8Storage": "quint8",
    "QInt8Storage": "qint8",
    "QInt32Storage": "qint32",
    "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4",
    "UntypedStorage": "uint8",
}
#: The names that PyTorch has for a dtype beside its first (torch/__init__.py).
_ALIASES: Final = {
    "double": "float64",
    "float": "float32",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "cdouble": "complex128",
    "cfloat": "complex64",
    "chalf": "complex32",
}
#: What wraps a tensor without a change of its items: its first argument.
_WRAPPERS: Final = frozenset(
    {
        "torch._utils:_rebuild_parameter",
        "torch._utils:_rebuild_parameter_with_state",
        "torch.nn.parameter:Parameter",
        "torch.nn.parameter:Buffer",
    }
)
_STRIDED: Final = frozenset({"torch._utils:_rebuild_tensor", "torch._utils:_rebuild_tensor_v2"})
_WITH_DTYPE: Final = "torch._utils:_rebuild_tensor_v3"
_QUANTIZED: Final = "torch._utils:_rebuild_qtensor"
_META: Final = "torch._utils:_rebuild_meta_tensor_no_storage"
_SPARSE: Final = frozenset({"torch._utils:_rebuild_sparse_tensor", "torch._utils:_rebuild_sparse_csr_tensor"})
_SUBCLASS: Final = "torch._utils:_rebuild_wrapper_subclass"
_ELSEWHERE: Final = frozenset(
    {"torch._utils:_rebuild_device_tensor_from_cpu_tensor", "torch._utils:_rebuild_device_tensor_from_numpy"}
)
#: What the names of all of these begin with, and of those that newer releases may add.
_REBUILDERS: Final = ("torch._utils:_rebuild_", "torch._tensor:_rebuild_")
#: The most wrappers around a tensor that are looked through, and the most dimensions that PyTorch allows (c10).
_MOST_WRAPPERS: Final = 4
_MOST_DIMENSIONS: Final = 64
#: No tensor has as many items: lengths beyond cannot be told from nonsense.
_MOST_ITEMS: Final = 1 << 62
#: The fields of a persistent id of a storage, and that of a view in the legacy layout.
_IDENTIFIER: Final = 5


@dataclass(frozen=True, slots=True)
class Storage:
    """A stretch of items that tensors share: the key under which the file keeps it, the dtype and number of its items.

    `device` is where it was: for `meta` nothing is kept.
    """

    key: str
    dtype: str
    count: int
    device: str

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return self.count * ITEM_SIZES[self.dtype]


@dataclass(frozen=True, slots=True)
class Layout:
    """A tensor; `offset` and `strides` count items of the storage, None where it has none of its own."""

    dtype: str
    shape: tuple[int, ...]
    storage: Storage | None = None
    offset: int = 0
    strides: tuple[int, ...] = ()

    @property
    def items(self) -> int:
        """The number of items."""
        return prod(self.shape)

    @property
    def size(self) -> int | None:
        """The bytes of its items, None where nothing tells what an item takes."""
        size = None if self.dtype in _PACKED else ITEM_SIZES.get(self.dtype)
        return None if size is None else self.items * size

    @property
    def end(self) -> int:
        """How many bytes of the storage reach to the end of its last item."""
        if not self.items or self.dtype in _PACKED:
            return 0
        last = sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=False))
        return (self.offset + last + 1) * ITEM_SIZES.get(self.dtype, 1)


def is_tensor(value: Value) -> bool:
    """Whether a value is what PyTorch rebuilds tensors and parameters by, or an instance of such a class."""
    if not isinstance(value, Instance):
        return False
    function = value.origin.resolved
    return function.startswith(_REBUILDERS) or function in _WRAPPERS


def layout_of(value: Value) -> Layout | None:
    """What a tensor is; None where the value is none, or is written in a way that is not known."""
    for _ in range(_MOST_WRAPPERS):
        if not isinstance(value, Instance) or value.origin.resolved not in _WRAPPERS:
            break
        made_of = value.given or value.state
        value = made_of[0] if isinstance(made_of, tuple) and made_of else None
    if not isinstance(value, Instance):
        return None
    return _layout(value.origin.resolved, value.given)


def _layout(function: str, given: tuple[Value, ...]) -> Layout | None:
    if function in _STRIDED or function == _QUANTIZED:
        return _strided(given)
    match given:
        case (_, _, _, _, _, _, Global() as dtype, *_) if function == _WITH_DTYPE:
            return _strided(given, dtype_of(dtype))
        case (Global() as dtype, shape, *_) if function == _META:
            return _without_storage(dtype, shape)
        case (_, Global() as dtype, shape, *_) if function == _SUBCLASS:
            return _without_storage(dtype, shape)
        case (_, tuple() as parts) if function in _SPARSE:
            return _sparse(parts)
        case (data, Global() as dtype, *_) if function in _ELSEWHERE:
            inner = _strided(data.given) if isinstance(data, Instance) else None
            return None if inner is None else _without_storage(dtype, inner.shape)
    return None


def dtype_of(value: Value) -> str | None:
    """The name of a dtype, `float32` for `torch.float32`; None for anything else."""
    if not isinstance(value, Global) or value.module != "torch":
        return None
    name = _ALIASES.get(value.name, value.name)
    return name if name in ITEM_SIZES else None


def _strided(given: tuple[Value, ...], dtype: str | None = None) -> Layout | None:
    match given:
        case (Persistent(identifier=identifier), int(offset), shape, strides, *_):
            storage, sizes, steps = storage_of(identifier), counts(shape), counts(strides)
        case _:
            return None
    if storage is None or sizes is None or steps is None or len(steps) != len(sizes) or isinstance(offset, bool):
        return None
    return Layout(dtype or storage.dtype, sizes, storage, offset, steps)


def _without_storage(dtype: Value, shape: Value) -> Layout | None:
    name, sizes = dtype_of(dtype), counts(shape)
    return None if name is None or sizes is None else Layout(name, sizes)


def _sparse(parts: tuple[Value, ...]) -> Layout | None:
    """A sparse tensor by its values and its size: `(indices, values, size, ...)`, or with two lists of indices."""
    for position in (1, 2):
        values = layout_of(parts[position]) if position + 1 < len(parts) else None
        shape = counts(parts[position + 1]) if values is not None else None
        if values is not None and shape is not None:
            return Layout(values.dtype, shape)
    return None


def counts(value: Value) -> tuple[int, ...] | None:
    """A size or strides as whole numbers, negative ones among them; None where it is anything else."""
    if isinstance(value, Instance) and value.origin.resolved == "torch:Size" and len(value.given) == 1:
        value = value.given[0]
    if not isinstance(value, tuple) or len(value) > _MOST_DIMENSIONS:
        return None
    numbers = tuple(item for item in value if type(item) is int and abs(item) < _MOST_ITEMS)
    return numbers if len(numbers) == len(value) else None


def storage_of(identifier: Value) -> Storage | None:
    """The storage that a persistent id stands for: `("storage", class, key, device, items, ...)`."""
    match identifier:
        case ("storage", Global() as cls, str(key), device, int(count), *_) if count >= 0:
            dtype = STORAGES.get(cls.name)
            where = device if isinstance(device, str) else ""
            return None if dtype is None else Storage(key, dtype, count, where)
    return None
