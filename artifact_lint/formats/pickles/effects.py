"""What each opcode does to the machine: one function for each, or for those that differ in their argument alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.calls import call
from artifact_lint.formats.pickles.dtypes import is_field
from artifact_lint.formats.pickles.opening import TORCH_HEAD
from artifact_lint.formats.pickles.values import (
    BYTES,
    DICT,
    MORE,
    MOST_ITEMS,
    OBJECT,
    SET,
    SUMMARIES,
    TEXT,
    UNKNOWN,
    DictValue,
    Global,
    ListValue,
    Opaque,
    Result,
    Value,
    is_special,
    render,
)
from artifact_lint.model import Cause, HazardKind, Use

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.formats.pickles.machine import Machine
    from artifact_lint.formats.pickles.opcodes import Blob

HIGHEST_PROTOCOL: Final = 5
#: What is set in an object of these classes is set in the dict that it was made of.
_VIEWS: Final = frozenset({"collections:ChainMap", "collections:UserDict"})
_SHORT: Final = 64
_MOST_STORAGES: Final = 1 << 16


def _push(machine: Machine, argument: object) -> None:
    machine.stack.append(argument)


def _push_constant(constant: Value) -> Callable[[Machine, object], None]:
    def effect(machine: Machine, _: object) -> None:
        machine.stack.append(constant)

    return effect


def _push_text(machine: Machine, argument: object) -> None:
    machine.stack.append(machine.share(argument) if type(argument) is str else argument)


def _push_bytes(machine: Machine, blob: Blob) -> None:
    value: Value = blob.head if blob.length <= _SHORT else BYTES
    if blob.length <= _SHORT and blob.head.startswith(b"__"):
        machine.note_name(blob.head.decode("latin-1"))
    machine.stack.append(blob if machine.keep_blob(blob) and blob.head.startswith(TORCH_HEAD) else value)


def _push_string(machine: Machine, string: str | Blob) -> None:
    if isinstance(string, str):
        machine.stack.append(machine.share(string))
        return
    machine.keep_blob(string)
    whole = string.length <= len(string.head)
    machine.stack.append(machine.share(string.head.decode("latin-1")) if whole else TEXT)


def _empty_list(machine: Machine, _: object) -> None:
    machine.stack.append(ListValue())


def _empty_dict(machine: Machine, _: object) -> None:
    machine.stack.append(DictValue())


def _extend(machine: Machine, items: list[Value], *, whole: bool = True) -> None:
    machine.filled += 1
    target = machine.top()
    if isinstance(target, ListValue):
        target.extend(items)
        target.exact = target.exact and whole


def _append(machine: Machine, _: object) -> None:
    _extend(machine, [machine.pop()])


def _appends(machine: Machine, _: object) -> None:
    items, whole = machine.pop_items()
    _extend(machine, items, whole=whole)


def _add_items(machine: Machine, _: object) -> None:
    machine.pop_items()
    machine.top()
    machine.filled += 1


def _list(machine: Machine, _: object) -> None:
    value = ListValue()
    value.extend(machine.pop_mark())
    machine.stack.append(value)


def _tuple(machine: Machine, _: object) -> None:
    items = machine.pop_mark()
    machine.filled += bool(items)
    machine.stack.append(tuple(items) if len(items) <= MOST_ITEMS else (*items[:MOST_ITEMS], MORE))


def _tuple1(machine: Machine, _: object) -> None:
    machine.filled += 1
    machine.stack.append((machine.pop(),))


def _tuple2(machine: Machine, _: object) -> None:
    machine.filled += 1
    second, first = machine.pop(), machine.pop()
    machine.stack.append((first, second))


def _tuple3(machine: Machine, _: object) -> None:
    machine.filled += 1
    third, second, first = machine.pop(), machine.pop(), machine.pop()
    machine.stack.append((first, second, third))


def _update(machine: Machine, target: Value, items: list[Value], *, whole: bool = True) -> None:
    if whole and len(items) % 2:
        raise machine.broken("a dict gets a key without a value")
    machine.filled += 1
    keys = items[::2] if whole else items
    _note_field_set(machine, target, items)
    if isinstance(target, DictValue):
        if whole:
            target.update(items)
        else:
            target.update_partly(keys)
    elif target is DICT or (isinstance(target, Opaque) and any(map(_is_special_text, keys))):
        machine.note(FormatError(Cause.LIMIT, "entries are set in a dict that is no longer kept", machine.offset))


def _note_field_set(machine: Machine, target: Value, items: list[Value]) -> None:
    """Note that a dtype's field is set in what may be the dict of its fields by another name."""
    if isinstance(target, DictValue):
        machine.note_change(target)
        return
    is_view = isinstance(target, Result) and target.origin.resolved in _VIEWS
    if (is_view or isinstance(target, Opaque)) and any(is_field(item) for item in items):
        machine.note_change(None)


def _is_special_text(key: Value) -> bool:
    return isinstance(key, str) and is_special(key)


def _dict(machine: Machine, _: object) -> None:
    value = DictValue()
    items = machine.pop_mark()
    if items:
        _update(machine, value, items)
    machine.stack.append(value)


def _set_item(machine: Machine, _: object) -> None:
    value, key = machine.pop(), machine.pop()
    _update(machine, machine.top(), [key, value])


def _set_items(machine: Machine, _: object) -> None:
    items, whole = machine.pop_items()
    _update(machine, machine.top(), items, whole=whole)


def _frozenset(machine: Machine, _: object) -> None:
    machine.pop_items()
    machine.stack.append(SET)


def _pop(machine: Machine, _: object) -> None:
    if machine.marks and len(machine.stack) == machine.fence:
        machine.pop_mark()
    else:
        machine.pop()


def _duplicate(machine: Machine, _: object) -> None:
    value = machine.top()
    if type(value) is Global:
        value.references += 1
    machine.stack.append(value)


def _mark(machine: Machine, _: object) -> None:
    machine.fence = len(machine.stack)
    machine.marks.append(machine.fence)


def _pop_mark(machine: Machine, _: object) -> None:
    machine.pop_items()


def _get(machine: Machine, index: int) -> None:
    memo = machine.memo
    value = memo[index] if index < len(memo) else machine.recall(index)
    if type(value) is Global:
        value.references += 1
    machine.stack.append(value)


def _put(machine: Machine, index: int) -> None:
    machine.remember(index, machine.top())


def _memoize(machine: Machine, _: object) -> None:
    stack = machine.stack
    value = stack[-1] if len(stack) > machine.fence else machine.top()
    if machine.sparse:
        machine.remember(machine.memo_size(), value)
    else:
        machine.memo.append(machine.condense(value) if type(value) in SUMMARIES else value)


def _extension(machine: Machine, code: int) -> None:
    machine.hazard(HazardKind.EXTENSION_CODE, f"copyreg extension code {code}")
    machine.stack.append(OBJECT)


def _global(machine: Machine, found: tuple[str, str]) -> None:
    module, name = found
    machine.stack.append(machine.find(module, name))


def _stack_global(machine: Machine, _: object) -> None:
    name, module = machine.pop(), machine.pop()
    if isinstance(module, str) and isinstance(name, str):
        machine.stack.append(machine.find(module, name))
        return
    evidence = f"module {_operand(module)}, name {_operand(name)}"
    machine.hazard(HazardKind.COMPUTED_IMPORT, evidence)
    machine.stack.append(OBJECT)


def _operand(value: Value) -> str:
    if isinstance(value, str):
        return repr(value[:80])
    if isinstance(value, Opaque):
        return "of unknown text" if value in (TEXT, UNKNOWN) else "computed"
    return render(value) or "computed"


def _reduce(machine: Machine, _: object) -> None:
    arguments, function = machine.pop(), machine.pop()
    machine.calls += isinstance(function, Global)
    machine.stack.append(call(machine, function, _tuple_of(machine, arguments), Use.CALLED))


def _tuple_of(machine: Machine, arguments: Value) -> tuple[Value, ...]:
    if isinstance(arguments, Opaque):
        machine.note_unknown()
    return arguments if isinstance(arguments, tuple) else (arguments,)


def _instance(machine: Machine, cls: tuple[str, str]) -> None:
    module, name = cls
    arguments = tuple(machine.pop_mark()[:MOST_ITEMS])
    machine.calls += _tells(arguments)
    machine.stack.append(call(machine, machine.find(module, name), arguments, Use.CALLED))


def _object(machine: Machine, _: object) -> None:
    items = machine.pop_mark()
    if not items:
        raise machine.broken("OBJ has no class")
    function, *rest = items[: MOST_ITEMS + 1]
    arguments = tuple(rest)
    machine.calls += isinstance(function, Global) and _tells(arguments)
    machine.stack.append(call(machine, function, arguments, Use.CALLED))


def _tells(arguments: tuple[Value, ...]) -> bool:
    """Whether the arguments of INST or OBJ, which are letters, are more than a few letters of text could be."""
    return any(isinstance(argument, str | bytes | Global | Result) for argument in arguments)


def _new_object(machine: Machine, _: object) -> None:
    arguments, cls = machine.pop(), machine.pop()
    machine.calls += isinstance(cls, Global)
    machine.stack.append(call(machine, cls, _tuple_of(machine, arguments), Use.INSTANTIATED))


def _new_object_with_keywords(machine: Machine, _: object) -> None:
    keywords, arguments, cls = machine.pop(), machine.pop(), machine.pop()
    machine.calls += isinstance(cls, Global)
    everything = _tuple_of(machine, arguments)
    if isinstance(keywords, DictValue) and keywords.count:
        everything = (*everything, keywords)
    machine.stack.append(call(machine, cls, everything, Use.INSTANTIATED))


def _build(machine: Machine, _: object) -> None:
    machine.build(machine.pop())


def _protocol(machine: Machine, protocol: int) -> None:
    if protocol > HIGHEST_PROTOCOL:
        machine.note(machine.broken(f"pickle protocol {protocol} does not exist"))
    machine.protocol = protocol


def _stop(machine: Machine, _: object) -> None:
    machine.root = machine.pop()
    machine.running = False


def _frame(machine: Machine, length: int) -> None:
    if length > machine.window.left():
        detail = f"a frame promises {length:,} bytes and {machine.window.left():,} are left"
        machine.note(FormatError(Cause.TRUNCATED, detail, machine.offset))
    window = machine.window
    if machine.frame_end > window.tell():
        machine.hazard(HazardKind.FRAME_DISAGREEMENT, "a frame begins within another")
    machine.frame_end = window.tell() + length
    window.safe = -1


def _persistent(machine: Machine, identifier: str) -> None:
    machine.hazard(HazardKind.PERSISTENT_ID, f"persistent id {identifier[:_SHORT]!r}")
    machine.stack.append(OBJECT)


def _binary_persistent(machine: Machine, _: object) -> None:
    identifier = machine.pop()
    machine.hazard(HazardKind.PERSISTENT_ID, _persistent_evidence(identifier))
    if isinstance(identifier, tuple) and len(identifier) >= 5 and len(machine.storages) < _MOST_STORAGES:
        _, storage, key, _, count = identifier[:5]
        if isinstance(storage, Global) and isinstance(key, str) and isinstance(count, int):
            machine.storages[key] = (storage.name, count)
    cls = _module_class(identifier)
    if cls is None:
        machine.stack.append(machine.load_persistent(identifier))
    else:
        cls.references += 1
        machine.stack.append(cls)


def _module_class(identifier: Value) -> Global | None:
    """The class that a persistent id of torch's legacy layout stands for, which its loader gives back."""
    if isinstance(identifier, tuple) and len(identifier) >= 4 and identifier[0] == "module":
        return identifier[1] if isinstance(identifier[1], Global) else None
    return None


def _persistent_evidence(identifier: Value) -> str:
    if isinstance(identifier, tuple) and len(identifier) >= 5 and identifier[0] == "storage":
        storage = identifier[1]
        if isinstance(storage, Global) and storage.module.partition(".")[0] == "torch":
            return f"torch storage {storage.module}:{storage.name}"
    cls = _module_class(identifier)
    if cls is not None:
        # The legacy layout adds the source of a class, which torch compares with the one that is installed.
        return f"torch module {cls.module}:{cls.name}"
    return f"persistent id {render(identifier) or 'computed'}"


def _next_buffer(machine: Machine, _: object) -> None:
    machine.stack.append(BYTES)


def _read_only(machine: Machine, _: object) -> None:
    machine.top()


def _empty_set(machine: Machine, _: object) -> None:
    machine.stack.append(SET)


#: What every opcode does, by its name in `pickletools`; each takes what the reader of its opcode's argument gives.
EFFECTS: Final[dict[str, Callable[[Machine, Any], None]]] = {
    "INT": _push,
    "BININT": _push,
    "BININT1": _push,
    "BININT2": _push,
    "LONG": _push,
    "LONG1": _push,
    "LONG4": _push,
    "STRING": _push_string,
    "BINSTRING": _push_string,
    "SHORT_BINSTRING": _push_string,
    "BINBYTES": _push_bytes,
    "SHORT_BINBYTES": _push_bytes,
    "BINBYTES8": _push_bytes,
    "BYTEARRAY8": _push_bytes,
    "NEXT_BUFFER": _next_buffer,
    "READONLY_BUFFER": _read_only,
    "NONE": _push_constant(None),
    "NEWTRUE": _push_constant(constant=True),
    "NEWFALSE": _push_constant(constant=False),
    "UNICODE": _push_text,
    "SHORT_BINUNICODE": _push_text,
    "BINUNICODE": _push_text,
    "BINUNICODE8": _push_text,
    "FLOAT": _push,
    "BINFLOAT": _push,
    "EMPTY_LIST": _empty_list,
    "APPEND": _append,
    "APPENDS": _appends,
    "LIST": _list,
    "EMPTY_TUPLE": _push_constant(()),
    "TUPLE": _tuple,
    "TUPLE1": _tuple1,
    "TUPLE2": _tuple2,
    "TUPLE3": _tuple3,
    "EMPTY_DICT": _empty_dict,
    "DICT": _dict,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "EMPTY_SET": _empty_set,
    "ADDITEMS": _add_items,
    "FROZENSET": _frozenset,
    "POP": _pop,
    "DUP": _duplicate,
    "MARK": _mark,
    "POP_MARK": _pop_mark,
    "GET": _get,
    "BINGET": _get,
    "LONG_BINGET": _get,
    "PUT": _put,
    "BINPUT": _put,
    "LONG_BINPUT": _put,
    "MEMOIZE": _memoize,
    "EXT1": _extension,
    "EXT2": _extension,
    "EXT4": _extension,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "BUILD": _build,
    "INST": _instance,
    "OBJ": _object,
    "NEWOBJ": _new_object,
    "NEWOBJ_EX": _new_object_with_keywords,
    "PROTO": _protocol,
    "STOP": _stop,
    "FRAME": _frame,
    "PERSID": _persistent,
    "BINPERSID": _binary_persistent,
}
