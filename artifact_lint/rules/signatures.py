"""SUM: does a signature vouch for the artifact, for all of it, and is it somebody's who is trusted?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import Authenticity, DigestState, Problem, Severity, SigningMethod
from artifact_lint.model.paths import name_of
from artifact_lint.rules.registry import collection_rule, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifact_lint.model import Artifact, Signature, WeightFile

_CERTIFIED = {
    SigningMethod.CERTIFICATE: "a certificate",
    SigningMethod.KEYLESS: "a certificate of Sigstore's",
}
_SIGN = "Sign the model with model_signing, and add its model.sig."
_SIGN_AGAIN = "Sign the model again, as it is now meant to be."


@rule("SUM111", "unsigned", severity=Severity.ERROR, tags=("integrity", "security"))
def unsigned(artifact: Artifact) -> Iterator[Problem]:
    """A signature is asked for, and none speaks for the artifact.

    An error where `stages.<stage>.signed = true` in the configuration asks for it. A warning where `--public-key` gives
    keys that a signature shall be from; a note where the configuration does (`signing.public-key`), because it is for
    every model of the repository, and not all of them need be signed. A signature is a `model.sig` (or another `*.sig`)
    in the artifact's directory or above it, as `model_signing` writes it after the OpenSSF Model Signing specification.

    ## Why is this bad?
    Digests beside the weights notice an accident. Whoever replaces the weights can replace them, too. Whoever cannot
    sign can still remove the signature.

    ## How to fix
    `model_signing sign key DIRECTORY --private_key key.pem --signature DIRECTORY/model.sig`, and add the file.
    """
    found = artifact.record.signatures
    stage, options = artifact.record.stage.best, artifact.options
    if stage and _is_asked_for(artifact) and all(one.pretends for one in found):
        message = f"nothing signs the artifact, and the stage {stage.value!r} asks for a signature"
        yield Problem(stage.origin, message, _SIGN)
    elif options.public_keys and not found:
        keys = ", ".join(key.name for key in options.public_keys[:4])
        severity = Severity.WARNING if options.keys_for_run else Severity.NOTE
        message = f"nothing signs the artifact: there is no signature that {keys} could have made"
        yield Problem(artifact.origin, message, _SIGN, severity=severity)


def _is_asked_for(artifact: Artifact) -> bool:
    """Whether the artifact's stage asks for a signature."""
    stage = artifact.record.stage.best
    asked = artifact.options.stages.get(stage.value) if stage else None
    return asked is not None and asked.signed


@collection_rule("SUM112", "signature-incomplete", severity=Severity.ERROR, tags=("integrity", "security"))
def signature_incomplete(artifacts: Sequence[Artifact]) -> Iterator[tuple[Artifact, Problem]]:
    """A signature leaves a file out, lists one that is not there or has other bytes, or disagrees with itself.

    Every file in the signed directory counts, but git's own, the signature, and what the signature says it ignores:
    where it does not say (model_signing before 1.1), a file that is left out is a warning. A file of an artifact with
    other bytes than the signature lists is SUM101.

    ## Why is this bad?
    Nobody vouches for a file that is not listed: it may have been put there afterwards. `model_signing verify` refuses
    the model in each of these cases.

    ## How to fix
    Remove what does not belong to the model, restore what does, or sign it again.
    """
    for owners, signature in _signatures(artifacts):
        for problem in _gaps(signature, owners):
            yield owners[-1], problem


def _gaps(signature: Signature, owners: Sequence[Artifact]) -> Iterator[Problem]:
    name, place = _name(signature), signature.origin
    if signature.contradiction:
        yield Problem(place, f"{name} disagrees with itself: {signature.contradiction}", _SIGN_AGAIN)
    if signature.astray:
        count = len(signature.absent)
        which = "the one that it lists is not" if count == 1 else f"none of the {count:,} that it lists is"
        message = f"{name} is of other files: {which} here"
        yield Problem(place, message, "Put the signature of this model here, or remove it.")
        return
    if signature.absent:
        what = _counted(signature.absent, "that is not there", "that are not there")
        yield Problem(place, f"{name} lists {what}", f"Restore the files. {_SIGN_AGAIN}")
    if signature.unlisted:
        message = f"{name} leaves out {_counted(signature.unlisted, 'that nobody signed', 'that nobody signed')}"
        advice = f"Remove what is not part of the model. {_SIGN_AGAIN}"
        severity = Severity.WARNING if signature.keeps_silent else None
        yield Problem(place, message, advice, file=signature.unlisted[0], severity=severity)
    changed = [path for path, state in _others(signature, owners).items() if state is DigestState.MISMATCH]
    if changed:
        message = f"{name} lists {_counted(changed, 'with another digest', 'with other digests')}"
        yield Problem(place, message, f"Restore what was changed. {_SIGN_AGAIN}", file=changed[0])


def _others(signature: Signature, owners: Sequence[Artifact]) -> Mapping[str, DigestState]:
    """What the digests are worth of the listed files that are no artifact's: of the others SUM101 tells."""
    return signature.others({file.path for artifact in owners for file in artifact.files if _lists(signature, file)})


def _lists(signature: Signature, file: WeightFile) -> bool:
    return any(mention.origin == signature.origin for mention in file.mentions)


def _counted(paths: Sequence[str], one: str, many: str) -> str:
    names = ", ".join(name_of(path) for path in paths[:4])
    rest = f" and {len(paths) - 4} more" if len(paths) > 4 else ""
    return f"a file {one}: {names}" if len(paths) == 1 else f"{len(paths):,} files {many}: {names}{rest}"


@collection_rule("SUM113", "signature-invalid", severity=Severity.ERROR, tags=("integrity", "security"))
def signature_invalid(artifacts: Sequence[Artifact]) -> Iterator[tuple[Artifact, Problem]]:
    """A signature is not one of the given public keys', or none at all.

    Keys are given by `--public-key FILE` or by `public-key` in the configuration's table `signing`, and take the extra
    `sign`. Where none is given, a note says that a signature that agrees with the files is consistent and not
    authenticated. Certificates, and those of Sigstore, are not verified here: `model_signing verify` does that.

    A file called `model.sig` that is no signature of a model (empty, `{}`, anything else) protects nothing: a warning
    where neither a key is given nor the stage asks for a signature, and a note where it is a signature of OpenPGP's and
    the like, which are not verified here. Of other `*.sig` files that are something else nothing is said.

    Where a signature is that of a key, nothing is found: `-v` says by which (`signed: model.sig, by signer.pub`), and
    the JSON report has it in `signatures`.

    ## Why is this bad?
    Anybody can sign anything with a key of their own. Only one that is known beforehand tells who it was.

    ## How to fix
    Find out where the signature comes from. If that is right, give the public key of the one who signs; otherwise take
    model and signature from their source again.
    """
    for owners, signature in _signatures(artifacts):
        problem = _doubt(signature, owners)
        if problem is not None:
            yield owners[-1], problem


def _doubt(signature: Signature, owners: Sequence[Artifact]) -> Problem | None:
    name = _name(signature)
    if signature.pretends:
        is_asked_for = any(artifact.options.public_keys or _is_asked_for(artifact) for artifact in owners)
        message = f"{name} is no signature of a model: {signature.trouble or signature.unread}"
        advice = f"{_SIGN} If the file is something else, give it another name."
        mildly = Severity.WARNING if signature.trouble else Severity.NOTE
        return Problem(signature.origin, message, advice, severity=None if is_asked_for else mildly)
    if signature.trouble:
        message = f"{name} is no valid signature: {signature.trouble}"
        return Problem(signature.origin, message, _SIGN_AGAIN)
    if signature.unread:
        message = f"{name} was not looked into: {signature.unread}"
        return Problem(signature.origin, message, "Verify it with model_signing.", severity=Severity.WARNING)
    verdict = signature.verdict.value
    by = _CERTIFIED.get(signature.method)
    certified = f"; it was signed with {by}, which is not verified here" if by else ""
    match verdict.authenticity:
        case Authenticity.AUTHENTIC:
            return None
        case Authenticity.UNASKED:
            return _unasked(signature, owners, certified)
        case Authenticity.FORGED:
            message = f"{name} was changed after the key of {verdict.detail} signed it"
            return Problem(signature.origin, message, "Take the model and its signature from their source again.")
        case Authenticity.FOREIGN:
            message = f"{name} was not signed with {verdict.detail}{certified}"
            advice = f"`model_signing verify` checks certificates. {_TRUST}" if by else _TRUST
            return Problem(signature.origin, message, advice)
        case _:
            message = f"{name} was not held against the given public key: {verdict.detail}"
            return Problem(signature.origin, message, "Do so before the model is used.")


_TRUST = "Give the public key of the one who signs; if you did, somebody else signed this."


def _unasked(signature: Signature, owners: Sequence[Artifact], certified: str) -> Problem:
    name = _name(signature)
    agrees = "is consistent, not authenticated"
    states = {*_others(signature, owners).values(), *_states(signature, owners)}
    if any(_gaps(signature, owners)) or DigestState.MISMATCH in states:
        agrees = "is not authenticated"
    elif DigestState.UNVERIFIABLE in states:
        agrees = "is consistent as far as could be checked, not authenticated"
    advice = "Give the signer's public key: `--public-key FILE`, or `public-key` in [tool.artifact-lint.signing]."
    if certified:
        advice = "`model_signing verify` checks certificates."
    message = f"{name} {agrees}{certified}" if certified else f"{name} {agrees}: no public key is given"
    return Problem(signature.origin, message, advice, severity=Severity.NOTE)


def _states(signature: Signature, owners: Sequence[Artifact]) -> Iterator[DigestState]:
    """What the digests are worth that the signature has of the artifacts' files; no file is hashed for this alone."""
    for file in (file for artifact in owners for file in artifact.files if _lists(signature, file)):
        checks = file.checks.known
        if checks is None:
            yield DigestState.UNVERIFIABLE
        else:
            yield from (check.state for check in checks if check.recorded.origin == signature.origin)


def _name(signature: Signature) -> str:
    return name_of(signature.origin.path)


def _signatures(artifacts: Sequence[Artifact]) -> Iterator[tuple[Sequence[Artifact], Signature]]:
    """Each signature once, with the artifacts that it speaks for: of these, the last was asked for if any was."""
    owners: dict[str, list[Artifact]] = {}
    found = {}
    for artifact in artifacts:
        for one in artifact.record.signatures:
            owners.setdefault(one.origin.path, []).append(artifact)
            found[one.origin.path] = one
    for path in sorted(found):
        yield owners[path], found[path]
