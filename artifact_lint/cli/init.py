"""`artifact-lint init`: a manifest from all that can be read."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from artifact_lint.cli.activity import Activity, pass_activity
from artifact_lint.cli.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifact_lint.model import Artifact

_MANIFEST = "model-artifact.yaml"


@click.command("init")
@click.argument("path", metavar="PATH", default=".")
@click.option("--force", is_flag=True, help="Write over a manifest that is there.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the manifest instead of writing it.")
@pass_activity
def init(activity: Activity, path: str, *, force: bool, to_stdout: bool) -> None:
    """Write a model-artifact.yaml for the model at PATH, from all that can be read there.

    PATH is a directory or a weight file. Digests, sizes, formats, hyperparameters, signature, metrics, run and
    requirements are taken from the files that are there; what nobody states is left as a comment marked TODO.
    """
    from artifact_lint.engine import Request, survey  # noqa: PLC0415  `--help` reads no artifact
    from artifact_lint.manifest_writer import write_manifest  # noqa: PLC0415
    from artifact_lint.settings import Settings  # noqa: PLC0415
    from artifact_lint.stores import StoreError  # noqa: PLC0415

    if not Path(path).exists():
        raise CommandError(f"no such file or directory: {path}")
    activity.doing = f"reading {path}"
    try:
        seen = survey([path], Request(Settings()))
    except StoreError as error:
        raise CommandError(str(error)) from error
    place = seen.scope.relative(path)
    chosen = _chosen(seen.artifacts, place, is_directory=Path(path).is_dir(), shown=path)
    directory = place if Path(path).is_dir() else place.rpartition("/")[0]
    names = _names(chosen, directory, is_directory=Path(path).is_dir())
    targets = {name: seen.scope.root / directory / name for name in names}
    standing = [name for name, target in targets.items() if target.exists()]
    if standing and not force and not to_stdout:
        raise CommandError(f"{_join(path, standing[0])} is already there; --force writes over it")
    head = _head(seen.scope.root)
    for artifact, target in zip(chosen, targets.values(), strict=True):
        text = write_manifest(artifact, directory, head=head)
        if to_stdout:
            click.echo(text, nl=False)
            continue
        activity.doing = f"writing {target.name}"
        _write(target, text)
        gaps = text.count("TODO:")
        todo = f", with {gaps} gaps marked TODO for you to fill in" if gaps else ""
        click.echo(f"Wrote {_join(path, target.name)}{todo}.")


def _join(path: str, name: str) -> str:
    parent = Path(path) if Path(path).is_dir() else Path(path).parent
    return str(parent / name)


def _chosen(artifacts: Sequence[Artifact], place: str, *, is_directory: bool, shown: str) -> list[Artifact]:
    """The artifacts that a manifest at the path would describe."""
    here = [
        artifact
        for artifact in artifacts
        if not is_directory or artifact.path == place or (_is_a_file(artifact) and _parent(artifact) == place)
    ]
    if here:
        return here
    if artifacts:
        below = ", ".join(artifact.path for artifact in artifacts[:4])
        raise CommandError(f"there is no model directly in {shown}, but below it: {below}; name one of them")
    raise CommandError(f"there is nothing at {shown} that holds model weights or describes a model")


def _is_a_file(artifact: Artifact) -> bool:
    return any(artifact.path == file.path for file in artifact.files)


def _parent(artifact: Artifact) -> str:
    return artifact.path.rpartition("/")[0]


def _names(artifacts: Sequence[Artifact], directory: str, *, is_directory: bool) -> list[str]:
    """One manifest for a directory with one model; one named after each file where there are several."""
    if len(artifacts) == 1 and is_directory:
        return [_MANIFEST]
    return [_MANIFEST if artifact.path == directory else f"{_stem(artifact)}.{_MANIFEST}" for artifact in artifacts]


def _stem(artifact: Artifact) -> str:
    return PurePosixPath(artifact.path).name.split(".")[0]


def _head(root: Path) -> str | None:
    """The commit that is checked out, where there is one: a hint, never a claim."""
    from artifact_lint.git import head_commit  # noqa: PLC0415  GitPython takes a tenth of a second
    from artifact_lint.stores import StoreError  # noqa: PLC0415

    try:
        return head_commit(root) if (root / ".git").exists() else None
    except StoreError:
        return None


def _write(target: Path, text: str) -> None:
    """Write a file whole or not at all."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise CommandError(f"cannot write {target.name}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise CommandError(f"cannot write {target.name}: {error.strerror}") from error
