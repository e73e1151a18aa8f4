"""Keras models of both generations, by Keras's own word."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING, Any, TypeAlias

from described.asked import answer

if importlib.util.find_spec("tensorflow") is None:
    os.environ.setdefault("KERAS_BACKEND", "jax")

import h5py
import keras

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from described.asked import Facts

#: Keras has no types: a model, a layer.
Made: TypeAlias = Any

layers = keras.layers
IS_OLD = keras.__version__.startswith("2.")


def classifier() -> Made:
    model = keras.Sequential(
        [keras.Input((12,), name="features"), layers.Dense(8, "relu"), layers.Dense(3, activation="softmax")]
    )
    model.compile("adam", "categorical_crossentropy")
    return model


def binary() -> Made:
    model = keras.Sequential(
        [keras.Input((4,), name="x"), layers.Dense(4), layers.Dropout(0.5), layers.Dense(1, activation="sigmoid")]
    )
    model.compile("sgd", "binary_crossentropy")
    return model


def regression() -> Made:
    model = keras.Sequential([keras.Input((4,), name="x"), layers.BatchNormalization(), layers.Dense(1)])
    model.compile("sgd", keras.losses.MeanSquaredError())
    return model


def logits() -> Made:
    model = keras.Sequential([keras.Input((4,), name="x"), layers.Dense(5)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def activated() -> Made:
    return keras.Sequential([keras.Input((4,), name="x"), layers.Dense(4), layers.Activation("softmax")])


def columns() -> Made:
    inputs = [keras.Input((1,), name=name) for name in ("tenure", "charges", "age")]
    joined = layers.Concatenate()(inputs)
    return keras.Model(inputs, layers.Dense(1, name="p_churn")(joined))


def branches() -> Made:
    age, rest = keras.Input((1,), name="age"), keras.Input((4,), name="rest", dtype="int32")
    embedded = layers.Flatten()(layers.Embedding(10, 2)(rest))
    joined = layers.Dense(3)(layers.Concatenate()([age, embedded]))
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2, "relu")], name="inner")
    joined = inner(layers.Dropout(0.1)(joined))
    return keras.Model(
        [age, rest], [layers.Dense(3, "softmax", name="kind")(joined), layers.Dense(1, name="n")(joined)]
    )


def image() -> Made:
    model = keras.Sequential([keras.Input((8, 8, 3), name="image"), layers.Conv2D(2, 3), layers.SeparableConv2D(2, 3)])
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(2, activation="softmax"))
    return model


def text() -> Made:
    tokens = keras.Input((None,), name="tokens", dtype="int64")
    hidden = layers.Embedding(20, 4)(tokens)
    hidden = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(hidden)
    hidden = layers.LayerNormalization()(layers.MultiHeadAttention(2, 2)(hidden, hidden))
    return keras.Model(tokens, layers.TimeDistributed(layers.Dense(2))(layers.GRU(2, return_sequences=True)(hidden)))


def shared() -> Made:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    tower = layers.Dense(2, name="tower")
    return keras.Model({"left": left, "right": right}, layers.Dot(1, name="score")([tower(left), tower(right)]))


def fixed() -> Made:
    return keras.Sequential([keras.Input((4,), batch_size=2, name="x"), layers.Dense(1, dtype="float64")])


def mixed() -> Made:
    half = "mixed_bfloat16" if IS_OLD else keras.DTypePolicy("mixed_bfloat16")
    return keras.Sequential([keras.Input((4,), name="x"), layers.Dense(2, dtype=half), layers.Dense(2, "softmax")])


MODELS: dict[str, Callable[[], Made]] = {
    make.__name__: make
    for make in (
        *(classifier, binary, regression, logits, activated, columns),
        *(branches, image, text, shared, fixed, mixed),
    )
}


def write(directory: Path) -> None:
    for name, make in MODELS.items():
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        model = make()
        model.save(str(directory / f"{name}.h5"))
        if IS_OLD:
            model.save(str(directory / f"{name}.keras"), save_format="keras_v3")
        else:
            model.save(str(directory / f"{name}.keras"))
            if name == "classifier":
                model.save_weights(str(directory / f"{name}.weights.h5"))


def variables(file: Path) -> dict[str, list[object]]:
    """Every dataset, by h5py's word."""
    found: dict[str, list[object]] = {}

    def visit(name: str, item: Made) -> None:
        if isinstance(item, h5py.Dataset):
            dtype = item.attrs["dtype"] if item.dtype.kind == "V" else str(item.dtype)
            found[name] = [dtype, list(item.shape)]

    with h5py.File(file, "r") as opened:
        opened.visititems(visit)
    return found


def archived(file: Path) -> dict[str, list[object]]:
    import io  # noqa: PLC0415  here alone
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(file) as archive:
        return variables(io.BytesIO(archive.read("model.weights.h5")))  # type: ignore[arg-type]  # h5py takes streams


def shape(tensor: Made) -> list[object]:
    return list(tensor.shape)


def classes(model: Made, last: Made) -> int | None:
    """How many classes there are, by what the model computes and by its loss."""
    if isinstance(last, layers.Activation):
        return int(model.output_shape[-1])
    if not isinstance(last, layers.Dense):
        return None
    loss = getattr(model, "loss", None)
    if last.activation is keras.activations.softmax or isinstance(loss, keras.losses.SparseCategoricalCrossentropy):
        return int(last.units)
    return 2 if loss_name(model) == "binary_crossentropy" else None


def loss_name(model: Made) -> str | None:
    """The name of the loss: a text, a function, or an object of a class."""
    loss = getattr(model, "loss", None)
    if loss is None or isinstance(loss, str):
        return loss
    return str(loss.__name__ if callable(loss) and hasattr(loss, "__name__") else type(loss).__name__)


def facts(file: Path) -> Facts:
    if file.name.endswith(".weights.h5"):
        return {"format": "hdf5", "framework": "keras", "tensors": variables(file), "has_all_tensors": True}
    model = keras.models.load_model(str(file))
    is_archive = file.suffix == ".keras"
    inputs = [[tensor.name, str(getattr(tensor.dtype, "name", tensor.dtype)), shape(tensor)] for tensor in model.inputs]
    names = [model.layers[-1].name] if isinstance(model, keras.Sequential) else model.output_names
    last = [model.get_layer(name) for name in names]
    outputs = []
    for layer in last:
        knows = is_archive and not IS_OLD and isinstance(layer, layers.Dense)
        outputs.append([layer.name, layer.dtype, shape(layer.output)] if knows else [layer.name])
    is_table = len(inputs) > 1 and all(len(row[2]) == 2 and row[2][1] == 1 for row in inputs)
    is_matrix = len(inputs) == 1 and len(inputs[0][2]) == 2
    known = loss_name(model)
    return {
        "format": "keras" if is_archive else "hdf5",
        "framework": "keras",
        "inputs": inputs,
        "outputs": outputs,
        "columns": [[name, dtype, None, None] for name, dtype, _ in inputs] if is_table else None,
        "column_count": len(inputs) if is_table else inputs[0][2][1] if is_matrix else None,
        "class_count": classes(model, last[0]) if len(last) == 1 else None,
        "tensors": archived(file) if is_archive else variables(file),
        "has_all_tensors": True,
        "parameters": model.count_params(),
        "versions": {"keras": keras.__version__},
        "metadata": {"loss": known} if known else {},
    }


if __name__ == "__main__":
    answer(write, facts)
