"""What files hold, for people: a page of one file, or a line for each of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.model.artifact import FileState
from artifact_lint.model.inspection import Use
from artifact_lint.reporters.styled import Segment, Style, amount, size, visible, wrap
from artifact_lint.reporters.table import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from artifact_lint.model.description import Column, Description, Estimator, TensorSpec
    from artifact_lint.model.inspection import Incomplete, Tensor
    from artifact_lint.model.look import Look
    from artifact_lint.reporters.styled import Line

#: The width of the headings at the left.
_MARGIN: Final = 12
#: How many columns, inputs, outputs, estimators and imports are shown before the rest is only counted.
_ROWS: Final = 100
#: How many classes, categories and kinds of tensors are shown in one line.
_VALUES: Final = 12
#: How much is shown of one text, in characters: names of hostile files have no end.
_LONGEST: Final = 200
#: Facts of the metadata that are shown elsewhere.
_ROOT: Final = "root"
_MODEL: Final = "model"
#: Classes of the outermost object that say nothing of a model, beside Python's own.
_CONTAINERS: Final = frozenset({"collections:OrderedDict", "collections:defaultdict", "numpy:ndarray"})
_STATES: Final = {FileState.MISSING: "missing", FileState.EXTERNAL: "kept elsewhere"}


def listing(looks: Sequence[Look], width: int) -> Iterator[Line]:
    """A line for each file: what it is, how large, and the little that tells one model from another."""
    rows = [
        (
            (_text(look.path), Style.STRONG),
            ("" if look.size is None else size(look.size), Style.PLAIN),
            (look.title or _STATES.get(look.state, "unknown"), Style.PLAIN),
            (", ".join(_briefly(look)), Style.FAINT),
        )
        for look in looks
    ]
    yield from table(rows, width, right=frozenset({1}))


def _briefly(look: Look) -> Iterator[str]:
    if look.title and look.state is not FileState.PRESENT:
        yield _STATES.get(look.state, look.state.value)
    told = list(_in_brief(look))
    yield from told
    imports = list(dict.fromkeys(dotted for dotted, *_ in _imports(look)))
    if imports and not told:
        yield f"imports {_named(imports, 3)}"
    if look.incomplete:
        yield "not all could be read"


def _in_brief(look: Look) -> Iterator[str]:
    """What the file tells of the model in it, and what wrote it."""
    if _root_heading(look) == _MODEL:
        yield _text(look.metadata[_ROOT].rpartition(":")[2])
    told = look.description
    if told is not None:
        if told.column_count is not None or told.columns is not None:
            yield amount(_column_count(told), "column")
        elif told.inputs is not None:
            yield f"takes {_named([spec.name for spec in told.inputs.value], 3)}"
        if told.class_count is not None or told.classes is not None:
            count = _class_count(told)
            yield f"{count:,} {'class' if count == 1 else 'classes'}"
    if look.tensors:
        yield amount(len(look.tensors), "tensor")
    if told is not None and told.parameters is not None:
        yield amount(told.parameters, "parameter")
    if look.versions:
        yield _versions(look)


def page(look: Look, width: int, tensors: int) -> Iterator[Line]:
    """All that is seen of one file, and at most so many of its tensors; all of them below zero."""
    held = "" if look.size is None else f", {size(look.size)}"
    yield (Segment(_text(look.path), Style.STRONG), Segment(f"  {look.title}{held}"))
    yield from _facts(look, width)
    told = look.description
    if told is not None:
        yield from _model(told, width)
    yield from _tensors(look, width, tensors)
    yield from _import_section(look, width)
    if look.incomplete:
        yield from _section("not read", amount(len(look.incomplete), "part"))
        for gap in look.incomplete[:_ROWS]:
            yield from _wrapped(_gap(gap), width, Style.WARNING)


def _facts(look: Look, width: int) -> Iterator[Line]:
    """What is told in a line each."""
    found, told = look.inspection, look.description
    facts: list[tuple[str, str]] = []
    if _ROOT in look.metadata:
        facts.append((_root_heading(look), look.metadata[_ROOT]))
    if found is not None and found.framework:
        facts.append(("framework", found.framework))
    if look.versions:
        facts.append(("written by", _versions(look)))
    if told is not None and told.parameters is not None:
        facts.append(("parameters", f"{told.parameters:,}"))
    rest = {key: value for key, value in look.metadata.items() if key != _ROOT}
    if rest:
        shown = [f"{key}={value[:_LONGEST]}" for key, value in list(rest.items())[:_VALUES]]
        more = [f"and {len(rest) - _VALUES:,} more"] if len(rest) > _VALUES else []
        facts.append(("metadata", ", ".join((*shown, *more))))
    for heading, value in facts:
        lines = list(wrap(_text(value, 8 * _LONGEST), width - _MARGIN))
        yield (Segment(f"{heading:<{_MARGIN}}", Style.FAINT), Segment(lines[0]))
        for line in lines[1:]:
            yield (Segment(" " * _MARGIN), Segment(line))


def _versions(look: Look) -> str:
    return ", ".join(f"{_text(name)} {_text(version)}" for name, version in sorted(look.versions.items()))


def _root_heading(look: Look) -> str:
    """What the outermost object of a pickle is to its file: a model, a mere container, or what a function returns."""
    root = look.metadata.get(_ROOT, "")
    if ":" not in root or root in _CONTAINERS:
        return "holds"
    uses = {
        use for one in (look.inspection.imports if look.inspection else ()) if one.dotted == root for use in one.uses
    }
    return "made by" if Use.CALLED in uses and Use.INSTANTIATED not in uses else _MODEL


def _imports(look: Look) -> list[tuple[str, bool, str]]:
    """What loading imports, whether it calls it, and the member that does, each once."""
    found = look.inspection.imports if look.inspection else ()
    return list(dict.fromkeys((one.dotted, Use.CALLED in one.uses, one.member) for one in found))


def _import_section(look: Look, width: int) -> Iterator[Line]:
    found = _imports(look)
    if not found:
        return
    members = {member for *_, member in found}
    is_of_one = len(members) == 1
    where = f"in {min(members)}" if is_of_one and members != {""} else ""
    yield from _section("imports", amount(len({dotted for dotted, *_ in found}), "name"), where)
    for dotted, called, member in found[:_ROWS]:
        place = "" if is_of_one or not member else f" in {_text(member)}"
        yield from _wrapped(f"{_text(dotted)}{' (called)' if called else ''}{place}", width, Style.PLAIN)
    if len(found) > _ROWS:
        yield (Segment(f"  and {len(found) - _ROWS:,} more; --format json lists all", Style.FAINT),)


def _model(told: Description, width: int) -> Iterator[Line]:
    if told.columns is not None or told.column_count is not None:
        seen = told.columns or told.column_count
        yield from _section("columns", f"{_column_count(told):,}", seen.where if seen else "")
        if told.columns is not None:
            yield from _rows([_column(n, column) for n, column in enumerate(told.columns.value, 1)], width)
    for heading, specs in (("inputs", told.inputs), ("outputs", told.outputs)):
        if specs is not None:
            yield from _section(heading, f"{len(specs.value):,}", specs.where)
            yield from _rows([_spec(spec) for spec in specs.value], width)
    if told.classes is not None or told.class_count is not None:
        counted = _class_count(told)
        where = told.classes or told.class_count
        yield from _section("classes", f"{counted:,}", where.where if where else "")
        if told.classes is not None:
            yield from _wrapped(_named(told.classes.value, _ROWS), width, Style.PLAIN)
    if told.estimators:
        yield from _section("estimators", f"{len(told.estimators):,}")
        yield from _rows([_estimator(one) for one in told.estimators], width)


def _column_count(told: Description) -> int:
    if told.column_count is not None:
        return told.column_count.value
    return len(told.columns.value) if told.columns is not None else 0


def _class_count(told: Description) -> int:
    if told.class_count is not None:
        return told.class_count.value
    return len(told.classes.value) if told.classes is not None else 0


def _column(number: int, column: Column) -> list[str]:
    values = column.categories
    kept = "" if values is None else f"{_named(values, _VALUES)}{' or others' if column.ignores_unknown else ''}"
    kind = column.kind.value if column.kind is not None else ""
    return [f"{number}", _text(column.name or "-"), _text(column.dtype or ""), kind, kept]


def _spec(spec: TensorSpec) -> list[str]:
    return [
        _text(spec.name),
        _text(spec.dtype or "?"),
        "shape not stated" if spec.shape is None else _shape(spec.shape),
    ]


def _estimator(one: Estimator) -> list[str]:
    fitted = {True: "fitted", False: "not fitted", None: ""}[one.is_fitted]
    widths = _widths(one.input_width, one.output_width)
    taken = "" if one.columns is None else f"of {_named([str(column) for column in one.columns], _VALUES)}"
    return [_text(one.path or "the model"), _text(one.cls), fitted, widths, taken]


def _widths(taken: int | None, returned: int | None) -> str:
    """What is told of the columns that go in and come out: of a predictor, no file says how many come out."""
    if taken is None or returned is None:
        known = taken if returned is None else returned
        return "" if known is None else f"{'takes' if returned is None else 'returns'} {amount(known, 'column')}"
    return f"{taken:,} -> {amount(returned, 'column')}"


def _tensors(look: Look, width: int, most: int) -> Iterator[Line]:
    tensors = look.tensors
    if not tensors:
        return
    yield from _section("tensors", _by_dtype(tensors))
    shown = tensors if most < 0 else tensors[:most]
    rows = [_tensor(tensor) for tensor in shown]
    yield from table([[(cell, Style.PLAIN) for cell in row] for row in rows], width, right=frozenset({3}), indent=2)
    if len(tensors) > len(shown):
        yield (Segment(f"  and {len(tensors) - len(shown):,} more; --tensors all shows them", Style.FAINT),)
    if not look.has_all_tensors:
        yield (Segment("  there may be others, which are not listed here", Style.FAINT),)


def _tensor(tensor: Tensor) -> list[str]:
    held = "" if tensor.size is None else size(tensor.size)
    return [_text(tensor.name or "-"), _text(tensor.dtype), _shape(tensor.shape), held]


def _by_dtype(tensors: Sequence[Tensor]) -> str:
    """How many there are in all and of each type, the type with the most bytes first."""
    counts: dict[str, tuple[int, int]] = {}
    for tensor in tensors:
        count, held = counts.get(tensor.dtype, (0, 0))
        counts[tensor.dtype] = (count + 1, held + (tensor.size or 0))
    total = sum(held for _, held in counts.values())
    ordered = sorted(counts.items(), key=lambda item: (-item[1][1], -item[1][0], item[0]))
    kinds = [
        f"{count:,} {_text(dtype)}" + (f" ({size(held)})" if held and len(counts) > 1 else "")
        for dtype, (count, held) in ordered[:_VALUES]
    ]
    more = [f"{len(ordered) - _VALUES:,} other types"] if len(ordered) > _VALUES else []
    first = f"{len(tensors):,}" + (f", {size(total)}" if total else "")
    return f"{first}: {', '.join((*kinds, *more))}"


def _gap(gap: Incomplete) -> str:
    place = f"{gap.member}: " if gap.member else ""
    return f"{_text(place)}{_text(gap.detail, 4 * _LONGEST)} ({gap.cause.value}, at byte {gap.offset:,})"


def _shape(shape: Iterable[int | str | None]) -> str:
    return f"[{', '.join('?' if size is None else _text(str(size)) for size in shape)}]"


def _section(heading: str, told: str, where: str = "") -> Iterator[Line]:
    yield ()
    line = (Segment(f"{heading:<{_MARGIN}}", Style.STRONG), Segment(told))
    yield (*line, Segment(f"  {_text(where)}", Style.FAINT)) if where else line


def _named(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(_text(name) for name in names[:most])}{more}"


def _rows(rows: list[list[str]], width: int) -> Iterator[Line]:
    yield from table([[(cell, Style.PLAIN) for cell in row] for row in rows[:_ROWS]], width, indent=2)
    if len(rows) > _ROWS:
        yield (Segment(f"  and {len(rows) - _ROWS:,} more; --format json lists all", Style.FAINT),)


def _wrapped(text: str, width: int, style: Style) -> Iterator[Line]:
    for line in wrap(text, width - 2):
        yield (Segment("  "), Segment(line, style))


def _text(text: str, most: int = _LONGEST) -> str:
    shown = visible(text[: most + 1])
    return shown if len(text) <= most else f"{shown[:most]}..."
