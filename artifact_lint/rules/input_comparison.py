"""Which weight file a schema describes, and in what the two differ."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.model import CodeKind, Role
from artifact_lint.rules.input_sides import contracts, sides, stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.model import Artifact
    from artifact_lint.rules.input_sides import Contract, Side


class Kind(Enum):
    """In what a schema and weights differ, the worst first."""

    COUNT = "count"
    NAMES = "names"
    ORDER = "order"
    EXTRA = "extra"
    """Columns that the model passes over."""
    NOTHING = "nothing"


class Comparison(NamedTuple):
    """A schema held against one weight file.

    `missing` are what the weights take and the schema lacks, `extra` the opposite, each as its own side spells it;
    `listed` and `taken` are how many inputs either has. `shapes` are those of the only tensor of either side, where
    these differ. `is_settled` tells that nothing else explains the difference.
    """

    contract: Contract
    side: Side
    kind: Kind
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    listed: int = 0
    taken: int = 0
    shapes: tuple[str, str] | None = None
    is_settled: bool = True
    others: tuple[Side, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the weights take what the schema lists, in whatever order."""
        return self.kind in {Kind.ORDER, Kind.EXTRA, Kind.NOTHING}


def comparisons(artifact: Artifact) -> tuple[Comparison, ...]:
    """Each schema beside the weight file that it describes; none where nothing tells which that is."""
    return artifact.once(_comparisons)


def _comparisons(artifact: Artifact) -> tuple[Comparison, ...]:
    return tuple(_compared(artifact))


def _compared(artifact: Artifact) -> Iterator[Comparison]:
    if not artifact.record.inputs or is_wrapped(artifact):
        return
    told = list(sides(artifact))
    for contract in contracts(artifact):
        compared = [found for side in told if (found := compare(contract, side)) is not None]
        chosen = _choose(artifact, [found for found in compared if not _takes_a_part(found, told)])
        if chosen is not None:
            yield chosen


def _takes_a_part(found: Comparison, told: Sequence[Side]) -> bool:
    """Whether a file is one of several stages that share the columns: a scaler or an encoder of some of them.

    Not where another file takes just what it takes or puts out.
    """
    side, estimators = found.side, found.side.description.estimators
    if side.file.role is not Role.PREPROCESSOR or len(estimators) != 1 or found.missing or not found.extra:
        return False
    widths = {found.taken, estimators[0].output_width}
    return all(other is side or other.width is None or other.width not in widths for other in told)


def is_wrapped(artifact: Artifact) -> bool:
    """Whether code of somebody's own stands between a request and the weights, which may take something else."""
    for reference in artifact.record.code:
        if reference.value.kind is CodeKind.SCRIPT:
            return True
        if reference.value.kind is CodeKind.LOADER and reference.value.target.partition(".")[0] not in _LOADERS:
            return True
    return any(mention.origin.pointer.endswith("/python_model") for mention in artifact.record.mentions)


#: Packages that hand a request to the weights as it is: MLflow's flavors, and the Keras that one of them is told of.
_LOADERS: Final = frozenset({"mlflow", "keras", "tf_keras", "tensorflow"})


def _choose(artifact: Artifact, found: Sequence[Comparison]) -> Comparison | None:
    """The one that the schema is about: what fits it, or the first stage that takes a request.

    Where several weight files differ from the schema and from one another, it is the one that shares most names with
    the schema, and that it is meant is a guess; where none shares half of them, nobody knows.
    """
    fitting = sorted((one for one in found if one.fits), key=lambda one: _WORST.index(one.kind), reverse=True)
    if fitting:
        return fitting[0]
    if not found or _is_prepared_elsewhere(artifact, found):
        return None
    first = [one for one in found if one.side.file.role is Role.PREPROCESSOR] or list(found)
    if _are_alike(first):
        best = max(first, key=lambda one: len(one.side.columns))
        others = tuple(one.side for one in first if one is not best)
        untold = len(list(stages(artifact))) > len(found)
        return _with(best, others, is_settled=not untold and not _takes_features_of_a_text(best))
    ranked = sorted(first, key=_shared, reverse=True)
    if _shared(ranked[0]) == _shared(ranked[1]) or 2 * _shared(ranked[0]) < len(ranked[0].contract.features):
        return None
    return _with(ranked[0], (), is_settled=False)


_WORST: Final = list(Kind)


def _with(one: Comparison, others: tuple[Side, ...], *, is_settled: bool) -> Comparison:
    return Comparison(
        one.contract,
        one.side,
        one.kind,
        one.missing,
        one.extra,
        one.listed,
        one.taken,
        one.shapes,
        is_settled=is_settled and one.is_settled,
        others=others,
    )


def _are_alike(found: Sequence[Comparison]) -> bool:
    """Whether weight files take the same: as many columns, and the same names as far as they know any."""
    named = {one.side.names for one in found if one.side.names}
    return len({one.taken for one in found}) == 1 and len(named) <= 1


def _shared(one: Comparison) -> int:
    return len(one.contract.features) - len(one.extra) if one.side.names else 0


def _is_prepared_elsewhere(artifact: Artifact, found: Sequence[Comparison]) -> bool:
    """Whether something that cannot be held against the schema makes other columns of those that it lists."""
    known = {one.side.file.path for one in found}
    if any(file.role is Role.PREPROCESSOR and file.path not in known for file in stages(artifact)):
        return True
    if not artifact.record.preprocessing:
        return False
    return not any(one.side.file.role is Role.PREPROCESSOR or len(one.side.description.estimators) > 1 for one in found)


def _takes_features_of_a_text(one: Comparison) -> bool:
    """Whether the weights may be the last stage of several: a linear model behind a vectorizer takes many columns.

    Its schema lists the text, and it knows nothing that the schema lists.
    """
    shares = (one.missing or one.extra) and len(one.extra) < len(one.contract.features)
    has_text = any((feature.dtype or "").lower() in _TEXTS for feature in one.contract.features)
    return not shares and has_text and one.taken >= _MANY * one.listed


_TEXTS: Final = frozenset({"string", "str", "text", "object"})
#: How many columns are made of one text, at least.
_MANY: Final = 4


def compare(contract: Contract, side: Side) -> Comparison | None:
    """A schema held against one weight file; None where the two cannot be compared."""
    if contract.tensors:
        return _tensors(contract, side)
    if side.inputs and (len(side.inputs) > 1 or side.width is None or side.inputs[0].name in (contract.names or ())):
        return _columns_and_inputs(contract, side)
    if side.columns and contract.names is not None:
        return _columns(contract, side)
    if side.width is None or contract.width is None or contract.least is None:
        return None
    kind = Kind.NOTHING if contract.least <= side.width <= contract.width else Kind.COUNT
    return Comparison(contract, side, kind, listed=contract.width, taken=side.width)


def _columns(contract: Contract, side: Side) -> Comparison:
    """Columns with names on both sides."""
    ours = {side.spelt(name): name for name in contract.names or ()}
    names = side.names
    known = set(names)
    missing = tuple(name for name in names if name not in ours)
    extra = tuple(name for spelt, name in ours.items() if spelt not in known and name not in contract.optional)
    listed, taken = len(contract.names or ()), len(names)
    if side.needed is not None and missing and (side.drops_rest or not side.needed.isdisjoint(missing)):
        missing = tuple(name for name in missing if name in side.needed)
    elif side.needed is not None and missing:
        return Comparison(contract, side, Kind.COUNT, missing, extra, listed, taken, is_settled=False)
    if missing or (extra and not side.takes_more):
        sent = listed - sum(side.spelt(name) not in known for name in contract.optional)
        kind = Kind.NAMES if taken == sent else Kind.COUNT
        settled = not _are_codes_of(missing, extra)
        return Comparison(contract, side, kind, missing, extra, listed, taken, is_settled=settled)
    if extra:
        return Comparison(contract, side, Kind.EXTRA, (), extra, listed, taken)
    order = [spelt for spelt in ours if spelt in known]
    is_other = not side.is_by_name and order != list(names)
    return Comparison(contract, side, Kind.ORDER if is_other else Kind.NOTHING, listed=listed, taken=taken)


def _are_codes_of(missing: tuple[str, ...], extra: tuple[str, ...]) -> bool:
    """Whether code may make what the weights take of what is listed: pandas' `region_north` of `region`."""
    return bool(missing) and all(any(name.startswith(f"{one}_") for one in extra) for name in missing)


def _columns_and_inputs(contract: Contract, side: Side) -> Comparison | None:
    """Columns of a table, of which a graph takes each by its name; otherwise nobody knows how they become tensors."""
    known = [spec.name for spec in side.inputs]
    ours = contract.names
    if ours is None or not (set(ours) & set(known)):
        return None
    missing = tuple(name for name in known if name not in ours)
    extra = tuple(name for name in ours if name not in known and name not in contract.optional)
    return _by_names(contract, side, missing, extra, (len(ours), len(known)))


def _by_names(
    contract: Contract, side: Side, missing: tuple[str, ...], extra: tuple[str, ...], counts: tuple[int, int]
) -> Comparison:
    kind = Kind.NOTHING
    if missing or extra:
        kind = Kind.NAMES if counts[0] == counts[1] else Kind.COUNT
    return Comparison(contract, side, kind, missing, extra, *counts)


def _tensors(contract: Contract, side: Side) -> Comparison | None:
    """Tensors of a schema beside the columns or the tensors of a model."""
    if not side.inputs:
        if contract.width is None or side.width is None:
            return None
        kind = Kind.NOTHING if contract.width == side.width else Kind.COUNT
        return Comparison(contract, side, kind, listed=contract.width, taken=side.width)
    ours, theirs = contract.tensors, side.inputs
    if len(ours) == len(theirs) == 1:
        return _one_tensor(contract, side)
    names = tuple(feature.name for feature in ours if feature.name is not None)
    known = [spec.name for spec in theirs]
    counts = (len(ours), len(known))
    if len(names) < len(ours):
        return Comparison(contract, side, Kind.NOTHING if counts[0] == counts[1] else Kind.COUNT, (), (), *counts)
    missing = tuple(name for name in known if name not in names)
    optional = {feature.name for feature in ours if feature.required is False}
    extra = tuple(name for name in names if name not in known and name not in optional)
    return _by_names(contract, side, missing, extra, counts)


def _one_tensor(contract: Contract, side: Side) -> Comparison:
    ours, theirs = contract.tensors[0], side.inputs[0]
    if _contradict(ours.shape or (), theirs.shape):
        shapes = (_written(ours.shape or ()), _written(theirs.shape or ()))
        return Comparison(contract, side, Kind.COUNT, (), (), contract.width or 1, side.width or 1, shapes)
    if ours.name is not None and ours.name != theirs.name and not contract.fact.guessed:
        return Comparison(contract, side, Kind.NAMES, (theirs.name,), (ours.name,), 1, 1, is_settled=False)
    return Comparison(contract, side, Kind.NOTHING, (), (), 1, 1)


def _contradict(ours: tuple[int, ...], theirs: tuple[int | str | None, ...] | None) -> bool:
    """Whether no array has both shapes; the first dimension is the batch, which a schema may leave out."""
    if not ours or not theirs:
        return False
    if len(ours) == len(theirs) - 1 and ours[0] != -1:
        ours = (-1, *ours)
    if len(ours) != len(theirs):
        return True
    pairs = zip(ours[1:], theirs[1:], strict=True)
    return any(one >= 0 and isinstance(other, int) and other >= 0 and one != other for one, other in pairs)


def _written(shape: tuple[int | str | None, ...]) -> str:
    return f"[{', '.join('?' if size is None or size == -1 else str(size) for size in shape)}]"
