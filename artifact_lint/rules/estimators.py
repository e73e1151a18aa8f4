"""CON: do the steps of a scikit-learn model fit together, and were they fitted?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Doubt, Origin, Problem, Related, Severity
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.model import Artifact, WeightFile
    from artifact_lint.model.description import Estimator
    from artifact_lint.model.inspection import Inspection

#: The path of a pipeline's step: that of the pipeline, and the step's name.
_STEP: Final = r"(?P<pipeline>.*/)?steps/[^/]+"
#: The path of what a ColumnTransformer takes columns for: that of the ColumnTransformer, and a name.
_PART: Final = r"(?:(?P<around>.*)/)?transformers_?/[^/]+"
_COLUMN_TRANSFORMER: Final = "sklearn.compose._column_transformer:ColumnTransformer"


@rule("CON108", "pipeline-columns", severity=Severity.ERROR, tags=("schema", "consistency"))
def pipeline_columns(artifact: Artifact) -> Iterator[Problem]:
    """A ColumnTransformer takes a column by a name that neither its own columns nor the schema have.

    ## Why is this bad?
    Prediction fails with "A given column is not a column of the dataframe".

    ## How to fix
    Name the column as the data does, and fit the model again.
    """
    listed = {feature.name for feature in artifact.record.inputs.value or ()}
    for file, estimators in _described(artifact, Doubt.COLUMNS):
        by_path = {estimator.path: estimator for estimator in estimators}
        for estimator in estimators:
            match = re.fullmatch(_PART, estimator.path)
            around = by_path.get(match["around"] or "") if match else None
            if around is None or around.cls != _COLUMN_TRANSFORMER or around.feature_names is None:
                continue
            names = {column for column in estimator.columns or () if isinstance(column, str)}
            missing = sorted(names - set(around.feature_names) - listed)
            if missing:
                message = f"{_called(around)} takes {_some(missing)} for {_name(estimator)}, and was fitted without"
                if listed:
                    message += "; the schema does not list it either"
                yield _problem(file, message, "Fit it again on the columns that it names.", f"`{estimator.path}`")


@rule("CON109", "step-width", severity=Severity.WARNING, tags=("consistency",))
def step_width(artifact: Artifact) -> Iterator[Problem]:
    """A step of a pipeline was fitted on another number of columns than the step before it puts out.

    Only where the step's own state tells how many these are.

    ## Why is this bad?
    The steps were fitted apart from each other. Prediction fails ("X has 5 features, but is expecting 6").

    ## How to fix
    Fit the pipeline as a whole.
    """
    for file, estimators in _described(artifact, Doubt.WIDTHS):
        before: dict[str, Estimator] = {}
        for estimator in estimators:
            match = re.fullmatch(_STEP, estimator.path)
            if match is None:
                continue
            pipeline = match["pipeline"] or ""
            previous = before.get(pipeline)
            before[pipeline] = estimator
            if previous is None or previous.output_width is None or estimator.input_width is None:
                continue
            if previous.output_width != estimator.input_width:
                message = (
                    f"{_called(previous)} puts out {_columns(previous.output_width)}, "
                    f"and {_called(estimator)} was fitted on {estimator.input_width:,}"
                )
                where = f"`n_features_in_` of {estimator.path}"
                yield _problem(file, message, "Fit the pipeline again as a whole.", where)


@rule("CON110", "unfitted-estimator", severity=Severity.ERROR, tags=("consistency",))
def unfitted_estimator(artifact: Artifact) -> Iterator[Problem]:
    """A scikit-learn model, or a step of one, was never fitted.

    Estimators that need no fitting are passed over, and so is what was made ready beside a model that was fitted.

    ## Why is this bad?
    Prediction fails with NotFittedError.

    ## How to fix
    Save the object that `fit` was called on. A search or a pipeline fits copies of what it is made of.
    """
    for file, estimators in _described(artifact, Doubt.UNFITTED):
        outermost = _outermost(estimators)
        is_any_fitted = any(estimator.is_fitted for estimator in outermost)
        passed: list[str] = []
        for estimator in estimators:
            if any(estimator.path == path or estimator.path.startswith(_within(path)) for path in passed):
                continue
            if estimator.columns == ():
                passed.append(estimator.path)  # nothing is fitted on no columns
            elif estimator.is_fitted is False:
                passed.append(estimator.path)
                if estimator in outermost and is_any_fitted:
                    continue
                message = f"{_called(estimator)} was never fitted"
                advice = "Save the object that `fit` was called on."
                where = f"`{estimator.path}`" if estimator.path else "the model"
                yield _problem(file, message, advice, f"{where} has no attribute that fitting sets")


#: Formats in which estimators are kept as they are.
_HOLDING: Final = frozenset({"pickle", "joblib", "skops"})
#: Packages of which a file may be full, and hold no estimator.
_OF_DATA: Final = frozenset({"_codecs", "builtins", "collections", "copyreg", "datetime", "numpy", "pandas"})


def _described(artifact: Artifact, doubt: Doubt) -> Iterator[tuple[WeightFile, Sequence[Estimator]]]:
    for file in artifact.files:
        description = file.description.value if _is_in_doubt(file.inspection.value, doubt) else None
        if description is not None and description.estimators:
            yield file, description.estimators


def _is_in_doubt(inspection: Inspection | None, doubt: Doubt) -> bool:
    """Whether a file may hold estimators that leave something in doubt: others are not read again."""
    if inspection is None or inspection.format not in _HOLDING:
        return False
    if inspection.incomplete:
        return True
    if inspection.doubts is not None and doubt not in inspection.doubts:
        return False
    return any(found.module.partition(".")[0] not in _OF_DATA for found in inspection.imports)


def _outermost(estimators: Sequence[Estimator]) -> list[Estimator]:
    """Those that are in no other one; each stands before what is in it."""
    found: list[Estimator] = []
    for estimator in estimators:
        if not found or not estimator.path.startswith(_within(found[-1].path)):
            found.append(estimator)
    return found


def _within(path: str) -> str:
    return f"{path}/" if path else ""


def _name(estimator: Estimator) -> str:
    return estimator.path.rpartition("/")[2]


def _called(estimator: Estimator) -> str:
    """How messages call an estimator: its class, and where it is."""
    cls = estimator.cls.rpartition(":")[2]
    return f"{cls} ({estimator.path})" if estimator.path else cls


def _columns(count: int) -> str:
    return f"{count:,} column{'' if count == 1 else 's'}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")


def _problem(file: WeightFile, message: str, advice: str, where: str) -> Problem:
    return Problem(file.origin, message, advice, file=file.path, related=(Related(Origin(file.path), where),))
