"""The ways in which a stream can come by a callable that it names literally, and the ways to have it called."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.assembler import Name
from hostile.cases import DANGEROUS, SHELL, bad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad

FAMILY_ROUTES = "routes"
FAMILY_CALLS = "calls"

_SYSTEM = Name("posix", "system")

#: Names that `fix_imports` turns into those of Python 3 (CPython's `_compat_pickle`), and one that is gone.
_PYTHON_2 = (
    ("commands", "getoutput"),
    ("__builtin__", "eval"),
    ("__builtin__", "execfile"),
    ("__builtin__", "apply"),
    ("os", "popen2"),
    ("cPickle", "loads"),
    ("urllib2", "urlopen"),
    ("thread", "start_new_thread"),
    ("itertools", "imap"),
    ("__builtin__", "reduce"),
    ("httplib", "HTTPConnection"),
    ("popen2", "popen3"),
    ("multiprocessing.forking", "Popen"),
    ("SimpleXMLRPCServer", "SimpleXMLRPCServer"),
    ("urllib", "urlretrieve"),
)


def inst(function: Name, *arguments: bytes) -> bytes:
    """INST: the name is part of the opcode."""
    return a.MARK + b"".join(arguments) + b"i" + f"{function.module}\n{function.name}\n".encode()


def obj(function: bytes, *arguments: bytes) -> bytes:
    """OBJ: the callable lies above the mark."""
    return a.MARK + function + b"".join(arguments) + b"o"


def by_global(function: Name) -> bytes:
    """GLOBAL."""
    return a.imported(function.module, function.name)


def by_short_texts(function: Name) -> bytes:
    """STACK_GLOBAL over SHORT_BINUNICODE."""
    return a.stacked(function.module, function.name)


def by_wide_texts(function: Name) -> bytes:
    """STACK_GLOBAL over BINUNICODE8."""
    return a.long8(function.module) + a.long8(function.name) + a.STACK_GLOBAL


def by_memo(function: Name) -> bytes:
    """STACK_GLOBAL over what the memo holds, kept in the other order."""
    kept = a.short(function.name) + b"\x94\x30" + a.short(function.module) + b"\x94\x30"
    return kept + b"h\x01h\x00" + a.STACK_GLOBAL


def cases() -> Iterator[Bad]:
    """Every route with one call, and every call with one route."""
    for name, why, opcodes, protocol in _routes():
        content = a.stream(a.called(opcodes, a.literal(SHELL, protocol)), protocol)
        yield bad(FAMILY_ROUTES, name, why, content, DANGEROUS)
    yield from _dup_route()
    for name, why, opcodes, protocol in _calls():
        yield bad(FAMILY_CALLS, name, why, a.stream(opcodes, protocol), DANGEROUS)


def _dup_route() -> Iterator[Bad]:
    opcodes = a.short("timeit") + a.DUP + a.STACK_GLOBAL
    content = a.stream(a.called(opcodes, a.short("print('artifact-lint')")))
    yield bad(FAMILY_ROUTES, "dup", "module and function have one name: one text and DUP", content, DANGEROUS)


def _routes() -> Iterator[tuple[str, str, bytes, int]]:
    module, name = _SYSTEM.module, _SYSTEM.name
    for protocol in range(6):
        yield f"global-{protocol}", "GLOBAL", by_global(_SYSTEM), protocol
    yield "unmarked-protocol", "STACK_GLOBAL without PROTO", by_short_texts(_SYSTEM), 0
    yield "stack", "STACK_GLOBAL over short texts", by_short_texts(_SYSTEM), 4
    yield "stack-wide", "STACK_GLOBAL over BINUNICODE8", by_wide_texts(_SYSTEM), 4
    spellings = {
        "binunicode": a.long,
        "text-lines": a.line,
        "escaped-lines": a.escaped_line,
        "quoted": a.quoted,
        "escaped-quoted": a.escaped_quoted,
        "octal-quoted": a.octal_quoted,
        "short-strings": a.short_string,
        "long-strings": a.long_string,
    }
    for slug, spell in spellings.items():
        yield f"stack-{slug}", f"STACK_GLOBAL over {slug}", spell(module) + spell(name) + a.STACK_GLOBAL, 4
    yield "stack-mixed", "STACK_GLOBAL over two kinds of text", a.escaped_line(module) + a.long8(name) + b"\x93", 5
    yield "memo-memoize", "operands from the memo, in the other order", by_memo(_SYSTEM), 4
    kept = a.short(module) + b"q\x07" + b"0" + a.short(name) + b"q\x03" + b"0"
    yield "memo-binput", "operands from BINPUT and BINGET", kept + b"h\x07h\x03\x93", 4
    far = a.short(module) + b"r" + struct.pack("<I", 70_000) + b"0" + a.short(name) + b"r\x01\x00\x01\x00" + b"0"
    yield "memo-long", "operands from LONG_BINGET", far + b"j" + struct.pack("<I", 70_000) + b"j\x01\x00\x01\x00\x93", 4
    lines = a.line(module) + b"p12\n0" + a.line(name) + b"p13\n0"
    yield "memo-lines", "operands from the text lines PUT and GET", lines + b"g12\ng13\n\x93", 4
    rewritten = a.short("math") + b"q\x00" + b"0" + a.short(module) + b"q\x00" + b"0"
    yield (
        "memo-rewritten",
        "a harmless module in the memo, overwritten",
        rewritten + b"h\x00" + a.short(name) + b"\x93",
        4,
    )
    late = a.short(module) + a.short("math") + b"0" + b"q\x05" + b"0" + b"h\x05" + a.short(name) + b"\x93"
    yield "memo-after-pop", "memoised once a decoy above it is gone", late, 4
    counted = a.short("math") + b"q\x00q\x00\x94" + b"0" + a.short(module) + b"\x940h\x02" + a.short(name) + b"\x93"
    yield "memo-count", "MEMOIZE after BINPUT: its index is the count of entries", counted, 4
    kept_callable = by_short_texts(_SYSTEM) + b"\x940" + a.weights_like() + b"0h\x00"
    yield "callable-from-memo", "the callable itself lies in the memo", kept_callable, 4
    yield (
        "decoy-pop",
        "a decoy between the operands, popped",
        a.short(module) + a.short("path") + b"0" + a.short(name) + b"\x93",
        4,
    )
    decoy = a.short(module) + a.MARK + a.short("path") + a.short("join") + b"1" + a.short(name) + b"\x93"
    yield "decoy-pop-mark", "decoys between the operands, popped with their mark", decoy, 4
    yield "decoy-pop-of-mark", "POP takes away a mark", a.short(module) + b"(0" + a.short(name) + b"\x93", 4
    yield (
        "frame-per-operand",
        "each operand in a frame of its own",
        a.framed(a.short(module)) + a.framed(a.short(name) + b"\x93"),
        4,
    )
    yield "dup-of-callable", "DUP of the callable, the first taken away", by_global(_SYSTEM) + b"20", 2
    for index, (old_module, old_name) in enumerate(_PYTHON_2):
        slug = f"python2-{old_module}-{old_name}".replace(".", "_")
        yield slug, "a name of Python 2, which fix_imports maps", by_global(Name(old_module, old_name)), index % 3


def _calls() -> Iterator[tuple[str, str, bytes, int]]:
    for protocol in range(6):
        yield f"reduce-{protocol}", "REDUCE", a.shell_call(protocol), protocol
    text = a.long(SHELL)
    system = by_global(_SYSTEM)
    namespace = a.imported("argparse", "Namespace")
    empty = namespace + b")\x81"
    yield "inst", "INST", inst(_SYSTEM, a.line(SHELL)), 0
    yield "inst-popped", "INST whose result is popped", inst(_SYSTEM, a.line(SHELL)) + b"0" + a.weights_like(), 4
    yield "inst-in-list", "INST inside a list", b"(" + inst(_SYSTEM, a.line(SHELL)) + b"l", 1
    yield "obj", "OBJ", obj(system, text), 1
    yield (
        "obj-popped",
        "OBJ whose result is popped with its mark",
        b"(" + obj(system, text) + b"1" + a.weights_like(),
        4,
    )
    yield "reduce-popped", "the result is popped", a.shell_call() + b"0" + a.weights_like(), 4
    yield "reduce-as-key", "the result is a key", b"}" + a.shell_call() + b"K\x01s", 4
    yield "reduce-tuple1", "TUPLE1 for the arguments", system + text + a.TUPLE1 + b"R", 2
    yield "reduce-memo-arguments", "arguments out of the memo", text + a.TUPLE1 + b"q\x000" + system + b"h\x00R", 2
    yield (
        "reduce-twice",
        "REDUCE of what a REDUCE gave",
        a.called(a.imported("operator", "attrgetter"), a.long("system"))
        + a.marked(a.called(a.imported("builtins", "__import__"), a.long("os")))
        + b"R",
        2,
    )
    lazy = a.imported("builtins", "map") + system + b"](" + text + b"e" + a.TUPLE2 + a.NEWOBJ
    yield (
        "newobj-map",
        "NEWOBJ of map, which bytes then runs through",
        a.imported("builtins", "bytes") + lazy + a.TUPLE1 + a.NEWOBJ,
        2,
    )
    eager = a.imported("collections", "deque") + lazy + a.TUPLE1 + b"R"
    yield "newobj-map-deque", "an allowed container runs through the map", eager, 2
    filtered = a.stacked("builtins", "filter") + a.stacked("posix", "system") + b"](" + a.short(SHELL) + b"e\x86}\x92"
    yield "newobj-ex-filter", "NEWOBJ_EX of filter", a.stacked("builtins", "bytes") + filtered + a.TUPLE1 + b"}\x92", 4
    popen = a.imported("subprocess", "Popen") + a.long(SHELL) + a.TUPLE1
    yield "newobj-class", "NEWOBJ of a dangerous class", popen + a.NEWOBJ, 2
    keyword = a.stacked("subprocess", "Popen") + b")}" + a.short("args") + a.short(SHELL) + b"s" + a.NEWOBJ_EX
    yield "newobj-ex-keywords", "NEWOBJ_EX with keyword arguments", keyword, 4
    yield (
        "build-setstate",
        "the first BUILD gives the object a __setstate__, the second calls it",
        empty + b"}" + a.long("__setstate__") + system + b"sb" + text + b"b",
        2,
    )
    slots = b"N}" + a.long("__setstate__") + system + b"s\x86b"
    yield "build-slots", "__setstate__ from the slots of a state", empty + slots + text + b"b", 2
    yield (
        "build-class",
        "BUILD patches a class, and its next instance calls it",
        namespace + slots + b"0" + empty + text + b"b",
        2,
    )
    yield (
        "append-attribute",
        "BUILD gives the object an append, which APPEND calls",
        empty + b"}" + a.long("append") + system + b"sb" + text + b"a",
        2,
    )
    yield (
        "extend-attribute",
        "BUILD gives the object an extend, which APPENDS calls",
        empty + b"}" + a.long("extend") + system + b"sb(" + text + b"e",
        2,
    )
    yield (
        "add-attribute",
        "BUILD gives the object an add, which ADDITEMS calls",
        empty + b"}" + a.short("add") + system + b"sb(" + a.short(SHELL) + b"\x90",
        4,
    )
    yield (
        "defaultdict",
        "an allowed container calls its factory",
        a.called(a.imported("collections", "defaultdict"), system),
        2,
    )
    reconstruct = (
        a.imported("copyreg", "_reconstructor")
        + a.marked(a.imported("subprocess", "Popen"), a.imported("builtins", "object"), b"N")
        + b"R}b"
    )
    yield "reconstructor", "copyreg makes an instance of a dangerous class", reconstruct, 2
    yield (
        "newobj-function",
        "copyreg.__newobj__ as a function",
        a.called(a.imported("copyreg", "__newobj__"), a.imported("subprocess", "Popen")),
        2,
    )
    yield (
        "partial",
        "functools.partial keeps the callable in its state",
        a.imported("functools", "partial") + system + a.TUPLE1 + b"R(" + system + b"(" + text + b"t}Ntb",
        2,
    )
    rebuilt = a.called(
        a.imported("torch._tensor", "_rebuild_from_type_v2"),
        system,
        a.imported("builtins", "str"),
        a.marked(text),
        b"N",
    )
    yield "torch-rebuild", "torch's own rebuilder calls what it is given", rebuilt, 2
    yield (
        "numpy-reconstruct",
        "numpy's _reconstruct is given another class",
        a.called(
            a.imported("numpy.core.multiarray", "_reconstruct"),
            a.imported("subprocess", "Popen"),
            b"K\x00\x85",
            a.bytes_constant(b"b"),
        ),
        3,
    )
    function = (
        a.imported("sklearn.preprocessing._function_transformer", "FunctionTransformer")
        + b")\x81}"
        + a.long("func")
        + system
        + b"sb"
    )
    yield "function-transformer", "an estimator holds the callable for later", function, 2
    yield (
        "only-named",
        "the name is imported and not called: importing a module runs it",
        b"}" + a.long("hook") + system + b"s",
        2,
    )
    yield "default-of-object-array", "the callable in a set", b"\x8f(" + a.stacked("posix", "system") + b"\x90", 4
    yield "frozen-set", "the callable in a frozenset", b"(" + a.shell_call() + b"\x91", 4
    persistent = a.shell_call(2) + b"Q"
    yield "persistent-id", "the payload runs while a persistent id is put together", persistent, 2
    module = a.imported("sys", "modules")
    yield "modules", "the interpreter's modules are changed by an item", module + a.long("os") + system + b"s", 2
