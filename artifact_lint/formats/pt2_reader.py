"""What the program in an archive of `torch.export.save` is: inputs and outputs as they were traced, and its tensors.

After torch/_export/serde/schema.py and torch/export/pt2_archive (PyTorch 2.1 to 2.13). Up to 2.7 the archive holds
`serialized_exported_program.json` and a nested archive of `torch.save` with the weights; since 2.8 `models/NAME.json`,
and the weights as raw bytes, or again nested, below `data/`. The first schema spells every field of a
union, as null.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.documents import LONGEST_TEXT, parse_json
from artifact_lint.formats.pickles.torch_tensors import Layout, Storage
from artifact_lint.formats.torch_archive import archive_of
from artifact_lint.formats.torch_reader import describe_archive
from artifact_lint.formats.torch_weights import gaps_of, parameters_of, shared_by, tensors_of
from artifact_lint.model import Cause, Incomplete
from artifact_lint.model.description import Description, Seen, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.formats.base import Job
    from artifact_lint.formats.torch_archive import Archive

#: `ScalarType` of the schema.
_DTYPES: Final = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    9: "complex32",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
    31: "float8_e4m3fnuz",
    32: "float8_e5m2fnuz",
    33: "float8_e8m0fnu",
    34: "uint32",
    35: "uint64",
}
_PROGRAM: Final = "serialized_exported_program.json"
#: The nested archives with the state dict and the constants, as one release or another calls them.
_NESTED: Final = (
    ("serialized_state_dict.pt", "serialized_state_dict.json"),
    ("serialized_constants.pt", "serialized_constants.json"),
)
_MODEL: Final = re.compile(r"models/(.+)\.json\Z", re.DOTALL)
#: A symbol alone, as `sympy.srepr` writes it since PyTorch 2.6, and as its name before.
_SYMBOL: Final = re.compile(r"Symbol\('(\w+)'[^()]*\)\Z|(\w*[A-Za-z_]\w*)\Z")
#: Where a release wrote no version.
_UNSTATED: Final = "<="
_MOST_DIMENSIONS: Final = 64
_LARGEST: Final = 1 << 62


def describe(job: Job) -> Description:
    """The facts of an archive.

    Raises:
        FormatError: The archive has no directory, or its program is no JSON within limits.
        StoreError: The bytes cannot be read.
    """
    archive = archive_of(job, job.source)
    member, name = _program(archive)
    if member is None:
        return Description(metadata=archive.facts())
    source = archive.open(member)
    data = b"" if source is None else source.read(0, min(source.size, LONGEST_TEXT + 1))
    program = _object(parse_json(data))
    weights = _weights(archive, name)
    inputs, outputs = _ends(_object(program.get("graph_module")), member)
    version = program.get("torch_version")
    stated = isinstance(version, str) and not version.startswith(_UNSTATED)
    return Description(
        inputs=inputs,
        outputs=outputs,
        tensors=weights.tensors,
        has_all_tensors=weights.has_all_tensors,
        shared=weights.shared,
        parameters=weights.parameters,
        versions={"torch": str(version)} if stated else {},
        metadata={**archive.facts(), **_schema(program)},
        incomplete=weights.incomplete,
    )


def _program(archive: Archive) -> tuple[str | None, str]:
    """The member that holds the program, and its name among others; the one called `model` where there are several."""
    if _PROGRAM in archive.members:
        return _PROGRAM, ""
    found = {match[1]: member for member in archive.members if (match := _MODEL.match(member))}
    name = "model" if "model" in found else min(found, default="")
    return found.get(name), name


def _schema(program: Mapping[str, object]) -> dict[str, str]:
    match program.get("schema_version"):
        case int(major):
            return {"schema_version": str(major)}
        case {"major": int(major), "minor": int(minor)}:
            return {"schema_version": f"{major}.{minor}"}
    return {}


def _ends(
    module: Mapping[str, object], member: str
) -> tuple[Seen[tuple[TensorSpec, ...]] | None, Seen[tuple[TensorSpec, ...]] | None]:
    """The inputs and outputs of the user's own, without weights and constants."""
    graph, signature = _object(module.get("graph")), _object(module.get("signature"))
    values = _object(graph.get("tensor_values"))
    told: list[Seen[tuple[TensorSpec, ...]] | None] = []
    for side, old in (("input", "user_inputs"), ("output", "user_outputs")):
        specs = signature.get(f"{side}_specs")
        named = signature.get(old)
        if isinstance(specs, list):
            names = list(_users(specs, f"user_{side}"))
        elif isinstance(named, list):
            names = [name for name in named if isinstance(name, str)]
        else:
            told.append(None)
            continue
        found = tuple(_spec(name, values.get(name)) for name in names)
        told.append(Seen(found, f"`graph_module.signature` of {member}"))
    return told[0], told[1]


def _users(specs: list[object], kind: str) -> Iterator[str]:
    """The names of the user's own arguments and results that are not constants."""
    for spec in specs:
        argument = _object(_object(_object(spec).get(kind)).get("arg"))
        names = (_object(value).get("name", _object(value).get("as_name")) for value in argument.values())
        yield from islice((name for name in names if isinstance(name, str)), 1)


def _spec(name: str, value: object) -> TensorSpec:
    meta = _meta(value)
    sizes = meta.get("sizes")
    shape = None
    if isinstance(sizes, list) and len(sizes) <= _MOST_DIMENSIONS:
        shape = tuple(_dimension(size) for size in sizes)
    return TensorSpec(name, _dtype(meta), shape)


def _dtype(meta: Mapping[str, object]) -> str | None:
    number = meta.get("dtype")
    return _DTYPES.get(number) if isinstance(number, int) else None


def _meta(value: object) -> Mapping[str, object]:
    """A `TensorMeta`, which PyTorch 2.1 wraps once more."""
    told = _object(value)
    return _object(told["meta"]) if "meta" in told else told


def _dimension(size: object) -> int | str | None:
    """A number, the name of a symbol, or None for an expression of several."""
    number = _number(size)
    if number is not None:
        return number
    text = _object(_object(size).get("as_expr")).get("expr_str")
    match = _SYMBOL.match(text) if isinstance(text, str) else None
    return None if match is None else match[1] or match[2]


def _number(size: object) -> int | None:
    """A `SymInt` that is known: PyTorch 2.1 writes some as plain numbers."""
    value = _object(size).get("as_int") if isinstance(size, dict) else size
    if type(value) is int and abs(value) < _LARGEST:
        return value
    return None


def _weights(archive: Archive, name: str) -> Description:
    """The state dict and the constants, from nested archives or from the lists of raw ones."""
    nested = _NESTED if not name else ((f"data/weights/{name}.pt",), (f"data/constants/{name}.pt",))
    listed = {
        "data/weights/": f"data/weights/{name}_weights_config.json",
        "data/constants/": f"data/constants/{name}_constants_config.json",
    }
    parts = [_nested(archive, member) for members in nested for member in members if member in archive.members]
    if name:
        parts += [_listed(archive, folder, member) for folder, member in listed.items() if member in archive.members]
    whole = bool(parts) and all(part.has_all_tensors for part in parts)
    counts = [part.parameters for part in parts]
    return Description(
        tensors=tuple({tensor.name: tensor for part in parts for tensor in part.tensors}.values()),
        has_all_tensors=whole,
        shared={name: first for part in parts for name, first in part.shared.items()},
        parameters=sum(count or 0 for count in counts) if whole else None,
        incomplete=tuple(gap for part in parts for gap in part.incomplete),
    )


def _nested(archive: Archive, member: str) -> Description:
    try:
        source = archive.open(member)
        return Description() if source is None else describe_archive(archive.job, source)
    except FormatError as error:
        return Description(incomplete=(Incomplete(error.cause, error.detail, error.offset, member),))


def _listed(archive: Archive, folder: str, member: str) -> Description:
    """The tensors of a list of raw weights, each with the member that holds its bytes."""
    try:
        source = archive.open(member)
        data = b"" if source is None else source.read(0, min(source.size, LONGEST_TEXT + 1))
        config = _object(_object(parse_json(data)).get("config"))
    except FormatError as error:
        return Description(incomplete=(Incomplete(error.cause, error.detail, error.offset, member),))
    layouts: dict[str, Layout] = {}
    gaps: list[Incomplete] = []
    for name, entry in config.items():
        layout = _layout(_object(entry), archive, folder)
        if layout is not None:
            layouts[name] = layout
        elif _object(entry).get("tensor_meta") is not None and not gaps:
            detail = f"the tensor {name!r} is written in a way that is not read"
            gaps.append(Incomplete(Cause.UNSUPPORTED, detail, 0, member))
    return Description(
        tensors=tensors_of(layouts),
        has_all_tensors=not gaps,
        shared=shared_by(layouts),
        parameters=parameters_of(layouts),
        incomplete=(*gaps, *gaps_of(layouts, lambda key: archive.length(folder + key), member)),
    )


def _layout(entry: Mapping[str, object], archive: Archive, folder: str) -> Layout | None:
    meta = _object(entry.get("tensor_meta"))
    dtype = _dtype(meta)
    shape, strides = _numbers(meta.get("sizes")), _numbers(meta.get("strides"))
    offset, path = _number(meta.get("storage_offset")), entry.get("path_name")
    if dtype is None or shape is None:
        return None
    if entry.get("use_pickle") or strides is None or len(strides) != len(shape) or offset is None:
        return Layout(dtype, shape)
    if not isinstance(path, str):
        return Layout(dtype, shape)
    length = archive.length(folder + path)
    # The list does not tell how long a storage is: it has what its member has.
    storage = Storage(path, "uint8", length or 0, "cpu")
    return Layout(dtype, shape, storage, offset, strides)


def _numbers(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list) or len(value) > _MOST_DIMENSIONS:
        return None
    found = tuple(number for size in value if (number := _number(size)) is not None)
    return found if len(found) == len(value) else None


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
