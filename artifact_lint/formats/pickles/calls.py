"""What a call in a pickle does: what it returns, and what the callee in turn does with the names it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.pickles.dtypes import DTYPE
from artifact_lint.formats.pickles.opcodes import Blob
from artifact_lint.formats.pickles.values import OBJECT, DictValue, Global, ListValue, Result, Value, render
from artifact_lint.model import Use

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.formats.pickles.machine import Machine

#: Functions that return an instance of their first argument.
_RECONSTRUCTORS: Final = frozenset(
    {
        "copyreg:_reconstructor",
        "copyreg:__newobj__",
        "copyreg:__newobj_ex__",
        "numpy.core.multiarray:_reconstruct",
        "numpy._core.multiarray:_reconstruct",
    }
)

#: What functions do with the names among their arguments, by position; read in the sources of CPython 3.14's copyreg,
#: torch 2.9, numpy 2.4, pandas 2.3 and scikit-learn 1.7.
_INSTANTIATES_FIRST: Final = ((0, Use.INSTANTIATED),)
_CALLS_FIRST: Final = ((0, Use.CALLED),)
_CALLS_BOTH: Final = ((0, Use.CALLED), (1, Use.CALLED))
_HIGHER_ORDER: Final = {
    "copyreg:_reconstructor": ((0, Use.INSTANTIATED), (1, Use.CALLED)),
    "copyreg:__newobj__": _INSTANTIATES_FIRST,
    "copyreg:__newobj_ex__": _INSTANTIATES_FIRST,
    "torch._tensor:_rebuild_from_type_v2": ((0, Use.CALLED), (1, Use.INSTANTIATED)),
    "torch._utils:_rebuild_wrapper_subclass": _INSTANTIATES_FIRST,
    "numpy.ma.core:_mareconstruct": ((0, Use.INSTANTIATED), (1, Use.INSTANTIATED)),
    "array:_array_reconstructor": _INSTANTIATES_FIRST,
}
#: The same for functions that go by this name in several modules.
_HIGHER_ORDER_NAMES: Final = {
    "_reconstruct": _INSTANTIATES_FIRST,
    "__generator_ctor": _CALLS_BOTH,
    "__randomstate_ctor": _CALLS_BOTH,
    "__bit_generator_ctor": _CALLS_FIRST,
    "_new_Index": _INSTANTIATES_FIRST,
    "_new_DatetimeIndex": _INSTANTIATES_FIRST,
    "_new_PeriodIndex": _INSTANTIATES_FIRST,
    "_new_IntervalIndex": _INSTANTIATES_FIRST,
    "newObj": _INSTANTIATES_FIRST,
}
_CYTHON: Final = "__pyx_unpickle_"
#: The class whose instances are made without a call of anything.
_NO_BASE: Final = "builtins:object"

#: How bound methods and class methods are pickled (`method.__reduce__`, `builtin_function_or_method.__reduce__`).
_GETATTR: Final = "builtins:getattr"
#: How Python 3 writes bytes in protocols that have none.
_ENCODE: Final = "_codecs:encode"
#: How numpy before 1.20 pickles its functions, and how functions are bound to arguments.
_UFUNCS: Final = ("numpy.core:_ufunc_reconstruct", "numpy._core:_ufunc_reconstruct")
PARTIAL: Final = "functools:partial"
#: How a storage outside an archive of PyTorch's own is pickled: `torch.load` of the constant that is its argument.
_STORAGE: Final = "torch.storage:_load_from_bytes"
#: The longest name that is made of an attribute's and its owner's, in characters.
_LONGEST_NAME: Final = 256
#: What a value of a built-in type is called as the owner of a bound method.
_BUILT_IN: Final = {ListValue: "list", DictValue: "dict", str: "str", bytes: "bytes", tuple: "tuple"}

#: PROTO 2 and LONG1 with torch's magic number, little-endian: how `torch.save` began before PyTorch 1.6.
TORCH_MAGIC: Final = 0x1950A86A20F9469CFC6C
TORCH_HEAD: Final = b"\x80\x02\x8a\x0a" + TORCH_MAGIC.to_bytes(10, "little") + b"."


def call(machine: Machine, function: Value, arguments: tuple[Value, ...], use: Use) -> Value:
    """What a call returns; the use and the arguments of an imported name are noted."""
    if not isinstance(function, Global):
        return OBJECT
    harmless = _HARMLESS.get(function.resolved)
    if harmless is not None and use is Use.CALLED:
        returned = harmless(machine, function, arguments)
        if returned is not None:
            function.references -= 1
            return returned
    if function.resolved == _ENCODE:
        _note_encoded(machine, arguments)
    function.uses.add(use)
    if not function.arguments:
        function.arguments = render(arguments)
    _pass_on(function, arguments)
    if function.resolved in _RECONSTRUCTORS and arguments and isinstance(arguments[0], Global):
        return arguments[0].result
    if function.resolved == DTYPE:
        return Result(function, arguments)
    return function.result


def _pass_on(function: Global, arguments: tuple[Value, ...]) -> None:
    """Note what a function does with the names it is given."""
    done = _HIGHER_ORDER.get(function.resolved)
    if done is None:
        name = function.resolved.partition(":")[2]
        done = _INSTANTIATES_FIRST if name.startswith(_CYTHON) else _HIGHER_ORDER_NAMES.get(name, ())
    for position, use in done:
        argument = arguments[position] if position < len(arguments) else None
        if isinstance(argument, Global) and argument.resolved != _NO_BASE:
            argument.uses.add(use)


def _note_encoded(machine: Machine, arguments: tuple[Value, ...]) -> None:
    """Keep bytes that protocols below 3 write as text, to be looked into like any other constant."""
    if arguments and isinstance(arguments[0], str):
        content = arguments[0].encode("latin-1", "replace")
        machine.keep_blob(Blob(machine.start, len(content), content))


def _ufunc(machine: Machine, _: Global, arguments: tuple[Value, ...]) -> Value:
    """The function that numpy fetches from a module by their names; None where they are not written literally."""
    match arguments:
        case (str(module), str(name)):
            found = machine.find(module, name)
            found.uses.add(Use.NAMED)
            return found
    return None


def _bound(_: Machine, function: Global, arguments: tuple[Value, ...]) -> Value:
    """A function bound to arguments: it is called sooner or later, and the binding does nothing else."""
    if arguments and isinstance(arguments[0], Global):
        arguments[0].uses.add(Use.CALLED)
        return Result(function, arguments)
    return None


def rebind(target: Result, state: Value) -> None:
    """Note what a bound function calls once its state has replaced what it was made of."""
    function = state[0] if isinstance(state, tuple) and state else None
    if isinstance(function, Global):
        function.uses.add(Use.CALLED)
    else:
        target.origin.references += 1


def _storage(_: Machine, function: Global, arguments: tuple[Value, ...]) -> Value:
    """A storage from what the legacy `torch.save` wrote into a constant, which is read like any nested pickle."""
    is_legacy = len(arguments) == 1 and isinstance(arguments[0], Blob) and arguments[0].head.startswith(TORCH_HEAD)
    return function.result if is_legacy else None


def _attribute(machine: Machine, _: Global, arguments: tuple[Value, ...]) -> Value:
    """What `getattr` fetches, as a name reached through its owner's; None where that is not written literally.

    `module:Class.method` for the attribute of an imported name, `module:Class().method` for one of its instances.
    """
    if len(arguments) != 2:
        return None
    owner, attribute = arguments
    if not isinstance(attribute, str) or not attribute.isidentifier() or attribute.startswith("__"):
        return None
    module, name = _owner(owner)
    path = f"{name}.{attribute}"
    if not name or len(path) > _LONGEST_NAME:
        return None
    found = machine.find(module, path)
    found.uses.add(Use.NAMED)
    return found


def _owner(value: Value) -> tuple[str, str]:
    """The module and the name of what an attribute is fetched from; no name where it is not known."""
    if isinstance(value, Global):
        return value.module, value.name
    if isinstance(value, Result):
        return value.origin.module, f"{value.origin.name}()"
    built_in = _BUILT_IN.get(type(value))
    return ("builtins", f"{built_in}()") if built_in else ("", "")


#: What calls of functions return that do nothing by themselves, as they are called here: `None` where they may.
_HARMLESS: Final[dict[str, Callable[[Machine, Global, tuple[Value, ...]], Value]]] = {
    _GETATTR: _attribute,
    PARTIAL: _bound,
    _STORAGE: _storage,
    **dict.fromkeys(_UFUNCS, _ufunc),
}
