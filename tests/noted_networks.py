"""The directories of tiny models that tools/tiny_networks.py noted, written again: all of a file but the numbers."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artifact_lint.engine import Request, lint
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.model import Finding

NOTED = Path(__file__).parent / "networks" / "models.jsonl"
#: What these models are about.
FAMILIES = ("CON", "ENV101")
_BYTES = {"F32": 4, "BF16": 2, "F16": 2, "F64": 8, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1, "I8": 1, "F8_E4M3": 1}


def noted() -> list[dict[str, Any]]:
    """Every model that was noted: its class, documents and tensors."""
    with NOTED.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write_tensors(path: Path, tensors: Mapping[str, list[Any]]) -> None:
    """A safetensors file of zeros."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (dtype, shape) in tensors.items():
        length = _BYTES[dtype] * math.prod(shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + length]}
        end += length
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)


def write(directory: Path, model: Mapping[str, Any]) -> None:
    """The files of one model."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, document in model["documents"].items():
        (directory / name).write_text(json.dumps(document, indent=2), encoding="utf-8")
    write_tensors(directory / "model.safetensors", model["tensors"])


def said(directory: Path) -> list[Finding]:
    """What the rules about the agreement of components say of a directory."""
    (directory / ".git").mkdir(exist_ok=True)
    report = lint([str(directory)], Request(Settings()))
    return [finding for finding in report.findings if finding.code.startswith(FAMILIES)]
