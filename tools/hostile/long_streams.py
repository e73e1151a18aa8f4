"""What acts behind more opcodes than a scanner runs: on names that were imported in front of them, above all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.cases import DANGEROUS, DOTTED, UNLISTED, bad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad

FAMILY = "long-streams"

_PATCHED = "PKL107"
_ORDERED = a.stacked("collections", "OrderedDict") + a.MEMOIZE
_MODEL = a.stacked("sklearn.linear_model._logistic", "LogisticRegression") + a.MEMOIZE
_BOOSTER = a.stacked("xgboost.core", "Booster") + a.MEMOIZE
_GETATTR = a.stacked("builtins", "getattr") + a.MEMOIZE
_PARTIAL = a.stacked("functools", "partial") + a.MEMOIZE
#: Values that come and go, rows of them that stay, and dicts, each for more opcodes than anybody runs.
_PADDING = {
    "popped": b"N0" * 700_000,
    "kept": b"(" + b"K\x01" * 1_400_000 + b"t0",
    "dicts": b"]" + b"(" + b"}(K\x01K\x02K\x03K\x04u" * 120_000 + b"e0",
}
#: The name that is memoized first, and what fetches it.
_FIRST = b"h\x00"


def cases() -> Iterator[Bad]:
    """The same acts that are told in a short stream."""
    for name, (why, prepared, acts, codes) in _acts().items():
        for slug, padding in _PADDING.items() if name == "class-state" else [("popped", _PADDING["popped"])]:
            stream = b"\x80\x04" + prepared + a.POP + padding + acts + b"0N."
            yield bad(FAMILY, f"{name}-{slug}", f"{why}, behind values that are {slug}", stream, *codes)


def _acts() -> dict[str, tuple[str, bytes, bytes, tuple[str, ...]]]:
    special = a.short("__class__") + a.NONE + b"s"
    system = _FIRST + a.stacked("statistics", "NormalDist") + a.short("mean") + a.TUPLE2 + a.REDUCE + a.POP
    chain = _FIRST + _FIRST + _FIRST + a.short("__self__") + a.TUPLE2 + a.REDUCE + a.short("eval") + a.TUPLE2 + a.REDUCE
    return {
        "class-state": (
            "a class is given a state",
            _MODEL,
            _FIRST + b"}" + a.short("predict") + a.NONE + b"sb",
            (_PATCHED,),
        ),
        "slot": ("a special slot is set", _MODEL, _FIRST + b")\x81N}" + special + b"\x86b", (_PATCHED,)),
        "slot-by-memo": (
            "a special slot is set in a dict that the memo holds",
            _MODEL,
            b"}\x940" + _FIRST + b")\x81Nh\x01" + special + b"\x86b",
            (_PATCHED,),
        ),
        "called": ("a class is called that is listed to be instantiated", _BOOSTER, _FIRST + b")R", (UNLISTED,)),
        "called-far": (
            "the same with a long text",
            _BOOSTER,
            _FIRST + a.long("a" * 5000) + a.TUPLE1 + a.REDUCE,
            (UNLISTED,),
        ),
        "getattr": (
            "getattr is used well once, and then on itself",
            _GETATTR,
            system + chain,
            (DANGEROUS, UNLISTED, DOTTED),
        ),
        "getattr-only": (
            "getattr fetches a method that writes files",
            _GETATTR,
            _FIRST + a.stacked("numpy", "ndarray") + a.short("tofile") + a.TUPLE2 + a.REDUCE,
            (DANGEROUS, UNLISTED, DOTTED),
        ),
        "partial": (
            "partial binds a class, and is called",
            _PARTIAL,
            _FIRST + _BOOSTER + a.TUPLE1 + a.REDUCE + b")R",
            (DANGEROUS, UNLISTED),
        ),
        "encoded": (
            "a text is encoded to a pickle",
            _ORDERED,
            a.call_of("_codecs", "encode", a.stream(a.shell_call()).decode("latin-1"), "latin1"),
            (DANGEROUS,),
        ),
        "object-dtype": (
            "a dtype of objects that denies them",
            _ORDERED,
            a.stacked("numpy", "dtype")
            + b"(X\x02\0\0\0O8\x89\x88tR(K\x03X\x01\0\0\0|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb",
            (_PATCHED,),
        ),
        "frame": ("an opcode crosses its frame", _ORDERED, b"\x95\x01" + bytes(7) + b"K\x01", ("PKL112",)),
    }
