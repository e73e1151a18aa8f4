"""MAN: what is stated, and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from artifact_lint.model import Component, FileState, Fix, Irregularity, Problem, Role, Severity
from artifact_lint.rules.integrity import is_left_behind, is_shard
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, WeightFile


def _remarks(artifact: Artifact, kind: Irregularity) -> Iterator[Problem]:
    for remark in artifact.record.remarks:
        if remark.kind is kind:
            fixes = tuple(Fix.of(edit, unsafe=remark.guessed) for edit in remark.fixes)
            yield Problem(remark.origin, remark.message, remark.help, fixes=fixes, guessed=remark.guessed)


@rule("MAN001", "unreadable-document", severity=Severity.ERROR, tags=("manifest",))
def unreadable_document(artifact: Artifact) -> Iterator[Problem]:
    """A record cannot be read: its syntax or encoding is broken, or it exceeds a limit.

    ## Why is this bad?
    Whatever it says about the artifact is lost, to this tool and to everything that deploys the model. Documents
    with extreme nesting or aliases are also a way to crash the programs that read them.

    ## How to fix
    Correct the document at the line named. If its size is meant, raise the limit in the configuration.
    """
    yield from _remarks(artifact, Irregularity.UNREADABLE)


@rule("MAN002", "schema-violation", severity=Severity.ERROR, tags=("manifest",))
def schema_violation(artifact: Artifact) -> Iterator[Problem]:
    """The manifest does not follow its schema.

    ## Why is this bad?
    A field of the wrong type or form is ignored or misread by whoever relies on the manifest.

    ## How to fix
    Write the field as the message says. `artifact-lint schema manifest` prints the whole schema, and editors complete
    and check the file when its first line names it.
    """
    yield from _remarks(artifact, Irregularity.SCHEMA_VIOLATION)


@rule("MAN003", "duplicate-key", severity=Severity.ERROR, tags=("manifest",))
def duplicate_key(artifact: Artifact) -> Iterator[Problem]:
    """A key stands twice in the same mapping.

    ## Why is this bad?
    Parsers keep the last one and drop the first without a word, so the file does not say what it seems to say.

    ## How to fix
    Remove one of the two.
    """
    yield from _remarks(artifact, Irregularity.DUPLICATE_KEY)


@rule("MAN004", "unknown-field", severity=Severity.WARNING, tags=("manifest",))
def unknown_field(artifact: Artifact) -> Iterator[Problem]:
    """The manifest has a field that its schema does not know.

    ## Why is this bad?
    Nearly always it is a misspelt field, whose value then counts for nothing.

    ## How to fix
    Use the name that the message proposes, or move what is your own under `metadata`.
    """
    yield from _remarks(artifact, Irregularity.UNKNOWN_FIELD)


@rule("MAN005", "missing-file", severity=Severity.ERROR, tags=("manifest", "integrity"))
def missing_file(artifact: Artifact) -> Iterator[Problem]:
    """A record names a file that is neither there nor external.

    ## Why is this bad?
    Loading the model fails where it is deployed, not where it was built.

    ## How to fix
    Add the file, correct its path, or take the line out. A file that lives elsewhere needs a git-LFS pointer, a DVC
    file or an `external` entry with its URI.
    """
    for file in artifact.files:
        if file.state is not FileState.MISSING or is_shard(file) or is_left_behind(artifact, file):
            continue
        for mention in file.mentions[:1]:
            what = "is a directory, not a file" if file.directory else "is not there"
            required = None if mention.required else Severity.WARNING
            message = f"{mention.written} {what}"
            yield Problem(
                mention.origin,
                message,
                "Add the file, correct the path, or remove the entry; if it is kept elsewhere, commit its LFS pointer "
                "or .dvc file.",
                file=file.path,
                severity=required,
                guessed=mention.guessed,
            )


@rule("MAN006", "path-escapes", severity=Severity.ERROR, tags=("manifest", "security"))
def path_escapes(artifact: Artifact) -> Iterator[Problem]:
    """A path leads out of the artifact, or is spelt for one system only.

    ## Why is this bad?
    An absolute path, `..`, a drive letter, a backslash or a link to the outside works on one machine at best. At
    worst it makes whoever packs or serves the artifact pick up a file that was never meant to be part of it.

    ## How to fix
    Put the file inside the artifact and name it by a relative path with forward slashes.
    """
    yield from _remarks(artifact, Irregularity.PATH_ESCAPES)


@rule("MAN008", "surprising-scalar", severity=Severity.WARNING, tags=("manifest",))
def surprising_scalar(artifact: Artifact) -> Iterator[Problem]:
    """An unquoted value is not the text it looks like.

    YAML 1.1, which most tools read, takes `version: 1.10` for the number 1.1, `no` for false, `0123` for 83,
    `1:30` for 90 and `1e3` for a text.

    ## Why is this bad?
    Two tools read two different versions, names or identifiers out of the same line.

    ## How to fix
    Quote the value; in a `model-artifact.yaml`, `artifact-lint check --fix` does.
    """
    yield from _remarks(artifact, Irregularity.SURPRISING_SCALAR)


_LOCAL_PATH = re.compile(
    r"""(?ix) ^(?:file://+)? (?:
        /?[a-z]:[\\/]                                             # a drive
      | /(?:home|users|root|var/folders|tmp|private/tmp)/[^/]     # a home, or what is gone after the run
      | /content/drive/ | /kaggle/(?:working|input)/ | /mnt/(?:[a-z]|data)/ | /workspace/ | /dbfs/tmp/
      | ~/ | \\\\[^\\]+\\
    )"""
)


#: Where MLflow copies from while it logs: gone afterwards, and followed by nobody.
_TEMPORARY = re.compile(r"(?:file://)?/(?:private/)?(?:tmp|var/folders)/", re.IGNORECASE)


@rule("MAN009", "local-path", severity=Severity.WARNING, tags=("manifest",))
def local_path(artifact: Artifact) -> Iterator[Problem]:
    """A record names a place on somebody's own machine.

    A note for a temporary directory, which MLflow writes by itself.

    ## Why is this bad?
    Nobody else can follow it, and it tells the world the author's user name and directories.

    ## How to fix
    Name the place by a URI others can reach, or by a path relative to the artifact. For MLflow, log the model again
    with a tracking server or an artifact name instead of a local directory.
    """
    seen = set()
    for location in artifact.record.locations:
        if _LOCAL_PATH.match(location.value) and (location.origin.path, location.value) not in seen:
            seen.add((location.origin.path, location.value))
            yield Problem(
                location.origin,
                f"{location.value[:120]} is a place on one machine",
                "Use a URI that others can reach, or a path relative to the artifact.",
                severity=Severity.NOTE if _TEMPORARY.match(location.value) else None,
                guessed=location.guessed,
            )


#: Every repetition is bounded, so that a long text takes time in proportion to its length.
_URI_PASSWORD = re.compile(
    r"[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{0,255}:(?P<password>[^\s/@]{1,255})@",
    re.IGNORECASE,
)
_MASKED = re.compile(r"^(?:\*+|x+|<[^>]*>|\$\{?\w+\}?|%\w+%|\{\{.*\}\}|\[?redacted\]?|password|token)$", re.IGNORECASE)
#: Prefixes and lengths as the issuers document them: AWS access keys, GitHub, GitLab, Hugging Face, OpenAI, Slack,
#: Google API keys, npm, PyPI and private keys in PEM.
_TOKEN = re.compile(
    r"""(?x) (?<![A-Za-z0-9_]) (?:
        (?:AKIA|ASIA)[0-9A-Z]{16}
      | gh[pousr]_[A-Za-z0-9]{36,255} | github_pat_[A-Za-z0-9_]{60,255}
      | glpat-[A-Za-z0-9_-]{20,255}
      | hf_[A-Za-z0-9]{34,255}
      | sk-(?:proj-|ant-)?[A-Za-z0-9_-]{40,255}
      | xox[abprs]-[A-Za-z0-9-]{20,255}
      | AIza[0-9A-Za-z_-]{35}
      | npm_[A-Za-z0-9]{36} | pypi-AgEI[A-Za-z0-9_-]{50,255}
    ) (?![A-Za-z0-9]) | -----BEGIN\ (?:[A-Z]{1,30}\ ){0,4}PRIVATE\ KEY-----"""
)


@rule("MAN010", "credential", severity=Severity.ERROR, tags=("manifest", "security"))
def credential(artifact: Artifact) -> Iterator[Problem]:
    """A record holds a password or an access token.

    ## Why is this bad?
    An artifact travels further than the repository it was made in, and what was once published cannot be taken back.

    ## How to fix
    Revoke the credential first. Then take it out of the file and of the history, and let the reader get it from its
    environment.
    """
    for text in artifact.record.texts:
        password = _URI_PASSWORD.search(text.value)
        if password and not _MASKED.match(password["password"]):
            yield Problem(
                text.origin, "a URI with a password in it", "Revoke the password, then remove it from the URI."
            )
        elif token := _TOKEN.search(text.value):
            yield Problem(
                text.origin,
                f"a value that has the form of an access token ({token[0][:4]}...)",
                "Revoke the token, then remove it.",
            )


@rule("MAN011", "unlisted-weights", severity=Severity.WARNING, tags=("manifest",), needs_whole_record=True)
def unlisted_weights(artifact: Artifact) -> Iterator[Problem]:
    """A weight file lies in the artifact and its manifest does not name it.

    ## Why is this bad?
    Nobody can tell whether it belongs to the model, was left over from an older run, or was slipped in.

    ## How to fix
    List it under `weights.files`, or take it out of the directory.
    """
    if "native" not in artifact.record.conventions:
        return
    sections = (section.origin for section in artifact.record.sections if section.component is Component.WEIGHTS)
    listing = next(sections, artifact.origin)
    for file in artifact.files:
        is_named = any(not mention.vouches for mention in file.mentions) or _is_named_as_directory(artifact, file)
        if not is_named and file.role is not Role.DATA and not file.is_bystander and not file.directory:
            yield Problem(
                listing,
                f"{file.path} is not listed in the manifest",
                f"Add `- {{path: {_relative(file.path, artifact.path)}}}` to weights.files, or remove the file.",
                file=file.path,
            )


#: Formats of models that are directories, of which one file tells what they are.
_DIRECTORIES = frozenset({"orbax", "savedmodel"})


def _is_named_as_directory(artifact: Artifact, file: WeightFile) -> bool:
    """Whether the manifest names the directory that a file tells the model of, as one names a checkpoint."""
    directory = file.path.rpartition("/")[0]
    return file.format in _DIRECTORIES and any(mention.path == directory for mention in artifact.record.mentions)


def _relative(path: str, directory: str) -> str:
    return path.removeprefix(f"{directory}/") if directory else path


@rule("MAN012", "unknown-schema-version", severity=Severity.ERROR, tags=("manifest",))
def unknown_schema_version(artifact: Artifact) -> Iterator[Problem]:
    """The manifest is of a schema version that this release does not know.

    ## Why is this bad?
    It may say things that are read wrongly or not at all.

    ## How to fix
    Write `schema_version: 1`, or update artifact-lint.
    """
    yield from _remarks(artifact, Irregularity.UNKNOWN_SCHEMA_VERSION)
