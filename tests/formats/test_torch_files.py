from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from described_files import CORPUS, facts_of
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import mutated
from torch_files import archive, entries, number, numbers, saved, tensor, text

from artifact_lint.formats.describing import describe
from artifact_lint.formats.inspecting import inspect
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.model.description import Description
    from artifact_lint.model.inspection import Inspection

FILES = {
    name: (CORPUS / environment / name, facts["format"])
    for environment in ("torch-1_13", "torch-2_1", "torch-2_6", "torch-2_13")
    for name, facts in facts_of(environment).items()
}
SMALL = ("tensor.pt", "legacy_tensor.pt", "signature.pt")


def told(content: bytes, format_: str = "torch-zip") -> Description:
    description = describe("churn.pt", Memory(content), format_)
    assert description is not None
    return description


def names(description: Description) -> list[str]:
    return [one.name for one in description.tensors]


def gaps(description: Description) -> list[tuple[Cause, str]]:
    return [(gap.cause, gap.detail) for gap in description.incomplete]


def is_passed(found: Inspection) -> bool:
    """Whether it is told as a pickle of which all was looked at."""
    return found.pickled and not found.incomplete


def test_what_an_archive_says_of_itself_is_metadata() -> None:
    path, format_ = FILES["module.pt"]
    metadata = told(path.read_bytes(), format_).metadata
    assert metadata["byteorder"] == "little"
    assert metadata["class"] == "__main__:Block"
    assert "torch.nn.modules.batchnorm:BatchNorm1d" in metadata["modules"]


def test_the_model_in_a_checkpoint_is_found_and_the_optimizer_is_not_taken_for_it() -> None:
    path, format_ = FILES["checkpoint.pth"]
    description = told(path.read_bytes(), format_)
    assert description.metadata["model"] == "state_dict"
    assert not any("exp_avg" in name for name in names(description))


def test_tied_tensors_are_told_and_counted_once() -> None:
    description = told(saved(entries({"wte": tensor([3, 2]), "head": tensor([3, 2])}), {"0": 24}))
    assert description.shared == {"head": "wte"}
    assert description.parameters == 6


def test_tens_of_thousands_of_tensors_are_all_told() -> None:
    value = entries({f"layers.{index}.weight": tensor([1], str(index)) for index in range(5_000)})
    description = told(saved(value, {str(index): 4 for index in range(5_000)}))
    assert description.has_all_tensors
    assert description.parameters == len(description.tensors) == 5_000
    assert not description.incomplete


@pytest.mark.parametrize(
    ("value", "cause", "detail"),
    [
        (tensor([2, 2], count=3), Cause.BROKEN, "the tensor '' needs 16 bytes of a storage that has 12"),
        (tensor([2], offset=-1), Cause.BROKEN, "the tensor '' needs 4 bytes of a storage that has 8"),
        (tensor([2], strides=[-1]), Cause.BROKEN, "the tensor '' needs 0 bytes of a storage that has 8"),
        (tensor([1 << 60], count=2), Cause.BROKEN, "needs 4,611,686,018,427,387,904 bytes of a storage that has 8"),
        (tensor([-1], count=2), Cause.BROKEN, "the tensor '' has a negative dimension"),
        (tensor([4]), Cause.TRUNCATED, "the storage 0 of '' has 8 of its 16 bytes"),
        (tensor([2], "7"), Cause.TRUNCATED, "the storage 7 of '' is not in the file"),
        (b"ctorch._utils\n_rebuild_some_day\n)R", Cause.UNSUPPORTED, "the tensor '' is written in a way"),
    ],
)
def test_a_tensor_that_its_storage_cannot_hold_is_told(value: bytes, cause: Cause, detail: str) -> None:
    description = told(saved(value, {"0": 8}))
    assert [gap.cause for gap in description.incomplete] == [cause]
    assert detail in description.incomplete[0].detail


def test_many_short_storages_are_told_by_some_of_them() -> None:
    value = entries({f"{index}": tensor([2], str(index)) for index in range(500)})
    description = told(saved(value, {}))
    assert len(description.tensors) == 500
    assert len(description.incomplete) == 10


def test_a_legacy_file_that_is_cut_names_the_first_tensor_that_is_not_whole() -> None:
    path, format_ = FILES["legacy_state_dict.pt"]
    whole = path.read_bytes()
    description = told(whole[:-4], format_)
    assert [one.name for one in description.tensors] == [one.name for one in told(whole, format_).tensors]
    assert {gap.cause for gap in description.incomplete} == {Cause.TRUNCATED}


def test_a_legacy_file_that_is_cut_anywhere_is_not_read_to_its_end() -> None:
    path, _ = FILES["legacy_tensor.pt"]
    whole = path.read_bytes()
    assert inspect("churn.pt", Memory(whole)).incomplete == ()
    assert [size for size in range(1, len(whole)) if is_passed(inspect("churn.pt", Memory(whole[:size])))] == []


@pytest.mark.parametrize(
    "value",
    [
        b"](" * 200_000 + b"e" * 200_000,
        b"]q\x00h\x00a",
        b"}q\x00" + text("state_dict") + b"h\x00s",
        b"]" + b"".join(b"q%c](h%ch%ce" % (index, index, index) for index in range(60)),
        entries({"a": tensor([1]), "b": b"N"}) + text("c") + text("x" * 100_000) + b"s",
        b"(" + tensor([1]) * 50 + b"l",
    ],
)
def test_nests_circles_and_doublings_end(value: bytes) -> None:
    description = told(saved(value, {"0": 4}))
    assert len(description.tensors) <= 50


def test_a_module_in_itself_ends() -> None:
    state = entries(
        {"_parameters": entries({"w": tensor([1])}), "_buffers": b"}", "_modules": b"}" + text("a") + b"h\x00s"}
    )
    description = told(saved(b"cchurn\nNet\n)\x81q\x00" + state + b"b", {"0": 4}))
    assert (Cause.LIMIT, "it holds more, or deeper, than is looked at") in gaps(description)


@pytest.mark.parametrize(
    ("members", "cause"),
    [
        ({"models/model.json": b"[" * 100_000}, Cause.LIMIT),
        ({"models/model.json": b"{"}, Cause.BROKEN),
        ({"models/model.json": b"[" + b"1," * 1_000_001 + b"1]"}, Cause.LIMIT),
        ({"models/model.json": b" " * ((1 << 25) + 1)}, Cause.LIMIT),
    ],
)
def test_a_program_that_is_no_program_is_told(members: dict[str, bytes], cause: Cause) -> None:
    description = told(archive({f"a/{name}": content for name, content in members.items()}), "pt2")
    assert [gap.cause for gap in description.incomplete] == [cause]


def test_raw_weights_that_are_shorter_than_their_tensors_are_told() -> None:
    sizes = [{"as_int": 2}]
    meta = {"dtype": 7, "sizes": sizes, "strides": [{"as_int": 1}], "storage_offset": {"as_int": 0}}
    config = {"config": {"w": {"path_name": "weight_0", "use_pickle": False, "tensor_meta": meta}}}
    members = {
        "a/models/model.json": b"{}",
        "a/data/weights/model_weights_config.json": json.dumps(config).encode(),
        "a/data/weights/weight_0": bytes(4),
    }
    description = told(archive(members), "pt2")
    assert (description.tensors[0].name, description.tensors[0].dtype, description.tensors[0].shape) == (
        "w",
        "float32",
        (2,),
    )
    assert gaps(description) == [(Cause.BROKEN, "the tensor 'w' needs 8 bytes of a storage that has 4")]


@pytest.mark.parametrize("value", [None, 3, [], {"graph": 1, "signature": []}, {"signature": {"input_specs": [1, {}]}}])
def test_a_program_of_another_shape_has_no_ends(value: object) -> None:
    content = archive({"a/models/model.json": json.dumps({"graph_module": value}).encode()})
    description = told(content, "pt2")
    assert description.inputs is None or description.inputs.value == ()
    assert description.outputs is None


def test_dimensions_of_several_symbols_are_free() -> None:
    sizes = ["s0", "2*s0", "Symbol('s77', positive=True, integer=True)", "Mul(Integer(2), Symbol('s77', integer=True))"]
    meta = {"dtype": 5, "sizes": [{"as_expr": {"expr_str": size}} for size in sizes] + [{"as_int": 3}, 4, {}]}
    spec = {"user_input": {"arg": {"as_tensor": {"name": "ids"}}}}
    program = {"graph_module": {"graph": {"tensor_values": {"ids": meta}}, "signature": {"input_specs": [spec]}}}
    description = told(archive({"a/models/model.json": json.dumps(program).encode()}), "pt2")
    assert description.inputs is not None
    assert description.inputs.value[0].shape == ("s0", None, "s77", None, 3, 4, None)


def test_arguments_of_a_script_are_told_whatever_their_defaults() -> None:
    code = b"""class Net(Module):
  __parameters__ = ["w", ]
  def forward(self: __torch__.Net,
    x: Dict[str, Tuple[int, int]]={"a,)": (1, 2)},
    y: str="),z=(") -> Tensor:
    return x
"""
    value = b"c__torch__\nNet\n)\x81" + entries({"w": tensor([1]), "other": tensor([1])}) + b"b"
    with_code = {"a/data.pkl": b"\x80\x02" + value + b".", "a/code/__torch__.py": code, "a/data/0": bytes(4)}
    description = told(archive(with_code), "torchscript")
    assert description.inputs is not None
    assert [spec.name for spec in description.inputs.value] == ["x", "y"]
    assert names(description) == ["w"]


@pytest.mark.parametrize("name", SMALL)
def test_a_file_that_is_cut_anywhere_is_told_without_an_error(name: str) -> None:
    path, format_ = FILES[name]
    whole = path.read_bytes()
    for length in range(len(whole)):
        description = told(whole[:length], format_)
        assert description.incomplete or description.tensors == told(whole, format_).tensors


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_files_are_described_or_told_to_be_damaged(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(name for name in FILES if FILES[name][0].stat().st_size < 30_000)))
    path, format_ = FILES[name]
    told(data.draw(mutated(path.read_bytes())), format_)


def test_sizes_are_numbers_alone() -> None:
    shape = b"(" + number(2) + b"\x88t"
    value = tensor([2]).replace(numbers([2]), shape, 1)
    assert gaps(told(saved(value, {"0": 8})))[0][0] is Cause.UNSUPPORTED
