"""What an Orbax checkpoint holds: the arrays of a tree, as the Zarr metadata of each says.

`_METADATA` names the leaves of the tree (orbax/checkpoint/_src/metadata/tree.py). The shape and the dtype of an array
are in its `.zarray` (Zarr 2) or `zarr.json` (Zarr 3), which are files of a directory by the array's name, or keys of an
OCDBT database. What Orbax writes of shapes beside that, in `array_metadatas`, is those of one process's shards.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.formats import ocdbt
from artifact_lint.formats.base import FormatError
from artifact_lint.formats.documents import LONGEST_TEXT, parse_json
from artifact_lint.formats.train_states import is_of_training
from artifact_lint.model import Cause, Incomplete, Tensor
from artifact_lint.model.description import Description
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.formats.base import Job

_CHECKPOINT: Final = "_CHECKPOINT_METADATA"
_FILES: Final = (".zarray", "zarr.json")
_LONGEST: Final = 1 << 20
_MOST_LEAVES: Final = 100_000
#: How many files of arrays are opened, and how many may be missing before no more are looked for.
_MOST_FILES: Final = 10_000
_MOST_MISSING: Final = 100
_MOST_DIMENSIONS: Final = 64
#: Zarr's lengths are of 64 bits.
_LONGEST_DIMENSION: Final = 1 << 63
#: What a leaf is said to be where it is an array of Zarr's, and which of these are no weights.
_ARRAYS: Final = frozenset({"jax.Array", "np.ndarray", "scalar"})
_SCALAR: Final = "scalar"
#: Zarr 2 spells dtypes as numpy's array interface does.
_SPELLED: Final = re.compile(r"[<>|]([biufc])(\d{1,2})")
_KINDS: Final[Mapping[str, str]] = {"i": "int", "u": "uint", "f": "float", "c": "complex"}


class _Leaf(NamedTuple):
    """A leaf of the tree: the keys on the way to it, and what kind of value it is."""

    keys: tuple[str, ...]
    kind: str

    @property
    def name(self) -> str:
        """The name of its array."""
        return ".".join(self.keys)


def describe_orbax(job: Job) -> Description:
    """The arrays of a checkpoint, named as Orbax names them: the keys on the way, joined by dots.

    Raises:
        FormatError: The text about the tree is broken or reaches a limit.
        StoreError: The bytes cannot be read.
    """
    tree = parse_json(job.source.read(0, LONGEST_TEXT + 1))
    if not isinstance(tree, dict):
        raise FormatError(Cause.BROKEN, "the tree of the checkpoint is no JSON object")
    leaves = [leaf for leaf in _leaves(tree.get("tree_metadata")) if leaf.kind in _ARRAYS]
    metadata = _metadata(job, tree)
    gaps: tuple[Incomplete, ...] = ()
    texts: Mapping[str, bytes] = {}
    try:
        texts = _of_database(job, leaves) if _has_database(job, tree.get("use_ocdbt")) else _of_files(job, leaves)
    except FormatError as error:
        gaps = (Incomplete(error.cause, error.detail, error.offset),)
    except StoreError as error:
        gaps = (Incomplete(Cause.TRUNCATED, f"a file that its arrays are in cannot be opened: {error}"),)
    tensors, unread = _tensors(leaves, texts)
    if unread and not gaps:
        name = unread[0].name.encode("utf-8", "backslashreplace").decode()
        gaps = (Incomplete(Cause.TRUNCATED, f"the tree names `{name}`, and there is no array of it"),)
    weights = [
        math.prod(tensor.shape)
        for leaf, tensor in tensors
        if leaf.kind != _SCALAR and not is_of_training(leaf.keys[0] if leaf.keys else "")
    ]
    return Description(
        tensors=tuple(tensor for _, tensor in tensors),
        has_all_tensors=not gaps,
        parameters=None if gaps else sum(weights),
        metadata=metadata,
        incomplete=gaps,
    )


def _leaves(tree: object) -> Iterator[_Leaf]:
    if not isinstance(tree, dict):
        raise FormatError(Cause.BROKEN, "the tree of the checkpoint is not stated")
    if len(tree) > _MOST_LEAVES:
        raise FormatError(Cause.LIMIT, f"a tree of more than {_MOST_LEAVES:,} leaves")
    for stated in tree.values():
        keys = stated.get("key_metadata") if isinstance(stated, dict) else None
        value = stated.get("value_metadata") if isinstance(stated, dict) else None
        if not isinstance(keys, list) or not isinstance(value, dict):
            raise FormatError(Cause.BROKEN, "a leaf of the checkpoint's tree without keys or a value")
        path = tuple(str(key.get("key")) if isinstance(key, dict) else "" for key in keys)
        yield _Leaf(path, str(value.get("value_type")))


def _metadata(job: Job, tree: dict[object, object]) -> dict[str, str]:
    """How the arrays are kept, and by which of Orbax's handlers."""
    told = {key: str(value).lower() for key in ("use_ocdbt", "use_zarr3") if isinstance(value := tree.get(key), bool)}
    with suppress(FormatError, StoreError):
        checkpoint = parse_json(_text(job, _CHECKPOINT))
        handlers = checkpoint.get("item_handlers") if isinstance(checkpoint, dict) else None
        named = handlers if isinstance(handlers, dict) else {"": handlers}
        for item, handler in named.items():
            if isinstance(handler, str):
                told[f"item_handlers.{item}".rstrip(".")] = handler
    return told


def _text(job: Job, path: str) -> bytes:
    with job.beside(path) as source:
        return source.read(0, _LONGEST)


def _has_database(job: Job, stated: object) -> bool:
    """Whether the arrays are in an OCDBT database: Orbax says so since 0.5."""
    if isinstance(stated, bool):
        return stated
    try:
        with job.beside(ocdbt.MANIFEST):
            return True
    except StoreError:
        return False


def _of_database(job: Job, leaves: list[_Leaf]) -> dict[str, bytes]:
    wanted = {f"{leaf.name}/{file}".encode("utf-8", "surrogatepass") for leaf in leaves for file in _FILES}
    found = ocdbt.values(job.beside, wanted.__contains__)
    return {key.decode("utf-8", "surrogatepass"): value for key, value in found.items()}


def _of_files(job: Job, leaves: list[_Leaf]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    missing = 0
    for leaf in leaves:
        if len(found) >= _MOST_FILES:
            raise FormatError(Cause.LIMIT, f"a checkpoint of more than {_MOST_FILES:,} arrays in files of their own")
        text = _first_text(job, leaf)
        if text is None:
            missing += 1
            if missing >= _MOST_MISSING:
                break
        else:
            found[text[0]] = text[1]
    return found


def _first_text(job: Job, leaf: _Leaf) -> tuple[str, bytes] | None:
    """The path and the bytes of the metadata of an array; None where there are none within the directory."""
    for file in _FILES:
        path = f"{leaf.name}/{file}"
        if ".." not in path.split("/"):
            # A name may hold halves of a surrogate pair, which no file system takes.
            with suppress(StoreError, UnicodeEncodeError):
                text = _text(job, path)
                if text.startswith(ocdbt.POINTER):
                    raise FormatError(Cause.ELSEWHERE, f"{path} is a git-LFS pointer")
                return path, text
    return None


def _tensors(leaves: list[_Leaf], texts: Mapping[str, bytes]) -> tuple[list[tuple[_Leaf, Tensor]], list[_Leaf]]:
    """The leaves with their arrays, and those that have none."""
    tensors, unread = list[tuple[_Leaf, Tensor]](), list[_Leaf]()
    for leaf in leaves:
        text = next((texts[path] for file in _FILES if (path := f"{leaf.name}/{file}") in texts), None)
        tensor = None if text is None else _tensor(leaf.name, text)
        if tensor is None:
            unread.append(leaf)
        else:
            tensors.append((leaf, tensor))
    return tensors, unread


def _tensor(name: str, text: bytes) -> Tensor | None:
    """The array that Zarr's metadata describe; None where they are none."""
    try:
        told = parse_json(text)
    except FormatError:
        return None
    if not isinstance(told, dict):
        return None
    shape, dtype = told.get("shape"), told.get("dtype", told.get("data_type"))
    if not isinstance(shape, list) or not isinstance(dtype, str) or len(shape) > _MOST_DIMENSIONS:
        return None
    lengths = tuple(length for length in shape if isinstance(length, int) and 0 <= length < _LONGEST_DIMENSION)
    return Tensor(name, _numpy_name(dtype), lengths) if len(lengths) == len(shape) else None


def _numpy_name(dtype: str) -> str:
    spelled = _SPELLED.fullmatch(dtype)
    if spelled is None:
        return dtype
    kind, size = spelled[1], int(spelled[2])
    return "bool" if kind == "b" else f"{_KINDS[kind]}{8 * size}"
