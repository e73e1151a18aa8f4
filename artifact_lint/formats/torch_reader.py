"""What the model in a file of `torch.save` is: its tensors, from the pickle, without the storages behind it.

After torch/serialization.py (PyTorch 1.13 to 2.13): an archive holds the object in `data.pkl` and each storage as
`data/KEY`; before PyTorch 1.6, five pickles stand in a row, the fourth of which is the object, and the storages
behind them, each behind the number of its items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.object_values import entries_of, items_of
from artifact_lint.formats.pickles.objects import STEP
from artifact_lint.formats.pickles.torch_model import model_of
from artifact_lint.formats.pickles.torch_objects import TorchMachine, torch_room
from artifact_lint.formats.pickles.torch_tensors import ITEM_SIZES, STORAGES
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.torch_archive import archive_of
from artifact_lint.formats.torch_weights import gaps_of, parameters_of, shared_by, tensors_of
from artifact_lint.model import Cause, Incomplete
from artifact_lint.model.description import Description

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.formats.base import Job, ReadLimits
    from artifact_lint.formats.pickles.object_values import Room
    from artifact_lint.formats.pickles.torch_model import Model
    from artifact_lint.formats.pickles.values import Value
    from artifact_lint.model.description import Seen, TensorSpec
    from artifact_lint.stores.base import Source

OBJECT: Final = "data.pkl"
STORAGE: Final = "data/"
#: The pickles of the legacy layout: what it is, its version, the writer's system, the object, the storages' keys.
_PICKLES: Final = 5
_SYSTEM, _SAVED = 2, 3
#: The number of a storage's items stands before them in the legacy layout, in bytes.
_COUNT: Final = 8
_MOST_SHOWN_CLASSES: Final = 40


def describe_zip(job: Job) -> Description:
    """The facts of an archive.

    Raises:
        FormatError: The archive has no directory, or no object.
        StoreError: The bytes cannot be read.
    """
    return describe_archive(job, job.source)


def describe_archive(job: Job, source: Source) -> Description:
    """The facts of an archive that may lie within another one; errors as of `describe_zip`."""
    archive = archive_of(job, source)
    saved = archive.open(OBJECT)
    if saved is None:
        raise FormatError(Cause.BROKEN, f"the archive has no {OBJECT}")
    room = torch_room()
    root, gaps = unpickled(saved, job.limits, room)
    return described(root, room, lambda key: archive.length(STORAGE + key), (*gaps,), archive.facts())


def unpickled(source: Source, limits: ReadLimits, room: Room) -> tuple[Value, list[Incomplete]]:
    """The object of a pickle, and what of it could not be read; None where the pickle breaks.

    `room` is what the values of the file take their part of.

    Raises:
        StoreError: The bytes cannot be read.
    """
    machine, gaps = _run(Window(source, step=STEP), limits, room, OBJECT)
    return machine.root, gaps


def _run(window: Window, limits: ReadLimits, room: Room, member: str) -> tuple[TorchMachine, list[Incomplete]]:
    machine = TorchMachine(window, limits, room)
    try:
        machine.finish()
    except FormatError as error:
        machine.gaps.append(error.with_traceback(None))
    return machine, [Incomplete(gap.cause, gap.detail, gap.offset, member) for gap in machine.gaps]


def describe_legacy(job: Job) -> Description:
    """The facts of a file of the legacy layout.

    Raises:
        StoreError: The bytes cannot be read.
    """
    window = Window(job.source, step=STEP)
    room = torch_room()
    machines: list[TorchMachine] = []
    gaps: list[Incomplete] = []
    while len(machines) < _PICKLES and not gaps:
        machine, gaps = _run(window, job.limits, room, "")
        machines.append(machine)
    if len(machines) <= _SAVED:
        return Description(incomplete=tuple(gaps))
    little = entries_of(machines[_SYSTEM].root).get("little_endian")
    facts = {"byteorder": "little" if little else "big"} if isinstance(little, bool) else {}
    lengths: dict[str, int] = {}
    if len(machines) == _PICKLES and not gaps:
        lengths = _lengths(machines[_SAVED], machines[-1].root, window.left())
    return described(machines[_SAVED].root, room, lengths.get, tuple(gaps), facts)


def _lengths(saved: TorchMachine, keys: Value, left: int) -> dict[str, int]:
    """How many bytes of each storage the file has, of which so many are left behind the pickles."""
    lengths = {}
    for key in items_of(keys) or ():
        if not isinstance(key, str) or key not in saved.kept:
            break
        name, count = saved.kept[key]
        size = ITEM_SIZES.get(STORAGES.get(name, ""), 0) * max(0, count)
        left -= _COUNT
        lengths[key] = max(0, min(size, left))
        left -= size
    return lengths


def described(
    root: Value,
    room: Room,
    length_of: Callable[[str], int | None],
    gaps: tuple[Incomplete, ...],
    facts: dict[str, str],
) -> Description:
    """What an unpickled object tells of the model in it."""
    return described_model(model_of(root, room), length_of, gaps, facts)


def described_model(
    model: Model,
    length_of: Callable[[str], int | None],
    gaps: tuple[Incomplete, ...],
    facts: dict[str, str],
    inputs: Seen[tuple[TensorSpec, ...]] | None = None,
) -> Description:
    """A model as facts; `length_of` tells what the file has of a storage, in bytes, by its key."""
    if model.unknown:
        detail = f"the tensor {model.unknown[0]!r} is written in a way that is not read"
        gaps = (*gaps, Incomplete(Cause.UNSUPPORTED, detail))
    if model.is_cut:
        gaps = (*gaps, Incomplete(Cause.LIMIT, "it holds more, or deeper, than is looked at"))
    is_whole = not gaps
    return Description(
        inputs=inputs,
        tensors=tensors_of(model.tensors),
        has_all_tensors=is_whole,
        shared=shared_by(model.tensors),
        parameters=parameters_of(model.tensors) if is_whole else None,
        versions={} if model.lightning is None else {"pytorch-lightning": model.lightning},
        metadata={**facts, **_told(model)},
        incomplete=(*gaps, *gaps_of(model.tensors, length_of)),
    )


def _told(model: Model) -> dict[str, str]:
    told = {"model": model.where} if model.where else {}
    if model.classes:
        classes = list(model.classes)
        told["class"] = classes[0]
        shown = ", ".join(classes[:_MOST_SHOWN_CLASSES])
        told["modules"] = shown if len(classes) <= _MOST_SHOWN_CLASSES else f"{shown}, …"
    return told
