"""Pickles under names that promise none, and files that two loaders read as two things."""

from __future__ import annotations

import gzip
import json
import struct
from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.archive_files import npy
from hostile.cases import DANGEROUS, bad, bad_directory
from hostile.containers import plain_tar, plain_zip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad

_DISGUISED = "PKL121"
_POLYGLOT = "PKL131"
_TRAILING = "PKL113"


def cases() -> Iterator[Bad]:
    """Names first, then polyglots."""
    yield from _names()
    yield from _magic()
    yield from _polyglots()


def _names() -> Iterator[Bad]:
    family = "disguises"
    content = a.stream(a.weights_like() + b"0" + a.shell_call())
    promises = (
        "model.safetensors",
        "model.json",
        "notes.txt",
        "model.gguf",
        "model.onnx",
        "model.h5",
        "model.keras",
        "config.yaml",
        "model.npz",
        "model.tflite",
        "model.ubj",
        "model.cbm",
        "model.msgpack",
        "saved_model.pb",
        "model.pmml",
        "data.csv",
        "table.parquet",
        "README.md",
        "figure.png",
        "model.skops",
        "model.mlmodel",
        "vocabulary.vocab",
        "model.py",
    )
    for file in promises:
        slug = file.replace(".", "-").lower()
        yield bad(family, slug, f"a pickle named {file}", content, DANGEROUS, _DISGUISED, file=file)
    for file in ("model", "0", "optimizer.dat", "weights.v2", "model.PKL", "model.pkl.bak", ".hidden"):
        slug = "name-" + file.replace(".", "-").strip("-").lower()
        yield bad(family, slug, f"a pickle named {file}", content, DANGEROUS, file=file)
    yield bad(
        family,
        "protocol-0-txt",
        "a pickle of protocol 0, which is all text",
        a.shell_pickle(0),
        DANGEROUS,
        _DISGUISED,
        file="notes.txt",
    )
    yield bad(
        family, "protocol-0-json", "the same named .json", a.shell_pickle(0), DANGEROUS, _DISGUISED, file="model.json"
    )
    inst = b"(Vecho artifact-lint\niposix\nsystem\n."
    yield bad(family, "protocol-0-inst", "the shortest of all, without an extension", inst, DANGEROUS, file="model")
    dictionary = b"(dVkey\n" + a.shell_call(0) + b"s."
    yield bad(
        family,
        "protocol-0-dictionary",
        "a dictionary of protocol 0 named .json",
        dictionary,
        DANGEROUS,
        _DISGUISED,
        file="params.json",
    )
    hub = {
        "config.json": b'{"model_type": "bert", "architectures": ["BertModel"]}',
        "model.safetensors": a.shell_pickle(2),
    }
    yield bad_directory(
        family,
        "hub-safetensors",
        "the weights of a Hugging Face directory",
        hub,
        "model.safetensors",
        DANGEROUS,
        _DISGUISED,
    )
    tokenizer = {
        "config.json": b'{"model_type": "bert"}',
        "model.safetensors": struct.pack("<Q", 2) + b"{}",
        "vocab.txt": a.shell_pickle(),
    }
    yield bad_directory(
        family,
        "hub-vocabulary",
        "the vocabulary of a Hugging Face directory",
        tokenizer,
        "vocab.txt",
        DANGEROUS,
        _DISGUISED,
    )


def _magic() -> Iterator[Bad]:
    """Magic numbers of other formats that are valid opcodes, or that opcodes can be put around."""
    family = "magic-numbers"
    # GLOBAL consumes "GUF..." after the G of BINFLOAT: eight bytes of a float, so that the stream goes on behind them.
    gguf = b"GGUF\x03\x00\x00\x00\x00" + b"0" + a.shell_call(2) + a.STOP
    yield bad(
        family,
        "gguf",
        "GGUF's magic is BINFLOAT and its eight bytes",
        gguf,
        DANGEROUS,
        _DISGUISED,
        _POLYGLOT,
        file="model.gguf",
    )
    padded = b"GGUF\x03\x00\x00\x00\x00" + b"0" + a.weights_like() + b"0" + a.shell_call(2) + a.STOP
    yield bad(family, "gguf-pkl", "the same under a pickle's name", padded, DANGEROUS, _POLYGLOT, file="model.pkl")
    tflite = b"(lp0\n" + b"0" + a.shell_call(0) + a.STOP
    yield bad(
        family,
        "list-of-protocol-0",
        "a list of protocol 0 named .tflite",
        tflite,
        DANGEROUS,
        _DISGUISED,
        file="model.tflite",
    )
    brace = b"}" + b"0" + a.shell_call(2) + a.STOP
    yield bad(
        family, "json-brace", "an opening that looks like JSON's end", brace, DANGEROUS, _DISGUISED, file="model.json"
    )
    bracket = b"]" + b"0" + a.shell_call(2) + a.STOP
    yield bad(
        family,
        "json-bracket",
        "an opening that looks like a list's end",
        bracket,
        DANGEROUS,
        _DISGUISED,
        file="data.json",
    )
    mark = b"(" + b"\n".join([b"Vname", b"Vlinear"]) + b"\nd0" + a.shell_call(0) + a.STOP
    yield bad(family, "protocol-0-mark", "a parenthesis in front", mark, DANGEROUS, _DISGUISED, file="notes.txt")
    short = b"N0" * 300 + a.shell_call(2) + a.STOP
    yield bad(
        family,
        "none-run",
        "hundreds of Nones, popped: a text of N0N0",
        short,
        DANGEROUS,
        _DISGUISED,
        file="sequence.txt",
    )
    numbers = b"".join(b"I%d\n0" % index for index in range(400)) + a.shell_call(0) + a.STOP
    yield bad(family, "number-lines", "hundreds of lines of numbers", numbers, DANGEROUS, _DISGUISED, file="table.csv")
    comment = b"V# Model card\n0V\n0Vthis model was trained on\n0" + a.shell_call(0) + a.STOP
    yield bad(family, "model-card", "a text in the lines of UNICODE", comment, DANGEROUS, _DISGUISED, file="README.md")
    global_first = b"cposix\nsystem\n" + a.marked(a.line("echo artifact-lint")) + b"R."
    yield bad(
        family,
        "global-first",
        "GLOBAL as the first opcode, named .py",
        global_first,
        DANGEROUS,
        _DISGUISED,
        file="model.py",
    )
    empty = b")0" + a.shell_call(2) + a.STOP
    yield bad(family, "empty-tuple-first", "an empty tuple first", empty, DANGEROUS, file="model.dat")
    float_line = b"F1.0\n0" + a.shell_call(0) + a.STOP
    yield bad(family, "float-first", "a float of protocol 0 first", float_line, DANGEROUS, file="model.dat")
    string_first = b"S'weights'\n0" + a.shell_call(0) + a.STOP
    yield bad(family, "string-first", "a quoted line first", string_first, DANGEROUS, file="model.dat")
    hdf5 = b"\x89HDF\r\n\x1a\n" + bytes(504) + a.shell_pickle()
    yield bad(
        family,
        "hdf5-user-block",
        "a pickle behind HDF5's signature",
        hdf5,
        DANGEROUS,
        _POLYGLOT,
        _TRAILING,
        "PKL141",
        file="model.pkl",
    )


def _polyglots() -> Iterator[Bad]:
    family = "polyglots"
    evil = a.shell_pickle()
    expected = (DANGEROUS, _POLYGLOT, _DISGUISED, _TRAILING)
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    tensors = struct.pack("<Q", len(header)) + header + bytes(8)
    archive = plain_zip({"model/data.pkl": evil, "model/version": b"3\n"})
    inner = plain_zip({"weights.txt": b"1 2 3\n"})
    files = {
        "pickle-zip": ("model.pt", "a pickle in front of a zip", a.shell_pickle(2) + inner),
        "pickle-tar": ("model.tar", "a pickle whose text is a tar's first name", _pickle_tar()),
        "zip-in-constant": (
            "model.pkl",
            "a pickle that keeps an archive in a constant",
            a.stream(a.bytes_constant(archive)),
        ),
        "safetensors-zip": ("model.safetensors", "an archive behind safetensors", tensors + archive),
        "safetensors-pickle": ("model.safetensors", "a pickle behind safetensors", tensors + evil),
        "json-zip": ("model.json", "an archive behind JSON", b'{"learner": {}}' + archive),
        "onnx-zip": ("model.onnx", "an archive behind ONNX", b"\x08\x09\x12\x07pytorch" + archive),
        "png-zip": ("figure.png", "an archive behind a picture", _png() + archive),
        "gguf-zip": ("model.gguf", "an archive behind GGUF", b"GGUF\x03\x00\x00\x00" + bytes(16) + archive),
        "npy-zip": (
            "weights.npy",
            "an archive behind npy",
            npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", bytes(8)) + archive,
        ),
        "gzip-zip": ("model.bin", "an archive behind gzip", gzip.compress(b"weights", mtime=0) + archive),
        "pickle-pickle-zip": ("model.pkl", "two pickles in front of an archive", a.stream(b"N") + evil + inner),
        "h5-pickle": ("model.h5", "a pickle behind HDF5", b"\x89HDF\r\n\x1a\n" + bytes(88) + evil),
    }
    for slug, (file, why, content) in files.items():
        yield bad(family, slug, why, content, *expected, "PKL114", "PKL141", file=file)


def _png() -> bytes:
    """A picture of one pixel (PNG 1.2)."""
    header = bytes.fromhex("0000000d49484452000000010000000108060000001f15c489")
    data = bytes.fromhex("0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082")
    return b"\x89PNG\r\n\x1a\n" + header + data


def _pickle_tar() -> bytes:
    """A tar whose first name is a pickle: the header's checksum covers it like any other name."""
    return plain_tar({a.shell_pickle(0).decode().replace("echo artifact-lint", "true"): b"", "weights.txt": b"1 2 3\n"})
