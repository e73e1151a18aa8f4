"""The pickles of the rule cases about the shape of a stream, put together byte by byte; the worst runs `echo`."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: An empty OrderedDict, and the call of a shell.
_GOOD = b"\x80\x02ccollections\nOrderedDict\n)R."
_EVIL = b"\x80\x02cposix\nsystem\nX\x0a\x00\x00\x00echo churn\x85R."


def _short(text: str) -> bytes:
    return b"\x8c" + struct.pack("B", len(text)) + text.encode()


def _made(module: str, name: str) -> bytes:
    """Protocol 4: an instance of a class, without STOP."""
    return b"\x80\x04" + _short(module) + _short(name) + b"\x93)\x81"


def _storage(key: bytes) -> bytes:
    """A persistent id as torch writes it for a storage of eight floats on the processor."""
    return b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00" + key + b"X\x03\x00\x00\x00cpuK\x08tQ"


def _framed(length: int, body: bytes) -> bytes:
    return b"\x80\x04\x95" + struct.pack("<Q", length) + body


def _constant(content: bytes) -> bytes:
    return b"C" + struct.pack("B", len(content)) + content


def _patched() -> bytes:
    """A state that is set on a class itself."""
    state = b"}X\x07\x00\x00\x00predictcbuiltins\nlen\nsb."
    return b"\x80\x02csklearn.pipeline\nPipeline\n" + state


#: What each file holds, by its path below tests/rules.
PICKLES: dict[str, Callable[[], bytes]] = {
    "PKL102/bad-framework/churn.pkl": lambda: _made("torch.nn.modules.linear", "Linear") + b"}b.",
    "PKL102/bad-repository/models/churn.pkl": lambda: _made("churn.features", "LogTransformer") + b".",
    "PKL102/bad-torchscript-name/churn.pkl": lambda: _made("__torch__.churn", "Net") + b".",
    "PKL102/good-framework/churn.pkl": lambda: _made("torch.nn.modules.linear", "Linear") + b"}b.",
    "PKL104/bad-class-method/churn.pkl": lambda: _made("sklearn.pipeline", "Pipeline.fit") + b".",
    "PKL104/bad-nested-class/churn.pkl": lambda: _made("churn_features", "LogTransformer.Options") + b".",
    "PKL104/good-manifest/churn.pkl": lambda: _made("churn_features", "LogTransformer.Options") + b".",
    "PKL104/good/churn.pkl": lambda: (
        b"\x80\x04" + _short("zoneinfo") + _short("ZoneInfo._unpickle") + b"\x93" + _short("UTC") + b"K\x01\x86R."
    ),
    "PKL106/bad-object/churn.pkl": lambda: b"\x80\x02X\x09\x00\x00\x00customersQ.",
    "PKL106/bad-text/churn.pkl": lambda: b"(lp0\nPcustomers\na.",
    "PKL106/good/churn.pkl": lambda: (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n("
        + _storage(b"0")
        + b"K\x00K\x08\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR."
    ),
    "PKL107/bad-class/churn.pkl": _patched,
    "PKL107/good/churn.pkl": lambda: _made("sklearn.pipeline", "Pipeline") + b"}" + _short("steps") + b"]sb.",
    "PKL112/bad-crossing/churn.pkl": lambda: _framed(4, _short("a text") + b"."),
    "PKL112/good/churn.pkl": lambda: _framed(9, _short("a text") + b"."),
    "PKL113/bad-dangerous-pickle/churn.pkl": lambda: _GOOD + _EVIL,
    "PKL113/bad-data/churn.pkl": lambda: _GOOD + bytes(64),
    "PKL113/bad-pickle/churn.pkl": lambda: _GOOD + _GOOD,
    "PKL113/good/churn.pkl": lambda: _GOOD,
    "PKL114/bad-constant/churn.pkl": lambda: b"\x80\x04" + _constant(_GOOD) + b".",
    "PKL114/bad-dangerous/churn.pkl": lambda: b"\x80\x04" + _constant(_EVIL) + b".",
    "PKL114/good/churn.pkl": lambda: b"\x80\x04" + _constant(b"not a pickle") + b".",
}
