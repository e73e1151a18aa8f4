"""What a small file can ask for many times over is counted, whatever the file says of itself."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from artifact_lint.formats import inspect
from artifact_lint.formats.describing import describe
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.model import Incomplete


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def gguf(pairs: bytes = b"", pair_count: int = 0, tensors: bytes = b"", tensor_count: int = 0) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensor_count, pair_count) + pairs + tensors


def array(kind: int, count: int, items: bytes = b"") -> bytes:
    return gguf(text(b"a") + struct.pack("<IIQ", 9, kind, count) + items, 1)


def tensor(name: bytes, *shape: int, kind: int = 0, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def safetensors(header: bytes, content: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + content


def entry(shape: bytes = b"[1]", dtype: bytes = b"U8", offsets: bytes = b"[0,1]") -> bytes:
    return b'{"dtype":"' + dtype + b'","shape":' + shape + b',"data_offsets":' + offsets + b"}"


def npy(shape: str, descr: str = "'<f4'") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x02\0" + struct.pack("<I", len(header)) + header


def flax(shape: bytes, content: bytes = b"\xc4\x04abcd", key: bytes = b"\xa1k") -> bytes:
    packed = b"\x93" + shape + b"\xa7float32" + content
    return key + b"\xc8" + struct.pack(">H", len(packed)) + b"\x01" + packed


def gaps(name: str, content: bytes) -> list[Incomplete]:
    """What is said to be unread of a file, by both of its readers, without an error."""
    found = inspect(name, Memory(content))
    told = describe(name, Memory(content), found.format)
    assert told is not None
    return [*found.incomplete, *told.incomplete]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        pytest.param(gguf(bytes(4000), 1 << 60), Cause.TRUNCATED, id="2^60 pairs"),
        pytest.param(array(8, 1 << 60), Cause.TRUNCATED, id="2^60 texts"),
        pytest.param(array(8, 1_300_000, bytes(8 * 1_300_000)), Cause.LIMIT, id="many empty texts"),
        pytest.param(array(9, 300_000, struct.pack("<IQ", 0, 0) * 300_000), Cause.LIMIT, id="many empty arrays"),
        pytest.param(gguf((text(b"k") + struct.pack("<IB", 0, 1)) * 250_000, 250_000), Cause.LIMIT, id="many pairs"),
        pytest.param(gguf(b"", 0, tensor(b"n" * 60_000) * 300, 300), Cause.LIMIT, id="long names"),
        pytest.param(gguf(b"", 0, tensor(b"a", *[(1 << 64) - 1] * 4), 1), Cause.BROKEN, id="a shape beyond all"),
        pytest.param(gguf(b"", 0, tensor(b"a") * 2, 2), Cause.BROKEN, id="one name twice"),
        pytest.param(gguf(b"", 0, tensor(b"a", 8) + tensor(b"b", 8, offset=16), 2), Cause.BROKEN, id="shared bytes"),
        pytest.param(gguf(b"", 0, tensor(b"a", 33, kind=2), 1), Cause.BROKEN, id="a row of a block and a bit"),
    ],
)
def test_a_hostile_gguf_is_told(content: bytes, cause: Cause) -> None:
    assert cause in {gap.cause for gap in gaps("model.gguf", content)}


def test_a_gguf_of_a_large_vocabulary_is_read() -> None:
    words = b"".join(text(b"word%d" % number) for number in range(300_000))
    assert gaps("model.gguf", array(8, 300_000, words)) == []


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        pytest.param(b'{"__metadata__":{"a":"' + b"x" * (1 << 25) + b'"}}', Cause.LIMIT, id="long"),
        pytest.param(b'{"a":[' + b"1," * 600_000 + b"1]}", Cause.LIMIT, id="of many values"),
        pytest.param(b'{"a":"' + b"x" * (1 << 23) + b"\xf0\x9f\x98\x80" + b'"}', Cause.LIMIT, id="wide"),
        pytest.param(b'{"a":' + b"[" * 100_000, Cause.BROKEN, id="deep"),
        pytest.param(b'{"__metadata__":{"a":1}}', Cause.BROKEN, id="numbers in metadata"),
        pytest.param(b'{"__metadata__":{"a":NaN}}', Cause.BROKEN, id="no number"),
        pytest.param(b'{"a":' + entry(shape=b"[true]") + b"}", Cause.BROKEN, id="a truth for a size"),
        pytest.param(
            b'{"a":' + entry(shape=b"[0,18446744073709551616]", offsets=b"[0,0]") + b"}", Cause.BROKEN, id="2^64"
        ),
        pytest.param(b'{"a":' + entry(offsets=b"[-1,0]") + b"}", Cause.BROKEN, id="a negative offset"),
        pytest.param(b'{"a":' + entry(dtype=b"Q9") + b"}", Cause.UNSUPPORTED, id="no dtype"),
    ],
)
def test_a_safetensors_header_that_its_library_refuses_or_nobody_writes_is_told(header: bytes, cause: Cause) -> None:
    assert cause in {gap.cause for gap in gaps("model.safetensors", safetensors(header, b"x"))}


def test_a_safetensors_of_many_tensors_is_read() -> None:
    entries = (b'"t%d":' % n + entry(shape=b"[1,1]", offsets=b"[%d,%d]" % (n, n + 1)) for n in range(20_000))
    assert gaps("model.safetensors", safetensors(b"{" + b",".join(entries) + b"}", bytes(20_000))) == []


@pytest.mark.parametrize(
    "content",
    [
        npy(f"({'9,' * 30_000})"),
        npy("(99999999999999999, 99999999999999999)"),
        npy("(1,)", f"[('a', '<f4', ({'9,' * 9_000}))]"),
    ],
)
def test_an_array_of_more_items_than_numpy_counts_is_told(content: bytes) -> None:
    assert {gap.cause for gap in gaps("model.npy", content)} == {Cause.BROKEN}


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        pytest.param(b"\x81" + flax(b"\x91\x09"), Cause.BROKEN, id="fewer bytes than its shape asks for"),
        pytest.param(b"\x81" + flax(b"\x92" + (b"\xcf" + b"\xff" * 8) * 2), Cause.BROKEN, id="a shape beyond all"),
        pytest.param(
            b"\x81\xda\x0f\xf0" + b"k" * 0xFF0 + b"\xde\x13\x88" + flax(b"\x91\x01") * 5000,
            Cause.LIMIT,
            id="long names",
        ),
        pytest.param(b"\x81\xa1p\xde\x75\x30" + flax(b"\x91\x01") * 30_000, Cause.LIMIT, id="many arrays"),
    ],
)
def test_a_hostile_msgpack_is_told(content: bytes, cause: Cause) -> None:
    assert cause in {gap.cause for gap in gaps("model.msgpack", content)}


def test_a_lightgbm_model_without_all_of_its_trees_is_cut() -> None:
    head = b"tree\nversion=v4\nmax_feature_idx=0\nfeature_names=a\nfeature_infos=[0:1]\ntree_sizes=40 40\n\n"
    trees = (b"Tree=0\n" + b"x" * 32 + b"\n") * 2
    assert gaps("model.txt", head + trees + b"end of trees\n") == []
    assert [gap.cause for gap in gaps("model.txt", head + trees[:60])] == [Cause.TRUNCATED]


def shared_headers(objects: int, messages: int) -> bytes:
    """An HDF5 file of many objects whose headers all go on with the same long block of empty messages."""
    base = 48
    goes_on = b"OHDR\x02\x02" + struct.pack("<I", 20) + b"\x10" + struct.pack("<HB", 16, 0)
    width = len(goes_on) + 16
    links_at = base + width * (objects + 1)
    links = b"OCHK"
    for number in range(objects):
        link = b"\x01\x00\x06%06d" % number + struct.pack("<Q", base + width * (number + 1))
        links += b"\x06" + struct.pack("<HB", len(link), 0) + link
    links += bytes(4)
    empty = b"OCHK" + bytes(4) * messages + bytes(4)
    root = goes_on + struct.pack("<QQ", links_at, len(links))
    inner = goes_on + struct.pack("<QQ", links_at + len(links), len(empty))
    body = root + inner * objects + links + empty
    unset = (1 << 64) - 1
    head = b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00" + struct.pack("<QQQQ", 0, unset, base + len(body), base) + bytes(4)
    return head + body


@pytest.mark.parametrize("many", [10, 1000])
def test_hdf5_objects_that_share_a_block_of_a_header_are_broken(many: int) -> None:
    found = inspect("model.h5", Memory(shared_headers(many, many)))
    assert {gap.cause for gap in found.incomplete} == {Cause.BROKEN}


def with_attributes(name: bytes, text_: bytes, count: int) -> bytes:
    """An HDF5 file whose root has so many attributes of one name."""
    type_, space = b"\x13\0\0\0" + struct.pack("<I", len(text_)), b"\x02\0\0\0"
    sizes = struct.pack("<HHH", len(name) + 1, len(type_), len(space))
    value = b"\x03\0" + sizes + b"\0" + name + b"\0" + type_ + space + text_
    messages = (b"\x0c" + struct.pack("<HB", len(value), 0) + value) * count
    body = b"OHDR\x02\x02" + struct.pack("<I", len(messages)) + messages + bytes(4)
    head = b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00"
    return head + struct.pack("<QQQQ", 0, (1 << 64) - 1, 48 + len(body), 48) + bytes(4) + body


def test_a_configuration_that_an_hdf5_file_has_many_times_is_parsed_once() -> None:
    text_ = b'{"config": [' + b"{}," * 10_000 + b"{}]}"
    assert inspect("model.h5", Memory(with_attributes(b"model_config", text_, 1))).incomplete == ()
    found = inspect("model.h5", Memory(with_attributes(b"model_config", text_, 1000)))
    assert Cause.BROKEN in {gap.cause for gap in found.incomplete}


def message(number: int, content: bytes) -> bytes:
    """A field of protobuf that holds bytes."""
    length, encoded = len(content), bytearray()
    while length > 0x7F:
        encoded.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *encoded, length]) + content


def keras_metadata(configuration: bytes, count: int) -> bytes:
    layer = message(3, b"root.layer") + message(4, b"_tf_keras_layer") + message(5, configuration)
    return message(1, layer) * count


@pytest.mark.parametrize(
    ("configuration", "most"),
    [
        pytest.param(b"{}", 47_000, id="small layers"),
        pytest.param(b'{"config":[' + b"1," * 100_000 + b"1]}", 9, id="long layers"),
    ],
)
def test_the_configurations_of_layers_are_counted_together(configuration: bytes, most: int) -> None:
    causes = [
        [gap.cause for gap in inspect("keras_metadata.pb", Memory(keras_metadata(configuration, count))).incomplete]
        for count in (most, most * 6 // 5)
    ]
    assert causes == [[], [Cause.LIMIT]]


def onnx_of_nodes(count: int) -> bytes:
    node = message(1, b"x") + message(2, b"y") + message(4, b"Relu") + message(3, b"n")
    return b"\x08\x08" + message(7, message(1, node) * count)


@pytest.mark.parametrize(("nodes", "expected"), [(70_000, set()), (100_000, {Cause.LIMIT})])
def test_the_fields_of_an_onnx_graph_are_counted(nodes: int, expected: set[Cause]) -> None:
    assert {gap.cause for gap in gaps("model.onnx", onnx_of_nodes(nodes))} == expected


def archive(name: str, count: int, content: bytes, *besides: str) -> bytes:
    """A zip of members that are all the same but for the number that their names take."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as writer:
        for path in besides:
            writer.writestr(path, b"3")
        for number in range(count):
            writer.writestr(name % number, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("model.npz", archive("a%d.npy", 5000, npy("(1,)", "'|u1'") + b"x"), id="arrays"),
        pytest.param(
            "model.pt",
            archive("m/data/%d", 20_000, b"\0" * 8, "m/version", "m/data.pkl"),
            id="storages",
        ),
        pytest.param("model.zip", archive("a%d.safetensors", 2000, safetensors(b"{}")), id="files that are read on"),
    ],
)
def test_an_archive_of_many_members_is_looked_into(name: str, content: bytes) -> None:
    found = inspect(name, Memory(content))
    assert Cause.LIMIT not in {gap.cause for gap in found.incomplete}


@pytest.mark.parametrize(
    ("name", "content", "arrays"),
    [
        pytest.param("model.npz", archive("a%d.npy", 10_001, npy("(1,)", "'|u1'") + b"x"), 10_000, id="arrays"),
        pytest.param("model.npz", archive("n" * 60_000 + "%d.npy", 300, npy("(1,)", "'|u1'") + b"x"), 280, id="names"),
    ],
)
def test_an_archive_of_too_much_is_told_by_both_readers(name: str, content: bytes, arrays: int) -> None:
    found = inspect(name, Memory(content))
    told = describe(name, Memory(content), found.format)
    assert told is not None
    assert [gap.cause for gap in found.incomplete] == [gap.cause for gap in told.incomplete] == [Cause.LIMIT]
    assert len(told.tensors) == len(found.tensors) == arrays
    assert not found.hazards
    assert not told.has_all_tensors
    assert told.parameters is None


def test_members_that_are_read_on_count_for_more_than_those_that_are_looked_at() -> None:
    content = archive("a%d.safetensors", 10_001, safetensors(b"{}"))
    found = inspect("model.zip", Memory(content))
    assert [gap.cause for gap in found.incomplete] == [Cause.LIMIT]


def skops(objects: int) -> bytes:
    node = b'{"__class__":"list","__module__":"builtins","__loader__":"ListNode","content":['
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("schema.json", node + b",".join([node + b"]}"] * (objects - 1)) + b"]}")
    return packed.getvalue()


def test_the_objects_of_a_schema_are_counted() -> None:
    assert gaps("model.skops", skops(20_000)) == []
    content = skops(80_001)
    found = inspect("model.skops", Memory(content))
    told = describe("model.skops", Memory(content), found.format)
    assert told is not None
    assert [gap.cause for gap in found.incomplete] == [gap.cause for gap in told.incomplete] == [Cause.LIMIT]


def keras(layers: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("metadata.json", "{}")
        writer.writestr("config.json", f'{{"class_name":"Sequential","config":{{"layers":[{layers}]}}}}')
    return packed.getvalue()


LAYER = '{"class_name":"Dense","config":{"name":"d"}}'


@pytest.mark.parametrize(
    "layers",
    [
        pytest.param(",".join([LAYER] * 20_001), id="in a row"),
        pytest.param(f'{{"config":{{"layers":[{",".join([LAYER] * 20_000)}]}}}}', id="in a model within the model"),
    ],
)
def test_the_layers_of_a_model_are_counted(layers: str) -> None:
    assert [gap.cause for gap in gaps("model.keras", keras(layers))] == [Cause.LIMIT]
    assert gaps("model.keras", keras(",".join([LAYER] * 1000))) == []


def test_the_objects_of_a_configuration_are_counted() -> None:
    found = inspect("model.keras", Memory(keras(",".join([LAYER] * 80_000))))
    assert [gap.cause for gap in found.incomplete] == [Cause.LIMIT]
