"""What a call in a pickle does: what it returns, and what the callee in turn does with the names it is given."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.pickles.arrays import note_call
from artifact_lint.formats.pickles.opcodes import Blob
from artifact_lint.formats.pickles.opening import TORCH_HEAD
from artifact_lint.formats.pickles.states import acts
from artifact_lint.formats.pickles.values import (
    OBJECT,
    UNKNOWN,
    DictValue,
    Global,
    ListValue,
    Opaque,
    Result,
    Value,
    render,
)
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
#: torch 2.9, numpy 2.4, pandas 2.3 and scikit-learn 1.7. A `defaultdict` calls its first one for a key that it lacks.
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
    "collections:defaultdict": _CALLS_FIRST,
    "_collections:defaultdict": _CALLS_FIRST,
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
#: How what a function does is kept with the names or keys that it does it to; nothing happens until it is called.
_ATTRIBUTE_GETTER: Final = "operator:attrgetter"
_ITEM_GETTER: Final = "operator:itemgetter"
_KEPT_FOR_LATER: Final = frozenset({PARTIAL, _ATTRIBUTE_GETTER, _ITEM_GETTER})
#: How many functions and arguments that are bound within each other are followed.
_MOST_BOUND: Final = 64
#: A class that stands for another: what is called or given a state is the other one (PEP 585).
_ALIAS: Final = "types:GenericAlias"
#: What nothing happens with that pickles could make of it.
_PLAIN: Final = frozenset({"str", "bytes", "int", "set", "list", "dict", "tuple", "more items"})
#: Functions that return their first argument as it is (numpy 2.4; torch 2.9, torch/jit/_pickle.py).
_RETURN_FIRST: Final = frozenset(
    {
        "numpy:object_",
        *(f"torch.jit._pickle:{name}" for name in ("restore_type_tag", "build_intlist", "build_tensorlist")),
        *(f"torch.jit._pickle:{name}" for name in ("build_doublelist", "build_boollist", "build_tensor_from_id")),
    }
)
#: What makes a scalar of a dtype and bytes, or of objects the second argument itself (numpy 1.0 to 1.26).
_SCALARS: Final = frozenset({"numpy.core.multiarray:scalar", "numpy._core.multiarray:scalar"})
#: How torch restores tensors of subclasses, and parameters that have attributes (torch 2.9).
_FROM_TYPE: Final = "torch._tensor:_rebuild_from_type_v2"
_WITH_STATE: Final = "torch._utils:_rebuild_parameter_with_state"
_STATE_OF_PARAMETER: Final = 3
#: How dill restores an array, and a type of the interpreter by its name (dill 0.4.1).
_DILL_ARRAY: Final = "dill._dill:_create_array"
_DILL_TYPE: Final = "dill._dill:_load_type"
_TYPE_OF_INTERPRETER: Final = "Type"
_TYPES_ELSEWHERE: Final = {
    "PartialType": PARTIAL,
    "AttrGetterType": _ATTRIBUTE_GETTER,
    "ItemGetterType": _ITEM_GETTER,
}
#: A time zone from a file, which is opened where a path is given (dateutil 2.9).
_ZONE: Final = "dateutil.tz.tz:tzfile"
#: How a storage outside an archive of PyTorch's own is pickled: `torch.load` of the constant that is its argument.
_STORAGE: Final = "torch.storage:_load_from_bytes"
#: The longest name that is made of an attribute's and its owner's, in characters.
_LONGEST_NAME: Final = 256
#: What a value of a built-in type is called as the owner of a bound method.
_BUILT_IN: Final = {ListValue: "list", DictValue: "dict", str: "str", bytes: "bytes", tuple: "tuple"}

#: A registry's models share most of the functions that they call.
_MOST_REMEMBERED: Final = 1 << 12


def call(machine: Machine, function: Value, arguments: tuple[Value, ...], use: Use, *, held: bool = False) -> Value:
    """What a call returns; the use and the arguments of an imported name are noted.

    A name that does nothing when it is called so is not counted as a reference, unless it is `held` by something else,
    which may be called again.
    """
    if not isinstance(function, Global):
        if is_unknown(function):
            machine.note_unknown()
        unbound = _unbound(function)
        if unbound is None:
            _note_object_called(function)
            return OBJECT
        held = True
        function, arguments = unbound[0], (*unbound[1], *arguments)
    passed = _passed_on(function.resolved)
    if passed and any(arguments[position] is UNKNOWN for position, _ in passed if position < len(arguments)):
        machine.note_unknown()
    harmless = _HARMLESS.get(function.resolved)
    if harmless is not None and use is Use.CALLED:
        returned = harmless(machine, function, arguments)
        if returned is not None:
            function.references -= not held
            return returned
    if function.resolved == _ENCODE:
        _note_encoded(machine, arguments)
    function.uses.add(use)
    if not function.arguments:
        function.arguments = render(arguments)
    note_call(machine, function, arguments, _pass_on(passed, arguments) if passed else [])
    return _returned(machine, function, arguments)


def _returned(machine: Machine, function: Global, arguments: tuple[Value, ...]) -> Value:
    """What a function returns."""
    if function.resolved in _RETURN_FIRST and arguments:
        return arguments[0]
    if function.resolved in _SCALARS and len(arguments) > 1 and isinstance(arguments[1], Global | Result):
        return arguments[1]
    if function.resolved == _FROM_TYPE:
        return _rebuilt_from_type(machine, function, arguments)
    if function.resolved == _WITH_STATE and len(arguments) > _STATE_OF_PARAMETER:
        machine.set_state(function.result, arguments[_STATE_OF_PARAMETER])
    if function.resolved in _RECONSTRUCTORS and arguments and isinstance(arguments[0], Global):
        return machine.make(arguments[0], arguments[1:])
    return machine.make(function, arguments)


def is_unknown(value: Value) -> bool:
    """Whether nothing is known of what a value does when it is called or given a state."""
    if isinstance(value, Result):
        return value.origin.resolved == _ALIAS
    return isinstance(value, Opaque) and value.kind not in _PLAIN


def _rebuilt_from_type(machine: Machine, function: Global, arguments: tuple[Value, ...]) -> Value:
    """What torch makes of a function's result: it calls its first argument, and sets what its last one tells."""
    match arguments:
        case (Global() as made_by, _, given, state) if made_by.resolved != _FROM_TYPE:
            made = call(machine, made_by, given if isinstance(given, tuple) else (given,), Use.CALLED, held=True)
            if isinstance(made, Result):
                machine.set_state(made, state)
                return made
    machine.note_unknown()
    return function.result


@lru_cache(_MOST_REMEMBERED)
def _passed_on(function: str) -> tuple[tuple[int, Use], ...]:
    """What a function does with the names it is given, by their position."""
    done = _HIGHER_ORDER.get(function)
    if done is not None:
        return done
    name = function.partition(":")[2]
    return _INSTANTIATES_FIRST if name.startswith(_CYTHON) else _HIGHER_ORDER_NAMES.get(name, ())


def _pass_on(passed: tuple[tuple[int, Use], ...], arguments: tuple[Value, ...]) -> list[Value]:
    """Note what a function does with the names it is given; these names."""
    values = []
    for position, use in passed:
        if position < len(arguments):
            note_use(arguments[position], use)
            values.append(arguments[position])
    return values


def note_use(value: Value, use: Use) -> None:
    """Note what is done with a value: with an imported name, or with what an object is made of.

    Of a function that is bound to arguments the arguments count as well, for who can say what it does with them.
    """
    pending = [value]
    for _ in range(_MOST_BOUND):
        if not pending:
            return
        item = pending.pop()
        if isinstance(item, Global) and item.resolved != _NO_BASE:
            item.uses.add(use)
        elif isinstance(item, Result):
            item.origin.uses.add(use)
            if item.origin.resolved == PARTIAL:
                pending += _parts(item)
    if pending:
        _show_bound(value)


def _parts(bound: Result) -> list[Value]:
    """A function that `functools.partial` binds, with its arguments (`partial.__reduce__`)."""
    parts = list(bound.arguments)
    if isinstance(bound.state, tuple):
        for part in bound.state[:3]:
            parts += (
                part if isinstance(part, tuple) else part.entries.values() if isinstance(part, DictValue) else [part]
            )
    return parts


def _unbound(value: Value) -> tuple[Global, tuple[Value, ...]] | None:
    """The function and the arguments that `functools.partial` binds, keywords last; None where they are not known."""
    if not isinstance(value, Result) or value.origin.resolved != PARTIAL:
        return None
    match value.state, value.arguments:
        case ((Global() as function, tuple() as given, keywords, *_), _):
            return function, (*given, keywords) if isinstance(keywords, DictValue) and keywords.count else given
        case (None, (Global() as function, *given)):
            return function, tuple(given)
    return None


def _note_object_called(value: Value) -> None:
    """Note the call of an object: of one that was made to be called later, nothing else tells."""
    note_use(value, Use.CALLED)
    _show_bound(value)


def _show_bound(value: Value) -> None:
    if isinstance(value, Result) and value.origin.resolved in _KEPT_FOR_LATER:
        value.origin.references += 1


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
    """A function bound to arguments, which is called later if at all: until then it is only referred to."""
    if arguments and isinstance(arguments[0], Global):
        arguments[0].uses.add(Use.NAMED)
        return Result(function, arguments)
    return None


def rebind(target: Result, state: Value) -> None:
    """Note what a bound function refers to once its state has replaced what it was made of."""
    function = state[0] if isinstance(state, tuple) and state else None
    if isinstance(function, Global):
        function.uses.add(Use.NAMED)
    else:
        target.origin.references += 1
    if Use.CALLED in target.origin.uses:
        note_use(target, Use.CALLED)


def _attribute_getter(_: Machine, function: Global, arguments: tuple[Value, ...]) -> Value:
    """What fetches attributes when it is called, and nothing before; None where they are not written literally."""
    literal = all(isinstance(path, str) and ".__" not in f".{path}" for path in arguments)
    return Result(function, arguments) if literal else None


def _item_getter(_: Machine, function: Global, arguments: tuple[Value, ...]) -> Value:
    return Result(function, arguments) if all(isinstance(key, str | int) for key in arguments) else None


def _array_of_dill(machine: Machine, _: Global, arguments: tuple[Value, ...]) -> Value:
    """What `_create_array` makes: it calls its first argument and gives what comes of it a state."""
    match arguments:
        case (Global() as function, tuple() as given, state, *attributes):
            if function.resolved == _DILL_ARRAY or len(attributes) > 1:
                return None
            made = call(machine, function, given, Use.CALLED, held=True)
            if isinstance(made, Result):
                machine.set_state(made, state)
                if any(attributes) and acts(made.origin.resolved, attributes[0]):
                    made.origin.uses.add(Use.CALLED)
                return made
    return None


def _type_of_dill(machine: Machine, _: Global, arguments: tuple[Value, ...]) -> Value:
    """What `_load_type` looks up: a type of `builtins`, or one of `types`, whose names end in "Type"."""
    match arguments:
        case (str(name),) if name.isidentifier():
            module = "types" if name.endswith(_TYPE_OF_INTERPRETER) else "builtins"
            owner, attribute = _TYPES_ELSEWHERE.get(name, f"{module}:{name}").split(":")
            found = machine.find(owner, attribute)
            found.uses.add(Use.NAMED)
            return found
    return None


def _zone(_: Machine, function: Global, arguments: tuple[Value, ...]) -> Value:
    """A time zone whose file was read when it was pickled; None where a file would be opened."""
    return function.result if arguments and arguments[0] is None else None


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
        module, _, name = value.resolved.partition(":")
        return module, name
    if isinstance(value, Result):
        module, _, name = value.origin.resolved.partition(":")
        return module, f"{name}()"
    built_in = _BUILT_IN.get(type(value))
    return ("builtins", f"{built_in}()") if built_in else ("", "")


#: What calls of functions return that do nothing by themselves, as they are called here: `None` where they may.
_HARMLESS: Final[dict[str, Callable[[Machine, Global, tuple[Value, ...]], Value]]] = {
    _GETATTR: _attribute,
    PARTIAL: _bound,
    _ATTRIBUTE_GETTER: _attribute_getter,
    _ITEM_GETTER: _item_getter,
    _DILL_ARRAY: _array_of_dill,
    _DILL_TYPE: _type_of_dill,
    _STORAGE: _storage,
    _ZONE: _zone,
    **dict.fromkeys(_UFUNCS, _ufunc),
}


def is_counted(function: Global) -> bool:
    """Whether some calls of a function are harmless and not counted, so that all others have to be seen."""
    return function.resolved in _HARMLESS
