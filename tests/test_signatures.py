"""Signatures held against public keys."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from model_signatures import CURVES, PAYLOAD_TYPE, Signer, old_statement, private_key, public_pem, resources, statement

from artifact_lint.adapters.signature_bundles import read_bundle
from artifact_lint.document import Limits, Syntax, parse
from artifact_lint.model import Authenticity, Envelope, PublicKey
from artifact_lint.signatures import verify, why_no_key

FILES = {"churn.pkl": b"weights"}


def envelope(data: bytes) -> Envelope:
    bundle = read_bundle(parse("model.sig", data, Syntax.JSON).root, Limits())
    assert bundle is not None
    return bundle.envelope


def key(number: int = 1, curve: str = "P-256") -> PublicKey:
    return PublicKey(f"{number}.pub", public_pem(private_key(number, curve)))


SIGNED = envelope(Signer().text(statement(resources(FILES))))


@pytest.mark.parametrize("curve", CURVES)
def test_the_key_that_signed_is_recognised(curve: str) -> None:
    signed = envelope(Signer(private_key(1, curve), curve).text(statement(resources(FILES))))
    assert verify(signed, [key(1, curve)]).authenticity is Authenticity.AUTHENTIC


def test_one_of_several_keys_is_enough() -> None:
    verdict = verify(SIGNED, [key(2), key(3, "P-384"), key(1)])
    assert (verdict.authenticity, verdict.detail) == (Authenticity.AUTHENTIC, "1.pub")


def test_another_key_did_not_sign() -> None:
    verdict = verify(SIGNED, [key(2), key(3)])
    assert (verdict.authenticity, verdict.detail) == (Authenticity.FOREIGN, "2.pub, 3.pub")


def test_no_key_is_no_question() -> None:
    assert verify(SIGNED, []).authenticity is Authenticity.UNASKED


def test_contents_that_the_key_did_not_sign_are_forged() -> None:
    other = json.dumps(statement(resources({"churn.pkl": b"other"}))).encode()
    changed = envelope(Signer().text(statement(resources(FILES)), payload=other))
    assert verify(changed, [key(2), key(1)]).authenticity is Authenticity.FORGED


def test_without_a_hint_nobody_can_tell_forged_from_foreign() -> None:
    other = json.dumps(statement(resources({"churn.pkl": b"other"}))).encode()
    changed = envelope(Signer(material={}).text(statement(resources(FILES)), payload=other))
    assert verify(changed, [key(1)]).authenticity is Authenticity.FOREIGN


@pytest.mark.parametrize("curve", CURVES)
def test_the_first_releases_encoded_and_hashed_their_own_way(curve: str) -> None:
    old = envelope(Signer(private_key(1, curve), curve).text(old_statement(FILES), old=True))
    assert old.legacy
    assert verify(old, [key(1, curve)]).authenticity is Authenticity.AUTHENTIC
    today = Envelope(old.payload_type, old.payload, old.signature)
    assert verify(today, [key(1, curve)]).authenticity is Authenticity.FOREIGN


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_changed_byte_goes_unnoticed(position: int, change: int) -> None:
    for field in ("payload", "signature"):
        data = bytearray(getattr(SIGNED, field))
        data[position % len(data)] ^= change
        changed = {"payload": SIGNED.payload, "signature": SIGNED.signature, field: bytes(data)}
        verdict = verify(Envelope(PAYLOAD_TYPE, changed["payload"], changed["signature"]), [key(1)])
        assert verdict.authenticity is Authenticity.FOREIGN


def test_without_the_extra_nothing_is_authentic(monkeypatch: pytest.MonkeyPatch) -> None:
    pem = key(1)
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.setitem(sys.modules, name, None)
    verdict = verify(SIGNED, [pem])
    assert verdict.authenticity is Authenticity.UNKNOWN
    assert "pip install 'artifact-lint[sign]'" in verdict.detail
    assert why_no_key(pem.pem) is None
    assert why_no_key(b"junk") is not None


def test_cryptography_is_imported_for_a_key_alone() -> None:
    script = (
        "import sys, artifact_lint.cli.check, artifact_lint.engine, artifact_lint.settings;"
        "sys.exit('cryptography' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def _pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (b"", "holds no public key in PEM form"),
        (b"\x30\x59\x30\x13", "holds no public key in PEM form"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "holds a public key that cannot be read"),
        (_pem(ed25519.Ed25519PrivateKey.generate()), "holds no key of ECDSA over P-256, P-384 or P-521"),
        (_pem(rsa.generate_private_key(65537, 2048)), "holds no key of ECDSA over P-256, P-384 or P-521"),
        (_pem(ec.generate_private_key(ec.SECP256K1())), "holds no key of ECDSA over P-256, P-384 or P-521"),
        (
            private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            "holds a private key: name the public key",
        ),
        (b"-----BEGIN CERTIFICATE-----\n", "holds a certificate: `openssl x509 -pubkey"),
    ],
)
def test_what_is_no_public_key_says_why(pem: bytes, reason: str) -> None:
    assert (why_no_key(pem) or "").startswith(reason)


@pytest.mark.parametrize("curve", CURVES)
def test_a_public_key_of_each_curve_is_one(curve: str) -> None:
    assert why_no_key(public_pem(private_key(1, curve))) is None
