"""`artifact-lint init`: a manifest from all that can be read."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from artifact_lint import atomic
from artifact_lint.cli.activity import Activity, pass_activity
from artifact_lint.cli.errors import USAGE, CommandError, tell, tell_failures
from artifact_lint.cli.places import expect
from artifact_lint.model.paths import directory_of, stem_of
from artifact_lint.reporters.styled import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifact_lint.model import Artifact
    from artifact_lint.tree import Tree

_MANIFEST = "model-artifact.yaml"
_NAMED = (".model-artifact.yaml", ".model-artifact.yml", ".model-artifact.json")
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")


@click.command("init")
@click.argument("path", metavar="[PATH]", default=".")
@click.option("--force", is_flag=True, help="Replace a manifest that is there; the old one is kept beside it as .orig.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the manifest instead of writing it.")
@pass_activity
def init(activity: Activity, path: str, *, force: bool, to_stdout: bool) -> int:
    """Write a model-artifact.yaml for the model at PATH, from all that can be read there.

    PATH is a directory or a weight file, by default the working directory. Digests, sizes, formats, hyperparameters,
    signature, metrics, run and requirements are taken from the files that are there, columns and classes that none of
    them states from the weights themselves; what nobody tells is left as a comment marked TODO. Of a manifest that
    --force replaces, what no other file states is kept, but for the facts of a run whose weights have changed since:
    those become comments.
    """
    from artifact_lint.manifest_renewal import Stale, renewed  # noqa: PLC0415  `--help` reads no artifact
    from artifact_lint.manifest_writer import write_manifest  # noqa: PLC0415
    from artifact_lint.policy.imports import is_listed_class  # noqa: PLC0415
    from artifact_lint.request import Request  # noqa: PLC0415
    from artifact_lint.settings import Settings  # noqa: PLC0415
    from artifact_lint.stores import StoreError  # noqa: PLC0415
    from artifact_lint.survey import survey  # noqa: PLC0415

    expect(path)
    activity.doing = f"reading {path}"
    try:
        seen = survey([path], Request(Settings()))
    except StoreError as error:
        raise CommandError(str(error)) from error
    root, is_directory = seen.scope.root, Path(path).is_dir()
    chosen = _chosen(seen.artifacts, seen.scope.relative(path), is_directory=is_directory, shown=visible(path))
    targets = _targets(chosen, alone=len(chosen) == 1 and is_directory)
    if not to_stdout:
        _refuse_to_overwrite([root / target for target in targets], force=force)
    head = _head(root)
    for artifact, relative in zip(chosen, targets, strict=True):
        known = artifact if artifact.described else _with_environment(artifact, seen.scope.tree)
        fresh, stale = renewed(known, relative) if (root / relative).is_file() else (known, Stale())
        text = write_manifest(fresh, directory_of(relative), is_listed_class, head=head, stale=stale)
        if stale.told:
            message = (
                f"the weights are not those that {_shown(root / relative)} described; left as TODO, for nothing else"
            )
            tell(f"{message} states them: {', '.join(stale.told)}", error=False)
        if to_stdout:
            click.echo(text if artifact is chosen[0] else f"---\n{text}", nl=False)
            continue
        target = root / relative
        activity.doing = f"writing {target.name}"
        kept = _keep_old(target)
        _write(target, text)
        gaps = text.count("TODO:")
        todo = f", with {gaps} gap{'s' if gaps > 1 else ''} marked TODO for you to fill in" if gaps else ""
        click.echo(f"Wrote {_shown(target)}{todo}.")
        if kept is not None:
            click.echo(
                f"The old one is {_shown(kept)}: its lifecycle, lineage, pickle policy, comments and other fields that "
                "init does not write are not taken over."
            )
    failures = (*seen.failures, *seen.scope.tree.failures)
    tell_failures(failures, tracebacks=activity.traceback)
    return USAGE if failures else 0


def _with_environment(artifact: Artifact, tree: Tree) -> Artifact:
    """Weights that nobody describes, with the environment whose files lie beside them."""
    from artifact_lint.adapters.reading import Reading  # noqa: PLC0415  as above
    from artifact_lint.adapters.requirements import read_environment  # noqa: PLC0415
    from artifact_lint.model import Record  # noqa: PLC0415

    beside = read_environment(Reading(tree), _directory(artifact))
    record = Record(requirements=beside.requirements, python_version=beside.python_version)
    return replace(artifact, record=artifact.record + record)


def _shown(target: Path) -> str:
    return visible(os.path.relpath(target) if target.absolute().drive == Path.cwd().drive else str(target))


def _refuse_to_overwrite(targets: Sequence[Path], *, force: bool) -> None:
    """A manifest that is there is only written over where the user says so, and never doubled under another suffix."""
    for target in targets:
        twins = [target.with_suffix(suffix) for suffix in (".yml", ".json")]
        twin = next((twin for twin in twins if twin.exists()), None)
        if twin is not None:
            raise CommandError(f"{_shown(twin)} is already there; remove it first, for two manifests would disagree")
        if target.exists() and not force:
            raise CommandError(f"{_shown(target)} is already there; --force writes over it")


def _keep_old(target: Path) -> Path | None:
    """Set a manifest that is to be replaced aside; None where there is none."""
    if not target.is_file():
        return None
    kept = target.with_name(f"{target.name}.orig")
    try:
        target.replace(kept)
    except OSError as error:
        raise CommandError(f"cannot set {_shown(target)} aside: {(error.strerror or str(error)).lower()}") from error
    return kept


def _chosen(artifacts: Sequence[Artifact], place: str, *, is_directory: bool, shown: str) -> list[Artifact]:
    """The artifacts that a manifest at the path would describe."""
    here = [
        artifact
        for artifact in artifacts
        if not is_directory or artifact.path == place or (_is_of_a_file(artifact) and _directory(artifact) == place)
    ]
    if here:
        return here
    if artifacts:
        below = ", ".join(artifact.path for artifact in artifacts[:4])
        raise CommandError(f"there is no model directly in {shown}, but below it: {below}; name one of them")
    raise CommandError(f"there is nothing at {shown} that holds model weights or describes a model")


def _is_of_a_file(artifact: Artifact) -> bool:
    """Whether an artifact is a file, or what a manifest named after one describes, and no directory's."""
    return artifact.path.endswith(_NAMED) or any(artifact.path == file.path for file in artifact.files)


def _directory(artifact: Artifact) -> str:
    return directory_of(artifact.path) if _is_of_a_file(artifact) else artifact.path


def _targets(artifacts: Sequence[Artifact], *, alone: bool) -> list[str]:
    """Where the manifests go: one for a directory with one model, one named after each file where there are several."""
    stems = Counter((_directory(artifact), stem_of(artifact.path)) for artifact in artifacts)
    targets = []
    for artifact in artifacts:
        directory, place = _directory(artifact), PurePosixPath(artifact.path)
        name = _MANIFEST
        if artifact.path.endswith(_NAMED):
            name = f"{place.stem}.yaml"
        elif _is_of_a_file(artifact) and not alone:
            is_unique = stems[directory, place.stem] == 1
            name = f"{_SHARD.sub('', place.stem) if is_unique else place.name}.{_MANIFEST}"
        targets.append(f"{directory}/{name}" if directory else name)
    return targets


def _head(root: Path) -> str | None:
    """The commit that is checked out, where there is one: a hint, never a claim."""
    from artifact_lint.git import head_commit  # noqa: PLC0415  GitPython takes a tenth of a second
    from artifact_lint.stores import StoreError  # noqa: PLC0415

    try:
        return head_commit(root) if (root / ".git").exists() else None
    except StoreError:
        return None


def _write(target: Path, text: str) -> None:
    try:
        atomic.write(target, text.encode("utf-8", "backslashreplace"))
    except atomic.WriteError as error:
        raise CommandError(f"cannot write {target.name}: {error}") from error
