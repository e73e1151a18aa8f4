"""Paths that weight files name, told apart by their text alone: no file system is asked."""

from __future__ import annotations

import re

#: A root, a home, a drive, a URI: none of them is relative anywhere. Exporters name files after tensors: `kernel:0`.
_ROOTED = re.compile(r"[/\\~]|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*:/|file:")
#: Where ONNX Runtime takes an address in memory for a file (onnxruntime/core/framework/tensorprotoutils.h).
_MEMORY = "_ORT_MEM_ADDR_"


def escapes(path: str) -> bool:
    """Whether a path leads, or may lead, out of the directory that it is relative to, on any system."""
    if _ROOTED.match(path) or _MEMORY in path or "\0" in path or not path.isprintable():
        return True
    return ".." in re.split(r"[/\\]", path)
