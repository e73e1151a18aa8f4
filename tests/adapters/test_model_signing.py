"""Signatures of models: which files they are about, and what of them they do not list."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_signatures import GIT, Signer, old_statement, resources, sharded, statement
from trees import plant

from artifact_lint.adapters.model_signing import supply
from artifact_lint.adapters.signature_bundles import Bundle, BundleError, UnknownVersionError, read_bundle
from artifact_lint.document import DocumentError, Limits, Syntax, parse
from artifact_lint.model import NOTHING, Irregularity, Record, SigningMethod

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILES = {"churn.pkl": b"weights", "config.json": b"{}", "tokens/vocab.txt": b"a\nb\n"}


def sign(files: Mapping[str, bytes] = FILES, **stated: Any) -> bytes:  # noqa: ANN401 - of whatever type it takes
    return Signer().text(statement(resources(files), **stated))


def supplied(root: Path, files: Mapping[str, bytes], directory: str = "", weights: str = "churn.pkl") -> Record:
    return supply(plant(root, files), directory, NOTHING, [weights])


def listed(record: Record) -> list[str]:
    return [mention.path or "" for mention in record.mentions]


def test_every_listed_file_is_vouched_for_by_its_digest(tmp_path: Path) -> None:
    record = supplied(tmp_path, FILES | {"model.sig": sign()})
    assert listed(record) == ["churn.pkl", "config.json", "tokens/vocab.txt"]
    assert all(mention.vouches and not mention.required for mention in record.mentions)
    (digest,) = record.mentions[1].digests
    assert digest.value == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert (digest.origin.path, digest.origin.pointer) == ("model.sig", "/dsseEnvelope/payload")
    (signature,) = record.signatures
    assert (signature.method, signature.trouble, signature.contradiction) == (SigningMethod.KEY, "", "")
    assert (signature.unlisted, signature.absent, signature.astray) == ((), (), False)
    assert [source.path for source in record.sources] == ["model.sig"]


def test_files_that_are_not_listed_and_listed_ones_that_are_gone_are_told(tmp_path: Path) -> None:
    present = {name: data for name, data in FILES.items() if name != "config.json"}
    record = supplied(tmp_path, present | {"model.sig": sign(), "late.py": b"", "tokens/more.txt": b""})
    assert record.signatures[0].unlisted == ("late.py", "tokens/more.txt")
    assert record.signatures[0].absent == ("config.json",)


def test_what_is_never_signed_is_not_missed(tmp_path: Path) -> None:
    kept = (
        ".gitattributes",
        ".gitignore",
        ".github/workflows/ci.yml",
        ".cache/huggingface/download/churn.pkl.metadata",
    )
    record = supplied(tmp_path, FILES | {"model.sig": sign(ignored=None)} | dict.fromkeys(kept, b""))
    assert record.signatures[0].unlisted == ()


def test_what_is_not_linted_is_missed_but_for_gits_own(tmp_path: Path) -> None:
    planted = (
        "__pycache__/x.cpython-312.pyc",
        ".venv/pyvenv.cfg",
        "env/pyvenv.cfg",
        "node_modules/a.js",
        "tokens/.git/hooks/post-checkout",
        "venv/a.py",
    )
    files = FILES | {"model.sig": sign(), ".git/config": b""} | dict.fromkeys(planted, b"")
    assert supplied(tmp_path, files).signatures[0].unlisted == tuple(sorted(planted))


def test_what_lies_deeper_by_the_name_of_gits_files_is_missed(tmp_path: Path) -> None:
    record = supplied(tmp_path, FILES | {"model.sig": sign(), "tokens/.gitignore": b""})
    assert record.signatures[0].unlisted == ("tokens/.gitignore",)


def test_ignored_paths_are_whole_paths_from_the_top(tmp_path: Path) -> None:
    extra = {"notes/a.md": b"", "tokens/notes/a.md": b"", "notes.md": b""}
    record = supplied(tmp_path, FILES | extra | {"model.sig": sign(ignored=("model.sig", "./notes", *GIT))})
    assert record.signatures[0].unlisted == ("notes.md", "tokens/notes/a.md")


def test_a_release_that_does_not_say_what_it_ignored_is_told_apart(tmp_path: Path) -> None:
    record = supplied(tmp_path, FILES | {"model.sig": sign(ignored=None), "late.py": b""})
    assert record.signatures[0].keeps_silent
    assert not supplied(tmp_path / "other", FILES | {"model.sig": sign()}).signatures[0].keeps_silent


def test_other_signatures_and_files_that_stand_in_for_listed_ones_are_not_missed(tmp_path: Path) -> None:
    more = {"second.sig": sign(), "config.json.dvc": b"outs:\n- path: config.json\n"}
    record = supplied(tmp_path, FILES | {"model.sig": sign()} | more)
    assert [signature.unlisted for signature in record.signatures] == [(), ()]


def test_a_file_that_dvc_keeps_is_not_gone(tmp_path: Path) -> None:
    present = {name: data for name, data in FILES.items() if name != "config.json"}
    out = b"outs:\n- md5: 99914b932bd37a50b983c5e7c90ae93b\n  size: 2\n  path: config.json\n"
    record = supplied(tmp_path, present | {"model.sig": sign(), "config.json.dvc": out})
    assert record.signatures[0].absent == ()


def test_a_signature_beside_the_directory_is_about_the_directory(tmp_path: Path) -> None:
    files = {f"churn/{name}": data for name, data in FILES.items()}
    record = supplied(tmp_path, files | {"model.sig": sign(), "README.md": b""}, "churn", "churn/churn.pkl")
    assert listed(record) == ["churn/churn.pkl", "churn/config.json", "churn/tokens/vocab.txt"]
    assert record.signatures[0].unlisted == ()


def test_a_signature_beside_another_directory_says_nothing(tmp_path: Path) -> None:
    files = {f"churn/{name}": data for name, data in FILES.items()} | {"other/other.pkl": b"x"}
    assert supplied(tmp_path, files | {"model.sig": sign()}, "other", "other/other.pkl") == NOTHING


@pytest.mark.parametrize("name", [".", "churn.pkl"])
def test_a_single_file_may_be_signed(tmp_path: Path, name: str) -> None:
    signed = sign({name: b"weights"}, subject="churn.pkl")
    record = supplied(tmp_path, {"churn.pkl": b"weights", "other.txt": b"", "model.sig": signed}, "churn.pkl")
    assert listed(record) == ["churn.pkl"]
    assert (record.signatures[0].unlisted, record.signatures[0].absent) == ((), ())


def test_a_signature_of_a_single_file_says_nothing_of_the_one_beside_it(tmp_path: Path) -> None:
    files = {"churn.pkl": b"weights", "fraud.pkl": b"", "churn.sig": sign({".": b"weights"}, subject="churn.pkl")}
    assert supplied(tmp_path, files, "fraud.pkl", "fraud.pkl") == NOTHING


def test_a_signature_of_other_files_is_astray_beside_these(tmp_path: Path) -> None:
    record = supplied(tmp_path, {"churn.pkl": b"", "model.sig": sign({"other.pkl": b""})})
    assert record.signatures[0].astray
    assert record.signatures[0].unlisted == ()


def test_a_signature_of_other_files_further_up_is_about_something_else(tmp_path: Path) -> None:
    files = {"models/churn/churn.pkl": b"", "model.sig": sign({"other.pkl": b""})}
    assert supplied(tmp_path, files, "models/churn", "models/churn/churn.pkl") == NOTHING


def test_parts_of_files_are_listed_with_their_ranges(tmp_path: Path) -> None:
    files = {"churn.pkl": bytes(1000), "config.json": b"{}", "empty": b""}
    signed = Signer().text(statement(sharded(files, 400), method="shards"))
    record = supplied(tmp_path, files | {"model.sig": signed})
    weights, config = record.mentions
    assert [(part.start, part.end) for part in weights.parts] == [(0, 400), (400, 800), (800, 1000)]
    assert weights.digests == ()
    assert (weights.size.value if weights.size else None) == 1000
    assert [digest.value[:12] for digest in config.digests] == ["sha256:44136"]
    assert record.signatures[0].unlisted == ()


def test_parts_that_leave_bytes_out_are_no_digest(tmp_path: Path) -> None:
    files = {"churn.pkl": bytes(1000)}
    parts = [part for part in sharded(files, 400) if ":400:" not in part["name"]]
    signed = Signer().text(statement(parts, method="shards"))
    record = supplied(tmp_path, files | {"model.sig": signed})
    assert [fault.value for fault in record.mentions[0].malformed] == [
        "the parts of churn.pkl do not follow one another at byte 400"
    ]


def test_a_file_whose_name_has_colons_keeps_it(tmp_path: Path) -> None:
    files = {"v1:b.pkl": bytes(600)}
    signed = Signer().text(statement(sharded(files, 400), method="shards"))
    assert listed(supplied(tmp_path, files | {"model.sig": signed}, weights="v1:b.pkl")) == ["v1:b.pkl"]


def test_the_first_releases_list_one_subject_for_each_file(tmp_path: Path) -> None:
    signed = Signer().text(old_statement(FILES), old=True)
    record = supplied(tmp_path, FILES | {"model.sig": signed, "late.py": b""})
    assert listed(record) == ["churn.pkl", "config.json", "tokens/vocab.txt"]
    assert (record.signatures[0].unlisted, record.signatures[0].keeps_silent) == (("late.py",), True)


def test_a_path_that_leaves_the_directory_is_remarked_upon_and_not_followed(tmp_path: Path) -> None:
    record = supplied(tmp_path, FILES | {"model.sig": sign(FILES | {"../secret": b"", "/etc/passwd": b""})})
    assert {remark.kind for remark in record.remarks} == {Irregularity.PATH_ESCAPES}
    assert listed(record) == ["churn.pkl", "config.json", "tokens/vocab.txt"]


def test_a_root_digest_of_other_files_contradicts(tmp_path: Path) -> None:
    stated = statement(resources(FILES))
    stated["subject"][0]["digest"]["sha256"] = "00" * 32
    signature = supplied(tmp_path, FILES | {"model.sig": Signer().text(stated)}).signatures[0]
    assert signature.contradiction.startswith("its root digest is sha256:000000000000, and that of the files it lists")


def test_a_signature_of_nothing_contradicts(tmp_path: Path) -> None:
    signature = supplied(tmp_path, FILES | {"model.sig": sign({})}).signatures[0]
    assert signature.contradiction == "it lists no file"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("other.sig", b"-----BEGIN PGP SIGNATURE-----\n"),
        ("other.sig", b"\x89\x01\x33\x04\x00"),
        ("other.sig", b'{"signature": "abc"}'),
        ("other.sig", b'{"signature": '),
        ("claims.jsonl", sign()),
        ("other.sig", Signer().text({"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev"})),
    ],
)
def test_what_is_no_signature_of_a_model_says_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    assert supplied(tmp_path, FILES | {name: content}) == NOTHING


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"{}", "it holds no Sigstore bundle that signs a model"),
        (b"[]", "it holds no Sigstore bundle that signs a model"),
        (b"\x89\x01\x33\x00garbage", "it holds no Sigstore bundle that signs a model"),
        (b'{"signature": "abc"}', "it holds no Sigstore bundle that signs a model"),
        (b"{", "it cannot be read: "),
        (
            Signer().text({"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev"}),
            "it holds no Sigstore bundle that signs a model",
        ),
    ],
)
@pytest.mark.parametrize("name", ["model.sig", "Model.SIG"])
def test_a_file_that_has_nothing_of_a_signature_but_its_name_says_so(
    tmp_path: Path, name: str, content: bytes, trouble: str
) -> None:
    record = supplied(tmp_path, FILES | {name: content})
    (signature,) = record.signatures
    assert (signature.pretends, signature.envelope, signature.is_whole) == (True, None, False)
    assert signature.trouble.startswith(trouble)
    assert record.mentions == ()


@pytest.mark.parametrize(
    ("content", "program"),
    [
        (b"-----BEGIN PGP SIGNATURE-----\n", "OpenPGP"),
        (b"\x89\x01\x33\x04\x00", "OpenPGP"),
        (b"\xc2\x75\x04\x00", "OpenPGP"),
        (b"-----BEGIN SSH SIGNATURE-----\n", "OpenSSH"),
        (b"untrusted comment: signature from minisign secret key\n", "minisign or signify"),
    ],
)
def test_a_signature_of_another_program_is_told_apart(tmp_path: Path, content: bytes, program: str) -> None:
    (signature,) = supplied(tmp_path, FILES | {"model.sig": content}).signatures
    assert (signature.pretends, signature.trouble) == (True, "")
    assert signature.unread == f"it is a signature of {program}"


def broken(**changes: object) -> bytes:
    bundle = Signer().bundle(statement(resources(FILES)))
    for key, value in changes.items():
        target, _, last = key.rpartition("__")
        (bundle[target] if target else bundle)[last] = value
    return json.dumps(bundle).encode()


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (sign()[:-40], "it cannot be read: "),
        (broken(mediaType="text/plain"), "its mediaType is 'text/plain', not a Sigstore bundle's"),
        (broken(dsseEnvelope__payload="%%%"), "the payload is no base64"),
        (broken(dsseEnvelope__payload="a"), "the payload is no base64"),
        (broken(dsseEnvelope__payload=base64.b64encode(b"{").decode()), "its payload cannot be read: "),
        (broken(dsseEnvelope__payloadType="x"), "its payloadType is 'x', not application/vnd.in-toto+json"),
        (broken(dsseEnvelope__signatures=[]), "it holds no signature, not one"),
        (broken(dsseEnvelope__signatures=[{"sig": "AA=="}] * 2), "it holds 2 signatures, not one"),
        (broken(dsseEnvelope__signatures=[{"sig": ""}]), "the signature is empty"),
        (Signer().text(statement(resources(FILES)) | {"subject": []}), "it is about no subject, not one"),
        (Signer().text(statement(resources(FILES)) | {"_type": "x"}), "its payload is no in-toto statement"),
        (
            Signer().text(statement([{"name": "churn.pkl", "algorithm": "sha256:0", "digest": "00"}])),
            "it lists 'sha256:0' for a digest's algorithm, which is none",
        ),
        (
            Signer().text(old_statement({}) | {"subject": [{"name": "churn.pkl", "digest": {"sha256": "0"}}]}),
            "it lists '0' for a digest, which is none",
        ),
        (sign(method="tensors"), "its serialization method is 'tensors', neither files nor shards"),
        (sign(method="shards"), "it lists 'churn.pkl', which names no bytes of a file"),
    ],
)
def test_a_signature_that_nobody_could_verify_says_why(tmp_path: Path, content: bytes, trouble: str) -> None:
    (signature,) = supplied(tmp_path, FILES | {"model.sig": content}).signatures
    assert signature.trouble.startswith(trouble)
    assert (signature.envelope, signature.pretends) == (None, False)


def test_a_signature_that_lfs_keeps_elsewhere_is_there_and_unread(tmp_path: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'7c' * 32}\nsize 400\n".encode()
    (signature,) = supplied(tmp_path, FILES | {"model.sig": pointer, "other.sig": pointer}).signatures
    assert signature.unread == "only its git-LFS pointer is here"


def test_a_version_that_is_not_known_is_told(tmp_path: Path) -> None:
    stated = statement(resources(FILES)) | {"predicateType": "https://model_signing/signature/v2.0"}
    (signature,) = supplied(tmp_path, FILES | {"model.sig": Signer().text(stated)}).signatures
    assert signature.unread == "its version is not known here: https://model_signing/signature/v2.0"


@pytest.mark.parametrize(
    ("material", "method"),
    [
        ({"x509CertificateChain": {"certificates": []}}, SigningMethod.CERTIFICATE),
        ({"certificate": {"rawBytes": "MIIC"}}, SigningMethod.KEYLESS),
        ({"publicKey": {"rawBytes": "MIIC"}}, SigningMethod.KEY),
        ({}, SigningMethod.UNKNOWN),
    ],
)
def test_how_it_was_signed_is_told(tmp_path: Path, material: Mapping[str, Any], method: SigningMethod) -> None:
    signed = Signer(material=material).text(statement(resources(FILES)))
    assert supplied(tmp_path, FILES | {"model.sig": signed}).signatures[0].method is method


def test_either_alphabet_of_base64_is_read(tmp_path: Path) -> None:
    payload = json.loads(sign())["dsseEnvelope"]["payload"]
    content = broken(dsseEnvelope__payload=payload.replace("+", "-").replace("/", "_").rstrip("="))
    assert listed(supplied(tmp_path, FILES | {"model.sig": content})) == [
        "churn.pkl",
        "config.json",
        "tokens/vocab.txt",
    ]


def read(data: bytes) -> Bundle | None:
    limits = Limits(nodes=1000, depth=20)
    try:
        return read_bundle(parse("model.sig", data, Syntax.JSON, limits).root, limits)
    except (BundleError, DocumentError, UnknownVersionError):
        return None


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["files", "shards", "a:0:4", "00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "digest", "sha256", "algorithm", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.data())
def test_no_bundle_fails_the_reader(data: st.DataObject) -> None:
    """A real bundle with values of any kind in place of some of its own."""
    stated: dict[str, Any] = statement(resources(FILES))
    bundle = Signer().bundle(stated)
    for _ in range(data.draw(st.integers(1, 3))):
        target: Any = data.draw(st.sampled_from([stated, bundle]))
        while True:
            keys = list(target) if isinstance(target, dict) else list(range(len(target)))
            key = data.draw(st.sampled_from(keys))
            if isinstance(target[key], dict | list) and target[key] and data.draw(st.booleans()):
                target = target[key]
                continue
            target[key] = data.draw(_VALUES)
            break
        if not stated:
            break
    if isinstance(bundle.get("dsseEnvelope"), dict) and data.draw(st.booleans()):
        bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(stated).encode()).decode()
    read(json.dumps(bundle).encode())


@given(st.binary(max_size=200))
def test_no_bytes_fail_the_reader(data: bytes) -> None:
    bundle = Signer().bundle(statement([]), payload=data)
    read(json.dumps(bundle).encode())
    read(data)
