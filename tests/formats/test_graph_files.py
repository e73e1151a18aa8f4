from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import mutated
from weight_files import field, look

from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.model import Inspection


def node(operator: bytes) -> bytes:
    return field(1, b"name") + field(2, operator) + field(3, b"input")


def function(*operators: bytes) -> bytes:
    return field(1, field(1, b"f")) + b"".join(field(3, node(operator)) for operator in operators)


def graph(*operators: bytes, library: bytes = b"") -> bytes:
    return b"".join(field(1, node(operator)) for operator in operators) + field(2, library)


def saved_model(meta_graph: bytes) -> bytes:
    return field(1, 1) + field(2, field(1, field(5, b"2.21.0")) + meta_graph)


def stated(inspection: Inspection, kind: HazardKind) -> list[str]:
    return [hazard.evidence for hazard in inspection.hazards if hazard.kind is kind]


def test_operators_are_found_in_graphs_and_in_functions() -> None:
    library = field(1, function(b"PyFunc")) + field(1, function(b"Add", b"ReadFile"))
    content = saved_model(field(2, graph(b"Const", b"Const", library=library)))
    inspection = look(content, "saved_model.pb")
    assert (inspection.format, inspection.incomplete) == ("savedmodel", ())
    assert inspection.versions == {"tensorflow": "2.21.0"}
    assert stated(inspection, HazardKind.OPERATOR) == ["Const", "PyFunc", "Add", "ReadFile"]
    for hazard in inspection.hazards:
        assert content[hazard.offset :].startswith(hazard.evidence.encode())


def test_a_saved_model_is_one_whatever_comes_first_in_it() -> None:
    content = field(99, b"unknown") + saved_model(field(2, graph(b"PyFunc")))
    assert stated(look(content, "saved_model.pb"), HazardKind.OPERATOR) == ["PyFunc"]


def test_a_saved_model_as_text_is_read() -> None:
    content = b"""meta_graphs { graph_def { node { name: "a" op: "ReadFile" } node { op :'Py' "Fu\\156c" } } }"""
    assert stated(look(content, "saved_model.pbtxt"), HazardKind.OPERATOR) == ["ReadFile", "PyFunc"]


def test_a_saved_model_in_chunks_is_not_read() -> None:
    assert [gap.cause for gap in look(b"chunks", "saved_model.cpb").incomplete] == [Cause.UNSUPPORTED]


def test_a_frozen_graph_is_told_by_its_nodes() -> None:
    inspection = look(graph(b"Placeholder", b"WriteFile"), "frozen.pb")
    assert (inspection.format, stated(inspection, HazardKind.OPERATOR)) == ("graphdef", ["Placeholder", "WriteFile"])
    assert look(b"\x0a\x03abc", "labels.pb").format is None


@pytest.mark.parametrize("name", ["saved_model.pb", "keras_metadata.pb"])
def test_layers_of_code_are_found_beside_the_graph(name: str) -> None:
    layer = b'{"class_name": "Lambda", "config": {"name": "l", "function": ["4wEA", null, null]}}'
    if name == "saved_model.pb":
        content = saved_model(field(7, field(1, field(4, field(1, b"_tf_keras_layer") + field(3, layer)))))
    else:
        content = field(1, field(2, 1) + field(3, b"root") + field(5, layer))
    inspection = look(content, name)
    (hazard,) = inspection.hazards
    assert hazard.kind is HazardKind.LAMBDA_LAYER
    assert content[hazard.offset :].startswith(b'"Lambda"')


def test_too_many_operators_are_told() -> None:
    content = saved_model(field(2, graph(*(b"Op%d" % index for index in range(501)))))
    assert [gap.cause for gap in look(content, "saved_model.pb").incomplete] == [Cause.LIMIT]


onnx: Any = pytest.importorskip("onnx")


def tensor(name: str, location: str) -> Any:  # noqa: ANN401  made at run time
    made = onnx.TensorProto(name=name, data_type=1, dims=[2], data_location=1)
    made.external_data.add(key="length", value="8")
    made.external_data.add(key="location", value=location)
    return made


def onnx_model() -> bytes:
    make = onnx.helper
    inner = make.make_graph(
        [make.make_node("Inner", ["x"], ["s"], domain="com.inner")], "g", [], [], [tensor("a", "/a")]
    )
    sparse = onnx.SparseTensorProto(values=tensor("b", "../b"), indices=tensor("c", "*/_ORT_MEM_ADDR_/*"))
    nodes = [
        make.make_node("If", ["x"], ["y"], then_branch=inner),
        make.make_node("Local", ["x"], ["z"], domain="own"),
        make.make_node("Ratio", ["x"], ["z"], domain="com.acme"),
        make.make_node("Gemm", ["x"], ["z"], domain="ai.onnx"),
        make.make_node("Scaler", ["x"], ["z"], domain="ai.onnx.ml"),
        make.make_node("Constant", [], ["k"], value=tensor("d", "\\\\host\\d")),
    ]
    body = [make.make_node("Constant", [], ["b"], value=tensor("e", "x/../../e"))]
    own = make.make_function("own", "Local", ["a"], ["b"], body, [make.make_opsetid("", 17)])
    fine = [
        tensor("f", "model.onnx.data"),
        tensor("g", "weights/g.bin"),
        tensor("h", "..data"),
        tensor("i", "dense/kernel:0"),
        tensor("j", "kernel:0"),
    ]
    whole = make.make_graph(nodes, "g", [], [], fine, sparse_initializer=[sparse])
    content: bytes = make.make_model(whole, functions=[own]).SerializeToString()
    return content


def test_onnx_states_the_paths_that_lead_out_wherever_a_tensor_is() -> None:
    inspection = look(onnx_model(), "m.onnx")
    expected = ["*/_ORT_MEM_ADDR_/*", "../b", "/a", "\\\\host\\d", "x/../../e"]
    assert sorted(stated(inspection, HazardKind.EXTERNAL_PATH)) == expected
    assert inspection.incomplete == ()


def test_onnx_states_the_operators_that_nobody_defines() -> None:
    assert stated(look(onnx_model(), "m.onnx"), HazardKind.CUSTOM_DOMAIN) == ["com.inner:Inner", "com.acme:Ratio"]


@pytest.mark.parametrize("name", ["m.onnx", "saved_model.pb", "graph.pb"])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_mutated_graphs_raise_nothing(name: str, data: st.DataObject) -> None:
    contents: dict[str, Callable[[], bytes]] = {
        "m.onnx": onnx_model,
        "saved_model.pb": lambda: saved_model(field(2, graph(b"A", library=field(1, function(b"PyFunc"))))),
        "graph.pb": lambda: graph(b"A", b"PyFunc"),
    }
    look(data.draw(mutated(contents[name]())), name)


def test_messages_within_messages_end() -> None:
    inner = b""
    for _ in range(500):
        inner = field(1, field(5, field(6, inner)))
    assert [gap.cause for gap in look(field(1, 8) + field(7, inner), "m.onnx").incomplete] == [Cause.LIMIT]
