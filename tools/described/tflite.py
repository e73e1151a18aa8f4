"""TensorFlow Lite models, by its interpreter's own word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import tensorflow as tf

from described.asked import answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from described.asked import Facts

#: TensorFlow has no types: a model, a converter.
Made: TypeAlias = Any


def dense(batch: int | None = None) -> Made:
    inputs = tf.keras.Input((4,), batch_size=batch, name="features")
    hidden = tf.keras.layers.Dense(8, "relu")(inputs)
    return tf.keras.Model(inputs, tf.keras.layers.Dense(3, "softmax")(hidden))


def table() -> Made:
    inputs = [tf.keras.Input((1,), name=name) for name in ("tenure", "charges")]
    return tf.keras.Model(inputs, tf.keras.layers.Dense(1)(tf.keras.layers.Concatenate()(inputs)))


def examples() -> Iterator[list[np.ndarray[Any, Any]]]:
    yield [np.ones((1, 4), "float32")]


class Module(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """Two functions."""

    @tf.function(input_signature=[tf.TensorSpec([2, 3], tf.int32, "x")])  # type: ignore[untyped-decorator]
    def double(self, x: Made) -> dict[str, Made]:
        """Twice."""
        return {"twice": x * 2, "is_large": x > 5}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])  # type: ignore[untyped-decorator]
    def halve(self, x: Made) -> Made:
        """Half."""
        return x / 2


def write(directory: Path) -> None:
    tf.keras.utils.set_random_seed(0)
    for name, model in (("dense", dense()), ("one", dense(1)), ("table", table())):
        (directory / f"{name}.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    small = tf.lite.TFLiteConverter.from_keras_model(dense())
    small.optimizations = [tf.lite.Optimize.DEFAULT]
    small.representative_dataset = examples
    small.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    small.inference_input_type = small.inference_output_type = tf.int8
    (directory / "integers.tflite").write_bytes(small.convert())
    half = tf.lite.TFLiteConverter.from_keras_model(dense())
    half.optimizations, half.target_spec.supported_types = [tf.lite.Optimize.DEFAULT], [tf.float16]
    (directory / "half.tflite").write_bytes(half.convert())
    module = Module()
    signatures = [module.double.get_concrete_function(), module.halve.get_concrete_function()]
    several = tf.lite.TFLiteConverter.from_concrete_functions(signatures[:1], module)
    (directory / "double.tflite").write_bytes(several.convert())
    tf.saved_model.save(module, str(directory / "tmp"), {"double": module.double, "halve": module.halve})
    both = tf.lite.TFLiteConverter.from_saved_model(str(directory / "tmp"), ["double", "halve"]).convert()
    tf.io.gfile.rmtree(str(directory / "tmp"))
    (directory / "several.tflite").write_bytes(both)


def specs(details: list[dict[str, Any]], names: dict[int, str]) -> list[list[object]]:
    return [
        [
            names.get(one["index"], one["name"]),
            np.dtype(one["dtype"]).name,
            [None if size < 0 else int(size) for size in one["shape_signature"]],
        ]
        for one in details
    ]


def named(interpreter: Made, kind: str) -> dict[int, str]:
    """What the only signature calls its tensors."""
    signatures = interpreter.get_signature_list()
    if len(signatures) != 1:
        return {}
    runner = interpreter.get_signature_runner(next(iter(signatures)))
    details = runner.get_input_details() if kind == "inputs" else runner.get_output_details()
    return {one["index"]: name for name, one in details.items()}


def facts(file: Path) -> Facts:
    interpreter = tf.lite.Interpreter(str(file))
    inputs = specs(interpreter.get_input_details(), named(interpreter, "inputs"))
    outputs = specs(interpreter.get_output_details(), named(interpreter, "outputs"))
    shapes: list[Any] = [row[2] for row in inputs]
    is_table = len(inputs) > 1 and all(len(shape) == 2 and shape[1] == 1 for shape in shapes)
    is_matrix = len(inputs) == 1 and len(shapes[0]) == 2
    return {
        "format": "tflite",
        "framework": "tensorflow",
        "inputs": inputs,
        "outputs": outputs,
        "columns": [[name, dtype, None, None] for name, dtype, _ in inputs] if is_table else None,
        "column_count": len(inputs) if is_table else shapes[0][1] if is_matrix else None,
        "has_all_tensors": True,
    }


if __name__ == "__main__":
    answer(write, facts)
