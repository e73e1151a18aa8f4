"""Names that are not written in the stream but put together while it loads, and imports by number."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.assembler import Name, Raw
from hostile.cases import COMPUTED, DANGEROUS, DOTTED, SHELL, UNLISTED, bad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.assembler import Value
    from hostile.cases import Bad

FAMILY = "computed-names"
FAMILY_EXTENSION = "extension-codes"

_ANY = (COMPUTED, DANGEROUS, UNLISTED, DOTTED)
_EXTENSION = "PKL105"


def cases() -> Iterator[Bad]:
    """Operands of STACK_GLOBAL that no literal spells, classes that are patched, and extension codes."""
    for slug, why, module in _modules():
        body = a.called(a.literal(module) + a.short("system") + a.STACK_GLOBAL, a.short(SHELL))
        yield bad(FAMILY, slug, why, a.stream(body), *_ANY)
    yield from _other_operands()
    yield from _by_attribute()
    yield from _patches()
    yield from _extensions()


def _result(module: str, name: str, *arguments: Value) -> Raw:
    return Raw(a.call_of(module, name, *arguments))


def _modules() -> Iterator[tuple[str, str, Value]]:
    """Values that become the text `posix`, or `os`, while the stream loads."""
    yield "rot13", "codecs.decode turns the letters", _result("codecs", "decode", "cbfvk", "rot13")
    yield "codecs-hex", "codecs.decode of bytes", _result("_codecs", "decode", b"posix", "latin1")
    yield "escape-decode", "a codec for escapes", _result("_codecs", "unicode_escape_decode", b"\\x6fs")
    yield "str-of-bytes", "str() decodes bytes", _result("builtins", "str", b"posix", "ascii")
    yield "str-of-text", "str() of a text", _result("builtins", "str", "posix")
    yield "bytes-decode", "a method by its dotted name", _result("builtins", "bytes.decode", b"posix")
    yield "join", "str.join", _result("builtins", "str.join", "", ["po", "six"])
    yield "lower", "str.lower", _result("builtins", "str.lower", "POSIX")
    yield "format", "format()", _result("builtins", "format", "posix", "")
    yield "chr", "a letter by its number, repeated", _result("builtins", "chr", 111)
    yield "add", "operator.add of two halves", _result("operator", "add", "po", "six")
    yield "concat", "operator.concat of two halves", _result("operator", "concat", "po", "six")
    yield "mod", "operator.mod fills a text", _result("_operator", "mod", "%sx", "posi")
    yield "multiply", "operator.mul of a text", _result("operator", "mul", "os", 1)
    yield "getitem", "operator.getitem of a list", _result("operator", "getitem", ["os", "posix"], 1)
    yield "getitem-dict", "operator.getitem of a dictionary", _result("operator", "getitem", {"x": "posix"}, "x")
    yield "max", "max() of texts", _result("builtins", "max", ["os", "posix"])
    yield "min", "min() of texts", _result("builtins", "min", ["os", "posix"])
    yield "next", "next() of an iterator", _result("builtins", "next", _result("builtins", "iter", ["posix"]))
    yield "unquote", "a URL's escapes", _result("urllib.parse", "unquote", "%70osix")
    yield "unescape", "HTML's entities", _result("html", "unescape", "&#111;s")
    yield "json", "JSON", _result("json", "loads", '"posix"')
    yield "literal-eval", "ast.literal_eval", _result("ast", "literal_eval", "'posix'")
    yield "sub", "re.sub", _result("re", "sub", "x", "s", "ox")
    yield "basename", "the last part of a path", _result("posixpath", "basename", "/lib/posix")
    yield "intern", "sys.intern", _result("sys", "intern", "posix")
    yield "numpy-str", "a text of numpy's own class", _result("numpy", "str_", "posix")
    yield "user-string", "a text in a wrapper", _result("collections", "UserString", "posix")
    yield (
        "setstate",
        "an object whose state is its text",
        Raw(a.stacked("builtins", "str") + a.short("posix") + b"\x85\x81"),
    )
    yield "newobj-ex", "a text by NEWOBJ_EX", Raw(a.stacked("builtins", "str") + a.short("posix") + b"\x85}\x92")
    yield "inst", "a text by INST", Raw(b"(" + a.short("posix") + b"ibuiltins\nstr\n")
    yield "obj", "a text by OBJ", Raw(b"(" + a.stacked("builtins", "str") + a.short("posix") + b"o")
    yield "persistent", "a text from a persistent id", Raw(b"Pposix\n")
    yield "binary-persistent", "a text from a binary persistent id", Raw(a.short("posix") + b"Q")
    yield "bytes-operand", "bytes where only a text would do", b"posix"
    yield (
        "memoised-result",
        "a computed text, through the memo",
        Raw(a.call_of("operator", "add", "po", "six") + b"\x940h\x00"),
    )
    yield "enum-value", "the value of an allowed object", _result("operator", "attrgetter", "name")
    yield "next-buffer", "a buffer from out of band", Raw(b"\x97")
    yield (
        "decoy-beneath",
        "a literal lies beneath the computed text",
        Raw(a.short("math") + a.call_of("operator", "add", "po", "six")),
    )


def _other_operands() -> Iterator[Bad]:
    name = a.call_of("operator", "add", "sys", "tem")
    body = a.called(a.short("posix") + name + a.STACK_GLOBAL, a.short(SHELL))
    yield bad(FAMILY, "name", "the name is computed, the module is not", a.stream(body), *_ANY)
    both = a.called(a.call_of("operator", "add", "po", "six") + name + a.STACK_GLOBAL, a.short(SHELL))
    yield bad(FAMILY, "both", "module and name are computed", a.stream(both), *_ANY)
    dotted = a.called(a.short("collections") + a.call_of("operator", "add", "_sys.", "exit") + b"\x93")
    yield bad(FAMILY, "dotted-name", "the computed name has a dot", a.stream(dotted), *_ANY)
    kept = a.call_of("codecs", "decode", "flfgrz", "rot13") + b"\x940"
    body = kept + a.weights_like() + b"0" + a.called(a.short("posix") + b"h\x00\x93", a.short(SHELL))
    yield bad(FAMILY, "computed-long-before", "computed far in front of its use", a.stream(body), *_ANY)


def _by_attribute() -> Iterator[Bad]:
    reach = a.call_of("builtins", "getattr", _result("builtins", "__import__", "os"), "system")
    yield bad(FAMILY, "getattr", "getattr of an imported module", a.stream(a.called(reach, a.short(SHELL))), *_ANY)
    item = a.call_of("operator", "getitem", Name("sys", "modules"), "os")
    reach = a.called(a.stacked("builtins", "getattr"), item, a.short("system"))
    yield bad(FAMILY, "modules-item", "an item of sys.modules", a.stream(a.called(reach, a.short(SHELL))), *_ANY)
    reach = a.called(a.call_of("operator", "attrgetter", "system"), a.call_of("importlib", "import_module", "os"))
    yield bad(FAMILY, "attrgetter", "attrgetter of a module", a.stream(a.called(reach, a.short(SHELL))), *_ANY)
    caller = a.called(a.call_of("operator", "methodcaller", "system", SHELL), a.call_of("builtins", "__import__", "os"))
    yield bad(FAMILY, "methodcaller", "methodcaller of a module", a.stream(caller), *_ANY)
    chain = a.call_of("builtins", "getattr", Name("builtins", "object"), "__subclasses__")
    yield bad(FAMILY, "subclasses", "every class there is", a.stream(a.called(chain)), *_ANY)
    loaded = a.call_of("builtins", "getattr", Name("numpy", "ndarray"), "tofile")
    yield bad(FAMILY, "method-of-listed-class", "a method of a listed class writes a file", a.stream(loaded), *_ANY)
    method = a.called(a.stacked("numpy", "ndarray.tofile"), a.short("artifact-lint.txt"))
    yield bad(FAMILY, "dotted-method", "the same by a dotted name", a.stream(method), *_ANY)


def _patches() -> Iterator[Bad]:
    estimator = ("sklearn.linear_model._logistic", "LogisticRegression")
    patch = a.stacked(*estimator) + b"N}" + a.short("__setstate__") + a.stacked("builtins", "eval") + b"s\x86b0"
    body = patch + a.stacked(*estimator) + b")\x81" + a.short("print('artifact-lint')") + b"b"
    yield bad(FAMILY, "patched-estimator", "a listed class is given eval for __setstate__", a.stream(body), *_ANY)
    items = a.stacked("sys", "modules") + b"(" + a.short("json") + a.stacked("posix", "system") + b"u"
    yield bad(FAMILY, "patched-modules", "SETITEMS on the interpreter's modules", a.stream(items), *_ANY)
    paths = a.stacked("sys", "path") + b"(" + a.short("/artifact-lint") + b"e"
    yield bad(FAMILY, "patched-path", "APPENDS on the import path", a.stream(paths), *_ANY)
    table = a.stacked("copyreg", "dispatch_table") + a.stacked("builtins", "set") + a.stacked("posix", "system") + b"s"
    yield bad(FAMILY, "patched-dispatch", "SETITEM on copyreg's table", a.stream(table), *_ANY)
    environment = a.stacked("os", "environ") + a.short("PYTHONSTARTUP") + a.short("artifact-lint.py") + b"s"
    yield bad(FAMILY, "patched-environment", "SETITEM on the environment", a.stream(environment), *_ANY)


def _extensions() -> Iterator[Bad]:
    codes = {"ext1": b"\x82\x7f", "ext2": b"\x83\x34\x12", "ext4": b"\x84" + struct.pack("<i", 70_000)}
    numbers = {"ext1": 0x7F, "ext2": 0x1234, "ext4": 70_000}
    expected = (_EXTENSION, DANGEROUS)
    for slug, opcodes in codes.items():
        body = a.called(opcodes, a.short(SHELL))
        yield bad(FAMILY_EXTENSION, slug, f"an import by {slug.upper()}", a.stream(body), *expected)
        registered = a.call_of("copyreg", "add_extension", "posix", "system", numbers[slug]) + b"0"
        yield bad(
            FAMILY_EXTENSION,
            f"{slug}-registered",
            "the stream registers the code itself",
            a.stream(registered + body),
            *expected,
        )
    registry = a.stacked("copyreg", "_inverted_registry") + b"K\x7f(" + a.short("posix") + a.short("system") + b"ts0"
    body = registry + a.called(codes["ext1"], a.short(SHELL))
    yield bad(FAMILY_EXTENSION, "registry-item", "an item set in the registry itself", a.stream(body), *expected)
    cached = a.stacked("copyreg", "_extension_cache") + b"K\x7f" + a.stacked("posix", "system") + b"s0"
    yield bad(FAMILY_EXTENSION, "cache-item", "an item set in the cache", a.stream(cached + codes["ext1"]), *expected)
    named = b"}" + a.short("model") + codes["ext2"] + b"s"
    yield bad(FAMILY_EXTENSION, "named", "a code that is only named", a.stream(named), *expected)
