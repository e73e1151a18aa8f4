"""SUM: do the bytes match what was recorded?"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from artifact_lint.model import Cause, DigestState, FileState, Problem, Related, Role, Severity
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.model import Artifact, WeightFile

#: Hexadecimal characters of each digest that records use (FIPS 180-4, RFC 1321, RFC 7693, BLAKE3).
DIGEST_LENGTHS = {
    "sha256": 64,
    "sha512": 128,
    "sha384": 96,
    "sha1": 40,
    "md5": 32,
    "md5-dos2unix": 32,  # DVC before 3.0: of a text with its line ends normalised
    "blake2b": 128,
    "blake3": 64,
}
_WEAK = frozenset({"md5", "md5-dos2unix", "sha1"})
#: Where a registry keeps no digests of its own, that none is recorded is a note.
_WITHOUT_DIGESTS = frozenset({"mlflow", "huggingface"})


def _short(digest: str) -> str:
    algorithm, _, value = digest.partition(":")
    return f"{algorithm}:{value[:12]}"


@rule("SUM101", "digest-mismatch", severity=Severity.ERROR, tags=("integrity", "security"))
def digest_mismatch(artifact: Artifact) -> Iterator[Problem]:
    """A file's bytes differ from the digest on record.

    ## Why is this bad?
    What gets served is not what was trained, evaluated and approved.

    ## How to fix
    Restore the file. If the change was meant, publish a new version and record its digest.
    """
    for file in artifact.files:
        for check in file.checks.value:
            is_digest = _malformed(check.recorded.value) is None
            if check.state is DigestState.MISMATCH and check.actual and is_digest:
                yield Problem(
                    check.recorded.origin,
                    f"{file.path} is {_short(check.actual)}{check.detail}, not {_short(check.recorded.value)}",
                    "Restore the file; if the change was meant, publish a new version with its digest.",
                    file=file.path,
                    guessed=check.recorded.guessed,
                )


def _listed(files: Sequence[WeightFile]) -> str:
    names = ", ".join(file.path.rpartition("/")[2] for file in files[:4])
    return names if len(files) <= 4 else f"{names} and {len(files) - 4} more"


@rule("SUM102", "missing-digest", severity=Severity.WARNING, tags=("integrity",), needs_whole_record=True)
def missing_digest(artifact: Artifact) -> Iterator[Problem]:
    """No source records a digest of a file.

    A note for MLflow and Hugging Face directories, whose own records have no place for one.

    ## Why is this bad?
    Nobody would notice if the file were replaced.

    ## How to fix
    Record `digest: "sha256:..."` beside the path; `artifact-lint init` writes it.
    """
    if not artifact.described:
        return
    bare = [file for file in artifact.files if file.state is FileState.PRESENT and _has_no_digest(file)]
    if bare and not {*artifact.record.conventions} - {"mlflow-tracking"} - _WITHOUT_DIGESTS:
        message = f"no digest is recorded for {_listed(bare)}"
        advice = "`artifact-lint init` writes a manifest that records them."
        yield Problem(artifact.origin, message, advice, severity=Severity.NOTE)
        return
    if len(bare) > 1:
        advice = 'Record `digest: "sha256:..."` beside each path; `artifact-lint init` writes them.'
        yield Problem(bare[0].origin, f"no digest is recorded for {_listed(bare)}", advice)
        return
    for file in bare:
        digest = file.digest.known or "sha256:..."
        told = "" if file.digest.known else f"; `sha256sum {shlex.quote(file.path)}` prints it"
        advice = f'Record `digest: "{digest}"` beside its path{told}.'
        if set(artifact.record.conventions) == {"sidecar"}:
            advice = f'Record `"sha256": "{digest.removeprefix("sha256:")}"` in {artifact.origin.path}{told}.'
        yield Problem(file.origin, f"no digest is recorded for {file.path}", advice, file=file.path)


def _has_no_digest(file: WeightFile) -> bool:
    return not any(mention.digests for mention in file.mentions) and file.role is not Role.CONFIG and not file.directory


@rule("SUM103", "weak-digest", severity=Severity.NOTE, tags=("integrity",))
def weak_digest(artifact: Artifact) -> Iterator[Problem]:
    """MD5 or SHA-1 is all that is recorded.

    ## Why is this bad?
    Both notice accidents. Neither notices somebody who wants not to be noticed.

    ## How to fix
    Record a sha256 as well.
    """
    weak = []
    for file in artifact.files:
        recorded = [digest for mention in file.mentions for digest in mention.digests]
        if recorded and all(digest.value.partition(":")[0] in _WEAK for digest in recorded):
            weak.append((file, recorded[0]))
    if weak:
        first = weak[0][1]
        algorithm = first.value.partition(":")[0].partition("-")[0]
        message = f"only {algorithm} is recorded for {_listed([file for file, _ in weak])}"
        advice = f"Record a sha256 as well; `sha256sum {shlex.quote(weak[0][0].path)}` prints it."
        yield Problem(first.origin, message, advice)


@rule("SUM104", "malformed-digest", severity=Severity.ERROR, tags=("integrity",))
def malformed_digest(artifact: Artifact) -> Iterator[Problem]:
    """A recorded digest cannot be one: wrong length or alphabet, unknown algorithm, a filler.

    ## Why is this bad?
    It looks like protection and compares with nothing.

    ## How to fix
    Record the digest as `algorithm:hexadecimal`, for example from `sha256sum`.
    """
    for file in artifact.files:
        for mention in file.mentions:
            for digest in mention.digests:
                if reason := _malformed(digest.value):
                    advice = "Write `sha256:` and its 64 hexadecimal digits."
                    yield Problem(digest.origin, reason, advice, file=file.path, guessed=digest.guessed)


def _malformed(digest: str) -> str | None:
    algorithm, separator, value = digest.partition(":")
    if not separator:
        return f"{digest[:40]!r} names no algorithm"
    length = DIGEST_LENGTHS.get(algorithm)
    if length is None and algorithm.lower() in DIGEST_LENGTHS:
        return f"{algorithm!r} is not written in lower case"
    if length is None:
        return f"{algorithm[:20]!r} is no digest algorithm known here"
    if stray := re.search(r"[^0-9a-fA-F]", value):
        return f"{value[:24]!r} is no {algorithm}: {stray[0]!r} is no hexadecimal digit"
    if len(value) != length:
        return f"{value[:24]!r} is no {algorithm}: it has {len(value)} digits, not {length}"
    if len(set(value.lower())) == 1:
        return f"{algorithm}:{value[:8]}... is a filler, not a digest"
    return None


@rule("SUM105", "size-mismatch", severity=Severity.ERROR, tags=("integrity",))
def size_mismatch(artifact: Artifact) -> Iterator[Problem]:
    """A file's size differs from the size on record.

    ## Why is this bad?
    It was cut short, changed, or replaced.

    ## How to fix
    Restore the file. If the change was meant, record the new size and digest under a new version.
    """
    for file in artifact.files:
        for mention in file.mentions:
            recorded = mention.size
            if recorded and file.size is not None and not file.directory and file.size != recorded.value:
                teller = f" according to its {file.pointer.kind} pointer" if file.pointer else ""
                message = f"{file.path} has {file.size:,} bytes{teller}, not {recorded.value:,}"
                yield Problem(recorded.origin, message, "Restore the file, or record it anew.", file=file.path)
    for total in artifact.record.total_size:
        stated, actual = total.value.stated, total.value.actual
        if actual is not None and actual != stated:
            message = f"the model's files have {actual:,} bytes together, not {stated:,}"
            yield Problem(total.origin, message, "A file was changed, added or removed; log the model again.")


@rule("SUM106", "truncated-weights", severity=Severity.ERROR, tags=("integrity",))
def truncated_weights(artifact: Artifact) -> Iterator[Problem]:
    """A weight file ends before its own header says it does, or is empty.

    ## Why is this bad?
    An interrupted copy or download. Loading it fails, or leaves part of the weights as they were initialised.

    ## How to fix
    Fetch or write the file again.
    """
    for file in artifact.files:
        inspection = file.inspection.value
        if inspection is None:
            continue
        cut = next((part for part in inspection.incomplete if part.cause in {Cause.EMPTY, Cause.TRUNCATED}), None)
        if inspection.extent is not None and file.size is not None and inspection.extent > file.size:
            message = f"{file.path} has {file.size:,} of the {inspection.extent:,} bytes that its header promises"
        elif cut and cut.cause is Cause.EMPTY:
            message = f"{file.path} is empty"
        elif cut and not inspection.pickled:
            message = f"{file.path} is cut short: {cut.detail}"
        else:
            continue
        yield Problem(file.origin, message, "Fetch or write the file again.", file=file.path)


@rule("SUM107", "unverifiable", severity=Severity.NOTE, tags=("integrity",))
def unverifiable(artifact: Artifact) -> Iterator[Problem]:
    """The bytes are elsewhere, so that nothing can be said about them here.

    ## Why is this bad?
    It is not: but silence would be read as "checked".

    ## How to fix
    Nothing, or fetch the files (`git lfs pull`, `dvc pull`) and lint again.
    """
    unseen = [file for file in artifact.files if file.state is FileState.EXTERNAL]
    unseen += [file for file in artifact.files if file.state is FileState.PRESENT and _stays_unchecked(file)]
    if unseen:
        pointers = sorted({file.pointer.kind for file in unseen if file.pointer})
        where = f" (only the {' and '.join(pointers)} pointer is here)" if pointers else ""
        message = f"the bytes of {_listed(unseen)} were not checked{where}"
        yield Problem(unseen[0].origin, message, "Fetch the files and lint again to check them.", file=unseen[0].path)


def _stays_unchecked(file: WeightFile) -> bool:
    """Whether digests are recorded that could be compared, and none of them was."""
    if all(_malformed(check.recorded.value) for check in file.checks.value):
        return False
    return file.digest_state in {DigestState.UNVERIFIABLE, DigestState.SIZE_ONLY}


@rule("SUM108", "shard-missing", severity=Severity.ERROR, tags=("integrity",))
def shard_missing(artifact: Artifact) -> Iterator[Problem]:
    """The index names a shard that is not there.

    ## Why is this bad?
    Loading fails, or a part of the tensors stays as it was initialised.

    ## How to fix
    Add the shard or its git-LFS pointer; write model and index again if the shards were renamed.
    """
    missing = [file for file in artifact.files if file.state is FileState.MISSING and is_shard(file)]
    by_index: dict[str, list[WeightFile]] = {}
    for file in missing:
        by_index.setdefault(file.mentions[0].origin.path, []).append(file)
    for index, files in by_index.items():
        noun = "shard that is" if len(files) == 1 else f"{len(files)} shards that are"
        message = (
            f"{index.rpartition('/')[2]} names {'a ' if len(files) == 1 else ''}{noun} not there: {_listed(files)}"
        )
        related = tuple(Related(file.mentions[0].origin, file.path) for file in files[1:4])
        advice = "Add the missing shards or their LFS pointers."
        yield Problem(files[0].mentions[0].origin, message, advice, file=files[0].path, related=related)


def is_shard(file: WeightFile) -> bool:
    """Whether the record that names a file first is a shard index."""
    return bool(file.mentions) and file.mentions[0].origin.path.endswith(".index.json")
