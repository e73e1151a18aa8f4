"""PyTorch's zip archives: `torch.save` since 1.6, TorchScript, and exported programs (pt2).

After torch/serialization.py and caffe2/serialize/inline_container.h (PyTorch 2.9): one directory named after the
file holds `data.pkl`, `version`, `byteorder` and the storages below `data/`; TorchScript adds `constants.pkl` and
`code/`; an exported program has `archive_format` and `models/*.json`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import Format
from artifact_lint.formats.documents import Statements, member_text
from artifact_lint.formats.members import read_members, small_member
from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.zip_records import Entry
    from artifact_lint.model.description import Description

#: Calls in TorchScript's code that leave PyTorch's own tensors: by name, or to the operators of another library. The
#: namespaces are those that PyTorch 2.13 registers itself (`torch._C._jit_get_all_schemas`).
_CALL: Final = (
    rb"\b(?:(?:torch|ops\s*\.\s*aten)\s*\.\s*(save|from_file|load)|(rpc_async|rpc_sync|rpc_remote)"
    rb"|ops\s*\.\s*((?!(?:aten|prims?|_?quantized|quantization|sparse|mkldnn|mkldnn_prepacked|onednn|mkl|inductor"
    rb"|profiler|rngprims|export|static_runtime|_c10d_functional|onnx|_native)\b)\w{1,80}\s*\.\s*\w{1,120}))\s*\("
)
#: The members that hold it, and how much of it is read in all, in bytes.
_CODE: Final = r"(?is)/code/.*\.py\Z"
_MOST_CODE = 1 << 24
_LIBRARIES = (".so", ".dll", ".dylib", ".pyd")
_FACTS = {"byteorder": "byteorder", "version": "archive_version", "archive_format": "archive_format"}


def _inner_names(probe: Probe) -> set[str]:
    # PyTorch's zip reader (miniz) finds members whatever the case of their names. Storages, nearly all of them, tell
    # nothing.
    names = (entry.name.casefold() for entry in probe.members.value if not entry.name[-1:].isdigit())
    return {name.partition("/")[2] or name for name in names}


def _is_exported(probe: Probe) -> bool:
    names = _inner_names(probe)
    old = "serialized_exported_program.json" in names
    return old or "archive_format" in names or any(n.startswith("models/") and n.endswith(".json") for n in names)


def _is_script(probe: Probe) -> bool:
    names = _inner_names(probe)
    return "constants.pkl" in names and any(name.startswith("code/") for name in names)


def _is_saved(probe: Probe) -> bool:
    return "data.pkl" in _inner_names(probe)


def _read(job: Job, findings: Findings) -> None:
    findings.framework = "pytorch"
    found = read_members(job, findings)
    code = 0
    for name, entry in found.items():
        fact = _FACTS.get(name.casefold().partition("/")[2])
        if fact is not None and not job.member:
            findings.metadata[fact] = small_member(job.source, entry, job)[:80].decode("utf-8", "replace").strip()
        if re.search(_CODE, name):
            code += entry.size
            if code > _MOST_CODE:
                detail = f"more than {_MOST_CODE:,} bytes of code"
                findings.add_incomplete(Cause.LIMIT, detail, entry.header, job.member)
                return
        _read_code(job, name.casefold(), entry, findings)


def _read_code(job: Job, name: str, entry: Entry, findings: Findings) -> None:
    path = job.inner(job.source, entry.name).member
    if name.endswith(_LIBRARIES):
        findings.add_hazard(HazardKind.SCRIPT_CODE, f"native library {name.rpartition('/')[2]}", 0, path)
    if not re.search(_CODE, name):
        return
    text = member_text(job, entry, findings)
    statements = Statements(findings, member=path)
    for match in re.finditer(_CALL, text or b""):
        called = match[1] or match[2] or match[3]
        operator = re.sub(r"\s*\.\s*", "::", called.decode("ascii", "replace"))
        operator = operator if match[3] else f"{'aten' if match[1] else 'prim'}::{operator}"
        statements.add(HazardKind.SCRIPT_CODE, operator, offset=match.start())


def _describe_saved(job: Job) -> Description:
    from artifact_lint.formats import torch_reader  # noqa: PLC0415 - the machine, for those who ask

    return torch_reader.describe_zip(job)


def _describe_script(job: Job) -> Description:
    from artifact_lint.formats import torchscript_reader  # noqa: PLC0415 - the machine, for those who ask

    return torchscript_reader.describe(job)


def _describe_exported(job: Job) -> Description:
    from artifact_lint.formats import pt2_reader  # noqa: PLC0415 - the reader of documents, for those who ask

    return pt2_reader.describe(job)


PT2 = Format(
    "pt2",
    "PyTorch exported program",
    (".pt2",),
    _is_exported,
    _read,
    frameworks=("pytorch",),
    pickled=True,
    describe=_describe_exported,
)

TORCHSCRIPT = Format(
    "torchscript",
    "TorchScript",
    (".pt", ".pth", ".ts", ".torchscript"),
    _is_script,
    _read,
    frameworks=("pytorch",),
    aliases=("jit",),
    pickled=True,
    safe_alternative="safetensors",
    describe=_describe_script,
)

TORCH_ZIP = Format(
    "torch-zip",
    "PyTorch zip",
    (".pt", ".pth", ".bin", ".ckpt", ".pth.tar"),
    _is_saved,
    _read,
    frameworks=("pytorch",),
    aliases=("pt", "pth", "torch", "pytorch", "ckpt"),
    pickled=True,
    safe_alternative="safetensors",
    describe=_describe_saved,
)
