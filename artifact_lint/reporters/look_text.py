"""What files hold, for people: a page of one file, or a line for each of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.model.artifact import FileState
from artifact_lint.reporters.styled import Segment, Style, amount, cells, size, visible, wrap

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
    yield from _table(rows, width, right=frozenset({1}))


def _briefly(look: Look) -> Iterator[str]:
    if look.title and look.state is not FileState.PRESENT:
        yield _STATES.get(look.state, look.state.value)
    told = look.description
    if told is not None:
        if told.column_count is not None or told.columns is not None:
            yield amount(_column_count(told), "column")
        elif told.inputs is not None:
            yield f"takes {_named([spec.name for spec in told.inputs.value], 3)}"
        if told.class_count is not None or told.classes is not None:
            count = told.class_count.value if told.class_count else len(told.classes.value if told.classes else ())
            yield f"{count:,} {'class' if count == 1 else 'classes'}"
    if look.tensors:
        yield amount(len(look.tensors), "tensor")
    if told is not None and told.parameters is not None:
        yield amount(told.parameters, "parameter")
    if look.incomplete:
        yield "not all could be read"


def page(look: Look, width: int, tensors: int) -> Iterator[Line]:
    """All that is seen of one file, and at most so many of its tensors; all of them below zero."""
    held = "" if look.size is None else f", {size(look.size)}"
    yield (Segment(_text(look.path), Style.STRONG), Segment(f"  {look.title}{held}"))
    yield from _facts(look, width)
    told = look.description
    if told is not None:
        yield from _model(told, width)
    yield from _tensors(look, width, tensors)
    found = look.inspection
    if found is not None and found.imports:
        names = [one.dotted for one in found.imports]
        yield from _section("imports", amount(len(names), "name"))
        yield from _names(names, width)
    if look.incomplete:
        yield from _section("not read", amount(len(look.incomplete), "part"))
        for gap in look.incomplete[:_ROWS]:
            yield from _wrapped(_gap(gap), width, Style.WARNING)


def _facts(look: Look, width: int) -> Iterator[Line]:
    """What is told in a line each."""
    found, told = look.inspection, look.description
    facts: list[tuple[str, str]] = []
    if _ROOT in look.metadata:
        facts.append(("model", look.metadata[_ROOT]))
    if found is not None and found.framework:
        facts.append(("framework", found.framework))
    if look.versions:
        facts.append(("written by", ", ".join(f"{name} {version}" for name, version in sorted(look.versions.items()))))
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
        counted = told.class_count.value if told.class_count else len(told.classes.value if told.classes else ())
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


def _column(number: int, column: Column) -> list[str]:
    values = column.categories
    kept = "" if values is None else f"{_named(values, _VALUES)}{' or others' if column.ignores_unknown else ''}"
    kind = column.kind.value if column.kind is not None else ""
    return [f"{number}", _text(column.name or "-"), _text(column.dtype or ""), kind, kept]


def _spec(spec: TensorSpec) -> list[str]:
    return [_text(spec.name), _text(spec.dtype or "?"), "any shape" if spec.shape is None else _shape(spec.shape)]


def _estimator(one: Estimator) -> list[str]:
    fitted = {True: "fitted", False: "not fitted", None: ""}[one.is_fitted]
    widths = ""
    if one.input_width is not None or one.output_width is not None:
        before, after = ("?" if one is None else f"{one:,}" for one in (one.input_width, one.output_width))
        widths = f"{before} -> {after} columns"
    taken = "" if one.columns is None else f"of {_named([str(column) for column in one.columns], _VALUES)}"
    return [_text(one.path or "the model"), _text(one.cls), fitted, widths, taken]


def _tensors(look: Look, width: int, most: int) -> Iterator[Line]:
    tensors = look.tensors
    if not tensors:
        return
    yield from _section("tensors", _by_dtype(tensors))
    shown = tensors if most < 0 else tensors[:most]
    rows = [_tensor(tensor) for tensor in shown]
    yield from _table([[(cell, Style.PLAIN) for cell in row] for row in rows], width, right=frozenset({3}), indent=2)
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


def _names(names: Sequence[str], width: int) -> Iterator[Line]:
    for name in names[:_ROWS]:
        yield from _wrapped(_text(name), width, Style.PLAIN)
    if len(names) > _ROWS:
        yield (Segment(f"  and {len(names) - _ROWS:,} more; --format json lists all", Style.FAINT),)


def _rows(rows: list[list[str]], width: int) -> Iterator[Line]:
    yield from _table([[(cell, Style.PLAIN) for cell in row] for row in rows[:_ROWS]], width, indent=2)
    if len(rows) > _ROWS:
        yield (Segment(f"  and {len(rows) - _ROWS:,} more; --format json lists all", Style.FAINT),)


def _wrapped(text: str, width: int, style: Style) -> Iterator[Line]:
    for line in wrap(text, width - 2):
        yield (Segment("  "), Segment(line, style))


def _table(
    rows: Sequence[Sequence[tuple[str, Style]]], width: int, *, right: frozenset[int] = frozenset(), indent: int = 0
) -> Iterator[Line]:
    """Rows in columns, the last of which is broken over lines where it is too long; empty columns are left out."""
    if not rows:
        return
    used = [index for index in range(len(rows[0])) if any(row[index][0] for row in rows)]
    widths = {index: max(cells(row[index][0]) for row in rows) for index in used}
    for row in rows:
        line, taken = [Segment(" " * indent)], indent
        for index in used[:-1]:
            text, style = row[index]
            blank = " " * (widths[index] - cells(text))
            line.append(Segment(f"{blank}{text}  " if index in right else f"{text}{blank}  ", style))
            taken += widths[index] + 2
        text, style = row[used[-1]] if used else ("", Style.PLAIN)
        blank = " " * (widths[used[-1]] - cells(text)) if used and used[-1] in right else ""
        parts = list(wrap(f"{blank}{text}", max(width - taken, 24))) if not blank else [f"{blank}{text}"]
        yield (*line, Segment(parts[0], style))
        for part in parts[1:]:
            yield (Segment(" " * taken), Segment(part, style))


def _text(text: str, most: int = _LONGEST) -> str:
    shown = visible(text[: most + 1])
    return shown if len(text) <= most else f"{shown[:most]}..."
