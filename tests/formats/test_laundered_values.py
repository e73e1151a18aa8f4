"""What a stream does with a value is told however the value came there: nothing is lost on its way."""

from __future__ import annotations

import pytest
from weight_files import imported, look

from artifact_lint.formats import ReadLimits
from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.machine import Machine
from artifact_lint.formats.pickles.prescan import Prescan
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause, HazardKind, Use


def short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


def name(module: str, attribute: str) -> bytes:
    return short(module) + short(attribute) + b"\x93"


PATH = name("pathlib", "PurePosixPath")
SPACE = name("types", "SimpleNamespace")
GETATTR = name("builtins", "getattr")
NUMBERS = b"K\x01" * 10
#: A harmless use of what the memo holds as entry 0.
USED_WELL = b"h\x00" + PATH + short("name") + b"\x86R0"
CLASS = short("__class__") + b"N"
STATE = b"}" + CLASS + b"s"


def patched(stream: bytes) -> bool:
    inspection = look(b"\x80\x04" + stream + b".")
    doubts = {gap.cause for gap in inspection.incomplete} & {Cause.LIMIT}
    return bool(doubts) or HazardKind.PATCHED_CLASS in {hazard.kind for hazard in inspection.hazards}


@pytest.mark.parametrize(
    "stream",
    {
        "an alias of a class is made and given a state": name("types", "GenericAlias")
        + SPACE
        + b")\x86R)R"
        + STATE
        + b"b",
        "a function gives back what it gets": name("numpy", "object_") + SPACE + b")\x81\x85RN" + STATE + b"\x86b",
        "a slot state is an OrderedDict": SPACE
        + b")\x81N"
        + name("collections", "OrderedDict")
        + b")R"
        + CLASS
        + b"s\x86b",
        "a slot state is computed": SPACE + b")\x81" + name("builtins", "tuple") + b"](N" + STATE + b"e\x85Rb",
        "the first half of a state is special": SPACE + b")\x81" + STATE + b"}\x86b",
        "an instance is given another class": SPACE + b")\x81" + STATE + b"b",
        "torch rebuilds a subclass with slots": name("torch._tensor", "_rebuild_from_type_v2")
        + (b"(" + SPACE + SPACE + b")N" + STATE + b"\x86tR"),
    }.items(),
    ids=lambda case: case[0].replace(" ", "-"),
)
def test_a_special_attribute_is_told_whatever_way_it_takes(stream: tuple[str, bytes]) -> None:
    assert patched(stream[1])


def test_what_containers_call_by_name_counts_as_called() -> None:
    stream = SPACE + b")\x81}" + short("append") + PATH + b"sbK\x01a"
    (found,) = [one for one in look(b"\x80\x04" + stream + b".").imports if one.dotted == "pathlib:PurePosixPath"]
    assert Use.CALLED in found.uses


def test_a_factory_behind_many_keys_counts_as_called() -> None:
    pairs = b"".join(short(f"k{number}") + b"N" for number in range(600))
    state = b"N}(" + pairs + short("default_factory") + PATH + b"u\x86"
    stream = name("collections", "defaultdict") + b")\x81" + state + b"b"
    (found,) = [one for one in look(b"\x80\x04" + stream + b".").imports if one.dotted == "pathlib:PurePosixPath"]
    assert Use.CALLED in found.uses


def test_the_last_protocol_counts() -> None:
    stream = b"\x80\x04\x80\x02c__builtin__\nobject\n)\x81."
    assert [found.dotted for found in look(stream).imports] == ["__builtin__:object"]
    machine = Machine(Window(Memory(stream)), ReadLimits())
    machine.run()
    assert [found.resolved for found in machine.imports.values()] == ["builtins:object"]


def test_a_class_that_torch_s_legacy_layout_gives_back_is_called() -> None:
    stream = b"(" + short("module") + PATH + short("module.py") + short("source") + b"tQ)R"
    (found,) = look(b"\x80\x04" + stream + b".").imports
    assert Use.CALLED in found.uses


@pytest.mark.parametrize(
    "stream",
    {
        "an entry that a row memoizes again": GETATTR + b"\x94" + USED_WELL + b"h\x00\x94" + NUMBERS + b"h\x01",
        "an entry of an entry": GETATTR + b"\x94" + USED_WELL + b"h\x00\x94K\x010h\x01",
        "an entry within a tuple of a row": GETATTR + b"\x94" + USED_WELL + NUMBERS + b"h\x00\x85\x940h\x00",
    }.items(),
    ids=lambda case: case[0].replace(" ", "-"),
)
def test_a_function_is_seen_wherever_it_is_fetched_from(stream: tuple[str, bytes]) -> None:
    called = b"\x80\x04" + stream[1] + PATH + short("__globals__") + b"\x86R."
    scan = Prescan(Machine(Window(Memory(called)), ReadLimits()))
    try:
        scan.run()
    except FormatError:
        return
    shown = {found.resolved for found in scan.named()}
    assert "builtins:getattr" in shown or scan.gaps


def test_an_entry_is_what_it_was_when_it_was_fetched() -> None:
    stream = (
        b"\x80\x02cbuiltins\ngetattr\nq\x000h\x00cpathlib\nPurePosixPath\nX\x04\0\0\0name\x86R0"
        b"h\x00Nq\x000cpathlib\nPurePosixPath\nX\x0b\0\0\0__globals__\x86R."
    )
    scan = Prescan(Machine(Window(Memory(stream)), ReadLimits()))
    scan.run()
    assert "builtins:getattr" in {found.resolved for found in scan.named()} or scan.gaps


def test_a_computed_key_in_a_row_is_told() -> None:
    computed = name("builtins", "str") + b"C\x01a" + short("ascii") + b"\x86R\x940"
    keys = b"h\x00N" + b"".join(short(f"key{number:040}") + b"N" for number in range(20))
    stream = b"\x80\x04" + computed + SPACE + b")\x81N}(" + keys + b"u\x86b."
    scan = Prescan(Machine(Window(Memory(stream)), ReadLimits()))
    scan.run()
    assert scan.gaps or HazardKind.PATCHED_CLASS in {kind for kind, _ in scan.hazards}


def test_honest_instances_raise_nothing() -> None:
    state = b"}" + short("append") + b"K\x01s"
    stream = SPACE + b")\x81" + state + b"b0" + name("collections", "OrderedDict") + b")R" + short("__meta__") + b"Ns"
    inspection = look(b"\x80\x04" + stream + b".")
    assert imported(inspection) == {"types:SimpleNamespace", "collections:OrderedDict"}
    assert not inspection.incomplete
    assert not inspection.hazards
