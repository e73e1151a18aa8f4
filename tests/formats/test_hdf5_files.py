from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import mutated
from weight_files import look, zipped

from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from collections.abc import Callable

h5py = pytest.importorskip("h5py")

#: h5py has no types.
Group: TypeAlias = Any

LAMBDA = json.dumps(
    {
        "class_name": "Sequential",
        "config": {"layers": [{"class_name": "Lambda", "config": {"name": "ratio", "function": ["4wEA", None, None]}}]},
    }
)


def written(fill: Callable[[Group], None], **options: object) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        fill(file)
    return buffer.getvalue()


def attribute(value: object, more: int = 0) -> Callable[[Group], None]:
    def fill(file: Group) -> None:
        for index in range(more):
            file.attrs[f"a{index}"] = "x" * 20
        file.attrs["model_config"] = value

    return fill


@pytest.mark.parametrize(
    ("value", "more", "options"),
    [
        (LAMBDA, 0, {}),
        (h5py.Empty("f4"), 0, {}),
        (LAMBDA.encode(), 0, {}),
        (LAMBDA.replace("class_name", "\\u0063lass_name").replace("Lambda", "\\u004cambda"), 0, {}),
        (LAMBDA, 0, {"userblock_size": 1024}),
        (LAMBDA, 0, {"libver": "latest"}),
        (LAMBDA, 0, {"track_order": True}),
        (LAMBDA, 40, {"libver": "latest"}),
        (LAMBDA, 400, {"libver": "latest"}),
    ],
)
def test_a_layer_of_code_is_found_wherever_the_attribute_is_kept(
    value: object, more: int, options: dict[str, Any]
) -> None:
    inspection = look(written(attribute(value, more), **options), "m.h5")
    if isinstance(value, h5py.Empty):
        assert [gap.cause for gap in inspection.incomplete] == [Cause.UNSUPPORTED]
        return
    (hazard,) = inspection.hazards
    assert hazard.evidence == "the Lambda layer 'ratio' holds marshalled Python code"
    assert (inspection.framework, inspection.incomplete) == ("keras", ())


def test_the_place_of_a_layer_is_that_in_the_file() -> None:
    content = written(attribute(LAMBDA))
    (hazard,) = look(content, "m.h5").hazards
    assert content[hazard.offset :].startswith(b'"Lambda"')


@pytest.mark.parametrize("size", [70_000, 200_000])
def test_what_is_kept_in_a_way_that_is_not_read_is_told_and_searched(size: int) -> None:
    import numpy as np

    inspection = look(written(attribute(np.bytes_(LAMBDA + " " * size)), libver="latest"), "m.h5")
    assert [gap.cause for gap in inspection.incomplete] == [Cause.UNSUPPORTED]
    assert [hazard.kind for hazard in inspection.hazards] == [HazardKind.LAMBDA_LAYER]


def links(file: Group) -> None:
    file["a"] = h5py.ExternalLink("/etc/passwd", "/x")
    file.create_group("g/h")["b"] = h5py.ExternalLink("../up.h5", "/x")
    file["c"] = h5py.SoftLink("/g")


def many_links(file: Group) -> None:
    for index in range(60):
        file[f"d{index}"] = h5py.SoftLink("/g")
    file["a"] = h5py.ExternalLink("/etc/passwd", "/x")


def external_data(file: Group) -> None:
    file.create_dataset("d", shape=(4,), dtype="u1", external=[("/etc/passwd", 0, 4)])


def virtual_data(file: Group) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="u1")
    layout[:] = h5py.VirtualSource("/etc/passwd", "d", shape=(4,))
    file.create_virtual_dataset("v", layout)


@pytest.mark.parametrize(
    ("fill", "libver", "paths"),
    [
        (links, "earliest", ["/etc/passwd", "../up.h5"]),
        (links, "latest", ["/etc/passwd", "../up.h5"]),
        (many_links, "latest", ["/etc/passwd"]),
        (external_data, "earliest", ["/etc/passwd"]),
        (virtual_data, "latest", ["/etc/passwd"]),
    ],
)
def test_what_is_opened_in_other_files_is_stated(fill: Callable[[Group], None], libver: str, paths: list[str]) -> None:
    content = written(fill, libver=libver)
    for inspection in (look(content, "m.h5"), look(zipped({"config.json": b"{}", "m.weights.h5": content}), "m.keras")):
        found = [hazard.evidence for hazard in inspection.hazards if hazard.kind is HazardKind.EXTERNAL_PATH]
        assert (sorted(found), inspection.incomplete) == (sorted(paths), ())


def weights(file: Group) -> None:
    import numpy as np

    for index in range(120):
        group = file.create_group(f"layer_{index}")
        group.create_dataset("kernel:0", data=np.zeros((4, 4)), chunks=(2, 2), compression="gzip")
        group.attrs["weight_names"] = [b"kernel:0"]
    file.attrs["keras_version"] = "2.15.0"
    file.attrs["layer_names"] = [f"layer_{index}".encode() for index in range(120)]


@pytest.mark.parametrize("options", [{}, {"libver": "latest"}, {"track_order": True}])
def test_ordinary_weights_state_nothing(options: dict[str, Any]) -> None:
    inspection = look(written(weights, **options), "m.h5")
    assert (inspection.hazards, inspection.incomplete) == ((), ())


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_mutated_files_raise_nothing(libver: str, data: st.DataObject) -> None:
    def fill(file: Group) -> None:
        links(file)
        attribute(LAMBDA, 12)(file)

    look(data.draw(mutated(written(fill, libver=libver))), "m.h5")


@pytest.mark.parametrize("count", [300, 6000])
def test_an_index_of_any_depth_is_read(count: int) -> None:
    def fill(file: Group) -> None:
        for index in range(count):
            file[f"a_layer_of_a_long_name_{index:06}"] = h5py.ExternalLink(f"{index}.h5", "/")

    found = look(written(fill, libver="latest"), "model.h5")
    assert not found.incomplete
    assert {hazard.evidence for hazard in found.hazards} == {f"{index}.h5" for index in range(count)}


def test_a_header_that_goes_on_in_itself_is_broken() -> None:
    content = bytearray(written(attribute("x", 40)))
    # A continuation message of a version 1 header: type 16, 16 bytes, flags and three reserved bytes, then its place.
    at = content.index(b"\x10\x00\x10\x00\x00\x00\x00\x00") + 8
    start = int.from_bytes(content[at : at + 8], "little")
    content[start : start + 24] = b"\x10\x00\x10\x00\x00\x00\x00\x00" + content[at : at + 16]
    assert Cause.BROKEN in {part.cause for part in look(bytes(content), "model.h5").incomplete}


def test_a_tree_that_leads_back_into_itself_is_broken() -> None:
    content = bytearray(written(lambda file: file.create_group("layer")))
    tree = content.index(b"TREE")
    # Signature, type, level and number of entries, both siblings and the first key; then the first child.
    content[tree + 32 : tree + 40] = tree.to_bytes(8, "little")
    assert Cause.BROKEN in {part.cause for part in look(bytes(content), "model.h5").incomplete}
