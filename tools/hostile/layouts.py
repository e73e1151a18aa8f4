"""Where in the bytes a payload lies: late, in front of a break, behind STOP, across frames, in a constant."""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import struct
import zlib
from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.cases import DANGEROUS, bad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad

_BROKEN = "PKL111"
_FRAME = "PKL112"
_TRAILING = "PKL113"
_NESTED = "PKL114"

#: A stream as ordinary as can be, without its STOP.
_ORDINARY = a.proto(4) + a.weights_like()


def cases() -> Iterator[Bad]:
    """Every layout, with one and the same payload."""
    yield from _late()
    yield from _broken()
    yield from _behind_stop()
    yield from _frames()
    yield from _nested()


def _late() -> Iterator[Bad]:
    family = "late-payload"

    def late(name: str, why: str, body: bytes, protocol: int = 4) -> Bad:
        return bad(family, name, why, a.stream(body, protocol), DANGEROUS)

    numbers = b"".join(b"J" + struct.pack("<i", index) for index in range(60_000))
    yield late("after-60000-numbers", "behind 60,000 opcodes", b"](" + numbers + a.shell_call() + b"e")
    texts = b"".join(a.short(f"text {index}") + b"\x94" for index in range(60_000))
    yield late(
        "after-60000-texts", "behind 60,000 texts with their memo entries", b"](" + texts + a.shell_call() + b"e"
    )
    imports = a.stacked("collections", "OrderedDict") + b"0"
    yield late("after-60000-imports", "behind 60,000 harmless imports", imports * 60_000 + a.shell_call())
    pairs = b"".join(b"K" + bytes([index & 255]) + b"0" for index in range(120_000))
    yield late("after-120000-pops", "behind 120,000 values pushed and popped", pairs + a.shell_call())
    big = 12 << 20
    yield late(
        "after-12-megabytes-bytes", "behind a constant of 12 MB", a.bytes_constant(bytes(big)) + b"0" + a.shell_call()
    )
    yield late("after-12-megabytes-text", "behind a text of 12 MB", a.long("a" * big) + b"0" + a.shell_call())
    yield late(
        "after-12-megabytes-bytes8", "behind BINBYTES8 of 12 MB", a.long_bytes(bytes(big)) + b"0" + a.shell_call()
    )
    yield late(
        "after-12-megabytes-array", "behind a byte array of 12 MB", a.byte_array(bytes(big)) + b"0" + a.shell_call(5), 5
    )
    line = b"V" + b"a" * big + b"\n0" + a.shell_call(0)
    yield late("after-12-megabytes-line", "behind a text line of 12 MB", line, 0)
    quoted = b"S'" + b"\\x41" * (big >> 2) + b"'\n0" + a.shell_call(0)
    yield late("after-12-megabytes-quoted", "behind a quoted line of 12 MB", quoted, 0)
    pieces = b"".join(a.framed(b"K\x010" * 1000) for _ in range(40))
    yield late("after-40-frames", "behind forty frames", pieces + a.framed(a.shell_call()))
    deep = b"(" * 5000 + a.shell_call() + b"t" * 5000
    yield late("inside-5000-tuples", "inside five thousand tuples", deep)
    yield late(
        "between-marks",
        "among three thousand open marks that are popped",
        b"(" * 3000 + a.shell_call() + b"1" * 3000 + b"N",
    )


def _broken() -> Iterator[Bad]:
    family = "broken-after-payload"
    whole = a.proto(4) + a.shell_call()
    tails = {
        "no-stop": ("no STOP", b""),
        "pop-no-stop": ("the result popped, no STOP", b"0"),
        "truncated-operand": ("an opcode without its operand", b"J\x01"),
        "truncated-text": ("a text longer than the file", b"X\xff\x00\x00\x00abc"),
        "truncated-line": ("a line without its end", b"Vabc"),
        "invalid-opcode": ("an opcode that is none", b"\xff."),
        "invalid-run": ("a run of bytes that are no opcodes", bytes(range(0xF0, 0x100)) * 8),
        "zeros": ("zeros", bytes(64)),
        "bad-protocol": ("a second PROTO of a version that there is not", b"\x80\x63."),
        "stack-underflow": ("a REDUCE of nothing", b"000R."),
        "missing-mark": ("a TUPLE without its mark", b"t."),
        "unknown-memo": ("a memo entry that was never made", b"j\x00\x00\x00\x7f."),
        "unknown-line-memo": ("GET of what is no number", b"gabc\n."),
        "two-values": ("two values are left for STOP", b"N."),
        "setitem-odd": ("SETITEMS of an odd count", b"}(K\x01u."),
        "bad-utf8": ("a text that is no UTF-8", b"\x8c\x02\xff\xfe."),
        "bad-escape": ("a quoted line with half an escape", b"S'\\x4'\n."),
        "unquoted": ("STRING without quotes", b"Sabc\n."),
        "bad-integer": ("INT of what is no number", b"Iabc\n."),
        "bad-float": ("FLOAT of what is no number", b"Fabc\n."),
        "bad-boolean-int": ("INT 02, which is no truth value", b"I02\n."),
        "negative-length": ("BINSTRING of a negative length", b"T\xff\xff\xff\xff."),
        "negative-long": ("LONG4 of a negative length", b"\x8b\xff\xff\xff\xff."),
        "huge-length": ("BINBYTES8 of 2^60 bytes", b"\x8e" + struct.pack("<Q", 1 << 60) + b"."),
        "missing-extension": ("an extension code of zero", b"\x82\x00."),
    }
    for slug, (why, tail) in tails.items():
        yield bad(family, slug, f"after the payload: {why}", whole + tail, DANGEROUS)
    unknown = b"\x80\x63" + a.shell_call(2) + a.STOP
    yield bad(family, "protocol-99", "PROTO 99 at the start", unknown, DANGEROUS, _BROKEN)
    twice = b"\x80\x04\x80\x02" + a.shell_call(2) + a.STOP
    yield bad(family, "protocol-twice", "PROTO twice", twice, DANGEROUS)
    late = b"(" + a.shell_call(0) + b"\x80\x04" + b"t."
    yield bad(family, "protocol-late", "PROTO in the middle", late, DANGEROUS)
    newer = b"\x80\x00" + a.shell_call(4) + a.STOP
    yield bad(family, "protocol-0-with-newer", "PROTO 0 in front of opcodes of protocol 4", newer, DANGEROUS)
    half = a.proto(4) + a.weights_like() + a.shell_call()[:-1]
    yield bad(family, "cut-before-reduce", "cut off just before REDUCE", half, DANGEROUS, _BROKEN)


def _behind_stop() -> Iterator[Bad]:
    family = "behind-stop"
    first, second = _ORDINARY + a.STOP, a.shell_pickle()
    tails = {
        "at-once": ("a second pickle", second),
        "protocol-0": ("a second pickle of protocol 0", a.shell_pickle(0)),
        "after-zeros": ("a second pickle behind zeros", bytes(512) + second),
        "after-junk": ("a second pickle behind junk", b"\xff\xfe\xfd" * 100 + second),
        "after-text": ("a second pickle behind a text", b"the rest of this file is documentation\n" * 8 + second),
        "after-large-junk": ("a second pickle behind 200 kB of junk", b"\xff\xf0\xfa\xf9" * 50_000 + second),
        "third": ("a third pickle", first + second),
        "after-broken": ("a pickle behind one that breaks off", b"\x80\x04](\x8c\xffabc" + bytes(300) + second),
        "after-hundred": ("behind a hundred pickles", b"\x80\x04N." * 100 + second),
        "without-stop": ("a second pickle without its STOP", second[:-1]),
    }
    for slug, (why, tail) in tails.items():
        broken = (_BROKEN,) if slug == "after-broken" else ()
        yield bad(family, slug, why, first + tail, DANGEROUS, _TRAILING, *broken)
    junk = b"\xff\xfe\xfd\xfc" * 16 + second
    yield bad(family, "in-front-junk", "a pickle behind junk at the start", junk, DANGEROUS, _BROKEN, "PKL122")


def _frames() -> Iterator[Bad]:
    family = "frames"
    call = a.shell_call()
    expected = (_FRAME, DANGEROUS)

    def frame(length: int) -> bytes:
        return b"\x95" + struct.pack("<Q", length)

    bodies = {
        "shorter-than-opcode": ("FRAME ends inside an opcode", frame(3) + call),
        "one-byte": ("FRAME of one byte", frame(1) + call),
        "empty": ("FRAME of nothing", frame(0) + call),
        "past-the-end": ("FRAME longer than the file", frame(1 << 20) + call),
        "2-to-62": ("FRAME of 2^62 bytes", frame(1 << 62) + call),
        "2-to-64": ("FRAME of 2^64 - 1 bytes", frame((1 << 64) - 1) + call),
        "nested": ("FRAME inside a FRAME", frame(100) + frame(20) + call),
        "overlapping": ("a FRAME that runs into the next one", frame(len(call) + 5) + call + frame(1)),
    }
    for slug, (why, body) in bodies.items():
        yield bad(family, slug, why, a.stream(body), *expected)
    early = b"\x80\x02" + a.framed(call) + a.STOP
    yield bad(family, "in-protocol-2", "FRAME in protocol 2, which has none", early, *expected)
    hidden = a.long("x" * 30) + call
    cut = b"\x80\x04" + frame(len(hidden) - 7) + hidden + a.STOP
    yield bad(family, "ends-in-callable", "FRAME ends inside the callable's name", cut, *expected)
    outside = b"\x80\x04" + frame(2) + b"N0" + a.framed(b"N0") + call + a.STOP
    yield bad(family, "payload-unframed", "the payload outside any frame", outside, *expected)


def _nested() -> Iterator[Bad]:
    family = "nested"
    inner = a.shell_pickle()
    expected = (_NESTED, DANGEROUS)

    def holds(content: bytes) -> bytes:
        return a.stream(b"}" + a.short("state") + a.bytes_constant(content) + b"s")

    nests = {
        "raw": ("in a bytes constant", holds(inner)),
        "protocol-0": ("of protocol 0, in a bytes constant", holds(a.shell_pickle(0))),
        "protocol-2": ("of protocol 2, in a bytes constant", holds(a.shell_pickle(2))),
        "two-deep": ("in a constant of a constant", holds(holds(inner))),
        "bytes8": ("in BINBYTES8", a.stream(a.long_bytes(inner))),
        "bytearray": ("in a byte array", a.stream(a.byte_array(inner), 5)),
        "short-string": ("in a string of protocol 2", a.stream(a.short_string(inner.decode("latin-1")), 2)),
        "text-latin1": ("in a text that _codecs.encode turns into bytes", a.stream(a.literal(a.shell_pickle(2), 2), 2)),
        "zlib": ("compressed with zlib", holds(zlib.compress(inner))),
        "gzip": ("compressed with gzip", holds(gzip.compress(inner, mtime=0))),
        "bz2": ("compressed with bz2", holds(bz2.compress(inner))),
        "xz": ("compressed with xz", holds(lzma.compress(inner))),
        "framed-constant": ("in a constant inside a frame", a.stream(a.framed(a.bytes_constant(inner)))),
    }
    for slug, (why, content) in nests.items():
        yield bad(family, slug, f"a pickle {why}", content, *expected)
    loaded = a.stream(a.called(a.stacked("pickle", "loads"), a.bytes_constant(inner)))
    yield bad(family, "loaded", "a pickle in a constant, which pickle.loads is called with", loaded, *expected)
    encoded = a.called(a.stacked("base64", "b64decode"), a.short(base64.b64encode(inner).decode()))
    yield bad(
        family,
        "base64",
        "a pickle in base64, decoded and loaded",
        a.stream(a.called(a.stacked("_pickle", "loads"), encoded)),
        *expected,
    )
    state = a.called(a.stacked("torch.storage", "_load_from_bytes"), a.bytes_constant(inner))
    yield bad(family, "torch-storage", "a pickle that torch's storage would load", a.stream(state), *expected)
    array = a.called(
        a.stacked("numpy.core.multiarray", "scalar"),
        a.called(a.stacked("numpy", "dtype"), a.short("O8")),
        a.bytes_constant(inner),
    )
    yield bad(family, "numpy-scalar", "a pickle as numpy's object scalar", a.stream(array), *expected)
