"""A report made by hand, with something of everything that a reporter has to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import (
    Artifact,
    Component,
    DigestCheck,
    DigestState,
    Edit,
    Fact,
    FileState,
    Finding,
    Fix,
    Inspection,
    Lazy,
    Origin,
    Presence,
    Record,
    Related,
    Role,
    Severity,
    Stated,
    WeightFile,
)
from artifact_lint.model.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCES = {
    "models/churn/MLmodel": [
        "artifact_path: model",
        "flavors:",
        "  python_function:",
        "    loader_module: mlflow.sklearn",
        "    model_path: model.pkl",
        "run_id: null",
    ],
    "models/credit/model-artifact.yaml": [
        "schema_version: 1",
        "name: クレジット  # 日本語の名前",
        "\tversion: 1.10",
        "license: \x1b[31mred\x1b[0m \u202egnitirw",
        'digest: "md5:' + "0123456789abcdef" * 30 + '" # a very long line',
        "",
    ],
}


def source(path: str) -> Sequence[str] | None:
    return SOURCES.get(path)


def finding(code: str, name: str, severity: Severity, message: str, origin: Origin, **more: object) -> Finding:
    given = {"help": "", "artifact": "models/churn", "file": None, "related": (), "fixes": (), "fingerprint": "f" * 16}
    return Finding(code=code, name=name, severity=severity, message=message, origin=origin, **(given | more))  # type: ignore[arg-type]  # a bag of defaults


def weight_file(path: str, *, recorded: str | None = None) -> WeightFile:
    origin = Origin(path)
    checks: tuple[DigestCheck, ...] = ()
    if recorded:
        checks = (DigestCheck(Fact(recorded, origin), DigestState.MISMATCH, actual="sha256:" + "1" * 64),)
    inspection = Inspection(format="pickle", framework="scikit-learn", pickled=True)
    return WeightFile(
        path=path,
        origin=origin,
        role=Role.WEIGHTS,
        state=FileState.PRESENT,
        size=18100,
        format="pickle",
        inspection=Lazy.of(inspection),
        checks=Lazy.of(checks),
    )


def churn() -> Artifact:
    mlmodel = Origin("models/churn/MLmodel")
    return Artifact(
        path="models/churn",
        origin=mlmodel,
        record=Record(
            conventions=("mlflow",),
            name=Stated((Fact("churn", mlmodel),)),
            version=Stated((Fact("3", mlmodel),)),
        ),
        files=(weight_file("models/churn/model.pkl"),),
        components={
            Component.WEIGHTS: Presence.PRESENT,
            Component.CONFIG: Presence.PRESENT,
            Component.FEATURE_SCHEMA: Presence.ABSENT,
            Component.RUN: Presence.PRESENT,
        },
    )


def credit() -> Artifact:
    manifest = Origin("models/credit/model-artifact.yaml")
    return Artifact(
        path="models/credit",
        origin=manifest,
        record=Record(conventions=("native", "git-lfs"), name=Stated((Fact("クレジット\x1b[0m", manifest),))),
        files=(weight_file("models/credit/model\udcff.pkl", recorded="sha256:" + "0" * 64),),
        components={
            Component.WEIGHTS: Presence.PRESENT,
            Component.CONFIG: Presence.ABSENT,
            Component.FEATURE_SCHEMA: Presence.NOT_APPLICABLE,
        },
    )


def findings() -> tuple[Finding, ...]:
    mlmodel = "models/churn/MLmodel"
    manifest = "models/credit/model-artifact.yaml"
    weights = "models/churn/model.pkl"
    notes = tuple(
        finding(
            "PKL002", "pickle-used", Severity.NOTE, f"a pickle, all of it listed ({n})", Origin(weights), file=weights
        )
        for n in range(4)
    )
    return (
        finding(
            "CMP103",
            "missing-feature-schema",
            Severity.ERROR,
            "nothing says what the model takes and returns",
            Origin(mlmodel),
            help="Log the model with a signature: mlflow.sklearn.log_model(model, signature=infer_signature(X, y)), "
            "or describe it by hand:\n    feature_schema: {inputs: [...], outputs: [...]}",
        ),
        finding(
            "CMP121",
            "missing-architecture",
            Severity.WARNING,
            "the flavor names a loader and no class",
            Origin(mlmodel, 3, 3, 5, 26, "/flavors/python_function"),
        ),
        finding(
            "CMP141",
            "missing-run-id",
            Severity.WARNING,
            "run_id is null, so that nobody can tell which training run made these weights",
            Origin(mlmodel, 6, 9, 6, 13, "/run_id"),
            related=(
                Related(Origin("mlruns/0/meta.yaml", 4, 1, 4, 5), "the store that has runs"),
                Related(Origin("mlruns/1/meta.yaml"), ""),
            ),
        ),
        *notes,
        finding(
            "PKL101",
            "dangerous-import",
            Severity.ERROR,
            "unpickling calls posix:system",
            Origin(weights),
            file=f"{weights}!archive/data.pkl",
            help="Do not load this file.",
        ),
        finding(
            "MAN008",
            "surprising-scalar",
            Severity.WARNING,
            "1.10 is the number 1.1",
            Origin(manifest, 3, 11, 3, 15, "/version"),
            artifact="models/credit",
            help="Quote it.",
            fixes=(Fix.of(Edit(Origin(manifest, 3, 11, 3, 15), '"1.10"')),),
        ),
        finding(
            "NAM001",
            "artifact-name",
            Severity.WARNING,
            "'クレジット' is no name",
            Origin(manifest, 2, 7, 2, 12, "/name"),
            artifact="models/credit",
        ),
        finding(
            "MAN004",
            "unknown-field",
            Severity.WARNING,
            "\x1b[2Jlicense \u202e is odd\nsecond line",
            Origin(manifest, 4, 10, 4, 26, "/license"),
            artifact="models/credit",
        ),
        finding(
            "SUM103",
            "weak-digest",
            Severity.NOTE,
            "md5 is all there is",
            Origin(manifest, 5, 9, 5, 494, "/digest"),
            artifact="models/credit",
        ),
        finding(
            "SUM104",
            "malformed-digest",
            Severity.ERROR,
            "480 digits are no md5",
            Origin(manifest, 5, 480, 5, 493, "/digest"),
            artifact="models/credit",
        ),
    )


def report() -> Report:
    return Report(
        artifacts=(churn(), credit()), findings=findings(), suppressed=1, files=2, size=36200, notes=("one thing",)
    )
