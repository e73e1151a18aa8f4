"""NAM: do names and versions follow a convention?"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Problem, Severity
from artifact_lint.model.paths import directory_of, name_of, stem_of
from artifact_lint.policy.names import DEFAULT, PROFILES, check_alias, check_name
from artifact_lint.policy.versions import is_version, scheme_names, why_never
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact
    from artifact_lint.policy.names import NameProfile

#: Conventions that fix the names of their own files and leave versions to a registry.
_FIXED_NAMES = frozenset({"mlflow", "huggingface", "savedmodel", "triton", "bentoml"})
#: Words that stop being true with the next model; the first two mean it wherever they stand in a name.
_PASSING = frozenset({"final", "latest"})
_VAGUE = _PASSING | {"new", "old", "copy", "tmp", "temp"}
_GENERIC = frozenset({"model", "models", "best", "best_model", "weights", "checkpoint", "clf", "classifier", "trained"})
#: File names that Windows keeps for devices (Microsoft, "Naming Files, Paths, and Namespaces").
_RESERVED = frozenset({"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10)})


def _has_fixed_names(artifact: Artifact) -> bool:
    return not _FIXED_NAMES.isdisjoint(artifact.record.conventions)


@rule("NAM001", "artifact-name", severity=Severity.ERROR, tags=("naming",))
def artifact_name(artifact: Artifact) -> Iterator[Problem]:
    """The artifact's name is not valid where it is to be registered.

    An error where the configuration names a registry or a pattern; otherwise a warning against the name that every
    registry accepts: lower-case words joined by hyphens, starting with a letter, up to 63 characters.

    ## Why is this bad?
    Registration fails at the end of the pipeline, or the name is rewritten and no longer found.

    ## How to fix
    Rename it as the message says, or set `naming.registry` or `naming.pattern` in the configuration.
    """
    fact = artifact.record.name.best
    if not fact:
        return
    naming = artifact.options.naming
    if naming.pattern is not None:
        if not re.fullmatch(naming.pattern, fact.value):
            message = f"{fact.value!r} does not match the configured pattern {naming.pattern}"
            yield Problem(fact.origin, message, "Rename it, or correct naming.pattern.", guessed=fact.guessed)
        return
    profile = PROFILES[naming.registry] if naming.registry else _usual_profile(artifact)
    broken = check_name(profile, fact.value)
    if broken:
        lowered = None if naming.registry else Severity.NOTE if fact.guessed else Severity.WARNING
        advice = f"Rename it, for example to `{_suggested(fact.value)}`."
        title, _, words = broken.partition(": ")
        taker = "every registry" if profile is DEFAULT else title
        message = f"{fact.value!r} is no name that {taker} takes; its rule: {words}"
        yield Problem(fact.origin, message, advice, severity=lowered, guessed=fact.guessed)


def _usual_profile(artifact: Artifact) -> NameProfile:
    """The registry that a convention belongs to, or the names that all of them take."""
    conventions = [name for name in artifact.record.conventions if name == "native" or name in PROFILES]
    return PROFILES.get(conventions[0], DEFAULT) if conventions else DEFAULT


def _suggested(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return re.sub(r"^[^a-z]+", "", words)[:63].rstrip("-") or "my-model"


@rule("NAM002", "vague-name", severity=Severity.WARNING, tags=("naming",))
def vague_name(artifact: Artifact) -> Iterator[Problem]:
    """A name says final, latest, new, old, copy or tmp, or ends in (1).

    `new`, `old`, `copy` and `tmp` count at the end of a name, or beside words that say nothing themselves: `new_model`
    is vague, `new-york-taxi` is not.

    ## Why is this bad?
    It was true for a day. The next file is final_2.

    ## How to fix
    Name what it is, and let the version say which one.
    """
    name = artifact.record.name.best
    if name and (word := _vague_word(name.value)):
        message = f"the name {name.value!r} says {word!r}, which no longer holds with the next one"
        yield Problem(name.origin, message, "Leave it out; the version tells.", guessed=name.guessed)
    for file in artifact.files:
        if word := _vague_word(stem_of(file.path)):
            message = f"{name_of(file.path)} says {word!r}, which no longer holds with the next one"
            yield Problem(file.origin, message, "Rename the file; the version tells which one it is.", file=file.path)


def _vague_word(name: str) -> str | None:
    if copy := re.search(r"\(\d+\)|\bcopy of\b", name, re.IGNORECASE):
        return copy[0]
    words = [word for word in re.split(r"[^a-zA-Z]+|(?<=[a-z])(?=[A-Z])", name) if word]
    for position, word in enumerate(words):
        others = {other.lower() for other in words[:position] + words[position + 1 :]}
        says_nothing_else = others <= _GENERIC | _VAGUE
        is_last = position == len(words) - 1 and word.lower() != "temp"
        if word.lower() in _PASSING or (word.lower() in _VAGUE and (is_last or says_nothing_else)):
            return word
    return None


@rule("NAM003", "generic-name", severity=Severity.NOTE, tags=("naming",))
def generic_name(artifact: Artifact) -> Iterator[Problem]:
    """A weight file is called model, best or weights, and neither a record nor its directory gives it a name.

    ## Why is this bad?
    Away from its directory nobody knows what it is.

    ## How to fix
    Name the file after what it predicts, or describe it in a manifest, which then holds the name.
    """
    if _has_fixed_names(artifact) or "native" in artifact.record.conventions or artifact.record.name:
        return
    for file in artifact.files:
        stem = name_of(file.path).split(".")[0].lower().replace("-", "_")
        generic = stem in _GENERIC or re.fullmatch(r"(best_?)?model_?(best|\d*)", stem)
        if generic and not _has_telling_directory(file.path):
            message = f"{name_of(file.path)} says nothing about what it predicts"
            yield Problem(file.origin, message, "Name it after its task, or describe it in a manifest.", file=file.path)


def _has_telling_directory(path: str) -> bool:
    """Whether the directory names the model: `churn/model.pkl`, `churn/1/model.onnx`."""
    above = [part for part in path.lower().split("/")[:-1] if not re.fullmatch(r"v?[\d.]+", part)]
    return bool(above) and above[-1] not in _CONTAINERS


@rule("NAM004", "unportable-file-name", severity=Severity.WARNING, tags=("naming",))
def unportable_file_name(artifact: Artifact) -> Iterator[Problem]:
    """A file name that some system or registry does not take.

    ## Why is this bad?
    Spaces and non-ASCII characters break scripts and URIs, names that differ only in case fall together on Windows
    and macOS, and reserved names cannot be checked out there at all.

    ## How to fix
    Use letters, digits, `.`, `_` and `-`.
    """
    twins: dict[str, str] = {}
    for file in artifact.files:
        name = name_of(file.path)
        reason = _unportable(name)
        twin = twins.setdefault(file.path.casefold(), file.path)
        if reason is None and twin != file.path:
            reason = f"differs from {name_of(twin)} only in case"
        if reason:
            yield Problem(file.origin, f"{name!r} {reason}", "Use letters, digits, `.`, `_` and `-`.", file=file.path)


def _unportable(name: str) -> str | None:
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in name):
        return "has a control character or bytes that are no text"
    if not name.isascii():
        return "has characters outside ASCII"
    if " " in name:
        return "has a space"
    if found := re.search(r'[<>:"|?*\\]', name):
        return f"has {found[0]!r}, which Windows does not take"
    if name.split(".", maxsplit=1)[0].lower() in _RESERVED:
        return "is reserved on Windows"
    return "ends in a dot, which Windows drops" if name.endswith(".") else None


_VERSION_TAIL: Final = r"(?i)(?:(?P<name>.+?)[-_])?(?P<version>v\d+(?:\.\d+)*|\d+\.\d+(?:\.\d+)*)"
#: Directories that keep one directory per model: below them, the parent of a version is a model's name.
_CONTAINERS = frozenset({"models", "artifacts", "registry", "model-registry", "model_registry", "releases"})


@rule("NAM005", "directory-mismatch", severity=Severity.WARNING, tags=("naming",))
def directory_mismatch(artifact: Artifact) -> Iterator[Problem]:
    """The directory says another name or version than the manifest.

    Looked at where the directory ends in a version: `churn-1.2.0`, `models/churn/v3`.

    ## Why is this bad?
    People deploy by path, and services by manifest.

    ## How to fix
    Move the directory or correct the manifest.
    """
    directory = name_of(artifact.path)
    above = directory_of(artifact.path)
    tail = re.fullmatch(_VERSION_TAIL, directory)
    version, name = artifact.record.version.best, artifact.record.name.best
    if not tail or (name and _plain(directory) == _plain(name_of(name.value))):
        return
    if version and not version.guessed and not _same_version(tail["version"], version.value):
        message = f"the directory says {tail['version']}, the record says {version.value}"
        yield Problem(version.origin, message, "Move the directory or correct the version.")
    is_below_container = name_of(directory_of(above)).lower() in _CONTAINERS
    stated = tail["name"] or (name_of(above) if is_below_container else "")
    if name and not name.guessed and stated and _plain(stated) != _plain(name.value):
        message = f"the directory says {stated}, the record says {name.value}"
        yield Problem(name.origin, message, "Move the directory or correct the name.")


def _same_version(directory: str, stated: str) -> bool:
    parts, full = directory.lower().lstrip("v").split("."), stated.lower().lstrip("v").split(".")
    return full[: len(parts)] == parts


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@rule("NAM011", "missing-version", severity=Severity.WARNING, tags=("naming",), needs_whole_record=True)
def missing_version(artifact: Artifact) -> Iterator[Problem]:
    """The artifact states no version.

    MLflow and Hugging Face directories get theirs from the registry or the revision.

    ## Why is this bad?
    Nobody can say which one is deployed, nor go back to the one before.

    ## How to fix
    State `version`.
    """
    if artifact.described and not artifact.record.version and not _has_fixed_names(artifact):
        message = "no version is stated"
        yield Problem(artifact.origin, message, 'State one, for example `version: "1.0.0"`.')


@rule("NAM012", "version-scheme", severity=Severity.ERROR, tags=("naming",))
def version_scheme(artifact: Artifact) -> Iterator[Problem]:
    """The version is not of the configured scheme, or is none at all.

    `latest`, `final` and dates in disguise are never versions. Without a configured scheme, semantic versions,
    integers, vN and calendar versions are taken.

    ## Why is this bad?
    Versions that cannot be ordered cannot be compared, rolled back or superseded.

    ## How to fix
    Use a version of the scheme: `2.3.0` (semver), `14` (integer), `v14` (vN), `2026.11` (calver).
    """
    fact = artifact.record.version.best
    if not fact:
        return
    scheme = artifact.options.naming.version_scheme
    reason = why_never(fact.value)
    if reason is None and not is_version(fact.value, scheme):
        reason = f"is no {scheme} version" if scheme else f"is of none of these schemes: {', '.join(scheme_names())}"
    if reason:
        message = f"version {fact.value!r} {reason}"
        yield Problem(fact.origin, message, "Use a version that can be ordered, such as 2.3.0.", guessed=fact.guessed)


@rule("NAM021", "reserved-alias", severity=Severity.ERROR, tags=("naming",))
def reserved_alias(artifact: Artifact) -> Iterator[Problem]:
    """An alias that the registry keeps for itself.

    ## Why is this bad?
    MLflow resolves `latest` and `v3` on its own, and refuses them as aliases.

    ## How to fix
    Choose another, such as `champion` or `challenger`.
    """
    profile = PROFILES[artifact.options.naming.registry or "mlflow"]
    for alias in artifact.record.aliases:
        if broken := check_alias(profile, alias.value):
            title, _, words = broken.partition(": ")
            message = f"{title} does not take the alias {alias.value!r}; its rule: {words}"
            yield Problem(alias.origin, message, "Choose another, such as `champion` or `challenger`.")
