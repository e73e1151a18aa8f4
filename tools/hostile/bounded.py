"""Files whose reading must end soon and in little memory, whatever is found in them."""

from __future__ import annotations

import gzip
import json
import lzma
import struct
import zlib
from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.archive_files import npy
from hostile.cases import BOUNDED, bad
from hostile.containers import DEFLATED, Member, plain_tar, plain_zip, tar_file, tarred, zipped
from hostile.joblib_files import wrapper
from hostile.messages import chunk, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad


def _case(name: str, why: str, content: bytes, file: str = "model.pkl") -> Bad:
    return bad(BOUNDED, name, why, content, file=file)


def cases() -> Iterator[Bad]:
    """Lengths that are not there, structures that grow or nest, and bombs."""
    yield from _lengths()
    yield from _growth()
    yield from _numbers()
    yield from _bombs()
    yield from _other_headers()


def _lengths() -> Iterator[Bad]:
    eight = struct.pack("<Q", 1 << 60)
    for slug, opcode in {"text": b"\x8d", "bytes": b"\x8e", "array": b"\x96", "frame": b"\x95"}.items():
        yield _case(f"length-{slug}", f"2^60 bytes of {slug}", b"\x80\x05" + opcode + eight + b"abc.")
    yield _case("length-long", "LONG4 of 2 GB", b"\x80\x02\x8b\xff\xff\xff\x7f\x01.")
    yield _case("memo-2-to-31", "memo index 2^31", b"\x80\x02}r\x00\x00\x00\x80.")
    yield _case("memo-2-to-32", "memo index 2^32 - 1, then read", b"\x80\x02}r\xff\xff\xff\xff0j\xff\xff\xff\xff.")
    yield _case("memo-line", "a memo index of forty digits", b"(dp" + b"9" * 40 + b"\n.")
    yield _case(
        "shape-2-to-60",
        "an array of 2^60 elements",
        a.stream(wrapper(b"\x8a\x08" + eight + b"\x85", "f8")),
        "model.joblib",
    )
    wide = b"(" + b"J\xff\xff\xff\x7f" * 2000 + b"t"
    yield _case(
        "shape-2000-dimensions",
        "an array of two thousand large dimensions",
        a.stream(wrapper(wide, "f8")),
        "model.joblib",
    )
    yield _case("line-without-end", "GLOBAL whose line does not end in 8 MB", b"c" + b"a" * (8 << 20))
    yield _case("stop-nowhere", "twelve megabytes of opcodes without STOP", b"\x80\x04" + b"N0" * (6 << 20))


def _growth() -> Iterator[Bad]:
    deep = 200_000
    yield _case("nested-tuples", "200,000 nested tuples", b"\x80\x02N" + a.TUPLE1 * deep + b".")
    yield _case("nested-lists", "200,000 nested lists", b"\x80\x02" + b"]" * deep + b"a" * (deep - 1) + b".")
    yield _case(
        "nested-dictionaries",
        "100,000 nested dictionaries",
        b"\x80\x02" + b"}K\x00" * 100_000 + b"N" + b"s" * 100_000 + b".",
    )
    yield _case(
        "nested-sets", "100,000 nested frozen sets", b"\x80\x04" + b"(" * 100_000 + b"N" + b"\x91" * 100_000 + b"."
    )
    yield from _odd_opcodes()
    yield _case("doubling", "DUP and TUPLE2, 20,000 times", b"\x80\x02N" + (a.DUP + a.TUPLE2) * 20_000 + b".")
    yield _case("doubling-key", "a doubled tuple as a key", b"\x80\x02}N" + (a.DUP + a.TUPLE2) * 2000 + b"Ns.")
    yield _case(
        "doubling-arguments",
        "a doubled tuple as arguments",
        b"\x80\x02cbuiltins\nset\nN" + (a.DUP + a.TUPLE2) * 2000 + b"R.",
    )
    yield _case(
        "doubling-name", "a doubled tuple where a name should be", b"\x80\x04N" + (a.DUP + a.TUPLE2) * 2000 + b"2\x93."
    )
    yield _case(
        "doubling-state",
        "a doubled tuple as a state",
        b"\x80\x02cargparse\nNamespace\n)\x81N" + (a.DUP + a.TUPLE2) * 2000 + b"b.",
    )
    yield _case(
        "doubling-shape",
        "a doubled tuple as an array's shape",
        a.stream(wrapper(b"N" + (a.DUP + a.TUPLE2) * 2000, "f8")),
        "model.joblib",
    )
    memo = b"]q\x00" + b"".join(
        b"](" + b"h%c" % (index & 255) * 10 + b"eq" + bytes([index + 1]) for index in range(200)
    )
    yield _case("lists-of-lists", "lists of ten times the list before", b"\x80\x02" + memo + b".")
    yield _case("cycle", "a list that holds itself", b"\x80\x02]q\x00h\x00a.")
    yield _case("cycle-tuple", "a tuple that holds itself through a list", b"\x80\x02]q\x00h\x00\x85q\x01a0h\x01.")
    yield _case("marks", "two million marks", b"\x80\x02" + b"(" * 2_000_000 + b".")
    yield _case("duplicates", "two million DUPs", b"\x80\x02N" + b"2" * 2_000_000 + b".")
    yield _case("memo-entries", "500,000 memo entries", b"\x80\x04" + b"N\x940" * 500_000 + b"N.")
    yield _case(
        "calls", "calls of the results of calls, 100,000 deep", b"\x80\x02cbuiltins\nset\n" + b")R" * 100_000 + b"."
    )
    yield _case(
        "builds", "100,000 states for one object", b"\x80\x02cargparse\nNamespace\n)\x81" + b"}b" * 100_000 + b"."
    )
    names = b"".join(b"cartifact_lint_%d\nx\n0" % index for index in range(30_000))
    yield _case("imports", "30,000 imports, each of another module", b"\x80\x02" + names + b"N.")
    yield _case("stacked", "50,000 pickles one behind the other", b"\x80\x02N." * 50_000)
    inner = b"\x80\x04N."
    for _ in range(2000):
        inner = a.stream(a.bytes_constant(inner))
    yield _case("nested-constants", "two thousand pickles, each in a constant of the next", inner)
    yield _case(
        "many-constants",
        "20,000 pickles in constants",
        a.stream(a.bytes_constant(b"\x80\x04N.") * 1 + b"0" + (a.bytes_constant(b"\x80\x04N.") + b"0") * 20_000 + b"N"),
    )
    arrays = (wrapper(b"K\x01\x85", "O8") + a.stream(b"](Ne") + b"0") * 3000
    yield _case("object-arrays", "three thousand object arrays", a.stream(arrays + b"N"), "model.joblib")
    escapes = b"S'" + b"\\\\" * (1 << 20) + b"'\n0"
    yield _case("escapes", "a million escapes in a line", escapes + b"N.")


def _odd_opcodes() -> Iterator[Bad]:
    """What is quick to write and slow to run, behind what makes sure that every opcode is run."""
    million = 1_000_000
    array = a.stacked("joblib.numpy_pickle", "NumpyArrayWrapper") + b"0"
    for slug, opcodes in {"dicts": b"}0", "names": b"N0\x94", "protocols": b"\x80\x04N"}.items():
        stream = a.stream(array + b"N" + opcodes * (2 * million) + b"N")
        yield _case(f"odd-{slug}", f"two million times {opcodes!r}", stream, "model.joblib")
    yield _case("kept-again", "six million MEMOIZE", a.stream(array + b"N" + a.MEMOIZE * (6 * million)), "model.joblib")
    marked = a.stream(b"N") + b"\x80\x04N" * (3 * million // 2)
    yield _case("behind-marks", "1.5 million bytes that open a pickle", marked)
    constant = a.bytes_constant(b"\x80\x04" + b"N0" * 10_000 + b"..")
    yield _case("constants", "two hundred constants that are long pickles", a.stream((constant + b"0") * 200 + b"N"))
    objects = wrapper(b"K\x01\x85", "O8") + a.stream(b"](Ne") + b"0"
    again = (objects * 20_000 + b"\x09") * 4
    yield _case("breaks", "20,000 arrays of objects between breaks", zlib.compress(again), "model.joblib")


def _numbers() -> Iterator[Bad]:
    yield _case("decimal-digits", "an integer of a million digits", b"L" + b"7" * 1_000_000 + b"L\n.")
    yield _case("integer-digits", "INT of a hundred thousand digits", b"I" + b"7" * 100_000 + b"\n.")
    yield _case(
        "long-bytes",
        "LONG4 of four megabytes",
        b"\x80\x02\x8b" + struct.pack("<i", 4 << 20) + b"\x7f" * (4 << 20) + b".",
    )
    yield _case("float-digits", "FLOAT of a million digits", b"F" + b"7" * 1_000_000 + b"\n.")
    yield _case("memo-digits", "PUT of a million digits", b"Np" + b"7" * 1_000_000 + b"\n.")


def _bombs() -> Iterator[Bad]:
    zeros = bytes(200 << 20)
    packed = zlib.compress(zeros, 9)
    yield _case("zlib-bomb", "200 MB of zeros in zlib", packed, "model.joblib")
    yield _case(
        "zlib-of-pickle",
        "a pickle of 200 MB of zeros in zlib",
        zlib.compress(b"\x80\x04\x8e" + struct.pack("<Q", len(zeros)) + zeros + b".", 9),
        "model.joblib",
    )
    yield _case("gzip-bomb", "200 MB of zeros in gzip", gzip.compress(zeros, mtime=0), "model.pkl.gz")
    del zeros
    yield _case(
        "gzip-twice",
        "gzip within gzip",
        gzip.compress(gzip.compress(bytes(50 << 20), mtime=0), mtime=0),
        "model.pkl.gz",
    )
    tall = gzip.compress(bytes(1 << 20), mtime=0)
    for _ in range(30):
        tall = gzip.compress(tall, mtime=0)
    yield _case("gzip-tall", "thirty layers of gzip", tall, "model.pkl.gz")
    dictionary = b"\x5d\xff\xff\xff\xff" + b"\xff" * 8 + lzma.compress(b"\x80\x04N.", lzma.FORMAT_ALONE)[13:]
    yield _case("lzma-dictionary", "LZMA that asks for a dictionary of 4 GB", dictionary, "model.joblib")
    member = b"PK\x03\x04" + struct.pack("<5H3I2H", 20, 0, DEFLATED, 0, 33, 0, len(packed), 200 << 20, 14, 0)
    archive = member + b"model/data.pkl" + packed[2:-4]
    yield _case(
        "zip-bomb",
        "200 MB of zeros as data.pkl",
        _listed(archive, zlib.crc32(bytes(200 << 20)), len(packed) - 6),
        "model.pt",
    )
    kernel = Member("0", bytes(1 << 20), DEFLATED)
    overlapping = zipped([kernel, *(Member(str(index), b"", stored=False) for index in range(1, 2000))])
    yield _case("zip-overlap", "two thousand entries over the same bytes", _pointed_at_first(overlapping), "model.zip")
    yield _case("zip-members", "100,000 members", plain_zip({str(index): b"" for index in range(100_000)}), "model.zip")
    torch = {"model/data.pkl": b"\x80\x02}.", "model/version": b"3\n"} | {
        f"model/data/{index}": b"" for index in range(100_000)
    }
    yield _case("torch-members", "100,000 storages", plain_zip(torch), "model.pt")
    yield _case(
        "tar-members",
        "20,000 members of a tar",
        tarred(tar_file(str(index), b"") for index in range(20_000)),
        "model.tar",
    )
    yield _case(
        "tar-gz-bomb",
        "100 MB of zeros in a tar.gz",
        gzip.compress(plain_tar({"model.bin": bytes(100 << 20)}), mtime=0),
        "model.tar.gz",
    )
    yield _case(
        "zip-count",
        "an end record that counts 65,535 members of none",
        b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 65_535, 65_535, 0, 0, 0),
        "model.zip",
    )
    nest = b"\x80\x04N."
    for _ in range(60):
        nest = plain_zip({"a.zip": nest})
    yield _case("zip-nest", "sixty archives deep", nest, "model.zip")
    wide = plain_zip(
        {f"{index}.zip": plain_zip({f"{inner}.pkl": b"\x80\x04N." for inner in range(50)}) for index in range(50)}
    )
    yield _case("zip-wide", "2,500 pickles in fifty archives of an archive", wide, "model.zip")
    yield _case(
        "local-headers",
        "50,000 local headers without a directory",
        b"".join(_local(index) for index in range(50_000)),
        "model.zip",
    )


def _local(index: int) -> bytes:
    name = b"%d" % index
    return b"PK\x03\x04" + struct.pack("<5H3I2H", 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0) + name


def _listed(archive: bytes, crc: int, packed: int) -> bytes:
    name = b"model/data.pkl"
    fields = (20, 20, 0, DEFLATED, 0, 33, crc, packed, 200 << 20, len(name), 0, 0, 0, 0, 0, 0)
    entry = b"PK\x01\x02" + struct.pack("<6H3I5H2I", *fields) + name
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 1, 1, len(entry), len(archive), 0)
    return archive + entry + end


def _pointed_at_first(archive: bytes) -> bytes:
    """Every entry of the directory made to tell of the first member: its sizes, its CRC and its offset."""
    changed = bytearray(archive)
    position = start = changed.index(b"PK\x01\x02")
    while changed[position : position + 4] == b"PK\x01\x02":
        name, extra, comment = struct.unpack_from("<3H", changed, position + 28)
        changed[position + 8 : position + 28] = archive[start + 8 : start + 28]
        changed[position + 42 : position + 46] = bytes(4)
        position += 46 + name + extra + comment
    return bytes(changed)


def _other_headers() -> Iterator[Bad]:
    huge = struct.pack("<Q", 1 << 60)
    yield _case("safetensors-header", "a header of 2^60 bytes", huge + b'{"a": 1}', "model.safetensors")
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield _case("safetensors-nested", "JSON 100,000 deep", struct.pack("<Q", len(deep)) + deep, "model.safetensors")
    yield _case("gguf-count", "2^60 keys", b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), "model.gguf")
    yield _case("gguf-tensors", "2^60 tensors", b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0), "model.gguf")
    array = b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 8, 1 << 60)
    yield _case("gguf-array", "an array of 2^60 texts", array, "model.gguf")
    nested = (
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 100_000
    )
    yield _case("gguf-nested", "arrays of arrays, 100,000 deep", nested, "model.gguf")
    yield _case("npy-header", "an npy header of 4 GB", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "weights.npy")
    parentheses = "{'descr': '<f8', 'fortran_order': False, 'shape': " + "(" * 60_000 + ")" * 60_000 + ", }\n"
    yield _case("npy-nested", "120,000 parentheses in an npy header", npy(parentheses, b"", 2), "weights.npy")
    yield _case(
        "npy-shape",
        "an npy of 2^60 elements",
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,), }\n", b""),
        "weights.npy",
    )
    digits = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "9" * 60_000 + ",), }\n"
    yield _case("npy-digits", "an npy dimension of sixty thousand digits", npy(digits, b""), "weights.npy")
    message = b""
    for _ in range(3000):
        message = chunk(6, chunk(1, chunk(5, message)))
    yield _case(
        "onnx-nested",
        "graphs three thousand deep",
        number(1, 9) + chunk(7, message) + chunk(8, number(2, 18)),
        "model.onnx",
    )
    yield _case(
        "onnx-length", "a graph of 2^60 bytes", number(1, 9) + b"\x3a\x80\x80\x80\x80\x80\x80\x80\x80\x10", "model.onnx"
    )
    layers: object = {"class_name": "Dense", "module": "keras.layers", "config": {}}
    for _ in range(300):
        layers = {"class_name": "Sequential", "module": "keras", "config": {"layers": [layers]}}
    keras = {"metadata.json": b'{"keras_version": "3.5.0"}', "config.json": json.dumps(layers).encode()}
    yield _case("keras-nested", "models three hundred deep", plain_zip(keras), "model.keras")
    brackets = keras | {"config.json": b'{"module": "keras", "class_name": "Sequential", "config": ' + b"[" * 200_000}
    yield _case("keras-brackets", "200,000 brackets for a configuration", plain_zip(brackets), "model.keras")
    yield _case("ubj-length", "a UBJ text of 2^60 bytes", b"{L" + struct.pack(">q", 1 << 60) + b"a", "model.ubj")
    yield _case(
        "ubj-nested",
        "UBJ arrays 100,000 deep",
        b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner" + b"[" * 100_000,
        "model.ubj",
    )
    yield _case(
        "msgpack-length", "a msgpack map of four billion keys", b"\xdf\xff\xff\xff\xff\xa1a", "flax_model.msgpack"
    )
    yield _case(
        "msgpack-nested",
        "msgpack arrays 100,000 deep",
        b"\x81\xa6params" + b"\x91" * 100_000 + b"\xc0",
        "flax_model.msgpack",
    )
    template = "{{ " + "(" * 20_000 + "x" + ")" * 20_000 + " }}"
    text = b"tokenizer.chat_template"
    gguf = (
        b"GGUF"
        + struct.pack("<IQQQ", 3, 0, 1, len(text))
        + text
        + struct.pack("<IQ", 8, len(template))
        + template.encode()
    )
    yield _case("template-nested", "a chat template with 20,000 parentheses", gguf, "model.gguf")
    entities = "".join(f'<!ENTITY e{index} "{f"&e{index - 1};" * 10}">' for index in range(1, 12))
    laughs = f'<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY e0 "lol">{entities}]>'
    laughs += '<PMML version="4.4"><Header>&e11;</Header></PMML>'
    yield _case("pmml-laughs", "entities of entities", laughs.encode(), "model.pmml")
    schema: object = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": []}
    for _ in range(200):
        schema = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [schema]}
    yield _case(
        "skops-nested", "lists two hundred deep", plain_zip({"schema.json": json.dumps(schema).encode()}), "model.skops"
    )
    yield _case("hdf5-cut", "HDF5's signature and nothing else", b"\x89HDF\r\n\x1a\n" + b"\xff" * 200, "model.h5")
