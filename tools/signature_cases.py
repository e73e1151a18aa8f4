"""The files of the rule cases about signatures and shards: signed with keys that are the same every time."""

from __future__ import annotations

import json
import struct
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from execution_cases import archive
from model_signatures import GIT, Signer, private_key, public_pem, resources, sharded, statement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RULES = Path(__file__).resolve().parent.parent / "tests" / "rules"

#: What lies in the signed directories; the manifest is text that the cases keep.
_MANIFEST = "model-artifact.yaml"
_WEIGHTS = "churn.safetensors"


def shard(tensors: Mapping[str, list[int]], dtype: str = "F32", metadata: Mapping[str, str] | None = None) -> bytes:
    """A safetensors file with tensors of these shapes, all zeros."""
    width = {"F32": 4, "F16": 2, "BOOL": 1}[dtype]
    header: dict[str, Any] = {"__metadata__": dict(metadata or {"format": "pt"})}
    end = 0
    for name, shape in tensors.items():
        size = width
        for length in shape:
            size *= length
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(end)


def torch_shard(names: tuple[str, ...]) -> bytes:
    """A state dict of one float for each name, as `torch.save` writes it."""
    tensors = b"".join(_text(name) + _TENSOR % _text(str(number)) for number, name in enumerate(names))
    data = b"\x80\x02}(" + tensors + b"u."
    storages = {f"archive/data/{number}": bytes(4) for number in range(len(names))}
    return archive({"archive/data.pkl": data, "archive/version": b"3\n", **storages})


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


#: `_rebuild_tensor_v2(storage, 0, (1,), (1,), False, OrderedDict())` in protocol 2.
_TENSOR = (
    b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n%bX\x03\x00\x00\x00cpuK\x01tQ"
    b"K\x00K\x01\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR"
)


def linear() -> bytes:
    """A safetensors file with a weight of shape [1, 2] and a bias."""
    header: dict[str, Any] = {
        "weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
        "bias": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]},
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + struct.pack("<3f", 0.031, -0.012, -1.5)


def _present(case: str) -> dict[str, bytes]:
    manifest = RULES / case / "churn" / _MANIFEST
    return {_WEIGHTS: linear()} | ({_MANIFEST: manifest.read_bytes()} if manifest.exists() else {})


def signed(case: str, more: Mapping[str, bytes] | None = None, *, without: str = "", **stated: Any) -> bytes:  # noqa: ANN401 - of whatever type the statement takes
    """The signature of the directory `churn` of a case, of files more or less."""
    files = {name: data for name, data in (_present(case) | dict(more or {})).items() if name != without}
    return Signer().text(statement(resources(files), **stated))


def _other_root(case: str) -> bytes:
    stated = statement(resources(_present(case)))
    stated["subject"][0]["digest"]["sha256"] = "57cc5a31448a1b80346996c77d6ae611d2cdf20e3c2a088f1019587687d58f9d"
    return Signer().text(stated)


def _changed(case: str) -> bytes:
    stated = statement(resources(_present(case)))
    other = json.dumps(stated).encode()
    return Signer().text(statement(resources({_WEIGHTS: b"something else"})), payload=other)


def _cut(case: str) -> bytes:
    return signed(case)[:-200]


def _certified(case: str, material: Mapping[str, Any]) -> bytes:
    return Signer(private_key(2), material=material).text(statement(resources(_present(case))))


def _of(make: Callable[..., bytes], case: str, **more: Any) -> tuple[str, Callable[[], bytes]]:  # noqa: ANN401 - as above
    return f"{case}/churn/model.sig", partial(make, case, **more)


_CHAIN = {"x509CertificateChain": {"certificates": [{"rawBytes": "MIIC"}]}}
_KEYLESS = {"certificate": {"rawBytes": "MIIC"}}
_UNSIGNED_CASES = ("SUM111/bad-key", "SUM111/bad-production", "SUM111/good-other-stage", "SUM113/good-other-program")
_EMPTY_CASES = ("SUM113/bad-empty", "SUM113/bad-empty-asked")
_SIGNED_CASES = (
    "SUM101/bad-model-sig",
    "SUM101/bad-model-sig-parts",
    "SUM111/good",
    "SUM112/bad-absent",
    "SUM112/bad-astray",
    "SUM112/bad-other-digest",
    "SUM112/bad-old",
    "SUM112/bad-root",
    "SUM112/bad-unlisted",
    "SUM112/good",
    "SUM112/good-ignored",
    "SUM112/good-parts",
    "SUM113/bad-broken",
    "SUM113/bad-certificate",
    "SUM113/bad-changed",
    "SUM113/bad-no-key",
    "SUM113/bad-another-key",
    "SUM113/bad-other-json",
    "SUM113/bad-sigstore",
    "SUM113/good",
)


def _public(number: int) -> bytes:
    return public_pem(private_key(number))


def _keys() -> dict[str, Callable[[], bytes]]:
    others = {"SUM113/bad-another-key": 2}
    cases = ("good", "good-other-program", "bad-changed", "bad-certificate", "bad-broken", "bad-other-json")
    numbers = dict.fromkeys(("SUM111/bad-key", *(f"SUM113/{case}" for case in cases)), 1) | others
    return {f"{case}/signer.pub": partial(_public, number) for case, number in numbers.items()}


def _parts(case: str) -> bytes:
    return Signer().text(statement(sharded(_present(case), 64), method="shards"))


def _parts_of_other(case: str) -> bytes:
    files = _present(case)
    files[_WEIGHTS] = files[_WEIGHTS][:100] + bytes(len(files[_WEIGHTS]) - 100)
    return Signer().text(statement(sharded(files, 64), method="shards"))


_A = {"wte.weight": [3, 2], "h.0.attn.weight": [2, 2]}
_B = {"h.0.mlp.weight": [2, 4], "ln_f.weight": [2]}
_FIRST, _SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


def _shards(case: str, first: bytes, second: bytes) -> dict[str, Callable[[], bytes]]:
    found = {_FIRST: first, _SECOND: second}
    return {f"{case}/tiny/{name}": partial(bytes, data) for name, data in found.items()}


FILES: dict[str, Callable[[], bytes]] = (
    {f"{case}/churn/{_WEIGHTS}": linear for case in (*_SIGNED_CASES, *_UNSIGNED_CASES, *_EMPTY_CASES)}
    | {f"{case}/churn/model.sig": bytes for case in _EMPTY_CASES}
    | {
        "SUM113/bad-other-json/churn/model.sig": lambda: b"{}\n",
        "SUM113/good-other-program/churn/weights.sig": lambda: b"untrusted comment: signify signature\n",
    }
    | dict(
        (
            _of(signed, "SUM101/bad-model-sig", more={_WEIGHTS: b"what was signed"}),
            _of(_parts_of_other, "SUM101/bad-model-sig-parts"),
            _of(signed, "SUM111/good"),
            _of(signed, "SUM112/bad-absent", more={"preprocess.py": b"", "vocab.json": b"{}"}),
            _of(signed, "SUM112/bad-other-digest", more={"notes.txt": b"what was signed"}),
            _of(signed, "SUM112/bad-old", without=_MANIFEST, ignored=None),
            _of(_other_root, "SUM112/bad-root"),
            _of(signed, "SUM112/bad-unlisted", without=_MANIFEST),
            _of(signed, "SUM112/good"),
            _of(signed, "SUM112/good-ignored", ignored=("model.sig", "notes", *GIT)),
            _of(_parts, "SUM112/good-parts"),
            _of(_cut, "SUM113/bad-broken"),
            _of(_certified, "SUM113/bad-certificate", material=_CHAIN),
            _of(_changed, "SUM113/bad-changed"),
            _of(signed, "SUM113/bad-no-key"),
            _of(signed, "SUM113/bad-another-key"),
            _of(_certified, "SUM113/bad-sigstore", material=_KEYLESS),
            _of(signed, "SUM113/good"),
        )
    )
    | {
        "SUM112/bad-astray/churn/model.sig": lambda: Signer().text(statement(resources({"other.pkl": b"1"}))),
        **_keys(),
        **_shards("SUM105/bad-index", shard(_A), shard(_B)),
        **_shards("SUM105/good-index", shard(_A), shard(_B)),
        **_shards("SUM105/good-index-booleans", shard(_A, "BOOL"), shard(_B)),
        "SUM109/bad-number/tiny/model-00001-of-00003.safetensors": lambda: shard(_A),
        "SUM109/bad-number/tiny/model-00002-of-00003.safetensors": lambda: shard(_B),
        **_shards("SUM109/bad-misplaced", shard({"wte.weight": [3, 2]}), shard(_B | {"h.0.attn.weight": [2, 2]})),
        **_shards("SUM109/bad-orphan", shard(_A), shard(_B)),
        "SUM109/bad-orphan/tiny/model-00003-of-00003.safetensors": lambda: shard({"lm_head.weight": [3, 2]}),
        **_shards("SUM109/bad-twice", shard(_A), shard(_B | {"h.0.attn.weight": [2, 2]})),
        **_shards("SUM109/bad-unnamed", shard(_A), shard(_B | {"lm_head.weight": [3, 2]})),
        **_shards("SUM109/good", shard(_A), shard(_B)),
        **_shards("SUM109/good-shared", shard(_A, metadata={"lm_head.weight": "wte.weight"}), shard(_B)),
        "SUM109/bad-torch/tiny/pytorch_model-00001-of-00002.bin": lambda: torch_shard(("wte.weight", "ln_f.weight")),
        "SUM109/bad-torch/tiny/pytorch_model-00002-of-00002.bin": lambda: torch_shard(("h.0.mlp.weight",)),
        "SUM109/good-torch/tiny/pytorch_model-00001-of-00002.bin": lambda: torch_shard(("wte.weight",)),
        "SUM109/good-torch/tiny/pytorch_model-00002-of-00002.bin": lambda: torch_shard(("h.0.mlp.weight",)),
    }
)
