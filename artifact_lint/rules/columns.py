"""CON: do weights, configuration and feature schema agree?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.model import Origin, Problem, Related, Severity
from artifact_lint.rules.input_comparison import Kind, comparisons
from artifact_lint.rules.input_sides import contracts, is_of_scikit_learn, stages
from artifact_lint.rules.registry import rule
from artifact_lint.rules.schema_names import alike, are_given_by_library, called, listed, source_of
from artifact_lint.rules.values import release_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact
    from artifact_lint.rules.input_comparison import Comparison

_RETRAIN: Final = "List what the model was trained on, or train it again on what the schema lists."


@rule("CON101", "feature-count", severity=Severity.ERROR, tags=("schema", "consistency"))
def feature_count(artifact: Artifact) -> Iterator[Problem]:
    """The schema lists more or fewer inputs than the weights take.

    The schema is held against the first stage that a request reaches: the outermost pipeline, or the preprocessor where
    it has a file of its own. Where several weight files take different columns and the schema fits one of them, that is
    the one it describes. Columns beyond those that a ColumnTransformer picks by name are passed over, which is a note;
    so is a file of which the columns could not be read.

    ## Why is this bad?
    Prediction fails ("X has 10 features, but is expecting 12"), or goes on with values in the place of others.

    ## How to fix
    Infer the schema from the data that the model was trained on, or train the model on the columns of the schema.
    """
    told = False
    for found in comparisons(artifact):
        told = True
        if found.kind is Kind.COUNT:
            yield _problem(found, _count_message(found), _RETRAIN)
        elif found.kind is Kind.EXTRA:
            message = f"{source_of(found.contract.fact)} lists {listed(found.extra)}, which {_taker(found)} passes over"
            yield _problem(found, message, "Leave it out, or train the model on it.", Severity.NOTE)
    if not told:
        yield from _unread(artifact)


@rule("CON102", "feature-names", severity=Severity.ERROR, tags=("schema", "consistency"))
def feature_names(artifact: Artifact) -> Iterator[Problem]:
    """The schema lists as many inputs as the weights take, and other ones.

    LightGBM keeps blanks and the characters of JSON in names as `_`, which is no difference.

    ## Why is this bad?
    scikit-learn, XGBoost and CatBoost refuse a table whose columns have other names; others take one for another.

    ## How to fix
    Use the names that the model was trained with, or train it again with those of the schema.
    """
    for found in comparisons(artifact):
        if found.kind is Kind.NAMES:
            message = f"{source_of(found.contract.fact)} and {_taker(found)} differ: {_sets(found)}"
            pairs = alike(found.missing, found.extra)
            if pairs and len(pairs) == len(found.missing) == len(found.extra):
                told = ", ".join(f"{ours!r} here is {theirs!r} there" for theirs, ours in pairs[:4])
                message = f"{source_of(found.contract.fact)} and {_taker(found)} differ in case or blanks: {told}"
            yield _problem(found, message, "Use the names that the model was trained with.")


@rule("CON103", "feature-order", severity=Severity.ERROR, tags=("schema", "consistency"))
def feature_order(artifact: Artifact) -> Iterator[Problem]:
    """The schema lists the inputs in another order than the weights take them.

    An error where nothing notices at run time: LightGBM goes by position, even with data frames, and scikit-learn
    before 1.2 only warns. A warning where the library refuses the order, or finds the columns of a data frame by name
    and those of an array by position, as CatBoost does. Columns that a ColumnTransformer picks have no order.

    ## Why is this bad?
    Each value lands in the place of another one, and the predictions are wrong without a word.

    ## How to fix
    List the inputs in the order that the model was trained on.
    """
    for found in comparisons(artifact):
        if found.kind is Kind.ORDER:
            ours = [found.side.spelt(name) for name in found.contract.names or ()]
            names = [name for name in found.side.names if name in ours]
            ordered = [name for name in ours if name in names]
            place = next(i for i, (one, other) in enumerate(zip(ordered, names, strict=True)) if one != other)
            message = (
                f"{source_of(found.contract.fact)} lists the inputs in another order than {_taker(found)}: "
                f"input {place + 1} is {ordered[place]} here and {names[place]} there"
            )
            advice = f"List them as the model takes them: {listed(names)}."
            severity = None if _takes_any_order(found) else Severity.WARNING
            yield _problem(found, message, advice, severity, at=ordered[place])


@rule("CON107", "fitted-without-names", severity=Severity.NOTE, tags=("schema", "consistency"))
def fitted_without_names(artifact: Artifact) -> Iterator[Problem]:
    """The schema names its columns, and the model was fitted on an array, which has none.

    ## Why is this bad?
    Nothing at run time can tell that two columns are swapped: whoever calls it has to keep the order of the schema.

    ## How to fix
    Fit the model on a data frame.
    """
    for found in comparisons(artifact):
        side = found.side
        names = found.contract.names
        if found.kind is not Kind.NOTHING or names is None or found.listed < 2 or are_given_by_library(names):
            continue
        if side.width is not None and not side.names and _keeps_names(found):
            message = f"{called(side.file)} was fitted without the names of its columns: their order is not checked"
            yield _problem(found, message, "Fit it on a data frame, so that names and order are checked.")


def _keeps_names(found: Comparison) -> bool:
    """Whether the weights would tell the names of their columns if they had any."""
    description = found.side.description
    if description.columns is not None:
        return found.side.library in _LIBRARIES
    written = release_of(description.versions.get("scikit-learn", ""))
    return is_of_scikit_learn(description.estimators) and (not written or written >= _KEPT_SINCE)


_LIBRARIES: Final = frozenset({"scikit-learn", "xgboost", "lightgbm", "catboost"})
#: The first scikit-learn that keeps `feature_names_in_`.
_KEPT_SINCE: Final = (1, 0)

#: The first scikit-learn that raises where columns have another order; 1.0 and 1.1 warn of it (sklearn.base,
#: `_check_feature_names`).
_RAISES_SINCE: Final = (1, 2)


def _takes_any_order(found: Comparison) -> bool:
    library = found.side.library
    if library == "lightgbm":
        return True
    written = found.side.description.versions.get("scikit-learn")
    if library != "scikit-learn" or written is None:
        return False
    return release_of(written) < _RAISES_SINCE


def _taker(found: Comparison) -> str:
    return called(found.side.file)


def _count_message(found: Comparison) -> str:
    source = source_of(found.contract.fact)
    if found.shapes is not None:
        ours, theirs = found.shapes
        return f"{source} states the shape {ours}, {_taker(found)} takes {theirs}"
    noun = "input" if found.listed == 1 else "inputs"
    said = f"lists {found.listed} {noun}"
    if found.contract.tensors and not found.side.inputs:
        said = f"states {found.listed} columns"
    message = f"{source} {said}, {_taker(found)} {found.side.verb} {found.taken}"
    differing = _sets(found)
    return f"{message}: {differing}" if differing else message


def _sets(found: Comparison) -> str:
    parts = [f"missing {listed(found.missing)}"] if found.missing else []
    if found.extra:
        parts.append(f"unknown to the model {listed(found.extra)}")
    return "; ".join(parts)


def _problem(
    found: Comparison, message: str, advice: str, severity: Severity | None = None, *, at: str | None = None
) -> Problem:
    """A problem at the line that one would edit, with the place in the weights beside it."""
    fact = found.contract.fact
    sides = (found.side, *found.others[:2])
    related = tuple(Related(Origin(side.file.path), f"{_told(side.width)}{side.where}") for side in sides)
    if severity is None and not found.is_settled:
        severity = Severity.WARNING
    origin = _place(found, at)
    return Problem(origin, message, advice, found.side.file.path, related, severity=severity, guessed=fact.guessed)


def _place(found: Comparison, at: str | None) -> Origin:
    """The line of the input that is wrong: the one named `at`, or one too many; the whole list where some are missing.

    `at` is spelt as the library behind the weights keeps it.
    """
    fact = found.contract.fact
    if at is None and found.extra and (found.kind is not Kind.COUNT or found.listed > found.taken):
        at = found.side.spelt(found.extra[0])
    if at is not None:
        named = (feature for feature in fact.value if found.side.spelt(feature.name or "") == at)
        return next((feature.origin for feature in named), fact.origin)
    is_tensor = len(found.contract.tensors) == 1 and found.kind is Kind.COUNT
    return found.contract.tensors[0].origin if is_tensor else fact.origin


def _told(width: int | None) -> str:
    return "" if width is None else f"{width} column{'' if width == 1 else 's'} by "


def _unread(artifact: Artifact) -> Iterator[Problem]:
    """A note where a file's columns could not be read and no other rule says so: unread is not agreed."""
    for contract in contracts(artifact):
        for file in stages(artifact):
            description, inspection = file.description.value, file.inspection.value
            if description is None or not description.incomplete or inspection is None or inspection.incomplete:
                continue
            message = f"{called(file)} could not be held against the schema: {description.incomplete[0].detail}"
            advice = "Save the model again with the library that it belongs to."
            yield Problem(contract.fact.origin, message, advice, file.path, severity=Severity.NOTE)
