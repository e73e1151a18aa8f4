"""What a CatBoost model tells of itself: the FlatBuffer at the head of a .cbm file, and JSON.

After catboost/libs/model/flatbuffers/{model,features}.fbs and `TFullModel::GetModelClassLabels` (1.2). Each kind of
feature has a list of its own; a feature's flat index is its column.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.columns import too_many_columns
from artifact_lint.formats.documents import parse_json
from artifact_lint.formats.flatbuffers import root
from artifact_lint.formats.json_walk import JsonWalk
from artifact_lint.formats.sources import Slice
from artifact_lint.model import Cause, Incomplete
from artifact_lint.model.description import Column, ColumnKind, Description, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.formats.base import ReadLimits
    from artifact_lint.formats.flatbuffers import Table
    from artifact_lint.stores.base import Source

_MAGIC: Final = b"CBM1"
#: How many features are described: each is a table of its own, which takes some ten microseconds.
_MOST_FEATURES: Final = 1 << 16
_MOST_BYTES: Final = 1 << 24
_MOST_VALUES: Final = 1 << 17
#: JSON is written by the order of its keys: statistics of categories, features, information, trees.
_STATISTICS: Final = re.compile(rb'\s*\{\s*"ctr_data"')
_FEATURES: Final = re.compile(rb'"features_info"\s{0,8}:\s{0,40}\{')
_LONGEST_KEY: Final = 100
_LONGEST_STATISTICS: Final = 1 << 30
_STEP: Final = 1 << 20
#: Both members of a feature; between quotes that are escaped neither is found.
_POSITION: Final = re.compile(rb'"flat_feature_index"\s*:\s*(\d{1,9})\b')
_NAME: Final = re.compile(rb'"feature_id"\s*:\s*("(?:[^"\\]++|\\.)*+")')
_LONGEST_NAME: Final = 1 << 12
_LONGEST_INFO: Final = 1 << 20
#: Of all names together, which may lie in the same place many times over.
_MOST_LETTERS: Final = 1 << 24
_MOST_KEYS: Final = 1000
#: The fields of `TModelCore`, `TKeyValue` and `TObliviousTrees` (`TModelTrees` since) that are read, by number.
_TREES, _INFO = 1, 2
_KEY, _VALUE = 0, 1
_TREE_SIZES: Final = 2


@dataclass(frozen=True, slots=True)
class _List:
    """One list of features: its kind and dtype, and where it and its facts stand in both layouts."""

    key: str
    field: int
    flat_index: int
    name: int
    kind: ColumnKind | None
    dtype: str | None = None


_LISTS: Final = (
    _List("float_features", 5, 2, 4, ColumnKind.NUMERIC),
    _List("categorical_features", 4, 1, 2, ColumnKind.CATEGORICAL),
    _List("text_features", 12, 1, 2, ColumnKind.TEXT),
    _List("embedding_features", 18, 1, 2, None, "embedding"),
)
#: What names the release in `catboost_version_info`: the tag of a build, or the summary of its commit.
_RELEASE: Final = re.compile(r"(?:Branch: tags/v|CatBoost release )(\d{1,4}(?:\.\d{1,4}){1,3})\b")


@dataclass(slots=True)
class _Facts:
    columns: dict[int, Column] = field(default_factory=dict)
    has_features: bool = False
    is_too_wide: bool = False
    letters: int = 0
    info: dict[str, object] = field(default_factory=dict)
    trees: int | None = None
    incomplete: list[Incomplete] = field(default_factory=list)

    def add(self, position: int | None, name: str | None, list_: _List) -> None:
        """Keep a feature by its column.

        Raises:
            FormatError: All names together are longer than what is kept.
        """
        if position is None or position < 0:
            return
        if position >= _MOST_FEATURES:
            self.is_too_wide = True
            return
        self.letters += len(name or "")
        if self.letters > _MOST_LETTERS:
            raise FormatError(Cause.LIMIT, f"names of features of more than {_MOST_LETTERS:,} letters in all")
        self.columns[position] = Column(name or None, list_.dtype, list_.kind)


def describe_catboost(source: Source, limits: ReadLimits) -> Description:
    """What a model tells, in the binary layout or as JSON.

    Raises:
        StoreError: The bytes cannot be read.
    """
    facts = _Facts()
    try:
        if source.read(0, len(_MAGIC)) == _MAGIC:
            _read_binary(source, facts)
        else:
            _read_json(source, min(limits.header, _MOST_BYTES), facts)
    except FormatError as error:
        facts.incomplete.append(Incomplete(error.cause, error.detail, error.offset))
    return _described(facts)


def _read_binary(source: Source, facts: _Facts) -> None:
    """Read the model's core; what follows it are tables of categories' statistics."""
    head = source.read(len(_MAGIC), 4)
    if len(head) < 4:
        raise FormatError(Cause.TRUNCATED, "the header is cut", len(head))
    (length,) = struct.unpack("<I", head)
    start = len(_MAGIC) + 4
    if length > source.size - start:
        detail = f"the model's core promises {length:,} bytes and {source.size - start:,} are left"
        facts.incomplete.append(Incomplete(Cause.TRUNCATED, detail, start))
    core = root(Slice(source, start, length))
    for pair in _up_to(core.tables(_INFO), _MOST_KEYS):
        key = pair.text(_KEY, _LONGEST_NAME)
        if key in {"class_params", "multiclass_params", "params"}:
            facts.info[key] = parse_json((pair.text(_VALUE, _LONGEST_INFO) or "").encode("utf-8", "backslashreplace"))
        elif key == "catboost_version_info":
            facts.info[key] = pair.text(_VALUE, _LONGEST_INFO)
    trees = core.table(_TREES)
    if trees is None:
        raise FormatError(Cause.BROKEN, "the model has no trees", start)
    facts.trees = trees.count(_TREE_SIZES)
    for list_ in _LISTS:
        if trees.count(list_.field) > _MOST_FEATURES:
            facts.is_too_wide = True
            continue
        for feature in trees.tables(list_.field):
            facts.add(feature.integer(list_.flat_index), feature.text(list_.name, _LONGEST_NAME), list_)
    facts.has_features = True


def _up_to(tables: Iterator[Table], most: int) -> Iterator[Table]:
    for number, table in enumerate(tables):
        if number >= most:
            raise FormatError(Cause.LIMIT, f"more than {most:,} keys of information")
        yield table


def _read_json(source: Source, most_bytes: int, facts: _Facts) -> None:
    """Read the members of a model that are no trees, and no more once both were met."""
    start = _after_statistics(source)
    walk = JsonWalk(source, start, most_bytes, _MOST_VALUES)
    met = set()
    for key in walk.members(opened=start > 0):
        if key == "features_info" and walk.is_object():
            _read_features(walk, facts)
        elif key == "model_info" and walk.is_object():
            _read_info(walk, facts)
        else:
            walk.skip()
            continue
        met.add(key)
        if len(met) == 2:
            return


def _after_statistics(source: Source) -> int:
    """Where the features' key stands, in a file that begins with the statistics of categories, which may be long."""
    if not _STATISTICS.match(source.read(0, _STEP)):
        return 0
    for start in range(0, min(source.size, _LONGEST_STATISTICS), _STEP):
        found = _FEATURES.search(source.read(start, _STEP + _LONGEST_KEY))
        if found:
            return start + found.start()
    return 0


def _read_features(walk: JsonWalk, facts: _Facts) -> None:
    lists = {list_.key: list_ for list_ in _LISTS}
    for key in walk.members():
        list_ = lists.get(key)
        if list_ is None or not walk.is_array():
            walk.skip()
            continue
        for _ in walk.elements():
            feature = walk.raw(_LONGEST_INFO)
            position, name = _POSITION.search(feature), _NAME.search(feature)
            facts.add(int(position[1]) if position else None, str(parse_json(name[1])) if name else None, list_)
    facts.has_features = True


def _read_info(walk: JsonWalk, facts: _Facts) -> None:
    for key in walk.members():
        if key in {"class_params", "multiclass_params", "params", "catboost_version_info"}:
            facts.info[key] = walk.value(_LONGEST_INFO)
        else:
            walk.skip()


def _described(facts: _Facts) -> Description:
    if facts.is_too_wide:
        facts.incomplete.append(too_many_columns(_MOST_FEATURES))
    columns = _columns(facts) if facts.has_features and not facts.is_too_wide else ()
    count = Seen(len(columns), "`flat_feature_index` of the features") if columns else None
    classes = _classes(facts.info)
    release = _RELEASE.search(str(facts.info.get("catboost_version_info", "")))
    return Description(
        columns=Seen(columns, "`feature_id` of the features") if columns else None,
        column_count=count,
        classes=classes,
        class_count=Seen(len(classes.value), classes.where) if classes else None,
        versions={"catboost": release[1]} if release else {},
        metadata=_metadata(facts),
        incomplete=tuple(facts.incomplete),
    )


def _columns(facts: _Facts) -> tuple[Column, ...]:
    """The features by column; CatBoost itself names those without a name after their positions."""
    width = max(facts.columns, default=-1) + 1
    columns = [facts.columns.get(position, Column(None)) for position in range(width)]
    if all(column.name in {None, str(position)} for position, column in enumerate(columns)):
        return tuple(Column(None, column.dtype, column.kind) for column in columns)
    return tuple(columns)


def _classes(info: Mapping[str, object]) -> Seen[tuple[str, ...]] | None:
    for key in ("class_params", "multiclass_params"):
        parameters = info.get(key)
        if not isinstance(parameters, dict):
            continue
        is_float = parameters.get("class_label_type") == "Float"
        if labels := parameters.get("class_names"):
            return _labels(labels, f"`class_names` of `{key}`", is_float=is_float)
        count = parameters.get("classes_count")
        if isinstance(count, int) and 0 < count <= _MOST_FEATURES:
            return Seen(tuple(map(str, range(count))), f"`classes_count` of `{key}`")
        if labels := parameters.get("class_to_label"):
            return _labels(labels, f"`class_to_label` of `{key}`", is_float=is_float)
    parameters = info.get("params")
    options = parameters.get("data_processing_options") if isinstance(parameters, dict) else None
    labels = options.get("class_names") if isinstance(options, dict) else None
    return _labels(labels, "`class_names` of `params`", is_float=False) if labels else None


def _labels(labels: object, where: str, *, is_float: bool) -> Seen[tuple[str, ...]] | None:
    if not isinstance(labels, list) or not all(isinstance(label, str | int | float) for label in labels):
        return None
    return Seen(tuple(str(float(label) if is_float else label) for label in labels), where)


def _metadata(facts: _Facts) -> Mapping[str, str]:
    found = {} if facts.trees is None else {"tree_count": str(facts.trees)}
    parameters = facts.info.get("params")
    loss = parameters.get("loss_function") if isinstance(parameters, dict) else None
    if isinstance(loss, dict) and isinstance(loss.get("type"), str):
        found["objective"] = loss["type"]
    return found
