from __future__ import annotations

import pickle
import struct
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weight_files import SYSTEM_CALL, look, torch_zip, zipped

from artifact_lint.formats import FORMATS, aliases, is_plain_text, sniff
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"

TEXTS = [
    "class Foo:\n    pass\n",
    "cat\ndog\n",
    "cat\ndog\nfish\n.\n",
    "colour\ncount\n",
    "cos\nsin\n(tan\n",
    "(item\nother\nthird\n",
    "(in the\nbeginning\n",
    "(cat\ndog\nmouse\n",
    "N.",
    "I5\n.",
    "I am\n",
    "Version 1.0\np\n.\n",
    "Names\nValues\n",
    "S'il vous plait'\n",
    "F1 score: 0.3\n",
    "Lorem ipsum dolor\n",
    "]\n",
    "].",
    "}.",
    ").",
    "(\n",
    "((((((((\n",
    "NNNNNNNNNNNNNNNNNNNNNNNNNNNN\n",
    "a,b,c\n1,2,3\n",
    '{"learner": 1}',
    '{"a": [1, 2, {"b": null}]}',
    "[1, 2, 3]\n",
    "tree\nleaf\n",
    "I1\nI2\nI3\n",
    "G major\n",
    "K\n",
    "%PDF-1.7\n",
    "PK is a name\n",
    "Python is\na language\n.\n",
    "Pets\n(cat\ndog\n.\n",
    "GGUF is a format of which we know a little\n",
    "GGUF\n",
    "JFIF is a format of which we know nothing at all\n",
    "<?xml version='1.0'?>\n",
    "(cat\ndog\noxen\n",
    "(cat\ndog\nNow\n",
    "col1\ncol2\n.\n",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", ["notes.txt", "data", "words.dat"])
def test_text_is_no_weight_file(text: str, name: str) -> None:
    assert sniff(name, Memory(text.encode())) is None


@pytest.mark.parametrize("stream", [b"cthis\ns\n.", b"(ios\nabort\n.", b"(ios\nabort\n.more"])
def test_a_pickle_that_does_no_more_than_import_or_call_is_one(stream: bytes) -> None:
    assert sniff("license", Memory(stream)) == "pickle"


def test_the_standard_library_holds_no_weight_files() -> None:
    library = Path(sysconfig.get_path("stdlib"))
    files = [
        path
        for path in library.rglob("*")
        if path.suffix in {".py", ".pyc", ".txt", ".csv", ".so", ".toml", ".xml", ".gif", ".png", ".cfg", ".json"}
        and "test" not in path.parts
        and path.is_file()
    ]
    assert len(files) > 500
    assert [path for path in files if sniff(path.name, Memory(path.read_bytes()[: 1 << 16])) is not None] == []


@given(st.text(max_size=300))
@settings(max_examples=500, deadline=None)
def test_random_text_is_no_weight_file(text: str) -> None:
    found = sniff("notes.txt", Memory(text.encode("utf-8", "surrogatepass")))
    assert found is None or look(text.encode("utf-8", "surrogatepass"), "notes.txt").format == found


@pytest.mark.parametrize("name", ["license.dat", "LICENSE", "a.txt", "model.safetensors", "x.json", "m.onnx"])
@pytest.mark.parametrize("tail", [b"", b"\xff\xff", b"(", b" and a sentence.\n"])
def test_a_call_is_a_pickle_whatever_its_name(name: str, tail: bytes) -> None:
    assert sniff(name, Memory(SYSTEM_CALL + tail)) == "pickle"
    assert sniff(name, Memory(SYSTEM_CALL[:-1] + tail)) == "pickle"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_needs_no_suffix(protocol: int) -> None:
    assert sniff("license", Memory(pickle.dumps({"a": [1, 2, 3]}, protocol))) == "pickle"


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_is_cut_is_one_all_the_same(protocol: int) -> None:
    stream = pickle.dumps({"a": [1, 2, 3], "b": "x" * 50}, protocol)
    for end in range(1, len(stream)):
        inspection = look(stream[:end])
        assert inspection.format == "pickle"
        assert {gap.cause for gap in inspection.incomplete} == {Cause.TRUNCATED}


@pytest.mark.parametrize("name", ["model.pkl", "model.safetensors", "model.onnx", "model.h5"])
def test_a_pointer_and_an_empty_file_have_no_format(name: str) -> None:
    assert sniff(name, Memory(POINTER)) is None
    assert sniff(name, Memory(b"")) is None


def test_an_empty_file_is_told() -> None:
    assert [gap.cause for gap in look(b"").incomplete] == [Cause.EMPTY]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("l.txt", b"tree\nversion=v4\nnum_class=1\n", "lightgbm"),
        ("c.cbm", b"CBM1\xa0\x2f\0\0" + bytes(40), "catboost"),
        ("m.tflite", b"\x1c\0\0\0TFL3" + bytes(40), "tflite"),
        ("x.json", b'{"learner":{"attributes":{},"feature_names":[]},"version":[3,2,0]}', "xgboost-json"),
        ("x.json", b'{"version": [1, 7, 6], "learner": {}}', "xgboost-json"),
        ("x.ubj", b"{L\0\0\0\0\0\0\0\x07learner{L\0\0\0\0\0\0\0\x0aattributes{}", "ubj"),
        ("saved_model.pb", b"\x08\x01\x12\x04abcd", "savedmodel"),
        ("m.onnx", b"\x08\x0a\x12\x04hand\x3a\x02\x0a\x00\x42\x02\x10\x11", "onnx"),
        ("flax_model.msgpack", b"\x81\xa7Dense_0\x82\xa6kernel\xc0\xa4bias\xc0", "flax-msgpack"),
        ("model.pt", b"7z\xbc\xaf\x27\x1c" + bytes(40), "7z"),
        ("notes.7z", b"7z\xbc\xaf\x27\x1c" + bytes(40), None),
        ("notes.zip", zipped({"a.txt": b"a", "b/c.bin": b"d"}), None),
        ("setuptools.whl", zipped({"a.py": b"a", "distutils-precedence.pth": b"import os"}), None),
        ("model.zip", zipped({"a.txt": b"a", "b/c.onnx": b"d"}), "zip"),
        ("model.pt", torch_zip(), "torch-zip"),
        ("anything", torch_zip(), "torch-zip"),
        ("script.pt", torch_zip(**{"constants.pkl": pickle.dumps(()), "code/a.py": b"x"}), "torchscript"),
        ("program.pt2", zipped({"p/archive_format": b"pt2", "p/models/model.json": b"{}"}), "pt2"),
        ("setuptools.whl", zipped({"a.py": b"a", "long.pth": b"import os; " * 100}), None),
        ("anything.zip", zipped({"a/b.pth": torch_zip()}), "zip"),
        ("m.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 0), "gguf"),
        ("m.gguf", b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "gguf"),
        ("m.gguf", b"GGUF" + struct.pack("<IQQ", 4, 0, 0), None),
        ("site.pth", b"import sys; sys.path.append('x')\n/usr/lib/more\n", None),
        ("N.pth", b"N(lp0\nN\n", None),
        ("model.zip", zipped({"blob": SYSTEM_CALL}), "zip"),
        ("churn-model.zip", zipped({"a/": b"", "a/blob": torch_zip()}), "zip"),
        ("model.zip", zipped({"blob": b"text", "other": b""}), None),
        ("remodel.zip", zipped({"blob": SYSTEM_CALL}), None),
        ("m.keras", zipped({"metadata.json": b"{}", "config.json": b"{}", "model.weights.h5": b""}), "keras"),
        ("m.skops", zipped({"schema.json": b"{}", "1.npy": b""}), "skops"),
        ("m.npz", zipped({"a.npy": b"", "b.npy": b""}), "npz"),
    ],
)
def test_formats_are_told_by_their_content(name: str, content: bytes, expected: str | None) -> None:
    assert sniff(name, Memory(content)) == expected


def test_a_declared_format_counts_only_where_the_bytes_leave_it_open() -> None:
    from artifact_lint.formats import inspect

    assert inspect("m.safetensors", Memory(SYSTEM_CALL), "safetensors").format == "pickle"
    inspection = inspect("model", Memory(b"nothing we know"), "pkl")
    assert inspection.format == "pickle"
    assert {gap.cause for gap in inspection.incomplete} == {Cause.BROKEN}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pkl", "pickle"),
        ("Pickle", "pickle"),
        (".joblib", "joblib"),
        ("pt", "torch-zip"),
        ("pytorch", "torch-zip"),
        ("PyTorch zip", "torch-zip"),
        ("ubjson", "ubj"),
        ("h5", "hdf5"),
        ("tensorflow", "savedmodel"),
        ("saved_model", "savedmodel"),
        ("cbm", "catboost"),
        ("xgboost_json", "xgboost-json"),
        ("word", None),
        ("", None),
    ],
)
def test_what_users_write_is_understood(text: str, expected: str | None) -> None:
    assert aliases(text) == expected


@pytest.mark.parametrize("head", [b"import os\n", "/home/jörg".encode()[:-3], b"\xef\xbb\xbf/usr\r\n\t", b" "])
def test_plain_text_is_told(head: bytes) -> None:
    assert is_plain_text(head)


@pytest.mark.parametrize("head", [b"", b"a\0b", b"\x80\x02}.", b"PK\x03\x04", b"\xff\xfe", b"abc\xe9def", b"\x7f"])
def test_bytes_that_are_no_plain_text(head: bytes) -> None:
    assert not is_plain_text(head)


def test_formats_and_aliases_do_not_collide() -> None:
    names = [name for format_ in FORMATS.values() for name in (format_.name, *format_.aliases)]
    assert len(names) == len(set(names)) or {name for name in names if names.count(name) > 1} <= set(FORMATS)


@pytest.mark.parametrize("size", range(30))
def test_a_short_file_is_no_archive(size: int, tmp_path: Path) -> None:
    from artifact_lint.stores.local import LocalStore

    (tmp_path / "a.txt").write_bytes(b"x" * size)
    with LocalStore(tmp_path).open("a.txt") as source:
        assert sniff("a.txt", source) is None


@given(st.binary(min_size=1, max_size=600))
@settings(max_examples=500, deadline=None)
def test_what_is_passed_over_by_its_first_bytes_is_no_format(head: bytes) -> None:
    from artifact_lint.formats.sniffing import _shows_nothing, _sniff, probe_of

    if _shows_nothing(head[:512]):
        assert _sniff(probe_of("0", Memory(head), inside=True)) is None
