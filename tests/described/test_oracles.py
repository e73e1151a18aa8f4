"""Every file that a real library wrote is described as the library itself describes it.

`tools/make_described_corpus.py` wrote the files and asked the libraries; tools/README.md says what each fact means.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from described_files import CORPUS, ENVIRONMENTS, FACTS, facts_of, files_of, looked_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from artifact_lint.model.description import Column, Description, Seen, TensorSpec

TOOLS: Final = Path(__file__).resolve().parents[2] / "tools" / "described"
LARGEST: Final = 1_500_000

CASES: Final = [(environment, file) for environment in ENVIRONMENTS for file in files_of(environment)]
#: Facts about the oracle itself.
_OF_THE_ORACLE: Final = frozenset({"oracle"})


def _value(seen: Seen[Any] | None) -> Any:  # noqa: ANN401 - whatever the fact is
    return None if seen is None else seen.value


def _columns(seen: Seen[tuple[Column, ...]] | None) -> list[list[object]] | None:
    if seen is None:
        return None
    return [
        [
            column.name,
            column.dtype,
            None if column.kind is None else column.kind.value,
            None if column.categories is None else list(column.categories),
        ]
        for column in seen.value
    ]


def _specs(seen: Seen[tuple[TensorSpec, ...]] | None) -> list[list[object]] | None:
    if seen is None:
        return None
    return [[spec.name, spec.dtype, None if spec.shape is None else list(spec.shape)] for spec in seen.value]


def _classes(seen: Seen[tuple[str, ...]] | None) -> list[str] | None:
    return None if seen is None else list(seen.value)


READ: Final[dict[str, Callable[[Description], object]]] = {
    "columns": lambda told: _columns(told.columns),
    "column_count": lambda told: _value(told.column_count),
    "inputs": lambda told: _specs(told.inputs),
    "outputs": lambda told: _specs(told.outputs),
    "classes": lambda told: _classes(told.classes),
    "class_count": lambda told: _value(told.class_count),
    "tensors": lambda told: {tensor.name: [tensor.dtype, list(tensor.shape)] for tensor in told.tensors},
    "has_all_tensors": lambda told: told.has_all_tensors,
    "parameters": lambda told: told.parameters,
}


def _shortened(rows: object, like: object) -> object:
    """Rows as far as the oracle's go: it leaves out what it cannot answer."""
    if not (isinstance(rows, list) and isinstance(like, list) and len(rows) == len(like)):
        return rows
    return [
        row[: len(known)] if isinstance(row, list) and isinstance(known, list) else row
        for row, known in zip(rows, like, strict=True)
    ]


def _estimators(told: Description, like: object) -> object:
    """Each estimator by its path, with the fields that the oracle answers."""
    assert isinstance(like, dict)
    by_path = {estimator.path: estimator for estimator in told.estimators}
    found: dict[str, dict[str, object] | None] = {}
    for path, known in like.items():
        values = {field: getattr(by_path[path], field) for field in known} if path in by_path else None
        found[path] = values and {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}
    return found


def _of(mapping: Iterable[tuple[str, str]], like: object) -> object:
    assert isinstance(like, dict)
    return {key: value for key, value in mapping if key in like}


@pytest.mark.parametrize(("environment", "file"), CASES, ids=["/".join(case) for case in CASES])
def test_a_file_is_described_as_its_library_describes_it(environment: str, file: str) -> None:
    facts = dict(facts_of(environment)[file])
    if "part_of" in facts:  # is read together with the file that names it
        assert facts["part_of"] in files_of(environment)
        return
    inspection, told = looked_at(CORPUS / environment / file)
    said: dict[str, object] = {}
    for key, value in facts.items():
        if key in _OF_THE_ORACLE:
            continue
        if key in {"format", "framework"}:
            said[key] = getattr(inspection, key)
        elif key == "estimators":
            said[key] = _estimators(told, value)
        elif key in {"versions", "metadata"}:
            said[key] = _of(getattr(told, key).items(), value)
        else:
            said[key] = _shortened(READ[key](told), value)
    assert said == {key: value for key, value in facts.items() if key not in _OF_THE_ORACLE}
    assert told.incomplete == ()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_file_has_facts_and_every_fact_a_file(environment: str) -> None:
    facts = facts_of(environment)
    assert files_of(environment) == sorted(facts)
    assert all(facts.values()), "a file of which nothing is told would be skipped silently"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_stays_small(environment: str) -> None:
    assert sum((CORPUS / environment / file).stat().st_size for file in files_of(environment)) <= LARGEST


def test_every_environment_is_one_that_the_tool_writes() -> None:
    stated = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in (TOOLS / "environments").glob("*.toml")}
    assert sorted(stated) == ENVIRONMENTS
    for environment, terms in stated.items():
        assert all("==" in requirement for requirement in terms["requirements"]), environment
        assert all((TOOLS / f"{script}.py").is_file() for script in terms["scripts"]), environment


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_facts_are_plain_json(environment: str) -> None:
    text = (CORPUS / environment / FACTS).read_text("utf-8")
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
