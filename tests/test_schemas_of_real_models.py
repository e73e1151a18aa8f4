"""Schemas beside models that the real libraries wrote: what is listed rightly is agreed, and one change is one finding.

The models are those of `tests/described`, and what is right of them is what the libraries say of their own files.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from rule_cases import lint_repository

#: The rules that hold a schema against weights.
CODES = {"CON101", "CON102", "CON103", "CON104", "CON105", "CON107", "CON111", "CON112", "CON151", "CON152", "CON153"}

#: One model in many containers, which the readers' own tests are about.
_REPEATED = re.compile(r"variant(?!\.pkl\.gz|-skops|-p4)")

DESCRIBED = Path(__file__).parent / "described"

_COMPLETE = {
    "schema_version": 1,
    "name": "churn",
    "version": "1.2.0",
    "config": {"architecture": "Model", "hyperparameters": {"epochs": 20}},
}


def known() -> list[tuple[Path, dict[str, Any]]]:
    """Every model with what its library says of it."""
    found = []
    for facts in sorted(DESCRIBED.glob("*/facts.json")):
        for name, told in json.loads(facts.read_text(encoding="utf-8")).items():
            found.append((facts.parent / name, told))
    return found


KNOWN = known()


def of(*keys: str) -> list[Any]:
    """The models of which the libraries tell all of these."""
    return [
        pytest.param(path, told, id=f"{path.parent.name}-{path.name}")
        for path, told in KNOWN
        if path.is_file() and not _REPEATED.match(path.name) and all(told.get(key) for key in keys)
    ]


def said(place: Path, model: Path, schemas: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """What the rules of consistency say of a model beside each schema, by code and severity, notes apart."""
    for case, schema in schemas.items():
        (place / case).mkdir()
        (place / case / model.name).write_bytes(model.read_bytes())
        for data in model.parent.glob(f"{model.name}*data"):
            (place / case / data.name).write_bytes(data.read_bytes())
        manifest = {**_COMPLETE, "weights": {"files": [{"path": model.name}]}, "feature_schema": schema}
        (place / case / "model-artifact.json").write_text(json.dumps(manifest), encoding="utf-8")
    told: dict[str, list[str]] = {case: [] for case in schemas}
    for one in lint_repository(place).findings:
        if one.code in CODES and one.severity != "note":
            told[one.origin.path.partition("/")[0]].append(f"{one.code} {one.severity}")
    return told


def listed(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of a model as a schema lists them; those without a name by their places."""
    columns = []
    for i, (name, dtype, kind, categories) in enumerate(told["columns"]):
        written = "string" if dtype == "string" or kind == "text" else "any" if categories or kind is None else "double"
        columns.append({"name": name or f"column {i}", "type": "any" if kind == "categorical" else written})
    return columns


def has_names(told: dict[str, Any]) -> bool:
    return all(column[0] for column in told["columns"])


#: Models behind a ColumnTransformer that picks its columns by name.
_PICKING = ("encoded-", "imputed-", "variant")


def order_of(model: Path, told: dict[str, Any]) -> list[str]:
    """What another order comes to: LightGBM goes by position, scikit-learn 1.1 only warns, graphs go by name."""
    if told.get("inputs") or model.name.startswith(_PICKING):
        return []
    is_silent = model.name.startswith("lgb") or model.parent.name == "sklearn-1_1"
    return ["CON103 error" if is_silent else "CON103 warning"]


_UNKNOWN = {"name": "nobody knows this", "type": "any"}


def excess_of(model: Path, told: dict[str, Any]) -> list[str]:
    """What a column more comes to: CatBoost and a ColumnTransformer that picks by name pass over it."""
    passes = has_names(told) and model.name.startswith(("cat-", *_PICKING))
    return [] if passes else ["CON101 error"]


@pytest.mark.parametrize(("model", "told"), of("columns"))
def test_columns_as_the_library_tells_them(model: Path, told: dict[str, Any], tmp_path: Path) -> None:
    columns = listed(told)
    schemas = {"right": columns}
    expected: dict[str, list[str]] = {"right": []}
    if len(columns) > 1:
        schemas["dropped"], expected["dropped"] = columns[1:], ["CON101 error"]
        schemas["added"], expected["added"] = [*columns, _UNKNOWN], excess_of(model, told)
    if len(columns) > 1 and has_names(told):
        schemas["renamed"] = [{**columns[0], "name": "nobody knows this"}, *columns[1:]]
        schemas["swapped"] = [columns[1], columns[0], *columns[2:]]
        expected |= {"renamed": ["CON102 error"], "swapped": order_of(model, told)}
    assert said(tmp_path, model, {case: {"inputs": inputs} for case, inputs in schemas.items()}) == expected


@pytest.mark.parametrize(("model", "told"), of("column_count"))
def test_columns_as_the_library_counts_them(model: Path, told: dict[str, Any], tmp_path: Path) -> None:
    if told.get("columns", "unknown") is not None:
        return
    columns = [{"name": f"a{i}b", "type": "any"} for i in range(told["column_count"])]
    tensor = {"name": None, "type": "any", "shape": [-1, told["column_count"]]}
    schemas = {"right": columns, "more": [*columns, {"name": "c", "type": "any"}], "tensor": [tensor]}
    found = said(tmp_path, model, {case: {"inputs": inputs} for case, inputs in schemas.items()})
    assert found == {"right": [], "more": ["CON101 error"], "tensor": []}


@pytest.mark.parametrize(("model", "told"), of("classes"))
def test_labels_as_the_library_tells_them(model: Path, told: dict[str, Any], tmp_path: Path) -> None:
    labels = [str(label) for label in told["classes"]]
    if len(labels) < 2:
        return
    lists = {"right": labels, "fewer": labels[1:], "more": [*labels, "nobody"]}
    expected: dict[str, list[str]] = {"right": [], "fewer": ["CON111 error"], "more": ["CON111 error"]}
    if not all(label.replace(".", "").isdigit() for label in labels):
        lists["renamed"], expected["renamed"] = ["nobody", *labels[1:]], ["CON112 error"]
    schemas: dict[str, dict[str, Any]] = {
        case: {"outputs": [{"name": "label", "type": "string", "allowed": allowed}]} for case, allowed in lists.items()
    }
    schemas["columns"] = {"outputs": [{"name": f"p_{label}", "type": "double"} for label in labels]}
    schemas["vector"] = {"outputs": [{"name": "p", "type": "double", "shape": [-1, len(labels)]}]}
    assert said(tmp_path, model, schemas) == expected | {"columns": [], "vector": []}


@pytest.mark.parametrize(("model", "told"), of("inputs"))
def test_tensors_as_the_library_tells_them(model: Path, told: dict[str, Any], tmp_path: Path) -> None:
    tensors = []
    for name, dtype, shape in told["inputs"]:
        sizes = [size if isinstance(size, int) else -1 for size in shape or ()]
        tensors.append({"name": name, "type": dtype or "any", **({"shape": sizes} if shape is not None else {})})
    schemas = {"right": tensors, "turned": tensors[::-1]}
    expected: dict[str, list[str]] = {"right": [], "turned": []}
    if len(tensors) > 1:
        schemas["fewer"], expected["fewer"] = tensors[1:], ["CON101 error"]
        schemas["renamed"] = [{**tensors[0], "name": "nobody knows this"}, *tensors[1:]]
        expected["renamed"] = ["CON102 error"]
    assert said(tmp_path, model, {case: {"inputs": inputs} for case, inputs in schemas.items()}) == expected
