"""What is read of a commit or of the index is what git writes when it checks the file out."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from gates.repositories import Repository, isolated_environment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artifact_lint.stores import StoreError
from artifact_lint.stores import revision as revision_module
from artifact_lint.stores.revision import IndexStore, RevisionStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ATTRIBUTES = (
    "text eol=crlf",
    "eol=crlf",
    "text=auto eol=crlf",
    "eol=lf",
    "text",
    "-text eol=crlf",
    "crlf=input eol=crlf",
    "ident",
    "ident eol=crlf",
    "working-tree-encoding=UTF-16LE",
    "working-tree-encoding=UTF-16LE-BOM",
    "working-tree-encoding=ISO-8859-1",
    "working-tree-encoding=utf-8",
    "text eol=crlf working-tree-encoding=UTF-16BE",
)
CONTENTS = (
    b"",
    b"one\ntwo\n",
    b"one\r\ntwo\n",
    b"one\rtwo\n",
    b"\n\n\n",
    b"\x80\x04X\x01\0\0\0\n.",
    b"\x01\x02\n" + b"text" * 9,
    b"\x01\n" + b"text" * 99 + b"\x1a",
    b"$Id$ $Id: 0 $ $Id: a b c $ $Id:\n$ $Id$",
    "\u00e9\u00ff\n".encode(),
)


def commit(place: Path, files: Mapping[str, bytes]) -> Repository:
    """A commit of files as they are given, whatever their attributes would make of them."""
    repository = Repository.create(place, isolated_environment())
    for path, content in files.items():
        command = ["git", "hash-object", "-w", "--no-filters", "--stdin"]
        environment = {**os.environ, **isolated_environment()}
        done = subprocess.run(command, cwd=place, input=content, capture_output=True, check=True, env=environment)
        repository.git("update-index", "--add", "--cacheinfo", f"100644,{done.stdout.decode().strip()},{path}")
    repository.git("commit", "--quiet", "--message", "as they are")
    return repository


def named(attributes: int, content: int) -> str:
    return f"d{attributes}/f{content}"


def test_it_is_what_git_checks_out(tmp_path: Path) -> None:
    files = {named(a, c): content for a in range(len(ATTRIBUTES)) for c, content in enumerate(CONTENTS)}
    given_to = "".join(f"/d{number}/** {words}\n" for number, words in enumerate(ATTRIBUTES))
    repository = commit(tmp_path / "work", {".gitattributes": given_to.encode(), **files})
    repository.git("checkout-index", "--all", "--force")
    differing = set()
    with RevisionStore(repository.path, "HEAD") as revision, IndexStore(repository.path) as index:
        for path, content in files.items():
            written = (repository.path / path).read_bytes()
            differing |= {path} if written != content else set()
            for store in (revision, index):
                try:
                    with store.open(path) as source:
                        found = source.read(0, source.size)
                except StoreError:
                    # No text in UTF-8: git complains, and goes without the encoding.
                    assert path in store.unread
                    assert "encoding" in ATTRIBUTES[int(path[1 : path.index("/")])]
                    continue
                entry = store.entry(path)
                assert entry is not None
                assert (found, entry.size) == (written, len(written)), (path, store.label)
    assert len(differing) > 20


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=40).map(lambda data: data.replace(b"\x07", b"\n")), min_size=30, max_size=30))
def test_whatever_the_bytes_are(tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]) -> None:
    files = {f"f{number}": content for number, content in enumerate(contents)}
    attributes = b"* text=auto eol=crlf ident\n"
    repository = commit(tmp_path_factory.mktemp("any") / "work", {".gitattributes": attributes, **files})
    repository.git("checkout-index", "--all", "--force")
    with RevisionStore(repository.path, "HEAD") as store:
        for path in files:
            with store.open(path) as source:
                assert source.read(0, source.size) == (repository.path / path).read_bytes()


@pytest.mark.parametrize("encoding", ["unicode_escape", "punycode", "rot13", "no-such", "utf-7"])
def test_an_encoding_that_git_may_know_otherwise_is_not_followed(tmp_path: Path, encoding: str) -> None:
    attributes = f"* working-tree-encoding={encoding}\n".encode()
    repository = commit(tmp_path / "work", {".gitattributes": attributes, "f": b"text\n"})
    with RevisionStore(repository.path, "HEAD") as store:
        with pytest.raises(StoreError, match="git"):
            store.open("f")
        assert "f" in store.unread


def test_large_files_are_converted_in_nobodys_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revision_module, "IN_MEMORY", 8)
    files = {"weights": b"\n" * 9 + b"\0", "text": b"\n" * 9}
    repository = commit(tmp_path / "work", {".gitattributes": b"* text=auto eol=crlf\n", **files})
    with RevisionStore(repository.path, "HEAD") as store:
        with store.open("weights") as source:
            assert source.read(0, source.size) == files["weights"]
        with pytest.raises(StoreError, match="too large"):
            store.open("text")
        assert set(store.unread) == {"text"}
