from __future__ import annotations

import hashlib
import sys

import pytest

from artifact_lint import digests
from artifact_lint.digests import Computed
from artifact_lint.model import DigestState, Fact, Origin, Pointer


def recorded(*values: str) -> list[Fact[str]]:
    return [Fact(value, Origin("model-artifact.yaml", line)) for line, value in enumerate(values, 1)]


def test_what_can_be_computed_is_told_from_what_cannot() -> None:
    facts = recorded("sha256:aa", "SHA1:bb", "md5-dos2unix:cc", "crc32:dd", "shake_128:ee", "nonsense", "")
    assert digests.computable(facts) == {"sha256", "sha1", "md5-dos2unix"}


def test_recorded_digests_are_held_against_the_bytes() -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    facts = recorded(f"sha256:{digest}", f"SHA256:{digest.upper()}", "sha256:" + "0" * 64, "crc32:12", "nonsense")
    checks = digests.against_bytes(facts, Computed({"sha256": f"sha256:{digest}"}))
    assert [check.state for check in checks] == [
        DigestState.VERIFIED,
        DigestState.VERIFIED,
        DigestState.MISMATCH,
        DigestState.UNVERIFIABLE,
        DigestState.UNVERIFIABLE,
    ]
    assert checks[2].actual == f"sha256:{digest}"


def test_what_could_not_be_hashed_is_unverifiable_for_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blake3", None)
    facts = recorded("sha256:" + "a" * 64, "blake3:" + "b" * 64)
    assert digests.computable(facts) == {"sha256"}
    hashed, unhashed = digests.against_bytes(facts, Computed(trouble="changed while it was read: model.pkl"))
    assert (hashed.state, hashed.trouble) == (DigestState.UNVERIFIABLE, "changed while it was read: model.pkl")
    assert hashed.unread
    assert (unhashed.state, unhashed.unread) == (DigestState.UNVERIFIABLE, False)
    assert "artifact-lint[blake3]" in unhashed.trouble


def test_recorded_digests_are_held_against_a_pointer() -> None:
    own = Fact("sha256:" + "a" * 64, Origin("model.pkl", 2))
    pointer = Pointer("git-LFS", own, None)
    facts = recorded("SHA256:" + "A" * 64, "sha256:" + "b" * 64, "md5:" + "c" * 32, "nonsense")
    checks = digests.against_pointer([own, *facts], pointer)
    assert [check.state for check in checks] == [
        DigestState.POINTER,
        DigestState.POINTER,
        DigestState.MISMATCH,
        DigestState.UNVERIFIABLE,
        DigestState.UNVERIFIABLE,
    ]
    assert checks[2].detail == " according to its git-LFS pointer"


@pytest.mark.parametrize("pointer", [None, Pointer("DVC", None, None), Pointer("DVC", None, None, directory=True)])
def test_without_a_pointers_digest_nothing_is_verified(pointer: Pointer | None) -> None:
    facts = recorded("sha256:" + "a" * 64, "nonsense", "")
    assert {check.state for check in digests.against_pointer(facts, pointer)} == {DigestState.UNVERIFIABLE}
