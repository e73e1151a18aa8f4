"""PyTorch's zip archives: `torch.save` since 1.6, TorchScript, and exported programs (pt2).

After torch/serialization.py and caffe2/serialize/inline_container.h (PyTorch 2.9): one directory named after the
file holds `data.pkl`, `version`, `byteorder` and the storages below `data/`; TorchScript adds `constants.pkl` and
`code/`; an exported program has `archive_format` and `models/*.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format
from artifact_lint.formats.members import read_members, small_member

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings

_FACTS = {"byteorder": "byteorder", "version": "archive_version", "archive_format": "archive_format"}


def _inner_names(probe: Probe) -> set[str]:
    # PyTorch's zip reader (miniz) finds members whatever the case of their names.
    names = (entry.name.casefold() for entry in probe.members.value)
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
    for name, entry in found.items():
        fact = _FACTS.get(name.casefold().partition("/")[2])
        if fact is not None and not job.member:
            findings.metadata[fact] = small_member(job.source, entry, job)[:80].decode("utf-8", "replace").strip()


PT2 = Format("pt2", "PyTorch exported program", (".pt2",), _is_exported, _read, frameworks=("pytorch",), pickled=True)

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
)
