"""Artifacts around files that real libraries wrote, each as it should be and with one thing changed."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rule_cases import lint_repository

if TYPE_CHECKING:
    from collections.abc import Mapping

DESCRIBED = Path(__file__).parent / "described"

#: A manifest of which nothing is missing but the schema and the weights.
COMPLETE: Mapping[str, Any] = {
    "schema_version": 1,
    "name": "churn",
    "version": "1.2.0",
    "config": {"architecture": "Model", "hyperparameters": {"epochs": 20}},
}


def found(place: Path) -> Counter[str]:
    """All that the default rules say of an artifact: code and severity of each finding."""
    report = lint_repository(place)
    assert report.artifacts
    assert not report.failures
    return Counter(f"{one.code} {one.severity}" for one in report.findings)


def write(place: Path, model: str | Path, schema: Mapping[str, Any] | None = None, **more: object) -> Path:
    """A described model with its data beside it, and a manifest that lists it; the copy of the model is returned."""
    source = DESCRIBED / model
    place.mkdir(parents=True)
    for file in (source, *source.parent.glob(f"{source.name}*data")):
        (shutil.copytree if file.is_dir() else shutil.copy)(file, place / file.name)
    manifest: dict[str, Any] = {**COMPLETE, "weights": {"files": [{"path": source.name}]}, **more}
    if schema is not None:
        manifest["feature_schema"] = schema
    (place / "model-artifact.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return place / source.name


def difference(good: Path, changed: Path) -> list[str]:
    """What is said of the changed artifact and not of the good one; what is no longer said comes with a minus."""
    before, after = found(good), found(changed)
    return sorted((after - before).elements()) + [f"-{one}" for one in sorted((before - after).elements())]
