"""What a LightGBM model tells of itself in its text format.

After `GBDT::SaveModelToString` (src/boosting/gbdt_model_text.cpp, 4.6): lines of `key=value` before the first tree; at
the end the parameters it was trained with, and the categories of a pandas frame, which the Python package adds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.columns import MOST_COLUMNS, too_many_columns
from artifact_lint.formats.documents import parse_json
from artifact_lint.model import Cause, Incomplete
from artifact_lint.model.description import Column, ColumnKind, Description, Seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.formats.base import ReadLimits
    from artifact_lint.stores.base import Source

_STEP: Final = 1 << 16
#: How far the head and the tail are looked for, in bytes.
_LONGEST_HEAD: Final = 1 << 25
_LONGEST_TAIL: Final = 1 << 24
_END_OF_HEAD: Final = re.compile(rb"\n\r?\n|\nTree=")
_LINE: Final = re.compile(
    rb"\n(num_class|max_feature_idx|objective|feature_names|feature_infos|tree_sizes|version)=([^\r\n]*)"
)
_MOST_LINES: Final = 50
_END_OF_TREES: Final = b"\nend of trees"
_IMPORTANCES: Final = b"\nfeature importances:"
_PARAMETERS: Final = b"\nparameters:"
_END_OF_PARAMETERS: Final = b"\nend of parameters"
_PANDAS: Final = b"\npandas_categorical:"
_CATEGORICAL: Final = re.compile(rb"\n\[categorical_feature: ([\d,]*)\]")
#: What stands in `feature_infos`: the range of a number, or the codes of a category; `none` is a constant.
_RANGE: Final = re.compile(r"\[[^:\[\]]+:[^:\[\]]+\]")
_CODES: Final = re.compile(r"-?\d{1,9}(?::|\Z)")
_CODE: Final = re.compile(r"-1|\d{1,9}")
_MOST_CODES: Final = 1 << 20
_NUMBER: Final = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class _Tail:
    """The positions that were trained as categories, and the categories of pandas' columns in their order."""

    categorical: frozenset[int] = frozenset()
    categories: tuple[tuple[str, ...], ...] = ()


def describe_lightgbm(source: Source, limits: ReadLimits) -> Description:
    """What a model tells, from a file or from the text in a pickled Booster.

    Raises:
        StoreError: The bytes cannot be read.
    """
    incomplete: list[Incomplete] = []
    head = _head(source, min(limits.header, _LONGEST_HEAD), incomplete)
    tail = _Tail()
    try:
        tail = _tail(source, is_whole="tree_sizes" in head and not incomplete)
    except FormatError as error:
        incomplete.append(Incomplete(error.cause, error.detail, error.offset))
    last = _whole(head.get("max_feature_idx"))
    count = None if last is None else last + 1
    columns = None
    if (count or 0) > MOST_COLUMNS:
        incomplete.append(too_many_columns())
    elif count and "feature_names" in head:
        columns = Seen(_columns(head, tail, count), "`feature_names` and `feature_infos`")
    return Description(
        columns=columns,
        column_count=None if count is None else Seen(count, "`max_feature_idx`"),
        class_count=_class_count(head),
        metadata=_metadata(head, tail),
        incomplete=tuple(incomplete),
    )


def _head(source: Source, longest: int, incomplete: list[Incomplete]) -> Mapping[str, str]:
    """The lines before the first tree, by their keys; the first of a key counts."""
    content = source.read(0, _STEP)
    searched = 0
    while not (match := _END_OF_HEAD.search(content, searched)):
        searched = max(0, len(content) - 4)
        more = source.read(len(content), len(content)) if len(content) < longest else b""
        if not more:
            cause = Cause.TRUNCATED if len(content) < longest else Cause.LIMIT
            incomplete.append(Incomplete(cause, "no tree comes within what is read of the text", len(content)))
            break
        content += more
    stop = match.start() if match else len(content)
    lines: dict[str, str] = {}
    for line in islice(_LINE.finditer(content, 0, stop), _MOST_LINES):
        lines.setdefault(line[1].decode("ascii"), line[2].decode("utf-8", "backslashreplace").strip())
    trees = content.find(b"Tree=", match.start()) if match else -1
    promised = sum(int(length) for length in _NUMBER.findall(lines.get("tree_sizes", "")))
    if trees >= 0 and trees + promised > source.size:
        detail = f"the trees take {promised:,} bytes and {source.size - trees:,} are left"
        incomplete.append(Incomplete(Cause.TRUNCATED, detail, trees))
    return lines


def _tail(source: Source, *, is_whole: bool) -> _Tail:
    """What stands behind the trees; `is_whole` says that the file is a model that has something there.

    Raises:
        FormatError: The categories are no JSON, or more than what is read; the text ends before it is complete.
    """
    length = _STEP
    while True:
        content = source.read(max(0, source.size - length), length)
        start = content.rfind(_PARAMETERS)
        if start >= 0 or length >= min(source.size, _LONGEST_TAIL) or _END_OF_TREES in content:
            break
        length = min(4 * length, _LONGEST_TAIL)
    if is_whole and _is_cut(content, start, is_all=length >= source.size):
        raise FormatError(Cause.TRUNCATED, "the text ends before the model does", source.size)
    found = _CATEGORICAL.search(content, start) if start >= 0 else None
    numbers = found[1].decode("ascii").split(",", MOST_COLUMNS) if found else []
    categorical = frozenset(int(number) for number in numbers if _NUMBER.fullmatch(number))
    at = content.rfind(_PANDAS)
    return _Tail(categorical, _categories(content[at + len(_PANDAS) :]) if at >= 0 else ())


def _is_cut(content: bytes, parameters: int, *, is_all: bool) -> bool:
    """Whether the trees or the parameters of a model do not come to their end; versions before 2.2 write fewer ends."""
    if parameters >= 0:
        return _END_OF_PARAMETERS not in content[parameters:]
    return is_all and _END_OF_TREES not in content and _IMPORTANCES not in content


def _categories(text: bytes) -> tuple[tuple[str, ...], ...]:
    lists = parse_json(text.partition(b"\n")[0])
    if not isinstance(lists, list):
        return ()
    return tuple(tuple(str(value) for value in values) for values in lists if isinstance(values, list))


def _columns(head: Mapping[str, str], tail: _Tail, count: int) -> tuple[Column, ...]:
    names: list[str | None] = list(head["feature_names"].split(" ", count))
    infos = head.get("feature_infos", "").split(" ", count)
    if len(names) != count or names == [f"Column_{position}" for position in range(count)]:
        names = [None] * count
    if len(infos) != count:
        infos = ["none"] * count
    kinds = [_kind(info, position in tail.categorical) for position, info in enumerate(infos)]
    categories = _categories_by_position(infos, kinds, tail.categories)
    return tuple(
        Column(name, None, kind, categories.get(position))
        for position, (name, kind) in enumerate(zip(names, kinds, strict=True))
    )


def _kind(info: str, is_declared: bool) -> ColumnKind | None:  # noqa: FBT001 - one of two facts
    if _RANGE.fullmatch(info):
        return ColumnKind.NUMERIC
    return ColumnKind.CATEGORICAL if is_declared or _CODES.match(info) else None


def _categories_by_position(
    infos: list[str], kinds: list[ColumnKind | None], lists: tuple[tuple[str, ...], ...]
) -> Mapping[int, tuple[str, ...]]:
    """The categories of each column that pandas encoded, where it is plain which columns these are.

    The lists are of pandas' columns alone: one that was declared a category by position is among the categorical
    features without having one, and an ordered column has one without being among them. Their codes are numbers from 0
    to one less than there are categories, and -1 for none of them.
    """
    positions = [position for position, kind in enumerate(kinds) if kind is ColumnKind.CATEGORICAL]
    if len(positions) != len(lists):
        return {}
    for position, values in zip(positions, lists, strict=True):
        codes = infos[position].split(":", _MOST_CODES) if _CODES.match(infos[position]) else []
        if not all(_CODE.fullmatch(code) and int(code) < len(values) for code in codes):
            return {}
    return dict(zip(positions, lists, strict=True))


def _class_count(head: Mapping[str, str]) -> Seen[int] | None:
    """How many classes there are: `num_class` is 1 for two of them, as for no classifier."""
    classes = _whole(head.get("num_class"))
    if classes is not None and classes > 1:
        return Seen(classes, "`num_class`")
    objective = head.get("objective", "").partition(" ")[0]
    return Seen(2, f"the objective {objective}") if objective == "binary" else None


def _metadata(head: Mapping[str, str], tail: _Tail) -> Mapping[str, str]:
    objective = head.get("objective", "").partition(" ")[0]
    found = {"format_version": head.get("version", ""), "objective": objective}
    if "tree_sizes" in head:
        found["tree_count"] = str(head["tree_sizes"].count(" ") + bool(head["tree_sizes"]))
    if tail.categories:
        found["pandas_categories"] = str(len(tail.categories))
    return {key: value for key, value in found.items() if value}


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and _NUMBER.fullmatch(text) else None
