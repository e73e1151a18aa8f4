"""What an XGBoost model tells of itself: JSON, UBJSON, what a pickled Booster holds, and the binary of old.

After xgboost's doc/model.schema and "Introduction to Model IO" (3.0). The trees, which are nearly all of a file, stand
between the features and the objective, so that a walk begins at both ends and leaves them out in all but small files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.columns import MOST_COLUMNS, too_many_columns
from artifact_lint.formats.documents import parse_json
from artifact_lint.formats.json_walk import JsonWalk
from artifact_lint.formats.ubjson_walk import UbjsonWalk
from artifact_lint.formats.xgboost_binary import BinaryHeader, read_binary
from artifact_lint.model import Cause, Incomplete
from artifact_lint.model.description import Column, ColumnKind, Description, Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.formats.base import ReadLimits
    from artifact_lint.stores.base import Source

_MOST_VALUES: Final = 1 << 18
_MOST_BYTES: Final = 1 << 24
#: Where the members behind the trees are looked for, in bytes from the end.
_TAIL: Final = 1 << 18
#: The largest model of which the trees are read as well, in bytes; and how far from the end its last brace may stand.
_SMALL: Final = 1 << 20
_MARGIN: Final = 64
_JSON_AFTER_TREES: Final = re.compile(rb'"learner_model_param"\s*:\s*\{')
_UBJSON_AFTER_TREES: Final = re.compile(rb"(?:L\x00{7}|l\x00{3}|I\x00|[iU])\x13learner_model_param\{")
_NUMBER: Final = re.compile(r"\d{1,9}")
#: Marks of `feature_types` that stand for no number (python-package/xgboost/data.py).
_CATEGORICAL: Final = "c"

Walk = JsonWalk | UbjsonWalk


@dataclass(slots=True)
class _Facts:
    names: list[str | None] | None = None
    types: list[str | None] | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    objective: str | None = None
    booster: str | None = None
    trees: str | None = None
    version: str | None = None
    too_wide: bool = False
    incomplete: list[Incomplete] = field(default_factory=list)


def describe_xgboost(source: Source, limits: ReadLimits) -> Description:
    """What a model tells: saved as JSON, UBJSON or binary, or serialised with its configuration as in a pickle.

    Raises:
        StoreError: The bytes cannot be read.
    """
    facts = _Facts()
    head = source.read(0, 4)
    try:
        if head.lstrip()[:1] != b"{":
            return _of_binary(read_binary(source))
        text = head[1:2] in (b'"', b" ", b"\n", b"\r", b"\t", b"}") or head[:1] != b"{"
        most_bytes = min(limits.header, _MOST_BYTES)

        def open_walk(start: int) -> Walk:
            return (
                JsonWalk(source, start, most_bytes, _MOST_VALUES) if text else UbjsonWalk(source, start, _MOST_VALUES)
            )

        is_small = source.size <= _SMALL
        tail = None if is_small else _tail(source, _JSON_AFTER_TREES if text else _UBJSON_AFTER_TREES, open_walk)
        facts = tail or facts
        if tail is None and (text or not is_small):  # what a walk over UBJSON tells more exactly
            _check_end(source)
        if is_small and text:
            _check_syntax(source)
        _read_root(open_walk(0), facts, stop_at_trees=tail is not None)
    except FormatError as error:
        facts.incomplete.append(Incomplete(error.cause, error.detail, error.offset))
    return _described(facts)


def _check_end(source: Source) -> None:
    """See to it that a model ends with the brace that closes it.

    Raises:
        FormatError: It does not.
    """
    start = max(0, source.size - _MARGIN)
    if not source.read(start, _MARGIN).rstrip(b"\0 \t\r\n").endswith(b"}"):
        raise FormatError(Cause.TRUNCATED, "the model ends within an object", source.size)


def _check_syntax(source: Source) -> None:
    """See to it that a model is JSON throughout, in its trees as well.

    Raises:
        FormatError: It is not.
    """
    try:
        parse_json(source.read(0, source.size))
    except FormatError as error:
        if error.cause is not Cause.LIMIT:
            raise


def _tail(source: Source, pattern: re.Pattern[bytes], open_walk: Callable[[int], Walk]) -> _Facts | None:
    """What stands behind the trees; only bytes that close every container and then end are that."""
    start = max(0, source.size - _TAIL)
    matches = list(pattern.finditer(source.read(start, _TAIL)))
    if not matches:
        return None
    found = _Facts()
    walk = open_walk(start + matches[-1].start())
    try:
        for key in walk.members(opened=True):
            _read_learner_member(walk, key, found)
        for key in walk.remaining_members():
            _read_model_member(walk, key, found)
        while not walk.at_end():
            for _ in walk.remaining_members():
                walk.skip()
    except FormatError:
        return None
    return found


def _read_root(walk: Walk, facts: _Facts, *, stop_at_trees: bool) -> None:
    """Read a model, or what `Model` holds of a serialised Booster, whose `Config` repeats parts of it."""
    for key in walk.members():
        if key == "learner":
            if not _read_learner(walk, facts, stop_at_trees=stop_at_trees):
                return
        elif key == "Model" and walk.is_object():
            for inner in walk.members():
                if inner == "learner":
                    if not _read_learner(walk, facts, stop_at_trees=stop_at_trees):
                        return
                else:
                    _read_model_member(walk, inner, facts)
        else:
            _read_model_member(walk, key, facts)


def _read_learner(walk: Walk, facts: _Facts, *, stop_at_trees: bool) -> bool:
    """Read a learner's members; False where the walk stopped within it."""
    for key in walk.members():
        if key == "gradient_booster" and walk.is_object():
            if not _read_booster(walk, facts, stop_at_trees=stop_at_trees):
                return False
        else:
            _read_learner_member(walk, key, facts)
    return True


def _read_booster(walk: Walk, facts: _Facts, *, stop_at_trees: bool, is_inner: bool = False) -> bool:
    """Read a booster's members; False where the walk stopped within it. DART's trees are those of an inner one."""
    for key in walk.members():
        if key == "name" and not is_inner:
            facts.booster = _text(walk.scalar())
        elif key == "gbtree" and not is_inner and walk.is_object():
            facts.booster = "dart"
            if not _read_booster(walk, facts, stop_at_trees=stop_at_trees, is_inner=True):
                return False
        elif key == "model" and walk.is_object():
            if not _read_trees(walk, facts, stop_at_trees=stop_at_trees):
                return False
        else:
            walk.skip()
    return True


def _read_trees(walk: Walk, facts: _Facts, *, stop_at_trees: bool) -> bool:
    for key in walk.members():
        if key == "gbtree_model_param" and walk.is_object():
            facts.booster = facts.booster or "gbtree"
            facts.trees = _texts_by_name(walk).get("num_trees")
        elif key in {"trees", "weights"} and stop_at_trees:
            facts.booster = facts.booster or ("gblinear" if key == "weights" else "gbtree")
            return False
        elif key == "trees" and walk.is_array():
            count = 0
            for _ in walk.elements():
                walk.skip()
                count += 1
            promised = _whole(facts.trees)
            if promised is not None and promised != count:
                raise FormatError(Cause.BROKEN, f"{promised:,} trees are promised and {count:,} are there", walk.tell())
        else:
            walk.skip()
    return True


def _read_learner_member(walk: Walk, key: str, facts: _Facts) -> None:
    if key == "feature_names" and walk.is_array():
        facts.names = _texts(walk, facts)
    elif key == "feature_types" and walk.is_array():
        facts.types = _texts(walk, facts)
    elif key == "learner_model_param" and walk.is_object():
        facts.parameters = _texts_by_name(walk)
    elif key == "objective" and walk.is_object():
        facts.objective = _texts_by_name(walk).get("name")
    else:
        walk.skip()


def _read_model_member(walk: Walk, key: str, facts: _Facts) -> None:
    if key != "version" or not walk.is_array():
        walk.skip()
        return
    numbers: list[str] = []
    for _ in walk.elements():
        number = walk.scalar()
        if len(numbers) < 4:
            numbers.append(str(number))
    if len(numbers) == 3 and all(_NUMBER.fullmatch(number) for number in numbers) and numbers != ["0", "0", "0"]:
        facts.version = ".".join(numbers)


def _texts(walk: Walk, facts: _Facts) -> list[str | None] | None:
    found = walk.texts(MOST_COLUMNS)
    facts.too_wide = facts.too_wide or found is None
    return found


def _texts_by_name(walk: Walk) -> dict[str, str]:
    return {key: str(value) for key, value in walk.scalars().items()}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _described(facts: _Facts) -> Description:
    where = "`learner_model_param` of `learner`"
    width = _whole(facts.parameters.get("num_feature"))
    metadata = {"objective": facts.objective, "booster": facts.booster, "tree_count": facts.trees}
    if facts.too_wide or (width or 0) > MOST_COLUMNS:
        facts.incomplete.append(too_many_columns())
    classes = _class_count(
        facts.objective, _whole(facts.parameters.get("num_class")), facts.parameters.get("num_target")
    )
    return Description(
        columns=_columns(facts, width),
        column_count=Seen(width, f"`num_feature` in {where}") if width is not None else None,
        class_count=classes,
        versions={"xgboost": facts.version} if facts.version else {},
        metadata={key: value for key, value in metadata.items() if value},
        incomplete=tuple(facts.incomplete),
    )


def _columns(facts: _Facts, width: int | None) -> Seen[tuple[Column, ...]] | None:
    """The features; without names where the model states that it has none, unknown where it is not to be seen."""
    if facts.too_wide or facts.names is None:
        return None
    count = len(facts.names) or len(facts.types or ()) or (width if width is not None and width <= MOST_COLUMNS else 0)
    names = facts.names if len(facts.names) == count else [None] * count
    types = facts.types if facts.types and len(facts.types) == count else [None] * count
    columns = tuple(Column(name, type_, _kind(type_)) for name, type_ in zip(names, types, strict=True))
    return Seen(columns, "`feature_names` of `learner`") if columns else None


def _kind(type_: str | None) -> ColumnKind | None:
    if not type_:
        return None
    return ColumnKind.CATEGORICAL if type_ == _CATEGORICAL else ColumnKind.NUMERIC


def _class_count(objective: str | None, classes: int | None, targets: str | None) -> Seen[int] | None:
    if classes is not None and classes > 1:
        return Seen(classes, "`num_class` in `learner_model_param` of `learner`")
    if objective and objective.startswith("binary:") and (targets is None or targets in {"0", "1"}):
        return Seen(2, f"the objective {objective}")
    return None


def _whole(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.fullmatch(text) else None


def _of_binary(header: BinaryHeader) -> Description:
    where = "the header of the binary model"
    metadata = {"objective": header.objective, "booster": header.booster, "version": header.version}
    if header.trees is not None:
        metadata["tree_count"] = str(header.trees)
    classes = _class_count(header.objective, header.num_class, str(header.num_target))
    return Description(
        column_count=Seen(header.num_feature, where),
        class_count=Seen(classes.value, where) if classes else None,
        metadata={key: value for key, value in metadata.items() if value},
    )
