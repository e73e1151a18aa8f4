"""PMML, Flax, skops, TorchScript and the templates of GGUF."""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import mutated
from weight_files import imported, look, torch_zip, zipped

from artifact_lint.model import Cause, HazardKind, Tensor, Use

if TYPE_CHECKING:
    from artifact_lint.model import Inspection

ROOT = '<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/></PMML>'
ENTITY = '<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def pmml(before: str, encoding: str, declared: str | None = None) -> Inspection:
    text = f'<?xml version="1.0" encoding="{declared or encoding}"?>\n{before}{ROOT}'
    return look(text.encode(encoding), "m.pmml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "us-ascii", "windows-1252"])
def test_pmml_without_a_definition_states_nothing(encoding: str) -> None:
    inspection = pmml("<!-- <!DOCTYPE --><?style x?>", encoding, encoding.removesuffix("-sig"))
    assert (inspection.format, inspection.hazards, inspection.incomplete) == ("pmml", (), ())
    assert inspection.metadata["pmml_version"] == "4.4"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
@pytest.mark.parametrize(
    ("before", "evidence"),
    [
        (ENTITY, "a document type definition with the entity 'x' from 'file:///etc/passwd'"),
        (
            "<!--" + "x" * 50_000 + "-->" + ENTITY,
            "a document type definition with the entity 'x' from 'file:///etc/passwd'",
        ),
        ('<!DOCTYPE PMML SYSTEM "http://h/x.dtd">', "a document type definition from 'http://h/x.dtd'"),
        ("<!DOCTYPE PMML>", "a document type definition"),
        (
            '<!DOCTYPE PMML [<!ENTITY % a PUBLIC "p" "u"><!ENTITY b "c">]>',
            "a document type definition with the external entity 'a', the entity 'b'",
        ),
    ],
)
def test_a_definition_is_stated_with_what_it_fetches(before: str, evidence: str, encoding: str) -> None:
    (hazard,) = pmml(before, encoding).hazards
    assert (hazard.kind, hazard.evidence) == (HazardKind.XML_ENTITY, evidence)


@pytest.mark.parametrize("encoding", ["utf-7", "utf-32", "cp500"])
def test_an_encoding_that_may_hide_a_definition_is_told(encoding: str) -> None:
    assert [gap.cause for gap in pmml(ENTITY, encoding).incomplete] == [Cause.UNSUPPORTED]


def test_pmml_is_told_from_other_xml() -> None:
    assert look(ROOT.encode(), "model.xml").format == "pmml"
    assert look(b"<project><x/></project>", "pom.xml").format is None
    assert [gap.cause for gap in look(b"<project><x/></project>", "m.pmml").incomplete] == [Cause.BROKEN]
    assert [gap.cause for gap in look(b"<PMML", "m.pmml").incomplete] == [Cause.TRUNCATED]


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_mutated_pmml_raises_nothing(data: st.DataObject) -> None:
    look(data.draw(mutated(f'<?xml version="1.0"?>{ENTITY}{ROOT}'.encode())), "m.pmml")


def text(value: bytes) -> bytes:
    return b"\xd9" + bytes([len(value)]) + value


def extension(kind: int, content: bytes) -> bytes:
    return b"\xc8" + struct.pack(">Hb", len(content), kind) + content


def packed(dtype: bytes, *shape: int) -> bytes:
    dimensions = bytes([0x90 | len(shape)]) + bytes(shape)
    size = math.prod(shape) * (8 if dtype == b"int64" else 4)
    return b"\x93" + dimensions + bytes([0xA0 | len(dtype)]) + dtype + bytes([0xC4, size]) + bytes(size)


def array(dtype: bytes, *shape: int) -> bytes:
    return extension(1, packed(dtype, *shape))


FLAX = b"\x82" + text(b"params") + b"\x82" + text(b"kernel") + array(b"float32", 2, 3) + text(b"list")
FLAX += b"\x94\x01\xc0\xcb" + bytes(8) + extension(2, b"\x92\x01\x02") + text(b"step") + extension(3, packed(b"int64"))


def test_flax_lists_its_arrays_by_their_names() -> None:
    inspection = look(FLAX, "m.msgpack")
    assert (inspection.format, inspection.framework, inspection.incomplete) == ("flax-msgpack", "flax", ())
    assert inspection.tensors == (Tensor("params/kernel", "float32", (2, 3)), Tensor("step", "int64", ()))
    assert inspection.extent == len(FLAX)


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (extension(7, b"x"), Cause.UNSUPPORTED),
        (array(b"object", 1), Cause.UNSUPPORTED),
        (array(b"|O", 1), Cause.UNSUPPORTED),
        (extension(1, b"x"), Cause.BROKEN),
        (b"\xc1", Cause.BROKEN),
        (b"\xdd\xff\xff\xff\xff", Cause.TRUNCATED),
        (b"\xdf\xff\xff\xff\xff", Cause.TRUNCATED),
        (b"\xc6\xff\xff\xff\xff", Cause.TRUNCATED),
        (b"\xc9\xff\xff\xff\xff\x01", Cause.TRUNCATED),
        (b"\x91" * 1000, Cause.LIMIT),
        (b"\xdd\x00\x10\x00\x00" + bytes(1 << 20), Cause.LIMIT),
    ],
)
def test_what_flax_does_not_write_is_told(value: bytes, cause: Cause) -> None:
    assert [gap.cause for gap in look(b"\x81" + text(b"a") + value, "m.msgpack").incomplete] == [cause]


def test_a_name_that_is_no_text_is_told() -> None:
    assert [gap.cause for gap in look(FLAX.replace(b"kernel", b"kern\xff\xff"), "m.msgpack").incomplete] == [
        Cause.BROKEN
    ]


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_mutated_flax_raises_nothing(data: st.DataObject) -> None:
    look(data.draw(mutated(FLAX)), "m.msgpack")


def skops_node(module: str, class_: str, loader: str, **more: object) -> dict[str, Any]:
    return {"__module__": module, "__class__": class_, "__loader__": loader, **more}


def skops(*nodes: object, protocol: int = 2) -> Inspection:
    root = skops_node("builtins", "list", "ListNode", content=list(nodes), protocol=protocol)
    return look(zipped({"schema.json": json.dumps(root).encode()}), "m.skops")


@pytest.mark.parametrize(
    ("node", "name", "uses"),
    [
        (skops_node("os", "system", "FunctionNode"), "os:system", {Use.NAMED}),
        (skops_node("my", "Type", "TypeNode"), "my:Type", {Use.NAMED}),
        (skops_node("my", "Type", "ObjectNode"), "my:Type", {Use.INSTANTIATED, Use.BUILT}),
        (skops_node("my", "Type", "ConstructorFromReduceNode"), "my:Type", {Use.CALLED}),
        (skops_node("os", "system", "ListNode", content=["x"]), "os:system", {Use.CALLED}),
        (skops_node("os", "system", "NewNode"), "os:system", {Use.CALLED}),
        (skops_node("my", "Type", "MethodNode", content={"func": "run", "obj": {}}), "my:Type.run", {Use.NAMED}),
        (skops_node("operator", "methodcaller", "OperatorFuncNode"), "operator:methodcaller", {Use.CALLED}),
        (
            skops_node("a", "b", "FunctionNode", content={"module_path": "os", "function": "system"}),
            "os:system",
            {Use.NAMED},
        ),
        (
            skops_node(
                "numpy.random",
                "Generator",
                "RandomGeneratorNode",
                content={"bit_generator": {"content": {"bit_generator": {"content": '"seed"'}}}},
            ),
            "numpy.random:seed",
            {Use.CALLED},
        ),
    ],
)
def test_skops_states_what_it_imports_and_how(node: object, name: str, uses: set[Use]) -> None:
    found = {entry.dotted: set(entry.uses) for entry in skops({"deep": [node]}).imports}
    assert found[name] == uses


def test_skops_does_not_state_what_it_builds_itself() -> None:
    nodes = [
        skops_node("builtins", "dict", "DictNode", content={}),
        skops_node("builtins", "str", "JsonNode", content='"x"'),
        skops_node("numpy", "ndarray", "NdArrayNode", type="numpy", file="1.npy"),
        skops_node("scipy.sparse._csr", "csr_matrix", "SparseMatrixNode", type="scipy", file="2.npz"),
    ]
    assert skops(*nodes).imports == ()


def test_a_schema_that_cannot_be_read_is_told() -> None:
    for schema, cause in ((b"{", Cause.BROKEN), (b"[" * 50_000, Cause.LIMIT)):
        assert [gap.cause for gap in look(zipped({"schema.json": schema}), "m.skops").incomplete] == [cause]
    assert [gap.cause for gap in skops(*(skops_node(f"m{n}", "A", "TypeNode") for n in range(2001))).incomplete] == [
        Cause.LIMIT
    ]


def test_real_skops_files_import_what_they_hold() -> None:
    io = pytest.importorskip("skops.io")
    import os

    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    fitted = StandardScaler().fit([[1.0], [2.0]])
    assert "sklearn.preprocessing._data:StandardScaler" in imported(look(io.dumps(fitted), "m.skops"))
    assert f"{os.system.__module__}:system" in imported(look(io.dumps(FunctionTransformer(os.system)), "m.skops"))


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_mutated_skops_raises_nothing(data: st.DataObject) -> None:
    schema = json.dumps(skops_node("os", "system", "FunctionNode", content={"func": 1})).encode()
    look(zipped({"schema.json": data.draw(mutated(schema))}), "m.skops")


def script(code: bytes) -> list[str]:
    inspection = look(torch_zip(**{"constants.pkl": b"\x80\x02).", "code/__torch__.py": code}), "m.pt")
    assert inspection.format == "torchscript"
    return [hazard.evidence for hazard in inspection.hazards if hazard.kind is HazardKind.SCRIPT_CODE]


@pytest.mark.parametrize(
    ("code", "operators"),
    [
        (b'torch.save(x, "f")', ["aten::save"]),
        (b'y = torch . from_file ("f", False, 10)', ["aten::from_file"]),
        (b'ops.aten.from_file("f")', ["aten::from_file"]),
        (b'ops.image.read_file("f")', ["image::read_file"]),
        (b'f = rpc_async("worker", g, (), {})', ["prim::rpc_async"]),
        (b"torch.relu(torch.add(x, ops.quantized.linear(y)))", []),
        (b"(self.saver).save(x)", []),
    ],
)
def test_the_code_of_torchscript_says_which_operators_reach_out(code: bytes, operators: list[str]) -> None:
    assert script(code) == operators


def test_libraries_in_an_exported_program_are_stated() -> None:
    content = zipped({"m/archive_format": b"pt2", "m/data/aotinductor/model/x.so": b"\x7fELF"})
    (hazard,) = look(content, "m.pt2").hazards
    assert (hazard.kind, hazard.evidence) == (HazardKind.SCRIPT_CODE, "native library x.so")


def gguf(*pairs: tuple[bytes, bytes]) -> bytes:
    def sized(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    entries = b"".join(sized(key) + struct.pack("<I", 8) + sized(value) for key, value in pairs)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + entries


def test_gguf_states_the_text_of_each_template() -> None:
    long = b"{{ x }}" + b" " * 100_000
    content = gguf(
        (b"tokenizer.chat_template", b"{{ a }}"), (b"tokenizer.chat_template.tool", long), (b"b", b"{{ c }}")
    )
    hazards = look(content, "m.gguf").hazards
    assert [(hazard.kind, hazard.evidence) for hazard in hazards] == [
        (HazardKind.TEMPLATE, "{{ a }}"),
        (HazardKind.TEMPLATE, long.decode()),
    ]
    assert content[hazards[0].offset :].startswith(b"{{ a }}")


def test_a_template_that_is_too_long_is_told() -> None:
    content = gguf((b"tokenizer.chat_template", bytes((4 << 20) + 1)))
    assert [gap.cause for gap in look(content, "m.gguf").incomplete] == [Cause.LIMIT]
