from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import plant

from artifact_lint.adapters import checksum_lists
from artifact_lint.adapters.checksum_lines import is_whole, lines
from artifact_lint.assemble import assemble
from artifact_lint.discover import discover
from artifact_lint.document import Limits
from artifact_lint.model import DigestState, Options, Record, Role
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from artifact_lint.model import Artifact, WeightFile

WEIGHTS = b"\x80\x04}q\x00."
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
SHA512 = hashlib.sha512(WEIGHTS).hexdigest()
SHA1 = hashlib.sha1(WEIGHTS, usedforsecurity=False).hexdigest()
MD5 = hashlib.md5(WEIGHTS, usedforsecurity=False).hexdigest()
BLAKE2B = hashlib.blake2b(WEIGHTS).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()
SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAdFiEE\n-----END PGP SIGNATURE-----\n"
MANIFEST = "schema_version: 1\nname: churn\nweights: {files: [{path: model.pkl}]}\n"


def artifacts(root: Path, files: Mapping[str, str | bytes]) -> list[Artifact]:
    tree = plant(root, files)
    return [assemble(tree, found, Options()) for found in discover(tree)]


def weights(root: Path, files: Mapping[str, str | bytes], path: str = "models/model.pkl") -> WeightFile:
    (file,) = (file for artifact in artifacts(root, {path: WEIGHTS, **files}) for file in artifact.files)
    return file


def is_missing(tool: str) -> bool:
    return os.environ.get("CI") != "true" and shutil.which(tool) is None


@pytest.mark.parametrize(
    ("command", "name", "algorithm"),
    [
        (["sha256sum"], "SHA256SUMS", "sha256"),
        (["sha256sum", "--binary"], "sha256sum.txt", "sha256"),
        (["sha256sum", "--tag"], "checksums.txt", "sha256"),
        (["sha512sum"], "model.pkl.sha512", "sha512"),
        (["sha384sum", "--tag"], "CHECKSUMS", "sha384"),
        (["sha1sum"], "SHA1SUMS", "sha1"),
        (["md5sum", "--tag"], "MD5SUMS", "md5"),
        (["md5sum"], "checksums.md5", "md5"),
        (["b2sum"], "B2SUMS", "blake2b"),
        (["b2sum", "--tag"], "checksums", "blake2b"),
        (["openssl", "dgst", "-sha256"], "checksums.txt", "sha256"),
        (["openssl", "dgst", "-r", "-sha512"], "checksums.txt", "sha512"),
    ],
)
def test_what_the_usual_tools_write_is_verified(tmp_path: Path, command: list[str], name: str, algorithm: str) -> None:
    if is_missing(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    plant(tmp_path, {"models/model.pkl": WEIGHTS})
    written = subprocess.run(
        [*command, "model.pkl"], cwd=tmp_path / "models", capture_output=True, check=True, timeout=60
    ).stdout
    file = weights(tmp_path, {f"models/{name}": written})
    assert [check.recorded.value.partition(":")[0] for check in file.checks.value] == [algorithm]
    assert file.digest_state is DigestState.VERIFIED


@pytest.mark.skipif(is_missing("sha256sum"), reason="sha256sum is not installed")
@pytest.mark.parametrize("name", ["two words.pkl", "a\\b.pkl", "new\nline.pkl", "carriage\rreturn.pkl", " (x) = y.pkl"])
@pytest.mark.parametrize("options", [[], ["--tag"], ["--binary"]])
def test_names_are_escaped_as_coreutils_does(tmp_path: Path, name: str, options: list[str]) -> None:
    plant(tmp_path, {f"models/{name}": WEIGHTS})
    written = subprocess.run(
        ["sha256sum", *options, name], cwd=tmp_path / "models", capture_output=True, check=True, timeout=60
    ).stdout
    file = weights(tmp_path, {"models/SHA256SUMS": written}, f"models/{name}")
    assert file.digest_state is DigestState.VERIFIED


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("models/SHA256SUMS", f"{SHA256}  model.pkl\r\n"),
        ("models/SHA256SUMS", f"# made by hand\n\n{SHA256} *./model.pkl\n"),
        ("models/SHA256SUMS.txt", f"{SHA256.upper()}\tmodel.pkl\n"),
        ("models/sha256sum.txt", f"{SHA256} model.pkl"),
        ("models/sha256.txt", f"\ufeff{SHA256}  model.pkl\n"),
        ("models/checksums.sha256", f"{SHA256}  models/model.pkl\n"),
        ("models/checksums.txt", f"sha256:{SHA256}  model.pkl\n"),
        ("models/checksums.txt", f"SHA-256 (model.pkl) = {SHA256}\n"),
        ("models/checksums.txt", f"model.pkl: {SHA256}\n"),
        ("models/release.sha256", f"{SHA256}  model.pkl\n{OTHER}  absent.pkl\n"),
        ("models/CHECKSUM", f"{SHA512}  model.pkl\n"),
        ("models/model.pkl.sha256", f"{SHA256}\n"),
        ("models/model.pkl.sha256", f"{SHA256}  /home/user/out/model.pkl\n"),
        ("models/model.pkl.sha256", f"{SHA256} *C:\\out\\model.pkl\r\n"),
        ("models/model.pkl.sha256sum", f"sha256:{SHA256}"),
        ("models/model.pkl.sha256.txt", f"{SHA256}  -\n{SHA256}\n"),
        ("models/model.pkl.md5", f"MD5 hash of model.pkl:\r\n{MD5}\r\nCertUtil: -hashfile command completed.\r\n"),
        ("models/model.pkl.sha1", f"{SHA1}  model.pkl\n"),
        ("models/model.pkl.b2sum", BLAKE2B),
        ("models/SHA256SUMS", f"{SHA256}  model.pkl\n".encode("utf-16").decode("latin-1")),
        ("SHA256SUMS", f"{SHA256}  models/model.pkl\n"),
        ("SHA256SUMS", f"{SHA256}  models\\model.pkl\n"),
        ("manifest-sha256.txt", f"{SHA256} models/model.pkl\n"),
        ("SHA256SUMS", f"{SIGNED}{SHA256}  models/model.pkl\n{SIGNATURE}"),
    ],
)
def test_lists_are_found_and_read(tmp_path: Path, name: str, text: str) -> None:
    data = text.encode("latin-1") if text.startswith("\xff") else text.encode()
    file = weights(tmp_path, {name: data})
    assert file.digest_state is DigestState.VERIFIED
    assert all(check.recorded.origin.path == name for check in file.checks.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("models/SHA256SUMS", f"{OTHER}  other.pkl\n"),
        ("models/SHA256SUMS", f"{OTHER}  ../model.pkl\n"),
        ("models/SHA256SUMS", f"{OTHER}  /models/model.pkl\n"),
        ("models/SHA256SUMS", f"{OTHER}  sub/model.pkl\n"),
        ("models/sub/SHA256SUMS", f"{OTHER}  model.pkl\n"),
        ("models/checksums.txt", f"#{OTHER}  model.pkl\n"),
        ("models/checksums.txt", "The checksum of model.pkl\nverify model.pkl\nmodel.pkl\n"),
        ("models/checksums.txt", "CRC32 (model.pkl) = 0badcafe\ncrc32:0badcafe  model.pkl\n"),
        ("models/other.pkl.sha256", OTHER),
        ("models/notes.txt", f"{OTHER}  model.pkl\n"),
        ("models/summary.md5.bak", f"{MD5[::-1]}  model.pkl\n"),
        ("models/SHA256SUMS", "sha256  model.pkl\n"),
        ("models/SHA256SUMS", b"\x00\xff\xfe" * 100),
    ],
)
def test_what_says_nothing_of_a_file_is_passed_over(tmp_path: Path, name: str, text: str | bytes) -> None:
    file = weights(tmp_path, {name: text})
    assert file.digest_state is DigestState.UNRECORDED
    assert not any(mention.malformed for mention in file.mentions)


@pytest.mark.parametrize(
    ("command", "name", "algorithm"),
    [
        (["b2sum"], "checksums.txt", "blake2b"),
        (["b2sum", "--length=256"], "checksums.txt", "blake2b-256"),
        (["b2sum", "--length=256"], "B2SUMS", "blake2b-256"),
        (["b2sum", "--length=384"], "model.pkl.b2sum", "blake2b-384"),
        (["b2sum", "--length=160", "--tag"], "checksums.txt", "blake2b-160"),
        (["openssl", "dgst", "-r", "-sha3-256"], "checksums.txt", "sha3-256"),
        (["openssl", "dgst", "-r", "-blake2s256"], "checksums.txt", "blake2s"),
        (["openssl", "dgst", "-r", "-sha224"], "checksums.txt", "sha224"),
    ],
)
def test_an_algorithm_that_nothing_names_is_the_one_that_fits(
    tmp_path: Path, command: list[str], name: str, algorithm: str
) -> None:
    if is_missing(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    plant(tmp_path, {"models/model.pkl": WEIGHTS})
    written = subprocess.run(
        [*command, "model.pkl"], cwd=tmp_path / "models", capture_output=True, check=True, timeout=60
    ).stdout
    (check,) = weights(tmp_path, {f"models/{name}": written}).checks.value
    assert (check.recorded.value.partition(":")[0], check.state) == (algorithm, DigestState.VERIFIED)


def test_blake3_is_tried_where_nothing_names_the_algorithm(tmp_path: Path) -> None:
    blake3 = pytest.importorskip("blake3")
    digest = blake3.blake3(WEIGHTS).hexdigest()
    (check,) = weights(tmp_path, {"models/checksums.txt": f"{digest}  model.pkl\n"}).checks.value
    assert (check.recorded.value, check.state) == (f"blake3:{digest}", DigestState.VERIFIED)


def test_a_digest_of_no_algorithm_of_its_length_is_a_mismatch(tmp_path: Path) -> None:
    pytest.importorskip("blake3")
    for number, digest in enumerate((SHA256, SHA512, SHA1, MD5)):
        (check,) = weights(
            tmp_path / str(number), {"models/checksums.txt": f"{digest[::-1]}  model.pkl\n"}
        ).checks.value
        assert check.state is DigestState.MISMATCH


@pytest.mark.parametrize(
    ("name", "line"), [("SHA256SUMS", "{}  model.pkl"), ("checksums.txt", "SHA256 (model.pkl) = {}")]
)
def test_a_named_algorithm_is_no_other(tmp_path: Path, name: str, line: str) -> None:
    digest = hashlib.blake2b(WEIGHTS, digest_size=32).hexdigest()
    (check,) = weights(tmp_path, {f"models/{name}": line.format(digest)}).checks.value
    assert (check.recorded.otherwise, check.state) == ((), DigestState.MISMATCH)


@pytest.mark.skipif(is_missing("sha256sum"), reason="sha256sum is not installed")
@pytest.mark.parametrize(
    "line",
    [
        "  {}  model.pkl",
        "\t{} *model.pkl",
        "SHA256 (model.pkl)  =  {}",
        "SHA256 (model.pkl)={}",
        "{}  {root}/models/model.pkl",
        f"{SIGNED}{{}}  model.pkl\n{SIGNATURE}",
    ],
)
def test_what_sha256sum_takes_for_an_entry_is_one(tmp_path: Path, line: str) -> None:
    text = line.replace("{root}", str(tmp_path)).replace("{}", OTHER) + "\n"
    file = weights(tmp_path, {"models/SHA256SUMS": text})
    done = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "models", capture_output=True, check=False, timeout=60
    )
    assert b"model.pkl: FAILED\n" in done.stdout
    assert file.digest_state is DigestState.MISMATCH


def test_a_list_within_its_signature_may_be_called_so(tmp_path: Path) -> None:
    text = f"{SIGNED}{OTHER}  model.pkl\n{SIGNATURE}"
    assert weights(tmp_path, {"models/SHA256SUMS.asc": text}).digest_state is DigestState.MISMATCH


def test_a_signature_apart_from_its_list_says_nothing(tmp_path: Path) -> None:
    file = weights(tmp_path, {"models/SHA256SUMS.asc": SIGNATURE, "models/model.pkl.sha256.asc": SIGNATURE})
    assert file.digest_state is DigestState.UNRECORDED
    assert not any(mention.malformed for mention in file.mentions)


@pytest.mark.parametrize(
    "text",
    [
        f"{OTHER}  other.pkl\r{OTHER}  model.pkl\r",
        f"{SHA256}  model.pkl\nSHA256 (other.pkl) == {OTHER}\n",
        f"{OTHER}  {'x' * 20_000}/model.pkl\n{SHA256}  model.pkl\n",
    ],
)
def test_what_seems_an_entry_and_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    file = weights(tmp_path, {"models/SHA256SUMS": text})
    (fault,) = [fault for mention in file.mentions for fault in mention.malformed]
    assert "begins a line that cannot be read" in fault.value


def test_a_line_about_other_bytes_is_a_mismatch_at_its_digest(tmp_path: Path) -> None:
    file = weights(tmp_path, {"models/SHA256SUMS": f"{OTHER}  other.pkl\n{OTHER} *model.pkl\n"})
    (check,) = file.checks.value
    assert check.state is DigestState.MISMATCH
    origin = check.recorded.origin
    assert (origin.path, origin.line, origin.column, origin.end_column) == ("models/SHA256SUMS", 2, 1, 65)


@pytest.mark.parametrize(
    ("name", "text", "recorded"),
    [
        ("models/SHA256SUMS", f"{SHA256[1:]}  model.pkl\n", f"sha256:{SHA256[1:]}"),
        ("models/SHA256SUMS", f"{MD5}  model.pkl\n", f"sha256:{MD5}"),
        ("models/SHA256SUMS", "<sha256>  model.pkl\n", "sha256:<sha256>"),
        ("models/model.pkl.sha256", "TBD", "sha256:TBD"),
        ("models/checksums.txt", f"SHA256 (model.pkl) = {SHA256}0\n", f"sha256:{SHA256}0"),
    ],
)
def test_what_cannot_be_the_digest_is_recorded_as_it_stands(
    tmp_path: Path, name: str, text: str, recorded: str
) -> None:
    file = weights(tmp_path, {name: text})
    assert [digest.value for mention in file.mentions for digest in mention.digests] == [recorded]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("models/model.pkl.sha256", "", "model.pkl.sha256 holds no sha256"),
        ("models/model.pkl.md5", "not here\n", "model.pkl.md5 holds no md5"),
        ("models/checksums.txt", f"{SHA256[1:]}  model.pkl\n", f"{SHA256[1:25]!r} is a digest of no algorithm"),
    ],
)
def test_a_list_that_states_nothing_where_it_should_says_so(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = weights(tmp_path, {name: text})
    assert not file.checks.value
    (fault,) = [fault for mention in file.mentions for fault in mention.malformed]
    assert fault.value.startswith(said)


def test_a_list_tells_neither_what_a_file_is_for_nor_where_it_is_described(tmp_path: Path) -> None:
    scaler = {"models/scaler.pkl": WEIGHTS, "models/model.pkl": WEIGHTS}
    found = artifacts(tmp_path, {**scaler, "models/SHA256SUMS": f"{SHA256}  scaler.pkl\n{SHA256}  model.pkl\n"})
    roles = {file.path: file.role for artifact in found for file in artifact.files}
    assert roles == {"models/scaler.pkl": Role.PREPROCESSOR, "models/model.pkl": Role.WEIGHTS}
    assert {file.origin.path for artifact in found for file in artifact.files} == set(scaler)


def test_files_beside_the_weights_are_verified_as_bystanders(tmp_path: Path) -> None:
    note = hashlib.sha256(b"note\n").hexdigest()
    files: dict[str, str | bytes] = {
        "churn/model-artifact.yaml": MANIFEST,
        "churn/model.pkl": WEIGHTS,
        "churn/notes.txt": "note\n",
        "churn/sub/empty.txt": "",
        "churn/SHA256SUMS": f"{note}  notes.txt\n{OTHER}  sub/empty.txt\n{SHA256}  model.pkl\n{OTHER}  absent.bin\n",
    }
    (artifact,) = artifacts(tmp_path, files)
    assert {file.path: (file.digest_state, file.is_bystander) for file in artifact.files} == {
        "churn/model.pkl": (DigestState.VERIFIED, False),
        "churn/notes.txt": (DigestState.VERIFIED, True),
        "churn/sub/empty.txt": (DigestState.MISMATCH, True),
    }
    assert [file.inspection.value is None for file in artifact.files] == [False, False, False]


def test_a_bystander_belongs_to_the_innermost_artifact(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"SHA256SUMS": f"{OTHER}  inner/notes.txt\n{OTHER}  notes.txt\n{OTHER}  m/x.txt\n"}
    for place in ("", "inner/"):
        files |= {f"{place}model-artifact.yaml": MANIFEST, f"{place}model.pkl": WEIGHTS, f"{place}notes.txt": "note"}
    found = {artifact.path: [file.path for file in artifact.files] for artifact in artifacts(tmp_path, files)}
    assert found == {"": ["model.pkl", "notes.txt"], "inner": ["inner/model.pkl", "inner/notes.txt"]}


def test_a_git_lfs_pointer_is_held_against_the_list(tmp_path: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA256}\nsize 6\n"
    lists = {"models/SHA256SUMS": f"{SHA256}  model.pkl\n"}
    (artifact,) = artifacts(tmp_path, {"models/model.pkl": pointer, **lists})
    assert artifact.files[0].digest_state is DigestState.POINTER


def test_a_list_beyond_the_limit_is_said_to_be_unread(tmp_path: Path) -> None:
    planted = plant(tmp_path, {"model.pkl": WEIGHTS, "SHA256SUMS": f"{SHA256}  model.pkl\n" * 10})
    tree = Tree(planted.store, planted.entries(), Limits(size=100))
    (remark,) = checksum_lists.supply(tree, "model.pkl", Record(), ["model.pkl"]).remarks
    assert remark.message == "760 bytes are more than the limit of 100"


def test_lists_beside_other_files_are_not_opened(tmp_path: Path) -> None:
    lists: dict[str, str | bytes] = {f"data-{number}.csv.md5": "x" for number in range(3)}
    data: dict[str, str | bytes] = {f"data-{number}.csv": "x" for number in range(3)}
    tree = plant(tmp_path, {"model.pkl": WEIGHTS, **lists, **data})
    for name in lists:
        (tmp_path / name).unlink()
    assert checksum_lists.supply(tree, "model.pkl", Record(), ["model.pkl"]) == Record()


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1, max_size=12).filter(
    lambda name: name.strip() == name and name not in {".", ".."}
)


@settings(max_examples=100, deadline=None)
@given(NAMES, st.sampled_from(["sha256", "md5", "sha512", "blake2b"]), st.booleans(), st.booleans())
def test_every_name_is_read_back(name: str, algorithm: str, tag: bool, crlf: bool) -> None:  # noqa: FBT001
    digest = hashlib.new(algorithm, b"", usedforsecurity=False).hexdigest()
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    spelled = {"blake2b": "BLAKE2b"}.get(algorithm, algorithm.upper())
    line = f"{mark}{spelled} ({escaped}) = {digest}" if tag else f"{mark}{digest}  {escaped}"
    end = "\r\n" if crlf else "\n"
    found = list(lines("SUMS", f"{line}{end}".encode(), None if tag else algorithm))
    assert [(one.name, one.digest, is_whole(one)) for one in found] == [(name, f"{algorithm}:{digest}", True)]


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.binary(max_size=300), st.text("0123456789abcdef SHA256()=*\\:\n\r\t#-<>modelpkl./", max_size=200)),
    st.sampled_from([None, "sha256", "md5"]),
    st.booleans(),
)
def test_any_bytes_are_read(data: bytes | str, algorithm: str | None, bare: bool) -> None:  # noqa: FBT001
    raw = data.encode() if isinstance(data, str) else data
    for line in lines("SUMS", raw, algorithm, bare=bare):
        assert line.digest or line.problem
        assert line.origin.column >= 1
        assert line.origin.end_column > line.origin.column


@settings(max_examples=50, deadline=None)
@given(st.text("0123456789abcdef *\\/.model.pkl()=\n", max_size=200))
def test_any_list_meets_the_files(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    files: dict[str, str | bytes] = {
        "m/model.pkl": WEIGHTS,
        "m/model.pkl.sha256": text,
        "SHA256SUMS": text,
        "m/checksums.txt": text,
    }
    for artifact in artifacts(tmp_path_factory.mktemp("any"), files):
        for file in artifact.files:
            assert file.digest_state in DigestState
