"""The readers of gradient boosters, on models that the libraries wrote and told of (tools/described/boosters.py)."""

from __future__ import annotations

import json
import pickletools
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import mutated

from artifact_lint.formats.base import ReadLimits
from artifact_lint.formats.catboost_reader import describe_catboost
from artifact_lint.formats.columns import MOST_COLUMNS
from artifact_lint.formats.describing import describe
from artifact_lint.formats.inspecting import inspect
from artifact_lint.formats.lightgbm_reader import describe_lightgbm
from artifact_lint.formats.sources import Memory
from artifact_lint.formats.xgboost_reader import describe_xgboost
from artifact_lint.model import Cause
from artifact_lint.stores.base import Borrowed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from artifact_lint.formats.base import ReadLimits as Limits
    from artifact_lint.model.description import Description
    from artifact_lint.stores.base import Source

    Describe = Callable[[Source, Limits], Description]

CORPUS = Path(__file__).parent.parent / "described"
NEW = CORPUS / "boosters-new"
LIMITS = ReadLimits()
READERS: Mapping[str, Describe] = {"xgb": describe_xgboost, "lgb": describe_lightgbm, "cat": describe_catboost}
FACTS = {
    path.parent / name: facts
    for path in sorted(CORPUS.glob("boosters-*/facts.json"))
    for name, facts in json.loads(path.read_text("utf-8")).items()
}
#: One small file of each layout.
LAYOUTS = [
    NEW / "xgb-unnamed.json",
    NEW / "xgb-categories.ubj",
    CORPUS / "boosters-1_7" / "xgb-old.model",
    NEW / "lgb-categories.txt",
    NEW / "cat-texts.cbm",
    NEW / "cat-one-hot.json",
]


def told(path: Path) -> Description:
    source = Memory(path.read_bytes())
    found = describe(path.name, source, inspect(path.name, source).format)
    assert found is not None
    return found


def as_facts(found: Description) -> dict[str, object]:
    """A description in the words of the oracle."""
    return {
        "columns": found.columns
        and [[c.name, c.dtype, c.kind, list(c.categories) if c.categories else None] for c in found.columns.value],
        "column_count": found.column_count and found.column_count.value,
        "classes": found.classes and list(found.classes.value),
        "class_count": found.class_count and found.class_count.value,
        "versions": dict(found.versions),
    }


def reader_of(path: Path) -> Describe:
    return READERS[path.name[:3]]


@pytest.mark.parametrize(
    "path", [path for path in FACTS if path.suffix != ".pkl"], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_a_model_tells_what_its_own_library_says_of_it(path: Path) -> None:
    found = told(path)
    facts = as_facts(found)
    assert {key: facts[key] for key in FACTS[path]} == FACTS[path]
    assert found.incomplete == ()


def longest_bytes(pickled: bytes) -> bytes:
    """The model that a pickled booster holds: the longest run of bytes or text in it."""
    values = [value for _, value, _ in pickletools.genops(pickled) if isinstance(value, str | bytes | bytearray)]
    longest = max(values, key=len)
    return longest.encode() if isinstance(longest, str) else bytes(longest)


@pytest.mark.parametrize(
    "path", [path for path in FACTS if path.suffix == ".pkl"], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_what_a_pickled_booster_holds_tells_the_same(path: Path) -> None:
    found = reader_of(path)(Memory(longest_bytes(path.read_bytes())), LIMITS)
    facts = as_facts(found)
    for key in ("columns", "column_count", "class_count"):
        assert facts[key] == FACTS[path][key]
    assert found.incomplete == ()


@pytest.mark.parametrize(
    ("path", "metadata"),
    [
        ("boosters-new/xgb-dart.json", {"objective": "binary:hinge", "booster": "dart", "tree_count": "3"}),
        ("boosters-new/xgb-linear.ubj", {"objective": "reg:squarederror", "booster": "gblinear"}),
        ("boosters-new/xgb-multiclass.ubj", {"objective": "multi:softprob", "booster": "gbtree", "tree_count": "9"}),
        (
            "boosters-1_7/xgb-old.model",
            {"objective": "multi:softprob", "booster": "gbtree", "tree_count": "9", "version": "1.7"},
        ),
        ("boosters-new/lgb-multiclass.txt", {"format_version": "v4", "objective": "multiclass", "tree_count": "9"}),
        ("boosters-1_3/lgb-ranking.txt", {"format_version": "v3", "objective": "lambdarank", "tree_count": "3"}),
        ("boosters-new/cat-multiclass.cbm", {"objective": "MultiClass", "tree_count": "3"}),
        ("boosters-new/cat-regression.json", {"objective": "RMSE"}),
    ],
)
def test_a_model_tells_its_objective_and_how_many_trees_it_has(path: str, metadata: dict[str, str]) -> None:
    assert told(CORPUS / path).metadata == metadata


@pytest.mark.parametrize("path", LAYOUTS, ids=lambda path: path.name)
def test_a_cut_file_tells_nothing_that_the_whole_one_does_not(path: Path) -> None:
    content = path.read_bytes()
    whole = as_facts(reader_of(path)(Memory(content), LIMITS))
    for length in range(len(content)):
        found = reader_of(path)(Memory(content[:length]), LIMITS)
        if path.suffix in {".json", ".ubj"} and path.name.startswith("xgb"):
            assert found.incomplete or length >= len(content.rstrip())
        facts = as_facts(found)
        assert facts["column_count"] in {None, whole["column_count"]} or path.name.startswith("cat")
        assert facts["classes"] in (None, whole["classes"])
        assert facts["class_count"] in {None, whole["class_count"]}


@pytest.mark.parametrize("path", LAYOUTS, ids=lambda path: path.name)
def test_a_damaged_file_breaks_no_reader(path: Path) -> None:
    content = path.read_bytes()

    @settings(max_examples=150, deadline=None)
    @given(mutated(content))
    def check(changed: bytes) -> None:
        reader_of(path)(Memory(changed), LIMITS)

    check()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_that_are_no_model_break_no_reader(content: bytes) -> None:
    for describe_it, head in (
        (describe_xgboost, b"{"),
        (describe_xgboost, b""),
        (describe_xgboost, b'{"learner":{"gradient_booster":'),
        (describe_xgboost, b"{L\0\0\0\0\0\0\0\7learner"),
        (describe_lightgbm, b"tree\nversion=v4\n"),
        (describe_catboost, b"CBM1"),
        (describe_catboost, b'{"features_info":'),
    ):
        describe_it(Memory(head + content), LIMITS)


class Endless(Borrowed):
    """A large file between a head and a tail, which counts what is read of it."""

    def __init__(self, head: bytes, filling: bytes, tail: bytes, size: int) -> None:
        self.head, self.filling, self.tail, self.size = head, filling, tail, size
        self.count = 0

    def read(self, offset: int, length: int) -> bytes:
        length = max(0, min(length, self.size - offset))
        self.count += length
        begin = (offset - len(self.head)) % len(self.filling)
        middle = (self.filling * (length // len(self.filling) + 2))[begin : begin + length]
        data = (self.head[offset:] + middle)[:length] if offset < len(self.head) else middle
        start = self.size - len(self.tail) - offset
        return data if start >= length else data[: max(0, start)] + self.tail[max(0, -start) :][:length]


HEAD = b'{"learner":{"feature_names":["a","b"],"feature_types":[],"gradient_booster":{"model":{"trees":['
TAIL = (
    b'0]},"name":"gbtree"},"learner_model_param":{"num_class":"3","num_feature":"2"},'
    b'"objective":{"name":"multi:softmax"}},"version":[3,0,1]}'
)


@pytest.mark.parametrize("suffix", [".json", ".ubj"])
def test_a_tree_less_than_promised_is_told(suffix: str) -> None:
    content = (NEW / f"xgb-binary{suffix}").read_bytes()
    text = suffix == ".json"
    count = describe_xgboost(Memory(content), LIMITS).metadata["tree_count"].encode()
    more = b"9" * len(count)
    key = b'"num_trees":"' if text else b"num_trees" + content[content.index(b"num_trees") + 9 :][:10]
    at = content.index(count, content.index(key) + (len(key) if text else 19))
    found = describe_xgboost(Memory(content[:at] + more + content[at + len(count) :]), LIMITS)
    assert [problem.cause for problem in found.incomplete] == [Cause.BROKEN]


@pytest.mark.parametrize("removed", ["\nend of parameters", "\nend of trees"])
def test_a_lightgbm_model_without_its_end_is_cut_short(removed: str) -> None:
    content = (NEW / "lgb-binary.txt").read_bytes()
    found = describe_lightgbm(Memory(content[: content.index(removed.encode())]), LIMITS)
    assert [problem.cause for problem in found.incomplete] == [Cause.TRUNCATED]


def test_the_trees_of_a_large_model_are_not_read() -> None:
    source = Endless(HEAD, b'{"split_indices":[0,0,1]},', TAIL, 1 << 32)
    assert as_facts(describe_xgboost(source, LIMITS)) == {
        "columns": [["a", None, None, None], ["b", None, None, None]],
        "column_count": 2,
        "classes": None,
        "class_count": 3,
        "versions": {"xgboost": "3.0.1"},
    }
    assert source.count < 1 << 20


def test_the_statistics_of_a_large_catboost_model_are_passed_over() -> None:
    head = b'{"ctr_data":{"x":{"hash_map":['
    tail = b'0]}},"features_info":{"float_features":[{"feature_id":"a","flat_feature_index":0}]},"model_info":{}}'
    found = describe_catboost(Endless(head, b'"123",0.5,', tail, 1 << 27), LIMITS)
    assert as_facts(found)["columns"] == [["a", None, "numeric", None]]
    assert found.incomplete == ()


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 3_000_000,
        b'{"a":' * 1_000_000,
        b'{"gbtree":' * 500_000,
        b'{"model":' * 500_000,
        b'"' + b"\\" * 3_000_000,
        b"[" + b'"a",' * 1_000_000,
        b" " * 3_000_000,
        b"1" * 3_000_000,
    ],
    ids=["arrays", "objects", "boosters", "models", "backslashes", "strings", "spaces", "digits"],
)
def test_hostile_json_is_left_within_limits(content: bytes) -> None:
    found = describe_xgboost(Memory(b'{"learner":{"gradient_booster":' + content), LIMITS)
    assert found.incomplete[0].cause in {Cause.LIMIT, Cause.TRUNCATED, Cause.BROKEN}


LEARNER = b"{L\0\0\0\0\0\0\0\7learner{"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"i\1a[$Z#L" + struct.pack(">Q", 1 << 60), Cause.BROKEN),
        (b"i\x0dfeature_names[$Z#L" + struct.pack(">Q", 1 << 60), Cause.LIMIT),
        (b"i\x0dfeature_names[#L" + struct.pack(">Q", 1 << 60), Cause.TRUNCATED),
        (b"L" + struct.pack(">Q", 1 << 60), Cause.TRUNCATED),
        (b"L" + struct.pack(">q", -1), Cause.BROKEN),
        (b"i\1a" + b"[" * 1_000_000, Cause.LIMIT),
        (b"i\1a" + b"{i\1a" * 200_000, Cause.LIMIT),
        (b"i\1aSL" + struct.pack(">Q", 1 << 60), Cause.TRUNCATED),
        (b"i\1a" + b"N" * 1000, Cause.BROKEN),
    ],
)
def test_hostile_ubjson_is_left_within_limits(content: bytes, cause: Cause) -> None:
    found = describe_xgboost(Memory(LEARNER + content), LIMITS)
    assert [problem.cause for problem in found.incomplete] == [cause]


def flatbuffer(core: bytes) -> bytes:
    return b"CBM1" + struct.pack("<I", len(core)) + core


@pytest.mark.parametrize(
    "core",
    [
        b"",
        struct.pack("<I", 0),
        struct.pack("<I", 0xFFFFFFFF),
        struct.pack("<Ii", 4, -0x7FFFFFFF),
        struct.pack("<Ii", 4, 4),
        # A root whose second field is the root itself, and a vector of 2^32 - 1 tables.
        struct.pack("<IHHHHHHi", 16, 10, 8, 0, 0, 4, 0, 12) + struct.pack("<II", 4, 0xFFFFFFFF),
    ],
)
def test_a_hostile_flatbuffer_is_left_where_it_breaks(core: bytes) -> None:
    found = describe_catboost(Memory(flatbuffer(core)), LIMITS)
    assert found.incomplete
    assert found.columns is None


def wide_flatbuffer(count: int, name: bytes) -> bytes:
    """A core of so many features of numbers, all of which have their name in the same place."""
    # Where the fields of the root, of the trees, and of a feature stand: the trees; the list; column and name.
    shapes = struct.pack("<4H8H7H", 8, 12, 0, 8, 16, 8, 0, 0, 0, 0, 0, 4, 14, 12, 0, 0, 4, 0, 8)
    root, trees, features = 4 + len(shapes) + 2, 4 + len(shapes) + 14, 4 + len(shapes) + 22
    first = features + 4 + 4 * count
    end = first + 12 * count
    core = struct.pack("<I", root) + shapes + bytes(2)
    core += struct.pack("<iII", root - 4, 0, trees - root - 8) + struct.pack("<iI", trees - 12, features - trees - 4)
    core += struct.pack("<I", count)
    core += b"".join(struct.pack("<I", first + 12 * i - (features + 4 + 4 * i)) for i in range(count))
    core += b"".join(struct.pack("<iiI", first + 12 * i - 28, i, end - first - 12 * i - 8) for i in range(count))
    return flatbuffer(core + struct.pack("<I", len(name)) + name)


def test_names_that_many_features_share_are_kept_only_up_to_a_limit() -> None:
    few = describe_catboost(Memory(wide_flatbuffer(3, b"age")), LIMITS)
    assert as_facts(few)["columns"] == [["age", None, "numeric", None]] * 3
    many = describe_catboost(Memory(wide_flatbuffer(60_000, b"x" * 4000)), LIMITS)
    assert many.columns is None
    assert [problem.cause for problem in many.incomplete] == [Cause.LIMIT]
    wide = describe_catboost(Memory(wide_flatbuffer(100_000, b"age")), LIMITS)
    assert [problem.cause for problem in wide.incomplete] == [Cause.LIMIT]


def test_a_model_of_more_features_than_are_described_still_tells_their_number() -> None:
    text = f"tree\nversion=v4\nmax_feature_idx={MOST_COLUMNS}\nfeature_names=a\nfeature_infos=none\n\nTree=0\n"
    found = describe_lightgbm(Memory(text.encode()), LIMITS)
    assert found.columns is None
    assert found.column_count is not None
    assert found.column_count.value == MOST_COLUMNS + 1
    assert [problem.cause for problem in found.incomplete] == [Cause.LIMIT]


def lightgbm_text(infos: str, pandas: str) -> bytes:
    return (
        f"tree\nversion=v4\nnum_class=1\nmax_feature_idx=2\nfeature_names=a b c\nfeature_infos={infos}\n\n"
        f"Tree=0\n\nend of trees\n\nparameters:\n[objective: binary]\nend of parameters\n\n"
        f"pandas_categorical:{pandas}\n"
    ).encode()


@pytest.mark.parametrize(
    ("infos", "pandas", "categories"),
    [
        ("0:1:-1 [0:1] 0:1:2", '[["x", "y"], [1, 2.5, true]]', [["x", "y"], None, ["1", "2.5", "True"]]),
        # A column that was declared by position has no list, and an ordered one has a list and is a number.
        ("0:1 [0:1] 0:1:2", '[["x", "y"]]', [None, None, None]),
        ("0:1 [0:1] [0:1]", '[["x", "y"], ["z"]]', [None, None, None]),
        # Codes that the list does not have are another column's.
        ("0:7 [0:1] [0:1]", '[["x", "y"]]', [None, None, None]),
        ("0:1 [0:1] none", "null", [None, None, None]),
    ],
)
def test_categories_go_to_a_column_only_where_it_is_plain_whose_they_are(
    infos: str, pandas: str, categories: list[list[str] | None]
) -> None:
    found = describe_lightgbm(Memory(lightgbm_text(infos, pandas)), LIMITS)
    assert found.columns is not None
    assert [list(c.categories) if c.categories else None for c in found.columns.value] == categories


def test_broken_categories_are_said_and_the_rest_is_told() -> None:
    found = describe_lightgbm(Memory(lightgbm_text("0:1 [0:1] none", '[["x"')), LIMITS)
    assert [problem.cause for problem in found.incomplete] == [Cause.BROKEN]
    assert found.columns is not None
    assert [column.name for column in found.columns.value] == ["a", "b", "c"]


def test_keys_in_any_order_and_spaces_between_them_tell_the_same() -> None:
    path = NEW / "xgb-categories.json"
    model = json.loads(path.read_bytes())
    model["learner"] = dict(reversed(model["learner"].items()))
    turned = json.dumps(dict(reversed(model.items())), indent=3).encode()
    assert as_facts(describe_xgboost(Memory(turned), LIMITS)) == as_facts(told(path))
