"""SUM: do the bytes match what was recorded?"""

from __future__ import annotations

import re
import shlex
from functools import partial
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Cause, DigestState, FileState, Fix, Lazy, Problem, Related, Role, Severity
from artifact_lint.model.paths import name_of
from artifact_lint.policy.renewals import renewal
from artifact_lint.rules.gguf_parts import missing_parts
from artifact_lint.rules.registry import rule
from artifact_lint.rules.shards import total_size_problems
from artifact_lint.rules.unread import CUT, unread_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.model import Artifact, Edit, Fact, Mention, Slot, WeightFile

#: Hexadecimal characters of each digest that records use (FIPS 180-4 and 202, RFC 1321, RFC 7693, BLAKE3).
DIGEST_LENGTHS = {
    "sha256": 64,
    "sha512": 128,
    "sha384": 96,
    "sha1": 40,
    "md5": 32,
    "md5-dos2unix": 32,  # DVC before 3.0: of a text with its line ends normalised
    "blake2b": 128,
    "blake3": 64,
    "sha224": 56,
    "sha3-224": 56,
    "sha3-256": 64,
    "sha3-384": 96,
    "sha3-512": 128,
    "blake2s": 64,
    **{f"blake2b-{8 * size}": 2 * size for size in range(1, 64)},  # RFC 7693, section 2.1
}
#: What DVC puts behind the MD5 of the listing of a directory.
_OF_DIRECTORY = ".dir"
#: What shard indexes are called, with and without a variant.
_INDEX: Final = r"\.index(?:\.[\w-]+)?\.json\Z"
_WEAK = frozenset({"md5", "md5-dos2unix", "sha1"})
#: Where a registry keeps no digests of its own, that none is recorded is a note.
_WITHOUT_DIGESTS = frozenset({"mlflow", "huggingface"})

_RAISE = "raise the version if the old ones were published"


def _short(digest: str) -> str:
    algorithm, _, value = digest.partition(":")
    return f"{algorithm}:{value[:12]}"


@rule("SUM101", "digest-mismatch", severity=Severity.ERROR, tags=("integrity", "security"), needs_digests=True)
def digest_mismatch(artifact: Artifact) -> Iterator[Problem]:
    """A file's bytes differ from the digest on record.

    ## Why is this bad?
    What gets served is not what was trained, evaluated and approved.

    ## How to fix
    Restore the file. If the change was meant, publish a new version and record its digest:
    `artifact-lint check --fix --unsafe` records in a manifest the digests and sizes that the files have now, and
    thereby what somebody else may have put there. Other records are not written to: write a list of checksums anew,
    sign the model again, or `dvc add` the file. So it is with a manifest, too, that `--fix` has edited.
    """
    directories: set[str] = set()
    for file in artifact.files:
        for check in file.checks.value:
            is_digest = _malformed(check.recorded.value) is None
            if check.directory in directories:
                continue
            if check.state is DigestState.MISMATCH and check.actual and is_digest:
                if check.directory:
                    directories.add(check.directory)
                yield Problem(
                    check.recorded.origin,
                    f"{check.directory or file.path} is {_short(check.actual)}{check.detail}, "
                    f"not {_short(check.recorded.value)}{check.recorder}",
                    _advice_on_change(artifact, file, check.recorded.origin.path),
                    file=file.path,
                    fixes=tuple(_rerecorded(file, "digest", check.recorded, check.actual)),
                    guessed=check.recorded.guessed,
                )


def _advice_on_change(artifact: Artifact, file: WeightFile, recorder: str) -> str:
    if file.pointer is not None and recorder == file.path:
        return "`git lfs fsck` moves the object out of the way, and `git lfs pull` fetches it again."
    anew = renewal(artifact, recorder)
    if anew is None:
        meant = "publish a new version with its digest"
    else:
        meant = anew if file.is_bystander else f"publish a new version and {anew}"
    return f"Restore the file; if the change was meant, {meant}."


def _rerecorded(file: WeightFile, field: str, recorded: Fact[str] | Fact[int], actual: str | int) -> Iterator[Fix]:
    """The fix that records what a file is now, which takes from the record that it ever was anything else."""
    for mention in file.mentions:
        slot = mention.slots.get(field)
        place = (recorded.origin.path, recorded.origin.pointer)
        if slot is not None and (slot.origin.path, slot.origin.pointer) == place:
            old = _short(recorded.value) if isinstance(recorded.value, str) else f"{recorded.value:,} bytes"
            new = _short(actual) if isinstance(actual, str) else f"{actual:,} bytes"
            warning = f"{file.path}: recorded other contents: {old} -> {new}; {_RAISE}"
            yield Fix.of(slot.holding(actual), unsafe=True, warning=warning)


def listed(files: Sequence[WeightFile]) -> str:
    """The names of some files in a sentence: the first four, and how many more there are."""
    names = ", ".join(name_of(file.path) for file in files[:4])
    return names if len(files) <= 4 else f"{names} and {len(files) - 4} more"


@rule("SUM102", "missing-digest", severity=Severity.WARNING, tags=("integrity",), needs_whole_record=True)
def missing_digest(artifact: Artifact) -> Iterator[Problem]:
    """No source records a digest of a file.

    A note for MLflow and Hugging Face directories, whose own records have no place for one. The git-LFS pointer that
    git's index holds is such a record, too.

    ## Why is this bad?
    Nobody would notice if the file were replaced.

    ## How to fix
    `artifact-lint check --fix` records digest and size beside the path in a `model-artifact.yaml`, and leaves all else
    as it is; `artifact-lint init` writes such a manifest where there is none. Where git-LFS, DVC, a list of checksums
    or a signature has a digest of the file, none is missing, and `--fix` writes nothing.
    """
    if not artifact.described:
        return
    bare = [file for file in artifact.files if file.state is FileState.PRESENT and _has_no_digest(artifact, file)]
    if bare and not {*artifact.record.conventions} - {"mlflow-tracking"} - _WITHOUT_DIGESTS:
        message = f"no digest is recorded for {listed(bare)}"
        advice = "`artifact-lint init` writes a manifest that records them."
        yield Problem(artifact.origin, message, advice, severity=Severity.NOTE)
        return
    fixes = tuple(fix for file in bare for fix in _recorded(file))
    if len(bare) > 1:
        means = "check --fix` records" if fixes else "init` writes"
        advice = f'Record `digest: "sha256:..."` beside each path; `artifact-lint {means} them.'
        yield Problem(bare[0].origin, f"no digest is recorded for {listed(bare)}", advice, fixes=fixes)
        return
    for file in bare:
        digest = file.digest.known or "sha256:..."
        told = "" if file.digest.known else f"; `sha256sum {shlex.quote(file.path)}` prints it"
        told = "; `artifact-lint check --fix` does" if fixes else told
        advice = f'Record `digest: "{digest}"` beside its path{told}.'
        if set(artifact.record.conventions) == {"sidecar"}:
            advice = f'Record `"sha256": "{digest.removeprefix("sha256:")}"` in {artifact.origin.path}{told}.'
        yield Problem(file.origin, f"no digest is recorded for {file.path}", advice, file=file.path, fixes=fixes)


def _recorded(file: WeightFile) -> Iterator[Fix]:
    """The fixes that record digest and size; none for a file that is not what was recorded of it, or is cut short."""
    if any(mention.size and mention.size.value != file.size for mention in file.mentions) or _is_cut_short(file):
        return
    for mention in file.mentions:
        digest = mention.slots.get("digest")
        if digest is not None and digest.vacant:
            yield Fix(Lazy(partial(_with_digest, file, digest, mention.slots.get("size"))))


def _with_digest(file: WeightFile, digest: Slot, size: Slot | None) -> tuple[Edit, ...]:
    known = file.digest.value
    if known is None:
        return ()
    edits = (size.holding(file.size),) if size is not None and size.vacant and file.size is not None else ()
    return (*edits, digest.holding(known))


def _is_cut_short(file: WeightFile) -> bool:
    found = file.inspection.value
    if found is None:
        return False
    is_short = found.extent is not None and file.size is not None and found.extent > file.size
    return is_short or any(part.cause in CUT for part in found.incomplete)


def _has_no_digest(artifact: Artifact, file: WeightFile) -> bool:
    if file.role is Role.CONFIG or file.directory or file.is_bystander:
        return False
    is_recorded = any(mention.digests or mention.malformed or mention.parts for mention in file.mentions)
    return not is_recorded and (artifact.git is None or artifact.git.pointer(file.path) is None)


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
        is_weak = recorded and all(digest.value.partition(":")[0] in _WEAK for digest in recorded)
        if is_weak and not file.is_bystander:
            weak.append((file, recorded[0]))
    if weak:
        first = weak[0][1]
        algorithm = first.value.partition(":")[0].partition("-")[0]
        message = f"only {algorithm} is recorded for {listed([file for file, _ in weak])}"
        advice = f"Record a sha256 as well; `sha256sum {shlex.quote(weak[0][0].path)}` prints it."
        yield Problem(first.origin, message, advice)


@rule("SUM104", "malformed-digest", severity=Severity.ERROR, tags=("integrity",))
def malformed_digest(artifact: Artifact) -> Iterator[Problem]:
    """A recorded digest cannot be one: wrong length or alphabet, unknown algorithm, a filler.

    Likewise a git-LFS pointer that git-lfs does not take for one, so that no checkout ever replaces it by the weights.

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
            for fault in mention.malformed:
                advice = "Restore the file from where it was written, or write it anew."
                yield Problem(fault.origin, fault.value, advice, file=file.path, guessed=fault.guessed)


def _malformed(digest: str) -> str | None:
    algorithm, separator, value = digest.partition(":")
    if not separator:
        return f"{digest[:40]!r} names no algorithm"
    length = DIGEST_LENGTHS.get(algorithm)
    if length is None and algorithm.lower() in DIGEST_LENGTHS:
        return f"{algorithm!r} is not written in lower case"
    if length is None:
        return f"{algorithm[:20]!r} is no digest algorithm known here"
    if algorithm.startswith("md5"):
        value = value.removesuffix(_OF_DIRECTORY)
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
            if recorded is None or file.size is None or file.directory or file.size == recorded.value:
                continue
            if not _differs_in_line_ends(file, mention):
                teller = f" according to its {file.pointer.kind} pointer" if file.pointer else ""
                message = f"{file.path} has {file.size:,} bytes{teller}, not {recorded.value:,}"
                fixes = tuple(_rerecorded(file, "size", recorded, file.size))
                advice = "Restore the file, or record it anew."
                yield Problem(recorded.origin, message, advice, file=file.path, fixes=fixes)
    for total in artifact.record.total_size:
        stated, actual = total.value.stated, total.value.actual
        if actual is not None and actual != stated:
            message = f"the model's files have {actual:,} bytes together, not {stated:,}"
            yield Problem(total.origin, message, "A file was changed, added or removed; log the model again.")
    yield from total_size_problems(artifact)


def _differs_in_line_ends(file: WeightFile, mention: Mention) -> bool:
    """Whether a text has the digest that DVC before 3.0 recorded, which is that of the text with any line ends."""
    of_text = {digest for digest in mention.digests if digest.value.startswith("md5-dos2unix:")}
    verified = (
        {check.recorded for check in file.checks.value if check.state is DigestState.VERIFIED} if of_text else set()
    )
    return not of_text.isdisjoint(verified)


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
        incomplete = inspection.incomplete or unread_model(file, inspection)
        cut = next((part for part in incomplete if part.cause in CUT), None)
        if inspection.extent is not None and file.size is not None and inspection.extent > file.size:
            message = f"{file.path} has {file.size:,} of the {inspection.extent:,} bytes that its header promises"
        elif cut and cut.cause is Cause.EMPTY:
            message = f"{file.path} is empty"
        elif cut and not inspection.pickled:
            message = f"{file.path} is cut short: {cut.detail}"
        elif inspection.format == "torch-zip" and not inspection.incomplete and (short := _short_storage(file)):
            message = f"{file.path} is cut short: {short}"
        else:
            continue
        yield Problem(file.origin, message, "Fetch or write the file again.", file=file.path)


def _short_storage(file: WeightFile) -> str:
    """What an archive that is whole as such lacks of its tensors; nothing where it has all."""
    description = file.description.value
    gaps = () if description is None else description.incomplete
    return next((gap.detail for gap in gaps if gap.cause is Cause.TRUNCATED and not gap.member), "")


@rule("SUM107", "unverifiable", severity=Severity.NOTE, tags=("integrity",), needs_digests=True)
def unverifiable(artifact: Artifact) -> Iterator[Problem]:
    """The bytes are elsewhere, or could not be hashed, so that nothing can be said about them here.

    An error where the bytes are here and changed while they were read; a note else. What git-LFS has in the
    repository's own store is here, although only a pointer is checked out or staged, and is looked into.

    ## Why is this bad?
    It need not be: but silence would be read as "checked". A pickle that nobody looked into may run anything.

    ## How to fix
    Fetch the files (`git lfs pull`, `dvc pull`), install what the message names, or see to it that nobody writes to the
    files, and lint again.
    """
    there = [file for file in artifact.files if file.state is not FileState.MISSING]
    seen = {file.path for file in there if file.state is FileState.PRESENT or file.is_verified_by_pointer}
    unseen = [file for file in there if file.path not in seen]
    present = [file for file in there if file.path in seen and _stays_unchecked(file)]
    by_trouble: dict[str, list[WeightFile]] = {}
    for file in present:
        trouble = next((check.trouble for check in file.checks.value if check.trouble), "")
        by_trouble.setdefault(trouble.removesuffix(f": {file.path}"), []).append(file)
    unseen += by_trouble.pop("", [])
    for trouble, files in by_trouble.items():
        is_unread = any(check.unread for file in files for check in file.checks.value)
        is_told = any(_is_said_to_be_unread(file) for file in files)
        yield Problem(
            files[0].origin,
            f"the bytes of {listed(files)} were not checked: {trouble}",
            _advice_on(files),
            file=files[0].path,
            severity=Severity.ERROR if is_unread and not is_told else None,
        )
    if unseen:
        pointers = sorted({file.pointer.kind for file in unseen if file.pointer})
        where = f" (only the {' and '.join(pointers)} pointer is here)" if pointers else ""
        message = f"the bytes of {listed(unseen)} were not checked{where}{_unknown_pickles(unseen)}"
        commands = " and ".join(f"`{_FETCHED_BY[kind]}`" for kind in pointers if kind in _FETCHED_BY)
        advice = f"Fetch the files{f' ({commands})' if commands else ''} and lint again to check them."
        yield Problem(unseen[0].origin, message, advice, file=unseen[0].path)


#: What fetches the bytes that each kind of pointer stands for.
_FETCHED_BY = {"git-LFS": "git lfs pull", "DVC": "dvc pull"}


def _unknown_pickles(files: Sequence[WeightFile]) -> str:
    """What is to be said of files that a loader may unpickle, and nobody has looked into, as the end of a sentence."""
    promised = [file for file in files if file.promises_pickle]
    if not promised:
        return ""
    which = "nor looked into" if len(promised) == len(files) else f"and {listed(promised)} not looked into"
    return f", {which}: what loading {'it' if len(promised) == 1 else 'them'} would run is not known"


def _advice_on(files: Sequence[WeightFile]) -> str:
    checks = [check for file in files for check in file.checks.value]
    if any(check.unread for check in checks):
        return "See to it that nobody writes to it meanwhile, and lint again."
    if any(check.directory for check in checks):
        return "`dvc status` tells whether they are as DVC recorded them; `dvc pull` fetches what is missing."
    return "Lint again with it."


def _stays_unchecked(file: WeightFile) -> bool:
    """Whether digests are recorded that could be compared, and none of them was."""
    if all(_malformed(check.recorded.value) for check in file.checks.value):
        return False
    return file.digest_state in {DigestState.UNVERIFIABLE, DigestState.SIZE_ONLY}


def _is_said_to_be_unread(file: WeightFile) -> bool:
    """Whether the reader of its format could not read it either, of which PKL141 tells."""
    inspection = file.inspection.value
    return inspection is not None and any(part.cause is Cause.UNREADABLE for part in inspection.incomplete)


@rule("SUM108", "shard-missing", severity=Severity.ERROR, tags=("integrity",))
def shard_missing(artifact: Artifact) -> Iterator[Problem]:
    """An index, or a GGUF file that is one of several, names a shard that is not there.

    ## Why is this bad?
    Loading fails, or a part of the tensors stays as it was initialised.

    ## How to fix
    Add the shard or its git-LFS pointer; write model and index again if the shards were renamed.
    """
    missing = [file for file in artifact.files if file.state is FileState.MISSING and is_shard(file)]
    missing = [file for file in missing if not is_left_behind(artifact, file)]
    by_index: dict[str, list[WeightFile]] = {}
    for file in missing:
        by_index.setdefault(file.mentions[0].origin.path, []).append(file)
    for index, files in by_index.items():
        noun = "shard that is" if len(files) == 1 else f"{len(files)} shards that are"
        message = f"{index.rpartition('/')[2]} names {'a ' if len(files) == 1 else ''}{noun} not there: {listed(files)}"
        related = tuple(Related(file.mentions[0].origin, file.path) for file in files[1:4])
        advice = "Add the missing shards or their LFS pointers."
        yield Problem(files[0].mentions[0].origin, message, advice, file=files[0].path, related=related)
    yield from missing_parts(artifact)


def is_left_behind(artifact: Artifact, file: WeightFile) -> bool:
    """Whether a file is only missing in the index, and lies in the working tree: GIT003 says how that came about."""
    is_needed = any(mention.required and not mention.vouches for mention in file.mentions)
    return is_needed and artifact.git is not None and artifact.git.is_left_behind(file.path)


def is_shard(file: WeightFile) -> bool:
    """Whether the record that names a file first is a shard index."""
    return bool(file.mentions) and re.search(_INDEX, file.mentions[0].origin.path) is not None
