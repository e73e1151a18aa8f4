"""joblib: payloads among its inline arrays, wrappers that lie about them, and all its compressions."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.cases import DANGEROUS, bad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad

_BROKEN = "PKL111"
_COMPUTED = "PKL103"
_DISGUISED = "PKL121"
_NOT_INSPECTED = "PKL141"


def wrapper(shape: bytes, dtype: str, *, alignment: bool = False, subclass: bytes | None = None) -> bytes:
    """Opcodes of joblib's NumpyArrayWrapper (joblib 1.x, `numpy_pickle.py`); the array's bytes have to follow."""
    state = b"}(" + a.short("subclass") + (subclass or a.stacked("numpy", "ndarray"))
    state += a.short("shape") + shape + a.short("order") + a.short("C") + a.short("dtype") + dtype_of(dtype)
    state += a.short("allow_mmap") + b"\x89"
    if alignment:
        state += a.short("numpy_array_alignment_bytes") + b"K\x10"
    return a.stacked("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81" + state + b"ub"


def dtype_of(code: str) -> bytes:
    """Opcodes of a numpy dtype, as it pickles itself."""
    made = a.called(a.stacked("numpy", "dtype"), a.short(code), b"\x89", b"\x88")
    order = "|" if code.startswith(("O", "S")) else "<"
    flags = b"K\x3f" if code.startswith("O") else b"K\x00"
    sizes = b"K" + bytes([int(code[1:])]) + b"K\x01" if code.startswith("S") else b"J\xff\xff\xff\xff" * 2
    return made + b"(K\x03" + a.short(order) + b"NNN" + sizes + flags + b"tb"


def cases() -> Iterator[Bad]:
    """Arrays first, then compressions."""
    yield from _around_arrays()
    yield from _lying_wrappers()
    yield from _compressed()


def _case(name: str, why: str, body: bytes, *more: str) -> Bad:
    return bad("joblib-arrays", name, why, a.stream(body), DANGEROUS, *more, file="model.joblib")


def _around_arrays() -> Iterator[Bad]:
    call = a.shell_call()
    numbers = bytes(8 * 16)
    plain = wrapper(b"K\x10\x85", "f8")
    yield _case("after-array", "behind an array", plain + numbers + b"0" + call)
    padded = wrapper(b"K\x10\x85", "f8", alignment=True)
    yield _case("after-aligned-array", "behind an aligned array", padded + b"\x05" + bytes(5) + numbers + b"0" + call)
    yield _case("between-arrays", "between two arrays", plain + numbers + b"0" + call + b"0" + plain + numbers)
    yield _case("before-array", "in front of an array", call + b"0" + plain + numbers)
    yield _case("scalar-array", "behind an array without dimensions", wrapper(b")", "f8") + bytes(8) + b"0" + call)
    yield _case("empty-array", "behind an array without elements", wrapper(b"K\x00K\x05\x86", "f8") + b"0" + call)
    objects = wrapper(b"K\x02\x85", "O8") + a.shell_pickle() + b"."
    yield _case("object-array", "an object array is a pickle of its own", objects)
    after = wrapper(b"K\x02\x85", "O8") + a.stream(b"](NNe") + b"0" + call
    yield _case("after-object-array", "behind an object array's own STOP", after)
    old = wrapper(b"K\x02\x85", "O8") + a.shell_pickle(2)
    yield _case("object-array-protocol-2", "an object array of protocol 2", old)
    two = wrapper(b"K\x02\x85", "O8") + a.stream(wrapper(b"K\x02\x85", "O8") + a.shell_pickle())
    yield _case("object-array-in-object-array", "an object array in an object array", two)
    many = (
        (wrapper(b"K\x01\x85", "O8") + a.stream(b"](Ne") + b"0") * 50 + wrapper(b"K\x01\x85", "O8") + a.shell_pickle()
    )
    yield _case("fifty-object-arrays", "in the last of fifty object arrays", many)
    looks = wrapper(b"K\x10\x85", "f8") + a.shell_pickle().ljust(128, b"\x00") + b"0" + call
    yield _case("array-bytes-and-payload", "array bytes that spell a payload, and a real one behind", looks)
    datetimes = wrapper(b"K\x02\x85", "M8") + bytes(16) + b"0" + call
    yield _case("after-dates", "behind an array of dates", datetimes)
    strings = wrapper(b"K\x02\x85", "S5") + b"abcdefghij" + b"0" + call
    yield _case("after-strings", "behind an array of strings", strings)


def _lying_wrappers() -> Iterator[Bad]:
    call = a.shell_call()
    numbers = bytes(8 * 16)
    hidden = b"0" + call + b"."
    short = wrapper(b"K\x01\x85", "f8") + hidden
    yield _case("shape-too-small", "the wrapper counts too few bytes: the payload is said to be array", short, _BROKEN)
    negative = wrapper(b"J\xff\xff\xff\xff\x85", "f8") + b"0" + call
    yield _case("negative-shape", "a negative dimension, so that nothing is skipped", negative, _BROKEN, _NOT_INSPECTED)
    huge = wrapper(b"\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x10\x85", "f8") + b"0" + call
    yield _case("shape-2-to-60", "2^60 elements, and the payload behind a few bytes", huge, _BROKEN, _NOT_INSPECTED)
    unknown = wrapper(b"K\x01\x85", "x99") + bytes(8) + b"0" + call
    yield _case("unknown-dtype", "a dtype that there is not", unknown, _BROKEN, _NOT_INSPECTED)
    text_shape = wrapper(a.short("16"), "f8") + b"0" + call
    yield _case("shape-no-tuple", "a shape that is a text", text_shape, _BROKEN, _NOT_INSPECTED)
    computed = wrapper(a.called(a.stacked("builtins", "tuple"), b"](K\x00e"), "f8") + b"0" + call
    yield _case("shape-computed", "a shape that is computed", computed, _BROKEN, _NOT_INSPECTED)
    subclass = wrapper(b"K\x10\x85", "f8", subclass=a.stacked("posix", "system")) + numbers
    yield _case("subclass", "a dangerous name for the array's class", subclass)
    made = a.stacked("joblib.numpy_pickle", "NumpyArrayWrapper") + b"(" + a.stacked("numpy", "ndarray") + b"K\x10\x85"
    yield _case(
        "wrapper-called", "the wrapper is called instead of built", made + a.short("C") + dtype_of("f8") + b"tR0" + call
    )
    twice = wrapper(b"K\x10\x85", "f8") + numbers + b"}" + a.short("x") + call + b"sb"
    yield _case("second-build", "the wrapper is built twice", twice, _BROKEN)
    file = (
        a.stacked("joblib.numpy_pickle", "NDArrayWrapper") + b")\x81}(" + a.short("filename") + a.short("../../x.npy")
    )
    file += a.short("subclass") + a.stacked("numpy", "ndarray") + a.short("allow_mmap") + b"\x88ub0" + call
    yield _case("old-wrapper", "the old wrapper, whose array lies in another file", file)
    zipped = a.stacked("joblib.numpy_pickle_compat", "ZNDArrayWrapper") + b")\x81}b0" + call
    yield _case("old-z-wrapper", "the old wrapper of compressed arrays", zipped)


def _compressed() -> Iterator[Bad]:
    family = "compressed"
    body = wrapper(b"K\x10\x85", "f8") + bytes(128) + b"0" + a.shell_call()
    plain = a.stream(body)
    alone = lzma.compress(plain, lzma.FORMAT_ALONE)
    raw = {
        "zlib": ("zlib", zlib.compress(plain)),
        "zlib-level-0": ("zlib, stored", zlib.compress(plain, 0)),
        "zlib-level-9": ("zlib at its best", zlib.compress(plain, 9)),
        "zlib-small-window": ("zlib with a small window", _deflated(plain, 9)),
        "gzip": ("gzip", gzip.compress(plain, mtime=0)),
        "gzip-members": (
            "gzip in two members",
            gzip.compress(plain[:90], mtime=0) + gzip.compress(plain[90:], mtime=0),
        ),
        "gzip-named": ("gzip with a name and a comment", _named_gzip(plain)),
        "bz2": ("bz2", bz2.compress(plain)),
        "bz2-streams": ("bz2 in two streams", bz2.compress(plain[:90]) + bz2.compress(plain[90:])),
        "xz": ("xz", lzma.compress(plain)),
        "xz-streams": ("xz in two streams", lzma.compress(plain[:90]) + lzma.compress(plain[90:])),
        "lzma-alone": ("lzma alone", alone),
        "zlib-broken-checksum": ("zlib whose checksum is wrong", zlib.compress(plain)[:-4] + bytes(4)),
        "zlib-cut": ("zlib cut off behind the payload", zlib.compress(plain + bytes(100_000), 0)[:3000]),
        "gzip-broken-checksum": ("gzip whose checksum is wrong", gzip.compress(plain, mtime=0)[:-8] + bytes(8)),
        "old-z-file": ("joblib's old z-file", b"ZF" + f"{len(plain):#x}".ljust(19).encode() + zlib.compress(plain)),
    }
    for slug, (why, content) in raw.items():
        damaged = (_BROKEN, _NOT_INSPECTED) if "broken" in slug or "cut" in slug else ()
        yield bad(family, f"joblib-{slug}", why, content, DANGEROUS, *damaged, file="model.joblib")
    yield bad(
        family,
        "pickle-gz",
        "a pickle in gzip",
        gzip.compress(a.shell_pickle(), mtime=0),
        DANGEROUS,
        file="model.pkl.gz",
    )
    yield bad(family, "pickle-bz2", "a pickle in bz2", bz2.compress(a.shell_pickle()), DANGEROUS, file="model.pkl.bz2")
    yield bad(family, "pickle-xz", "a pickle in xz", lzma.compress(a.shell_pickle()), DANGEROUS, file="model.pkl.xz")
    yield bad(
        family,
        "named-json",
        "a compressed pickle named .json",
        zlib.compress(plain),
        DANGEROUS,
        _DISGUISED,
        file="model.json",
    )
    second = zlib.compress(a.stream(a.weights_like())) + zlib.compress(plain)
    yield bad(
        family,
        "second-zlib-stream",
        "a second zlib stream behind the first",
        second,
        DANGEROUS,
        "PKL113",
        file="model.joblib",
    )
    lz4 = b"\x04\x22\x4d\x18\x60\x40\x82" + (len(plain) | 1 << 31).to_bytes(4, "little") + plain + bytes(4)
    yield bad(family, "lz4", "LZ4, which needs an extra", lz4, DANGEROUS, _NOT_INSPECTED, _BROKEN, file="model.joblib")


def _deflated(content: bytes, window: int) -> bytes:
    compressor = zlib.compressobj(6, zlib.DEFLATED, window)
    return compressor.compress(content) + compressor.flush()


def _named_gzip(content: bytes) -> bytes:
    packed = gzip.compress(content, mtime=0)
    return packed[:3] + b"\x18" + packed[4:10] + b"weights.txt\x00harmless\x00" + packed[10:]
