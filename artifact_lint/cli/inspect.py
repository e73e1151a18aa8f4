"""`artifact-lint inspect`: what a weight file says of the model in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from artifact_lint.cli.activity import Activity, pass_activity
from artifact_lint.cli.errors import USAGE, CommandError, tell, tell_failures
from artifact_lint.cli.output import COLOURS, colours, width, write_to_terminal
from artifact_lint.cli.places import expect
from artifact_lint.reporters.styled import size, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model.artifact import WeightFile
    from artifact_lint.model.look import Look
    from artifact_lint.reporters.styled import Line

#: How many tensors are shown where nobody says how many.
_TENSORS: Final = 20
_ALL: Final = "all"


class CountType(click.ParamType[int]):
    """A number, or `all`, which is told as -1."""

    name = "N|all"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number that the text names."""
        if value == _ALL:
            return -1
        try:
            number = int(str(value))
        except ValueError:
            number = -1
        if number < 0:
            self.fail(f"'{value}' is neither a number nor {_ALL}", param, ctx)
        return number


@click.command(
    "inspect", short_help="Show what a weight file holds.", context_settings={"auto_envvar_prefix": "ARTIFACT_LINT"}
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--format", "format_name", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--tensors",
    "count",
    type=CountType(),
    metavar="N|all",
    help=f"How many tensors to show, the largest first.  [default: {_TENSORS}; in JSON all]",
)
@click.option("--color", type=click.Choice(COLOURS), default="auto", show_default=True, help="When to use colours.")
@pass_activity
def inspect(activity: Activity, paths: tuple[str, ...], *, format_name: str, count: int | None, color: str) -> int:
    """Show what the weight file at PATH says of the model in it, without loading it.

    That is its format, the versions that wrote it, what the model takes and returns, its classes, estimators and
    tensors, what loading would import, and what could not be read. Of a directory, the weight files in it are listed.
    Nothing is judged: `artifact-lint check` does that.
    """
    looks: list[Look] = []
    is_listed = False
    failed = False
    for path in dict.fromkeys(paths):
        activity.doing = f"reading {path}"
        try:
            expect(path)
            if Path(path).is_dir():
                found, is_whole = _of_directory(path, activity)
                is_listed, failed = True, failed or not is_whole
                looks += found
            else:
                looks.append(_of_file(path))
        except CommandError as error:
            tell(error.format_message())
            failed = True
    if format_name == "json":
        from artifact_lint.reporters.look_json import document  # noqa: PLC0415 - one of the two is asked for

        click.echo(document(looks, count))
    elif looks:
        shown = _TENSORS if count is None else count
        write_to_terminal(_lines(looks, shown, is_listed=is_listed), colour=colours(color))
    return USAGE if failed else 0


def _lines(looks: list[Look], tensors: int, *, is_listed: bool) -> Iterator[Line]:
    from artifact_lint.reporters.look_text import listing, page  # noqa: PLC0415 - as above

    if is_listed:
        yield from listing(looks, width())
        return
    for look in looks:
        if look is not looks[0]:
            yield ()
        yield from page(look, width(), tensors)


def _of_file(path: str) -> Look:
    """What one file holds.

    Raises:
        CommandError: It cannot be read, is a git-LFS pointer, or holds nothing that is known.
    """
    from artifact_lint.formats import inspect as look_into  # noqa: PLC0415 - `--help` reads no file
    from artifact_lint.formats.catalogue import FORMATS  # noqa: PLC0415
    from artifact_lint.formats.describing import describe  # noqa: PLC0415
    from artifact_lint.model.artifact import FileState  # noqa: PLC0415
    from artifact_lint.model.look import Look  # noqa: PLC0415
    from artifact_lint.stores.base import StoreError  # noqa: PLC0415
    from artifact_lint.stores.local import LocalStore  # noqa: PLC0415

    shown = visible(path)
    place = Path(path)
    if not place.exists():
        raise CommandError(f"{shown} is a link to what is not there")
    if not place.is_file():
        raise CommandError(f"{shown} is no regular file, and is not read")
    real = place.resolve()
    try:
        with LocalStore(real.parent).open(real.name) as source:
            _refuse_pointer(source.read(0, _POINTER_LIMIT), shown)
            inspection = look_into(place.name, source)
            if inspection.format is None:
                reasons = [gap.detail for gap in inspection.incomplete]
                raise CommandError(
                    f"{shown} holds no weights in a format that is known{''.join(f': {r}' for r in reasons)}"
                )
            beside = LocalStore(place.absolute().parent).open
            description = describe(place.name, source, inspection.format, beside=beside)
            title = FORMATS[inspection.format].title
            return Look(path, FileState.PRESENT, source.size, title, inspection, description)
    except StoreError as error:
        raise CommandError(f"cannot read {shown}: {error}") from error


#: What is read to see whether a file is a git-LFS pointer, in bytes: none is longer.
_POINTER_LIMIT: Final = 1024


def _refuse_pointer(head: bytes, shown: str) -> None:
    """A git-LFS pointer holds no weights.

    Raises:
        CommandError: The bytes are those of one.
    """
    if not head.lstrip().startswith(b"version "):
        return
    from artifact_lint.adapters.pointers import BrokenPointer, lfs_pointer  # noqa: PLC0415 - few files begin like one

    pointer = lfs_pointer(shown, head)
    if pointer is None or isinstance(pointer, BrokenPointer):
        return
    held = "the weights" if pointer.size is None else f"{size(pointer.size.value)} of weights"
    raise CommandError(f"{shown} is a git-LFS pointer to {held} that are not here: `git lfs pull` fetches them")


def _of_directory(path: str, activity: Activity) -> tuple[list[Look], bool]:
    """What the weight files below a directory hold, and whether all of them could be looked at.

    Raises:
        CommandError: It cannot be read, or holds no weights.
    """
    from artifact_lint.request import Request  # noqa: PLC0415 - a file is looked at without them
    from artifact_lint.settings import Settings  # noqa: PLC0415
    from artifact_lint.stores import StoreError  # noqa: PLC0415
    from artifact_lint.survey import survey  # noqa: PLC0415

    try:
        seen = survey([path], Request(Settings()))
    except StoreError as error:
        raise CommandError(str(error)) from error
    files = {file.path: file for artifact in seen.artifacts for file in artifact.files}
    base = seen.scope.relative(path)
    looks = [_of_weight_file(file, path, base) for _, file in sorted(files.items())]
    failures = (*seen.failures, *seen.scope.tree.failures)
    tell_failures(failures, tracebacks=activity.traceback)
    if not looks:
        raise CommandError(f"there is nothing at {visible(path)} that holds model weights")
    return looks, not failures


def _of_weight_file(file: WeightFile, path: str, base: str) -> Look:
    from artifact_lint.formats.catalogue import FORMATS  # noqa: PLC0415 - as above
    from artifact_lint.model.look import Look  # noqa: PLC0415

    inspection = file.inspection.value
    known = FORMATS.get((inspection.format if inspection else None) or file.format or "")
    inside = file.path.removeprefix(f"{base}/") if base else file.path
    shown = (Path(path) / inside).as_posix() if not file.mentions or file.mentions[0].path else file.path
    return Look(shown, file.state, file.size, known.title if known else "", inspection, file.description.value)
