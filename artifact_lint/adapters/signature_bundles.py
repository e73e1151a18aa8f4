"""What stands in a signature of a model: the files it lists, and what was signed with what.

Source: the OpenSSF Model Signing specification 1.0 (a Sigstore bundle 0.3 that holds a DSSE 1.0 envelope, whose payload
is an in-toto statement 1), and what model_signing 0.2 to 1.1 write: one subject for each file before 0.3, `.` for a
model that is a single file, `sha256-sharded-1000000000` for the algorithm where parts of files are signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from artifact_lint.document import DocumentError, Syntax, parse
from artifact_lint.model import Envelope, SigningMethod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.document import Limits, Node
    from artifact_lint.model import Origin

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/"
PREDICATES = "https://model_signing/"
PREDICATE = "https://model_signing/signature/v1.0"
OLD_PREDICATE = "https://model_signing/Digests/v0.1"

#: How many values there may be in what is signed: four for each file, and of all models that there are few have 1,000.
_MOST_NODES = 500_000
#: How the payload is encoded: either alphabet of RFC 4648, with or without its padding.
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_HEXADECIMAL = re.compile(r"(?:[0-9a-fA-F]{2})+")
_ALGORITHM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_RANGE = re.compile(r"(?P<path>.+):(?P<start>[0-9]{1,18}):(?P<end>[0-9]{1,18})", re.DOTALL)
_SHARDED = re.compile(r"-sharded-[0-9.]+\Z")
#: What model_signing's own interface calls an algorithm of hashlib's.
_SPELLINGS = {"blake2": "blake2b"}


class BundleError(Exception):
    """A bundle that nobody could verify; the message is the rest of a sentence about it."""


class UnknownVersionError(Exception):
    """A signature of a model whose version is not known here; the message is the rest of a sentence about it."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that a signature lists, or the bytes from `start` up to `end` of one; `name` is as it is written."""

    name: str
    digest: str
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A signature of a model: what it lists, in its order, and what was signed.

    `origin` is the payload's. `subject` is what the model is called, and `ignored` are the paths that were left out;
    None where nobody says so. `sharded` says that parts of files are listed, and `contradiction` where the digest over
    all digests is another.
    """

    origin: Origin
    method: SigningMethod
    envelope: Envelope
    subject: str | None
    resources: tuple[Resource, ...]
    ignored: tuple[str, ...] | None
    sharded: bool
    contradiction: str


def payload_of(root: Node) -> Node | None:
    """The node of the signed payload; None where the document holds no envelope."""
    return root.get("dsseEnvelope", "payload")


def read_bundle(root: Node, limits: Limits) -> Bundle | None:
    """The signature of a model that a document is; None where it is something else.

    Raises:
        BundleError: It is one that nobody could verify.
        UnknownVersionError: It is one of a version that is not known here.
    """
    envelope = root.get("dsseEnvelope")
    payload = payload_of(root)
    if envelope is None or payload is None:
        return None
    content = _decoded(payload, "the payload")
    try:
        statement = parse(payload.source.path, content, Syntax.JSON, _within(limits)).root
    except DocumentError as error:
        raise BundleError(f"its payload cannot be read: {error.reason}") from error
    predicate_type = _text(statement, "predicateType") or ""
    if not predicate_type.startswith(PREDICATES):
        return None
    method, hint = _material(root)
    is_old = predicate_type == OLD_PREDICATE
    signed = Envelope(_payload_type(root, statement), content, _signature(envelope), hint, is_old)
    if is_old:
        resources = tuple(_subjects(statement))
        return Bundle(payload.origin, method, signed, None, resources, None, sharded=False, contradiction="")
    if predicate_type != PREDICATE:
        raise UnknownVersionError(f"its version is not known here: {predicate_type[:80]}")
    subject, stated = _subject(statement)
    resources, sharded = _resources(statement)
    return Bundle(
        payload.origin,
        method,
        signed,
        subject,
        resources,
        _ignored(statement),
        sharded=sharded,
        contradiction=_contradiction(stated, resources),
    )


def _within(limits: Limits) -> Limits:
    return replace(limits, nodes=min(limits.nodes, _MOST_NODES))


def _text(node: Node | None, *keys: str) -> str | None:
    found = node.get(*keys) if node is not None else None
    return found.scalar if found is not None and isinstance(found.scalar, str) else None


def _decoded(node: Node | None, what: str) -> bytes:
    written = _text(node)
    if written is None or not _BASE64.fullmatch(written):
        raise BundleError(f"{what} is no base64")
    standard = written.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4))
    except binascii.Error as error:
        raise BundleError(f"{what} is no base64") from error


def _payload_type(root: Node, statement: Node) -> str:
    media = _text(root, "mediaType") or ""
    if not media.startswith(BUNDLE_TYPE):
        raise BundleError(f"its mediaType is {media[:60]!r}, not a Sigstore bundle's")
    kind = _text(root, "dsseEnvelope", "payloadType") or ""
    if kind != PAYLOAD_TYPE:
        raise BundleError(f"its payloadType is {kind[:60]!r}, not {PAYLOAD_TYPE}")
    if not (_text(statement, "_type") or "").startswith(STATEMENT_TYPE):
        raise BundleError("its payload is no in-toto statement")
    return kind


def _signature(envelope: Node) -> bytes:
    listed = envelope.get("signatures")
    found = list(listed.elements()) if listed is not None else []
    if len(found) != 1:
        raise BundleError(f"it holds {len(found) or 'no'} signature{'s' if found else ''}, not one")
    signature = _decoded(found[0].get("sig"), "the signature")
    if not signature:
        raise BundleError("the signature is empty")
    return signature


def _material(root: Node) -> tuple[SigningMethod, str | None]:
    material = root.get("verificationMaterial")
    if material is None:
        return SigningMethod.UNKNOWN, None
    if material.get("publicKey") is not None:
        raw = material.get("publicKey", "rawBytes")
        if raw is not None:
            return SigningMethod.KEY, hashlib.sha256(_decoded(raw, "the public key")).hexdigest()
        return SigningMethod.KEY, _text(material, "publicKey", "hint")
    if material.get("x509CertificateChain") is not None:
        return SigningMethod.CERTIFICATE, None
    return (SigningMethod.KEYLESS if material.get("certificate") is not None else SigningMethod.UNKNOWN), None


def _subject(statement: Node) -> tuple[str | None, str]:
    subjects = statement.get("subject")
    found = list(subjects.elements()) if subjects is not None else []
    if len(found) != 1:
        raise BundleError(f"it is about {len(found) or 'no'} subject{'s' if found else ''}, not one")
    return _text(found[0], "name"), _text(found[0], "digest", "sha256") or ""


def _resources(statement: Node) -> tuple[tuple[Resource, ...], bool]:
    method = _text(statement, "predicate", "serialization", "method")
    if method not in {"files", "shards"}:
        raise BundleError(f"its serialization method is {(method or 'nothing')[:40]!r}, neither files nor shards")
    listed = statement.get("predicate", "resources")
    if listed is None or not listed.is_sequence:
        raise BundleError("it has no list of files")
    return tuple(_resource(node, sharded=method == "shards") for node in listed.elements()), method == "shards"


def _resource(node: Node, *, sharded: bool) -> Resource:
    name, algorithm, digest = _text(node, "name"), _text(node, "algorithm"), _text(node, "digest")
    if name is None or algorithm is None or digest is None:
        raise BundleError("a file that it lists has no name, no algorithm or no digest")
    recorded = _digest(_SHARDED.sub("", algorithm) if sharded else algorithm, digest)
    if not sharded:
        return Resource(name, recorded)
    match = _RANGE.fullmatch(name)
    if match is None:
        raise BundleError(f"it lists {name[:60]!r}, which names no bytes of a file")
    return Resource(match["path"], recorded, int(match["start"]), int(match["end"]))


def _subjects(statement: Node) -> Iterator[Resource]:
    listed = statement.get("subject")
    for node in listed.elements() if listed is not None else ():
        name, digest = _text(node, "name"), _text(node, "digest", "sha256")
        if name is None or digest is None:
            raise BundleError("a file that it lists has no name or no digest")
        yield Resource(name, _digest("sha256", digest))


def _digest(algorithm: str, digest: str) -> str:
    if not _HEXADECIMAL.fullmatch(digest):
        raise BundleError(f"it lists {digest[:40]!r} for a digest, which is none")
    if not _ALGORITHM.fullmatch(algorithm):
        raise BundleError(f"it lists {algorithm[:40]!r} for a digest's algorithm, which is none")
    return f"{_SPELLINGS.get(algorithm, algorithm)}:{digest.lower()}"


def _ignored(statement: Node) -> tuple[str, ...] | None:
    listed = statement.get("predicate", "serialization", "ignore_paths")
    if listed is None:
        return None
    return tuple(text for node in listed.elements() if (text := _text(node)) is not None)


def _contradiction(stated: str, resources: tuple[Resource, ...]) -> str:
    """Where the digest over all digests, in their order, is not what the subject has."""
    hasher = hashlib.sha256()
    for resource in resources:
        hasher.update(bytes.fromhex(resource.digest.partition(":")[2]))
    if hasher.hexdigest() == stated.lower():
        return ""
    told = f"sha256:{stated[:12]}" if stated else "not there"
    return f"its root digest is {told}, and that of the files it lists is sha256:{hasher.hexdigest()[:12]}"
