"""Names of numpy that are harmless by themselves, with arguments and states that make it take bytes for pointers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.assembler import Name, Raw
from hostile.cases import DANGEROUS, UNLISTED, bad
from hostile.joblib_files import wrapper

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hostile.assembler import Value
    from hostile.cases import Bad

FAMILY = "numpy-arrays"

_FORGED = "PKL107"
_NDARRAY = Name("numpy", "ndarray")
_DTYPE = Name("numpy", "dtype")
_MEMMAP = Name("numpy", "memmap")
#: Where nothing is.
_POINTER = b"A" * 8
_OBJECT_FLAGS = 0x3F


def cases() -> Iterator[Bad]:
    """Arrays made by their constructor, by a protocol, of forged dtypes, and of dtypes that change afterwards."""
    for name, why, body in (*_constructors(), *_protocols(), *_types(), *_parts(), *_changes(), *_states()):
        yield bad(FAMILY, name, why, a.stream(body), _FORGED)
    yield bad(FAMILY, "memmap-described-twice", "one state excuses two", _memmap(), DANGEROUS, file="model.joblib")
    body = _kept_getattr()
    yield bad(FAMILY, "bound-getattr", "a function is excused as often as called", body, DANGEROUS, UNLISTED)


def _new(cls: Name, *arguments: Value) -> bytes:
    return a.literal(cls) + a.literal(arguments) + a.NEWOBJ


def _dtype(code: Value) -> bytes:
    return a.literal(_DTYPE) + a.literal((code, Raw(b"\x89"), Raw(b"\x88"))) + a.REDUCE


def _state(*, version: int = 3, subarray: Value = None, fields: Value = None, size: int = -1, flags: int = 0) -> bytes:
    names = tuple(fields) if isinstance(fields, dict) else None
    return a.literal((version, "|", subarray, names, fields, size, size, flags))


def _built(made: bytes, state: bytes) -> bytes:
    return made + state + a.BUILD


def _array(dtype: bytes, items: Value = _POINTER, length: int = 1) -> bytes:
    made = a.call_of("numpy._core.multiarray", "_reconstruct", _NDARRAY, (0,), b"b")
    return _built(made, a.literal((1, (length,), Raw(dtype), Raw(b"\x89"), items)))


def _constructors() -> Iterator[tuple[str, str, bytes]]:
    forged: tuple[Value, ...] = ((1,), "O", _POINTER)
    yield "ndarray", "an array over chosen bytes", _new(_NDARRAY, *forged)
    keywords: Mapping[Value, Value] = {"shape": (1,), "dtype": "O", "buffer": _POINTER}
    by_name = a.literal(_NDARRAY) + b")" + a.literal(keywords) + a.NEWOBJ_EX
    yield "ndarray-keywords", "the same by keywords", by_name
    for cls in ("recarray", "matrix", "memmap", "chararray"):
        yield cls, "an array of a derived class", _new(Name("numpy", cls), *forged)
    masked = Name("numpy.ma.core", "MaskedArray")
    yield "masked", "a masked array", a.call_of("numpy.ma.core", "_mareconstruct", masked, _NDARRAY, (1,), "O")
    yield "copyreg", "copyreg calls the constructor", a.call_of("copyreg", "__newobj__", _NDARRAY, *forged)
    by_pandas = a.call_of("pandas.core.indexes.base", "_new_Index", _NDARRAY, keywords)
    yield "pandas-index", "pandas calls the constructor", by_pandas
    filled = a.call_of("numpy._core.multiarray", "_reconstruct", _NDARRAY, (1 << 30,), b"b")
    yield "reconstructed", "an array that is not empty when it is made", filled


def _protocols() -> Iterator[tuple[str, str, bytes]]:
    holder = a.call_of("types", "SimpleNamespace")
    interface: Value = {"data": (0x41414141, True), "shape": (1,), "typestr": "<f8", "version": 3}
    for name in ("__array_interface__", "__array_struct__", "__cuda_array_interface__"):
        state = a.literal({"__orig_class__": None, name: interface})
        yield name.strip("_"), "an object says what memory to read", _built(holder, state)
    slots = a.NONE + a.literal({"__array_interface__": interface}) + a.TUPLE2
    yield "interface-slot", "the same as a slot", _built(holder, slots)
    pair = a.literal([("__array_interface__", interface)])
    ordered = a.called(a.literal(Name("collections", "OrderedDict")), pair)
    yield "interface-ordered", "a state that is made of pairs", _built(holder, ordered)
    key = a.call_of("numpy", "str_", b"__array_interface__")
    yield "interface-computed", "its name is made of bytes", holder + b"}" + key + a.literal(interface) + b"sb"


def _types() -> Iterator[tuple[str, str, bytes]]:
    spelled: dict[str, Value] = {
        "class": Name("builtins", "object"),
        "word": "object",
        "bytes": b"O",
        "list": "i8,O",
        "scalar": Name("numpy", "object_"),
    }
    for name, code in spelled.items():
        yield f"dtype-{name}", "flags deny what the type says", _array(_built(_dtype(code), _state()))
    plain = _dtype("O8")
    yield "dtype-flags", "flags deny objects", _array(_built(plain, _state()))
    yield "dtype-some-flags", "flags deny that objects are pickled", _array(_built(plain, _state(flags=1)))
    yield "dtype-numbers", "flags make pointers of numbers", _array(_built(_dtype("i8"), _state(flags=_OBJECT_FLAGS)))
    arguments: tuple[Value, ...] = ("O8", Raw(b"\x89"), Raw(b"\x88"))
    made = a.call_of("copyreg", "__newobj__", _DTYPE, *arguments)
    yield "dtype-copyreg", "copyreg makes the dtype", _array(_built(made, _state()))
    own = a.call_of("numpy.dtypes", "ObjectDType")
    yield "dtype-own-class", "a dtype of a class of its own", _array(_built(own, _state()))
    short = a.literal((3, "|", None, None, None, -1, -1))
    yield "dtype-no-flags", "a state without flags", _array(_built(plain, short))
    yield "dtype-negative", "a negative size", _array(_built(_dtype("V8"), _state(size=-8)))


def _parts() -> Iterator[tuple[str, str, bytes]]:
    whole = Raw(_built(_dtype("O8"), _state(flags=_OBJECT_FLAGS)))
    number = Raw(_built(_dtype("i8"), _state()))
    subarray = _built(_dtype("V8"), _state(subarray=(whole, (1,)), size=8))
    yield "subarray", "flags deny a subarray's objects", _array(subarray)
    field = _built(_dtype("V8"), _state(fields={"a": (whole, 0)}, size=8))
    yield "field", "flags deny a field's objects", _array(field)
    deep = _built(_dtype("V8"), _state(fields={"a": (Raw(subarray), 0)}, size=8))
    yield "field-subarray", "a field of a subarray", _array(deep)
    far = _built(_dtype("V8"), _state(fields={"a": (number, 1 << 30)}, size=8))
    yield "field-outside", "a field far behind its item", _array(far)
    large = _built(_dtype("V8"), _state(subarray=(number, (1 << 20,)), size=8))
    yield "subarray-outside", "a subarray larger than its item", _array(large)


def _changes() -> Iterator[tuple[str, str, bytes]]:
    number = Raw(_built(_dtype("i8"), _state()))
    late = a.literal((Raw(_built(_dtype("O8"), _state(flags=_OBJECT_FLAGS))), 0))
    fields = Raw(a.EMPTY_DICT + a.MEMOIZE + a.short("a") + a.literal((number, 0)) + b"s")
    made = _dtype("V8") + a.literal((3, "|", None, ("a",), fields, 8, 1, 0)) + a.BUILD + a.MEMOIZE
    changed = made + b"h\x00" + a.short("a") + late + b"s0" + a.POP + _array(b"h\x01")
    yield "fields-changed", "a field is replaced once the dtype is made", changed
    view = a.called(a.literal(Name("collections", "ChainMap")), b"h\x00")
    by_view = made + view + a.short("a") + late + b"s0" + a.POP + _array(b"h\x01")
    yield "fields-changed-through-view", "the same through a view of the dict", by_view
    again = _state(fields={"a": (Raw(_built(_dtype("O8"), _state(flags=_OBJECT_FLAGS))), 0)}, size=8, flags=0x1B)
    plain = _dtype("V8") + a.MEMOIZE + _state(size=8) + a.BUILD + a.POP
    yield "dtype-twice", "a dtype is given a second state", plain + _array(b"h\x00") + b"h\x00" + again + a.BUILD
    unfinished = _dtype("V8") + a.MEMOIZE + a.POP + _array(b"h\x00") + b"h\x00" + again + a.BUILD
    yield "dtype-late", "a dtype is given its state when an array has it", unfinished


def _states() -> Iterator[tuple[str, str, bytes]]:
    whole = _built(_dtype("O8"), _state(flags=_OBJECT_FLAGS))
    yield "items-too-few", "fewer objects than the shape counts", _array(whole, [None], 1 << 20)
    yield "items-no-list", "objects from bytes", _array(whole)
    number = _array(_built(_dtype("i8"), _state()))
    state = a.literal((1, (1,), Raw(_built(_dtype("i8"), _state())), Raw(b"\x89"), _POINTER))
    yield "array-twice", "an array's memory is replaced", number + state + a.BUILD


def _memmap() -> bytes:
    described = wrapper(b"K\x01\x85", "u1", subclass=a.stacked("numpy", "memmap"))
    kept = described.replace(b"}(", b"}q\x63(", 1)
    made = a.called(a.literal(_MEMMAP), a.short("artifact-lint.bin"), a.short("u1"), a.short("r"))
    second = a.stacked("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81h\x63b"
    return a.stream(b"(" + kept + b"\x07" + made + second + b"\x07" + b"t")


def _kept_getattr() -> bytes:
    """A bound `getattr` that is called twice where it does nothing, so that a third call would not count."""
    function = a.literal(Name("builtins", "getattr"))
    bound = a.called(a.literal(Name("functools", "partial")), function) + a.MEMOIZE
    mild = b"h\x00" + a.literal((Name("statistics", "NormalDist"), "mean")) + a.REDUCE + a.POP
    special = a.call_of("builtins", "getattr", Name("statistics", "NormalDist"), "__init__")
    return a.stream(bound + a.POP + mild * 3 + special)
