"""Which of a model's columns are categories, and which ones it was fitted with: from the input to the encoders."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.pickles.estimator_facts import inner_of_input, named, names_in, own_name, own_width, texts_of
from artifact_lint.formats.pickles.object_arrays import array_items, array_of
from artifact_lint.formats.pickles.object_values import Instance, KeptDict, items_of, look, room_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from artifact_lint.formats.pickles.object_values import Room
    from artifact_lint.formats.pickles.values import Value

    #: An estimator, and which of the model's columns it gets.
    _Part: TypeAlias = tuple[Instance, Sequence[int]]

#: Encoders that keep the categories of each of their columns.
_ENCODERS: Final = frozenset({"OneHotEncoder", "OrdinalEncoder", "TargetEncoder"})
#: What an encoder's `handle_unknown` is where it takes other values without an error.
_TOLERANT: Final = frozenset({"ignore", "infrequent_if_exist", "warn", "use_encoded_value"})
#: How many estimators are looked at, and how many columns of all of them together.
_MOST_VISITED: Final = 1000
_MOST_COLUMNS: Final = 1 << 18
#: How many categories of all columns are read.
_MOST_VALUES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Categories:
    """The values of a column that an encoder was fitted with, None where they are not known."""

    values: tuple[str, ...] | None
    ignores_unknown: bool


class _Search:
    """The walk from a model's input to its encoders, and what was found on it; bounded in what it reads."""

    def __init__(self) -> None:
        self.found: dict[int, Categories] = {}
        self._texts: dict[int, tuple[str, ...] | None] = {}
        self._columns = _MOST_COLUMNS
        self._values = _MOST_VALUES

    def run(self, model: Instance, width: int) -> None:
        """Walk on until nothing is left, or there was enough."""
        pending: list[_Part] = [(model, range(width))]
        for _ in range(_MOST_VISITED):
            if not pending:
                return
            estimator, columns = pending.pop()
            self._columns -= len(columns)
            if self._columns < 0:
                return
            name = own_name(estimator)
            if name in _ENCODERS:
                self._keep(estimator, columns)
            elif name == "ColumnTransformer":
                pending += reversed(_parts(estimator, columns))
            else:
                pending += [(inner, columns) for inner in _next(estimator, name)]

    def _keep(self, encoder: Instance, columns: Sequence[int]) -> None:
        listing = items_of(encoder.attributes.get("categories_"))
        if listing is None or len(listing) != len(columns):
            return
        word = encoder.attributes.get("handle_unknown")
        room = room_of(encoder)
        if room is not None:
            room.look(2 * len(columns))
        tolerant = (isinstance(word, str) and word in _TOLERANT) or own_name(encoder) == "TargetEncoder"
        for column, values in zip(columns, listing, strict=True):
            known = self.found.get(column)
            if known is None or (known.ignores_unknown and not tolerant):
                self.found[column] = Categories(self._read(values, room), tolerant)

    def _read(self, values: Value, room: Room | None) -> tuple[str, ...] | None:
        """The texts of an array of categories, which columns may share."""
        if id(values) not in self._texts:
            array = array_of(values)
            self._values -= array.count if array is not None else 1
            self._texts[id(values)] = texts_of(values, room) if self._values >= 0 else None
        return self._texts[id(values)]


def categories_in(model: Instance, width: int) -> dict[int, Categories]:
    """The categories of a model's columns, by their position in its input."""
    search = _Search()
    search.run(model, width)
    return search.found


def _next(estimator: Instance, name: str) -> list[Instance]:
    """The estimators within one that get its columns as they are."""
    if name.startswith("HistGradientBoosting"):
        inner = estimator.attributes.get("_preprocessor")
        return [inner] if isinstance(inner, Instance) else []
    if name == "FeatureUnion":
        listing = named(estimator, "transformer_list")
        return [inner for _, inner, _ in listing if isinstance(inner, Instance)]
    if name != "Pipeline":
        one = inner_of_input(estimator)
        return [one[1]] if one is not None else []
    reached: list[Instance] = []
    for _, step, _ in named(estimator, "steps"):
        if isinstance(step, Instance):
            reached.append(step)
            if not _keeps_columns(step):
                break
    return reached


def _keeps_columns(step: Instance) -> bool:
    """Whether a step puts out the columns that it takes, with the same values but for those that were missing."""
    name = own_name(step)
    if name == "FunctionTransformer":
        return step.attributes.get("func") is None
    if name != "SimpleImputer" or step.attributes.get("add_indicator"):
        return False
    statistics = array_items(step.attributes.get("statistics_"), room_of(step))
    return statistics is not None and all(
        item is not None and not (isinstance(item, float) and math.isnan(item)) for item in statistics
    )


def _parts(transformer: Instance, columns: Sequence[int]) -> list[_Part]:
    """What a ColumnTransformer hands each of its transformers, by positions in the model's input."""
    parts: list[_Part] = []
    order = {column: position for position, column in enumerate(names_in(transformer) or ())}
    for name, inner, chosen in named(transformer, "transformers_"):
        positions = positions_of(transformer, name, chosen, order) if isinstance(inner, Instance) else None
        if isinstance(inner, Instance) and positions is not None and max(positions, default=-1) < len(columns):
            parts.append((inner, [columns[position] for position in positions]))
    return parts


def positions_of(transformer: Instance, name: str, chosen: Value, order: Mapping[str, int]) -> list[int] | None:
    """The positions of the columns that a ColumnTransformer takes for one of its transformers.

    `order` has those of all its columns by name.
    """
    known = transformer.attributes.get("_transformer_to_input_indices")
    items = array_items(known.entries.get(name), room_of(transformer)) if isinstance(known, KeptDict) else None
    if items is None:
        items = selected(transformer, chosen)
    if items is None:
        return None
    look(transformer, 1 + (len(items) >> 1))
    positions = [order.get(item, -1) if isinstance(item, str) else item for item in items]
    numbers = [item for item in positions if isinstance(item, int) and item >= 0]
    return numbers if len(numbers) == len(positions) else None


def selected(transformer: Instance, chosen: Value) -> list[Value] | None:
    """The columns that a ColumnTransformer was told to take, by name or position; None where they are computed."""
    if isinstance(chosen, str | int) and not isinstance(chosen, bool):
        return [chosen]
    if isinstance(chosen, Instance) and chosen.cls == "builtins:slice":
        return _sliced(transformer, chosen)
    items = array_items(chosen, room_of(transformer))
    look(transformer, 1 + (len(items or ()) >> 2))
    if items and all(isinstance(item, bool) for item in items):
        return [position for position, item in enumerate(items) if item]
    width = own_width(transformer)
    if items is not None and width is not None:
        return [
            item + width if isinstance(item, int) and not isinstance(item, bool) and item < 0 else item
            for item in items
        ]
    return items


def _sliced(transformer: Instance, chosen: Instance) -> list[Value] | None:
    """The columns of a slice: of positions up to its stop, of names with it."""
    width, names = own_width(transformer), names_in(transformer)
    if width is None or width > _MOST_COLUMNS or len(chosen.given) != 3:
        return None
    look(transformer, 1 + (width >> 3))
    bounds: list[int | None] = []
    for position, bound in enumerate(chosen.given):
        if isinstance(bound, str):
            if names is None or bound not in names:
                return None
            bounds.append(names.index(bound) + (position == 1))
        elif bound is None or isinstance(bound, int):
            bounds.append(bound)
        else:
            return None
    if bounds[2] == 0:
        return None
    return list(range(width)[slice(*bounds)])
