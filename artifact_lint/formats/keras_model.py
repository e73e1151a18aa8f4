"""What the configuration of a Keras model says of it: inputs, outputs, classes, layers.

After keras/src/models/functional.py and sequential.py of Keras 3.15 and keras/engine/functional.py of Keras 2.12. In a
functional model, `input_layers` and `output_layers` name layers, each as `[name, node, tensor]`, in any structure of
lists and dictionaries; a sequential one has its layers in their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.model.description import Seen, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: How many layers are looked at, those of models within the model included.
MOST_LAYERS: Final = 20_000
_MOST_RANK: Final = 64
_INPUT: Final = "InputLayer"
_MODELS: Final = frozenset({"Functional", "Model"})
_SEQUENTIAL: Final = "Sequential"
#: Losses over classes that exclude one another, and over labels that do not, as Keras and its users write them.
_CATEGORICAL: Final = frozenset(
    {
        *("categorical_crossentropy", "sparse_categorical_crossentropy", "categorical_focal_crossentropy"),
        *("CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CategoricalFocalCrossentropy"),
        *("CategoricalHinge", "categorical_hinge"),
    }
)
_BINARY: Final = frozenset(
    {"binary_crossentropy", "BinaryCrossentropy", "binary_focal_crossentropy", "BinaryFocalCrossentropy"}
)


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a model: its class and name, its configuration, the shape that it was built for, its own layers."""

    cls: str
    name: str
    config: Mapping[str, object]
    built: tuple[int | None, ...] | None
    is_own: bool


def text_of(value: object) -> str | None:
    """A value that is a text."""
    return value if isinstance(value, str) else None


def mapping(value: object) -> Mapping[str, object]:
    """A value that is an object, and else an empty one."""
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def shape_of(value: object) -> tuple[int | None, ...] | None:
    """A shape of numbers and nulls; Keras 2 has it behind its type's name in some configurations."""
    if isinstance(value, dict):
        value = value.get("items")
    if not isinstance(value, list) or len(value) > _MOST_RANK:
        return None
    if not all(one is None or (isinstance(one, int) and not isinstance(one, bool)) for one in value):
        return None
    return tuple(value)


def dtype_of(value: object) -> str | None:
    """The name of a dtype: a text, or a policy that computes in it."""
    if isinstance(value, str):
        return None if value.startswith("mixed_") else value
    return dtype_of(mapping(mapping(value).get("config")).get("name")) if isinstance(value, dict) else None


def layers_of(config: Mapping[str, object]) -> Iterator[Layer]:
    """The layers directly in the configuration of a model."""
    for value in _sequence(config.get("layers"))[:MOST_LAYERS]:
        found = mapping(value)
        inner = mapping(found.get("config"))
        cls = text_of(found.get("class_name")) or ""
        name = text_of(found.get("name")) or text_of(inner.get("name")) or ""
        module = found.get("module")
        registered = found.get("registered_name")
        is_own = ">" not in cls and (module is None or str(module).startswith(("keras.", "tf_keras.", "tensorflow.")))
        is_own = is_own and not (isinstance(registered, str) and ">" in registered)
        built = shape_of(mapping(found.get("build_config")).get("input_shape"))
        yield Layer(cls, name, inner, built, is_own)


class KerasModel:
    """The parsed configuration of a model, `{"class_name", "config", ...}`, and what it was compiled with."""

    def __init__(self, root: object, compiled: object) -> None:
        whole = mapping(root)
        self._cls = (text_of(whole.get("class_name")) or "").rpartition(">")[2]
        inner = whole.get("config")
        # The oldest files have a list of layers for the configuration of a sequential model.
        self.config = {"layers": inner} if isinstance(inner, list) else mapping(inner)
        self.layers = tuple(layers_of(self.config))
        self._by_name = {layer.name: layer for layer in self.layers}
        self._compiled = mapping(compiled)
        #: The names of the layers of models that are layers of this one, and of those within them; whether some layers
        #: are not looked at.
        self.inner_names, self.is_cut = _inner_names(self.layers)
        self.is_cut = self.is_cut or len(_sequence(self.config.get("layers"))) > MOST_LAYERS

    @property
    def is_sequential(self) -> bool:
        """Whether each layer takes what the one before it gives."""
        return self._cls == _SEQUENTIAL

    @property
    def is_known(self) -> bool:
        """Whether the configuration tells what goes in and out: a class of somebody's own writes what it likes."""
        return self.is_sequential or (self._cls in _MODELS and "output_layers" in self.config)

    @property
    def inputs(self) -> Seen[tuple[TensorSpec, ...]] | None:
        """The inputs, by the names of their layers."""
        if not self.is_known:
            return None
        if not self.is_sequential:
            named = [self._by_name.get(name) for name in _named(self.config.get("input_layers"))]
            specs = tuple(_input(layer) for layer in named if layer is not None)
            return Seen(specs, _where("input layer", specs)) if _are_named(specs, len(named)) else None
        if not self.layers:
            return None
        first = self.layers[0]
        if first.cls == _INPUT:
            spec = _input(first)
            return Seen((spec,), f"input layer `{spec.name}`")
        shape = shape_of(first.config.get("batch_input_shape"))
        if shape is None:
            return None
        spec = TensorSpec(f"{first.name}_input", dtype_of(first.config.get("dtype")), shape)
        return Seen((spec,), f"`batch_input_shape` of the layer `{first.name}`")

    @property
    def outputs(self) -> Seen[tuple[TensorSpec, ...]] | None:
        """The outputs, by the names of their layers; shapes where a layer's configuration tells its own."""
        if not self.is_known:
            return None
        names = _named(self.config.get("output_layers")) if not self.is_sequential else []
        last = [self._by_name.get(name) for name in names] if names else list(self.layers[-1:])
        specs = tuple(_output(layer) for layer in last if layer is not None)
        return Seen(specs, _where("output layer", specs)) if _are_named(specs, len(last)) else None

    @property
    def loss(self) -> str | None:
        """The only loss that the model was compiled with, by its name."""
        value = self._compiled.get("loss")
        if isinstance(value, dict) and "class_name" in value:
            config = value.get("config")
            name = text_of(value["class_name"])
            return text_of(config) if name == "function" else name
        if isinstance(value, (dict, list)):
            values = list(value.values()) if isinstance(value, dict) else value
            return text_of(values[0]) if len(values) == 1 else None
        return text_of(value)

    @property
    def class_count(self) -> Seen[int] | None:
        """How many classes the only output tells apart: its units, where activation or loss say that these are classes.

        One unit of a sigmoid tells two classes apart where the loss is over classes.
        """
        outputs = self.outputs
        if outputs is None or len(outputs.value) != 1:
            return None
        units, activation, where = self._head(self._by_name.get(outputs.value[0].name))
        if units is None:
            return None
        is_binary = self.loss in _BINARY
        if units == 1:
            return Seen(2, where) if is_binary else None
        tells = activation == "softmax" or self.loss in _CATEGORICAL or (is_binary and activation == "sigmoid")
        return Seen(units, where) if tells else None

    def _head(self, layer: Layer | None) -> tuple[int | None, str | None, str]:
        """The units and the activation of the last layer, or of that before it where the last one only activates."""
        activation = None
        if layer is not None and layer.cls in {"Activation", "Softmax"}:
            activation = "softmax" if layer.cls == "Softmax" else _activation(layer)
            layer = self._before(layer)
        if layer is None or layer.cls != "Dense":
            return None, None, ""
        units = layer.config.get("units")
        activation = activation or _activation(layer)
        known = units if isinstance(units, int) and not isinstance(units, bool) and units > 0 else None
        return known, activation, f"units of the layer `{layer.name}`"

    def _before(self, layer: Layer) -> Layer | None:
        if not self.is_sequential:
            return None
        place = self.layers.index(layer)
        return self.layers[place - 1] if place else None


def _inner_names(layers: Sequence[Layer]) -> tuple[frozenset[str], bool]:
    """The names of the layers within layers, and whether there are more than are looked at."""
    names, pending = set[str](), [layer.config for layer in layers if "layers" in layer.config]
    left = MOST_LAYERS - len(layers)
    while pending:
        for layer in layers_of(pending.pop()):
            left -= 1
            if left < 0:
                return frozenset(names), True
            names.add(layer.name)
            if "layers" in layer.config:
                pending.append(layer.config)
    return frozenset(names), False


def _activation(layer: Layer) -> str | None:
    value = layer.config.get("activation")
    if isinstance(value, dict):
        config = value.get("config")
        return text_of(config) if isinstance(config, str) else text_of(mapping(config).get("name"))
    return text_of(value)


def _input(layer: Layer) -> TensorSpec:
    shape = shape_of(layer.config.get("batch_shape", layer.config.get("batch_input_shape")))
    return TensorSpec(layer.name, dtype_of(layer.config.get("dtype")), shape)


def _output(layer: Layer) -> TensorSpec:
    units = layer.config.get("units")
    knows = layer.cls == "Dense" and layer.built is not None and isinstance(units, int)
    shape = (*layer.built[:-1], units) if knows and layer.built is not None and isinstance(units, int) else None
    return TensorSpec(layer.name, dtype_of(layer.config.get("dtype")), shape)


def _named(value: object) -> list[str]:
    """The layers that a structure of `[name, node, tensor]` names, in its order."""
    names, pending = list[str](), [value]
    while pending and len(names) < MOST_LAYERS:
        one = pending.pop()
        if isinstance(one, list) and len(one) == 3 and isinstance(one[0], str) and isinstance(one[1], int):
            names.append(one[0])
        elif isinstance(one, list):
            pending += reversed(one)
        elif isinstance(one, dict):
            pending += reversed(one.values())
    return names


def _are_named(specs: Sequence[TensorSpec], count: int) -> bool:
    """Whether so many layers were found, and each has a name."""
    return 0 < count == len(specs) and all(spec.name for spec in specs)


def _where(what: str, specs: Sequence[TensorSpec]) -> str:
    return f"{what} `{specs[0].name}`" if len(specs) == 1 else f"{what}s of the configuration"
