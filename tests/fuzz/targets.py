"""What the fuzzer runs: nothing may raise, and what CPython's unpickler would import is what is reported.

`pickle._Unpickler`, CPython's own in Python, is the oracle. Its `find_class` imports nothing and gives it a class that
does nothing, so that it interprets a stream without running any of it.
"""

from __future__ import annotations

import io
import pickle
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final

from artifact_lint.formats import FORMATS, ReadLimits, describing, inspect
from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.machine import Machine
from artifact_lint.formats.pickles.prescan import Prescan
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.sources import Memory

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS: Final = ReadLimits(unpacked=1 << 22, ratio_from=1 << 20, members=1000, nested=50, opcodes=200)
LARGEST: Final = 1 << 16

#: One name for each reader: what a file is called decides where its bytes leave it open.
NAMES: Final = (
    *("model.pkl", "model.joblib", "model.pt", "model.bin", "model.npy", "model.npz", "model.zip", "model.tar"),
    *("model.tar.gz", "model.nemo", "model.mar", "model.7z", "model.keras", "model.h5", "model.onnx", "model.skops"),
    *("saved_model.pb", "model.gguf", "model.safetensors", "model.ubj", "model.json", "model.msgpack", "model.pmml"),
    *("model.cbm", "model.tflite", "model.txt", "model.pt2", "model"),
)

#: The formats that are described: the first byte chooses one.
DESCRIBED: Final = tuple(name for name, known in FORMATS.items() if known.describe is not None) or tuple(FORMATS)


class Inert:
    """Stands for whatever a stream imports, calls or builds."""

    def __new__(cls, *_: object, **__: object) -> Inert:  # noqa: PYI034 -- a stream may call it with anything
        return super().__new__(cls)

    def __call__(self, *_: object, **__: object) -> Inert:
        return Inert()

    def __setstate__(self, _: object) -> None:
        return None

    def __setitem__(self, _: object, __: object) -> None:
        return None

    def append(self, _: object) -> None:
        """Take an item."""

    def extend(self, _: object) -> None:
        """Take items."""

    def add(self, _: object) -> None:
        """Take an item."""


def read_bytearray(unpickler: Any) -> None:  # noqa: ANN401 -- typeshed hides how an unpickler reads
    """As `load_bytearray8`, which sets aside as many bytes as a stream promises before it reads any."""
    (length,) = struct.unpack("<Q", unpickler.read(8))
    content = unpickler.read(min(length, LARGEST))
    if len(content) < length:
        raise EOFError
    unpickler.append(bytearray(content))


class Listener(pickle._Unpickler):
    """Interprets a stream as CPython does and writes down what it would import."""

    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        **pickle._Unpickler.dispatch,
        pickle.BYTEARRAY8[0]: read_bytearray,
    }

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="latin-1", errors="replace")
        self.asked: list[tuple[str, str]] = []

    def find_class(self, module: str, name: str) -> object:
        """Write a name down and give a class that does nothing."""
        self.asked.append((module, name))
        return Inert

    def persistent_load(self, _: object) -> object:
        """An object from outside of the stream."""
        return Inert()


def imports_of_cpython(content: bytes) -> list[tuple[str, str]]:
    """The names that CPython's unpickler asks for before it ends or fails."""
    listener = Listener(content)
    # Whatever a broken stream makes it raise, the names so far count.
    with suppress(Exception):
        listener.load()
    return listener.asked


def imports_of_machine(content: bytes) -> tuple[set[tuple[str, str]], bool]:
    """The names that the machine finds, and whether it says that it could not see everything."""
    machine = Machine(Window(Memory(content)), LIMITS)
    try:
        machine.run()
    except FormatError:
        return set(machine.imports), True
    return set(machine.imports), bool(machine.gaps or machine.hazards)


def imports_of_prescan(content: bytes) -> tuple[set[tuple[str, str]], bool]:
    """The same as for the machine, from the first opcode on without running any."""
    machine = Prescan(Machine(Window(Memory(content)), LIMITS))
    try:
        machine.run()
    except FormatError:
        return set(machine.imports), True
    return set(machine.imports), bool(machine.gaps or machine.hazards)


def pickles(content: bytes) -> None:
    """A stream: what CPython would import is found, or something is said; neither reader is behind the other."""
    content = content[:LARGEST]
    asked = set(imports_of_cpython(content))
    for read in (imports_of_machine, imports_of_prescan):
        found, said = read(content)
        missed = asked - found
        assert said or not missed, f"{read.__name__} missed {missed} of {content!r}"
    inspect("model.pkl", Memory(content), None, LIMITS)


def containers(content: bytes) -> None:
    """A file of any format: nothing raises."""
    if content:
        inspect(NAMES[content[0] % len(NAMES)], Memory(content[1:LARGEST]), None, LIMITS)


def describe(content: bytes) -> None:
    """A file of any format that is described: its description raises nothing."""
    if content:
        format_ = DESCRIBED[content[0] % len(DESCRIBED)]
        suffixes = FORMATS[format_].suffixes
        name = f"model{suffixes[0]}" if suffixes else "_METADATA"
        describing.describe(name, Memory(content[1:LARGEST]), format_, LIMITS)


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "pickles": pickles,
    "containers": containers,
    "describe": describe,
}
