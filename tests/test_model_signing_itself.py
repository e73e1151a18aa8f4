"""What the real `model_signing` signs is read, and what it refuses is refused."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from gates.repositories import needs
from model_signatures import CURVES, private_key, public_pem
from safetensors.numpy import save

from artifact_lint.engine import Request, lint
from artifact_lint.model import Severity
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings, override

if TYPE_CHECKING:
    from artifact_lint.model import Finding

pytestmark = needs("model_signing")

#: What signs directories in ways that the command has no options for, and tells which of them are still as signed.
_SCRIPT = """
import json, sys
from model_signing import hashing, signing, verifying

def hashed(algorithm, size):
    config = hashing.Config()
    if size:
        config.use_shard_serialization(hashing_algorithm=algorithm, shard_size=size)
    else:
        config.use_file_serialization(hashing_algorithm=algorithm)
    return config.set_ignored_paths(paths=["model.sig"])

def sign(model, key, *way):
    signer = signing.Config().use_elliptic_key_signer(private_key=key)
    signer.set_hashing_config(hashed(*way)).sign(model, f"{model}/model.sig")

def verify(model, key, *way):
    verifier = verifying.Config().use_elliptic_key_verifier(public_key=key)
    try:
        verifier.set_hashing_config(hashed(*way)).verify(model, f"{model}/model.sig")
    except ValueError:
        return False
    return True

print(json.dumps([{"sign": sign, "verify": verify}[sys.argv[1]](*case) for case in json.loads(sys.argv[2])]))
"""


def in_python(doing: str, cases: list[tuple[str, str, str, int]]) -> list[bool]:
    """What comes of signing or verifying directories, each with a key and a way of hashing."""
    tool = shutil.which("model_signing")
    assert tool is not None
    python = Path(tool).resolve().with_name("python")
    command = [str(python), "-W", "ignore", "-c", _SCRIPT, doing, json.dumps(cases)]
    verdicts: list[bool] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return verdicts


def write_model(place: Path) -> Path:
    """A directory with weights, a text and an empty file, and what git keeps there."""
    import numpy as np

    (place / "tokens").mkdir(parents=True)
    (place / "churn.safetensors").write_bytes(save({"weight": np.zeros((8, 8), "float32")}))
    (place / "tokens" / "vocab.txt").write_text("a\nb\n")
    (place / "empty").touch()
    (place / ".gitattributes").write_text("*.safetensors filter=lfs\n")
    return place


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "churn")


def write_key(place: Path, curve: str = "P-256", number: int = 1) -> tuple[Path, Path]:
    key = private_key(number, curve)
    own, public = place / f"{curve}-{number}.pem", place / f"{curve}-{number}.pub"
    own.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(public_pem(key))
    return own, public


def model_signing(*arguments: str | Path) -> None:
    """The real command."""
    subprocess.run(["model_signing", *map(str, arguments)], check=True, capture_output=True)


def findings(model: Path, *public: Path) -> list[Finding]:
    settings = override(Settings(), all_rules(), select=("SUM",), public_keys=[str(key) for key in public])
    report = lint([str(model)], Request(settings))
    assert report.artifacts
    assert not report.failures
    return list(report.findings)


def errors(model: Path, *public: Path) -> list[str]:
    return [found.message for found in findings(model, *public) if found.severity is Severity.ERROR]


@pytest.mark.parametrize("curve", CURVES)
def test_a_signed_directory_is_authentic(model: Path, tmp_path: Path, curve: str) -> None:
    own, public = write_key(tmp_path, curve)
    model_signing("sign", "key", model, "--private_key", own, "--signature", model / "model.sig")
    assert findings(model, public) == []
    _, other = write_key(tmp_path, curve, 2)
    assert errors(model, other) == [f"model.sig was not signed with {other}"]
    (found,) = findings(model)
    assert (found.code, found.severity) == ("SUM113", Severity.NOTE)
    assert "consistent, not authenticated" in found.message


def change(model: Path) -> None:
    weights = model / "churn.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")


def change_text(model: Path) -> None:
    (model / "tokens" / "vocab.txt").write_text("a\nc\n")


def append(model: Path) -> None:
    with (model / "churn.safetensors").open("ab") as weights:
        weights.write(b"\x00")


def cut(model: Path) -> None:
    weights = model / "churn.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def add(model: Path) -> None:
    (model / "tokens" / "late.py").write_text("import os\n")


def remove(model: Path) -> None:
    (model / "tokens" / "vocab.txt").unlink()


def rename(model: Path) -> None:
    (model / "churn.safetensors").rename(model / "fraud.safetensors")


def move_directory(model: Path) -> None:
    (model / "tokens").rename(model / "words")


def touch_git(model: Path) -> None:
    (model / ".gitignore").write_text("*.tmp\n")


def leave(_: Path) -> None:
    """Nothing."""


CHANGES = (change, change_text, append, cut, add, remove, rename, move_directory, touch_git, leave)


#: How files are hashed, and the size of the parts; 0 for whole files.
WAYS = (("sha256", 0), ("sha256", 100), ("blake2", 0), ("blake2", 100), ("blake3", 0))


def test_what_model_signing_refuses_is_refused(tmp_path: Path) -> None:
    own, public = write_key(tmp_path)
    signed = {way: write_model(tmp_path / f"{way[0]}-{way[1]}" / "churn") for way in WAYS}
    in_python("sign", [(str(model), str(own), *way) for way, model in signed.items()])
    cases: dict[Path, tuple[str, int]] = {}
    for way, model in signed.items():
        for mutation in CHANGES:
            case = model.parent / mutation.__name__ / "churn"
            shutil.copytree(model, case)
            mutation(case)
            cases[case] = way
    theirs = in_python("verify", [(str(case), str(public), *way) for case, way in cases.items()])
    ours = [errors(case, public) == [] for case in cases]
    assert dict(zip(cases, ours, strict=True)) == dict(zip(cases, theirs, strict=True))
    assert sum(theirs) == 2 * len(WAYS)


def test_a_signature_beside_the_directory_is_found(model: Path, tmp_path: Path) -> None:
    own, public = write_key(tmp_path)
    signature = model.parent / "model.sig"
    model_signing("sign", "key", model, "--private_key", own, "--signature", signature)
    assert findings(model.parent, public) == []
    change(model)
    assert len(errors(model.parent, public)) == 1


def test_a_single_file_is_found(model: Path, tmp_path: Path) -> None:
    own, public = write_key(tmp_path)
    weights = model / "churn.safetensors"
    model_signing("sign", "key", weights, "--private_key", own, "--signature", model / "model.sig")
    assert findings(model, public) == []
    change(model)
    assert len(errors(model, public)) == 1


def test_a_certificate_is_said_to_be_unverified(model: Path, tmp_path: Path) -> None:
    own, _ = write_key(tmp_path)
    certificate = tmp_path / "signer.crt"
    certificate.write_bytes(_certificate())
    arguments = ("--private_key", own, "--signing_certificate", certificate, "--certificate_chain", certificate)
    model_signing("sign", "certificate", model, *arguments, "--signature", model / "model.sig")
    (found,) = findings(model)
    assert "consistent, not authenticated; it was signed with a certificate" in found.message
    _, other = write_key(tmp_path, number=2)
    assert len(errors(model, other)) == 1


def _certificate() -> bytes:
    key = private_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer")])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    builder = builder.not_valid_after(dt.datetime(2100, 1, 1, tzinfo=dt.UTC)).add_extension(usage, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
