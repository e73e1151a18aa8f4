"""TensorFlow's SavedModels and frozen graphs, by TensorFlow's own word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import tensorflow as tf

from described.asked import answer

if TYPE_CHECKING:
    from pathlib import Path

    from described.asked import Facts

#: TensorFlow has no types: a module, a tensor.
Made: TypeAlias = Any

MODEL = "saved_model.pb"


class Dense(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """Weights, and one function of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = tf.Variable(np.ones((4, 3), "float32"), name="kernel")
        self.bias = tf.Variable(np.zeros(3, "float32"), name="bias")
        self.steps = tf.Variable(0, dtype=tf.int64, name="steps", trainable=False)

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "features")])  # type: ignore[untyped-decorator]
    def __call__(self, features: Made) -> dict[str, Made]:
        """Scores and labels."""
        scores = features @ self.kernel + self.bias
        return {"scores": scores, "label": tf.argmax(scores, 1)}

    @tf.function(  # type: ignore[untyped-decorator]  # as above
        input_signature=[
            tf.TensorSpec([None, 1], tf.float32, "tenure"),
            tf.TensorSpec([None, 1], tf.int64, "age"),
            tf.TensorSpec([None, 1], tf.string, "city"),
        ]
    )
    def by_column(self, tenure: Made, age: Made, city: Made) -> Made:
        """A number of each column."""
        return tenure + tf.cast(age, tf.float32) + tf.strings.to_number(tf.strings.as_string(tf.strings.length(city)))

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, "anything")])  # type: ignore[untyped-decorator]
    def of_any_rank(self, anything: Made) -> Made:
        """Twice what it gets."""
        return 2 * anything

    @tf.function(input_signature=[tf.TensorSpec([1, 8, 8, 3], tf.bfloat16, "image")])  # type: ignore[untyped-decorator]
    def of_one(self, image: Made) -> Made:
        """The mean of one image."""
        return tf.reduce_mean(image, [1, 2, 3])


def keras_model() -> Made:
    layers = tf.keras.layers
    model = tf.keras.Sequential([tf.keras.Input((4,), name="x"), layers.BatchNormalization(), layers.Dense(3)])
    model.compile("adam", "mse")
    model.fit(np.zeros((2, 4)), np.zeros((2, 3)), verbose=0)
    return model


def write(directory: Path) -> None:
    tf.random.set_seed(0)
    made = Dense()
    tf.saved_model.save(made, str(directory / "dense"), made.__call__)
    tf.saved_model.save(made, str(directory / "columns"), {"rows": made.by_column})
    tf.saved_model.save(made, str(directory / "several"), {"one": made.by_column, "other": made.of_any_rank})
    tf.saved_model.save(made, str(directory / "any-rank"), made.of_any_rank)
    tf.saved_model.save(made, str(directory / "image"), made.of_one)
    tf.saved_model.save(made, str(directory / "none"))
    tf.saved_model.save(keras_model(), str(directory / "keras"))
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, 4], "x")
        flag = tf.compat.v1.placeholder(tf.bool, [], "flag")
        anything = tf.compat.v1.placeholder(tf.string, None, "anything")
        y = tf.cond(flag, lambda: x @ np.ones((4, 3), "float32"), lambda: x @ np.zeros((4, 3), "float32"), name="y")
        tf.identity(anything, "same")
        tf.identity(y, "out")
        (directory / "frozen.pb").write_bytes(graph.as_graph_def().SerializeToString())
        with tf.compat.v1.Session(graph=graph) as session:
            tf.compat.v1.saved_model.simple_save(session, str(directory / "first"), {"x": x, "f": flag}, {"out": y})


def spec(name: str, tensor: Made) -> list[object]:
    dtype = "string" if tensor.dtype == tf.string else tensor.dtype.name
    return [name, dtype, None if tensor.shape.rank is None else tensor.shape.as_list()]


def shapes(inputs: list[list[Any]] | None) -> dict[str, object]:
    """What the inputs say of columns."""
    if not inputs:
        return {"columns": None, "column_count": None}
    is_table = len(inputs) > 1 and all(row[2] is not None and len(row[2]) == 2 and row[2][1] == 1 for row in inputs)
    is_matrix = len(inputs) == 1 and inputs[0][2] is not None and len(inputs[0][2]) == 2
    return {
        "columns": [[name, dtype, None, None] for name, dtype, _ in inputs] if is_table else None,
        "column_count": len(inputs) if is_table else inputs[0][2][1] if is_matrix else None,
    }


def of_graph(file: Path) -> Facts:
    definition = tf.compat.v1.GraphDef.FromString(file.read_bytes())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
    operations = [one for one in graph.get_operations() if one.type == "Placeholder"]
    inputs = [spec(one.name, one.outputs[0]) for one in operations]
    return {"format": "graphdef", "inputs": inputs, "outputs": None, **shapes(inputs)}


def facts(file: Path) -> Facts:
    if file.name == "frozen.pb":
        return of_graph(file)
    if file.name != MODEL:
        return {"part_of": str(next(place / MODEL for place in file.parents if (place / MODEL).exists()))}
    loaded = tf.saved_model.load(str(file.parent))
    signatures = dict(loaded.signatures)
    chosen = signatures.get("serving_default") or (next(iter(signatures.values())) if len(signatures) == 1 else None)
    inputs = outputs = None
    if chosen is not None:
        inputs = [spec(name, one) for name, one in sorted(chosen.structured_input_signature[1].items())]
        outputs = [spec(name, one) for name, one in sorted(chosen.structured_outputs.items())]
    return {
        "format": "savedmodel",
        "inputs": inputs,
        "outputs": outputs,
        **shapes(inputs),
        **weights(loaded),
        "versions": {"tensorflow": tf.__version__},
    }


def weights(loaded: Made) -> dict[str, object]:
    """The variables of the module above, or of what Keras 2 makes of a model."""
    if hasattr(loaded, "steps"):
        held = {one.name.removesuffix(":0"): one for one in (loaded.kernel, loaded.bias, loaded.steps)}
        names = {tf.float32: "DT_FLOAT", tf.int64: "DT_INT64"}
        tensors = {name: [names[one.dtype], one.shape.as_list()] for name, one in held.items()}
        return {"tensors": tensors, "has_all_tensors": True, "parameters": 16}
    is_keras = hasattr(loaded, "keras_api")
    return {"parameters": sum(int(np.prod(one.shape)) for one in loaded.variables)} if is_keras else {}


if __name__ == "__main__":
    answer(write, facts)
