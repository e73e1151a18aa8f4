"""Artifacts put together by hand: a schema beside what a weight file is said to tell of its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import (
    Artifact,
    Component,
    Fact,
    Feature,
    FileState,
    Import,
    Inspection,
    Lazy,
    Origin,
    Presence,
    Record,
    Role,
    Stated,
    WeightFile,
)
from artifact_lint.model.description import Column, Description, Estimator, Seen, TensorSpec
from artifact_lint.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from artifact_lint.model import Problem

RULES = {info.code: info for info in all_rules()}
MANIFEST = "model-artifact.yaml"


def feature(written: str, line: int = 1, **more: object) -> Feature:
    """A feature from `name:dtype`."""
    name, _, dtype = written.partition(":")
    origin = Origin(MANIFEST, line, pointer=f"/feature_schema/inputs/{line}")
    return Feature(name or None, dtype or "double", origin, **more)  # type: ignore[arg-type]  # a bag of attributes


def stated(
    features: Iterable[str | Feature], path: str = MANIFEST, *, guessed: bool = False
) -> Stated[tuple[Feature, ...]]:
    """A schema's side, in a document that calls it `feature_schema`."""
    made = tuple(one if isinstance(one, Feature) else feature(one, i) for i, one in enumerate(features, 10))
    return Stated((Fact(made, Origin(path, 9, pointer="/feature_schema/inputs"), guessed=guessed),))


def columns(*names: str | Column | None, where: str = "`feature_names_in_`") -> Seen[tuple[Column, ...]]:
    """The columns that a model was fitted on."""
    return Seen(tuple(one if isinstance(one, Column) else Column(one) for one in names), where)


def graph(*inputs: tuple[str, str, tuple[int | str | None, ...] | None]) -> Seen[tuple[TensorSpec, ...]]:
    """The inputs or outputs of a graph."""
    return Seen(tuple(TensorSpec(*one) for one in inputs), "graph")


SCIKIT_LEARN = (Estimator("", "sklearn.linear_model._logistic:LogisticRegression", is_fitted=True),)

TRANSFORMER = (
    Estimator("", "sklearn.pipeline:Pipeline"),
    Estimator("steps/prepare", "sklearn.compose._column_transformer:ColumnTransformer"),
    Estimator("steps/prepare/transformers_/number", "sklearn.preprocessing._data:StandardScaler", columns=("age",)),
    Estimator("steps/prepare/transformers_/text", "sklearn.preprocessing._encoders:OneHotEncoder", columns=("plan",)),
    Estimator("steps/model", "sklearn.linear_model._logistic:LogisticRegression"),
)


def weights(
    description: Description | None,
    path: str = "churn.joblib",
    *,
    found: str = "joblib",
    framework: str | None = "scikit-learn",
    role: Role = Role.WEIGHTS,
    inspection: Inspection | None = None,
    modules: Sequence[str] = (),
) -> WeightFile:
    """A weight file that tells this of its model."""
    imports = tuple(Import(module, "Model", frozenset(), 0) for module in modules)
    pickled = found in {"pickle", "joblib", "torch-zip"}
    told = inspection or Inspection(found, framework=framework, pickled=pickled, imports=imports)
    return WeightFile(
        path=path,
        origin=Origin(path),
        role=role,
        state=FileState.PRESENT,
        size=1000,
        format=found,
        inspection=Lazy.of(told),
        checks=Lazy.of(()),
        description=Lazy.of(description),
    )


def artifact(record: Record, *files: WeightFile) -> Artifact:
    """An artifact of a record and weight files."""
    present = dict.fromkeys(Component, Presence.PRESENT)
    return Artifact("", Origin(MANIFEST), record, files, present)


def problems(code: str, one: Artifact) -> list[Problem]:
    """What a rule says of an artifact."""
    check = RULES[code].check
    assert check is not None
    return list(check(one))


def messages(code: str, one: Artifact) -> list[str]:
    """The messages of a rule about an artifact."""
    return [problem.message for problem in problems(code, one)]


CODES = tuple(code for code in RULES if code.startswith("CON10") or code in {"CON111", "CON112", "CON151", "CON153"})


def codes(one: Artifact) -> list[str]:
    """The rules of this part that say something of an artifact, by code and severity."""
    return sorted(
        f"{code} {'guess' if problem.guessed else problem.severity or RULES[code].severity}"
        for code in CODES
        for problem in problems(code, one)
    )


def held(
    inputs: Iterable[str | Feature],
    description: Description,
    *,
    path: str = MANIFEST,
    guessed: bool = False,
    **more: object,
) -> Artifact:
    """A schema of inputs beside one weight file."""
    file = weights(description, **more)  # type: ignore[arg-type]  # a bag of what a file is
    return artifact(Record(conventions=("native",), inputs=stated(inputs, path, guessed=guessed)), file)
