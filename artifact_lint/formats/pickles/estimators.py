"""The description of a scikit-learn model, from the objects that a pickle makes or a skops file spells."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.pickles import estimator_facts as facts
from artifact_lint.formats.pickles.column_facts import Categories, categories_in, selected
from artifact_lint.formats.pickles.estimator_classes import VERSION
from artifact_lint.formats.pickles.object_arrays import array_items, array_of
from artifact_lint.formats.pickles.object_values import Instance, KeptDict, KeptList, Room, items_of, look, room_of
from artifact_lint.model import Cause, Incomplete
from artifact_lint.model.description import Column, ColumnKind, Description, Estimator, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias, TypeVar

    from artifact_lint.formats.base import ReadLimits
    from artifact_lint.formats.pickles.values import Value

    T = TypeVar("T")
    #: The path of an estimator, itself or `passthrough`, and the columns that a ColumnTransformer takes for it.
    _Found: TypeAlias = tuple[str, Value, tuple[str | int, ...] | None]

#: How deep, and among how many values, models are looked for in dicts, lists and objects of other classes.
_DEEPEST: Final = 4
_MOST_VALUES: Final = 10_000
#: How many estimators of one model are described, and how many models of one file.
_MOST_ESTIMATORS: Final = 2000
_MOST_PENDING: Final = 10_000
#: How long the path of an estimator gets that is looked into, in characters.
_LONGEST_PATH: Final = 1 << 10
_MOST_MODELS: Final = 100
#: The most columns that are described.
_MOST_COLUMNS: Final = 1 << 17
#: Modules of estimators that make columns of columns, and no predictions.
_TRANSFORMING: Final = frozenset(
    f"sklearn.{name}"
    for name in (
        *("preprocessing", "impute", "decomposition", "feature_extraction", "feature_selection", "compose"),
        *("random_projection", "kernel_approximation", "manifold"),
    )
)
_LIBRARY: Final = "scikit-learn"
_MOST_CLASSES: Final = 1 << 16
#: What it takes to describe an estimator beside reading its lists, in units of work.
_DESCRIBING: Final = 20


def describe_object(root: Value, limits: ReadLimits, room: Room) -> Description | None:
    """What the model in an object is; None where there is no estimator in it.

    `room` is what the values of the file take their part of.

    Raises:
        FormatError: It takes too much work to tell, or the stream cannot be unpacked any more.
        StoreError: The bytes cannot be read.
    """
    models = _models(root, room)
    if not models:
        return None
    found = (estimator for path, model in models for estimator in _estimators(path, model))
    estimators = tuple(islice(found, _MOST_ESTIMATORS))
    versions = _versions(models)
    known = [(path, model) for path, model in models if facts.own_name(model) not in facts.TARGET_CODERS]
    if len(models) == 1 or len(known) == 1:
        path, model = known[0] if known else models[0]
        described = describe_model(model, path, limits)
        if len(models) > 1:
            # The labels may be those of one of the coders beside it.
            described = replace(described, classes=None)
        return replace(described, estimators=estimators, versions={**described.versions, **versions})
    if not known:
        return Description(estimators=estimators, versions=versions)
    listing = ", ".join(path for path, _ in known[:5]) + (", …" if len(known) > 5 else "")
    detail = f"it holds several models ({listing}): which of them takes the columns is not told"
    described = Description(
        estimators=estimators, versions=versions, incomplete=(Incomplete(Cause.UNSUPPORTED, detail),)
    )
    predicting = [(path, model) for path, model in known if _module(model) not in _TRANSFORMING]
    if len(predicting) == 1:
        path, model = predicting[0]
        described = replace(described, class_count=describe_model(model, path, limits).class_count)
    return described


def _module(model: Instance) -> str:
    return ".".join(model.cls.partition(":")[0].split(".")[:2])


def _models(root: Value, room: Room) -> list[tuple[str, Instance]]:
    """The outermost estimators of an object, by their paths in it."""
    found: list[tuple[str, Instance]] = []
    pending: deque[tuple[str, Value, int]] = deque([("", root, 0)])
    seen: set[int] = set()
    for _ in range(_MOST_VALUES):
        if not pending or len(found) >= _MOST_MODELS:
            break
        path, value, depth = pending.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Instance) and facts.is_estimator(value):
            found.append((path, value))
        elif depth < _DEEPEST and len(pending) < _MOST_VALUES:
            held = (
                (name, item)
                for name, item in _held(value, room)
                if isinstance(item, Instance | KeptDict | KeptList | tuple)
            )
            pending += ((facts.joined(path, name), item, depth + 1) for name, item in islice(held, _MOST_VALUES))
    return found


def _held(value: Value, room: Room) -> Iterator[tuple[str, Value]]:
    """What an object that is no estimator holds, by names that tell where."""
    items = items_of(value) or ()
    mapped = value.mapped if isinstance(value, Instance) else value if isinstance(value, KeptDict) else None
    count = len(items) + (0 if mapped is None else len(mapped.entries) + len(mapped.others))
    room.look(1 + (count >> 3) + (len(value.attributes) if isinstance(value, Instance) else 0))
    if isinstance(value, KeptDict):
        yield from ((facts.text_of(key) or "…", item) for key, item in value.pairs())
    elif isinstance(value, Instance) and array_of(value) is None:
        yield from value.attributes.items()
        if value.mapped is not None:
            yield from value.mapped.entries.items()
    for index, item in enumerate(items):
        yield str(index), item


def describe_model(model: Instance, path: str, limits: ReadLimits) -> Description:
    """What one estimator tells of its columns and classes; `path` is where it lies in the file."""
    names, width = facts.input_names(model), facts.input_width(model)
    count = width[0] if width is not None else len(names[0]) if names is not None else None
    columns = None
    if count is not None and count <= _MOST_COLUMNS:
        columns = _columns(model, count, names, path)
    labels = facts.classes_of(model)
    classes = facts.texts_of(labels[0], room_of(model)) if labels is not None else None
    where = _within(labels[1], path) if labels is not None else ""
    counted = len(classes) if classes is not None else _count(labels[0]) if labels is not None else None
    described = Description(
        columns=columns,
        column_count=None if count is None else Seen(count, _within((width or names or (0, ""))[1], path)),
        classes=None if classes is None else Seen(classes, where),
        class_count=None if counted is None else Seen(counted, where),
    )
    return _with_boosters(described, model, path, limits)


def _with_boosters(described: Description, model: Instance, path: str, limits: ReadLimits) -> Description:
    """The same with what the model of another library tells that gets the columns, or makes the predictions."""
    first, last = (list(facts.followed(model, step))[-1] for step in (facts.inner_of_input, facts.inner_of_classes))
    if not any(facts.is_of_boosters(estimator) for _, estimator in (first, last)):
        return described
    from artifact_lint.formats.pickles.boosters import describe_booster  # noqa: PLC0415 - three more readers

    found = None
    for inner, booster in (first, last) if last[1] is not first[1] else (first,):
        told = describe_booster(booster, limits)
        if told is None:
            continue
        found = told[0]
        where = facts.joined(path, inner, told[1]) if inner else facts.joined(path, told[1])
        if booster is first[1] and described.column_count is None:
            described = replace(
                described, columns=_moved(found.columns, where), column_count=_moved(found.column_count, where)
            )
        elif booster is first[1] and described.columns is None:
            described = replace(described, columns=_moved(found.columns, where))
        if booster is last[1] and described.class_count is None:
            described = _with_labels(described, booster, found, where)
    if found is None:
        return described
    return replace(described, versions=found.versions, metadata=found.metadata, incomplete=found.incomplete)


def _with_labels(described: Description, booster: Instance, found: Description, where: str) -> Description:
    """The same with a booster's labels: XGBoost's classifiers have the numbers from 0 on where they keep none."""
    count = booster.attributes.get("n_classes_")
    if isinstance(count, int) and 1 < count <= _MOST_CLASSES:
        stated = "`n_classes_`"
        return replace(
            described,
            classes=Seen(tuple(str(label) for label in range(count)), stated),
            class_count=Seen(count, stated),
        )
    return replace(described, classes=_moved(found.classes, where), class_count=_moved(found.class_count, where))


def _moved(seen: Seen[T] | None, path: str) -> Seen[T] | None:
    """A fact of a model within a pickle, with the attribute that holds that model."""
    return None if seen is None else Seen(seen.value, f"{seen.where} in {path}")


def _count(labels: Value) -> int | None:
    """How many labels there are that are not known themselves; None for those of several outputs."""
    array = array_of(labels)
    return array.shape[0] if array is not None and len(array.shape) == 1 else None


def _within(where: str, path: str) -> str:
    """A place in an estimator as a place in the file."""
    if not path:
        return where
    attribute, _, inner = where.partition(" of ")
    return f"{attribute} of {facts.joined(path, *((inner,) if inner else ()))}"


def _columns(
    model: Instance, count: int, names: tuple[tuple[str, ...], str] | None, path: str
) -> Seen[tuple[Column, ...]] | None:
    categories = categories_in(model, count)
    marked = _marked(model, count)
    if names is None and not categories and not marked:
        return None
    known = names[0] if names is not None else (None,) * count
    columns = tuple(_column(name, categories.get(at), is_marked=at in marked) for at, name in enumerate(known))
    where = names[1] if names is not None else "`categories_`" if categories else "`is_categorical_`"
    return Seen(columns, _within(where, path))


def _column(name: str | None, categories: Categories | None, *, is_marked: bool) -> Column:
    if categories is None:
        return Column(name, kind=ColumnKind.CATEGORICAL if is_marked else None)
    return Column(
        name,
        kind=ColumnKind.CATEGORICAL,
        categories=categories.values,
        ignores_unknown=categories.ignores_unknown,
    )


def _marked(model: Instance, count: int) -> frozenset[int]:
    """The columns that gradient boosting was told are categories."""
    flags = array_items(model.attributes.get("is_categorical_"), room_of(model))
    if flags is None or len(flags) != count:
        return frozenset()
    return frozenset(at for at, flag in enumerate(flags) if flag is True)


def _versions(models: list[tuple[str, Instance]]) -> dict[str, str]:
    for _, model in models:
        for _, estimator, _ in _walk("", model):
            version = estimator.attributes.get(VERSION) if isinstance(estimator, Instance) else None
            if isinstance(version, str):
                return {_LIBRARY: version}
    return {}


def _estimators(path: str, model: Instance) -> Iterator[Estimator]:
    """A model and the estimators in it, each behind the one around it."""
    for place, value, columns in _walk(path, model):
        if not isinstance(value, Instance):
            is_word = isinstance(value, str)
            yield Estimator(place, facts.PASSTHROUGH if is_word else "object", columns=columns)
            continue
        look(value, _DESCRIBING)
        width = facts.input_width(value)
        yield Estimator(
            place,
            value.cls,
            facts.is_fitted(value),
            None if width is None else width[0],
            _output_width(value),
            facts.names_in(value),
            columns,
        )


def _output_width(estimator: Instance) -> int | None:
    """What an estimator puts out, a pipeline's by its last step, a union's by all of it."""
    name = facts.own_name(estimator)
    if name == "Pipeline":
        steps = [step for _, step, _ in facts.named(estimator, "steps")]
        last = steps[-1] if steps else None
        return facts.output_width(last) if isinstance(last, Instance) else None
    if name == "FeatureUnion":
        parts = [inner for _, inner, _ in facts.named(estimator, "transformer_list")]
        widths = [facts.output_width(part) for part in parts if isinstance(part, Instance)]
        numbers = [width for width in widths if width is not None]
        return sum(numbers) if len(numbers) == len(parts) else None
    return facts.output_width(estimator)


def _walk(path: str, model: Instance) -> Iterator[_Found]:
    """A model and what is in it."""
    pending: list[_Found] = [(path, model, None)]
    seen: set[int] = set()
    while pending and len(seen) < _MOST_ESTIMATORS:
        place, value, columns = pending.pop()
        if isinstance(value, Instance):
            if id(value) in seen:
                continue
            seen.add(id(value))
            if len(place) > _LONGEST_PATH:
                continue
            inner = (*_listed(place, value), *_transforming(place, value), *_around(place, value))
            pending += reversed(inner[: _MOST_PENDING - len(pending)])
        yield place, value, columns


def _listed(path: str, estimator: Instance) -> Iterator[_Found]:
    """The steps of a pipeline and the parts of a union."""
    for listing in ("steps", "transformer_list"):
        for name, inner, _ in facts.named(estimator, listing):
            if inner is not None and not facts.says(inner, facts.PASSTHROUGH):
                yield facts.joined(path, listing, _part(name)), inner, None


def _part(name: str) -> str:
    """A name as a part of a path."""
    return name.replace("/", ":")


def _transforming(path: str, estimator: Instance) -> Iterator[_Found]:
    """The parts of a ColumnTransformer, as they were fitted if they were."""
    listing = "transformers_" if "transformers_" in estimator.attributes else "transformers"
    for name, inner, chosen in facts.named(estimator, listing):
        if isinstance(inner, Instance) or facts.says(inner, facts.PASSTHROUGH):
            yield facts.joined(path, listing, _part(name)), inner, _chosen(estimator, chosen)


def _around(path: str, estimator: Instance) -> Iterator[_Found]:
    """What an estimator around others has fitted."""
    attributes = estimator.attributes
    inner = ("best_estimator_", "estimator_", "regressor_", "final_estimator_")
    for name in (*inner, *(("estimator",) if facts.own_name(estimator) == "FrozenEstimator" else ())):
        if isinstance(attributes.get(name), Instance) and not facts.is_template(estimator, name):
            yield facts.joined(path, name), attributes[name], None
    fitted = items_of(attributes.get("estimators_")) or ()
    names = [name for name, part, _ in facts.named(estimator, "estimators") if isinstance(part, Instance)]
    if names and len(names) == len(fitted):
        for name, part in zip(names, fitted, strict=True):
            if isinstance(part, Instance):
                yield facts.joined(path, "estimators_", _part(name)), part, None


def _chosen(transformer: Instance, chosen: Value) -> tuple[str | int, ...] | None:
    items = selected(transformer, chosen)
    if items is None:
        return None
    columns = tuple(item for item in items if isinstance(item, str | int))
    return columns if len(columns) == len(items) else None
