"""Signatures held against public keys: the one module that knows cryptography, from the extra `sign`.

Source: DSSE 1.0 (protocol.md, the pre-authentication encoding); the algorithm registry of the OpenSSF Model Signing
specification 1.0 (ECDSA over P-256, P-384 and P-521), and the hash that Sigstore pairs with each curve. Signatures by
model_signing before 0.3 (predicate `https://model_signing/Digests/v0.1`) encode the payload as Python prints it, and
may have used SHA-256 whatever the curve.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Authenticity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from artifact_lint.model import Envelope, PublicKey

#: A key file is read up to this many bytes; one of P-521 has 268.
LARGEST_KEY: Final = 1 << 16

EXTRA: Final = "pip install 'artifact-lint[sign]'"

#: The curves, as cryptography calls them, with the hash of each.
_HASHES: Final = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
_PUBLIC: Final = b"-----BEGIN PUBLIC KEY-----"


def why_no_key(pem: bytes) -> str | None:
    """Why bytes are no public key that a signature could be held against, as the rest of a sentence; None if they are.

    Without the extra `sign` only the frame of the text is looked at.
    """
    if b"PRIVATE KEY-----" in pem:
        return "holds a private key: name the public key, and keep this one where only the signer reads it"
    if b"-----BEGIN CERTIFICATE-----" in pem:
        return "holds a certificate: `openssl x509 -pubkey -noout -in FILE` prints its public key"
    if _PUBLIC not in pem:
        return "holds no public key in PEM form (-----BEGIN PUBLIC KEY-----)"
    try:
        key = _load(pem)
    except ImportError:
        return None
    except ValueError:
        return "holds a public key that cannot be read"
    if key is None:
        return "holds no key of ECDSA over P-256, P-384 or P-521, which models are signed with"
    return None


def verify(envelope: Envelope, keys: Sequence[PublicKey]) -> Verdict:
    """Whether one of some public keys made a signature."""
    if not keys:
        return Verdict(Authenticity.UNASKED)
    named = None
    for key in keys:
        try:
            loaded = _load(key.pem)
        except ImportError:
            return Verdict(Authenticity.UNKNOWN, f"that takes an extra: {EXTRA}")
        except ValueError:
            loaded = None
        if loaded is None:
            return Verdict(Authenticity.UNKNOWN, f"{key.name} holds no key that models are signed with")
        if _made(loaded, envelope):
            return Verdict(Authenticity.AUTHENTIC, key.name)
        if envelope.hint is not None and envelope.hint.lower() == _fingerprint(loaded):
            named = key.name
    if named is not None:
        return Verdict(Authenticity.FORGED, named)
    return Verdict(Authenticity.FOREIGN, ", ".join(key.name for key in keys[:4]))


def _load(pem: bytes) -> EllipticCurvePublicKey | None:
    """A key of one of the curves; None for any other.

    Raises:
        ImportError: The extra is not installed.
        ValueError: The text is no public key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra, and 50 ms to import
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey  # noqa: PLC0415 - likewise
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - likewise

    try:
        key = load_pem_public_key(pem)
    except UnsupportedAlgorithm:
        return None
    return key if isinstance(key, EllipticCurvePublicKey) and key.curve.name in _HASHES else None


def _made(key: EllipticCurvePublicKey, envelope: Envelope) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - likewise
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415 - likewise

    own = _HASHES[key.curve.name]
    for hash_name in (own, "SHA256") if envelope.legacy else (own,):
        algorithm = ECDSA(getattr(hashes, hash_name)())
        for signed in _encodings(envelope):
            try:
                key.verify(envelope.signature, signed, algorithm)
            except InvalidSignature:
                continue
            return True
    return False


def _encodings(envelope: Envelope) -> Iterator[bytes]:
    """What a signer has signed for these contents."""
    kind, payload = envelope.payload_type.encode(), envelope.payload
    yield b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    if envelope.legacy:
        yield f"DSSEV1 {len(kind)} {envelope.payload_type} {len(payload)} {payload!r}".encode()


def _fingerprint(key: EllipticCurvePublicKey) -> str:
    """How a signature names the key that made it: the SHA-256 of its PEM text."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - an extra

    return hashlib.sha256(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
