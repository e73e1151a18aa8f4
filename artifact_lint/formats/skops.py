"""skops: a zip of schema.json, which names every type, and of arrays (skops/io/_audit.py and its nodes, skops 0.16).

A node is an object with `__class__`, `__module__` and `__loader__`, the last saying how skops builds it. What a file
imports is stated with the use that its loader makes of it; skops refuses what it does not trust, unless it is told to.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import Format, FormatError
from artifact_lint.formats.documents import member_text, objects_of, parse_json
from artifact_lint.formats.members import read_members
from artifact_lint.formats.pickles.frameworks import framework_of
from artifact_lint.model import Cause, Import, Use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description

_SCHEMA = "schema.json"
_MODULE: Final = rb'"__module__"\s*:\s*"([^"\\]*)"'
#: Different types that are kept; a large pipeline has a hundred.
_MOST_TYPES = 2000
#: JSON objects of a schema that are looked at; a tree of a forest has some forty.
MOST_OBJECTS: Final = 80_000
_VERSION: Final = rb'"_skops_version"\s*:\s*"([\w.+-]{1,40})"'
_SKLEARN: Final = rb'"_sklearn_version"\s*:\s*\{[^{}]*"content"\s*:\s*"\\"([\w.+-]{1,40})\\""'
#: What each loader does with the class that it is given; the others call it.
_NAMED = frozenset({Use.NAMED})
_BUILT = frozenset({Use.INSTANTIATED, Use.BUILT})
_CALLED = frozenset({Use.CALLED})
_USES: Mapping[str, frozenset[Use]] = {
    "ObjectNode": _BUILT,
    "FunctionNode": _NAMED,
    "TypeNode": _NAMED,
    "MethodNode": _NAMED,
}
#: Loaders that build what they always build, whatever class they are given, and the classes that others build anyway.
_WITHOUT_CLASS = frozenset({"JsonNode", "BytesNode", "BytearrayNode", "SliceNode", "DefaultDictNode", "DTypeNode"})
_OWN: Mapping[str, frozenset[str]] = {
    "DictNode": frozenset({"builtins:dict", "collections:OrderedDict"}),
    "ListNode": frozenset({"builtins:list"}),
    "SetNode": frozenset({"builtins:set"}),
    "TupleNode": frozenset({"builtins:tuple"}),
    "NdArrayNode": frozenset({"numpy:ndarray"}),
    "MaskedArrayNode": frozenset({"numpy.ma:MaskedArray", "numpy.ma.core:MaskedArray"}),
    "PartialNode": frozenset({"functools:partial"}),
}
_SPARSE = "SparseMatrixNode"


def _recognise(probe: Probe) -> bool:
    return _SCHEMA in {entry.name for entry in probe.members.value}


def _read(job: Job, findings: Findings) -> None:
    entry = read_members(job, findings).get(_SCHEMA)
    schema = member_text(job, entry, findings) if entry else None
    if schema is None:
        return
    member = job.inner(job.source, _SCHEMA).member
    try:
        root = parse_json(schema)
    except FormatError as error:
        findings.add_error(error, member)
        return
    if not job.member:
        _describe(schema, root, findings)
    offsets: dict[bytes, int] = {}
    for match in re.finditer(_MODULE, schema):
        offsets.setdefault(match[1], match.start(1))
    seen: set[tuple[str, str]] = set()
    for count, node in enumerate(objects_of(root)):
        if count >= MOST_OBJECTS:
            findings.add_incomplete(Cause.LIMIT, f"the schema has more than {MOST_OBJECTS:,} objects", 0, member)
            return
        for module, name, uses in _imported(node):
            seen.add((module, name))
            if len(seen) > _MOST_TYPES:
                findings.add_incomplete(Cause.LIMIT, f"more than {_MOST_TYPES:,} different types", 0, member)
                return
            offset = offsets.get(module.encode("utf-8", "surrogatepass"), 0)
            findings.add_import(Import(module, name, uses, offset, member))


def _describe(schema: bytes, root: object, findings: Findings) -> None:
    for name, pattern in (("skops", _VERSION), ("scikit-learn", _SKLEARN)):
        match = re.search(pattern, schema)
        if match:
            findings.versions[name] = match[1].decode("ascii", "replace")
    match root:
        case {"__class__": str(class_), "__module__": str(module)}:
            findings.metadata["root"] = f"{module}:{class_}"
            findings.framework = framework_of(f"{module}:{class_}", ())
        case _:
            pass


def _imported(node: Mapping[str, object]) -> Iterator[tuple[str, str, frozenset[Use]]]:
    """The names that skops looks up for a node, and what it does with them."""
    class_, module, loader = node.get("__class__"), node.get("__module__"), node.get("__loader__")
    content = node.get("content")
    if loader == "RandomGeneratorNode" and isinstance(content, dict):
        yield from _bit_generator(content)
    if loader == "FunctionNode" and isinstance(content, dict):
        # Protocol 0 (skops/io/old/_general_v0.py), which a file may claim for itself.
        path, function = content.get("module_path"), content.get("function")
        if isinstance(path, str) and isinstance(function, str):
            yield path, function, _NAMED
    if not (isinstance(class_, str) and isinstance(module, str) and isinstance(loader, str)):
        return
    if loader in _WITHOUT_CLASS or f"{module}:{class_}" in _OWN.get(loader, ()):
        return
    if loader == _SPARSE and module.startswith("scipy.sparse"):
        return
    uses = _USES.get(loader, _CALLED)
    if loader == "MethodNode" and isinstance(content, dict):
        method = content.get("func")
        class_ = f"{class_}.{method}"
    yield module, class_, uses


def _bit_generator(content: Mapping[str, object]) -> Iterator[tuple[str, str, frozenset[Use]]]:
    """The bit generator that is looked up in numpy.random by a name that stands among its state, and then called."""
    state = content.get("bit_generator")
    named = state.get("content", state) if isinstance(state, dict) else None
    named = named.get("bit_generator") if isinstance(named, dict) else None
    if isinstance(named, dict):
        named = named.get("content")
        try:
            named = json.loads(named) if isinstance(named, str) else None
        except (ValueError, RecursionError):
            named = None
    if isinstance(named, str):
        yield "numpy.random", named, _CALLED


def _describe_model(job: Job) -> Description | None:
    from artifact_lint.formats.skops_objects import describe_skops  # noqa: PLC0415 - what knows the model

    return describe_skops(job)


SKOPS = Format("skops", "skops", (".skops",), _recognise, _read, frameworks=("scikit-learn",), describe=_describe_model)
