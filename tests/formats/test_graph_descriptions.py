"""What graphs tell of themselves, beyond what their libraries say of whole files in tests/described."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from described_files import CORPUS
from weight_files import field, zipped

from artifact_lint.formats.describing import describe
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause
from artifact_lint.model.description import Column, Description, ExternalData, Seen, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

h5py = pytest.importorskip("h5py")

Json: TypeAlias = object
#: h5py has no types.
Group: TypeAlias = Any


def told(format_: str, content: bytes, name: str = "model") -> Description:
    description = describe(name, Memory(content), format_)
    assert description is not None
    return description


# ONNX


def value(name: bytes, *dimensions: bytes, type_: int = 1) -> bytes:
    shape = field(2, b"".join(field(1, dimension) for dimension in dimensions))
    return field(1, name) + field(2, field(1, field(1, type_) + shape))


def tensor(name: bytes, dimensions: bytes, *more: bytes) -> bytes:
    return dimensions + field(2, 1) + field(8, name) + b"".join(more)


def elsewhere(**entries: str) -> bytes:
    pairs = (field(13, field(1, key.encode()) + field(2, text.encode())) for key, text in entries.items())
    return b"".join(pairs) + field(14, 1)


def classifier(output: bytes, *labels: bytes, operator: bytes = b"LinearClassifier") -> bytes:
    attribute = field(1, b"classlabels_strings") + b"".join(field(9, label) for label in labels)
    return field(1, b"x") + field(2, output) + field(4, operator) + field(5, attribute) + field(7, b"ai.onnx.ml")


def onnx(*graph: bytes) -> Description:
    return told("onnx", field(1, 8) + field(7, b"".join(graph)), "model.onnx")


SIZE, NAME, NOTHING = field(1, 3), field(2, b"batch"), b""
MINUS_ONE = b"\x08" + b"\xff" * 9 + b"\x01"


def test_a_dimension_is_a_number_a_name_or_free() -> None:
    inputs = onnx(field(11, value(b"x", NAME, SIZE, NOTHING, MINUS_ONE))).inputs
    assert inputs == Seen((TensorSpec("x", "float32", ("batch", 3, None, None)),), "graph input `x`")


def test_an_input_that_the_model_holds_is_none() -> None:
    description = onnx(field(11, value(b"x", NAME, SIZE)), field(11, value(b"w", SIZE)), field(5, tensor(b"w", SIZE)))
    assert description.inputs is not None
    assert [spec.name for spec in description.inputs.value] == ["x"]
    assert description.column_count == Seen(3, "graph input `x`")


@pytest.mark.parametrize("dimensions", [field(1, 4) + field(1, 5), field(1, b"\x04\x05")])
def test_dimensions_are_read_one_by_one_and_packed(dimensions: bytes) -> None:
    description = onnx(field(5, tensor(b"w", dimensions)))
    assert [(one.name, one.dtype, one.shape, one.size) for one in description.tensors] == [("w", "FLOAT", (4, 5), 80)]
    assert description.parameters == 20


def test_of_a_file_of_tensors_the_one_is_told_that_reaches_farthest() -> None:
    first = tensor(b"a", field(1, 4), elsewhere(location="w.bin", offset="0", length="16"))
    last = tensor(b"b", field(1, 2), elsewhere(location="w.bin", offset="16"))
    other = tensor(b"c", field(1, 2), elsewhere(location="other.bin"))
    description = onnx(field(5, last), field(5, first), field(5, other))
    assert description.external == (ExternalData("w.bin", "b", 16, 8), ExternalData("other.bin", "c", 0, 8))


@pytest.mark.parametrize("offset", ["-8", "eight", "9" * 30, "\N{SUPERSCRIPT TWO}"])
def test_an_offset_that_is_none_is_told(offset: str) -> None:
    description = onnx(field(5, tensor(b"a", SIZE, elsewhere(location="w.bin", offset=offset))))
    assert [gap.cause for gap in description.incomplete] == [Cause.BROKEN]
    assert not description.has_all_tensors
    assert description.parameters is None


def test_a_size_that_no_file_has_allocates_nothing() -> None:
    dimensions = b"".join(field(1, (1 << 62) - 1) for _ in range(8))
    description = onnx(field(5, tensor(b"w", dimensions)))
    assert description.parameters is None
    assert [gap.cause for gap in description.incomplete] == [Cause.BROKEN]


def test_labels_are_those_of_the_node_that_ends_the_graph() -> None:
    output = field(12, value(b"label", type_=8))
    cast = field(1, b"raw") + field(2, b"label") + field(4, b"Cast")
    inner = field(1, classifier(b"inner", b"0", b"1"))
    last = field(1, classifier(b"raw", b"no", b"yes"))
    description = onnx(inner, last, field(1, cast), output)
    assert description.classes == Seen(("no", "yes"), "labels of the LinearClassifier node")
    assert description.class_count == Seen(2, "labels of the LinearClassifier node")
    assert description.parameters is None  # the weights of a classifier are in its attributes
    assert onnx(inner, output).classes is None


def test_of_two_maps_of_labels_neither_is_the_models() -> None:
    nodes = [field(1, classifier(name, b"no", b"yes", operator=b"ZipMap")) for name in (b"one", b"other")]
    outputs = [field(12, value(b"one")), field(12, value(b"other"))]
    assert onnx(*nodes, *outputs).classes is None
    assert onnx(nodes[0], *outputs).classes == Seen(("no", "yes"), "labels of the ZipMap node")


@pytest.mark.parametrize(
    ("key", "text", "labels"),
    [
        ("names", "{0: 'cat', 1: \"dog's\"}", ("cat", "dog's")),
        ("names", '{"0": "cat", "1": "dog"}', ("cat", "dog")),
        ("names", '["tenure", "charges"]', None),
        ("labels", '["no", "yes"]', ("no", "yes")),
        ("classes", '{"1": "b", "0": "a"}', ("a", "b")),
        ("classes", '{"1": "b", "2": "a"}', None),
        ("classes", "[0, 1]", None),
        ("labels", "labels.txt", None),
        ("names", "{0: __import__('os')}", None),
        ("names", "{0: 'a', 0 'b'}", None),
        ("names", "{" * 10_000, None),
        ("labels", "[" * 10_000, None),
    ],
)
def test_labels_that_metadata_state_are_read_and_not_evaluated(
    key: str, text: str, labels: tuple[str, ...] | None
) -> None:
    metadata = field(14, field(1, key.encode()) + field(2, text.encode()))
    classes = told("onnx", field(1, 8) + field(7, field(11, value(b"x", SIZE))) + metadata, "model.onnx").classes
    assert classes == (None if labels is None else Seen(labels, f"metadata `{key}`"))


def test_a_model_without_a_graph_is_none() -> None:
    description = told("onnx", field(1, 8), "model.onnx")
    assert [gap.cause for gap in description.incomplete] == [Cause.BROKEN]
    assert description.inputs is None


def test_a_model_of_too_many_fields_is_read_so_far() -> None:
    description = onnx(field(11, value(b"x", SIZE)), field(10, b"") * 500_000)
    assert [gap.cause for gap in description.incomplete] == [Cause.LIMIT]


# TensorFlow


def test_a_graph_without_placeholders_has_no_inputs() -> None:
    assert told("graphdef", field(1, field(1, b"c") + field(2, b"Const")), "frozen.pb").inputs is None


@pytest.mark.parametrize("name", ["keras_metadata.pb", "saved_model.pbtxt", "saved_model.cpb"])
def test_what_lies_beside_a_saved_model_tells_nothing_of_it(name: str) -> None:
    assert describe(name, Memory(field(1, 1)), "savedmodel") is None


def info(type_: int, *sizes: int) -> bytes:
    shape = b"".join(field(2, field(1, size)) if size >= 0 else field(2, MINUS_ONE) for size in sizes)
    return field(2, type_) + field(3, shape)


def signature(**inputs: bytes) -> bytes:
    return b"".join(field(1, field(1, name.encode()) + field(2, one)) for name, one in inputs.items())


def saved_model(tag: bytes = b"serve", **signatures: bytes) -> bytes:
    entries = (field(5, field(1, name.encode()) + field(2, one)) for name, one in signatures.items())
    return field(2, field(1, field(4, tag) + field(5, b"2.15.0")) + b"".join(entries))


def test_the_graph_for_serving_and_its_default_signature_count() -> None:
    content = saved_model(b"train", serving_default=signature(loss=info(1)))
    content += saved_model(predict=signature(y=info(1)), serving_default=signature(b=info(7, -1), a=info(1, -1, 1)))
    description = told("savedmodel", content, "saved_model.pb")
    columns = (Column("a", "float32"), Column("b", "string"))
    assert description.columns == Seen(columns, "graph inputs")
    assert description.inputs is not None
    assert description.inputs.where == "signature `serving_default`"
    assert description.versions == {"tensorflow": "2.15.0"}


def test_signatures_for_tensorflow_itself_are_none() -> None:
    initial = {"__saved_model_init_op": signature(nothing=info(1)), "score": signature(x=info(1, -1, 4))}
    description = told("savedmodel", saved_model(**initial), "saved_model.pb")
    assert description.column_count == Seen(4, "graph input `x`")


def test_tensors_of_tensorflow_lite_are_those_with_values() -> None:
    content = (CORPUS / "tensorflow-2_21" / "dense.tflite").read_bytes()
    tensors = told("tflite", content).tensors
    assert {(8, 4), (3, 8)} <= {tensor.shape for tensor in tensors}
    assert {tensor.size for tensor in tensors if tensor.shape == (8, 4)} == {128}


# Keras


def layer(cls: str, name: str, module: str | None = "keras.layers", **config: Json) -> dict[str, Json]:
    return {"module": module, "class_name": cls, "config": {"name": name, **config}, "registered_name": None}


def hdf5(fill: Callable[[Group], None]) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        fill(file)
    return stream.getvalue()


def weights(*groups: str) -> bytes:
    def fill(file: Group) -> None:
        file.create_group("vars")
        for group in groups:
            file[f"{group}/vars/0"] = [[1.0, 2.0]]

    return hdf5(fill)


def archive(*layers: Mapping[str, Json], held: bytes | None = None, compiled: Json = None, **more: bytes) -> bytes:
    config = {"class_name": "Sequential", "config": {"name": "m", "layers": layers}, "compile_config": compiled}
    members = {"config.json": json.dumps(config).encode(), "metadata.json": b'{"keras_version": "3.12.0"}'}
    if held is not None:
        members["model.weights.h5"] = held
    return zipped(members | more)


def test_a_layer_without_variables_is_told_by_its_class_and_number() -> None:
    layers = [layer("Dense", "a"), layer("Dropout", "d"), layer("Dense", "b"), layer("PReLU", "p")]
    description = told("keras", archive(*layers, held=weights("layers/dense", "layers/p_re_lu")))
    assert description.unweighted == ("b",)
    assert description.parameters == 4


def test_a_model_that_was_never_built_has_an_unknown_number_of_parameters() -> None:
    assert told("keras", archive(layer("Dense", "a"), held=weights())).parameters is None
    assert told("keras", archive(layer("Flatten", "a"), held=weights())).parameters == 0


def test_layers_of_others_may_do_without_variables() -> None:
    own = layer("Dense", "a", module="shop.layers") | {"registered_name": "shop>Dense"}
    assert told("keras", archive(own, held=weights())).unweighted == ()


def test_keras_2_numbers_layers_with_gaps() -> None:
    layers = [layer("Dense", "a"), layer("Dense", "b"), layer("Conv2D", "c")]
    old = "_layer_checkpoint_dependencies"
    version = {"metadata.json": b'{"keras_version": "2.12.0"}'}
    description = told("keras", archive(*layers, held=weights(f"{old}/dense", f"{old}/dense_2"), **version))
    assert description.unweighted == ("c",)


def test_a_layer_that_an_inner_model_keeps_is_not_missed() -> None:
    inner = layer("Sequential", "tower", module="keras", layers=[layer("Dense", "shared")])
    held = weights("layers/sequential/layers/dense")
    assert told("keras", archive(inner, layer("Dense", "shared"), held=held)).unweighted == ()
    assert told("keras", archive(inner, layer("Dense", "other"), held=held)).unweighted == ("other",)


def test_the_group_of_a_layer_in_hdf5_may_lie_in_another() -> None:
    layers = [layer("Dense", "block/one", module=None), layer("Dense", "block/two", module=None)]

    def fill(file: Group) -> None:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": layers}})
        file["model_weights/block/one/kernel:0"] = [[1.0]]

    assert told("hdf5", hdf5(fill)).unweighted == ("block/two",)


def test_of_weights_that_cannot_be_read_nothing_is_missed() -> None:
    description = told("keras", archive(layer("Dense", "a"), held=b"no HDF5"))
    assert description.unweighted == ()
    assert [(gap.cause, gap.member) for gap in description.incomplete] == [(Cause.BROKEN, "model.weights.h5")]
    assert told("keras", archive(layer("Dense", "a"))).unweighted == ()


def test_a_configuration_that_is_no_json_is_told() -> None:
    content = zipped({"config.json": b"{", "metadata.json": b"[]"})
    assert [(gap.cause, gap.member) for gap in told("keras", content).incomplete] == [(Cause.BROKEN, "config.json")]


@pytest.mark.parametrize(
    ("units", "activation", "loss", "count"),
    [
        (3, "softmax", None, 3),
        (3, {"class_name": "function", "config": "softmax"}, None, 3),
        (1, "sigmoid", "binary_crossentropy", 2),
        (1, "sigmoid", None, None),
        (1, "linear", {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}, 2),
        (5, "linear", {"class_name": "SparseCategoricalCrossentropy", "config": {}}, 5),
        (5, "linear", ["sparse_categorical_crossentropy"], 5),
        (5, "linear", "mse", None),
        (4, "sigmoid", "binary_crossentropy", 4),
        ("4", "softmax", None, None),
        (True, "softmax", None, None),
    ],
)
def test_units_are_classes_where_activation_or_loss_say_so(
    units: Json, activation: Json, loss: Json, count: int | None
) -> None:
    last = layer("Dense", "out", units=units, activation=activation)
    description = told("keras", archive(layer("InputLayer", "x"), last, compiled={"loss": loss}))
    assert description.class_count == (None if count is None else Seen(count, "units of the layer `out`"))


def test_the_oldest_files_have_a_list_of_layers() -> None:
    first = layer("Dense", "hidden", module=None, batch_input_shape=[None, 4], dtype="float32", units=2)

    def fill(file: Group) -> None:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": [first]})
        file["model_weights/hidden/hidden/kernel:0"] = [[1.0]]

    description = told("hdf5", hdf5(fill))
    assert description.inputs == Seen(
        (TensorSpec("hidden_input", "float32", (None, 4)),), "`batch_input_shape` of the layer `hidden`"
    )
    assert description.unweighted == ()


def test_a_model_of_somebodys_own_class_has_no_inputs_that_are_known() -> None:
    config = {"class_name": "Ranker", "config": {"layers": [layer("InputLayer", "x", batch_shape=[None, 2])]}}
    content = zipped({"config.json": json.dumps(config).encode(), "metadata.json": b"{}"})
    description = told("keras", content)
    assert (description.inputs, description.outputs, description.column_count) == (None, None, None)


def test_hdf5_that_is_not_keras_is_no_model() -> None:
    def fill(file: Group) -> None:
        file["table/values"] = [1, 2]

    assert describe("data.h5", Memory(hdf5(fill)), "hdf5") is None


def test_links_in_a_circle_are_followed_once() -> None:
    def fill(file: Group) -> None:
        file["layers/dense/vars/0"] = [1.0]
        file["layers/again"] = file["layers"]
        file["layers/soft"] = h5py.SoftLink("/layers")

    description = told("hdf5", hdf5(fill), "m.weights.h5")
    assert [tensor.name for tensor in description.tensors] == ["layers/dense/vars/0"]
    assert description.has_all_tensors
