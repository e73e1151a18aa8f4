"""What a finding about security is about, as a digest: who accepts the finding accepts these bytes, and no others."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from artifact_lint.model.paths import directory_of
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.coverage import Coverage
    from artifact_lint.model import Finding


def is_pinned(code: str, coverage: Coverage) -> bool:
    """Whether a finding of a rule is accepted for one content alone: its rule is about security."""
    rule = coverage.rules.get(code)
    return rule is not None and "security" in rule.tags


def evidence_of(finding: Finding, coverage: Coverage) -> str | None:
    """The digest of what a finding is about, as `sha256:hexadecimal`; None where some of it cannot be read.

    Of a finding about a file, that is the digest of the file itself, which `sha256sum` prints. Of one about a record,
    it is the digest of a list: the record, the Python files of the artifact, which may be what the record has run, and
    for a rule about integrity (a missing signature) every file of the artifact; each as its path and its digest.
    """
    if finding.file:
        return _digest(_outermost(finding.file, coverage), coverage)
    rule = coverage.rules.get(finding.code)
    paths = {finding.origin.path, *_code(finding, coverage)}
    if rule is not None and "integrity" in rule.tags:
        paths |= {file.path for artifact in coverage.artifacts.get(finding.artifact, ()) for file in artifact.files}
    return _together(paths, coverage)


def _outermost(file: str, coverage: Coverage) -> str:
    """The file on the disk that something in it is in; its own name may have a `!`, too."""
    marks = (at for at, character in enumerate(file) if character == "!")
    return next((file[:end] for end in (len(file), *marks) if file[:end] in coverage.files), file.partition("!")[0])


def _code(finding: Finding, coverage: Coverage) -> Iterator[str]:
    """The Python files of an artifact's directory; of one that is the whole repository, those beside the record.

    The store is asked, and not what is in view: that is less in a run over what changed.
    """
    store = coverage.scope.store
    is_directory = bool(finding.artifact) and store.is_directory(finding.artifact)
    entries = store.entries(finding.artifact) if is_directory else store.files(directory_of(finding.origin.path))
    yield from (entry.path for entry in entries if entry.path.endswith(".py"))


def _together(paths: Iterable[str], coverage: Coverage) -> str | None:
    lines = []
    for path in sorted(paths):
        digest = _digest(path, coverage)
        if digest is None:
            return None
        lines.append(f"{path}\0{digest}\n")
    listed = hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
    return f"sha256:{listed}"


def _digest(path: str, coverage: Coverage) -> str | None:
    """The SHA-256 of a file's content: of the one that its pointer stands for, where the content is not here."""
    file = coverage.files.get(path)
    if file is not None:
        return file.digest.value
    try:
        return coverage.scope.tree.hashes.digests(path, {"sha256"}).get("sha256")
    except StoreError:
        return None
