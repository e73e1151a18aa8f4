"""The tensors of a model in what `torch.save` was given: a state dict, a module, a checkpoint that holds one.

A tensor is called as `state_dict()` calls it, with the keys on the way to it joined by dots. What an optimizer
remembers is no part of the model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.object_values import Instance, KeptDict, entries_of, items_of
from artifact_lint.formats.pickles.torch_tensors import is_tensor, layout_of
from artifact_lint.formats.pickles.values import DictValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.formats.pickles.object_values import Room
    from artifact_lint.formats.pickles.torch_tensors import Layout
    from artifact_lint.formats.pickles.values import Value

#: What the state of an optimizer consists of (`Optimizer.state_dict` in torch/optim/optimizer.py).
_OPTIMIZER: Final = frozenset({"state", "param_groups"})
#: Which entry of a checkpoint is the model where others hold tensors as well: PyTorch's own tutorials and Lightning.
_MODELS: Final = ("state_dict", "model_state_dict", "model")
_LIGHTNING: Final = "pytorch-lightning_version"
#: How many values are looked at for their names: what a file shares between many places is at each of them.
_MOST_NAMED: Final = 1 << 17
#: How many values are looked at to tell whether there are tensors in them, each once.
_MOST_VISITED: Final = 1 << 17
_DEEPEST: Final = 100
_LONGEST_NAME: Final = 1 << 12
#: What it takes to look at a value, and to tell what a tensor is beside its dimensions, in units of work.
_VISITING: Final = 4
_DESCRIBING: Final = 16
_KILOBYTES: Final = 10


@dataclass(slots=True)
class Model:
    """What was found: `tensors` by name, `classes` of the modules, and under which key of a checkpoint (`where`).

    `unknown` are the names of tensors that are written in a way that is not known; `is_cut` says that there are more
    of any of these.
    """

    tensors: dict[str, Layout] = field(default_factory=dict)
    classes: dict[str, None] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    where: str = ""
    lightning: str | None = None
    is_cut: bool = False


def model_of(root: Value, room: Room) -> Model:
    """The model in an unpickled object; `room` is what the values of the file take their part of."""
    model = Model()
    version = entries_of(root).get(_LIGHTNING)
    model.lightning = version if isinstance(version, str) else None
    try:
        model.where = _where(root, room)
        _find(entries_of(root)[model.where] if model.where else root, model, room)
    except FormatError:
        model.is_cut = True
    return model


def _find(root: Value, model: Model, room: Room) -> None:
    """Keep every tensor in a value."""
    for name, value in _walk(root, model, room):
        layout = layout_of(value)
        room.look(_DESCRIBING + (len(layout.shape) if layout is not None else 0))
        if layout is None:
            model.unknown.append(name)
        else:
            model.tensors[name] = layout


def _where(root: Value, room: Room) -> str:
    """The key of a checkpoint under which its model is; empty where the whole object is the model.

    It is the one entry with tensors in it, or one of those by which models go beside single tensors.
    """
    holders = {key: value for key, value in _pairs(root) if _holds_tensors(value, room)}
    apart = [key for key, value in holders.items() if not is_tensor(value)]
    texts = entries_of(root)
    if len(holders) == 1 and apart:
        return apart[0] if apart[0] in texts else ""
    known = [key for key in _MODELS if key in apart]
    if len(known) == 1 and (apart == known or _LIGHTNING in texts):
        return known[0]
    return ""


def _holds_tensors(root: Value, room: Room) -> bool:
    """Whether there are tensors anywhere in a value."""
    pending = [root]
    seen: set[int] = set()
    while pending and len(seen) < _MOST_VISITED:
        value = pending.pop()
        if is_tensor(value):
            return True
        if id(value) not in seen:
            seen.add(id(value))
            inner = [item for _, item in _within(value, "", Model())]
            room.look(_VISITING + len(inner))
            pending.extend(inner)
    return False


def _walk(root: Value, model: Model, room: Room) -> Iterator[tuple[str, Value]]:
    """Every tensor in a value, by its path, in the order of the file."""
    pending: list[tuple[str, Value, int]] = [("", root, 0)]
    for _ in range(_MOST_NAMED):
        if not pending:
            return
        path, value, depth = pending.pop()
        if is_tensor(value):
            yield path, value
            continue
        inner = list(_within(value, path, model))
        room.look(_VISITING + len(inner) + (len(path) >> _KILOBYTES) * len(inner))
        if inner and depth >= _DEEPEST:
            break
        pending.extend((name, item, depth + 1) for name, item in reversed(inner))
    model.is_cut = True


def _within(value: Value, path: str, model: Model) -> Iterator[tuple[str, Value]]:
    """What a value holds that may hold tensors, by path."""
    start = f"{path}." if path else ""
    if len(start) > _LONGEST_NAME:
        model.is_cut = True
        return
    if _is_module(value):
        model.classes[value.cls if isinstance(value, Instance) else ""] = None
        attributes = value.attributes if isinstance(value, Instance) else {}
        for kind in ("_parameters", "_buffers", "_modules"):
            yield from ((start + name, item) for name, item in _pairs(attributes.get(kind)) if _holds(item))
        return
    pairs = list(_pairs(value))
    if {key for key, _ in pairs} >= _OPTIMIZER:
        return
    yield from ((start + key, item) for key, item in pairs if _holds(item))


def _is_module(value: Value) -> bool:
    """Whether a value is an instance of a module, whatever its class is called (`torch.nn.Module.__init__`)."""
    return isinstance(value, Instance) and all(name in value.attributes for name in ("_parameters", "_modules"))


def _holds(value: Value) -> bool:
    """Whether a value may hold tensors, or is one."""
    return isinstance(value, Instance | DictValue) or items_of(value) is not None


def _pairs(value: Value) -> Iterator[tuple[str, Value]]:
    """The entries of a dict, or the items of a list by their position."""
    mapped = value.mapped if isinstance(value, Instance) else value
    if isinstance(mapped, KeptDict):
        for key, item in mapped.pairs():
            if isinstance(key, str):
                yield key, item
            elif isinstance(key, int | float | bool):
                yield str(key), item
        return
    items = items_of(value) if isinstance(value, tuple) or not isinstance(value, Instance) else _listed(value)
    for index, item in enumerate(items or ()):
        yield str(index), item


def _listed(value: Instance) -> tuple[Value, ...]:
    return () if value.listed is None else tuple(items_of(value.listed) or ())
