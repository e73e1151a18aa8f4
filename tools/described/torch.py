"""PyTorch's files in all their layouts, by PyTorch's own word."""

from __future__ import annotations

import io
import re
import zipfile
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch

from described.asked import answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from described.asked import Facts

_OPTIMIZER = {"state", "param_groups"}
#: Which entry of a checkpoint is the model, where there are others that hold tensors.
_MODELS = ("state_dict", "model_state_dict", "model")
_STACK = re.compile(rb'"stack_trace": "(?:[^"\\]|\\.)*"')
#: What the writer of archives adds by itself.
_OF_THE_WRITER = {"version", ".data/version", ".data/serialization_id"}
_VERSION = tuple(int(number) for number in torch.__version__.split("+")[0].split(".")[:2])


class Block(torch.nn.Module):  # type: ignore[misc] # of a library that is not here
    """A module of a class that is nobody's but this file's."""

    def __init__(self) -> None:
        super().__init__()
        self.fold = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
        self.scale = torch.nn.Parameter(torch.ones(4))
        self.register_buffer("mask", torch.tensor([True, False, True, True]))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)
        self.aside = torch.zeros(7)

    def forward(self, rows: torch.Tensor, factor: int = 2) -> torch.Tensor:
        """What the block makes of rows of three numbers."""
        return self.fold(rows) * self.scale * factor


class Tied(torch.nn.Module):  # type: ignore[misc] # of a library that is not here
    """An embedding and an output layer that are one tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(6, 3)
        self.head = torch.nn.Linear(3, 6, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, ids: torch.Tensor, *, offset: torch.Tensor) -> dict[str, torch.Tensor]:
        """Logits of tokens."""
        hidden = self.embedding(ids) + offset
        return {"logits": self.head(hidden), "hidden": hidden}


def _dtypes() -> dict[str, torch.Tensor]:
    names = [
        *("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"),
        *("complex64", "complex128", "uint16", "uint32", "uint64"),
        *("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"),
    ]
    tensors = {name: torch.empty((2, 3), dtype=getattr(torch, name)) for name in names if hasattr(torch, name)}
    return {name: tensor for name, tensor in tensors.items() if _can_save(tensor)}


def _can_save(tensor: torch.Tensor) -> bool:
    try:
        torch.save(tensor, io.BytesIO())
    except KeyError:  # its storage has no name in this version
        return False
    return True


def _views() -> dict[str, torch.Tensor]:
    base = torch.arange(24, dtype=torch.float32)
    return {
        "whole": base,
        "table": base.view(4, 6),
        "row": base.view(4, 6)[2],
        "column": base.view(4, 6)[:, 1],
        "turned": base.view(4, 6).t(),
        "spread": torch.ones(1, 3).expand(5, 3),
        "scalar": torch.tensor(3),
        "empty": torch.empty(0, 4),
        "as_bytes": torch.arange(4, dtype=torch.uint8),
    }


def _others() -> dict[str, Any]:
    dense = torch.tensor([[0.0, 1.0], [2.0, 0.0]])
    quantized = torch.quantize_per_tensor(torch.ones(2, 3), 0.1, 3, torch.quint8)
    scales, zeros = torch.tensor([0.1, 0.2]), torch.tensor([0, 1])
    by_channel = torch.quantize_per_channel(torch.ones(2, 3), scales, zeros, 0, torch.qint8)
    parameter = torch.nn.Parameter(torch.ones(3))
    parameter.tag = "kept"  # an attribute makes another reconstructor write it
    return {
        "sparse": dense.to_sparse(),
        "csr": dense.to_sparse_csr(),
        "quantized": quantized,
        "by_channel": by_channel,
        "parameter": parameter,
        "buffer": torch.nn.Parameter(torch.ones(2), requires_grad=False),
        "meta": torch.empty(8, 2, device="meta"),
        "conjugated": torch.ones(2, dtype=torch.complex64).conj(),
    }


def _no_source(*_: object) -> tuple[list[str], int, str]:
    """In place of the source of a class, which the legacy layout adds with the path of its file."""
    return ["pass"], 0, "described.py"


def _without_places(file: Path) -> None:
    """Write an archive again without the paths of source files on the machine that wrote it."""
    with zipfile.ZipFile(file) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    kept = {
        name: _STACK.sub(b'"stack_trace": ""', content) if name.endswith(".json") else content
        for name, content in members.items()
        if not name.endswith(".debug_pkl")
    }
    if not all("/" in name for name in kept):  # what `torch.export.save` wrote by Python's own means
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in kept.items():
                archive.writestr(name, content)
        return
    writer = torch._C.PyTorchFileWriter(str(file))  # noqa: SLF001 - the one that wrote it
    for name, content in kept.items():
        inner = name.partition("/")[2]
        if inner not in _OF_THE_WRITER:
            writer.write_record(inner, content, len(content))
    writer.write_end_of_file()


def write(directory: Path) -> None:
    """Every layout that this version of PyTorch writes."""
    torch.manual_seed(0)
    torch.serialization.get_source_lines_and_file = _no_source
    block, tied = Block().eval(), Tied().eval()
    optimizer = torch.optim.Adam(block.parameters())
    block(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    checkpoint = {"epoch": 3, "state_dict": block.state_dict(), "optimizer": optimizer.state_dict()}
    lightning = {
        "epoch": 1,
        "pytorch-lightning_version": "2.1.0",
        "callbacks": {"best": torch.tensor(0.5)},
        "optimizer_states": [optimizer.state_dict()],
        "state_dict": block.state_dict(),
    }
    saved = {
        "state_dict.pt": block.state_dict(),
        "tied.bin": tied.state_dict(),
        "dtypes.pt": _dtypes(),
        "views.pt": _views(),
        "others.pt": _others(),
        "tensor.pt": torch.ones(2, 3),
        "nested.pt": {"layers": [torch.ones(2), (torch.ones(3), "x")], 5: torch.ones(1), "name": "n"},
        "gan.pt": {"generator": block.state_dict(), "critic": tied.state_dict(), "steps": torch.tensor(4)},
        "checkpoint.pth": checkpoint,
        "lightning.ckpt": lightning,
        "module.pt": block,
        "module_in_checkpoint.pt": {"model": tied, "ema": None, "optimizer": optimizer},
        "sequence.pt": torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.ReLU(), torch.nn.LSTM(2, 3)),
        "parallel.pt": torch.nn.DataParallel(block),
        "nothing.pt": {},
        "many.pt": OrderedDict((f"layers.{index}.weight", torch.ones(1)) for index in range(600)),
    }
    for name, value in saved.items():
        torch.save(value, directory / name)
        if name not in {"many.pt", "dtypes.pt", "others.pt"}:
            torch.save(value, directory / f"legacy_{name}", _use_new_zipfile_serialization=False)
    torch.jit.trace(block, torch.ones(2, 3)).save(str(directory / "trace.pt"))
    torch.jit.script(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())).save(str(directory / "script.pt"))
    torch.jit.script(Scripted()).save(str(directory / "signature.pt"))
    if _VERSION >= (2, 1):
        _export(directory, block, tied)
    for file in [*directory.glob("*.pt2"), *(directory / name for name in ("trace.pt", "script.pt", "signature.pt"))]:
        _without_places(file)


class Scripted(torch.nn.Module):  # type: ignore[misc] # of a library that is not here
    """A script with types of several kinds in its signature."""

    def forward(
        self, x: torch.Tensor, masks: list[torch.Tensor], size: tuple[int, int], note: str = ","
    ) -> torch.Tensor:
        """Nothing of use."""
        return x + len(masks) + size[0] + len(note)


def _export(directory: Path, block: torch.nn.Module, tied: torch.nn.Module) -> None:
    from torch import export  # noqa: PLC0415 - PyTorch 2.1 and later

    rows, ids = torch.ones(4, 3), torch.ones((4, 5), dtype=torch.long)
    offset = torch.ones(4, 5, 3)
    export.save(export.export(block, (rows,)), directory / "fixed.pt2")
    if not hasattr(export, "Dim"):
        free = [export.dynamic_dim(rows, 0)]
        export.save(export.export(block, (rows,), constraints=free), directory / "dynamic.pt2")
        return
    batch, length = export.Dim("batch", min=2, max=64), export.Dim("length", min=2, max=128)
    dynamic: dict[str, Any] = {"rows": {0: batch}, "factor": None}
    export.save(export.export(block, (rows, 2), dynamic_shapes=dynamic), directory / "dynamic.pt2")
    dynamic = {"ids": {0: batch, 1: length}, "offset": {0: batch, 1: length}}
    export.save(export.export(tied, (ids,), {"offset": offset}, dynamic_shapes=dynamic), directory / "tied.pt2")


def facts(file: Path) -> Facts:
    """What PyTorch loads."""
    if file.suffix == ".pt2":
        return _exported(file)
    if zipfile.is_zipfile(file) and any(name.endswith("/constants.pkl") for name in zipfile.ZipFile(file).namelist()):
        return _scripted(file)
    keywords = {"weights_only": False} if _VERSION >= (1, 13) else {}
    loaded = torch.load(file, map_location="cpu", **keywords)
    tensors = dict(_named(_model(loaded)))
    is_zip = zipfile.is_zipfile(file)
    return {"format": "torch-zip" if is_zip else "torch-legacy", **_weights(tensors)}


def _weights(tensors: dict[str, torch.Tensor]) -> dict[str, object]:
    told = {name: [_name(tensor.dtype), list(tensor.shape)] for name, tensor in tensors.items()}
    distinct = {_place(name, tensor): tensor.numel() for name, tensor in tensors.items()}
    return {"tensors": told, "parameters": sum(distinct.values())}


def _place(name: str, tensor: torch.Tensor) -> object:
    """What two names of the same items have in common."""
    if tensor.layout is not torch.strided or tensor.is_meta or not tensor.numel():
        return name
    return tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _model(loaded: Any) -> Any:  # noqa: ANN401 - anything can be saved
    if not isinstance(loaded, dict):
        return loaded
    holders = {key: value for key, value in loaded.items() if next(_named(value), None) is not None}
    apart = [key for key, value in holders.items() if not isinstance(value, torch.Tensor)]
    if len(holders) == 1 and apart:
        return loaded[apart[0]]
    known = [key for key in _MODELS if key in apart]
    if len(known) == 1 and (apart == known or "pytorch-lightning_version" in loaded):
        return loaded[known[0]]
    return loaded


def _named(value: Any, path: str = "") -> Iterator[tuple[str, torch.Tensor]]:  # noqa: ANN401
    inner = f"{path}." if path else ""
    if isinstance(value, torch.Tensor):
        yield path, value
    elif isinstance(value, torch.nn.Module):
        yield from ((inner + name, tensor) for name, tensor in _all_of(value))
    elif isinstance(value, dict) and not value.keys() >= _OPTIMIZER:
        for key, item in value.items():
            yield from _named(item, f"{inner}{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _named(item, f"{inner}{index}")


def _scripted(file: Path) -> Facts:
    module = torch.jit.load(str(file), map_location="cpu")
    schema = module.forward.schema
    inputs = [[argument.name, None, None] for argument in schema.arguments[1:]]
    return {"format": "torchscript", "inputs": inputs, **_weights(dict(_all_of(module)))}


def _all_of(module: Any) -> Iterator[tuple[str, torch.Tensor]]:  # noqa: ANN401
    for path, inner in module.named_modules(remove_duplicate=False):
        for find in (inner.named_parameters, inner.named_buffers):
            yield from ((f"{path}.{name}" if path else name, tensor) for name, tensor in find(recurse=False))


def _exported(file: Path) -> Facts:
    program = torch.export.load(file)
    signature = program.graph_signature
    placeholders = {node.name: node.meta.get("val") for node in program.graph.nodes}
    values = (torch.Tensor, torch.SymInt)  # and not what a constant argument is
    inputs, outputs = (
        [_spec(name, placeholders[name]) for name in names if isinstance(placeholders.get(name), values)]
        for names in (signature.user_inputs, signature.user_outputs)
    )
    constants = getattr(program, "constants", {})
    tensors = {**program.state_dict, **{k: v for k, v in constants.items() if isinstance(v, torch.Tensor)}}
    stated = {"torch": torch.__version__} if _VERSION >= (2, 5) else {}
    return {"format": "pt2", "inputs": inputs, "outputs": outputs, "versions": stated, **_weights(tensors)}


def _spec(name: str, value: Any) -> list[object]:  # noqa: ANN401
    if not isinstance(value, torch.Tensor):
        return [name, None, None]
    return [name, _name(value.dtype), [_dimension(size) for size in value.shape]]


def _dimension(size: Any) -> int | str | None:  # noqa: ANN401
    if isinstance(size, int):
        return size
    expression = size.node.expr
    return str(expression) if expression.is_Symbol else None


if __name__ == "__main__":
    answer(write, facts)
