"""7z archives, with and without the library that reads them."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weight_files import SYSTEM_CALL, imported, look, torch_zip

from artifact_lint.model import Cause

py7zr: Any = pytest.importorskip("py7zr")


def packed(password: str | None = None, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", password=password) as archive:
        for name, content in members.items():
            archive.writestr(content, name)
    return buffer.getvalue()


def test_every_member_is_read() -> None:
    assert look(packed(readme=b"hello", blob=SYSTEM_CALL), "notes.7z").format is None
    inspection = look(packed(readme=b"hello", blob=SYSTEM_CALL, model=torch_zip()), "models.7z")
    assert inspection.format == "7z"
    assert imported(inspection) == {"posix:system", "torch:FloatStorage"}
    assert not inspection.incomplete


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py7zr", None)
    (gap,) = look(packed(blob=SYSTEM_CALL), "model.pt").incomplete
    assert gap.cause is Cause.UNSUPPORTED
    assert "artifact-lint[seven-zip]" in gap.detail


def test_an_encrypted_archive_is_told() -> None:
    (gap,) = look(packed("secret", blob=SYSTEM_CALL), "model.pt").incomplete
    assert gap.cause is Cause.ENCRYPTED


def test_a_cut_archive_is_told() -> None:
    assert {gap.cause for gap in look(packed(blob=SYSTEM_CALL)[:-4], "model.pt").incomplete} == {Cause.BROKEN}


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_mutated_archives_raise_nothing(data: st.DataObject) -> None:
    mutated = bytearray(packed(blob=SYSTEM_CALL))
    for _ in range(data.draw(st.integers(1, 4))):
        mutated[6 + data.draw(st.integers(0, 1 << 16)) % (len(mutated) - 6)] = data.draw(st.integers(0, 255))
    look(bytes(mutated), "model.pt")
