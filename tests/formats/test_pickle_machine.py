from __future__ import annotations

import collections
import datetime as dt
import decimal
import pickle
import pickletools
import struct
import uuid
import zoneinfo
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weight_files import SYSTEM_CALL, imported, look

from artifact_lint.formats import ReadLimits
from artifact_lint.formats.pickles.effects import EFFECTS
from artifact_lint.formats.pickles.opcodes import OPCODES
from artifact_lint.formats.pickles.opening import OPENING
from artifact_lint.model import Cause, HazardKind, Inspection, Use

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def causes(inspection: Inspection) -> set[Cause]:
    return {gap.cause for gap in inspection.incomplete}


def kinds(inspection: Inspection) -> set[HazardKind]:
    return {hazard.kind for hazard in inspection.hazards}


def named_by_pickletools(stream: bytes) -> set[str]:
    found: set[str] = set()
    texts: list[str] = []
    memo: dict[object, str] = {}
    last = ""
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name in {"GLOBAL", "INST"}:
            found.add(str(argument).replace(" ", ":"))
        elif opcode.name == "STACK_GLOBAL":
            found.add(":".join(texts[-2:]))
        elif opcode.name == "MEMOIZE":
            memo[len(memo)] = last
        elif opcode.name in {"BINGET", "LONG_BINGET"} and memo.get(argument):
            texts.append(memo[argument])
        last = str(argument) if "UNICODE" in opcode.name else ""
        if last:
            texts.append(last)
    return found


def test_every_opcode_of_the_standard_library_is_known() -> None:
    theirs = {ord(opcode.code): (opcode.name, opcode.proto) for opcode in pickletools.opcodes}
    assert {code: (opcode.name, opcode.protocol) for code, opcode in OPCODES.items()} == theirs
    assert set(EFFECTS) == {name for name, _ in theirs.values()}


def test_a_stream_may_open_with_each_opcode_that_takes_nothing() -> None:
    takes_nothing = {
        ord(opcode.code) for opcode in pickletools.opcodes if not opcode.stack_before and opcode.stack_after
    }
    without = {ord("g"), ord("h"), ord("j")}
    assert takes_nothing - without <= OPENING


OBJECTS = [
    uuid.UUID(int=5),
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    decimal.Decimal("1.5"),
    collections.OrderedDict(a=1),
    collections.defaultdict(list, a=[1]),
    collections.Counter("abca"),
    collections.deque([1, 2]),
    complex(1, 2),
    bytearray(b"abc"),
    slice(1, 2),
    range(3),
    frozenset({1, 2}),
    PurePosixPath("a/b"),
    ValueError("x"),
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("value", OBJECTS, ids=lambda value: type(value).__name__)
def test_imports_are_those_that_the_stream_spells(value: object, protocol: int) -> None:
    stream = pickle.dumps(value, protocol)
    inspection = look(stream)
    assert imported(inspection) == named_by_pickletools(stream)
    assert not inspection.incomplete
    assert not inspection.hazards
    assert inspection.format == "pickle"
    assert inspection.pickled


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(max_size=300)
    | st.sampled_from([uuid.UUID(int=1), complex(0, 1), decimal.Decimal(1), dt.date(2026, 1, 1)]),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner, inner, inner)
        | st.tuples(inner)
        | st.dictionaries(st.text(), inner)
        | st.frozensets(st.integers())
    ),
    max_leaves=30,
)


@given(value=VALUES, protocol=st.sampled_from(PROTOCOLS))
@settings(max_examples=300, deadline=None)
def test_any_value_is_read_to_its_end(value: object, protocol: int) -> None:
    stream = pickle.dumps(value, protocol)
    inspection = look(stream)
    assert inspection.format == "pickle"
    assert not inspection.incomplete
    assert imported(inspection) == named_by_pickletools(stream)
    assert HazardKind.COMPUTED_IMPORT not in kinds(inspection)


@given(value=VALUES, protocol=st.sampled_from(PROTOCOLS), data=st.data())
@settings(max_examples=300, deadline=None)
def test_mutated_streams_raise_nothing(value: object, protocol: int, data: st.DataObject) -> None:
    stream = bytearray(pickle.dumps([value, complex(1, 2)], protocol))
    for _ in range(data.draw(st.integers(0, 8))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    look(bytes(stream[: data.draw(st.integers(0, len(stream)))]))


@given(st.binary(max_size=400))
@settings(max_examples=500, deadline=None)
def test_random_bytes_raise_nothing(content: bytes) -> None:
    look(content)
    look(b"\x80\x04" + content)


def test_a_call_is_told_with_its_arguments() -> None:
    (found,) = look(SYSTEM_CALL).imports
    assert (found.module, found.name, found.uses, found.offset) == ("posix", "system", frozenset({Use.CALLED}), 0)
    assert found.arguments == "('id',)"


@pytest.mark.parametrize(
    "stream",
    [
        b"(S'id'\niposix\nsystem\n.",
        b"(cposix\nsystem\nS'id'\no.",
        b"\x80\x02cposix\nsystem\nX\x02\0\0\0id\x85R.",
        b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x8c\x02id\x85R.",
        b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x940h\x00h\x01\x93\x8c\x02id\x85R.",
        b"\x80\x04\x8d\x05\0\0\0\0\0\0\0posix\x8d\x06\0\0\0\0\0\0\0system\x93\x8c\x02id\x85R.",
        b"Vposix\nV\\u0073ystem\n\x93V\\u0069d\n\x85R.",
        b"(S'id'\niposix\nsystem\n0N.",
        b"\x80\x04Ncposix\nsystem\n2\x94\x8c\x02id\x85R0.",
    ],
)
def test_a_call_is_found_however_it_is_spelled(stream: bytes) -> None:
    (found,) = look(stream).imports
    assert (found.dotted, found.arguments) == ("posix:system", "('id',)")
    assert Use.CALLED in found.uses


def test_names_of_python_2_stay_as_spelled() -> None:
    inspection = look(b"\x80\x02c__builtin__\neval\nX\x01\0\0\0x\x85R.")
    assert imported(inspection) == {"__builtin__:eval"}


def test_what_was_built_and_what_was_only_named_are_told_apart() -> None:
    stream = b"\x80\x02cmy.models\nNet\n)\x81}X\x01\0\0\0acmy.models\nrelu\nsb."
    uses = {found.name: found.uses for found in look(stream).imports}
    assert uses == {"Net": {Use.INSTANTIATED, Use.BUILT}, "relu": {Use.NAMED}}
    assert look(stream).metadata["root"] == "my.models:Net"


def test_an_import_whose_name_is_computed() -> None:
    inspection = look(b"\x80\x04\x8c\x05posixccodecs\ndecode\n\x8c\x06flfgrz\x8c\x05rot13\x86R\x93.")
    assert kinds(inspection) == {HazardKind.COMPUTED_IMPORT}
    assert imported(inspection) == {"codecs:decode"}


def test_extension_codes_and_persistent_ids() -> None:
    assert kinds(look(b"\x80\x02\x82\x05.")) == {HazardKind.EXTENSION_CODE}
    assert kinds(look(b"\x80\x02X\x01\0\0\0aQ.")) == {HazardKind.PERSISTENT_ID}


@pytest.mark.parametrize("tail", [b"\xff", b"", b"0000", b"\x80\x63N", b"h\x63"])
def test_what_stands_before_a_break_is_kept(tail: bytes) -> None:
    inspection = look(SYSTEM_CALL[:-1] + tail, "license.dat")
    assert imported(inspection) == {"posix:system"}
    assert causes(inspection) <= {Cause.BROKEN, Cause.TRUNCATED}
    assert inspection.incomplete


def test_an_unknown_protocol_breaks_the_stream_but_hides_nothing() -> None:
    inspection = look(b"\x80\x09" + SYSTEM_CALL, "a.dat")
    assert imported(inspection) == {"posix:system"}
    assert causes(inspection) == {Cause.BROKEN}


def test_a_pickle_behind_a_pickle() -> None:
    first = pickle.dumps([1, 2])
    inspection = look(first + SYSTEM_CALL)
    (hazard,) = inspection.hazards
    assert (hazard.kind, hazard.offset) == (HazardKind.TRAILING_PICKLE, len(first))
    assert imported(inspection) == {"posix:system"}


def test_a_pickle_within_a_constant() -> None:
    stream = pickle.dumps({"a": [pickle.dumps(SYSTEM_CALL)]})
    inspection = look(stream)
    assert [hazard.kind for hazard in inspection.hazards] == [HazardKind.NESTED_PICKLE] * 2
    (found,) = inspection.imports
    assert found.offset == stream.index(b"cposix")


def test_constants_that_are_no_pickles_are_quiet() -> None:
    inspection = look(pickle.dumps([b"(c) 2026 nobody", b"class A:\n  pass\n", b"\x80\x01\x02\x03", bytes(100)]))
    assert not inspection.hazards


LINE_TABLES = {
    "a frame": b"\x80\x00\x95\xd8\x04\x0b\x88C\x91\x80\x01\xe0\x0b\x0c\x88q\x89x\x80\x1d",
    "values": b"\x80\x00\x88\x89\x88\x89\x88\x89\x88\x89\x88\x89\xd8\x04\x0b",
    "an extension code": b"\x80\x01\x82\x07\x88\x89\x80\x01\x88\x89\x8f\x94\xf0\x0b",
    "a stop": b"\x80\x04\x89.2\x8bR\xa4\xd5\x84<\x94\xa7",
}


@pytest.mark.parametrize("table", LINE_TABLES.values(), ids=LINE_TABLES)
def test_line_tables_of_code_objects_are_quiet(table: bytes) -> None:
    inspection = look(pickle.dumps({"co_linetable": table, "again": [table * 50]}))
    assert (inspection.hazards, inspection.incomplete) == ((), ())


@pytest.mark.parametrize(
    "constant",
    [
        b"\x80\x04" + SYSTEM_CALL,
        b"\x80\x04" + SYSTEM_CALL[:-1] + b"\xff" + bytes(50),
        b"\x80\x04cos\nsystem\n\xff" + bytes(50),
        b"\x80\x04}." + SYSTEM_CALL,
        b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + SYSTEM_CALL,
        b"\x80\x04" + b"N0" * 200_000 + SYSTEM_CALL,
        b"\x80\x00\x88\x89\x88\x89\x88\x89\x88\x89\x88\x89\xd8\x04" + SYSTEM_CALL,
    ],
    ids=["whole", "broken", "only named", "second", "framed", "long", "behind junk"],
)
def test_a_constant_that_imports_is_a_pickle(constant: bytes) -> None:
    inspection = look(pickle.dumps([constant]))
    assert [hazard.kind for hazard in inspection.hazards][:1] == [HazardKind.NESTED_PICKLE]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b"abc.", {Cause.TRUNCATED}),
        (b"\x80\x04X" + struct.pack("<I", (1 << 32) - 1) + b"abc.", {Cause.TRUNCATED}),
        (b"\x80\x04\x95" + struct.pack("<Q", 1 << 60) + b"N.", {Cause.TRUNCATED}),
        (b"\x80\x02Nr" + struct.pack("<I", 1 << 31) + b"j" + struct.pack("<I", 1 << 31) + b".", set()),
        (b"\x80\x04N" + b"\x85" * 200_000 + b".", set()),
        (b"\x80\x04N" + b"\x85\x94" * 200_000 + b".", set()),
        (b"\x80\x04N" + b"2\x86" * 100_000 + b".", set()),
        (b"\x80\x04cos\nsystem\nN" + b"2\x86" * 1000 + b"\x85R.", set()),
        (b"\x80\x04" + b"(" * 100_000 + b"1" * 100_000 + b"N.", set()),
        (b"\x80\x04" + b"]" * 100_000 + b"a" * 99_999 + b".", set()),
        (b"\x80\x04" + b"(" * 100_000, {Cause.TRUNCATED}),
    ],
)
def test_hostile_lengths_and_depths_cost_nothing(stream: bytes, expected: set[Cause]) -> None:
    assert causes(look(stream)) == expected


def test_a_flooded_stack_and_memo_end_at_their_limits() -> None:
    limits = ReadLimits(stack=1000, memo=1000)
    assert causes(look(b"\x80\x04" + b"N" * 600_000 + b".", limits=limits)) == {Cause.LIMIT}
    assert causes(look(b"\x80\x04N" + b"\x94" * 600_000 + b".", limits=limits)) == {Cause.LIMIT}


def test_a_payload_behind_many_opcodes_or_a_large_constant() -> None:
    assert imported(look(b"N0" * 60_000 + SYSTEM_CALL, "a.dat")) == {"posix:system"}
    constant = b"X" + struct.pack("<I", 12 << 20) + bytes(12 << 20) + b"0"
    assert imported(look(constant + SYSTEM_CALL, "a.dat")) == {"posix:system"}


def test_opcodes_that_spell_the_magic_of_another_format() -> None:
    inspection = look(b"GGUF\x03\0\0\0\0" + b"0" + SYSTEM_CALL, "model.gguf")
    assert inspection.format == "pickle"
    assert imported(inspection) == {"posix:system"}


def stack_global(module: str, name: str) -> bytes:
    return b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name)) + b"\x93"


def fetched(owner: bytes, attribute: bytes = b"\x8c\x06method", after: bytes = b".") -> bytes:
    return b"\x80\x04" + stack_global("builtins", "getattr") + owner + attribute + b"\x86R" + after


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_class_method_is_named_through_its_class(protocol: int) -> None:
    inspection = look(pickle.dumps(zoneinfo.ZoneInfo("UTC"), protocol))
    assert imported(inspection) == {"zoneinfo:ZoneInfo", "zoneinfo:ZoneInfo._unpickle"}
    uses = {found.name: found.uses for found in inspection.imports}
    assert uses["ZoneInfo._unpickle"] == {Use.NAMED, Use.CALLED}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_getattr_that_is_fetched_again_is_none_where_it_fetches_methods_alone(protocol: int) -> None:
    module = "__builtin__" if protocol < 3 else "builtins"
    found = imported(look(pickle.dumps([dict.fromkeys, [].append, "a".join], protocol)))
    assert {name for name in found if "." in name} == {
        "builtins:dict.fromkeys",
        "builtins:list().append",
        "builtins:str().join",
    }
    assert f"{module}:getattr" not in found


def test_a_method_of_an_instance_is_told_from_its_class_method() -> None:
    instance = fetched(stack_global("mine", "Thing") + b")\x81")
    assert imported(look(instance)) == {"mine:Thing", "mine:Thing().method"}
    assert imported(look(fetched(stack_global("mine", "Thing")))) == {"mine:Thing", "mine:Thing.method"}


@pytest.mark.parametrize(
    "stream",
    [
        fetched(stack_global("mine", "Thing"), b"\x8c\x09__class__"),
        fetched(stack_global("mine", "Thing"), b"\x8c\x03a.b"),
        fetched(stack_global("mine", "Thing"), stack_global("mine", "name")),
        fetched(stack_global("mine", "Thing") + b")R)R"),
        fetched(stack_global("mine", "Thing"), after=b"0" + stack_global("builtins", "getattr") + b"."),
        fetched(stack_global("mine", "Thing") + b"\x94", after=b"0" + stack_global("builtins", "getattr") + b"2\x86."),
    ],
)
def test_getattr_stays_where_it_does_anything_else(stream: bytes) -> None:
    assert "builtins:getattr" in imported(look(stream))


def test_getattr_that_is_kept_for_later_stays() -> None:
    kept = b"\x80\x04" + stack_global("builtins", "getattr") + b"\x94" + stack_global("mine", "Thing")
    assert "builtins:getattr" in imported(look(kept + b"\x8c\x01a\x86Rh\x00\x86."))
    assert "builtins:getattr" not in imported(look(kept + b"\x8c\x01a\x86R."))


def test_names_that_are_made_of_attributes_stay_short() -> None:
    stream = stack_global("mine", "Thing")
    for _ in range(2000):
        stream = stack_global("builtins", "getattr") + stream + b"\x8c\x04deep\x86R"
    inspection = look(b"\x80\x04" + stream + b".")
    assert max(len(found.name) for found in inspection.imports) <= 256
    assert "builtins:getattr" in imported(inspection)


@pytest.mark.parametrize("opening", [b"Pid\n0", b"\x970", b"Pid\n"])
def test_a_stream_may_open_with_what_another_process_hands_over(opening: bytes) -> None:
    from artifact_lint.formats import sniff
    from artifact_lint.formats.sources import Memory

    assert sniff("license", Memory(opening + SYSTEM_CALL)) == "pickle"
    assert imported(look(opening + SYSTEM_CALL, "license")) == {"posix:system"}
