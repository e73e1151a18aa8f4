"""Signatures of models as `model_signing` writes them, with keys that are the same every time.

Written after the OpenSSF Model Signing specification 1.0. The signatures are deterministic (RFC 6979), so that the same
directory always has the same `model.sig`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurve

CURVES: Mapping[str, tuple[type[EllipticCurve], type[hashes.HashAlgorithm]]] = {
    "P-256": (SECP256R1, hashes.SHA256),
    "P-384": (SECP384R1, hashes.SHA384),
    "P-521": (SECP521R1, hashes.SHA512),
}
GIT = (".git", ".gitattributes", ".github", ".gitignore")
PAYLOAD_TYPE = "application/vnd.in-toto+json"


def private_key(number: int = 1, curve: str = "P-256") -> EllipticCurvePrivateKey:
    """One of some keys that nobody may use for anything."""
    return derive_private_key(number + (1 << 200), CURVES[curve][0]())


def public_pem(key: EllipticCurvePrivateKey) -> bytes:
    """The public key in PEM form."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def digest(data: bytes, algorithm: str = "sha256") -> str:
    """Hexadecimal."""
    return hashlib.new(algorithm, data).hexdigest()


def resources(files: Mapping[str, bytes], algorithm: str = "sha256") -> list[dict[str, str]]:
    """One resource for each file, sorted."""
    return [
        {"algorithm": algorithm, "digest": digest(data, algorithm), "name": name}
        for name, data in sorted(files.items())
    ]


def sharded(files: Mapping[str, bytes], size: int) -> list[dict[str, str]]:
    """One resource for each part of each file."""
    return [
        {
            "algorithm": f"sha256-sharded-{size}",
            "digest": digest(data[start : start + size]),
            "name": f"{name}:{start}:{min(start + size, len(data))}",
        }
        for name, data in sorted(files.items())
        for start in range(0, len(data), size)
    ]


def statement(
    listed: Iterable[Mapping[str, str]],
    *,
    subject: str = "churn",
    ignored: Iterable[str] | None = ("model.sig", *GIT),
    method: str = "files",
) -> dict[str, Any]:
    """What is signed of a directory; `ignored` is None for releases before 1.1."""
    found = [dict(one) for one in listed]
    root = hashlib.sha256(b"".join(bytes.fromhex(one["digest"]) for one in found)).hexdigest()
    serialization: dict[str, Any] = {"method": method, "hash_type": "sha256", "allow_symlinks": False}
    if ignored is not None:
        serialization["ignore_paths"] = list(ignored)
    if method == "shards":
        serialization["shard_size"] = 400.0
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": subject, "digest": {"sha256": root}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {"serialization": serialization, "resources": found},
    }


def old_statement(files: Mapping[str, bytes]) -> dict[str, Any]:
    """What model_signing 0.2 signed: one subject for each file."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": name, "digest": {"sha256": digest(data)}, "annotations": {"actual_hash_algorithm": "file-sha256"}}
            for name, data in sorted(files.items())
        ],
        "predicateType": "https://model_signing/Digests/v0.1",
        "predicate": {"unused": "Unused, just passed due to API requirements"},
    }


@dataclass(frozen=True, slots=True)
class Signer:
    """Whoever signs: a key, and how the signature says so."""

    key: EllipticCurvePrivateKey = field(default_factory=private_key)
    curve: str = "P-256"
    material: Mapping[str, Any] | None = None

    def bundle(self, signed: object, *, payload: bytes | None = None, old: bool = False) -> dict[str, Any]:
        """A Sigstore bundle around a statement; `payload` stands in it afterwards, in place of what was signed."""
        content = json.dumps(signed, indent=1).encode()
        own = {"publicKey": {"hint": digest(public_pem(self.key))}}
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {**(own if self.material is None else self.material), "tlogEntries": []},
            "dsseEnvelope": {
                "payload": _encoded(payload if payload is not None else content),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"sig": _encoded(self._signature(content, old=old)), "keyid": ""}],
            },
        }

    def text(self, signed: object, *, payload: bytes | None = None, old: bool = False) -> bytes:
        """The same as the bytes of a file."""
        return json.dumps(self.bundle(signed, payload=payload, old=old), separators=(",", ":")).encode()

    def _signature(self, content: bytes, *, old: bool) -> bytes:
        head = f"{len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(content)}"
        encoded = f"DSSEV1 {head} {content!r}".encode() if old else f"DSSEv1 {head} ".encode() + content
        algorithm = hashes.SHA256() if old else CURVES[self.curve][1]()
        return self.key.sign(encoded, ECDSA(algorithm, deterministic_signing=True))


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
